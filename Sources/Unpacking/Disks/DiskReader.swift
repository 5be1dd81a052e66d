internal import Bytes
internal import Members

/// Reads disks and images of disks: their partitions, and FAT file systems on them. Other file systems are named.
enum DiskReader {
    /// Partitions that are looked at.
    static let mostPartitions = 128
    /// Entries of a GUID partition table that are looked at; tables have 128.
    static let mostEntries = 1_024

    static func read(_ content: Span<UInt8>, _ format: FileType.DiskFormat, into sink: any MemberSink) {
        let disk: VirtualDisk?
        switch format {
        case .raw: disk = VirtualDisk(0..<content.count)
        case .vhd: disk = DiskFormats.vhd(content, sink)
        case .vhdx: disk = DiskFormats.vhdx(content, sink)
        case .vmdk: disk = DiskFormats.vmdk(content, sink)
        }
        guard let disk else { return }
        // One record may be a boot sector and hold a table as well; most often code stands in the place of the table then.
        let hasVolume = FATVolume(disk, at: 0, content) != nil
        let partitions = hasVolume && !hasTable(disk, content) ? [] : partitions(of: disk, content, sink)
        if hasVolume || partitions.isEmpty { readVolume(disk, 0..<disk.size, content, sink) }
        for partition in partitions where sink.mayGoOn() { readVolume(disk, partition, content, sink) }
        // Of these most hold no file system: maps, drivers, gaps, and the whole of an ISO image. Images of systems to
        // install have one partition in each map.
        for partition in applePartitions(of: disk, content, sink) where sink.mayGoOn() {
            let isRead = partitions.contains {
                $0.lowerBound == partition.lowerBound && $0.upperBound >= partition.upperBound
            }
            if !isRead { _ = readKnownVolume(disk, partition, content, sink) }
        }
    }

    /// Partitions that could be: started from or not, on the disk, behind the record.
    private static func hasTable(_ disk: VirtualDisk, _ content: Span<UInt8>) -> Bool {
        let record = disk.bytes(0, 512, of: content)
        guard record.count == 512 else { return false }
        let sectors = disk.size / disk.sectorSize
        let isTable = entries(record).enumerated().allSatisfy { index, entry in
            let flag = record[446 + index * 16]
            return (flag == 0 || flag == 0x80) && (entry.type == 0 || entry.start > 0 && entry.start < sectors)
        }
        return isTable && entries(record).contains { $0.type != 0 }
    }

    private static func readVolume(
        _ disk: VirtualDisk, _ range: Range<Int>, _ content: Span<UInt8>, _ sink: any MemberSink
    ) {
        let start = range.lowerBound
        if !readKnownVolume(disk, range, content, sink),
            !isBlank(disk, start..<min(range.upperBound, start + head), content)
        {
            sink.report(.unsupported, "file system of a disk")
        }
    }

    /// Reads or names the file system in a partition; false when it is none of those that are known here.
    private static func readKnownVolume(
        _ disk: VirtualDisk, _ range: Range<Int>, _ content: Span<UInt8>, _ sink: any MemberSink
    ) -> Bool {
        let start = range.lowerBound
        if let volume = FATVolume(disk, at: start, content) {
            var reader = FATReader(disk, volume, sink)
            reader.read(content)
            return true
        }
        let boot = disk.bytes(start, 512, of: content)
        // An ISO image that is a disk as well is read as what it is.
        if disk.bytes(start + 32_769, 5, of: content) == Array("CD001".utf8) {
            if start > 0, let whole = disk.range(range) { _ = sink.add(Member(role: "partition"), range: whole) }
        } else if boot.span.hasBytes("NTFS    ", at: 3) {
            sink.report(.unsupported, "NTFS file system")
        } else if boot.span.hasBytes("EXFAT   ", at: 3) {
            sink.report(.unsupported, "exFAT file system")
        } else if let type = fileSystem(disk, start, content) {
            sink.report(.unsupported, type.title)
        } else {
            return false
        }
        return true
    }

    /// Octets at the start of a partition in which every file system has something.
    private static let head = 1_048_576

    private static func isBlank(_ disk: VirtualDisk, _ range: Range<Int>, _ content: Span<UInt8>) -> Bool {
        disk.read(range, of: content) { piece in
            for index in piece.indices where piece[index] != 0 { return false }
            return true
        }
    }

    /// A file system that is named, and not read.
    private static func fileSystem(_ disk: VirtualDisk, _ start: Int, _ content: Span<UInt8>) -> FileType? {
        let head = disk.bytes(start, FileSystemChecks.head, of: content)
        return FileSystemChecks.all.first { $0.fits(head.span) }?.type
    }

    // MARK: Partitions

