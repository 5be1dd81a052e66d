internal import Bytes

/// Name spaces that XML declares, wherever in it. No document has to declare them at its start.
enum XMLNameSpaces {
    /// Characters between `xmlns` and the value.
    private static let longestPrefix = 64

    /// True when a name space is declared that begins with one of these, or one with a reference in it, which may be any.
    static func declares(_ names: [StaticString], in bytes: Span<UInt8>) -> Bool {
        guard WideText.coding(bytes) == nil else { return names.contains { WideText.has($0, in: bytes) } }
        var from = 0
        while let declaration = bytes.firstIndex(of: "xmlns", from: from) {
            from = declaration + 5
            var at = from
            while at < bytes.count, at < from + longestPrefix, bytes[at] != UInt8(ascii: "\""),
                bytes[at] != UInt8(ascii: "'"), bytes[at] != UInt8(ascii: ">")
            {
                at += 1
            }
            guard at < bytes.count else { return false }
            at += 1
            for name in names where bytes.hasBytes(name, at: at) { return true }
            let value = bytes.extracting(bytes.range(at, 2 * longestPrefix))
            let end = value.firstIndex(of: bytes[at - 1]) ?? value.count
            if value.extracting(0..<end).firstIndex(of: UInt8(ascii: "&")) != nil { return true }
        }
        return false
    }
}
