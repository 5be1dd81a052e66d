import Compression
import struct Foundation.Data
import Members
import TestSupport
import Testing

@testable import Unpacking

/// Archives of the time before zip: ARC as arc(1) writes it under each of its methods, ZOO as described, and RAR 2.
@Suite struct OldArchiveTests {
    // MARK: ARC

    /// Files that make arc(1) choose each of its methods.
    private static let files: [(name: String, content: [UInt8])] = {
        var seed: UInt32 = 7
        func random() -> UInt32 {
            seed = seed &* 1_664_525 &+ 1_013_904_223
            return seed >> 8
        }
        let words = (0..<3000).map { _ in (0...random() % 7 + 1).map { _ in UInt8(97 + random() % 26) } }
        return [
            ("noise.bin", (0..<5000).map { _ in UInt8(random() & 255) }),
            ("runs.bin", [UInt8](repeating: 97, count: 500) + [98] + [UInt8](repeating: 0x90, count: 300) + [99, 99]),
            ("text.txt", (0..<300).flatMap { _ in Array("the quick brown fox jumps over the lazy dog. ".utf8) }),
            ("words.txt", (0..<5000).flatMap { _ in words[Int(random() % 3000)] + [32] }),
            ("one.bin", [0x90]),
            ("packed.bin", [UInt8](repeating: 97, count: 500) + [98, 0x90, 0x90, 0x90, 0x90] + [99, 99, 99]),
        ]
    }()

    /// Archives of all files, crunched and squashed.
    private func archives() throws -> [[UInt8]] {
        let scratch = try Scratch(.memory)
        for file in Self.files { try write(file.content, to: "\(scratch.path)/\(file.name)") }
        return try ["an", "aqn"].map { letters in
            let run = try runTool("sh", ["-c", "cd \(scratch.path) && arc \(letters) \(letters).arc *.bin *.txt"])
            try #require(run.status == 0, "\(run)")
            return try read("\(scratch.path)/\(letters).arc")
        }
    }

    /// The methods of the members of an archive.
    private func methods(_ archive: [UInt8]) -> Set<UInt8> {
        var out: Set<UInt8> = []
        var place = 0
        while place + 29 < archive.count, archive[place + 1] != 0 {
            out.insert(archive[place + 1])
            place += 29 + (0..<4).reduce(0) { $0 | Int(archive[place + 15 + $1]) << ($1 * 8) }
        }
        return out
    }

    @Test(.enabled(if: GeneratorTests.installed("arc"), "make test-deps installs arc"))
    func everyMethodOfARC() throws {
        let archives = try archives()
        #expect(archives.map(methods).reduce([]) { $0.union($1) } == [2, 3, 4, 8, 9])
        for archive in archives {
            let result = Unpacked(archive, messageSize: 1 << 20)
            #expect(result.types == ["arc"] && !result.isMarked, "\(result.problems)")
            // arc(1) leaves octets of its trials behind the end.
            let members = result.entries.filter {
                $0.path.split(separator: "/").count == 1 && !$0.flags.contains(.slack)
            }
            #expect(members.count == Self.files.count)
            for file in Self.files {
                let entry = result.entries.first { $0.names == [file.name] }
                #expect(entry?.content == file.content, "\(file.name)")
            }
        }
    }

    /// Cut off anywhere, and with each octet changed: nothing breaks, and what is not whole is told.
    @Test(.enabled(if: GeneratorTests.installed("arc"), "make test-deps installs arc"))
    func damageOfARC() throws {
        for archive in try archives() {
            for length in stride(from: 30, to: archive.count, by: archive.count / 50) {
                let cut = Unpacked(Array(archive[..<length]), messageSize: 1 << 20)
                #expect(cut.types == ["arc"] && cut.isMarked, "\(length)")
            }
            for place in stride(from: 29, to: archive.count - 2, by: archive.count / 50) {
                var damaged = archive
                damaged[place] ^= 0x55
                let result = Unpacked(damaged, messageSize: 1 << 20)
                let isSame = Self.files.allSatisfy { file in result.entries.contains { $0.content == file.content } }
                // Of a header, date and time may be anything.
                #expect(result.isMarked || isSame, "octet \(place)")
            }
        }
    }

