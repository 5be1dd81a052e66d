/// Looks for runs of octets of many sets in one pass: each set has a bit, and a run of twice the length stands where two
/// runs follow each other.
struct RunIndex {
    /// Sets that are told apart; patterns with further sets are tried on every text.
    static let setLimit = 64

    /// For each octet the sets that it belongs to.
    private var table: [UInt64] = Array(repeating: 0, count: 256)
    /// For each set what needs it: the length of the run and the entry, ascending.
    private let needs: [[(length: Int, entry: Int32)]]
    private var longest = 0

    /// - Parameter needs: no more than `setLimit` sets.
    init(_ needs: [ByteSet: [(length: Int, entry: Int32)]]) {
        var lists: [[(length: Int, entry: Int32)]] = []
        for (bit, need) in needs.sorted(by: { $0.value.count > $1.value.count }).prefix(Self.setLimit).enumerated() {
            for byte in need.key.bytes { table[Int(byte)] |= 1 << UInt64(bit) }
            let sorted = need.value.sorted { ($0.length, $0.entry) < ($1.length, $1.entry) }
            longest = max(longest, sorted.last?.length ?? 0)
            lists.append(sorted)
        }
        self.needs = lists
    }

    /// Adds the entries whose runs stand in a text (letters in lower case).
    func find(in text: UnsafeBufferPointer<UInt8>, _ marks: inout [UInt64], _ found: inout [Int32]) {
        let count = text.count
        guard count > 0 else { return }
        if marks.count < count { marks = Array(repeating: 0, count: count) }
        table.withUnsafeBufferPointer { table in
            marks.withUnsafeMutableBufferPointer { marks in
                var present: UInt64 = 0
                for index in 0..<count {
                    let sets = table[Int(text[index])]
                    marks[index] = sets
                    present |= sets
                }
                var length = 1
                // Sets with a run of `length` stand in `present`; `marks` has them where such a run ends.
                while present != 0 {
                    let next = length * 2
                    var longer: UInt64 = 0
                    if next <= count, length < longest {
                        for index in stride(from: count - 1, through: length, by: -1) {
                            let both = marks[index] & marks[index - length]
                            marks[index] = both
                            longer |= both
                        }
                        for index in 0..<min(length, count) { marks[index] = 0 }
                    }
                    var ended = present & ~longer
                    while ended != 0 {
                        let bit = ended.trailingZeroBitCount
                        ended &= ended - 1
                        add(bit, length, text, table, &found)
                    }
                    present = longer
                    length = next
                }
            }
        }
    }

    /// Adds what needs a set whose longest run is at least `length`, and below twice that or longer than any need.
    private func add(
        _ bit: Int, _ length: Int, _ text: UnsafeBufferPointer<UInt8>, _ table: UnsafeBufferPointer<UInt64>,
        _ found: inout [Int32]
    ) {
        let list = needs[bit]
        var reach = length
        // Only where a need lies between the two powers is the exact length worth a pass.
        if list.contains(where: { $0.length > length && $0.length < length * 2 }) {
            reach = exactRun(bit, text, table)
        }
        for need in list {
            guard need.length <= reach else { return }
            found.append(need.entry)
        }
    }

    private func exactRun(
        _ bit: Int, _ text: UnsafeBufferPointer<UInt8>, _ table: UnsafeBufferPointer<UInt64>
    ) -> Int {
        var (best, run) = (0, 0)
        for index in 0..<text.count {
            run = table[Int(text[index])] >> UInt64(bit) & 1 == 1 ? run + 1 : 0
            best = max(best, run)
        }
        return best
    }
}
