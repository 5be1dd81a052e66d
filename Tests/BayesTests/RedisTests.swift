import Glibc
import Scoring
import TestSupport
import Testing

@testable import Bayes

@Suite("The store in Redis")
struct RedisTests {
    @Test("several nodes learn at one time, and nothing is lost or counted twice")
    func severalNodes() throws {
        let place = try StoreKind.redis.make()
        let learners = try (0..<3).map { _ in
            try RunningProgram(Programs.path("bayes-learner"), [place.learnerArgument(), "own"])
        }
        for learner in learners { try learner.output.wait(for: "x", from: 19, seconds: 120) }
        for learner in learners {
            learner.kill()
            _ = learner.wait()
        }
        let store = try place.store()
        try CrashTests.expectWhole(store)
        #expect(try store.totals().spam + store.totals().ham >= 600)
    }

    @Test("large learning comes to its end while small learning goes on and on")
    func largeAmongSmall() throws {
        let place = try StoreKind.redis.make()
        let store = try place.store()
        let learner = try RunningProgram(Programs.path("bayes-learner"), [place.learnerArgument()])
        defer {
            learner.kill()
            _ = learner.wait()
        }
        try learner.output.wait(for: "x", seconds: 60)
        var batch = try store.beginBatch(at: 1)
        let lessons = (0..<500).map { lesson("large \($0)", $0 * 40..<$0 * 40 + 400) }
        let outcomes = try store.learn(lessons, asSpam: true, batch: &batch, time: 3)
        #expect(outcomes == [LessonOutcome](repeating: .learned, count: 500))
        var seen = 0
        try store.forEachSeen { id, _ in if id.hasPrefix("large ") { seen += 1 } }
        #expect(seen == 500)
    }

    @Test("a server that is down is said to be; once it is back, the store goes on")
    func down() throws {
        let first = try RedisProgram()
        let store = BayesStore(first.store("bayes"))
        var batch = try store.beginBatch(at: 1)
        _ = try store.learn([lesson("a", 0..<10)], asSpam: true, batch: &batch, time: 1)
        first.kill()
        for _ in 0..<2 {
            do throws(StoreError) {
                _ = try store.totals()
                Issue.record("read from a server that is down")
            } catch {
                guard case .unreachable(let text) = error else {
                    Issue.record("\(error)")
                    return
                }
                #expect(text.contains(first.socket))
            }
        }
        let second = try RedisProgram(in: first)
        // A store that has not met the failure; the other one does not ask for some seconds.
        let other = BayesStore(second.store("bayes"))
        #expect(try other.totals().spam == 0)
    }

    @Test("a connection that ended while nobody used it is made anew")
    func idleConnection() throws {
        let first = try RedisProgram()
        let store = BayesStore(first.store("bayes"))
        #expect(try store.totals().spam == 0)
        first.kill()
        let second = try RedisProgram(in: first)
        defer { withExtendedLifetime(second) {} }
        var batch = try store.beginBatch(at: 1)
        #expect(try store.learn([lesson("a", 0..<10)], asSpam: true, batch: &batch, time: 1) == [.learned])
    }

    @Test("a server that does not answer costs the timeout once, then nothing for a while")
    func hanging() throws {
        let redis = try RedisProgram()
        let store = BayesStore(redis.store("bayes", timeout: 200))
        #expect(try store.totals().spam == 0)
        let asked = try connections(redis)
        redis.signal(SIGSTOP)
        for _ in 0..<2 {
            do throws(StoreError) {
                _ = try store.totals()
                Issue.record("an answer of a server that was stopped")
            } catch {
                #expect(error.description.contains("no answer in time"))
            }
        }
        redis.signal(SIGCONT)
        // Only this one: no other connection was tried, which would have hung as long.
        #expect(try connections(redis) == asked + 1)
    }

    /// Connections that the server has taken, this one among them.
    private func connections(_ redis: RedisProgram) throws -> Int {
        let connection = try RedisConnection(RedisServer(address: .unix(path: redis.socket), timeout: 20_000))
        let text = String(decoding: try connection.send(RedisCommand("INFO", "stats")).text ?? [], as: UTF8.self)
        let line = try #require(text.split(separator: "\r\n").first { $0.hasPrefix("total_connections_received:") })
        return try #require(Int(line.dropFirst("total_connections_received:".count)))
    }

