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

    // MARK: numbers

    /// A number and its unit, in lower case, also a reckoned one.
    static func number(_ value: ArraySlice<UInt8>) -> (Double, ArraySlice<UInt8>)? {
        if let plain = plainNumber(value) { return plain }
        guard let result = function(value).flatMap(CSSMath.result) else { return nil }
        return switch result.kind {
        case .number: (result.number, [])
        case .share: (result.number, [0x25])
        case .length, .lengthAndShare: (result.number, [0x70, 0x78])
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

    /// A number without a unit, or percent as a part of 1; nil for anything else.
    static func share(_ value: ArraySlice<UInt8>) -> Double? {
        guard let (number, unit) = number(value) else { return nil }
        return unit.isEmpty ? number : unit.elementsEqual([0x25]) ? number / 100 : nil
    }

    /// True for a length or percent, also without a unit, which documents without a type may have (Quirks Mode, section 3.2).
    static func isLength(_ value: ArraySlice<UInt8>) -> Bool {
        guard let (_, unit) = number(value) else { return false }
        return unit.isEmpty || pixels(in: unit) != nil || unit.elementsEqual([0x25])
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

    // MARK: shapes and transforms

    /// Arguments of a function, at commas or blanks.
    static func arguments(_ list: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var list = list
        var depth = 0
        for index in list.indices {
            if list[index] == 0x28 { depth += 1 } else if list[index] == 0x29 { depth -= 1 }
            if depth == 0, list[index] == 0x2C { list[index] = 0x20 }
        }
        return words(list)
    }

    /// Numbers of a list, with their units.
    private static func numbers(_ list: ArraySlice<UInt8>) -> [(number: Double, isShare: Bool)] {
        arguments(list).prefix(64).compactMap { word in number(word).map { ($0.0, $0.1.first == 0x25) } }
    }

    /// Whether nothing is left in a shape of `clip` or `clip-path`: `rect(0,0,0,0)`, `inset(100%)`, `circle(0)`, `polygon(0 0, 0 0)`;
    /// nil where browsers take it for no shape.
    static func cutsAll(_ shape: Function) -> Bool? {
        let words = arguments(shape.arguments)
        let numbers = numbers(shape.arguments)
        /// All before the word that begins something else.
        func lengths(before word: StaticString) -> Int? {
            let head = words.prefix { !CSSText.names($0).elementsEqual(word.description.utf8) }
            return head.allSatisfy { isLength($0) } ? head.count : nil
        }
        switch shape.name {
        case "rect", "xywh":
            guard words.count >= 4 else { return nil }
            let sides = words.prefix(4).map { number($0)?.0 }
            guard words.prefix(4).allSatisfy({ isLength($0) || CSSText.names($0).elementsEqual("auto".utf8) }) else {
                return nil
            }
            if shape.name == "xywh" { return sides[2] ?? 9 <= 1 || sides[3] ?? 9 <= 1 }
            guard let top = sides[0], let right = sides[1], let bottom = sides[2], let left = sides[3] else {
                return false
            }
            return bottom - top <= 1 || right - left <= 1
        case "inset":
            guard let count = lengths(before: "round"), 1...4 ~= count else { return nil }
            return numbers.prefix(count).contains { $0.isShare && $0.number >= 50 }
        case "circle", "ellipse":
            let head = words.prefix { !CSSText.names($0).elementsEqual("at".utf8) }
            guard
                head.count <= 1 && shape.name == "circle" || head.isEmpty || head.count == 2 && shape.name == "ellipse"
            else { return nil }
            for word in head where !isLength(word) {
                guard ["closest-side", "farthest-side"].contains(String(decoding: CSSText.names(word), as: UTF8.self))
                else {
                    return nil
                }
            }
            return head.contains { number($0).map { $0.0 <= 1 } ?? false }
        case "polygon":
            let points = words.drop {
                ["nonzero", "evenodd"].contains(String(decoding: CSSText.names($0), as: UTF8.self))
            }
            guard points.count >= 2, points.count % 2 == 0, points.allSatisfy({ isLength($0) }) else { return nil }
            return points.count > 2 && numbers.allSatisfy { $0.number <= 1 }
        case "path", "shape": return shape.arguments.isEmpty ? nil : false
        default: return nil
        }
    }

    /// One of the first two arguments is 0.
    static func hasZero(_ function: Function) -> Bool {
        numbers(function.arguments).prefix(2).contains { $0.number == 0 }
    }

    /// Whether `scale(0)` and the like leave nothing, or the text is moved far off the page; nil for what is no transform.
    static func shrinksToNothing(_ transform: Function) -> Bool? {
        let words = transform.arguments.split(separator: 0x2C, omittingEmptySubsequences: false).map(trimmed)
        let numbers = words.map { number($0) }
        guard !numbers.contains(where: { $0 == nil }) else { return nil }
        let found = numbers.compactMap { $0 }
        func all(_ counts: ClosedRange<Int>, _ isUnit: (Double, ArraySlice<UInt8>) -> Bool) -> Bool {
            counts ~= found.count && found.allSatisfy { isUnit($0.0, $0.1) }
        }
        func isLength(_ number: Double, _ unit: ArraySlice<UInt8>) -> Bool {
            unit.isEmpty ? number == 0 : unit.elementsEqual([0x25]) || pixels(in: unit) != nil
        }
        func isAngle(_ number: Double, _ unit: ArraySlice<UInt8>) -> Bool {
            unit.isEmpty ? number == 0 : ["deg", "grad", "rad", "turn"].contains(String(decoding: unit, as: UTF8.self))
        }
        func isPlain(_ number: Double, _ unit: ArraySlice<UInt8>) -> Bool { unit.isEmpty || unit.elementsEqual([0x25]) }
        let least = { (place: Int) in
            abs(found[place].1.isEmpty ? found[place].0 : found[place].0 / 100) < HTMLEffects.leastShare
        }
        switch transform.name {
        case "scale": return all(1...2, isPlain) ? found.indices.contains(where: least) : nil
        case "scalex", "scaley": return all(1...1, isPlain) ? least(0) : nil
        case "scalez": return all(1...1, isPlain) ? false : nil
        case "scale3d": return all(3...3, isPlain) ? least(0) || least(1) : nil
        case "translate": return all(1...2, isLength) ? found.contains { abs($0.0) >= CSSShift.farOff } : nil
        case "translatex", "translatey": return all(1...1, isLength) ? abs(found[0].0) >= CSSShift.farOff : nil
        case "translate3d":
            return all(3...3, isLength) ? found.prefix(2).contains { abs($0.0) >= CSSShift.farOff } : nil
        case "translatez", "perspective": return all(1...1, isLength) ? false : nil
        case "rotate", "rotatex", "rotatey", "rotatez", "skewx", "skewy": return all(1...1, isAngle) ? false : nil
        case "skew": return all(1...2, isAngle) ? false : nil
        case "rotate3d": return found.count == 4 ? false : nil
        case "matrix":
            guard all(6...6, { $1.isEmpty }) else { return nil }
            let area = found[0].0 * found[3].0 - found[1].0 * found[2].0
            return abs(area) < HTMLEffects.leastShare * HTMLEffects.leastShare || abs(found[4].0) >= CSSShift.farOff
                || abs(found[5].0) >= CSSShift.farOff
        case "matrix3d": return all(16...16, { $1.isEmpty }) ? false : nil
        default: return nil
        }
    }
}
