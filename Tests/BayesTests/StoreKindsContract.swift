import Scoring
import Testing

@testable import Bayes

/// How much of mail that is nearly alike is learnt, in every kind of store.
@Suite("What a Bayes store learns of repeated mail")
struct StoreKindsContract {
    /// Copies of one text of so many words, of which so many are others in each copy.
    private static func copies(_ count: Int, words: Int, others: Int, from first: Int = 0) -> [Lesson] {
        (0..<count).map { number in
            let own = (0..<others).map { 1_000_000 + first * 100 + number * 100 + $0 }
            return Lesson(
                id: "copy \(first) \(number)", keys: (Array(first..<first + words - others) + own).map(key).sorted())
        }
    }

    /// Mail of which no two are alike, though common words are in nearly all: words by Zipf's law.
    private static func honest(_ count: Int) -> [Lesson] {
        var state: UInt64 = 12
        func chance() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / Double(1 << 53)
        }
        var sums = [0.0]
        for rank in 1...4000 { sums.append(sums[rank - 1] + 1 / Double(rank)) }
        func word() -> Int {
            let wanted = chance() * sums[4000]
            var (low, high) = (0, 4000)
            while high - low > 1 {
                let middle = (low + high) / 2
                if sums[middle] <= wanted { low = middle } else { high = middle }
            }
            return low
        }
        return (0..<count).map { number in
            let words = Set((0..<60 + Int(chance() * 140)).map { _ in word() })
            return Lesson(id: "honest \(number)", keys: words.map(key).sorted())
        }
    }

    @Test(
        "one message a thousand times is learnt as often as is allowed, with small changes, too",
        arguments: [(200, 2), (200, 10), (8, 0), (35, 0), (37, 2), (200, 20)] as [(Int, Int)], StoreKind.allCases)
    func copies(_ shape: (words: Int, others: Int), _ kind: StoreKind) throws {
        let (store, place) = try makeStore(kind)
        defer { withExtendedLifetime(place) {} }
        var batch = try store.beginBatch(at: 5)
        let copies = Self.copies(1000, words: shape.words, others: shape.others)
        let outcomes = try store.learn(copies, asSpam: true, batch: &batch, time: 7)
        let learnt = outcomes.count { $0 == .learned }
        // A tenth of other words: some copies are not taken for one.
        #expect((50...(shape.others == 20 ? 60 : 50)).contains(learnt), "\(learnt)")
        #expect(outcomes.count { $0 == .repeated } == 1000 - learnt)
        #expect(try store.totals().spam == UInt64(learnt) && batch.spam == UInt64(learnt))
        #expect(try counts(store)[key(5)]?.spam == UInt32(learnt))
        // The other class has its own share.
        #expect(try store.learn([copies[999]], asSpam: false, batch: &batch, time: 8) == [.learned])
        // Forgetting makes room.
        let first = try store.forget(Array(copies[..<40]), time: 8)
        #expect(first == [LessonOutcome](repeating: .forgotten, count: 40))
        #expect(try store.learn([copies[0]], asSpam: true, batch: &batch, time: 9) == [.learned])
    }

    @Test(
        "copies in which one word in ten is another, in each at other places, are nearly alike",
        arguments: StoreKind.allCases)
    func scattered(_ kind: StoreKind) throws {
        let (store, place) = try makeStore(kind)
        defer { withExtendedLifetime(place) {} }
        var batch = try store.beginBatch(at: 5)
        let copies = (0..<300).map { number in
            let words = (0..<100).map { word in
                ((number &+ 1) &* 7919 &+ word &* 104_729) % 1009 < 101 ? 10_000 + number * 100 + word : word
            }
            return Lesson(id: "copy \(number)", keys: words.map(key).sorted())
        }
        let outcomes = try store.learn(copies, asSpam: true, batch: &batch, time: 7)
        let learnt = outcomes.count { $0 == .learned }
        // By chance a few are not near enough to the first.
        #expect((50...100).contains(learnt), "\(learnt)")
    }

    @Test("mail that is like nothing learnt before is never a repeat", arguments: StoreKind.allCases)
    func honestMail(_ kind: StoreKind) throws {
        let (store, place) = try makeStore(kind, BayesStore.Limits(nearDuplicates: 5))
        defer { withExtendedLifetime(place) {} }
        var batch = try store.beginBatch(at: 5)
        let lessons = Self.honest(1500)
        let outcomes = try store.learn(lessons, asSpam: false, batch: &batch, time: 7)
        #expect(outcomes.count { $0 != .learned } == 0)
        // Mail of which each shares half its words with the next.
        let chain = (0..<100).map { lesson("other \($0)", 50_000 + $0 * 100..<50_000 + $0 * 100 + 200) }
        #expect(
            try store.learn(chain, asSpam: false, batch: &batch, time: 7)
                == [LessonOutcome](repeating: .learned, count: 100))
        // And copies are found among all those.
        let copies = try store.learn(
            Self.copies(100, words: 100, others: 2, from: 200), asSpam: false, batch: &batch, time: 7)
        #expect(copies.count { $0 == .learned } == 5)
    }

    @Test("a correction is learnt however many like it are there", arguments: StoreKind.allCases)
    func correction(_ kind: StoreKind) throws {
        let (store, place) = try makeStore(kind, BayesStore.Limits(nearDuplicates: 5))
        defer { withExtendedLifetime(place) {} }
        var batch = try store.beginBatch(at: 5)
        let copies = Self.copies(8, words: 100, others: 2)
        #expect(try store.learn([copies[7]], asSpam: true, batch: &batch, time: 7) == [.learned])
        let outcomes = try store.learn(Array(copies[..<7]), asSpam: false, batch: &batch, time: 7)
        #expect(outcomes.count { $0 == .learned } == 5)
        #expect(try store.learn([copies[7]], asSpam: false, batch: &batch, time: 8) == [.relearned])
        #expect(try store.totals().spam == 0 && store.totals().ham == 6)
        // And back.
        #expect(try store.learn([copies[7]], asSpam: true, batch: &batch, time: 9) == [.relearned])
        #expect(try store.totals().spam == 1 && store.totals().ham == 5)
    }

    @Test("nothing is remembered of what was not learnt", arguments: StoreKind.allCases)
    func refused(_ kind: StoreKind) throws {
        let (store, place) = try makeStore(kind, BayesStore.Limits(nearDuplicates: 50))
        defer { withExtendedLifetime(place) {} }
        var batch = try store.beginBatch(at: 5)
        let copies = Self.copies(60, words: 100, others: 2)
        #expect(
            try store.learn(copies, asSpam: true, batch: &batch, time: 7).count { $0 == .repeated } == 10)
        #expect(try store.learn([copies[59]], asSpam: true, batch: &batch, time: 7) == [.repeated])
        #expect(try store.forget([copies[59]], time: 7) == [.known])
        var seen = 0
        try store.forEachSeen { _, _ in seen += 1 }
        #expect(seen == 50)
        #expect(try store.undo(batch: batch.number, time: 8)?.forgotten == 50)
        // Nothing is left to compare with.
        try store.store.read { reading throws(StoreError) in #expect(try reading.count(.sketches) == 0) }
        var second = try store.beginBatch(at: 9)
        let again = try store.learn(Array(copies[50...]), asSpam: true, batch: &second, time: 9)
        #expect(again == [LessonOutcome](repeating: .learned, count: 10))
    }

    @Test(
        "mail that is no longer kept makes room once, when it goes and not when it is forgotten",
        arguments: StoreKind.allCases)
    func drivenOut(_ kind: StoreKind) throws {
        let (store, place) = try makeStore(
            kind, BayesStore.Limits(messages: 100, minimum: 1, nearDuplicates: 5))
        defer { withExtendedLifetime(place) {} }
        var batch = try store.beginBatch(at: 5)
        func learn(_ lessons: some Sequence<Lesson>) throws -> Int {
            try store.learn(Array(lessons), asSpam: true, batch: &batch, time: 7).count { $0 == .learned }
        }
        let copies = Self.copies(40, words: 100, others: 2)
        #expect(try learn(copies[..<5]) == 5)
        #expect(try learn(Self.honest(150)) == 150)
        try store.solve()
        #expect(try learn(copies[5..<8]) == 3)
        #expect(try store.forget(Array(copies[..<5]), time: 8) == [LessonOutcome](repeating: .forgotten, count: 5))
        #expect(try learn(copies[8...]) == 2)
    }

    @Test("a restored store knows what is nearly alike", arguments: StoreKind.allCases)
    func restored(_ kind: StoreKind) throws {
        let (store, place) = try makeStore(kind, BayesStore.Limits(nearDuplicates: 5))
        defer { withExtendedLifetime(place) {} }
        var batch = try store.beginBatch(at: 5)
        let copies = Self.copies(10, words: 100, others: 2)
        _ = try store.learn(copies, asSpam: true, batch: &batch, time: 7)
        var lines: [String] = []
        try store.backup { lines.append($0) }
        _ = try store.restore(Array(lines.joined(separator: "\n").utf8))
        #expect(try store.learn([copies[9]], asSpam: true, batch: &batch, time: 7) == [.repeated])
        _ = try store.forget([copies[0]], time: 7)
        #expect(try store.learn([copies[9]], asSpam: true, batch: &batch, time: 7) == [.learned])
    }

    @Test("marks in common are about the share of words in common")
    func marks() throws {
        for (common, expected) in [(1000, 64...64), (0, 0...2), (900, 47...63), (667, 27...58), (333, 7...36)] {
            for start in [0, 7000, 90_000] {
                // Of 1,000 words in both together.
                let own = (1000 - common) / 2
                let one = (start..<start + common + own).map(key).sorted()
                let other = (Array(start..<start + common) + (0..<own).map { start + 5000 + $0 }).map(key).sorted()
                let (left, right) = (try #require(MessageSketch(one)), try #require(MessageSketch(other)))
                let found = zip(left.marks, right.marks).count { $0.0 == $0.1 }
                #expect(expected.contains(found), "\(common): \(found)")
                #expect(left.isNearly(right) == (found >= MessageSketch.shared))
            }
        }
        #expect(MessageSketch([]) == nil)
        #expect(MessageSketch([UInt64(TokenClass.relay.rawValue) << 36]) == nil)
    }

    /// A letter of these scripts is a word: by them alone all texts would be one.
    @Test(
        "texts in scripts of few letters without blanks are told apart, and copies are not",
        arguments: [
            0x0E01...0x0E3A, 0x1780...0x17B3, 0x1000...0x102A, 0x3042...0x3093,
        ] as [ClosedRange<UInt32>])
    func letters(_ script: ClosedRange<UInt32>) throws {
        var state: UInt64 = 7
        func word() -> String {
            String(
                String.UnicodeScalarView(
                    (0..<5).compactMap { _ in
                        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                        return UnicodeScalar(script.lowerBound + UInt32(state >> 33) % UInt32(script.count))
                    }))
        }
        func sketch(_ words: [String]) throws -> MessageSketch {
            var extractor = TokenExtractor()
            extractor.add(text: Array(("Example Ltd, Bangkok " + words.joined()).utf8).span)
            return try #require(MessageSketch(Features(tokens: extractor.finish().tokens).keys))
        }
        for length in [30, 200] {
            let texts = (0..<10).map { _ in (0..<length).map { _ in word() } }
            for text in texts.dropFirst() { #expect(try !sketch(text).isNearly(sketch(texts[0]))) }
            var copy = texts[0]
            copy[length / 3] = word()
            #expect(try sketch(copy).isNearly(sketch(texts[0])))
        }
    }
}
