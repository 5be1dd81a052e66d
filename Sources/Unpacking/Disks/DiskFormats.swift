internal import Bytes
internal import Members

/// Files that hold a virtual disk. Each function returns the disk, or nil with a problem reported.
enum DiskFormats {
    /// Blocks of a disk that are looked at.
    private static let mostBlocks = 4_194_304

    // MARK: VHD (Virtual Hard Disk Image Format Specification 1.0)

    static func vhd(_ content: Span<UInt8>, _ sink: any MemberSink) -> VirtualDisk? {
        let last = content.count - 512
        // The footer stands at the end; a copy at the start of those that grow.
        let footer = content.hasBytes("conectix", at: last) ? last : 0
        guard content.hasBytes("conectix", at: footer), let type = content.bigEndian32(at: footer + 60),
            let size = content.bigEndian64(at: footer + 48)
        else {
            sink.report(.corrupt, "damaged vhd disk")
            return nil
        }
        switch type {
        case 2: return VirtualDisk(0..<max(0, last))
        case 3: break
        default:
            sink.report(.unsupported, "vhd disk that needs another")
            return nil
        }
        guard let header = content.bigEndian64(at: footer + 16), content.hasBytes("cxsparse", at: header),
            let table = content.bigEndian64(at: header + 16), let entries = content.bigEndian32(at: header + 28),
            let blockSize = content.bigEndian32(at: header + 32), blockSize >= 512, blockSize % 512 == 0,
            entries <= mostBlocks
        else {
            sink.report(.corrupt, "damaged vhd disk")
            return nil
        }
        // A map of the sectors that are in use stands in front of each block, in whole sectors.
        let map = (blockSize / 512 / 8 + 511) / 512 * 512
        var starts: [Int] = []
        for index in 0..<entries {
            guard let sector = content.bigEndian32(at: table + index * 4) else { break }
            starts.append(sector == Int(UInt32.max) ? -1 : sector * 512 + map)
        }
        if starts.count < entries { sink.report(.corrupt, "vhd disk is cut off") }
        return VirtualDisk(size: min(size, entries * blockSize), blockSize: blockSize, starts: starts)
    }

    // MARK: VHDX ([MS-VHDX])

    private static let blockTable: [UInt8] = [
        0x66, 0x77, 0xC2, 0x2D, 0x23, 0xF6, 0x00, 0x42, 0x9D, 0x64, 0x11, 0x5E, 0x9B, 0xFD, 0x4A, 0x08,
    ]
    private static let metadata: [UInt8] = [
        0x06, 0xA2, 0x7C, 0x8B, 0x90, 0x47, 0x9A, 0x4B, 0xB8, 0xFE, 0x57, 0x5F, 0x05, 0x0F, 0x88, 0x6E,
    ]
    private static let fileParameters: [UInt8] = [
        0x37, 0x67, 0xA1, 0xCA, 0x36, 0xFA, 0x43, 0x4D, 0xB3, 0xB6, 0x33, 0xF0, 0xAA, 0x44, 0xE7, 0x6B,
    ]
    private static let diskSize: [UInt8] = [
        0x24, 0x42, 0xA5, 0x2F, 0x1B, 0xCD, 0x76, 0x48, 0xB2, 0x11, 0x5D, 0xBE, 0xD8, 0x3B, 0xF4, 0xB8,
    ]
    private static let logicalSector: [UInt8] = [
        0x1D, 0xBF, 0x41, 0x81, 0x6F, 0xA9, 0x09, 0x47, 0xBA, 0x47, 0xF2, 0x33, 0xA8, 0xFA, 0xAB, 0x5F,
    ]

