import Members
import Testing

@testable import Unpacking

/// Images whose directories would take more memory or time than the image is worth, made here octet by octet.
@Suite struct DirectoryBoundTests {
    // MARK: FAT

    /// A FAT12 file system of one long chain of clusters, in which each directory of the root begins one cluster further on.
    private static func volume(directories: Int, shared: Bool) -> [UInt8] {
        let clusters = 100
        var boot = [UInt8](repeating: 0, count: 512)
        boot.replaceSubrange(0..<3, with: [0xEB, 0x3C, 0x90])
        // Sectors of 512 octets, one for a cluster, one table of one sector, 16 entries of the root.
        boot.replaceSubrange(
            11..<24,
            with: octets(512, 2) + [1] + octets(1, 2) + [1] + octets(16, 2) + octets(3 + clusters, 2) + [0xF8]
                + octets(1, 2))
        boot.replaceSubrange(510..<512, with: [0x55, 0xAA])
        var table = [UInt8](repeating: 0, count: 512)
        for cluster in 2..<clusters + 2 {
            let value = shared && cluster < clusters + 1 ? cluster + 1 : 0xFFF
            let place = cluster * 3 / 2
            table[place] |= UInt8(truncatingIfNeeded: cluster % 2 == 0 ? value : value << 4)
            table[place + 1] |= UInt8(truncatingIfNeeded: cluster % 2 == 0 ? value >> 8 : value >> 4)
        }
        var root: [UInt8] = []
        for index in 0..<directories {
            root += Array("DIR\(index)       ".utf8) + [0x10] + [UInt8](repeating: 0, count: 14)
            root += octets(2 + index, 2) + octets(0, 4)
        }
        root += [UInt8](repeating: 0, count: 512 - root.count)
        // Entries that were deleted.
        return boot + table + root + [UInt8](repeating: 0xE5, count: clusters * 512)
    }

    @Test func directoriesThatShareClusters() {
        let honest = Unpacked(Self.volume(directories: 3, shared: false))
        #expect(honest.names == ["DIR0", "DIR1", "DIR2"] && !honest.isMarked, "\(honest.problems)")
        let one = Unpacked(Self.volume(directories: 1, shared: true))
        #expect(one.names == ["DIR0"] && !one.isMarked, "\(one.problems)")
        let three = Unpacked(Self.volume(directories: 3, shared: true))
        #expect(three.names == ["DIR0", "DIR1", "DIR2"] && three.kinds == [.overLimits], "\(three.problems)")
    }

    // MARK: ISO 9660

    private static let sector = 2048

    /// Numbers stand there in both orders.
    private static func both(_ value: Int) -> [UInt8] { octets(value, 4) + octets(value, 4).reversed() }

    /// A record of a directory (ECMA-119 section 9.1).
    private static func record(_ name: [UInt8], at block: Int, _ size: Int, isDirectory: Bool) -> [UInt8] {
        let length = (34 + name.count) / 2 * 2
        var bytes: [UInt8] = [UInt8(length), 0] + both(block) + both(size) + [UInt8](repeating: 0, count: 7)
        bytes += [isDirectory ? 2 : 0, 0, 0, 1, 0, 0, 1, UInt8(name.count)] + name
        return bytes + [UInt8](repeating: 0, count: length - bytes.count)
    }

    /// An image of directories within one another; the innermost has so many files.
    private static func image(depth: Int, name: Int, files: Int) -> [UInt8] {
        func padded(_ bytes: [UInt8]) -> [UInt8] {
            bytes + [UInt8](repeating: 0, count: (sector - bytes.count % sector) % sector)
        }
        let first = 20
        var last: [UInt8] = []
        for index in 0..<files {
            let file = record(Array("F\(index)".utf8), at: first, 1, isDirectory: false)
            // Records do not cross sectors.
            if last.count % sector + file.count > sector { last = padded(last) }
            last += file
        }
        last = padded(last)
        var volume: [UInt8] = [1] + Array("CD001".utf8) + [1]
        volume += [UInt8](repeating: 0, count: 80 - volume.count) + both(first + depth + 1 + last.count / sector)
        volume += [UInt8](repeating: 0, count: 120 - volume.count) + [1, 0, 0, 1, 1, 0, 0, 1, 0, 8, 8, 0]
        volume += [UInt8](repeating: 0, count: 156 - volume.count) + record([0], at: first, sector, isDirectory: true)
        volume += [UInt8](repeating: 0, count: 881 - volume.count) + [1]
        var image = [UInt8](repeating: 0, count: 16 * sector)
        image += padded(volume) + padded([255] + Array("CD001".utf8) + [1]) + [UInt8](repeating: 0, count: 2 * sector)
        for level in 0..<depth {
            let block = first + level
            let size = level == depth - 1 ? last.count : sector
            image += padded(
                record([0], at: block, sector, isDirectory: true)
                    + record([1], at: max(first, block - 1), sector, isDirectory: true)
                    + record([UInt8](repeating: 0x44, count: name), at: block + 1, size, isDirectory: true))
        }
        return image + last
    }

    /// The path of the innermost directory has 4,095 octets, and one more.
    @Test(arguments: [(63, false), (64, true)]) func pathsOfDirectories(_ name: Int, _ isOver: Bool) {
        let result = Unpacked(Self.image(depth: 64, name: name, files: 1), messageSize: 1 << 20)
        #expect(result.types == ["iso"])
        let told = result.problems.contains { $0.detail == "directories of an image" }
        #expect(told == isOver, "\(result.problems)")
    }

    /// Many files with paths of 4,037 octets, 16 MiB together.
    @Test(arguments: [(4000, false), (4200, true)]) func pathsOfFiles(_ files: Int, _ isOver: Bool) {
        let image = Self.image(depth: 63, name: 63, files: files)
        let result = Unpacked(image, limits: UnpackingLimits(files: 10_000), messageSize: 1 << 20)
        let told = result.problems.contains { $0.detail == "directories of an image" }
        #expect(told == isOver, "\(result.problems) \(result.limits)")
    }
}
