import Foundation
import MIME
import MailModel
import SMTP
import Stores

/// An entry of the quarantine for `quarantine list --json`, and the forms for people. Fields may be added, never renamed.
struct QuarantineListing: Encodable {
    var id: String
    var time: Int
    var category: String
    var reason: String
    var size: Int
    var sender: String
    var recipients: [String]
    var client: String
    /// Unix time of the last release, 0 before.
    var released: Int

    init(_ entry: Quarantine.Entry) {
        id = entry.id
        time = entry.time
        category = entry.category.rawValue
        reason = entry.reason
        size = entry.size
        sender = entry.envelope.reversePath.description
        recipients = entry.envelope.recipients.map { $0.path.description }
        client = Self.client(entry)
        released = entry.released ?? 0
    }

    /// JSON on one line, keys sorted.
    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }

    /// One line of `quarantine list`.
    static func row(_ entry: Quarantine.Entry) -> String {
        let recipients = entry.envelope.recipients.map { "<\($0.path)>" }.joined(separator: ",")
        let size = String(entry.size)
        return "\(entry.id)  \(time(entry.time))  "
            + entry.category.rawValue.padding(toLength: 10, withPad: " ", startingAt: 0)
            + String(repeating: " ", count: max(1, 10 - size.count)) + size + (entry.released == nil ? "   " : " R ")
            + "<\(entry.envelope.reversePath)> -> \(recipients)"
    }

    /// Octets of the header that `quarantine show` looks at.
    static let headerLimit = 65_536

    /// `quarantine show`: what is known of the entry, then the header.
    /// - Parameter head: the beginning of the message, one octet more than `headerLimit` where there are as many.
    static func page(_ entry: Quarantine.Entry, head: [UInt8]) -> String {
        let envelope = entry.envelope
        var rows = [
            ("id", entry.id), ("time", time(entry.time)), ("category", entry.category.rawValue),
            ("reason", Escaping.text(entry.reason, limit: 1000)), ("size", "\(entry.size) octets"),
            ("released", entry.released.map(time) ?? "no"), ("client", client(entry)),
            ("sender", "<\(envelope.reversePath)>" + parameters(envelope.parameters)),
        ]
        for recipient in envelope.recipients {
            var text = "<\(recipient.path)>"
            if let notify = recipient.notify { text += " NOTIFY=\(notify.text)" }
            if let original = recipient.originalRecipient { text += " ORCPT=\(Escaping.text(original, limit: 500))" }
            rows.append(("recipient", text))
        }
        var lines = rows.map { name, value in name + String(repeating: " ", count: 11 - name.count) + value }
        lines.append("header")
        lines += header(head).map { "  " + $0 }
        return lines.joined(separator: "\n")
    }

    private static func header(_ head: [UInt8]) -> [String] {
        var scanner = HeaderScanner(limit: headerLimit)
        while scanner.next(in: head.span) != nil {}
        var lines: [String] = []
        for line in head[..<min(scanner.position, head.count)].split(separator: 0x0A, omittingEmptySubsequences: true) {
            let text = line.last == 0x0D ? line.dropLast() : line
            if !text.isEmpty { lines.append(Escaping.text(text, limit: 1000)) }
        }
        if scanner.end == .limit { lines.append("... (the header goes on behind \(headerLimit) octets)") }
        return lines
    }

    private static func client(_ entry: Quarantine.Entry) -> String {
        let client = entry.envelope.client
        guard let forwarded = client.forwarded?.address else { return Escaping.text(client.address) }
        return "\(Escaping.text(client.address)) for \(Escaping.text(forwarded))"
    }

    private static func parameters(_ parameters: MailParameters) -> String {
        var text = ""
        if let body = parameters.body { text += " BODY=\(body.rawValue)" }
        if parameters.smtputf8 { text += " SMTPUTF8" }
        if let ret = parameters.ret { text += " RET=\(ret.rawValue)" }
        if let id = parameters.envelopeID { text += " ENVID=\(Escaping.text(id))" }
        return text
    }

    private static func time(_ time: Int) -> String {
        Date(timeIntervalSince1970: Double(time)).formatted(.iso8601)
    }
}
