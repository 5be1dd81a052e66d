internal import Bytes

/// Disks, file systems and images of Windows within other content. 7-Zip finds them wherever they begin, and systems mount them
/// from there. Their marks are short, or the constants of programs that make them, so all of a header counts.
enum HiddenDisks {
    /// Octets of each kind, and how many stand in front of them.
    static let marks: [(bytes: [UInt8], offset: Int)] = [
        (bootSector, 510), ([0x53, 0xEF], 1080), ([0x7F, 0x10, 0xDA, 0xBE], 64), (Array("KDMV".utf8), 0),
        ([0x51, 0x46, 0x49, 0xFB], 0), (Array("MSWIM\0\0\0".utf8), 0),
    ]

    private static let bootSector: [UInt8] = [0x55, 0xAA]

    /// Where the disk ends that begins at `start`: by its own header, or else with the content; nil when none begins there.
    static func end(in content: Span<UInt8>, at start: Int) -> Int? {
        let disk = content.extracting(start..<content.count)
        // A jump comes first: all other pairs of octets are none.
        if disk.hasBytes(bootSector.span, at: 510), disk[0] == 0xEB || disk[0] == 0xE9 {
            if isNTFS(disk) { return content.count }
            if let volume = FATVolume(VirtualDisk(0..<disk.count), at: 0, disk), isUsed(volume, disk) {
                return start + min(volume.end, disk.count)
            }
        }
        let isDisk = FileSystemChecks.isExt(disk) || isVDI(disk) || isVMDK(disk) || isQCOW(disk) || isWIM(disk)
        return isDisk ? content.count : nil
    }

    /// The table of a FAT file system begins with its medium, and its first directory is there: programs that make such have
    /// boot sectors among their constants.
    private static func isUsed(_ volume: FATVolume, _ disk: Span<UInt8>) -> Bool {
        guard volume.table < disk.count, volume.data < disk.count else { return false }
        let medium = disk[volume.table]
        return medium == disk[21] || medium >= 0xF0
    }

    /// The first record of its files stands where the boot sector says (`ntfs.h` of Linux).
    private static func isNTFS(_ disk: Span<UInt8>) -> Bool {
        guard disk.hasBytes("NTFS    ", at: 3), let sector = disk.littleEndian16(at: 11), 512...4096 ~= sector,
            let first = disk.littleEndian32(at: 48), disk.littleEndian32(at: 52) == 0
        else { return false }
        // Beyond 128 sectors the factor is a power of two.
        let factor = disk[13] <= 0x80 ? Int(disk[13]) : 1 << min(256 - Int(disk[13]), 12)
        return disk.hasBytes("FILE", at: Int(first) * factor * Int(sector))
    }

    /// Octets of the header of a VDI, as QEMU and VirtualBox write it.
    private static let headersOfVDI: [UInt32] = [384, 400]

    /// Version 1.1, the octets of its header, and one of the kinds of image.
    private static func isVDI(_ disk: Span<UInt8>) -> Bool {
        guard disk.hasBytes([0x7F, 0x10, 0xDA, 0xBE, 1, 0, 1, 0], at: 64), let size = disk.littleEndian32(at: 72) else {
            return false
        }
        return headersOfVDI.contains(size) && 1...4 ~= disk.littleEndian32(at: 76) ?? 0
    }

    /// A version, and grains of whole powers of two sectors (Virtual Disk Format 1.1).
    private static func isVMDK(_ disk: Span<UInt8>) -> Bool {
        guard disk.hasBytes("KDMV", at: 0), let grain = disk.littleEndian32(at: 20) else { return false }
        return 1...3 ~= disk.littleEndian32(at: 4) ?? 0 && grain.nonzeroBitCount == 1
            && disk.littleEndian32(at: 24) == 0
    }

    /// A version, and bits of a cluster, of which version 1 has one octet; in the others a table of clusters begins with a sector.
    private static func isQCOW(_ disk: Span<UInt8>) -> Bool {
        guard disk.hasBytes([0x51, 0x46, 0x49, 0xFB, 0, 0, 0], at: 0), disk.count > 72 else { return false }
        if disk[7] == 1 { return 9...21 ~= disk[32] && 3...18 ~= disk[33] }
        return 2...3 ~= disk[7] && disk.hasBytes([0, 0, 0], at: 20) && 9...21 ~= disk[23]
            && disk.hasBytes([0, 0, 0], at: 40) && disk[46] & 1 == 0 && disk[47] == 0
    }

    /// The size of its header, that of a chunk, and in other forms than the oldest which part of how many it is: what 7-Zip goes by,
    /// and wimlib besides other fields.
    private static func isWIM(_ disk: Span<UInt8>) -> Bool {
        guard disk.hasBytes("MSWIM\0\0\0", at: 0), let size = disk.littleEndian32(at: 8),
            0x60...0x400 ~= size, let chunk = disk.littleEndian32(at: 20), let part = disk.littleEndian16(at: 40),
            let parts = disk.littleEndian16(at: 42)
        else { return false }
        return (chunk == 0 || chunk.nonzeroBitCount == 1) && (size == 0x60 || part > 0 && part <= parts)
    }
}
