import Bayes
import Glibc
import TestSupport
import Testing

/// The kinds of stores, each behind the same suite.
enum StoreKind: CaseIterable, CustomTestStringConvertible {
    case lmdb
    case redis

    var testDescription: String { "\(self)" }

    func make() throws -> TestPlace {
        switch self {
        case .lmdb: try TestPlace(Scratch(.memory), nil)
        case .redis: try TestPlace(Scratch(.memory), RedisProgram())
        }
    }
}

/// Where stores of a test are; it ends with the object.
struct TestPlace {
    let scratch: Scratch
    let redis: RedisProgram?

    init(_ scratch: Scratch, _ redis: RedisProgram?) {
        self.scratch = scratch
        self.redis = redis
    }

    /// A store by name; the same name again is the same store.
    func store(_ name: String = "bayes", limits: BayesStore.Limits = BayesStore.Limits()) throws -> BayesStore {
        if let redis { return BayesStore(redis.store(name), limits: limits) }
        return BayesStore(try LMDBStore(directory: "\(scratch.path)/\(name)"), limits: limits)
    }

    /// What `bayes-learner` opens the store by.
    func learnerArgument(_ name: String = "bayes") -> String {
        redis.map { "\($0.socket)#\(name):" } ?? "\(scratch.path)/\(name)"
    }
}

/// Debian's redis-server on a socket of its own, without persistence unless it is wanted.
final class RedisProgram: Sendable {
    let socket: String
    private let scratch: Scratch
    private let directory: String
    private let arguments: [String]
    private let running: RunningProgram

    static let path = "/usr/bin/redis-server"

    init(_ arguments: [String] = [], in earlier: RedisProgram? = nil) throws {
        scratch = try earlier?.scratch ?? Scratch(.memory)
        directory = scratch.path
        socket = directory + "/redis.sock"
        self.arguments = arguments
        running = try RunningProgram(
            Self.path,
            ["--port", "0", "--unixsocket", socket, "--dir", directory, "--save", "", "--daemonize", "no"] + arguments)
        try running.output.wait(for: "The server is now ready to accept connections")
    }

    func store(_ name: String, password: String = "", timeout: Int = 20_000) -> RedisStore {
        RedisStore(
            RedisServer(address: .unix(path: socket), password: password, timeout: timeout), prefix: name + ":")
    }

    /// A signal, and the end where it brings one.
    func kill() {
        running.kill()
        _ = running.wait()
    }

    func signal(_ number: Int32) { running.signal(number) }
}
