/// Where statements of Perl begin and end, as far as it must be known whether one of them is certainly run: amavis's
/// configuration is a program, and an assignment in a block or under a condition may never come true.
struct PerlStatements {
    private let tokens: [PerlLexer.Token]
    /// The next token that was not counted.
    private var index = 0
    /// Brackets of all kinds that are open before it.
    private var open = 0

    init(_ tokens: [PerlLexer.Token]) { self.tokens = tokens }

    private func sign(_ place: Int) -> String {
        guard tokens.indices.contains(place), tokens[place].kind == .sign else { return "" }
        return tokens[place].text.text
    }

    private func word(_ place: Int) -> String {
        guard tokens.indices.contains(place), tokens[place].kind == .word else { return "" }
        return tokens[place].text.text
    }

    /// Counts brackets up to a token.
    mutating func pass(to end: Int) {
        while index < min(end, tokens.count) {
            switch sign(index) {
            case "(", "[", "{": open += 1
            case ")", "]", "}": open = max(0, open - 1)
            default: break
            }
            index += 1
        }
    }

    /// True when the assignment that begins at a token is a statement of its own, in no block, without a condition.
    func isCertain(_ place: Int) -> Bool {
        guard open == 0 else { return false }
        let first = ["my", "our", "local"].contains(word(place - 1)) ? place - 1 : place
        guard first == 0 || [";", "}"].contains(sign(first - 1)) else { return false }
        // A modifier may stand behind it.
        var depth = 0
        for next in place..<tokens.count {
            switch sign(next) {
            case "(", "[", "{": depth += 1
            case ")", "]", "}": depth -= 1
            case ";" where depth == 0: return true
            default: break
            }
            if depth < 0 { return true }
            if depth == 0, Self.modifiers.contains(word(next)), sign(next + 1) != "=>" { return false }
        }
        return true
    }

    private static let modifiers: Set<String> = ["if", "unless", "while", "until", "for", "foreach"]

    /// True when a name may get another value in a way that is no plain assignment.
    func isChanged(_ place: Int) -> Bool {
        // `||=`, `.=` and their like, a method, an element.
        switch sign(place + 1) {
        case "->", ".=", "+=": return true
        case "||", "&&", "//", ".", "+", "-", "*", "x", "|", "&", "^": if sign(place + 2) == "=" { return true }
        default: break
        }
        // `push @{$name}`, `push @$name`, `undef $name`.
        if sign(place - 1) == "@" || sign(place - 1) == "{" && sign(place - 2) == "@" || word(place - 1) == "undef" {
            return true
        }
        // `($name, $other) = ...`
        var next = place + 1
        while next < tokens.count {
            if tokens[next].kind == .variable || sign(next) == "," || word(next) == "undef" {
                next += 1
            } else {
                return sign(next) == ")" && sign(next + 1) == "="
            }
        }
        return false
    }
}
