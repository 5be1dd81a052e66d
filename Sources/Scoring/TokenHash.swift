/// A running 64-bit hash of a token's bytes: FNV-1a with a final mix, unkeyed, so that every node and every release counts
/// the same token under the same number. A sender who finds two tokens with one number gains what one of them is worth.
struct TokenHash: Sendable {
    private(set) var value: UInt64

    /// - Parameter salt: separates the kinds of tokens.
    init(_ salt: UInt64 = 0) {
        value = 0xCBF2_9CE4_8422_2325 ^ (salt &* 0x9E37_79B9_7F4A_7C15)
    }

    init(_ text: StaticString) {
        self.init()
        let bytes = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        for byte in bytes { add(byte) }
    }

    mutating func add(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }

    mutating func add(_ number: UInt64) {
        value = Self.mixed(value ^ number) &* 0x0000_0100_0000_01B3
    }

    /// A character: of ASCII as its octet.
    mutating func add(letter: UInt32) {
        if letter < 0x80 { add(UInt8(truncatingIfNeeded: letter)) } else { add(UInt64(letter)) }
    }

    mutating func add(_ bytes: Span<UInt8>) {
        for index in bytes.indices { add(bytes[index]) }
    }

    /// The hash so far, every bit depending on every byte.
    var mixed: UInt64 { Self.mixed(value) }

    /// The finaliser of MurmurHash3: spreads a number over all bits.
    static func mixed(_ number: UInt64) -> UInt64 {
        var bits = number
        bits ^= bits >> 33
        bits = bits &* 0xFF51_AFD7_ED55_8CCD
        bits ^= bits >> 33
        bits = bits &* 0xC4CE_B9FE_1A85_EC53
        bits ^= bits >> 33
        return bits
    }
}
