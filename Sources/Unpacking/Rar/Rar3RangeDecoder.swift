/// The range coder of RAR 2.9 to 4, which has no carry.
struct Rar3RangeDecoder {
    private static let bottom: UInt32 = 0x8000
    private var low: UInt32 = 0
    private var range: UInt32 = 0xFFFF_FFFF
    private var code: UInt32 = 0

    mutating func begin(_ bits: inout RarBits, _ data: Span<UInt8>) {
        (low, range, code) = (0, 0xFFFF_FFFF, 0)
        for _ in 0..<4 { code = code << 8 | UInt32(bits.octet(data)) }
    }

    /// Where the code lies within so many parts; nil when there are more than the range has.
    mutating func count(of total: Int) -> Int? {
        range /= UInt32(max(1, total))
        guard range > 0 else { return nil }
        return Int((code &- low) / range)
    }

    mutating func take(_ start: Int, _ size: Int, _ bits: inout RarBits, _ data: Span<UInt8>) {
        low = low &+ UInt32(truncatingIfNeeded: start) &* range
        range = range &* UInt32(truncatingIfNeeded: size)
        // A range of nothing is what damaged data makes.
        if range == 0 { range = 1 }
        while true {
            if low ^ (low &+ range) >= 1 << 24 {
                if range >= Self.bottom { break }
                range = (0 &- low) & (Self.bottom - 1)
                if range == 0 { range = Self.bottom }
            }
            code = code << 8 | UInt32(bits.octet(data))
            range = range << 8
            low = low << 8
        }
    }

    /// One of two: true below `part`.
    mutating func isBelow(_ part: Int, of total: Int, _ bits: inout RarBits, _ data: Span<UInt8>) -> Bool {
        guard let place = count(of: total) else { return false }
        if place < part {
            take(0, part, &bits, data)
            return true
        }
        take(part, total - part, &bits, data)
        return false
    }
}
