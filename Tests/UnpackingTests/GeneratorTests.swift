import Members
import TestSupport
import Testing

@testable import Unpacking

/// The test file of the anti-virus makers in every format that a program of Debian's writes, to every depth: always found.
/// `PairTests` has pairs.
@Suite(.serialized) struct GeneratorTests {
    /// A program that puts one file into a container.
    struct Maker: CustomTestStringConvertible, Sendable {
        /// The container's name ends with this.
        let suffix: String
        let program: String
        /// Arguments; `OUT` and `IN` stand for the files' names.
        let arguments: [String]
        var testDescription: String { "\(program) \(suffix)" }

        init(_ suffix: String, _ program: String, _ arguments: String) {
            self.suffix = suffix
            self.program = program
            self.arguments = arguments.split(separator: " ").map(String.init)
        }

        /// The container with `content` in it. Without the program the test is given up, and shown so.
        func make(_ content: [UInt8], name: String = "inner.bin") throws -> [UInt8] {
            guard GeneratorTests.installed(program) else { try Test.cancel("\(program) is missing: make test-deps") }
            let scratch = try Scratch(.memory)
            try write(content, to: "\(scratch.path)/\(name)")
            let container = "container.\(suffix)"
            let words = arguments.map { $0 == "OUT" ? container : $0.replacing("IN", with: name) }
            let result = try runTool(
                "sh",
                ["-c", "cd \(scratch.path) && \(program) \(words.joined(separator: " ")) && mv \(container) result"])
            guard result.status == 0 else { throw Failure(description: "\(testDescription): \(result)") }
            return try read("\(scratch.path)/result")
        }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static func installed(_ program: String) -> Bool {
        (try? runTool("sh", ["-c", "command -v \(program)"]).status) == 0
    }

    static let makers: [Maker] = [
        Maker("zip", "zip", "-q OUT IN > /dev/null"), Maker("stored.zip", "zip", "-q -0 OUT IN > /dev/null"),
        Maker("bz2.zip", "zip", "-q -Z bzip2 OUT IN > /dev/null"),
        Maker("deflate64.zip", "7z", "a -tzip -mm=deflate64 OUT IN > /dev/null"),
        Maker("lzma.zip", "7z", "a -tzip -mm=lzma OUT IN > /dev/null"),
        Maker("ppmd.zip", "7z", "a -tzip -mm=ppmd OUT IN > /dev/null"),
        Maker("7z", "7z", "a -t7z OUT IN > /dev/null"), Maker("stored.7z", "7z", "a -t7z -mx=0 OUT IN > /dev/null"),
        Maker("ppmd.7z", "7z", "a -t7z -m0=ppmd OUT IN > /dev/null"),
        Maker("bzip2.7z", "7z", "a -t7z -m0=bzip2 OUT IN > /dev/null"),
        Maker("libarchive.7z", "bsdtar", "-cf OUT --format 7zip IN"),
        Maker("ustar.tar", "bsdtar", "-cf OUT --format ustar IN"),
        Maker("pax.tar", "bsdtar", "-cf OUT --format pax IN"),
        Maker("gnu.tar", "tar", "--format=gnu -cf OUT IN"), Maker("v7.tar", "tar", "--format=v7 -cf OUT IN"),
        Maker("tgz", "tar", "-czf OUT IN"), Maker("tar.Z", "bsdtar", "-cZf OUT IN"),
        Maker("odc.cpio", "bsdtar", "-cf OUT --format odc IN"),
        Maker("newc.cpio", "bsdtar", "-cf OUT --format newc IN"),
        Maker("bin.cpio", "bsdtar", "-cf OUT --format bin IN"), Maker("ar", "ar", "rc OUT IN"),
        Maker("deb", "tar", "-cf data.tar IN && echo 2.0 > debian-binary && ar rc OUT debian-binary data.tar"),
        Maker("bsd.ar", "bsdtar", "-cf OUT --format arbsd IN"), Maker("xar", "bsdtar", "-cf OUT --format xar IN"),
        Maker("warc", "bsdtar", "-cf OUT --format warc IN"),
        Maker("libarchive.iso", "bsdtar", "-cf OUT --format iso9660 IN"),
        Maker("iso", "genisoimage", "-quiet -J -R -o OUT IN"),
        Maker("udf.iso", "genisoimage", "-quiet -udf -o OUT IN"), Maker("arj", "arj", "a -y OUT IN > /dev/null"),
        Maker("stored.arj", "arj", "a -y -m0 OUT IN > /dev/null"),
        // It makes eight characters and three of a name.
        Maker("arc", "arc", "an arc.arc IN > /dev/null && mv arc.arc OUT"),
        Maker("fast.arj", "arj", "a -y -m4 OUT IN > /dev/null"),
        Maker("gz", "gzip", "-c IN > OUT"), Maker("bz2", "bzip2", "-c IN > OUT"), Maker("xz", "xz", "-c IN > OUT"),
        Maker("lzma", "xz", "-c --format=lzma IN > OUT"), Maker("zst", "zstd", "-q -c IN > OUT"),
        Maker("lz4", "lz4", "-q -c IN > OUT"), Maker("lz", "lzip", "-c IN > OUT"),
        Maker("lzo", "lzop", "-q -c IN > OUT"), Maker("best.lzo", "lzop", "-q -9 --crc32 -c IN > OUT"),
        Maker(
            "zlib", "python3",
            "-c 'import zlib,sys;sys.stdout.buffer.write(zlib.compress(open(\"IN\",\"rb\").read()))' > OUT"),
        Maker("cab", "gcab", "-c OUT IN"), Maker("mszip.cab", "gcab", "-z -c OUT IN"),
        // What is encoded in text of the message itself is found by the MIME reader.
        Maker("uu.tar", "uuencode", "IN IN > text && tar -cf OUT text"),
        Maker(
            "eml", "base64",
            "IN > body && ( printf 'From: a@b.example\\nSubject: x\\nMIME-Version: 1.0\\nContent-Type: \(octetStream)\\nContent-Transfer-Encoding: base64\\n\\n' && cat body ) > OUT"
        ),
        Maker(
            "mbox", "base64",
            "IN > body && ( printf 'From a@b.example Mon Jan  1 00:00:00 2024\\nFrom: a@b.example\\nSubject: x\\nMIME-Version: 1.0\\nContent-Type: \(octetStream)\\nContent-Transfer-Encoding: base64\\n\\n' && cat body ) > OUT"
        ),
        Maker("fat.img", "mformat", "-i OUT -C -T \(sectors) :: && mcopy -i OUT IN ::IN"),
        Maker(
            "vhd", "mformat",
            "-i raw -C -T \(sectors) :: && mcopy -i raw IN ::IN && qemu-img convert -f raw -O vpc raw OUT"),
        Maker(
            "vhdx", "mformat",
            "-i raw -C -T \(sectors) :: && mcopy -i raw IN ::IN && qemu-img convert -f raw -O vhdx raw OUT"),
    ]
    /// The test file behind text: alone it does not compress, so that programs store it as it is.
    static let payload = (0..<200).flatMap { Array("line \($0)\n".utf8) } + eicar
    private static let octetStream = "application/octet-stream"
    /// What the file takes, and 2 MB for the file system.
    private static let sectors = "$(( $(stat -c %s IN) / 512 + 4096 ))"

