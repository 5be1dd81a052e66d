internal import Bytes

/// Octets that a program has as numbers, in lists or behind escapes.
extension TextLiterals {
    /// `[77, 90]`, `(0x4d, 0x5a)`.
    static func lists(
        _ bytes: Span<UInt8>, _ signs: TextSigns, _ role: DocumentRole, _ extraction: Extraction,
        _ result: inout Result
    ) {
        let brackets: [(TextSigns, UInt8)] = [(.bracket, UInt8(ascii: "[")), (.parenthesis, UInt8(ascii: "("))]
        for (sign, bracket) in brackets where signs.contains(sign) {
            var from = 0
            while let place = bytes.firstIndex(of: bracket, from: from), !extraction.isStopped {
                from = place + 1
                var numbers = numbers(bytes, place + 1, limit: extraction.room)
                if numbers.isWide { numbers = wideNumbers(bytes, place + 1, limit: extraction.room) }
                guard numbers.octets.count >= shortestList, extraction.countItem() else { continue }
                add(numbers.octets, role, extraction, &result, mayBeAny: !numbers.isWide)
                from = numbers.end
            }
        }
    }

    /// `\x4d\x5a`, `\u004d\u005a`, `%4d%5a`, `%u004d%u005a`, `\115\132`.
    static func escapes(
        _ bytes: Span<UInt8>, _ signs: EscapeSigns, _ role: DocumentRole, _ extraction: Extraction,
        _ result: inout Result
    ) {
        for sign in ["\\x", "\\u00", "%", "%u00"] as [StaticString] where signs.has(sign.utf8Start[0]) {
            var from = 0
            while let place = bytes.firstIndex(of: sign, from: from), !extraction.isStopped {
                let (end, octets) = escapes(bytes, place, sign)
                from = end
                guard octets.count >= shortestList, extraction.countItem() else { continue }
                add(octets, role, extraction, &result)
            }
        }
        guard signs.has(UInt8(ascii: "\\")) else { return }
        var from = 0
        while let place = bytes.firstIndex(of: UInt8(ascii: "\\"), from: from), !extraction.isStopped {
            let (end, octets) = octalEscapes(bytes, place)
            from = end
            guard octets.count >= shortestList, extraction.countItem() else { continue }
            add(octets, role, extraction, &result)
        }
    }

    /// - Parameter mayBeAny: they may become a file by what script does with them.
    private static func add(
        _ octets: [UInt8], _ role: DocumentRole, _ extraction: Extraction, _ result: inout Result, mayBeAny: Bool = true
    ) {
        if hand(octets, role, extraction) {
            result.hasFile = true
            return
        }
        if octets.count >= shortestText, octets.allSatisfy({ 0x20...0x7E ~= $0 || 9...13 ~= $0 }) {
            result.texts.append(octets)
        }
        if mayBeAny, octets.count >= shortestMadeList { result.hasUnknown = true }
    }

    /// What stands in a list of numbers.
    private struct Numbers {
        /// The place behind.
        var end: Int
        var octets: [UInt8]
        /// They have more than 8 bits.
        var isWide = false
    }

    /// Numbers with commas between them, decimal or hexadecimal, up to the first from -128 to 255 that is none.
    private static func numbers(_ bytes: Span<UInt8>, _ start: Int, limit: Int) -> Numbers {
        var list: [UInt8] = []
        var at = start
        while list.count < limit, let number = number(bytes, &at) {
            guard -128...255 ~= number else { return Numbers(end: at, octets: list, isWide: true) }
            list.append(UInt8(truncatingIfNeeded: number))
            guard at < bytes.count, bytes[at] == UInt8(ascii: ",") else { break }
            at += 1
        }
        return Numbers(end: at, octets: list)
    }

    /// The octets of numbers of 16 bits, or of 32 where one has more, the lowest first, as processors of today have them.
    private static func wideNumbers(_ bytes: Span<UInt8>, _ start: Int, limit: Int) -> Numbers {
        var list: [UInt32] = []
        var isOf32Bits = false
        var at = start
        while list.count < limit / 4, let number = number(bytes, &at) {
            if !(-0x8000...0xFFFF ~= number) { isOf32Bits = true }
            list.append(UInt32(truncatingIfNeeded: number))
            guard at < bytes.count, bytes[at] == UInt8(ascii: ",") else { break }
            at += 1
        }
        var octets: [UInt8] = []
        octets.reserveCapacity(list.count * (isOf32Bits ? 4 : 2))
        for number in list {
            octets.append(UInt8(truncatingIfNeeded: number))
            octets.append(UInt8(truncatingIfNeeded: number >> 8))
            guard isOf32Bits else { continue }
            octets.append(UInt8(truncatingIfNeeded: number >> 16))
            octets.append(UInt8(truncatingIfNeeded: number >> 24))
        }
        return Numbers(end: at, octets: octets, isWide: true)
    }

    /// Digits of the largest number of 32 bits.
    private static let mostDigits = 10

    /// A number of at most 32 bits, and blanks around it; nil when there is none.
    private static func number(_ bytes: Span<UInt8>, _ at: inout Int) -> Int? {
        while at < bytes.count, bytes[at] <= 0x20 { at += 1 }
        let isNegative = at < bytes.count && bytes[at] == UInt8(ascii: "-")
        if isNegative { at += 1 }
        let isHexadecimal = bytes.hasPrefix(ignoringCase: "0x", from: at)
        if isHexadecimal { at += 2 }
        var value = 0
        let digits = at
        while at < bytes.count, at - digits < mostDigits, let digit = hexadecimalValue(bytes[at]),
            isHexadecimal || digit < 10
        {
            value = value * (isHexadecimal ? 16 : 10) + Int(digit)
            at += 1
        }
        guard at > digits, value <= UInt32.max else { return nil }
        while at < bytes.count, bytes[at] <= 0x20 { at += 1 }
        return isNegative ? -value : value
    }

    private static func escapes(
        _ bytes: Span<UInt8>, _ start: Int, _ sign: StaticString
    ) -> (end: Int, octets: [UInt8]) {
        var octets: [UInt8] = []
        var at = start
        let digits = sign.utf8CodeUnitCount
        while bytes.hasPrefix(ignoringCase: sign, from: at), at + digits + 1 < bytes.count,
            let high = hexadecimalValue(bytes[at + digits]), let low = hexadecimalValue(bytes[at + digits + 1])
        {
            octets.append(high << 4 | low)
            at += digits + 2
        }
        return (max(at, start + digits), octets)
    }

    private static func octalEscapes(_ bytes: Span<UInt8>, _ start: Int) -> (end: Int, octets: [UInt8]) {
        var octets: [UInt8] = []
        var at = start
        while let (octet, length) = EscapedText.octal(bytes, at) {
            octets.append(octet)
            at += length
        }
        return (max(at, start + 1), octets)
    }
}
