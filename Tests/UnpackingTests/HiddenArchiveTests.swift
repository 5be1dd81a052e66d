import Members
import TestSupport
import Testing

@testable import Unpacking

/// Archives behind and in front of others, where one program sees the one and another program the other.
@Suite(.serialized) struct HiddenArchiveTests {
    private static let clean = Array("clean text\n".utf8)
    private static let noise: [UInt8] = [1, 2, 0xFE] + (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 37 | 128) }

    private static func make(_ suffix: String, _ content: [UInt8]) throws -> [UInt8] {
        try #require(GeneratorTests.makers.first { $0.suffix == suffix }).make(content)
    }

    /// RAR 5 with one stored member.
    static func rar(_ name: String, _ content: [UInt8]) -> [UInt8] {
        func block(_ body: [UInt8], _ data: [UInt8] = []) -> [UInt8] {
            let header = [UInt8(body.count)] + body
            return octets(Int(checksum(header)), 4) + header + data
        }
        // Seven bits each, the low ones first.
        var size: [UInt8] = []
        var left = content.count
        while left >= 0x80 {
            size.append(UInt8(left & 0x7F) | 0x80)
            left >>= 7
        }
        size.append(UInt8(left))
        var file: [UInt8] = [2, 2] + size + [4] + size + [0x20] + octets(Int(checksum(content)), 4)
        file += [0, 1, UInt8(name.utf8.count)] + Array(name.utf8)
        return [0x52, 0x61, 0x72, 0x21, 0x1A, 0x07, 0x01, 0x00] + block([1, 0, 0]) + block(file, content)
            + block([5, 0, 0])
    }

    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var sum = UInt32.max
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        return ~sum
    }

    private static let fronts = [
        "zip", "7z", "libarchive.7z", "ustar.tar", "pax.tar", "gnu.tar", "newc.cpio", "odc.cpio", "arj", "stored.arj",
        "gz", "bz2", "xz", "lzma", "zst", "lz4", "lz",
    ]

    @Test(arguments: fronts) func archiveBehindAnArchive(_ front: String) throws {
        let front = try Self.make(front, Self.clean)
        var behind = [("rar", Self.rar("b.com", eicar))]
        for suffix in ["7z", "arj", "ustar.tar", "gz"] {
            behind.append((suffix, try Self.make(suffix, eicar)))
        }
        for (suffix, archive) in behind {
            let result = Unpacked(front + archive, messageSize: 1 << 20)
            #expect(!result.places(of: eicar).isEmpty || result.isMarked, "\(suffix)")
            #expect(!result.isComplete || !result.places(of: eicar).isEmpty, "\(suffix)")
            // Behind octets that are nothing, only archives with marks of their own are looked for.
            guard ["rar", "7z", "arj"].contains(suffix) else { continue }
            let apart = Unpacked(front + Self.noise + archive, messageSize: 1 << 20)
            #expect((!apart.places(of: eicar).isEmpty || apart.isMarked) && !apart.isComplete, "\(suffix)")
        }
    }

    @Test func archiveBehindPadding() throws {
        let (first, second) = (try Self.make("ustar.tar", Self.clean), try Self.make("v7.tar", eicar))
        for padding in [[], [UInt8](repeating: 0, count: 20_480), [UInt8](repeating: 0x0A, count: 2000)] {
            let result = Unpacked(first + padding + second, messageSize: 1 << 20)
            #expect(!result.places(of: eicar).isEmpty && !result.isComplete)
            #expect(result.kinds == [.ambiguous])
        }
    }

    /// What honest programs leave behind an archive: padding, and signatures that no reader knows.
    @Test(arguments: ["7z", "ustar.tar", "newc.cpio", "arj", "bz2", "lzma", "lz4", "lz"])
    func honestTailsAreNothing(_ front: String) throws {
        let front = try Self.make(front, eicar)
        let paddings: [[UInt8]] = [[0], [UInt8](repeating: 0, count: 10_240), [UInt8](repeating: 0x0A, count: 60)]
        for padding in paddings {
            let padded = Unpacked(front + padding, messageSize: 1 << 20)
            #expect(!padded.isMarked && padded.isComplete, "\(padded.problems)")
        }
        let signed = Unpacked(front + Self.noise, messageSize: 1 << 20)
        #expect(!signed.isMarked && !signed.isComplete, "\(signed.problems)")
        #expect(signed.entries.contains { $0.flags.contains(.slack) && $0.content == Self.noise })
    }

    @Test func archiveBehindADocument() throws {
        let page = Array("<html><body>words</body></html>".utf8) + [UInt8](repeating: 0x20, count: 1100)
        let pdf = Array("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n".utf8)
        let text = [UInt8](repeating: 0x41, count: 1100) + [0x0A]
        for front in [page, pdf, text, [0xFF, 0xFE] + text, [0x47, 0x49, 0x46, 0x38, 0x39, 0x61] + Self.noise] {
            let rar = Unpacked(front + Self.rar("b.com", eicar), messageSize: 1 << 20)
            #expect(!rar.places(of: eicar).isEmpty, "\(rar.types)")
            let archive = try Self.make("7z", eicar)
            #expect(!Unpacked(front + archive, messageSize: 1 << 20).places(of: eicar).isEmpty)
        }
    }

    /// Compressed files behind pictures and pages are opened, and marks of such are octets of the picture.
    @Test(arguments: ["gz", "bz2", "xz", "zst", "lz4", "lz", "lzo"]) func streamBehindMedia(_ suffix: String) throws {
        let stream = try Self.make(suffix, eicar)
        let page = Array("<html><body>words</body></html>\n".utf8)
        let fronts: [[UInt8]] = [
            [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + Self.noise, [0xFF, 0xD8, 0xFF, 0xE0] + Self.noise, page,
        ]
        for front in fronts {
            let result = Unpacked(front + stream, messageSize: 1 << 20)
            #expect(!result.places(of: eicar).isEmpty && !result.isMarked, "\(result.types) \(result.problems)")
            let mark = Unpacked(front + stream.prefix(5) + Self.noise, messageSize: 1 << 20)
            #expect(!mark.isMarked && mark.places(of: eicar).isEmpty, "\(mark.problems)")
        }
    }

    /// A mark near the end of the content has less behind it than its header is long.
    @Test func marksNearTheEnd() {
        let front: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + Self.noise
        var read = 0
        for mark in HiddenStreams.marks.map(\.bytes) + Signature.table.filter({ $0.offset == 0 }).map(\.bytes) {
            for count in 0...48 {
                for octet: UInt8 in [0x61, 0] {
                    let tail = [UInt8](repeating: octet, count: count)
                    read += Unpacked(front + mark + tail, messageSize: 1 << 16).places(of: eicar).isEmpty ? 1 : 0
                    read += Unpacked(mark + tail, messageSize: 1 << 16).places(of: eicar).isEmpty ? 1 : 0
                }
            }
        }
        #expect(read >= HiddenStreams.marks.count * 49 * 4)
    }

    /// Programs take all of the content out of a stream whose checksum is wrong, wherever it begins.
    @Test(arguments: [("gz", -6), ("bz2", -2), ("xz", -14), ("zst", -1), ("lz4", -1), ("lz", -18)])
    func wrongChecksums(_ suffix: String, _ place: Int) throws {
        let content = Array(repeating: Array("words that repeat; ".utf8), count: 20).flatMap(\.self) + eicar
        var stream = try Self.make(suffix, content)
        stream[stream.count + place] ^= 0x55
        let fronts: [[UInt8]] = [
            [], [0x0A], Self.noise, Array("GIF89a".utf8) + Self.noise, Array("MZ".utf8) + Self.noise,
        ]
        for front in fronts {
            let result = Unpacked(front + stream, messageSize: 1 << 20)
            #expect(!result.places(of: content).isEmpty, "\(front.prefix(3)) \(result.problems)")
            // In data that nobody knows it may be a piece.
            if front.first != 0x0A, front != Self.noise { #expect(result.isMarked, "\(front.prefix(3))") }
        }
        // A damaged one hides nothing behind it.
        let rar = Self.rar("b.com", eicar)
        let hidden = Unpacked(fronts[3] + stream + Self.noise + rar, messageSize: 1 << 20)
        #expect(!hidden.places(of: eicar).isEmpty)
    }

    /// Deflated data that came to its end is enough, behind media too: small, with a wrong checksum or without all of it.
    @Test func checksumsThatAreCutOff() throws {
        for suffix in ["gz", "bz2"] {
            let stream = try Self.make(suffix, eicar)
            var wrong = stream
            wrong[stream.count - 6] ^= 0x55
            for front in [[0x0A], Array("GIF89a".utf8) + Self.noise, Array("MZ".utf8) + Self.noise] {
                for stream in [wrong, stream.dropLast(1), stream.dropLast(8)] {
                    let result = Unpacked(front + stream, messageSize: 1 << 20)
                    #expect(!result.places(of: eicar).isEmpty, "\(suffix), \(front.count), \(stream.count)")
                }
            }
        }
    }

    /// xar with a header that is longer, or of version 0.
    @Test func headersOfXAR() throws {
        let archive = try Self.make("xar", eicar)
        var old = archive
        old[7] = 0
        let long = archive[..<5] + [32] + archive[6..<28] + [0, 0, 0, 0] + archive[28...]
        for archive in [old, Array(long)] {
            // libarchive does not read it: nothing passes unmarked.
            #expect(Unpacked([0x0A] + archive, messageSize: 1 << 20).kinds == [.corrupt])
        }
        #expect(Unpacked([1, 2, 0xFE] + Array("xar!".utf8) + [0, 28, 0, 1] + Self.noise).entries.isEmpty)
    }

    @Test func archiveInFrontOfAZip() throws {
        let behind = zip([("c.txt", Self.clean)])
        #expect(!Unpacked(Self.noise + Self.rar("b.com", eicar) + behind).places(of: eicar).isEmpty)
        for suffix in ["7z", "arj"] {
            let archive = try Self.make(suffix, eicar)
            let result = Unpacked(Self.noise + archive + behind, messageSize: 1 << 20)
            #expect(!result.places(of: eicar).isEmpty && !result.isComplete)
        }
    }

    /// Each is taken by itself, at one level: many are no deep nesting.
    @Test func manyArchives() {
        func content(_ count: Int, behind front: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]) -> [UInt8] {
            front + Self.noise + (0..<count).flatMap { _ in Self.rar("b.com", eicar) + Self.noise }
        }
        let most = Unpacked(content(ContainerLimits().hiddenArchives), messageSize: 1 << 20)
        #expect(most.places(of: eicar).count == ContainerLimits().hiddenArchives && !most.isMarked, "\(most.problems)")
        #expect(Unpacked(content(ContainerLimits().hiddenArchives + 1), messageSize: 1 << 20).kinds == [.overLimits])
        // Nobody opens all that stands among data.
        let data = Unpacked(content(ContainerLimits().hiddenArchives + 1, behind: []), messageSize: 1 << 20)
        #expect(data.places(of: eicar).count == ContainerLimits().hiddenArchives && !data.isMarked)
        #expect(data.problems == [ContainerProblem(.note, "archives behind other content")])
    }

    /// Archives within a tar are its members and are taken once.
    @Test func membersAreNoHiddenArchives() throws {
        let tar = try Self.make("ustar.tar", Self.rar("b.com", eicar))
        let result = Unpacked(tar, messageSize: 1 << 20)
        #expect(result.places(of: eicar) == ["1/1"])
        #expect(!result.isMarked && result.isComplete)
    }

    /// As makeself and its like write them: a script, and behind its last line a compressed tar archive.
    @Test(arguments: [
        "gz", "bz2", "xz", "zst", "lz4", "lz", "lzo", "lzma", "tar.Z", "ustar.tar", "xar", "newc.cpio", "odc.cpio",
    ])
    func selfExtractingScripts(_ suffix: String) throws {
        let isArchive = ["ustar.tar", "xar", "newc.cpio", "odc.cpio", "tar.Z"].contains(suffix)
        let tar = try Self.make("ustar.tar", eicar)
        let archive = isArchive ? try Self.make(suffix, eicar) : try Self.make(suffix, tar)
        let script = Array("#!/bin/sh\ntail -n +4 \"$0\" | tar xzf - && ./run; exit\n# 7z, gzip\n".utf8)
        let batch = Array("@echo off\r\nfindstr /v x %0 > a & goto :end\r\n".utf8)
        let program: [UInt8] = [0x7F, 0x45, 0x4C, 0x46] + Self.noise
        for front in [script, batch, program, Self.noise] {
            let result = Unpacked(front + archive, messageSize: 1 << 20)
            #expect(!result.places(of: eicar).isEmpty, "\(result.types) \(result.problems)")
            #expect(!result.isMarked, "\(result.problems)")
            // Behind a harmless one, and in front of what belongs to no archive; compress(1) goes on to the end of its file.
            let tail = suffix == "tar.Z" ? [] : Self.noise
            let decoy = try Self.make("gz", Self.clean)
            let second = Unpacked(front + decoy + Self.noise + archive + tail, messageSize: 1 << 20)
            #expect(!second.places(of: eicar).isEmpty, "\(second.types) \(second.problems)")
        }
        // Cut off, it is opened as far as it goes, and marked.
        let long = try Self.make("ustar.tar", (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) })
        guard !isArchive else { return }
        let whole = try Self.make(suffix, long)
        let cut = Unpacked(script + whole.prefix(whole.count / 2), messageSize: 1 << 20)
        // Of LZ4 a block that is not there as a whole is no sign.
        #expect(cut.isMarked || suffix == "lz4", "\(cut.entries)")
    }

    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"), arguments: 0..<3)
    func selfExtractingLHA(_ level: Int) throws {
        let path = Corpora.files("libarchive").first { $0.hasSuffix("/test_read_format_lha_header\(level).lzh") }
        let archive = try Corpora.bytes(try #require(path))
        let members = Unpacked(archive, messageSize: 1 << 20).entries.map(\.content)
        var program: [UInt8] = [0x4D, 0x5A] + [UInt8](repeating: 0, count: 62) + Self.noise
        program += Array("-lh5- LHA's SFX".utf8)
        let result = Unpacked(program + archive, messageSize: 1 << 20)
        #expect(result.entries.dropFirst().map(\.content) == members && members.count > 1, "\(result.types)")
        #expect(!result.isMarked, "\(result.problems)")
    }

    /// Programs that pack have the heads of archives, and names of methods, among their constants.
    @Test func constantsOfPrograms() {
        let heads: [[UInt8]] = [
            [0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 0, 3], [0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 4, 255],
            [0x50, 0x4B, 3, 4, 0x0F, 0x84, 0xC9, 0, 0, 0], [0x52, 0x61, 0x72, 0x21, 0x1A, 7, 1, 0],
            [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], [0x28, 0xB5, 0x2F, 0xFD], Array("-lh5-".utf8), Array("ustar".utf8),
            [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C, 0, 4],
        ]
        var program: [UInt8] = [0x7F, 0x45, 0x4C, 0x46] + Self.noise
        var random = SeededGenerator(seed: 5)
        for _ in 0..<200 {
            for head in heads {
                program += head
                for _ in 0..<300 { program.append(UInt8.random(in: 0...255, using: &random)) }
            }
        }
        let result = Unpacked(program, messageSize: 1 << 20)
        #expect(result.entries.isEmpty && !result.isMarked, "\(result.problems)")
    }

    /// What a program writes into the header says nothing of whether others read it.
    @Test(arguments: [(3, 255), (9, 99), (1, 14)]) func headersOfGzip(_ effort: UInt8, _ system: UInt8) throws {
        var archive = try Self.make("gz", eicar)
        (archive[8], archive[9]) = (effort, system)
        let script = Array("#!/bin/sh\ntail -n +3 \"$0\" | gzip -d | sh; exit\n".utf8)
        #expect(!Unpacked(script + archive, messageSize: 1 << 20).places(of: eicar).isEmpty)
    }

    /// So are those of tar and LHA, whose checksums are computed.
    @Test(arguments: ["ustar", "-lh5-"]) func marksOfArchives(_ mark: String) {
        func content(_ count: Int) -> [UInt8] {
            Self.noise + (0..<count).flatMap { _ in [0, 0] + Array(mark.utf8) + [UInt8](repeating: 0, count: 25) }
                + Self.noise
        }
        #expect(!Unpacked(content(4000)).isMarked)
        #expect(Unpacked(content(5000)).kinds == [.overLimits])
    }

    /// Marks that are tried are bounded in number.
    @Test func marksOfStreams() {
        let head: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xFF]
        #expect(!Unpacked(Self.noise + (0..<4000).flatMap { _ in head } + Self.noise).isMarked)
        #expect(Unpacked(Self.noise + (0..<5000).flatMap { _ in head } + Self.noise).kinds == [.overLimits])
    }

    @Test func textThatQuotesMarks() {
        let text = Array("**bold** and **ACE** and MSCF and 7z\n".utf8)
        #expect(Unpacked(text).entries.isEmpty)
        #expect(Unpacked(text + [0] + text).entries.isEmpty)
    }

    /// Marks of ARJ with fields that fit are bounded in number; those without cost nothing.
    @Test func marksOfArj() {
        let likely: [UInt8] = [0x60, 0xEA] + octets(2600, 2) + [30, 11, 1, 0, 0, 0, 2, 0]
        #expect(!Unpacked(Self.noise + (0..<4000).flatMap { _ in likely } + Self.noise).isMarked)
        #expect(Unpacked(Self.noise + (0..<5000).flatMap { _ in likely } + Self.noise).kinds == [.overLimits])
        let unlikely: [UInt8] = [0x60, 0xEA] + octets(2600, 2) + [30, 11, 1, 0, 0, 0, 9, 0]
        #expect(!Unpacked(Self.noise + (0..<5000).flatMap { _ in unlikely } + Self.noise).isMarked)
    }

    /// Formats that tell by their own headers where they end.
    @Test(arguments: ["iso", "udf.iso", "libarchive.iso", "ar", "bsd.ar", "warc", "xar"])
    func archiveBehindTheStatedEnd(_ suffix: String) throws {
        let outer = try Self.make(suffix, Self.clean)
        #expect(!Unpacked(outer, messageSize: 1 << 20).isMarked)
        for archive in [Self.rar("b.com", eicar), zip([("b.com", eicar)])] {
            for junk in [[], Self.noise] {
                let result = Unpacked(outer + archive + junk, messageSize: 1 << 20)
                #expect(!result.places(of: eicar).isEmpty && result.isMarked, "\(result.types) \(result.problems)")
            }
        }
    }

    /// A TNEF stream of others, and a OneNote section's header.
    @Test func archiveBehindTheEndOfADocument() {
        var section: [UInt8] = [
            0xE4, 0x52, 0x5C, 0x7B, 0x8C, 0xD8, 0xA7, 0x4D, 0xAE, 0xB1, 0x53, 0x78, 0xD0, 0x29, 0x96, 0xD3,
        ]
        section += [UInt8](repeating: 0, count: 2000)
        section.replaceSubrange(196..<204, with: octets(section.count, 8))
        var stream: [UInt8] = [0x78, 0x9F, 0x3E, 0x22, 0, 0]
        for level: UInt8 in [1, 2] {
            stream += [level, 6, 0x90, 8, 0] + octets(4, 4) + octets(0x10000, 4) + octets(1, 2)
        }
        for document in [section, stream] {
            for archive in [Self.rar("b.com", eicar), zip([("b.com", eicar)])] {
                let result = Unpacked(document + archive + Self.noise, messageSize: 1 << 20)
                #expect(!result.places(of: eicar).isEmpty, "\(result.types) \(result.problems)")
                #expect(result.kinds.contains(.ambiguous))
            }
        }
    }

    /// Documents of others: what Word leaves behind the last sector in use is no reason to complain, and an archive that is
    /// put there is found.
    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func archiveBehindACompoundFile() throws {
        let problem = ContainerProblem(.ambiguous, "archive behind compound file")
        var count = 0
        for path in Corpora.files("oletools") {
            let document = try Corpora.bytes(path)
            let plain = Unpacked(document, messageSize: 1 << 20)
            guard plain.types == ["ole"], let end = ArchiveEnd.ofCompoundFile(document.span) else { continue }
            #expect(!plain.problems.contains(problem), "\(path)")
            count += 1
            for archive in [Self.rar("b.com", eicar), zip([("b.com", eicar)])] {
                for junk in [[], Array("\r\n\r\n".utf8), Self.noise] {
                    let padding = [UInt8](repeating: 0, count: max(0, end - document.count))
                    let result = Unpacked(document + padding + archive + junk, messageSize: 1 << 20)
                    #expect(!result.places(of: eicar).isEmpty && result.problems.contains(problem), "\(path)")
                }
            }
        }
        #expect(count > 5)
    }

    /// F4: archives whose headers can be told from chance, behind what shows a picture or is one.
    @Test(arguments: ["gnu.tar", "newc.cpio", "xar"], [512, 591]) func behindAPicture(_ format: String, _ size: Int)
        throws
    {
        let picture = Array("GIF89a".utf8) + (6..<size).map { UInt8($0 % 199 + 1) }
        let result = Unpacked(picture + (try Self.make(format, eicar)), messageSize: 1 << 20)
        #expect(result.types == ["gif"] && !result.places(of: eicar).isEmpty, "\(result.entries.map(\.path))")
    }
}
