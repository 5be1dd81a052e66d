internal import Bytes

/// Numbers at a place, to count with; nil past either end.
extension Span<UInt8> {
    func little16(_ at: Int) -> Int? { littleEndian16(at: at).map { Int($0) } }

    func little32(_ at: Int) -> Int? { littleEndian32(at: at).map { Int($0) } }

    /// Nil also when it does not fit: no size in a document does that honestly.
    func little64(_ at: Int) -> Int? {
        guard let low = little32(at), let high = little32(at + 4), high < 1 << 24 else { return nil }
        return low | high << 32
    }

    /// The `length` octets from `start` on, as far as there are; empty when `start` is past the end.
    func range(_ start: Int, _ length: Int) -> Range<Int> {
        guard start >= 0, start < count, length > 0 else { return 0..<0 }
        return start..<(start + Swift.min(length, count - start))
    }
}
