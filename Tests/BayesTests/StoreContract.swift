import Linux
import Scoring
import TestSupport
import Testing

@testable import Bayes

/// Keys for tests: words by number.
func key(_ number: Int) -> TokenKey {
    UInt64(TokenClass.word.rawValue) << 36 | (TokenKey(number) &* 0x9E37_79B9) & 0xF_FFFF_FFFF
}

func lesson(_ id: String, _ numbers: Range<Int>) -> Lesson {
    Lesson(id: id, keys: numbers.map(key).sorted())
}

/// A fresh store of a kind, and its place, which goes with the last reference.
func makeStore(
    _ kind: StoreKind, _ limits: BayesStore.Limits = BayesStore.Limits()
) throws -> (BayesStore, TestPlace) {
    let place = try kind.make()
    return (try place.store(limits: limits), place)
}

func counts(_ store: BayesStore) throws -> [TokenKey: FisherMethod.Counts] {
    var found: [TokenKey: FisherMethod.Counts] = [:]
    try store.forEachToken { found[$0.key] = $0.counts }
    return found
}

/// What every kind of store must do.
@Suite("A Bayes store")
struct StoreContract {
    @Test("learning counts, and a second time changes nothing", arguments: StoreKind.allCases)
    func idempotent(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind)
        defer { withExtendedLifetime(scratch) {} }
        var batch = try store.beginBatch(at: 5)
        let lessons = [lesson("a", 0..<10), lesson("b", 5..<15)]
        #expect(try store.learn(lessons, asSpam: true, batch: &batch, time: 7) == [.learned, .learned])
        let first = try counts(store)
        #expect(first[key(7)] == FisherMethod.Counts(spam: 2, ham: 0))
        #expect(first[key(1)] == FisherMethod.Counts(spam: 1, ham: 0))
        #expect(try store.learn(lessons, asSpam: true, batch: &batch, time: 8) == [.known, .known])
        #expect(try counts(store) == first)
        let totals = try store.totals()
        #expect(totals.spam == 2 && totals.ham == 0 && totals.tokens == 15)
        #expect(batch.spam == 2 && batch.ham == 0)
    }

    @Test("learning in the other class forgets first", arguments: StoreKind.allCases)
    func relearning(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind)
        defer { withExtendedLifetime(scratch) {} }
        var batch = try store.beginBatch(at: 5)
        _ = try store.learn([lesson("a", 0..<10)], asSpam: true, batch: &batch, time: 7)
        #expect(try store.learn([lesson("a", 0..<10)], asSpam: false, batch: &batch, time: 8) == [.relearned])
        let totals = try store.totals()
        #expect(totals.spam == 0 && totals.ham == 1)
        #expect(try counts(store)[key(3)] == FisherMethod.Counts(spam: 0, ham: 1))
    }

    @Test("forgetting leaves nothing, even when the message is not shown again", arguments: StoreKind.allCases)
    func forgetting(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind)
        defer { withExtendedLifetime(scratch) {} }
        var batch = try store.beginBatch(at: 5)
        _ = try store.learn([lesson("a", 0..<10)], asSpam: true, batch: &batch, time: 7)
        #expect(try store.forget([Lesson(id: "other", keys: [])], time: 8) == [.known])
        #expect(try store.forget([Lesson(id: "a", keys: [])], time: 8) == [.forgotten])
        #expect(try counts(store).isEmpty)
        let totals = try store.totals()
        #expect(totals.spam == 0 && totals.tokens == 0)
        #expect(try store.forget([Lesson(id: "a", keys: [])], time: 8) == [.known])
    }

    @Test("undoing a batch restores what was before it, and only once", arguments: StoreKind.allCases)
    func undo(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind)
        defer { withExtendedLifetime(scratch) {} }
        var good = try store.beginBatch(at: 5)
        _ = try store.learn((0..<20).map { lesson("g\($0)", $0..<$0 + 9) }, asSpam: false, batch: &good, time: 7)
        let before = try counts(store)
        var poison = try store.beginBatch(at: 6)
        _ = try store.learn((0..<500).map { lesson("p\($0)", $0..<$0 + 9) }, asSpam: true, batch: &poison, time: 7)
        #expect(try counts(store) != before)
        let undone = try store.undo(batch: poison.number, time: 8)
        #expect(undone?.forgotten == 500 && undone?.gone == 0)
        #expect(try counts(store) == before)
        #expect(try store.totals().spam == 0)
        #expect(try store.undo(batch: poison.number, time: 8) == nil)
        #expect(try store.undo(batch: 99, time: 8) == nil)
        #expect(try store.batches().map(\.isUndone) == [true, false])
    }

    @Test(
        "what is postponed is counted by the next merge, and can be forgotten before it", arguments: StoreKind.allCases)
    func postponed(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind)
        defer { withExtendedLifetime(scratch) {} }
        var batch = try store.beginBatch(at: 5)
        _ = try store.learn(
            [lesson("a", 0..<10), lesson("b", 0..<10)], asSpam: true, batch: &batch, time: 7, countsNow: false)
        #expect(try store.totals().spam == 0)
        #expect(try counts(store).isEmpty)
        #expect(try store.merge(time: 8) == 2)
        #expect(try store.totals().spam == 2)
        #expect(try store.merge(time: 8) == 0)
        _ = try store.learn([lesson("c", 0..<10)], asSpam: false, batch: &batch, time: 7, countsNow: false)
        // Learning that counts takes along what waits.
        _ = try store.learn([lesson("d", 0..<10)], asSpam: false, batch: &batch, time: 7)
        #expect(try store.totals().ham == 2)
        #expect(try counts(store)[key(1)] == FisherMethod.Counts(spam: 2, ham: 2))
    }

    @Test("of what is postponed as many are waiting as the next merge counts", arguments: StoreKind.allCases)
    func waiting(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind)
        defer { withExtendedLifetime(scratch) {} }
        var batch = try store.beginBatch(at: 5)
        func learn(_ names: [String], asSpam isSpam: Bool) throws {
            let lessons = names.map { lesson($0, 0..<10) }
            _ = try store.learn(lessons, asSpam: isSpam, batch: &batch, time: 7, countsNow: false)
        }
        try learn(["a", "b", "c"], asSpam: true)
        try learn(["a", "a", "d"], asSpam: false)
        #expect(try store.totals().pending == 4)
        _ = try store.forget([Lesson(id: "none", keys: [])], time: 7)
        // Forgetting counts what waits first.
        #expect(try store.totals().pending == 0 && store.totals().spam == 2 && store.totals().ham == 2)
        try learn(["e", "b"], asSpam: false)
        #expect(try store.totals().pending == 2 && store.totals().spam == 1)
        #expect(try store.merge(time: 8) == 2)
        #expect(try store.totals().pending == 0 && store.totals().ham == 4)
        #expect(try counts(store)[key(1)] == FisherMethod.Counts(spam: 1, ham: 4))
    }

    @Test(
        "the budget of tokens is kept: those met once go first, the oldest of them before others",
        arguments: StoreKind.allCases)
    func budget(_ kind: StoreKind) throws {
        let limits = BayesStore.Limits(tokens: 5000)
        let (store, scratch) = try makeStore(kind, limits)
        defer { withExtendedLifetime(scratch) {} }
        var batch = try store.beginBatch(at: 5)
        _ = try store.learn([lesson("a", 0..<1000), lesson("b", 0..<1000)], asSpam: true, batch: &batch, time: 7)
        for round in 0..<20 {
            let start = 10_000 + round * 1000
            _ = try store.learn(
                [lesson("r\(round)", start..<start + 1000)], asSpam: false, batch: &batch, time: UInt32(10 + round))
        }
        let found = try counts(store)
        #expect(found.count <= 5000)
        #expect(try store.totals().tokens == UInt64(found.count))
        #expect((0..<1000).allSatisfy { found[key($0)]?.spam == 2 })
        #expect(found[key(10_000)] == nil)
    }

    @Test("one short spam a thousand times leaves ham with its words what it was", arguments: StoreKind.allCases)
    func repeatedSpam(_ kind: StoreKind) throws {
        let (store, place) = try makeStore(kind)
        defer { withExtendedLifetime(place) {} }
        var batch = try store.beginBatch(at: 5)
        // Ham has 40 of 400 words, spam of 400 others.
        func mail(_ number: Int, _ first: Int) -> [TokenKey] {
            Set((0..<40).map { first + (number &* 7919 &+ $0 &* 104_729) % 400 }).map(key).sorted()
        }
        let ham = (0..<300).map { Lesson(id: "h\($0)", keys: mail($0, 0)) }
        let spam = (0..<300).map { Lesson(id: "s\($0)", keys: mail($0, 1000)) }
        _ = try store.learn(ham, asSpam: false, batch: &batch, time: 7)
        _ = try store.learn(spam, asSpam: true, batch: &batch, time: 7)
        try store.solve()
        let fresh = (1000..<1060).map { Features(keys: mail($0, 0)) }
        let before = try fresh.map { try #require(try store.judge($0)).probability }
        #expect(before.allSatisfy { $0 < 0.1 })
        let copies = (0..<1000).map { Lesson(id: "c\($0)", keys: (0..<8).map(key).sorted()) }
        _ = try store.learn(copies, asSpam: true, batch: &batch, time: 7)
        try store.solve()
        for features in fresh { #expect(try #require(try store.judge(features)).probability < 0.3) }
    }

    @Test(
        "who taught a batch stays with it, and is not known of those of earlier programs", arguments: StoreKind.allCases
    )
    func teachers(_ kind: StoreKind) throws {
        let (store, place) = try makeStore(kind)
        defer { withExtendedLifetime(place) {} }
        let teachers: [BatchRecord.Teacher?] = [.person, .autolearning, .release, nil]
        var batches: [BatchRecord] = []
        for (number, teacher) in teachers.enumerated() {
            var batch = try store.beginBatch(at: 5, by: teacher)
            for part in 0..<2 {
                var taught = lesson("m\(number) \(part)", number * 10 + part..<number * 10 + 9)
                taught.isAutomatic = teacher == .autolearning
                _ = try store.learn([taught], asSpam: true, batch: &batch, time: 7)
            }
            batches.append(batch)
        }
        #expect(try store.batches().reversed().map(\.teacher) == teachers)
        // One that goes on in a new batch, since the one that it had was undone.
        _ = try store.undo(batch: batches[1].number, time: 8)
        var more = lesson("more", 90..<99)
        more.isAutomatic = true
        _ = try store.learn([more], asSpam: true, batch: &batches[1], time: 9)
        let now = try store.batches()
        #expect(now.map(\.teacher) == [.autolearning, nil, .release, .autolearning, .person])
        #expect(now.map(\.isUndone) == [false, false, false, true, false])
        // Of a restored one what its messages say.
        var backup: [String] = []
        try store.backup { backup.append($0) }
        _ = try store.restore(Array(backup.joined(separator: "\n").utf8))
        #expect(try store.batches().map(\.teacher) == [.autolearning, nil, nil, nil])
        // As they wrote it: time, spam, ham, state.
        let states: [(UInt64, BatchRecord.Teacher?)] = [
            (0, nil), (1, nil), (2, nil), (0x0200, .autolearning), (0xFF00, nil),
        ]
        for (state, teacher) in states {
            var octets: [UInt8] = []
            for number in [5, 1, 0, state] { Octets.append(number, to: &octets) }
            try store.store.write { writing throws(StoreError) in
                try writing.put(.batches, Octets.key(1).span, octets.span)
            }
            let first = try #require(store.batches().last)
            #expect(first.teacher == teacher && first.isUndone == (state == 1) && first.spam == 1)
            #expect(first.isPartlyUndone == (state == 2))
        }
    }

    @Test("a batch that was removed or undone is not continued", arguments: StoreKind.allCases)
    func lostBatches(_ kind: StoreKind) throws {
        let (store, place) = try makeStore(kind)
        defer { withExtendedLifetime(place) {} }
        var daily = try store.beginBatch(at: 5)
        _ = try store.learn([lesson("a", 0..<9)], asSpam: true, batch: &daily, time: 7)
        // Somebody else has learnt into it meanwhile, as a second node does.
        var second = daily
        _ = try store.learn([lesson("b", 9..<18)], asSpam: true, batch: &second, time: 7)
        _ = try store.learn([lesson("c", 18..<27)], asSpam: true, batch: &daily, time: 7)
        #expect(daily.spam == 3 && daily.number == second.number)
        _ = try store.undo(batch: daily.number, time: 8)
        let undone = daily.number
        _ = try store.learn([lesson("d", 0..<9)], asSpam: true, batch: &daily, time: 9)
        #expect(daily.number != undone && daily.spam == 1)
        #expect(try store.batches().map(\.isUndone) == [false, true])
        var backup: [String] = []
        try store.backup { backup.append($0) }
        try store.clear()
        let cleared = daily.number
        _ = try store.learn([lesson("e", 0..<9)], asSpam: true, batch: &daily, time: 9)
        #expect(daily.number > cleared && daily.spam == 1)
        _ = try store.restore(Array(backup.joined(separator: "\n").utf8))
        let restored = daily.number
        _ = try store.learn([lesson("f", 0..<9)], asSpam: true, batch: &daily, time: 9)
        #expect(daily.number > restored && daily.spam == 1)
        #expect(try store.undo(batch: daily.number, time: 9)?.forgotten == 1)
    }

    @Test("totals that no store can have are damage", arguments: StoreKind.allCases)
    func damagedTotals(_ kind: StoreKind) throws {
        let (store, place) = try makeStore(kind)
        defer { withExtendedLifetime(place) {} }
        var batch = try store.beginBatch(at: 5)
        _ = try store.learn([lesson("a", 0..<9)], asSpam: true, batch: &batch, time: 7)
        let whole = try store.totals().encoded()
        for number in 1..<18 {
            for value: UInt64 in [.max, 1 << 63, StoreTotals.most + 1] {
                try store.store.write { writing throws(StoreError) in
                    var record = whole
                    for octet in 0..<8 { record[number * 8 + octet] = UInt8(truncatingIfNeeded: value >> (octet * 8)) }
                    let key = StoreTotals.key
                    try writing.put(.meta, key.span, record.span)
                }
                #expect(throws: StoreError.self, "\(number)") { try store.totals() }
            }
        }
    }

    @Test(
        "a store of another version is refused, and can be cleared", arguments: StoreKind.allCases, [2, 9] as [UInt8])
    func otherVersion(_ kind: StoreKind, _ version: UInt8) throws {
        let (store, place) = try makeStore(kind)
        defer { withExtendedLifetime(place) {} }
        var batch = try store.beginBatch(at: 5)
        try store.store.write { writing throws(StoreError) in
            var record = [UInt8](repeating: 0, count: 156)
            record[0] = version
            let key = StoreTotals.key
            try writing.put(.meta, key.span, record.span)
        }
        for read in [{ _ = try store.totals() }, { _ = try store.batches() }] as [() throws -> Void] {
            #expect {
                try read()
            } throws: { error in
                let text = (error as? StoreError)?.description ?? ""
                return text.hasPrefix("\(store.place): a store of version \(version), not 8: ")
                    && text.contains("clear it") == (version < 8)
            }
        }
        try store.clear()
        #expect(try store.learn([lesson("a", 0..<9)], asSpam: true, batch: &batch, time: 7) == [.learned])
        #expect(try store.totals().spam == 1)
    }

    @Test("the order of learning changes no probability where mail has dates", arguments: StoreKind.allCases)
    func order(_ kind: StoreKind) throws {
        let mail = (0..<240).map { number in
            let start = number % 2 * 40 + number % 37
            return (
                Lesson(
                    id: "m\(number)", keys: (Array(start..<start + 20) + [500 + number / 60]).map(key).sorted(),
                    date: UInt32(1_700_000_000 + number)), number % 2 == 0
            )
        }
        func probabilities(_ order: [(Lesson, Bool)]) throws -> [Double] {
            let (store, place) = try makeStore(kind, BayesStore.Limits(minimum: 20, nearDuplicates: 1000))
            defer { withExtendedLifetime(place) {} }
            var batch = try store.beginBatch(at: 5)
            for (lesson, isSpam) in order {
                _ = try store.learn([lesson], asSpam: isSpam, batch: &batch, time: 7)
            }
            try store.solve()
            return try (0..<40).map { start in
                try #require(try store.judge(Features(keys: (start..<start + 25).map(key).sorted()))).probability
            }
        }
        let inTime = try probabilities(mail)
        let shuffled = try probabilities(mail.indices.map { mail[($0 * 77 + 5) % mail.count] })
        let byClass = try probabilities(mail.filter(\.1) + mail.filter { !$0.1 }.reversed())
        #expect(inTime == shuffled && inTime == byClass)
    }

    @Test("identifiers are forgotten when very many came behind them", arguments: StoreKind.allCases)
    func oldIdentifiers(_ kind: StoreKind) throws {
        let (store, place) = try makeStore(kind, BayesStore.Limits(messages: 5))
        defer { withExtendedLifetime(place) {} }
        var batch = try store.beginBatch(at: 5)
        _ = try store.learn((0..<150).map { lesson("m\($0)", $0..<$0 + 9) }, asSpam: true, batch: &batch, time: 7)
        _ = try store.expire(time: 8)
        var seen: [String] = []
        try store.forEachSeen { id, _ in seen.append(id) }
        #expect(seen.count == 100)
        #expect(seen.contains("m149") && !seen.contains("m0"))
    }

    @Test("nothing is judged below the minimum of either class", arguments: StoreKind.allCases)
    func minimum(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind, BayesStore.Limits(minimum: 20))
        defer { withExtendedLifetime(scratch) {} }
        var batch = try store.beginBatch(at: 5)
        let features = Features(keys: (0..<10).map(key).sorted())
        _ = try store.learn((0..<20).map { lesson("s\($0)", 0..<10) }, asSpam: true, batch: &batch, time: 7)
        _ = try store.learn((0..<19).map { lesson("h\($0)", 20..<30) }, asSpam: false, batch: &batch, time: 7)
        try store.solve()
        #expect(try store.judge(features) == nil)
        _ = try store.learn([lesson("h19", 20..<30)], asSpam: false, batch: &batch, time: 7)
        try store.solve()
        let spam = try #require(try store.judge(features))
        // Of so few tokens nothing is sure.
        #expect(spam.probability > 0.6)
        let ham = try #require(try store.judge(Features(keys: (20..<30).map(key).sorted())))
        #expect(ham.probability < 0.35)
    }

    @Test("weights in the store are those that were solved", arguments: StoreKind.allCases)
    func weights(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind, BayesStore.Limits(minimum: 1))
        defer { withExtendedLifetime(scratch) {} }
        var batch = try store.beginBatch(at: 5)
        // Words, and words of the header.
        func mixed(_ id: String, _ numbers: Range<Int>) -> Lesson {
            let classes = UInt64(TokenClass.word.rawValue ^ TokenClass.header.rawValue) << 36
            return Lesson(id: id, keys: numbers.map { $0 % 3 == 0 ? key($0) ^ classes : key($0) }.sorted())
        }
        let spam = (0..<30).map { mixed("s\($0)", $0..<$0 + 40) }
        let ham = (0..<30).map { mixed("h\($0)", 50 + $0..<90 + $0) }
        _ = try store.learn(spam, asSpam: true, batch: &batch, time: 7)
        _ = try store.learn(ham, asSpam: false, batch: &batch, time: 7)
        #expect(try store.solveIfDue())
        #expect(try !store.solveIfDue())
        let examples = (spam.map { ($0, true) } + ham.map { ($0, false) }).map {
            CommitteeTrainer.Example(features: Features(keys: $0.0.keys), isSpam: $0.1)
        }
        let solution = try #require(CommitteeTrainer.solve(examples))
        let evidence = try #require(try store.evidence(Features(keys: solution.keys)))
        #expect(evidence.weights.map(\.weight) == solution.weights.map(\.weight))
        let byRatio = solution.keys.indices.filter { TokenClasses.weighedByRatio.contains(solution.keys[$0]) }
        #expect(!byRatio.isEmpty && byRatio.count < solution.keys.count)
        for (place, weight) in evidence.weights.enumerated() {
            #expect(byRatio.contains(place) ? weight == solution.weights[place] : weight.counts.isEmpty)
        }
        let explained = try #require(try store.evidence(Features(keys: solution.keys), isExplained: true))
        #expect(explained.weights == solution.weights)
        #expect(evidence.totals.model == solution.model && solution.model.spam == 30 && solution.model.ham == 30)
        let unknown = try #require(try store.evidence(Features(keys: (5000..<5100).map(key).sorted())))
        #expect(unknown.weights.allSatisfy { $0 == .unknown } && unknown.counts.allSatisfy(\.isEmpty))
    }
}
