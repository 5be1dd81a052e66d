import Foundation
import Members
import TestSupport
import Testing

@testable import Unpacking

/// Disks that other programs made: FAT file systems of all widths, in partitions or alone, in every file that holds a disk.
@Suite struct DiskTests {
    private static let tools = ["mformat", "mcopy", "mmd", "mkfs.vfat", "qemu-img", "sfdisk", "openssl"]
    private static let name = "A long name, файл.com"

    /// A file system with the test file in it, at the top and in a directory. Beside it noise, the same each time: other noise is
    /// now and then taken for a file of some type and marked.
    private static func fileSystem(_ scratch: Scratch, fat: Int, megabytes: Int) throws {
        let script = """
            set -e
            cd \(scratch.path)
            truncate -s \(megabytes)M volume
            mkfs.vfat -F \(fat) \(fat == 32 ? "-s 1" : "") volume > /dev/null
            cat > eicar
            openssl enc -aes-128-ctr -K 00 -iv 00 -in /dev/zero 2> /dev/null | head -c 200000 > large
            export LC_ALL=C.UTF-8
            mcopy -i volume large ::large.bin
            mcopy -i volume eicar "::\(name)"
            mmd -i volume ::sub
            for n in $(seq 1 40); do mcopy -i volume eicar "::sub/another name $n.txt"; done
            """
        try run(script, input: eicar)
    }

    private static func run(_ script: String, input: [UInt8] = []) throws {
        let result = try runTool("sh", ["-c", script], input: input)
        guard result.status == 0 else { throw Failure(description: "\(result)") }
    }

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static func file(_ scratch: Scratch, _ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/\(name)")))
    }

    private func expectFiles(_ content: [UInt8], _ type: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let result = Unpacked(content, messageSize: 1 << 20)
        #expect(result.types == [type], sourceLocation: sourceLocation)
        #expect(result.places(of: eicar).count == 41, "\(result.problems)", sourceLocation: sourceLocation)
        #expect(result.names.contains(Self.name), "\(result.names)", sourceLocation: sourceLocation)
        #expect(result.names.contains("sub/another name 40.txt"), sourceLocation: sourceLocation)
        #expect(result.entries.contains { $0.content?.count == 200_000 }, sourceLocation: sourceLocation)
        #expect(result.isComplete && !result.isMarked, "\(result.problems)", sourceLocation: sourceLocation)
    }

    @Test(.enabled(if: tools.allSatisfy(GeneratorTests.installed)), arguments: [(12, 4), (16, 16), (32, 40)])
    func fileSystems(_ fat: Int, _ megabytes: Int) throws {
        let scratch = try Scratch(.memory)
        try Self.fileSystem(scratch, fat: fat, megabytes: megabytes)
        var image = try Self.file(scratch, "volume")
        expectFiles(image, "disk")
        // The label that says which it is does not matter.
        for place in [54, 82] where image[place] == 0x46 { image[place] = 0x20 }
        expectFiles(image, "disk")
    }

    @Test(
        .enabled(if: tools.allSatisfy(GeneratorTests.installed)),
        arguments: [
            ("vpc", "subformat=fixed,force_size=on", "vhd"), ("vpc", "subformat=dynamic,force_size=on", "vhd"),
            ("vhdx", "subformat=fixed", "vhdx"), ("vhdx", "subformat=dynamic", "vhdx"),
            ("vmdk", "subformat=monolithicSparse", "vmdk"),
        ], ["dos", "gpt", "none"])
    func virtualDisks(_ form: (format: String, options: String, type: String), _ label: String) throws {
        let scratch = try Scratch(.memory)
        try Self.fileSystem(scratch, fat: 16, megabytes: 16)
        // The second partition of two: the first is the chain of an extended one where there is such a thing.
        let table =
            label == "dos"
            ? "start=2048, size=4096, type=6\\nstart=8192, type=5\\nstart=10240, type=6"
            : "start=2048, size=4096\\nstart=10240, size=32768"
        try Self.run(
            label == "none"
                ? "cd \(scratch.path); mv volume disk"
                : """
                set -e
                cd \(scratch.path)
                truncate -s 24M disk
                printf 'label: \(label)\\n\(table)\\n' | sfdisk -q disk
                dd if=volume of=disk bs=1M seek=5 conv=notrunc status=none
                """)
        try Self.run(
            "cd \(scratch.path); qemu-img convert -f raw -O \(form.format) -o \(form.options) disk out")
        expectFiles(try Self.file(scratch, "out"), form.type)
    }

