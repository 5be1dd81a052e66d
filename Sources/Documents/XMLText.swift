internal import Bytes

/// The character data of an element, as programs put it together: what stands between its tags and in its CDATA sections, with
/// references resolved, without comments, instructions and child elements (XML 1.0 sections 2.4 to 2.7, 3.1 and 4.1). The text of one element may be cut
/// in any number of such pieces.
///
/// One reader for one document: what has no end is searched for once.
struct XMLText {
    /// A section, comment or instruction without an end is passed over by its first octets alone.
    private struct Construct {
        let start: StaticString
        let end: StaticString
        let isText: Bool
        /// None ends any more.
        var isOver = false
    }

    private var constructs = [
        Construct(start: "<![CDATA[", end: "]]>", isText: true),
        Construct(start: "<!--", end: "-->", isText: false),
        Construct(start: "<?", end: "?>", isText: false),
    ]

    /// - Parameters:
    ///   - start: behind the tag of the element.
    ///   - limit: octets of the text, beyond which it is cut.
    ///   - ends: whether the element ends where a tag with this name, without prefix, begins. Elements that are not closed end so, too.
    /// - Returns: the text, and the place of the tag that ended it.
    mutating func read(
        _ bytes: Span<UInt8>, from start: Int, limit: Int, until ends: (Range<Int>) -> Bool
    ) -> (text: [UInt8], end: Int) {
        var text: [UInt8] = []
        // Children around the place.
        var depth = 0
        var at = start
        while at < bytes.count {
            let tag = bytes.firstIndex(of: UInt8(ascii: "<"), from: at) ?? bytes.count
            if depth == 0 { Self.resolve(bytes, at..<tag, limit: limit, into: &text) }
            guard tag < bytes.count else { break }
            if let index = constructs.firstIndex(where: { bytes.hasBytes($0.start, at: tag) }) {
                at = Self.pass(&constructs[index], bytes, tag, limit: limit, isText: depth == 0, into: &text)
                continue
            }
            let isClosing = bytes.hasBytes("/", at: tag + 1)
            let name = Self.name(bytes, from: tag + (isClosing ? 2 : 1))
            if ends(name) { return (text, tag) }
            guard let close = Self.endOfTag(bytes, from: name.upperBound) else { break }
            if isClosing {
                depth = max(0, depth - 1)
            } else if bytes[close - 1] != UInt8(ascii: "/") {
                depth += 1
            }
            at = close + 1
        }
        return (text, bytes.count)
    }

    /// Passes over a section, comment or instruction.
    /// - Returns: the place behind it.
    private static func pass(
        _ construct: inout Construct, _ bytes: Span<UInt8>, _ place: Int, limit: Int, isText: Bool,
        into text: inout [UInt8]
    ) -> Int {
        let inner = place + construct.start.utf8CodeUnitCount
        guard !construct.isOver, let end = bytes.firstIndex(of: construct.end, from: inner) else {
            construct.isOver = true
            return inner
        }
        if construct.isText, isText {
            let section = bytes.extracting(inner..<min(end, inner + max(0, limit - text.count)))
            section.withUnsafeBufferPointer { text.append(contentsOf: $0) }
        }
        return end + construct.end.utf8CodeUnitCount
    }

    /// Octets of a value in which its end is looked for.
    private static let longestValue = 65_536

    /// The `>` of a tag, which values may have as well; nil where it does not end.
    static func endOfTag(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        var at = start
        while at < bytes.count, bytes[at] != UInt8(ascii: ">") {
            if bytes[at] == 0x22 || bytes[at] == 0x27 {
                let value = bytes.extracting(bytes.range(at + 1, longestValue))
                at += value.firstIndex(of: bytes[at]).map { $0 + 1 } ?? 0
            }
            at += 1
        }
        return at < bytes.count ? at : nil
    }

    /// Octets of a name that are looked at.
    private static let longestName = 64

    /// The name at a place, without prefix.
    private static func name(_ bytes: Span<UInt8>, from start: Int) -> Range<Int> {
        var (first, at) = (start, start)
        while at < bytes.count, at - start < longestName, case let byte = bytes[at], byte > 0x20,
            byte != UInt8(ascii: ">"), byte != UInt8(ascii: "/"), byte != UInt8(ascii: "<")
        {
            at += 1
            if byte == UInt8(ascii: ":") { first = at }
        }
        return first..<max(first, at)
    }

    /// Octets of a reference that are looked at; zeros may stand in front of a number.
    private static let longestReference = 64

    /// Appends text with the references to characters of ASCII resolved; others are left out.
    private static func resolve(_ bytes: Span<UInt8>, _ range: Range<Int>, limit: Int, into text: inout [UInt8]) {
        var at = range.lowerBound
        while at < range.upperBound, text.count < limit {
            let rest = bytes.extracting(at..<range.upperBound)
            let sign = at + (rest.firstIndex(of: UInt8(ascii: "&")) ?? rest.count)
            bytes.extracting(at..<min(sign, at + limit - text.count)).withUnsafeBufferPointer {
                text.append(contentsOf: $0)
            }
            guard sign < range.upperBound else { return }
            let inner = bytes.extracting(sign + 1..<min(range.upperBound, sign + longestReference))
            guard let end = inner.firstIndex(of: UInt8(ascii: ";")) else {
                at = sign + 1
                continue
            }
            if let octet = octet(inner.extracting(0..<end)) { text.append(octet) }
            at = sign + 1 + end + 1
        }
    }

    /// The character of ASCII that `#84` or `#x54` stands for.
    private static func octet(_ reference: Span<UInt8>) -> UInt8? {
        guard reference.hasBytes("#", at: 0) else { return nil }
        let isHexadecimal = reference.hasPrefix(ignoringCase: "x", from: 1)
        var value = 0
        for index in (isHexadecimal ? 2 : 1)..<max(2, reference.count) where index < reference.count {
            guard let digit = hexadecimalValue(reference[index]), isHexadecimal || digit < 10 else { return nil }
            value = value * (isHexadecimal ? 16 : 10) + Int(digit)
            guard value < 0x80 else { return nil }
        }
        return value > 0 ? UInt8(value) : nil
    }
}
