internal import Checks

/// Reads patterns into trees. What it does not know it does not guess: it gives up, and the pattern is tried on every text.
struct PatternReader {
    struct Unknown: Error {}

    let bytes: [UInt8]
    let type: TableType
    let flags: PatternFlags
    /// Nothing is told that the pattern does not match: octets stand in their cases, and what takes too much is unknown.
    let isExact: Bool
    /// `^` and `$` may stand at any newline from here on.
    private var isMultiline: Bool
    var isUnicode: Bool { flags.contains(.unicode) }
    var index = 0
    private var depth = 0
    private static let depthLimit = 200
    /// Octets of a pattern that is read.
    private static let lengthLimit = 65_536

    /// The tree of a pattern; nil when it holds something unknown.
    /// - Parameter exactly: the tree matches what the pattern does and nothing else; then its octets stand in both cases
    ///   where case is ignored. With `.unicode` among the flags it is about texts in UTF-8.
    static func tree(_ pattern: PatternText, _ type: TableType, exactly: Bool = false) -> PatternTree? {
        guard pattern.bytes.count <= lengthLimit else { return nil }
        var bytes = pattern.bytes
        switch type {
        case .pcre:
            if pattern.flags.contains(.extended) {
                // Some characters beyond ASCII are white space there, which takes none of the text.
                guard !pattern.flags.contains(.unicode) || bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
                bytes = ExtendedSyntax.stripped(bytes)
            }
        // Without the flag the syntax is that of basic expressions.
        case .regexp: guard pattern.flags.contains(.extended) else { return nil }
        }
        var reader = PatternReader(bytes: bytes, type: type, flags: pattern.flags, isExact: exactly)
        do throws(Unknown) {
            let tree = try reader.choice()
            guard reader.index == reader.bytes.count else { return nil }
            return exactly && pattern.flags.contains(.anchored) ? .sequence([.nothing(.start), tree]) : tree
        } catch {
            return nil
        }
    }

    private init(bytes: [UInt8], type: TableType, flags: PatternFlags, isExact: Bool) {
        self.bytes = bytes
        self.type = type
        self.flags = flags
        self.isExact = isExact
        isMultiline = flags.contains(.multiline)
    }

    var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    func follows(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard bytes.count - index >= length else { return false }
        for offset in 0..<length where bytes[index + offset] != text.utf8Start[offset] { return false }
        return true
    }

    mutating func take(_ text: StaticString) -> Bool {
        guard follows(text) else { return false }
        index += text.utf8CodeUnitCount
        return true
    }

