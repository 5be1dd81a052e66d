internal import Glibc
package import Linux
package import Stores
internal import Synchronization

/// Entries of several hosts in one PostgreSQL database: every host can do with them what it can do with files of its own.
///
/// An entry is a row of `mailreeve_quarantine_entry`, its files are rows of `mailreeve_quarantine_chunk`. They are written in one
/// transaction, whose commit is the step that means "kept".
package final class PostgreSQLQuarantineStorage: QuarantineStorage {
    /// The `node` of entries that lie here, in the index: no host has such a name.
    package static let node = "sql:"

    /// Octets of a chunk: few enough for a statement, so many that a message of usual size is one.
    static let chunkSize = 262_144
    /// Octets of a file that is read into memory; a larger one goes into a file without a name.
    private static let inMemory = 4 * chunkSize

    private let pool: PostgreSQLPool
    private let scratch: String

    /// Octets that are compressed, or encrypted, are not to be compressed again (STORAGE EXTERNAL). What was said to be kept outlives a
    /// crash of the server, whatever its configuration says of other transactions.
    private static let schema = [
        """
        DO $$ BEGIN
            PERFORM pg_advisory_xact_lock(hashtext('mailreeve.quarantine'));
            IF to_regclass('mailreeve_quarantine_chunk') IS NULL THEN
                CREATE TABLE mailreeve_quarantine_entry (
                    id text COLLATE "C" PRIMARY KEY, kept bigint NOT NULL, stored bigint NOT NULL, released bigint
                );
                CREATE TABLE mailreeve_quarantine_chunk (
                    id text COLLATE "C" NOT NULL REFERENCES mailreeve_quarantine_entry ON DELETE CASCADE
                        DEFERRABLE INITIALLY DEFERRED,
                    file text COLLATE "C" NOT NULL, number integer NOT NULL, octets bytea NOT NULL,
                    PRIMARY KEY (id, file, number)
                );
                ALTER TABLE mailreeve_quarantine_chunk ALTER COLUMN octets SET STORAGE EXTERNAL;
            END IF;
        END $$
        """,
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
    ]

    /// Nothing is connected yet. As many connections are opened as threads use it at one time.
    /// - Parameters:
    ///   - parameters: libpq's connection string or URI.
    ///   - deadline: seconds for which an answer to a statement is waited for.
    ///   - scratch: a directory in which files are opened that lose their name at once. Where it does not exist they are in memory: only
    ///     the daemon makes it, and a command has one message open at a time.
    package init(parameters: String, deadline: Int, scratch: String) {
        pool = PostgreSQLPool(parameters: parameters, deadline: deadline, schema: Self.schema)
        self.scratch = scratch
    }

    package func put(
        _ id: String, _ write: (Append) throws(Quarantine.Failure) -> Void
    ) throws(Quarantine.Failure) -> Int {
        var failure: Quarantine.Failure?
        var stored = 0
        do throws(Quarantine.Failure) {
            try access { (connection) throws(IndexFailure) in
                do throws(IndexFailure) {
                    try connection.transaction { (connection) throws(IndexFailure) in
                        var file = ChunkedFile(id: id)
                        do throws(Quarantine.Failure) {
                            try write { (octets: [UInt8], name: String) throws(Quarantine.Failure) in
                                try orUnavailable { () throws(IndexFailure) in
                                    try file.append(octets, to: name, &connection)
                                }
                            }
                        } catch {
                            failure = error
                            throw .unavailable("rolled back")
                        }
                        try file.finish(&connection)
                        stored = file.stored
                        _ = try connection.run(
                            """
                            INSERT INTO mailreeve_quarantine_entry
                            VALUES ($1, extract(epoch FROM clock_timestamp())::bigint, $2, NULL)
                            """, [.text(id), .number(stored)])
                    }
                } catch {
                    if connection.wasLost { try? Self.takeBack(id, &connection) }
                    throw error
                }
            }
        } catch {
            throw failure ?? error
        }
        return stored
    }

    /// Removes an entry of which nobody knows whether it was committed: who is told that it was not kept sends it again. The old
    /// connection's COMMIT may still be under way: an insertion of the same name waits until that has ended.
    private static func takeBack(_ id: String, _ connection: inout PostgreSQLConnection) throws(IndexFailure) {
        try connection.repeatableTransaction { (connection) throws(IndexFailure) in
            _ = try connection.run(
                "INSERT INTO mailreeve_quarantine_entry VALUES ($1, 0, 0, NULL) ON CONFLICT DO NOTHING", [.text(id)])
            _ = try connection.run("DELETE FROM mailreeve_quarantine_entry WHERE id = $1", [.text(id)])
        }
    }

    // MARK: - Reading

    package func identifiers() throws(Quarantine.Failure) -> [String] {
        try run("SELECT id FROM mailreeve_quarantine_entry").compactMap { $0[0] }.filter(Quarantine.isValid)
    }

    /// A transaction leaves nothing that is no entry.
    package func strays(known: Set<String>) -> [String] { [] }

    package func contains(_ id: String) throws(Quarantine.Failure) -> Bool {
        guard Quarantine.isValid(id) else { return false }
        return try !run("SELECT FROM mailreeve_quarantine_entry WHERE id = $1", [.text(id)]).isEmpty
    }

    package func open(_ id: String, _ file: String) throws(Quarantine.Failure) -> Descriptor {
        guard Quarantine.isValid(id) else { throw .unknown(id) }
        let sums = try run(
            """
            SELECT count(*), coalesce(sum(octet_length(octets)), 0) FROM mailreeve_quarantine_chunk
            WHERE id = $1 AND file = $2
            """, [.text(id), .text(file)])
        guard let count = number(sums.first?[0]), let size = number(sums.first?[1]) else {
            throw .unavailable("PostgreSQL: no count")
        }
        guard count > 0 else { throw try contains(id) ? .damaged("\(id) has no \(file)") : .unknown(id) }
        let copy = try orSystem { () throws(SystemError) in
            size <= Self.inMemory || Glibc.access(scratch, F_OK) != 0 && errno == ENOENT
                ? try Descriptor.memory("quarantine") : try Descriptor.scratch(in: scratch, name: Quarantine.newID())
        }
        for number in 0..<count {
            let chunk = try chunk(id, file, number, "octets")
            try orSystem { () throws(SystemError) in try copy.write(chunk) }
        }
        return copy
    }

    package func beginning(_ id: String, _ file: String, count: Int) throws(Quarantine.Failure) -> [UInt8] {
        guard Quarantine.isValid(id) else { throw .unknown(id) }
        return try chunk(id, file, 0, "substring(octets FROM 1 FOR \(count))")
    }

    private func chunk(
        _ id: String, _ file: String, _ number: Int, _ octets: String
    ) throws(Quarantine.Failure) -> [UInt8] {
        var found: [[UInt8]] = []
        try access { (connection) throws(IndexFailure) in
            found = try connection.octets(
                "SELECT \(octets) FROM mailreeve_quarantine_chunk WHERE id = $1 AND file = $2 AND number = $3",
                [.text(id), .text(file), .number(number)])
        }
        guard let chunk = found.first else {
            throw try contains(id) ? .damaged("\(id)/\(file) has no chunk \(number)") : .unknown(id)
        }
        return chunk
    }

    package func status(_ id: String) throws(Quarantine.Failure) -> StoredEntryStatus {
        guard Quarantine.isValid(id) else { throw .unknown(id) }
        let rows = try run("SELECT stored, released, kept FROM mailreeve_quarantine_entry WHERE id = $1", [.text(id)])
        guard let row = rows.first, let stored = number(row[0]), let kept = number(row[2]) else { throw .unknown(id) }
        return StoredEntryStatus(stored: stored, released: number(row[1]), changed: kept)
    }

    // MARK: - Changing

    package func markReleased(_ id: String, time: Int) throws(Quarantine.Failure) {
        guard Quarantine.isValid(id) else { throw .unknown(id) }
        let rows = try run(
            "UPDATE mailreeve_quarantine_entry SET released = $2 WHERE id = $1 RETURNING id",
            [.text(id), .number(time)])
        if rows.isEmpty { throw .unknown(id) }
    }

    package func remove(_ id: String) throws(Quarantine.Failure) {
        guard Quarantine.isValid(id) else { throw .unknown(id) }
        var isKnown = false
        try access { (connection) throws(IndexFailure) in
            try connection.repeatableTransaction { (connection) throws(IndexFailure) in
                let rows = try connection.run(
                    "DELETE FROM mailreeve_quarantine_entry WHERE id = $1 RETURNING id", [.text(id)])
                // One that the first try has found and removed is not there for the second.
                isKnown = isKnown || !rows.isEmpty
            }
        }
        if !isKnown { throw .unknown(id) }
    }

    /// A transaction leaves nothing unfinished.
    package func removeUnfinished(before time: Int) {}

    // MARK: - Statements

    func run(
        _ sql: String, _ values: [PostgreSQLConnection.Value?] = []
    ) throws(Quarantine.Failure) -> [PostgreSQLConnection.Row] {
        var rows: [PostgreSQLConnection.Row] = []
        try access { (connection) throws(IndexFailure) in rows = try connection.run(sql, values) }
        return rows
    }

    private func access(
        _ body: (inout PostgreSQLConnection) throws(IndexFailure) -> Void
    ) throws(Quarantine.Failure) {
        BlockingCheck.mayBlock("PostgreSQL")
        try orUnavailable { () throws(IndexFailure) in try pool.use(body) }
    }
}

