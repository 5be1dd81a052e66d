/// Shapes of `clip` and `clip-path`, transforms and shadows: which of them browsers accept, and which leave nothing.
extension CSSValue {
    /// Arguments of a function, at commas or blanks.
    static func arguments(_ function: Function) -> [ArraySlice<UInt8>] {
        let pieces = pieces(function.arguments, at: 0x2C)
        return pieces.count > 1 ? pieces : words(function.arguments)
    }

    private static func isWord(_ word: ArraySlice<UInt8>, of words: Set<String>) -> Bool {
        words.contains(String(decoding: CSSText.names(word), as: UTF8.self))
    }

    /// Whether nothing is left in `rect(0,0,0,0)` of `clip`; nil where browsers take it for no shape. Documents without a type
    /// may leave out units (Quirks Mode, section 3.2).
    static func clips(_ shape: Function) -> Bool? {
        let sides = arguments(shape)
        guard shape.name == "rect", sides.count == 4 else { return nil }
        for side in sides where !isWord(side, of: ["auto"]) {
            guard isLength(side), number(side)?.1.first != 0x25 else { return nil }
        }
        return isNarrow(sides)
    }

    /// Whether nothing is left between top, right, bottom and left.
    private static func isNarrow(_ sides: [ArraySlice<UInt8>]) -> Bool {
        let sides = sides.map { number($0)?.0 }
        guard let top = sides[0], let right = sides[1], let bottom = sides[2], let left = sides[3] else { return false }
        return bottom - top <= 1 || right - left <= 1
    }

    /// Whether nothing is left in a shape of `clip-path`: `inset(100%)`, `circle(0)`, `polygon(0 0, 0 0)`; nil where browsers take it
    /// for no shape.
    static func cutsAll(_ shape: Function) -> Bool? {
        let words = words(shape.arguments)
        func head(before word: String) -> ArraySlice<ArraySlice<UInt8>> { words.prefix { !isWord($0, of: [word]) } }
        switch shape.name {
        case "rect", "xywh":
            let sides = Array(head(before: "round"))
            guard sides.count == 4, isRounding(words.dropFirst(4), shape) else { return nil }
            if shape.name == "rect" {
                guard sides.allSatisfy({ isStrictLength($0) || isWord($0, of: ["auto"]) }) else { return nil }
                return isNarrow(sides)
            }
            guard sides.allSatisfy(isStrictLength) else { return nil }
            let room = sides.dropFirst(2).compactMap { number($0)?.0 }
            return room.allSatisfy { $0 >= 0 } ? room.contains { $0 <= 1 } : nil
        case "inset":
            let sides = head(before: "round")
            guard 1...4 ~= sides.count, sides.allSatisfy(isStrictLength),
                isRounding(words.dropFirst(sides.count), shape)
            else { return nil }
            return sides.contains { side in number(side).map { $0.1.first == 0x25 && $0.0 >= 50 } ?? false }
        case "circle", "ellipse":
            let radii = head(before: "at")
            guard radii.isEmpty || radii.count == (shape.name == "circle" ? 1 : 2),
                isPlace(words.dropFirst(radii.count))
            else { return nil }
            for radius in radii where !isWord(radius, of: Self.radii) {
                guard isStrictLength(radius), let length = number(radius)?.0, length >= 0 else { return nil }
            }
            return radii.contains { number($0).map { $0.0 <= 1 } ?? false }
        case "polygon":
            var points = pieces(shape.arguments, at: 0x2C).map { Self.words($0) }
            if let rule = points.first, rule.count == 1, isWord(rule[0], of: ["nonzero", "evenodd"]) {
                points.removeFirst()
            }
            guard !points.isEmpty, points.allSatisfy({ $0.count == 2 && $0.allSatisfy(isStrictLength) }) else {
                return nil
            }
            return points.count > 1 && points.joined().allSatisfy { number($0).map { $0.0 <= 1 } ?? false }
        case "path", "shape": return shape.arguments.isEmpty ? nil : false
        default: return nil
        }
    }

    private static let radii: Set = ["closest-side", "farthest-side", "closest-corner", "farthest-corner"]