    private static func disk(_ scratch: Scratch, _ table: String) throws -> [UInt8] {
        try run(
            """
            set -e
            cd \(scratch.path)
            truncate -s 24M disk
            printf '\(table)' | sfdisk -q disk
            if [ -f volume ]; then dd if=volume of=disk bs=1M seek=5 conv=notrunc status=none; fi
            """)
        return try file(scratch, "disk")
    }

    /// 7-Zip looks for them behind anything.
    @Test(.enabled(if: tools.allSatisfy(GeneratorTests.installed)), arguments: ["\n", "GIF89a\u{1}\0\u{1}\0\0\0\0;"])
    func disksBehindOthers(_ front: String) throws {
        let scratch = try Scratch(.memory)
        try Self.fileSystem(scratch, fat: 12, megabytes: 1)
        let front = Array(front.utf8)
        var image = front + (try Self.file(scratch, "volume"))
        for _ in 0..<2 {
            let result = Unpacked(image, messageSize: 1 << 20)
            #expect(result.places(of: eicar).count == 41 && !result.isMarked, "\(result.types) \(result.problems)")
            // In a partition, too.
            image = front + [UInt8](repeating: 0, count: 17_408) + image[front.count...]
        }
        for (format, isOpened) in [("vmdk", true), ("qcow2", false), ("vdi", false)] {
            try Self.run("cd \(scratch.path); qemu-img convert -f raw -O \(format) volume out")
            let disk = try Self.file(scratch, "out")
            let result = Unpacked(front + disk, messageSize: 1 << 20)
            #expect(isOpened ? result.places(of: eicar).count == 41 : result.kinds == [.unsupported], "\(format)")
            // A program has the marks as well, and versions.
            let mark = format == "vdi" ? Array(disk[64..<72]) : Array(disk[..<8])
            let noise = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 197 &+ 131) | 0x80 }
            #expect(!Unpacked(front + noise + mark + noise).isMarked)
        }
        for size in [208, 96] as [UInt8] {
            let part = [UInt8](repeating: 0, count: 31) + octets(1, 2) + octets(1, 2)
            let image = Array("MSWIM\0\0\0".utf8) + [size] + part + [UInt8](repeating: 0, count: 265)
            #expect(Unpacked(front + image).kinds == [.unsupported])
        }
        #expect(!Unpacked(front + Array("MSWIM\0\0\0 is a mark\0".utf8)).isMarked)
        // The boot sector of a volume that is not there.
        let boot = image[front.count + 17_408..<front.count + 17_408 + 512]
        #expect(!Unpacked(front + boot + [UInt8](repeating: 0x61, count: 8192)).isMarked)
    }

    /// The copy of a GUID partition table at the end of the disk serves where the first is destroyed.
    @Test(.enabled(if: tools.allSatisfy(GeneratorTests.installed)))
    func theTableAtTheEnd() throws {
        let scratch = try Scratch(.memory)
        try Self.fileSystem(scratch, fat: 16, megabytes: 16)
        var disk = try Self.disk(scratch, "label: gpt\\nstart=2048, size=4096\\nstart=10240, size=32768\\n")
        expectFiles(disk, "disk")
        for place in 512..<34 * 512 { disk[place] = 0 }
        expectFiles(disk, "disk")
    }

    @Test(.enabled(if: tools.allSatisfy(GeneratorTests.installed)), arguments: [128, 129])
    func theNumberOfPartitionsIsBounded(_ count: Int) throws {
        let partitions = (0..<count).map { "start=\(2048 + $0 * 8), size=8\\n" }.joined()
        let disk = try Self.disk(try Scratch(.memory), "label: gpt\\ntable-length: \(count)\\n" + partitions)
        let kinds = Unpacked(disk, messageSize: 1 << 20).kinds
        #expect(kinds == (count > DiskReader.mostPartitions ? [.overLimits] : []))
    }

    /// What is cut or changed anywhere is opened as far as it goes, or marked.
    @Test(.enabled(if: tools.allSatisfy(GeneratorTests.installed)))
    func damage() throws {
        let scratch = try Scratch(.memory)
        try Self.fileSystem(scratch, fat: 12, megabytes: 1)
        let image = try Self.file(scratch, "volume")
        for length in stride(from: 4096, to: image.count, by: 50_021) {
            let result = Unpacked(Array(image[..<length]), messageSize: 1 << 20)
            #expect(result.types == ["disk"])
            #expect(result.isMarked || result.places(of: eicar).count == 41)
        }
        var random = SeededGenerator(seed: 4)
        for _ in 0..<200 {
            var changed = image
            for _ in 0..<20 {
                changed[Int.random(in: 0..<24_000, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let result = Unpacked(changed, messageSize: 1 << 20)
            #expect(result.entries.count <= 1500)
        }
    }

    /// A directory that is its own child, and a file whose chain of clusters never ends.
    @Test(.enabled(if: tools.allSatisfy(GeneratorTests.installed)))
    func circles() throws {
        let scratch = try Scratch(.memory)
        try Self.fileSystem(scratch, fat: 16, megabytes: 16)
        var image = try Self.file(scratch, "volume")
        let table = Int(image[14]) * 512
        // Each chain leads to its own second cluster.
        for cluster in 2..<400 { image.replaceSubrange(table + cluster * 2..<table + cluster * 2 + 2, with: [3, 0]) }
        let result = Unpacked(image, messageSize: 1 << 20)
        #expect(result.problems.map(\.detail).contains("FAT file system that leads in a circle"))
        #expect(result.limits.isEmpty)
        #expect(!result.places(of: eicar).isEmpty)
    }

    @Test(.enabled(if: (tools + ["mkntfs"]).allSatisfy(GeneratorTests.installed)))
    func otherFileSystemsAreNamed() throws {
        let scratch = try Scratch(.memory)
        try Self.run("cd \(scratch.path); truncate -s 8M volume; mkntfs -q -F volume > /dev/null 2>&1")
        let result = Unpacked(try Self.file(scratch, "volume"), messageSize: 1 << 20)
        #expect(result.types == ["disk"])
        #expect(result.problems.map(\.detail) == ["NTFS file system"])
        #expect(result.kinds == [.unsupported])
    }

    /// As a whole, and as the partition of a disk.
    @Test(
        .enabled(if: (tools + ["mke2fs"]).allSatisfy(GeneratorTests.installed)), arguments: ["ext2", "ext3", "ext4"])
    func fileSystemsOfLinuxAreNamed(_ type: String) throws {
        let scratch = try Scratch(.memory)
        try Self.run(
            """
            set -e
            cd \(scratch.path)
            truncate -s 8M volume
            mke2fs -q -t \(type) -F volume
            truncate -s 16M disk
            printf 'label: dos\\nstart=2048, size=16384, type=83\\n' | sfdisk -q disk
            dd if=volume of=disk bs=1M seek=1 conv=notrunc status=none
            """)
        let title = ContainerProblem(.unsupported, FileType.ext.title)
        let volume = Unpacked(try Self.file(scratch, "volume"), messageSize: 1 << 20)
        #expect(volume.types == ["ext"] && volume.problems == [title], "\(volume.types) \(volume.problems)")
        let disk = Unpacked(try Self.file(scratch, "disk"), messageSize: 1 << 20)
        #expect(disk.types == ["disk"] && disk.problems == [title], "\(disk.types) \(disk.problems)")
    }

    @Test(
        .enabled(if: GeneratorTests.installed("qemu-img")),
        arguments: [("vdi", "vdi"), ("qcow2", "qcow"), ("qed", "qed"), ("parallels", "hdd")])
    func otherVirtualDisksAreNamed(_ format: String, _ type: String) throws {
        let scratch = try Scratch(.memory)
        try Self.run("cd \(scratch.path); qemu-img create -q -f \(format) out 16M")
        let result = Unpacked(try Self.file(scratch, "out"), messageSize: 1 << 20)
        #expect(result.types == [type] && result.kinds == [.unsupported], "\(result.types) \(result.problems)")
    }

    @Test(.enabled(if: tools.allSatisfy(GeneratorTests.installed)))
    func disksThatNeedAnotherAreNamed() throws {
        let scratch = try Scratch(.memory)
        try Self.run(
            "cd \(scratch.path); qemu-img create -q -f vhdx base 16M; qemu-img convert -f raw -O vpc -o subformat=dynamic base out"
        )
        var disk = try Self.file(scratch, "out")
        for footer in [0, disk.count - 512] { disk[footer + 63] = 4 }
        let result = Unpacked(disk, messageSize: 1 << 20)
        #expect(result.types == ["vhd"])
        #expect(result.problems.map(\.detail) == ["vhd disk that needs another"])
    }

    /// Files of the same name in several directories are told apart, and short names are shown in the letters that they
    /// were given in.
    @Test(.enabled(if: tools.allSatisfy(GeneratorTests.installed)))
    func pathsAndSmallLetters() throws {
        let scratch = try Scratch(.memory)
        try Self.run(
            """
            set -e
            cd \(scratch.path)
            truncate -s 4M volume
            mkfs.vfat -F 12 volume > /dev/null
            export LC_ALL=C.UTF-8
            mmd -i volume ::one ::TWO ::one/deeper
            for place in text.txt one/text.txt TWO/TEXT.txt one/deeper/text.TXT "one/deeper/a long one.txt"; do
                echo "$place" > file; mcopy -i volume file "::$place"
            done
            : > empty; mcopy -i volume empty ::empty
            """)
        let result = Unpacked(try Self.file(scratch, "volume"), messageSize: 1 << 20)
        for (first, other) in [
            ("text.txt", "TEXT.TXT"), ("one/text.txt", "one/TEXT.TXT"), ("TWO/TEXT.txt", "TWO/TEXT.TXT"),
            ("one/deeper/text.TXT", "one/deeper/TEXT.TXT"),
            ("one/deeper/a long one.txt", "one/deeper/ALONGO~1.TXT"),
        ] {
            let entry = try #require(result.entries.first { $0.names.first == first }, "\(result.names)")
            #expect(entry.names == [first, other])
            #expect(entry.content == Array("\(first)\n".utf8))
        }
        #expect(result.entries.first { $0.names.first == "empty" }?.content == [])
        #expect(result.names.contains("one/deeper") && result.names.contains("TWO") && !result.isMarked)
    }

    /// Directories within one another are read as far as the limit.
    @Test(.enabled(if: tools.allSatisfy(GeneratorTests.installed)), arguments: [64, 65])
    func depth(_ depth: Int) throws {
        let scratch = try Scratch(.memory)
        try Self.run(
            """
            set -e
            cd \(scratch.path)
            truncate -s 4M volume
            mkfs.vfat -F 12 volume > /dev/null
            place=::
            for n in $(seq \(depth)); do place=$place/d; mmd -i volume $place; done
            echo found > file; mcopy -i volume file $place/f
            """)
        let result = Unpacked(try Self.file(scratch, "volume"), messageSize: 1 << 20)
        #expect(result.places(of: Array("found\n".utf8)).count == (depth > FATReader.deepest ? 0 : 1))
        #expect(result.kinds == (depth > FATReader.deepest ? [.overLimits] : []), "\(result.problems)")
    }

    /// A record that is a boot sector and has a table as well: both are read.
    @Test(.enabled(if: tools.allSatisfy(GeneratorTests.installed)))
    func bootSectorWithATable() throws {
        let scratch = try Scratch(.memory)
        try Self.fileSystem(scratch, fat: 12, megabytes: 4)
        let volume = try Self.file(scratch, "volume")
        try Self.run(
            "cd \(scratch.path) && truncate -s 1M plain && mkfs.vfat -F 12 plain && echo a > a && mcopy -i plain a ::a")
        var disk = try Self.file(scratch, "plain") + volume
        let start = disk.count - volume.count
        disk.replaceSubrange(
            446..<462, with: [0x80, 0, 0, 0, 6, 0, 0, 0] + octets(start / 512, 4) + octets(volume.count / 512, 4))
        let result = Unpacked(disk, messageSize: 1 << 20)
        #expect(result.places(of: eicar).count == 41 && result.names.contains { $0.lowercased() == "a" })
        #expect(!result.isMarked, "\(result.problems)")
        // What stands there in an ordinary boot sector is no table.
        var plain = volume
        plain.replaceSubrange(
            446..<510, with: Array("Non-System disk or disk error, press any key, then try it again.".utf8))
        expectFiles(plain, "disk")
    }

    /// A table with one partition, all zeros but some octets.
    private func disk(_ octetsAt: [(Int, [UInt8])]) -> [UInt8] {
        var disk = [UInt8](repeating: 0, count: 3 << 20)
        disk.replaceSubrange(446..<462, with: [0, 0, 0, 0, 0x83, 0, 0, 0] + octets(2048, 4) + octets(4096, 4))
        disk.replaceSubrange(510..<512, with: [0x55, 0xAA])
        for (place, bytes) in octetsAt {
            disk.replaceSubrange((1 << 20) + place..<(1 << 20) + place + bytes.count, with: bytes)
        }
        return disk
    }

    /// An image of a CD with Apple's partition map, as `genisoimage -hfs -part` writes it: the file system that only macOS
    /// sees is named. Blocks are of 512 or 2,048 octets; maps and drivers are no file systems.
    @Test(arguments: [512, 2048]) func applePartitions(_ block: Int) {
        var image = [UInt8](repeating: 0, count: 256 << 10)
        func put(_ bytes: [UInt8], _ place: Int) { image.replaceSubrange(place..<place + bytes.count, with: bytes) }
        func big(_ value: Int) -> [UInt8] { octets(value, 4).reversed() }
        put(Array("ER".utf8) + octets(block, 2).reversed(), 0)
        for (index, start) in [1, 24, 64].enumerated() {
            put(Array("PM".utf8) + [0, 0] + big(3) + big(start) + big(8), (index + 1) * block)
        }
        put([1] + Array("CD001".utf8), 32_768)
        put([0xFF] + Array("CD001".utf8), 34_816)
        let plain = Unpacked(image, messageSize: 1 << 20)
        put([0x42, 0x44], 64 * block + 1024)
        put(octets(10, 2), 64 * block + 1024 + 18)
        put(big(512), 64 * block + 1024 + 20)
        let hybrid = Unpacked(image, messageSize: 1 << 20)
        let named = ContainerProblem(.unsupported, FileType.hfs.title)
        #expect(hybrid.types.contains("iso") && hybrid.types.contains("disk"), "\(hybrid.types)")
        #expect(hybrid.problems.contains(named) && !plain.problems.contains(named), "\(hybrid.problems)")
    }

    /// Whatever file system it is, and wherever it begins.
    @Test func fileSystemsThatAreNotRead() {
        let minix: [(Int, [UInt8])] = [
            (1024, octets(640, 2)), (1028, octets(1, 2) + octets(1, 2) + octets(24, 2) + octets(0, 2)),
            (1040, octets(0x138F, 2)),
        ]
        let known: [(String, [(Int, [UInt8])])] = [
            ("lvm", [(512, Array("LABELONE".utf8)), (536, Array("LVM2 001".utf8))]),
            ("reiserfs", [(65_588, Array("ReIsEr2Fs".utf8))]), ("jfs", [(32_768, Array("JFS1".utf8))]),
            ("cramfs", [(16, Array("Compressed ROMFS".utf8))]), ("romfs", [(0, Array("-rom1fs-".utf8))]),
            ("minix", minix), ("luks", [(0, Array("LUKS".utf8) + [0xBA, 0xBE])]),
        ]
        for (name, places) in known {
            let image = disk(places)
            let result = Unpacked(image, messageSize: 1 << 20)
            #expect(result.kinds == [.unsupported], "\(name) \(result.problems)")
            let bare = Unpacked(Array(image[(1 << 20)...]), messageSize: 1 << 20)
            #expect(bare.types == [name] && bare.kinds == [.unsupported], "\(bare.types) \(bare.problems)")
        }
        for place in [0, 700, 3000, 70_000, (1 << 20) - 1] {
            #expect(Unpacked(disk([(place, [1])]), messageSize: 1 << 20).kinds == [.unsupported], "\(place)")
        }
        #expect(!Unpacked(disk([]), messageSize: 1 << 20).isMarked)
    }
}