    private mutating func choice() throws(Unknown) -> PatternTree {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw Unknown() }
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(Unknown) -> PatternTree {
        var parts: [PatternTree] = []
        while let byte = next, byte != 0x7C, byte != 0x29 {
            var part = try item()
            while let (from, upTo) = try quantifier() {
                part = .repetition(part, from: from, upTo: upTo)
                guard type == .pcre else { continue }
                if next == 0x2B { try widen() }
                if next == 0x3F || next == 0x2B { index += 1 }
                break
            }
            parts.append(part)
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func quantifier() throws(Unknown) -> (Int, Int?)? {
        switch next {
        case 0x2A:
            index += 1
            return (0, nil)
        case 0x2B:
            index += 1
            return (1, nil)
        case 0x3F:
            index += 1
            return (0, 1)
        case 0x7B: return try interval()
        default: return nil
        }
    }

    /// `{n}`, `{n,}`, `{n,m}`; in a pcre pattern any other brace is itself, unless some version of PCRE2 takes it for a
    /// quantifier: since 10.43 `{,m}` is one, and blanks may stand within.
    private mutating func interval() throws(Unknown) -> (Int, Int?)? {
        var end = index + 1
        while end < bytes.count, bytes[end] != 0x7D { end += 1 }
        let parts = bytes[(index + 1)..<min(end, bytes.count)].split(
            separator: 0x2C, omittingEmptySubsequences: false)
        func number(_ digits: ArraySlice<UInt8>) -> Int? {
            guard (1...5).contains(digits.count), digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
            return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        let isLiteral =
            end == bytes.count
            || bytes[(index + 1)..<end].contains { !ByteSet.digits.contains($0) && ![0x2C, 0x20, 0x09].contains($0) }
        if type == .pcre, isLiteral { return nil }
        guard end < bytes.count, (1...2).contains(parts.count), let from = number(parts[0]) else { throw Unknown() }
        var upTo: Int? = from
        if parts.count == 2 {
            upTo = number(parts[1])
            guard upTo != nil || parts[1].isEmpty else { throw Unknown() }
        }
        index = end + 1
        return (from, upTo)
    }

    private mutating func item() throws(Unknown) -> PatternTree {
        guard let byte = next else { throw Unknown() }
        switch byte {
        case 0x28:
            index += 1
            return try group()
        case 0x5B:
            index += 1
            return try bracket()
        case 0x2E:
            index += 1
            let isDotAll = !isExact || type == .regexp && !flags.contains(.multiline) || flags.contains(.dotAll)
            return member(of: isDotAll ? ByteSet() : ByteSet([0x0A]), isNegated: true)
        case 0x5E:
            index += 1
            let isFirst = depth == 1 && (index == 1 || bytes[index - 2] == 0x7C)
            return .nothing(try isOfLines(isFirst) ? .lineStart : .start)
        case 0x24:
            index += 1
            let isLast = depth == 1 && (next == nil || next == 0x7C)
            if try isOfLines(isLast) { return .nothing(.lineEnd) }
            let isVeryEnd = isExact && (type == .regexp || flags.contains(.dollarEndOnly))
            return .nothing(isVeryEnd ? .veryEnd : .end)
        case 0x5C:
            index += 1
            return try escape()
        case 0x2A, 0x2B, 0x3F:
            throw Unknown()
        case 0x7B where type == .regexp:
            throw Unknown()
        default:
            if byte >= 0x80, isUnicode { return try character(scalar()) }
            index += 1
            return member(of: ByteSet([byte]))
        }
    }

    /// Whether an anchor may hold at any newline: by an option, or in the midst of a pattern of the C library, which does not
    /// tell newlines from ends there.
    private func isOfLines(_ isAtEdge: Bool) throws(Unknown) -> Bool {
        guard isMultiline || type == .regexp && !isAtEdge else { return false }
        try widen()
        return true
    }

    /// What follows tells more texts than the pattern matches.
    func widen() throws(Unknown) { if isExact { throw Unknown() } }

    /// Takes no octet and asks for something that is not told.
    private func unsaid() throws(Unknown) -> PatternTree {
        try widen()
        return .nothing(.other)
    }

    // MARK: Groups

    private mutating func group() throws(Unknown) -> PatternTree {
        guard type == .pcre else { return try closed() }
        // Verbs, and options at the start of the pattern.
        if follows("*") { throw Unknown() }
        guard take("?") else { return try closed() }
        if take("#") {
            while let byte = next, byte != 0x29 { index += 1 }
            guard take(")") else { throw Unknown() }
            // A quantifier behind a comment belongs to the item before the comment.
            if let byte = next, [0x2A, 0x2B, 0x3F, 0x7B].contains(byte) { throw Unknown() }
            return isExact ? .sequence([]) : .nothing(.other)
        }
        // What never holds: the empty text is not ahead.
        if take("!)") { return .set(ByteSet()) }
        for look: StaticString in ["=", "!", "<=", "<!"] where take(look) {
            _ = try closed()
            return try unsaid()
        }
        if follows(">") { try widen() }
        for plain: StaticString in [":", ">", "|"] where take(plain) { return try closed() }
        if take("P<") || take("<") {
            try name(until: 0x3E)
            return try closed()
        }
        if take("'") {
            try name(until: 0x27)
            return try closed()
        }
        return try options()
    }

    private mutating func closed() throws(Unknown) -> PatternTree {
        let tree = try choice()
        guard take(")") else { throw Unknown() }
        return tree
    }

    private mutating func name(until end: UInt8) throws(Unknown) {
        while let byte = next, byte != end {
            guard ByteSet.word.contains(byte) else { throw Unknown() }
            index += 1
        }
        guard next == end else { throw Unknown() }
        index += 1
    }

    /// `(?i)` and `(?i-s:...)`: none of these four letters widens what can be matched here.
    private mutating func options() throws(Unknown) -> PatternTree {
        while let byte = next {
            index += 1
            switch byte {
            case 0x69 where flags.contains(.caseless), 0x73 where flags.contains(.dotAll), 0x55: continue
            case 0x69, 0x6D, 0x73, 0x2D:
                try widen()
                if byte == 0x6D { isMultiline = true }
            case 0x29: return isExact ? .sequence([]) : .nothing(.other)
            case 0x3A: return try closed()
            default: throw Unknown()
            }
        }
        throw Unknown()
    }

    // MARK: Escapes

    private mutating func escape() throws(Unknown) -> PatternTree {
        guard let byte = next else { throw Unknown() }
        index += 1
        if let (set, isNegated) = type == .pcre ? Self.set(byte) : Self.set(byte, digits: false) {
            return try members(of: set, isNegated: isNegated)
        }
        switch (byte, type) {
        case (0x62, _), (0x42, _), (0x3C, .regexp), (0x3E, .regexp): return try unsaid()
        case (0x60, .regexp), (0x41, .pcre), (0x47, .pcre): return .nothing(isExact ? .start : .other)
        case (0x27, .regexp), (0x7A, .pcre): return .nothing(isExact ? .veryEnd : .other)
        case (0x5A, .pcre): return .nothing(isExact ? .end : .other)
        case (0x4B, .pcre): return isExact ? .sequence([]) : .nothing(.other)
        case (0x31...0x39, _):
            // A back reference, or an octal number when there are few groups.
            if type == .pcre, let digit = next, digit >= 0x30, digit <= 0x39 { throw Unknown() }
            try widen()
            return .anything
        case (_, .pcre):
            guard let code = try character(byte) else { throw Unknown() }
            return code >= 0x80 && isUnicode ? try character(Unicode.Scalar(code)) : member(of: ByteSet([code]))
        case (_, .regexp):
            if byte != 0x5F, ByteSet.word.contains(byte) { throw Unknown() }
            return member(of: ByteSet([byte]))
        }
    }

    /// `\w`, `\s` and their opposites, which both syntaxes know, and `\d` and `\D` of pcre.
    static func set(_ byte: UInt8, digits: Bool = true) -> (ByteSet, isNegated: Bool)? {
        switch byte {
        case 0x77: (.word, false)
        case 0x57: (.word, true)
        case 0x73: (.space, false)
        case 0x53: (.space, true)
        case 0x64 where digits: (.digits, false)
        case 0x44 where digits: (.digits, true)
        default: nil
        }
    }

    /// The octet that an escape of a pcre pattern stands for; nil where it is none. The letter has been taken.
    mutating func character(_ byte: UInt8) throws(Unknown) -> UInt8? {
        switch byte {
        case 0x61: return 0x07
        case 0x65: return 0x1B
        case 0x66: return 0x0C
        case 0x6E: return 0x0A
        case 0x72: return 0x0D
        case 0x74: return 0x09
        case 0x78: return try hexadecimal()
        default: return byte != 0x5F && ByteSet.word.contains(byte) ? nil : byte
        }
    }

    private mutating func hexadecimal() throws(Unknown) -> UInt8 {
        if next == 0x7B { throw Unknown() }
        var value: UInt8 = 0
        for _ in 0..<2 {
            guard let digit = next, let number = Self.hexadecimalDigit(digit) else { throw Unknown() }
            value = value << 4 | number
            index += 1
        }
        return value
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
