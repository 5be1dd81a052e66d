import TestSupport
import Testing

@testable import Scoring

@Suite("How rare tokens are")
struct RarityTests {
    private static func key(_ tokenClass: TokenClass, _ number: UInt64) -> TokenKey {
        TokenKey(tokenClass.rawValue) << 36 | number
    }

    private static func counts(_ count: Int) -> FisherMethod.Counts {
        FisherMethod.Counts(spam: UInt32(count / 2), ham: UInt32(count - count / 2))
    }

    @Test("a token weighs the less the more messages have it", arguments: [1, 2, 60, 3000, 100_000])
    func weight(_ messages: Int) {
        let rarity = Rarity(messages: messages)
        var last: Float = 1
        for count in [1, 2, 3, 10, 59, 60, 2999, 3000, 4095, 4096, 99_999, 100_000] where count <= messages {
            let weight = rarity.weight(Self.counts(count))
            // ln((N + 1) / n) / ln(N + 1), the root of it.
            let (found, all) = (Exponential.logarithm(Double(count)), Exponential.logarithm(Double(messages + 1)))
            let exact = 1 - found / all
            #expect(abs(Double(weight * weight) - exact) < 1e-5, "\(count) of \(messages)")
            #expect(weight <= last)
            last = weight
        }
        #expect(rarity.weight(Self.counts(0)) == 1)
    }

    @Test("what damaged numbers say is no weight below 0 or beyond 1")
    func damage() {
        for messages in [0, 1, 7] {
            for count in [0, 1, 2, 7, 8, 65_535, Int(UInt32.max)] {
                let weight = Rarity(messages: messages).weight(Self.counts(count))
                #expect((0...1).contains(weight), "\(count) of \(messages)")
            }
        }
    }

    private static let model = CommitteeModel(
        messages: 1000, biases: [Float](repeating: 0, count: EvidenceView.count), curves: [])

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
                known.contains($0) ? TokenWeight(weight: 0.5, counts: Self.counts(30)) : .unknown
            }
            return Committee.margins(Features(keys: keys), weights, Self.model)[view.rawValue]
        }
        // Four alike of a vector of length 1.
        #expect(abs(says(known) - 4 * 0.5 / 2) < 1e-5)
        if view.heedsRarity {
            #expect(abs(says(more) - says(known)) < 1e-5)
        } else {
            #expect(says(more) < 0.5 * says(known))
        }
    }

    @Test("of two tokens of a header the rarer one says more")
    func rarer() {
        let features = Features(keys: [Self.key(.header, 1), Self.key(.header, 2)])
        func says(_ first: Int, _ second: Int) -> Float {
            Committee.margins(
                features,
                [
                    TokenWeight(weight: 1, counts: Self.counts(first)),
                    TokenWeight(weight: -1, counts: Self.counts(second)),
                ], Self.model)[EvidenceView.headers.rawValue]
        }
        #expect(abs(says(20, 20)) < 1e-5)
        #expect(says(20, 900) > 0.5 && says(900, 20) < -0.5)
        // One that all mail has says nothing.
        #expect(abs(says(20, 1000) - 1) < 0.05)
    }

    @Test("relays that nobody knows leave their share to what the way says without names")
    func unknownRelays() {
        let known = (1...4).map { Self.key(.relay, $0) } + (1...3).map { Self.key(.origin, $0) }
        let more = (100..<140).map { Self.key(.relay, $0) }
        func says(_ keys: [TokenKey]) -> Float {
            let weights = keys.map { key in
                known.contains(key)
                    ? TokenWeight(
                        weight: Features.tokenClass(key) == .origin ? 0.5 : -0.5, counts: Self.counts(30)) : .unknown
            }
            return Committee.margins(Features(keys: keys), weights, Self.model)[EvidenceView.relays.rawValue]
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
                ([.unknown, TokenWeight(weight: 0.5, counts: Self.counts(30))], true),
            ] {
                let says = Committee.margins(features, weights, model)
                for view in EvidenceView.allCases where view != tokenClass.view { #expect(says[view.rawValue] == 0) }
                if let view = tokenClass.view {
                    // Of words those that are not known count: they are there.
                    #expect((says[view.rawValue] != 0) == (isKnown || !view.heedsRarity))
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

    private static func column(_ examples: [CommitteeTrainer.Example]) -> EvidenceColumn {
        let sieve = KeySieve(examples) { count, body in for number in 0..<count { body(number) } }
        return EvidenceColumn(.relays, of: examples, sieve)
    }

    @Test("a machine learns from tokens as heavy as they are rare")
    func learnt() throws {
        let examples = Self.examples(60)
        let column = Self.column(examples)
        let rarity = Rarity(messages: examples.count)
        let counts = column.counts(examples.map(\.isSpam)) { _ in true }
        for row in examples.indices {
            let range = column.rows.starts[row]..<column.rows.starts[row + 1]
            #expect(range.count == 6)
            var square: Float = 0
            for index in range {
                let (feature, first) = (Int(column.rows.features[index]), Int(column.rows.features[range.lowerBound]))
                square += column.rows.values[index] * column.rows.values[index]
                guard Features.tokenClass(column.table.keys[feature]) == .relay else { continue }
                let told = column.rows.values[index] * rarity.weight(counts[first])
                #expect(abs(told - column.rows.values[range.lowerBound] * rarity.weight(counts[feature])) < 1e-5)
            }
            #expect(abs(square - 1) < 1e-5)
        }
        // The relay that all have weighs next to nothing.
        let common = try #require(column.table.keys.firstIndex(of: Self.key(.relay, 1)))
        for index in column.rows.features.indices where Int(column.rows.features[index]) == common {
            #expect(column.rows.values[index] < 0.1)
        }
    }

    @Test("messages that were held out are judged as mail is")
    func heldOut() {
        let examples = Self.examples(60)
        let column = Self.column(examples)
        let counts = column.counts(examples.map(\.isSpam)) { _ in true }
        let model = CommitteeModel(
            messages: examples.count, biases: [Float](repeating: 0, count: EvidenceView.count), curves: [])
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
