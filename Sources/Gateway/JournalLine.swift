internal import Foundation
internal import MailModel
package import Stores

/// One event of the journal as a JSON object: `mailreeve log --json`, `journal.lines`. Fields may be added, never renamed.
package enum JournalLine {
    private struct Fields: Encodable {
        var blocked: Bool
        var category: String
        var client: String
        var id: String
        var mailId: String
        var messageId: String
        var passed: Bool
        var quarantine: Nullable<String>
        var queuedAs: String
        var recipients: [String]
        var score: Nullable<Double>
        var sender: String
        var size: Int
        var subject: String
        var time: Int
    }

    /// The object, without a line end.
    package static func bytes(_ record: JournalRecord) -> [UInt8] {
        let fields = Fields(
            blocked: record.isBlocked, category: record.category.rawValue, client: record.client, id: record.logID,
            mailId: record.mailID,
            messageId: record.messageID, passed: record.isPassed, quarantine: Nullable(record.quarantineID),
            queuedAs: record.queuedAs, recipients: record.recipients, score: Nullable(record.score),
            sender: record.sender, size: record.size, subject: record.subject, time: record.time)
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Numbers are finite and texts are texts: nothing here can fail to be encoded.
        guard let data = try? encoder.encode(fields) else { return Array("{}".utf8) }
        return data.dropLast() + Array(#","explanation":"#.utf8) + record.explanation + [0x7D]
    }
}
