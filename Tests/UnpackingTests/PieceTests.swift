import Bytes
import Members
import TestSupport
import Testing

@testable import Unpacking

/// Pieces of files that were cut without any format: nothing but their names tells that they are some.
@Suite struct PieceTests {
    /// Pieces of 100 KB of what a script writes to `o`, from a small file and one of 300 KB that does not compress.
    private static func pieces(_ script: String) throws -> [[UInt8]] {
        let scratch = try Scratch(.memory)
        _ = try scratch.write("small.txt", String(decoding: eicar, as: UTF8.self))
        let commands = """
            cd \(scratch.path) && openssl enc -aes-128-ctr -K 00 -iv 00 -in /dev/zero 2> log | head -c 300000 > large.bin \
            && ( \(script) ) > log 2>&1 && split -b 100000 o o. && ls o.*
            """
        let result = try runTool("sh", ["-c", commands])
        try #require(result.status == 0, "\(script)")
        return try String(decoding: result.output, as: UTF8.self).split(separator: "\n").map {
            try read("\(scratch.path)/\($0)")
        }
    }

    private static func open(_ content: [UInt8], isPiece: Bool = true) -> Unpacked {
        Unpacked(content, messageSize: 1 << 22, isPiece: isPiece)
    }

    @Test(arguments: [
        "tar -cf o small.txt large.bin", "tar -czf o small.txt large.bin", "tar -cjf o small.txt large.bin",
        "tar -cJf o small.txt large.bin", "tar --zstd -cf o small.txt large.bin",
        "tar -cf - small.txt large.bin | lz4 -q > o", "tar -cf - small.txt large.bin | lzop -q > o",
        "tar -cf - small.txt large.bin | lzip > o", "tar -cf - small.txt large.bin | xz --format=lzma > o",
        "zip -q o.zip small.txt large.bin && mv o.zip o", "zip -q -0 o.zip small.txt large.bin && mv o.zip o",
        "zip -q -0 i.zip small.txt large.bin && tar -cf o small.txt i.zip",
        "tar -cf i.tar small.txt large.bin && tar -czf o small.txt i.tar",
    ])
    func piecesAreNoDamage(_ script: String) throws {
        let pieces = try Self.pieces(script)
        #expect(pieces.count >= 3)
        for piece in pieces.dropLast() {
            let result = Self.open(piece)
            #expect(result.kinds == [] && result.isPiece, "\(result.problems)")
        }
        // What is whole is read; and under another name it is damaged. Blocks of bzip2, LZ4 and lzop are larger than a piece.
        if !["cjf", "lz4", "lzop"].contains(where: script.contains) {
            #expect(!Self.open(pieces[0]).places(of: eicar).isEmpty)
        }
        let other = Self.open(pieces[0], isPiece: false)
        #expect(other.kinds == [.corrupt] && !other.isPiece)
    }

    /// The checksum at the end alone may be in the next piece.
    @Test func endsOfGzip() throws {
        let file = try #require(GeneratorTests.makers.first { $0.suffix == "gz" }).make(eicar)
        for missing in 1...12 {
            let piece = Array(file.dropLast(missing))
            #expect(Self.open(piece).kinds == [] && Self.open(piece, isPiece: false).kinds == [.corrupt])
        }
        var wrong = file
        wrong[wrong.count - 5] ^= 1
        #expect(Self.open(wrong).kinds == [.corrupt])
        #expect(Self.open(file).isComplete && !Self.open(file).isPiece)
    }

    /// Damage within is damage whatever the name is.
    @Test func damageWithinAPiece() throws {
        let tar = try Self.pieces("tar -cf o small.txt small.txt large.bin")[0]
        var damaged = tar
        // The checksum of the second header.
        damaged[1024 + 150] ^= 1
        for content in [damaged, try Self.gzipped(damaged).dropLast(1000)] {
            #expect(Self.open(Array(content)).kinds.contains(.corrupt))
        }
        // A kind of block that there is none of.
        let gzip: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + [7] + [UInt8](repeating: 0, count: 100)
        #expect(Self.open(gzip).kinds == [.corrupt])
        // A directory that is there, and lies about a member.
        let zip = UnpackingTests.zip([("a.txt", Array("harmless".utf8)), ("b.com", eicar)])
        let name = zip.span.firstIndex(of: "b.com", from: 0)
        let place = try #require(name) - 12
        var long = zip
        long[place] = 0xFF
        long[place + 1] = 0xFF
        #expect(Self.open(long).kinds.contains(.corrupt))
    }

    /// The name of a piece excuses no archive that stands behind something else.
    @Test func whatStandsBehindOthers() throws {
        let archive = try Self.pieces("tar -czf o small.txt large.bin")[0]
        let picture = Array("GIF89a\u{1}\0\u{1}\0\0\0\0;".utf8)
        let result = Self.open(picture + archive)
        #expect(result.kinds.contains(.corrupt) && !result.isPiece, "\(result.problems)")
    }

    private static func gzipped(_ content: [UInt8]) throws -> [UInt8] {
        try #require(GeneratorTests.makers.first { $0.suffix == "gz" }).make(content)
    }
}
