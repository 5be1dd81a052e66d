/// A tag in front of a `Subject:`, such as `***SPAM***`.
package enum SubjectTag {
    /// Octets of one encoded word at most (RFC 2047 section 2).
    private static let wordLimit = 75

    /// The tag with the blank behind it, as it stands in a field: as it is when it is ASCII, else as encoded words. Then the
    /// blank is within the last word: one between two encoded words is not shown (RFC 2047 section 6.2).
    package static func text(_ tag: String) -> [UInt8] {
        // A tag that looks like an encoded word would be shown as what it stands for.
        if tag.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }), !tag.contains("=?") { return Array("\(tag) ".utf8) }
        var words: [String] = []
        var chunk: [UInt8] = []
        func close() {
            if !chunk.isEmpty { words.append("=?UTF-8?B?\(base64(chunk))?=") }
            chunk = []
        }
        for scalar in (tag + " ").unicodeScalars {
            let octets = Array(String(scalar).utf8)
            // Four octets of base64 for three; a character is never cut.
            if 12 + (chunk.count + octets.count + 2) / 3 * 4 > wordLimit { close() }
            chunk += octets
        }
        close()
        return Array((words.joined(separator: " ") + " ").utf8)
    }

    /// True when a decoded subject has the tag already: it is not put there twice, neither by two gateways in a row nor on an
    /// answer.
    package static func isIn(_ subject: String, _ tag: String) -> Bool {
        subject.contains(tag)
    }

    private static func base64(_ bytes: [UInt8]) -> String {
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
