/// Fixed-width integers in records of a store, little endian; in keys big endian, so that octets sort as numbers do.
enum Octets {
    static func key(_ number: UInt64) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    static func number(ofKey key: Span<UInt8>) -> UInt64 {
        var number: UInt64 = 0
        for index in 0..<min(8, key.count) { number = number << 8 | UInt64(key[index]) }
        return number
    }

    static func append(_ value: UInt32, to bytes: inout [UInt8]) {
        bytes.append(UInt8(truncatingIfNeeded: value))
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value >> 16))
        bytes.append(UInt8(truncatingIfNeeded: value >> 24))
    }

    static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        append(UInt32(truncatingIfNeeded: value), to: &bytes)
        append(UInt32(truncatingIfNeeded: value >> 32), to: &bytes)
    }

    /// The same to where there is room for it.
    static func append(_ value: UInt32, to bytes: inout OutputSpan<UInt8>) {
        bytes.append(UInt8(truncatingIfNeeded: value))
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value >> 16))
        bytes.append(UInt8(truncatingIfNeeded: value >> 24))
    }

    /// Four octets at an offset that lies within.
    static func word(_ bytes: Span<UInt8>, _ at: Int) -> UInt32 {
        UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3]) << 24
    }

    static func doubleWord(_ bytes: Span<UInt8>, _ at: Int) -> UInt64 {
        UInt64(word(bytes, at)) | UInt64(word(bytes, at + 4)) << 32
    }
}