    /// `make test-deps` installs them all: a maker that is left out tests nothing.
    @Test func everyProgramIsThere() {
        let missing = Set((Self.makers + PairTests.others).map(\.program) + ["qemu-img", "mcopy"]).filter {
            !Self.installed($0)
        }
        #expect(missing.isEmpty, "make test-deps installs what is missing")
    }

    @Test("F10: the test file in every format", arguments: makers) func everyFormat(_ maker: Maker) throws {
        let once = try maker.make(Self.payload)
        let result = Unpacked(once, messageSize: 1 << 20)
        #expect(!result.places(of: Self.payload).isEmpty, "\(result.types) \(result.problems)")
        #expect(!result.isMarked, "\(result.problems)")
        var content = once
        for _ in 1..<2 { content = try maker.make(content) }
        #expect(!Unpacked(content, messageSize: 1 << 20).places(of: Self.payload).isEmpty)
        for _ in 2..<5 { content = try maker.make(content) }
        #expect(!Unpacked(content, messageSize: 1 << 20).places(of: Self.payload).isEmpty)
    }

    /// Packages of Debian and of RPM with each of the compressions that they may have.
    @Test(arguments: ["gz", "bz2", "xz", "lzma", "zst"]) func compressedPackages(_ suffix: String) throws {
        func make(_ maker: String, _ content: [UInt8]) throws -> [UInt8] {
            try #require(Self.makers.first { $0.suffix == maker }).make(content)
        }
        let debian = Maker(
            "deb", "bsdtar",
            "-caf data.tar.\(suffix) IN && echo 2.0 > debian-binary && ar rc OUT debian-binary data.tar.\(suffix)")
        // The lead, and two headers without any field (RPM, "Package format").
        let header: [UInt8] = [0x8E, 0xAD, 0xE8, 1] + [UInt8](repeating: 0, count: 12)
        let lead = [0xED, 0xAB, 0xEE, 0xDB, 3, 0] + [UInt8](repeating: 0, count: 90)
        let rpm = lead + header + header + (try make(suffix, try make("newc.cpio", Self.payload)))
        for package in [try debian.make(Self.payload), rpm] {
            let result = Unpacked(package, messageSize: 1 << 20)
            #expect(!result.places(of: Self.payload).isEmpty && !result.isMarked, "\(result.types) \(result.problems)")
        }
    }

