import Bytes
import Foundation
import Members
import TestSupport
import Testing

@testable import Unpacking

/// Pieces of files that nobody attached: shown by a text, cut into pages by a database, into packets by a recording. They
/// are read as far as they go, and are no damage.
@Suite(.serialized) struct QuotedContentTests {
    private static let lines = (0..<4000).flatMap { Array("\($0 &* 7919) words in line \($0)\n".utf8) }

    private static func make(_ suffix: String, _ content: [UInt8]) throws -> [UInt8] {
        try #require(GeneratorTests.makers.first { $0.suffix == suffix }).make(content)
    }

    private static let noise: [UInt8] = {
        var random = SeededGenerator(seed: 11)
        return [0, 1, 0xFE] + (0..<300).map { _ in UInt8.random(in: 0...255, using: &random) }
    }()

    private func run(_ script: String, _ input: [UInt8] = []) throws -> [UInt8] {
        let scratch = try Scratch(.memory)
        let result = try runTool(
            "sh", ["-c", "cd \(scratch.path) && cat > in && ( \(script) ) > log 2>&1; cat out"], input: input)
        try #require(result.status == 0 && !result.output.isEmpty, "\(script)")
        return result.output
    }

    // MARK: Texts

    @Test(arguments: ["zip", "7z", "gz", "bz2", "xz", "zst", "cab", "arj", "xar", "ustar.tar"])
    func piecesInTexts(_ suffix: String) throws {
        let archive = try Self.make(suffix, Self.lines)
        let whole = try Self.make(suffix, eicar)
        for count in [70, 120, 400, archive.count / 2, archive.count - 40] {
            let piece = Data(archive.prefix(count)).base64EncodedString(options: .lineLength76Characters)
            let joined = Data(archive.prefix(count)).base64EncodedString()
            let digits = archive.prefix(count).map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
            for text in [
                "Content-Transfer-Encoding is base64:\n\n\(piece)\n[message cut]\n", "payload=\(joined)... len=4000\n",
                "{\"status\":\"ok\",\"file\":\"\(joined)...(truncated)\"}\n", "hex dump: \(digits)\nand so on\n",
                "<html><body><pre>\(piece)</pre></body></html>", "-----BEGIN DATA-----\n\(piece)\n-----END DATA-----\n",
            ] {
                let result = Unpacked(Array(text.utf8), messageSize: 1 << 20)
                #expect(!result.isMarked, "\(count) \(result.problems) \(text.prefix(60))")
            }
        }
        // What is whole is found, and marked for what it is.
        let text = Data(whole).base64EncodedString()
        #expect(!Unpacked(Array("payload: \(text) end\n".utf8), messageSize: 1 << 20).places(of: eicar).isEmpty)
        // A script makes a file of it: there it is damaged.
        let cut = Data(archive.prefix(archive.count / 2)).base64EncodedString()
        let script = Unpacked(Array("#!/bin/sh\necho \(cut) | base64 -d > x\n".utf8), messageSize: 1 << 20)
        #expect(script.isMarked)
    }

