/// Writes out what Perl and PCRE2 read in two ways: classes of characters, which for Perl are those of Unicode in names that amavis
/// has decoded (`perlrecharclass(1)`), and quantifiers (`perlre(1)`, "Quantifiers"; `{,3}` and blanks in them since 5.34).
struct PerlClasses {
    /// A pattern of Perl in PCRE2's words.
    enum Outcome {
        case pattern([UInt8])
        /// PCRE2 has no words for it; what it is.
        case refused(String)
    }

    private let bytes: [UInt8]
    private let isUnicode: Bool
    private let isCaseless: Bool
    private var out: [UInt8] = []
    private var index = 0
    private var problem: String?

    /// - Parameters:
    ///   - isUnicode: false for the flag `a`: classes are those of ASCII, as PCRE2 has them.
    ///   - isCaseless: the flag `i`, before or within the pattern.
    static func written(_ pattern: [UInt8], isUnicode: Bool, isCaseless: Bool) -> Outcome {
        var classes = PerlClasses(pattern, isUnicode, isCaseless || hasFlag(0x69, pattern))
        while classes.index < pattern.count, classes.problem == nil { classes.step() }
        return classes.problem.map { .refused($0) } ?? .pattern(classes.out)
    }

    private init(_ bytes: [UInt8], _ isUnicode: Bool, _ isCaseless: Bool) {
        self.bytes = bytes
        self.isUnicode = isUnicode
        self.isCaseless = isCaseless
    }

    /// A flag stands in a group of the pattern, `(?i)`.
    private static func hasFlag(_ flag: UInt8, _ pattern: [UInt8]) -> Bool {
        pattern.indices.contains { start in
            guard pattern[start...].starts(with: [0x28, 0x3F]) else { return false }
            return pattern[(start + 2)...].prefix { $0 == 0x5E || isAlphanumeric($0) }.contains(flag)
        }
    }

    private func byte(_ place: Int) -> UInt8 { place < bytes.count ? bytes[place] : 0 }

    private mutating func put(_ text: String) { out += Array(text.utf8) }

    private mutating func copy(_ count: Int) {
        let end = min(index + count, bytes.count)
        out += bytes[index..<end]
        index = end
    }

    private mutating func step() {
        switch bytes[index] {
        case 0x5C where index + 1 < bytes.count: takeEscape(inClass: false)
        case 0x5B: takeClass()
        case 0x7B: takeBrace()
        // A comment, in which nothing has a meaning.
        case 0x28 where byte(index + 1) == 0x3F && byte(index + 2) == 0x23:
            copy((bytes[index...].firstIndex(of: 0x29) ?? bytes.count - 1) + 1 - index)
        default: copy(1)
        }
    }

    // MARK: Quantifiers

