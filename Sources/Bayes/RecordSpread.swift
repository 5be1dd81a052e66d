internal import CLMDB

/// How records of a bucket are spread over the numbers that they begin with, in ascending order: evenly within each class of
/// tokens, which stands in the highest bits, and classes have different shares. All buckets of a table are alike, so a few of
/// them tell where a record is to be looked for in the others.
struct RecordSpread {
    /// Records after which no more samples are taken.
    private static let enough = 2000
    private static let classBits: UInt64 = 4
    private static let classes = 1 << Int(classBits)

    /// Records of the samples below each class; the last is all of them.
    private var below = [Int](repeating: 0, count: RecordSpread.classes + 1)
    /// Where each class begins, and how far one step of a number goes, for a bucket of one record.
    private var starts = [Double](repeating: 0, count: RecordSpread.classes)
    private var steps = [Double](repeating: 0, count: RecordSpread.classes)
    /// Bits of a number that stand below the class.
    private let restBits: UInt64

    /// - Parameter bits: of the numbers.
    init(bits: UInt64) {
        restBits = bits - Self.classBits
    }

    /// Takes a bucket for a sample where more are wanted.
    mutating func learn(_ bytes: Span<UInt8>, size: Int) {
        guard below[Self.classes] < Self.enough else { return }
        for place in 1..<Self.classes { below[place] += Self.count(bytes, size, below: UInt64(place) << restBits) }
        below[Self.classes] += bytes.count / size
        let all = Double(max(1, below[Self.classes]))
        for place in 0..<Self.classes {
            starts[place] = Double(below[place]) / all
            steps[place] = Double(below[place + 1] - below[place]) / all / Double(1 << restBits)
        }
    }

    /// Looks that are guessed, before the search becomes a bisection.
    private static let guesses = 8

    /// Offset of the record with a number; nil when there is none.
    func find(_ bytes: Span<UInt8>, size: Int, _ number: UInt32) -> Int? {
        bytes.withUnsafeBytes { raw in
            let count = raw.count / size
            let step = steps[place(number)] * Double(count)
            var low = 0
            var high = count
            // Where nothing was learnt the search is a bisection.
            var looks = below[Self.classes] > 0 ? 0 : Self.guesses
            var guess = looks == 0 ? guess(number, count) : count / 2
            while low < high {
                let middle = min(max(guess, low), high - 1)
                let found = UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: middle * size, as: UInt32.self))
                if found == number { return middle * size }
                if found < number { low = middle + 1 } else { high = middle }
                looks += 1
                // How far off it was says where to look next; from one or two records on it is a walk.
                guess =
                    looks < Self.guesses
                    ? middle + Int((Double(number) - Double(found)) * step) : (low + high) / 2
            }
            return nil
        }
    }

    /// Asks for the memory in which `find` looks first, then for that in which it looks next.
    func foresee(_ bytes: Span<UInt8>, size: Int, _ number: UInt32, _ round: LookRound) {
        bytes.withUnsafeBytes { raw in
            let count = raw.count / size
            guard let base = raw.baseAddress, count > 0 else { return }
            var place = min(guess(number, count), count - 1)
            if round == .second {
                let found = UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: place * size, as: UInt32.self))
                let further = Int((Double(number) - Double(found)) * steps[self.place(number)] * Double(count))
                place = min(max(place + further, 0), count - 1)
            }
            clmdb_foresee(base + place * size)
        }
    }

    private func place(_ number: UInt32) -> Int { Int(UInt64(number) >> restBits) & (Self.classes - 1) }

    /// 0 up to and with the count of records.
    private func guess(_ number: UInt32, _ count: Int) -> Int {
        let place = place(number)
        let rest = Double(UInt64(number) & (1 << restBits - 1))
        // In a damaged bucket shares may come out negative.
        return max(0, Int((starts[place] + rest * steps[place]) * Double(count)))
    }

    private static func count(_ bytes: Span<UInt8>, _ size: Int, below bound: UInt64) -> Int {
        var (low, high) = (0, bytes.count / size)
        while low < high {
            let middle = (low + high) / 2
            if UInt64(Octets.word(bytes, middle * size)) < bound { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
