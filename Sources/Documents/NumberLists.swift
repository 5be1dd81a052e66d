internal import Bytes

/// Octets written as numbers in a row, whatever stands in front of them: `$x = 77,90,144`, `{0x4d, 0x5a`, `&H4D, &H5A`, numbers by blanks
/// or one a line, pairs of digits with a sign between them (`4d,5a`, `4D-5A`). What honest tables have: only those are looked at that
/// begin as a file does.
enum NumberLists {
    /// Octets of the shortest list: numbers of one digit, and what stands between them.
    private static let shortest = 2 * TextLiterals.shortestList - 1

    /// Calls `use` with each list of at least `TextLiterals.shortestList` numbers whose first two may begin a file, in one
    /// pass.
    /// - Parameters:
    ///   - limit: octets of a list that are kept.
    ///   - use: takes them and the place of the first; false ends the search.
    static func each(in bytes: Span<UInt8>, limit: Int, _ use: ([UInt8], Int) -> Bool) {
        let classes = Self.classes.span
        var at = 0
        while let start = run(bytes, classes, from: at) {
            var end = start + shortest
            while end < bytes.count, classes[Int(bytes[end])] != 0 { end += 1 }
            guard lists(bytes, classes, start..<end, limit: limit, use) else { return }
            at = end
        }
    }

    /// The lists in a run of such octets: decimal numbers or those with a prefix, and pairs of hexadecimal digits.
    private static func lists(
        _ bytes: Span<UInt8>, _ classes: Span<UInt8>, _ run: Range<Int>, limit: Int, _ use: ([UInt8], Int) -> Bool
    ) -> Bool {
        var numbers = Numbers(run)
        var (decimal, pairs) = (List(), List())
        while let number = numbers.next(bytes, classes) {
            if let ended = decimal.take(number.octet, at: number.place, limit: limit), !use(ended.octets, ended.start) {
                return false
            }
            // Pairs with blanks alone between them are a dump, which is read as such.
            if !number.isBehindSign, let ended = pairs.end(), !use(ended.octets, ended.start) { return false }
            if let ended = pairs.take(number.pair, at: number.place, limit: limit), !use(ended.octets, ended.start) {
                return false
            }
        }
        for ended in [decimal.end(), pairs.end()] {
            if let ended, !use(ended.octets, ended.start) { return false }
        }
        return true
    }

    /// Where the next `shortest` octets in a row begin that lists have. Each other octet lets all in front of it be passed over.
    private static func run(_ bytes: Span<UInt8>, _ classes: Span<UInt8>, from first: Int) -> Int? {
        var start = first
        while start + shortest <= bytes.count {
            var at = start + shortest - 1
            while at >= start, classes[Int(bytes[at])] != 0 { at -= 1 }
            if at < start { return start }
            start = at + 1
        }
        return nil
    }

    /// Digits and the letters of hexadecimal numbers; what stands between numbers: blanks, signs, quotes, and the marks of lines that
    /// go on. 0 for anything else.
    private static let classes: [UInt8] = {
        var classes = [UInt8](repeating: 0, count: 256)
        for octet in "0123456789abcdefABCDEFxXhH".utf8 { classes[Int(octet)] = digit }
        for octet in "\t\n\r ".utf8 { classes[Int(octet)] = blank }
        for octet in ",;|:-+&_\"'`\\^".utf8 { classes[Int(octet)] = sign }
        return classes
    }()
    private static let digit: UInt8 = 1
    private static let blank: UInt8 = 2
    private static let sign: UInt8 = 3

    /// A number of a list.
    private struct Number {
        let place: Int
        /// Something other than blanks stands in front.
        let isBehindSign: Bool
        /// What it is as a number, and as a pair of hexadecimal digits.
        var octet: UInt8?
        var pair: UInt8?
    }

    /// The numbers of a run, in order, and words that are none.
    private struct Numbers {
        private var at: Int
        private let start: Int
        private let end: Int

        init(_ run: Range<Int>) { (at, start, end) = (run.lowerBound, run.lowerBound, run.upperBound) }

        /// Digits of the longest number.
        private static let mostDigits = 4

        mutating func next(_ bytes: Span<UInt8>, _ classes: Span<UInt8>) -> Number? {
            var isBehindSign = false
            while at < end, classes[Int(bytes[at])] != digit, !isPrefix(bytes) {
                if classes[Int(bytes[at])] == sign { isBehindSign = true }
                at += 1
            }
            guard at < end else { return nil }
            // A hyphen right behind a number stands between two.
            let isNegative =
                at > start && bytes[at - 1] == UInt8(ascii: "-")
                && (at - 1 == start || classes[Int(bytes[at - 2])] != digit)
            var number = Number(place: isNegative ? at - 1 : at, isBehindSign: isBehindSign)
            let hasPrefix = isPrefix(bytes) || bytes.hasPrefix(ignoringCase: "0x", from: at)
            if hasPrefix { at += 2 }
            let first = at
            var (decimal, hexadecimal) = (0, 0)
            var (isDecimal, isHexadecimal) = (true, true)
            while at < end, classes[Int(bytes[at])] == digit {
                guard at - first < Self.mostDigits, let value = hexadecimalValue(bytes[at]) else {
                    (isDecimal, isHexadecimal) = (false, false)
                    at += 1
                    continue
                }
                if value > 9 { isDecimal = false }
                decimal = decimal * 10 + Int(value)
                hexadecimal = hexadecimal << 4 | Int(value)
                at += 1
            }
            guard at > first else { return number }
            if isHexadecimal, !hasPrefix, at - first == 2 { number.pair = UInt8(hexadecimal) }
            let value = (hasPrefix ? hexadecimal : decimal) * (isNegative ? -1 : 1)
            if hasPrefix ? isHexadecimal : isDecimal, -128...255 ~= value {
                number.octet = UInt8(truncatingIfNeeded: value)
            }
            return number
        }

        /// `&H` of Visual Basic.
        private func isPrefix(_ bytes: Span<UInt8>) -> Bool { bytes.hasPrefix(ignoringCase: "&h", from: at) }
    }

    /// A list as far as it was read.
    private struct List {
        private var start = 0
        private var count = 0
        /// Empty for one that begins as no file does.
        private var octets: [UInt8] = []

        /// Adds a number; what is none ends the list.
        /// - Returns: the list that ended, where it is long enough and may be a file.
        mutating func take(_ octet: UInt8?, at place: Int, limit: Int) -> (octets: [UInt8], start: Int)? {
            guard let octet else { return end() }
            if count == 0 { start = place }
            count += 1
            if count <= 2 || !octets.isEmpty, octets.count < limit { octets.append(octet) }
            if count == 2, octets.count == 2, !FileSignature.mayBegin(octets[0], octets[1]) {
                octets.removeAll(keepingCapacity: true)
            }
            return nil
        }

        mutating func end() -> (octets: [UInt8], start: Int)? {
            defer { (count, octets) = (0, []) }
            return octets.count >= TextLiterals.shortestList ? (octets, start) : nil
        }
    }
}
