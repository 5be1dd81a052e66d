import TestSupport
import Testing

@testable import Codecs

private let hasSevenZip = (try? runTool("sh", ["-c", "command -v 7z"]))?.status == 0

/// Our decoder of LZMA against 7-Zip, with all properties that there are; those that liblzma takes as well.
@Suite(.enabled(if: hasSevenZip)) struct RareLZMATests {
    /// Literals, matches, repeated matches, noise, and a run that is longer than a match.
    private static let content: [UInt8] = {
        var bytes = (0..<120).flatMap { Array("line \($0 &* 7919) of 120\n".utf8) }
        var number: UInt32 = 2_463_534_242
        for _ in 0..<300 {
            number ^= number << 13
            number ^= number >> 17
            number ^= number << 5
            bytes.append(UInt8(truncatingIfNeeded: number))
        }
        return bytes + [UInt8](repeating: 0, count: 5000) + bytes.prefix(900)
    }()

    /// What 7-Zip makes of it as the one stream of an archive, as a file of LZMA's own.
    private static func file(
        _ bits: (lc: Int, lp: Int, pb: Int), hasMark: Bool = false, statesSize: Bool = true, dictionary: Int = 1 << 16
    ) throws -> [UInt8] {
        let scratch = try Scratch(.memory)
        let options = "lc=\(bits.lc):lp=\(bits.lp):pb=\(bits.pb):d=64k" + (hasMark ? ":eos=on" : "")
        let result = try runTool(
            "sh",
            [
                "-c",
                "cd \(scratch.path) && cat > in && 7z a -mhc=off -mf=off -m0=LZMA:\(options) a.7z in > log && cat a.7z",
            ],
            input: content)
        try #require(result.status == 0 && result.output.count > 32, "\(options)")
        let archive = result.output
        // The streams stand between the first header and the other.
        let size = (0..<8).reduce(0) { $0 | Int(archive[12 + $1]) << ($1 * 8) }
        func octets(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        return [UInt8((bits.pb * 5 + bits.lp) * 9 + bits.lc)] + octets(dictionary, 4)
            + octets(statesSize ? content.count : -1, 8) + archive[32..<32 + size]
    }

    private static func decode(_ input: [UInt8], memory: Int = 1 << 28, piece: Int = 65_536) -> (
        output: [UInt8], end: CodecResult.End?, consumed: Int
    ) {
        let stream = RareLZMAStream(memory: memory)
        guard stream.begin(input.span, at: 0) else { return ([], .memory, 0) }
        let room = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: piece)
        defer { room.deallocate() }
        var output: [UInt8] = []
        var position = 0
        while true {
            let step = stream.step(input.span, from: position, into: room)
            position += step.consumed
            output += room[..<step.produced]
            if step.end != nil || step.produced == 0 { return (output, step.end, position) }
        }
    }

    @Test(arguments: 0...8, 0...4) func allProperties(_ lc: Int, _ lp: Int) throws {
        for pb in 0...4 {
            let file = try Self.file((lc, lp, pb))
            #expect(LZMAProperties(file[0])?.areRare == (lc + lp > 4))
            for piece in [1, 7, 273, 65_536] {
                let decoded = Self.decode(file + [1, 2, 3], piece: piece)
                #expect(decoded.output == Self.content, "\(lc) \(lp) \(pb), \(piece)")
                #expect(decoded.end == .complete && decoded.consumed == file.count, "\(lc) \(lp) \(pb), \(piece)")
            }
            var output: [UInt8] = []
            let result = Codec.lzma.pieces(file.span, memory: 1 << 28, while: { true }) { piece in
                piece.withUnsafeBufferPointer { output.append(contentsOf: $0) }
                return true
            }
            #expect(output == Self.content && result.end == .complete && result.consumed == file.count)
        }
    }

    /// An end mark with and without a size, a size without the mark that ends it, and sizes that are wrong.
    @Test func ends() throws {
        for statesSize in [false, true] {
            let file = try Self.file((8, 1, 2), hasMark: true, statesSize: statesSize)
            let decoded = Self.decode(file)
            #expect(decoded.output == Self.content && decoded.end == .complete && decoded.consumed == file.count)
        }
        let endless = Self.decode(try Self.file((8, 1, 2), statesSize: false))
        #expect(endless.output.starts(with: Self.content) && endless.end != .complete)
        for (change, end) in [(-1, CodecResult.End.corrupt), (-1000, .corrupt), (1, .corrupt)] {
            var file = try Self.file((8, 1, 2), hasMark: true)
            let size = Self.content.count + change
            file.replaceSubrange(5..<7, with: [UInt8(size & 0xFF), UInt8(size >> 8)])
            let decoded = Self.decode(file)
            #expect(decoded.end == end && decoded.output == Array(Self.content.prefix(size)), "\(change)")
        }
    }

    /// Cut anywhere: what came before is there, and the end is said.
    @Test(arguments: [(8, 0, 2, false), (4, 1, 0, true), (8, 4, 4, true)]) func cutOff(
        _ lc: Int, _ lp: Int, _ pb: Int, _ hasMark: Bool
    ) throws {
        let file = try Self.file((lc, lp, pb), hasMark: hasMark, statesSize: !hasMark)
        for length in file.indices {
            let decoded = Self.decode(Array(file[..<length]))
            #expect(decoded.end == .truncated && Self.content.starts(with: decoded.output), "\(length)")
        }
    }

    /// Each octet changed: an end is said, and no more comes than the size that is stated.
    @Test(arguments: [(8, 0, 2), (4, 1, 0), (8, 4, 4)]) func damaged(_ lc: Int, _ lp: Int, _ pb: Int) throws {
        let file = try Self.file((lc, lp, pb))
        var wrong = 0
        for place in file.indices.dropFirst(13) {
            for bits in [1, 0x80, 0xFF] as [UInt8] {
                var changed = file
                changed[place] ^= bits
                let decoded = Self.decode(changed, piece: 97)
                #expect(decoded.end != nil && decoded.output.count <= Self.content.count, "\(place)")
                if decoded.end != .complete { wrong += 1 }
            }
        }
        #expect(wrong > file.count)
    }

    /// The header changed, and noise behind any header.
    @Test func noise() {
        var number: UInt64 = 88_172_645_463_325_252
        for properties in UInt8.min...UInt8.max {
            var file = [properties, 0, 16, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]
            for _ in 0..<200 {
                number ^= number << 13
                number ^= number >> 7
                number ^= number << 17
                file.append(UInt8(truncatingIfNeeded: number >> 24))
            }
            let decoded = Self.decode(file, piece: 61)
            #expect(decoded.end != nil && decoded.output.count <= 1024)
            for start in [[1, 0, 0, 0, 0], [0, 0xFF, 0xFF, 0xFF, 0xFF]] as [[UInt8]] {
                file.replaceSubrange(13..<18, with: start)
                #expect(Self.decode(file).end == .corrupt)
            }
        }
    }

    /// What the header says of a dictionary counts, however long the content is.
    @Test func dictionaries() throws {
        for statesSize in [false, true] {
            let file = try Self.file((8, 0, 2), hasMark: !statesSize, statesSize: statesSize, dictionary: 1 << 28)
            #expect(Self.decode(file, memory: 1 << 28 - 1).end == .memory)
            #expect(Self.decode(file, memory: 1 << 28).output == Self.content)
        }
        // Matches reach as far as the smallest dictionary at most, or damage is told.
        let least = Self.decode(try Self.file((8, 0, 2), hasMark: true, statesSize: false, dictionary: 0))
        #expect(Self.content.starts(with: least.output))
        #expect(least.end == .corrupt || least.output == Self.content)
    }
}
