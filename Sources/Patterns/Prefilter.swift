/// Chooses the rules that a text can fire at all, by what their patterns need; the patterns are then tried in order. The
/// answers are the same as if every rule were tried.
struct Prefilter {
    private var grams: [GramIndex] = []
    private var runs: RunIndex?
    /// Entries that are tried on every text, ascending.
    private let always: [Int32]
    /// Octets that a text must have at least and at most, by entry; no other can match.
    private let bounds: [(least: Int, most: Int)]

    /// What is known of one rule.
    struct Need {
        var entry: Int
        var need: PatternNeed
        var least: Int
        var most: Int
    }

    /// - Parameters:
    ///   - needs: one for each rule, ascending.
    ///   - entries: number of entries, conditions among them.
    init(_ needs: [Need], entries: Int) {
        var bySequence: [Int: [UInt32: [GramIndex.Need]]] = [:]
        var bySet: [ByteSet: [RunIndex.Run]] = [:]
        var always: [Int32] = []
        var bounds = Array(repeating: (least: 0, most: Int.max), count: entries)
        for need in needs {
            let entry = Int32(clamping: need.entry)
            bounds[need.entry] = (need.least, need.most)
            switch need.need {
            case .stretches(let list, let length):
                for stretch in list {
                    let need = GramIndex.Need(entry: entry, rest: .reach(stretch.reach))
                    for gram in stretch.grams {
                        bySequence[length, default: [:]][gram, default: []].append(need)
                    }
                }
            case .text(let text):
                let window = Frequency.rarestWindow(of: text).place
                let gram = GramIndex.gram(text[window..<window + 4])
                bySequence[4, default: [:]][gram, default: []].append(
                    GramIndex.Need(entry: entry, rest: .text(text, window: window)))
            case .run(let set, let length):
                bySet[set, default: []].append(RunIndex.Run(length: length, entry: entry, most: need.most))
            case .unknown:
                always.append(entry)
            }
        }
        if bySet.count > RunIndex.setLimit {
            let rare = bySet.sorted { $0.value.count > $1.value.count }.dropFirst(RunIndex.setLimit)
            for (set, list) in rare {
                always += list.map(\.entry)
                bySet[set] = nil
            }
        }
        for (length, sequences) in bySequence.sorted(by: { $0.key > $1.key }) {
            grams.append(GramIndex(sequences, length: length))
        }
        if !bySet.isEmpty { runs = RunIndex(bySet) }
        self.always = always.sorted()
        self.bounds = bounds
    }

    /// Memory that is kept from text to text.
    final class Scratch {
        fileprivate let folded = FoldedText()
        /// Entries that may fire, ascending, each once.
        let candidates = EntryList()
        fileprivate let found = EntryList()
    }

    /// Fills `scratch.candidates`.
    func choose(_ text: Span<UInt8>, _ scratch: Scratch) {
        let (found, candidates) = (scratch.found, scratch.candidates)
        found.removeAll()
        candidates.removeAll()
        if !grams.isEmpty || runs != nil {
            scratch.folded.fold(text)
            for gram in grams { gram.find(in: scratch.folded, found) }
            if let runs { text.withUnsafeBufferPointer { runs.find(in: $0, found) } }
        }
        found.sort()
        // Both lists are ascending.
        var index = 0
        for place in 0..<found.count {
            let entry = found[place]
            while index < always.count, always[index] <= entry {
                add(always[index], text.count, candidates)
                index += 1
            }
            add(entry, text.count, candidates)
        }
        while index < always.count {
            add(always[index], text.count, candidates)
            index += 1
        }
    }

    @inline(__always)
    private func add(_ entry: Int32, _ length: Int, _ candidates: EntryList) {
        let bound = bounds[Int(entry)]
        let count = candidates.count
        guard length >= bound.least, length <= bound.most, count == 0 || candidates[count &- 1] != entry else { return }
        candidates.append(entry)
    }
}
