import Documents
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

    // MARK: Pages

    /// Browsers show a page whose file is called so, whatever stands in front of its first tag.
    @Test(
        "G1: pages that make a file, behind other octets",
        arguments: [
            [0], [UInt8](repeating: 0, count: 9_000), Array("GIF89a".utf8) + [1, 0, 1, 0, 0, 0, 0, 0x3B],
            [0xFF, 0xD8, 0xFF, 0xE0, 0, 0x10] + Array("JFIF".utf8) + [0, 1, 1, 0, 0, 1, 0, 1, 0, 0],
            Array("%!PS".utf8) + [0, 0], [UInt8](repeating: 0, count: 66_000), [UInt8](repeating: 0x20, count: 5_000),
            Array(String(repeating: "words ", count: 900).utf8), [UInt8](repeating: 0x0A, count: 5_000) + [0],
        ]) func pagesBehindOthers(_ front: [UInt8]) throws
    {
        let zip = try make("zip -q z.zip in && base64 -w0 z.zip > out")
        for within in ["", "\0"] {
            let page =
                Array("<html><body>\(within)<script>var b=atob(\"".utf8) + zip
                + Array(
                    "\");l.href=URL.createObjectURL(new Blob([b]));l.download=\"a.zip\"</script></body></html>".utf8)
            let result = Unpacked(front + page, messageSize: 1 << 20)
            #expect(!result.places(of: eicar).isEmpty, "\(result.types)")
            #expect(result.facts.contains { $0.kind == .htmlSmuggling })
        }
    }

    /// In an archive that stores its members a page is one of these.
    @Test func pagesInArchives() throws {
        let page = "<html><script>atob(\"" + String(repeating: "QUJD", count: 100) + "\");a.download=1</script></html>"
        let result = Unpacked(try make("tar --format=ustar -cf out in", Array(page.utf8)))
        #expect(result.facts.count { $0.kind == .htmlSmuggling } == 1)
    }

    // MARK: Names

    @Test("F8: long paths in tar", arguments: ["gnu", "pax"]) func longPaths(_ format: String) throws {
        let path = (0..<6).map { String(repeating: "\($0)", count: 55) }.joined(separator: "/") + "/f.exe"
        let result = Unpacked(
            try make("mkdir -p $(dirname \(path)); cp in \(path); tar --format=\(format) -cf out \(path)"))
        #expect(result.names == [path])
        #expect(result.places(of: eicar) == ["1"] && !result.isMarked)
    }

    @Test("F11: names in other charsets, with the slash of Windows") func namesInOtherCharsets() throws {
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

    @Test("F8: hard links and holes in tar") func hardLinksAndHoles() throws {
        let result = Unpacked(
            try make(
                "cp in first; ln first second; ln -s first third; truncate -s 3M sparse; cat in >> sparse; "
                    + "tar -S -cf out first second third sparse"), messageSize: 1 << 20)
        #expect(result.places(of: eicar) == ["1"])
        #expect(result.entries[1].names == ["second", "first"] && result.entries[1].flags.contains(.hardLink))
        #expect(result.entries[2].names == ["third", "first"] && result.entries[2].flags.contains(.symbolicLink))
        #expect(result.entries[3].content == [UInt8](repeating: 0, count: 3 << 20) + eicar)
    }

    @Test("F7: first volumes", arguments: ["7z", "zip"]) func firstVolumesAreNamed(_ format: String) throws {
        let noise = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 2_654_435_761 >> 13) }
        let result = Unpacked(
            try make("7z a -t\(format) -v50k -mx=0 a.\(format) in; mv a.\(format).001 out", noise), messageSize: 1 << 20
        )
        #expect(result.kinds == [format == "zip" ? .corrupt : .unsupported] && !result.isComplete, "\(result.problems)")
    }

    /// 48 KB that filters change.
    private static let table = (0..<12_000).flatMap { octets($0 &* 4099 | 0xEB00_0000, 4) } + eicar

    /// Every coder and filter that 7-Zip writes.
    @Test(
        .enabled(if: GeneratorTests.installed("7z")),
        arguments: [
            "Copy", "Deflate", "Deflate64", "BZip2", "LZMA", "LZMA2", "PPMd", "BCJ", "BCJ2", "ARM", "ARMT", "PPC",
            "IA64", "SPARC", "Delta:4", "Swap2", "Swap4",
        ])
    func codersOf7z(_ coder: String) throws {
        let isFilter = !["Copy", "Deflate", "Deflate64", "BZip2", "LZMA", "LZMA2", "PPMd"].contains(coder)
        let archive = try make(
            "7z a -m0=\(coder) \(isFilter ? "-m1=LZMA" : "") out.7z in; mv out.7z out", Self.table)
        let result = Unpacked(archive, messageSize: 1 << 20)
        #expect(result.places(of: Self.table) == ["1"] && !result.isMarked && result.isComplete, "\(result.problems)")
    }

    @Test(.enabled(if: GeneratorTests.installed("7z"))) func otherCodersOf7zAreNamed() throws {
        for coders in ["-m0=BCJ2", "-mf=BCJ2 -m0=BCJ2 -m1=LZMA"] {
            let archive = try make("7z a \(coders) out.7z in; mv out.7z out", Self.table)
            let result = Unpacked(archive, messageSize: 1 << 20)
            #expect(
                result.names == ["in"] && result.kinds == [.unsupported] && !result.isComplete,
                "\(coders): \(result.problems)")
        }
    }

    /// A wrong password, or none: names are told where the archive shows them.
    @Test(
        "F6: encrypted archives",
        arguments: [
            ("zip -P secret out in", true), ("7z a -tzip -mem=AES256 -psecret out in", true),
            ("7z a -t7z -psecret out in", true), ("7z a -t7z -mhe -psecret out in", false),
        ])
    func encryptedArchives(_ command: String, _ hasNames: Bool) throws {
        var passwords = Passwords()
        passwords.add(Array("another".utf8), .text)
        let archive = try make("\(command); [ -e out ] || mv out.* out")
        let result = Unpacked(archive, messageSize: 1 << 20, passwords: passwords)
        #expect(result.kinds == [.encrypted] && !result.isComplete, "\(result.problems)")
        #expect(result.names == (hasNames ? ["in"] : []) && result.places(of: eicar).isEmpty)
        #expect(result.entries.allSatisfy { $0.flags.contains(.encrypted) })
    }

    @Test(
        "F6: encrypted RAR archives", .enabled(if: Corpora.isPresent, "needs the corpora beside the package"),
        arguments: [
            ("rar3-comment-psw.rar", true), ("rar3-comment-hpsw.rar", false), ("rar5-psw.rar", true),
            ("rar5-hpsw.rar", false),
        ])
    func encryptedRAR(_ file: String, _ hasNames: Bool) throws {
        let path = try #require(Corpora.files("rarfile").first { $0.hasSuffix("/\(file)") })
        let result = Unpacked(try Corpora.bytes(path), messageSize: 1 << 20)
        #expect(result.kinds.contains(.encrypted) && !result.isComplete, "\(result.problems)")
        #expect(result.names.isEmpty != hasNames)
    }

    @Test("F7: self-extracting RAR, and what a name claims") func selfExtractingRAR() {
        var stub = [UInt8](repeating: 0x90, count: 5000)
        stub.replaceSubrange(0..<2, with: [0x4D, 0x5A])
        let program = Unpacked(stub + HiddenArchiveTests.rar("b.com", eicar))
        #expect(program.types == ["exe-dos"] && !program.places(of: eicar).isEmpty)
        let renamed = Unpacked(zip([("a.rar", zip([("b.com", eicar)]))]))
        #expect(renamed.entries.map(\.types) == [["zip"], ["asc"]] && renamed.places(of: eicar) == ["1/1"])
    }

    @Test(
        "F7: first volumes of RAR", .enabled(if: Corpora.isPresent, "needs the corpora beside the package"),
        arguments: ["rar3-vols.part1.rar", "rar3-old.rar", "rar5-vols.part1.rar"])
    func firstVolumesOfRAR(_ file: String) throws {
        let path = try #require(Corpora.files("rarfile").first { $0.hasSuffix("/\(file)") })
        let result = Unpacked(try Corpora.bytes(path), messageSize: 1 << 20)
        #expect(result.kinds.contains(.unsupported) && !result.isComplete, "\(result.problems)")
    }

    // MARK: Bombs

    /// Zeros without end in each compression, at the quota and with all of memory left.
    @Test("F9: zeros in every compression", arguments: ["gzip", "bzip2", "xz", "zstd -q", "lzip", "lz4 -q"])
    func zeros(_ program: String) throws {
        let bomb = try make("head -c 24M /dev/zero | \(program) -c > out")
        let limits = UnpackingLimits(maximumQuota: 8 << 20)
        let result = Unpacked(bomb, limits: limits)
        #expect(result.limits == [.bytes])
        #expect(result.entries.reduce(0) { $0 + ($1.content?.count ?? 0) } <= limits.quota(messageSize: bomb.count))
    }

    @Test("F9: a thousand levels, and members without number") func nestedAndMany() {
        var nested = eicar
        for _ in 0..<1000 { nested = zip([("a", nested)]) }
        let deep = Unpacked(nested)
        #expect(deep.limits == [.levels] && deep.entries.count == UnpackingLimits().levels)
        let many = Unpacked(zip((0..<10_000).map { ("\($0)", []) }))
        #expect(many.limits == [.files] && many.entries.count == UnpackingLimits().files)
    }

    @Test("F12: a program in an object of a document") func programInADocument() {
        let object = zip([
            ("[Content_Types].xml", eicar), ("word/document.xml", eicar), ("word/embeddings/a.bin", eicar),
        ])
        let result = Unpacked(zip([("letter.docx", object)]))
        #expect(result.entries.first?.types == ["docx"] && result.places(of: eicar) == ["1/1", "1/2", "1/3"])
    }

    // MARK: Disk images

    /// A shortcut and a library in an image, the image alone, in a zip archive and in a virtual disk.
    @Test("G3: images with a shortcut") func imagesWithAShortcut() throws {
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
