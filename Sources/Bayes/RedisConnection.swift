internal import CHiredis
internal import Glibc
internal import Linux

/// How a Redis server is reached.
package struct RedisServer: Hashable, Sendable {
    /// Where it listens.
    package enum Address: Hashable, Sendable {
        case tcp(host: String, port: Int)
        case unix(path: String)
    }

    package var address: Address
    /// Sent with the password; empty for the server's default user.
    package var user: String
    /// Sent with AUTH; empty without.
    package var password: String
    /// Number of the logical database.
    package var database: Int
    /// Milliseconds for connecting, and for each answer.
    package var timeout: Int

    package init(
        address: Address, user: String = "", password: String = "", database: Int = 0, timeout: Int = 2000
    ) {
        self.address = address
        self.user = user
        self.password = password
        self.database = database
        self.timeout = timeout
    }

    /// For people; never the password.
    var description: String {
        switch address {
        case .tcp(let host, let port): "redis \(host):\(port)/\(database)"
        case .unix(let path): "redis \(path)/\(database)"
        }
    }
}

/// One command: words of any octets.
struct RedisCommand {
    private var octets: [UInt8] = []
    private var lengths: [Int] = []

    init(_ words: String...) {
        for word in words { add(word) }
    }

    mutating func add(_ word: [UInt8]) {
        octets += word
        lengths.append(word.count)
    }

    mutating func add(_ word: String) {
        add(Array(word.utf8))
    }

    var size: Int { octets.count }

    /// Puts the command into the connection's output.
    fileprivate func append(to context: UnsafeMutablePointer<redisContext>) -> Int32 {
        octets.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return REDIS_ERR }
            var words: [UnsafePointer<CChar>?] = []
            words.reserveCapacity(lengths.count)
            var start = 0
            for length in lengths {
                words.append((base + start).assumingMemoryBound(to: CChar.self))
                start += length
            }
            return redisAppendCommandArgv(context, Int32(clamping: lengths.count), &words, lengths)
        }
    }
}

/// What a server answered.
final class RedisReply {
    private let pointer: UnsafeMutablePointer<redisReply>

    fileprivate init(_ pointer: UnsafeMutablePointer<redisReply>) {
        self.pointer = pointer
    }

    deinit {
        freeReplyObject(pointer)
    }

    var isNil: Bool { pointer.pointee.type == REDIS_REPLY_NIL }

    /// Texts of an array, or of one text.
    var count: Int { pointer.pointee.type == REDIS_REPLY_ARRAY ? pointer.pointee.elements : 0 }

    var error: String? {
        guard pointer.pointee.type == REDIS_REPLY_ERROR else { return nil }
        return Self.octets(pointer).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// The text; nil when it is none.
    var text: [UInt8]? { Self.octets(pointer).map { Array($0) } }

    /// An element of an array, valid as long as the reply is; nil where there is nothing.
    func element(_ index: Int) -> UnsafeBufferPointer<UInt8>? {
        guard index < count, let element = pointer.pointee.element[index] else { return nil }
        return Self.octets(element)
    }

    /// The answer to SCAN: the next cursor, and names; an end where it is none.
    func page() -> (cursor: String, names: [String]) {
        guard count == 2, let first = element(0), let list = pointer.pointee.element[1],
            list.pointee.type == REDIS_REPLY_ARRAY
        else { return ("0", []) }
        var names: [String] = []
        for index in 0..<list.pointee.elements {
            guard let name = list.pointee.element[index], let octets = Self.octets(name) else { continue }
            names.append(String(decoding: octets, as: UTF8.self))
        }
        return (String(decoding: first, as: UTF8.self), names)
    }

    /// The error within an array, as EXEC gives it.
    var innerError: String? {
        for index in 0..<count {
            guard let element = pointer.pointee.element[index], element.pointee.type == REDIS_REPLY_ERROR else {
                continue
            }
            return Self.octets(element).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        return nil
    }

    private static func octets(_ reply: UnsafeMutablePointer<redisReply>) -> UnsafeBufferPointer<UInt8>? {
        let type = reply.pointee.type
        guard type == REDIS_REPLY_STRING || type == REDIS_REPLY_STATUS || type == REDIS_REPLY_ERROR,
            let text = reply.pointee.str
        else { return nil }
        return UnsafeBufferPointer(
            start: UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self), count: reply.pointee.len)
    }
}

/// One connection, for one thread at a time. Every call blocks up to the server's timeout.
final class RedisConnection: Sendable {
    /// Octets of commands after which answers are read: both sides keep what is under way in memory.
    private static let pipelined = 1 << 20

