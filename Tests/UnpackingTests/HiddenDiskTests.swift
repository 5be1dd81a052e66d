import Foundation
import Members
import TestSupport
import Testing

@testable import Unpacking

/// Disks behind other content, where 7-Zip opens them.
@Suite struct HiddenDiskUnpackingTests {
    private static let fronts: [[UInt8]] = [
        [0x0A], Array("GIF89a\u{1}\0\u{1}\0\0\0\0;".utf8), [UInt8](repeating: 0, count: 17_408),
        (0..<512).map { UInt8(truncatingIfNeeded: $0 &* 37 | 1) },
    ]
    private static let tools = ["mkfs.vfat", "mcopy", "qemu-img", "7z"]

    private static func make(_ script: String) throws -> [UInt8] {
        let scratch = try Scratch(.memory)
        let result = try runTool("sh", ["-c", "cd \(scratch.path) && cat > e.com && \(script)"], input: eicar)
        try #require(result.status == 0, "\(result)")
        return Array(try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/out")))
    }

    private static let volume =
        "truncate -s 1M fat && mkfs.vfat fat >/dev/null && mcopy -i fat e.com ::"

    @Test(.enabled(if: tools.allSatisfy(GeneratorTests.installed))) func fileSystemsAreOpened() throws {
        let disk = try Self.make("\(Self.volume) && mv fat out")
        let record = [UInt8](repeating: 0, count: 63 * 512)
        for front in Self.fronts + [Self.fronts[3] + record] {
            let result = Unpacked(front + disk, messageSize: 1 << 22)
            #expect(result.names.contains("e.com") && !result.places(of: eicar).isEmpty, "\(result.problems)")
            #expect(!result.isMarked, "\(result.problems)")
        }
    }

    @Test(
        .enabled(if: tools.allSatisfy(GeneratorTests.installed)),
        arguments: [
            "qemu-img convert -O vdi fat out", "qemu-img convert -O qcow2 fat out",
            "7z a -twim out.wim e.com >/dev/null && mv out.wim out",
        ])
    func othersAreUnsupported(_ script: String) throws {
        let disk = try Self.make("\(Self.volume) && \(script)")
        for front in Self.fronts {
            #expect(Unpacked(front + disk, messageSize: 1 << 22).kinds == [.unsupported], "\(script)")
        }
    }

    private static let package = """
        python3 -I -c "
        import random, zipfile
        random.seed(3)
        z = zipfile.ZipFile('d.docx', 'w', zipfile.ZIP_DEFLATED)
        for i in range(9): z.writestr('%d.bin' % i, bytes(random.randrange(256) for _ in range(30000)))
        z.close()"
        """

    /// What has no reader has files in pieces, and programs of its own to put them together.
    @Test(
        .enabled(if: (tools + ["mke2fs"]).allSatisfy(GeneratorTests.installed)),
        arguments: [
            "\(volume) && qemu-img convert -O vdi fat out", "\(volume) && qemu-img convert -O qcow2 fat out",
            "\(volume) && qemu-img convert -O qed fat out", "\(volume) && qemu-img convert -O parallels fat out",
            "\(volume) && mcopy -i fat d.docx :: && qemu-img convert -O qcow fat out",
            "7z a -twim out.wim e.com d.docx >/dev/null && mv out.wim out",
            "mkdir f && cp e.com d.docx f && mke2fs -q -b 1024 -d f out 2M",
            "mkdir f && cp e.com d.docx f && mke2fs -q -t ext4 -d f out 2M",
        ])
    func whatHasNoReaderIsUnsupported(_ script: String) throws {
        let disk = try Self.make("\(Self.package)\n\(script)")
        let result = Unpacked(disk, messageSize: 1 << 24)
        #expect(result.kinds == [.unsupported] && !result.isComplete, "\(script): \(result.types) \(result.problems)")
    }

    /// The mark of a disk in front of an archive that programs open excuses nothing of that.
    @Test func archivesBehindMarks() {
        let mark: [UInt8] = [0x51, 0x46, 0x49, 0xFB] + [UInt8](repeating: 0, count: 2000)
        var zip = UnpackingTests.zip([("a.txt", Array("harmless".utf8)), ("b.com", eicar)])
        #expect(!Unpacked(mark + zip).places(of: eicar).isEmpty)
        zip[40] ^= 1
        #expect(
            Unpacked(mark + zip).kinds.isSuperset(of: [.unsupported, .corrupt]), "\(Unpacked(mark + zip).problems)")
    }

