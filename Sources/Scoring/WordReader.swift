/// Cuts UTF-8 text into words, one after the other, in any language: runs of letters and digits; runs of one symbol; each
/// character of scripts that are written without blanks.
struct WordReader {
    /// What was cut off.
    enum Kind: Sendable {
        /// Letters, digits, and what joins them within a word.
        case word
        /// A run of one ASCII symbol: `!!!`, `$`, `----`.
        case symbols
        /// One character of a script without blanks between words.
        case ideograph
    }

    struct Word: Sendable {
        var kind: Kind
        /// Where it stands in the text.
        var range: Range<Int>
        /// Hash of its lower-case form; of its beginning and form where it is long.
        var hash: UInt64
        /// Hash of the word as written; the same as `hash` when there is no capital in it.
        var written: UInt64
        /// All its letters are ASCII capitals, and there is more than one.
        var isShouted: Bool
    }

    /// Letters of a word beyond which only its beginning counts: longer ones are mostly noise, and a source of endless new
    /// tokens (evasion H1).
    static let longest = 24
    /// Letters of a longer word that count.
    static let kept = 8
    /// Symbols of a run that count.
    static let keptSymbols = 4

    private(set) var position = 0

    mutating func next(in text: Span<UInt8>) -> Word? {
        while position < text.count {
            let byte = text[position]
            if byte < 0x80 {
                if Self.isAlphanumeric(byte) { return word(in: text) }
                if byte > 0x20, byte != 0x7F { return symbols(in: text) }
                position += 1
                continue
            }
            let (scalar, length) = Self.scalar(text, position)
            switch Script(scalar) {
            case .blank:
                position += length
            case .letter:
                return word(in: text)
            case .ideograph:
                let hash = Self.hash(ofIdeograph: scalar)
                let range = position..<position + length
                position = range.upperBound
                return Word(kind: .ideograph, range: range, hash: hash, written: hash, isShouted: false)
            }
        }
        return nil
    }

    static func hash(ofIdeograph scalar: UInt32) -> UInt64 {
        var hash = TokenHash()
        hash.add(UInt64(scalar))
        return hash.mixed
    }

    private mutating func symbols(in text: Span<UInt8>) -> Word {
        let start = position
        let symbol = text[start]
        while position < text.count, text[position] == symbol { position += 1 }
        var hash = TokenHash()
        for _ in 0..<min(Self.keptSymbols, position - start) { hash.add(symbol) }
        return Word(kind: .symbols, range: start..<position, hash: hash.mixed, written: hash.mixed, isShouted: false)
    }

