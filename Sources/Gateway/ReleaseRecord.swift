package import Configuration
internal import Glibc
internal import MailModel
internal import SQLiteStores
package import Stores

/// What a release leaves behind for whoever has to answer later: a line in amavis's words, and an event of the journal.
package struct ReleaseRecord: Sendable {
    /// The event, found by the new recipients, by the identifier of the entry, and by its own.
    let event: JournalRecord

    /// - Parameters:
    ///   - entry: what was released.
    ///   - answers: what the next hop said of each recipient.
    ///   - isRequeued: it went back to a listener, to be judged again.
    ///   - person: who asked for it.
    ///   - id: of the request.
    package init(
        _ entry: Quarantine.Entry, _ answers: [QuarantineRelease.Answer], isRequeued: Bool, by person: String,
        id: String = Quarantine.newID()
    ) {
        let passed = answers.filter(\.reply.isPositive)
        let refused = answers.filter { !$0.reply.isPositive }
        func words(_ answers: [QuarantineRelease.Answer]) -> String {
            answers.map { "<\($0.recipient)>" }.joined(separator: ",")
        }
        let item = "\(entry.id) <\(entry.envelope.reversePath)> -> "
        let asked = person.isEmpty ? "" : ", requested by \(Escaping.text(person, limit: 320))"
        var lines: [String] = []
        if !passed.isEmpty {
            let verb = isRequeued ? "Quarantined message requeued" : "Quarantined message release"
            lines.append("(\(id)) \(verb): \(item)\(words(passed))\(asked)")
        }
        if let first = refused.first {
            lines.append(
                "(\(id)) Quarantined message not released: \(item)\(words(refused))\(asked): "
                    + Escaping.text(first.reply.summary, limit: 300))
        }
        let row = QuarantineRow(entry, node: "")
        event = JournalRecord(
            mailID: id, logID: id, time: time(nil), category: entry.category, isPassed: !passed.isEmpty && !isRequeued,
            isBlocked: !refused.isEmpty || isRequeued, sender: row.sender,
            recipients: answers.map { $0.recipient.description }, subject: row.subject, messageID: row.messageID,
            client: row.client, size: entry.size, score: nil, quarantineID: entry.id,
            queuedAs: passed.compactMap(\.reply.queueID).map { Escaping.text($0, limit: 64) }.joined(separator: "/"),
            line: lines.joined(separator: "\n"), explanation: Array("{}".utf8))
    }

    /// Writes the event for a command, which ends before a writer of the daemon's kind would. Blocks on a disk.
    /// - Parameter report: hears what could not be written.
    package func write(_ settings: Settings, report: @escaping @Sendable (String) -> Void) {
        for sink in MessageJournal.sinks(settings, report: report) {
            do {
                try sink.append([event])
            } catch {
                report("journal: \(error)")
            }
        }
    }
}
