internal import Checks
internal import MailModel

/// Which rules of a table can fire. A rule is said never to fire only where that is shown: no text that the list looks up and
/// that the IFs let through is matched by it and by no rule before it. A text that is, is looked up in the table, so that
/// what the automata miss does no harm.
final class RuleReachability {
    /// A pattern of a rule or an IF.
    final class Clause {
        let pattern: PatternText
        /// Nil for a pattern that is not understood.
        let tree: PatternTree?
        /// The tree matches what the pattern does and nothing else; otherwise it may match more.
        let isExact: Bool
        private var kept: TextAutomaton?

        init(_ written: PatternText, _ type: TableType, isUnicode: Bool) {
            pattern = written
            var pattern = written
            // As PatternTable compiles it.
            if isUnicode, String(validating: written.bytes, as: UTF8.self) != nil { pattern.flags.insert(.unicode) }
            let exact = PatternReader.tree(pattern, type, exactly: true)
            isExact = exact != nil
            tree = exact ?? PatternReader.tree(pattern, type)
        }

        /// Takes every text that the pattern matches; nil for a pattern that is not understood or too large.
        var wide: TextAutomaton? {
            if let kept { return kept }
            kept = tree.flatMap { TextAutomaton($0, ignoresCase: !isExact) }
            return kept
        }

        /// Takes these and no other; nil where that is not known.
        var exact: TextAutomaton? { isExact ? wide : nil }

        /// Gives the automaton's memory back: of thousands of rules few are asked for again.
        func forget() { kept = nil }
    }

    /// A rule within its IFs.
    struct Path {
        var line: Int
        /// Lines of the IFs and their patterns, the outermost first.
        var conditions: [(line: Int, clause: Clause)]
        /// The pattern, and perhaps a second one.
        var own: [Clause]

        var clauses: [Clause] { conditions.map(\.clause) + own }
    }

    /// What is known of a rule.
    enum Verdict {
        /// It never fires, for a reason in words.
        case dead(String)
        /// It fires on this text, or might.
        case alive([UInt8])
        case unknown
    }

    private let table: PatternTable
    private let texts: ListTexts
    /// Octets of the longest text.
    private let longest: Int
    private let session = MatchSession()
    /// Rules that were closed.
    private var earlier: [Int: Path] = [:]
    private var linesByPattern: [PatternText: [Int]] = [:]
    private var takesAll: Set<Int> = []
    /// How many rules before one are taken together, at most, to show that it never fires.
    private static let rounds = 8

    /// - Parameter longest: octets of the longest text of the list.
    init(_ table: PatternTable, _ texts: ListTexts, longest: Int) {
        self.table = table
        self.texts = texts
        self.longest = longest
    }

    /// Notes a rule that has been judged: it can stand before those that follow.
    func close(_ path: Path) {
        for clause in path.own { clause.forget() }
        earlier[path.line] = path
        if let first = path.own.first { linesByPattern[first.pattern, default: []].append(path.line) }
    }

    /// Judges a rule by those that were closed before it.
    func judge(_ path: Path) -> Verdict {
        if let line = twin(of: path) { return .dead("never fires: the rule on line \(line) has the same pattern") }
        guard let search = search(path) else { return .unknown }
        switch search.run() {
        case .unknown: return .unknown
        case .none: return .dead("never fires: " + reason(path))
        case .text(let text): return judge(path, search, text)
        }
    }

    /// A rule before it that wants nothing but what this one wants too.
    private func twin(of path: Path) -> Int? {
        guard let first = path.own.first else { return nil }
        let wanted = Set(path.clauses.map(\.pattern))
        return linesByPattern[first.pattern]?.first { line in
            earlier[line]?.clauses.allSatisfy { wanted.contains($0.pattern) } ?? false
        }
    }

    private func judge(_ path: Path, _ first: TextSearch, _ found: [UInt8]) -> Verdict {
        var search = first
        var text = found
        var lines: [Int] = []
        for _ in 0..<Self.rounds {
            guard let line = table.lookup(text.span, session)?.line, line < path.line, !lines.contains(line),
                let conjunction = conjunction(line, for: path)
            else { return .alive(found) }
            lines.append(line)
            search.none.append(conjunction)
            switch search.run() {
            case .unknown: return .alive(found)
            case .text(let other): text = other
            case .none:
                var last = first
                last.none.append(conjunction)
                if last.run() == .none { lines = [line] }
                return .dead(shadow(lines))
            }
        }
        return .alive(found)
    }

    private func shadow(_ lines: [Int]) -> String {
        guard lines.count == 1 else {
            let all = lines.sorted().map(String.init)
            return
                "never fires: the rules on lines \(all.dropLast().joined(separator: ", ")) and \(all.last ?? "") match "
                + "wherever this one does"
        }
        return takesAll.contains(lines[0])
            ? "never fires: the rule on line \(lines[0]) matches every text"
            : "never fires: the rule on line \(lines[0]) matches wherever this one does"
    }

