internal import CPostgreSQL
internal import Glibc
internal import Linux
internal import Stores

/// One connection to a PostgreSQL server by libpq, opened when it is needed and again when it was lost. Not for several
/// threads at one time. All calls block.
struct PostgreSQLConnection: ~Copyable {
    /// libpq's connection string or URI (PostgreSQL manual, "Connection Strings").
    private let parameters: String
    /// Run on every new connection.
    private let schema: [String]
    /// Seconds for which an answer to a statement is waited for.
    private let deadline: Int
    private var connection: OpaquePointer?
    /// Statements belong together: a new connection would know nothing of those before.
    private var isInTransaction = false
    /// After a server could not be reached, it is not asked again before this (`monotonicNow`): who waits for an index
    /// keeps a client waiting.
    private var notBefore = 0

    /// Nanoseconds.
    private static let pause = 10_000_000_000
    /// Over which the connection string has the last word.
    private var defaults: [(String, String)] {
        [
            ("application_name", "mailreeve"), ("connect_timeout", "5"), ("tcp_user_timeout", "30000"),
            ("client_encoding", "UTF8"),
            ("options", "-c statement_timeout=\(deadline)s -c lock_timeout=10s -c client_min_messages=warning"),
        ]
    }

    init(parameters: String, deadline: Int, schema: [String]) {
        self.parameters = parameters
        self.deadline = deadline
        self.schema = schema
    }

    deinit {
        if let connection { PQfinish(connection) }
    }

    /// A row of texts; nil is NULL.
    typealias Row = [String?]

    /// What a statement is given.
    enum Value {
        case text(String)
        case number(Int)
        case octets([UInt8])

        init(_ value: QueryCondition.Value) {
            switch value {
            case .text(let text): self = .text(text)
            case .number(let number): self = .number(number)
            }
        }
    }

    /// Runs one statement. One that the server was lost under is run once more on a new connection: every statement here
    /// may be repeated, but for those of a transaction.
    mutating func run(_ sql: String, _ values: [Value?] = []) throws(IndexFailure) -> [Row] {
        texts(try result(of: sql, values, inBinary: false))
    }

    /// The only column of a statement's rows, octet for octet.
    mutating func octets(_ sql: String, _ values: [Value?]) throws(IndexFailure) -> [[UInt8]] {
        let result = try result(of: sql, values, inBinary: true)
        defer { PQclear(result) }
        return (0..<PQntuples(result)).map { row in
            let bytes = UnsafeRawBufferPointer(
                start: PQgetvalue(result, row, 0), count: Int(PQgetlength(result, row, 0)))
            return Array(bytes)
        }
    }

    private mutating func result(
        of sql: String, _ values: [Value?], inBinary: Bool
    ) throws(IndexFailure) -> OpaquePointer? {
        guard !isInTransaction else { return try perform(sql, values, inBinary) }
        let isNew = connection == nil
        try open()
        do throws(IndexFailure) {
            return try perform(sql, values, inBinary)
        } catch {
            guard wasLost, !isNew else { throw error }
        }
        try open()
        return try perform(sql, values, inBinary)
    }

    /// Runs statements that belong together: all of them count, and are safe, or none. Where the connection was lost nobody knows
    /// which: the server may have been at COMMIT, and may still be.
    mutating func transaction(
        _ body: (inout PostgreSQLConnection) throws(IndexFailure) -> Void
    ) throws(IndexFailure) {
        _ = try run("BEGIN")
        isInTransaction = true
        defer { isInTransaction = false }
        do throws(IndexFailure) {
            try body(&self)
            _ = try run("COMMIT")
        } catch {
            if connection != nil { _ = try? run("ROLLBACK") }
            throw error
        }
    }

    /// Runs statements that belong together, and once more on a new connection when theirs was lost.
    /// - Parameter body: may run after it had its effect.
    mutating func repeatableTransaction(
        _ body: (inout PostgreSQLConnection) throws(IndexFailure) -> Void
    ) throws(IndexFailure) {
        do throws(IndexFailure) {
            return try transaction(body)
        } catch {
            guard wasLost else { throw error }
        }
        try transaction(body)
    }

    /// True when the connection was lost and a new one may be tried at once.
    var wasLost: Bool { connection == nil && monotonicNow() >= notBefore }

    // MARK: - libpq

    private mutating func open() throws(IndexFailure) {
        if connection != nil { return }
        guard monotonicNow() >= notBefore else { throw .unavailable("PostgreSQL: the server could not be reached") }
        let pairs = defaults + [("dbname", parameters)]
        let new = withStrings(pairs.map(\.0)) { names in
            withStrings(pairs.map(\.1)) { values in PQconnectdbParams(names, values, 1) }
        }
        guard let new, PQstatus(new) == CONNECTION_OK else {
            let text = new.map { Self.text(PQerrorMessage($0)) } ?? "no memory"
            if let new { PQfinish(new) }
            notBefore = monotonicNow() + Self.pause
            throw .unavailable("PostgreSQL: \(text)")
        }
        connection = new
        notBefore = 0
        // Sending waits for nobody either.
        PQsetnonblocking(new, 1)
        do throws(IndexFailure) {
            for statement in schema { PQclear(try perform(statement, [], false)) }
        } catch {
            close()
            throw error
        }
    }

