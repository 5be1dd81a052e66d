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

extension BayesStore {
    /// Restores a backup that lies in memory; it comes in pieces of so many octets.
    func restore(_ text: [UInt8], piece: Int = 1000, tokensAtOnce: Int = 1 << 18) throws(StoreError) -> Restored {
        try restore(tokensAtOnce: tokensAtOnce) { offset, buffer throws(StoreError) in
            let octets = text[min(offset, text.count)...].prefix(min(piece, buffer.count))
            buffer.replaceSubrange(0..<octets.count, with: octets)
            return octets.count
        }
    }
}

extension RedisProgram {
    func store(_ name: String, user: String = "", password: String = "", timeout: Int = 20_000) -> RedisStore {
        RedisStore(
            RedisServer(address: .unix(path: socket), user: user, password: password, timeout: timeout),
            prefix: name + ":")
    }
}
