internal import Bytes

/// Calendars and visiting cards that are no content lines: in XML (RFC 6321, RFC 6351) and in JSON (RFC 7265, RFC 7095).
package enum CalendarNotation {
    private static let nameSpaces: [StaticString] = [
        "urn:ietf:params:xml:ns:icalendar-", "urn:ietf:params:xml:ns:vcard-",
    ]
    private static let beginnings: [StaticString] = ["vcalendar", "vcard"]
    /// Octets of blanks and brackets in front that are passed over, and in which the name space is declared.
    private static let front = 64
    private static let head = 65_536

    /// True for XML of a name space of theirs.
    package static func isXML(_ text: Span<UInt8>) -> Bool {
        guard first(in: text) == UInt8(ascii: "<") else { return false }
        let head = text.extracting(0..<min(text.count, head))
        return nameSpaces.contains { head.firstIndex(of: $0) != nil }
    }

    /// True for an array whose first value says what it is; cards may stand in an array of several.
    package static func isJSON(_ text: Span<UInt8>) -> Bool {
        guard first(in: text) == UInt8(ascii: "[") else { return false }
        var at = start(of: text)
        while at < text.count, at < front, text[at] <= 0x20 || text[at] == UInt8(ascii: "[") { at += 1 }
        guard at < text.count, text[at] == UInt8(ascii: "\"") else { return false }
        return beginnings.contains { text.hasPrefix(ignoringCase: $0, from: at + 1) }
    }

    /// Behind a mark of the order of octets.
    private static func start(of text: Span<UInt8>) -> Int { text.hasBytes("\u{FEFF}", at: 0) ? 3 : 0 }

    private static func first(in text: Span<UInt8>) -> UInt8? {
        var at = start(of: text)
        while at < text.count, at < front, text[at] <= 0x20 { at += 1 }
        return at < text.count ? text[at] : nil
    }

    /// JSON with the escapes of its strings undone (RFC 8259 section 7), each string where it stood.
    package static func unescaped(_ text: Span<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            guard text[index] == 0x5C, index + 1 < text.count else {
                out.append(text[index])
                index += 1
                continue
            }
            let letter = text[index + 1]
            index += 2
            guard letter == UInt8(ascii: "u") else {
                out.append(UInt8(ascii: "a")...UInt8(ascii: "z") ~= letter ? 0x0A : letter)
                continue
            }
            var value: UInt32 = 0
            let end = min(index + 4, text.count)
            while index < end, let digit = hexadecimalValue(text[index]) {
                value = value << 4 | UInt32(digit)
                index += 1
            }
            out += Array(String(Character(Unicode.Scalar(value) ?? "\u{FFFD}")).utf8)
        }
        return out
    }
}
