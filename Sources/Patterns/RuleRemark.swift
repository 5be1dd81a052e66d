package import Checks
package import MailModel
internal import SMTP

/// What is to be said of the action of a rule, when its table is loaded or looked over.
package struct RuleRemark: Hashable {
    /// What becomes of the rule.
    package enum Kind: Hashable {
        /// It asks for what cannot be done here, so that the gateway does not start.
        case refusal
        /// It does nothing when it fires.
        case idle
        /// It does something else than it seems to.
        case doubt
    }

    /// Line of the rule in its table.
    package var line: Int
    /// Holds text of the table: escape before showing.
    package var text: String
    package var kind: Kind

    package var isRefusal: Bool { kind == .refusal }

    /// Goes through the rules of a table.
    /// - Parameters:
    ///   - filters: what stands behind FILTER in `rules.filters`; nil when no settings are known.
    ///   - isStrict: what cannot be used, an address or the whole text, is refused (`rules.strict`).
    package static func remarks(
        on table: RuleTable, in list: CheckList, filters: Set<String>?, isStrict: Bool
    ) -> [RuleRemark] {
        var out: [RuleRemark] = []
        // Without settings each destination is told of once.
        var told: Set<[UInt8]> = []
        for line in table.lines {
            guard let rule = line.rule, case .match(_, _, let result) = rule.operation else { continue }
            if filters == nil, case .filter(let text) = CheckAction(result.expanded([]), in: list),
                result.highestCapture == 0, !told.insert(text).inserted
            {
                continue
            }
            if let (kind, text) = remark(result, list, filters, isStrict) {
                out.append(RuleRemark(line: rule.line, text: text, kind: kind))
            }
        }
        return out
    }

    private static func remark(
        _ result: ResultTemplate, _ list: CheckList, _ filters: Set<String>?, _ isStrict: Bool
    ) -> (Kind, String)? {
        let value = result.expanded([])
        let action = CheckAction(value, in: list)
        // Groups of the pattern go into the text, so that only the action itself is known.
        let isFilledIn = result.highestCapture > 0
        switch action {
        case .strip where !list.isEditable, .ignore where !list.isEditable, .prepend where !list.isEditable,
            .replace where !list.isEditable:
            return (.refusal, CheckAction.noEdit)
        case .none(let words) where !isFilledIn: return (isStrict ? .refusal : .idle, isDelay(value) ? delay : words)
        case .fail where !isFilledIn: return (isStrict ? .refusal : .doubt, CheckAction.failWords)
        case .redirect where !isFilledIn, .bcc where !isFilledIn:
            if let words = badAddress(action) { return (isStrict ? .refusal : .doubt, words) }
        case .filter(let text) where !isFilledIn: return filter(text, filters)
        case .filter, .none:
            if value.starts(with: Array("FILTER".utf8)), let words = unfilled(result, filters) {
                return (.doubt, words)
            }
        case .reject(_, let text):
            if let words = replyCode(text, value) { return (.doubt, words) }
        default: break
        }
        return CheckAction.warning(value, in: list).map { (.doubt, $0) }
    }

    // MARK: Words

    private static let delay = "DELAY is no action of Postfix: its code is switched off; use HOLD"

    private static func isDelay(_ value: [UInt8]) -> Bool {
        value.prefix(5).map { $0 & 0xDF } == Array("DELAY".utf8) && (value.count == 5 || value[5] == 0x20)
    }

    private static func filter(_ text: [UInt8], _ filters: Set<String>?) -> (Kind, String)? {
        let words = Escaping.text(text, limit: 100)
        let entry = "'\(words) => smtp:[host]:port'"
        guard let filters else {
            return (
                .doubt,
                "needs the entry \(entry) in rules.filters, or the gateway does not start: name the settings with --config"
            )
        }
        if filters.contains(String(decoding: text, as: UTF8.self)) { return nil }
        return (.refusal, "FILTER \(words) has no next hop here: add \(entry) to rules.filters")
    }

    /// A destination that groups fill in, when no entry can be what comes of it.
    private static func unfilled(_ result: ResultTemplate, _ filters: Set<String>?) -> String? {
        guard let filters else { return nil }
        let mark: UInt8 = 0
        let text = result.marked(mark).drop { $0 != 0x20 && $0 != 0x09 }.drop { $0 == 0x20 || $0 == 0x09 }
        let pieces = text.split(separator: mark, omittingEmptySubsequences: false).map(Array.init)
        guard !filters.contains(where: { isMade(Array($0.utf8), of: pieces) }) else { return nil }
        let shown = Escaping.text(pieces.map { Array($0) }.joined(separator: Array("$n".utf8)).map { $0 }, limit: 100)
        return "FILTER \(shown): rules.filters has no entry that this can become; mail for which it fires is put off"
    }

    /// True when a text consists of the pieces with anything between them.
    private static func isMade(_ text: [UInt8], of pieces: [[UInt8]]) -> Bool {
        guard let first = pieces.first, let last = pieces.last, pieces.count > 1 else { return false }
        guard text.starts(with: first), text.reversed().starts(with: last.reversed()) else { return false }
        return text.count >= first.count + last.count
    }

    /// The code of a reply before the text of REJECT, which smtpd(8) would put before it a second time.
    private static func replyCode(_ text: [UInt8], _ value: [UInt8]) -> String? {
        let code = text.prefix { $0 >= 0x30 && $0 <= 0x39 }
        guard code.count == 3, code.first == 0x34 || code.first == 0x35, text.count == 3 || text[3] == 0x20 else {
            return nil
        }
        let rest = Escaping.text(Array(text.dropFirst(4)), limit: 60)
        return
            "the code \(String(decoding: code, as: UTF8.self)) becomes part of the text, behind the reply's own 550 5.7.1: write "
            + "REJECT \(rest)"
    }

    /// Postfix loads a rule with any address and bounces or puts off the mail for which it fires.
    private static func badAddress(_ action: CheckAction) -> String? {
        switch action {
        case .redirect(let address) where path(address) == nil:
            "REDIRECT: \(Escaping.text(address, limit: 100)) is no address that SMTP could carry: mail for which this fires "
                + "is put off"
        case .bcc(let address) where path(address) == nil:
            "BCC: \(Escaping.text(address, limit: 100)) is no address that SMTP could carry, one at a time: nothing is added"
        default: nil
        }
    }

    /// An address as RCPT TO takes it; nil when it is none.
    package static func path(_ address: [UInt8]) -> MailPath? {
        var bytes = address[...]
        if bytes.first == 0x3C, bytes.last == 0x3E, bytes.count > 2 { bytes = bytes.dropFirst().dropLast() }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F }), let path = try? PathGrammar.parse(bytes), !path.isNull
        else {
            return nil
        }
        return path
    }
}
