internal import Bytes

/// Values of CSS, so far as `HTMLEffects` needs them: in lower case, as `CSSText.plain` leaves them.
enum CSSValue {
    static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        while let first = text.first, first <= 0x20 { text.removeFirst() }
        while let last = text.last, last <= 0x20 { text.removeLast() }
        return text
    }

    /// Splits at blanks outside of parentheses.
    static func words(_ value: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var words: [ArraySlice<UInt8>] = []
        var start = value.startIndex
        var depth = 0
        for index in value.indices {
            if value[index] == 0x28 { depth += 1 } else if value[index] == 0x29 { depth -= 1 }
            if depth <= 0, value[index] <= 0x20 {
                if index > start { words.append(value[start..<index]) }
                start = index + 1
            }
        }
        if start < value.endIndex { words.append(value[start...]) }
        return words
    }

    /// Splits at a mark outside of parentheses; pieces are trimmed and may be empty.
    static func pieces(_ value: ArraySlice<UInt8>, at mark: UInt8) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var start = value.startIndex
        var depth = 0
        for index in value.indices {
            if value[index] == 0x28 { depth += 1 } else if value[index] == 0x29 { depth -= 1 }
            if depth <= 0, value[index] == mark {
                pieces.append(trimmed(value[start..<index]))
                start = index + 1
            }
        }
        return pieces + [trimmed(value[start...])]
    }

    /// A keyword that every property takes.
    static func isForAll(_ keyword: String) -> Bool {
        ["inherit", "unset", "revert", "revert-layer", "initial"].contains(keyword)
    }

    // MARK: functions

    struct Function {
        var name: String
        var arguments: ArraySlice<UInt8>
    }

    /// The functions of a list of such; nil where anything else is among them. The end of the text closes what is open.
    static func functions(_ value: ArraySlice<UInt8>) -> [Function]? {
        var found: [Function] = []
        var rest = trimmed(value)
        while !rest.isEmpty {
            guard let open = rest.firstIndex(of: 0x28), open > rest.startIndex,
                rest[..<open].allSatisfy({ $0 > 0x20 && $0 != 0x29 })
            else { return nil }
            var depth = 0
            let close = rest[open...].firstIndex { byte in
                depth += byte == 0x28 ? 1 : byte == 0x29 ? -1 : 0
                return depth == 0
            }
            let end = close ?? rest.endIndex
            found.append(
                Function(
                    name: String(decoding: CSSText.names(rest[..<open]), as: UTF8.self),
                    arguments: trimmed(rest[(open + 1)..<end])))
            rest = trimmed(rest[min(end + 1, rest.endIndex)...])
        }
        return found
    }

    /// The function that `word` is.
    static func function(_ word: ArraySlice<UInt8>) -> Function? {
        guard word.contains(0x28), let found = functions(word), found.count == 1 else { return nil }
        return found.first
    }

    /// Functions that browsers know and nobody computes here: what is put in (CSS Values 5, section 8), and more of mathematics.
    private static let unknown: Set = [
        "var", "env", "attr", "if", "inherit", "round", "mod", "rem", "sin", "cos", "tan", "asin", "acos", "atan",
        "atan2", "pow",
        "sqrt", "hypot", "log", "exp", "abs", "sign", "progress", "random", "sibling-index", "sibling-count",
        "calc-size",
        "anchor", "anchor-size",
    ]

    /// True where one of them stands anywhere in a value: browsers take it for one, which may be any.
    static func isUnknown(_ value: ArraySlice<UInt8>) -> Bool {
        value.indices.contains { open in
            guard value[open] == 0x28 else { return false }
            let before = value[..<open]
            let start = before.lastIndex { !CSSSelectors.isNamePart($0) }.map { $0 + 1 } ?? before.startIndex
            let name = CSSText.names(before[start...])
            return name.starts(with: "--".utf8) || unknown.contains(String(decoding: name, as: UTF8.self))
        }
    }

    // MARK: numbers

    /// A number and its unit, in lower case, also a reckoned one.
    static func number(_ value: ArraySlice<UInt8>) -> (Double, ArraySlice<UInt8>)? {
        if let plain = plainNumber(value) { return plain }
        guard let result = function(value).flatMap(CSSMath.result) else { return nil }
        return switch result.kind {
        case .number: (result.number, [])
        case .share: (result.number, [0x25])
        case .length, .lengthAndShare: (result.number, [0x70, 0x78])
        case .angle: (result.number, Array("deg".utf8)[...])
        }
    }

    /// A number of digits and its unit (CSS Syntax 3, section 4.3.12).
    static func plainNumber(_ value: ArraySlice<UInt8>) -> (Double, ArraySlice<UInt8>)? {
        var index = value.startIndex
        func digit(_ place: Int) -> Bool { place < value.endIndex && 0x30...0x39 ~= value[place] }
        var sign = 1.0
        if index < value.endIndex, value[index] == 0x2D || value[index] == 0x2B {
            if value[index] == 0x2D { sign = -1 }
            index += 1
        }
        var number = 0.0
        var scale = 1.0
        var isFraction = false
        let start = index
        while index < value.endIndex {
            if value[index] == 0x2E, !isFraction, digit(index + 1) {
                isFraction = true
            } else if digit(index) {
                // Digits beyond any use are passed over, so that no number becomes infinite.
                if number < 1e9 && scale < 1e9 {
                    number = number * 10 + Double(value[index] - 0x30)
                    if isFraction { scale *= 10 }
                }
            } else {
                break
            }
            index += 1
        }
        guard index > start else { return nil }
        number /= scale
        if index < value.endIndex, value[index] == 0x65 {
            let isSigned = index + 1 < value.endIndex && (value[index + 1] == 0x2D || value[index + 1] == 0x2B)
            let first = index + (isSigned ? 2 : 1)
            if digit(first) {
                let digits = value[first...].prefix { 0x30...0x39 ~= $0 }
                let exponent = digits.reduce(0) { min(20, $0 * 10 + Int($1 - 0x30)) }
                for _ in 0..<exponent {
                    number = isSigned && value[index + 1] == 0x2D ? number / 10 : min(1e12, number * 10)
                }
                index = digits.endIndex
            }
        }
        guard index == value.endIndex || value[index] != CSSText.comment else { return nil }
        let unit = CSSText.names(value[index...])
        guard unit.isEmpty || unit.elementsEqual([0x25]) || unit.allSatisfy({ 0x61...0x7A ~= $0 }) else { return nil }
        return (sign * number, unit)
    }

    /// Pixels of a unit of length: of type for letters of 16 pixels, of a screen for one of 1,000 by 800. nil for other units.
    static func pixels(in unit: ArraySlice<UInt8>) -> Double? {
        switch String(decoding: unit, as: UTF8.self) {
        case "px": 1
        case "pt": 4.0 / 3
        case "pc", "em", "rem", "ic", "ric": 16
        case "in": 96
        case "cm": 37.8
        case "mm": 3.78
        case "q": 0.945
        case "ex", "ch", "rex", "rch": 8
        case "cap", "rcap": 12
        case "lh", "rlh": 19
        case "vw", "svw", "lvw", "dvw", "vi", "svi", "lvi", "dvi", "vmax", "svmax", "lvmax", "dvmax", "cqw", "cqi",
            "cqmax":
            10
        case "vh", "svh", "lvh", "dvh", "vb", "svb", "lvb", "dvb", "vmin", "svmin", "lvmin", "dvmin", "cqh", "cqb",
            "cqmin":
            8
        default: nil
        }
    }

    /// Degrees of a unit of angles; nil for other units.
    static func degrees(in unit: ArraySlice<UInt8>) -> Double? {
        switch String(decoding: unit, as: UTF8.self) {
        case "deg": 1
        case "grad": 0.9
        case "rad": 180 / 3.141_592_654
        case "turn": 360
        default: nil
        }
    }

    /// A number without a unit, or percent as a part of 1; nil for anything else.
    static func share(_ value: ArraySlice<UInt8>) -> Double? {
        guard let (number, unit) = number(value) else { return nil }
        return unit.isEmpty ? number : unit.elementsEqual([0x25]) ? number / 100 : nil
    }

    /// True for a length or percent, also without a unit, which documents without a type may have (Quirks Mode, section 3.2).
    static func isLength(_ value: ArraySlice<UInt8>) -> Bool {
        guard let (_, unit) = number(value) else { return false }
        // What is reckoned and comes to a number is no length, not even where it comes to 0.
        return unit.isEmpty
            ? plainNumber(value) != nil : pixels(in: unit) != nil || unit.elementsEqual([0x25])
    }

    /// True for a length or percent as pages of every type have it: only 0 lacks its unit.
    static func isStrictLength(_ value: ArraySlice<UInt8>) -> Bool {
        isLength(value) && (number(value).map { !$0.1.isEmpty || $0.0 == 0 } ?? false)
    }

    /// True for such a length that is no percent.
    static func isFixedLength(_ value: ArraySlice<UInt8>) -> Bool {
        isStrictLength(value) && number(value)?.1.first != 0x25
    }

    /// True for an angle, which lacks its unit only where it is 0.
    static func isAngle(_ value: ArraySlice<UInt8>) -> Bool {
        guard let (angle, unit) = number(value) else { return false }
        return unit.isEmpty ? angle == 0 && plainNumber(value) != nil : degrees(in: unit) != nil
    }

    /// True for an offset that moves things off every page; columns have margins of -100 percent.
    static func isFarOff(_ value: ArraySlice<UInt8>, isMargin: Bool) -> Bool {
        guard let (number, unit) = number(value) else { return false }
        return switch String(decoding: unit, as: UTF8.self) {
        case "%": number <= -100 && !isMargin
        case "vw", "vh", "em", "rem": number <= -100
        default: number <= -CSSShift.farOff
        }
    }
}
