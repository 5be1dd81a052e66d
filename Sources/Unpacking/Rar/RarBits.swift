internal import Compression

/// How decoding a member of RAR ended.
enum RarDataEnd {
    case complete
    /// What takes it wants no more.
    case stopped
    /// Damaged, or cut off.
    case damaged
    /// In a way that is not read here.
    case unsupported
    /// It asks for more memory than the limit allows.
    case tooLarge
}

/// Bits from the highest of each octet on.
struct RarBits {
    private var position = 0

    /// More was taken than there is.
    func isOver(_ data: Span<UInt8>) -> Bool { position > data.count * 8 }

    /// All is taken but what fills the last octet.
    func isAtEnd(_ data: Span<UInt8>) -> Bool { position > (data.count - 1) * 8 }

    /// More octets were taken behind the end than a range coder reads ahead.
    func isFarOver(_ data: Span<UInt8>) -> Bool { position > (data.count + 16) * 8 }

    /// The next bits as a number, at most 16; zeros behind the end.
    mutating func take(_ count: Int, _ data: Span<UInt8>) -> Int {
        defer { position += count }
        return Int(peek(data) >> UInt32(32 - 16)) >> (16 - count)
    }

    /// To the start of an octet.
    mutating func align() { position = (position + 7) / 8 * 8 }

    /// The next octet; 0 behind the end.
    mutating func octet(_ data: Span<UInt8>) -> UInt8 { UInt8(truncatingIfNeeded: take(8, data)) }

    /// The next 16 bits in the highest places.
    private func peek(_ data: Span<UInt8>) -> UInt32 {
        var word: UInt32 = 0
        let start = position / 8
        for index in start..<start + 3 { word = word << 8 | (index < data.count ? UInt32(data[index]) : 0) }
        return word << UInt32(8 + position % 8) & 0xFFFF_0000
    }

    /// The next symbol of a code; nil when there is none.
    mutating func symbol(_ code: HuffmanCode?, _ data: Span<UInt8>) -> Int? {
        guard let code, position < data.count * 8 else { return nil }
        var next = UInt16(truncatingIfNeeded: peek(data) >> 16)
        // The code takes its bits from the low one on.
        next = (next & 0x5555) << 1 | next >> 1 & 0x5555
        next = (next & 0x3333) << 2 | next >> 2 & 0x3333
        next = (next & 0x0F0F) << 4 | next >> 4 & 0x0F0F
        next = next.byteSwapped
        guard let (symbol, length) = code.decode(next) else { return nil }
        position += length
        return symbol
    }
}
