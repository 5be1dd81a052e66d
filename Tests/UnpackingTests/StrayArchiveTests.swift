import Compression
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
        try [HiddenArchiveTests.rar("b.com", eicar), GeneratorTests.lha(eicar)]
            + ["7z", "cab", "arj"].map { try make($0, eicar) }
    }

    /// A frame that programs for Zstandard and LZ4 pass over.
    private static func frame(_ content: some Collection<UInt8>) -> [UInt8] {
        [0x50, 0x2A, 0x4D, 0x18] + octets(content.count, 4) + content
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
            let frame = Self.frame(archive)
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
        let frame = Self.frame(zip + [UInt8](repeating: 0x41, count: count))
        expectFound(try Self.make("zst", Self.clean) + frame, "zst")
    }

    /// The end record lies about the size of the directory: unzip finds it by its offset, 7-Zip by its headers.
    @Test(arguments: [-93, -46, -7, 7, 46, 1_000], [false, true]) func wrongSizeOfDirectory(
        _ difference: Int, _ isCountedFromFile: Bool
    ) throws {
        let writer = ZipWriter(
            entries: [ZipWriter.Entry("a.txt", Self.clean), ZipWriter.Entry("v.com", eicar)],
            prefix: Self.frame([]), offsetsIncludePrefix: isCountedFromFile)
        var zip = Array(writer.archive().dropFirst(8))
        let end = try #require(zip.indices.last { zip[$0...].starts(with: ZipSignatures.endOfDirectory) })
        let size = Int(zip[end + 12]) | Int(zip[end + 13]) << 8
        zip.replaceSubrange(end + 12..<end + 16, with: octets(max(0, size + difference), 4))
        expectFound(Self.frame(zip) + (try Self.make("zst", Self.clean)), "zst")
    }

    /// What nobody can read of an archive that begins as a member does may be another one's.
    @Test func methodsBehindWhatResembles() throws {
        var entry = ZipWriter.Entry("v.com", eicar)
        entry.method = 97
        let zip = ZipWriter(entries: [ZipWriter.Entry("a.txt", Self.clean), entry]).archive() + [0]
        let decoy = Array("GIF89a".utf8) + zip.prefix(1_100)
        let result = Unpacked(Self.frame(zip) + (try Self.make("zst", decoy)), messageSize: 1 << 20)
        #expect(result.kinds.contains(.unsupported), "\(result.problems)")
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
            let frame = Self.frame(archive)
            let result = Unpacked(try Self.make("zst", decoy) + frame, messageSize: 1 << 20)
            #expect(!result.places(of: eicar).isEmpty && result.kinds.contains(.ambiguous), "\(result.problems)")
        }
    }

    /// A member that is the first part of the stray archive, and is none itself or a whole one.
    @Test func membersThatAreTheStart() throws {
        let first = GeneratorTests.lha(Array("hello there\n".utf8)).dropLast()
        for archive in try Self.archives() + [Self.make("zip", eicar), first + GeneratorTests.lha(eicar)] {
            let cuts = [12, 32, 35, 36, 40, 60, first.count, archive.count - 1]
            for cut in cuts where cut < archive.count {
                let file = Self.frame(archive) + (try Self.make("zst", Array(archive.prefix(cut))))
                let result = Unpacked(file, messageSize: 1 << 20)
                #expect(!result.places(of: eicar).isEmpty, "\(archive.prefix(8)) \(cut): \(result.problems)")
                #expect(result.kinds.contains(.ambiguous), "\(archive.prefix(8)) \(cut): \(result.problems)")
            }
        }
    }

    /// One whose headers do not lead to an end is opened all the same, whatever a member begins with.
    @Test func archivesWithoutEnd() throws {
        for archive in [GeneratorTests.lha(eicar).dropLast(), try Self.make("stored.arj", eicar).dropLast(4)] {
            let frame = Self.frame(archive + [UInt8](repeating: 0x41, count: 40))
            for member in [Self.clean, Array(archive.prefix(40))] {
                let result = Unpacked(frame + (try Self.make("zst", member)), messageSize: 1 << 20)
                #expect(result.places(of: eicar).count == 1, "\(archive.prefix(8)): \(result.problems)")
            }
        }
    }

    /// Levels of headers of LHA: not all have a checksum.
    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"), arguments: 0...3)
    func headersOfLHA(_ level: Int) throws {
        let path = Corpora.files("libarchive").first { $0.hasSuffix("/test_read_format_lha_header\(level).lzh") }
        let archive = try Corpora.bytes(try #require(path))
        let names = Unpacked(archive, messageSize: 1 << 20).names
        try #require(names.count > 1)
        let result = Unpacked(Self.frame(archive) + (try Self.make("zst", Self.clean)), messageSize: 1 << 20)
        #expect(result.kinds == [.ambiguous] && names.allSatisfy(result.names.contains), "\(result.problems)")
        #expect(result.entries.first { $0.flags.contains(.slack) }?.content == archive)
    }

    /// Many members that are such archives are no strays, however many there are and whatever is in them.
    @Test(arguments: ["ustar", "newc"]) func manyMembersAreNotStray(_ format: String) throws {
        let scratch = try Scratch(.memory)
        for number in 0..<30 {
            let content = Array("this is harmless, \(number)\n".utf8)
            for suffix in ["zip", "cab", "stored.arj"] {
                try write(try Self.make(suffix, content), to: "\(scratch.path)/\(number).\(suffix)")
            }
            try write(GeneratorTests.lha(content), to: "\(scratch.path)/\(number).lzh")
        }
        // Archives of archives of them.
        let pack = "bsdtar -cf - --format \(format)"
        let made = try runTool(
            "sh", ["-c", "cd \(scratch.path) && \(pack) * > ../all && mv ../all a.all && \(pack) *"])
        try #require(made.status == 0)
        let result = Unpacked(made.output, messageSize: 1 << 22)
        #expect(!result.isMarked, "\(result.problems)")
        #expect(result.entries.filter { !$0.path.contains("/") }.count == 121)
        let strays = result.entries.filter { $0.flags.contains(.slack) }.map(\.path)
        #expect(strays.isEmpty, "\(result.problems)")
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
        "udf.iso", "xar", "warc", "stored.arj", "fat.img", "vhd", "deb", "cab", "gz", "zst", "lz4", "xz", "bz2", "lzma",
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
        let large = try Self.make("stored.zip", noise)
        for content in [small, made.output, tar, Self.clean + small, zip, large, try Self.make("cab", Self.clean)] {
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

    /// What weak compressions leave of archives as they were: an end record, the header of a small archive.
    @Test(
        .enabled(if: Corpora.isPresent, "needs the corpora beside the package"),
        arguments: [
            "lzop -q -1 -c", "lzop -q -9 -c", "lz4 -q -c", "lz4 -q -9 -c", "zstd -q -c -1", "zstd -q -c --fast=10",
        ])
    func weakCompressions(_ program: String) throws {
        let names = ["rar3-solid", "rar3-subdirs", "unicode"].map { "/rarfile/\($0).rar" }
        var contents = try Corpora.files("rarfile").filter { path in names.contains { "/\(path)".hasSuffix($0) } }.map {
            try Corpora.bytes($0)
        }
        try #require(contents.count == names.count)
        contents += try [Self.make("zip", Self.clean), Self.make("stored.zip", Self.clean)]
        contents += try contents.map { try Self.make("ustar.tar", $0, name: "a.rar") }
        for content in contents {
            let packed = try runTool("sh", ["-c", program], input: content)
            try #require(packed.status == 0)
            let result = Unpacked(packed.output, messageSize: 1 << 22)
            let (isThere, isMarked) = (result.entries.contains { $0.content == content }, result.isMarked)
            #expect(isThere && !isMarked, "\(content.count) \(result.problems)")
        }
    }

    /// A file of lzop with one block that is stored, in whose header a field holds something, or behind whose block stands some more.
    private static func lzop(_ content: [UInt8], name: [UInt8] = [], extra: [UInt8]? = nil) -> [UInt8] {
        func big(_ value: Int, _ count: Int) -> [UInt8] { octets(value, count).reversed() }
        let flags = extra == nil ? 0 : 0x40
        let fields =
            big(0x1040, 2) + big(0x20A0, 2) + big(0x0940, 2) + [1, 5] + big(flags, 4) + big(0o100644, 4) + big(0, 8)
            + [UInt8(name.count)] + name
        let field = extra.map { big($0.count, 4) + $0 + big(0, 4) } ?? []
        return LZOPData.mark + fields + big(Int(adler32(fields.span)), 4) + field + big(content.count, 4)
            + big(content.count, 4) + content + big(0, 4)
    }

    /// What stands outside of the blocks is no part of the content, whatever that begins or ends with.
    @Test func outsideOfBlocks() throws {
        #expect(!Unpacked(Self.lzop(Self.clean)).isMarked)
        let rar = HiddenArchiveTests.rar("b.com", eicar)
        for archive in [rar, try Self.make("zip", eicar), try Self.make("7z", eicar)] {
            let decoy = Self.clean + archive.prefix(40) + Self.clean + archive.suffix(22) + Self.clean
            var files = [Self.lzop(decoy, extra: archive)]
            if archive.count < 256 {
                files += [Self.lzop(decoy, name: archive), Self.lzop(decoy) + Self.lzop(decoy, name: archive)]
            }
            for suffix in ["zst", "lz4"] {
                let plain = try Self.make(suffix, decoy)
                files += [Self.frame(archive) + plain, plain + Self.frame(archive)]
                // A frame around what seems to be another.
                files.append(Self.frame(Self.frame([]) + archive) + plain)
            }
            for file in files {
                let result = Unpacked(file, messageSize: 1 << 20)
                #expect(!result.places(of: eicar).isEmpty, "\(result.problems)")
                // What looks like a zip archive itself is read as one.
                let isFound = result.problems.contains(ContainerProblem(.ambiguous, "archive beside members"))
                #expect(isFound || result.types.contains("zip"), "\(result.types) \(result.problems)")
            }
        }
    }

    /// A block of LZO ends with its octets: what stands behind its end is refused by lzop, too.
    @Test func behindTheEndOfABlock() {
        // A run of literals, and the end.
        let block = [17 + 8] + Array("harmless".utf8) + [0x11, 0, 0]
        #expect(LZO1X.decode(block.span, size: 8) == Array("harmless".utf8))
        #expect(LZO1X.decode((block + [0]).span, size: 8) == nil)
    }
}
