internal import Bytes

/// Reads one file of rules on names and types of files. What is wrong is noted with its place and left out.
struct BannedReader {
    private var tokens: ArraySlice<BannedLexer.Token>
    private let first: SourcePlace

    /// Facts of documents, and what a file can be besides its content.
    package static let marks: Set<String> = [
        "encrypted", "decrypted", "undecodable", "directory", "link", "special", "obscured", "displayed",
        "macro", "macro-sheet", "dde", "remote-template", "external-object", "equation", "embedded-object",
        "javascript",
        "launch", "open-action", "uri", "shortcut-target", "shortcut-arguments", "html-smuggling", "svg-script",
        "password",
    ]

    /// Words that begin a condition.
    private static let keywords: Set<String> = [
        "name", "declared", "detected", "any", "namepath", "inside", "size", "sha256", "not",
    ]

    /// Reads a file and adds its rules.
    static func read(_ source: BannedRules.Source, into rules: inout BannedRules) {
        var lexer = BannedLexer(source)
        var current = BannedRules.defaultSet
        while true {
            do throws(BannedProblem) {
                guard let line = try lexer.next() else { return }
                guard let first = line.tokens.first else { continue }
                if first.kind == .word, first.text == Array("set".utf8) {
                    current = try setName(line.tokens)
                    continue
                }
                var reader = BannedReader(tokens: line.tokens[...], first: first.place)
                var rule = try reader.rule(&rules)
                rule.reason = String(decoding: line.comment, as: UTF8.self)
                guard let set = rules.open(current) else {
                    throw BannedProblem(place: first.place, text: "more than \(BannedRules.Limits.sets) sets")
                }
                guard rules.add(rule, to: set) else {
                    rules.note(
                        BannedProblem(
                            place: first.place,
                            text: "more than \(BannedRules.Limits.rules) rules: the rest is not read"))
                    return
                }
            } catch {
                rules.note(error)
            }
        }
    }

    private static func setName(_ tokens: [BannedLexer.Token]) throws(BannedProblem) -> String {
        guard tokens.count == 2, tokens[1].kind == .word,
            (1...BannedRules.Limits.name).contains(tokens[1].text.count),
            tokens[1].text.allSatisfy({ isAlphanumeric($0) || $0 == 0x2D || $0 == 0x5F })
        else {
            throw BannedProblem(
                place: tokens[0].place,
                text: "write 'set NAME' with a name of letters, digits, - and _, at most \(BannedRules.Limits.name)")
        }
        return tokens[1].text.text
    }

    // MARK: One rule

    private mutating func rule(_ rules: inout BannedRules) throws(BannedProblem) -> BannedRule {
        let action = try action()
        var conditions: [BannedRule.Condition] = []
        while !tokens.isEmpty {
            guard conditions.count < BannedRules.Limits.conditions else {
                throw problem("more than \(BannedRules.Limits.conditions) conditions in one rule")
            }
            conditions.append(try condition(&rules))
        }
        guard !conditions.isEmpty else { throw problem("a rule needs a condition, such as *.exe or detected exe") }
        return BannedRule(action: action, conditions: conditions, reason: "", place: first)
    }

    private mutating func action() throws(BannedProblem) -> BannedRule.Action {
        let word = tokens.first?.kind == .word ? tokens.first?.text.text ?? "" : ""
        switch word {
        case "ban":
            _ = tokens.popFirst()
            return .ban
        case "allow":
            _ = tokens.popFirst()
            return .allow
        case "skip":
            _ = tokens.popFirst()
            return .skip
        case "score":
            _ = tokens.popFirst()
            return try score()
        default:
            throw problem("a rule begins with ban, allow, skip or score; 'set NAME' begins a set")
        }
    }

    private mutating func score() throws(BannedProblem) -> BannedRule.Action {
        let start = tokens
        guard let points = tokens.popFirst(), let name = tokens.popFirst(),
            let value = CheckAction.thousandths(points.text[...]),
            name.kind == .word, name.text.count <= 100, name.text.allSatisfy({ isAlphanumeric($0) || $0 == 0x5F })
        else {
            tokens = start
            throw problem("write 'score POINTS NAME', such as score 2.5 HTML_SMUGGLING")
        }
        return .score(value, name: name.text.text)
    }

    private mutating func condition(_ rules: inout BannedRules) throws(BannedProblem) -> BannedRule.Condition {
        var isPositive = true
        while word == "not" {
            isPositive.toggle()
            _ = tokens.popFirst()
        }
        return BannedRule.Condition(test: try test(&rules), isPositive: isPositive)
    }

    /// The word that comes next; empty when it is no word.
    private var word: String {
        guard let token = tokens.first, token.kind == .word, token.text.count <= 32 else { return "" }
        return token.text.text
    }

    private mutating func test(_ rules: inout BannedRules) throws(BannedProblem) -> BannedRule.Test {
        let word = word
        if Self.keywords.contains(word) { _ = tokens.popFirst() }
        switch word {
        case "name":
            return .file(.name(pattern: rules.index(of: try pattern(Glob.name))))
        case "declared":
            return .file(.declared(pattern: rules.index(of: try pattern(Glob.mediaType))))
        case "detected":
            return .file(.detected(try types(take("a short type such as exe"))))
        case "any":
            return .any(pattern: rules.index(of: try pattern(nil)))
        case "namepath":
            return .namepath(pattern: rules.index(of: try pattern(nil)))
        case "inside":
            return .inside(try operand(take("what it is inside of, such as zip"), &rules))
        case "size":
            return try size()
        case "sha256":
            return .digest(try digest(take("64 hexadecimal digits")))
        default:
            if Self.marks.contains(word) {
                _ = tokens.popFirst()
                return .mark(word)
            }
            return try path(&rules)
        }
    }

