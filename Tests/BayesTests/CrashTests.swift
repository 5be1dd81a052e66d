import Glibc
import Scoring
import TestSupport
import Testing

@testable import Bayes

@Suite("A store that others use too")
struct CrashTests {
    /// What must hold after a crash at any instant: whole transactions, and totals that agree with the records.
    static func expectWhole(_ store: BayesStore) throws {
        var totals = try store.totals()
        var (tokens, counted, learnt) = (0, 0, 0)
        var (messages, seen) = (0, 0)
        // All in one transaction: another process may be learning.
        try store.store.readOnce { reading throws(StoreError) in
            totals = try store.totals(reading)
            let scheme = BucketScheme(bits: totals.tokenBits)
            try reading.forEach(.tokens, from: []) { key, value in
                for record in TokenBucket.records(value, bucket: Octets.number(ofKey: key), scheme) {
                    tokens += 1
                    counted += Int(record.counts.spam) + Int(record.counts.ham)
                }
                return true
            }
            try reading.forEach(.messages, from: []) { _, value in
                messages += 1
                learnt += (try? LearntMessage(value))?.keys.count ?? 0
                return true
            }
            seen = try reading.count(.seen)
        }
        #expect(totals.tokens == UInt64(tokens))
        #expect(UInt64(messages) == totals.spam + totals.ham)
        #expect(seen == messages)
        #expect(messages % 10 == 0)
        #expect(counted == learnt)
    }

    @Test("kill -9 in learning, 50 times: the last committed state is there", arguments: StoreKind.allCases)
    func killed(_ kind: StoreKind) throws {
        let place = try kind.make()
        var generator = SeededGenerator(seed: 11)
        var before: UInt64 = 0
        for round in 0..<50 {
            let learner = try RunningProgram(Programs.path("bayes-learner"), [place.learnerArgument()])
            let wanted = Int.random(in: 1...4, using: &generator)
            try learner.output.wait(for: "x", from: wanted - 1, seconds: 60)
            // Somewhere in the next transaction.
            usleep(UInt32.random(in: 0...3000, using: &generator))
            learner.kill()
            _ = learner.wait()
            let store = try place.store()
            try Self.expectWhole(store)
            let after = try store.totals().spam + store.totals().ham
            #expect(after >= before + UInt64(wanted) * 10, "round \(round)")
            before = after
        }
    }

    @Test(
        "a store reads while another process learns, and sees what that has committed", arguments: StoreKind.allCases)
    func readsMeanwhile(_ kind: StoreKind) throws {
        let place = try kind.make()
        let store = try place.store()
        let learner = try RunningProgram(Programs.path("bayes-learner"), [place.learnerArgument()])
        defer {
            learner.kill()
            _ = learner.wait()
        }
        for step in 1...20 {
            try learner.output.wait(for: "x", from: step * 3 - 1, seconds: 60)
            #expect(try store.totals().spam + store.totals().ham >= UInt64(step * 30))
            try Self.expectWhole(store)
        }
    }
}
