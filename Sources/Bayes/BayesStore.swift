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
        /// Those of them at most that taught by themselves; beyond it their oldest go.
        package var automatic: Int
        /// Messages of each class below which nothing is judged.
        package var minimum: Int
        /// Messages nearly alike of one class that are learnt, see `MessageKinds`.
        package var nearDuplicates: Int

        package init(
            tokens: Int = 2_000_000, messages: Int = 20_000, automatic: Int = 10_000, minimum: Int = 200,
            nearDuplicates: Int = 50
        ) {
            self.tokens = tokens
            self.messages = messages
            self.automatic = automatic
            self.minimum = minimum
            self.nearDuplicates = nearDuplicates
        }
    }

    /// What a store knows of the tokens of one message.
    package struct Evidence: Sendable {
        /// Of each key of the features; with the counts of those alone that weigh by them, unless it is explained.
        package var weights: [TokenWeight]
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

    /// True where a message is learnt as spam, false where as ham, nil where it is not.
    package func lesson(of id: String) throws(StoreError) -> Bool? {
        var found: Bool?
        try store.read { reading throws(StoreError) in
            found = SeenRecord(try reading.value(.seen, Array(id.utf8.prefix(LearntMessage.idSize))))?.isSpam
        }
        return found
    }

    /// The totals when enough of both classes was learnt to judge; nil otherwise. Blocks for a moment.
    package func totalsIfTaught() throws(StoreError) -> StoreTotals? {
        let totals = try totals()
        let isTaught = totals.spam >= UInt64(limits.minimum) && totals.ham >= UInt64(limits.minimum)
        return isTaught ? totals : nil
    }

    /// What is known of a message's tokens; nil when too little was learnt to judge anything.
    /// - Parameter isExplained: with the counts of all weights, not of those alone that weigh by them.
    package func evidence(_ features: Features, isExplained: Bool = false) throws(StoreError) -> Evidence? {
        var evidence: Evidence?
        try store.read { reading throws(StoreError) in
            evidence = nil
            let totals = try self.totals(reading)
            guard totals.spam >= UInt64(limits.minimum), totals.ham >= UInt64(limits.minimum) else { return }
            evidence = try Lookup(reading, totals).evidence(features, isExplained)
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
        try store.readOnce { reading throws(StoreError) in try self.forEachToken(reading, use) }
    }

    func forEachToken(_ reading: any StoreReading, _ use: (TokenRecord) -> Void) throws(StoreError) {
        let scheme = BucketScheme(bits: try totals(reading).tokenBits)
        try reading.forEach(.tokens, from: []) { key, value in
            for record in TokenBucket.records(value, bucket: Octets.number(ofKey: key), scheme) { use(record) }
            return true
        }
    }

    /// Lends every identifier that was learnt, with its class.
    package func forEachSeen(_ use: (String, Bool) -> Void) throws(StoreError) {
        try store.readOnce { reading throws(StoreError) in try self.forEachSeen(reading, use) }
    }

    /// The same of messages before a number.
    func forEachSeen(
        _ reading: any StoreReading, before number: UInt64 = .max, _ use: (String, Bool) -> Void
    ) throws(StoreError) {
        try reading.forEach(.seen, from: []) { key, value in
            let name = key.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
            let bytes = value.withUnsafeBufferPointer { Array($0) }
            if let seen = SeenRecord(bytes), seen.message < number { use(name, seen.isSpam) }
            return true
        }
    }

    func totals(_ reading: any StoreReading) throws(StoreError) -> StoreTotals {
        guard let bytes = try reading.value(.meta, StoreTotals.key) else {
            return StoreTotals(tokenBits: freshTokenBits)
        }
        do throws(StoreError) {
            return try StoreTotals(bytes)
        } catch {
            throw .damaged("\(place): \(error)")
        }
    }

    /// The number of the next batch, for a store that is emptied: numbers are not given away again, since whoever still holds one
    /// would write into another's batch. 1 where the totals are damaged or another version's: emptying is the way out then.
    func nextBatch(_ reading: any StoreReading) -> UInt64 { (try? totals(reading))?.nextBatch ?? 1 }

    func put(_ totals: StoreTotals, _ writing: any StoreWriting) throws(StoreError) {
        let key = StoreTotals.key
        try writing.put(.meta, key.span, totals.encoded().span)
    }

    /// Buckets of a new store: of the size that suits it when its budget is used up.
    var freshTokenBits: UInt64 {
        var bits: UInt64 = 8
        while limits.tokens >> Int(bits) > store.buckets.tokens, bits < 24 { bits += 1 }
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

    func evidence(_ features: Features, _ isExplained: Bool) throws(StoreError) -> BayesStore.Evidence {
        BayesStore.Evidence(
            weights: try weights(features, isExplained), counts: try counts(features), totals: totals)
    }

    private func counts(_ features: Features) throws(StoreError) -> [FisherMethod.Counts] {
        let scheme = BucketScheme(bits: totals.tokenBits)
        let keys = features.keys.filter { Features.tokenClass($0)?.isCounted == true }
        var counts = [FisherMethod.Counts](repeating: FisherMethod.Counts(), count: keys.count)
        let order = Self.order(keys, scheme)
        var spread = RecordSpread(bits: scheme.restBits)
        var near = [Int?](repeating: nil, count: order.count)
        try reading.look(.tokens, numbers: order.map { scheme.bucket(keys[$0]) }) { place, bucket in
            spread.learn(bucket, size: TokenBucket.recordSize)
            spread.foresee(bucket, size: TokenBucket.recordSize, scheme.rest(keys[order[place]]), &near[place])
        } _: { place, bucket in
            let index = order[place]
            let rest = scheme.rest(keys[index])
            if let record = spread.find(bucket, size: TokenBucket.recordSize, rest, near: near[place]) {
                counts[index] = TokenBucket.counts(bucket, at: record)
            }
        }
        return counts
    }

    /// What the machines know of each key. Each bucket is looked up once for all its keys.
    private func weights(_ features: Features, _ isExplained: Bool) throws(StoreError) -> [TokenWeight] {
        let keys = features.keys
        var weights = [TokenWeight](repeating: .unknown, count: keys.count)
        guard totals.weights > 0 else { return weights }
        let scheme = BucketScheme(bits: totals.weightBits)
        let order = Self.order(keys, scheme)
        var buckets: [UInt64] = []
        var ranges: [Range<Int>] = []
        var start = 0
        while start < order.count {
            let bucket = scheme.bucket(keys[order[start]])
            var end = start
            while end < order.count, scheme.bucket(keys[order[end]]) == bucket { end += 1 }
            buckets.append(bucket)
            ranges.append(start..<end)
            start = end
        }
        var spread = RecordSpread(bits: scheme.restBits)
        var near = [Int?](repeating: nil, count: order.count)
        try reading.look(.weights, numbers: buckets) { number, bucket in
            let records = bucket.extracting(WeightBucket.records(in: bucket.count))
            spread.learn(records, size: WeightBucket.recordSize)
            for place in ranges[number] {
                spread.foresee(records, size: WeightBucket.recordSize, scheme.rest(keys[order[place]]), &near[place])
            }
        } _: { number, bucket in
            let records = bucket.extracting(WeightBucket.records(in: bucket.count))
            for place in ranges[number] {
                let index = order[place]
                let rest = scheme.rest(keys[index])
                guard let record = spread.find(records, size: WeightBucket.recordSize, rest, near: near[place]) else {
                    continue
                }
                let isCounted = isExplained || TokenClasses.weighedByRatio.contains(keys[index])
                weights[index] = TokenWeight(
                    weight: WeightBucket.weight(bucket, at: record),
                    counts: isCounted ? WeightBucket.counts(bucket, at: record) : FisherMethod.Counts())
            }
        }
        return weights
    }

    /// Indices of the keys in the order of their buckets, or nearly so where there are many buckets: a sort by counting.
    private static func order(_ keys: [TokenKey], _ scheme: BucketScheme) -> [Int] {
        let groupBits: UInt64 = 10
        let shift = max(scheme.bits, groupBits) - groupBits
        var places = [Int](repeating: 0, count: 1 << Int(groupBits) + 1)
        for key in keys { places[Int(scheme.bucket(key) >> shift) + 1] += 1 }
        for group in 1..<places.count { places[group] += places[group - 1] }
        var order = [Int](repeating: 0, count: keys.count)
        for index in keys.indices {
            let group = Int(scheme.bucket(keys[index]) >> shift)
            order[places[group]] = index
            places[group] += 1
        }
        return order
    }
}
