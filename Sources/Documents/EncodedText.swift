internal import MIME

/// Base64 within documents.
enum EncodedText {
    /// Decodes as far as there is room, passing over what does not belong.
    static func decodeBase64(_ text: Span<UInt8>, limit: Int) -> [UInt8] {
        var content: [UInt8] = []
        _ = TransferDecoder.decode(text, encoding: .base64, into: &content, limit: limit)
        return content
    }
}
