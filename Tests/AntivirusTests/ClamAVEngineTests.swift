import Antivirus
import Digests
import Glibc
import MailModel
import TestSupport
import Testing

/// One engine after the other: libclamav has process-wide state.
@Suite(.serialized) struct ClamAVEngineTests {
    /// `rules/signatures` of this package.
    static var signatures: String {
        let parts = #filePath.split(separator: "/")
        return "/" + parts.dropLast(3).joined(separator: "/") + "/rules/signatures"
    }

    /// In two halves, so that no scanner takes this file for the test file.
    static let eicar = Array(("X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*").utf8)
    static let eicarName = "Eicar-Test-Signature.UNOFFICIAL"

    private func engine(_ change: (inout EngineSettings) -> Void = { _ in }) throws -> ClamAVEngine {
        var settings = EngineSettings(
            database: Self.signatures, maxScanSize: 100 << 20, maxRecursion: 17, maxFiles: 1000)
        change(&settings)
        let engine = try ClamAVEngine(settings)
        try engine.setTemporaryDirectory("/tmp")
        return engine
    }

    private func scan(_ engine: ClamAVEngine, _ content: [UInt8], parsingMail: Bool = true) -> [ScanOutcome] {
        content.withUnsafeBytes { engine.scan($0, parsingMail: parsingMail).outcomes }
    }

    @Test func loadsTheShippedDatabase() throws {
        let engine = try engine()
        #expect(engine.signatures == 2)
        #expect(engine.database.number == 0 && engine.database.buildTime == 0)
        #expect(ClamAVEngine.version.hasPrefix("ClamAV 1") || ClamAVEngine.version.hasPrefix("ClamAV 0"))
        try engine.selfTest()
    }

    @Test func findsTheTestFile() throws {
        let engine = try engine()
        #expect(scan(engine, Self.eicar) == [.found(Self.eicarName)])
        #expect(scan(engine, Array("before\r\n".utf8) + Self.eicar + Array("after".utf8)) == [.found(Self.eicarName)])
        #expect(scan(engine, Array(Self.eicar.dropLast())) == [])
    }

    @Test func findsTheBodySentence() throws {
        let text = "Dear reader,\r\nSeven copper herons audit the lighthouse ledger at noon.\r\n"
        #expect(scan(try engine(), Array(text.utf8)) == [.found("Mailreeve.Test.Body.UNOFFICIAL")])
    }

    @Test func nothingIsClean() throws {
        let engine = try engine()
        #expect(scan(engine, []) == [])
        #expect(scan(engine, [0]) == [])
        #expect(scan(engine, Array("text".utf8)) == [])
    }

    @Test func mailIsTakenApartWhenAsked() throws {
        let base64 = "WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FS" + "LVNUQU5EQVJELUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo="
        let mail = """
            Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r
            From: a@example.com\r
            Subject: x\r
            MIME-Version: 1.0\r
            Content-Type: application/octet-stream\r
            Content-Transfer-Encoding: base64\r
            \r
            \(base64)\r

            """
        let engine = try engine()
        #expect(scan(engine, Array(mail.utf8), parsingMail: false) == [])
        #expect(scan(engine, Array(mail.utf8), parsingMail: true) == [.found(Self.eicarName)])
    }

    @Test func sizeOfTheLimitAndOneMore() throws {
        let engine = try engine { $0.maxScanSize = 10_000 }
        #expect(scan(engine, [UInt8](repeating: 0x61, count: 10_000)) == [])
        let outcome = scan(engine, [UInt8](repeating: 0x61, count: 10_001))
        guard case .overLimits = outcome.first else {
            Issue.record("a file over the limit is \(outcome)")
            return
        }
    }

    @Test func brokenDatabasesAreExplained() throws {
        var template = Array("/tmp/mailreeve-test-XXXXXX".utf8CString)
        #expect(mkdtemp(&template) != nil)
        let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let file = directory + "/broken.ndb"
        defer {
            unlink(file)
            rmdir(directory)
        }
        // Empty, missing, broken.
        for path in [directory, directory + "/missing"] {
            let error = #expect(throws: EngineError.self) { try engine { $0.database = path } }
            #expect(error?.description.contains(path) == true)
        }
        let descriptor = open(file, O_WRONLY | O_CREAT, 0o600)
        let line = Array("not a signature\n".utf8)
        #expect(write(descriptor, line, line.count) == line.count)
        close(descriptor)
        let error = #expect(throws: EngineError.self) { try engine { $0.database = directory } }
        #expect(error?.description.contains("broken.ndb") == true, "\(String(describing: error))")
    }

