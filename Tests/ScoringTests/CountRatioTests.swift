import TestSupport
import Testing

@testable import Scoring

@Suite("How far spam and ham differ in tokens")
struct CountRatioTests {
    private static func key(_ tokenClass: TokenClass, _ number: UInt64) -> TokenKey {
        TokenKey(tokenClass.rawValue) << 36 | number
    }

    private static func counts(_ spam: Int, _ ham: Int) -> FisherMethod.Counts {
        FisherMethod.Counts(spam: UInt32(spam), ham: UInt32(ham))
    }

    @Test(
        "a token weighs as much as the logarithm of the ratio of the shares that have it",
        arguments: [(0, 0), (1, 1), (60, 60), (40, 3000), (3000, 40), (60_000, 5000)])
    func weight(_ spam: Int, _ ham: Int) {
        let ratio = CountRatio(spam: spam, ham: ham)
        for seen in [0, 1, 2, 59, 4095, 4096, 60_000] where seen <= spam {
            for other in [0, 1, 2, 59, 4095, 4096, 60_000] where other <= ham {
                let exact = Exponential.logarithm(
                    (Double(seen) + 0.5) / (Double(spam) + 1) / ((Double(other) + 0.5) / (Double(ham) + 1)))
                #expect(abs(Double(ratio.weight(Self.counts(seen, other))) - abs(exact)) < 1e-5, "\(seen), \(other)")
            }
        }
        // Of what all mail has, or as large a share of both, nothing can be told.
        #expect(ratio.weight(Self.counts(spam, ham)) < (min(spam, ham) > 1000 ? 0.01 : 0.7))
    }

    @Test("the more one class alone has a token the more it weighs, in either class alike")
    func telling() {
        let ratio = CountRatio(spam: 500, ham: 500)
        var last: Float = 0
        for count in [1, 2, 5, 20, 100, 500] {
            let weight = ratio.weight(Self.counts(count, 0))
            #expect(weight > last && abs(weight - ratio.weight(Self.counts(0, count))) < 1e-5)
            #expect(ratio.weight(Self.counts(count, count)) < 1e-5)
            last = weight
        }
    }

    @Test("what damaged numbers say is a weight all the same")
    func damage() {
        for messages in [0, 1, 7, 1 << 48] {
            for count in [0, 1, 7, 65_535, Int(UInt32.max)] {
                for counts in [Self.counts(count, 0), Self.counts(0, count), Self.counts(count, count)] {
                    let weight = CountRatio(spam: messages, ham: 7).weight(counts)
                    #expect((0...50).contains(weight), "\(counts) of \(messages)")
                }
            }
        }
    }

    private static let model = CommitteeModel(
        spam: 500, ham: 500, biases: [Float](repeating: 0, count: EvidenceView.count), curve: .guess)

    @Test(
        "unknown tokens of header and relays take nothing from the known ones, those of the text do",
        arguments: [
            (TokenClass.header, EvidenceView.headers), (.relay, .relays), (.word, .words), (.pair, .pairs),
            (.gram, .grams),
        ])
    func unknown(_ tokenClass: TokenClass, _ view: EvidenceView) {
        let known = (1...4).map { Self.key(tokenClass, $0) }
        let more = known + (100..<140).map { Self.key(tokenClass, $0) }
        func says(_ keys: [TokenKey]) -> Float {
            let weights = keys.map {
                known.contains($0) ? TokenWeight(weight: 0.5, counts: Self.counts(30, 2)) : .unknown
            }
            return Committee.margins(Features(keys: keys), weights, Self.model)[view.rawValue]
        }
        // Four alike of a vector of length 1.
        #expect(abs(says(known) - 4 * 0.5 / 2) < 1e-5)
        if view.heedsRatio {
            #expect(abs(says(more) - says(known)) < 1e-5)
        } else {
            #expect(says(more) < 0.5 * says(known))
        }
    }

    @Test("of two tokens of a header the one says more in which spam and ham differ more")
    func differing() {
        let features = Features(keys: [Self.key(.header, 1), Self.key(.header, 2)])
        func says(_ first: FisherMethod.Counts, _ second: FisherMethod.Counts) -> Float {
            Committee.margins(
                features, [TokenWeight(weight: 1, counts: first), TokenWeight(weight: -1, counts: second)],
                Self.model)[EvidenceView.headers.rawValue]
        }
        #expect(abs(says(Self.counts(20, 0), Self.counts(0, 20))) < 1e-5)
        #expect(says(Self.counts(20, 0), Self.counts(30, 40)) > 0.5)
        #expect(says(Self.counts(40, 30), Self.counts(0, 20)) < -0.5)
        // One that all mail has says nothing.
        #expect(abs(says(Self.counts(20, 0), Self.counts(500, 500)) - 1) < 1e-5)
    }

    @Test("relays that nobody knows leave their share to what the way says without names")
    func unknownRelays() {
        let known = (1...16).map { Self.key(.relay, $0) } + (1...3).map { Self.key(.origin, $0) }
        let more = (100..<140).map { Self.key(.relay, $0) }
        func says(_ keys: [TokenKey]) -> Float {
            let features = Features(keys: keys)
            let weights = features.keys.map { key in
                let isRelay = Features.tokenClass(key) == .relay
                return isRelay && !known.contains(key)
                    ? .unknown : TokenWeight(weight: isRelay ? -0.5 : 0.5, counts: Self.counts(30, 2))
            }
            return Committee.margins(features, weights, Self.model)[EvidenceView.relays.rawValue]
        }
        #expect(says(known) < 0)
        #expect(says((known + more).sorted()) > 0)
    }

