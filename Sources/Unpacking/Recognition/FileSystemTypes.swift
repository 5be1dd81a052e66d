internal import Bytes

/// Images of file systems, and files that hold a virtual disk, for which there is no reader: what Linux and macOS mount,
/// and 7-Zip opens.
extension FileType {
    static let ext = FileType(
        "ext", "application/x-ext-image", "ext2, ext3 or ext4 file system", .unsupported,
        recognised: "`53 EF` at 1080 in a superblock that makes sense")
    static let hfs = FileType(
        "hfs", "application/x-hfs-image", "HFS or HFS Plus file system", .unsupported,
        recognised: "`H+`, `HX` or `BD` at 1024 in a volume header that makes sense")
    static let apfs = FileType(
        "apfs", "application/x-apfs-image", "APFS file system", .unsupported, recognised: "`NXSB` at 32")
    static let xfs = FileType(
        "xfs", "application/x-xfs-image", "XFS file system", .unsupported, recognised: "`XFSB` and a block size")
    static let btrfs = FileType(
        "btrfs", "application/x-btrfs-image", "Btrfs file system", .unsupported, recognised: "`_BHRfS_M` at 65,600")
    static let vdi = FileType(
        "vdi", "application/x-virtualbox-vdi", "virtual disk (VDI)", .unsupported, recognised: "`7F 10 DA BE` at 64")
    static let qed = FileType(
        "qed", "application/x-qed-disk", "virtual disk (QED)", .unsupported, recognised: "`QED 00`")
    static let parallels = FileType(
        "hdd", "application/x-parallels-disk", "virtual disk (Parallels)", .unsupported,
        recognised: "`WithoutFreeSpace` or `WithouFreSpacExt`")

    static let rawCD = FileType(
        "cdraw", "application/x-cd-image", "CD image in raw sectors", .unsupported,
        recognised:
            "`00 FF FF FF FF FF FF FF FF FF FF 00`, with which each sector begins; or `CD001` where sector 16 of 2,336 octets lies"
    )

    static let lvm = FileType(
        "lvm", "application/x-lvm-volume", "physical volume of LVM", .unsupported,
        recognised: "`LABELONE` in one of the sectors 0 to 3, and `LVM2 001`")
    static let reiser = FileType(
        "reiserfs", "application/x-reiserfs-image", "ReiserFS file system", .unsupported,
        recognised: "`ReIsErFs` or `ReIsEr2Fs` at 65,588")
    static let jfs = FileType(
        "jfs", "application/x-jfs-image", "JFS file system", .unsupported, recognised: "`JFS1` at 32,768")
    static let cramfs = FileType(
        "cramfs", "application/x-cramfs-image", "cramfs image", .unsupported,
        recognised: "`Compressed ROMFS` at 16, or 528 behind a boot sector")
    static let romfs = FileType(
        "romfs", "application/x-romfs-image", "romfs image", .unsupported, recognised: "`-rom1fs-`")
    static let minix = FileType(
        "minix", "application/x-minix-image", "Minix file system", .unsupported,
        recognised: "its magic at 1040 or 1048 in a superblock that makes sense")
    static let luks = FileType(
        "luks", "application/x-luks-volume", "encrypted volume (LUKS)", .unsupported, recognised: "`LUKS BA BE`")

    static let fileSystems = [
        ext, hfs, apfs, xfs, btrfs, rawCD, lvm, reiser, jfs, cramfs, romfs, minix, luks,
    ]
}

/// Recognises file systems by their superblocks, which lie behind what a machine starts from.
enum FileSystemChecks {
    /// Octets at the start of a file system in which all of them show themselves.
    static let head = 65_608

