internal import GRDB
internal import MailModel
package import Stores

/// The journal in an SQLite database. All calls block.
package final class SQLiteJournal: Sendable {
    private let database: SQLiteDatabase

    /// Nothing is opened yet. A file of an older form is brought into today's by the first call, which takes about a minute for
    /// 300,000 events, and as much room again as they have.
    package init(path: String) {
        database = SQLiteDatabase(path: path, migrator: JournalSchema.migrator)
    }

    /// Adds events in one transaction: all of them, or none. One that is there already stays as it is.
    package func append(_ records: [JournalRecord]) throws(IndexFailure) {
        try database.write { database in
            for record in records { try JournalSchema.insert(record, into: database) }
        }
    }

    /// Events that meet a query, the newest first: within a second by the number of the message in its `id=`.
    package func search(_ query: JournalQuery) throws(IndexFailure) -> [JournalRecord] {
        let condition = JournalCondition(query)
        return try database.read { database in
            let rows = try Row.fetchCursor(
                database, sql: condition.sql, arguments: StatementArguments(condition.values))
            var found: [JournalRecord] = []
            while let row = try rows.next() { found.append(JournalSchema.record(row)) }
            return found
        }
    }

    /// Octets that the events take in the file; pages that are free for new ones do not count.
    package func octets() throws(IndexFailure) -> Int {
        try database.read(Self.octets)
    }

    private static func octets(_ database: Database) throws -> Int {
        func number(_ name: String) throws -> Int { try Int.fetchOne(database, sql: "PRAGMA \(name)") ?? 0 }
        return try (number("page_count") - number("freelist_count")) * number("page_size")
    }

    /// Removes what is older than `time` (Unix time), then the oldest events as long as there are more than `size` octets, in small steps:
    /// mail that is journalled meanwhile waits for one of them.
    /// - Parameter size: 0 is no bound.
    package func expire(before time: Int, size: Int) throws(IndexFailure) -> JournalExpiry {
        var expiry = JournalExpiry()
        while true {
            let removed = try remove("time < ?", [time])
            expiry.aged += removed
            if removed < Self.step { break }
        }
        while size > 0 {
            let excess = try octets() - size
            guard excess > 0 else { break }
            // Half of it, again and again: what events take is known roughly, and none goes that could stay.
            let removed = try remove("true", [], octets: excess / 2)
            expiry.crowdedOut += removed
            if removed == 0 { break }
        }
        if expiry.crowdedOut > 0 {
            expiry.oldest = try database.read { try Int.fetchOne($0, sql: "SELECT min(time) FROM event") }
        }
        return expiry
    }

    /// Events that are removed in one transaction at most.
    private static let step = 1000

    /// Removes the oldest ones that meet a condition, one step of them.
    /// - Parameter octets: no more are removed than take about so many, but for the one with which there are as many.
    /// - Returns: how many there were.
    private func remove(
        _ condition: String, _ values: [Int], octets: Int = .max
    ) throws(IndexFailure) -> Int {
        try database.write { database in
            let order = JournalSchema.order.joined(separator: ", ")
            let rows = try Row.fetchCursor(
                database,
                sql: "SELECT event.number, \(JournalSchema.octets) FROM event JOIN detail USING (number)"
                    + " WHERE \(condition) ORDER BY \(order) LIMIT ?",
                arguments: StatementArguments(values + [Self.step]))
            var numbers: [Int64] = []
            var taken = 0
            while numbers.isEmpty || taken < octets, let row = try rows.next() {
                numbers.append(row[0])
                taken += row[1]
            }
            for table in JournalSchema.tables {
                let statement = try database.cachedStatement(sql: "DELETE FROM \(table) WHERE number = ?")
                for number in numbers { try statement.execute(arguments: [number]) }
            }
            return numbers.count
        }
    }

    /// Puts an empty journal in the place of a damaged one, which is kept as `PATH.damaged`.
    package func reset() throws(IndexFailure) {
        try database.reset()
    }
}
