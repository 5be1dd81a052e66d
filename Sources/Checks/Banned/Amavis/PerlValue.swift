/// What an expression of amavis's configuration stands for, as far as rules on files need it.
indirect enum PerlValue {
    /// Text or a number.
    case text([UInt8], line: Int)
    case regex(PatternText, line: Int, lastLine: Int)
    case undefined
    case list([PerlValue])
    /// `new_RE(...)`
    case table([PerlValue], line: Int)
    /// What cannot be read, in words.
    case unknown(String, line: Int)
}

/// Reads expressions from tokens: literals, lists, `new_RE`, names of what was read before.
struct PerlExpressions {
    private let tokens: [PerlLexer.Token]
    private(set) var index: Int
    /// Values of names, with their signs.
    private let names: [String: PerlValue]
    private var depth = 0

    /// Brackets within each other.
    private static let deepest = 100

    init(_ tokens: [PerlLexer.Token], at index: Int, names: [String: PerlValue]) {
        self.tokens = tokens
        self.index = index
        self.names = names
    }

    private func sign(_ place: Int) -> String {
        guard tokens.indices.contains(place), tokens[place].kind == .sign else { return "" }
        return tokens[place].text.text
    }

    private func line(_ place: Int) -> Int { place < tokens.count ? tokens[place].line : tokens.last?.line ?? 0 }

    /// One expression, up to what ends it: a comma, a closing bracket, a semicolon.
    mutating func value() -> PerlValue {
        let start = index
        var value = term()
        while sign(index) == "." {
            index += 1
            let other = term()
            if case .text(let left, let line) = value, case .text(let right, _) = other {
                value = .text(left + right, line: line)
            } else {
                value = .unknown("an expression that is put together", line: line(start))
            }
        }
        guard isEnd(index) else {
            skipToEnd()
            return .unknown("an expression that only Perl can work out", line: line(start))
        }
        return value
    }

    private func isEnd(_ place: Int) -> Bool {
        guard place < tokens.count else { return true }
        return [",", "=>", ")", "]", "}", ";"].contains(sign(place))
    }

    /// Passes over the rest of an expression, brackets and all.
    private mutating func skipToEnd() {
        var open = 0
        while index < tokens.count {
            switch sign(index) {
            case "(", "[", "{": open += 1
            case ")", "]", "}":
                if open == 0 { return }
                open -= 1
            case ",", "=>", ";":
                if open == 0 { return }
            default: break
            }
            index += 1
        }
    }

    private mutating func term() -> PerlValue {
        guard index < tokens.count else { return .unknown("nothing", line: line(index)) }
        let token = tokens[index]
        switch token.kind {
        case .string:
            index += 1
            return .text(token.text, line: token.line)
        case .interpolated:
            index += 1
            switch PerlInterpolation.outcome(token.text, as: .string, names: names) {
            case .text(let text): return .text(text, line: token.line)
            case .unknown(let words): return .unknown("a text with \(words)", line: token.line)
            }
        case .regex(let flags, let interpolates):
            index += 1
            return regex(token, flags, interpolates, next: line(index))
        case .other:
            index += 1
            return .unknown("something that only Perl can work out", line: token.line)
        case .variable:
            return variable(token)
        case .word:
            return word(token)
        case .sign:
            return bracketed(token)
        }
    }

    private mutating func variable(_ token: PerlLexer.Token) -> PerlValue {
        index += 1
        let name = token.text.text
        if ["[", "{", "->"].contains(sign(index)) {
            skipToEnd()
            return .unknown("an element of \(name)", line: token.line)
        }
        return names[name] ?? .unknown("\(name), which is not set in this file", line: token.line)
    }

    private mutating func word(_ token: PerlLexer.Token) -> PerlValue {
        index += 1
        let word = token.text.text
        if Self.isZero(token.text) { return .text([0x30], line: token.line) }
        if sign(index) == "=>" || isEnd(index), word != "undef" { return .text(token.text, line: token.line) }
        switch word {
        case "undef":
            if sign(index) == "(", sign(index + 1) == ")" { index += 2 }
            return .undefined
        // `new Class(...)` is `Class->new(...)`.
        case "new" where index < tokens.count && tokens[index].text == Array("Amavis::Lookup::RE".utf8):
            return self.word(tokens[index])
        case "new_RE", "Amavis::Lookup::RE":
            if sign(index) == "->" { index += 2 }
            guard case .list(let items) = term() else {
                return .unknown("a table without a list", line: token.line)
            }
            return .table(items, line: token.line)
        case "my", "our", "local":
            return term()
        default:
            skipToEnd()
            return .unknown("\(word)(...)", line: token.line)
        }
    }

