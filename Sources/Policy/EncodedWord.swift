/// Encoded words (RFC 2047), UTF-8 in base64.
enum EncodedWord {
    /// Octets of one encoded word at most (RFC 2047 section 2).
    private static let limit = 75

    /// A text as one or more words; no character is cut.
    static func words(_ text: String) -> [String] {
        var words: [String] = []
        var chunk: [UInt8] = []
        func close() {
            if !chunk.isEmpty { words.append("=?UTF-8?B?\(base64(chunk))?=") }
            chunk = []
        }
        for scalar in text.unicodeScalars {
            let octets = Array(String(scalar).utf8)
            // Four octets of base64 for three.
            if 12 + (chunk.count + octets.count + 2) / 3 * 4 > limit { close() }
            chunk += octets
        }
        close()
        return words
    }

    static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var out: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let rest = bytes[index..<min(index + 3, bytes.count)]
            var value = 0
            for octet in rest { value = value << 8 | Int(octet) }
            value <<= 8 * (3 - rest.count)
            for place in 0..<4 {
                out.append(place <= rest.count ? alphabet[value >> (18 - 6 * place) & 63] : 0x3D)
            }
            index += 3
        }
        return String(decoding: out, as: UTF8.self)
    }
}
