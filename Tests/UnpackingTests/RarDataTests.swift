import Compression
import Members
import Testing

@testable import Unpacking

/// Compression of RAR 2.9 to 4, by the reader of solid archives.
@Suite struct RarDataTests {
    private static func sample(_ name: String) throws -> [UInt8] {
        let files = Corpora.files("rarfile") + Corpora.files("libarchive")
        return try Corpora.bytes(try #require(files.first { $0.hasSuffix("/" + name) }))
    }

    /// Octets that look like nothing, the same in every run.
    private static func noise(_ count: Int, _ seed: UInt32) -> [UInt8] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(truncatingIfNeeded: state >> 24)
        }
    }

    // MARK: Damage

    private static func outcome(_ data: [UInt8], size: Int, memory: Int = 1 << 25) -> (end: RarDataEnd, count: Int) {
        var decoder = Rar3Data(mostMemory: memory)
        var count = 0
        let end = decoder.decode(data.span, size: size, isSolid: false) { piece in
            count += piece.count
            return true
        }
        return (end, count)
    }

    /// A model of 1 MiB that begins anew many times, and matches; with each order of the model.
    @Test(arguments: 0..<32) func noiseEnds(_ order: Int) {
        let model = [UInt8(0xA0 | order), 0] + Self.noise(6000, UInt32(order))
        for data in [model, [UInt8(order)] + Self.noise(2000, UInt32(order) + 99)] {
            let (end, count) = Self.outcome(data, size: 40_000)
            #expect(count <= 40_001 && (end == .damaged || end == .unsupported || count == 40_000))
        }
    }

    @Test(
        .enabled(if: Corpora.isPresent, "needs the corpora beside the package"),
        arguments: [
            "rar3-solid.rar", "unicode.rar", "test_read_format_rar_compress_best.rar",
        ])
    func everyChangeIsMetByTheChecksum(_ file: String) throws {
        let archive = try Self.sample(file)
        let entry = try #require(
            RarListing(archive.span, .rar, while: { true }).entries.first { !$0.isStored && !$0.isDirectory })
        let data = Array(archive[entry.data])
        let size = entry.size ?? 0
        #expect(Self.outcome(data, size: size) == (.complete, size))
        for place in stride(from: 0, to: data.count, by: max(1, data.count / 100)) {
            var damaged = data
            damaged[place] ^= 0x08
            for content in [damaged, Array(data[..<place])] {
                #expect(Self.outcome(content, size: size).count <= size + 1)
            }
        }
        #expect(Self.outcome(data, size: size + 1).end == .damaged)
        if size > 0 { #expect(Self.outcome(data, size: size - 1).end == .damaged) }
    }

    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func theMemoryOfAModelIsBounded() throws {
        let archive = try Self.sample("unicode.rar")
        for (most, isRead) in [(25 << 20, true), (25 << 20 - 1, false)] {
            let limits = UnpackingLimits(containers: ContainerLimits(dictionary: most))
            let result = Unpacked(archive, limits: limits, messageSize: 1 << 20)
            #expect(result.isMarked == !isRead)
            #expect(result.problems.contains(ContainerProblem(.dictionary, of: "rar archive")) == !isRead)
        }
    }

    /// What begins in the dictionary of a member that could not be read is not guessed.
    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func solidMembersNeedTheOneBefore() throws {
        var archive = try Self.sample("rar3-solid.rar")
        let entries = RarListing(archive.span, .rar, while: { true }).entries
        archive[entries[0].data.lowerBound + 20] ^= 0xFF
        let result = Unpacked(archive, messageSize: 1 << 20)
        #expect(result.kinds == [.corrupt, .unsupported] && result.entries.count == 2)
        #expect(result.entries[1].content == nil)
    }

    /// The name of the archive's own flag: members that are stored begin nowhere.
    @Test func storedMembersOfASolidArchive() {
        let archive = Rar4Writer.archive(
            Rar4Writer.member("a", Array("one".utf8)) + Rar4Writer.member("b", eicar), flags: 8)
        let result = Unpacked(archive, messageSize: 1 << 20)
        #expect(!result.isMarked && result.places(of: eicar) == ["2"] && result.isComplete)
    }

    // MARK: Filters

    private static let program: [UInt8] = noise(5000, 7).enumerated().map { $0.offset % 9 == 0 ? 0xE8 : $0.element }

    /// Targets of calls within 16 MiB are made absolute, and come back.
    @Test(arguments: [0, 1000, 1 << 23]) func calls(_ position: Int) {
        for (filter, codes) in [(Rar3Filter.calls, [0xE8]), (.callsAndJumps, [0xE8, 0xE9])] as [(Rar3Filter, [UInt8])] {
            var packed = Self.program
            var place = 0
            while place + 4 < packed.count {
                let code = packed[place]
                place += 1
                guard codes.contains(code) else { continue }
                let offset = Int32(position + place)
                let bytes = packed[place..<place + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                var target = Int32(bitPattern: bytes)
                if target >= -offset, target < 1 << 24 - offset {
                    target += offset
                } else if target > 0, target < 1 << 24 {
                    target -= 1 << 24
                }
                for index in 0..<4 { packed[place + index] = UInt8(truncatingIfNeeded: target >> (8 * Int32(index))) }
                place += 4
            }
            #expect(filter.undone(packed, registers: [0, 0], position: position) == Self.program)
        }
    }

    @Test(arguments: [1, 2, 3, 7, 5000, 6000]) func differences(_ channels: Int) {
        var packed: [UInt8] = []
        for channel in 0..<channels {
            var last: UInt8 = 0
            for place in stride(from: channel, to: Self.program.count, by: channels) {
                packed.append(last &- Self.program[place])
                last = Self.program[place]
            }
        }
        #expect(Rar3Filter.delta.undone(packed, registers: [channels, 0], position: 0) == Self.program)
    }

    /// Whatever a sender gives as registers and sizes, the block keeps its size.
    @Test func filtersOfNonsense() {
        for filter in Rar3Filter.allCases {
            for count in [0, 1, 2, 3, 4, 5, 20, 21, 22, 100, 4096] {
                for register in [0, 1, 2, 3, 4, 50, 4096, 1 << 20, 0xFFFF_FFFF] {
                    let block = Self.noise(count, UInt32(count))
                    for first in [0, 1, 2, 3, 0xFFFF_FFFF] {
                        let out = filter.undone(block, registers: [register, first], position: 0xFFFF_FFFF)
                        #expect(out.count == count)
                    }
                }
            }
        }
    }

    /// Channels without noise: what is expected is what comes.
    @Test func soundAndPictures() {
        // Differences of nothing: each sample goes on as those before it, from 0.
        let silence = [UInt8](repeating: 0, count: 300)
        #expect(Rar3Filter.sound.undone(silence, registers: [2, 0], position: 0) == silence)
        // The first pixel is white less its middle, and each other as its neighbour.
        var plane = silence
        plane[0] = 10
        plane[100] = 0xF6
        plane[200] = 5
        let picture = Rar3Filter.picture.undone(plane, registers: [30, 0], position: 0)
        #expect(picture.count == 300 && Array(picture[..<3]) == [0, 10, 5])
        #expect((1..<100).allSatisfy { Array(picture[$0 * 3..<$0 * 3 + 3]) == Array(picture[..<3]) })
    }
}
