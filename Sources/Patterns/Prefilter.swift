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
        var bySet: [ByteSet: [(length: Int, entry: Int32)]] = [:]
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
            case .text(let text, let window):
                let gram = GramIndex.gram(text[window..<window + 4])
                bySequence[4, default: [:]][gram, default: []].append(
                    GramIndex.Need(entry: entry, rest: .text(text, window: window)))
            case .run(let set, let length):
                bySet[set, default: []].append((length, entry))
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
    struct Scratch {
        fileprivate let folded = FoldedText()
        /// Entries that may fire, ascending, each once.
        fileprivate(set) var candidates: [Int32] = []
        fileprivate var found: [Int32] = []
    }

    /// Fills `scratch.candidates`.
    func choose(_ text: Span<UInt8>, _ scratch: inout Scratch) {
        scratch.found.removeAll(keepingCapacity: true)
        scratch.candidates.removeAll(keepingCapacity: true)
        if !grams.isEmpty || runs != nil {
            scratch.folded.fold(text)
            for gram in grams { gram.find(in: scratch.folded, &scratch.found) }
            if let runs { text.withUnsafeBufferPointer { runs.find(in: $0, &scratch.found) } }
        }
        if scratch.found.count > 1 { scratch.found.sort() }
        // Both lists are ascending.
        var index = 0
        for entry in scratch.found {
            while index < always.count, always[index] <= entry {
                add(always[index], text.count, &scratch)
                index += 1
            }
            add(entry, text.count, &scratch)
        }
        while index < always.count {
            add(always[index], text.count, &scratch)
            index += 1
        }
    }

    private func add(_ entry: Int32, _ length: Int, _ scratch: inout Scratch) {
        let bound = bounds[Int(entry)]
        guard length >= bound.least, length <= bound.most, scratch.candidates.last != entry else { return }
        scratch.candidates.append(entry)
    }
}
