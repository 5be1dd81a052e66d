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

    /// Looks a table over as one of a list.
    package static func findings(
        _ table: RuleTable, in list: CheckList, limits: TextLimits = TextLimits()
    ) -> [Finding] {
        var lint = RuleLint(compiled: PatternTable(table), list: list, limits: limits)
        for problem in lint.compiled.problems {
            lint.findings.append(
                Finding(line: problem.line, severity: problem.isSkipped ? .dead : .doubt, text: problem.text))
        }
        lint.checkRules()
        return lint.findings.sorted { $0.line < $1.line }
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

    private mutating func checkRules() {
        let used = Set(compiled.entries.map(\.line))
        var depth = 0
        // Rules at the outermost level that came before: their patterns, and the first that takes everything.
        var earlier: [PatternText: Int] = [:]
        var literals: [(text: [UInt8], line: Int)] = []
        var all: Int?
        for line in compiled.table.lines {
            guard let rule = line.rule else { continue }
            switch rule.operation {
            case .if: depth += used.contains(rule.line) ? 1 : 0
            case .endif: depth = max(0, depth - 1)
            case .match(let pattern, let second, let result):
                guard used.contains(rule.line) else { continue }
                checkAction(rule.line, result)
                let tree = PatternReader.tree(pattern, compiled.table.name.type)
                checkPattern(rule.line, pattern, tree)
                if let all {
                    dead(rule.line, "never fires: the rule on line \(all) matches every text")
                    continue
                }
                if let same = earlier[pattern], second == nil {
                    dead(rule.line, "never fires: the rule on line \(same) has the same pattern")
                    continue
                }
                guard pattern.isPositive, second == nil else { continue }
                if let text = tree?.literal, pattern.flags.contains(.caseless) {
                    if let wider = literals.first(where: { text.span.firstIndex(of: $0.text.span) != nil }) {
                        dead(rule.line, "never fires: the rule on line \(wider.line) matches wherever this one does")
                    } else if depth == 0, literals.count < Self.literalsCompared {
                        literals.append((text, rule.line))
                    }
                }
                guard depth == 0 else { continue }
                if earlier[pattern] == nil { earlier[pattern] = rule.line }
                if tree?.matchesAll ?? false { all = rule.line }
            }
        }
        for line in compiled.linesWithoutNeed {
            doubt(line, "slow: nothing in the pattern must stand in a text, so it is tried on every one")
        }
    }

    private static let literalsCompared = 5000

    // MARK: Actions

    private mutating func checkAction(_ line: Int, _ result: ResultTemplate) {
        guard case .none(let warning) = CheckAction(result.expanded([]), in: list) else { return }
        // What a group matches may make the text whole.
        guard result.highestCapture == 0 else { return }
        if result.expanded([]).span.hasPrefix(ignoringCase: "DELAY") {
            return dead(line, "DELAY is no action of Postfix: its code is switched off; use HOLD")
        }
        dead(line, "does nothing when it fires: \(warning)")
    }

    // MARK: Patterns

    private mutating func checkPattern(_ line: Int, _ pattern: PatternText, _ tree: PatternTree?) {
        if pattern.flags.isDisjoint(with: .caseless),
            pattern.bytes.contains(where: { $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A })
        {
            doubt(line, "the flag i makes the pattern heed case, which it does not without; leave i out to ignore case")
        }
        guard let tree else { return }
        if pattern.isPositive, tree.matchesAll, tree.shortest == 0 {
            doubt(line, "matches every text: is a | or a * too many?")
        }
        if tree.explodes {
            doubt(
                line,
                "can take very long: a repeated group that itself repeats, as in (a+)+, tries every way to divide "
                    + "the text; repeat once only")
        }
        guard pattern.isPositive else { return }
        list.isHeader ? checkHeader(line, pattern, tree) : checkBody(line, pattern, tree)
        if pattern.bytes.contains(where: { $0 >= 0x80 }), list == .body || list.isHeader && list != .decodedHeader {
            doubt(
                line,
                "octets beyond ASCII are encoded in mail (RFC 2047, base64, quoted-printable) and looked up so: put "
                    + "the rule into \(list == .body ? "decoded_body_checks" : "decoded_header_checks"), where text is UTF-8"
            )
        }
    }

    /// Fields of the six, by their names in lower case.
    private static let mimeNames = [
        "content-type", "content-disposition", "content-transfer-encoding", "content-id", "content-description",
        "mime-version",
    ]

    private mutating func checkBody(_ line: Int, _ pattern: PatternText, _ tree: PatternTree) {
        let start = String(decoding: tree.anchoredPrefix, as: UTF8.self)
        let whole = String(decoding: tree.letters, as: UTF8.self)
        if list == .body, let name = Self.mimeNames.first(where: { start.hasPrefix($0 + ":") }) {
            dead(
                line,
                "never fires on \(name): the headers of parts are no body text since Postfix 2.0; put the rule into "
                    + "mime_header_checks")
        } else if list == .body, whole.contains("name=") {
            doubt(
                line,
                "file names stand in the headers of parts, which are no body text since Postfix 2.0: put the rule "
                    + "into mime_header_checks, or use attachment_checks")
        }
        if list == .body, tree.shortest > limits.lineLength {
            dead(
                line,
                "never fires: lines are looked up in pieces of \(limits.lineLength) octets (line_length_limit), and "
                    + "this needs \(tree.shortest)")
        }
        if tree.needsNewline { dead(line, "never fires: a line has no newline in it, and this needs one") }
    }

    private mutating func checkHeader(_ line: Int, _ pattern: PatternText, _ tree: PatternTree) {
        if tree.shortest > limits.headerSize + limits.lineLength {
            dead(
                line,
                "never fires: header fields are cut near \(limits.headerSize) octets (header_size_limit), and this "
                    + "needs \(tree.shortest)")
        }
        let start = tree.anchoredPrefix
        guard !start.isEmpty, !pattern.flags.contains(.multiline) else { return }
        guard let colon = start.firstIndex(of: 0x3A) else {
            if start.contains(0x20) {
                dead(line, "never fires: a field begins with its name and a colon, without blanks")
            }
            return
        }
        let name = String(decoding: start[..<colon], as: UTF8.self)
        if name.utf8.contains(0x20) {
            return dead(
                line, "never fires: a field begins with its name and a colon, and a blank before the colon is taken out"
            )
        }
        let isMIME = Self.mimeNames.contains(name)
        switch list {
        case .header where isMIME:
            doubt(
                line,
                "\(name) is looked up in mime_header_checks, also at the top of the message; this fires only while "
                    + "mime_header_checks is not set")
        case .mimeHeader where !isMIME:
            doubt(
                line,
                "\(name) of the message itself is looked up in header_checks; here only fields at the top of a body "
                    + "part are seen")
        case .nestedHeader where isMIME:
            dead(line, "never fires: \(name) of attached messages is looked up in mime_header_checks")
        default: break
        }
    }
}
