import Compression
import Members
import TestSupport
import Testing

@testable import Unpacking

/// Compressed files as other programs see them: joined, cut, with something behind, or empty. The content compresses, so
/// that it stands nowhere in the file as it is.
@Suite(.serialized) struct StreamTests {
    static let payload = (0..<3000).flatMap { Array("line \($0)\n".utf8) } + eicar

    static let commands = [
        "gzip -c", "bzip2 -c", "xz -c", "xz -c --format=lzma", "zstd -q -c", "lz4 -q -c", "lz4 -q -c -l", "lzip -c",
        "xz -c --format=lzma --lzma1=dict=5KiB", "xz -c --format=lzma --lzma1=lc=4,pb=0",
        "xz -c --format=lzma --lzma1=lc=0,lp=4,pb=4,dict=100000",
    ]

    private func run(_ script: String, _ input: [UInt8] = payload) throws -> [UInt8] {
        let scratch = try Scratch(.memory)
        let result = try runTool(
            "sh", ["-c", "cd \(scratch.path) && cat > in && ( \(script) ) > log 2>&1; cat out"], input: input)
        try #require(result.status == 0 && !result.output.isEmpty, "\(script)")
        return result.output
    }

    @Test(arguments: commands) func wholeAndEmptyFiles(_ command: String) throws {
        let result = Unpacked(try run("\(command) < in > out"))
        #expect(result.places(of: Self.payload) == ["1"])
        #expect(result.isComplete && !result.isMarked, "\(result.problems)")
        let empty = Unpacked(try run("\(command) < /dev/null > out"))
        #expect(!empty.isMarked, "\(empty.problems)")
    }

    /// gzip warns of bits of compress(1) that mean nothing, and goes on.
    @Test(arguments: [0x20, 0x40, 0x60] as [UInt8]) func reservedBitsOfCompress(_ bits: UInt8) throws {
        var file = try run("bsdtar -cZf out in")
        try #require(file[0] == 0x1F && file[1] == 0x9D)
        file[2] |= bits
        let reader = try runTool("gzip", ["-dc"], input: file)
        try #require(reader.output.count > Self.payload.count)
        let result = Unpacked(file)
        #expect(result.places(of: Self.payload) == ["1/1"] && !result.isMarked, "\(result.problems)")
    }

    /// Dictionaries that no encoder writes: opened, or said to be too large.
    @Test(
        arguments: [
            (0, nil), (1, nil), (100_003, nil), (0x7FFF_FFFF, .overLimits),
        ] as [(Int, ContainerProblem.Kind?)])
    func headersOfLZMA(_ dictionary: Int, _ problem: ContainerProblem.Kind?) throws {
        var file = try run("xz --format=lzma -c in > out")
        file.replaceSubrange(1..<5, with: octets(dictionary, 4))
        let result = Unpacked(file)
        #expect(result.types == ["lzma"])
        #expect(result.kinds == Set([problem].compactMap { $0 }), "\(result.problems)")
        #expect(result.places(of: Self.payload).isEmpty == (problem != nil))
    }

    /// Codes of nine bits, one for each octet.
    private static func literals(_ head: UInt8, _ octets: [UInt8]) -> [UInt8] {
        var (packed, bits, count) = ([0x1F, 0x9D, head] as [UInt8], 0, 0)
        for octet in octets {
            bits |= Int(octet) << count
            count += 9
            while count >= 8 {
                packed.append(UInt8(truncatingIfNeeded: bits))
                bits >>= 8
                count -= 8
            }
        }
        return count > 0 ? packed + [UInt8(truncatingIfNeeded: bits)] : packed
    }

