internal import Bytes

/// A string or address in which some octets are escaped and others stand as they are.
struct EscapedString {
    /// What is escaped.
    private(set) var range: Range<Int>
    /// Quotes or an address say where it begins.
    private(set) var isDelimited = true
    /// It is what a `data:` address holds.
    private(set) var isAddress = false
    /// The address says that it is something that a page does not show.
    private(set) var isLinkedFile = false
    private let sign: UInt8

    /// Octets in which the start of a string is looked for, in front of its first escape.
    private static let before = 1_024

    /// An octet behind `%`, or `%u00`, `\x`, `\u00`, `\` and octal digits.
    static func isEscape(_ bytes: Span<UInt8>, _ place: Int) -> Bool { escape(bytes, place) != nil }

    /// The string that has an escape at a place.
    /// - Parameter first: it begins there or behind it.
    init(_ bytes: Span<UInt8>, around place: Int, from first: Int) {
        sign = bytes[place]
        var start = place
        let most = max(first, place - Self.before)
        while start > most, !Self.delimits(bytes[start - 1]) { start -= 1 }
        var quote = start > 0 && Self.isQuote(bytes[start - 1]) ? bytes[start - 1] : nil
        if sign == UInt8(ascii: "%"), let content = DataAddress.content(bytes, start..<place) {
            // Blanks are passed over in front of an address.
            var at = content.scheme
            while at > most, bytes[at - 1] <= 0x20 { at -= 1 }
            if at > 0, Self.isQuote(bytes[at - 1]) { quote = bytes[at - 1] }
            isAddress = true
            isLinkedFile = content.isFile
            start = content.start
        } else {
            isDelimited = quote != nil
        }
        var end = place
        while end < bytes.count, !Self.ends(bytes, end, quote, isAddress: isAddress, sign) {
            end += sign == UInt8(ascii: "\\") && bytes[end] == sign ? 2 : 1
        }
        range = start..<min(end, bytes.count)
    }

    private static func isQuote(_ byte: UInt8) -> Bool { byte == 0x22 || byte == 0x27 || byte == 0x60 }

    private static func delimits(_ byte: UInt8) -> Bool {
        byte <= 0x20 || isQuote(byte) || byte == 0x3C || byte == 0x3E || byte == UInt8(ascii: "(")
    }

    private static func ends(
        _ bytes: Span<UInt8>, _ at: Int, _ quote: UInt8?, isAddress: Bool, _ sign: UInt8
    ) -> Bool {
        let byte = bytes[at]
        if byte == quote { return true }
        // No string of script goes on in the next line.
        if sign == UInt8(ascii: "\\") { return byte == 0x0A || quote == nil && (byte <= 0x20 || isQuote(byte)) }
        // Addresses have these escaped, and texts for decodeURIComponent as well.
        if byte == 0x22 || byte == 0x3C || byte == 0x3E || isAddress && byte == UInt8(ascii: "#") { return true }
        return quote == nil && (byte <= 0x20 || isQuote(byte) || byte == UInt8(ascii: ")"))
    }

    /// The first octets that it stands for.
    func octets(_ bytes: Span<UInt8>, limit: Int) -> [UInt8] {
        let text = bytes.extracting(range)
        // Browsers take line ends and tabs out of addresses before anything else.
        guard isAddress, text.firstIndex(of: 0x0A) != nil || text.firstIndex(of: 0x09) != nil else {
            return octets(text, limit)
        }
        var plain: [UInt8] = []
        for index in text.indices where ![0x09, 0x0A, 0x0D].contains(text[index]) { plain.append(text[index]) }
        return octets(plain.span, limit)
    }

    private func octets(_ text: Span<UInt8>, _ limit: Int) -> [UInt8] {
        var octets: [UInt8] = []
        var at = 0
        while at < text.count, octets.count < limit {
            let byte = text[at]
            if byte == sign, let (octet, length) = Self.escape(text, at) {
                octets.append(octet)
                at += length
            } else if let octet = sign == UInt8(ascii: "\\") ? Self.character(text, at) : nil {
                octets.append(octet)
                at += 2
            } else {
                octets.append(byte)
                at += 1
            }
        }
        return octets
    }

    /// A character of script in two octets: a letter behind `\`, or an octet beyond ASCII in UTF-8.
    private static func character(_ text: Span<UInt8>, _ at: Int) -> UInt8? {
        guard at + 1 < text.count else { return nil }
        let next = text[at + 1]
        switch text[at] {
        case UInt8(ascii: "\\"): return control(next)
        case 0xC2, 0xC3: return 0x80...0xBF ~= next ? text[at] << 6 | next & 0x3F : nil
        default: return nil
        }
    }

    /// The letter behind `\`, or what it is itself.
    private static func control(_ letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "v"): 0x0B
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "r"): 0x0D
        default: letter
        }
    }

    private static func escape(_ bytes: Span<UInt8>, _ at: Int) -> (octet: UInt8, length: Int)? {
        if bytes[at] == UInt8(ascii: "%") {
            return digits(bytes, at, behind: 1)
                ?? (bytes.hasPrefix(ignoringCase: "%u00", from: at)
                    ? digits(bytes, at, behind: 4) : nil)
        }
        if bytes.hasBytes("\\x", at: at) { return digits(bytes, at, behind: 2) }
        if bytes.hasBytes("\\u00", at: at) { return digits(bytes, at, behind: 4) }
        return EscapedText.octal(bytes, at)
    }

    private static func digits(_ bytes: Span<UInt8>, _ at: Int, behind: Int) -> (octet: UInt8, length: Int)? {
        guard at + behind + 1 < bytes.count, let high = hexadecimalValue(bytes[at + behind]),
            let low = hexadecimalValue(bytes[at + behind + 1])
        else { return nil }
        return (high << 4 | low, behind + 2)
    }
}
