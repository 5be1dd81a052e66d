package import Checks

/// Memory and bookkeeping of looking texts up, one after the other. Not for two threads at a time.
package final class MatchSession {
    /// A pattern on which an engine gave up.
    package struct Failure: Hashable, Sendable {
        package var table: TableName
        package var line: Int
        /// The engine's words.
        package var text: String
    }

    /// Patterns on which an engine gave up since this was last emptied; at most `failuresKept`, the count goes on.
    package private(set) var failures: [Failure] = []
    package private(set) var failureCount = 0
    private static let failuresKept = 100

    private let limits: PatternLimits
    private var workspace: PCREPattern.Workspace?
    private var workspaceGroups = -1
    private var current: PatternTable?
    /// The subject with a NUL behind it, for patterns of the C library; made when first wanted.
    private var terminated: [UInt8] = []
    private var isTerminated = false
    /// For each entry that is a condition: whether it held, in the lookup whose number stands beside.
    private var conditions: [(lookup: Int, held: Bool)] = []
    private var lookups = 0
    private var groups: [Range<Int>?] = []
    private let scratch = Prefilter.Scratch()
    /// Entries of the current table that the current subject may fire, in their order.
    var candidates: EntryList { scratch.candidates }

    package init(limits: PatternLimits = PatternLimits()) {
        self.limits = limits
    }

    /// Makes room for a table ahead, so that nothing is allocated while mail is looked up.
    package func prepare(for table: PatternTable) {
        if table.mostGroups > workspaceGroups {
            workspace = PCREPattern.Workspace(groups: table.mostGroups, limits: limits)
            workspaceGroups = table.mostGroups
        }
    }

    /// Forgets failures.
    package func clearFailures() {
        failures = []
        failureCount = 0
    }

    /// Begins with the next subject.
    func begin(_ table: PatternTable) {
        lookups += 1
        isTerminated = false
        guard current !== table else { return }
        current = table
        prepare(for: table)
        conditions = Array(repeating: (0, false), count: table.entries.count)
    }

    /// Fills `candidates`. The table is the one that the look-up began with: to take it from here costs time on every line.
    func choose(_ table: PatternTable, _ subject: Span<UInt8>) {
        table.prefilter.choose(subject, scratch)
    }

    /// True when a rule of the table holds for the subject and every IF around it does.
    func fires(_ table: PatternTable, _ index: Int, _ subject: Span<UInt8>) -> Bool {
        let entry = table.entries[index]
        var around = entry.condition
        while let condition = around {
            guard holds(table, condition, subject) else { return false }
            around = table.entries[condition].condition
        }
        guard test(entry.pattern, entry.isPositive, entry.wantedGroups, entry.line, subject) else { return false }
        guard let second = entry.second else { return true }
        let kept = groups
        defer { groups = kept }
        return test(second.pattern, second.isPositive, 0, entry.line, subject)
    }

    func match(_ table: PatternTable, _ index: Int) -> TableMatch {
        let entry = table.entries[index]
        return TableMatch(line: entry.line, groups: entry.wantedGroups > 0 ? groups : [])
    }

    private func holds(_ table: PatternTable, _ condition: Int, _ subject: Span<UInt8>) -> Bool {
        if conditions[condition].lookup == lookups { return conditions[condition].held }
        let entry = table.entries[condition]
        let held = test(entry.pattern, entry.isPositive, 0, entry.line, subject)
        conditions[condition] = (lookups, held)
        return held
    }

    private func test(
        _ pattern: PatternTable.Pattern, _ isPositive: Bool, _ wanted: Int, _ line: Int, _ subject: Span<UInt8>
    ) -> Bool {
        let result: MatchResult
        switch pattern {
        case .pcre(let pattern):
            guard let workspace else {
                note(line, "out of memory")
                return false
            }
            result = pattern.match(subject, workspace)
            if result == .match, wanted > 0 { groups = pattern.ranges(workspace) }
        case .posix(let pattern):
            if !isTerminated {
                terminated.removeAll(keepingCapacity: true)
                subject.withUnsafeBufferPointer { terminated.append(contentsOf: $0) }
                terminated.append(0)
                isTerminated = true
            }
            result = pattern.match(terminated.span, wanted: wanted, &groups)
        }
        switch result {
        case .match: return isPositive
        case .noMatch: return !isPositive
        case .failed(let words):
            note(line, words)
            return false
        }
    }

    private func note(_ line: Int, _ words: String) {
        failureCount += 1
        guard failures.count < Self.failuresKept, let current else { return }
        failures.append(Failure(table: current.table.name, line: line, text: words))
    }
}
