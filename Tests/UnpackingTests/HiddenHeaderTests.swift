import Bytes
import Members
import TestSupport
import Testing

@testable import Unpacking

/// Archives behind other content whose headers are odd or have short marks. What 7-Zip, unar, lha or cabextract take out of such a
/// file is the measure.
@Suite struct HiddenHeaderTests {
    /// What stands in front: a line, a picture, documents, a sound, nothing that anybody knows.
    private static let fronts: [[UInt8]] = [
        [0x0A], Array("GIF89a".utf8) + (6..<300).map { UInt8($0 % 199 + 1) },
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + (8..<300).map { UInt8($0 % 199 + 1) },
        Array("%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n".utf8), Array("{\\rtf1 words}".utf8),
        Array("<html><body>words</body></html>\n".utf8), Array("ID3\u{3}\0\0\0\0\0\0".utf8), [1, 2, 0xFE, 0x80],
    ]

    private static func expectFound(_ archive: [UInt8], _ type: String, _ words: String) {
        for (number, front) in fronts.enumerated() {
            let result = Unpacked(front + archive, messageSize: 1 << 20)
            #expect(!result.places(of: eicar).isEmpty, "\(words), front \(number): \(result.entries.map(\.types))")
            #expect(result.entries.first?.types == [type], "\(words), front \(number)")
        }
    }

    private static func make(_ suffix: String, _ content: [UInt8]) throws -> [UInt8] {
        try #require(GeneratorTests.makers.first { $0.suffix == suffix }).make(content)
    }

    // MARK: RAR 2 to 4

