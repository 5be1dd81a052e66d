/// Integers in content, the lowest octet first; nil where they would reach past either end.
extension Span<UInt8> {
    @inlinable
    package func littleEndian16(at offset: Int) -> UInt16? {
        guard offset >= 0, offset <= count - 2 else { return nil }
        return UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
    }

    @inlinable
    package func littleEndian32(at offset: Int) -> UInt32? {
        guard offset >= 0, offset <= count - 4 else { return nil }
        return UInt32(self[offset]) | UInt32(self[offset + 1]) << 8 | UInt32(self[offset + 2]) << 16
            | UInt32(self[offset + 3]) << 24
    }

    @inlinable
    package func littleEndian64(at offset: Int) -> UInt64? {
        guard let low = littleEndian32(at: offset), let high = littleEndian32(at: offset + 4) else { return nil }
        return UInt64(low) | UInt64(high) << 32
    }

    /// The part of a range that lies within the content; empty when none does.
    @inlinable
    package func clamped(_ start: Int, _ length: Int) -> Range<Int> {
        let lower = Swift.min(Swift.max(0, start), count)
        return lower..<lower + Swift.min(Swift.max(0, length), count - lower)
    }
}

/// Value of a hexadecimal digit.
@inlinable
package func hexadecimalValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
}
