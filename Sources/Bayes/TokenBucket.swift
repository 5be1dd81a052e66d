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
}

/// Records of one bucket, 16 octets each in ascending order of the rest of their key: rest, spam, ham, time.
enum TokenBucket {
    static let recordSize = 16

    /// The counts under a rest; empty when it is not there.
    static func look(_ bucket: Span<UInt8>, _ rest: UInt32, bits: UInt64) -> FisherMethod.Counts {
        guard let index = SortedRecords.find(bucket, size: recordSize, rest, bits: bits) else {
            return FisherMethod.Counts()
        }
        return FisherMethod.Counts(spam: Octets.word(bucket, index + 4), ham: Octets.word(bucket, index + 8))
    }

    static func records(_ bytes: Span<UInt8>, bucket: UInt64, _ scheme: BucketScheme) -> [TokenRecord] {
        var out: [TokenRecord] = []
        var index = 0
        while index + recordSize <= bytes.count {
            out.append(
                TokenRecord(
                    key: scheme.key(bucket, Octets.word(bytes, index)),
                    counts: FisherMethod.Counts(
                        spam: Octets.word(bytes, index + 4), ham: Octets.word(bytes, index + 8)),
                    time: Octets.word(bytes, index + 12)))
            index += recordSize
        }
        return out
    }

    static func encoded(_ records: [TokenRecord], _ scheme: BucketScheme) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(records.count * recordSize)
        for record in records {
            Octets.append(scheme.rest(record.key), to: &out)
            Octets.append(record.counts.spam, to: &out)
            Octets.append(record.counts.ham, to: &out)
            Octets.append(record.time, to: &out)
        }
        return out
    }
}

/// Weights of one bucket, 8 octets each in ascending order of the rest of their key: rest, weight.
enum WeightBucket {
    static let recordSize = 8

    static func look(_ bucket: Span<UInt8>, _ rest: UInt32, bits: UInt64) -> Float {
        guard let index = SortedRecords.find(bucket, size: recordSize, rest, bits: bits) else { return 0 }
        return Float(bitPattern: Octets.word(bucket, index + 4))
    }
}

/// Records in ascending order of the 32-bit number that each begins with.
enum SortedRecords {
    /// Offset of the record with a number; nil when there is none. The numbers are spread evenly, so the place is guessed
    /// from the number and then searched for around it.
    /// - Parameter bits: of the numbers.
    static func find(_ bytes: Span<UInt8>, size: Int, _ number: UInt32, bits: UInt64) -> Int? {
        bytes.withUnsafeBytes { raw in
            var low = 0
            var high = raw.count / size
            var guess = Int(truncatingIfNeeded: UInt64(number) &* UInt64(high) >> bits)
            var width = 8
            while low < high {
                let middle = min(max(guess, low), high - 1)
                let found = UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: middle * size, as: UInt32.self))
                if found == number { return middle * size }
                if found < number { low = middle + 1 } else { high = middle }
                // Steps grow; where the guess was far off it ends as a bisection.
                guess = width < 64 ? (found < number ? middle + width : middle - width) : (low + high) / 2
                width *= 2
            }
            return nil
        }
    }
}
