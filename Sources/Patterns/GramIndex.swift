/// Looks for the sequences of many patterns in one pass: a bitmap says which windows of the text may be one, a table says
/// whose it is.
struct GramIndex {
    private let length: Int
    private let mask: UInt32
    private let shift: UInt32
    private var bitmap: [UInt64]
    /// Open addressing: the sequence, and where its entries stand in `entries`; an empty place has the range 0..<0.
    private var keys: [UInt32]
    private var ranges: [(start: Int32, end: Int32)]
    private var entries: [Need] = []

    /// Whose a sequence is.
    struct Need {
        var entry: Int32
        /// The whole text around the sequence, and where the sequence stands in it; empty where nothing more is known.
        var text: [UInt8] = []
        var window = 0
    }

    /// - Parameter grams: for each sequence the entries that need it.
    init(_ grams: [UInt32: [Need]], length: Int) {
        self.length = length
        mask = length == 4 ? UInt32.max : (1 << UInt32(8 * length)) - 1
        // Sixteen bits for each sequence: one window in sixteen is looked up for nothing.
        var bits: UInt32 = 12
        while bits < 24, 1 << bits < grams.count * 16 { bits += 1 }
        shift = 32 - bits
        bitmap = Array(repeating: 0, count: max(1, 1 << Int(bits) / 64))
        var size = 16
        while size < grams.count * 2 { size *= 2 }
        keys = Array(repeating: 0, count: size)
        ranges = Array(repeating: (0, 0), count: size)
        for (gram, list) in grams.sorted(by: { $0.key < $1.key }) {
            let hash = Self.hash(gram) >> shift
            bitmap[Int(hash >> 6)] |= 1 << UInt64(hash & 63)
            var place = Int(Self.hash(gram)) & (size - 1)
            while ranges[place].end > 0 { place = (place + 1) & (size - 1) }
            keys[place] = gram
            ranges[place] = (Int32(entries.count), Int32(entries.count + list.count))
            entries += list
        }
    }

    /// Octets as a number, the first on top.
    static func gram(_ bytes: some Sequence<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }

    @inline(__always)
    private static func hash(_ gram: UInt32) -> UInt32 {
        let mixed = gram &* 0x9E37_79B1
        return mixed ^ (mixed >> 15)
    }

    /// Adds the entries whose sequences stand in a text (letters in lower case); one may be added several times.
    func find(in text: UnsafeBufferPointer<UInt8>, _ found: inout [Int32]) {
        guard text.count >= length else { return }
        bitmap.withUnsafeBufferPointer { bitmap in
            var gram: UInt32 = 0
            for index in 0..<(length - 1) { gram = gram << 8 | UInt32(text[index]) }
            for index in (length - 1)..<text.count {
                gram = (gram << 8 | UInt32(text[index])) & mask
                let hash = Self.hash(gram) >> shift
                if bitmap[Int(hash >> 6)] >> UInt64(hash & 63) & 1 == 1 {
                    add(gram, text, index + 1 - length, &found)
                }
            }
        }
    }

    private func add(_ gram: UInt32, _ text: UnsafeBufferPointer<UInt8>, _ place: Int, _ found: inout [Int32]) {
        var slot = Int(Self.hash(gram)) & (keys.count - 1)
        while ranges[slot].end > 0 {
            if keys[slot] == gram {
                entries.withUnsafeBufferPointer { entries in
                    for index in Int(ranges[slot].start)..<Int(ranges[slot].end)
                    where stands(entries[index].text, text, at: place - entries[index].window) {
                        found.append(entries[index].entry)
                    }
                }
                return
            }
            slot = (slot + 1) & (keys.count - 1)
        }
    }

    private func stands(_ wanted: [UInt8], _ text: UnsafeBufferPointer<UInt8>, at start: Int) -> Bool {
        if wanted.isEmpty { return true }
        guard start >= 0, text.count - start >= wanted.count else { return false }
        for index in wanted.indices where wanted[index] != text[start + index] { return false }
        return true
    }
}