    private mutating func close() {
        if let connection { PQfinish(connection) }
        connection = nil
    }

    /// - Returns: what is to be cleared with `PQclear`.
    private mutating func perform(
        _ sql: String, _ values: [Value?], _ inBinary: Bool
    ) throws(IndexFailure) -> OpaquePointer? {
        guard let connection else { throw .unavailable("PostgreSQL: not connected") }
        let isSent = withParameters(values) { pointers, lengths, formats in
            PQsendQueryParams(connection, sql, Int32(values.count), nil, pointers, lengths, formats, inBinary ? 1 : 0)
        }
        let end = monotonicNow() + deadline * 1_000_000_000
        var result: OpaquePointer?
        // The last one says what became of the statement.
        while isSent != 0 {
            guard waitForAnswer(connection, until: end) else {
                PQclear(result)
                close()
                notBefore = monotonicNow() + Self.pause
                throw .unavailable("PostgreSQL: the server did not answer within \(deadline) s")
            }
            guard let next = PQgetResult(connection) else { break }
            PQclear(result)
            result = next
        }
        let status = PQresultStatus(result)
        guard status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK else {
            let text = "PostgreSQL: \(Self.text(PQerrorMessage(connection)))"
            let code = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) } ?? ""
            PQclear(result)
            if PQstatus(connection) != CONNECTION_OK { close() }
            // Class 42 (PostgreSQL manual, appendix A): a table or column is missing, or is another.
            throw code.hasPrefix("42") ? .damaged(text) : .unavailable(text)
        }
        return result
    }

    /// Waits until a result is there, or that there is none any more, or the connection is lost. A host that hangs goes on acknowledging what it gets, so
    /// neither TCP nor the server's own clock would end that.
    /// - Returns: false when the deadline has passed.
    private func waitForAnswer(_ connection: OpaquePointer, until end: Int) -> Bool {
        while true {
            let unsent = PQflush(connection)
            guard unsent >= 0 else { return true }
            guard PQisBusy(connection) == 1 else { return true }
            let left = end - monotonicNow()
            guard left > 0 else { return false }
            var descriptor = pollfd(
                fd: PQsocket(connection), events: Int16(unsent == 1 ? POLLIN | POLLOUT : POLLIN), revents: 0)
            guard poll(&descriptor, 1, Int32(clamping: left / 1_000_000 + 1)) > 0 else { continue }
            guard PQconsumeInput(connection) == 1 else { return true }
        }
    }

    private func texts(_ result: OpaquePointer?) -> [Row] {
        defer { PQclear(result) }
        return (0..<PQntuples(result)).map { row in
            (0..<PQnfields(result)).map { column in
                PQgetisnull(result, row, column) == 1 ? nil : String(cString: PQgetvalue(result, row, column))
            }
        }
    }

    /// A message on one line.
    private static func text(_ message: UnsafePointer<CChar>?) -> String {
        guard let message else { return "" }
        return String(cString: message).split(separator: "\n").joined(separator: " ")
    }
}

/// Lends texts as C strings with a NULL behind the last.
private func withStrings<Result>(
    _ texts: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result
) -> Result {
    var bytes: [CChar] = []
    var offsets: [Int?] = []
    for text in texts {
        guard let text else {
            offsets.append(nil)
            continue
        }
        offsets.append(bytes.count)
        bytes += text.utf8CString
    }
    return bytes.withUnsafeBufferPointer { buffer in
        let pointers = offsets.map { offset in offset.flatMap { at in buffer.baseAddress.map { $0 + at } } } + [nil]
        return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}

/// Lends the values of a statement as libpq takes them: texts end with NUL, octets have a length and the binary format.
private func withParameters<Result>(
    _ values: [PostgreSQLConnection.Value?],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Result
) -> Result {
    var bytes: [UInt8] = []
    var (places, lengths, formats): ([Int?], [Int32], [Int32]) = ([], [], [])
    for value in values {
        let start = bytes.count
        switch value {
        case .text(let text): bytes += text.utf8
        case .number(let number): bytes += String(number).utf8
        case .octets(let octets): bytes += octets
        case nil: break
        }
        places.append(value == nil ? nil : start)
        lengths.append(Int32(bytes.count - start))
        if case .octets = value { formats.append(1) } else { formats.append(0) }
        bytes.append(0)
    }
    return bytes.withUnsafeBytes { buffer in
        let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
        let pointers = places.map { place in place.flatMap { place in base.map { $0 + place } } }
        return pointers.withUnsafeBufferPointer { pointers in
            lengths.withUnsafeBufferPointer { lengths in
                formats.withUnsafeBufferPointer { body(pointers.baseAddress, lengths.baseAddress, $0.baseAddress) }
            }
        }
    }
}
