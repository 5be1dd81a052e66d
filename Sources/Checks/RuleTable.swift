/// A table as it was read: its rules in order, and what is wrong with its lines. Patterns are not compiled.
package struct RuleTable: Hashable, Sendable {
    package let name: TableName
    /// Its logical lines.
    package let lines: [Line]

    /// One logical line: the rule that it is, unless it is none, and what is wrong with it.
    package struct Line: Hashable, Sendable {
        package var rule: Rule?
        package var problems: [TableProblem]
        /// The line as it stands in the file when it is no rule; empty for a rule, which has its own.
        package var unread: [UInt8]
    }

    /// Limits of one table.
    package enum Limits {
        /// Octets of a file.
        package static let bytes = 64 * 1_048_576
        /// Rules.
        package static let rules = 200_000
    }

    /// Reads the text of a table file.
    package init(_ name: TableName, text: [UInt8]) {
        var reader = LogicalLines(text)
        var lines: [Line] = []
        while let line = reader.next() {
            guard lines.count < Limits.rules else {
                lines.append(
                    Line(
                        problems: [
                            TableProblem(
                                line: line.number, text: "more than \(Limits.rules) rules: the rest is not read",
                                isSkipped: true)
                        ], unread: []))
                break
            }
            let (rule, problems) = RuleReader.read(line, name.type, path: name.place)
            if rule != nil || !problems.isEmpty {
                lines.append(Line(rule: rule, problems: problems, unread: rule == nil ? line.text : []))
            }
        }
        self.name = name
        self.lines = lines
    }

    /// The rule that begins on a line of the file; nil where none begins.
    package func rule(line number: Int) -> Rule? {
        var (low, high) = (0, lines.count)
        while low < high {
            let middle = low + (high - low) / 2
            let found = lines[middle].line
            if found == number { return lines[middle].rule }
            if found < number { low = middle + 1 } else { high = middle }
        }
        return nil
    }
}

extension RuleTable.Line {
    /// Number of the line in the file.
    package var line: Int { rule?.line ?? problems.first?.line ?? 0 }
}
