/// Looks for the stretches of many patterns in one pass: a bitmap says which windows of the text may begin one, a table
/// says whose they are, and what goes on behind them is compared.
final class GramIndex {
    private let length: Int
    private let mask: UInt32
    private let shift: UInt32
    private let bitmap: UnsafeMutableBufferPointer<UInt64>
    /// Open addressing: the sequence, and where its needs stand in `needs`; an empty place has the range 0..<0.
    private let slots: UnsafeMutableBufferPointer<Slot>
    private let needs: UnsafeMutableBufferPointer<PlacedNeed>
    /// For each of `needs` what stands around its sequence.
    private let surroundings: UnsafeMutableBufferPointer<Surrounding>
    /// The texts of all needs, one behind the other.
    private let texts: UnsafeMutableBufferPointer<UInt8>
    /// The reaches of all needs, `reachWords` for each: four for each place.
    private let reaches: UnsafeMutableBufferPointer<UInt64>
    private static let reachWords = 4 * PatternReach.places

    private struct Slot {
        var gram: UInt32 = 0
        var start: Int32 = 0
        var end: Int32 = 0
        /// What can stand behind the sequence for any of its needs: a bit for each value of the lowest five bits.
        var next: UInt32 = 0
    }

    private struct PlacedNeed {
        var entry: Int32
        /// Octets of the text around the sequence; 0 where a reach is compared.
        var textLength: Int32
        /// Where the text, or the number of the reach.
        var place: Int32
        /// Where in the text the sequence stands; for a reach its fewest octets.
        var window: Int32
    }

    /// Eight octets before a sequence and eight behind it, each as one number, and which bits of them are known: most needs
    /// that share a sequence are told apart by one comparison.
    private struct Surrounding {
        private var before: UInt64 = 0
        private var behind: UInt64 = 0
        private var knownBefore: UInt64 = 0
        private var knownBehind: UInt64 = 0

        init(_ need: Need, length: Int) {
            switch need.rest {
            case .text(let text, let window):
                for offset in max(0, window - 8)..<window {
                    let shift = UInt64(8 * (8 + offset - window))
                    before |= UInt64(text[offset]) << shift
                    knownBefore |= 0xFF << shift
                }
                for offset in (window + length)..<min(text.count, window + length + 8) {
                    let shift = UInt64(8 * (offset - window - length))
                    behind |= UInt64(text[offset]) << shift
                    knownBehind |= 0xFF << shift
                }
            case .reach(let reach):
                for place in length..<max(length, min(reach.shortest, length + 8, PatternReach.places)) {
                    let bytes = reach.sets[place].bytes
                    let (all, any) = (bytes.reduce(0xFF, &), bytes.reduce(0, |))
                    let shift = UInt64(8 * (place - length))
                    behind |= UInt64(all) << shift
                    knownBehind |= UInt64(~(all ^ any)) << shift
                }
                behind &= knownBehind
            }
        }

        /// What stands in a text around a sequence.
        @inline(__always)
        init(_ text: FoldedText, _ place: Int, length: Int) {
            before = text.eight(place &- 8)
            behind = text.eight(place &+ length)
        }

        @inline(__always)
        func fits(_ other: Surrounding) -> Bool {
            (before ^ other.before) & knownBefore | (behind ^ other.behind) & knownBehind == 0
        }
    }

    /// Whose a sequence is.
    struct Need {
        enum Rest {
            /// The whole text around the sequence, and where the sequence stands in it.
            case text([UInt8], window: Int)
            case reach(PatternReach)
        }
        var entry: Int32
        var rest: Rest

        fileprivate func next(behind length: Int) -> UInt32 {
            switch rest {
            case .text(let text, let window):
                window + length < text.count ? 1 << UInt32(text[window + length] & 31) : UInt32.max
            case .reach(let reach):
                length < reach.shortest
                    ? reach.sets[length].bytes.reduce(0) { $0 | 1 << UInt32($1 & 31) } : UInt32.max
            }
        }
    }