    @Test func alertsThatAreNoFindings() throws {
        // A zip archive whose only member is encrypted, as its flags say.
        let zip: [UInt8] =
            [
                0x50, 0x4B, 3, 4, 20, 0, 1, 0, 0, 0, 0, 0, 0x21, 0x58, 1, 2, 3, 4, 16, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0,
                0x61,
            ]
            + [UInt8](repeating: 0x5A, count: 16)
            + [0x50, 0x4B, 1, 2, 20, 0, 20, 0, 1, 0, 0, 0, 0, 0, 0x21, 0x58, 1, 2, 3, 4, 16, 0, 0, 0, 4, 0, 0, 0, 1, 0]
            + [UInt8](repeating: 0, count: 16) + [0x61]
            + [0x50, 0x4B, 5, 6, 0, 0, 0, 0, 1, 0, 1, 0, 47, 0, 0, 0, 47, 0, 0, 0, 0, 0]
        #expect(scan(try engine(), zip) == [.encrypted("Heuristics.Encrypted.Zip")])
    }
}

/// What settings change, and what libclamav may not do silently.
extension ClamAVEngineTests {
    /// A directory with one database file.
    private final class Database {
        let path: String

        init(_ files: [String: String]) throws {
            var template = Array("/tmp/mailreeve-test-XXXXXX".utf8CString)
            try #require(mkdtemp(&template) != nil)
            path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            for (name, text) in files { write(name, text) }
        }

        func write(_ name: String, _ text: String) {
            let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            let bytes = Array(text.utf8)
            #expect(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
            close(descriptor)
        }

        deinit { _ = runRemove(path) }

        private func runRemove(_ path: String) -> Int32 {
            for name in [
                "test.ndb", "pua.ndu", "more.ndb", "test.hdb", "test.ldb", "test.hsb", "test.yara", "test.ign2",
                "test.ldu",
                "test.cud", "daily.cud", "test.info", "COPYING",
            ] { unlink("\(path)/\(name)") }
            return rmdir(path)
        }
    }

    private static func hex(_ text: String) -> String {
        text.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    private func engine(_ database: Database, _ options: EngineOptions, excluded: [String] = []) throws -> ClamAVEngine
    {
        var settings = EngineSettings(database: database.path, maxScanSize: 1 << 20, maxRecursion: 10, maxFiles: 100)
        settings.options = options
        settings.excludedPUA = excluded
        let engine = try ClamAVEngine(settings)
        try engine.setTemporaryDirectory("/tmp")
        return engine
    }

    private func names(_ engine: ClamAVEngine, _ text: String, parsingMail: Bool = true) -> [ScanOutcome] {
        Array(text.utf8).withUnsafeBytes { engine.scan($0, parsingMail: parsingMail).outcomes }
    }

    @Test func unwantedApplicationsAreASetting() throws {
        let database = try Database([
            "test.ndb": "Other:0:*:\(Self.hex("another text"))\n",
            "pua.ndu": "PUA.Game.Tetris:0:*:\(Self.hex("falling blocks"))\n",
        ])
        #expect(names(try engine(database, .standard), "falling blocks") == [])
        #expect(
            names(try engine(database, [.pua]), "falling blocks") == [.found("PUA.Game.Tetris.UNOFFICIAL")])
        #expect(names(try engine(database, [.pua], excluded: ["Game"]), "falling blocks") == [])
    }

    /// Each of several categories is left out, and only those; a name that holds one elsewhere is of another.
    @Test(arguments: [
        ([], [true, true, true]), (["Tool"], [false, true, true]), (["Tool", "Packer"], [false, false, true]),
        (["Packer", "Tool", "NetTool"], [false, false, false]), (["Win", "x"], [false, false, false]),
        (["Foo-1", "Tool-1", "tool"], [true, true, true]),
    ])
    func unwantedCategoriesAreLeftOut(excluded: [String], found: [Bool]) throws {
        let known = ["PUA.Win.Tool.Foo-1", "PUA.Win.Packer.Dig-1", "PUA.Win.NetTool.Packer-1"]
        let contents = ["the first text", "a second text", "and a third text"]
        let lines = zip(known, contents).map { "\($0):0:*:\(Self.hex($1))\n" }
        let database = try Database([
            "test.ndb": "Other.Tool.Packer:0:*:\(Self.hex("another text"))\n", "pua.ndu": lines.joined(),
        ])
        let engine = try engine(database, [.pua], excluded: excluded)
        for (index, content) in contents.enumerated() {
            let wanted: [ScanOutcome] = found[index] ? [.found("\(known[index]).UNOFFICIAL")] : []
            #expect(names(engine, content) == wanted)
        }
        #expect(names(engine, "another text") == [.found("Other.Tool.Packer.UNOFFICIAL")])
    }