    static func vhdx(_ content: Span<UInt8>, _ sink: any MemberSink) -> VirtualDisk? {
        // Two copies of the table of regions (section 2.2.3).
        let regions = [192, 256].map { $0 << 10 }.first { content.hasBytes("regi", at: $0) }
        guard let regions, let table = entry(blockTable, content, at: regions + 16, count: regions + 8),
            let items = entry(metadata, content, at: regions + 16, count: regions + 8),
            let tableStart = content.littleEndianInt64(at: table + 16),
            let itemsStart = content.littleEndianInt64(at: items + 16),
            content.hasBytes("metadata", at: itemsStart)
        else {
            sink.report(.corrupt, "damaged vhdx disk")
            return nil
        }
        func item(_ name: [UInt8]) -> Int? {
            guard let count = content.littleEndian16(at: itemsStart + 10) else { return nil }
            for index in 0..<min(Int(count), 2047) {
                let at = itemsStart + 32 + index * 32
                if content.hasBytes(name, at: at) {
                    return content.littleEndian32(at: at + 16).map { itemsStart + Int($0) }
                }
            }
            return nil
        }
        guard let parameters = item(fileParameters), let blockSize = content.littleEndian32(at: parameters),
            let flags = content.littleEndian32(at: parameters + 4), blockSize >= 1 << 20, blockSize <= 256 << 20,
            let sizeItem = item(diskSize), let size = content.littleEndianInt64(at: sizeItem),
            let sectorItem = item(logicalSector), let sector = content.littleEndian32(at: sectorItem),
            sector == 512 || sector == 4096, size / Int(blockSize) < mostBlocks
        else {
            sink.report(.corrupt, "damaged vhdx disk")
            return nil
        }
        if flags & 2 != 0 { sink.report(.unsupported, "vhdx disk that needs another") }
        if hasLog(content) { sink.report(.unsupported, "vhdx disk that was not closed") }
        // An entry for a map of sectors follows those of so many blocks (section 2.5).
        let chunk = (1 << 23) * Int(sector) / Int(blockSize)
        var starts: [Int] = []
        for block in 0..<(size + Int(blockSize) - 1) / Int(blockSize) {
            guard let value = content.littleEndian64(at: tableStart + (block + block / chunk) * 8) else {
                sink.report(.corrupt, "vhdx disk is cut off")
                break
            }
            // 6: all of the block is here, 7: part of it is. One further out than any number of octets is behind the end, too.
            starts.append(value & 7 >= 6 ? min(content.count, Int(clamping: (value >> 20) << 20)) : -1)
        }
        var disk = VirtualDisk(size: size, blockSize: Int(blockSize), starts: starts)
        disk.sectorSize = Int(sector)
        return disk
    }

    /// The entry of a region with an identifier.
    private static func entry(_ name: [UInt8], _ content: Span<UInt8>, at start: Int, count: Int) -> Int? {
        guard let entries = content.littleEndian32(at: count) else { return nil }
        for index in 0..<min(Int(entries), 2047) where content.hasBytes(name, at: start + index * 32) {
            return start + index * 32
        }
        return nil
    }

    /// The newer of the two headers names a log that is to be replayed (section 2.2.2).
    private static func hasLog(_ content: Span<UInt8>) -> Bool {
        let headers = [64, 128].map { $0 << 10 }.filter { content.hasBytes("head", at: $0) }
        let newest = headers.max {
            (content.littleEndian64(at: $0 + 8) ?? 0) < (content.littleEndian64(at: $1 + 8) ?? 0)
        }
        guard let newest else { return false }
        return content.littleEndian64(at: newest + 48) != 0 || content.littleEndian64(at: newest + 56) != 0
    }

    // MARK: VMDK (Virtual Disk Format 5.0), one sparse file

    static func vmdk(_ content: Span<UInt8>, _ sink: any MemberSink) -> VirtualDisk? {
        guard content.hasBytes("KDMV", at: 0), let flags = content.littleEndian32(at: 8),
            let capacity = content.littleEndianInt64(at: 12), let grain = content.littleEndianInt64(at: 20),
            let perTable = content.littleEndian32(at: 44), let directory = content.littleEndian64(at: 56)
        else {
            sink.report(.corrupt, "damaged vmdk disk")
            return nil
        }
        guard flags & 0x10000 == 0, directory != UInt64.max else {
            sink.report(.unsupported, "compressed vmdk disk")
            return nil
        }
        guard grain > 0, grain <= 65_536, perTable > 0, perTable <= 65_536, capacity / grain < mostBlocks,
            directory <= UInt64(content.count / 512)
        else {
            sink.report(.corrupt, "damaged vmdk disk")
            return nil
        }
        let tables = VirtualDisk.Tables(directory: Int(directory) * 512, entries: Int(perTable))
        let grains = (capacity + grain - 1) / grain
        if tables.directory + (grains + tables.entries - 1) / tables.entries * 4 > content.count {
            sink.report(.corrupt, "vmdk disk is cut off")
        }
        return VirtualDisk(size: capacity * 512, blockSize: grain * 512, tables: tables)
    }
}

extension Span<UInt8> {
    /// An integer of 4 octets with the highest first; nil where it would reach past either end.
    func bigEndian32(at offset: Int) -> Int? { littleEndian32(at: offset).map { Int($0.byteSwapped) } }

    /// The same of 8 octets; nil for more than any file has.
    fileprivate func bigEndian64(at offset: Int) -> Int? {
        littleEndian64(at: offset).flatMap { $0.byteSwapped < 1 << 48 ? Int($0.byteSwapped) : nil }
    }

    /// The lowest octet first; nil for more than any file has.
    fileprivate func littleEndianInt64(at offset: Int) -> Int? {
        littleEndian64(at: offset).flatMap { $0 < 1 << 48 ? Int($0) : nil }
    }
}