    /// A number that is none: `0`, `0.0`, `00`, `0x0`, `0e5`. In quotes only `0` and nothing are false (`perlsyn(1)`, "Truth and
    /// Falsehood").
    private static func isZero(_ text: [UInt8]) -> Bool {
        guard let first = text.first, isDigit(first) || first == 0x2E else { return false }
        var digits = text.filter { $0 != 0x5F && $0 != 0x2E }
        if digits.count > 2, digits[0] == 0x30, [0x78, 0x62, 0x6F].contains(digits[1] | 0x20) { digits.removeFirst(2) }
        return digits.prefix { $0 | 0x20 != 0x65 }.allSatisfy { $0 == 0x30 }
    }

    private mutating func bracketed(_ token: PerlLexer.Token) -> PerlValue {
        switch token.text.text {
        case "(", "[", "{":
            guard depth < Self.deepest else {
                skipToEnd()
                return .unknown("too many brackets", line: token.line)
            }
            depth += 1
            defer { depth -= 1 }
            index += 1
            return list()
        case "\\":
            index += 1
            return term()
        case "-", "+":
            index += 1
            guard case .text(let digits, let line) = term() else { return .unknown("a number", line: token.line) }
            return .text(Self.isZero(digits) ? [0x30] : token.text + digits, line: line)
        default:
            skipToEnd()
            return .unknown("'\(token.text.text)'", line: token.line)
        }
    }

    /// The elements up to the closing bracket.
    private mutating func list() -> PerlValue {
        var items: [PerlValue] = []
        while index < tokens.count {
            switch sign(index) {
            case ")", "]", "}":
                index += 1
                return .list(items)
            case ",", "=>", ";": index += 1
            default:
                let before = index
                let mayBeFlat = isListInList(index)
                let item = value()
                // The elements of a list within a list stand in it themselves.
                if mayBeFlat, case .list(let inner) = item { items += inner } else { items.append(item) }
                if index == before { index += 1 }
            }
        }
        return .unknown("a bracket without its end", line: line(index))
    }

    /// Round brackets, an array or a hash; square brackets and braces are one element.
    private func isListInList(_ place: Int) -> Bool {
        sign(place) == "(" || tokens[place].kind == .variable && [0x40, 0x25].contains(tokens[place].text.first)
    }

    // MARK: Patterns

    private func regex(
        _ token: PerlLexer.Token, _ letters: String, _ interpolates: Bool, next: Int
    ) -> PerlValue {
        var flags: PatternFlags = [.unicodeClasses]
        if letters.count(where: { $0 == "x" }) > 1 {
            return .unknown("a pattern with the flag 'xx'", line: token.line)
        }
        for letter in letters {
            switch letter {
            case "i": flags.insert(.caseless)
            case "m": flags.insert(.multiline)
            case "s": flags.insert(.dotAll)
            case "x": flags.insert(.extended)
            case "a" where letters.count(where: { $0 == "a" }) == 1: flags.remove(.unicodeClasses)
            // How a pattern is compiled, and that letters are those of Unicode: names that were decoded always have them.
            case "o", "p", "g", "c", "u", "d": continue
            default: return .unknown("a pattern with the flag '\(letter)'", line: token.line)
            }
        }
        var text = token.text
        if interpolates {
            switch PerlInterpolation.outcome(text, as: .pattern, names: names) {
            case .text(let filled): text = filled
            case .unknown(let words): return .unknown("a pattern with \(words)", line: token.line)
            }
        } else if PerlPattern.hasQuoting(text) {
            // Only in quotes that are interpolated does Perl know it.
            return .unknown("a pattern with \\Q or \\E in single quotes", line: token.line)
        }
        let lines = token.text.count { $0 == 0x0A }
        return .regex(PatternText(bytes: text, flags: flags), line: token.line, lastLine: token.line + lines)
    }
}
