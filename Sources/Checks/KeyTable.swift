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
                skip(line, "expected a key, white space, a value")
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

    /// Key and value; the key may stand in double quotes (Postfix 3.2), with `\` before a quote or backslash in it.
    private static func fields(_ text: [UInt8]) -> ([UInt8], [UInt8])? {
        var key: [UInt8] = []
        var index = 0
        if text.first == 0x22 {
            index = 1
            while index < text.count, text[index] != 0x22 {
                if text[index] == 0x5C, index + 1 < text.count { index += 1 }
                key.append(text[index])
                index += 1
            }
            guard index < text.count else { return nil }
            index += 1
            guard index == text.count || isSpace(text[index]) else { return nil }
        } else {
            while index < text.count, !isSpace(text[index]) {
                key.append(text[index])
                index += 1
            }
        }
        while index < text.count, isSpace(text[index]) { index += 1 }
        return (key.map(asciiLower), Array(text[index...]).trimmedAtEnd)
    }
}