    /// What the head of compress(1) says that it does not write: gzip opens all but codes of more than 16 bits.
    @Test(arguments: [0x80, 0x88, 0x08, 0x00, 0x89, 0x09, 0x10, 0x90, 0x91, 0x9F, 0x1F] as [UInt8])
    func codesOfCompress(_ head: UInt8) throws {
        let content = Array(eicar.prefix(200))
        let file = Self.literals(head, content)
        let reader = try runTool("gzip", ["-dc"], input: file)
        let result = Unpacked(file)
        #expect(result.types == ["Z"])
        if reader.output == content {
            #expect(result.places(of: content) == ["1"] && !result.isMarked, "\(result.problems)")
        } else {
            #expect(head & 0x1F > 16 && result.kinds == [.corrupt], "\(result.problems)")
        }
        // The mark alone is none.
        let noise = (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 167 | 1) }
        #expect(Unpacked([0x1F, 0x9D, 0x80] + noise).types.isEmpty)
    }

    @Test(arguments: commands) func somethingBehind(_ command: String) throws {
        for rest in [[UInt8](repeating: 0, count: 7), [0, 0, 0], Array("seventy octets or so of another kind".utf8)] {
            let result = Unpacked(try run("\(command) < in > out") + rest)
            #expect(result.places(of: Self.payload).contains("1"), "\(rest)")
            #expect(!result.kinds.contains(.corrupt) && !result.kinds.contains(.unsupported), "\(result.problems)")
        }
    }

    @Test(arguments: commands) func lastOctetsMissing(_ command: String) throws {
        let packed = try run("\(command) < in > out")
        for missing in [1, 4] {
            let result = Unpacked(Array(packed.dropLast(missing)))
            #expect(result.kinds.contains(.corrupt), "\(result.problems)")
            #expect(!result.kinds.contains(.unsupported))
        }
    }

    /// Each program reads files that were joined as one.
    @Test(arguments: commands.filter { !$0.contains("lzma") }) func joined(_ command: String) throws {
        let script = "head -c 20000 in | \(command) > out; tail -c +20001 in | \(command) >> out"
        let result = Unpacked(try run(script))
        #expect(result.places(of: Self.payload) == ["1"])
        #expect(!result.isMarked, "\(result.problems)")
    }

    /// The virus in two members of a gzip file, beside the members; and an archive that was cut in blocks.
    @Test func gzipMembers() throws {
        let split = Unpacked(try run("head -c 30 in | gzip > out; tail -c +31 in | gzip >> out", eicar))
        #expect(split.places(of: eicar) == ["1"])
        #expect(split.entries.map(\.content) == [eicar, Array(eicar[..<30]), Array(eicar[30...])])
        let blocks = Unpacked(
            try run("cp in a; cp in b; tar -cf t a b; split -b 3000 t p.; for i in p.*; do gzip -c $i; done > out"),
            messageSize: 1 << 20)
        #expect(blocks.entries[0].types == ["tar"])
        #expect(blocks.entries.filter { $0.path.hasPrefix("1/") }.flatMap(\.names) == ["a", "b"])
        #expect(!blocks.isMarked && blocks.entries.contains { $0.names == ["p.ab"] }, "\(blocks.problems)")
        // What is missing of the archive itself is damage.
        let cut = Unpacked(
            try run(
                "cp in a; tar -cf t a; head -c 600 t > p; split -b 512 p q.; for i in q.*; do gzip -c $i; done > out"),
            messageSize: 1 << 20)
        #expect(cut.kinds == [.corrupt], "\(cut.problems)")
        // More members than are handed out by themselves.
        let many = Unpacked(try run("for i in $(seq 65); do gzip -c in; done > out", eicar), messageSize: 1 << 20)
        #expect(many.entries.count == 1 && many.entries[0].content?.count == 65 * eicar.count)
        let fewer = Unpacked(try run("for i in $(seq 64); do gzip -c in; done > out", eicar), messageSize: 1 << 20)
        #expect(fewer.entries.count == 65)
    }

    /// Archives and documents that were cut before their parts were compressed are sound, and damaged where they are as a whole.
    @Test func partsOfArchives() throws {
        var random = SeededGenerator(seed: 28)
        let noise = (0..<6000).map { _ in UInt8.random(in: 0...255, using: &random) } + eicar
        let deflated = Array(try runTool("gzip", ["-n"], input: noise).output.dropFirst(10).dropLast(8))
        let stream = [0x78, 0x9C] + deflated + octets(Int(Compression.adler32(noise.span)), 4).reversed()
        func lines(_ text: String) -> [UInt8] { Array(text.utf8) }
        // What does not compress stands in the file of gzip as it is, as if that were the document.
        let comment = String((0..<1989).map { _ in "0123456789".randomElement(using: &random) ?? "0" })
        let pdf =
            lines(
                "%PDF-1.4\n%\(comment)\n1 0 obj<</Type/Filespec/F(a.com)/EF<</F 2 0 R>>>>endobj\n2 0 obj<</Type/EmbeddedFile"
                    + "/Filter/FlateDecode/Length \(stream.count)>>stream\n") + stream
            + lines("\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
        let archives = [
            ("zip", zip([("a.com", noise)])), ("pdf", pdf),
            ("rar", Rar5Writer.archive(Rar5Writer.member("a.com", noise))),
        ]
        for (type, archive) in archives {
            let cut = "split -b 2000 in p.; for i in p.*; do gzip -c $i; done > out"
            let parts = Unpacked(try run(cut, archive), messageSize: 1 << 20)
            #expect(parts.entries[0].types == [type] && !parts.isMarked, "\(type): \(parts.problems)")
            #expect(parts.places(of: noise) == ["1/1"] && parts.entries.contains { $0.names == ["p.ab"] }, "\(type)")
            // A file of its own that is damaged is told as such.
            let files = "gzip -c in; head -c 2000 in | gzip -c"
            let beside = Unpacked(try run("( \(files) ) > out", archive), messageSize: 1 << 20)
            #expect(beside.problems.contains { $0.kind == .corrupt }, "\(type): \(beside.problems)")
            let damaged = Unpacked(try run(cut, Array(archive.dropLast(3000))), messageSize: 1 << 20)
            #expect(damaged.kinds.contains(.corrupt), "\(type): \(damaged.problems)")
        }
    }

    @Test func othersAreNoLZMA() throws {
        var number: UInt64 = 88_172_645_463_325_252
        for _ in 0..<2000 {
            // A header that could be LZMA's, with noise behind it.
            var content: [UInt8] = [UInt8(number % 225), 0, 3, 5, 0] + [UInt8](repeating: 0xFF, count: 8) + [0]
            for _ in 0..<400 {
                number ^= number << 13
                number ^= number >> 7
                number ^= number << 17
                content.append(UInt8(truncatingIfNeeded: number >> 24))
            }
            #expect(!Recognition.types(of: content.span).contains(.lzma))
        }
        #expect(Recognition.types(of: Array("LZIPPERS and such".utf8).span) == [.text])
        #expect(!Recognition.types(of: ([0, 0, 16, 0, 0, 5] + [UInt8](repeating: 0, count: 200)).span).contains(.lzma))
    }

    @Test func lz4LegacyBehindASkippedFrame() throws {
        let packed = try run("lz4 -q -c -l < in > out")
        let skipped: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]
        #expect(Unpacked(skipped + packed).places(of: Self.payload) == ["1"])
    }

    // MARK: Members of zip

    static let methods = ["Deflate", "Deflate64", "BZip2", "LZMA", "PPMd"]

    @Test(arguments: methods) func zipMethods(_ method: String) throws {
        let archive = try run("7z a -tzip -mm=\(method) a.zip in; mv a.zip out")
        // 7-Zip stores what does not compress; this does.
        #expect(archive.count < 15_000)
        let whole = Unpacked(archive)
        #expect(whole.places(of: Self.payload) == ["1"])
        #expect(whole.isComplete && !whole.isMarked, "\(whole.problems)")
        // A wrong checksum in both headers.
        var wrong = archive
        for place in archive.indices.dropLast(4) where Array(archive[place..<place + 3]) == [0x50, 0x4B, 3] {
            wrong[place + 14] ^= 1
        }
        for place in archive.indices.dropLast(4) where Array(archive[place..<place + 3]) == [0x50, 0x4B, 1] {
            wrong[place + 16] ^= 1
        }
        #expect(Unpacked(wrong).kinds.contains(.corrupt))
        // A wrong bit in the data.
        var damaged = archive
        damaged[archive.count / 2] ^= 0x10
        #expect(Unpacked(damaged).kinds.contains(.corrupt), "\(Unpacked(damaged).problems)")
    }

    @Test(arguments: methods, ["ZipCrypto", "AES128", "AES192", "AES256"])
    func encryptedZipMethods(_ method: String, _ encryption: String) throws {
        let archive = try run("7z a -tzip -mm=\(method) -mem=\(encryption) -pgeheim77 a.zip in; mv a.zip out")
        #expect(archive.count < 15_000)
        #expect(Unpacked(archive).kinds == [.encrypted])
        var passwords = Passwords()
        for word in ["falsch", "geheim77"] { passwords.add(Array(word.utf8), .text) }
        let opened = Unpacked(archive, passwords: passwords)
        #expect(opened.places(of: Self.payload) == ["1"])
        #expect(!opened.isMarked, "\(opened.problems)")
        // What was changed does not open.
        var changed = archive
        changed[archive.count / 2] ^= 0x10
        #expect(Unpacked(changed, passwords: passwords).isMarked)
    }

    /// Dictionaries that no encoder uses by itself.
    @Test(arguments: ["5000b", "6k", "100000b", "3m"]) func zipDictionaries(_ size: String) throws {
        let result = Unpacked(try run("7z a -tzip -mm=LZMA -md=\(size) a.zip in; mv a.zip out"))
        #expect(result.places(of: Self.payload) == ["1"] && !result.isMarked, "\(result.problems)")
        #expect(result.entries.count == 1)
    }

    /// Octets that are no stream of their method.
    @Test(arguments: [9, 12, 14, 93, 95, 98]) func notOfTheirMethod(_ method: Int) {
        var entry = ZipWriter.Entry("note.txt", eicar)
        entry.method = method
        let result = Unpacked(ZipWriter(entries: [entry]).archive())
        #expect(result.kinds.contains(.corrupt) && !result.isComplete, "\(result.problems)")
        #expect(result.entries[0].content != eicar)
    }

    @Test func checksumsOfZero() {
        for method in [0, 8] {
            var entry = ZipWriter.Entry("a", eicar)
            entry.method = method
            if method == 8 { entry.data = [1, 68, 0, 187, 255] + eicar }
            entry.checksum = 0
            #expect(Unpacked(ZipWriter(entries: [entry]).archive()).kinds == [.corrupt])
            entry.checksum = nil
            #expect(Unpacked(ZipWriter(entries: [entry]).archive()).kinds.isEmpty)
        }
    }

    @Test func zipEntryWithoutAName() {
        let result = Unpacked(zip([("", eicar)]))
        #expect(result.places(of: eicar) == ["1"] && result.kinds == [.ambiguous])
    }
}
