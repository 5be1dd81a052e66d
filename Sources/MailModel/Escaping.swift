/// Turns bytes that came from mail into text that may be shown: in a log line, on a terminal, in a reply.
///
/// Control characters and invalid UTF-8 become `\xNN`, the backslash is doubled; bidirectional controls, blanks other
/// than the space, and everything else that shows nothing become `\u{N}`. No escape ever needs a terminal or a log reader to
/// be trusted (attacks A4 and I5: forged log lines, terminal escapes).
package enum Escaping {
    /// What the input was before.
    private enum Input {
        /// As it came.
        case octets
        /// Text that may hold octets (`RawOctets`), which become `\xNN`.
        case text
        /// The same, parts of which are escaped.
        case escaped
    }

    /// Escapes `bytes` and cuts the result after about `limit` characters, marking the cut with `...`.
    package static func text(_ bytes: some Collection<UInt8>, limit: Int = 200) -> String {
        text(bytes, limit: limit, .octets)
    }

    /// Escapes text that holds hostile content already turned into a `String`.
    package static func text(_ string: String, limit: Int = 200) -> String {
        text(Array(string.utf8), limit: limit, .text)
    }

    /// Escapes what is still to be escaped in a reason or a reply of ours, in which names were: its backslashes stay.
    package static func reason(_ string: String, limit: Int = 200) -> String {
        text(Array(string.utf8), limit: limit, .escaped)
    }

    private static func text(_ bytes: some Collection<UInt8>, limit: Int, _ input: Input) -> String {
        var out = ""
        // A character takes at most 4 bytes, so a bounded prefix decides the shown text: hostile input of any
        // length costs the same.
        let whole = bytes.count
        let head = Array(bytes.prefix(limit * 4))
        var shown = 0
        var index = 0
        while index < head.count {
            if shown >= limit { break }
            let (scalar, length) = decode(head, at: index)
            if let scalar {
                append(scalar, input, to: &out)
            } else {
                appendHex(head[index], to: &out)
            }
            index += length
            shown += 1
        }
        if index < whole { out += "..." }
        return out
    }

    private static func append(_ scalar: Unicode.Scalar, _ input: Input, to out: inout String) {
        switch scalar.value {
        case 0x5C:
            out += input == .escaped ? "\\" : "\\\\"
        case 0..<0x20, 0x7F:
            appendHex(UInt8(truncatingIfNeeded: scalar.value), to: &out)
        default:
            if input != .octets, let octet = RawOctets.octet(scalar) {
                appendHex(octet, to: &out)
            } else if isVisible(scalar) {
                out.unicodeScalars.append(scalar)
            } else {
                out += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
            }
        }
    }

    /// False for controls, for what turns the direction of writing, for blanks other than the space, and for all else that
    /// shows nothing.
    package static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x7F { return scalar.value >= 0x20 }
        return switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            false
        default:
            // Fillers and variation selectors are letters and marks by category. The blank Braille pattern is a symbol.
            !scalar.properties.isDefaultIgnorableCodePoint && scalar.value != 0x2800
        }
    }

    /// Appends `\xNN`.
    static func appendHex(_ byte: UInt8, to out: inout String) {
        let digits: [Character] = Array("0123456789ABCDEF")
        out += "\\x"
        out.append(digits[Int(byte >> 4)])
        out.append(digits[Int(byte & 15)])
    }

    /// One scalar of UTF-8 at `index`, or nil and length 1 when the bytes are not well-formed.
    private static func decode(_ bytes: [UInt8], at index: Int) -> (Unicode.Scalar?, Int) {
        let first = bytes[index]
        if first < 0x80 { return (Unicode.Scalar(first), 1) }
        let length: Int
        var value: UInt32
        let smallest: UInt32
        switch first {
        case 0xC2...0xDF: (length, value, smallest) = (2, UInt32(first & 0x1F), 0x80)
        case 0xE0...0xEF: (length, value, smallest) = (3, UInt32(first & 0x0F), 0x800)
        case 0xF0...0xF4: (length, value, smallest) = (4, UInt32(first & 0x07), 0x10000)
        default: return (nil, 1)
        }
        guard index + length <= bytes.count else { return (nil, 1) }
        for offset in 1..<length {
            let next = bytes[index + offset]
            guard next & 0xC0 == 0x80 else { return (nil, 1) }
            value = value << 6 | UInt32(next & 0x3F)
        }
        guard value >= smallest, let scalar = Unicode.Scalar(value) else { return (nil, 1) }
        return (scalar, length)
    }
}
