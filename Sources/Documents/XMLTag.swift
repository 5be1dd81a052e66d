internal import Bytes

/// A tag of machine-written XML, without a grammar: what documents hide must be found whether the XML is well formed or
/// not.
struct XMLTag {
    /// The name, without prefix.
    let name: Range<Int>
    let isClosing: Bool
    /// Behind the name.
    let end: Int

    /// Names are looked at so far; nothing that is looked for is longer.
    private static let longestName = 64
    private static let mostAttributes = 64
    private static let longestValue = 65_536

    /// Calls `use` for each tag, in one pass, until it returns false. Not for tags without attributes whose names have up to
    /// three characters: text consists of them, and nothing that is looked for.
    static func each(in bytes: Span<UInt8>, _ use: (XMLTag) -> Bool) {
        let characters = nameCharacters.span
        var from = 0
        while let place = bytes.firstLongTag(from: from) {
            from = place + 1
            let isClosing = from < bytes.count && bytes[from] == UInt8(ascii: "/")
            var start = isClosing ? from + 1 : from
            var at = start
            let most = min(bytes.count, place + longestName)
            while at < most, case let byte = bytes[at], characters[Int(byte)] {
                at += 1
                if byte == UInt8(ascii: ":") { start = at }
            }
            guard at > start else { continue }
            guard use(XMLTag(name: start..<at, isClosing: isClosing, end: at)) else { return }
            from = at
        }
    }

    func isNamed(_ text: StaticString, _ bytes: Span<UInt8>) -> Bool {
        name.count == text.utf8CodeUnitCount && bytes.hasBytes(text, at: name.lowerBound)
    }

    /// Attributes with their values, the references that XML itself has resolved.
    func attributes(_ bytes: Span<UInt8>) -> [String: String] {
        var attributes: [String: String] = [:]
        var at = end
        while at < bytes.count, bytes[at] != UInt8(ascii: ">"), bytes[at] != UInt8(ascii: "<"),
            attributes.count < Self.mostAttributes
        {
            guard Self.nameCharacters[Int(bytes[at])] else {
                at += 1
                continue
            }
            let name = at
            while at < bytes.count, Self.nameCharacters[Int(bytes[at])] { at += 1 }
            let key = String(decoding: bytes.extracting(name..<at).array, as: UTF8.self)
            while at < bytes.count, bytes[at] <= 0x20 { at += 1 }
            guard at < bytes.count, bytes[at] == UInt8(ascii: "=") else { continue }
            at += 1
            while at < bytes.count, bytes[at] <= 0x20 { at += 1 }
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") || bytes[at] == UInt8(ascii: "'") else { continue }
            // A value that is not closed ends with the tag's line of thought: no document has longer ones.
            let window = bytes.extracting(bytes.range(at + 1, Self.longestValue))
            guard let length = window.firstIndex(of: bytes[at]) else { break }
            attributes[key] = Self.resolved(window.extracting(0..<length).array)
            at += length + 2
        }
        return attributes
    }

    /// The text from the end of the tag up to the next one; nil when the tag does not end.
    func text(_ bytes: Span<UInt8>) -> Range<Int>? {
        guard let close = bytes.firstIndex(of: UInt8(ascii: ">"), from: end) else { return nil }
        return close + 1..<(bytes.firstIndex(of: UInt8(ascii: "<"), from: close + 1) ?? bytes.count)
    }

    /// Which octets names have.
    private static let nameCharacters: [Bool] = (0..<256).map { octet in
        switch octet {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x3A, 0x5F, 0x80...: true
        default: false
        }
    }

    private static func resolved(_ value: [UInt8]) -> String {
        var text = String(decoding: value, as: UTF8.self)
        guard value.contains(UInt8(ascii: "&")) else { return text }
        for (reference, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
        {
            text = text.split(separator: reference, omittingEmptySubsequences: false).joined(separator: character)
        }
        return text
    }
}
