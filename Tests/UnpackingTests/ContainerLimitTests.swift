import Foundation
import Members
import TestSupport
import Testing

@testable import Unpacking

/// Limits of one container that are settings: at the limit, and one above.
@Suite struct ContainerLimitTests {
    private static func kinds(
        _ content: [UInt8], _ limits: ContainerLimits, passwords: Passwords = Passwords()
    ) -> [ContainerProblem] {
        Unpacked(
            content, limits: UnpackingLimits(containers: limits), messageSize: 1 << 20, passwords: passwords
        ).problems.filter { $0.kind == .overLimits }
    }

    private func expect(
        _ limit: ContainerLimit, of what: String = "", _ content: [UInt8], at within: ContainerLimits,
        above beyond: ContainerLimits, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(Self.kinds(content, within).isEmpty, sourceLocation: sourceLocation)
        #expect(Self.kinds(content, beyond) == [ContainerProblem(limit, of: what)], sourceLocation: sourceLocation)
    }

    private static func make(_ suffix: String, _ content: [UInt8]) throws -> [UInt8] {
        try #require(GeneratorTests.makers.first { $0.suffix == suffix }).make(content)
    }

    private static let noise: [UInt8] = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 37 | 128) }

    @Test func hiddenArchives() throws {
        let archive = try Self.make("7z", eicar)
        let program: [UInt8] = [0x7F, 0x45, 0x4C, 0x46] + Self.noise + archive + Self.noise + archive
        expect(
            .hiddenArchives, program, at: ContainerLimits(hiddenArchives: 2), above: ContainerLimits(hiddenArchives: 1))
    }

    @Test func marks() {
        let mark: [UInt8] = [0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 0, 3, 0xFF, 0xFF] + Self.noise
        let program: [UInt8] = [0x7F, 0x45, 0x4C, 0x46] + Self.noise + mark + mark + mark
        expect(.streamMarks, program, at: ContainerLimits(marks: 3), above: ContainerLimits(marks: 2))
    }

    @Test func encodedFiles() throws {
        let block = "begin 644 a.txt\n#86)C\n`\nend\n"
        let text = zip([("a.txt", Array((block + "words\n" + block).utf8))])
        expect(
            .encodedFiles, text, at: ContainerLimits(encodedFiles: 2), above: ContainerLimits(encodedFiles: 1))
    }

    @Test func zipDirectories() {
        let archives = zip([("a", Array("a".utf8))]) + zip([("b", Array("b".utf8))])
        #expect(!Self.kinds(archives, ContainerLimits(zipDirectories: 2)).contains(ContainerProblem(.zipDirectories)))
        #expect(Self.kinds(archives, ContainerLimits(zipDirectories: 1)).contains(ContainerProblem(.zipDirectories)))
    }

    @Test func zipPieces() {
        let gaps = zip([("a", Array("a".utf8))]) + Self.noise + zip([("b", Array("b".utf8))]) + Self.noise
        #expect(Self.kinds(gaps, ContainerLimits(zipPieces: 2)).isEmpty)
        #expect(Self.kinds(gaps, ContainerLimits(zipPieces: 1)) == [ContainerProblem(.zipPieces)])
    }

    @Test(arguments: ["xz", "lzma"]) func dictionary(_ format: String) throws {
        let made = try runTool(
            "sh",
            ["-c", "xz -c --format=\(format) --lzma1=dict=32MiB"].map {
                format == "xz" ? $0.replacing("lzma1", with: "lzma2") : $0
            }, input: (0..<5000).flatMap { Array("line \($0)\n".utf8) })
        try #require(made.status == 0)
        #expect(Self.kinds(made.output, ContainerLimits(dictionary: 40 << 20)).isEmpty)
        let beyond = Self.kinds(made.output, ContainerLimits(dictionary: 32 << 20 - 1))
        #expect(beyond == [ContainerProblem(.dictionary, of: "\(format) data")])
    }

    /// The packed content of a folder, and what is decoded of it.
    @Test func buffer() throws {
        let content = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
        let made = try runTool(
            "sh", ["-c", "d=$(mktemp -d); cd $d; cat > a; 7z a -psecret out.7z a >&2; cat out.7z; rm -r $d"],
            input: content)
        try #require(made.status == 0)
        var passwords = Passwords()
        passwords.add(Array("secret".utf8), .text)
        #expect(Self.kinds(made.output, ContainerLimits(buffer: made.output.count), passwords: passwords).isEmpty)
        #expect(
            Self.kinds(made.output, ContainerLimits(buffer: 1000), passwords: passwords)
                == [ContainerProblem(.folder, of: "7z archive")])
    }

    @Test func imageNames() throws {
        let image = try Self.make("udf.iso", eicar)
        let count = "inner.bin".utf8.count
        #expect(!Self.kinds(image, ContainerLimits(imageNames: count)).contains(ContainerProblem(.imageNames)))
        #expect(Self.kinds(image, ContainerLimits(imageNames: count - 1)).contains(ContainerProblem(.imageNames)))
    }
}
