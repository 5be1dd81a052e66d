internal import Scoring

/// Marks by which messages that are nearly alike are found: the smallest of differently mixed numbers of the keys of their
/// words and links (Broder's min-wise hashing). Two messages share each mark with the probability that is their share of
/// common keys: a text that is sent a thousand times with other names in it shares nearly all, two mails of one mailing list
/// few.
enum MessageSketch {
    static let marks = 8
    /// Marks that have to be shared often for a message to count as nearly the same. Fewer would take honest mail for
    /// repeats: with half of them, a third of the SpamAssassin corpus, mailing lists above all, whose common words share marks.
    private static let shared = 7

    /// Numbers of records in the table of sketches, each with class and mark in its highest bits; empty for a message without
    /// words and links.
    static func numbers(_ message: [TokenKey], isSpam: Bool) -> [UInt64] {
        var smallest = [UInt64](repeating: .max, count: marks)
        var isEmpty = true
        for key in message {
            switch Features.tokenClass(key) {
            case .word, .link, .hidden: break
            default: continue
            }
            isEmpty = false
            // Another order of the keys for each mark.
            var mixed = key &* 0x9E37_79B9_7F4A_7C15
            for mark in 0..<marks {
                mixed = (mixed ^ mixed >> 31) &* 0xD1B5_4A32_D192_ED03
                let value = mixed ^ mixed >> 29
                if value < smallest[mark] { smallest[mark] = value }
            }
        }
        guard !isEmpty else { return [] }
        return smallest.indices.map { mark in
            smallest[mark] >> 4 | UInt64(mark) << 60 | (isSpam ? 1 << 63 : 0)
        }
    }

    /// True when so many messages share most marks that one more teaches nothing.
    static func isRepeated(_ counts: [UInt32], limit: Int) -> Bool {
        counts.count { Int($0) >= limit } >= shared
    }
}

/// Counts of marks in one transaction: read once, written in order at its end.
struct SketchCounts {
    private var counts: [UInt64: UInt32] = [:]

    /// Notes the marks of a message. False, and nothing is noted, when too many of its kind were learnt.
    mutating func add(
        _ keys: [TokenKey], _ isSpam: Bool, limit: Int, _ reading: any StoreReading
    ) throws(StoreError) -> Bool {
        let numbers = MessageSketch.numbers(keys, isSpam: isSpam)
        try load(numbers, reading)
        guard !MessageSketch.isRepeated(numbers.map { counts[$0] ?? 0 }, limit: limit) else { return false }
        for number in numbers { counts[number, default: 0] &+= 1 }
        return true
    }

    mutating func remove(_ keys: [TokenKey], _ isSpam: Bool, _ reading: any StoreReading) throws(StoreError) {
        let numbers = MessageSketch.numbers(keys, isSpam: isSpam)
        try load(numbers, reading)
        for number in numbers { counts[number] = max(1, counts[number] ?? 0) - 1 }
    }

    func write(_ writing: any StoreWriting) throws(StoreError) {
        for number in counts.keys.sorted() {
            let count = counts[number] ?? 0
            let key = Octets.key(number)
            if count == 0 {
                try writing.remove(.sketches, key.span)
                continue
            }
            var value: [UInt8] = []
            Octets.append(count, to: &value)
            try writing.put(.sketches, key.span, value.span)
        }
    }

    private mutating func load(_ numbers: [UInt64], _ reading: any StoreReading) throws(StoreError) {
        let missing = numbers.filter { counts[$0] == nil }
        var found = [UInt32](repeating: 0, count: missing.count)
        try reading.look(.sketches, numbers: missing) { place, value in
            if value.count == 4 { found[place] = Octets.word(value, 0) }
        }
        for (number, count) in zip(missing, found) { counts[number] = count }
    }
}
