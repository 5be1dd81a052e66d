internal import Bytes

/// Integers of variable length of RAR 5: 7 bits in each octet, the lowest first.
struct RarInteger {
    var position: Int

    /// The next; nil when there is none that ends. What is larger than an Int is the largest.
    mutating func next(_ content: Span<UInt8>) -> Int? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 63, by: 7) {
            guard position >= 0, position < content.count else { return nil }
            let byte = content[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return Int(clamping: value) }
        }
        return nil
    }

    static func bytes(_ value: Int) -> [UInt8] {
        var left = UInt64(max(0, value))
        var out: [UInt8] = []
        repeat {
            out.append(UInt8(left & 0x7F) | (left > 0x7F ? 0x80 : 0))
            left >>= 7
        } while left > 0
        return out
    }
}
