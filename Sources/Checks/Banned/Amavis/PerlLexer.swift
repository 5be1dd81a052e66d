/// Cuts Perl into tokens, as far as configuration files of amavis need it (`perlop(1)`, "Quote and Quote-like Operators").
/// What is quoted comes as one token, so that nothing in it is taken for code; comments and documentation are passed over.
struct PerlLexer {
    struct Token: Equatable {
        enum Kind: Equatable {
            /// A word or a number.
            case word
            /// A name with its sign: `$x`, `@x`, `%x`, `&x`.
            case variable
            case string
            /// A string in which `$` and `@` are looked at.
            case interpolated
            /// `qr`, with the letters behind.
            case regex(flags: String, interpolates: Bool)
            /// What stands in place of text that is of no use here: `m//`, `s///`, `tr///`, backticks.
            case other
            /// An operator of one or two characters.
            case sign
        }

        var kind: Kind
        var text: [UInt8]
        var line: Int
    }

    private let text: [UInt8]
    private var index = 0
    private var line = 1
    private(set) var tokens: [Token] = []
    /// Comments behind code, by line.
    private(set) var comments: [Int: [UInt8]] = [:]
    /// A here-document begins at the end of this line; its end word and whether it may be indented.
    private var documents: [(end: [UInt8], indented: Bool, token: Int)] = []
    /// What ended before its end.
    private(set) var unfinished: (line: Int, text: String)?

    /// Reads a whole file.
    init(_ text: [UInt8]) {
        self.text = text
        // Perl passes over a byte order mark.
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
        takePod()
        while index < text.count, unfinished == nil { step() }
    }

    private mutating func step() {
        let byte = text[index]
        if byte == 0x0A {
            index += 1
            line += 1
            takeDocuments()
            takePod()
        } else if isSpace(byte) {
            index += 1
        } else if byte == 0x23 {
            takeComment()
        } else if isLetter(at: index) {
            takeWord()
        } else if isDigit(byte) {
            add(.word, run { isAlphanumeric($0) || $0 == 0x2E || $0 == 0x5F })
        } else if byte == 0x27 {
            let start = line
            let content = delimited()
            add(.string, Self.unescaped(content, delimiter: 0x27), at: start)
        } else if byte == 0x22 {
            let start = line
            add(.interpolated, delimited(), at: start)
        } else if byte == 0x60 {
            _ = delimited()
            add(.other, [])
        } else if byte == 0x24 || byte == 0x40 || byte == 0x25 || byte == 0x26 {
            takeVariable(byte)
        } else if byte == 0x2F, expectsTerm {
            let start = line
            _ = delimited()
            // A match, whose result only Perl knows.
            _ = letters()
            add(.other, [], at: start)
        } else if byte == 0x3C, startsDocument() {
            return
        } else {
            takeSign()
        }
    }

    private func isLetter(at place: Int) -> Bool {
        place < text.count && (text[place] | 0x20 >= 0x61 && text[place] | 0x20 <= 0x7A || text[place] == 0x5F)
    }

    private mutating func add(_ kind: Token.Kind, _ content: [UInt8], at start: Int? = nil) {
        tokens.append(Token(kind: kind, text: content, line: start ?? line))
    }

    private mutating func run(while holds: (UInt8) -> Bool) -> [UInt8] {
        let start = index
        while index < text.count, holds(text[index]) { index += 1 }
        return Array(text[start..<index])
    }

    private mutating func letters() -> String { run(while: isAlphanumeric).text }

    /// A slash here begins a pattern rather than dividing.
    private var expectsTerm: Bool {
        guard let last = tokens.last else { return true }
        switch last.kind {
        case .sign: return last.text != [0x29] && last.text != [0x5D] && last.text != [0x7D]
        case .word:
            return ["and", "or", "not", "if", "unless", "split", "grep", "map", "return", "x"].contains(last.text.text)
        case .variable, .string, .interpolated, .regex, .other: return false
        }
    }

    // MARK: Passed over

    private mutating func takeComment() {
        let end = text[index...].firstIndex(of: 0x0A) ?? text.count
        if tokens.last?.line == line || endsHere {
            comments[line] = Array(text[(index + 1)..<end].drop { isSpace($0) || $0 == 0x23 }).trimmedAtEnd
        }
        index = end
    }

    /// Something that began on an earlier line ends on this one.
    private var endsHere: Bool {
        var place = index
        while place > 0, text[place - 1] != 0x0A {
            place -= 1
            if !isSpace(text[place]) { return true }
        }
        return false
    }