    /// A member whose size says more than there is, which arc(1) extracts, and Spark's form of the archive, which unar does.
    @Test(.enabled(if: GeneratorTests.installed("arc"), "make test-deps installs arc"))
    func sizesAndSpark() throws {
        let scratch = try Scratch(.memory)
        let text = Array(repeating: "words that repeat; ", count: 40).joined() + String(decoding: eicar, as: UTF8.self)
        try scratch.write("q.t", text)
        let run = try runTool("sh", ["-c", "cd \(scratch.path) && arc a o.arc q.t >/dev/null && cat o.arc"])
        try #require(run.status == 0 && run.output.count > 40, "\(run)")
        let archive = run.output
        let size = Int(archive[15]) | Int(archive[16]) << 8
        for more in [100, 256, 65_536] {
            var long = archive
            long.replaceSubrange(15..<19, with: octets(size + more, 4))
            let result = Unpacked(long, messageSize: 1 << 20)
            // What stands behind is taken for a part of it.
            let isThere = result.entries.contains { $0.content?.starts(with: text.utf8) == true }
            #expect(isThere && result.kinds == [.corrupt], "\(result.problems)")
        }
        // Names of other code pages, of all octets that there are, and of none that can be read.
        for name: [UInt8] in [
            [0x81] + Array("ber.txt".utf8) + [0, 0, 0, 0, 0], [UInt8](repeating: 0x61, count: 13), [0x20, 0x61, 0],
            [1, 2, 0],
        ] {
            var odd = archive
            odd.replaceSubrange(2..<2 + name.count, with: name)
            let result = Unpacked(odd, messageSize: 1 << 20)
            #expect(result.places(of: Array(text.utf8)).count == 1, "\(name)")
            #expect(result.kinds == (name[0] == 1 ? [.ambiguous] : []), "\(result.problems)")
        }
        // Both at once: arc(1) looks at neither.
        for name: [UInt8] in [
            [0x81] + Array("ber.txt".utf8) + [0], [UInt8](repeating: 0x61, count: 13), [0x20, 0x61, 0], [1, 2, 0],
        ] {
            for more in [100, 65_536] {
                var odd = archive
                odd.replaceSubrange(2..<2 + name.count, with: name)
                odd.replaceSubrange(15..<19, with: octets(size + more, 4))
                let result = Unpacked(odd, messageSize: 1 << 20)
                let isThere = result.entries.contains { $0.content?.starts(with: text.utf8) == true }
                #expect(isThere && result.kinds.contains(.corrupt), "\(name) \(result.problems)")
            }
        }
        // Stored, under a name of a code page.
        let stored =
            [0x1A, 2, 0x81] + Array("ber.txt".utf8) + [0, 0, 0, 0, 0] + octets(eicar.count + 500, 4)
            + octets(0, 6) + octets(eicar.count, 4) + eicar + [0x1A, 0]
        #expect(Unpacked(stored, messageSize: 1 << 20).kinds == [.corrupt])
        let words = [0, 0xFF, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 8)
        let spark = [0x1A, archive[1] | 0x80] + archive[2..<29] + words + archive[29..<29 + size] + [0x1A, 0x80]
        let result = Unpacked(spark, messageSize: 1 << 20)
        #expect(result.places(of: Array(text.utf8)).count == 1 && !result.isMarked, "\(result.problems)")
    }

    /// Methods of other programs, and what ARC 6 has for facts and directories without being that.
    @Test(arguments: [5, 6, 7, 10, 20, 29, 30, 32, 0x40, 0x7F] as [UInt8]) func unknownMethodsOfARC(_ method: UInt8) {
        let header: [UInt8] = [0x1A, method] + Array("a.exe".utf8) + [UInt8](repeating: 0, count: 8)
        let second: [UInt8] = header + octets(3, 4) + octets(0, 4) + octets(0, 2) + octets(3, 4) + [1, 2, 3, 0x1A, 0]
        let first: [UInt8] =
            [0x1A, 2] + Array("b".utf8) + [UInt8](repeating: 0, count: 12) + octets(0, 4) + octets(0, 4)
            + octets(0, 2) + octets(0, 4)
        let result = Unpacked(first + second)
        #expect(result.names == ["b", "a.exe"] && result.kinds == [.unsupported], "\(result.problems)")
        // In front of all others.
        let others: [UInt8] = Array(second.dropLast(2)) + first + [0x1A, 0]
        let behind = Unpacked(others)
        #expect(behind.names == ["a.exe", "b"] && behind.kinds == [.unsupported], "\(behind.problems)")
        // The end of a directory that never began.
        var end = others
        end[1] = 31
        #expect(Unpacked(end).kinds == [.unsupported])
    }