    /// A comment of old style stands in the archive's header, which may have any octets more.
    @Test func headersOfRAR() {
        let rest = Rar4Writer.member("b.com", eicar) + Rar4Writer.end
        let nothing = [UInt8](repeating: 0, count: 6)
        let comment = Rar4Writer.block(0x75, 0, octets(5, 2) + [15, 0x30, 0, 0] + Array("hello".utf8))
        // Its checksum is that of the 13 octets in front of the comment.
        var short = [0x73] + octets(2, 2) + octets(13 + comment.count, 2) + nothing
        short = octets(Int(HiddenArchiveTests.checksum(short)) & 0xFFFF, 2) + short + comment
        let long = Rar4Writer.block(0x73, 0, nothing + [UInt8](repeating: 7, count: 300))
        let headers = [
            ("comment", short), ("comment with another checksum", Rar4Writer.block(0x73, 2, nothing + comment)),
            ("long", long), ("wrong checksum", [long[0] ^ 1] + long.dropFirst()), ("none", []),
        ]
        for (words, header) in headers { Self.expectFound(Rar4Writer.mark + header + rest, "rar", words) }
    }

    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func commentsOfRAR2() throws {
        let path = Corpora.files("rarfile").first { $0.hasSuffix("/rar202-comment-nopsw.rar") }
        let archive = try Corpora.bytes(try #require(path))
        #expect(Unpacked([0x0A] + archive, messageSize: 1 << 20).names == ["FILE1.TXT", "FILE2.TXT"])
    }

    // MARK: LHA

    @Test func headersOfLHA() throws {
        Self.expectFound(GeneratorTests.lha(eicar), "lha", "level 0")
        // Where compress(1) has its mark.
        let result = Unpacked(Self.fronts[1] + (try GeneratorTests.lhaThatBeginsAsCompress()), messageSize: 1 << 20)
        #expect(!result.places(of: eicar).isEmpty)
        // Without its checksum no program finds it.
        var damaged = GeneratorTests.lha(eicar)
        damaged[1] ^= 1
        #expect(Unpacked(Self.fronts[1] + damaged).entries.isEmpty)
    }

    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"), arguments: 0..<4)
    func levelsOfLHA(_ level: Int) throws {
        let path = Corpora.files("libarchive").first { $0.hasSuffix("/test_read_format_lha_header\(level).lzh") }
        let archive = try Corpora.bytes(try #require(path))
        let names = Unpacked(archive, messageSize: 1 << 20).names
        let result = Unpacked(Self.fronts[1] + archive, messageSize: 1 << 20)
        #expect(result.names == names && names.count > 1 && !result.isMarked, "\(result.problems)")
    }

    // MARK: Cabinets

    private static func cabinet(
        size: Int? = nil, reserved: Int = 0, files: Int? = nil, version: [UInt8] = [3, 1], folders: Int = 1,
        flags: Int = 0
    ) -> [UInt8] {
        let file = octets(eicar.count, 4) + octets(0, 6) + octets(0x5A21, 2) + octets(0x20, 4) + Array("b.com\0".utf8)
        let data = 44 + file.count
        let whole = data + 8 + eicar.count
        var out = Array("MSCF".utf8) + octets(reserved, 4) + octets(size ?? whole, 4) + octets(0, 4)
        out += octets(files ?? 44, 4) + octets(0, 4) + version + octets(folders, 2) + octets(1, 2) + octets(flags, 2)
        out += octets(1, 4) + octets(data, 4) + octets(1, 2) + octets(0, 2) + file
        return out + octets(0, 4) + octets(eicar.count, 2) + octets(eicar.count, 2) + eicar
    }

    /// Sizes, reserved fields and versions say nothing to the programs, and to some not where the files are either.
    @Test func headersOfCabinets() {
        let archives = [
            ("as it should be", Self.cabinet()), ("size", Self.cabinet(size: 5000)),
            ("largest size", Self.cabinet(size: 0xFFFF_FFFF)), ("reserved", Self.cabinet(reserved: 0x0403_0201)),
            ("reserved and size", Self.cabinet(size: 5000, reserved: 1)), ("version", Self.cabinet(version: [9, 9])),
            ("reserved and version", Self.cabinet(reserved: 1, version: [0x41, 0x41])),
            ("place of the files", Self.cabinet(files: 0)), ("flags", Self.cabinet(reserved: 1, flags: 8)),
        ]
        for (words, archive) in archives {
            let alone = Unpacked(archive, messageSize: 1 << 20)
            #expect(alone.types == ["cab"] && !alone.places(of: eicar).isEmpty, "\(words)")
            Self.expectFound(archive, "cab", words)
        }
    }

    /// The first block tells, where the header does not, in each compression.
    @Test(
        .enabled(if: Corpora.isPresent, "needs the corpora beside the package"),
        arguments: ["test_read_format_cab_1", "test_read_format_cab_2", "test_read_format_cab_3"])
    func blocksOfCabinets(_ name: String) throws {
        let path = Corpora.files("libarchive").first { $0.hasSuffix("/\(name).cab") }
        var archive = try Corpora.bytes(try #require(path))
        let names = Unpacked(archive, messageSize: 1 << 20).names
        archive[5] = 0x84
        let result = Unpacked(Self.fronts[1] + archive, messageSize: 1 << 20)
        #expect(result.names == names && names.count > 1 && !result.isMarked, "\(result.problems)")
        // Behind what would be a block of it, no program goes on.
        let start = Int(archive[36]) | Int(archive[37]) << 8
        archive[start + 7] = 0xFF
        #expect(Unpacked(Self.fronts[1] + archive, messageSize: 1 << 20).entries.isEmpty)
    }

    /// Its four letters begin words, too.
    @Test func textIsNoCabinet() {
        let text = Array("MSCF ".utf8) + (0..<120_000).map { UInt8(ascii: "a") + UInt8($0 % 25) }
        #expect(Unpacked(text).types == ["asc"])
        let mixed = [1, 2, 0xFE] + text + text + [0, 1, 2]
        #expect(Unpacked(mixed).entries.isEmpty && !Unpacked(mixed).isMarked)
    }

    // MARK: ARJ

    /// unar reads the headers of members, whatever stands where that of the archive should.
    @Test(
        .enabled(if: GeneratorTests.installed("arj"), "make test-deps installs arj"), arguments: ["arj", "stored.arj"])
    func archiveHeaderOfARJ(_ suffix: String) throws {
        let archive = try Self.make(suffix, eicar)
        // Mark, size, header, checksum; no further header.
        let first = 10 + Int(archive[2]) + Int(archive[3]) << 8
        let members = Array(archive[first...])
        #expect(members.starts(with: [0x60, 0xEA]))
        let broken = [
            ("octet", [0] + archive[1...]), ("none", members), ("checksum", archive[..<30] + [0x55] + archive[31...]),
        ]
        for (words, archive) in broken {
            for front in [[]] + Self.fronts {
                let result = Unpacked(front + archive, messageSize: 1 << 20)
                #expect(!result.places(of: eicar).isEmpty, "\(words), \(front.count): \(result.entries.map(\.types))")
                #expect(result.kinds == [.corrupt], "\(words), \(front.count): \(result.problems)")
            }
        }
        // Two archives, the first without its end.
        let two = Unpacked(archive.dropLast(4) + archive, messageSize: 1 << 20)
        #expect(two.entries.filter { $0.content == eicar }.count == 2 && !two.isMarked, "\(two.problems)")
    }

    // MARK: BinHex

    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package")) func binHex() throws {
        let path = Corpora.files("clamav-testfiles").first { $0.hasSuffix("/clam.exe.binhex") }
        let file = try Corpora.bytes(try #require(path))
        let place = file.span.firstIndex(of: Array("(This file must be".utf8))
        let text = Array(file[try #require(place)...])
        for front in Self.fronts + [Array("MZ".utf8) + [UInt8](repeating: 0, count: 99)] {
            let result = Unpacked(front + text, messageSize: 1 << 20)
            #expect(Set(result.names) == ["clam.exe"] && !result.isMarked, "\(front.count): \(result.problems)")
            // It hides nothing that stands behind it.
            let hidden = Unpacked(front + text + HiddenArchiveTests.rar("b.com", eicar), messageSize: 1 << 20)
            #expect(hidden.names.contains("clam.exe") && !hidden.places(of: eicar).isEmpty, "\(front.count)")
        }
        // Programs have its line, and the colon, among their constants.
        for constant in [
            text.prefix(44) + [0], text.prefix(50) + [0], text.prefix(50) + Array("words of a program".utf8),
        ] {
            let result = Unpacked([0x7F, 0x45, 0x4C, 0x46, 2, 0] + constant + [0, 0xFE, 1], messageSize: 1 << 20)
            #expect(result.entries.isEmpty && !result.isMarked, "\(result.problems)")
        }
    }

    // MARK: Installers and compiled HTML help

    /// The data of an installer without its program, which other programs take apart.
    @Test func headerOfNSIS() {
        let header = octets(0, 4) + StructureChecks.markOfNSIS + octets(300, 4) + octets(400, 4)
        let data = header + (0..<400).map { UInt8($0 % 199 + 1) }
        for front in [[]] + Self.fronts {
            let result = Unpacked(front + data, messageSize: 1 << 20)
            #expect(result.kinds == [.unsupported] && result.problems.count == 1, "\(result.problems)")
        }
        // Behind a program it is one with that.
        let program = Unpacked(Array("MZ".utf8) + [UInt8](repeating: 1, count: 600) + data, messageSize: 1 << 20)
        #expect(program.kinds == [.unsupported] && program.entries.isEmpty, "\(program.problems)")
        // The words alone.
        let words = Unpacked([1, 2, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF] + StructureChecks.markOfNSIS + data.dropFirst(28))
        #expect(!words.isMarked && words.entries.isEmpty)
    }

    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func compiledHelp() throws {
        let help = try Corpora.bytes(
            try #require(Corpora.files("clamav-testfiles").first { $0.hasSuffix("/clam.chm") }))
        let alone = Unpacked(help, messageSize: 1 << 20)
        for front in Self.fronts {
            let result = Unpacked(front + help, messageSize: 1 << 20)
            #expect(result.entries.first?.types == ["chm"] && result.names == alone.names, "\(result.names)")
        }
        let letters = Unpacked([1, 2, 0xFE] + Array("ITSF".utf8) + octets(9, 4) + octets(0x60, 4) + Self.fronts[1])
        #expect(!letters.isMarked && letters.entries.isEmpty)
    }

    // MARK: cpio and ISO 9660

    @Test func binaryCPIO() throws {
        let little = try Self.make("bin.cpio", eicar)
        #expect(little.starts(with: [0xC7, 0x71]))
        // The words of each header the other way round.
        var big = little
        var place = 0
        while place < big.count, big[place] == 0xC7 {
            for index in stride(from: place, to: place + 26, by: 2) { big.swapAt(index, index + 1) }
            let (name, size) = (Int(little[place + 20]), Int(little[place + 24]))
            place += 26 + (name + 1) & ~1 + (size + 1) & ~1
        }
        Self.expectFound(little, "cpio", "low octet first")
        Self.expectFound(big, "cpio", "high octet first")
    }

    @Test(arguments: ["iso", "libarchive.iso"]) func image(_ suffix: String) throws {
        var image = try Self.make(suffix, eicar)
        #expect(Unpacked([0x0A] + image, messageSize: 1 << 20).entries.first?.types == ["iso"])
        // Whatever stands in the sectors that belong to the system.
        image.replaceSubrange(0..<3, with: [0x1F, 0x9D, 0x90])
        #expect(!Unpacked(Self.fronts[1] + image, messageSize: 1 << 20).places(of: eicar).isEmpty)
    }

    /// An image covers nothing that stands between its files: a script unpacks what it knows the place of.
    @Test func archiveWithinAnImage() throws {
        var image = try Self.make("iso", Array("clean text\n".utf8))
        let tar = try Self.make("ustar.tar", eicar)
        image.replaceSubrange(1024..<1024 + tar.count, with: tar)
        let script = Array("#!/bin/sh\ntail -c +1100 \"$0\" | tar xf - && ./run; exit\n".utf8)
        #expect(!Unpacked(script + image, messageSize: 1 << 20).places(of: eicar).isEmpty)
    }

    /// Noise full of marks has no archive in it.
    @Test func marksInNoise() {
        var random = SeededGenerator(seed: 13)
        let marks: [[UInt8]] = [
            Rar4Writer.mark, Array("MSCF".utf8), Array("MSCF\0\0\0\0".utf8), Array("-lh5-".utf8), [0xC7, 0x71],
            [0x71, 0xC7], Array("\u{1}CD001\u{1}".utf8),
        ]
        var noise: [UInt8] = [0x47, 0x49, 0x46, 0x38, 0x39, 0x61]
        for _ in 0..<300 {
            for mark in marks {
                noise += mark
                for _ in 0..<Int.random(in: 0..<100, using: &random) {
                    noise.append(UInt8.random(in: 0...255, using: &random))
                }
            }
        }
        let result = Unpacked(noise, messageSize: 1 << 20)
        #expect(result.entries.isEmpty && !result.isMarked, "\(result.entries.map(\.types)) \(result.problems)")
    }
}