    private mutating func path(_ rules: inout BannedRules) throws(BannedProblem) -> BannedRule.Test {
        var steps = [try operand(take("a file"), &rules)]
        while tokens.first?.kind == .sign, tokens.first?.text == [0x3E] {
            _ = tokens.popFirst()
            guard steps.count < BannedRules.Limits.conditions else { throw problem("too long a path") }
            steps.append(try operand(take("what stands in it, such as *.exe"), &rules))
        }
        return steps.count == 1 ? .file(steps[0]) : .path(steps)
    }

    private mutating func operand(
        _ token: BannedLexer.Token, _ rules: inout BannedRules
    ) throws(BannedProblem) -> BannedRule.Operand {
        switch token.kind {
        case .regex, .quoted:
            return .name(pattern: rules.index(of: try Self.pattern(token, Glob.name)))
        case .sign:
            throw BannedProblem(place: token.place, text: "a file is expected before and behind \(token.text.text)")
        case .word where token.text.contains(0x2F):
            return .declared(pattern: rules.index(of: try Self.pattern(token, Glob.mediaType)))
        case .word where Glob.isGlob(token.text):
            return .name(pattern: rules.index(of: try Self.pattern(token, Glob.name)))
        case .word:
            return .detected(try types(token))
        }
    }

    // MARK: Words

    private mutating func take(_ what: String) throws(BannedProblem) -> BannedLexer.Token {
        guard let token = tokens.popFirst() else { throw problem("\(what) is missing at the end") }
        return token
    }

    private mutating func pattern(
        _ glob: (([UInt8]) throws(GlobError) -> PatternText)?
    ) throws(BannedProblem) -> PatternText {
        try Self.pattern(take("a pattern such as /[.]exe$/i"), glob)
    }

    private static func pattern(
        _ token: BannedLexer.Token, _ glob: (([UInt8]) throws(GlobError) -> PatternText)?
    ) throws(BannedProblem) -> PatternText {
        if case .regex(let letters) = token.kind {
            var flags: PatternFlags = []
            for letter in letters.utf8 {
                switch letter {
                case 0x69: flags.insert(.caseless)
                case 0x6D: flags.insert(.multiline)
                case 0x73: flags.insert(.dotAll)
                case 0x78: flags.insert(.extended)
                default:
                    throw BannedProblem(
                        place: token.place,
                        text: "unknown flag \([letter].text) behind the pattern: i, m, s and x are read")
                }
            }
            return PatternText(bytes: token.text, flags: flags)
        }
        guard let glob, token.kind != .sign else {
            throw BannedProblem(place: token.place, text: "expected a pattern in slashes, such as /[.]exe$/i")
        }
        do throws(GlobError) {
            return try glob(token.text)
        } catch {
            throw BannedProblem(place: token.place, text: "\(token.text.text): \(error.text)")
        }
    }

    private func types(_ token: BannedLexer.Token) throws(BannedProblem) -> [String] {
        var out: [String] = []
        for part in token.text.split(separator: 0x7C, omittingEmptySubsequences: false) {
            let name = Array(part.first == 0x2E ? part.dropFirst() : part).text
            let types = token.kind == .word ? ShortTypes.types(name) : []
            guard !types.isEmpty else {
                throw BannedProblem(
                    place: token.place,
                    text: "'\(name)' is neither a condition nor a short type; a name without a sign is written as "
                        + "name \(name), patterns of names have a *, media types a slash, and docs/BANNED.md lists the short types"
                )
            }
            out += types
        }
        return out
    }

    private mutating func size() throws(BannedProblem) -> BannedRule.Test {
        let sign = try take("< or >")
        guard sign.kind == .sign, let comparison = BannedRule.Comparison(rawValue: sign.text.text) else {
            throw BannedProblem(place: sign.place, text: "write size > 10M or size < 100")
        }
        let token = try take("a size such as 10M")
        var digits = token.text[...]
        var factor = 1
        if let last = digits.last {
            switch last | 0x20 {
            case 0x6B: factor = 1 << 10
            case 0x6D: factor = 1 << 20
            case 0x67: factor = 1 << 30
            default: break
            }
        }
        if factor > 1 { digits = digits.dropLast() }
        guard token.kind == .word, (1...10).contains(digits.count), digits.allSatisfy(isDigit) else {
            throw BannedProblem(place: token.place, text: "'\(token.text.text)' is no size: digits, and K, M or G")
        }
        return .size(comparison, digits.reduce(0) { $0 * 10 + Int($1 - 0x30) } * factor)
    }

    private func digest(_ token: BannedLexer.Token) throws(BannedProblem) -> [UInt8] {
        guard let digest = HexDigest.bytes(token.text) else {
            throw BannedProblem(place: token.place, text: "a SHA-256 digest has 64 hexadecimal digits")
        }
        return digest
    }

    /// Something that is wrong where the next token stands, or with the whole rule at its end.
    private func problem(_ text: String) -> BannedProblem {
        BannedProblem(place: tokens.first?.place ?? first, text: text)
    }
}

/// SHA-256 digests as people write them.
package enum HexDigest {
    /// The 32 octets that 64 hexadecimal digits stand for; nil when they are none.
    package static func bytes(_ text: [UInt8]) -> [UInt8]? {
        guard text.count == 64 else { return nil }
        var out: [UInt8] = []
        for index in stride(from: 0, to: 64, by: 2) {
            guard let high = hexadecimalValue(text[index]), let low = hexadecimalValue(text[index + 1]) else {
                return nil
            }
            out.append(high << 4 | low)
        }
        return out
    }
}
