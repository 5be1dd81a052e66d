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

    @Test("messages that were held out are judged as mail is")
    func heldOut() throws {
        // Each message has a relay of its own, which is learnt of others, and one that all have.
        let examples: [CommitteeTrainer.Example] = (0..<60).map { number in
            let own = Self.key(.relay, UInt64(10 + number % 6))
            return CommitteeTrainer.Example(
                features: Features(keys: [Self.key(.relay, 1), own]), isSpam: number % 2 == 0)
        }
        let sieve = KeySieve(examples) { count, body in for number in 0..<count { body(number) } }
        let column = EvidenceColumn(.relays, of: examples, sieve)
        for row in examples.indices {
            var square: Float = 0
            for index in column.rows.starts[row]..<column.rows.starts[row + 1] {
                square += column.rows.values[index] * column.rows.values[index]
            }
            #expect(abs(square - 1) < 1e-5)
            // A machine that knows the common one alone hears that alone, at the full length.
            var weights = [Float](repeating: 0, count: column.table.keys.count)
            let common = try #require(column.table.keys.firstIndex(of: Self.key(.relay, 1)))
            weights[common] = 0.25
            #expect(abs(column.margin(row, weights) - 0.25) < 1e-3)
            weights[common] = 0
            #expect(column.margin(row, weights) == 0)
        }
    }
}
