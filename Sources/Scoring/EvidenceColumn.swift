/// All messages as one view sees them, its keys numbered.
struct EvidenceColumn: Sendable {
    private(set) var rows = SparseRows()
    private(set) var table = KeyTable()
    /// The classical method counts its keys.
    let isCounted: Bool

    /// - Parameters:
    ///   - view: nil for what no machine sees and the classical method counts.
    ///   - sieve: lets keys through that two messages have.
    init(_ view: EvidenceView?, of examples: [CommitteeTrainer.Example], _ sieve: KeySieve) {
        let classes = TokenClass.allCases.filter { $0.view == view && $0 != .foreign }
        isCounted = classes.contains { $0.isCounted }
        for example in examples {
            let keys = example.features.keys.span
            for tokenClass in classes {
                let first = TokenKey(tokenClass.rawValue) << 36
                let value = example.features.values[Int(tokenClass.rawValue)]
                var index = Self.firstIndex(in: keys, notBelow: first)
                while index < keys.count, keys[index] < first + 1 << 36 {
                    if sieve.passes(keys[index]) {
                        rows.features.append(table.number(keys[index]))
                        rows.values.append(value)
                    }
                    index += 1
                }
            }
            rows.endRow()
        }
    }

    /// How often each key is in messages of each class.
    func counts(_ isSpam: [Bool]) -> [FisherMethod.Counts] {
        var counts = [FisherMethod.Counts](repeating: FisherMethod.Counts(), count: table.keys.count)
        for row in isSpam.indices {
            for feature in rows.features(of: row) {
                if isSpam[row] { counts[Int(feature)].spam += 1 } else { counts[Int(feature)].ham += 1 }
            }
        }
        return counts
    }

    /// Keys are in ascending order, class first.
    private static func firstIndex(in keys: Span<TokenKey>, notBelow bound: TokenKey) -> Int {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < bound { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Tells keys that one message has alone from those that more have. Two keys in one slot only let a useless key through.
struct KeySieve: Sendable {
    /// Slots of the table, a power of two, and the parts of it that are filled each by itself: small enough for a cache.
    private static let bits: UInt64 = 24
    private static let parts = 4
    private static let partWords = 1 << (bits - 6) / parts

    /// Of each part a bit for each slot: some key has come, another one has.
    private let parts: [Part]

    private struct Part: Sendable {
        var once: [UInt64]
        var again: [UInt64]
    }

    init(_ examples: [CommitteeTrainer.Example], by runner: CommitteeTrainer.Runner) {
        let made = Slots<Part>(count: Self.parts)
        runner(Self.parts) { number in made.set(number, Self.part(number, examples)) }
        parts = made.all.compactMap { $0 }
    }

    func passes(_ key: TokenKey) -> Bool {
        let slot = Self.slot(key)
        return parts[slot.part].again[slot.word] >> slot.bit & 1 != 0
    }

    private static func part(_ number: Int, _ examples: [CommitteeTrainer.Example]) -> Part {
        var part = Part(once: [UInt64](repeating: 0, count: partWords), again: [UInt64](repeating: 0, count: partWords))
        for example in examples {
            for key in example.features.keys {
                let slot = slot(key)
                guard slot.part == number else { continue }
                let bit: UInt64 = 1 << slot.bit
                part.again[slot.word] |= part.once[slot.word] & bit
                part.once[slot.word] |= bit
            }
        }
        return part
    }

    private static func slot(_ key: TokenKey) -> (part: Int, word: Int, bit: UInt64) {
        let place = Int(truncatingIfNeeded: key & (1 << bits - 1)) >> 6
        return (place / partWords, place % partWords, key & 63)
    }
}

/// Numbers keys in the order in which they come.
struct KeyTable: Sendable {
    private(set) var keys: [TokenKey] = []
    private var slots = [UInt32](repeating: 0, count: 1 << 16)

    mutating func number(_ key: TokenKey) -> UInt32 {
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
