import Members
import TestSupport
import Testing

@testable import Unpacking

/// Archives in what no member has: where programs for RAR, 7z, zip, cab, ARJ and LHA find them and programs for the archive around do not look.
@Suite(.serialized) struct StrayArchiveTests {
    private static let clean = (0..<500).flatMap { Array("clean line \($0)\n".utf8) }

    private static func make(_ suffix: String, _ content: [UInt8], name: String = "inner.bin") throws -> [UInt8] {
        try #require(GeneratorTests.makers.first { $0.suffix == suffix }).make(content, name: name)
    }

    /// One for each mark that programs look for, where this machine has what makes it.
    private static func archives() throws -> [[UInt8]] {
        try [HiddenArchiveTests.rar("b.com", eicar)] + ["7z", "cab", "arj"].map { try make($0, eicar) }
    }

    private func expectFound(_ file: [UInt8], _ type: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let result = Unpacked(file, messageSize: 1 << 20)
        #expect(result.types.contains(type), "\(result.types)", sourceLocation: sourceLocation)
        #expect(!result.places(of: eicar).isEmpty, "\(result.problems)", sourceLocation: sourceLocation)
        #expect(result.kinds.contains(.ambiguous) && !result.isComplete, sourceLocation: sourceLocation)
        #expect(result.entries.contains { $0.content == Self.clean }, sourceLocation: sourceLocation)
    }

    @Test func extraFieldOfGzip() throws {
        let plain = try Self.make("gz", Self.clean)
        // Behind the fixed header stands the name.
        let name = try #require(plain[10...].firstIndex(of: 0))
        for archive in try Self.archives() + [Self.make("zip", eicar) + [0]] {
            let head: [UInt8] = [0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 3] + octets(archive.count, 2)
            expectFound(head + archive + plain[(name + 1)...], "gz")
        }
    }

    @Test(arguments: ["zst", "lz4"]) func skippableFrames(_ suffix: String) throws {
        let plain = try Self.make(suffix, Self.clean)
        for archive in try Self.archives() + [Self.make("zip", eicar) + [0]] {
            let frame = [0x50, 0x2A, 0x4D, 0x18] + octets(archive.count, 4) + archive
            expectFound(frame + plain, suffix)
            expectFound(plain + frame, suffix)
        }
    }

    /// Headers that hold long names, and comments of pax.
    @Test(arguments: ["x", "g", "L", "K"]) func recordsOfTar(_ type: String) throws {
        let plain = try Self.make("ustar.tar", Self.clean)
        for archive in try Self.archives() + [Self.make("zip", eicar) + [0]] {
            var record = archive
            if type == "x" || type == "g" {
                let rest = Array(" comment=".utf8) + archive + [0x0A]
                record = Array("\(rest.count + 3)".utf8) + rest
                try #require(record.count == rest.count + 3)
            }
            var header = Array("name".utf8) + [UInt8](repeating: 0, count: 508)
            func put(_ text: String, _ place: Int) {
                for (index, byte) in text.utf8.enumerated() { header[place + index] = byte }
            }
            put("0000644", 100)
            put(String(String(record.count + 0o100_000_000_000, radix: 8).suffix(11)), 124)
            put("00000000000", 136)
            put("        ", 148)
            put(type, 156)
            put("ustar", 257)
            put("00", 263)
            let sum = header.reduce(0) { $0 + Int($1) }
            put(String(String(sum + 0o1_000_000, radix: 8).suffix(6)) + "\0 ", 148)
            let padding = [UInt8](repeating: 0, count: (512 - record.count % 512) % 512)
            expectFound(header + record + padding + plain, "tar")
        }
    }

    /// Programs look for the end of a zip archive's directory in the last octets, whatever stands behind it: unzip the farthest.
    @Test(arguments: [1, 1_000, 65_000]) func octetsBehindZip(_ count: Int) throws {
        let zip = try Self.make("zip", eicar)
        let frame =
            [0x50, 0x2A, 0x4D, 0x18] + octets(zip.count + count, 4) + zip + [UInt8](repeating: 0x41, count: count)
        expectFound(try Self.make("zst", Self.clean) + frame, "zst")
    }

