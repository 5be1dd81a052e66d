internal import Bytes

/// Numbers and fixed texts at a place; nil or false past either end.
extension Span<UInt8> {
    func little16(_ at: Int) -> Int? {
        guard at >= 0, at <= count - 2 else { return nil }
        return Int(self[at]) | Int(self[at + 1]) << 8
    }

    func little32(_ at: Int) -> Int? {
        guard at >= 0, at <= count - 4 else { return nil }
        return Int(self[at]) | Int(self[at + 1]) << 8 | Int(self[at + 2]) << 16 | Int(self[at + 3]) << 24
    }

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

    /// True when exactly `text` stands at `start`.
    func has(_ text: StaticString, at start: Int = 0) -> Bool {
        let length = text.utf8CodeUnitCount
        guard start >= 0, start <= count, count - start >= length else { return false }
        for index in 0..<length where self[start + index] != text.utf8Start[index] { return false }
        return true
    }

    /// Index of the first `text` at or after `start`.
    func first(_ text: StaticString, from start: Int = 0) -> Int? {
        UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount).withSpan {
            firstIndex(of: $0, from: start)
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    fileprivate func withSpan(_ body: (Span<UInt8>) -> Int?) -> Int? {
        body(Span(_unsafeElements: self))
    }
}

/// Value of a hexadecimal digit.
func hexadecimalValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
}
