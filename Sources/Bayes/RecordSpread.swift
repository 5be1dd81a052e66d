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
    private var below: InlineArray<17, Int> = .init(repeating: 0)
    /// Where each class begins, and how far one step of a number goes, for a bucket of one record.
    private var starts: InlineArray<16, Double> = .init(repeating: 0)
    private var steps: InlineArray<16, Double> = .init(repeating: 0)
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

    /// Records that are walked over from the guess on, before the search becomes a bisection.
    private static let walk = 16

    /// Asks for the memory in which `find` looks first, then for that in which it looks next.
    /// - Parameter near: the place among the records at which this one is thought to be; nil before the first round.
    func foresee(_ bytes: Span<UInt8>, size: Int, _ number: UInt32, _ near: inout Int?) {
        bytes.withUnsafeBytes { raw in
            guard let base = raw.baseAddress, raw.count >= size else { return }
            let place = if let near { nearer(raw, size, number, near) } else { guess(number, raw.count / size) }
            near = place
            clmdb_foresee(base + place * size)
        }
    }

    /// Offset of the record with a number; nil when there is none.
    /// - Parameter near: what `foresee` made of it; nil where it was not called.
    func find(_ bytes: Span<UInt8>, size: Int, _ number: UInt32, near: Int?) -> Int? {
        bytes.withUnsafeBytes { raw in
            guard raw.count >= size else { return nil }
            let count = raw.count / size
            var place = if let near { min(near, count - 1) } else { nearer(raw, size, number, guess(number, count)) }
            var found = Self.number(raw, size, place)
            if found == number { return place * size }
            // Mostly it is a few records off. A walk is through sooner than a search; only where the guess is a bad one it has no end.
            let isAbove = found < number
            let (step, end) = isAbove ? (1, min(count, place + Self.walk)) : (-1, max(-1, place - Self.walk))
            repeat {
                place += step
                if place == end { break }
                found = Self.number(raw, size, place)
                if found == number { return place * size }
            } while (found < number) == isAbove
            guard place == end else { return nil }
            return isAbove
                ? Self.find(raw, size, number, in: end..<count) : Self.find(raw, size, number, in: 0..<end + 1)
        }
    }

    private static func find(
        _ raw: UnsafeRawBufferPointer, _ size: Int, _ number: UInt32, in places: Range<Int>
    ) -> Int? {
        var (low, high) = (places.lowerBound, places.upperBound)
        while low < high {
            let middle = (low + high) / 2
            let found = Self.number(raw, size, middle)
            if found == number { return middle * size }
            if found < number { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    /// How far a guess was off says where to look next.
    private func nearer(_ raw: UnsafeRawBufferPointer, _ size: Int, _ number: UInt32, _ near: Int) -> Int {
        let count = raw.count / size
        let place = min(near, count - 1)
        let further = (Double(number) - Double(Self.number(raw, size, place))) * steps[self.place(number)]
        return min(max(place + Int(further * Double(count)), 0), count - 1)
    }

    private static func number(_ raw: UnsafeRawBufferPointer, _ size: Int, _ place: Int) -> UInt32 {
        UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: place * size, as: UInt32.self))
    }

    private func place(_ number: UInt32) -> Int { Int(UInt64(number) >> restBits) & (Self.classes - 1) }

    /// The place of a record among so many, at least one.
    private func guess(_ number: UInt32, _ count: Int) -> Int {
        let place = place(number)
        let rest = Double(UInt64(number) & (1 << restBits - 1))
        // In a damaged bucket shares may come out negative.
        return min(max(0, Int((starts[place] + rest * steps[place]) * Double(count))), count - 1)
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
