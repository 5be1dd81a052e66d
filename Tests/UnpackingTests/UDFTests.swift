import Members
import Testing

@testable import Unpacking

/// UDF images that no program writes: trees too deep, entries that are damaged or point to nowhere.
@Suite struct UDFTests {
    /// An image with directories within each other; the innermost holds `c.txt` and `e.com`.
    private struct Image {
        static let block = 512
        static let base = 300 * 2048

        var depth = 1
        var name = [UInt8](repeating: 0x64, count: 8)
        /// Partition that the entry of `e.com` names.
        var reference = 0
        /// An entry with a wrong tag stands between the two.
        var hasDamagedEntry = false
        /// The last octets of the innermost directory are no entry.
        var tail: [UInt8] = []
        var text = Array("ok".utf8)
        /// Times that the innermost directory lists its octets and those behind them, where it does not hold them itself.
        var pieces = 0
        /// Both files are in a metadata partition of two pieces.
        var isMetadata = false
        private var blocks: Int { depth + (pieces > 0 ? 48 : 8) }

        private func tagged(_ kind: Int, _ content: [UInt8]) -> [UInt8] {
            var content = content
            content.replaceSubrange(0..<2, with: octets(kind, 2))
            content[4] = 0
            content[4] = content[..<16].reduce(0, &+)
            return content
        }

