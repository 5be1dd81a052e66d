/// What Perl makes of a quoted text before it is a string or a pattern (`perlop(1)`, "Gory details of parsing quoted
/// constructs"): names are filled in, `\Q` quotes up to `\E`, and in strings a backslash makes characters.
struct PerlInterpolation {
    enum Form { case string, pattern }

    enum Outcome {
        case text([UInt8])
        /// Only Perl knows; what it has, in words.
        case unknown(String)
    }

    private let source: [UInt8]
    private let form: Form
    /// Values of names, with their signs.
    private let names: [String: PerlValue]
    private var place = 0
    private var out: [UInt8] = []
    private var isQuoting = false
    private var problem: String?

    static func outcome(_ source: [UInt8], as form: Form, names: [String: PerlValue]) -> Outcome {
        var reader = PerlInterpolation(source, form, names)
        reader.read()
        return reader.problem.map { .unknown($0) } ?? .text(reader.out)
    }

    private init(_ source: [UInt8], _ form: Form, _ names: [String: PerlValue]) {
        self.source = source
        self.form = form
        self.names = names
    }

    private mutating func read() {
        while place < source.count, problem == nil {
            switch source[place] {
            case 0x5C where place + 1 < source.count: takeEscape(source[place + 1])
            case 0x24 where place + 1 < source.count, 0x40 where place + 1 < source.count: takeName(source[place])
            default:
                put([source[place]])
                place += 1
            }
        }
    }

    /// Quoted as `quotemeta` does: a backslash before everything but letters, digits and the underscore.
    private mutating func put(_ bytes: [UInt8]) {
        for byte in bytes {
            if isQuoting, byte < 0x80, !isAlphanumeric(byte), byte != 0x5F { out.append(0x5C) }
            out.append(byte)
        }
    }

    /// A name with its sign. In a pattern `$` stays before a bracket, `|` or a blank, and `@` before what begins no name; any other
    /// sign behind `$` is a name of Perl's own.
    private mutating func takeName(_ sign: UInt8) {
        var start = place + 1
        if form == .pattern, Self.staying(sign, source[start]) {
            put([sign])
            place += 1
            return
        }
        let isBraced = source[start] == 0x7B
        if isBraced { start += 1 }
        var end = start
        while end < source.count, isAlphanumeric(source[end]) || source[end] == 0x5F { end += 1 }
        let isWhole = isBraced ? end < source.count && source[end] == 0x7D : !goesOn(end)
        guard sign == 0x24, end > start, !isDigit(source[start]), isWhole,
            case .text(let value, _)? = names["$" + Array(source[start..<end]).text]
        else {
            problem = "names in it"
            return
        }
        put(value)
        place = isBraced ? end + 1 : end
    }

    /// The sign is none of a name in a pattern.
    private static func staying(_ sign: UInt8, _ next: UInt8) -> Bool {
        if sign == 0x24 { return [0x28, 0x29, 0x7C, 0x20, 0x09, 0x0A, 0x0D].contains(next) }
        return !isAlphanumeric(next) && ![0x5F, 0x3A, 0x27, 0x7B, 0x24].contains(next) && next < 0x80
    }

    /// A name does not end here: an element, or another package. Digits in braces are a quantifier.
    private func goesOn(_ end: Int) -> Bool {
        let rest = source[end...]
        if rest.starts(with: [0x7B]) {
            let inner = rest.dropFirst().prefix { $0 != 0x7D }
            return form == .string || !inner.allSatisfy { isDigit($0) || $0 == 0x2C }
        }
        if rest.starts(with: [0x5B]) || rest.starts(with: [0x3A, 0x3A]) { return true }
        if rest.starts(with: [0x27]) { return rest.dropFirst().first.map { isAlphanumeric($0) || $0 == 0x5F } ?? false }
        return rest.starts(with: [0x2D, 0x3E, 0x5B]) || rest.starts(with: [0x2D, 0x3E, 0x7B])
    }

    // MARK: Escapes

    private mutating func takeEscape(_ letter: UInt8) {
        switch letter {
        case 0x51, 0x45:
            isQuoting = letter == 0x51
            place += 2
        case 0x4C, 0x55, 0x6C, 0x75, 0x46: problem = "\\\([letter].text) in it"
        default:
            if form == .pattern {
                // Within quotes a backslash is one more character.
                put(isQuoting ? [0x5C] : [0x5C, letter])
                place += isQuoting ? 1 : 2
            } else {
                place += 2
                takeCharacter(letter)
            }
        }
    }

    private static let controls: [UInt8: UInt8] = [
        0x6E: 0x0A, 0x74: 0x09, 0x72: 0x0D, 0x66: 0x0C, 0x61: 0x07, 0x65: 0x1B,
    ]

    /// A character of a string that is written with a backslash; behind its letter.
    private mutating func takeCharacter(_ letter: UInt8) {
        switch letter {
        case 0x78:
            let digits = isHere(0x7B) ? inBraces() : run(2, while: Self.isHexadecimal)
            put(character(digits, radix: 16))
        case 0x30...0x37:
            put(character([letter] + run(2) { (0x30...0x37).contains($0) }, radix: 8))
        case 0x6F where isHere(0x7B): put(character(inBraces(), radix: 8))
        case 0x4E: problem = "\\N in it"
        case 0x63: problem = "\\c in it"
        default: put([Self.controls[letter] ?? letter])
        }
    }

    private func isHere(_ byte: UInt8) -> Bool { place < source.count && source[place] == byte }

    private mutating func run(_ most: Int, while holds: (UInt8) -> Bool) -> [UInt8] {
        let start = place
        while place < source.count, place - start < most, holds(source[place]) { place += 1 }
        return Array(source[start..<place])
    }

    /// What stands between the braces here.
    private mutating func inBraces() -> [UInt8] {
        let start = place + 1
        let end = source[start...].firstIndex(of: 0x7D) ?? source.count
        place = min(end + 1, source.count)
        return Array(source[start..<end])
    }

    private mutating func character(_ digits: [UInt8], radix: Int) -> [UInt8] {
        let number = digits.isEmpty ? 0 : Int(digits.text, radix: radix)
        guard let scalar = number.flatMap({ UInt32(exactly: $0) }).flatMap({ Unicode.Scalar($0) }) else {
            problem = "a character in it that there is not"
            return []
        }
        return Array(String(scalar).utf8)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x61...0x66).contains(byte | 0x20)
    }
}
