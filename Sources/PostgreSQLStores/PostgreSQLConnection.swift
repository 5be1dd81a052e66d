internal import CPostgreSQL
internal import Linux
internal import Stores

/// One connection to a PostgreSQL server by libpq, opened when it is needed and again when it was lost. Not for several
/// threads at one time. All calls block.
struct PostgreSQLConnection: ~Copyable {
    /// libpq's connection string or URI (PostgreSQL manual, "Connection Strings").
    private let parameters: String
    /// Run on every new connection.
    private let schema: [String]
    private var connection: OpaquePointer?
    /// After a server could not be reached, it is not asked again before this (`monotonicNow`): who waits for an index
    /// keeps a client waiting.
    private var notBefore = 0

    /// Nanoseconds.
    private static let pause = 10_000_000_000
    /// Over which the connection string has the last word.
    private static let defaults = [
        ("application_name", "mailreeve"), ("connect_timeout", "5"), ("tcp_user_timeout", "30000"),
        ("client_encoding", "UTF8"),
        ("options", "-c statement_timeout=30s -c lock_timeout=10s -c client_min_messages=warning"),
    ]

    init(parameters: String, schema: [String]) {
        self.parameters = parameters
        self.schema = schema
    }

    deinit {
        if let connection { PQfinish(connection) }
    }

    /// A row of texts; nil is NULL.
    typealias Row = [String?]

    /// Runs one statement. One that the server was lost under is run once more on a new connection: every statement here
    /// may be repeated.
    mutating func run(_ sql: String, _ values: [QueryCondition.Value?] = []) throws(IndexFailure) -> [Row] {
        let isNew = connection == nil
        try open()
        do throws(IndexFailure) {
            return try perform(sql, values)
        } catch {
            guard connection == nil, !isNew else { throw error }
        }
        try open()
        return try perform(sql, values)
    }

    /// Runs statements that belong together.
    mutating func transaction(
        _ body: (inout PostgreSQLConnection) throws(IndexFailure) -> Void
    ) throws(IndexFailure) {
        _ = try run("BEGIN")
        do throws(IndexFailure) {
            try body(&self)
            _ = try perform("COMMIT", [])
        } catch {
            if connection != nil { _ = try? perform("ROLLBACK", []) }
            throw error
        }
    }

    // MARK: - libpq

    private mutating func open() throws(IndexFailure) {
        if connection != nil { return }
        guard monotonicNow() >= notBefore else { throw .unavailable("PostgreSQL: the server could not be reached") }
        let pairs = Self.defaults + [("dbname", parameters)]
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
        do throws(IndexFailure) {
            for statement in schema { _ = try perform(statement, []) }
        } catch {
            close()
            throw error
        }
    }

    private mutating func close() {
        if let connection { PQfinish(connection) }
        connection = nil
    }

    private mutating func perform(_ sql: String, _ values: [QueryCondition.Value?]) throws(IndexFailure) -> [Row] {
        guard let connection else { throw .unavailable("PostgreSQL: not connected") }
        let texts = values.map { value -> String? in
            switch value {
            case .text(let text): text
            case .number(let number): String(number)
            case nil: nil
            }
        }
        let result = withStrings(texts) { pointers in
            PQexecParams(connection, sql, Int32(texts.count), nil, pointers, nil, nil, 0)
        }
        defer { PQclear(result) }
        let status = PQresultStatus(result)
        guard status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK else {
            let text = "PostgreSQL: \(Self.text(PQerrorMessage(connection)))"
            let code = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) } ?? ""
            if PQstatus(connection) != CONNECTION_OK { close() }
            // Class 42 (PostgreSQL manual, appendix A): a table or column is missing, or is another.
            throw code.hasPrefix("42") ? .damaged(text) : .unavailable(text)
        }
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