        private func entry(_ name: [UInt8], at block: Int, reference: Int = 0, kind: Int = 257) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: 38)
            bytes[19] = UInt8(name.count + 1)
            bytes.replaceSubrange(20..<30, with: octets(Self.block, 4) + octets(block, 4) + octets(reference, 2))
            bytes = tagged(kind, bytes) + [8] + name
            return bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
        }

        /// - Parameter size: of what is in the pieces that `content` lists; nil where it is the content.
        private func file(_ type: UInt8, _ content: [UInt8], size: Int? = nil) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: 176)
            bytes[27] = type
            bytes[34] = size == nil ? 3 : 0
            bytes.replaceSubrange(56..<64, with: octets(size ?? content.count, 8))
            bytes.replaceSubrange(168..<176, with: octets(0, 4) + octets(content.count, 4))
            return tagged(261, bytes) + content
        }

        var bytes: [UInt8] {
            var image = [UInt8](repeating: 0, count: Self.base + blocks * Self.block)
            func put(_ bytes: [UInt8], _ place: Int) { image.replaceSubrange(place..<place + bytes.count, with: bytes) }
            func put(_ bytes: [UInt8], block: Int) { put(bytes, Self.base + block * Self.block) }
            let empty = [UInt8](repeating: 0, count: 512)
            for (index, word) in ["BEA01", "NSR02", "TEA01"].enumerated() {
                put([0] + Array(word.utf8) + [1], (16 + index) * 2048)
            }
            var anchor = empty
            anchor.replaceSubrange(16..<24, with: octets(16 * 2048, 4) + octets(260, 4))
            put(tagged(2, anchor), 256 * 2048)
            var partition = empty
            partition.replaceSubrange(188..<192, with: octets(Self.base / Self.block, 4))
            partition.replaceSubrange(192..<196, with: octets(blocks, 4))
            put(tagged(5, partition), 260 * 2048)
            var volume = empty
            volume.replaceSubrange(212..<216, with: octets(Self.block, 4))
            volume.replaceSubrange(248..<252, with: octets(Self.block, 4))
            volume[268] = 1
            volume[440] = 1
            volume[441] = 6
            if isMetadata {
                volume[268] = 2
                let map = [2, 64, 0, 0, 0] + Array("*UDF Metadata Partition".utf8)
                volume.replaceSubrange(446..<446 + map.count, with: map)
                volume.replaceSubrange(486..<490, with: octets(4 + depth, 4))
                let pieces = [2 + depth, 3 + depth].flatMap { octets(Self.block, 4) + octets($0, 4) }
                put(file(250, pieces, size: 2 * Self.block), block: 4 + depth)
            }
            put(tagged(6, volume), 261 * 2048)
            put(tagged(8, empty), 262 * 2048)
            var set = empty
            set.replaceSubrange(400..<408, with: octets(Self.block, 4) + octets(1, 4))
            put(tagged(256, set), block: 0)
            for level in 0..<depth { put(file(4, entry(name, at: 2 + level)), block: 1 + level) }
            let (program, note) = isMetadata ? (0, 1) : (2 + depth, 3 + depth)
            let reference = isMetadata ? 1 : reference
            var last = entry(Array("c.txt".utf8), at: note, reference: isMetadata ? 1 : 0)
            if hasDamagedEntry { last += entry(Array("x".utf8), at: 1, kind: 999) }
            last += entry(Array("e.com".utf8), at: program, reference: reference) + tail
            if pieces > 0 {
                let size = (blocks - depth - 5) * Self.block
                let list = [[UInt8]](repeating: octets(size, 4) + octets(5 + depth, 4), count: pieces)
                put(file(4, Array(list.joined()), size: size * pieces), block: 1 + depth)
                put(last, block: 5 + depth)
            } else {
                put(file(4, last), block: 1 + depth)
            }
            put(file(5, eicar), block: 2 + depth)
            put(file(5, text), block: 3 + depth)
            return image
        }
    }

    private let path = "dddddddd/"

    @Test func honestImage() {
        let result = Unpacked(Image().bytes)
        #expect(result.names == ["dddddddd", path + "c.txt", path + "e.com"])
        #expect(result.places(of: eicar) == ["3"])
        #expect(!result.isMarked, "\(result.problems)")
    }

    /// A file without octets has a content, which is empty, and a directory has none.
    @Test func emptyFile() {
        let result = Unpacked(Image(text: []).bytes)
        #expect(result.entries.map(\.content) == [nil, [], eicar] && !result.isMarked, "\(result.problems)")
    }

    /// The second piece of a metadata partition is behind the first.
    @Test func metadataPartition() {
        let result = Unpacked(Image(isMetadata: true).bytes)
        #expect(result.names == ["dddddddd", path + "c.txt", path + "e.com"])
        #expect(result.entries.map(\.content) == [nil, Array("ok".utf8), eicar])
        #expect(!result.isMarked, "\(result.problems)")
    }

    /// A directory that is read over and over is more than the image.
    @Test func directoryOfPiecesThatShareOctets() {
        #expect(Unpacked(Image(pieces: 1).bytes).names == ["dddddddd", path + "c.txt", path + "e.com"])
        let result = Unpacked(Image(pieces: 40).bytes)
        #expect(result.names == ["dddddddd"] && result.kinds == [.overLimits], "\(result.names)")
    }

    @Test func entryOfAPartitionThatIsNotThere() {
        let result = Unpacked(Image(reference: 7).bytes)
        #expect(result.names == ["dddddddd", path + "c.txt", path + "e.com"])
        #expect(result.kinds == [.corrupt])
    }

    @Test func whatFollowsADamagedEntryIsRead() {
        let result = Unpacked(Image(hasDamagedEntry: true).bytes)
        #expect(result.names.contains(path + "e.com"))
        #expect(!result.places(of: eicar).isEmpty)
        #expect(result.kinds == [.corrupt])
    }

    @Test func octetsBehindTheLastEntry() {
        #expect(!Unpacked(Image(tail: [UInt8](repeating: 0, count: 60)).bytes).isMarked)
        #expect(Unpacked(Image(tail: [UInt8](repeating: 1, count: 60)).bytes).kinds == [.corrupt])
    }

    /// The root is the first of 64; a directory below them is named and not read.
    @Test func depth() {
        let deepest = Unpacked(Image(depth: 63, name: [0x64]).bytes, messageSize: 1 << 20)
        #expect(!deepest.places(of: eicar).isEmpty && !deepest.isMarked)
        let tooDeep = Unpacked(Image(depth: 64, name: [0x64]).bytes, messageSize: 1 << 20)
        #expect(tooDeep.kinds == [.overLimits] && tooDeep.entries.count == 64)
    }

    @Test(arguments: [30, 800]) func pathsOfLongNames(_ depth: Int) {
        let image = Image(depth: depth, name: [UInt8](repeating: 0xE9, count: 254)).bytes
        let result = Unpacked(image, messageSize: 1 << 20)
        #expect(result.kinds == [.overLimits])
        #expect(result.names.allSatisfy { $0.utf8.count < 4096 + 512 })
        #expect(result.entries.count == 9)
    }
}
