import Bytes
import Compression
import Members
import TestSupport
import Testing

@testable import Unpacking

/// Files of lzop, which writes them.
@Suite(.enabled(if: GeneratorTests.installed("lzop"), "lzop is missing: make test-deps")) struct LZOPTests {
    private static let contents: [[UInt8]] = [
        Array("x".utf8), (0..<20_000).flatMap { Array("line \($0 &* 7919)\n".utf8) },
        [UInt8](repeating: 0, count: 700_000), (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) },
        (0..<3000).flatMap { [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: $0 % 40) },
    ]

    private func lzop(_ arguments: String, _ content: [UInt8]) throws -> [UInt8] {
        let made = try runTool("sh", ["-c", "lzop -q \(arguments) -c"], input: content)
        try #require(made.status == 0)
        return made.output
    }

    @Test(arguments: ["-1", "-3", "-9", "--crc32", "-CC", "-F"]) func decodesWhatTheProgramWrites(_ arguments: String)
        throws
    {
        for content in Self.contents {
            let result = Unpacked(try lzop(arguments, content), messageSize: 1 << 24)
            #expect(result.types == ["lzo"] && result.kinds.isEmpty, "\(result.problems)")
            #expect(result.entries.first?.content == content)
        }
    }

    @Test func filesBehindEachOther() throws {
        let both = try lzop("", Self.contents[1]) + lzop("", eicar)
        let result = Unpacked(both, messageSize: 1 << 24)
        #expect(result.entries.first?.content == Self.contents[1] + eicar && result.kinds.isEmpty)
    }

    /// Every file that the program would write has a name of its own, beside what all are together.
    @Test func namesOfFiles() throws {
        func packed(_ names: String) throws -> [UInt8] {
            let script =
                "d=$(mktemp -d); cd $d; cat > run.exe; echo Hello > letter.txt; lzop -q -c \(names); rm -r $d"
            let made = try runTool("sh", ["-c", script], input: eicar)
            try #require(made.status == 0)
            return made.output
        }
        let letter = Array("Hello\n".utf8)
        let two = try packed("letter.txt run.exe")
        let result = Unpacked(two, messageSize: 1 << 20)
        #expect(result.entries.map(\.names) == [["letter.txt"], ["letter.txt"], ["run.exe"]])
        #expect(result.entries.map(\.content) == [letter + eicar, letter, eicar] && !result.isMarked)
        let one = try packed("run.exe")
        let single = Unpacked(one, messageSize: 1 << 20)
        #expect(single.entries.map(\.names) == [["run.exe"]] && single.entries[0].content == eicar)
        #expect(Unpacked(try lzop("", eicar), messageSize: 1 << 20).names == [])
        // A name that was changed has a checksum no more.
        var wrong = one
        let place = one.span.firstIndex(of: "run.exe", from: 0)
        wrong[try #require(place)] ^= 1
        let changed = Unpacked(wrong, messageSize: 1 << 20)
        #expect(changed.kinds == [.corrupt] && changed.entries[0].content == eicar, "\(changed.problems)")
        // The last of several is cut off, or of an unknown method.
        let cut = Unpacked(Array(two.dropLast(30)), messageSize: 1 << 20)
        #expect(cut.names == ["letter.txt", "letter.txt", "run.exe"] && cut.kinds == [.corrupt])
        // As many as a message may hold are named.
        let many = Unpacked((0..<100).flatMap { _ in one }, messageSize: 1 << 20)
        #expect(many.entries.count == 101 && many.places(of: eicar).count == 100 && !many.isMarked)
    }

    /// A tar archive that was cut before its parts were compressed is sound; a file behind the archive is met by its name.
    @Test func partsOfAnArchive() throws {
        func made(_ script: String) throws -> Unpacked {
            let script = "d=$(mktemp -d); cd $d; cat > run.exe; \(script); rm -r $d"
            let made = try runTool("sh", ["-c", script], input: eicar)
            try #require(made.status == 0)
            return Unpacked(made.output, messageSize: 1 << 20)
        }
        let parts = try made("tar -cf t run.exe; split -b 560 t p.; lzop -q -c p.*")
        #expect(parts.entries.first?.types == ["tar"] && !parts.isMarked, "\(parts.problems)")
        #expect(parts.names.contains("p.aa") && parts.places(of: eicar) == ["1/1"])
        let beside = try made("echo a > a; tar -cf t a; lzop -q -c t run.exe")
        #expect(beside.entries.contains { $0.names == ["run.exe"] && $0.content == eicar })
        let cut = try made("tar -cf t run.exe; head -c 560 t > p; split -b 530 p q.; lzop -q -c q.*")
        #expect(cut.kinds == [.corrupt], "\(cut.problems)")
    }

    /// Cut off and changed anywhere: marked, or nothing of the content is different.
    @Test func damageIsTold() throws {
        let content = Array(Self.contents[1].prefix(30_000))
        let packed = try lzop("-9", content)
        for place in stride(from: 9, to: packed.count, by: 37) {
            let cut = Unpacked(Array(packed[..<place]), messageSize: 1 << 24)
            #expect(cut.kinds.contains(.corrupt), "cut at \(place)")
            var wrong = packed
            wrong[place] ^= 0x24
            let changed = Unpacked(wrong, messageSize: 1 << 24)
            #expect(changed.isMarked || changed.entries.first?.content == content, "\(place): \(changed.problems)")
        }
    }

    @Test func blocksBeyondTheMemoryAreALimit() throws {
        let packed = try lzop("", Self.contents[2])
        let limits = UnpackingLimits(containers: ContainerLimits(dictionary: 262_143))
        #expect(Unpacked(packed, limits: limits, messageSize: 1 << 24).kinds == [.overLimits])
        let enough = UnpackingLimits(containers: ContainerLimits(dictionary: 262_144))
        #expect(Unpacked(packed, limits: enough, messageSize: 1 << 24).kinds.isEmpty)
    }

    /// No input leads out of bounds.
    @Test func noise() {
        var random = SeededGenerator(seed: 5)
        for size in 0..<600 {
            let input = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
            if let output = LZO1X.decode(input.span, size: 4096) { #expect(output.count == 4096) }
        }
        #expect(LZO1X.decode([0x11, 0, 0].span, size: 0)?.isEmpty == true)
        #expect(LZO1X.decode([0x11, 0, 0].span, size: 1) == nil && LZO1X.decode([UInt8]().span, size: 0) == nil)
    }
}
