import Bytes
import Compression
import Members
import TestSupport
import Testing

@testable import Unpacking

/// Archives with wrong bits: nothing is lost without a word.
@Suite(.serialized) struct DamageTests {
    private static let text = (0..<2500).flatMap { Array("text \($0 &* 31)\n".utf8) }

    /// Three files, the middle one a compressed virus, in a container.
    private func make(_ script: String) throws -> [UInt8] {
        let scratch = try Scratch(.memory)
        let result = try runTool(
            "sh",
            [
                "-c",
                "cd \(scratch.path) && cat > a.txt && cp a.txt c.txt && printf '%s' \"$0\" | gzip > b.gz && ( \(script) ) > log 2>&1; cat out",
                String(decoding: eicar, as: UTF8.self),
            ], input: Self.text)
        try #require(result.status == 0 && !result.output.isEmpty, "\(script)")
        return result.output
    }

    private static let files = "a.txt b.gz c.txt"

    /// A second header that makes no sense: `tar` goes on behind it, and what it passed over is looked at.
    @Test func tarHeader() throws {
        var archive = try make("tar --format=ustar -cf out \(Self.files)")
        let second = 512 + (Self.text.count + 511) / 512 * 512
        #expect(Unpacked(archive, messageSize: 1 << 20).names == ["a.txt", "b.gz", "c.txt"])
        archive[second + 20] ^= 1
        let result = Unpacked(archive, messageSize: 1 << 20)
        #expect(result.kinds == [.corrupt])
        #expect(result.names.contains("c.txt"))
        #expect(result.entries.contains { $0.flags.contains(.slack) })
    }

    /// Wrong bits anywhere in the data: each is told, or every member is what it was.
    @Test(arguments: [
        "7z a -t7z -mx=0 o.7z \(files); mv o.7z out", "7z a -t7z o.7z \(files); mv o.7z out",
        "gcab -c out \(files)", "gcab -z -c out \(files)", "arj a -y -m0 o.arj \(files); mv o.arj out",
        "arj a -y o.arj \(files); mv o.arj out",
    ]) func wrongBits(_ script: String) throws {
        let archive = try make(script)
        let whole = Unpacked(archive, messageSize: 1 << 20)
        #expect(!whole.isMarked, "\(whole.problems)")
        let contents = whole.entries.compactMap(\.content)
        // Behind what the format is recognised by.
        for place in stride(from: 64, to: archive.count, by: max(1, archive.count / 120)) {
            var wrong = archive
            wrong[place] ^= 0x04
            let result = Unpacked(wrong, messageSize: 1 << 20)
            let isSame = contents.allSatisfy { content in result.entries.contains { $0.content == content } }
            #expect(result.isMarked || isSame, "\(place)")
        }
    }

    /// Behind the damage of a cabinet's folder the other files are decoded as far as they go.
    @Test func cabinetsAreSalvaged() throws {
        var archive = try make("gcab -c out \(Self.files)")
        // The first block's data, not compressed.
        let found = archive.span.firstIndex(of: Array("text 31\n".utf8))
        let place = try #require(found)
        archive[place] ^= 1
        let result = Unpacked(archive, messageSize: 1 << 20)
        #expect(result.kinds == [.corrupt])
        #expect(result.names.prefix(3) == ["a.txt", "b.gz", "c.txt"])
        #expect(!result.places(of: eicar).isEmpty && !result.places(of: Self.text).isEmpty)
        #expect(result.entries[0].content?.count == Self.text.count)
    }

    /// A method that is not decoded is no damage, and its members are not called empty.
    @Test func methodOfSevenZip() throws {
        var archive = try make("7z a -t7z -mhc=off -mf=off -m0=BZip2 o.7z \(Self.files); mv o.7z out")
        // The number of bzip2 becomes one that no program has, and the checksums of the header and of where it lies are right.
        let start = 32 + Int(archive.span.littleEndian64(at: 12) ?? 0)
        let place = try #require((start..<archive.count - 3).first { Array(archive[$0..<$0 + 3]) == [4, 2, 2] })
        archive[place + 2] = 0x7F
        archive.replaceSubrange(28..<32, with: octets(Int(crc32(Array(archive[start...]).span)), 4))
        archive.replaceSubrange(8..<12, with: octets(Int(crc32(Array(archive[12..<32]).span)), 4))
        let result = Unpacked(archive, messageSize: 1 << 20)
        #expect(result.kinds == [.unsupported], "\(result.problems)")
        #expect(result.entries.allSatisfy { $0.content == nil })
    }