    /// Alerts of `clamd.conf(5)` that are off unless set: what each is for, and no other.
    @Test(arguments: [
        (
            EngineOptions.alertCards, Array("4111 1111 1111 1111\n4012888888881881\n5555555555554444\n".utf8),
            "Structured."
        ),
        // A GIF that ends within the description of its first image.
        (
            .alertBrokenMedia, Array("GIF89a".utf8) + [10, 0, 10, 0, 0xF0, 0, 0, 0, 0, 0, 0, 0, 0, 0x2C, 0, 0, 0],
            "Broken.Media.GIF"
        ),
        // A program whose header promises 300 segments, and that ends behind it.
        (
            .alertBroken,
            [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9) + [2, 0, 62, 0, 1, 0, 0, 0]
                + [0, 0, 64, 0, 0, 0, 0, 0, 64] + [UInt8](repeating: 0, count: 15) + [0, 0, 0, 0, 64, 0, 56, 0, 44, 1]
                + [64, 0, 200, 0, 1, 0] + [UInt8](repeating: 0, count: 100), "Broken.Executable"
        ),
    ])
    func alertsAreSettings(option: EngineOptions, content: [UInt8], name: String) throws {
        let database = try Database(["test.ndb": "Other:0:*:\(Self.hex("never written anywhere"))\n"])
        let all: [EngineOptions] = [.alertCards, .alertBrokenMedia, .alertBroken, .alertMacros, .alertPartitions]
        for wanted in all {
            let outcomes = scan(try engine(database, [.standard, wanted]), content)
            guard wanted == option else {
                #expect(outcomes.isEmpty, "\(wanted): \(outcomes)")
                continue
            }
            guard case .found(let found)? = outcomes.first else {
                Issue.record("\(name) is not found")
                continue
            }
            #expect(found.hasPrefix("Heuristics.\(name)"), "\(found)")
        }
    }

    @Test func allMatchesAreNamedWhereWanted() throws {
        let database = try Database([
            "test.ndb": "One:0:*:\(Self.hex("first text"))\nTwo:0:*:\(Self.hex("second text"))\n"
        ])
        let both = "first text and second text"
        #expect(names(try engine(database, .standard), both).count == 1)
        let all = names(try engine(database, [.allMatches]), both)
        #expect(Set(all) == [.found("One.UNOFFICIAL"), .found("Two.UNOFFICIAL")])
    }

    /// However many names stand in front of one, it is there, or the answer says that there are more.
    @Test(arguments: [199, 200, 300])
    func noNameHidesBehindOthers(others: Int) throws {
        func word(_ number: Int) -> String { "junk word \(number) of many" }
        let lines = (0..<others).map { "Junk.\($0):0:*:\(Self.hex(word($0)))\n" }.joined()
        let database = try Database(["test.ndb": lines + "Last:0:*:\(Self.hex("the last text"))\n"])
        let text = (0..<others).map { word($0) + "\n" }.joined() + "the last text\n"
        let all = names(try engine(database, [.allMatches]), text)
        let isNamed = all.contains(.found("Last.UNOFFICIAL"))
        let isCut = all.contains { if case .overLimits = $0 { true } else { false } }
        #expect(isNamed || isCut, "\(all.count)")
        #expect(isCut == (others >= 200), "\(all.count)")
    }

    /// Signatures for files of type mail (target 4) are found in the raw message although its structure is not read again.
    @Test func signaturesOfTypeMail() throws {
        let database = try Database(["test.ndb": "Mail.Kind:4:*:\(Self.hex("copper herons"))\n"])
        let mail =
            "Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r\nFrom: a@example.com\r\nTo: b@example.net\r\n"
            + "Subject: x\r\nMIME-Version: 1.0\r\n\r\ncopper herons\r\n"
        let engine = try engine(database, .standard)
        #expect(names(engine, mail, parsingMail: false) == [.found("Mail.Kind.UNOFFICIAL")])
        #expect(names(engine, "copper herons\r\n") == [])
    }

