internal import Bytes

/// Tokens as SpamAssassin keys them, so that counts restored from its backup go on counting. Only words of the text are made
/// again: how it cuts header fields and links depends on its code.
extension TokenExtractor {
    /// Letters of a word that SpamAssassin keeps whole; of longer ones it keeps `sk:` and seven.
    private static let foreignLength = 3...15

    /// The key of a token that SpamAssassin keeps under the last five octets of its SHA-1 digest, given as a number.
    package static func foreignKey(_ number: UInt64) -> TokenKey {
        UInt64(TokenClass.foreign.rawValue) << 36 | number & 0xF_FFFF_FFFF
    }

    /// Takes the word as it is written and in lower case.
    mutating func addForeign(_ word: Span<UInt8>) {
        guard takesForeignTokens, word.count >= Self.foreignLength.lowerBound else { return }
        var text = word.array
        if text.count > Self.foreignLength.upperBound { text = Array("sk:".utf8) + text.prefix(7) }
        addForeign(text, word)
        let lower = text.map(asciiLower)
        if lower != text { addForeign(lower, word) }
    }

    private mutating func addForeign(_ text: [UInt8], _ word: Span<UInt8>) {
        var number: UInt64 = 0
        for byte in SHA1.digest(text.span).suffix(5) { number = number << 8 | UInt64(byte) }
        // The collector takes a hash and cuts its lowest four bits; stores cut the lowest bits of the token.
        if let token = collector.add(.foreign, (number & 0xF_FFFF_FFFF) << 28) { describe(token, .foreign, word) }
    }
}
