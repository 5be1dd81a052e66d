internal import Bytes

/// Characters of a text that are written by their numbers, as browsers and scripts resolve them: `&#80;` and `&#x50;` in
/// pages, `\x50`, `\u0050` and `\120` in strings, `%50` in addresses, `%u0050` for unescape(). Base64 of which some or all is written so shows itself only
/// when they are resolved (attack G1).
enum EscapedText {
    /// Names of characters that base64 has, or that are passed over in it.
    private static let names: [(name: StaticString, octet: UInt8)] = [
        ("&plus;", 0x2B), ("&sol;", 0x2F), ("&equals;", 0x3D), ("&Tab;", 0x09), ("&NewLine;", 0x0A),
    ]
    /// Digits of a number.
    private static let mostDigits = 7

    /// Words that have such characters, resolved, with a `<` behind each, which no literal goes beyond; nil where there are
    /// none.
    /// - Parameters:
    ///   - signs: of these octets.
    ///   - shortest: octets of a word from which on it is looked at.
    static func resolved(_ bytes: Span<UInt8>, _ signs: EscapeSigns, shortest: Int) -> [UInt8]? {
        var signs = signs
        var words: [UInt8] = []
        var at = 0
        while let sign = signs.next(bytes, from: at) {
            guard character(bytes, sign) != nil else {
                at = sign + 1
                continue
            }
            var start = sign
            while start > at, !endsWord(bytes[start - 1]) { start -= 1 }
            var end = sign
            while end < bytes.count, !endsWord(bytes[end]) { end += 1 }
            if end - start >= shortest { resolve(bytes, start..<end, into: &words) }
            at = end
        }
        return words.isEmpty ? nil : words
    }

    private static func resolve(_ bytes: Span<UInt8>, _ word: Range<Int>, into words: inout [UInt8]) {
        var at = word.lowerBound
        while at < word.upperBound {
            guard let (octet, length) = character(bytes, at) else {
                words.append(bytes[at])
                at += 1
                continue
            }
            // Addresses and base64 are read without blanks and line ends.
            if octet > 0x20 || octet < 0x09 { words.append(octet) }
            at += length
        }
        words.append(0x3C)
    }

    private static func endsWord(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == 0x22 || byte == 0x27 || byte == 0x60 || byte == 0x3C || byte == 0x3E
    }

    /// The character that is written at a place, and octets that it takes; `<` for one that is not ASCII.
    private static func character(_ bytes: Span<UInt8>, _ at: Int) -> (octet: UInt8, length: Int)? {
        switch bytes[at] {
        case UInt8(ascii: "%"):
            return bytes.hasPrefix(ignoringCase: "u", from: at + 1)
                ? hexadecimal(bytes, at, behind: 2, digits: 4) : hexadecimal(bytes, at, behind: 1, digits: 2)
        case UInt8(ascii: "\\"):
            guard at + 1 < bytes.count else { return nil }
            switch bytes[at + 1] {
            case UInt8(ascii: "x"): return hexadecimal(bytes, at, behind: 2, digits: 2)
            case UInt8(ascii: "u"): return hexadecimal(bytes, at, behind: 2, digits: 4)
            default: return octal(bytes, at).map { ($0.octet < 0x80 ? $0.octet : 0x3C, $0.length) }
            }
        case UInt8(ascii: "&"): return reference(bytes, at)
        default: return nil
        }
    }

    /// Digits of an octal escape.
    private static let octalDigits = 3

    /// One to three octal digits of an octet behind `\` (ECMA-262 annex B.1.2), and octets that they take with it.
    static func octal(_ bytes: Span<UInt8>, _ at: Int) -> (octet: UInt8, length: Int)? {
        guard at < bytes.count, bytes[at] == UInt8(ascii: "\\") else { return nil }
        var value = 0
        var end = at + 1
        while end < bytes.count, end - at <= octalDigits, 0x30...0x37 ~= bytes[end] {
            let next = value << 3 | Int(bytes[end] - 0x30)
            guard next <= 0xFF else { break }
            value = next
            end += 1
        }
        return end > at + 1 ? (UInt8(value), end - at) : nil
    }

    private static func hexadecimal(
        _ bytes: Span<UInt8>, _ at: Int, behind: Int, digits: Int
    ) -> (octet: UInt8, length: Int)? {
        guard bytes.count - at >= behind + digits else { return nil }
        var value = 0
        for index in at + behind..<at + behind + digits {
            guard let digit = hexadecimalValue(bytes[index]) else { return nil }
            value = value << 4 | Int(digit)
        }
        return (value < 0x80 ? UInt8(value) : 0x3C, behind + digits)
    }

    /// A character reference of HTML, by number or by one of the names.
    private static func reference(_ bytes: Span<UInt8>, _ at: Int) -> (octet: UInt8, length: Int)? {
        guard bytes.hasBytes("&#", at: at) else {
            return names.first { bytes.hasBytes($0.name, at: at) }.map { ($0.octet, $0.name.utf8CodeUnitCount) }
        }
        let isHexadecimal = bytes.hasPrefix(ignoringCase: "x", from: at + 2)
        let first = at + (isHexadecimal ? 3 : 2)
        var end = first
        var value = 0
        while end < bytes.count, end - first < mostDigits, let digit = hexadecimalValue(bytes[end]),
            isHexadecimal || digit < 10
        {
            value = value * (isHexadecimal ? 16 : 10) + Int(digit)
            end += 1
        }
        guard end > first else { return nil }
        if bytes.hasBytes(";", at: end) { end += 1 }
        return (value < 0x80 ? UInt8(value) : 0x3C, end - at)
    }
}

/// Where the octets stand with which numbers of characters begin. Each is searched for once.
struct EscapeSigns {
    private static let octets: InlineArray<3, UInt8> = [UInt8(ascii: "&"), UInt8(ascii: "\\"), UInt8(ascii: "%")]
    private static let signs: InlineArray<3, TextSigns> = [.ampersand, .backslash, .percent]
    /// The next place of each; the end where there is none.
    private var places: InlineArray<3, Int>
    private let end: Int

    /// - Parameter signs: those of the bytes.
    init(_ bytes: Span<UInt8>, _ signs: TextSigns) {
        end = bytes.count
        places = InlineArray(repeating: end)
        for index in places.indices where signs.contains(Self.signs[index]) {
            places[index] = bytes.firstIndex(of: Self.octets[index]) ?? end
        }
    }

    /// There is one from the place on that was asked for last.
    func has(_ octet: UInt8) -> Bool {
        places.indices.contains { Self.octets[$0] == octet && places[$0] < end }
    }

    /// The first of all of them.
    mutating func next(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        var next = end
        for index in places.indices {
            if places[index] < start { places[index] = bytes.firstIndex(of: Self.octets[index], from: start) ?? end }
            next = min(next, places[index])
        }
        return next < end ? next : nil
    }
}