    /// Documentation at the beginning of a line (`perlpod(1)`).
    private mutating func takePod() {
        guard index < text.count, text[index] == 0x3D, isLetter(at: index + 1) else { return }
        while index < text.count {
            let end = text[index...].firstIndex(of: 0x0A) ?? text.count
            let isCut = text[index..<end].starts(with: Array("=cut".utf8))
            index = min(end + 1, text.count)
            line += 1
            if isCut { return }
        }
    }

    // MARK: Here-documents

    private mutating func startsDocument() -> Bool {
        guard index + 2 < text.count, text[index + 1] == 0x3C else { return false }
        var place = index + 2
        let indented = text[place] == 0x7E
        if indented { place += 1 }
        guard place < text.count else { return false }
        var end: [UInt8] = []
        if text[place] == 0x22 || text[place] == 0x27 {
            let quote = text[place]
            guard let close = text[(place + 1)...].firstIndex(of: quote) else { return false }
            end = Array(text[(place + 1)..<close])
            place = close + 1
        } else {
            while isLetter(at: place) || place < text.count && isDigit(text[place]) && !end.isEmpty {
                end.append(text[place])
                place += 1
            }
        }
        guard !end.isEmpty, !end.contains(0x0A) else { return false }
        index = place
        documents.append((end, indented, tokens.count))
        add(.string, [])
        return true
    }

    private mutating func takeDocuments() {
        let waiting = documents
        documents = []
        for document in waiting {
            var content: [UInt8] = []
            var isEnded = false
            while index < text.count, !isEnded {
                let end = text[index...].firstIndex(of: 0x0A) ?? text.count
                let whole = text[index..<end]
                let piece = document.indented ? whole.drop { isSpace($0) } : whole
                isEnded = Array(piece).trimmedAtEnd == document.end
                if !isEnded { content += Array(whole) + [0x0A] }
                index = min(end + 1, text.count)
                line += 1
            }
            tokens[document.token].text = content
            if !isEnded { unfinished = (tokens[document.token].line, "a here-document without its end") }
        }
    }

    // MARK: Words

    private mutating func takeWord() {
        let start = index
        var word = run { isAlphanumeric($0) || $0 == 0x5F }
        while index + 2 < text.count, text[index] == 0x3A, text[index + 1] == 0x3A, isLetter(at: index + 2) {
            index += 2
            word += [0x3A, 0x3A] + run { isAlphanumeric($0) || $0 == 0x5F }
        }
        switch word.text {
        case "__END__", "__DATA__":
            index = text.count
        case "q", "qq", "qw", "qr", "m", "s", "tr", "y":
            if opensQuote(start) { takeQuote(word.text) } else { add(.word, word) }
        default:
            add(.word, word)
        }
    }

    /// A word like `q` or `s` begins a quote unless it is a key, a name of a method or an operand.
    private func opensQuote(_ start: Int) -> Bool {
        if tokens.last?.text == Array("->".utf8) { return false }
        var place = index
        while place < text.count, isSpace(text[place]) { place += 1 }
        guard place < text.count else { return false }
        let next = text[place]
        if next == 0x3D, place + 1 < text.count, text[place + 1] == 0x3E || place > index { return false }
        if place > index, next == 0x23 || isAlphanumeric(next) {
            return place > index && isAlphanumeric(next) == false && next != 0x23
        }
        return next != 0x2C && next != 0x3B && next != 0x29 && (next != 0x7D || tokens.last?.text != [0x7B])
    }

    private mutating func takeQuote(_ word: String) {
        let start = line
        skipSpaces()
        guard index < text.count else { return }
        let delimiter = text[index]
        let content = delimited()
        switch word {
        case "q":
            add(.string, Self.unescaped(content, delimiter: delimiter), at: start)
        case "qq":
            add(.interpolated, content, at: start)
        case "qw":
            add(.sign, [0x28], at: start)
            for piece in content.split(whereSeparator: isSpace) {
                add(.string, Array(piece), at: start)
                add(.sign, [0x2C], at: start)
            }
            add(.sign, [0x29])
        case "qr":
            let pattern =
                Self.closing(delimiter) == delimiter ? Self.withoutQuoted(delimiter, content) : content
            add(.regex(flags: letters(), interpolates: delimiter != 0x27), pattern, at: start)
        case "m":
            _ = letters()
            add(.other, [], at: start)
        default:
            // The second half: in brackets of its own, or up to the same sign once more.
            if Self.closing(delimiter) != delimiter { skipSpaces() } else { index -= 1 }
            if index < text.count { _ = delimited() }
            _ = letters()
            add(.other, [], at: start)
        }
    }

