internal import Bytes

/// Integers in content; nil where they would reach past its end.
extension Span<UInt8> {
    func littleEndian16(at offset: Int) -> UInt16? {
        guard offset >= 0, offset <= count - 2 else { return nil }
        return UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
    }

    func littleEndian32(at offset: Int) -> UInt32? {
        guard offset >= 0, offset <= count - 4 else { return nil }
        return UInt32(self[offset]) | UInt32(self[offset + 1]) << 8 | UInt32(self[offset + 2]) << 16
            | UInt32(self[offset + 3]) << 24
    }

    func littleEndian64(at offset: Int) -> UInt64? {
        guard let low = littleEndian32(at: offset), let high = littleEndian32(at: offset + 4) else { return nil }
        return UInt64(low) | UInt64(high) << 32
    }

    /// True when exactly these octets stand at `start`.
    func hasBytes(_ wanted: [UInt8], at start: Int) -> Bool { hasBytes(wanted.span, at: start) }

    /// True when exactly this text stands at `start`.
    func hasBytes(_ wanted: StaticString, at start: Int) -> Bool {
        guard start >= 0, start <= count, count - start >= wanted.utf8CodeUnitCount else { return false }
        for index in 0..<wanted.utf8CodeUnitCount where self[start + index] != wanted.utf8Start[index] { return false }
        return true
    }

    /// Index of the first occurrence of a signature that begins at or after `start` and ends before `limit`. Looks for its
    /// rarest octet: several times as fast as a search for the whole, in text above all.
    /// - Parameter rare: place of that octet in the signature.
    func firstSignature(_ signature: [UInt8], rare: Int, from start: Int = 0, to limit: Int = .max) -> Int? {
        let end = Swift.min(limit, count)
        var from = Swift.max(0, start) + rare
        let whole = extracting(0..<end)
        while let found = whole.firstIndex(of: signature[rare], from: from) {
            if whole.hasBytes(signature.span, at: found - rare) { return found - rare }
            from = found + 1
        }
        return nil
    }

    /// Index of the first occurrence of octets at or after `start`.
    func firstIndex(of wanted: [UInt8], from start: Int = 0) -> Int? { firstIndex(of: wanted.span, from: start) }

    /// Index of the first occurrence of a text.
    func firstIndex(of wanted: StaticString) -> Int? {
        let bytes = wanted.withUTF8Buffer { Array($0) }
        return firstIndex(of: bytes.span)
    }

    /// The part of a range that lies within the content; empty when none does.
    func clamped(_ start: Int, _ length: Int) -> Range<Int> {
        let lower = Swift.min(Swift.max(0, start), count)
        return lower..<lower + Swift.min(Swift.max(0, length), count - lower)
    }
}
