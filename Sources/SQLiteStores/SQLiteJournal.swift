internal import Foundation
internal import GRDB
internal import MailModel
package import Stores

/// The journal in an SQLite database. All calls block.
package final class SQLiteJournal: Sendable {
    private let database: SQLiteDatabase

    /// Nothing is opened yet.
    package init(path: String) {
        database = SQLiteDatabase(path: path) { database in
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
    }

    /// Adds events in one transaction: all of them, or none.
    package func append(_ records: [JournalRecord]) throws(IndexFailure) {
        try database.write { database in
            let statement = try database.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO event
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """)
            for record in records {
                let recipients = RecipientList.text(record.recipients)
                let values: [(any DatabaseValueConvertible)?] = [
                    record.mailID, record.logID, record.time, record.category.rawValue, Self.passed(record),
                    record.sender,
                    recipients, record.subject, record.messageID, record.client, record.size, record.score,
                    record.quarantineID, record.queuedAs, record.line, Data(record.explanation),
                    record.sender.lowercased(), recipients.lowercased(), record.subject.lowercased(),
                    record.messageID.lowercased(),
                ]
                try statement.execute(arguments: StatementArguments(values))
            }
        }
    }

    /// Events that meet a query, the newest first: within a second by the number of the message in its `id=`.
    package func search(_ query: JournalQuery) throws(IndexFailure) -> [JournalRecord] {
        var conditions: [String] = []
        var values: [(any DatabaseValueConvertible)?] = []
        func add(_ condition: String, _ value: (any DatabaseValueConvertible)?...) {
            conditions.append(condition)
            values += value
        }
        if let id = query.id {
            add(
                "(mail_id = ? OR log_id IN (?, ?) OR quarantine = ? OR (queued_as <> '' AND instr('/' || queued_as || '/', ?) > 0))",
                id, id,
                Self.message(id), id, "/\(id)/")
        }
        let texts = [
            ("sender_key", query.sender), ("recipients_key", query.recipient), ("subject_key", query.subject),
            ("message_id_key", query.messageID),
        ]
        for case (let column, let text?) in texts where !text.isEmpty {
            add("instr(\(column), ?) > 0", text.lowercased())
        }
        if query.sender == "" { add("sender_key = ''") }
        if let client = query.client { add("instr(' ' || client, ?) > 0", " \(client)") }
        if let category = query.category { add("category = ?", category.rawValue) }
        if query.isPassed { add("passed IN (\(Self.everybody), ?)", Self.some) }
        if query.isBlocked { add("passed IN (\(Self.nobody), ?)", Self.some) }
        if let since = query.since { add("time >= ?", since) }
        if let until = query.until { add("time < ?", until) }
        if let after = query.after {
            add("(time, length(log_id), log_id) < (?, length(?), ?)", after.time, after.id, after.id)
        }
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        let arguments = StatementArguments(values + [query.limit])
        return try database.read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT * FROM event \(condition)
                    ORDER BY time DESC, length(log_id) DESC, log_id DESC LIMIT ?
                    """, arguments: arguments)
            var found: [JournalRecord] = []
            while let row = try rows.next() { found.append(Self.record(row)) }
            return found
        }
    }

    /// Removes what is older than `time` (Unix time), in small steps: mail that is journalled meanwhile waits for one of them.
    /// - Returns: the number of events removed.
    package func expire(before time: Int) throws(IndexFailure) -> Int {
        var removed = 0
        while true {
            let count = try database.write { database in
                try database.execute(
                    sql: """
                        DELETE FROM event WHERE mail_id IN
                        (SELECT mail_id FROM event WHERE time < ? ORDER BY time LIMIT ?)
                        """, arguments: [time, Self.step])
                return database.changesCount
            }
            removed += count
            if count < Self.step { return removed }
        }
    }

    private static let step = 1000

    /// Puts an empty journal in the place of a damaged one, which is kept as `PATH.damaged`.
    package func reset() throws(IndexFailure) {
        try database.reset()
    }

    /// The column `passed`: who has the message; the last for what was no delivery.
    private static let (nobody, everybody, some, neither) = (0, 1, 2, 3)

    private static func passed(_ record: JournalRecord) -> Int {
        switch (record.isPassed, record.isBlocked) {
        case (true, true): some
        case (true, false): everybody
        case (false, true): nobody
        case (false, false): neither
        }
    }

    /// The `id=` of the message whose lines in the log have identifiers of their own (`59301-2-1`).
    private static func message(_ id: String) -> String {
        id.split(separator: "-", omittingEmptySubsequences: false).prefix(2).joined(separator: "-")
    }

    private static func record(_ row: Row) -> JournalRecord {
        JournalRecord(
            mailID: row[0], logID: row[1], time: row[2], category: Category(rawValue: row[3]) ?? .clean,
            isPassed: [everybody, some].contains(row[4] as Int), isBlocked: [nobody, some].contains(row[4] as Int),
            sender: row[5],
            recipients: RecipientList.addresses(row[6]), subject: row[7],
            messageID: row[8], client: row[9], size: row[10], score: row[11], quarantineID: row[12], queuedAs: row[13],
            line: row[14], explanation: Array(row[15] as Data))
    }
}
