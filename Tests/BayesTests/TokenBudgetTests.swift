import Scoring
import TestSupport
import Testing

@testable import Bayes

/// The budget of tokens can change.
@Suite struct TokenBudgetTests {
    private static let messages = 60

    private static func learn(_ store: BayesStore) throws {
        var batch = try store.beginBatch(at: 1)
        let lessons = (0..<messages).map { lesson("m\($0)", $0 * 100..<$0 * 100 + 150) }
        _ = try store.learn(lessons, asSpam: true, batch: &batch, time: 1)
    }

    @Test("a store takes up a larger or smaller budget when it expires", arguments: StoreKind.allCases)
    func changed(_ kind: StoreKind) throws {
        let place = try kind.make()
        let small = BayesStore.Limits(tokens: 100_000)
        let first = try place.store(limits: small)
        try Self.learn(first)
        let before = try counts(first)
        #expect(before.count == Self.messages * 100 + 50)
        let bits = try first.totals().tokenBits

        let large = BayesStore(first.store, limits: BayesStore.Limits(tokens: 4_000_000))
        #expect(try large.expire(time: 2) == 0)
        #expect(try large.totals().tokenBits > bits)
        #expect(try counts(large) == before)
        #expect(try large.totals().tokens == UInt64(before.count))
        _ = try large.forget([lesson("m1", 100..<250)], time: 3)
        try Self.learn(large)
        #expect(try counts(large) == before)

        // Tokens that two messages have are kept before those that one has.
        let tiny = BayesStore(first.store, limits: BayesStore.Limits(tokens: 1000))
        let expired = try tiny.expire(time: 4)
        let left = try counts(tiny)
        #expect(left.count <= 1024 && left.count > 700)
        #expect(expired == before.count - left.count)
        #expect(try tiny.totals().tokens == UInt64(left.count))
        #expect(left.allSatisfy { before[$0.key] == $0.value })
    }
}
