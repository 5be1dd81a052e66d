/// A set of octets.
struct ByteSet: Hashable {
    private var words: SIMD4<UInt64> = .zero

    static let all = ByteSet(0...255)

    init() {}

    init(_ range: ClosedRange<UInt8>) { insert(range) }

    init(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { insert(byte) }
    }

    mutating func insert(_ byte: UInt8) { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }

    mutating func remove(_ byte: UInt8) { words[Int(byte >> 6)] &= ~(1 << UInt64(byte & 63)) }

    mutating func insert(_ range: ClosedRange<UInt8>) {
        for byte in range { insert(byte) }
    }

    func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1 }

    mutating func formUnion(_ other: ByteSet) { words |= other.words }

    var inverted: ByteSet {
        var out = self
        out.words = ~words
        return out
    }

    func intersection(_ other: ByteSet) -> ByteSet {
        var out = self
        out.words &= other.words
        return out
    }

    func isDisjoint(with other: ByteSet) -> Bool { words & other.words == .zero }

    var isEmpty: Bool { words == .zero }

    /// The octet, when there is one alone.
    var only: UInt8? {
        let bytes = bytes
        return bytes.count == 1 ? bytes[0] : nil
    }

    /// The octets, ascending.
    var bytes: [UInt8] {
        var out: [UInt8] = []
        for index in 0..<4 {
            var word = words[index]
            while word != 0 {
                out.append(UInt8(index << 6 | word.trailingZeroBitCount))
                word &= word - 1
            }
        }
        return out
    }

    /// A bit for each octet, the lowest first.
    var fourWords: [UInt64] { [words[0], words[1], words[2], words[3]] }

    /// With every letter in lower case: what the text looks like once its case is folded.
    var folded: ByteSet {
        // 0x41 to 0x5A are bits 1 to 26 of the second word, and their small forms stand 32 bits above.
        let capitals: UInt64 = 0x07FF_FFFE
        var out = self
        out.words[1] = words[1] & ~capitals | (words[1] & capitals) << 32
        return out
    }

    static let ascii = ByteSet(0x00...0x7F)
    static let digits = ByteSet(0x30...0x39)
    /// A letter that a character beyond ASCII is another form of: k or s.
    var hasKelvin: Bool { !isDisjoint(with: ByteSet([0x4B, 0x53, 0x6B, 0x73])) }
    static let word: ByteSet = {
        var set = ByteSet(0x61...0x7A)
        set.insert(0x41...0x5A)
        set.insert(0x30...0x39)
        set.insert(0x5F)
        return set
    }()
    static let base64 = ByteSet(word.bytes.filter { $0 != 0x5F } + [0x2B, 0x2F])
    static let space = ByteSet([0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20])

    /// The forms of all octets (`LookAlikes`).
    var forms: ByteSet {
        var out = self
        for (byte, form) in LookAlikes.pairs where contains(byte) {
            out.remove(byte)
            out.insert(form)
        }
        return out
    }

    /// With both cases of each letter that is there in one.
    var bothCases: ByteSet {
        let capitals: UInt64 = 0x07FF_FFFE
        var out = self
        out.words[1] |= (words[1] & capitals) << 32 | (words[1] >> 32) & capitals
        return out
    }

    /// A class of `[:name:]` in the C locale; nil where there is none of that name.
    static func named(_ name: [UInt8]) -> ByteSet? {
        switch String(decoding: name, as: UTF8.self) {
        case "alpha": ByteSet(Array(0x41...0x5A) + Array(0x61...0x7A))
        case "upper", "lower": ByteSet(Array(0x41...0x5A) + Array(0x61...0x7A))
        case "digit": digits
        case "alnum": ByteSet(word.bytes.filter { $0 != 0x5F })
        case "space": space
        case "blank": ByteSet([0x09, 0x20])
        case "cntrl": ByteSet(Array(0x00...0x1F) + [0x7F])
        case "print": ByteSet(0x20...0x7E)
        case "graph": ByteSet(0x21...0x7E)
        case "punct": ByteSet((0x21...0x7E).filter { !word.contains($0) || $0 == 0x5F })
        case "xdigit": ByteSet(Array(0x30...0x39) + Array(0x41...0x46) + Array(0x61...0x66))
        case "word": word
        case "ascii": ByteSet(0x00...0x7F)
        default: nil
        }
    }
}
