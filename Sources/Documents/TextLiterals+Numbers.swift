internal import Bytes

/// Octets that a program has as numbers in lists.
extension TextLiterals {
    /// `[77, 90]`, `(0x4d, 0x5a)`.
    /// - Returns: where lists are that were handed on, and how long.
    static func lists(
        _ bytes: Span<UInt8>, _ signs: TextSigns, _ role: DocumentRole, _ extraction: Extraction,
        _ result: inout Result
    ) -> [Int: Int] {
        var known: [Int: Int] = [:]
        let brackets: [(TextSigns, UInt8)] = [(.bracket, UInt8(ascii: "[")), (.parenthesis, UInt8(ascii: "("))]
        for (sign, bracket) in brackets where signs.contains(sign) {
            var from = 0
            var characters = CharacterLists()
            while let place = bytes.firstIndex(of: bracket, from: from), !extraction.isStopped {
                from = place + 1
                if let list = characters.list(bytes, at: place, limit: extraction.room), extraction.countItem() {
                    add(list, role, extraction, &result)
                    known[list.start] = list.octets.count
                    from = list.end
                    continue
                }
                var numbers = numbers(bytes, place + 1, limit: extraction.room)
                if numbers.isWide { numbers = wideNumbers(bytes, place + 1, limit: extraction.room) }
                guard numbers.octets.count >= shortestList, extraction.countItem() else { continue }
                add(numbers.octets, role, extraction, &result, mayBeAny: !numbers.isWide)
                from = numbers.end
                known[numbers.start] = numbers.octets.count
            }
        }
        return known
    }

    /// What calls name, from where a file begins, or all of it.
    private static func add(
        _ list: CharacterList, _ role: DocumentRole, _ extraction: Extraction, _ result: inout Result
    ) {
        let octets = list.octets.span
        let start = list.starts.first {
            let rest = octets.extracting($0..<octets.count)
            return FileSignature.isFile(rest) || FileSignature.isMarkup(rest)
        }
        add(Array(list.octets[(start ?? 0)...]), role, extraction, &result, mayBeAny: list.mayBeAny)
    }

    /// Lists without a bracket, which are told from tables by what they begin with.
    /// - Parameter known: places of those with one, and how long they are.
    static func numberLists(
        _ bytes: Span<UInt8>, besides known: [Int: Int], _ extraction: Extraction, _ result: inout Result
    ) {
        NumberLists.each(in: bytes, limit: extraction.room) { octets, start in
            guard extraction.countItem() else { return false }
            if let count = known[start], count >= octets.count { return true }
            // Tables may begin like a file as well; what cannot be read in it is no damage.
            result.hasFile = hand(octets, .quotedLiteral, extraction) || result.hasFile
            return !extraction.isStopped
        }
    }

    /// - Parameter mayBeAny: they may become a file by what script does with them.
    static func add(
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
    struct Numbers {
        /// The first number.
        var start: Int
        /// The place behind.
        var end: Int
        var octets: [UInt8]
        /// They have more than 8 bits.
        var isWide = false
    }

    /// Numbers with commas between them, decimal or hexadecimal, up to the first from -128 to 255 that is none.
    static func numbers(_ bytes: Span<UInt8>, _ first: Int, limit: Int) -> Numbers {
        var list: [UInt8] = []
        var at = first
        passBlanks(bytes, &at)
        let start = at
        while list.count < limit, let number = number(bytes, &at) {
            guard -128...255 ~= number else { return Numbers(start: start, end: at, octets: list, isWide: true) }
            list.append(UInt8(truncatingIfNeeded: number))
            guard at < bytes.count, bytes[at] == UInt8(ascii: ",") else { break }
            at += 1
        }
        return Numbers(start: start, end: at, octets: list)
    }

    /// The octets of numbers of 16 bits, or of 32 where one has more, the lowest first, as processors of today have them.
    private static func wideNumbers(_ bytes: Span<UInt8>, _ first: Int, limit: Int) -> Numbers {
        var list: [UInt32] = []
        var isOf32Bits = false
        var at = first
        passBlanks(bytes, &at)
        let start = at
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
        return Numbers(start: start, end: at, octets: octets, isWide: true)
    }

    /// Digits of the largest number of 32 bits.
    private static let mostDigits = 10

    /// A number of at most 32 bits, and blanks around it; nil when there is none.
    static func number(_ bytes: Span<UInt8>, _ at: inout Int) -> Int? {
        passBlanks(bytes, &at)
        let isNegative = at < bytes.count && bytes[at] == UInt8(ascii: "-")
        if isNegative { at += 1 }
        let isHexadecimal =
            bytes.hasPrefix(ignoringCase: "0x", from: at) || bytes.hasPrefix(ignoringCase: "&h", from: at)
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
        passBlanks(bytes, &at)
        return isNegative ? -value : value
    }

    /// Passes over blanks, and over the marks of lines that go on: `_` of Visual Basic, the grave accent of PowerShell, `\` of others.
    private static func passBlanks(_ bytes: Span<UInt8>, _ at: inout Int) {
        while at < bytes.count, bytes[at] <= 0x20 || isContinuation(bytes, at) { at += 1 }
    }

    private static func isContinuation(_ bytes: Span<UInt8>, _ at: Int) -> Bool {
        switch bytes[at] {
        case UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "\\"):
            bytes.hasBytes("\n", at: at + 1) || bytes.hasBytes("\r", at: at + 1)
        default: false
        }
    }
}
