/// Archives with their members as they are, for mail that hides something in one.
package enum Archives {
    /// A zip archive (APPNOTE.TXT 4.3), method 0.
    package static func zip(_ name: String, _ content: [UInt8]) -> [UInt8] { zip([(name, content)]) }

    /// The same with several members.
    package static func zip(_ members: [(name: String, content: [UInt8])]) -> [UInt8] {
        var (local, central): ([UInt8], [UInt8]) = ([], [])
        for (text, content) in members {
            let name = Array(text.utf8)
            let common =
                number(0, 2) + number(0x5821_0000, 4) + number(Int(checksum(content)), 4) + number(content.count, 4)
                + number(content.count, 4) + number(name.count, 2)
            central += [0x50, 0x4B, 1, 2, 20, 3, 20, 0, 0, 8] + common + number(0, 12) + number(local.count, 4) + name
            local += [0x50, 0x4B, 3, 4, 20, 0, 0, 8] + common + number(0, 2) + name + content
        }
        let end: [UInt8] = [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + number(members.count, 2) + number(members.count, 2)
        return local + central + end + number(central.count, 4) + number(local.count, 4) + [0, 0]
    }

    /// A RAR archive of version 4 with one stored member: marker, main header, file header, end of archive.
    package static func rar(_ name: String, _ content: [UInt8]) -> [UInt8] {
        let name = Array(name.utf8)
        var file: [UInt8] = [0x74] + number(0x8000, 2) + number(32 + name.count, 2)
        file += number(content.count, 4) + number(content.count, 4) + [3] + number(Int(checksum(content)), 4)
        file += number(0x5821_0000, 4) + [20, 0x30] + number(name.count, 2) + number(0o100644, 4) + name
        let main: [UInt8] = [0x73, 0, 0, 13, 0] + [UInt8](repeating: 0, count: 6)
        return [0x52, 0x61, 0x72, 0x21, 0x1A, 0x07, 0x00] + number(Int(checksum(main) & 0xFFFF), 2) + main
            + number(Int(checksum(file) & 0xFFFF), 2) + file + content + [0xC4, 0x3D, 0x7B, 0x00, 0x40, 0x07, 0x00]
    }

    private static func number(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    /// CRC-32 as in ISO 3309.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var sum: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        return ~sum
    }
}
