/// SHA-1 (RFC 3174), for one purpose: SpamAssassin keeps tokens under the last five octets of their digest. Nothing here
/// relies on its strength.
package enum SHA1 {
    /// The digest of at most 55 octets, one block: tokens are no longer.
    package static func digest(_ bytes: Span<UInt8>) -> [UInt8] {
        var block = [UInt32](repeating: 0, count: 80)
        let count = min(bytes.count, 55)
        for index in 0..<count { block[index / 4] |= UInt32(bytes[index]) << UInt32(24 - index % 4 * 8) }
        block[count / 4] |= 0x80 << UInt32(24 - count % 4 * 8)
        block[15] = UInt32(count * 8)
        for index in 16..<80 {
            let mixed = block[index - 3] ^ block[index - 8] ^ block[index - 14] ^ block[index - 16]
            block[index] = mixed << 1 | mixed >> 31
        }
        var (a, b, c, d, e): (UInt32, UInt32, UInt32, UInt32, UInt32) =
            (0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0)
        for index in 0..<80 {
            let mix: UInt32
            let constant: UInt32
            switch index {
            case 0..<20: (mix, constant) = (b & c | ~b & d, 0x5A82_7999)
            case 20..<40: (mix, constant) = (b ^ c ^ d, 0x6ED9_EBA1)
            case 40..<60: (mix, constant) = (b & c | b & d | c & d, 0x8F1B_BCDC)
            default: (mix, constant) = (b ^ c ^ d, 0xCA62_C1D6)
            }
            let next = (a << 5 | a >> 27) &+ mix &+ e &+ constant &+ block[index]
            (e, d, c, b, a) = (d, c, b << 30 | b >> 2, a, next)
        }
        var out: [UInt8] = []
        let sums = [
            a &+ 0x6745_2301, b &+ 0xEFCD_AB89, c &+ 0x98BA_DCFE, d &+ 0x1032_5476, e &+ 0xC3D2_E1F0,
        ]
        for sum in sums {
            for shift in [24, 16, 8, 0] as [UInt32] { out.append(UInt8(truncatingIfNeeded: sum >> shift)) }
        }
        return out
    }
}
