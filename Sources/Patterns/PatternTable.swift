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
    package let problems: [TableProblem]

    enum Pattern {
        case pcre(PCREPattern)
        case posix(POSIXPattern)
    }

    /// A rule or an IF. A class, since copies would count references at every look-up.
    final class Entry {
        let line: Int
        let pattern: Pattern
        let isPositive: Bool
        /// `/first/!/second/` of regexp tables.
        let second: (pattern: Pattern, isPositive: Bool)?
        /// Highest group that the text uses.
        let wantedGroups: Int
        let isCondition: Bool
        /// Entry of the IF around it; nil at the outermost level.
        fileprivate(set) var condition: Int?

        fileprivate init(
            line: Int, pattern: Pattern, isPositive: Bool, second: (pattern: Pattern, isPositive: Bool)? = nil,
            wantedGroups: Int = 0, isCondition: Bool = false
        ) {
            self.line = line
            self.pattern = pattern
            self.isPositive = isPositive
            self.second = second
            self.wantedGroups = wantedGroups
            self.isCondition = isCondition
        }
    }

    /// Rules and IFs in the order of the file.
    let entries: [Entry]
    /// The most groups of any pattern.
    let mostGroups: Int
    /// Chooses the rules that are worth trying.
    let prefilter: Prefilter
    /// Lines of rules that are tried on every text, because nothing in them could be looked for.
    package let linesWithoutNeed: [Int]

    /// Compiles a table. Rules that cannot be used are left out and named in `problems`.
    /// - Parameters:
    ///   - readsCharacters: texts are UTF-8, and pcre patterns match their characters instead of octets; a pattern that is no
    ///     UTF-8 itself matches octets all the same, and so do those of regexp tables.
    ///   - usesPrefilter: false tries every rule on every text, which gives the same answers.
    package init(_ table: RuleTable, readsCharacters: Bool = false, usesPrefilter: Bool = true) {
        self.table = table
        var needs: [Prefilter.Need] = []
        var compiler = Compiler(type: table.name.type)
        var entries: [Entry] = []
        var problems: [TableProblem] = []
        // Entries of the IFs that are open; nil for none.
        var open: [Int] = []
        for line in table.lines {
            guard var rule = line.rule else {
                problems += line.problems
                continue
            }
            if readsCharacters, table.name.type == .pcre { rule.matchCharacters() }
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
                guard let entry = try compiler.compile(rule) else { continue }
                entry.condition = open.last
                if entry.isCondition {
                    open.append(entries.count)
                } else {
                    needs.append(Self.need(rule, table.name.type, entry: entries.count, isRead: usesPrefilter))
                }
                entries.append(entry)
            } catch {
                problems.append(TableProblem(line: rule.line, text: error.text, isSkipped: true))
            }
        }
        for index in open.reversed() {
            problems.append(TableProblem(line: entries[index].line, text: "IF has no matching ENDIF"))
        }
        prefilter = Prefilter(needs, entries: entries.count)
        linesWithoutNeed = needs.compactMap { if case .unknown = $0.need { entries[$0.entry].line } else { nil } }
        self.entries = entries
        self.problems = problems
        mostGroups = compiler.mostGroups
    }

    private static func need(_ rule: Rule, _ type: TableType, entry: Int, isRead: Bool) -> Prefilter.Need {
        var need = Prefilter.Need(entry: entry, need: .unknown, least: 0, most: Int.max)
        guard isRead, case .match(let pattern, _, _) = rule.operation, pattern.isPositive,
            let tree = PatternReader.tree(pattern, type)
        else { return need }
        need.need = PatternNeed.best(of: tree)
        need.least = tree.shortest
        // Anchored at both ends, and no option that gives the anchors another meaning; `$` stands before a last newline.
        if case .sequence(let parts) = tree, case .nothing(.start) = parts.first, case .nothing(.end) = parts.last,
            let longest = tree.longest, !pattern.flags.contains(.multiline), !pattern.bytes.contains(sequence: "(?")
        {
            need.most = longest + 1
        }
        return need
    }
}