    private mutating func word(in text: Span<UInt8>) -> Word {
        let start = position
        var lower = TokenHash()
        var written = TokenHash()
        var beginning = TokenHash()
        var capitals = 0
        var letters = 0
        var digits = 0
        // Letters in every script, digits and what joins them.
        var count = 0
        // The last letter as it is written, and the hashes before it: a mark behind it makes it another.
        var last: UInt32 = 0
        var (lowerBefore, writtenBefore) = (lower, written)
        scan: while position < text.count {
            if count == Self.kept { beginning = lower }
            let byte = text[position]
            if byte < 0x80 {
                if Self.isAlphanumeric(byte) {
                    if byte >= 0x41, byte <= 0x5A { capitals += 1 }
                    if byte <= 0x39 { digits += 1 } else { letters += 1 }
                    (last, lowerBefore, writtenBefore) = (UInt32(byte), lower, written)
                    lower.add(byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte)
                    written.add(byte)
                    position += 1
                    count += 1
                    continue
                }
                // Joins a word only with a letter or digit behind it.
                guard Self.joins(byte), position + 1 < text.count, Self.isAlphanumeric(text[position + 1]) else {
                    break
                }
                last = 0
                lower.add(byte)
                written.add(byte)
                position += 1
                count += 1
                continue
            }
            let (scalar, length) = Self.scalar(text, position)
            switch Script(scalar) {
            case .blank, .ideograph:
                break scan
            case .letter:
                position += length
                // Written or not, it is the same word.
                if Self.isOptional(scalar) { continue }
                if let composed = LetterComposition.composed(last, scalar) {
                    last = composed
                    (lower, written) = (lowerBefore, writtenBefore)
                    lower.add(letter: Self.lowercase(Self.plain(composed)))
                    written.add(letter: Self.plain(composed))
                    continue
                }
                // A stroke through a letter leaves it what it is.
                if LetterComposition.isMark(scalar) { continue }
                (last, lowerBefore, writtenBefore) = (scalar, lower, written)
                let plain = Self.plain(scalar)
                let folded = Self.lowercase(plain)
                if folded != plain { capitals += 1 }
                letters += 1
                lower.add(letter: folded)
                written.add(letter: plain)
                count += 1
            }
        }
        guard count > Self.longest else {
            return Word(
                kind: .word, range: start..<position, hash: lower.mixed,
                written: capitals == 0 ? lower.mixed : TokenHash.mixed(written.mixed ^ 1),
                isShouted: capitals > 1 && capitals == letters)
        }
        // The form of a long word, so that identifiers and joined words differ.
        beginning.add(UInt64(min(count / 16, 8)))
        beginning.add(UInt64(digits == 0 ? 0 : digits * 2 < count ? 1 : 2))
        return Word(
            kind: .word, range: start..<position, hash: beginning.mixed, written: beginning.mixed, isShouted: false)
    }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5A) || (byte >= 0x61 && byte <= 0x7A)
    }

    private static func joins(_ byte: UInt8) -> Bool {
        // ' - . _ , :
        byte == 0x27 || byte == 0x2D || byte == 0x2E || byte == 0x5F || byte == 0x2C || byte == 0x3A
    }

    /// The scalar at `index` and its octets; U+FFFD and 1 where the text is not well-formed.
    static func scalar(_ text: Span<UInt8>, _ index: Int) -> (UInt32, Int) {
        let first = text[index]
        let length: Int
        var value: UInt32
        switch first {
        case 0xC2...0xDF: (length, value) = (2, UInt32(first & 0x1F))
        case 0xE0...0xEF: (length, value) = (3, UInt32(first & 0x0F))
        case 0xF0...0xF4: (length, value) = (4, UInt32(first & 0x07))
        default: return (0xFFFD, 1)
        }
        guard text.count - index >= length else { return (0xFFFD, 1) }
        for offset in 1..<length {
            let next = text[index + offset]
            guard next & 0xC0 == 0x80 else { return (0xFFFD, 1) }
            value = value << 6 | UInt32(next & 0x3F)
        }
        return (value, length)
    }

    /// Marks of Hebrew and Arabic vowels, and the stroke that makes a word of Arabic longer.
    static func isOptional(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x591...0x5BD, 0x5BF, 0x5C1...0x5C2, 0x5C4...0x5C5, 0x5C7, 0x640, 0x64B...0x65F, 0x670: true
        default: false
        }
    }

    /// The plain letter or digit for one of another form: full-width, of mathematics (thirteen alphabets, each of capitals and
    /// then small letters, and five rows of digits), a sigma at the end, s and t with a comma for those with a cedilla.
    static func plain(_ scalar: UInt32) -> UInt32 {
        switch scalar {
        case 0xFF10...0xFF19, 0xFF21...0xFF3A, 0xFF41...0xFF5A: scalar - 0xFEE0
        case 0x1D400...0x1D6A3:
            (scalar - 0x1D400) % 52 < 26 ? (scalar - 0x1D400) % 52 + 0x41 : (scalar - 0x1D400) % 52 - 26 + 0x61
        case 0x1D7CE...0x1D7FF: (scalar - 0x1D7CE) % 10 + 0x30
        case 0x3C2: 0x3C3
        case 0x218...0x219: scalar - 0x218 + 0x15E
        case 0x21A...0x21B: scalar - 0x21A + 0x162
        default: scalar
        }
    }

    /// Simple lower case of Latin letters with their extensions, Greek, Cyrillic and Armenian; others as they are.
    static func lowercase(_ scalar: UInt32) -> UInt32 {
        switch scalar {
        case 0x41...0x5A: scalar + 0x20
        case 0x130: 0x69
        case 0xC0...0xD6, 0xD8...0xDE: scalar + 0x20
        case 0x178: 0xFF
        case 0x100...0x137, 0x14A...0x177, 0x1A0...0x1A5, 0x1DE...0x1EF, 0x1F8...0x21F, 0x222...0x233: scalar | 1
        case 0x139...0x148, 0x179...0x17E, 0x1AF...0x1B0, 0x1CD...0x1DC: scalar + (scalar & 1)
        case 0x1E00...0x1E95, 0x1EA0...0x1EFF: scalar | 1
        case 0x1F08...0x1F0F, 0x1F18...0x1F1D, 0x1F28...0x1F2F, 0x1F38...0x1F3F, 0x1F48...0x1F4D, 0x1F59...0x1F5F,
            0x1F68...0x1F6F, 0x1F88...0x1F8F, 0x1F98...0x1F9F, 0x1FA8...0x1FAF:
            scalar - 8
        case 0x386: 0x3AC
        case 0x388...0x38A: scalar + 37
        case 0x38C: 0x3CC
        case 0x38E...0x38F: scalar + 63
        case 0x391...0x3AB: scalar + 0x20
        case 0x410...0x42F: scalar + 0x20
        case 0x400...0x40F: scalar + 0x50
        case 0x531...0x556: scalar + 0x30
        case 0x460...0x481, 0x48A...0x4BF, 0x4D0...0x52F: scalar | 1
        default: scalar
        }
    }
}

/// What a character outside ASCII is to the words around it.
private enum Script {
    case letter, ideograph, blank

    init(_ scalar: UInt32) {
        switch scalar {
        // Controls, Latin-1 symbols, general punctuation, CJK punctuation, blanks and marks of direction.
        case 0x80...0xA9, 0xAB...0xB4, 0xB6...0xB9, 0xBB...0xBF, 0xD7, 0xF7, 0x2000...0x206F, 0x3000...0x3004,
            0x3008...0x3020, 0x3030, 0xFE00...0xFE0F, 0xFEFF, 0xFF00...0xFF0F, 0xFF1A...0xFF20, 0xFFF0...0xFFFF:
            self = .blank
        // Thai, Lao, Tibetan, Myanmar, Khmer; kana, bopomofo, Han; pictures.
        case 0x0E00...0x0FFF, 0x1000...0x109F, 0x1780...0x17FF, 0x2190...0x2BFF, 0x2E80...0x2FFF, 0x3005...0x3007,
            0x3021...0x302F, 0x3031...0x9FFF, 0xF900...0xFAFF, 0xFF66...0xFF9F, 0x1F000...0x1FAFF,
            0x20000...0x3FFFF:
            self = .ideograph
        default:
            self = .letter
        }
    }
}