    private static func partitions(
        of disk: VirtualDisk, _ content: Span<UInt8>, _ sink: any MemberSink
    ) -> [Range<Int>] {
        let record = disk.bytes(0, 512, of: content)
        guard record.count == 512, record[510] == 0x55, record[511] == 0xAA else { return [] }
        var found: [Range<Int>] = []
        func add(_ start: Int, _ count: Int) {
            let (first, overflow) = start.multipliedReportingOverflow(by: disk.sectorSize)
            let (length, tooLong) = count.multipliedReportingOverflow(by: disk.sectorSize)
            guard !overflow, !tooLong, first >= 0, first < disk.size, length > 0 else { return }
            let range = first..<first + min(length, disk.size - first)
            if !found.contains(range) { found.append(range) }
        }
        for entry in entries(record) {
            switch entry.type {
            case 0: continue
            case 0xEE: addTable(disk, content, sink, add)
            case 0x05, 0x0F, 0x85: addLogical(disk, content, entry.start, add)
            default: add(entry.start, entry.count)
            }
        }
        if found.count > mostPartitions { sink.report(.partitions) }
        return Array(found.prefix(mostPartitions))
    }

    private static func entries(_ record: [UInt8]) -> [(type: UInt8, start: Int, count: Int)] {
        let bytes = record.span
        return stride(from: 446, to: 510, by: 16).map { at in
            (record[at + 4], Int(bytes.littleEndian32(at: at + 8) ?? 0), Int(bytes.littleEndian32(at: at + 12) ?? 0))
        }
    }

    /// Partitions within an extended one: a chain of records.
    private static func addLogical(
        _ disk: VirtualDisk, _ content: Span<UInt8>, _ first: Int, _ add: (Int, Int) -> Void
    ) {
        var start = first
        for _ in 0..<mostPartitions {
            let record = disk.bytes(start * disk.sectorSize, 512, of: content)
            guard record.count == 512, record[510] == 0x55, record[511] == 0xAA else { return }
            let entries = entries(record)
            if entries[0].type != 0 { add(start + entries[0].start, entries[0].count) }
            guard entries[1].type != 0, entries[1].start > 0 else { return }
            start = first + entries[1].start
        }
    }

    /// A GUID partition table (UEFI 2.10 section 5.3).
    private static func addTable(
        _ disk: VirtualDisk, _ content: Span<UInt8>, _ sink: any MemberSink, _ add: (Int, Int) -> Void
    ) {
        // The copy in the last sector is used where the first is damaged, and by programs that prefer it.
        for place in [disk.sectorSize, disk.size - disk.sectorSize] where place > 0 {
            addTable(disk, content, at: place, sink, add)
        }
    }

    /// - Parameter place: of its header.
    private static func addTable(
        _ disk: VirtualDisk, _ content: Span<UInt8>, at place: Int, _ sink: any MemberSink, _ add: (Int, Int) -> Void
    ) {
        let header = disk.bytes(place, 92, of: content)
        let bytes = header.span
        guard bytes.hasBytes("EFI PART", at: 0), let table = bytes.littleEndian64(at: 72),
            let count = bytes.littleEndian32(at: 80), let size = bytes.littleEndian32(at: 84), size >= 128,
            size <= 4096,
            table < UInt64(disk.size / disk.sectorSize)
        else { return }
        if count > mostEntries { sink.report(.partitions) }
        for index in 0..<min(Int(count), mostEntries) {
            let entry = disk.bytes(Int(table) * disk.sectorSize + index * Int(size), 48, of: content)
            guard let first = entry.span.littleEndian64(at: 32), let last = entry.span.littleEndian64(at: 40) else {
                return
            }
            guard entry.prefix(16).contains(where: { $0 != 0 }), first <= last, last < 1 << 48 else { continue }
            add(Int(first), Int(last - first) + 1)
        }
    }

    /// Apple's partition map (Inside Macintosh: Devices, "The Partition Map"), which images of CDs have beside that of PCs:
    /// an entry in each block, of 512 or 2,048 octets, from the second on. Numbers have the highest octet first.
    private static func applePartitions(
        of disk: VirtualDisk, _ content: Span<UInt8>, _ sink: any MemberSink
    ) -> [Range<Int>] {
        var found: [Range<Int>] = []
        for block in [512, 2048] {
            for index in 1...mostPartitions + 1 {
                let entry = disk.bytes(index * block, 16, of: content)
                guard entry.span.hasBytes("PM", at: 0), let start = entry.span.bigEndian32(at: 8),
                    let count = entry.span.bigEndian32(at: 12)
                else { break }
                if index > mostPartitions { sink.report(.partitions) }
                let first = start * block
                guard start > 0, count > 0, first < disk.size else { continue }
                let range = first..<first + min(count * block, disk.size - first)
                if !found.contains(range) { found.append(range) }
            }
        }
        return found
    }
}
