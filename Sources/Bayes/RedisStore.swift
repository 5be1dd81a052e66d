internal import Glibc
internal import Linux
internal import Synchronization

/// The tables in a Redis server, which several nodes share: one hash for each table.
///
/// A transaction reads as it goes and keeps its changes to itself; MULTI and EXEC then make them at once, and only when
/// nobody else has written since it began (WATCH on the name of the last transaction). Who loses begins anew; who has lost
/// several times takes the turn, a key that others wait for, so that much small learning cannot keep large learning out.
/// What EXEC has answered survives as the server's own persistence says (`appendfsync`); whatever survives is whole.
package final class RedisStore: KeyValueStore {
    package let place: String
    package let buckets = BucketSizes(tokens: 16, weights: 16)
    /// What a server holds is asked for anew each time.
    package let isReplaced = false

    /// Tries of a transaction, and those of them that take no turn.
    private static let tries = 12
    private static let triesWithoutTurn = 3
    /// Tries to read without a writer in between, and microseconds by which the longest pause between two of them grows: mail waits
    /// for it, and who always waits for as long may meet the same writer each time.
    private static let looks = 12
    private static let pause: UInt32 = 3000
    /// Nanoseconds for which a server that did not answer is not asked again: mail does not wait for it one by one.
    private static let rest = 5_000_000_000
    /// Connections that are kept.
    private static let idle = 8

    private let server: RedisServer
    private let keys: RedisKeys
    private let process = getpid()
    private let state = Mutex(State())

    private struct State {
        var connections: [RedisConnection] = []
        /// Until when the server is not asked, and why.
        var restUntil = 0
        var reason = ""
    }

    /// Does not connect yet: a server that is down may come back.
    /// - Parameter prefix: stands before the names of all keys, so that several stores fit one server.
    package init(_ server: RedisServer, prefix: String) {
        self.server = server
        place = "\(server.description) \(prefix)"
        keys = RedisKeys(prefix: prefix)
        // hiredis writes to sockets without MSG_NOSIGNAL.
        signal(SIGPIPE, SIG_IGN)
    }

    /// The prefix of the store of a user or domain below a shared one.
    /// - Parameter component: without `:`.
    package static func ownPrefix(_ prefix: String, _ component: String) -> String { "\(prefix)\(component):" }

    /// What `ownPrefix` was called with for each store below a shared one.
    package static func ownComponents(_ server: RedisServer, prefix: String) throws(StoreError) -> [String] {
        let connection = try RedisConnection(server)
        let end = RedisKeys(prefix: ":").last
        var found: Set<String> = []
        var cursor = "0"
        repeat {
            let command = RedisCommand("SCAN", cursor, "MATCH", "\(prefix)*\(end)", "COUNT", "1000")
            let (next, names) = try connection.send(command).page()
            for name in names where name.hasPrefix(prefix) && name.hasSuffix(end) {
                let component = name.dropFirst(prefix.count).dropLast(end.count)
                if !component.isEmpty, !component.contains(":") { found.insert(String(component)) }
            }
            cursor = next
        } while cursor != "0"
        return found.sorted()
    }

    package func read(_ body: (any StoreReading) throws(StoreError) -> Void) throws(StoreError) {
        for look in 0..<Self.looks {
            if look > 0 { usleep(UInt32.random(in: 0...Self.pause * UInt32(look))) }
            let isWhole = try withConnection { connection throws(StoreError) -> Bool in
                let before = try connection.send(RedisCommand("GET", keys.last)).text
                try body(RedisTransaction(connection, keys))
                return try connection.send(RedisCommand("GET", keys.last)).text == before
            }
            if isWhole { return }
        }
        // Judging takes no turn: a node that died with it would hold up the mail of the others.
        throw .failed("\(place): others write all the time")
    }

    package func readOnce(_ body: (any StoreReading) throws(StoreError) -> Void) throws(StoreError) {
        try withConnection(repeats: false) { connection throws(StoreError) in
            let turn = RedisTurn(connection, keys)
            try turn.take()
            do throws(StoreError) {
                try body(RedisTransaction(connection, keys, turn: turn))
            } catch {
                try? turn.leave()
                throw error
            }
            try turn.leave()
        }
    }

    package func write(_ body: (any StoreWriting) throws(StoreError) -> Void) throws(StoreError) {
        for attempt in 0..<Self.tries {
            let name = TransactionName.make()
            do throws(StoreError) {
                let isDone = try withConnection { connection throws(StoreError) -> Bool in
                    try attemptWrite(connection, name, takesTurn: attempt >= Self.triesWithoutTurn, body)
                }
                if isDone { return }
            } catch .unsure(let text) {
                // The connection broke while the server was told to do it. Did it?
                let last = try withConnection { connection throws(StoreError) in
                    try connection.send(RedisCommand("GET", keys.last)).text
                }
                if last == Array(name.utf8) { return }
                throw .unreachable("\(text); what was to be written may have been written")
            }
            usleep(UInt32.random(in: 1000...20_000))
        }
        throw .failed("\(place): others write all the time")
    }

    /// False when somebody else has written meanwhile.
    private func attemptWrite(
        _ connection: RedisConnection, _ name: String, takesTurn: Bool,
        _ body: (any StoreWriting) throws(StoreError) -> Void
    ) throws(StoreError) -> Bool {
        let turn = RedisTurn(connection, keys)
        if takesTurn { try turn.take() }
        do throws(StoreError) {
            if takesTurn {
                // Prolonging the turn counts as a change of it.
                _ = try connection.send(RedisCommand("WATCH", keys.last))
            } else {
                _ = try connection.send(RedisCommand("WATCH", keys.last, keys.turn))
                try turn.wait()
            }
            let transaction = RedisTransaction(connection, keys, turn: takesTurn ? turn : nil)
            try body(transaction)
            let isDone = try transaction.commit(name)
            if takesTurn { try? turn.leave() }
            return isDone
        } catch {
            if takesTurn { try? turn.leave() }
            throw error
        }
    }

    // MARK: - Connections

    /// Lends a connection. One that was kept may have ended meanwhile: then a new one is tried, once.
    /// - Parameter repeats: the body may be run a second time.
    private func withConnection<Result>(
        repeats: Bool = true, _ body: (RedisConnection) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        guard getpid() == process else { throw .foreign("\(place): opened by process \(process)") }
        if repeats, let kept = state.withLock({ $0.connections.popLast() }) {
            do throws(StoreError) {
                let result = try body(kept)
                keep(kept)
                return result
            } catch .unreachable(let text) {
                if kept.isOverdue {
                    giveRest(text)
                    throw .unreachable(text)
                }
                state.withLock { $0.connections = [] }
            }
        }
        let connection = try connect()
        do throws(StoreError) {
            let result = try body(connection)
            keep(connection)
            return result
        } catch .unreachable(let text) {
            giveRest(text)
            throw .unreachable(text)
        }
    }

    private func connect() throws(StoreError) -> RedisConnection {
        let reason = state.withLock { $0.restUntil > monotonicNow() ? $0.reason : nil }
        if let reason { throw .unreachable(reason) }
        do throws(StoreError) {
            let connection = try RedisConnection(server)
            state.withLock { $0.restUntil = 0 }
            return connection
        } catch {
            giveRest(error.description)
            throw error
        }
    }

    private func giveRest(_ reason: String) {
        state.withLock {
            $0.restUntil = monotonicNow() + Self.rest
            $0.reason = reason
            $0.connections = []
        }
    }

    private func keep(_ connection: RedisConnection) {
        state.withLock { if $0.connections.count < Self.idle { $0.connections.append(connection) } }
    }
}

