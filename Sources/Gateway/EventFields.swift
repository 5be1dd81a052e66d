internal import Foundation
internal import MailModel
package import Stores

/// What is told of one event in JSON: by `mailreeve log --json`, `journal.lines` and, with `log.format: json`, the log. Fields may be
/// added, never renamed; numbers are numbers.
package struct EventFields: Encodable, Sendable, CustomStringConvertible {
    var blocked: Bool
    var category: String
    var client: String
    var copies: [String]
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

    /// What the journal has.
    package init(_ record: JournalRecord) {
        let copies = record.quarantineID == nil ? nil : (try? MessageExplanation(json: record.explanation))?.copies
        self.init(record, copies: copies ?? [])
    }

    /// - Parameter copies: where the message's copies are, first `local` for the quarantine of this host.
    init(_ record: JournalRecord, copies: [String]) {
        blocked = record.isBlocked
        category = record.category.rawValue
        client = record.client
        self.copies = copies
        id = record.logID
        mailId = record.mailID
        messageId = record.messageID
        passed = record.isPassed
        quarantine = Nullable(record.quarantineID)
        queuedAs = record.queuedAs
        recipients = record.recipients
        score = Nullable(record.score)
        sender = record.sender
        size = record.size
        subject = record.subject
        time = record.time
    }

    /// The object.
    private var data: Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Numbers are finite and texts are texts: nothing here can fail to be encoded.
        return (try? encoder.encode(self)) ?? Data("{}".utf8)
    }

    package var description: String { String(decoding: data, as: UTF8.self) }

    /// The object of a journal's line, without a line end: with the explanation as its last field.
    package static func line(_ record: JournalRecord) -> [UInt8] {
        EventFields(record).data.dropLast() + Array(#","explanation":"#.utf8) + record.explanation + [0x7D]
    }

    /// The fields for a larger object, which says itself what time it is.
    var object: [String: Any] {
        var object = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:]
        object["time"] = nil
        return object
    }
}