    /// Nothing, or `round` and what edges are rounded by.
    private static func isRounding(_ words: ArraySlice<ArraySlice<UInt8>>, _ shape: Function) -> Bool {
        guard let round = words.first else { return true }
        let sides = pieces(shape.arguments[round.endIndex...], at: 0x2F).map { Self.words($0) }
        return isWord(round, of: ["round"]) && sides.count <= 2
            && sides.allSatisfy { 1...4 ~= $0.count && $0.allSatisfy(isStrictLength) }
    }

    /// Nothing, or `at` and a place.
    private static func isPlace(_ words: ArraySlice<ArraySlice<UInt8>>) -> Bool {
        words.isEmpty
            || 2...5 ~= words.count
                && words.dropFirst().allSatisfy {
                    isStrictLength($0) || isWord($0, of: ["left", "right", "center", "top", "bottom"])
                }
    }

    /// One of the first two arguments is 0.
    static func hasZero(_ function: Function) -> Bool {
        arguments(function).prefix(2).contains { number($0)?.0 == 0 }
    }

    /// Whether `scale(0)` and the like leave nothing, or the text is moved far off the page; nil for what is no transform.
    static func shrinksToNothing(_ transform: Function) -> Bool? {
        let words = pieces(transform.arguments, at: 0x2C)
        func all(_ counts: ClosedRange<Int>, _ isKind: (ArraySlice<UInt8>) -> Bool) -> Bool {
            counts ~= words.count && words.allSatisfy(isKind)
        }
        func isShare(_ word: ArraySlice<UInt8>) -> Bool { share(word) != nil }
        func isNumber(_ word: ArraySlice<UInt8>) -> Bool { number(word)?.1.isEmpty ?? false }
        func least(_ place: Int) -> Bool { share(words[place]).map { abs($0) < HTMLEffects.leastShare } ?? false }
        func isFar(_ place: Int) -> Bool { number(words[place]).map { abs($0.0) >= CSSShift.farOff } ?? false }
        switch transform.name {
        case "scale": return all(1...2, isShare) ? words.indices.contains(where: least) : nil
        case "scalex", "scaley": return all(1...1, isShare) ? least(0) : nil
        case "scalez": return all(1...1, isShare) ? false : nil
        case "scale3d": return all(3...3, isShare) ? least(0) || least(1) : nil
        case "translate": return all(1...2, isStrictLength) ? words.indices.contains(where: isFar) : nil
        case "translatex", "translatey": return all(1...1, isStrictLength) ? isFar(0) : nil
        case "translate3d":
            return all(3...3, isStrictLength) && isFixedLength(words[2]) ? isFar(0) || isFar(1) : nil
        case "translatez": return all(1...1, isFixedLength) ? false : nil
        case "perspective":
            let isAccepted = all(1...1, isFixedLength) && number(words[0]).map { $0.0 >= 0 } ?? false
            return isAccepted || isWord(words[0], of: ["none"]) ? false : nil
        case "rotate", "rotatex", "rotatey", "rotatez", "skewx", "skewy": return all(1...1, isAngle) ? false : nil
        case "skew": return all(1...2, isAngle) ? false : nil
        case "rotate3d":
            return words.count == 4 && words.prefix(3).allSatisfy(isNumber) && isAngle(words[3]) ? false : nil
        case "matrix":
            guard all(6...6, isNumber) else { return nil }
            let numbers = words.compactMap { number($0)?.0 }
            let area = numbers[0] * numbers[3] - numbers[1] * numbers[2]
            return abs(area) < HTMLEffects.leastShare * HTMLEffects.leastShare || isFar(4) || isFar(5)
        case "matrix3d": return all(16...16, isNumber) ? false : nil
        default: return nil
        }
    }

    /// True for what browsers take for a shadow of `drop-shadow()`: two or three lengths, and a colour at either end.
    static func isShadow(_ value: ArraySlice<UInt8>) -> Bool {
        let words = words(value)
        let others = words.indices.filter { !isFixedLength(words[$0]) }
        return 2...3 ~= words.count - others.count && others.count <= 1
            && others.allSatisfy { ($0 == 0 || $0 == words.count - 1) && CSSColor.value(words[$0]) != nil }
    }
}
