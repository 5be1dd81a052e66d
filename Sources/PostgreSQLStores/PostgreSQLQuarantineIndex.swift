internal import Linux
internal import MailModel
package import Stores
internal import Synchronization

/// The index of the quarantines of several hosts in one PostgreSQL database, which has to be in UTF-8. The mail itself stays
/// on the host that kept it, or is in the same database (`PostgreSQLQuarantineStorage`).
package final class PostgreSQLQuarantineIndex: QuarantineIndex {
    package let node: String
    package var ownNode: String? { node }
    private let connection: Mutex<PostgreSQLConnection>

    /// Safe to run by several hosts at one time: the lock is held until the transaction ends.
    private static let schema = [
        """
        DO $$ BEGIN
            PERFORM pg_advisory_xact_lock(hashtext('mailreeve.quarantine'));
            CREATE TABLE IF NOT EXISTS mailreeve_quarantine (
                id text COLLATE "C" PRIMARY KEY, node text NOT NULL, time bigint NOT NULL, category text NOT NULL,
                reason text NOT NULL, sender text NOT NULL, recipients text NOT NULL, subject text NOT NULL,
                message_id text NOT NULL, client text NOT NULL, size bigint NOT NULL, stored bigint NOT NULL,
                tenant text NOT NULL, released bigint,
                sender_key text NOT NULL, recipients_key text NOT NULL, subject_key text NOT NULL
            );
            CREATE INDEX IF NOT EXISTS mailreeve_quarantine_time ON mailreeve_quarantine (time, id);
            CREATE INDEX IF NOT EXISTS mailreeve_quarantine_tenant ON mailreeve_quarantine (node, tenant, time, id);
        END $$
        """
    ]

    /// Nothing is connected yet.
    /// - Parameters:
    ///   - parameters: libpq's connection string or URI.
    ///   - deadline: seconds for which an answer to a statement is waited for.
    package init(parameters: String, deadline: Int, node: String) {
        self.node = node
        connection = Mutex(
            PostgreSQLConnection(parameters: parameters, deadline: deadline, schema: Self.schema))
    }

    package func insert(_ rows: [QuarantineRow]) throws(IndexFailure) {
        if rows.isEmpty { return }
        try access { (connection) throws(IndexFailure) in
            try connection.repeatableTransaction { (connection) throws(IndexFailure) in
                for row in rows { _ = try connection.run(Self.insertion, Self.values(row)) }
            }
        }
    }

    package func setReleased(_ id: String, time: Int) throws(IndexFailure) {
        _ = try run(
            "UPDATE mailreeve_quarantine SET released = $1 WHERE id = $2 AND node = $3",
            [.number(time), .text(id), .text(node)])
    }

    package func remove(_ ids: [String]) throws(IndexFailure) {
        // Identifiers are letters and digits: they need no quotes within an array.
        let list = "{" + ids.filter(Quarantine.isValid).joined(separator: ",") + "}"
        _ = try run(
            "DELETE FROM mailreeve_quarantine WHERE id = ANY ($1::text[]) AND node = $2", [.text(list), .text(node)])
    }

    package func search(_ query: QuarantineQuery) throws(IndexFailure) -> [QuarantineRow] {
        let condition = QueryCondition(query, position: "strpos", mark: "$")
        let rows = try run(
            "SELECT \(QueryCondition.columns) FROM mailreeve_quarantine \(condition.sql)",
            condition.values.map { PostgreSQLConnection.Value($0) })
        return rows.compactMap(Self.row)
    }

    package func identifiers() throws(IndexFailure) -> Set<String> {
        Set(
            try run("SELECT id FROM mailreeve_quarantine WHERE node = $1", [.text(node)]).compactMap { $0.first ?? nil }
        )
    }

    package func usage() throws(IndexFailure) -> [QuarantineUsage] {
        let rows = try run(
            """
            SELECT tenant, count(*), sum(stored)::bigint, min(time) FROM mailreeve_quarantine WHERE node = $1
            GROUP BY tenant ORDER BY tenant COLLATE "C"
            """, [.text(node)])
        return rows.compactMap { row in
            guard let tenant = row[0], let entries = number(row[1]), let stored = number(row[2]),
                let oldest = number(row[3])
            else { return nil }
            return QuarantineUsage(tenant: tenant, entries: entries, stored: stored, oldest: oldest)
        }
    }

    /// The server looks after its own files; what can be wrong is the table.
    package func verify() throws(IndexFailure) {
        _ = try search(QuarantineQuery(limit: 1))
    }

    package func reset() throws(IndexFailure) {
        try access { (connection) throws(IndexFailure) in
            for statement in Self.schema { _ = try connection.run(statement) }
            _ = try connection.run("DELETE FROM mailreeve_quarantine WHERE node = $1", [.text(node)])
        }
    }

    // MARK: - Rows

    private static let insertion = """
        INSERT INTO mailreeve_quarantine
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        ON CONFLICT (id) DO UPDATE SET
            node = $2, time = $3, category = $4, reason = $5, sender = $6, recipients = $7, subject = $8, message_id = $9,
            client = $10, size = $11, stored = $12, tenant = $13, released = $14, sender_key = $15, recipients_key = $16,
            subject_key = $17
        """

    private static func values(_ row: QuarantineRow) -> [PostgreSQLConnection.Value?] {
        let recipients = RecipientList.text(row.recipients)
        return [
            .text(row.id), .text(row.node), .number(row.time), .text(row.category.rawValue), .text(row.reason),
            .text(row.sender), .text(recipients), .text(row.subject), .text(row.messageID), .text(row.client),
            .number(row.size), .number(row.stored), .text(row.tenant), row.released.map { .number($0) },
            .text(SearchKey.address(row.sender)), .text(SearchKey.addresses(row.recipients)),
            .text(SearchKey.text(row.subject)),
        ]
    }

    private static func row(_ row: PostgreSQLConnection.Row) -> QuarantineRow? {
        guard row.count == 14, let id = row[0], let node = row[1], let time = number(row[2]), let category = row[3],
            let size = number(row[10]), let stored = number(row[11])
        else { return nil }
        return QuarantineRow(
            id: id, node: node, time: time, category: Category(rawValue: category) ?? .clean, reason: row[4] ?? "",
            sender: row[5] ?? "", recipients: RecipientList.addresses(row[6] ?? ""), subject: row[7] ?? "",
            messageID: row[8] ?? "", client: row[9] ?? "", size: size, stored: stored, tenant: row[12] ?? "",
            released: number(row[13]))
    }

    private func run(
        _ sql: String, _ values: [PostgreSQLConnection.Value?]
    ) throws(IndexFailure) -> [PostgreSQLConnection.Row] {
        var rows: [PostgreSQLConnection.Row] = []
        try access { (connection) throws(IndexFailure) in rows = try connection.run(sql, values) }
        return rows
    }

    private func access(
        _ body: (inout PostgreSQLConnection) throws(IndexFailure) -> Void
    ) throws(IndexFailure) {
        BlockingCheck.mayBlock("PostgreSQL")
        let result: Result<Void, IndexFailure> = connection.withLock { connection in
            do throws(IndexFailure) {
                try body(&connection)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }
}

func number(_ text: String?) -> Int? { text.flatMap { Int($0) } }
