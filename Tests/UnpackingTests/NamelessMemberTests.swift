import Members
import TestSupport
import Testing

@testable import Unpacking

/// Members whose name nobody can read, and files that end with a hole.
@Suite struct NamelessMemberTests {
    private static func python(_ program: String) throws -> [UInt8] {
        let made = try runTool(
            "python3",
            [
                "-c",
                "import io, struct, sys, tarfile, zipfile\nout = io.BytesIO()\n" + program
                    + "\nsys.stdout.buffer.write(out.getvalue())",
            ])
        try #require(made.status == 0, "\(made)")
        return made.output
    }

    private static let tar = """
        archive = tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT)
        entry = tarfile.TarInfo(NAME)
        entry.size = 5
        archive.addfile(entry, io.BytesIO(b"words"))
        archive.close()
        """
    private static let cpio = """
        for name, content in (NAME, b"words"), ("TRAILER!!!", b""):
            name = name.encode() + bytes(1)
            fields = [1, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0]
            out.write(b"070701" + b"".join(b"%08x" % field for field in fields) + name)
            out.write(bytes(-out.tell() % 4) + content)
            out.write(bytes(-out.tell() % 4))
        """
    private static let zip = """
        archive = zipfile.ZipFile(out, "w")
        archive.writestr(zipfile.ZipInfo("x"), b"words")
        archive.close()
        whole = out.getvalue().replace(b"x", NAME.encode()[:1] or b"x")
        out = io.BytesIO(whole)
        """

    /// Empty, blanks, control characters, a NUL: a finding, and what has one visible character is none.
    @Test(arguments: [tar, cpio, zip]) func unreadableNames(_ program: String) throws {
        let isZip = program == Self.zip
        let names = isZip ? [#""\0""#, #"" ""#, #""\x01""#] : [#""""#, #"" ""#, #""\x01\x02""#]
        for name in names {
            let result = Unpacked(try Self.python(program.replacing("NAME", with: name)), messageSize: 1 << 20)
            #expect(result.kinds == [.ambiguous], "\(name): \(result.problems)")
            #expect(result.places(of: Array("words".utf8)).count == 1)
        }
        for name in [#""a""#, #""\x01a""#].prefix(isZip ? 1 : 2) {
            let result = Unpacked(try Self.python(program.replacing("NAME", with: name)), messageSize: 1 << 20)
            #expect(!result.isMarked, "\(name): \(result.problems)")
        }
    }

    @Test(arguments: ["", "\u{1}\u{2}", "  ", "\n"]) func namesOfRAR(_ name: String) {
        // Read by libarchive, and by our own reader.
        for version: UInt8 in [29, 20] {
            let member = Rar4Writer.member(Array(name.utf8), eicar, version: version)
            let result = Unpacked(Rar4Writer.archive(member))
            #expect(result.kinds == [.ambiguous] && !result.places(of: eicar).isEmpty, "\(result.problems)")
        }
    }

    /// A sparse file is as long as its header says, in every form of it.
    @Test(arguments: ["gnu", "pax --sparse-version=0.0", "pax --sparse-version=0.1", "pax --sparse-version=1.0"])
    func holesAtTheEnd(_ format: String) throws {
        let scratch = try Scratch(.memory)
        let made = try runTool(
            "sh",
            [
                "-c",
                "cd \(scratch.path) && printf MZwords > a && truncate -s 1M a && truncate -s 300000 b && tar --format=\(format) -S -cf - a b",
            ])
        try #require(made.status == 0, "\(made)")
        let result = Unpacked(made.output, messageSize: 1 << 20)
        let first = Array("MZwords".utf8)
        #expect(
            result.entries.map(\.names)
                == [[Array("a".utf8)], [Array("b".utf8)]].map { $0.map { String(decoding: $0, as: UTF8.self) } })
        #expect(result.entries.first?.content == first + [UInt8](repeating: 0, count: 1 << 20 - first.count))
        #expect(result.entries.last?.content == [UInt8](repeating: 0, count: 300_000) && !result.isMarked)
    }

    /// A hole of a terabyte is no more than the quota has room for.
    @Test func aHoleLargerThanTheQuota() throws {
        let scratch = try Scratch(.memory)
        let made = try runTool(
            "sh", ["-c", "cd \(scratch.path) && printf MZ > a && truncate -s 1T a && tar --format=gnu -S -cf - a"])
        try #require(made.status == 0, "\(made)")
        let result = Unpacked(
            made.output, limits: UnpackingLimits(minimumQuota: 1 << 20, maximumQuota: 1 << 20), messageSize: 10_240)
        #expect(result.limits == [.bytes], "\(result.limits)")
    }
}
