internal import Bytes

/// Reads the lines of a table as Postfix does. Patterns are cut out here and compiled elsewhere.
struct RuleReader {
    private let type: TableType
    private let line: Int
    private let text: [UInt8]
    private var index = 0
    private(set) var problems: [TableProblem] = []

    private init(_ type: TableType, _ line: LogicalLines.Line, _ text: [UInt8]) {
        self.type = type
        self.line = line.number
        self.text = text
    }

    /// Reads one logical line: a rule where it is one, and what is wrong with it.
    static func read(_ line: LogicalLines.Line, _ type: TableType, path: String) -> (Rule?, [TableProblem]) {
        if line.isStray {
            let shown = line.text.count > 30 ? Array(line.text.prefix(30)).text + "..." : line.text.text
            return (
                nil,
                [
                    TableProblem(
                        line: line.number, text: "\(path): logical line must not start with whitespace: \"\(shown)\"",
                        isPlaced: false, isSkipped: true)
                ]
            )
        }
        // Postfix's strings end at a NUL.
        let text = Array(line.text.prefix { $0 != 0 }).trimmedAtEnd
        guard let first = text.first else { return (nil, []) }
        var reader = RuleReader(type, line, text)
        let operation: Rule.Operation?
        if !isAlphanumeric(first) {
            operation = reader.match()
        } else if reader.isWord("IF") {
            operation = reader.condition()
        } else if reader.isWord("ENDIF") {
            operation = .endif
            reader.skipSpace()
            if reader.index < text.count { reader.note("ignoring extra text after ENDIF") }
        } else {
            operation = nil
            reader.note("ignoring unrecognized request", skipped: true)
        }
        return (operation.map { Rule(line: line.number, operation: $0, text: text) }, reader.problems)
    }

    private mutating func note(_ text: String, placed: Bool = true, skipped: Bool = false) {
        problems.append(TableProblem(line: line, text: text, isPlaced: placed, isSkipped: skipped))
    }

    /// Takes a word that no letter or digit follows, in any case of its letters.
    private mutating func isWord(_ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard text.count >= length, Array(text.prefix(length)).span.hasPrefix(ignoringCase: word),
            text.count == length || !isAlphanumeric(text[length])
        else { return false }
        index = length
        return true
    }

    private mutating func skipSpace() {
        while index < text.count, isSpace(text[index]) { index += 1 }
    }

    private mutating func match() -> Rule.Operation? {
        guard let pattern = pattern() else { return nil }
        var second: PatternText?
        if type == .regexp, index < text.count, text[index] == 0x21 {
            guard let other = self.pattern() else { return nil }
            second = other
        }
        skipSpace()
        let result = Array(text[index...])
        if result.isEmpty { note("no replacement text: using empty string") }
        let template: ResultTemplate
        do throws(ResultTemplate.Problem) {
            template = try ResultTemplate(result, type: type)
        } catch {
            note(error.text, placed: error.isPlaced)
            note("bad replacement syntax: skipping this rule", skipped: true)
            return nil
        }
        if template.highestCapture > 0, !pattern.isPositive {
            note("$number found in negative match replacement text: skipping this rule", skipped: true)
            return nil
        }
        return .match(pattern, second: second, result: template)
    }

    private mutating func condition() -> Rule.Operation? {
        skipSpace()
        guard let pattern = pattern() else { return nil }
        skipSpace()
        if index < text.count {
            note("ignoring extra text after IF statement: \"\(Array(text[index...]).text)\"")
            note("do not prepend whitespace to statements between IF and ENDIF")
        }
        return .if(pattern)
    }

    /// `!` and blanks in any number, a delimiter, the pattern, the delimiter, flags.
    private mutating func pattern() -> PatternText? {
        var isPositive = true
        while index < text.count, text[index] == 0x21 || isSpace(text[index]) {
            if text[index] == 0x21 { isPositive.toggle() }
            index += 1
        }
        guard index < text.count else {
            note("no regexp: skipping this rule", skipped: true)
            return nil
        }
        let delimiter = text[index]
        index += 1
        let start = index
        while index < text.count {
            // A backslash takes the next character with it, the delimiter too, even where it is the delimiter.
            if text[index] == 0x5C {
                guard index + 1 < text.count else {
                    index = text.count
                    break
                }
                index += 1
            } else if text[index] == delimiter {
                break
            }
            index += 1
        }
        guard index < text.count, text[index] == delimiter else {
            let words = type == .pcre ? "ignoring" : "skipping"
            note("no closing regexp delimiter \"\([delimiter].text)\": \(words) this rule", skipped: true)
            return nil
        }
        let bytes = Array(text[start..<index])
        index += 1
        guard let flags = flags() else { return nil }
        return PatternText(bytes: bytes, flags: flags, isPositive: isPositive)
    }

    private mutating func flags() -> PatternFlags? {
        var flags = PatternFlags.initial(type)
        while index < text.count, !isSpace(text[index]), type == .pcre || text[index] != 0x21 {
            let letter = text[index]
            if let flag = PatternFlags.letter(letter, type) {
                flags.formSymmetricDifference(flag)
            } else if type == .pcre, letter == 0x58 {
                note("ignoring obsolete regexp option \"X\"")
            } else {
                note("unknown regexp option \"\([letter].text)\": skipping this rule", skipped: true)
                return nil
            }
            index += 1
        }
        return flags
    }
}
