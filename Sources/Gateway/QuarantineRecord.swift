package import Configuration
internal import Foundation
internal import Glibc
internal import Linux
internal import Logging
internal import MailModel
internal import SQLiteStores
package import Stores

/// What a release, a removal or a look leaves behind for whoever has to answer later: a line in amavis's words, and an event of the journal.
package struct QuarantineRecord: Sendable {
    /// The event, found by the recipients, by the identifier of the entry, and by its own.
    let event: JournalRecord

    /// What was done; raw values are the words of the log. amavis's tools know the first one.
    package enum Verb: String, Sendable {
        case released = "release"
        /// It went back to a listener, to be judged again.
        case requeued
        /// It was sent to somebody as a report on abuse.
        case reported
        /// It was removed by hand.
        case deleted
        /// Somebody has looked at it.
        case shown
    }

    /// - Parameters:
    ///   - entry: what was released.
    ///   - answers: what the next hop said of each recipient.
    ///   - person: who asked for it.
    ///   - id: of the request.
    package init(
        _ entry: Quarantine.Entry, _ answers: [QuarantineRelease.Answer], _ verb: Verb, by person: String,
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
            lines.append("(\(id)) Quarantined message \(verb.rawValue): \(item)\(words(passed))\(asked)")
        }
        if let first = refused.first {
            lines.append(
                "(\(id)) Quarantined message not released: \(item)\(words(refused))\(asked): "
                    + Escaping.text(first.reply.summary, limit: 300))
        }
        var queueIDs: [String] = []
        for id in passed.compactMap(\.reply.queueID) where !queueIDs.contains(id) { queueIDs.append(id) }
        event = Self.event(
            entry, id, recipients: answers.map { $0.recipient.description },
            isPassed: !passed.isEmpty && verb == .released,
            isBlocked: !refused.isEmpty || verb == .requeued,
            queuedAs: queueIDs.map { Escaping.text($0, limit: 64) }.joined(separator: "/"),
            line: lines.joined(separator: "\n"))
    }

    /// - Parameters:
    ///   - entry: what was deleted or shown.
    ///   - person: who did it.
    package init(_ entry: Quarantine.Entry, _ verb: Verb, by person: String) {
        let (id, recipients) = (Quarantine.newID(), entry.envelope.recipients.map { $0.path.description })
        let words = recipients.map { "<\($0)>" }.joined(separator: ",")
        let asked = person.isEmpty ? "" : ", requested by \(Escaping.text(person, limit: 320))"
        event = Self.event(
            entry, id, recipients: recipients, isPassed: false, isBlocked: false, queuedAs: "",
            line:
                "(\(id)) Quarantined message \(verb.rawValue): \(entry.id) <\(entry.envelope.reversePath)> -> \(words)\(asked)"
        )
    }

    /// - Parameters:
    ///   - search: what somebody has listed the quarantine for; empty for all of it.
    ///   - person: who did it.
    package init(listing search: String, by person: String) {
        let id = Quarantine.newID()
        let words = search.isEmpty ? "all" : Escaping.text(search, limit: 1000)
        event = JournalRecord(
            mailID: id, logID: id, time: time(nil), category: .clean, isPassed: false, isBlocked: false, sender: "",
            recipients: [], subject: "", messageID: "", client: "", size: 0, score: nil, quarantineID: nil,
            queuedAs: "",
            line: "(\(id)) Quarantine listed: \(words), requested by \(Escaping.text(person, limit: 320))",
            explanation: Array("{}".utf8))
    }

    private static func event(
        _ entry: Quarantine.Entry, _ id: String, recipients: [String], isPassed: Bool, isBlocked: Bool,
        queuedAs: String, line: String
    ) -> JournalRecord {
        let row = QuarantineRow(entry, node: "")
        return JournalRecord(
            mailID: id, logID: id, time: time(nil), category: entry.category, isPassed: isPassed, isBlocked: isBlocked,
            sender: row.sender, recipients: recipients, subject: row.subject, messageID: row.messageID,
            client: row.client, size: entry.size, score: nil, quarantineID: entry.id, queuedAs: queuedAs, line: line,
            explanation: Array("{}".utf8))
    }

    /// Reads what `json` gives; nil for anything else. Control characters would make lines of their own in the log.
    init?(json: [UInt8]) {
        guard let event = try? JSONDecoder().decode(JournalRecord.self, from: Data(json)),
            event.line.unicodeScalars.allSatisfy({ $0 == "\n" || $0.value >= 0x20 && $0.value != 0x7F })
        else { return nil }
        self.event = event
    }

    /// One JSON object on one line.
    private var json: [UInt8] { (try? JSONEncoder().encode(event)).map { Array($0) } ?? [] }

    /// Writes the event for a command, which ends before a writer of the daemon's kind would, and has the daemon say it in its
    /// log; where none runs it is said here, if the log is syslog. Blocks.
    /// - Parameter report: hears what could not be written.
    package func write(_ settings: Settings, report: @escaping @Sendable (String) -> Void) {
        for sink in MessageJournal.sinks(settings, report: report) {
            do {
                try sink.append([event])
            } catch {
                report("journal: \(error)")
            }
        }
        guard !tellDaemon(settings.controlSocketPath), settings.log.target == .syslog else { return }
        do {
            let output = try LogOutput(settings.log)
            let logger = Logger(label: "mailreeve") { _ in GatewayLogHandler(output, settings: settings.log) }
            MessageJournal.log(self, logger, isStructured: settings.log.format == .json)
            output.close()
        } catch {
            report("log: \(error)")
        }
    }

    /// - Returns: false when no daemon takes it.
    private func tellDaemon(_ path: String) -> Bool {
        do throws(SystemError) {
            let connection = try StreamSocket(unix: path, seconds: 10)
            try connection.send(Array("record ".utf8) + json + [0x0A])
            var answer = [UInt8](repeating: 0, count: 1024)
            let count = try connection.receive(into: &answer)
            return count > 0 && !String(decoding: answer[..<count], as: UTF8.self).contains("\"error\"")
        } catch {
            return false
        }
    }
}
