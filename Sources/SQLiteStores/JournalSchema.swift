internal import Foundation
internal import GRDB
internal import MailModel
internal import Stores

/// The tables of the journal. `event` has what is searched and nothing else, so that a search which finds nothing reads little;
/// `detail` has the rest of it, and is read for what was found; `queue_id` finds the next hop's identifiers. Rows of one event have
/// one number, which grows as events come.
enum JournalSchema {
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        // What there was before migrations were counted: a file may have it.
        migrator.registerMigration("one table", foreignKeyChecks: .immediate) { database in
            try database.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS event (
                        mail_id TEXT PRIMARY KEY NOT NULL, log_id TEXT NOT NULL, time INTEGER NOT NULL,
                        category TEXT NOT NULL, passed INTEGER NOT NULL, sender TEXT NOT NULL, recipients TEXT NOT NULL,
                        subject TEXT NOT NULL, message_id TEXT NOT NULL, client TEXT NOT NULL, size INTEGER NOT NULL,
                        score REAL, quarantine TEXT, queued_as TEXT NOT NULL, line TEXT NOT NULL,
                        explanation BLOB NOT NULL,
                        sender_key TEXT NOT NULL, recipients_key TEXT NOT NULL, subject_key TEXT NOT NULL,
                        message_id_key TEXT NOT NULL
                    ) WITHOUT ROWID;
                    CREATE INDEX IF NOT EXISTS event_time ON event (time, mail_id);
                    CREATE INDEX IF NOT EXISTS event_log_id ON event (log_id);
                    """)
        }
        migrator.registerMigration("narrow events", foreignKeyChecks: .immediate) { database in
            try database.execute(
                sql: """
                    ALTER TABLE event RENAME TO wide_event;
                    DROP INDEX event_log_id;
                    DROP INDEX event_time;
                    CREATE TABLE event (
                        number INTEGER PRIMARY KEY, mail_id TEXT NOT NULL UNIQUE, log_id TEXT NOT NULL, time INTEGER NOT NULL,
                        category TEXT NOT NULL, passed INTEGER NOT NULL, client TEXT NOT NULL, quarantine TEXT,
                        sender_key TEXT NOT NULL, recipients_key TEXT NOT NULL, subject_key TEXT NOT NULL,
                        message_id_key TEXT NOT NULL
                    );
                    CREATE TABLE detail (
                        number INTEGER PRIMARY KEY, sender TEXT NOT NULL, recipients TEXT NOT NULL, subject TEXT NOT NULL,
                        message_id TEXT NOT NULL, size INTEGER NOT NULL, score REAL, queued_as TEXT NOT NULL,
                        line TEXT NOT NULL, explanation BLOB NOT NULL
                    );
                    CREATE TABLE queue_id (
                        number INTEGER NOT NULL, queue_id TEXT NOT NULL, PRIMARY KEY (number, queue_id)
                    ) WITHOUT ROWID;
                    CREATE INDEX event_log_id ON event (log_id);
                    CREATE INDEX event_quarantine ON event (quarantine) WHERE quarantine IS NOT NULL;
                    CREATE INDEX queue_id_id ON queue_id (queue_id);
                    """)
            // The old rows have what `record` reads under the same names.
            let columns = columns.replacing("event.", with: "").replacing("detail.", with: "")
            let rows = try Row.fetchCursor(
                database, sql: "SELECT \(columns) FROM wide_event ORDER BY time, length(log_id), log_id")
            while let row = try rows.next() { try insert(record(row), into: database) }
            try database.execute(
                sql: """
                    DROP TABLE wide_event;
                    CREATE INDEX event_time ON event (time, length(log_id), log_id);
                    """)
        }
        return migrator
    }()

    /// The tables that have rows for events.
    static let tables = ["event", "detail", "queue_id"]

    /// About the octets that an event takes in the file: its texts, most of them twice, and its numbers and identifiers in rows and
    /// indexes. Pages that are not full are not counted.
    static let octets =
        "100 + 2 * (length(sender) + length(recipients) + length(subject) + length(message_id))"
        + " + length(line) + length(explanation)"

    /// The order of answers, newest last: within a second by the number of the message in its `id=`.
    static let order = ["event.time", "length(event.log_id)", "event.log_id"]

    /// Adds an event. One that is there stays as it is.
    static func insert(_ record: JournalRecord, into database: Database) throws {
        let event = try database.cachedStatement(
            sql: """
                INSERT INTO event (mail_id, log_id, time, category, passed, client, quarantine, sender_key, recipients_key,
                    subject_key, message_id_key)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (mail_id) DO NOTHING
                """)
        try event.execute(arguments: [
            record.mailID, record.logID, record.time, record.category.rawValue, Passed(record).rawValue, record.client,
            record.quarantineID, SearchKey.address(record.sender), SearchKey.addresses(record.recipients),
            SearchKey.text(record.subject), SearchKey.text(record.messageID),
        ])
        guard database.changesCount > 0 else { return }
        let number = database.lastInsertedRowID
        let detail = try database.cachedStatement(
            sql: "INSERT INTO detail VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        try detail.execute(arguments: [
            number, record.sender, RecipientList.text(record.recipients), record.subject, record.messageID, record.size,
            record.score, record.queuedAs, record.line, Data(record.explanation),
        ])
        let queue = try database.cachedStatement(sql: "INSERT INTO queue_id VALUES (?, ?)")
        for id in Set(record.queuedAs.split(separator: "/")) { try queue.execute(arguments: [number, String(id)]) }
    }

    /// The columns of an event and its detail, as `record` reads them.
    static let columns = """
        event.mail_id, event.log_id, event.time, event.category, event.passed, detail.sender, detail.recipients, \
        detail.subject, detail.message_id, event.client, detail.size, detail.score, event.quarantine, detail.queued_as, \
        detail.line, detail.explanation
        """

    /// An event out of `columns`.
    static func record(_ row: Row) -> JournalRecord {
        let passed = Passed(rawValue: row[4]) ?? .neither
        return JournalRecord(
            mailID: row[0], logID: row[1], time: row[2], category: Category(rawValue: row[3]) ?? .clean,
            isPassed: [.everybody, .some].contains(passed), isBlocked: [.nobody, .some].contains(passed),
            sender: row[5],
            recipients: RecipientList.addresses(row[6]), subject: row[7], messageID: row[8], client: row[9],
            size: row[10], score: row[11], quarantineID: row[12], queuedAs: row[13], line: row[14],
            explanation: Array(row[15] as Data))
    }

    /// The column `passed`: who has the message; the last for what was no delivery.
    enum Passed: Int {
        case nobody, everybody, some, neither

        init(_ record: JournalRecord) {
            self =
                switch (record.isPassed, record.isBlocked) {
                case (true, true): .some
                case (true, false): .everybody
                case (false, true): .nobody
                case (false, false): .neither
                }
        }
    }
}
