/// A small program for Windows (PE32) with code, an import and an icon, for signatures that ask for such: none that runs.
enum MadeProgram {
    /// Stands in the code.
    static let words = "green badgers"
    /// The icon as clamscan describes it (`--debug`), for a `.idb` file.
    static let icon =
        "20ca60000c9a0010c8610000ee000819400171ad0800ec0008eb0017ea0800c80000c81000c808085e05055e1413500315000d0a1e0b121f150902214040"
    /// MD5 of its list of imports, and the length of that list (`sigtool --imp`).
    static let imports = "f9ade0aa18f660a34a4fa23392e21838:20"
    /// Where its first section lies, which is what digests of sections are of.
    static let code = 512..<1024

    static let bytes: [UInt8] = header + padded(codeSection) + padded(importSection) + padded(resources)

    private static func number(_ value: Int, _ octets: Int) -> [UInt8] {
        (0..<octets).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    private static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    }

    private static let codeSection: [UInt8] =
        [0x6A, 0, 0xFF, 0x15, 0x30, 0x20, 0x40, 0, 0xC3] + Array(words.utf8)

    /// ExitProcess of KERNEL32.dll.
    private static let importSection: [UInt8] = {
        let name = [0, 0] + Array("ExitProcess".utf8) + [0]
        let table = [0x2028, 0, 0, 0x2038 + name.count, 0x2030, 0, 0, 0, 0, 0, 0x2038, 0, 0x2038, 0]
        return table.flatMap { number($0, 4) } + name + Array("KERNEL32.dll".utf8) + [0]
    }()

    /// A group of one icon, a disk on squares: 32 by 32 points of 32 bits.
    private static let resources: [UInt8] = {
        var image = number(40, 4) + number(32, 4) + number(64, 4) + number(1, 2) + number(32, 2) + number(0, 4)
        image += number(32 * 32 * 4 + 128, 4) + number(0, 16)
        for y in 0..<32 {
            for x in 0..<32 {
                let isInside = (x - 16) * (x - 16) + (y - 16) * (y - 16) < 100
                let square: [UInt8] = (x / 8 + y / 8) % 2 == 1 ? [20, 200, 90, 255] : [240, 240, 240, 255]
                image += isInside ? [200, 40, 30, 255] : square
            }
        }
        image += number(0, 128)
        let group =
            number(0, 2) + number(1, 2) + number(1, 2) + [32, 32, 0, 0] + number(1, 2) + number(32, 2)
            + number(image.count, 4) + number(1, 2)
        func directory(_ entries: [(Int, Int)]) -> [UInt8] {
            number(0, 14) + number(entries.count, 2) + entries.flatMap { number($0.0, 4) + number($0.1, 4) }
        }
        let isDirectory = 1 << 31
        var out = directory([(3, isDirectory | 0x20), (14, isDirectory | 0x38)])
        out += directory([(1, isDirectory | 0x50)]) + directory([(1, isDirectory | 0x68)])
        out += directory([(1033, 0x80)]) + directory([(1033, 0x90)])
        out += number(0x30A0, 4) + number(image.count, 4) + number(0, 8)
        out += number(0x30A0 + image.count, 4) + number(group.count, 4) + number(0, 8)
        return out + image + group
    }()

    private static let header: [UInt8] = {
        let sections: [(name: String, bytes: [UInt8], flags: Int)] = [
            (".text", codeSection, 0x6000_0020), (".idata", importSection, 0xC000_0040),
            (".rsrc", resources, 0x4000_0040),
        ]
        var out = Array("MZ".utf8) + number(0, 58) + number(64, 4) + Array("PE".utf8) + [0, 0]
        out += number(0x14C, 2) + number(sections.count, 2) + number(0, 12) + number(0xE0, 2) + number(0x102, 2)
        out += number(0x10B, 2) + [6, 0] + number(0x200, 4) + number(0, 8) + number(0x1000, 4) + number(0x1000, 4)
        out += number(0x2000, 4) + number(0x40_0000, 4) + number(0x1000, 4) + number(0x200, 4)
        out += number(4, 2) + number(0, 6) + number(4, 2) + number(0, 6) + number(0x5000, 4) + number(0x200, 4)
        out += number(0, 4) + number(2, 2) + number(0, 2)
        for size in [0x10_0000, 0x1000, 0x10_0000, 0x1000, 0, 16] { out += number(size, 4) }
        var directories = [Int](repeating: 0, count: 32)
        directories[2...5] = [0x2000, 40, 0x3000, resources.count]
        out += directories.flatMap { number($0, 4) }
        var offset = 512
        for (index, section) in sections.enumerated() {
            let size = padded(section.bytes).count
            out += Array(section.name.utf8) + number(0, 8 - section.name.utf8.count) + number(section.bytes.count, 4)
            out += number(0x1000 * (index + 1), 4) + number(size, 4) + number(offset, 4) + number(0, 12)
            out += number(section.flags, 4)
            offset += size
        }
        return padded(out)
    }()
}
