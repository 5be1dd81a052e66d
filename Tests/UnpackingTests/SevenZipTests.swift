import Compression
import Foundation
import Members
import TestSupport
import Testing

@testable import Unpacking

/// 7z archives folder by folder: encryption, and coders that libarchive lacks.
@Suite(.enabled(if: GeneratorTests.installed("7z"))) struct SevenZipTests {
    static let text = (0..<3000).flatMap { Array("line \($0), of a text.\n".utf8) }

    /// Runs a script in a folder with `run.com` (the test file) and `text`; the file `out.7z` that it writes.
    static func make(_ script: String, _ input: [UInt8] = eicar) throws -> [UInt8] {
        let scratch = try Scratch(.memory)
        _ = try scratch.write("text", String(decoding: text, as: UTF8.self))
        let result = try runTool(
            "sh",
            [
                "-c",
                "cd \(scratch.path) && export LC_ALL=C.UTF-8 && cat > run.com && ( \(script) ) > log 2>&1; cat out.7z",
            ],
            input: input)
        try #require(result.status == 0 && !result.output.isEmpty, "\(script)")
        return result.output
    }

    static func open(_ archive: [UInt8], _ words: [String] = []) -> Unpacked {
        var passwords = Passwords()
        for word in words { passwords.add(Array(word.utf8), .text) }
        return Unpacked(archive, messageSize: 1 << 20, passwords: passwords)
    }

    // MARK: Filters

    /// Calls, as x86 has them, behind a head by which 7-Zip knows a program; the test file at its end. 48 KB: what is shorter
    /// than what a decoder reads ahead shows no difference.
    private static let program: [UInt8] = {
        var code: [UInt8] = Array("MZ".utf8) + [UInt8](repeating: 0, count: 58) + octets(64, 4) + Array("PE\0\0".utf8)
        for number in 0..<7000 {
            code += [0xE8] + octets(number &* 4099 & 0xFF_FFFF, 4) + [0x90, UInt8(number & 0xFF)]
        }
        return code + eicar
    }()

    /// Each method, filter and encryption, in some of their combinations.
    private static let combinations = [
        "-m0=PPMd", "-m0=PPMd -mf=BCJ -psecret", "-m0=Deflate64 -psecret", "-m0=Deflate64 -mx=9", "-m0=BZip2",
        "-m0=BZip2 -mf=Delta:4", "-m0=Deflate -mf=ARM", "-m0=LZMA -mx=9", "-m0=LZMA -mf=off -psecret",
        "-m0=LZMA2 -mf=PPC -psecret", "-m0=LZMA2 -mx=9", "-m0=Copy -mf=SPARC",
        // The filter is what is told last.
        "-m0=ARM -m1=LZMA", "-m0=ARMT -m1=LZMA", "-m0=PPC -m1=LZMA", "-m0=SPARC -m1=LZMA", "-m0=IA64 -m1=LZMA",
        "-m0=BCJ -m1=LZMA", "-m0=Delta:4 -m1=LZMA", "-m0=BCJ", "-m0=SWAP4 -m1=LZMA", "-m0=ARM -m1=Copy",
        "-m0=Copy -m1=ARM", "-m0=Delta:2 -m1=BCJ -m2=LZMA", "-m0=LZMA -m1=Deflate64",
    ]

    /// All of them take a minute.
    private static let allCombinations: [String] = {
        guard ProcessInfo.processInfo.environment["MAILREEVE_LONG_TESTS"] != nil else { return combinations }
        var all: [String] = []
        for method in ["LZMA", "LZMA2", "PPMd", "BZip2", "Deflate", "Deflate64", "Copy"] {
            for options in [
                "", "-mx=9", "-mf=BCJ", "-mf=Delta:4", "-mf=ARM", "-mf=ARMT", "-mf=PPC", "-mf=SPARC", "-mf=IA64",
                "-mf=off",
            ] {
                for password in ["", "-psecret"] { all.append("-m0=\(method) \(options) \(password)") }
            }
        }
        return all
    }()

    /// 7-Zip filters programs with every method, and anything on demand.
    @Test(arguments: allCombinations) func filters(_ options: String) throws {
        let archive = try Self.make("mv run.com run.exe; 7z a \(options) out.7z run.exe", Self.program)
        let opened = Self.open(archive, ["secret"])
        #expect(opened.places(of: Self.program).count == 1, "\(opened.problems)")
        #expect(opened.isComplete && !opened.isMarked, "\(opened.problems)")
    }

    /// An archive of one folder and one file.
    /// - Parameter coders: as the header has them, with their number in front and how they are joined behind.
    private static func archive(coders: [UInt8], sizes: [Int], _ packed: [UInt8], _ content: [UInt8]) -> [UInt8] {
        func long(_ value: Int) -> [UInt8] { [0xFF] + octets(value, 8) }
        var header: [UInt8] = [1, 4, 6, 0, 1, 9] + long(packed.count) + [0, 7, 11, 1, 0] + coders + [12]
        header += sizes.flatMap(long) + [10, 1] + octets(Int(crc32(content.span)), 4) + [0, 0]
        header += [5, 1, 17, 5, 0, 0x61, 0, 0, 0, 0, 0]
        return SevenZipHeaderTests.archive(header: header, packed: packed)
    }

    /// Methods of 7-Zip ZS and others, by the programs of the formats.
    @Test(
        arguments: [
            ("zstd -q -c", [4, 0xF7, 0x11, 1]), ("lz4 -q -c", [4, 0xF7, 0x11, 4]), ("brotli -c", [4, 0xF7, 0x11, 2]),
        ] as [(String, [UInt8])])
    func methodsOfOthers(_ command: String, _ method: [UInt8]) throws {
        let packed = try runTool("sh", ["-c", command], input: Self.program).output
        try #require(!packed.isEmpty)
        var streams = [packed]
        if command.hasPrefix("brotli") {
            // As 7-Zip ZS has it: each stream in a frame.
            func frame(_ stream: [UInt8]) -> [UInt8] {
                [0x50, 0x2A, 0x4D, 0x18, 8, 0, 0, 0] + octets(stream.count, 4) + [0x42, 0x52, 1, 0] + stream
            }
            let half = Self.program.count / 2
            let parts = try [Self.program[..<half], Self.program[half...]].map {
                frame(try runTool("sh", ["-c", command], input: Array($0)).output)
            }
            streams += [parts.flatMap { $0 }]
        }
        for stream in streams {
            let size = Self.program.count
            let alone = Self.open(Self.archive(coders: [1, 4] + method, sizes: [size], stream, Self.program))
            #expect(alone.places(of: Self.program) == ["1"] && !alone.isMarked, "\(alone.problems)")
            // Less than the header says, more than it says, and damage.
            let short = Self.open(Self.archive(coders: [1, 4] + method, sizes: [size + 1], stream, Self.program))
            #expect(short.kinds == [.corrupt], "\(short.problems)")
            let long = Self.open(
                Self.archive(coders: [1, 4] + method, sizes: [1000], stream, Array(Self.program[..<1000])))
            #expect(long.places(of: Array(Self.program[..<1000])) == ["1"], "\(long.problems)")
            #expect(Self.open(Self.archive(coders: [1, 4] + method, sizes: [0], stream, [])).entries.count == 1)
            let cut = Self.open(
                Self.archive(
                    coders: [1, 4] + method, sizes: [size], Array(stream[..<(stream.count / 2)]), Self.program))
            #expect(cut.isMarked && cut.names == ["a"])
            var damaged = stream
            for place in damaged.indices.dropFirst(20) { damaged[place] ^= 0x55 }
            #expect(Self.open(Self.archive(coders: [1, 4] + method, sizes: [size], damaged, Self.program)).isMarked)
        }
    }

    /// A window that is larger than memory is a limit.
    @Test func windowOfZstandard() throws {
        let packed = try runTool("sh", ["-c", "zstd -q -c --ultra -22 --long=30"], input: Self.program).output
        try #require(!packed.isEmpty)
        let opened = Self.open(
            Self.archive(coders: [1, 4, 4, 0xF7, 0x11, 1], sizes: [Self.program.count], packed, Self.program))
        #expect(opened.kinds == [.overLimits], "\(opened.problems)")
    }

    /// Filters of later versions, by instructions whose addresses were made absolute: behind stored and behind compressed data.
    @Test(
        arguments: [
            // BL +16 at 4; ADRP x0, page 1, at 0x2008.
            (
                [1, 0x0A], [0x1F, 0x20, 0x03, 0xD5, 5, 0, 0, 0x94], [0x1F, 0x20, 0x03, 0xD5, 4, 0, 0, 0x94]
            ),
            (
                [0x21, 0x0A, 4, 0, 0x20, 0, 0], [0x1F, 0x20, 0x03, 0xD5, 0, 0, 0, 0xF0],
                [0x1F, 0x20, 0x03, 0xD5, 0, 0, 0, 0xB0]
            ),
            // JAL ra, +16 at 4; AUIPC a0, 1 and ADDI a0, a0, -42 at 8.
            (
                [1, 0x0B], [0x13, 0, 0, 0, 0xEF, 0, 0, 0x0A, 0x17, 0x31, 0x51, 0x50, 0, 0, 0x0F, 0xDE],
                [0x13, 0, 0, 0, 0xEF, 0, 0, 1, 0x17, 0x15, 0, 0, 0x13, 5, 0x65, 0xFD]
            ),
            ([3, 2, 3, 2], [2, 1, 4, 3, 5], [1, 2, 3, 4, 5]),
            ([3, 2, 3, 4], [4, 3, 2, 1, 8, 7, 6, 5, 9], [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ] as [([UInt8], [UInt8], [UInt8])])
    func laterFilters(_ coder: [UInt8], _ changed: [UInt8], _ plain: [UInt8]) throws {
        let alone = Self.open(Self.archive(coders: [1] + coder, sizes: [plain.count], changed, plain))
        #expect(alone.places(of: plain) == ["1"] && !alone.isMarked, "\(alone.problems)")
        let packed = try runTool("zstd", ["-q", "-c"], input: changed).output
        let both = Self.open(
            Self.archive(
                coders: [2, 4, 4, 0xF7, 0x11, 1] + coder + [1, 0], sizes: [plain.count, plain.count], packed, plain))
        #expect(both.places(of: plain) == ["1"] && !both.isMarked, "\(both.problems)")
    }

    /// As many coders as a folder may have, each decoded by itself: an even number of exchanges changes nothing.
    @Test func theLongestChain() {
        let swap: [UInt8] = [3, 2, 3, 2]
        for count in [30, 32] {
            let bonds = (0..<count - 1).flatMap { [UInt8($0 + 1), UInt8($0)] }
            let opened = Self.open(
                Self.archive(
                    coders: [UInt8(count)] + (0..<count).flatMap { _ in swap } + bonds,
                    sizes: [Int](repeating: eicar.count, count: count), eicar, eicar))
            #expect(opened.places(of: eicar) == ["1"] && !opened.isMarked, "\(opened.problems)")
        }
    }

    /// Copy without the octet of its number, in front of a filter, and as the last of a chain; chains that lead in a circle.
    @Test func chains() {
        for coders in [[1, 0], [1, 1, 0], [2, 1, 0, 0, 0, 1], [2, 0, 1, 0, 1, 0], [3, 0, 0, 0, 0, 1, 1, 2]] as [[UInt8]]
        {
            let count = Int(coders[0])
            let opened = Self.open(
                Self.archive(
                    coders: coders, sizes: [Int](repeating: eicar.count, count: count), eicar, eicar))
            #expect(opened.places(of: eicar) == ["1"] && !opened.isMarked, "\(coders): \(opened.problems)")
        }
        for coders in [
            [2, 0, 0, 0, 0], [3, 0, 0, 0, 0, 1, 1, 0], [2, 0, 1, 9, 0, 0], [3, 1, 4, 1, 4, 0, 0, 1, 1, 0],
        ]
            as [[UInt8]]
        {
            let opened = Self.open(
                Self.archive(
                    coders: coders, sizes: [Int](repeating: eicar.count, count: Int(coders[0])), eicar, eicar))
            #expect(opened.isMarked && opened.names == ["a"], "\(coders): \(opened.problems)")
        }
    }

    /// A dictionary that is larger than memory is a limit; damage with one that is not is damage.
    @Test(arguments: [(UInt8(16), ContainerProblem.Kind.corrupt), (UInt8(40), ContainerProblem.Kind.overLimits)])
    func dictionaries(_ size: UInt8, _ kind: ContainerProblem.Kind) throws {
        var archive = try Self.make("7z a -mhc=off -m0=LZMA2 out.7z text")
        let start = 32 + number(archive, 12)
        let coder = try #require((start..<archive.count - 4).first { Array(archive[$0..<$0 + 3]) == [0x21, 0x21, 1] })
        archive[coder + 3] = size
        // The data is damaged as well, so that no dictionary reads it.
        archive[40] ^= 0xFF
        archive.replaceSubrange(28..<32, with: octets(Int(crc32(Array(archive[start...]).span)), 4))
        archive.replaceSubrange(8..<12, with: octets(Int(crc32(Array(archive[12..<32]).span)), 4))
        #expect(Self.open(archive).kinds == [kind], "\(Self.open(archive).problems)")
    }

    private func number(_ bytes: [UInt8], _ place: Int) -> Int {
        bytes[place..<place + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    /// Damage further on leaves what stands in front of it.
    @Test(arguments: ["BZip2", "Deflate", "Deflate64"]) func filtersOfDamaged(_ method: String) throws {
        let name = "cat run.com text text > a.bin"
        var archive = try Self.make("\(name); 7z a -m0=\(method) -mf=BCJ out.7z a.bin")
        let found = ArchiveEnd.ofSevenZip(archive.span)
        let end = try #require(found)
        for index in archive.count / 2..<min(end, archive.count / 2 + 20) { archive[index] ^= 0x55 }
        let opened = Self.open(archive)
        #expect(opened.isMarked && opened.names == ["a.bin"], "\(opened.problems)")
    }

    /// What was packed from a pipe has no name.
    @Test func packedFromAPipe() throws {
        let opened = Self.open(try Self.make("7z a -si out.7z < run.com"))
        #expect(opened.places(of: eicar) == ["1"] && opened.names.isEmpty)
        #expect(opened.problems == [ContainerProblem(.note, "member of 7z archive without a readable name")])
        // Where others have names, or the name is there and empty, it is odd.
        #expect(Self.open(SevenZipHeaderTests.archive([(.stored, "")])).kinds == [.ambiguous])
        #expect(Self.open(SevenZipHeaderTests.archive([(.stored, ""), (.stored, "b")])).kinds == [.ambiguous])
    }

    /// A start that says that there is no header is believed by its checksum only.
    @Test func aStartThatLies() throws {
        let whole = try Self.make("7z a out.7z run.com")
        var wrong = whole
        for place in 20..<28 { wrong[place] = 0 }
        #expect(Self.open(wrong).kinds == [.corrupt])
        let empty = Array(whole[..<8]) + octets(Int(crc32([UInt8](repeating: 0, count: 20).span)), 4)
        #expect(!Self.open(empty + [UInt8](repeating: 0, count: 20)).isMarked)
    }

    // MARK: Passwords

    @Test(arguments: [
        "-mx=0", "-mx=9", "-m0=BCJ2 -m1=LZMA:d20 -m2=LZMA:d16 -m3=LZMA:d16 -mb0:1 -mb0s1:2 -mb0s2:3", "-m0=PPMd",
        "-ms=off",
        "-m0=Deflate64",
    ])
    func passwords(_ options: String) throws {
        for (headers, password) in [("", "secret"), ("-mhe", "пароль 1")] {
            let archive = try Self.make("7z a \(headers) '-p\(password)' \(options) out.7z text run.com")
            let opened = Self.open(archive, ["wrong", password])
            #expect(
                opened.places(of: eicar).count == 1 && opened.places(of: Self.text).count == 1, "\(opened.problems)")
            #expect(opened.problems == [ContainerProblem(.note, "opened with a password found in the text")])
            #expect(
                opened.entries.allSatisfy { $0.flags.contains(.decrypted) } && opened.isComplete,
                "\(opened.entries.map { ($0.path, $0.names, $0.flags, $0.types, $0.content?.count) })")
            let closed = Self.open(archive, ["wrong", "another"])
            #expect(closed.kinds == [.encrypted] && closed.places(of: eicar).isEmpty, "\(closed.problems)")
            #expect(Set(closed.names) == (headers.isEmpty ? ["text", "run.com"] : []))
        }
    }

    /// Folders may have passwords of their own: a decoy under one that is known keeps no other from being opened, and what stays
    /// closed is encrypted.
    @Test(arguments: ["text run.com", "run.com text"]) func passwordsOfFolders(_ order: String) throws {
        let files = order.split(separator: " ")
        let archive = try Self.make("7z a -pone out.7z \(files[0]) && 7z a -ptwo out.7z \(files[1])")
        for words in [["one", "wrong", "two"], ["two", "one"]] {
            let opened = Self.open(archive, words)
            #expect(
                opened.places(of: eicar).count == 1 && opened.places(of: Self.text).count == 1, "\(opened.problems)")
            #expect(opened.kinds.isEmpty && opened.isComplete, "\(opened.problems)")
        }
        for word in ["one", "two"] {
            let half = Self.open(archive, ["wrong", word])
            #expect(half.kinds == [.encrypted], "\(half.problems)")
            #expect(half.places(of: eicar).count + half.places(of: Self.text).count == 1)
        }
        // Damage beside what a password opened: noise in place of content, as another password gives.
        let same = try Self.make("7z a -mx=0 -pone out.7z text && 7z a -mx=0 -pone out.7z run.com")
        var damaged = same
        for place in 32..<64 { damaged[place] ^= 0x55 }
        let unsure = Self.open(damaged, ["one"])
        #expect(unsure.kinds == [.encrypted] && unsure.entries.count { $0.content != nil } == 1, "\(unsure.problems)")
        #expect(unsure.problems.contains { $0.detail.hasSuffix("or damaged") })
        // Where keys cost nothing, as many tries in vain as keys may be made.
        var passwords = Passwords()
        for word in ["wrong", "two", "one"] { passwords.add(Array(word.utf8), .text) }
        let limits = UnpackingLimits(containers: ContainerLimits(passwordKeys: 3))
        let bounded = Unpacked(archive, limits: limits, messageSize: 1 << 20, passwords: passwords)
        #expect(bounded.kinds == [.encrypted], "\(bounded.problems)")
    }

    /// What is not encrypted is read beside what is, in either order.
    @Test(arguments: [
        ["7z a -pa out.7z text", "7z a out.7z run.com"], ["7z a out.7z run.com", "7z a -pa out.7z text"],
    ])
    func mixedArchive(_ commands: [String]) throws {
        let result = Self.open(try Self.make(commands.joined(separator: " && ")))
        #expect(result.places(of: eicar).count == 1 && result.kinds == [.encrypted], "\(result.problems)")
        #expect(Set(result.names) == ["text", "run.com"] && result.problems.count == 1)
    }

    /// More than is copied for nothing, with and without a coder that libarchive lacks; and a folder that is too large.
    /// A decoy under a password that everybody knows keeps no other one from being tried.
    @Test func folderByFolder() throws {
        let archive = try Self.make("7z a -pinfected out.7z text; 7z a -pSecond out.7z run.com")
        for words in [["infected", "Second"], ["Second", "infected"]] {
            let opened = Self.open(archive, words)
            #expect(!opened.places(of: eicar).isEmpty && !opened.isMarked, "\(words) \(opened.problems)")
        }
        for words in [["infected"], ["Second"], ["wrong"]] {
            #expect(Self.open(archive, words).kinds == [.encrypted], "\(words)")
        }
    }

    @Test func largeArchives() throws {
        // Noise of a known type: without one it would stay doubtful which password is right. The same each time: in other noise
        // something of a type is found now and then.
        let source = "openssl enc -aes-128-ctr -K 00 -iv 00 -in /dev/zero | head -c 17825280"
        let noise = "( printf MZ; head -c 510 /dev/zero; \(source) ) > noise"
        for options in ["-mx=0", "-ms=off -mx=1 -m0=Deflate64", "-ms=off -mx=0 -psecret"] {
            let result = Self.open(try Self.make("\(noise); 7z a \(options) out.7z noise run.com"), ["secret"])
            #expect(result.places(of: eicar).count == 1 && !result.isMarked, "\(result.problems)")
            #expect(result.entries.contains { $0.content?.count == 17 << 20 })
        }
        let cut = Self.open(
            try Self.make("head -c 65M /dev/zero > zeros; 7z a -ms=off -mx=0 -psecret out.7z zeros run.com"), ["secret"]
        )
        #expect(cut.kinds == [.overLimits] && cut.places(of: eicar).count == 1, "\(cut.problems)")
        #expect(Set(cut.names) == ["zeros", "run.com"])
    }
}