    @Test func textFormatsOfDatabases() throws {
        // MD5 and size of the last of these texts; a logical signature of two texts.
        let database = try Database([
            "test.hdb": "ea78f2bedfb797c85fd1f03fecbf5f19:28:Hash.Kind\n",
            "test.ldb": "Logic.Kind;Engine:51-255,Target:0;0&1;\(Self.hex("green badgers"));\(Self.hex("almanac"))\n",
        ])
        let engine = try engine(database, .standard)
        #expect(engine.signatures == 2)
        #expect(names(engine, "green badgers read the paper") == [.found("Hash.Kind.UNOFFICIAL")])
        #expect(names(engine, "green badgers read the almanac") == [.found("Logic.Kind.UNOFFICIAL")])
        #expect(names(engine, "green badgers read") == [])
    }

    /// Further formats, and what takes a signature back.
    @Test(arguments: [
        (["test.hsb": "HASH:*:Hash.Kind:73\n"], "Hash.Kind.UNOFFICIAL"),
        (["test.yara": "rule kind { strings: $a = \"green badgers\" condition: $a }\n"], "YARA.kind.UNOFFICIAL"),
        (["test.ndb": "One:0:*:HEX\n", "test.ign2": "One\n"], ""), (["test.ndb": "One:0:*:HEX\n"], "One.UNOFFICIAL"),
        (["test.ldu": "PUA.Logic;Engine:51-255,Target:0;0;HEX\n"], "PUA.Logic.UNOFFICIAL"),
    ])
    func otherFormatsOfDatabases(files: [String: String], name: String) throws {
        let text = "green badgers read"
        let digest = Array(text.utf8).withUnsafeBytes { SHA256.digest($0) }
        let hash = digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        let database = try Database(
            files.mapValues { $0.replacing("HASH", with: hash).replacing("HEX", with: Self.hex("green badgers")) })
        database.write("more.ndb", "Other:0:*:\(Self.hex("never written anywhere"))\n")
        #expect(names(try engine(database, [.pua]), text) == (name.isEmpty ? [] : [.found(name)]))
    }

    /// A container as freshclam keeps it, without the makers' signature.
    @Test(.enabled(if: Programs.peer("sigtool") != nil, "sigtool is not installed (make test-deps)"))
    func containers() throws {
        let database = try Database(["test.ndb": "One:0:*:\(Self.hex("first text"))\n", "COPYING": ""])
        // It works in its current directory, and asks for the builder's name.
        let made = try runTool(
            "/bin/sh",
            [
                "-c",
                "cd \(database.path) && exec \(Programs.peer("sigtool") ?? "") --unsigned --build test.cud --cvd-version 1 --datadir=.",
            ],
            input: Array("tester\n".utf8))
        try #require(made.status == 0, "\(made)")
        unlink(database.path + "/test.ndb")
        let loaded = try engine(database, .standard)
        #expect(names(loaded, "the first text") == [.found("One.UNOFFICIAL")])
        #expect(loaded.database.number == 0)
        #expect(throws: EngineError.self) { try engine(database, [.officialOnly]) }
        // Under this name it has a version, though nobody has signed it.
        #expect(rename(database.path + "/test.cud", database.path + "/daily.cud") == 0)
        let daily = try engine(database, .standard).database
        #expect(daily.number == 1 && !daily.isSigned && daily.buildTime > 1_700_000_000)
    }

    /// Each change is told once.
    @Test func changesOfTheDirectoryAreNoticed() throws {
        let database = try Database(["test.ndb": "One:0:*:\(Self.hex("first text"))\n"])
        let engine = try engine(database, .standard)
        #expect(!engine.databaseHasChanged(database.path))
        database.write("more.ndb", "Two:0:*:\(Self.hex("second text"))\n")
        #expect(engine.databaseHasChanged(database.path))
        #expect(!engine.databaseHasChanged(database.path))
        // The time of the file counts, in seconds.
        var times = [timeval(tv_sec: 1_000_000_000, tv_usec: 0), timeval(tv_sec: 1_000_000_000, tv_usec: 0)]
        #expect(utimes(database.path + "/more.ndb", &times) == 0)
        #expect(engine.databaseHasChanged(database.path))
        #expect(!engine.databaseHasChanged(database.path))
        #expect(unlink(database.path + "/more.ndb") == 0)
        #expect(engine.databaseHasChanged(database.path))
        #expect(!engine.databaseHasChanged(database.path))
        // The whole directory goes, and comes back as it was.
        #expect(rename(database.path, database.path + ".gone") == 0)
        #expect(engine.databaseHasChanged(database.path))
        #expect(!engine.databaseHasChanged(database.path))
        #expect(rename(database.path + ".gone", database.path) == 0)
        #expect(engine.databaseHasChanged(database.path))
        #expect(!engine.databaseHasChanged(database.path))
    }
}
