internal import Checks

/// Octets of a pattern, or in a text in UTF-8 its characters.
extension PatternReader {
    /// One of a set of octets, or, in a text in UTF-8, of characters of ASCII.
    func member(of written: ByteSet, isNegated: Bool = false) -> PatternTree {
        // A caseless pattern takes both cases out of a negated set, a caseful one only those that stand there: nothing
        // is folded before it is turned round where too many may be told.
        let set = isExact && flags.contains(.caseless) ? written.bothCases : written
        guard isUnicode else { return .set(isNegated ? set.inverted : set) }
        let ascii = (isNegated ? set.inverted : set).intersection(.ascii)
        if isNegated { return .choice([.set(ascii), Self.beyondASCII]) }
        // Two characters beyond ASCII are letters of ASCII in another form.
        return set.hasKelvin && (flags.contains(.caseless) || !isExact)
            ? .choice([.set(ascii)] + Self.kelvins) : .set(ascii)
    }

    /// One of a class whose members beyond ASCII are not told: with or without them.
    func members(of set: ByteSet, isNegated: Bool, others: Bool = true) throws(Unknown) -> PatternTree {
        guard isUnicode, others else { return member(of: set, isNegated: isNegated) }
        try widen()
        return .choice([.set((isNegated ? set.inverted : set).intersection(.ascii)), Self.beyondASCII])
    }

    /// Takes a character beyond ASCII.
    mutating func scalar() throws(Unknown) -> Unicode.Scalar {
        var decoder = UTF8()
        var rest = bytes[index...].makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&rest) else { throw Unknown() }
        index += UTF8.width(scalar)
        return scalar
    }

    /// A character beyond ASCII. Which others it is for one that ignores case is not told.
    func character(_ scalar: Unicode.Scalar) throws(Unknown) -> PatternTree {
        let isCased =
            scalar.properties.isCased || scalar.properties.changesWhenCaseMapped
            || scalar.properties.changesWhenCaseFolded
        guard isCased else { return .sequence(Array(String(scalar).utf8).map { .set(ByteSet([$0])) }) }
        try widen()
        return .choice([.set(.ascii), Self.beyondASCII])
    }

    /// One character beyond ASCII (RFC 3629, section 3).
    private static let beyondASCII: PatternTree = {
        let following = PatternTree.set(ByteSet(0x80...0xBF))
        return .choice([
            .sequence([.set(ByteSet(0xC2...0xDF)), following]),
            .sequence([.set(ByteSet(0xE0...0xEF)), following, following]),
            .sequence([.set(ByteSet(0xF0...0xF4)), following, following, following]),
        ])
    }()

    /// The Kelvin sign and the long s.
    private static let kelvins: [PatternTree] = ["\u{212A}", "\u{17F}"].map { letter in
        .sequence(Array(letter.utf8).map { .set(ByteSet([$0])) })
    }
}