    /// Two octets that programs begin with, and a text of nothing but base64.
    @Test func keysAreNoPrograms() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<200 {
            let key = Array("MZ".utf8) + (0..<94).map { _ in UInt8.random(in: 0...255, using: &random) }
            let result = Unpacked(Array((Data(key).base64EncodedString() + "\n").utf8), messageSize: 1 << 20)
            #expect(result.entries.isEmpty)
        }
    }

    // MARK: Databases and recordings

    /// - Parameter blob: an expression of Python for the content of row `i`.
    private func database(_ rows: Int, _ blob: String, _ input: [UInt8] = []) throws -> [UInt8] {
        try run(
            """
            python3 -I -c "
            import sqlite3, gzip, zlib, io, zipfile, random
            random.seed(5)
            given = open('in', 'rb').read()
            def noise(n): return bytes(random.randrange(256) for _ in range(n))
            def package(n):
                f = io.BytesIO(); z = zipfile.ZipFile(f, 'w', zipfile.ZIP_DEFLATED)
                z.writestr('a.txt', b'text ' * 500 + noise(n)); z.writestr('b.txt', b'words ' * 900); z.close()
                return f.getvalue()
            def packages(n):
                f = io.BytesIO(); z = zipfile.ZipFile(f, 'w', zipfile.ZIP_DEFLATED)
                for i in range(12): z.writestr('%d.bin' % i, noise(n))
                z.close(); return f.getvalue()
            c = sqlite3.connect('out'); c.execute('create table t (n int, b blob)')
            for i in range(\(rows)): c.execute('insert into t values (?, ?)', (i, \(blob)))
            c.commit(); c.close()"
            """, input)
    }

    @Test(arguments: [
        (400, "gzip.compress(b'note %d ' % i + b'text ' * 40)"), (60, "gzip.compress(noise(5000))"),
        (10, "package(20000)"), (40, "package(30)"), (5, "zlib.compress(noise(9000)) + gzip.compress(noise(300))"),
        (3, "given + noise(5000)"), (1, "packages(20000)"), (3, "packages(9000)"), (9, "packages(700)"),
    ])
    func databases(_ rows: Int, _ blob: String) throws {
        let file = try database(rows, blob, try Self.make("7z", Self.lines))
        let result = Unpacked(file, messageSize: 1 << 20)
        #expect(result.types.contains("sqlite") && !result.isMarked, "\(result.types) \(result.problems)")
        #expect(result.entries.allSatisfy { !$0.flags.contains(.embeddedFile) })
    }

    /// What is whole in a database is found, behind pieces of others.
    @Test func filesInDatabases() throws {
        for suffix in ["gz", "zip", "7z"] {
            let file = try database(
                20, "given if i == 15 else gzip.compress(noise(6000))", try Self.make(suffix, eicar))
            let result = Unpacked(file, messageSize: 1 << 20)
            #expect(!result.places(of: eicar).isEmpty && !result.isMarked, "\(suffix) \(result.problems)")
        }
    }

    /// Entries that share octets are opened one by one there: what a bomb would hide is found, each octet once.
    @Test func overlappingEntriesInDatabases() throws {
        let text = Array("harmless text".utf8)
        var writer = ZipWriter(entries: [ZipWriter.Entry("a.txt", text), ZipWriter.Entry("b.com", eicar)])
        writer.entries.append(ZipWriter.Entry("c.com", eicar))
        var bomb = writer.archive()
        // The directory has the second entry begin where the first does.
        let list = bomb.span.firstIndex(of: ZipSignatures.centralHeader, from: 0) ?? 0
        let next = bomb.span.firstIndex(of: ZipSignatures.centralHeader, from: list + 4)
        let second = try #require(next)
        bomb.replaceSubrange(second + 42..<second + 46, with: octets(0, 4))
        #expect(Unpacked(bomb).kinds == [.overLimits] && Unpacked(bomb).entries.isEmpty)
        let result = Unpacked(try database(1, "given", bomb), messageSize: 1 << 20)
        #expect(result.places(of: eicar).count == 2 && !result.isMarked, "\(result.problems)")
        #expect(result.entries.filter { $0.content == text }.count == 1)
        #expect(result.problems.contains { $0.detail == ContainerLimit.overlappingEntries.rawValue })
        // Behind a database programs find it as well.
        let behind = Unpacked(try database(1, "noise(100)") + bomb, messageSize: 1 << 20)
        #expect(behind.kinds.contains(.overLimits), "\(behind.problems)")
    }

    /// Data is no name; the member is one all the same.
    @Test func namesInPieces() throws {
        let long = String(repeating: "n", count: 300)
        for (name, isName) in [(long + ".com", true), (long + "\u{1}.com", false), ("n\u{1}.com", true)] {
            let zip = zip([(name, eicar)])
            #expect(Unpacked(zip).names == [name])
            let result = Unpacked(try database(1, "given", zip), messageSize: 1 << 20)
            #expect(!result.places(of: eicar).isEmpty && result.names.contains(name) == isName, "\(result.names)")
            #expect(!result.entries.contains { $0.flags.contains(.directory) })
        }
    }

    /// A zip archive that programs open is one, whatever it begins with.
    @Test func archivesBehindDatabases() throws {
        let file = try database(2, "noise(100)")
        let first = zip([("a.txt", Self.lines)])
        let result = Unpacked(file + first + zip([("b.com", eicar)]), messageSize: 1 << 20)
        #expect(!result.places(of: eicar).isEmpty && result.isMarked, "\(result.problems)")
    }

    /// A capture of libpcap with the content in packets of 1,000 octets, each behind the headers of its protocols.
    private func capture(_ content: [UInt8], piece: Int = 1000) -> [UInt8] {
        var file =
            octets(0xA1B2_C3D4, 4) + octets(2, 2) + octets(4, 2) + octets(0, 8) + octets(65_535, 4) + octets(1, 4)
        for start in stride(from: 0, to: content.count, by: piece) {
            let part = content[start..<min(start + piece, content.count)]
            file += octets(start, 4) + octets(0, 4) + octets(part.count + 54, 4) + octets(part.count + 54, 4)
            file += [UInt8](repeating: 0x45, count: 54) + part
        }
        return file
    }

    @Test(arguments: ["gz", "xz", "bz2", "zst", "zip", "7z", "pax.tar"]) func captures(_ suffix: String) throws {
        let archive = try Self.make(suffix, Self.lines)
        let cut = Unpacked(capture(archive + Self.noise), messageSize: 1 << 20)
        #expect(cut.types.contains("pcap") && !cut.isMarked, "\(cut.types) \(cut.problems)")
        // The last packet has the end of the archive.
        let last = Unpacked(capture(archive), messageSize: 1 << 20)
        #expect(!last.isMarked, "\(last.types) \(last.problems)")
        // In one packet, behind one in pieces.
        let small = try Self.make(suffix, eicar)
        let file = capture(archive) + capture(Self.noise + small + Self.noise, piece: 1 << 20).dropFirst(24)
        #expect(!Unpacked(file, messageSize: 1 << 20).places(of: eicar).isEmpty || suffix == "pax.tar")
    }

    @Test func recordingsInEveryOrder() {
        let heads: [[UInt8]] = [
            [0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0], [0xA1, 0xB2, 0xC3, 0xD4, 0, 2, 0, 4],
            [0x4D, 0x3C, 0xB2, 0xA1, 2, 0, 4, 0], [0xA1, 0xB2, 0x3C, 0x4D, 0, 2, 0, 4],
            [0x0A, 0x0D, 0x0D, 0x0A, 28, 0, 0, 0, 0x4D, 0x3C, 0x2B, 0x1A],
            [0x0A, 0x0D, 0x0D, 0x0A, 0, 0, 0, 28, 0x1A, 0x2B, 0x3C, 0x4D],
        ]
        for head in heads {
            #expect(Unpacked(head + [UInt8](repeating: 0, count: 20)).types == ["pcap"])
            #expect(Unpacked(head.dropLast() + [UInt8](repeating: 9, count: 20)).types.isEmpty)
        }
    }

    /// In what nobody knows a damaged stream hides nothing that follows, and does not count as damage of the whole.
    @Test(arguments: ["gz", "bz2", "xz"]) func streamsBehindDamage(_ suffix: String) throws {
        let long = try Self.make(suffix, Self.lines + (0..<9000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 5) })
        let piece = Array(long.prefix(long.count * 3 / 4))
        let file = Self.noise + piece + Self.noise + Self.noise + (try Self.make("gz", eicar)) + Self.noise
        let result = Unpacked(file, messageSize: 1 << 20)
        #expect(!result.places(of: eicar).isEmpty && !result.isMarked, "\(result.problems)")
        // A program may carry what others read in spite of the damage.
        let program: [UInt8] = [0x7F, 0x45, 0x4C, 0x46] + file
        #expect(Unpacked(program, messageSize: 1 << 20).isMarked)
    }

    // MARK: Padding and parts

    /// Into a pipe `bsdtar` writes whole blocks of 10,240 octets.
    @Test(
        .enabled(if: GeneratorTests.installed("bsdtar")), arguments: ["ar", "arbsd", "arsvr4", "warc", "newc", "ustar"])
    func paddedArchives(_ format: String) throws {
        let archive = try run("bsdtar -cf - --format=\(format) in | cat > out", eicar)
        #expect(archive.count % 10_240 == 0 || format == "warc")
        let result = Unpacked(archive, messageSize: 1 << 20)
        #expect(!result.places(of: eicar).isEmpty && !result.isMarked && result.isComplete, "\(result.problems)")
        // What stands behind the padding is not padding.
        let more = Unpacked(archive + HiddenArchiveTests.rar("b.com", eicar), messageSize: 1 << 20)
        #expect(more.isMarked, "\(more.problems)")
    }

    /// What a Linux machine starts from: an archive for the processor, and behind it one that is compressed.
    @Test(
        .enabled(if: GeneratorTests.installed("bsdtar")),
        arguments: ["cat", "gzip", "xz --check=crc32", "zstd", "lz4 -l", "bzip2"])
    func imagesOfInitialFiles(_ compression: String) throws {
        let image = try run(
            """
            echo first > early; bsdtar -cf early.cpio --format=newc early; bsdtar -cf main.cpio --format=newc in
            ( cat early.cpio; head -c 512 /dev/zero; \(compression) < main.cpio ) > out
            """, eicar)
        let result = Unpacked(image, messageSize: 1 << 20)
        #expect(!result.places(of: eicar).isEmpty && !result.isMarked, "\(result.problems)")
    }
}
