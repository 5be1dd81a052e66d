import Foundation
import MIME
import MailModel
import SMTP
import Stores

/// An entry of the quarantine for `quarantine list --json`, and the forms for people. Fields may be added, never renamed.
struct QuarantineListing: Encodable {
    var id: String
    var node: String
    var time: Int
    var category: String
    var reason: String
    var size: Int
    var stored: Int
    var sender: String
    var recipients: [String]
    var subject: String
    var messageId: String
    var client: String
    var tenant: String
    /// Unix time of the last release, 0 before.
    var released: Int

    init(_ row: QuarantineRow) {
        id = row.id
        node = row.node
        time = row.time
        category = row.category.rawValue
        reason = row.reason
        size = row.size
        stored = row.stored
        sender = row.sender
        recipients = row.recipients
        subject = row.subject
        messageId = row.messageID
        client = row.client
        tenant = row.tenant
        released = row.released ?? 0
    }

    /// JSON on one line, keys sorted.
    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }

    /// One line of `quarantine list`.
    static func row(_ row: QuarantineRow) -> String {
        let recipients = row.recipients.map { "<\($0)>" }.joined(separator: ",")
        let size = String(row.size)
        return "\(row.id)  \(time(row.time))  "
            + row.category.rawValue.padding(toLength: 10, withPad: " ", startingAt: 0)
            + String(repeating: " ", count: max(1, 10 - size.count)) + size + (row.released == nil ? "   " : " R ")
            + "<\(row.sender)> -> \(recipients)" + (row.subject.isEmpty ? "" : "  \(row.subject)")
    }

    /// Octets of the header that `quarantine show` looks at.
    static let headerLimit = 65_536

    /// `quarantine show`: what is known of the entry, then the header.
    /// - Parameter head: the beginning of the message, one octet more than `headerLimit` where there are as many.
    static func page(_ entry: Quarantine.Entry, head: [UInt8]) -> String {
        let envelope = entry.envelope
        var rows = [
            ("id", entry.id), ("time", time(entry.time)), ("category", entry.category.rawValue),
            ("reason", Escaping.reason(entry.reason, limit: 1000)),
            ("size", "\(entry.size) octets, \(entry.stored) stored"), ("sha256", entry.digest),
            ("secret", entry.secret), ("subject", Escaping.text(entry.subject, limit: 500)),
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

    static func time(_ time: Int) -> String {
        Date(timeIntervalSince1970: Double(time)).formatted(.iso8601)
    }
}