    /// A program is cut off anywhere: what is said is said, and nothing breaks.
    @Test(arguments: makers) func cutOffAnywhere(_ maker: Maker) throws {
        let text = (0..<200).flatMap { Array("line \($0)\n".utf8) }
        let whole = try maker.make(text + eicar)
        for length in stride(from: 0, to: whole.count, by: max(1, whole.count / 40)) {
            let result = Unpacked(Array(whole[..<length]), messageSize: 1 << 20)
            #expect(result.entries.count < 20)
        }
    }

    /// The UDF half of a bridge disk: the descriptors of ISO 9660 are taken away.
    @Test func universalDiskFormat() throws {
        let maker = Maker("iso", "genisoimage", "-quiet -udf -o OUT IN")
        var image = try maker.make(eicar, name: "файл.com")
        #expect(Set(Unpacked(image).types) == ["iso", "udf"])
        for sector in 16..<32 {
            let place = sector * 2048 + 1
            if Array(image[place..<place + 4]) == Array("CD00".utf8) { image[place] = 0 }
        }
        let result = Unpacked(image, messageSize: 1 << 20)
        #expect(result.types == ["udf"])
        #expect(result.names == ["файл.com"])
        #expect(result.places(of: eicar) == ["1"])
        #expect(result.isComplete && !result.isMarked)
        for archive in [HiddenArchiveTests.rar("b.com", eicar), zip([("b.com", eicar)])] {
            let behind = Unpacked(image + archive, messageSize: 1 << 20)
            #expect(behind.places(of: eicar).count >= 2 && behind.isMarked, "\(behind.problems)")
        }
        for length in stride(from: 0, to: image.count, by: 2048 * 7) {
            let cut = Unpacked(Array(image[..<length]), messageSize: 1 << 20)
            #expect(cut.isMarked || cut.types.isEmpty || !cut.places(of: eicar).isEmpty)
        }
    }

    /// A package as `dpkg-deb` writes it, with each of its compressions: the file lies in a tar archive in an ar archive.
    @Test(arguments: ["gzip", "xz", "zstd", "none"]) func debianPackages(_ compression: String) throws {
        let scratch = try Scratch(.memory)
        try write(eicar, to: "\(scratch.path)/inner.bin")
        let control = "Package: p\\nVersion: 1\\nArchitecture: all\\nMaintainer: p <p@example.org>\\nDescription: p\\n"
        let result = try runTool(
            "sh",
            [
                "-c",
                "cd \(scratch.path) && chmod 755 . && mkdir -p d/DEBIAN && printf '\(control)' >d/DEBIAN/control "
                    + "&& mv inner.bin d && dpkg-deb -Z\(compression) -b d result.deb 2>&1",
            ])
        guard result.status == 0 else { throw Failure(description: "\(result)") }
        let unpacked = Unpacked(try read("\(scratch.path)/result.deb"), messageSize: 1 << 20)
        #expect(unpacked.types == ["deb"])
        #expect(!unpacked.places(of: eicar).isEmpty, "\(unpacked.problems)")
        #expect(!unpacked.isMarked, "\(unpacked.problems)")
    }

    /// A package as `rpmbuild` writes it, with each of its compressions.
    @Test(arguments: ["w9.gzdio", "w9.bzdio", "w7.xzdio", "w19.zstdio", "w7.lzdio"]) func packages(_ payload: String)
        throws
    {
        let scratch = try Scratch(.memory)
        try write(Self.payload, to: "\(scratch.path)/inner.bin")
        let spec = """
            Name: p
            Version: 1
            Release: 1
            Summary: p
            License: p
            BuildArch: noarch
            %description
            %install
            install -D \(scratch.path)/inner.bin %{buildroot}/inner.bin
            %files
            /inner.bin
            """
        try write(Array(spec.utf8), to: "\(scratch.path)/p.spec")
        let result = try runTool(
            "sh",
            [
                "-c",
                "cd \(scratch.path) && rpmbuild --quiet -bb --define \"_topdir $PWD\" --define '_binary_payload \(payload)' p.spec "
                    + "2> log && mv RPMS/noarch/*.rpm result",
            ])
        guard result.status == 0 else {
            throw Failure(description: String(decoding: try read("\(scratch.path)/log"), as: UTF8.self))
        }
        let unpacked = Unpacked(try read("\(scratch.path)/result"), messageSize: 1 << 20)
        #expect(unpacked.types == ["rpm"])
        #expect(!unpacked.places(of: Self.payload).isEmpty, "\(unpacked.problems)")
        #expect(!unpacked.isMarked, "\(unpacked.problems)")
    }