extension Rule {
    /// Makes its patterns match characters, those that are UTF-8.
    fileprivate mutating func matchCharacters() {
        func unicode(_ pattern: PatternText) -> PatternText {
            guard String(validating: pattern.bytes, as: UTF8.self) != nil else { return pattern }
            var pattern = pattern
            pattern.flags.formUnion([.unicode, .unicodeClasses])
            return pattern
        }
        switch operation {
        case .match(let pattern, let second, let result):
            operation = .match(unicode(pattern), second: second.map(unicode), result: result)
        case .if(let pattern): operation = .if(unicode(pattern))
        case .endif: break
        }
    }
}

extension PatternTable {
    /// Looks up a text.
    /// - Returns: the rule that fires; nil when none does. The empty text is looked up as any other.
    package func lookup(_ subject: Span<UInt8>, _ session: MatchSession) -> TableMatch? {
        session.begin(self)
        session.choose(self, subject)
        let candidates = session.candidates
        for position in 0..<candidates.count {
            let index = Int(candidates[position])
            if session.fires(self, index, subject) { return session.match(self, index) }
        }
        return nil
    }
}

// MARK: Measuring

extension PatternTable {
    /// A rule that can be tried alone.
    package struct SingleRule {
        /// Line of the rule in its table.
        package let line: Int
        fileprivate let entry: Int
    }

    /// The rules that can be tried, in their order.
    package var singleRules: [SingleRule] {
        entries.indices.compactMap { entries[$0].isCondition ? nil : SingleRule(line: entries[$0].line, entry: $0) }
    }

    /// Matches one rule and the IFs around it, whatever stands before it: as when a text meets what its pattern needs.
    /// - Parameter rule: one of this table.
    package func tryRule(_ rule: SingleRule, _ subject: Span<UInt8>, _ session: MatchSession) {
        session.begin(self)
        _ = session.fires(self, rule.entry, subject)
    }
}

extension [UInt8] {
    /// True when the characters stand somewhere.
    fileprivate func contains(sequence text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard count >= length else { return false }
        return (0...(count - length)).contains { start in
            (0..<length).allSatisfy { self[start + $0] == text.utf8Start[$0] }
        }
    }
}

/// Compiles the patterns of one table.
private struct Compiler {
    let type: TableType
    private(set) var mostGroups = 0

    init(type: TableType) { self.type = type }

    mutating func compile(_ rule: Rule) throws(PatternError) -> PatternTable.Entry? {
        switch rule.operation {
        case .endif:
            return nil
        case .if(let pattern):
            return PatternTable.Entry(
                line: rule.line, pattern: try compile(pattern, capturing: false), isPositive: pattern.isPositive,
                isCondition: true)
        case .match(let pattern, let second, let result):
            let wanted = result.highestCapture
            let first = try compile(pattern, capturing: wanted > 0)
            guard wanted <= groups(first) else {
                throw PatternError(text: "out of range replacement index \"\(wanted)\": skipping this rule")
            }
            var other: (pattern: PatternTable.Pattern, isPositive: Bool)?
            if let second { other = (try compile(second, capturing: false), second.isPositive) }
            return PatternTable.Entry(
                line: rule.line, pattern: first, isPositive: pattern.isPositive, second: other, wantedGroups: wanted)
        }
    }

    private mutating func compile(
        _ pattern: PatternText, capturing: Bool
    ) throws(PatternError) -> PatternTable.Pattern {
        switch type {
        case .pcre:
            let compiled = try PCREPattern(pattern)
            mostGroups = max(mostGroups, compiled.groups)
            return .pcre(compiled)
        case .regexp:
            return .posix(try POSIXPattern(pattern, capturing: capturing))
        }
    }

    private func groups(_ pattern: PatternTable.Pattern) -> Int {
        switch pattern {
        case .pcre(let pattern): pattern.groups
        case .posix(let pattern): pattern.groups
        }
    }
}
