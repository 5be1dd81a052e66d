package import MailModel

/// What became of one message, as it is kept for whoever has to answer later. All texts are escaped: they may be shown as they
/// are.
package struct JournalRecord: Sendable, Hashable, Codable {
    /// The `mail_id` of logs.
    package var mailID: String
    /// The `id=` of replies and log lines.
    package var logID: String
    /// Unix time of the end of data.
    package var time: Int
    package var category: Category
    /// At least one recipient has the message.
    package var isPassed: Bool
    /// At least one recipient has not.
    package var isBlocked: Bool
    package var sender: String
    package var recipients: [String]
    package var subject: String
    package var messageID: String
    /// Addresses of the client, the forwarded one last.
    package var client: String
    /// Octets of the message.
    package var size: Int
    /// Points; nil where nothing scored.
    package var score: Double?
    /// Identifier in the quarantine; nil when nothing was kept.
    package var quarantineID: String?
    /// Queue identifiers of the next hop, joined with `/`; empty when not forwarded.
    package var queuedAs: String
    /// The line of the log; two with a line feed between them where some recipients have the message and others have not.
    package var line: String
    /// Why, as one JSON object.
    package var explanation: [UInt8]

    package init(
        mailID: String, logID: String, time: Int, category: Category, isPassed: Bool, isBlocked: Bool, sender: String,
        recipients: [String], subject: String, messageID: String, client: String, size: Int, score: Double?,
        quarantineID: String?, queuedAs: String, line: String, explanation: [UInt8]
    ) {
        self.mailID = mailID
        self.logID = logID
        self.time = time
        self.category = category
        self.isPassed = isPassed
        self.isBlocked = isBlocked
        self.sender = sender
        self.recipients = recipients
        self.subject = subject
        self.messageID = messageID
        self.client = client
        self.size = size
        self.score = score
        self.quarantineID = quarantineID
        self.queuedAs = queuedAs
        self.line = line
        self.explanation = explanation
    }

    /// Octets of its texts, which is what it takes in memory, nearly.
    package var octets: Int {
        let texts = [mailID, logID, sender, subject, messageID, client, quarantineID ?? "", queuedAs, line]
        return (texts + recipients).reduce(explanation.count) { $0 + $1.utf8.count }
    }
}

/// What a search of the journal wants. Texts are found anywhere in a field, whatever the case of their letters.
package struct JournalQuery: Sendable, Hashable {
    /// A `mail_id`, an `id=`, the identifier of a log line or a queue identifier.
    package var id: String?
    /// The empty one is the null reverse-path.
    package var sender: String?
    package var recipient: String?
    package var subject: String?
    package var messageID: String?
    /// The beginning of an address of the client.
    package var client: String?
    package var category: Category?
    /// Only mail that some recipient has.
    package var isPassed = false
    /// Only mail that some recipient has not.
    package var isBlocked = false
    /// Unix times: events from `since` on and before `until`.
    package var since: Int?
    package var until: Int?
    /// The event after which the answer begins, in the order of the answer: newest first.
    package var after: PlaceInTime?
    /// Events at most.
    package var limit: Int

    package init(limit: Int) {
        self.limit = limit
    }
}

/// What was removed from the journal.
package struct JournalExpiry: Sendable, Hashable {
    /// Events that were too old.
    package var aged = 0
    /// Events that were not, but for which there was no room.
    package var crowdedOut = 0
    /// Unix time of the oldest event that is left, where there was no room for others; nil when none is.
    package var oldest: Int?

    package init() {}
}
