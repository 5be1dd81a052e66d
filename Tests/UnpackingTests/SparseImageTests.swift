import Foundation
import Members
import TestSupport
import Testing

@testable import Unpacking

/// Sparse images of Android: what 7-Zip makes of them, and chunks that lie.
@Suite struct SparseImageTests {
    private enum Chunk {
        case raw([UInt8])
        case fill([UInt8], blocks: Int)
        case nothing(blocks: Int)
        case checksum

        func bytes(_ blockSize: Int) -> [UInt8] {
            switch self {
            case .raw(let content):
                [0xC1, 0xCA, 0, 0] + octets(content.count / blockSize, 4) + octets(12 + content.count, 4) + content
            case .fill(let word, let blocks): [0xC2, 0xCA, 0, 0] + octets(blocks, 4) + octets(16, 4) + word
            case .nothing(let blocks): [0xC3, 0xCA, 0, 0] + octets(blocks, 4) + octets(12, 4)
            case .checksum: [0xC4, 0xCA, 0, 0] + octets(0, 4) + octets(16, 4) + [1, 2, 3, 4]
            }
        }

        func blocks(_ blockSize: Int) -> Int {
            switch self {
            case .raw(let content): content.count / blockSize
            case .fill(_, let blocks), .nothing(let blocks): blocks
            case .checksum: 0
            }
        }
    }

    private static func image(_ chunks: [Chunk], blockSize: Int, blocks: Int? = nil, count: Int? = nil) -> [UInt8] {
        let all = blocks ?? chunks.reduce(0) { $0 + $1.blocks(blockSize) }
        return [0x3A, 0xFF, 0x26, 0xED, 1, 0, 0, 0, 28, 0, 12, 0] + octets(blockSize, 4) + octets(all, 4)
            + octets(count ?? chunks.count, 4) + octets(0, 4) + chunks.flatMap { $0.bytes(blockSize) }
    }

    private static func padded(_ content: [UInt8], to size: Int) -> [UInt8] {
        content + [UInt8](repeating: 0, count: (size - content.count % size) % size)
    }

    /// Content in chunks of one block each.
    private static func pieces(_ content: [UInt8], _ blockSize: Int) -> [Chunk] {
        let whole = padded(content, to: blockSize)
        return stride(from: 0, to: whole.count, by: blockSize).map { .raw(Array(whole[$0..<$0 + blockSize])) }
    }

    @Test(arguments: [4, 8, 16, 64, 512, 4096]) func blocks(_ size: Int) throws {
        let archive = zip([("a.com", eicar), ("b", [UInt8](repeating: 0x62, count: 5000))])
        let image = Self.image(Self.pieces(archive, size), blockSize: size)
        let result = Unpacked(image, messageSize: 1 << 20)
        #expect(result.types == ["simg"] && result.isComplete && !result.isMarked, "\(result.problems)")
        #expect(!result.places(of: eicar).isEmpty && result.names.contains("a.com"))
        #expect(result.entries.first?.content == Self.padded(archive, to: size))
    }

    /// The same octets as another program has them.
    @Test(.enabled(if: GeneratorTests.installed("7z"))) func everyKindOfChunk() throws {
        let words = eicar + [0x20, 0x20, 0x20, 0x20]
        var chunks: [Chunk] = [.checksum, .nothing(blocks: 3)]
        for start in stride(from: 0, to: 72, by: 4) {
            let word = Array(words[start..<start + 4])
            chunks.append(start < 36 ? .fill(word, blocks: 1) : .raw(word))
        }
        chunks += [.fill([1, 2, 3, 4], blocks: 20_000), .nothing(blocks: 2), .raw([5, 6, 7, 8])]
        let image = Self.image(chunks, blockSize: 4)
        let scratch = try Scratch(.memory)
        let other = try runTool(
            "sh", ["-c", "cd \(scratch.path) && cat > a.simg && 7z x -so a.simg"], input: image)
        let result = Unpacked(image, messageSize: 1 << 20)
        #expect(result.entries.first?.content == other.output && other.output.count > 80_000)
        #expect(result.isComplete && !result.isMarked, "\(result.problems)")
    }

    /// Longer headers than there are today, which say so.
    @Test func longerHeaders() {
        var image = Self.image([], blockSize: 4, blocks: 18, count: 1)
        image[8] = 32
        image[10] = 16
        image += [0, 0, 0, 0, 0xC1, 0xCA, 0, 0] + octets(18, 4) + octets(16 + 72, 4) + [9, 9, 9, 9] + eicar
        image += [0x20, 0x20, 0x20, 0x20]
        #expect(Unpacked(image).entries.first?.content == eicar + [0x20, 0x20, 0x20, 0x20])
    }

    @Test func damage() {
        let words: Chunk = .raw(eicar + [0x20, 0x20, 0x20, 0x20])
        let whole = Self.image([words, .fill([0, 0, 0, 0], blocks: 9)], blockSize: 4)
        #expect(!Unpacked(whole).isMarked)
        var headers = whole
        headers[10] = 8
        var block = whole
        block.replaceSubrange(12..<16, with: [6, 0, 0, 0])
        for damaged in [headers, block, Array(whole.prefix(20))] {
            #expect(Unpacked(damaged).kinds == [.corrupt] && Unpacked(damaged).entries.isEmpty)
        }
        // What came is read.
        var kind = whole
        kind[28 + 12 + 72] = 0xC9
        var short = whole
        short[28 + 12 + 72 + 8] = 14
        for damaged in [
            kind, short, Array(whole.dropLast(4)), Array(whole.dropLast(16)),
            Self.image([words], blockSize: 4, blocks: 5), Self.image([words], blockSize: 4, count: 2),
        ] {
            let result = Unpacked(damaged)
            #expect(result.kinds == [.corrupt], "\(result.problems)")
            #expect(result.entries.contains { $0.content?.starts(with: eicar) == true })
        }
        // More than its chunks.
        let rest = Unpacked(Self.image([words, words], blockSize: 4, blocks: 18, count: 1))
        #expect(rest.entries.count == 2 && rest.entries[1].flags.contains(.slack))
    }

    /// Sizes that no disk has are neither multiplied out nor written.
    @Test func bombs() {
        let most = Int(UInt32.max)
        let bombs: [[Chunk]] = [
            [.fill([1, 2, 3, 4], blocks: most)], [.nothing(blocks: most), .raw([UInt8](repeating: 1, count: 1 << 12))],
            [Chunk](repeating: .nothing(blocks: most), count: 1000) + [.fill([1, 2, 3, 4], blocks: 1)],
        ]
        for chunks in bombs {
            let result = Unpacked(Self.image(chunks, blockSize: 4096, blocks: most), messageSize: 1 << 16)
            #expect(result.limits == [.bytes] || result.limits == [.ratio], "\(result.limits)")
        }
        // A rest that nobody wrote is none.
        let sparse: [Chunk] = [.raw([UInt8](repeating: 0x61, count: 4096)), .nothing(blocks: 1 << 20)]
        #expect(!Unpacked(Self.image(sparse, blockSize: 4096), messageSize: 1 << 16).isMarked)
        let unbelievable = Self.image([], blockSize: 1 << 31)
        #expect(Unpacked(unbelievable).kinds == [.corrupt])
    }
}
