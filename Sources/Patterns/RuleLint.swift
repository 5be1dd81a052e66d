internal import Bytes
package import Checks
package import MailModel

/// What is wrong with the rules of a table, and which of them can never fire.
package struct RuleLint {
    /// One thing to tell.
    package struct Finding: Hashable {
        package enum Severity: String, Hashable {
            /// The rule is not used, or cannot fire.
            case dead
            /// It does something else than it seems to, or costs much.
            case doubt
        }

        package var line: Int
        package var severity: Severity
        /// What is wrong, and what to write instead; holds text of the table, escape before showing.
        package var text: String
    }

    private let compiled: PatternTable
    private let list: CheckList
    private let limits: TextLimits
    private var findings: [Finding] = []
    private var slow: [Finding] = []

    /// Looks a table over as one of a list.
    /// - Parameter filters: what stands behind FILTER in `rules.filters`; nil when no settings are known.
    package static func findings(
        _ table: RuleTable, in list: CheckList, limits: TextLimits = TextLimits(), filters: Set<String>? = nil
    ) -> [Finding] {
        var lint = RuleLint(
            compiled: PatternTable(table, readsCharacters: list.readsCharacters), list: list, limits: limits)
        lint.takeProblems()
        lint.takeRemarks(RuleRemark.remarks(on: table, in: list, filters: filters, isStrict: false))
        lint.checkRules()
        return lint.readable()
    }

    /// In the order of the file; of a rule that is dead only the first reason, and that a rule is slow only where nothing
    /// else is said of it.
    private func readable() -> [Finding] {
        var out: [Finding] = []
        var told: Set<Int> = []
        for (line, all) in Dictionary(grouping: findings, by: \.line) {
            told.insert(line)
            if line > 0, let deadly = all.first(where: { $0.severity == .dead }) {
                out.append(deadly)
            } else {
                var said: Set<Finding> = []
                out += all.filter { said.insert($0).inserted }
            }
        }
        out += slow.filter { !told.contains($0.line) }
        return out.sorted { $0.line < $1.line }
    }

    private init(compiled: PatternTable, list: CheckList, limits: TextLimits) {
        self.compiled = compiled
        self.list = list
        self.limits = limits
    }

    private mutating func dead(_ line: Int, _ text: String) {
        findings.append(Finding(line: line, severity: .dead, text: text))
    }

    private mutating func doubt(_ line: Int, _ text: String) {
        findings.append(Finding(line: line, severity: .doubt, text: text))
    }

    /// What is wrong with the table itself. A rule that the other kind of table takes is told so.
    private mutating func takeProblems() {
        for problem in compiled.problems {
            guard problem.isSkipped else {
                doubt(problem.line, problem.text)
                continue
            }
            let other: TableType = compiled.table.name.type == .pcre ? .regexp : .pcre
            let isOthers = compiled.table.isUsable(line: problem.line, as: other)
            dead(
                problem.line,
                problem.text
                    + (isOthers ? "; as \(other.rawValue) this can be read: name the table \(other.rawValue):FILE" : "")
            )
        }
    }

    /// What is wrong with actions.
    private mutating func takeRemarks(_ remarks: [RuleRemark]) {
        let used = Set(compiled.entries.map(\.line))
        for remark in remarks where used.contains(remark.line) {
            switch remark.kind {
            case .refusal: dead(remark.line, "keeps the gateway from starting: \(remark.text)")
            case .idle: dead(remark.line, "does nothing when it fires: \(remark.text)")
            case .doubt: doubt(remark.line, remark.text)
            }
        }
    }

    private mutating func checkRules() {
        let used = Set(compiled.entries.map(\.line))
        let isUnicode = compiled.table.name.type == .pcre && list.readsCharacters
        let reachability = RuleReachability(
            compiled, ListTexts(list),
            longest: list.isHeader ? limits.headerSize + limits.lineLength : limits.lineLength)
        // The IFs that are open.
        var open: [(line: Int, clause: RuleReachability.Clause)] = []
        // Lines whose patterns are not understood.
        var unread: Set<Int> = []
        func clause(_ pattern: PatternText) -> RuleReachability.Clause {
            RuleReachability.Clause(pattern, compiled.table.name.type, isUnicode: isUnicode)
        }
        for line in compiled.table.lines {
            guard let rule = line.rule else { continue }
            switch rule.operation {
            case .if(let pattern):
                guard used.contains(rule.line) else { continue }
                let read = clause(pattern)
                checkSpelling(rule.line, read)
                checkWays(rule.line, read)
                open.append((rule.line, read))
            case .endif: _ = open.popLast()
            case .match(let pattern, let second, _):
                guard used.contains(rule.line) else { continue }
                let path = RuleReachability.Path(
                    line: rule.line, conditions: open, own: ([pattern] + (second.map { [$0] } ?? [])).map(clause))
                let read = path.own[0]
                if read.tree == nil { unread.insert(rule.line) }
                checkSpelling(rule.line, read)
                if reachability.takesEveryText(path) {
                    doubt(rule.line, "matches every text: is a | or a * too many?")
                } else {
                    checkWays(rule.line, read)
                }
                if let words = tooLong(read) {
                    dead(rule.line, words)
                } else {
                    checkFiring(path, reachability)
                }
                reachability.close(path)
            }
        }
        slow = compiled.linesWithoutNeed.map { line in
            Finding(
                line: line, severity: .doubt,
                text: unread.contains(line)
                    ? "slow: something in the pattern is not understood by the search ahead, so it is tried on every text"
                    : "slow: nothing in the pattern must stand in a text, so it is tried on every one")
        }
    }

    // MARK: Patterns

    /// Whether a rule can fire, and on what.
    private mutating func checkFiring(_ path: RuleReachability.Path, _ reachability: RuleReachability) {
        switch reachability.judge(path) {
        case .dead(let words): dead(path.line, words)
        case .unknown: break
        case .alive(let text):
            for (isDeadly, words) in reachability.habits(path.own[0], text) {
                if isDeadly {
                    dead(path.line, "never fires on an attachment: " + words)
                } else {
                    doubt(path.line, words)
                }
            }
        }
    }

    /// How a pattern is written, whatever it is for.
    private mutating func checkSpelling(_ line: Int, _ clause: RuleReachability.Clause) {
        let pattern = clause.pattern
        let type = compiled.table.name.type
        if pattern.flags.isDisjoint(with: .caseless),
            pattern.bytes.contains(where: { $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A })
        {
            doubt(line, "the flag i makes the pattern heed case, which it does not without; leave i out to ignore case")
        }
        for words in ForeignSyntax.findings(pattern, type) { doubt(line, words) }
        checkOctets(line, clause)
        if type == .regexp, clause.tree?.hasReference == true {
            doubt(
                line,
                "a back reference of a regexp table has no limit of steps: on some texts the C library takes until the "
                    + "deadline of the inspection ends it; use a pcre table")
        }
        if list == .body, let length = clause.tree?.longestBase64, length > 76 {
            doubt(
                line,
                "base64 text has lines of 76 octets, and this needs \(length) of it in one; cut it at a line end")
        }
    }

    /// How long a match can take. The C library tries all ways at a time.
    private mutating func checkWays(_ line: Int, _ clause: RuleReachability.Clause) {
        guard compiled.table.name.type == .pcre, let tree = clause.tree,
            let ways = Ambiguity.ways(tree, length: Double(limits.lineLength))
        else { return }
        let steps = PatternLimits().matchSteps
        if ways == .infinity {
            doubt(
                line,
                "can take very long: within a repetition the same text can be divided in several ways, as in (a+)+ or "
                    + "(a|aa)+, and every way is tried; repeat once only, or let each turn begin with what no other can"
            )
        } else if ways > Double(steps) {
            doubt(
                line,
                "can take very long: repetitions that follow each other can divide a text of \(limits.lineLength) octets in "
                    + "more than \(steps) ways, and then the match is given up; let each repeat what cannot begin the next, "
                    + "as [^ ]* before a blank"
            )
        }
    }

    /// Octets beyond ASCII, which few texts of mail have as they are.
    private mutating func checkOctets(_ line: Int, _ clause: RuleReachability.Clause) {
        let bytes = clause.pattern.bytes
        switch list {
        case .decodedHeader, .decodedBody, .link, .attachment:
            if String(validating: bytes, as: UTF8.self) == nil {
                doubt(line, "text is looked up in UTF-8 here, and the octets of this pattern are not UTF-8")
            }
        case .header, .mimeHeader, .nestedHeader, .body:
            guard bytes.contains(where: { $0 >= 0x80 }) || clause.tree?.writesBeyondASCII == true else { return }
            doubt(
                line,
                "octets beyond ASCII are encoded in mail (RFC 2047, base64, quoted-printable) and looked up so: put "
                    + "the rule into \(list == .body ? "decoded_body_checks" : "decoded_header_checks"), where text is UTF-8"
            )
        }
    }

    /// Why no text is long enough for a rule; nil when some may be.
    private func tooLong(_ clause: RuleReachability.Clause) -> String? {
        guard clause.pattern.isPositive, let shortest = clause.tree?.shortest else { return nil }
        // Of a decoded field every octet may have become several.
        if list.isHeader, list != .decodedHeader, shortest > limits.headerSize + limits.lineLength {
            return "never fires: header fields are cut near \(limits.headerSize) octets (header_size_limit), and this "
                + "needs \(shortest)"
        }
        guard list == .body || list == .decodedBody, shortest > limits.lineLength else { return nil }
        return "never fires: lines are looked up in pieces of \(limits.lineLength) octets (line_length_limit), and "
            + "this needs \(shortest)"
    }
}

extension RuleTable {
    /// Whether the rule that begins on a line can be used in a table of another kind.
    fileprivate func isUsable(line number: Int, as type: TableType) -> Bool {
        guard let text = rule(line: number)?.text ?? lines.first(where: { $0.line == number })?.unread else {
            return false
        }
        let other = RuleTable(TableName(type: type, place: name.place), text: text)
        return other.lines.contains { $0.rule != nil } && !PatternTable(other).problems.contains(where: \.isSkipped)
    }
}
