package import Checks

/// What a table says of a text: the rule that fires, and where its groups matched.
package struct TableMatch: Hashable, Sendable {
    /// Line of the rule in its table.
    package var line: Int
    /// Where the groups stand in the text, the first is the whole match; empty when the rule's text uses none.
    package var groups: [Range<Int>?]

    package init(line: Int, groups: [Range<Int>?]) {
        self.line = line
        self.groups = groups
    }
}

/// A table with compiled patterns. Looking up means: the first rule, from top to bottom, whose pattern holds and that no
/// failing IF hides.
package final class PatternTable {
    /// The rules as they were read.
    package let table: RuleTable
    /// What is wrong with the table, in the order in which Postfix finds it.
    package private(set) var problems: [TableProblem] = []

    enum Pattern {
        case pcre(PCREPattern)
        case posix(POSIXPattern)
    }

    /// A rule or an IF.
    struct Entry {
        var line: Int
        var pattern: Pattern
        var isPositive: Bool
        /// `/first/!/second/` of regexp tables.
        var second: (pattern: Pattern, isPositive: Bool)?
        /// Highest group that the text uses.
        var wantedGroups = 0
        var isCondition = false
        /// Entry of the IF around it; nil at the outermost level.
        var condition: Int?
    }

    /// Rules and IFs in the order of the file.
    private(set) var entries: [Entry] = []
    /// The most groups of any pattern.
    private(set) var mostGroups = 0

    /// Compiles a table. Rules that cannot be used are left out and named in `problems`.
    package init(_ table: RuleTable) {
        self.table = table
        // Entries of the IFs that are open; nil for none.
        var open: [Int] = []
        for line in table.lines {
            guard let rule = line.rule else {
                problems += line.problems
                continue
            }
            if case .endif = rule.operation {
                guard open.popLast() != nil else {
                    problems.append(
                        TableProblem(line: rule.line, text: "ignoring ENDIF without matching IF", isSkipped: true))
                    continue
                }
                problems += line.problems
                continue
            }
            problems += line.problems
            do throws(PatternError) {
                guard var entry = try compile(rule) else { continue }
                entry.condition = open.last
                if entry.isCondition { open.append(entries.count) }
                entries.append(entry)
            } catch {
                problems.append(TableProblem(line: rule.line, text: error.text, isSkipped: true))
            }
        }
        for index in open.reversed() {
            problems.append(TableProblem(line: entries[index].line, text: "IF has no matching ENDIF"))
        }
    }

    private func compile(_ rule: Rule) throws(PatternError) -> Entry? {
        switch rule.operation {
        case .endif:
            return nil
        case .if(let pattern):
            return Entry(
                line: rule.line, pattern: try compile(pattern, capturing: false), isPositive: pattern.isPositive,
                isCondition: true)
        case .match(let pattern, let second, let result):
            let wanted = result.highestCapture
            let first = try compile(pattern, capturing: wanted > 0)
            guard wanted <= groups(first) else {
                throw PatternError(text: "out of range replacement index \"\(wanted)\": skipping this rule")
            }
            var entry = Entry(
                line: rule.line, pattern: first, isPositive: pattern.isPositive, wantedGroups: wanted)
            if let second {
                entry.second = (try compile(second, capturing: false), second.isPositive)
            }
            return entry
        }
    }

    private func compile(_ pattern: PatternText, capturing: Bool) throws(PatternError) -> Pattern {
        switch table.name.type {
        case .pcre:
            let compiled = try PCREPattern(pattern)
            mostGroups = max(mostGroups, compiled.groups)
            return .pcre(compiled)
        case .regexp:
            return .posix(try POSIXPattern(pattern, capturing: capturing))
        }
    }

    private func groups(_ pattern: Pattern) -> Int {
        switch pattern {
        case .pcre(let pattern): pattern.groups
        case .posix(let pattern): pattern.groups
        }
    }

    /// Looks up a text.
    /// - Returns: the rule that fires; nil when none does. The empty text is looked up as any other.
    package func lookup(_ subject: Span<UInt8>, _ session: MatchSession) -> TableMatch? {
        session.begin(self, subject)
        for index in entries.indices where !entries[index].isCondition {
            if session.fires(index, subject) { return session.match(index) }
        }
        return nil
    }
}
