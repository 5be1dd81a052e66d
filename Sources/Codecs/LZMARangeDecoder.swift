/// The arithmetic decoder of LZMA ("LZMA specification", draft of 2015, section "Range Decoder"). It reads nothing behind its
/// input: what is missing there counts as zeros, and is told.
struct LZMARangeDecoder {
    /// Octets that it begins with.
    static let start = 5
    /// Of a bit that is as likely as not.
    static let even: UInt16 = 1 << (probabilityBits - 1)
    private static let probabilityBits: UInt32 = 11
    private static let probabilityMoves: UInt16 = 5
    private static let leastRange: UInt32 = 1 << 24

    private var range = UInt32.max
    private var code: UInt32 = 0
    /// The next octet of the input.
    private(set) var position: Int
    /// The input ended before what was decoded last.
    private(set) var isShort = false

    /// - Parameter position: of the first octet. Nil when the first octets are none that an encoder writes.
    init?(_ input: Span<UInt8>, at position: Int) {
        self.position = position
        let first = next(input)
        for _ in 1..<Self.start { code = code << 8 | UInt32(next(input)) }
        if !isShort, first != 0 || code == .max { return nil }
    }

    /// The encoder had no more to say.
    mutating func isAtEnd(_ input: Span<UInt8>) -> Bool {
        normalize(input)
        return code == 0
    }

    @inline(__always) private mutating func next(_ input: Span<UInt8>) -> UInt8 {
        guard position < input.count else {
            isShort = true
            return 0
        }
        defer { position += 1 }
        return input[position]
    }

    @inline(__always) private mutating func normalize(_ input: Span<UInt8>) {
        guard range < Self.leastRange else { return }
        range <<= 8
        code = code << 8 | UInt32(next(input))
    }

    /// One bit with the probability at `index`, which follows it.
    @inline(__always) mutating func bit(
        _ input: Span<UInt8>, _ probabilities: inout MutableSpan<UInt16>, _ index: Int
    ) -> Int {
        normalize(input)
        let probability = probabilities[index]
        let bound = (range >> Self.probabilityBits) &* UInt32(probability)
        if code < bound {
            range = bound
            probabilities[index] = probability &+ (1 << Self.probabilityBits &- probability) >> Self.probabilityMoves
            return 0
        }
        range &-= bound
        code &-= bound
        probabilities[index] = probability &- probability >> Self.probabilityMoves
        return 1
    }

    /// Bits by a tree of probabilities from `base` on, the highest first.
    @inline(__always) mutating func tree(
        _ input: Span<UInt8>, _ probabilities: inout MutableSpan<UInt16>, _ base: Int, bits: Int
    ) -> Int {
        var node = 1
        for _ in 0..<bits { node = node << 1 | bit(input, &probabilities, base + node) }
        return node - 1 << bits
    }

    /// The same, the lowest bit first.
    @inline(__always) mutating func reverseTree(
        _ input: Span<UInt8>, _ probabilities: inout MutableSpan<UInt16>, _ base: Int, bits: Int
    ) -> UInt32 {
        var node = 1
        var value: UInt32 = 0
        for place in 0..<bits {
            let bit = bit(input, &probabilities, base + node)
            node = node << 1 | bit
            value |= UInt32(bit) << UInt32(place)
        }
        return value
    }

    /// Bits that are as likely as not, the highest first.
    @inline(__always) mutating func direct(_ input: Span<UInt8>, bits: Int) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<bits {
            normalize(input)
            range >>= 1
            let isSet = code >= range
            if isSet { code &-= range }
            value = value << 1 | (isSet ? 1 : 0)
        }
        return value
    }
}
