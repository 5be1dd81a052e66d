/// Letters of scripts that are written without blanks and have few of them: Thai, Lao, Tibetan, Myanmar, Khmer, kana, bopomofo.
/// Each counts as a word, and any two texts have most of them in common.
package enum LettersAsWords {
    /// Whether a message's key is such a letter, shown or hidden.
    package static func contains(_ key: TokenKey) -> Bool {
        sieve[Int(truncatingIfNeeded: key & sieveMask) >> 6] >> (key & 63) & 1 != 0 && keys.contains(key)
    }

    private static let letters: [ClosedRange<UInt32>] = [
        0x0E00...0x0FFF, 0x1000...0x109F, 0x1780...0x17FF, 0x3040...0x312F, 0x31A0...0x31FF, 0xFF66...0xFF9F,
    ]

    private static let keys: Set<TokenKey> = {
        let hashes = letters.joined().map(WordReader.hash(ofIdeograph:))
        let tokens = [TokenClass.word, .hidden].flatMap { kind in hashes.map { kind.token($0) } }
        return Set(Features(tokens: tokens).keys)
    }()

    /// A bit for each number that the lowest bits of such a key make: nearly all other keys end here.
    private static let sieve: [UInt64] = {
        var words = [UInt64](repeating: 0, count: Int(sieveMask + 1) >> 6)
        for key in keys { words[Int(truncatingIfNeeded: key & sieveMask) >> 6] |= 1 << (key & 63) }
        return words
    }()
    private static let sieveMask: TokenKey = 1 << 15 - 1
}
