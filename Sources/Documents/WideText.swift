internal import Bytes
internal import MIME

/// Text in UTF-16, which readers of XML and HTML take as well as UTF-8.
enum WideText {
    /// UTF-16, as its mark or a first `<` says, and no other binary that begins so.
    static func coding(_ bytes: Span<UInt8>) -> CharsetCoding? {
        guard bytes.count >= 4 else { return nil }
        switch (bytes[0], bytes[1], bytes[2], bytes[3]) {
        case (0xFF, 0xFE, let low, let high) where low != 0 || high != 0: return .utf16LE
        case (0xFE, 0xFF, let high, let low) where low != 0 || high != 0: return .utf16BE
        case (0x3C, 0, let low, 0) where low != 0: return .utf16LE
        case (0, 0x3C, 0, let low) where low != 0: return .utf16BE
        default: return nil
        }
    }

    /// Calls `use` with the text in UTF-8.
    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction, _ use: (Span<UInt8>) -> Void) {
        guard let coding = coding(bytes) else {
            use(bytes)
            return
        }
        var text: [UInt8] = []
        _ = Charsets.decode(bytes, as: coding, into: &text, limit: extraction.room)
        extraction.charge(text.count)
        use(text.span)
    }

    /// True when `text` stands in the bytes, in 8-bit characters or in UTF-16.
    static func has(_ text: StaticString, in bytes: Span<UInt8>) -> Bool {
        guard let coding = coding(bytes) else { return bytes.firstIndex(of: text) != nil }
        let letters = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        let needle: [UInt8] = letters.flatMap { coding == .utf16LE ? [$0, 0] : [0, $0] }
        return bytes.firstIndex(of: needle.span) != nil
    }
}
