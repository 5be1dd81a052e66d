internal import GRDB
internal import Linux
internal import MailModel
package import Stores

/// The index of the quarantine in an SQLite database beside the entries.
package final class SQLiteQuarantineIndex: QuarantineIndex {
    package let node: String
    /// It lies beside the entries: all are ours.
    package var ownNode: String? { nil }
    private let database: SQLiteDatabase

    /// Files that belong to the index, in the directory of the quarantine.
    package static let files: Set<String> = [
        "index.sqlite", "index.sqlite-wal", "index.sqlite-shm", "index.sqlite.lock", "index.sqlite.damaged",
    ]

    /// Nothing is opened yet.
    /// - Parameter directory: where the quarantine is.
    package init(directory: String, node: String) {
        self.node = node
        database = SQLiteDatabase(path: directory + "/index.sqlite", migrator: Self.migrator) {
            // Mail was kept: its shelves have names of one letter.
            ((try? directoryNames(directory)) ?? []).contains { $0.utf8.count == 1 && $0 != "." }
        }
    }

    private static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        // `*_key`: what is searched (`SearchKey`). Files from before migrations were counted have the table.
        migrator.registerMigration("entries", foreignKeyChecks: .immediate) { database in
            try database.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS entry (
                        id TEXT PRIMARY KEY NOT NULL, node TEXT NOT NULL, time INTEGER NOT NULL, category TEXT NOT NULL,
                        reason TEXT NOT NULL, sender TEXT NOT NULL, recipients TEXT NOT NULL, subject TEXT NOT NULL,
                        message_id TEXT NOT NULL, client TEXT NOT NULL, size INTEGER NOT NULL, stored INTEGER NOT NULL,
                        tenant TEXT NOT NULL, released INTEGER,
                        sender_key TEXT NOT NULL, recipients_key TEXT NOT NULL, subject_key TEXT NOT NULL
                    ) WITHOUT ROWID;
                    CREATE INDEX IF NOT EXISTS entry_time ON entry (time, id);
                    CREATE INDEX IF NOT EXISTS entry_tenant ON entry (tenant, time, id, stored);
                    """)
        }
        migrator.registerMigration("spellings of domains", foreignKeyChecks: .immediate) { database in
            let change = try database.makeStatement(
                sql: "UPDATE entry SET sender_key = ?, recipients_key = ? WHERE id = ?")
            // Others have one spelling.
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT id, sender, recipients FROM entry WHERE instr(sender_key || recipients_key, 'xn--') > 0
                    OR sender_key || recipients_key GLOB '*[^' || char(1) || '-~]*'
                    """)
            for row in rows {
                let recipients = SearchKey.addresses(RecipientList.addresses(row[2]))
                try change.execute(arguments: [SearchKey.address(row[1]), recipients, row[0] as String])
            }
        }
        return migrator
    }()

    package func insert(_ rows: [QuarantineRow]) throws(IndexFailure) {
        try database.write { database in
            let statement = try database.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """)
            for row in rows {
                let recipients = RecipientList.text(row.recipients)
                let values: [(any DatabaseValueConvertible)?] = [
                    row.id, row.node, row.time, row.category.rawValue, row.reason, row.sender, recipients, row.subject,
                    row.messageID, row.client, row.size, row.stored, row.tenant, row.released,
                    SearchKey.address(row.sender), SearchKey.addresses(row.recipients), SearchKey.text(row.subject),
                ]
                try statement.execute(arguments: StatementArguments(values))
            }
        }
    }

    package func setReleased(_ id: String, time: Int) throws(IndexFailure) {
        try database.write { database in
            try database.execute(sql: "UPDATE entry SET released = ? WHERE id = ?", arguments: [time, id])
        }
    }

    package func remove(_ ids: [String]) throws(IndexFailure) {
        try database.write { database in
            let statement = try database.cachedStatement(sql: "DELETE FROM entry WHERE id = ?")
            for id in ids { try statement.execute(arguments: [id]) }
        }
    }

    package func search(_ query: QuarantineQuery) throws(IndexFailure) -> [QuarantineRow] {
        let condition = QueryCondition(query, position: "instr", mark: "?")
        let values = StatementArguments(
            condition.values.map { value -> (any DatabaseValueConvertible)? in
                switch value {
                case .text(let text): text
                case .number(let number): number
                }
            })
        return try database.read { database in
            let rows = try Row.fetchCursor(
                database, sql: "SELECT \(QueryCondition.columns) FROM entry \(condition.sql)", arguments: values)
            var found: [QuarantineRow] = []
            while let row = try rows.next() { found.append(Self.row(row)) }
            return found
        }
    }

    package func identifiers() throws(IndexFailure) -> Set<String> {
        try database.read { database in
            try String.fetchSet(database, sql: "SELECT id FROM entry")
        }
    }

    package func usage() throws(IndexFailure) -> [QuarantineUsage] {
        try database.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT tenant, count(*), sum(stored), min(time) FROM entry INDEXED BY entry_tenant
                    GROUP BY tenant ORDER BY tenant
                    """
            ).map { QuarantineUsage(tenant: $0[0], entries: $0[1], stored: $0[2], oldest: $0[3]) }
        }
    }

    package func verify() throws(IndexFailure) {
        let answer = try database.read { database in
            try String.fetchOne(database, sql: "PRAGMA integrity_check(1)")
        }
        guard answer == "ok" else { throw .damaged(answer ?? "no answer") }
    }

    package func reset() throws(IndexFailure) {
        try database.reset()
    }

    private static func row(_ row: Row) -> QuarantineRow {
        QuarantineRow(
            id: row[0], node: row[1], time: row[2], category: Category(rawValue: row[3]) ?? .clean, reason: row[4],
            sender: row[5], recipients: RecipientList.addresses(row[6]), subject: row[7], messageID: row[8],
            client: row[9], size: row[10], stored: row[11], tenant: row[12], released: row[13])
    }
}
