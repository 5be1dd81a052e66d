/// All messages as one view sees them, its keys numbered.
struct EvidenceColumn: Sendable {
    private(set) var rows = SparseRows()
    private(set) var table = KeyTable()
    private let heedsRatio: Bool
    /// The classical method counts its keys.
    let isCounted: Bool

    /// - Parameters:
    ///   - view: nil for what no machine sees and the classical method counts.
    ///   - sieve: lets keys through that two messages have.
    init(_ view: EvidenceView?, of examples: [CommitteeTrainer.Example], _ sieve: KeySieve) {
        let classes = TokenClass.allCases.filter { $0.view == view && $0 != .foreign }
        isCounted = classes.contains { $0.isCounted }
        // Room for all of them, since growing would copy them again and again.
        var ranges: [Range<Int>] = []
        ranges.reserveCapacity(examples.count * classes.count)
        for example in examples {
            for tokenClass in classes { ranges.append(Features.range(of: tokenClass, in: example.features.keys.span)) }
        }
        rows.reserve(ranges.reduce(0) { $0 + $1.count })
        var passing = [TokenKey](repeating: 0, count: ranges.map(\.count).max() ?? 0)
        for (place, example) in examples.enumerated() {
            let keys = example.features.keys.span
            for (number, tokenClass) in classes.enumerated() {
                let range = ranges[place * classes.count + number]
                let value = example.features.values[Int(tokenClass.rawValue)]
                let count = sieve.sift(keys, range, into: &passing)
                table.number(passing.span.extracting(0..<count), into: &rows.features)
                rows.values.append(contentsOf: repeatElement(value, count: count))
            }
            rows.endRow()
        }
        heedsRatio = view?.heedsRatio == true
    }

    /// The same as a machine sees it, each key weighed by its ratio and each row of length 1 again, where the view heeds that
    /// (a row in whose keys spam and ham do not differ at all stays without length: only the bias learns from it).
    /// - Parameter counts: of each key, in the messages that the machine learns from.
    func weighed(by ratio: CountRatio, _ counts: @autoclosure () -> [FisherMethod.Counts]) -> EvidenceColumn {
        guard heedsRatio else { return self }
        var column = self
        column.weigh(counts().map { ratio.weight(TokenWeight.capped($0)) })
        return column
    }

    private mutating func weigh(_ weights: [Float]) {
        for row in 0..<rows.starts.count - 1 {
            let range = rows.starts[row]..<rows.starts[row + 1]
            var square: Float = 0
            for index in range {
                rows.values[index] *= weights[Int(rows.features[index])]
                square += rows.values[index] * rows.values[index]
            }
            guard square > 0 else { continue }
            let length = square.squareRoot()
            for index in range { rows.values[index] /= length }
        }
    }

    /// What a machine that did not learn from a row says of it, without its bias; nil where it sees nothing.
    func margin(_ row: Int, _ weights: [Float]) -> Float? {
        let margin = rows.margin(row, weights.span)
        guard heedsRatio else { return rows.isEmpty(row) ? nil : margin }
        // As when mail is judged: keys that it does not know have no weight.
        var square: Float = 0
        for index in rows.starts[row]..<rows.starts[row + 1] where weights[Int(rows.features[index])] != 0 {
            square += rows.values[index] * rows.values[index]
        }
        return square > 0 ? margin / square.squareRoot() : nil
    }

    /// How often each key is in messages of each class.
    /// - Parameter isUsed: messages that count; the others are left out.
    func counts(_ isSpam: [Bool], isUsed: (Int) -> Bool) -> [FisherMethod.Counts] {
        var counts = [FisherMethod.Counts](repeating: FisherMethod.Counts(), count: table.keys.count)
        var all = counts.mutableSpan
        for row in isSpam.indices where isUsed(row) {
            if isSpam[row] {
                for feature in rows.features(of: row) { all[Int(feature)].spam += 1 }
            } else {
                for feature in rows.features(of: row) { all[Int(feature)].ham += 1 }
            }
        }
        return counts
    }
}