/// Names of the keys of one store.
struct RedisKeys: Sendable {
    /// Holds the name of the last transaction.
    let last: String
    /// Whose turn it is to write.
    let turn: String
    private let tables: [String]

    init(prefix: String) {
        last = prefix + "last"
        turn = prefix + "turn"
        tables = BayesTable.allCases.map { "\(prefix)\($0)" }
    }

    subscript(_ table: BayesTable) -> String { tables[table.rawValue] }
}

/// Names that no other transaction has.
private enum TransactionName {
    static func make() -> String {
        String(UInt64.random(in: 0...UInt64.max), radix: 16) + String(UInt64.random(in: 0...UInt64.max), radix: 16)
    }
}

/// The right to write alone. It ends by itself when its owner is gone.
final class RedisTurn {
    /// Milliseconds that it lasts unless it is prolonged.
    private static let duration = 15_000
    /// Microseconds between looks at another's turn, and looks before giving up.
    private static let pause: UInt32 = 20_000
    private static let looks = 3000

    private let connection: RedisConnection
    private let keys: RedisKeys
    private let name = TransactionName.make()

    init(_ connection: RedisConnection, _ keys: RedisKeys) {
        self.connection = connection
        self.keys = keys
    }

    func take() throws(StoreError) {
        for _ in 0..<Self.looks {
            let answer = try connection.send(RedisCommand("SET", keys.turn, name, "NX", "PX", "\(Self.duration)"))
            if !answer.isNil { return }
            usleep(Self.pause)
        }
        throw .failed("another node keeps the store to itself")
    }

    /// Waits until it is nobody's.
    func wait() throws(StoreError) {
        for _ in 0..<Self.looks {
            if try connection.send(RedisCommand("GET", keys.turn)).isNil { return }
            usleep(Self.pause)
            // The turn has changed since WATCH: what is watched must be as it is now.
            _ = try connection.send([RedisCommand("UNWATCH"), RedisCommand("WATCH", keys.last, keys.turn)])
        }
        throw .failed("another node keeps the store to itself")
    }

    func prolong() throws(StoreError) {
        guard try isOurs() else { throw .failed("the turn to read or write was lost: it took too long") }
        _ = try connection.send(RedisCommand("PEXPIRE", keys.turn, "\(Self.duration)"))
    }

    /// Gives it up.
    /// - Throws: when it had been lost before.
    func leave() throws(StoreError) {
        _ = try connection.send([RedisCommand("UNWATCH"), RedisCommand("WATCH", keys.turn)])
        guard try isOurs() else {
            _ = try connection.send(RedisCommand("UNWATCH"))
            throw .failed("the turn to read or write was lost: it took too long")
        }
        _ = try connection.send([RedisCommand("MULTI"), RedisCommand("DEL", keys.turn), RedisCommand("EXEC")])
    }

    private func isOurs() throws(StoreError) -> Bool {
        try connection.send(RedisCommand("GET", keys.turn)).text == Array(name.utf8)
    }
}
