import Members
import TestSupport
import Testing

@testable import Unpacking

/// Marks of archives among the constants, tables and words of honest files, which are nothing; and real archives whose headers
/// have the least that some program is content with, which are all found.
@Suite struct ProgramConstantTests {
    private static let code: [UInt8] = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 197 &+ 131) | 0x80 }
    private static let zeros = [UInt8](repeating: 0, count: 4096)
    /// A program, and data that nobody knows.
    private static let fronts: [[UInt8]] = [[0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + zeros, [0x1C, 4, 0x1E, 0xF1] + code]

    private static func text(_ words: String) -> [UInt8] { Array(words.utf8) }

    /// What 7-Zip, photorec, unar, fwupd, libmagic, LibreOffice, Java's archive of classes, libgsf and Linux's modules have: words,
    /// and octets in front of code, zeros or other words.
    private static let constants: [(words: String, octets: [UInt8])] = [
        ("WIM in code", joined(text("MSWIM\0\0\0"), [0xB8, 1, 0, 0, 0, 0x48, 0x39, 0x14, 0x24, 0x74, 0x23], code)),
        ("WIM with an odd chunk", joined(text("MSWIM\0\0\0"), numbers(0xD0, 1, 0, 0x2481), zeros)),
        ("WIM among words", joined(text("MSWIM\0\0\0wim swm esd ppkg"), zeros)),
        ("chm", joined(text("ITSF"), numbers(3, 0x60, 1), text("class\0Java Class\0"), code)),
        ("chm before zeros", joined(text("ITSF"), numbers(3, 0x60), zeros)),
        ("marks of NSIS", joined(numbers(14), markOfNSIS, markOfNSIS, numbers(0, 0), code)),
        ("NSIS before words", joined(numbers(0), markOfNSIS, numbers(256), text("Nsis\0.rar\0r01\0VolCRC"), code)),
        ("words about cabinets", cabinet(files: 9, folder: 0) + text("\u{1}") + code),
        ("cabinet without a folder of its files", cabinet(files: 1, folder: 1)),
        ("cabinet in code in front of wide words", wideWords),
        ("ACE", joined([UInt8](repeating: 0, count: 7), text("**ACE**"), zeros)),
        ("zip before zeros", joined(text("PK\u{3}\u{4}"), zeros)),
        ("split zip before zeros", joined(text("PK\u{7}\u{8}PK\u{3}\u{4}"), zeros)),
        (
            "zip among numbers",
            joined(
                text("PK\u{3}\u{4}"), [2, 0x12, 0, 2, 10, 0, 2, 4, 0, 2, 0, 0, 4], text("PK\u{7}\u{8}\u{2}\0\0\0\0"),
                [40, 0, 0, 0], text("BEST_COMPRESSION\0BEST_SPEED\0CENATT\0CENATX"), code)
        ),
        (
            "all marks of zip",
            joined(
                text("PK\u{3}\u{4}UT\u{5}\0PK\u{1}\u{2}PK\u{6}\u{6}PK\u{6}\u{7}PK\u{5}\u{6}PK\u{7}\u{8}"),
                [0x10, 0, 1, 0, 0xA4, 0x81, 0x2D, 3, 0xFF, 0xFF, 0xFF, 0xFF], text("\0\0\0\0GsfSharedMemory\0"), code)
        ),
        ("ext in a table", table(cluster: 1, blocks: 0x1EF52, files: 0x4C3C)),
        ("ext in a table of many", table(cluster: 2, blocks: 0x5EF4D, files: 0xCAD8)),
        ("ext in a table of none", table(cluster: 0, blocks: 0, files: 0x10)),
    ]

    /// A cabinet of two folders, of which the first is there, and one of the files that it should have.
    private static func cabinet(files: Int, folder: Int) -> [UInt8] {
        joined(
            text("MSCF' and got '%s"), [0x7F, 0x7F, 0x7F], numbers(0), octets(0, 2), octets(2, 2), octets(files, 2),
            octets(0, 6), numbers(100, 0, 0x7FFF_FFFF, 0), octets(0, 8), octets(folder, 2), octets(0, 6), text("a\0"))
    }

    /// What code that compares with the mark has for a header and folders, and words in UTF-16, each letter of which is a name.
    private static let wideWords: [UInt8] = joined(
        text("MSCF"), [0x0F, 0x84, 0x36, 3, 0, 0, 0x80, 0x7C, 0x24, 0x7C, 0x30, 0x0F], octets(4140, 4),
        [0, 0x45, 0x31, 0xC0, 0x48, 0x8D], octets(0x184, 2), octets(0x88, 2), octets(0, 6),
        (0..<512).flatMap { _ in numbers(4000, 0x1_0080) }, octets(0, 8),
        (0..<4096).flatMap { [UInt8(truncatingIfNeeded: 0x61 + $0 % 26), 0] })

    private static func joined(_ pieces: [UInt8]...) -> [UInt8] { pieces.flatMap { $0 } }

    private static func numbers(_ values: Int...) -> [UInt8] { values.flatMap { octets($0, 4) } }

    private static let markOfNSIS = StructureChecks.markOfNSIS

    /// Numbers where those of a superblock would be, of a group among them, and its mark.
    private static func table(cluster: Int, blocks: Int, files: Int, count: Int = 2) -> [UInt8] {
        let front = [UInt8](repeating: 0, count: 1024)
        return joined(
            front, numbers(count, 1, 0, 0, 0, 0, 2, cluster, blocks, 0, files, 0, 0, 0), [0x53, 0xEF, 1, 0], zeros)
    }

    @Test(arguments: constants) func areNothing(_ words: String, _ constant: [UInt8]) {
        for front in Self.fronts {
            let result = Unpacked(front + constant, messageSize: 1 << 20)
            #expect(result.entries.isEmpty && !result.isMarked, "\(words): \(result.types) \(result.problems)")
        }
    }

    /// A program whose own words have the marks is read as what it is, with an archive behind them all the same.
    @Test func archiveBehindConstants() throws {
        let all = Self.constants.flatMap(\.octets)
        let archive = zip([("a.com", eicar)])
        for front in Self.fronts {
            let result = Unpacked(front + all + archive, messageSize: 1 << 20)
            #expect(!result.places(of: eicar).isEmpty, "\(result.types)")
        }
    }

    // MARK: The least that is opened

    /// The oldest form has no parts; others have one of as many, a header of nearly any size, and chunks of a power of two.
    @Test(arguments: [(0x60, 0, 0, 0), (0x74, 1, 1, 0), (0xD0, 2, 3, 0x8000)])
    func leastWIM(_ size: Int, _ part: Int, _ parts: Int, _ chunk: Int) {
        let image = Self.joined(
            Self.text("MSWIM\0\0\0"), Self.numbers(size, 0, 0, chunk, 1, 2, 3, 4), octets(part, 2), octets(parts, 2),
            Self.zeros)
        for front in Self.fronts { #expect(Unpacked(front + image, messageSize: 1 << 20).kinds == [.unsupported]) }
    }

    /// 7-Zip opens one that is cut off, whatever it is compressed with.
    @Test func leastNSIS() throws {
        let deflated = try Self.deflated(octets(300, 4) + Self.code)
        let beginnings: [[UInt8]] = [
            octets(300, 4), [0x12, 3, 0, 0x80], [0x5D, 0, 0, 0x80, 0], [1, 0x5D, 0, 0, 0x80], [0x31, 9, 0x41, 0x59],
            deflated,
        ]
        for beginning in beginnings {
            let data = Self.joined(
                Self.numbers(0), Self.markOfNSIS, Self.numbers(300, 1 << 24), beginning, Self.code)
            #expect(Unpacked(Self.fronts[1] + data, messageSize: 1 << 20).kinds == [.unsupported], "\(beginning)")
        }
        // All that is stated is there: nothing more is asked for.
        let whole = Self.joined(Self.numbers(0), Self.markOfNSIS, Self.numbers(300, 64), Self.code)
        #expect(Unpacked(Self.fronts[1] + whole, messageSize: 1 << 20).kinds == [.unsupported])
    }

    /// What stands in gzip behind a header of ten octets and a name.
    private static func deflated(_ content: [UInt8]) throws -> [UInt8] {
        let file = try #require(GeneratorTests.makers.first { $0.suffix == "gz" }).make(content)
        let name = try #require(file.dropFirst(10).firstIndex(of: 0))
        return Array(file[(name + 1)...].dropLast(8))
    }

    /// Members that no directory lists, with names that end with a NUL or have control characters.
    @Test(arguments: ["a.com\0", "\u{1}a.com", "a\u{7F}\u{1B}.com"]) func leastZip(_ name: String) {
        let archive = ZipWriter(entries: [ZipWriter.Entry(name, eicar)]).archive()
        let local = archive.prefix(30 + name.utf8.count + eicar.count)
        for front in Self.fronts {
            let result = Unpacked(front + local + Self.code, messageSize: 1 << 20)
            #expect(!result.places(of: eicar).isEmpty && result.isMarked, "\(result.types)")
        }
    }

    /// A directory that programs find leads to a member whose own name nobody looks at.
    @Test(arguments: [0, 1, 60_000]) func directoryBehindOthers(_ count: Int) {
        var entry = ZipWriter.Entry("a\0b.com", eicar)
        entry.centralName = "a.com"
        let archive = ZipWriter(entries: [entry]).archive()
        let rest = [UInt8](repeating: 0xFE, count: count)
        for front in Self.fronts {
            let result = Unpacked(front + archive + rest, messageSize: 1 << 20)
            #expect(!result.places(of: eicar).isEmpty, "\(count): \(result.types)")
        }
    }

    /// A file system with one file a group, clusters of no size, and blocks of 4,096 octets.
    @Test(arguments: [0, 2, 16]) func leastExt(_ cluster: Int) {
        let disk = Self.table(cluster: cluster, blocks: 1, files: 1, count: 1)
        for front in Self.fronts { #expect(Unpacked(front + disk, messageSize: 1 << 20).kinds == [.unsupported]) }
    }

    /// The partition that a machine starts from stands behind the volume, as in images for sticks.
    @Test func partitionBehindImage() throws {
        var image = try #require(GeneratorTests.makers.first { $0.suffix == "iso" }).make(eicar)
        let volume = try #require(GeneratorTests.makers.first { $0.suffix == "fat.img" }).make(eicar)
        while image.count % 2048 != 0 { image.append(0) }
        #expect(!Unpacked(image, messageSize: 1 << 20).isMarked)
        let result = Unpacked(image + volume, messageSize: 1 << 20)
        #expect(result.places(of: eicar).count >= 2 && !result.isMarked, "\(result.problems)")
        let other = Unpacked(image + zip([("a.com", eicar)]), messageSize: 1 << 20)
        #expect(other.isMarked, "\(other.types)")
    }
}
