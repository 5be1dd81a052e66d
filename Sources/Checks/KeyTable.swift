internal import Bytes

/// A `texthash` table: each logical line is a key, white space, a value. Keys are folded to lower case, as Postfix does.
package struct KeyTable: Hashable, Sendable {
    /// One line.
    package struct Entry: Hashable, Sendable {
        /// Line in the file, from 1.
        package var line: Int
        package var key: [UInt8]
        package var value: [UInt8]
    }

    /// In the order of the file; of a key that stands twice the first counts.
    package let entries: [Entry]
    /// Lines that are not used.
    package let problems: [TableProblem]

    /// Reads the text of a file.
    package init(text: [UInt8]) {
        var reader = LogicalLines(text)
        var entries: [Entry] = []
        var problems: [TableProblem] = []
        var seen: Set<[UInt8]> = []
        func skip(_ line: LogicalLines.Line, _ words: String) {
            problems.append(TableProblem(line: line.number, text: words, isSkipped: true))
        }
        while let line = reader.next() {
            guard entries.count < RuleTable.Limits.rules else {
                skip(line, "more than \(RuleTable.Limits.rules) lines: the rest is not read")
                break
            }
            if line.isStray {
                skip(line, "the line begins with white space, but there is nothing that it could continue")
                continue
            }
            guard let (key, value) = Self.fields(line.text), !value.isEmpty else {
                skip(line, "expected a key, white space, a value; quotes stand in pairs")
                continue
            }
            guard seen.insert(key).inserted else {
                skip(line, "\"\(key.text)\" stands here a second time")
                continue
            }
            entries.append(Entry(line: line.number, key: key, value: value))
        }
        self.entries = entries
        self.problems = problems
    }

    /// Key and value, as postmap(1) cuts them: white space within quotes or behind a backslash belongs to the key, and quotes
    /// stay in it. Nil where a quote has no end.
    private static func fields(_ text: [UInt8]) -> ([UInt8], [UInt8])? {
        var index = 0
        var isQuoted = false
        while index < text.count, isQuoted || !isSpace(text[index]) {
            if text[index] == 0x22 { isQuoted.toggle() }
            index += text[index] == 0x5C ? 2 : 1
        }
        guard !isQuoted else { return nil }
        let key = text.prefix(index)
        return (foldedCase(Array(key)), Array(text.dropFirst(index).drop(while: isSpace)).trimmedAtEnd)
    }
}