    nonisolated(unsafe) private let context: UnsafeMutablePointer<redisContext>
    private let place: String
    /// An answer did not come in time: the server hangs, and another connection would hang as well.
    nonisolated(unsafe) private(set) var isOverdue = false

    /// Connects, and says who we are.
    init(_ server: RedisServer) throws(StoreError) {
        place = server.description
        let time = timeval(tv_sec: server.timeout / 1000, tv_usec: (server.timeout % 1000) * 1000)
        let made =
            switch server.address {
            case .tcp(let host, let port): redisConnectWithTimeout(host, Int32(clamping: port), time)
            case .unix(let path): redisConnectUnixWithTimeout(path, time)
            }
        guard let made else { throw .unreachable("\(server.description): no memory") }
        context = made
        guard context.pointee.err == 0 else { throw failure("connecting") }
        _ = fcntl(context.pointee.fd, F_SETFD, FD_CLOEXEC)
        redisSetTimeout(context, time)
        if !server.user.isEmpty {
            _ = try send(RedisCommand("AUTH", server.user, server.password))
        } else if !server.password.isEmpty {
            _ = try send(RedisCommand("AUTH", server.password))
        }
        if server.database != 0 { _ = try send(RedisCommand("SELECT", "\(server.database)")) }
    }

    deinit {
        redisFree(context)
    }

    /// Sends one command and waits for its answer.
    func send(_ command: RedisCommand) throws(StoreError) -> RedisReply {
        try append(command)
        return try answer()
    }

    /// Sends many commands, and gives the last answer. An error in any other is thrown when all were answered.
    func send(_ commands: [RedisCommand]) throws(StoreError) -> RedisReply? {
        var last: RedisReply?
        var waiting = 0
        var octets = 0
        var problem: StoreError?
        for (index, command) in commands.enumerated() {
            try append(command)
            waiting += 1
            octets += command.size
            guard octets > Self.pipelined || index == commands.count - 1 else { continue }
            for _ in 0..<waiting {
                do throws(StoreError) {
                    last = try answer()
                } catch .unreachable(let text) {
                    throw .unreachable(text)
                } catch {
                    problem = problem ?? error
                }
            }
            (waiting, octets) = (0, 0)
        }
        if let problem { throw problem }
        return last
    }

    private func append(_ command: RedisCommand) throws(StoreError) {
        guard command.append(to: context) == REDIS_OK else { throw failure("sending") }
    }

    private func answer() throws(StoreError) -> RedisReply {
        var found: UnsafeMutableRawPointer?
        guard redisGetReply(context, &found) == REDIS_OK, let found else { throw failure("waiting for an answer") }
        let reply = RedisReply(found.assumingMemoryBound(to: redisReply.self))
        if let text = reply.error { throw error(text) }
        return reply
    }

    /// The server's own words as an error.
    func error(_ text: String) -> StoreError {
        text.hasPrefix("OOM") || text.hasPrefix("MISCONF") ? .full("\(place): \(text)") : .failed("\(place): \(text)")
    }

    private func failure(_ step: String) -> StoreError {
        isOverdue = context.pointee.err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK)
        let text = withUnsafeBytes(of: context.pointee.errstr) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        return .unreachable("\(place): \(step): \(isOverdue ? "no answer in time" : text)")
    }
}
