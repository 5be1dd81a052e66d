import Compression
import Members
import TestSupport
import Testing

@testable import Unpacking

/// Compressed files that end too soon, behind other content. What 7-Zip takes out of such a file is the measure.
@Suite(.serialized) struct CutStreamTests {
    private static let noise: [UInt8] = [1, 2, 0xFE] + (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 37 | 128) }
    private static let picture = Array("GIF89a".utf8) + noise
    private static let program: [UInt8] = [0x7F, 0x45, 0x4C, 0x46] + noise
    private static let text = Array(repeating: Array("words that repeat; ".utf8), count: 20).flatMap(\.self) + eicar

    private static func make(_ suffix: String, _ content: [UInt8]) throws -> [UInt8] {
        try #require(GeneratorTests.makers.first { $0.suffix == suffix }).make(content)
    }

    /// Its checksum missing or a part of the last block, whatever that holds.
    @Test(arguments: ["zst", "lzo", "gz", "bz2", "xz", "lz"], [1, 4, 8]) func lastOctets(
        _ suffix: String, _ missing: Int
    )
        throws
    {
        for content in [eicar, Self.text] {
            let stream = try Self.make(suffix, content).dropLast(missing)
            for front in [Self.picture, Self.program] {
                let result = Unpacked(front + stream, messageSize: 1 << 20)
                #expect(result.kinds == [.corrupt], "\(content.count), \(front.count): \(result.problems)")
            }
            // In data that nobody knows it may be a piece: what there is of it, and a note.
            let piece = Unpacked([0x0A] + stream, messageSize: 1 << 20)
            #expect(!piece.entries.isEmpty, "\(content.count)")
            // Of gzip the checksum is right where the length behind it is cut.
            #expect(!piece.isMarked || suffix == "gz" && missing <= 4, "\(content.count): \(piece.problems)")
            // Of Zstandard all is there but the checksum.
            guard suffix == "zst", missing <= 4 else { continue }
            for front in [[0x0A], Self.picture, Self.program] {
                #expect(!Unpacked(front + stream, messageSize: 1 << 20).places(of: content).isEmpty, "\(front.count)")
            }
        }
    }

    /// Deflated data that goes on to the end of a picture.
    @Test func deflatedData() throws {
        let result = Unpacked(Self.picture + (try Self.make("gz", Self.text)).dropLast(12), messageSize: 1 << 20)
        let isThere = result.entries.contains {
            $0.content.map { $0.count > 100 && Self.text.starts(with: $0) } == true
        }
        #expect(isThere && result.kinds == [.corrupt], "\(result.problems)")
    }

    /// Blocks of what cannot be compressed are read as far as they go.
    @Test func storedBlocksOfZstandard() throws {
        var random = SeededGenerator(seed: 3)
        let content = (0..<4000).map { _ in UInt8.random(in: 0...255, using: &random) }
        let stream = try Self.make("zst", content).dropLast(100)
        let result = Unpacked(Self.picture + stream, messageSize: 1 << 20)
        let isThere = result.entries.contains { $0.content.map { $0.count > 3000 && content.starts(with: $0) } == true }
        #expect(isThere && result.kinds == [.corrupt], "\(result.problems)")
    }

    /// A whole file, and one behind it that is none.
    @Test(arguments: ["zst", "lz4", "lzo", "xz", "bz2", "lz"]) func damageBehindAWholeFile(_ suffix: String) throws {
        let stream = try Self.make(suffix, eicar)
        let broken = stream.prefix(6) + [UInt8](repeating: 0xFF, count: 60)
        for front in [Self.picture, Self.program] {
            let result = Unpacked(front + stream + broken, messageSize: 1 << 20)
            // What the other gives stands behind its content.
            let isThere = result.entries.contains { $0.content?.starts(with: eicar) == true }
            #expect(isThere, "\(front.count): \(result.entries.map { $0.content?.count })")
        }
    }

    /// Constants of programs that have the mark, with headers and blocks that no program writes.
    @Test func constantsOfPrograms() {
        let mark: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
        let heads: [[UInt8]] = [
            // Code behind a comparison, zeros, reserved bits, a dictionary, a stored block that is longer than all content.
            [0x75, 0x10, 0x48, 0x8B, 0x45], [0, 0, 0, 0, 0, 0, 0, 0], [0x2C, 68, 0x21, 2, 0],
            [0x25, 1, 68, 0x21, 2, 0],
            [0x24, 68, 0xFF, 0xFF, 0x0F],
        ]
        for head in heads {
            let result = Unpacked(Self.program + mark + head + [UInt8](repeating: 0, count: 40), messageSize: 1 << 20)
            #expect(!result.isMarked && result.entries.isEmpty, "\(head): \(result.problems)")
        }
        // lzop's mark, and a header with a wrong checksum.
        var header = LZOPData.mark + [0x10, 0x40, 0x20, 0xA0, 0x09, 0x40, 1, 5, 3, 0, 0, 0x0D]
        header += [UInt8](repeating: 0, count: 40)
        let result = Unpacked(Self.program + header, messageSize: 1 << 20)
        #expect(!result.isMarked && result.entries.isEmpty, "\(result.problems)")
    }
}
