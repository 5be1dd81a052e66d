/// Cyclic checksums of encodings and of encryption, octet by octet.
package enum CyclicChecksum {
    /// CRC-32 of each octet.
    package static let table32: [UInt32] = (0..<256).map { start in
        var value = UInt32(start)
        for _ in 0..<8 { value = value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
        return value
    }

    private static let table16: [UInt16] = (0..<256).map { start in
        var value = UInt16(start) << 8
        for _ in 0..<8 { value = value & 0x8000 != 0 ? (value << 1) ^ 0x1021 : value << 1 }
        return value
    }

    /// CRC-32 as in ISO 3309 and zip.
    package static func crc32(_ bytes: Span<UInt8>) -> UInt32 {
        let table = table32.span
        var value: UInt32 = 0xFFFF_FFFF
        for index in 0..<bytes.count {
            value = table[Int(UInt8(truncatingIfNeeded: value) ^ bytes[index])] ^ (value >> 8)
        }
        return ~value
    }

    /// CRC-16 with the polynomial 1021, started at zero, most significant bit first: that of BinHex.
    package static func crc16(_ bytes: Span<UInt8>) -> UInt16 {
        let table = table16.span
        var value: UInt16 = 0
        for index in 0..<bytes.count {
            value = (value << 8) ^ table[Int(UInt8(truncatingIfNeeded: value >> 8) ^ bytes[index])]
        }
        return value
    }

    private static let reflected16: [UInt16] = (0..<256).map { start in
        var value = UInt16(start)
        for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0xA001 : value >> 1 }
        return value
    }

    /// CRC-16 with the polynomial 8005, least significant bit first: that of ARC, ZOO and LHA.
    /// - Parameter seed: the checksum of what stands before; 0 at the start.
    package static func crc16Reflected(_ bytes: Span<UInt8>, seed: UInt16 = 0) -> UInt16 {
        let table = reflected16.span
        var value = seed
        for index in 0..<bytes.count {
            value = table[Int(UInt8(truncatingIfNeeded: value) ^ bytes[index])] ^ (value >> 8)
        }
        return value
    }
}