    @Test func arHeaderCutOff() throws {
        let archive = try make("ar rc out \(Self.files)")
        let found = archive.span.firstIndex(of: Array("c.txt/".utf8))
        let last = try #require(found)
        for length in [last + 30, last + 59] {
            #expect(Unpacked(Array(archive[..<length]), messageSize: 1 << 20).kinds.contains(.corrupt), "\(length)")
        }
        #expect(!Unpacked(archive, messageSize: 1 << 20).isMarked)
    }

    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package")) func samples() throws {
        let files = Corpora.files("libarchive")
        let joined = try #require(files.first { $0.hasSuffix("/test_compat_gzip_1.tgz") })
        let tar = Unpacked(try Corpora.bytes(joined), messageSize: 1 << 20)
        #expect(
            tar.entries.filter { $0.path.hasPrefix("1/") }.flatMap(\.names) == [
                "f1", "f2", "f3", "d1/f1", "d1/f2", "d1/f3",
            ])
        let lying = try #require(files.first { $0.hasSuffix("/test_read_format_7zip_malformed4.7z") })
        #expect(Unpacked(try Corpora.bytes(lying)).isMarked)
    }

    /// Two LHA archives: the header of the second has 26 octets, which is a blank of DOS.
    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package")) func archiveThatBeginsWithABlank()
        throws
    {
        func archive(_ name: String, _ content: [UInt8]) -> [UInt8] {
            var header = Array("-lh0-".utf8) + octets(content.count, 4) + octets(content.count, 4) + octets(0, 4)
            header += [0x20, 0, UInt8(name.utf8.count)] + Array(name.utf8) + [0, 0]
            return [UInt8(header.count), header.reduce(0, &+)] + header + content + [0]
        }
        let second = archive("e.gz", eicar)
        #expect(second[0] == 0x1A)
        let result = Unpacked(archive("harmless.txt", Self.text) + second, messageSize: 1 << 20)
        #expect(!result.places(of: eicar).isEmpty, "\(result.entries.map(\.names))")
    }

    /// Headers of cpio that libarchive goes over without a word; GNU cpio warns, or looks for the next one.
    @Test(arguments: ["newc.cpio", "odc.cpio"]) func brokenHeadersOfCPIO(_ suffix: String) throws {
        let maker = try #require(GeneratorTests.makers.first { $0.suffix == suffix })
        let gzip = try #require(GeneratorTests.makers.first { $0.suffix == "gz" }).make(eicar)
        let archive = try maker.make(gzip)
        #expect(!Unpacked(archive, messageSize: 1 << 20).isMarked)
        func expectMarked(_ archive: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
            let result = Unpacked(archive, messageSize: 1 << 20)
            #expect(result.kinds.contains(.corrupt), "\(result.problems)", sourceLocation: sourceLocation)
            #expect(!result.places(of: eicar).isEmpty, "\(result.problems)", sourceLocation: sourceLocation)
        }
        for (place, octet) in [(14, 0x78), (20, 0), (26, 0x20)] as [(Int, UInt8)] {
            var broken = archive
            broken[place] = octet
            expectMarked(broken)
        }
        // In front of the second, and with a third behind it that is all right.
        let first = try maker.make(Array("words".utf8))
        let trailer = try #require(first.indices.first { first[$0...].starts(with: "TRAILER!!!".utf8) })
        let member = first.prefix(trailer - (suffix == "odc.cpio" ? 76 : 110))
        expectMarked(member + Array("JUNKJUNK".utf8) + archive)
        // What stands there may be an archive itself.
        expectMarked(member + gzip + first)
        var broken = archive
        broken[20] = 0
        #expect(Unpacked(member + broken.prefix(300) + first, messageSize: 1 << 20).kinds == [.corrupt])
    }
}