    private mutating func skipSpaces() {
        while index < text.count, isSpace(text[index]) {
            if text[index] == 0x0A { line += 1 }
            index += 1
        }
    }

    private static func closing(_ byte: UInt8) -> UInt8 {
        switch byte {
        case 0x28: 0x29
        case 0x5B: 0x5D
        case 0x7B: 0x7D
        case 0x3C: 0x3E
        default: byte
        }
    }

    /// What stands between the delimiter here and the one that belongs to it, escapes untouched. Brackets nest.
    private mutating func delimited() -> [UInt8] {
        let open = text[index]
        let close = Self.closing(open)
        let start = (index, line)
        var depth = 0
        while index < text.count {
            let byte = text[index]
            if byte == 0x0A { line += 1 }
            if byte == 0x5C {
                if index + 1 < text.count, text[index + 1] == 0x0A { line += 1 }
                index += 2
                continue
            }
            index += 1
            if byte == close, open == close ? index - 1 > start.0 : true {
                if open == close { return Array(text[(start.0 + 1)..<(index - 1)]) }
                depth -= 1
                if depth == 0 { return Array(text[(start.0 + 1)..<(index - 1)]) }
            } else if byte == open {
                depth += 1
            }
        }
        index = text.count
        unfinished = (start.1, "what begins with \([open].text) has no end")
        return []
    }

    /// A string in single quotes without the backslashes that quote.
    private static func unescaped(_ content: [UInt8], delimiter: UInt8) -> [UInt8] {
        var out: [UInt8] = []
        var place = 0
        while place < content.count {
            if content[place] == 0x5C, place + 1 < content.count,
                [0x5C, delimiter, closing(delimiter)].contains(content[place + 1])
            {
                place += 1
            }
            out.append(content[place])
            place += 1
        }
        return out
    }

    /// A pattern without the backslash before each delimiter, which is what it means in a pattern then: in `qr|a\|b|` one of
    /// two. Brackets keep it (`perlop(1)`, "Finding the end").
    private static func withoutQuoted(_ delimiter: UInt8, _ content: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var place = 0
        while place < content.count {
            if content[place] == 0x5C, place + 1 < content.count {
                if content[place + 1] != delimiter { out.append(0x5C) }
                place += 1
            }
            out.append(content[place])
            place += 1
        }
        return out
    }

    // MARK: Names and signs

    private mutating func takeVariable(_ sign: UInt8) {
        var place = index + 1
        if place < text.count, text[place] == 0x7B, isLetter(at: place + 1) {
            var end = place + 1
            while isLetter(at: end) || end < text.count && isDigit(text[end]) { end += 1 }
            if end < text.count, text[end] == 0x7D {
                add(.variable, [sign] + text[(place + 1)..<end])
                index = end + 1
                return
            }
        }
        while place + 1 < text.count, text[place] == 0x3A, text[place + 1] == 0x3A { place += 2 }
        guard isLetter(at: place), sign != 0x25 && sign != 0x26 || expectsTerm else {
            // `$_`, `$!`, `$#x`, a modulo, an and: of no use here.
            if sign == 0x24, index + 1 < text.count, !isSpace(text[index + 1]), !isLetter(at: index + 1),
                text[index + 1] != 0x24, text[index + 1] != 0x7B
            {
                index += 2
                add(.other, [])
            } else {
                takeSign()
            }
            return
        }
        index = place
        var name = run { isAlphanumeric($0) || $0 == 0x5F }
        while index + 2 < text.count, text[index] == 0x3A, text[index + 1] == 0x3A, isLetter(at: index + 2) {
            index += 2
            name = run { isAlphanumeric($0) || $0 == 0x5F }
        }
        add(.variable, [sign] + name)
    }

    private mutating func takeSign() {
        let two = index + 1 < text.count ? Array(text[index...(index + 1)]) : []
        for sign in ["=>", "->", "=~", "!~", "||", "&&", "//", "==", ".=", "+=", "::"] where two == Array(sign.utf8) {
            add(.sign, two)
            index += 2
            return
        }
        add(.sign, [text[index]])
        index += 1
    }
}