    private mutating func takeBrace() {
        guard let end = bytes[index...].firstIndex(of: 0x7D) else { return copy(1) }
        let inner = bytes[(index + 1)..<end]
        let digits = inner.filter { $0 != 0x20 && $0 != 0x09 }
        let parts = digits.split(separator: 0x2C, omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ $0.allSatisfy(isDigit) }),
            parts.contains(where: { !$0.isEmpty })
        else { return copy(1) }
        // A blank between digits makes it no quantifier.
        let words = inner.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x2C }
        guard words.count <= parts.count else { return copy(1) }
        put("{")
        if parts[0].isEmpty { put("0") }
        out += digits
        put("}")
        index = end + 1
    }

    // MARK: Escapes

    /// What is a word to Perl: PCRE2 counts other numbers and no marks among them.
    private static let word = #"\p{Alphabetic}\p{M}\x{200C}\x{200D}\p{Nd}\p{Pc}"#
    private static let boundary = "(?:(?<=[\(word)])(?![\(word)])|(?<![\(word)])(?=[\(word)]))"
    private static let noBoundary = "(?:(?<=[\(word)])(?=[\(word)])|(?<![\(word)])(?![\(word)]))"

    /// Letters of escapes, and what they stand for outside of a class and in one.
    private static let escapes: [UInt8: (outside: String, inside: String?)] = [
        0x64: (#"\p{Nd}"#, #"\p{Nd}"#), 0x44: (#"\P{Nd}"#, #"\P{Nd}"#),
        0x73: (#"\p{wspace}"#, #"\p{wspace}"#), 0x53: (#"\P{wspace}"#, #"\P{wspace}"#),
        0x77: ("[\(word)]", word), 0x57: ("[^\(word)]", nil),
        0x68: (#"[\p{Zs}\t]"#, #"\p{Zs}\t\p{Zs}"#), 0x48: (#"[^\p{Zs}\t]"#, nil),
        0x62: (boundary, #"\b"#), 0x42: (noBoundary, nil),
    ]

    private mutating func takeEscape(inClass: Bool) {
        let letter = bytes[index + 1]
        switch letter {
        case 0x62 where !inClass && byte(index + 2) == 0x7B, 0x42 where !inClass && byte(index + 2) == 0x7B:
            problem = "a boundary of Unicode (\\b{...})"
        case 0x70 where isCaseless, 0x50 where isCaseless:
            problem = "\\p without case, which means more to Perl"
        case 0x78, 0x6F, 0x4E, 0x67, 0x6B:
            if byte(index + 2) == 0x7B, let end = bytes[index...].firstIndex(of: 0x7D) {
                guard !bytes[index..<end].contains(where: isSpace) else {
                    problem = "blanks within \\\([letter].text){...}"
                    return
                }
                copy(end + 1 - index)
            } else {
                copy(2)
            }
        default:
            // Horizontal blanks are one set to both with the flag `a` as well, but for PCRE2's.
            guard let meaning = Self.escapes[letter], isUnicode || letter == 0x68 || letter == 0x48 else {
                return copy(2)
            }
            guard let text = inClass ? meaning.inside : meaning.outside else {
                problem = "\\\([letter].text) in a class of characters"
                return
            }
            put(text)
            index += 2
        }
    }

    // MARK: Classes in brackets

    private static let named: [String: String] = [
        "alpha": #"\p{Alphabetic}"#, "^alpha": #"\P{Alphabetic}"#, "digit": #"\p{Nd}"#, "^digit": #"\P{Nd}"#,
        "alnum": #"\p{Alphabetic}\p{Nd}"#, "space": #"\p{wspace}"#, "^space": #"\P{wspace}"#, "word": word,
        "upper": #"\p{Uppercase}"#, "lower": #"\p{Lowercase}"#, "xdigit": #"\p{Hex_Digit}"#,
        "^xdigit": #"\P{Hex_Digit}"#, "blank": #"\p{Zs}\t\p{Zs}"#, "punct": #"\p{P}$+<=>^`|~\p{P}"#,
        "cntrl": #"\p{Cc}"#, "^cntrl": #"\P{Cc}"#, "ascii": "[:ascii:]", "^ascii": "[:^ascii:]",
    ]

    private mutating func takeClass() {
        copy(1)
        if byte(index) == 0x5E { copy(1) }
        // A bracket that comes first belongs to the class.
        if byte(index) == 0x5D { copy(1) }
        while index < bytes.count, bytes[index] != 0x5D, problem == nil {
            if bytes[index] == 0x5C, index + 1 < bytes.count {
                takeEscape(inClass: true)
            } else if bytes[index] == 0x5B, byte(index + 1) == 0x3A, let end = endOfName() {
                takeNamed(Array(bytes[(index + 2)..<(end - 2)]).text, end)
            } else {
                copy(1)
            }
        }
        copy(1)
    }

    private func endOfName() -> Int? {
        let end = bytes[(index + 2)...].firstIndex { !isAlphanumeric($0) && $0 != 0x5E } ?? bytes.count
        return bytes[end...].starts(with: [0x3A, 0x5D]) ? end + 2 : nil
    }

    private mutating func takeNamed(_ name: String, _ end: Int) {
        if isUnicode {
            guard let text = Self.named[name], !isCaseless || name != "upper" && name != "lower" else {
                problem = "[:\(name):] in it"
                return
            }
            put(text)
            index = end
        } else {
            copy(end - index)
        }
    }
}
