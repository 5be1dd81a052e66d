internal import Scoring

/// Marks by which messages that are nearly alike are found: the smallest of differently mixed numbers of the keys of their
/// words and links (Broder's min-wise hashing). Two messages have each mark in common with the probability that is their share
/// of common keys: a text that is sent a thousand times with other names in it has nearly all, two mails of one mailing list
/// few. Of text in letters that count as words each (`LettersAsWords`) pairs of them are taken instead.
struct MessageSketch: Hashable, Sendable {
    /// Marks of a message.
    static let size = 64
    /// Marks in common from which on two messages are nearly alike: 56 of 100 keys, so that nearly all copies in which one word in ten
    /// is another one, in each at other places (65 of 100 in common), are, and few issues of a newsletter that have half of their
    /// words in common.
    static let shared = 36
    /// Marks of a band: messages that have none of their bands in common are not compared. Of the copies just named one pair
    /// in twenty has none.
    private static let bandSize = 4
    static let bandCount = size / bandSize

    /// Words for each letter that counts as one, below which a text is taken for one of such letters.
    private static let wordsForLetter = 4

    private(set) var marks: [UInt32]

    private static let wordsAndLinks = TokenClasses([.word, .link, .hidden])

    /// Nil for a message without words and links.
    init?(_ message: [TokenKey]) {
        let wordsAndLinks = Self.wordsAndLinks
        let words = message.filter { wordsAndLinks.contains($0) }
        guard !words.isEmpty else { return nil }
        var keys = words.filter { !LettersAsWords.contains($0) }
        if (words.count - keys.count) * Self.wordsForLetter > keys.count {
            keys += message.filter { Features.tokenClass($0) == .pair }
        } else {
            keys = words
        }
        var marks = [UInt32](repeating: .max, count: Self.size)
        let factors = Self.factors
        for key in keys {
            let mixed = UInt32(truncatingIfNeeded: Self.mixed(key) >> 32)
            // Another order of the keys for each mark.
            for mark in 0..<Self.size { marks[mark] = min(marks[mark], mixed &* factors[mark]) }
        }
        self.marks = marks
    }

    /// Of a record's octets; nil where they are not as many as there are marks.
    init?(record bytes: Span<UInt8>) {
        guard bytes.count == Self.size * 4 else { return nil }
        marks = (0..<Self.size).map { Octets.word(bytes, $0 * 4) }
    }

    func isNearly(_ other: MessageSketch) -> Bool {
        var common = 0
        for mark in 0..<Self.size where marks[mark] == other.marks[mark] { common += 1 }
        return common >= Self.shared
    }

    /// Numbers of its bands, with the class in the highest bit and the next one empty.
    func bands(isSpam: Bool) -> [UInt64] {
        (0..<Self.bandCount).map { band in
            var mixed: UInt64 = 0
            for mark in marks[band * Self.bandSize..<(band + 1) * Self.bandSize] {
                mixed = Self.mixed(mixed ^ UInt64(mark))
            }
            return mixed >> 6 | UInt64(band) << 58 | (isSpam ? 1 << 63 : 0)
        }
    }

    private static func mixed(_ number: UInt64) -> UInt64 {
        var mixed = (number &+ 0x9E37_79B9_7F4A_7C15) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 29) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 32
    }

    /// Odd numbers without a pattern: multiplied by one of them, keys come into an order of its own.
    private static let factors = (1...size).map { UInt32(truncatingIfNeeded: mixed(UInt64($0))) | 1 }
}