/// Tells keys that one message has alone from those that more have. Two keys in one slot only let a useless key through.
struct KeySieve: Sendable {
    /// Slots of the table, a power of two, and the parts of it that are filled each by itself: small enough for a cache.
    private static let bits: UInt64 = 24
    private static let parts = 4
    private static let partWords = 1 << (bits - 6) / parts

    /// A bit for each slot: more than one key has come.
    private let again: [UInt64]

    init(_ examples: [CommitteeTrainer.Example], by runner: CommitteeTrainer.Runner) {
        let made = Slots<[UInt64]>(count: Self.parts)
        runner(Self.parts) { number in made.set(number, Self.part(number, examples)) }
        again = made.all.flatMap { $0 ?? [] }
    }

    /// Copies the keys of a range that pass to the beginning of `passing`, which has room for all; gives how many they are. The
    /// bits lie all over the table: without a branch on one the next is asked for meanwhile.
    func sift(_ keys: Span<TokenKey>, _ range: Range<Int>, into passing: inout [TokenKey]) -> Int {
        let again = again.span
        var passing = passing.mutableSpan
        var count = 0
        for index in range {
            let key = keys[index]
            passing[count] = key
            count += Int(again[Self.word(key)] >> (key & 63) & 1)
        }
        return count
    }

    private static func part(_ number: Int, _ examples: [CommitteeTrainer.Example]) -> [UInt64] {
        // Some key has come; another one has.
        var once = [UInt64](repeating: 0, count: partWords)
        var again = once
        var own = [TokenKey](repeating: 0, count: examples.map(\.features.keys.count).max() ?? 0)
        for example in examples {
            let keys = example.features.keys.span
            var ours = own.mutableSpan
            var count = 0
            for index in keys.indices {
                let key = keys[index]
                ours[count] = key
                count += word(key) / partWords == number ? 1 : 0
            }
            var onceWords = once.mutableSpan
            var againWords = again.mutableSpan
            for place in 0..<count {
                let (word, bit) = (word(ours[place]) % partWords, 1 << (ours[place] & 63) as UInt64)
                againWords[word] |= onceWords[word] & bit
                onceWords[word] |= bit
            }
        }
        return again
    }

    private static func word(_ key: TokenKey) -> Int { Int(truncatingIfNeeded: key & (1 << bits - 1)) >> 6 }
}

/// Numbers keys in the order in which they come.
struct KeyTable: Sendable {
    private(set) var keys: [TokenKey] = []
    private var slots = [UInt32](repeating: 0, count: 1 << 16)

    /// Appends the numbers of keys. What lies in their slots is fetched for many at one time: the table is larger than a cache, and
    /// most of them are there.
    mutating func number(_ wanted: Span<TokenKey>, into numbers: inout [UInt32]) {
        var guesses = InlineArray<64, UInt32>(repeating: 0)
        for first in stride(from: 0, to: wanted.count, by: guesses.count) {
            let count = min(guesses.count, wanted.count - first)
            for place in 0..<count {
                guesses[place] = slots[Int(truncatingIfNeeded: wanted[first + place]) & (slots.count - 1)]
            }
            for place in 0..<count {
                let (key, guess) = (wanted[first + place], guesses[place])
                if guess != 0, keys[Int(guess) - 1] == key {
                    numbers.append(guess - 1)
                } else {
                    numbers.append(number(key))
                }
            }
        }
    }

    private mutating func number(_ key: TokenKey) -> UInt32 {
        if keys.count * 2 >= slots.count { grow() }
        // A key is a hash: its lowest bits are as good as any.
        var slot = Int(truncatingIfNeeded: key) & (slots.count - 1)
        while slots[slot] != 0 {
            let number = slots[slot] - 1
            if keys[Int(number)] == key { return number }
            slot = (slot + 1) & (slots.count - 1)
        }
        keys.append(key)
        slots[slot] = UInt32(keys.count)
        return UInt32(keys.count - 1)
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        for index in keys.indices {
            var slot = Int(truncatingIfNeeded: keys[index]) & (slots.count - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = UInt32(index + 1)
        }
    }
}
