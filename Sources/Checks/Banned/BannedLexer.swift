/// Cuts a file of rules into logical lines of tokens. A line that begins with a blank goes on with the one before.
struct BannedLexer {
    struct Token: Equatable {
        enum Kind: Equatable {
            /// Anything that blanks end.
            case word
            /// A word in double quotes, without them.
            case quoted
            /// `/pattern/flags`, both apart.
            case regex(flags: String)
            /// `<` or `>`.
            case sign
        }

        var kind: Kind
        var text: [UInt8]
        var place: SourcePlace
    }

    /// One logical line.
    struct Line {
        var tokens: [Token] = []
        /// Its comments, without the sign, joined by blanks.
        var comment: [UInt8] = []
    }

    private let text: [UInt8]
    private let file: String
    private var index = 0
    private var number = 1
    private var lineStart = 0

    init(_ source: BannedRules.Source) {
        text = source.text
        file = source.name
        if text.starts(with: [0xEF, 0xBB, 0xBF]) {
            index = 3
            lineStart = 3
        }
    }

    private var place: SourcePlace { SourcePlace(file: file, line: number, column: index - lineStart + 1) }

    /// The next logical line that has tokens; nil at the end.
    /// - Throws: what cannot be cut; the rest of that logical line is passed over, and the next call goes on behind it.
    mutating func next() throws(BannedProblem) -> Line? {
        var line = Line()
        var problem: BannedProblem?
        while index < text.count {
            let isContinued = isBlank(text[index])
            if !isContinued, !line.tokens.isEmpty || problem != nil, !isEmptyOrComment { break }
            do throws(BannedProblem) {
                try takePhysicalLine(into: &line)
            } catch {
                if problem == nil { problem = error }
            }
            endLine()
        }
        if let problem { throw problem }
        return line.tokens.isEmpty ? nil : line
    }

    /// The physical line here is blank, or a comment from its first column on: it belongs to no rule.
    private var isEmptyOrComment: Bool { text[index] == 0x23 || text[index] == 0x0A || text[index] == 0x0D }

    private mutating func endLine() {
        while index < text.count, text[index] != 0x0A { index += 1 }
        if index < text.count { index += 1 }
        number += 1
        lineStart = index
    }

    private mutating func takePhysicalLine(into line: inout Line) throws(BannedProblem) {
        let isComment = text[index] == 0x23
        while index < text.count, text[index] != 0x0A {
            let byte = text[index]
            if isBlank(byte) || byte == 0x0D {
                index += 1
            } else if byte == 0x23 {
                let end = text[index...].firstIndex(of: 0x0A) ?? text.count
                // A comment that is a line of its own tells of the file, one behind a rule tells why.
                if !isComment, !line.tokens.isEmpty {
                    let words = Array(text[(index + 1)..<end].drop { isSpace($0) || $0 == 0x23 }).trimmedAtEnd
                    if !line.comment.isEmpty, !words.isEmpty { line.comment.append(0x20) }
                    line.comment += words
                }
                index = end
            } else {
                line.tokens.append(try token(byte))
            }
        }
    }

    private mutating func token(_ byte: UInt8) throws(BannedProblem) -> Token {
        let place = place
        switch byte {
        case 0x3C, 0x3E:
            index += 1
            return Token(kind: .sign, text: [byte], place: place)
        case 0x2F:
            let pattern = try delimited(by: 0x2F, what: "pattern", keepsEscapes: true)
            let start = index
            while index < text.count, isAlphanumeric(text[index]) { index += 1 }
            let flags = String(decoding: text[start..<index], as: UTF8.self)
            return Token(kind: .regex(flags: flags), text: pattern, place: place)
        case 0x22:
            return Token(kind: .quoted, text: try delimited(by: 0x22, what: "text", keepsEscapes: false), place: place)
        default:
            let start = index
            while index < text.count, !isSpace(text[index]), text[index] != 0x3C, text[index] != 0x3E { index += 1 }
            return Token(kind: .word, text: Array(text[start..<index]), place: place)
        }
    }

    /// What stands between two delimiters; a backslash takes the next character with it.
    private mutating func delimited(
        by delimiter: UInt8, what: String, keepsEscapes: Bool
    ) throws(BannedProblem) -> [UInt8] {
        let start = place
        var out: [UInt8] = []
        index += 1
        while index < text.count, text[index] != 0x0A {
            let byte = text[index]
            index += 1
            if byte == delimiter { return out }
            if byte == 0x5C, index < text.count, text[index] != 0x0A {
                if keepsEscapes { out.append(byte) }
                out.append(text[index])
                index += 1
            } else {
                out.append(byte)
            }
        }
        throw BannedProblem(place: start, text: "the \(what) has no \([delimiter].text) at its end on this line")
    }
}