    /// - Parameter grams: for each sequence the entries that need it.
    init(_ grams: [UInt32: [Need]], length: Int) {
        self.length = length
        mask = length == 4 ? UInt32.max : (1 << UInt32(8 * length)) - 1
        // A word for four sequences, two bits each: one window in fifty is looked up for nothing.
        var bits: UInt32 = 5
        while bits < 14, 1 << bits < grams.count / 4 { bits += 1 }
        shift = 32 - bits
        var bitmap: [UInt64] = Array(repeating: 0, count: 1 << Int(bits))
        var size = 16
        while size < grams.count * 2 { size *= 2 }
        var slots = Array(repeating: Slot(), count: size)
        var needs: [PlacedNeed] = []
        var surroundings: [Surrounding] = []
        var texts: [UInt8] = []
        var reaches: [UInt64] = []
        var places: [PatternReach: Int32] = [:]
        for (gram, list) in grams.sorted(by: { $0.key < $1.key }) {
            let hash = Self.hash(gram)
            bitmap[Int(hash &>> shift)] |= Self.bits(hash)
            var slot = Int(Self.hash(gram)) & (size - 1)
            while slots[slot].end > 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = Slot(
                gram: gram, start: Int32(clamping: needs.count), end: Int32(clamping: needs.count + list.count),
                next: list.reduce(0) { $0 | $1.next(behind: length) })
            for need in list {
                surroundings.append(Surrounding(need, length: length))
                switch need.rest {
                case .text(let text, let window):
                    needs.append(
                        PlacedNeed(
                            entry: need.entry, textLength: Int32(clamping: text.count),
                            place: Int32(clamping: texts.count), window: Int32(clamping: window)))
                    texts += text
                case .reach(let reach):
                    let place = places[reach] ?? Int32(clamping: places.count)
                    if places.updateValue(place, forKey: reach) == nil {
                        for set in reach.sets { reaches += set.fourWords }
                    }
                    needs.append(
                        PlacedNeed(
                            entry: need.entry, textLength: 0, place: place, window: Int32(clamping: reach.shortest)))
                }
            }
        }
        self.bitmap = .copy(of: bitmap)
        self.slots = .copy(of: slots)
        self.needs = .copy(of: needs)
        self.surroundings = .copy(of: surroundings)
        self.texts = .copy(of: texts)
        self.reaches = .copy(of: reaches)
    }

    deinit {
        bitmap.deallocate()
        slots.deallocate()
        needs.deallocate()
        surroundings.deallocate()
        texts.deallocate()
        reaches.deallocate()
    }

    /// Octets as a number, the first on top.
    static func gram(_ bytes: some Sequence<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }

    @inline(__always)
    private static func hash(_ gram: UInt32) -> UInt32 {
        let mixed = gram &* 0x9E37_79B1
        return mixed ^ (mixed >> 15)
    }

    /// The two bits of a sequence in its word of the bitmap.
    @inline(__always)
    private static func bits(_ hash: UInt32) -> UInt64 {
        1 << UInt64(hash & 63) | 1 << UInt64(hash >> 6 & 63)
    }

    /// Adds the entries whose stretches stand in a text; one may be added several times.
    func find(in folded: FoldedText, _ found: EntryList) {
        let text = folded.text
        guard text.count >= length else { return }
        // Places are noted first and looked at then: a branch for each window would be guessed wrong too often.
        let (bitmap, places, mask, shift, length) = (bitmap, folded.places, mask, shift, length)
        var noted = 0
        var gram: UInt32 = 0
        for index in 0..<(length - 1) { gram = gram << 8 | UInt32(text[index]) }
        for index in (length - 1)..<text.count {
            gram = (gram << 8 | UInt32(text[index])) & mask
            let hash = Self.hash(gram)
            let bits = Self.bits(hash)
            places[noted] = Int32(truncatingIfNeeded: index)
            let missing = bits & ~bitmap[Int(hash &>> shift)]
            noted &+= 1 &- Int(truncatingIfNeeded: (missing | (0 &- missing)) >> 63)
        }
        for number in 0..<noted {
            let place = Int(places[number]) &+ 1 &- length
            add(folded.gram(place, length: length), folded, place, found)
        }
    }

    @inline(__always)
    private func add(_ gram: UInt32, _ folded: FoldedText, _ place: Int, _ found: EntryList) {
        var index = Int(Self.hash(gram)) & (slots.count &- 1)
        while slots[index].gram != gram || slots[index].end == 0 {
            if slots[index].end == 0 { return }
            index = (index &+ 1) & (slots.count &- 1)
        }
        guard slots[index].next >> (UInt32(folded.octet(place &+ length)) & 31) & 1 == 1 else { return }
        let (text, around) = (folded.text, Surrounding(folded, place, length: length))
        for position in Int(slots[index].start)..<Int(slots[index].end) where surroundings[position].fits(around) {
            let need = needs[position]
            if need.textLength > 0 ? stands(need, text, place) : goesOn(need, text, place) { found.append(need.entry) }
        }
    }

    /// The whole text stands around a sequence that was found.
    @inline(__always)
    private func stands(_ need: PlacedNeed, _ text: UnsafeBufferPointer<UInt8>, _ place: Int) -> Bool {
        let start = place - Int(need.window)
        let (from, count) = (Int(need.place), Int(need.textLength))
        guard start >= 0, text.count - start >= count else { return false }
        // Texts that share a sequence often share what stands around it: their ends differ.
        var index = count
        while index > 0 {
            index -= 1
            guard texts[from + index] == text[start + index] else { return false }
        }
        return true
    }

    /// Behind a sequence that was found the text goes on as the pattern does.
    @inline(__always)
    private func goesOn(_ need: PlacedNeed, _ text: UnsafeBufferPointer<UInt8>, _ place: Int) -> Bool {
        let shortest = Int(need.window)
        guard text.count - place >= shortest else { return false }
        let from = Int(need.place) * Self.reachWords
        var index = length
        while index < shortest {
            let byte = text[place + index]
            guard reaches[from + index * 4 + Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1 else { return false }
            index += 1
        }
        return true
    }
}
