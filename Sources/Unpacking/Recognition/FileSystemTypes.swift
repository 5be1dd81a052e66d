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
        recognised: "`00 FF FF FF FF FF FF FF FF FF FF 00`, with which each sector begins")

    static let fileSystems = [ext, hfs, apfs, xfs, btrfs, rawCD]
}

/// Recognises file systems by their superblocks, which lie behind what a machine starts from.
enum FileSystemChecks {
    /// Octets at the start of a file system in which all of them show themselves.
    static let head = 65_608

    static let all: [(type: FileType, fits: @Sendable (Span<UInt8>) -> Bool)] = [
        (.ext, isExt), (.hfs, isHFS), (.apfs, { $0.hasBytes("NXSB", at: 32) }), (.xfs, isXFS),
        (.btrfs, { $0.hasBytes("_BHRfS_M", at: 65_600) }),
    ]

    /// The magic of the ext family is two octets; the fields around it have few values (`ext4(5)`; the kernel's
    /// documentation, "The Super Block").
    private static func isExt(_ content: Span<UInt8>) -> Bool {
        let block = 1024
        guard content.hasBytes([0x53, 0xEF], at: block + 56), let files = content.littleEndian32(at: block),
            let blocks = content.littleEndian32(at: block + 4), let first = content.littleEndian32(at: block + 20),
            let size = content.littleEndian32(at: block + 24), let state = content.littleEndian16(at: block + 58),
            let revision = content.littleEndian32(at: block + 76)
        else { return false }
        return files > 0 && blocks > 0 && first <= 1 && size <= 6 && state < 8 && revision <= 1
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
