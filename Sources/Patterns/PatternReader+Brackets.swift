internal import Checks

/// Bracket expressions: `[a-z]`, `[^[:space:]]`.
extension PatternReader {
    /// What stands behind `[`, to its end.
    mutating func bracket() throws(Unknown) -> PatternTree {
        let isNegated = next == 0x5E
        if isNegated { index += 1 }
        var set = ByteSet()
        var hasClass = false
        var isFirst = true
        while let byte = next, byte != 0x5D || isFirst {
            isFirst = false
            if follows("[:") {
                set.formUnion(try named())
                hasClass = true
                continue
            }
            if follows("[.") || follows("[=") { throw Unknown() }
            let (low, members) = try member()
            if let members {
                set.formUnion(members)
                hasClass = true
                // A range that begins with a class is an error or means itself, as the library likes.
                if next == 0x2D, index + 1 < bytes.count, bytes[index + 1] != 0x5D { throw Unknown() }
                continue
            }
            guard next == 0x2D, index + 1 < bytes.count, bytes[index + 1] != 0x5D else {
                set.insert(low)
                continue
            }
            index += 1
            if follows("[") { throw Unknown() }
            let (high, others) = try member()
            guard others == nil, high >= low else { throw Unknown() }
            set.insert(low...high)
        }
        guard take("]") else { throw Unknown() }
        if type == .regexp, isNegated, flags.contains(.multiline) { try widen() }
        guard isUnicode else { return member(of: set, isNegated: isNegated) }
        // Characters beyond ASCII are not told apart, and classes have some.
        let hasOthers = hasClass || !set.isDisjoint(with: ByteSet.ascii.inverted)
        if hasOthers || isNegated && set.hasKelvin { try widen() }
        return try members(of: set, isNegated: isNegated, others: hasOthers)
    }

    private mutating func named() throws(Unknown) -> ByteSet {
        index += 2
        let isNegated = type == .pcre && take("^")
        let start = index
        while let byte = next, byte >= 0x61, byte <= 0x7A { index += 1 }
        let name = Array(bytes[start..<index])
        guard let set = ByteSet.named(name), take(":]") else { throw Unknown() }
        // Caseless upper and lower mean both in PCRE2, so they are both here; turned round they would tell too few.
        if isNegated { throw Unknown() }
        if !flags.contains(.caseless), set == ByteSet.named(Array("upper".utf8)), name != Array("alpha".utf8) {
            try widen()
        }
        if isUnicode { try widen() }
        return set
    }

    /// One octet, or the members of a class.
    private mutating func member() throws(Unknown) -> (UInt8, ByteSet?) {
        guard let byte = next else { throw Unknown() }
        index += 1
        guard byte == 0x5C, type == .pcre else { return (byte, nil) }
        guard let escaped = next else { throw Unknown() }
        index += 1
        if let (set, isNegated) = Self.set(escaped) {
            if isUnicode { try widen() }
            return (0, isNegated ? set.inverted : set)
        }
        if escaped == 0x62 { return (0x08, nil) }
        guard let code = try character(escaped) else { throw Unknown() }
        return (code, nil)
    }
}
