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

    /// A program that writes another file than it reads.
    private static func patch(_ expression: String) -> String {
        "python3 -I -c 'import sys, io, zipfile; file = sys.stdin.buffer.read(); sys.stdout.buffer.write(\(expression))'"
    }

    /// A zip archive with LZMA, whose dictionary is another one.
    private static let packed =
        #"[(o := io.BytesIO()), (z := zipfile.ZipFile(o, "w", zipfile.ZIP_LZMA)), z.writestr("a", file), z.close()]"#
        + " and o.getvalue().replace(bytes([9, 4, 5, 0, 93, 0, 0, 128, 0]), bytes([9, 4, 5, 0, 93, 0, 0, 0, 2]))"

    /// What a header says of its dictionary counts in every format, however little there is to decode.
    @Test(arguments: [
        ("xz -c --lzma2=dict=32MiB", "xz data"), ("xz -c --lzma2=dict=31MiB", "xz data"),
        ("xz -c --x86 --delta --lzma2=dict=32MiB", "xz data"),
        ("xz -c --format=lzma --lzma1=dict=32MiB", "lzma data"),
        // Programs make dictionaries no larger than what they pack.
        ("lzip -c | \(patch("file[:5] + bytes([25]) + file[6:]"))", "lzip data"),
        ("cat | \(patch(packed))", "zip entry"),
        (
            "d=$(mktemp -d); cd $d; head -c 34000000 /dev/zero > a; 7z a -m0=LZMA:d=32m o.7z a >&2; cat o.7z; rm -r $d",
            "7z archive"
        ),
        (
            "d=$(mktemp -d); cd $d; head -c 34000000 /dev/zero > a; 7z a -m0=LZMA2:d=32m o.7z a >&2; cat o.7z; rm -r $d",
            "7z archive"
        ),
        ("zstd -q -c --zstd=wlog=25", "zstd data"),
    ])
    func dictionary(_ command: String, _ what: String) throws {
        let made = try runTool("sh", ["-c", command], input: (0..<5000).flatMap { Array("line \($0)\n".utf8) })
        try #require(made.status == 0)
        expect(
            .dictionary, of: what, made.output, at: ContainerLimits(dictionary: 32 << 20),
            above: ContainerLimits(dictionary: 32 << 20 - 1))
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
