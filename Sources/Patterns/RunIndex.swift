/// Looks for runs of octets of many sets. A run of n octets covers three of any places that stand n/3 apart, so only some
/// octets of a text are looked at, and a run is measured where three of them, one after the other, belong to its set.
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

    /// What an entry needs of a set.
    struct Run {
        /// Octets in a row.
        var length: Int
        var entry: Int32
        /// Octets of the longest text that the entry can match.
        var most: Int
    }

    /// Sets whose shortest runs have about as many octets.
    private struct Stride {
        /// Octets of the shortest run of all.
        var least: Int
        /// Octets of the longest text that is looked at; `Int.max` for no bound.
        var most: Int
        var sets: UInt64

        /// Places that every run covers: looked at are those that stand `step` apart.
        var probes: Int { least < 4 ? 1 : least < 6 ? 2 : 3 }
        var step: Int { least / probes }

        /// Sets with about as long runs are looked for together, those of short texts alone by themselves.
        func goes(with other: Stride) -> Bool {
            least.leadingZeroBitCount == other.least.leadingZeroBitCount && (most == Int.max) == (other.most == Int.max)
        }
    }

    /// - Parameter needs: no more than `setLimit` sets, each run at least one octet.
    init(_ needs: [ByteSet: [Run]]) {
        var table: [UInt64] = Array(repeating: 0, count: 256)
        var list: [Need] = []
        var starts = [0]
        var strides: [Stride] = []
        for (bit, need) in needs.sorted(by: { $0.value.count > $1.value.count }).prefix(Self.setLimit).enumerated() {
            for byte in need.key.bytes { table[Int(byte)] |= 1 << UInt64(bit) }
            let sorted = need.value.sorted { ($0.length, $0.entry) < ($1.length, $1.entry) }
            list += sorted.map { Need(length: $0.length, entry: $0.entry) }
            starts.append(list.count)
            let stride = Stride(
                least: sorted.first?.length ?? 1, most: sorted.reduce(0) { max($0, $1.most) }, sets: 1 << UInt64(bit))
            if let index = strides.firstIndex(where: { $0.goes(with: stride) }) {
                strides[index].least = min(strides[index].least, stride.least)
                strides[index].most = max(strides[index].most, stride.most)
                strides[index].sets |= stride.sets
            } else {
                strides.append(stride)
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
    func find(in text: UnsafeBufferPointer<UInt8>, _ found: EntryList) {
        ends.update(repeating: 0)
        for each in strides where text.count >= each.least && text.count <= each.most {
            let (step, sets) = (each.step, each.sets)
            // What the places before have to say: nothing, where fewer are looked at.
            let (first, second) = (each.probes < 3 ? UInt64.max : 0, each.probes < 2 ? UInt64.max : 0)
            var (before, last) = (UInt64(0), UInt64(0))
            var index = step - 1
            while index < text.count {
                let here = table[Int(text[index])] & sets
                var present = here & (last | second) & (before | first)
                while present != 0 {
                    measure(present.trailingZeroBitCount, index, text, found)
                    present &= present - 1
                }
                (before, last) = (last, here)
                index += step
            }
        }
    }

    /// Measures the run of a set around an octet that belongs to it, once for each run.
    private func measure(_ bit: Int, _ index: Int, _ text: UnsafeBufferPointer<UInt8>, _ found: EntryList) {
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
