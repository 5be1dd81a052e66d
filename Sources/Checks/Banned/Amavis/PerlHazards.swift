/// What may set the tables in a way that is not read: other files, code in texts, other names for a variable.
enum PerlHazards {
    /// What begins at a token, in words; nil when it is nothing of the kind.
    static func words(_ tokens: [PerlLexer.Token], _ index: Int) -> String? {
        guard index + 1 < tokens.count else { return nil }
        let (token, next) = (tokens[index], tokens[index + 1])
        let word = token.text.text
        switch token.kind {
        case .word where !isKey(tokens, index):
            let isBracket = next.kind == .sign && next.text == [0x28]
            switch word {
            case "include_config_files", "include_optional_config_files", "read_config":
                return "another file is read here (\(word)): import it, too"
            case "do" where isBracket || isTerm(next), "require" where isBracket || isTerm(next):
                return "another file is read here (\(word)): import it, too"
            case "eval" where isBracket || isTerm(next):
                return "code in a text is run here (eval): it is not read"
            default: return nil
            }
        case .sign where word == "*" && beginsStatement(tokens, index):
            // `*name = \$other`
            guard next.kind == .word || next.text == [0x7B] else { return nil }
            return
                "another name for a variable (*\(next.kind == .word ? next.text.text : "{...}")): what is set by it is not followed"
        case .sign where ["$", "@", "%"].contains(word) && isAssigned(tokens, index + 1):
            return "a variable is set by a reference or a name in a text: what it is, only Perl can work out"
        default: return nil
        }
    }

    private static func isTerm(_ token: PerlLexer.Token) -> Bool {
        [.string, .interpolated, .variable].contains(token.kind)
    }

    /// A key of a hash, or a name of a method.
    private static func isKey(_ tokens: [PerlLexer.Token], _ index: Int) -> Bool {
        tokens[index + 1].text == [0x3D, 0x3E] || index > 0 && tokens[index - 1].text == [0x2D, 0x3E]
    }

    private static func beginsStatement(_ tokens: [PerlLexer.Token], _ index: Int) -> Bool {
        guard index > 0 else { return true }
        let last = tokens[index - 1]
        return last.kind == .sign && [";", "{", "}"].contains(last.text.text)
            || last.kind == .word && ["local", "our"].contains(last.text.text)
    }

    /// `$$x = `, `${"x"} = `, `@{$x} = `
    private static func isAssigned(_ tokens: [PerlLexer.Token], _ start: Int) -> Bool {
        var place = start
        if tokens[place].kind == .variable {
            place += 1
        } else if tokens[place].kind == .sign, tokens[place].text == [0x7B] {
            guard let end = tokens[place...].firstIndex(where: { $0.kind == .sign && $0.text == [0x7D] }) else {
                return false
            }
            place = end + 1
        } else {
            return false
        }
        return place < tokens.count && tokens[place].kind == .sign && tokens[place].text == [0x3D]
    }
}
