/// What one transaction sees in Redis, and what it will change.
final class RedisTransaction: StoreWriting {
    /// Values that are asked for at one time.
    private static let chunk = 512
    /// Values of learnt messages, which are larger, at one time.
    private static let messageChunk = 64

    private let connection: RedisConnection
    private let keys: RedisKeys
    private let turn: RedisTurn?
    /// By table: new values, nil for what is removed; and whether all that was there is gone.
    private var changes = [[[UInt8]: [UInt8]?]](repeating: [:], count: BayesTable.allCases.count)
    private var isEmptied = [Bool](repeating: false, count: BayesTable.allCases.count)

    /// - Parameter turn: prolonged on the way.
    init(_ connection: RedisConnection, _ keys: RedisKeys, turn: RedisTurn? = nil) {
        self.connection = connection
        self.keys = keys
        self.turn = turn
    }

    // MARK: Reading

    func look(_ table: BayesTable, _ key: Span<UInt8>, _ use: (Span<UInt8>) -> Void) throws(StoreError) -> Bool {
        var found: [UInt8]?
        try values(table, [Array(copying: key)]) { _, value in found = Array(copying: value) }
        if let found { use(found.span) }
        return found != nil
    }

    func look(
        _ table: BayesTable, numbers: [UInt64], foresee: (Int, Span<UInt8>) -> Void,
        _ use: (Int, Span<UInt8>) -> Void
    ) throws(StoreError) {
        try values(table, numbers.map(Octets.key), use)
    }

    /// Lends the values of keys, with the places of the keys.
    private func values(
        _ table: BayesTable, _ wanted: [[UInt8]], _ use: (Int, Span<UInt8>) -> Void
    ) throws(StoreError) {
        let changed = changes[table.rawValue]
        var start = 0
        while start < wanted.count {
            let end = min(wanted.count, start + Self.chunk)
            var places: [Int] = []
            for place in start..<end {
                if let change = changed[wanted[place]] {
                    if let value = change { use(place, value.span) }
                } else if !isEmptied[table.rawValue] {
                    places.append(place)
                }
            }
            start = end
            guard !places.isEmpty else { continue }
            var command = RedisCommand("HMGET", keys[table])
            for place in places { command.add(wanted[place]) }
            let reply = try connection.send(command)
            guard reply.count == places.count else { throw .damaged("\(keys[table]): an answer of another length") }
            for (index, place) in places.enumerated() {
                if let value = reply.element(index) { use(place, value.span) }
            }
        }
    }

    func forEach(
        _ table: BayesTable, from start: [UInt8], _ use: (Span<UInt8>, Span<UInt8>) -> Bool
    ) throws(StoreError) {
        var names: Set<[UInt8]> = []
        if !isEmptied[table.rawValue] {
            let reply = try connection.send(RedisCommand("HKEYS", keys[table]))
            for index in 0..<reply.count { if let name = reply.element(index) { names.insert(Array(name)) } }
        }
        for (name, value) in changes[table.rawValue] {
            if value == nil { names.remove(name) } else { names.insert(name) }
        }
        let order = names.filter { !$0.lexicographicallyPrecedes(start) }.sorted { $0.lexicographicallyPrecedes($1) }
        let step = table == .messages ? Self.messageChunk : Self.chunk
        var goesOn = true
        for first in stride(from: 0, to: order.count, by: step) where goesOn {
            let part = Array(order[first..<min(order.count, first + step)])
            try turn?.prolong()
            try values(table, part) { place, value in
                let name = part[place]
                if goesOn { goesOn = use(name.span, value) }
            }
        }
    }

    func count(_ table: BayesTable) throws(StoreError) -> Int {
        var count = 0
        try forEach(table, from: []) { _, _ in
            count += 1
            return true
        }
        return count
    }

    // MARK: Writing

    func put(_ table: BayesTable, _ key: Span<UInt8>, _ value: Span<UInt8>) throws(StoreError) {
        changes[table.rawValue][Array(copying: key)] = .some(Array(copying: value))
    }

    func remove(_ table: BayesTable, _ key: Span<UInt8>) throws(StoreError) {
        changes[table.rawValue][Array(copying: key)] = .some(nil)
    }

    func removeAll(_ table: BayesTable) throws(StoreError) {
        changes[table.rawValue] = [:]
        isEmptied[table.rawValue] = true
    }

    /// Makes the changes at once. False when somebody else has written since WATCH.
    /// - Parameter name: of the transaction.
    /// - Throws: `unsure` when the connection ended before the server said whether it had done so.
    func commit(_ name: String) throws(StoreError) -> Bool {
        var commands = [RedisCommand("MULTI")]
        for table in BayesTable.allCases {
            if isEmptied[table.rawValue] { commands.append(RedisCommand("DEL", keys[table])) }
            for (key, value) in changes[table.rawValue] {
                var command = RedisCommand(value == nil ? "HDEL" : "HSET", keys[table])
                command.add(key)
                if let value { command.add(value) }
                commands.append(command)
            }
        }
        commands.append(RedisCommand("SET", keys.last, name))
        try turn?.prolong()
        _ = try connection.send(commands)
        let reply: RedisReply
        do throws(StoreError) {
            reply = try connection.send(RedisCommand("EXEC"))
        } catch .unreachable(let text) {
            throw .unsure(text)
        }
        if let problem = reply.innerError { throw connection.error(problem) }
        return !reply.isNil
    }
}

extension Array where Element == UInt8 {
    fileprivate init(copying span: Span<UInt8>) {
        self = span.withUnsafeBufferPointer { Array($0) }
    }
}