    @Test(.enabled(if: tools.allSatisfy(GeneratorTests.installed))) func disksOfVMware() throws {
        let disk = try Self.make("\(Self.volume) && qemu-img convert -O vmdk fat out")
        for front in Self.fronts {
            #expect(!Unpacked(front + disk, messageSize: 1 << 22).places(of: eicar).isEmpty)
        }
        // Without its mark nothing tells that it is one, and what lies in it is found.
        #expect(!Unpacked([disk[0]] + [0x4E] + disk[2...], messageSize: 1 << 22).places(of: eicar).isEmpty)
    }

    private static func put(_ bytes: [UInt8], at place: Int, in disk: inout [UInt8]) {
        disk.replaceSubrange(place..<place + bytes.count, with: bytes)
    }

    /// A boot sector whose first record of files lies in the second cluster; a superblock of ext.
    private static func fileSystems() -> [[UInt8]] {
        var ntfs = [UInt8](repeating: 0, count: 16_384)
        put([0xEB, 0x52, 0x90] + Array("NTFS    ".utf8) + octets(512, 2) + [8], at: 0, in: &ntfs)
        put(octets(1, 8), at: 48, in: &ntfs)
        put([0x55, 0xAA], at: 510, in: &ntfs)
        put(Array("FILE".utf8), at: 4096, in: &ntfs)
        var ext = [UInt8](repeating: 0, count: 16_384)
        put(octets(16, 4) + octets(64, 4), at: 1024, in: &ext)
        put(octets(1, 4), at: 1044, in: &ext)
        put(octets(8192, 4) + octets(8192, 4) + octets(16, 4), at: 1056, in: &ext)
        put([0x53, 0xEF, 1, 0], at: 1080, in: &ext)
        return [ntfs, ext]
    }

    @Test func otherFileSystemsAreUnsupported() {
        for disk in Self.fileSystems() {
            for front in Self.fronts { #expect(Unpacked(front + disk, messageSize: 1 << 20).kinds == [.unsupported]) }
        }
    }

    /// What programs that make disks have among their constants, and what chance gives.
    @Test func honestConstantsAreNothing() throws {
        var constants: [UInt8] = []
        for mark in ["KDMV", "QFI\u{0}", "MSWIM\0\0\0"] { constants += Array(mark.utf8) + Self.fronts[3] }
        constants +=
            [0x51, 0x46, 0x49, 0xFB, 0x75, 0x10, 0x8B, 0x45] + [0x7F, 0x10, 0xDA, 0xBE, 0x74, 0x20] + Self.fronts[3]
        // A boot sector that waits for its numbers, and one with them but nothing behind it.
        var sector = [0xEB, 0x3C, 0x90] + Array("mkfs.fat".utf8) + [UInt8](repeating: 0, count: 501)
        Self.put([0x55, 0xAA], at: 510, in: &sector)
        constants += sector + Self.fronts[3]
        for place in 0..<400 where place % 2 == 0 { constants += [0x55, 0xAA, UInt8(place & 0xFF)] }
        var ntfs = Self.fileSystems()[0]
        Self.put([0, 0, 0, 0], at: 4096, in: &ntfs)
        constants += ntfs
        for front in Self.fronts {
            let result = Unpacked(front + constants, messageSize: 1 << 20)
            #expect(result.entries.isEmpty && !result.isMarked, "\(result.problems)")
        }
    }

    /// Numbers that are out of all bounds.
    @Test func largestNumbers() {
        for (place, octets) in [(11, 2), (13, 1), (48, 4), (48, 8), (22, 2), (32, 4), (36, 4)] {
            for var disk in Self.fileSystems() {
                Self.put([UInt8](repeating: 0xFF, count: octets), at: place, in: &disk)
                #expect(Unpacked([0x0A] + disk, messageSize: 1 << 20).limits.isEmpty)
            }
        }
    }
}
