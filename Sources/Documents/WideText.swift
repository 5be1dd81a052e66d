internal import Bytes
package import MIME

/// Text in UTF-16, which readers of XML and HTML take as well as UTF-8.
package enum WideText {
    /// UTF-16, as its mark, a first `<` or its characters say, and no other binary that begins so.
    static func coding(_ bytes: Span<UInt8>) -> CharsetCoding? {
        guard bytes.count >= 4 else { return nil }
        switch (bytes[0], bytes[1], bytes[2], bytes[3]) {
        case (0xFF, 0xFE, let low, let high) where low != 0 || high != 0: return .utf16LE
        case (0xFE, 0xFF, let high, let low) where low != 0 || high != 0: return .utf16BE
        case (0x3C, 0, let low, 0) where low != 0: return .utf16LE
        case (0, 0x3C, 0, let low) where low != 0: return .utf16BE
        default: return unmarked(bytes)
        }
    }

    /// Octets of a text that are looked at for its characters; of those of ASCII it has one among so many others at least: blanks
    /// are.
    private static let prefix = 512
    private static let fewest = 8
    private static let asciiShare = 8

    /// UTF-16 without a mark, where the first characters are text and some of them ASCII: nil for anything else. Numbers of 16 or
    /// 32 bits and what is stored in records have control characters and NUL among them.
    package static func unmarked(_ bytes: Span<UInt8>) -> CharsetCoding? {
        let head = bytes.extracting(0..<(min(bytes.count, prefix) & ~1))
        guard head.count >= 2 * fewest, head.firstIndex(of: 0) != nil else { return nil }
        for (coding, high) in [(CharsetCoding.utf16LE, 1), (.utf16BE, 0)] where isText(head, high: high) {
            return coding
        }
        return nil
    }

    /// - Parameter high: which octet of two is the high one.
    private static func isText(_ head: Span<UInt8>, high: Int) -> Bool {
        var ascii = 0
        var isBehindLead = false
        for at in stride(from: 0, to: head.count, by: 2) {
            let (upper, lower) = (head[at + high], head[at + 1 - high])
            // Halves of a pair come in order (RFC 2781 section 2.2); those that stand alone are no text.
            guard isBehindLead == (0xDC...0xDF ~= upper) else { return false }
            isBehindLead = 0xD8...0xDB ~= upper
            guard upper == 0 else { continue }
            switch lower {
            case 0x09, 0x0A, 0x0C, 0x0D, 0x20...0x7E: ascii += 1
            case 0...0x9F: return false
            default: break
            }
        }
        return ascii * asciiShare >= head.count / 2
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
