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
    /// What stands behind FILTER in `rules.filters`; nil when no settings are known.
    private let filters: Set<String>?
    private var findings: [Finding] = []
    private var slow: [Finding] = []
    /// Destinations of FILTER that have been told of.
    private var toldFilters: Set<[UInt8]> = []

    /// Looks a table over as one of a list.
    /// - Parameter filters: what stands behind FILTER in `rules.filters`; nil when no settings are known.
    package static func findings(
        _ table: RuleTable, in list: CheckList, limits: TextLimits = TextLimits(), filters: Set<String>? = nil
    ) -> [Finding] {
        var lint = RuleLint(
            compiled: PatternTable(table, readsCharacters: list.readsCharacters), list: list, limits: limits,
            filters: filters)
        for problem in lint.compiled.problems {
            lint.findings.append(
                Finding(line: problem.line, severity: problem.isSkipped ? .dead : .doubt, text: problem.text))
        }
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
                out += all
            }
        }
        out += slow.filter { !told.contains($0.line) }
        return out.sorted { $0.line < $1.line }
    }

    private init(compiled: PatternTable, list: CheckList, limits: TextLimits, filters: Set<String>?) {
        self.compiled = compiled
        self.list = list
        self.limits = limits
        self.filters = filters
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
        // Lines whose patterns are not understood.
        var unread: Set<Int> = []
        for line in compiled.table.lines {
            guard let rule = line.rule else { continue }
            switch rule.operation {
            case .if: depth += used.contains(rule.line) ? 1 : 0
            case .endif: depth = max(0, depth - 1)
            case .match(let pattern, let second, let result):
                guard used.contains(rule.line) else { continue }
                checkAction(rule.line, result)
                let tree = PatternReader.tree(pattern, compiled.table.name.type)
                if tree == nil { unread.insert(rule.line) }
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
                if let tree, takesAll(tree, pattern) { all = rule.line }
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

    /// Whether no text passes a rule. Without the dot that takes newlines a field with folds does.
    private func takesAll(_ tree: PatternTree, _ pattern: PatternText) -> Bool {
        let dotTakesAll = compiled.table.name.type == .regexp || pattern.flags.contains(.dotAll) || !list.isHeader
        return tree.matchesAll && (dotTakesAll || tree.shortest == 0 && tree.anchoredPrefix.isEmpty && !tree.isAnchored)
    }

    private static let literalsCompared = 5000

    // MARK: Actions

    private mutating func checkAction(_ line: Int, _ result: ResultTemplate) {
        let value = result.expanded([])
        let action = CheckAction(value, in: list)
        switch action {
        // What a group matches may make the text whole.
        case .none where result.highestCapture > 0, .fail where result.highestCapture > 0,
            .filter where result.highestCapture > 0:
            break
        case .none where value.span.hasPrefix(ignoringCase: "DELAY"):
            dead(line, "DELAY is no action of Postfix: its code is switched off; use HOLD")
        case .none(let warning): dead(line, "does nothing when it fires: \(warning)")
        case .ignore, .strip, .prepend, .replace:
            if !list.isEditable { dead(line, "keeps the gateway from starting: \(CheckAction.noEdit)") }
        case .fail: doubt(line, CheckAction.failWords)
        case .filter(let text): checkFilter(line, text)
        default:
            if let warning = CheckAction.warning(value, in: list) { doubt(line, warning) }
        }
    }

    /// Without settings each destination is told of once.
    private mutating func checkFilter(_ line: Int, _ text: [UInt8]) {
        let words = String(decoding: text, as: UTF8.self)
        let advice = "'\(words) => smtp:[host]:port' in rules.filters"
        guard let filters else {
            if toldFilters.insert(text).inserted {
                doubt(line, "needs the entry \(advice), or the gateway does not start: name the settings with --config")
            }
            return
        }
        if !filters.contains(words) { dead(line, "keeps the gateway from starting: there is no \(advice)") }
    }

    // MARK: Patterns

    private mutating func checkPattern(_ line: Int, _ pattern: PatternText, _ tree: PatternTree?) {
        if pattern.flags.isDisjoint(with: .caseless),
            pattern.bytes.contains(where: { $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A })
        {
            doubt(line, "the flag i makes the pattern heed case, which it does not without; leave i out to ignore case")
        }
        guard let tree else { return }
        if pattern.isPositive, takesAll(tree, pattern) {
            doubt(line, "matches every text: is a | or a * too many?")
        }
        if Ambiguity.explodes(tree) {
            doubt(
                line,
                "can take very long: within a repetition the same text can be divided in several ways, as in (a+)+ or "
                    + "(a|aa)+, and every way is tried; repeat once only, or let each turn begin with what no other can"
            )
        }
        if compiled.table.name.type == .regexp, tree.hasReference {
            doubt(
                line,
                "a back reference of a regexp table has no limit of steps: on some texts the C library takes until the "
                    + "deadline of the inspection ends it; use a pcre table")
        }
        guard pattern.isPositive else { return }
        list.isHeader ? checkHeader(line, pattern, tree) : checkBody(line, pattern, tree)
        if let (severity, text) = MisplacedPattern.finding(list, pattern, tree) {
            findings.append(Finding(line: line, severity: severity, text: text))
        }
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
            checkName(line, whole)
        }
        if list == .body { checkContents(line, tree) }
        if list == .body, tree.shortest > limits.lineLength {
            dead(
                line,
                "never fires: lines are looked up in pieces of \(limits.lineLength) octets (line_length_limit), and "
                    + "this needs \(tree.shortest)")
        }
        if tree.needsNewline { dead(line, "never fires: a line has no newline in it, and this needs one") }
    }

    /// A name in a body rule: it stands in the header of a part, unless the rule looks for HTML.
    private mutating func checkName(_ line: Int, _ letters: String) {
        let advice =
            "file names stand in the headers of parts, which are no body text since Postfix 2.0: put the rule into "
            + "mime_header_checks, as /^Content-(Disposition|Type):.*name=.../, or use attachment_checks, as "
            + "/^name: .*.../"
        if letters.contains("<") || !letters.contains("name=\"") {
            doubt(line, advice)
        } else {
            dead(line, "never fires on an attachment: " + advice)
        }
    }

    /// Beginnings and marks of files, in lower case: files are sent in base64.
    private static let contents = [
        "this program cannot be run in dos mode", "this program must be run under win32", "%pdf-1", "{\\rtf1",
        "word/document.xml", "[content_types].xml", "vbaproject.bin",
    ]

    /// What stands in a file is looked up as the base64 text that it is sent in.
    private mutating func checkContents(_ line: Int, _ tree: PatternTree) {
        let whole = String(decoding: tree.letters, as: UTF8.self)
        if let found = Self.contents.first(where: { whole.contains($0) }) {
            return dead(
                line,
                "never fires on a file: files are sent in base64, and body_checks sees that text and not \"\(found)\"; "
                    + "look for its base64 text, or use decoded_body_checks for text and attachment_checks for types "
                    + "of files")
        }
        if tree.needsControl {
            doubt(
                line,
                "needs an octet that stands in no text: files are sent in base64, and body_checks sees that text; use "
                    + "attachment_checks for types of files")
        }
        if let length = tree.longestBase64, length > 76 {
            dead(
                line,
                "never fires: base64 text has lines of 76 octets, and this needs \(length) of it in one; cut it at a line "
                    + "end")
        }
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
