internal import Bytes

/// The content lines of calendars (RFC 5545 section 3.1) and visiting cards (RFC 6350 section 3.2, vCard 2.1) as programs read
/// them: lines that are folded put together, escapes resolved. A word or a link that is parted by a fold is whole to the person
/// who sees the event (attack G7).
package enum ContentLines {
    private static let beginnings: [StaticString] = ["BEGIN:VCALENDAR", "BEGIN:VCARD"]
    /// Octets of blanks that may stand in front.
    private static let blanks = 64

    /// True for text that begins as a calendar or a card does.
    package static func areIn(_ text: Span<UInt8>) -> Bool {
        var at = text.hasBytes("\u{FEFF}", at: 0) ? 3 : 0
        while at < text.count, at < blanks, text[at] <= 0x20 { at += 1 }
        return beginnings.contains { text.hasPrefix(ignoringCase: $0, from: at) }
    }

    /// The text, UTF-8, with its lines whole.
    package static func unfolded(_ text: Span<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var start = 0
        while start < text.count {
            var line: [UInt8] = []
            var isQuoted = false
            repeat {
                let end = end(of: text, from: start)
                let isFirst = line.isEmpty
                if isFirst { isQuoted = isQuotedPrintable(text.extracting(start..<end.line)) }
                line += text.extracting(start..<end.line).array
                start = end.next
                // vCard 2.1: a soft line end goes, and no blank behind it is one of a fold.
                if isQuoted, line.last == 0x3D {
                    line.removeLast()
                    continue
                }
                guard start < text.count, text[start] == 0x20 || text[start] == 0x09 else { break }
                start += 1
            } while start < text.count
            out += unescaped(isQuoted ? Hex.decoded(line[...], sign: UInt8(ascii: "=")) : line) + [0x0A]
        }
        return out
    }

    private static func end(of text: Span<UInt8>, from start: Int) -> (line: Int, next: Int) {
        var end = start
        while end < text.count, text[end] != 0x0A, text[end] != 0x0D { end += 1 }
        let isPair = end + 1 < text.count && text[end] == 0x0D && text[end + 1] == 0x0A
        return (end, min(text.count, end + (isPair ? 2 : 1)))
    }

    /// The parameters in front of the colon say that the value is quoted-printable.
    private static func isQuotedPrintable(_ line: Span<UInt8>) -> Bool {
        for index in 0..<line.count {
            if line[index] == 0x3A { return false }
            if line[index] | 0x20 == UInt8(ascii: "q"), line.hasPrefix(ignoringCase: "quoted-printable", from: index) {
                return true
            }
        }
        return false
    }

    /// `\n` is a line end; before any other character the backslash goes (RFC 5545 section 3.3.11).
    private static func unescaped(_ line: [UInt8]) -> [UInt8] {
        guard line.contains(0x5C) else { return line }
        var out: [UInt8] = []
        var isEscaped = false
        for octet in line {
            if isEscaped {
                out.append(octet | 0x20 == UInt8(ascii: "n") ? 0x0A : octet)
                isEscaped = false
            } else if octet == 0x5C {
                isEscaped = true
            } else {
                out.append(octet)
            }
        }
        return out
    }
}
