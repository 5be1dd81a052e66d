internal import Checks
internal import Configuration
internal import InspectionLink
internal import Linux
internal import MailModel
internal import Patterns
internal import Policy
internal import Relay

/// From the rules that an inspector says have fired to what is done. The inspector is not believed: a rule that the
/// tables do not have, or an edit of anything but one field or one line, ends the message as a failure of ours. What a rule
/// wants and cannot be done puts the message off: it does not go where the rule says that it shall not.
struct RuleJudgement: Sendable {
    private(set) var outcome = CheckOutcome()
    /// The tables that fired; nil when none are in use.
    private(set) var book: RuleBook?
    /// What FILTER chose; nil for the listener's own next hops.
    private(set) var nextHop: NextHop?
    /// The only recipient, when REDIRECT names one.
    private(set) var redirect: Recipient?
    /// Recipients that BCC adds.
    private(set) var bcc: [Recipient] = []
    /// For the log; escape before showing.
    private(set) var warnings: [String] = []
    /// Matches that were given up.
    private(set) var givenUp = 0
    /// Why what the rules want cannot be done; nil when it can.
    private(set) var failure: String?

    /// Why a report cannot be used.
    struct Refusal: Error {
        var detail: String
    }

    /// Nothing fired.
    init() {}

    /// Reads the firings of a report, and the places in the message that they would change.
    init(_ report: Report, book: RuleBook?, message: EditableMessage) throws {
        guard !report.firings.isEmpty || !report.givenUp.isEmpty || report.unloggedFirings > 0 else { return }
        guard let book else { throw Refusal(detail: "rules fired where there are none") }
        self.book = book
        var added = 0
        // One action a text: a list that fires twice at a place, or goes back, is a lie, and reading the same octets
        // again and again would cost us more than the worker.
        var ends: [CheckList: Int] = [:]
        for firing in report.firings {
            guard let table = book.table(firing.list, firing.table), let rule = table.rule(line: firing.line),
                case .match(_, _, let result) = rule.operation
            else { throw Refusal(detail: "a rule fired that \(firing.list.rawValue) does not have") }
            let action = CheckAction(result.expanded(firing.groups), in: firing.list)
            var isContinued = false
            if action.isEdit {
                guard firing.range.lowerBound >= ends[firing.list, default: 0] else {
                    throw Refusal(detail: "\(firing.list.rawValue) fired twice at one place")
                }
                ends[firing.list] = firing.range.upperBound
                isContinued = try message.checkPlace(firing)
            }
            let count = outcome.edits.count
            outcome.take(action, firing, isContinued: isContinued)
            if outcome.edits.count > count { added += outcome.edits[count].text.count }
            if added > book.editLimit {
                failure = "rules would add more than rules.edit_limit, \(book.editLimit) octets"
            }
            if outcome.isEnded || failure != nil { break }
        }
        warnings = outcome.warnings
        try takeGivenUp(report.givenUp, book)
        if failure == nil { failure = route(book) }
        if let failure { warnings.append(failure) }
        if report.unloggedFirings > 0 {
            warnings.append(
                "\(report.unloggedFirings) more warnings of rules, beyond rules.firing_limit or rules.group_limit")
        }
    }

    /// Postfix warns of a rule on which its engine gives up: so it is done here.
    private mutating func takeGivenUp(_ rules: [RuleGivenUp], _ book: RuleBook) throws {
        for rule in rules {
            guard let table = book.table(rule.list, rule.table), table.rule(line: rule.line) != nil else {
                throw Refusal(detail: "a rule was given up that \(rule.list.rawValue) does not have")
            }
            let name = table.name
            warnings.append(
                "\(name.type.rawValue) map \(name.place), line \(rule.line): \(rule.words)"
                    + (rule.times > 1 ? ", \(rule.times) times" : ""))
            givenUp = givenUp.addingReportingOverflow(rule.times).partialValue
        }
    }

    /// Finds out where the message goes.
    /// - Returns: why it cannot go there; nil when it can.
    private mutating func route(_ book: RuleBook) -> String? {
        guard !outcome.hasTooManyBCC else {
            return "BCC would add more than \(CheckOutcome.bccLimit) recipients"
        }
        for address in outcome.bcc {
            guard let path = RuleRemark.path(address) else {
                warnings.append("BCC \(Escaping.text(address, limit: 320)): no address that SMTP could carry")
                continue
            }
            bcc.append(Recipient(path: path, notify: .never))
        }
        if let address = outcome.redirect {
            guard let path = RuleRemark.path(address) else {
                return "REDIRECT \(Escaping.text(address, limit: 320)): no address that SMTP could carry"
            }
            redirect = Recipient(path: path)
            // In Postfix all recipients make way for this one, those of BCC among them.
            bcc = []
        } else if let filter = outcome.filter {
            guard let hop = book.nextHop(filter: filter) else {
                return "FILTER \(Escaping.text(filter, limit: 200)) has no entry in rules.filters"
            }
            nextHop = hop
        }
        return nil
    }

    /// What the rules decided, for the verdict.
    var ruling: Verdict.Ruling? {
        switch outcome.decision {
        case .reject(let status, let text): return .reject(status, String(decoding: text, as: UTF8.self))
        case .discard(let text): return .discard(String(decoding: text, as: UTF8.self))
        case .hold, nil:
            if failure != nil { return .failed }
            guard case .hold(let text) = outcome.decision, book?.hold != .header else { return nil }
            return .hold(String(decoding: text, as: UTF8.self))
        }
    }

    /// The field that asks the MTA behind to hold the message; empty when nothing does.
    func holdField(_ names: MarkingPolicy.FieldNames) -> String {
        guard case .hold(let text) = outcome.decision, book?.hold == .header else { return "" }
        return HeaderEdits.hold(String(decoding: text, as: UTF8.self), names: names)
    }

    /// Points of SCORE actions.
    var tests: [ScoredTest] {
        outcome.scores.map {
            ScoredTest(
                name: $0.name, score: Double($0.points) / 1000, description: String(decoding: $0.text, as: UTF8.self),
                evidence: String(decoding: $0.seen, as: UTF8.self), headerShare: $0.list.headerShare)
        }
    }

    /// The lines for the log, in cleanup(8)'s shape.
    func logLines(id: String, envelope: Envelope) -> [String] {
        outcome.entries.map { entry in
            let place =
                switch entry.list {
                case .header, .mimeHeader, .nestedHeader: "header"
                case .body: "body"
                case .decodedHeader: "decoded header"
                case .decodedBody: "decoded body"
                case .link: "link"
                case .attachment: "attachment"
                }
            return RuleLogLine.text(
                id: id, verb: entry.verb, place: place, content: entry.content, text: entry.text, envelope: envelope)
        } + warnings.map { "\(id): warning: \(Escaping.text($0, limit: 1000))" }
    }
}

extension CheckAction {
    /// It changes the message.
    fileprivate var isEdit: Bool {
        switch self {
        case .ignore, .strip, .prepend, .replace: true
        default: false
        }
    }
}