    @Test("a view that knows nothing of a message says nothing, not even its bias")
    func nothingKnown() {
        var model = Self.model
        model.biases = [Float](repeating: 0.75, count: EvidenceView.count)
        for tokenClass in [TokenClass.header, .relay, .origin, .word] {
            let features = Features(keys: [Self.key(tokenClass, 1), Self.key(tokenClass, 2)])
            for (weights, isKnown) in [
                ([TokenWeight.unknown, .unknown], false),
                ([.unknown, TokenWeight(weight: 0.5, counts: Self.counts(30, 2))], true),
            ] {
                // Of what is made of them nothing is known.
                let all = weights + [TokenWeight](repeating: .unknown, count: features.keys.count - weights.count)
                let says = Committee.margins(features, all, model)
                for view in EvidenceView.allCases where view != tokenClass.view { #expect(says[view.rawValue] == 0) }
                if let view = tokenClass.view {
                    // Of words those that are not known count: they are there.
                    #expect((says[view.rawValue] != 0) == (isKnown || !view.heedsRatio))
                }
            }
        }
    }

    @Test("counts beyond two octets are cut alike where is learnt and where is judged")
    func cap() {
        let counts = FisherMethod.Counts(spam: 70_000, ham: 3)
        #expect(TokenWeight(weight: 1, counts: counts).counts == FisherMethod.Counts(spam: 65_535, ham: 3))
        #expect(TokenWeight.capped(counts) == FisherMethod.Counts(spam: 65_535, ham: 3))
    }

    /// Messages of relays and of what the way says without names, of which some are in many and some in few.
    private static func examples(_ count: Int) -> [CommitteeTrainer.Example] {
        (0..<count).map { number in
            let relays = [1, 10 + number % 6, 100 + number % 20, 1000 + number % 3].map { key(.relay, UInt64($0)) }
            let origins = [1 + number % 2, 10 + number % 5].map { key(.origin, UInt64($0)) }
            return CommitteeTrainer.Example(
                features: Features(keys: relays.sorted() + origins.sorted()), isSpam: number % 2 == 0)
        }
    }

    private static func column(
        _ examples: [CommitteeTrainer.Example], _ view: EvidenceView = .relays
    ) -> EvidenceColumn {
        let sieve = KeySieve(examples) { count, body in for number in 0..<count { body(number) } }
        return EvidenceColumn(view, of: examples, sieve)
    }

    @Test("a machine learns from tokens as heavy as spam and ham differ in them")
    func learnt() throws {
        let examples = Self.examples(60)
        let column = Self.column(examples)
        let counts = column.counts(examples.map(\.isSpam)) { _ in true }
        let ratio = CountRatio(spam: 30, ham: 30)
        let weighed = column.weighed(by: ratio, counts)
        #expect(weighed.rows.features == column.rows.features && weighed.rows.starts == column.rows.starts)
        for row in examples.indices {
            let range = column.rows.starts[row]..<column.rows.starts[row + 1]
            #expect(range.count == 8)
            let shares = range.map { column.rows.values[$0] * ratio.weight(counts[Int(column.rows.features[$0])]) }
            let length = shares.reduce(0) { $0 + $1 * $1 }.squareRoot()
            for (index, share) in zip(range, shares) {
                #expect(abs(weighed.rows.values[index] - share / length) < 1e-5)
            }
        }
        // The relay that all have weighs nothing.
        let common = try #require(column.table.keys.firstIndex(of: Self.key(.relay, 1)))
        for index in weighed.rows.features.indices where Int(weighed.rows.features[index]) == common {
            #expect(weighed.rows.values[index] < 1e-5)
        }
    }

    @Test("words weigh the same whatever their counts are")
    func words() {
        let examples = (0..<60).map { number in
            let keys = [Self.key(.word, 1), Self.key(.word, UInt64(2 + number % 2))]
            return CommitteeTrainer.Example(features: Features(keys: keys), isSpam: number % 2 == 0)
        }
        let column = Self.column(examples, .words)
        let counts = column.counts(examples.map(\.isSpam)) { _ in true }
        #expect(column.weighed(by: CountRatio(spam: 30, ham: 30), counts).rows.values == column.rows.values)
    }

    @Test("messages that were held out are judged as mail is")
    func heldOut() {
        let examples = Self.examples(60)
        // Counted in the messages that teach, which are not all.
        let unweighed = Self.column(examples)
        let counts = unweighed.counts(examples.map(\.isSpam)) { $0 < 40 }
        let column = unweighed.weighed(by: CountRatio(spam: 20, ham: 20), counts)
        let model = CommitteeModel(
            spam: 20, ham: 20, biases: [Float](repeating: 0, count: EvidenceView.count), curve: .guess)
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<20 {
            // Of a part of the tokens nothing is known.
            let weights = column.table.keys.map { _ in
                Bool.random(using: &generator) ? Float.random(in: -1...1, using: &generator) : 0
            }
            for (row, example) in examples.enumerated() {
                let known = example.features.keys.map { key in
                    column.table.keys.firstIndex(of: key).map {
                        TokenWeight(weight: weights[$0], counts: counts[$0])
                    } ?? .unknown
                }
                let judged = Committee.margins(example.features, known, model)[EvidenceView.relays.rawValue]
                #expect(abs((column.margin(row, weights) ?? 0) - judged) < 1e-5)
            }
        }
        #expect(column.margin(0, [Float](repeating: 0, count: column.table.keys.count)) == nil)
    }
}
