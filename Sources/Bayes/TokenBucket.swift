package import Scoring

/// What is counted for one token.
package struct TokenRecord: Hashable, Sendable {
    package var key: TokenKey
    package var counts: FisherMethod.Counts
    /// When it was learnt last, seconds since 1970.
    package var time: UInt32

    package init(key: TokenKey, counts: FisherMethod.Counts, time: UInt32) {
        self.key = key
        self.counts = counts
        self.time = time
    }
}

/// How keys are spread over buckets: by their lowest bits, which are evenly distributed. A bucket fits one page of the
/// store, so learning many tokens rewrites each page once, and looking one up touches one.
struct BucketScheme: Sendable {
    /// Bits of the bucket number.
    let bits: UInt64

    func bucket(_ key: TokenKey) -> UInt64 { key & ((1 << bits) - 1) }
    func rest(_ key: TokenKey) -> UInt32 { UInt32(truncatingIfNeeded: key >> bits) }
    func key(_ bucket: UInt64, _ rest: UInt32) -> TokenKey { UInt64(rest) << bits | bucket }
    /// Highest rest of a key of 40 bits, for interpolation.
    var restBits: UInt64 { 40 - bits }

    /// The order in which keys lie in the store.
    func order(_ key: TokenKey) -> UInt64 { bucket(key) << 40 | UInt64(rest(key)) }

    /// Indices of keys, which are in ascending order, in the order of `order`: a sort by counting.
    func order(ofAscending keys: [TokenKey]) -> [Int] {
        var places = [Int](repeating: 0, count: 1 << Int(bits) + 1)
        for key in keys { places[Int(bucket(key)) + 1] += 1 }
        for bucket in 1..<places.count { places[bucket] += places[bucket - 1] }
        var order = [Int](repeating: 0, count: keys.count)
        for index in keys.indices {
            let bucket = Int(bucket(keys[index]))
            order[places[bucket]] = index
            places[bucket] += 1
        }
        return order
    }
}

/// Records of one bucket, 16 octets each in ascending order of the rest of their key: rest, spam, ham, time.
enum TokenBucket {
    static let recordSize = 16

    /// The counts of the record at an offset.
    static func counts(_ bucket: Span<UInt8>, at record: Int) -> FisherMethod.Counts {
        FisherMethod.Counts(spam: Octets.word(bucket, record + 4), ham: Octets.word(bucket, record + 8))
    }

    static func records(_ bytes: Span<UInt8>, bucket: UInt64, _ scheme: BucketScheme) -> [TokenRecord] {
        let count = bytes.count / recordSize
        return [TokenRecord](capacity: count) { out in
            for place in 0..<count {
                let index = place * recordSize
                out.append(
                    TokenRecord(
                        key: scheme.key(bucket, Octets.word(bytes, index)),
                        counts: FisherMethod.Counts(
                            spam: Octets.word(bytes, index + 4), ham: Octets.word(bytes, index + 8)),
                        time: Octets.word(bytes, index + 12)))
            }
        }
    }

    static func encoded(_ records: [TokenRecord], _ scheme: BucketScheme) -> [UInt8] {
        [UInt8](capacity: records.count * recordSize) { out in
            for record in records {
                Octets.append(scheme.rest(record.key), to: &out)
                Octets.append(record.counts.spam, to: &out)
                Octets.append(record.counts.ham, to: &out)
                Octets.append(record.time, to: &out)
            }
        }
    }
}

/// Weights of one bucket: records of 8 octets in ascending order of the rest of their key (rest, weight), and behind all of them, in the
/// same order, 4 octets each: how often the token was in the spam and in the ham from which the machines were solved, no more
/// than 65,535. Of most tokens judging touches the records alone.
enum WeightBucket {
    static let recordSize = 8
    private static let countSize = 4

    /// Where the records stand in a bucket of so many octets.
    static func records(in octets: Int) -> Range<Int> { 0..<octets / (recordSize + countSize) * recordSize }

    /// The weight of the record at an offset.
    static func weight(_ bucket: Span<UInt8>, at record: Int) -> Float {
        Float(bitPattern: Octets.word(bucket, record + 4))
    }

    /// The counts of the record at an offset.
    static func counts(_ bucket: Span<UInt8>, at record: Int) -> FisherMethod.Counts {
        let both = Octets.word(bucket, records(in: bucket.count).upperBound + record / recordSize * countSize)
        return FisherMethod.Counts(spam: both & TokenWeight.mostCounted, ham: both >> 16)
    }

    /// A bucket of some keys of a solution.
    /// - Parameter indices: in ascending order of the rest of their keys.
    static func encoded(
        _ solution: CommitteeTrainer.Solution, _ indices: ArraySlice<Int>, _ scheme: BucketScheme
    ) -> [UInt8] {
        [UInt8](capacity: indices.count * (recordSize + countSize)) { out in
            for index in indices {
                Octets.append(scheme.rest(solution.keys[index]), to: &out)
                Octets.append(solution.weights[index].weight.bitPattern, to: &out)
            }
            for index in indices {
                let counts = solution.weights[index].counts
                Octets.append(counts.spam | counts.ham << 16, to: &out)
            }
        }
    }
}
