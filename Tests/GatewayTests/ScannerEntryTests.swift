import Configuration
import Linux
import MailModel
import Patterns
import TestSupport
import Testing

@testable import Gateway
@testable import RemoteChecks

/// `rules/scanners.yaml`: entries that can be copied as they are.
@Suite struct ScannerEntryTests {
    private static let loaded = ConfigurationFile.load(path: Programs.package + "/rules/scanners.yaml")

    @Test func theFileIsAValidConfiguration() throws {
        #expect(Self.loaded.problems == [])
        #expect(Self.loaded.settings.scanners.count > 10)
        let set = try ScannerTable(launcher: "/x", settings: Self.loaded.settings).scanners(NameScores([])) { _ in }
        #expect(set.states.count == Self.loaded.settings.scanners.count)
    }

    /// Scanners stay at a reload only where everything that they were made of stayed.
    @Test func scannersOfOtherSettingsAreMadeAnew() {
        let settings = Self.loaded.settings
        #expect(ScannerTable.isSame(settings, settings))
        let changes: [(inout Settings) -> Void] = [
            { $0.scanners[0].timeout += 1 }, { $0.scanners.removeLast() }, { $0.scanning.retryInterval += 1 },
            { $0.inspector.sandbox = .allowWeaker }, { $0.unpacking.workspace += 1 },
            { $0.workspace.directory += "2" },
            { $0.clamav.nameScores.append(NameScore(pattern: "a", tenths: 1)) },
        ]
        for change in changes {
            var other = settings
            change(&other)
            #expect(!ScannerTable.isSame(settings, other))
        }
        var other = settings
        other.hostname += "x"
        #expect(ScannerTable.isSame(settings, other))
    }

    /// What the makers' manuals show of an infected file, and what the entry takes from it.
    @Test(arguments: [
        ("clamscan", 1, "/w/p1: Eicar-Signature FOUND\n\nInfected files: 1\n", "Eicar-Signature"),
        ("clamdscan", 1, "/w/p1: Eicar-Signature FOUND\n\nInfected files: 1\n", "Eicar-Signature"),
        ("sophos-savscan", 3, ">>> Virus 'EICAR-AV-Test' found in file /w/p1\n", "EICAR-AV-Test"),
        ("sophos-avscanner", 24, "Detected \"/w/p1\" is infected with EICAR-AV-Test (On Demand)\n", "EICAR-AV-Test"),
        ("eset", 50, "name=\"/w/p1\", result=\"Eicar test file\", action=\"retained\"\n", "Eicar test file"),
        (
            "drweb", 0,
            "/w/p1 - infected with EICAR Test File (NOT a Virus!)\n"
                + "Scanned objects: 1, scan errors: 0, threats found: 1, threats neutralized: 0.\n",
            "EICAR Test File (NOT a Virus!)"
        ),
        ("kaspersky", 0, "Infected objects : 1\nObject name : EICAR-Test-File\n", "EICAR-Test-File"),
        ("f-secure", 3, "/w/p1: Infected: EICAR_Test_File [AVP]\n", "EICAR_Test_File"),
        ("bitdefender", 1, "/w/p1  infected: EICAR-Test-File (not a virus)\n", "EICAR-Test-File (not a virus)"),
        ("avast", 1, "/w/p1\tEICAR Test-NOT virus!!!\n", "EICAR Test-NOT virus!!!"),
        (
            "comodo", 0,
            "/w/p1 ---> Found Virus, Malware Name is Malware\n-----== Scan End ==-----\nNumber of Found Viruses: 1\n",
            "Malware"
        ),
        ("mcafee", 13, "/w/p1 ... Found: EICAR test file NOT a virus.\n", "EICAR test file"),
        ("f-prot", 1, "[Found virus] <EICAR_Test_File (exact)>  /w/p1\n", "EICAR_Test_File"),
    ])
    func namesAreFound(name: String, status: Int, output: String, expected: String) throws {
        let scanner = try Self.scanner(name)
        let found = try scanner.answer(to: ProgramOutput(text: Array(output.utf8), status: Int32(status)))
        #expect(found.findings.map(\.name) == [expected])
    }

    /// Nothing that ends in a way that the manual does not call clean is clean.
    @Test func noEntryTakesFailuresForClean() throws {
        for entry in Self.loaded.settings.scanners {
            let scanner = try Self.scanner(entry.name)
            for status in [2, 100, 127, 255, -9, -11] {
                let output = ProgramOutput(text: Array("licence expired\n".utf8), status: Int32(status))
                // The sum of fpscan's codes has 2 in it for "suspicious".
                if entry.infectedCodes.contains(status) { continue }
                #expect(throws: ScannerFailure.self, "\(entry.name) \(status)") { try scanner.answer(to: output) }
            }
        }
    }

    /// The real program with the options of the entry: what it finds, all matches of it, and what it gives up on.
    @Test(.enabled(if: Programs.peer("clamscan") != nil, "clamscan is not installed (make test-deps)"))
    func clamscanAsShipped() async throws {
        let scratch = try Scratch(.memory)
        let database = try scratch.directory("database")
        try scratch.copy(Programs.signatures, to: "database/test.ndb")
        try scratch.write("database/junk.ndb", "Junk:0:*:73656c662d74657374406c6f63616c686f7374\n")
        var entry = try #require(Self.loaded.settings.scanners.first { $0.name == "clamscan" })
        entry.programs = [Programs.peer("clamscan") ?? ""]
        entry.readable = [database]
        func answer(_ more: [String] = []) async throws -> ScanAnswer {
            var settings = Settings()
            settings.workspace.directory = try scratch.directory("workspace")
            var changed = entry
            changed.arguments = ["--database=\(database)"] + more + entry.arguments
            let table = ScannerTable(launcher: Programs.path("mailreeve-launcher"), settings: settings)
            let scanner = try #require(try table.places(changed).first?.scanner)
            return try await scanner.scan(try TestSample.eicar.subject(), deadline: monotonicNow() + 60_000_000_000)
        }
        #expect(Set(try await answer().findings.map(\.name)) == ["Junk.UNOFFICIAL", "Eicar-Test-Signature.UNOFFICIAL"])
        let limited = try await answer(["--max-filesize=60"])
        #expect(limited.unchecked.contains { $0.reason == .overLimits }, "\(limited)")
    }

    private static func scanner(_ name: String) throws -> CommandScanner {
        let entry = try #require(loaded.settings.scanners.first { $0.name == name })
        var settings = Settings()
        settings.scanners = [entry]
        return try #require(
            try ScannerTable(launcher: "/x", settings: settings).places(entry).first?.scanner as? CommandScanner)
    }
}
