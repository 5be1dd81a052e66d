package import MailModel

/// The tables of rules as the gateway read them: both ends work on the same octets. They go to a zygote in a file, with
/// `Configure`.
package struct RuleTables: Hashable, Sendable {
    /// One table.
    package struct Table: Hashable, Sendable {
        /// `pcre:/path` or `regexp:/path`, or its rules in braces.
        package var name: String
        /// The text of the file.
        package var text: [UInt8]

        package init(name: String, text: [UInt8]) {
            self.name = name
            self.text = text
        }
    }

    /// Which tables a list asks, from left to right.
    package struct List: Hashable, Sendable {
        package var list: CheckList
        /// Indices into `tables`.
        package var tables: [Int]

        package init(list: CheckList, tables: [Int]) {
            self.list = list
            self.tables = tables
        }
    }

    /// Limits of looking up, in Postfix's terms where it has them; octets, steps and milliseconds.
    package struct Limits: Hashable, Sendable {
        package var headerSize = 102_400
        package var lineLength = 2048
        /// `body_checks_size_limit`; 0 for none.
        package var bodySize = 51_200
        package var boundaryLength = 2048
        package var nesting = 100
        /// Steps of one match.
        package var matchSteps = 10_000_000
        /// Time that the rules may take for one message.
        package var milliseconds = 10_000
        /// Rules that are noted of one message, and octets that the groups of all of them matched.
        package var firings = 10_000
        package var groupBytes = 1_048_576
        /// Links of one message that are looked up.
        package var links = 10_000

        package init() {}
    }

    /// Tells these tables from others that the gateway had.
    package var number: Int
    package var tables: [Table]
    package var lists: [List]
    /// Files of rules on names and types of files, in the order in which they are read.
    package var banned: [Table]
    package var limits: Limits
    /// A table with a rule that cannot be used is refused; otherwise such rules are left out.
    package var isStrict: Bool
    /// A match that an engine gave up leaves the message unchecked; otherwise it counts as no match.
    package var failsClosed: Bool

    package init(
        number: Int, tables: [Table] = [], lists: [List] = [], banned: [Table] = [],
        limits: Limits = Limits(), isStrict: Bool = false,
        failsClosed: Bool = false
    ) {
        self.number = number
        self.tables = tables
        self.lists = lists
        self.banned = banned
        self.limits = limits
        self.isStrict = isStrict
        self.failsClosed = failsClosed
    }

    /// Octets of all tables together, as a record.
    package static let recordLimit = 268_435_456
    private static let tableLimit = 1000
    private static let nameLimit = 1_048_576

    /// The record.
    package func encoded() -> [UInt8] {
        var out = RecordWriter(type: 51)
        out.put(number)
        out.put(tables) { out, table in
            out.put(table.name)
            out.put(table.text)
        }
        out.put(lists) { out, list in
            out.put(list.list.rawValue)
            out.put(list.tables) { out, table in out.put(table) }
        }
        out.put(banned) { out, table in
            out.put(table.name)
            out.put(table.text)
        }
        for value in [
            limits.headerSize, limits.lineLength, limits.bodySize, limits.boundaryLength, limits.nesting,
            limits.matchSteps, limits.milliseconds, limits.firings, limits.groupBytes,
            limits.links,
        ] {
            out.put(value)
        }
        out.put(isStrict)
        out.put(failsClosed)
        return out.bytes
    }

    /// Reads a record.
    package init(_ record: [UInt8]) throws(RecordError) {
        var reader = try RecordReader(record)
        guard reader.type == 51 else { throw .type(reader.type) }
        let number = try reader.int()
        let tables = try Self.tables(&reader)
        let lists = try reader.list(limit: CheckList.allCases.count) { reader throws(RecordError) in
            guard let list = CheckList(rawValue: try reader.string(limit: 64)) else { throw .value("unknown list") }
            return List(
                list: list,
                tables: try reader.list(limit: Self.tableLimit) { reader throws(RecordError) in
                    try reader.int(in: 0...max(0, tables.count - 1))
                })
        }
        let banned = try Self.tables(&reader)
        var limits = Limits()
        limits.headerSize = try reader.int(in: 1...Int.max)
        limits.lineLength = try reader.int(in: 1...Int.max)
        limits.bodySize = try reader.int(in: 0...Int.max)
        limits.boundaryLength = try reader.int(in: 1...Int.max)
        limits.nesting = try reader.int(in: 0...Int.max)
        limits.matchSteps = try reader.int(in: 1...Int.max)
        limits.milliseconds = try reader.int(in: 1...Int.max)
        limits.firings = try reader.int(in: 1...ReportLimits().firings)
        limits.groupBytes = try reader.int(in: 1...ReportLimits().groupBytes)
        limits.links = try reader.int(in: 1...Int.max)
        self.init(
            number: number, tables: tables, lists: lists, banned: banned, limits: limits, isStrict: try reader.bool(),
            failsClosed: try reader.bool())
        guard !tables.isEmpty || lists.allSatisfy({ $0.tables.isEmpty }) else { throw .value("a list without tables") }
        try reader.end()
    }

    private static func tables(_ reader: inout RecordReader) throws(RecordError) -> [Table] {
        try reader.list(limit: tableLimit) { reader throws(RecordError) in
            Table(name: try reader.string(limit: nameLimit), text: try reader.bytes(limit: recordLimit))
        }
    }
}