    /// No program in Debian writes LHA archives: one stored member with a header of level 0. Samples have the others.
    static func lha(_ content: [UInt8], name: String = "inner.bin") -> [UInt8] {
        let name = Array(name.utf8)
        var sum = 0
        for byte in content {
            sum ^= Int(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xA001 : sum >> 1 }
        }
        var header = Array("-lh0-".utf8) + octets(content.count, 4) + octets(content.count, 4)
        header += [0, 0, 0x21, 0x58, 0x20, 0, UInt8(name.count)] + name + octets(sum, 2)
        return [UInt8(header.count), header.reduce(0, &+)] + header + content + [0]
    }

    @Test func storedLHA() throws {
        var content = eicar
        for depth in 1...5 {
            content = Self.lha(content)
            let result = Unpacked(content, messageSize: 1 << 20)
            #expect(result.types == ["lha"])
            #expect(result.places(of: eicar).count == 1 && !result.isMarked, "\(depth): \(result.problems)")
        }
    }

    /// The size of its header and the checksum may be the mark of compress(1).
    static func lhaThatBeginsAsCompress() throws -> [UInt8] {
        let archives = (UInt8(ascii: "A")...UInt8(ascii: "z")).flatMap { first in
            (UInt8(ascii: "A")...UInt8(ascii: "z")).map { second in
                lha(eicar, name: "inner.b" + String(decoding: [first, second], as: UTF8.self))
            }
        }
        return try #require(archives.first { $0.starts(with: [0x1F, 0x9D]) })
    }

    @Test func lhaAndCompress() throws {
        let archive = try Self.lhaThatBeginsAsCompress()
        let result = Unpacked(archive, messageSize: 1 << 20)
        #expect(Set(result.types) == ["Z", "lha"])
        #expect(!result.places(of: eicar).isEmpty && !result.isMarked, "\(result.problems)")
        var damaged = archive
        damaged[25] ^= 1
        #expect(Unpacked(damaged, messageSize: 1 << 20).kinds.contains(.corrupt))
    }

    @Test("F4: self-extracting programs") func selfExtractingPrograms() throws {
        var stub = [UInt8](repeating: 0x90, count: 5000)
        stub.replaceSubrange(0..<2, with: [0x4D, 0x5A])
        for suffix in ["zip", "7z", "arj"] {
            let maker = try #require(Self.makers.first { $0.suffix == suffix })
            let archive = try maker.make(eicar)
            let result = Unpacked(stub + archive)
            #expect(result.types.contains("exe-dos"))
            #expect(!result.places(of: eicar).isEmpty, "\(suffix)")
        }
    }

    @Test("F8: gzip members and what follows") func gzipMembersAndWhatFollows() throws {
        let maker = Maker("gz", "gzip", "-c IN > OUT")
        let harmless = try maker.make(Array("harmless".utf8))
        let second = try maker.make(eicar)
        #expect(Unpacked(harmless + second).places(of: eicar) == ["3"])
        let trailing = Unpacked(harmless + [1, 2, 3] + second)
        #expect(!trailing.places(of: eicar).isEmpty || trailing.isMarked)
        #expect(trailing.isMarked)
    }

    @Test func namesOfEveryKind() throws {
        let long = String(repeating: "n", count: 200) + ".txt"
        for suffix in ["zip", "7z", "pax.tar", "gnu.tar", "newc.cpio"] {
            let maker = try #require(Self.makers.first { $0.suffix == suffix })
            for name in [long, "файл.exe"] {
                let container = try maker.make(eicar, name: name)
                #expect(Unpacked(container).names.contains(name), "\(name) in \(suffix)")
            }
        }
    }
}

func write(_ bytes: [UInt8], to path: String) throws {
    let result = try runTool("sh", ["-c", "cat > \"$0\"", path], input: bytes)
    guard result.status == 0 else { throw GeneratorTests.Failure(description: "\(result)") }
}

func read(_ path: String) throws -> [UInt8] { try runTool("cat", [path]).output }
