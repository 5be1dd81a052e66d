internal import Bytes

/// Disks and Windows images that stand behind other content, where 7-Zip looks for them. Programs that write such have their
/// marks among their constants, so each header is looked at closely.
enum HiddenDisks {
    static let windowsImage = Array("MSWIM\0\0\0".utf8)
    /// The versions of QCOW have the highest octet first.
    static let qcow: [UInt8] = [0x51, 0x46, 0x49, 0xFB, 0, 0, 0]
    static let vmdk = Array("KDMV".utf8)
    /// At 64.
    static let vdi: [UInt8] = [0x7F, 0x10, 0xDA, 0xBE]
    /// At 510 of a boot sector.
    static let boot: [UInt8] = [0x55, 0xAA]

    /// Octets of the header of a Windows image, in versions of today and before Windows 7.
    private static let windowsImageHeaders: [UInt32] = [208, 96]
    /// Entries of a grain table (Virtual Disk Format 5.0).
    private static let grainTable: UInt32 = 512

    /// The content begins with one.
    static func isHere(_ content: Span<UInt8>) -> Bool {
        if content.hasBytes(windowsImage, at: 0) {
            return content.littleEndian32(at: 8).map { windowsImageHeaders.contains($0) } ?? false
        }
        if content.hasBytes(qcow, at: 0) { return content.count > 72 && 1...3 ~= content[7] }
        if content.hasBytes(vmdk, at: 0) {
            return content.hasBytes([0, 0, 0], at: 5) && 1...3 ~= content[4]
                && content.littleEndian32(at: 44) == grainTable && (content.littleEndian32(at: 20) ?? 0) > 0
        }
        // Version 1.1.
        if content.hasBytes(vdi, at: 64) { return content.hasBytes([1, 0, 1, 0], at: 68) }
        return isFAT(content)
    }

    /// A boot sector whose table of clusters stands where it says: its first entry is the kind of medium.
    private static func isFAT(_ content: Span<UInt8>) -> Bool {
        // Most of what has the mark is told by these already.
        guard content.count > 512, content[0] == 0xEB || content[0] == 0xE9, content[11] == 0, content[21] >= 0xF0,
            let volume = FATVolume(VirtualDisk(0..<content.count), at: 0, content)
        else { return false }
        return content.hasBytes([content[21], 0xFF, 0xFF], at: volume.table)
    }
}
