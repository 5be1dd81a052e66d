/// Values that are reckoned: `calc()`, `min()`, `max()` and `clamp()` (CSS Values 4, section 10). Percentages beside lengths are
/// left out, since nobody knows of what; units of type are taken for those of 16 pixels.
struct CSSMath {
    struct Result {
        /// Pixels for lengths.
        var number: Double
        var kind: Kind
    }

    /// Angles in degrees.
    enum Kind { case number, length, share, lengthAndShare, angle }

    /// Of section 10.7; what is endless is far beyond every limit here.
    private static let constants = [
        "e": 2.718_281_828, "pi": 3.141_592_654, "infinity": 1e12, "-infinity": -1e12, "nan": 0,
    ]

    private static let depthLimit = 8
    private var text: ArraySlice<UInt8>
    private var depth = 0

    /// nil where browsers take it for no value.
    static func result(_ function: CSSValue.Function) -> Result? {
        var math = CSSMath(text: function.arguments)
        return math.value(of: function.name)
    }

    private init(text: ArraySlice<UInt8>) { self.text = text }

    /// The values of the function whose arguments are at hand, up to its parenthesis or the end.
    private mutating func value(of name: String) -> Result? {
        guard ["calc", "-webkit-calc", "min", "max", "clamp"].contains(name), depth < Self.depthLimit else {
            return nil
        }
        depth += 1
        defer { depth -= 1 }
        var values: [Result] = []
        repeat {
            guard let next = sum() else { return nil }
            values.append(next)
            passBlanks()
        } while take(0x2C)
        guard text.isEmpty || take(0x29), let first = values.first else { return nil }
        let kind = values.dropFirst().reduce(Optional(first.kind)) { kind, next in
            kind.flatMap { Self.together($0, next.kind) }
        }
        let numbers = values.map(\.number)
        guard let kind else { return nil }
        switch name {
        case "calc" where values.count == 1, "-webkit-calc" where values.count == 1: return first
        case "min": return Result(number: numbers.min() ?? 0, kind: kind)
        case "max": return Result(number: numbers.max() ?? 0, kind: kind)
        case "clamp" where values.count == 3:
            return Result(number: max(numbers[0], min(numbers[1], numbers[2])), kind: kind)
        default: return nil
        }
    }

    /// Signs of addition stand between blanks.
    private mutating func sum() -> Result? {
        guard var total = product() else { return nil }
        while true {
            let before = text
            guard passBlanks(), let sign = text.first, sign == 0x2B || sign == 0x2D else {
                text = before
                return total
            }
            text.removeFirst()
            guard passBlanks(), let next = product(), let kind = Self.together(total.kind, next.kind) else {
                return nil
            }
            total = Result(number: total.number + (sign == 0x2B ? next.number : -next.number), kind: kind)
        }
    }

    private mutating func product() -> Result? {
        guard var total = factor() else { return nil }
        while true {
            let before = text
            passBlanks()
            if take(0x2A) {
                guard let next = factor(), total.kind == .number || next.kind == .number else { return nil }
                total = Result(number: total.number * next.number, kind: total.kind == .number ? next.kind : total.kind)
            } else if take(0x2F) {
                guard let next = factor(), next.kind == .number else { return nil }
                // Division by 0 is endless, with its sign (section 10.9): far beyond every limit here.
                total.number = next.number == 0 ? total.number * 1e12 : total.number / next.number
            } else {
                text = before
                return total
            }
        }
    }

    private mutating func factor() -> Result? {
        passBlanks()
        if take(0x28) { return value(of: "calc") }
        let word = text.prefix { $0 > 0x20 && ![0x28, 0x29, 0x2A, 0x2C, 0x2F].contains($0) }
        text = text[word.endIndex...]
        let name = String(decoding: CSSText.names(word), as: UTF8.self)
        if take(0x28) { return value(of: name) }
        if let constant = Self.constants[name] { return Result(number: constant, kind: .number) }
        guard let (number, unit) = CSSValue.plainNumber(word) else { return nil }
        if unit.isEmpty { return Result(number: number, kind: .number) }
        if unit.first == 0x25 { return Result(number: number, kind: .share) }
        if let pixels = CSSValue.pixels(in: unit) { return Result(number: number * pixels, kind: .length) }
        return CSSValue.degrees(in: unit).map { Result(number: number * $0, kind: .angle) }
    }

    private static func together(_ one: Kind, _ other: Kind) -> Kind? {
        if one == other { return one }
        let lengths: Set = [Kind.length, .share, .lengthAndShare]
        return lengths.isSuperset(of: [one, other]) ? .lengthAndShare : nil
    }

    @discardableResult private mutating func passBlanks() -> Bool {
        let start = text.startIndex
        while let first = text.first, first <= 0x20 { text.removeFirst() }
        return text.startIndex > start
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard text.first == byte else { return false }
        text.removeFirst()
        return true
    }
}
