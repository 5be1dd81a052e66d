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

    /// What it stands for.
    func octets(_ bytes: Span<UInt8>, limit: Int) -> [UInt8] {
        var octets: [UInt8] = []
        var at = range.lowerBound
        while at < range.upperBound, octets.count < limit {
            let byte = bytes[at]
            if byte == sign, let (octet, length) = Self.escape(bytes, at) {
                octets.append(octet)
                at += length
                continue
            }
            at += 1
            // Browsers take line ends and tabs out of addresses.
            if isAddress, byte == 0x0A || byte == 0x0D || byte == 0x09 { continue }
            if sign == UInt8(ascii: "\\"), at < range.upperBound {
                if byte == sign {
                    octets.append(Self.control(bytes[at]))
                    at += 1
                    continue
                }
                // An octet beyond ASCII as a character of UTF-8.
                if byte == 0xC2 || byte == 0xC3, 0x80...0xBF ~= bytes[at] {
                    octets.append(byte << 6 | bytes[at] & 0x3F)
                    at += 1
                    continue
                }
            }
            octets.append(byte)
        }
        return octets
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
            return digits(bytes, at, behind: 1) ?? (bytes.hasPrefix(ignoringCase: "%u00", from: at)
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