/// The files of an entry on their way into the table, in chunks of one size.
private struct ChunkedFile {
    let id: String
    /// Octets of all files that were written.
    private(set) var stored = 0
    private var name: String?
    private var number = 0
    private var pending: [UInt8] = []

    init(id: String) {
        self.id = id
    }

    mutating func append(
        _ octets: [UInt8], to file: String, _ connection: inout PostgreSQLConnection
    ) throws(IndexFailure) {
        if file != name {
            try finish(&connection)
            (name, number) = (file, 0)
        }
        pending += octets
        var start = 0
        while pending.count - start > PostgreSQLQuarantineStorage.chunkSize {
            let end = start + PostgreSQLQuarantineStorage.chunkSize
            try insert(Array(pending[start..<end]), &connection)
            start = end
        }
        pending.removeFirst(start)
    }

    /// Writes what is left of the last file. An empty file is an empty chunk.
    mutating func finish(_ connection: inout PostgreSQLConnection) throws(IndexFailure) {
        guard name != nil else { return }
        try insert(pending, &connection)
        pending = []
        name = nil
    }

    private mutating func insert(
        _ octets: [UInt8], _ connection: inout PostgreSQLConnection
    ) throws(IndexFailure) {
        guard let name else { return }
        _ = try connection.run(
            "INSERT INTO mailreeve_quarantine_chunk VALUES ($1, $2, $3, $4)",
            [.text(id), .text(name), .number(number), .octets(octets)])
        number += 1
        stored += octets.count
    }
}

/// Says in the words of the quarantine what the database could not do.
private func orUnavailable<Result>(
    _ body: () throws(IndexFailure) -> Result
) throws(Quarantine.Failure) -> Result {
    do throws(IndexFailure) {
        return try body()
    } catch {
        switch error {
        case .damaged(let text), .unavailable(let text): throw .unavailable(text)
        }
    }
}