    /// A directory of ARC 6, which is an archive, and a fact about it.
    @Test func itemsOfARC6() {
        func item(_ method: UInt8, _ name: String, _ data: [UInt8]) -> [UInt8] {
            [0x1A, method] + Array(name.utf8) + [UInt8](repeating: 0, count: 13 - name.utf8.count)
                + octets(data.count, 4) + octets(0, 4) + octets(Int(checksum(data)), 2) + octets(data.count, 4) + data
        }
        let directory = item(2, "b.com", eicar) + [0x1A, 31]
        let fact = octets(9, 2) + [0] + Array("words\0".utf8)
        let result = Unpacked(item(20, "about", fact) + item(30, "d", directory) + [0x1A, 0], messageSize: 1 << 20)
        #expect(
            result.places(of: eicar) == ["2/1"] && !result.isMarked, "\(result.entries.map(\.types)) \(result.problems)"
        )
    }

    /// Compiled descriptions of terminals begin like ARC's method 1; what is not whole, or has anything odd in it, is an archive.
    @Test(arguments: [1, 0x16, 0x21, 0x44, 0x7F, 0x90]) func descriptionsOfTerminals(_ length: Int) {
        func description(
            names: [UInt8]? = nil, flags: [UInt8] = [1, 0, 1], place: Int = 3,
            table: [UInt8] = Array("ab\0\u{1B}[K\0".utf8)
        ) -> [UInt8] {
            let names = names ?? Array(String(repeating: "term|", count: 99).utf8.prefix(length + 15)) + [0]
            var out: [UInt8] =
                [0x1A, 1] + octets(names.count, 2) + octets(flags.count, 2) + octets(2, 2) + octets(3, 2)
            out += octets(table.count, 2) + names + flags
            if out.count % 2 == 1 { out.append(0) }
            out += octets(80, 2) + octets(24, 2) + octets(0, 2) + [0xFF, 0xFF] + octets(place, 2)
            return out + table
        }
        func more(flags: [UInt8] = [1]) -> [UInt8] {
            // A flag, a number and a string, with the value of the string and the names of all three.
            let table = Array("x\0AX\0NN\0SS\0".utf8)
            return octets(flags.count, 2) + octets(1, 2) + octets(1, 2) + octets(4, 2) + octets(table.count, 2) + flags
                + [0]
                + octets(7, 2) + octets(0, 2) + octets(0, 2) + octets(3, 2) + octets(6, 2) + table
        }
        let plain = description()
        let padding: [UInt8] = plain.count % 2 == 1 ? [0] : []
        for content in [plain, plain + padding + more()] {
            let result = Unpacked(content)
            #expect(result.types.isEmpty && !result.isMarked, "\(result.types) \(result.problems)")
        }
        guard length > 16 else { return }
        for content in [
            plain + eicar, Array(plain.dropLast()), description(flags: [1, 2, 0]), description(place: 7),
            description(flags: [UInt8](repeating: 0, count: 45)), description(table: Array("ab\0\u{1B}[KM".utf8)),
            description(names: Array("vt\0|long enough to be one, to the end".utf8) + [0]),
            plain + padding + more(flags: [3]),
            plain + padding + more() + [0],
        ] {
            let result = Unpacked(content)
            #expect(result.types == ["arc"], "\(content) \(result.types)")
        }
    }

    // MARK: ZOO

    private struct ZooFile {
        var name: String
        var method: UInt8
        var data: [UInt8]
        var content: [UInt8]
        var isDeleted = false
    }

    private func zoo(_ files: [ZooFile]) -> [UInt8] {
        var out = Array("ZOO 2.10 Archive.\u{1A}".utf8) + [0, 0, 0xDC, 0xA7, 0xC4, 0xFD]
        out += octets(42, 4) + octets(-42, 4) + [2, 0, 1] + octets(0, 4) + octets(0, 2) + [3]
        func entry(_ file: ZooFile?, _ next: Int, _ offset: Int) -> [UInt8] {
            let long = Array((file?.name ?? "").utf8)
            var entry: [UInt8] = [0xDC, 0xA7, 0xC4, 0xFD, 2, file?.method ?? 0] + octets(next, 4) + octets(offset, 4)
            entry += octets(0, 4) + octets(Int(file.map { checksum($0.content) } ?? 0), 2)
            entry += octets(file?.content.count ?? 0, 4) + octets(file?.data.count ?? 0, 4)
            entry += [2, 0, file?.isDeleted == true ? 1 : 0, 0] + octets(0, 4) + octets(0, 2)
            entry += Array("SHORT.NAM".utf8) + [UInt8](repeating: 0, count: 4)
            return entry + octets(long.count + 4, 2) + [0] + octets(0, 2) + [UInt8(long.count), 2] + long
                + Array("d".utf8) + [0]
        }
        for file in files {
            let start = out.count
            let length = entry(file, 0, 0).count
            out += entry(file, start + length + file.data.count, start + length) + file.data
        }
        return out + entry(nil, 0, 0)
    }

    /// CRC-16 with polynomial 8005, bit by bit.
    private func checksum(_ content: [UInt8]) -> UInt16 {
        content.reduce(into: UInt16(0)) { sum, byte in
            sum ^= UInt16(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xA001 : sum >> 1 }
        }
    }

    /// LZW as zoo writes it: 9 to 13 bits from the low one on; the table is cleared when it is full.
    private func compressed(_ content: [UInt8]) -> [UInt8] {
        var bits: [UInt8] = []
        var width = 9
        func put(_ code: Int) { for bit in 0..<width { bits.append(UInt8(code >> bit & 1)) } }
        var table: [[UInt8]: Int] = [:]
        var word: [UInt8] = []
        var next = 258
        func code(_ word: [UInt8]) -> Int { word.count == 1 ? Int(word[0]) : table[word] ?? 0 }
        put(256)
        for byte in content {
            let longer = word + [byte]
            if longer.count == 1 || table[longer] != nil {
                word = longer
                continue
            }
            put(code(word))
            table[longer] = next
            next += 1
            // The reader has one entry less.
            if next > 1 << width, width < 13 { width += 1 }
            if next == 1 << 13 {
                put(code([byte]))
                put(256)
                (table, next, width, word) = ([:], 258, 9, [])
                continue
            }
            word = [byte]
        }
        if !word.isEmpty { put(code(word)) }
        put(257)
        return stride(from: 0, to: bits.count, by: 8).map { start in
            (0..<8).reduce(0) { start + $1 < bits.count ? $0 | bits[start + $1] << UInt8($1) : $0 }
        }
    }

    private var samples: [ZooFile] {
        let content = Self.files.map(\.content)
        return [ZooFile(name: "stored.txt", method: 0, data: eicar, content: eicar)]
            + content.enumerated().map {
                ZooFile(name: "lzw\($0.offset)", method: 1, data: compressed($0.element), content: $0.element)
            } + [ZooFile(name: "gone.exe", method: 0, data: [1], content: [1], isDeleted: true)]
    }

    @Test func everyMethodOfZOO() {
        let result = Unpacked(zoo(samples), messageSize: 1 << 20)
        #expect(result.types == ["zoo"] && result.isComplete && !result.isMarked, "\(result.problems)")
        // Words may look like text in base64.
        let members = result.entries.filter { !$0.path.contains("/") }
        #expect(members.count == samples.count)
        for (entry, file) in zip(members, samples) {
            #expect(entry.names == ["SHORT.NAM", "d/" + file.name] && entry.content == file.content, "\(file.name)")
        }
    }

    /// LHA's coding, of an archive of LHA's.
    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package")) func methodOfLHA() throws {
        let path = try #require(Corpora.files("libarchive").first { $0.hasSuffix("/test_read_format_lha_header0.lzh") })
        let archive = try Corpora.bytes(path)
        var place = 0
        var count = 0
        let whole = Unpacked(archive, messageSize: 1 << 20)
        while place + 21 < archive.count, archive[place] != 0 {
            func number(_ offset: Int) -> Int {
                (0..<4).reduce(0) { $0 | Int(archive[place + offset + $1]) << ($1 * 8) }
            }
            let start = place + Int(archive[place]) + 2
            let data = Array(archive[start..<start + number(7)])
            if Array(archive[place + 2..<place + 7]) == Array("-lh5-".utf8) {
                let content = try #require(whole.entries.compactMap(\.content).first { $0.count == number(11) })
                let result = Unpacked(zoo([ZooFile(name: "a", method: 2, data: data, content: content)]))
                #expect(result.places(of: content) == ["1"] && result.isComplete && !result.isMarked, "\(result)")
                count += 1
            }
            place = start + data.count
        }
        #expect(count > 0)
    }

    @Test func damageOfZOO() {
        let archive = zoo(samples)
        for length in stride(from: 24, to: archive.count - 1, by: archive.count / 60) {
            #expect(Unpacked(Array(archive[..<length]), messageSize: 1 << 20).isMarked, "\(length)")
        }
        for place in stride(from: 120, to: archive.count - 80, by: archive.count / 60) {
            var damaged = archive
            damaged[place] ^= 0x55
            let result = Unpacked(damaged, messageSize: 1 << 20)
            let isSame = samples.allSatisfy { file in result.entries.contains { $0.content == file.content } }
            #expect(result.isMarked || isSame, "octet \(place)")
        }
    }

    /// A list of entries that leads back.
    @Test func circleOfZOO() {
        var archive = zoo([samples[0]])
        archive.replaceSubrange(48..<52, with: octets(42, 4))
        let result = Unpacked(archive)
        #expect(result.places(of: eicar) == ["1"] && result.kinds == [.corrupt], "\(result.problems)")
    }

    /// All entries say that their data is the archive itself.
    @Test func membersOfZOOThatShareOctets() {
        var archive = zoo([samples[0], samples[0]])
        var start = 42
        while case let next = Int(archive[start + 6]) | Int(archive[start + 7]) << 8, next > 0 {
            archive.replaceSubrange(start + 10..<start + 14, with: octets(42, 4))
            archive.replaceSubrange(start + 24..<start + 28, with: octets(archive.count - 42, 4))
            start = next
        }
        let result = Unpacked(archive)
        #expect(result.entries.count { $0.names.contains("d/stored.txt") } == 1, "\(result.names)")
        #expect(result.problems.contains { $0.detail == "zoo archive whose members share octets" })
    }

    @Test func unknownMethodOfZOO() {
        let result = Unpacked(zoo([ZooFile(name: "a.exe", method: 3, data: [1], content: [1])]))
        #expect(result.names.contains("d/a.exe") && result.kinds == [.unsupported])
    }

    // MARK: RAR 2

    /// The archive that is in amavis's nested sample, in archives of three older formats.
    private func nested() throws -> [UInt8] {
        let text = try #require(SharedCorpora.bytes("mime/amavis/sample-virus-nested.txt"))
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
        let start = try #require(lines.firstIndex { $0.hasPrefix("GgN0") })
        let encoded = lines[start...].prefix { !$0.hasPrefix("-") }.joined()
        return Array(try #require(Data(base64Encoded: encoded)))
    }

    @Test(.enabled(if: SharedCorpora.path != nil, "the corpora are not beside the package"))
    func theNestedSample() throws {
        let result = Unpacked(try nested(), messageSize: 1 << 20)
        #expect(result.places(of: eicar + [0x0A]).count == 1, "\(result.problems)")
        let types = ["zoo", "lha", "arj", "rar", "Z", "tar", "zip"]
        for type in types { #expect(result.entries.contains { $0.types.contains(type) }, "\(type)") }
    }

    @Test(.enabled(if: SharedCorpora.path != nil, "the corpora are not beside the package"))
    func compressionOfRAR2() throws {
        let whole = Unpacked(try nested(), messageSize: 1 << 20)
        let archive = try #require(whole.entries.first { $0.types == ["rar"] }?.content)
        let text = try #require(whole.entries.first { $0.names == ["test.uue"] }?.content)
        #expect(text.count == 964 && text.starts(with: Array("begin 664 test3.tar.Z".utf8)))
        let result = Unpacked(archive)
        #expect(result.entries.first?.content == text && result.isComplete && !result.isMarked)
        for length in 30..<archive.count { #expect(!Unpacked(Array(archive[..<length])).isComplete, "\(length)") }
        // Behind the header each change meets the checksum, but for bits behind the last code.
        for place in 62..<archive.count - 4 {
            var damaged = archive
            damaged[place] ^= 0x10
            #expect(Unpacked(damaged).isMarked, "octet \(place)")
        }
        // The header of the member, under a new checksum.
        func changed(_ place: Int, _ value: UInt8) -> [UInt8] {
            var changed = archive
            changed[place] = value
            let end = 20 + Int(changed[25]) + Int(changed[26]) << 8
            let sum = crc32(changed.span.extracting(22..<end))
            (changed[20], changed[21]) = (UInt8(truncatingIfNeeded: sum), UInt8(truncatingIfNeeded: sum >> 8))
            return changed
        }
        // A solid member with nothing before it.
        let solid = Unpacked(changed(23, archive[23] | 0x10))
        #expect(solid.entries.first?.content == text && !solid.isMarked)
        // RAR 1.5 has another compression.
        #expect(Unpacked(changed(44, 15)).kinds == [.unsupported])
        var unsummed = archive
        unsummed[23] |= 0x10
        #expect(Unpacked(unsummed).kinds == [.corrupt])
    }
}
