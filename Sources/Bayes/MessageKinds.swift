internal import Scoring

/// Kinds of messages nearly alike, and how many of each are kept, in one transaction: read where they are needed, written in
/// order at its end.
///
/// A kind is known by the message that was the first of it, to whose marks those of others are compared, so that a message is never
/// taken for a repeat because different ones had a part of it each. Two kinds of records are in the table: of a kind its count and
/// marks, of a band of marks the kinds that have it.
struct MessageKinds {
    private struct Kind {
        /// Messages of it that are kept; 0 where there is no such kind.
        var count: UInt32 = 0
        var sketch: MessageSketch?
    }

    /// Kinds of a band that are found by it, the newest: bands of common words are shared by many, and each kind has others.
    private static let kindsOfBand = 16

    private var kinds: [UInt64: Kind] = [:]
    private var bands: [UInt64: [UInt64]] = [:]
    /// Keys of records that have to be written.
    private var changed: Set<UInt64> = []

    /// Notes a message.
    /// - Parameters:
    ///   - number: its own, by which its kind is called where it is the first of it; from 1 to `StoreTotals.most`.
    ///   - limit: messages of a kind that may be there.
    /// - Returns: its kind, 0 for a message without words. Nil, and nothing is noted, when as many of its kind as may be are there.
    mutating func add(
        _ keys: [TokenKey], _ isSpam: Bool, number: UInt64, limit: Int, _ reading: any StoreReading
    ) throws(StoreError) -> UInt64? {
        guard let sketch = MessageSketch(keys) else { return 0 }
        let itsBands = sketch.bands(isSpam: isSpam)
        try loadBands(itsBands, reading)
        let candidates = Set(itsBands.flatMap { bands[$0] ?? [] }).sorted()
        try loadKinds(candidates, reading)
        // Where several are like it, the one that has the most: chance makes a second kind of the same copies.
        var found: (number: UInt64, count: UInt32)?
        for candidate in candidates {
            guard let kind = kinds[candidate], kind.count > found?.count ?? 0, kind.sketch?.isNearly(sketch) == true
            else { continue }
            found = (candidate, kind.count)
        }
        if let found {
            guard Int(found.count) < limit else { return nil }
            kinds[found.number]?.count = found.count &+ 1
            changed.insert(Self.record(ofKind: found.number))
            return found.number
        }
        kinds[number] = Kind(count: 1, sketch: sketch)
        changed.insert(Self.record(ofKind: number))
        for band in itsBands {
            bands[band, default: []].append(number)
            if bands[band, default: []].count > Self.kindsOfBand { bands[band, default: []].removeFirst() }
            changed.insert(band)
        }
        return number
    }

    /// Takes away a message that had been noted.
    mutating func remove(_ kind: UInt64, _ isSpam: Bool, _ reading: any StoreReading) throws(StoreError) {
        guard kind != 0 else { return }
        try loadKinds([kind], reading)
        guard let found = kinds[kind], found.count > 0, let sketch = found.sketch else { return }
        kinds[kind]?.count = found.count - 1
        changed.insert(Self.record(ofKind: kind))
        guard found.count == 1 else { return }
        let itsBands = sketch.bands(isSpam: isSpam)
        try loadBands(itsBands, reading)
        for band in itsBands {
            bands[band]?.removeAll { $0 == kind }
            changed.insert(band)
        }
    }

    func write(_ writing: any StoreWriting) throws(StoreError) {
        for number in changed.sorted() {
            let value = record(number)
            let key = Octets.key(number)
            if value.isEmpty {
                try writing.remove(.sketches, key.span)
            } else {
                try writing.put(.sketches, key.span, value.span)
            }
        }
    }

    // MARK: Records

    private static let kindBit: UInt64 = 1 << 62

    private static func record(ofKind number: UInt64) -> UInt64 { number | kindBit }

    /// Empty where nothing is to be kept.
    private func record(_ number: UInt64) -> [UInt8] {
        var value: [UInt8] = []
        if let bands = bands[number] {
            for kind in bands { Octets.append(kind, to: &value) }
        } else if let kind = kinds[number & ~Self.kindBit], kind.count > 0, let sketch = kind.sketch {
            Octets.append(kind.count, to: &value)
            for mark in sketch.marks { Octets.append(mark, to: &value) }
        }
        return value
    }

    private mutating func loadBands(_ numbers: [UInt64], _ reading: any StoreReading) throws(StoreError) {
        let missing = numbers.filter { bands[$0] == nil }.sorted()
        var found = [[UInt64]](repeating: [], count: missing.count)
        try reading.look(.sketches, numbers: missing) { place, value in
            found[place] = (0..<min(value.count / 8, Self.kindsOfBand)).map { Octets.doubleWord(value, $0 * 8) }
        }
        for (number, kinds) in zip(missing, found) { bands[number] = kinds }
    }

    private mutating func loadKinds(_ numbers: [UInt64], _ reading: any StoreReading) throws(StoreError) {
        let missing = numbers.filter { kinds[$0] == nil }
        var found = [Kind](repeating: Kind(), count: missing.count)
        try reading.look(.sketches, numbers: missing.map(Self.record(ofKind:))) { place, value in
            guard value.count > 4, let sketch = MessageSketch(record: value.extracting(4..<value.count)) else { return }
            found[place] = Kind(count: Octets.word(value, 0), sketch: sketch)
        }
        for (number, kind) in zip(missing, found) { kinds[number] = kind }
    }
}