    /// What a rule before another one wants beyond the IFs that both stand in; nil where that is not known exactly.
    private func conjunction(_ line: Int, for path: Path) -> TextSearch.Conjunction? {
        guard let rule = earlier[line] else { return nil }
        let shared = Set(path.conditions.map(\.line))
        let clauses = rule.conditions.filter { !shared.contains($0.line) }.map(\.clause) + rule.own
        var members: [(automaton: TextAutomaton, holds: Bool)] = []
        for clause in clauses {
            guard let exact = clause.exact, isNeverGivenUp(clause) else { return nil }
            members.append((exact, clause.pattern.isPositive))
        }
        return TextSearch.Conjunction(members: members)
    }

    /// A match that is given up counts as none, so that a later rule can fire.
    private func isNeverGivenUp(_ clause: Clause) -> Bool {
        guard table.table.name.type == .pcre else { return true }
        guard let ways = clause.tree.flatMap({ Ambiguity.ways($0, length: Double(longest)) }) else { return false }
        return ways < Double(PatternLimits().matchSteps) / 4
    }

    // MARK: What texts a rule wants

    private var facts: [TextSearch.Conjunction] { texts.facts.map(Self.excluding) }

    /// Excludes the texts for which a fact does not hold.
    private static func excluding(_ fact: ListTexts.Fact) -> TextSearch.Conjunction {
        TextSearch.Conjunction(members: [(fact.automaton, !fact.holds)])
    }

    /// For the texts that the list looks up and the rule wants; nil where a pattern is not understood.
    private func search(_ path: Path) -> TextSearch? {
        guard path.own.allSatisfy({ $0.wide != nil }) else { return nil }
        var search = TextSearch(none: facts)
        for clause in path.clauses { Self.add(clause, to: &search) }
        return search
    }

    private static func add(_ clause: Clause, to search: inout TextSearch) {
        if clause.pattern.isPositive {
            if let wide = clause.wide { search.all.append(wide) }
        } else if let exact = clause.exact {
            search.none.append(TextSearch.Conjunction(members: [(exact, true)]))
        }
    }

    /// Why there is no text for a rule: the first thing without which there would be one.
    private func reason(_ path: Path) -> String {
        var search = TextSearch()
        for clause in path.own { Self.add(clause, to: &search) }
        if search.run() == .none {
            return path.own.allSatisfy { $0.pattern.isPositive }
                ? "there is no text that this matches: ^ is the start of the whole text and $ its end; for the characters "
                    + "write \\^ and \\$"
                : "the pattern matches every text, and this asks for one that it does not match"
        }
        for fact in texts.facts {
            search.none.append(Self.excluding(fact))
            if search.run() == .none { return fact.words }
        }
        for (line, clause) in path.conditions {
            Self.add(clause, to: &search)
            if search.run() == .none { return "the IF on line \(line) lets nothing through that this matches" }
        }
        return "no text of this list is such"
    }

    // MARK: Habits

    /// True for a rule that every text of the list meets. Rules behind it are told so.
    func takesEveryText(_ path: Path) -> Bool {
        guard let clause = path.own.first, path.own.count == 1, clause.pattern.isPositive, let exact = clause.exact
        else { return false }
        let search = TextSearch(none: facts + [TextSearch.Conjunction(members: [(exact, true)])])
        guard search.run() == .none else { return false }
        if path.conditions.isEmpty { takesAll.insert(path.line) }
        return true
    }

    /// What a rule that looks for texts of another list is told.
    /// - Parameter text: one that it matches.
    func habits(_ clause: Clause, _ text: [UInt8]) -> [(isDeadly: Bool, words: String)] {
        guard clause.pattern.isPositive, let wide = clause.wide else { return [] }
        return texts.habits.filter { habit in
            // A look at one text saves most searches.
            guard habit.automaton.takes(text) == habit.isInside else { return false }
            var search = TextSearch(all: [wide], none: facts)
            if habit.isInside {
                search.none.append(TextSearch.Conjunction(members: [(habit.automaton, true)]))
            } else {
                search.all.append(habit.automaton)
            }
            return search.run() == .none
        }.map { habit in (habit.deadly.map { asksForFile(clause, $0) } ?? false, habit.words) }
    }

    /// Whether a pattern matches nothing but names of files. A lone dot is taken for the dot that it is meant to be.
    private func asksForFile(_ clause: Clause, _ names: TextAutomaton) -> Bool {
        guard let tree = clause.tree?.withDots, let meant = TextAutomaton(tree, ignoresCase: true) else { return false }
        let outside = TextSearch.Conjunction(members: [(names, true)])
        return TextSearch(all: [meant], none: facts + [outside]).run() == .none
    }
}