    @Test("the server's own disk keeps what it said it has written, when it is killed")
    func serverKilled() throws {
        let persistent = ["--appendonly", "yes", "--appendfsync", "always"]
        var redis = try RedisProgram(persistent)
        var learnt: UInt64 = 0
        for _ in 0..<3 {
            let learner = try RunningProgram(Programs.path("bayes-learner"), ["\(redis.socket)#bayes:"])
            try learner.output.wait(for: "x", from: 4, seconds: 60)
            redis.kill()
            _ = learner.wait()
            redis = try RedisProgram(persistent, in: redis)
            let store = BayesStore(redis.store("bayes"))
            try CrashTests.expectWhole(store)
            let after = try store.totals().spam + store.totals().ham
            #expect(after >= learnt + 50)
            learnt = after
        }
    }

    @Test("a password is asked for, and never shown")
    func password() throws {
        let redis = try RedisProgram(["--requirepass", "s3cret-word"])
        #expect(try BayesStore(redis.store("bayes", password: "s3cret-word")).totals().spam == 0)
        for wrong in ["", "other-word"] {
            do throws(StoreError) {
                _ = try BayesStore(redis.store("bayes", password: wrong)).totals()
                Issue.record("no password was needed")
            } catch {
                guard case .failed(let text) = error else {
                    Issue.record("\(error)")
                    return
                }
                #expect(!text.contains("-word"))
            }
        }
    }

    @Test("a user who may do no more than the store needs is enough, and another one's password is not")
    func accessControl() throws {
        let redis = try RedisProgram([
            "--user", "default", "off", "--user", "bayes", "on", ">s3cret-word", "~bayes:*", "+@read", "+@write",
            "+@transaction", "+@connection",
        ])
        let store = BayesStore(redis.store("bayes", user: "bayes", password: "s3cret-word"))
        var batch = try store.beginBatch(at: 1)
        #expect(try store.learn([lesson("a", 0..<10)], asSpam: true, batch: &batch, time: 1) == [.learned])
        try store.clear()
        #expect(try store.totals().spam == 0)
        for (user, password) in [("", "s3cret-word"), ("bayes", "other-word"), ("other", "s3cret-word"), ("bayes", "")]
        {
            #expect(throws: StoreError.self) {
                _ = try BayesStore(redis.store("bayes", user: user, password: password)).totals()
            }
        }
        // Keys of others are out of reach.
        #expect(throws: StoreError.self) {
            _ = try BayesStore(redis.store("other", user: "bayes", password: "s3cret-word")).totals()
        }
    }

    @Test("a server without memory to spare keeps nothing of a transaction")
    func full() throws {
        let redis = try RedisProgram(["--maxmemory", "3mb", "--maxmemory-policy", "noeviction"])
        let store = BayesStore(redis.store("bayes"))
        var batch = try store.beginBatch(at: 1)
        var number = 0
        var failure: StoreError?
        while failure == nil, number < 10_000 {
            do throws(StoreError) {
                let lessons = (number..<number + 20).map { lesson("m\($0)", $0 * 100..<$0 * 100 + 200) }
                _ = try store.learn(lessons, asSpam: true, batch: &batch, time: 1)
                number += 20
            } catch {
                failure = error
            }
        }
        guard case .full = try #require(failure) else {
            Issue.record("not full but \(String(describing: failure))")
            return
        }
        #expect(try store.totals().spam == UInt64(number))
    }

    @Test("stores with different prefixes know nothing of each other")
    func prefixes() throws {
        let place = try StoreKind.redis.make()
        let (one, two) = (try place.store("one"), try place.store("two"))
        var batch = try one.beginBatch(at: 1)
        _ = try one.learn([lesson("a", 0..<10)], asSpam: true, batch: &batch, time: 1)
        #expect(try two.totals().spam == 0)
        try two.clear()
        #expect(try one.totals().spam == 1)
    }

    @Test("a process that ends with the turn keeps it from nobody for ever")
    func turnEnds() throws {
        let redis = try RedisProgram()
        let connection = try RedisConnection(RedisServer(address: .unix(path: redis.socket), timeout: 20_000))
        let keys = RedisKeys(prefix: "bayes:")
        try RedisTurn(connection, keys).take()
        #expect(try connection.send(RedisCommand("PERSIST", keys.turn)).isNil == false)
        _ = try connection.send(RedisCommand("PEXPIRE", keys.turn, "300"))
        let store = BayesStore(redis.store("bayes"))
        #expect(try store.beginBatch(at: 1).number == 1)
    }
}