    /// Members that end like the start of an archive, a comment that is too long, a version that no program looks at.
    @Test func decoysAndLies() throws {
        let zip = try Self.make("zip", eicar)
        let end = try #require(zip.indices.last { zip[$0...].starts(with: ZipSignatures.endOfDirectory) })
        var longComment = zip
        longComment.replaceSubrange(end + 20..<end + 22, with: [0xFF, 0xFF])
        var version = zip
        version[4] = 200
        for archive in try Self.archives() + [zip + [0], longComment + [0], version + [0]] {
            let decoy = Array("GIF89a".utf8) + [UInt8](repeating: 0x21, count: 100) + archive.prefix(32)
            let frame = [0x50, 0x2A, 0x4D, 0x18] + octets(archive.count, 4) + archive
            let result = Unpacked(try Self.make("zst", decoy) + frame, messageSize: 1 << 20)
            #expect(!result.places(of: eicar).isEmpty && result.kinds.contains(.ambiguous), "\(result.problems)")
        }
    }

    /// Many members that are such archives are no strays, however many there are.
    @Test func manyMembersAreNotStray() throws {
        let scratch = try Scratch(.memory)
        let zip = try Self.make("zip", Array("harmless".utf8))
        for number in 0..<100 { try write(zip, to: "\(scratch.path)/\(number).zip") }
        for format in ["ustar", "newc"] {
            let made = try runTool("sh", ["-c", "cd \(scratch.path) && bsdtar -cf - --format \(format) *.zip"])
            try #require(made.status == 0)
            let result = Unpacked(made.output, messageSize: 1 << 22)
            #expect(!result.isMarked, "\(result.problems)")
            let top = result.entries.filter { !$0.path.contains("/") }
            #expect(top.count == 100 && !top.contains { $0.flags.contains(.slack) })
        }
    }

    @Test func systemAreaOfAnImage() throws {
        var image = try Self.make("iso", Self.clean)
        for archive in try Self.archives() {
            image.replaceSubrange(512..<512 + archive.count, with: archive)
            expectFound(image, "iso")
        }
    }

    @Test func freeSectorsOfADisk() throws {
        let image = try Self.make("fat.img", Self.clean)
        let place = image.count / 512 / 2 * 512
        for archive in try Self.archives() {
            #expect(image[place..<place + archive.count].allSatisfy { $0 == 0 })
            var disk = image
            disk.replaceSubrange(place..<place + archive.count, with: archive)
            expectFound(disk, "disk")
        }
    }

    /// Members that are such archives are members, whether they stand in the file as they are or in a compression that stores
    /// what it cannot make smaller.
    @Test(arguments: [
        "stored.zip", "zip", "stored.7z", "libarchive.7z", "ustar.tar", "pax.tar", "newc.cpio", "odc.cpio", "ar", "iso",
        "udf.iso", "xar", "warc", "stored.arj", "fat.img", "vhd", "deb", "gz", "zst", "lz4", "xz", "bz2", "lzma",
    ])
    func membersAreNotStray(_ suffix: String) throws {
        guard let maker = GeneratorTests.makers.first(where: { $0.suffix == suffix }) else { return }
        var random = SeededGenerator(seed: 21)
        let noise = (0..<300_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        let scratch = try Scratch(.memory)
        try write(noise, to: "\(scratch.path)/noise")
        let made = try runTool("sh", ["-c", "cd \(scratch.path) && 7z a -mx=0 a.7z noise > log && cat a.7z"])
        try #require(made.status == 0)
        let small = HiddenArchiveTests.rar("b.txt", Array("harmless".utf8))
        let tar = try Self.make("ustar.tar", made.output)
        let zip = try Self.make("zip", Self.clean)
        for content in [small, made.output, tar, Self.clean + small, zip, try Self.make("cab", Self.clean)] {
            let file = try maker.make(content)
            let result = Unpacked(file, messageSize: 1 << 22)
            #expect(!result.isMarked && result.entries.contains { $0.content == content }, "\(result.problems)")
            let top = result.entries.filter { !$0.path.contains("/") }
            #expect(!top.contains { $0.flags.contains(.slack) && !$0.flags.contains(.quoted) })
        }
    }

    /// A member that has the first part of an archive does not hide the rest of it.
    @Test func membersThatResemble() throws {
        let hidden = HiddenArchiveTests.rar("b.com", eicar)
        var decoy = hidden
        decoy[decoy.count - 40] ^= 1
        var image = try Self.make("iso", decoy, name: "a.rar")
        image.replaceSubrange(512..<512 + hidden.count, with: hidden)
        let result = Unpacked(image, messageSize: 1 << 20)
        #expect(!result.places(of: eicar).isEmpty && result.kinds.contains(.ambiguous), "\(result.problems)")
    }
}
