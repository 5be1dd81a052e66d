package import MailModel

/// What the rules of a table want in one list. A rule whose text has no groups wants the same each time: that is read once.
package struct RuleActions: Sendable {
    private enum Wanted: Sendable {
        case action(CheckAction)
        case text(ResultTemplate)
    }

    private let list: CheckList
    /// Lines of the rules, ascending, and beside them what they want.
    private let lines: [Int]
    private let wanted: [Wanted]

    package init(_ table: RuleTable, in list: CheckList) {
        var (lines, wanted): ([Int], [Wanted]) = ([], [])
        for case let rule? in table.lines.map(\.rule) {
            guard case .match(_, _, let result) = rule.operation else { continue }
            lines.append(rule.line)
            wanted.append(
                result.highestCapture == 0 ? .action(CheckAction(result.expanded([]), in: list)) : .text(result))
        }
        self.list = list
        self.lines = lines
        self.wanted = wanted
    }

    /// The action of the rule on a line; nil where no rule begins.
    /// - Parameter groups: what its groups matched, the whole first; may be empty where its text uses none.
    package func action(line: Int, _ groups: [[UInt8]?]) -> CheckAction? {
        var (low, high) = (0, lines.count)
        while low < high {
            let middle = low + (high - low) / 2
            if lines[middle] < line { low = middle + 1 } else { high = middle }
        }
        guard low < lines.count, lines[low] == line else { return nil }
        switch wanted[low] {
        case .action(let action): return action
        case .text(let result): return CheckAction(result.expanded(groups), in: list)
        }
    }
}