    static let all: [(type: FileType, fits: @Sendable (Span<UInt8>) -> Bool)] = [
        (.ext, isExt), (.hfs, isHFS), (.apfs, { $0.hasBytes("NXSB", at: 32) }), (.xfs, isXFS),
        (.btrfs, { $0.hasBytes("_BHRfS_M", at: 65_600) }), (.lvm, isLVM),
        (.reiser, { $0.hasBytes("ReIsErFs", at: 65_588) || $0.hasBytes("ReIsEr2Fs", at: 65_588) }),
        (.jfs, { $0.hasBytes("JFS1", at: 32_768) }),
        (.cramfs, { $0.hasBytes("Compressed ROMFS", at: 16) || $0.hasBytes("Compressed ROMFS", at: 528) }),
        (.romfs, { $0.hasBytes("-rom1fs-", at: 0) }), (.minix, isMinix),
        (.rawCD, { $0.hasBytes("CD001", at: 16 * 2336 + 9) }),
        (.luks, { $0.hasBytes([0x4C, 0x55, 0x4B, 0x53, 0xBA, 0xBE], at: 0) }),
    ]

    /// A label in one of the first sectors (`pvcreate(8)`).
    private static func isLVM(_ content: Span<UInt8>) -> Bool {
        (0..<4).contains {
            content.hasBytes("LABELONE", at: $0 * 512) && content.hasBytes("LVM2 001", at: $0 * 512 + 24)
        }
    }

    /// Versions 1 and 2 have the magic behind 16 octets, version 3 behind 24; blocks of 1,024 are shifted by 0 there.
    private static func isMinix(_ content: Span<UInt8>) -> Bool {
        let block = 1024
        guard let files = content.littleEndian16(at: block), let magic = content.littleEndian16(at: block + 16),
            let inodeMap = content.littleEndian16(at: block + 4), let zoneMap = content.littleEndian16(at: block + 6),
            let third = content.littleEndian16(at: block + 24), let size = content.littleEndian16(at: block + 28),
            let files3 = content.littleEndian32(at: block)
        else { return false }
        if [0x137F, 0x138F, 0x2468, 0x2478].contains(magic) {
            return files > 0 && 1...8 ~= inodeMap && 1...64 ~= zoneMap && content.littleEndian16(at: block + 10) == 0
        }
        return third == 0x4D5A && files3 > 0 && size.nonzeroBitCount == 1 && 1024...4096 ~= size
    }

    /// The magic of the ext family is two octets; the fields around it have few values (`ext4(5)`; the kernel's
    /// documentation, "The Super Block").
    static func isExt(_ content: Span<UInt8>) -> Bool {
        let block = 1024
        guard content.hasBytes([0x53, 0xEF], at: block + 56), let files = content.littleEndian32(at: block),
            let blocks = content.littleEndian32(at: block + 4), let first = content.littleEndian32(at: block + 20),
            let size = content.littleEndian32(at: block + 24), let cluster = content.littleEndian32(at: block + 28),
            let groupBlocks = content.littleEndian32(at: block + 32),
            let groupFiles = content.littleEndian32(at: block + 40), let state = content.littleEndian16(at: block + 58),
            let revision = content.littleEndian32(at: block + 76)
        else { return false }
        guard files > 0, blocks > 0, first <= 1, size <= 6, state < 8, revision <= 1 else { return false }
        // Tables of a linker have the mark among small numbers. Neither Linux nor 7-Zip takes a group without blocks, one with more
        // files than a block has bits, or a cluster that is smaller than a block.
        return groupBlocks > 0 && 1...(8192 << size) ~= groupFiles && (cluster == 0 || size...30 ~= cluster)
    }

    /// Volume headers (Apple's Technical Note 1150; Inside Macintosh: Files, for HFS): versions 4 and 5, or blocks of whole
    /// sectors. Numbers have the highest octet first.
    private static func isHFS(_ content: Span<UInt8>) -> Bool {
        let header = 1024
        if content.hasBytes([0x48, 0x2B, 0, 4], at: header) || content.hasBytes([0x48, 0x58, 0, 5], at: header) {
            return true
        }
        guard content.hasBytes([0x42, 0x44], at: header), let blocks = content.littleEndian16(at: header + 18),
            let size = content.littleEndian32(at: header + 20)?.byteSwapped
        else { return false }
        return blocks > 0 && size > 0 && size % 512 == 0 && size < 1 << 24
    }

    private static func isXFS(_ content: Span<UInt8>) -> Bool {
        guard content.hasBytes("XFSB", at: 0), let size = content.littleEndian32(at: 4)?.byteSwapped else {
            return false
        }
        return size.nonzeroBitCount == 1 && 512...65_536 ~= size
    }
}
