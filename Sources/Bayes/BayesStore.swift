package import Scoring

/// The learnt mail of one site, domain or user, and what follows from it: counts of tokens, weights of the machines, the
/// messages themselves as tokens. The last make forgetting exact, a batch undoable and the machines independent of the order
/// of learning.
package final class BayesStore: Sendable {
    /// Bounds of a store.
    package struct Limits: Hashable, Sendable {
        /// Tokens with counts. Beyond it the least telling and oldest go.
        package var tokens: Int
        /// Learnt messages that are kept as tokens; beyond it the oldest of the larger class go, their counts stay.
        package var messages: Int
        /// Messages of each class below which nothing is judged.
        package var minimum: Int

        package init(tokens: Int = 2_000_000, messages: Int = 20_000, minimum: Int = 200) {
            self.tokens = tokens
            self.messages = messages
            self.minimum = minimum
        }
    }

    /// What a store knows of the tokens of one message.
    package struct Evidence: Sendable {
        /// Of each key of the features.
        package var weights: [Float]
        /// Of each key that is counted.
        package var counts: [FisherMethod.Counts]
        package var totals: StoreTotals
    }

    package let store: any KeyValueStore
    package let limits: Limits

    package init(_ store: any KeyValueStore, limits: Limits = Limits()) {
        self.store = store
        self.limits = limits
    }

    /// Where it is, for people.
    package var place: String { store.place }

    // MARK: - Reading

    package func totals() throws(StoreError) -> StoreTotals {
        var totals = StoreTotals(tokenBits: freshTokenBits)
        try store.read { reading throws(StoreError) in totals = try self.totals(reading) }
        return totals
    }

    /// What is known of a message's tokens; nil when too little was learnt to judge anything.
    package func evidence(_ features: Features) throws(StoreError) -> Evidence? {
        var evidence: Evidence?
        try store.read { reading throws(StoreError) in
            evidence = nil
            let totals = try self.totals(reading)
            guard totals.spam >= UInt64(limits.minimum), totals.ham >= UInt64(limits.minimum) else { return }
            evidence = try Lookup(reading, totals).evidence(features)
        }
        return evidence
    }

    /// Judges a message; nil when too little was learnt.
    package func judge(_ features: Features) throws(StoreError) -> Committee.Judgement? {
        guard let evidence = try evidence(features) else { return nil }
        return Committee.judge(
            features, weights: evidence.weights, counts: evidence.counts, spam: Int(clamping: evidence.totals.spam),
            ham: Int(clamping: evidence.totals.ham), model: evidence.totals.model)
    }

    /// Lends every counted token, in the order of the store.
    package func forEachToken(_ use: (TokenRecord) -> Void) throws(StoreError) {
        try store.read { reading throws(StoreError) in
            let scheme = BucketScheme(bits: try self.totals(reading).tokenBits)
            try reading.forEach(.tokens, from: []) { key, value in
                for record in TokenBucket.records(value, bucket: Octets.number(ofKey: key), scheme) { use(record) }
                return true
            }
        }
    }

    /// Lends every identifier that was learnt, with its class.
    package func forEachSeen(_ use: (String, Bool) -> Void) throws(StoreError) {
        try store.read { reading throws(StoreError) in
            try reading.forEach(.seen, from: []) { key, value in
                let name = key.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
                if value.count > 0 { use(name, value[0] == 1) }
                return true
            }
        }
    }

    func totals(_ reading: any StoreReading) throws(StoreError) -> StoreTotals {
        guard let bytes = try reading.value(.meta, StoreTotals.key) else {
            return StoreTotals(tokenBits: freshTokenBits)
        }
        return try StoreTotals(bytes)
    }

    func put(_ totals: StoreTotals, _ writing: any StoreWriting) throws(StoreError) {
        try writing.put(.meta, StoreTotals.key.span, totals.encoded().span)
    }

    /// Buckets of a new store: half a page each when its budget is used up.
    private var freshTokenBits: UInt64 {
        var bits: UInt64 = 8
        while limits.tokens >> Int(bits) > 128, bits < 24 { bits += 1 }
        return bits
    }
}

/// Looks up many tokens in one transaction.
struct Lookup {
    private let reading: any StoreReading
    private let totals: StoreTotals

    init(_ reading: any StoreReading, _ totals: StoreTotals) {
        self.reading = reading
        self.totals = totals
    }

    func evidence(_ features: Features) throws(StoreError) -> BayesStore.Evidence {
        var weights = [Float](repeating: 0, count: features.keys.count)
        var counts: [FisherMethod.Counts] = []
        let tokens = BucketScheme(bits: totals.tokenBits)
        let machines = BucketScheme(bits: totals.weightBits)
        for index in features.keys.indices {
            let key = features.keys[index]
            if totals.weights > 0 {
                let rest = machines.rest(key)
                _ = try look(.weights, machines.bucket(key)) { weights[index] = WeightBucket.look($0, rest) }
            }
            guard Features.tokenClass(key)?.isCounted == true else { continue }
            var found = FisherMethod.Counts()
            let rest = tokens.rest(key)
            _ = try look(.tokens, tokens.bucket(key)) { found = TokenBucket.look($0, rest) }
            counts.append(found)
        }
        return BayesStore.Evidence(weights: weights, counts: counts, totals: totals)
    }

    private func look(_ table: BayesTable, _ bucket: UInt64, _ use: (Span<UInt8>) -> Void) throws(StoreError) -> Bool {
        let number = bucket.bigEndian
        return try withBytes(of: number) { (key: Span<UInt8>) throws(StoreError) in try reading.look(table, key, use) }
    }

    private func withBytes(
        of number: UInt64, _ use: (Span<UInt8>) throws(StoreError) -> Bool
    ) throws(StoreError) -> Bool {
        let bytes: InlineArray<8, UInt8> = [
            UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8),
            UInt8(truncatingIfNeeded: number >> 16), UInt8(truncatingIfNeeded: number >> 24),
            UInt8(truncatingIfNeeded: number >> 32), UInt8(truncatingIfNeeded: number >> 40),
            UInt8(truncatingIfNeeded: number >> 48), UInt8(truncatingIfNeeded: number >> 56),
        ]
        return try use(bytes.span)
    }
}
