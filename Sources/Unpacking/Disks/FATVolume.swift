internal import Bytes

/// A FAT file system by its boot sector (ECMA-107; Microsoft's FAT32 File System Specification 1.03).
struct FATVolume {
    /// Bits of an entry of the table: 12, 16 or 32.
    let width: Int
    /// Octets of a cluster.
    let clusterSize: Int
    let clusters: Int
    /// Where the table, the root directory of FAT12 and FAT16, and the first cluster begin, from the start of the disk.
    let table: Int
    let root: Range<Int>
    let data: Int
    /// First cluster of the root directory of FAT32.
    let rootCluster: Int

    /// nil when there is none at `start`. Labels in the boot sector say nothing: systems that mount it do not ask for them.
    init?(_ disk: VirtualDisk, at start: Int, _ content: Span<UInt8>) {
        let sector = disk.bytes(start, 512, of: content)
        let boot = sector.span
        guard sector.count == 512, sector[510] == 0x55, sector[511] == 0xAA, sector[0] == 0xEB || sector[0] == 0xE9,
            let sectorSize = boot.littleEndian16(at: 11).map({ Int($0) }),
            [512, 1024, 2048, 4096].contains(sectorSize),
            sector[13] > 0, sector[13].nonzeroBitCount == 1, let reserved = boot.littleEndian16(at: 14), reserved > 0,
            1...4 ~= sector[16], let rootEntries = boot.littleEndian16(at: 17), let few = boot.littleEndian16(at: 19),
            let short = boot.littleEndian16(at: 22), let many = boot.littleEndian32(at: 32),
            let long = boot.littleEndian32(at: 36), let first = boot.littleEndian32(at: 44)
        else { return nil }
        let tableSize = (short > 0 ? Int(short) : Int(long)) * sectorSize
        let total = (few > 0 ? Int(few) : Int(many)) * sectorSize
        let rootSize = (Int(rootEntries) * 32 + sectorSize - 1) / sectorSize * sectorSize
        table = start + Int(reserved) * sectorSize
        let rootStart = table + Int(sector[16]) * tableSize
        root = rootStart..<rootStart + rootSize
        data = root.upperBound
        clusterSize = sectorSize * Int(sector[13])
        guard tableSize > 0, total > data - start else { return nil }
        let count = (total - (data - start)) / clusterSize
        width = count < 4085 ? 12 : count < 65_525 ? 16 : 32
        // The table must have an entry for each cluster.
        guard count > 0, (count + 2) * width / 8 <= tableSize else { return nil }
        guard width == 32 ? rootEntries == 0 : rootEntries > 0 else { return nil }
        clusters = count
        rootCluster = width == 32 ? Int(first) : 0
    }

    /// Where its last cluster ends.
    var end: Int { data + clusters * clusterSize }

    /// Where a cluster begins on the disk; nil for one that does not exist.
    func start(of cluster: Int) -> Int? {
        guard cluster >= 2, cluster < clusters + 2 else { return nil }
        return data + (cluster - 2) * clusterSize
    }
}
