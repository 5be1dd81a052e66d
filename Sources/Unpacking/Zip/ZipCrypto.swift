internal import Bytes

/// The traditional encryption of zip (APPNOTE.TXT section 6.1).
struct ZipCrypto {
    /// Octets in front of the data that hold the check.
    static let headerSize = 12

    private var key0: UInt32 = 0x1234_5678
    private var key1: UInt32 = 0x2345_6789
    private var key2: UInt32 = 0x3456_7890

    init(password: [UInt8]) {
        for byte in password { update(byte) }
    }

    private mutating func update(_ byte: UInt8) {
        key0 = CyclicChecksum.table32[Int((key0 ^ UInt32(byte)) & 0xFF)] ^ (key0 >> 8)
        key1 = (key1 &+ (key0 & 0xFF)) &* 134_775_813 &+ 1
        key2 = CyclicChecksum.table32[Int((key2 ^ (key1 >> 24)) & 0xFF)] ^ (key2 >> 8)
    }

    private mutating func decrypt(_ byte: UInt8) -> UInt8 {
        let mixed = (key2 | 2) & 0xFFFF
        let plain = byte ^ UInt8((mixed &* (mixed ^ 1)) >> 8 & 0xFF)
        update(plain)
        return plain
    }

    /// Reads the header. Returns its last octet, which must be the high octet of the checksum or of the time.
    mutating func check(_ header: Span<UInt8>) -> UInt8 {
        var last: UInt8 = 0
        for index in header.indices { last = decrypt(header[index]) }
        return last
    }

    /// Decrypts what stands behind the header.
    mutating func decrypt(_ data: Span<UInt8>) -> [UInt8] {
        var keys = self
        let plain = [UInt8](unsafeUninitializedCapacity: data.count) { buffer, filled in
            for index in data.indices { buffer[index] = keys.decrypt(data[index]) }
            filled = data.count
        }
        self = keys
        return plain
    }
}
