import Members
import TestSupport
import Testing

@testable import Unpacking

/// Ways to hide files in archives: what other programs see must be seen.
@Suite struct EvasionTests {
    /// Runs a script in a folder of its own, with the test file at `in`; the file `out` that it writes.
    private func make(_ script: String, _ input: [UInt8] = eicar) throws -> [UInt8] {
        let scratch = try Scratch(.memory)
        let result = try runTool(
            "sh",
            ["-c", "cd \(scratch.path) && export LC_ALL=C.UTF-8 && cat > in && ( \(script) ) > log 2>&1; cat out"],
            input: input)
        #expect(result.status == 0 && !result.output.isEmpty, "\(script)")
        return result.output
    }

    // MARK: Names

    @Test(arguments: ["gnu", "pax"]) func longPaths(_ format: String) throws {
        let path = (0..<6).map { String(repeating: "\($0)", count: 55) }.joined(separator: "/") + "/f.exe"
        let result = Unpacked(
            try make("mkdir -p $(dirname \(path)); cp in \(path); tar --format=\(format) -cf out \(path)"))
        #expect(result.names == [path])
        #expect(result.places(of: eicar) == ["1"] && !result.isMarked)
    }

    @Test func namesInOtherCharsets() throws {
        // No UTF-8, with and without the flag that says so; and the slash of Windows.
        for flags in [0, 0x800] {
            var entry = ZipWriter.Entry("dir\\file.exe", eicar)
            entry.flags = flags
            var archive = ZipWriter(entries: [entry]).archive()
            for index in archive.indices where archive[index] == UInt8(ascii: "f") { archive[index] = 0x81 }
            let unpacker = Unpacker(limits: UnpackingLimits(), messageSize: 1 << 20, directory: nil)
            _ = unpacker.open(archive.span, as: 0)
            #expect(unpacker.next()?.member.names == [Array("dir\\".utf8) + [0x81] + Array("ile.exe".utf8)])
        }
    }

    // MARK: Links, holes, volumes

    @Test func hardLinksAndHoles() throws {
        let result = Unpacked(
            try make(
                "cp in first; ln first second; ln -s first third; truncate -s 3M sparse; cat in >> sparse; "
                    + "tar -S -cf out first second third sparse"), messageSize: 1 << 20)
        #expect(result.places(of: eicar) == ["1"])
        #expect(result.entries[1].names == ["second", "first"] && result.entries[1].flags.contains(.hardLink))
        #expect(result.entries[2].names == ["third", "first"] && result.entries[2].flags.contains(.symbolicLink))
        #expect(result.entries[3].content == [UInt8](repeating: 0, count: 3 << 20) + eicar)
    }

    @Test(arguments: ["7z", "zip"]) func firstVolumesAreNamed(_ format: String) throws {
        let noise = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 2_654_435_761 >> 13) }
        let result = Unpacked(
            try make("7z a -t\(format) -v50k -mx=0 a.\(format) in; mv a.\(format).001 out", noise), messageSize: 1 << 20
        )
        #expect(result.isMarked && !result.isComplete)
    }

    // MARK: Disk images

    /// A shortcut and a library in an image, the image alone, in a zip archive and in a virtual disk.
    @Test func imagesWithAShortcut() throws {
        let image = try make(
            """
            mkdir d; printf 'L\\0\\0\\0\\001\\024\\002\\0\\0\\0\\0\\0\\300\\0\\0\\0\\0\\0\\0F' > d/run.lnk; head -c 100 /dev/zero >> d/run.lnk
            printf 'MZ' > d/a.dll; head -c 500 /dev/zero >> d/a.dll; cp in d/c.com
            genisoimage -quiet -J -R -o out d
            """)
        let disk = try make(
            "mformat -i raw -C -T 8192 ::; mcopy -i raw in ::a.iso; qemu-img convert -f raw -O vpc raw out", image)
        for (content, depth) in [(image, 1), (zip([("invoice.iso", image)]), 2), (disk, 2)] {
            let result = Unpacked(content, messageSize: 1 << 20)
            let files = result.entries.filter { !$0.flags.contains(.directory) }
            let members = files.filter { $0.path.split(separator: "/").count == depth }
            #expect(Set(members.flatMap(\.names)) == ["run.lnk", "a.dll", "c.com"])
            #expect(Set(members.flatMap(\.types)) == ["lnk", "exe-dos", "asc"])
            #expect(!result.places(of: eicar).isEmpty && !result.isMarked, "\(result.problems)")
        }
    }
}
