/// Looks for runs of octets of many sets. A run of n octets covers one of any places that stand n apart, so only some
/// octets of a text are looked at, and a run is measured where one of them belongs to its set.
final class RunIndex {
    /// Sets that are told apart; patterns with further sets are tried on every text.
    static let setLimit = 64

    /// For each octet the sets that it belongs to.
    private let table: UnsafeMutableBufferPointer<UInt64>
    /// What needs the sets, one set after the other, ascending by length.
    private let needs: UnsafeMutableBufferPointer<Need>
    /// Where the needs of each set begin, and the end of the last.
    private let starts: UnsafeMutableBufferPointer<Int>
    private let strides: UnsafeMutableBufferPointer<Stride>
    /// Where the last run of each set ended in the current text.
    private let ends: UnsafeMutableBufferPointer<Int>

    private struct Need {
        var length: Int
        var entry: Int32
    }

    /// The sets whose shortest run has at least `step` octets, and not twice as many.
    private struct Stride {
        var step: Int
        var sets: UInt64
    }

    /// - Parameter needs: no more than `setLimit` sets, each run at least one octet.
    init(_ needs: [ByteSet: [(length: Int, entry: Int32)]]) {
        var table: [UInt64] = Array(repeating: 0, count: 256)
        var list: [Need] = []
        var starts = [0]
        var strides: [Stride] = []
        for (bit, need) in needs.sorted(by: { $0.value.count > $1.value.count }).prefix(Self.setLimit).enumerated() {
            for byte in need.key.bytes { table[Int(byte)] |= 1 << UInt64(bit) }
            let sorted = need.value.sorted { ($0.length, $0.entry) < ($1.length, $1.entry) }
            list += sorted.map { Need(length: $0.length, entry: $0.entry) }
            starts.append(list.count)
            var step = 1
            while step * 2 <= min(sorted.first?.length ?? 1, 1024) { step *= 2 }
            if let index = strides.firstIndex(where: { $0.step == step }) {
                strides[index].sets |= 1 << UInt64(bit)
            } else {
                strides.append(Stride(step: step, sets: 1 << UInt64(bit)))
            }
        }
        self.table = .copy(of: table)
        self.needs = .copy(of: list)
        self.starts = .copy(of: starts)
        self.strides = .copy(of: strides)
        ends = .copy(of: Array(repeating: 0, count: starts.count - 1))
    }

    deinit {
        table.deallocate()
        needs.deallocate()
        starts.deallocate()
        strides.deallocate()
        ends.deallocate()
    }

    /// Adds the entries whose runs stand in a text; one may be added several times. Not for two threads at a time.
    func find(in text: UnsafeBufferPointer<UInt8>, _ found: inout [Int32]) {
        ends.update(repeating: 0)
        for each in strides where text.count >= each.step {
            var index = each.step - 1
            while index < text.count {
                var present = table[Int(text[index])] & each.sets
                while present != 0 {
                    measure(present.trailingZeroBitCount, index, text, &found)
                    present &= present - 1
                }
                index += each.step
            }
        }
    }

    /// Measures the run of a set around an octet that belongs to it, once for each run.
    private func measure(_ bit: Int, _ index: Int, _ text: UnsafeBufferPointer<UInt8>, _ found: inout [Int32]) {
        guard index >= ends[bit] else { return }
        var (start, end) = (index, index + 1)
        while start > ends[bit], table[Int(text[start - 1])] >> UInt64(bit) & 1 == 1 { start -= 1 }
        while end < text.count, table[Int(text[end])] >> UInt64(bit) & 1 == 1 { end += 1 }
        ends[bit] = end
        for need in needs[starts[bit]..<starts[bit + 1]] {
            guard need.length <= end - start else { return }
            found.append(need.entry)
        }
    }
}
