package import Checks
package import MailModel
internal import SMTP

/// What is to be said of a rule when its table is loaded.
package struct RuleRemark: Hashable {
    /// Line of the rule in its table.
    package var line: Int
    /// Holds text of the table: escape before showing.
    package var text: String
    /// The rule asks for what cannot be done here, so that the gateway does not start.
    package var isRefusal: Bool

    /// Goes through the rules of a table.
    /// - Parameters:
    ///   - filters: what stands behind FILTER in `rules.filters`.
    ///   - isStrict: what cannot be used, an address or the whole text, is refused (`rules.strict`).
    package static func remarks(
        on table: RuleTable, in list: CheckList, filters: Set<String>, isStrict: Bool
    ) -> [RuleRemark] {
        var out: [RuleRemark] = []
        for line in table.lines {
            guard let rule = line.rule, case .match(_, _, let result) = rule.operation else { continue }
            let value = result.expanded([])
            let action = CheckAction(value, in: list)
            // Groups of the pattern go into the text, so that only the action itself is known.
            let isFilledIn = result.highestCapture > 0
            if let reason = refusal(action, list, isFilledIn, filters) {
                out.append(RuleRemark(line: rule.line, text: reason, isRefusal: true))
            } else if !isFilledIn, let words = badAddress(action) {
                out.append(RuleRemark(line: rule.line, text: words, isRefusal: isStrict))
            } else if !isFilledIn, case .fail = action {
                out.append(RuleRemark(line: rule.line, text: CheckAction.failWords, isRefusal: isStrict))
            } else if !isFilledIn, case .none(let words) = action {
                out.append(RuleRemark(line: rule.line, text: words, isRefusal: isStrict))
            } else if let words = CheckAction.warning(value, in: list) {
                out.append(RuleRemark(line: rule.line, text: words, isRefusal: false))
            }
        }
        return out
    }

    private static func refusal(
        _ action: CheckAction, _ list: CheckList, _ isFilledIn: Bool, _ filters: Set<String>
    ) -> String? {
        switch action {
        case .filter(let text) where !isFilledIn && !filters.contains(String(decoding: text, as: UTF8.self)):
            let words = Escaping.text(text, limit: 100)
            return "FILTER \(words) has no next hop here: add '\(words) => smtp:[host]:port' to rules.filters"
        case .strip where !list.isEditable, .ignore where !list.isEditable, .prepend where !list.isEditable,
            .replace where !list.isEditable:
            return CheckAction.noEdit
        default:
            return nil
        }
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
    static func path(_ address: [UInt8]) -> MailPath? {
        var bytes = address[...]
        if bytes.first == 0x3C, bytes.last == 0x3E, bytes.count > 2 { bytes = bytes.dropFirst().dropLast() }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F }), let path = try? PathGrammar.parse(bytes), !path.isNull
        else {
            return nil
        }
        return path
    }
}
