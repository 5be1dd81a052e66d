internal import Stores
internal import Synchronization

/// Connections to one database: as many as are in use at one time, each by one thread.
final class PostgreSQLPool: Sendable {
    /// One connection; nobody else uses it while somebody has it.
    private final class Line: Sendable {
        let connection: Mutex<PostgreSQLConnection>

        init(parameters: String, deadline: Int, schema: [String]) {
            connection = Mutex(PostgreSQLConnection(parameters: parameters, deadline: deadline, schema: schema))
        }
    }

    private let parameters: String
    private let deadline: Int
    private let schema: [String]
    private let idle = Mutex<[Line]>([])

    /// Nothing is connected yet.
    init(parameters: String, deadline: Int, schema: [String]) {
        self.parameters = parameters
        self.deadline = deadline
        self.schema = schema
    }

    /// Lends a connection. The one that was used last comes first: it knows whether the server could be reached.
    func use(_ body: (inout PostgreSQLConnection) throws(IndexFailure) -> Void) throws(IndexFailure) {
        let line =
            idle.withLock { $0.popLast() }
            ?? Line(parameters: parameters, deadline: deadline, schema: schema)
        defer { idle.withLock { $0.append(line) } }
        let result: Result<Void, IndexFailure> = line.connection.withLock { connection in
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
