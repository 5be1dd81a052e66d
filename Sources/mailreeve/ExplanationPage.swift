import Foundation
import Gateway
import MailModel
import Stores

/// An event of the journal for a person. All texts in it were escaped when it was made.
enum ExplanationPage {
    static func text(_ record: JournalRecord) -> String {
        let why = try? MessageExplanation(json: record.explanation)
        let recipients = why?.recipients.map(\.address) ?? record.recipients
        var lines = [
            row("message", "\(record.mailID), id=\(record.logID)"),
            row("time", QuarantineListing.time(record.time)),
            row("envelope", "<\(record.sender)> -> \(list(recipients))"),
            row("client", record.client),
        ]
        if !record.subject.isEmpty { lines.append(row("subject", record.subject)) }
        if !record.messageID.isEmpty { lines.append(row("Message-ID", record.messageID)) }
        lines.append(row("size", "\(record.size) octets"))
        guard let why else {
            lines.append(row("category", record.category.rawValue))
            lines += record.line.split(separator: "\n").map { row("log", String($0)) }
            return lines.joined(separator: "\n")
        }
        if let author = why.author { lines.append(row("author", author)) }
        lines.append(row("listener", "\(why.listener) (\(why.placement)), policy \(why.policy)"))
        lines.append(row("categories", why.categories.joined(separator: ", ")))
        lines.append(row("decided by", "\(why.deciding): \(why.destiny)"))
        lines += why.settings.map { row("setting", $0) }
        lines.append(row("score", MessageExplanation.points(why.score) + levels(why.levels)))
        lines += block(
            "tests",
            why.tests.sorted { abs($0.score) > abs($1.score) }.map { test in
                let points = MessageExplanation.points(test.score)
                return String(repeating: " ", count: max(0, 8 - points.count)) + points + "  "
                    + [test.name, test.description ?? "", test.evidence].filter { !$0.isEmpty }.joined(separator: ": ")
            })
        lines += block("findings", why.findings.map { "\($0.source): \($0.text)" })
        lines += block("scanners", (why.scanners ?? []).map { "\($0.source): \($0.text)" })
        if why.cached == true { lines.append(row("kept answer", "an earlier copy of this message was inspected")) }
        lines += block("rules", why.rules)
        lines += block("unchecked", why.unchecked.map { $0.text.isEmpty ? $0.source : "\($0.source): \($0.text)" })
        lines += block("anomalies", why.anomalies.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value))" })
        lines += block("causes", why.causes)
        lines += block("recipients", why.recipients.map(text))
        if let copies = why.copiedTo { lines.append(row("copied to", list(copies))) }
        lines += block("disclaimer", why.disclaimers ?? [])
        lines += block("sanitized", why.sanitized ?? [])
        lines += block("groups", (why.groups ?? []).flatMap(text))
        if let id = record.quarantineID { lines.append(row("quarantine", id + elsewhere(why.copies ?? []))) }
        lines += block("otherwise", why.wouldChange)
        return lines.joined(separator: "\n")
    }

    private static func text(_ outcome: MessageExplanation.Outcome) -> String {
        "<\(outcome.address)>: \(outcome.disposition): \(outcome.reply)"
            + (outcome.suppression.map { " (no notification: \($0))" } ?? "")
            + (outcome.redirectedTo.map { " (redirected to <\($0)>)" } ?? "")
    }

    /// Where the copy is, if not in the quarantine of this host alone.
    private static func elsewhere(_ copies: [String]) -> String {
        copies.isEmpty || copies == [MessageExplanation.localCopy] ? "" : ", copy: \(copies.joined(separator: ", "))"
    }

    private static func list(_ addresses: [String]) -> String { addresses.map { "<\($0)>" }.joined(separator: ",") }

    /// Recipients with the same settings: who, what was decided, by which settings, and what would have ended otherwise.
    private static func text(_ group: MessageExplanation.Group) -> [String] {
        let more = group.count - group.recipients.count
        let decision =
            group.recipients.map { "<\($0)>" }.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
            + ": \(group.deciding): \(group.destiny)"
            + (group.settings.isEmpty ? "" : " by \(group.settings.joined(separator: ", "))") + levels(group.levels)
        return [decision] + (group.wouldChange ?? []).map { "  " + $0 }
    }

    private static func row(_ name: String, _ value: String) -> String {
        name + String(repeating: " ", count: max(1, 12 - name.count)) + value
    }

    private static func block(_ name: String, _ items: [String]) -> [String] {
        items.isEmpty ? [] : [name] + items.map { "  " + $0 }
    }

    private static func levels(_ levels: [String: Double]) -> String {
        let known = ["tag", "tag2", "tag3", "kill", "dsn_cutoff", "quarantine_cutoff"].compactMap { name in
            levels[name].map { "\(name) \(MessageExplanation.points($0))" }
        }
        return known.isEmpty ? "" : " (\(known.joined(separator: ", ")))"
    }
}
