import Configuration
import Foundation
import Glibc
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

    /// What the makers' manuals show of a scan: its exit code and words for an infected file, what the entry takes from them, and
    /// the words that end every scan.
    private static let samples:
        [(name: String, status: Int32, output: String, virus: String, clean: Int32, end: String)] = [
            (
                "clamscan", 1, "/w/p1: Eicar-Signature FOUND\n", "Eicar-Signature", 0,
                "\nInfected files: 1\nTime: 0.1 sec\n"
            ),
            (
                "clamdscan", 1, "/w/p1: Eicar-Signature FOUND\n", "Eicar-Signature", 0,
                "\nInfected files: 1\nTime: 0.1 sec\n"
            ),
            (
                "sophos-savscan", 3, ">>> Virus 'EICAR-AV-Test' found in file /w/p1\n", "EICAR-AV-Test", 0,
                "\n2 files scanned in 4 seconds.\nNo viruses were discovered.\nEnd of Scan.\n"
            ),
            (
                "sophos-avscanner", 24, "Detected \"/w/p1\" is infected with EICAR-AV-Test (On Demand)\n",
                "EICAR-AV-Test", 0,
                "End of Scan Summary:\n2 files scanned in less than a second.\n"
            ),
            ("eset", 50, "name=\"/w/p1\", result=\"Eicar test file\", action=\"retained\"\n", "Eicar test file", 0, ""),
            (
                "drweb", 0, "/w/p1 - infected with EICAR Test File (NOT a Virus!)\n", "EICAR Test File (NOT a Virus!)",
                0,
                "Scanned objects: 1, scan errors: 0, threats found: 0, threats neutralized: 0.\n"
            ),
            (
                "kaspersky", 0, "Total detected objects : 1\nInfected objects and other objects : 1\n", "unnamed", 0,
                "Infected objects and other objects : 0\nScan errors : 0\nPassword-protected objects : 0\nSkipped objects : 0\n"
            ),
            (
                "f-secure", 3, "/w/p1: Infected: EICAR_Test_File [AVP]\n", "EICAR_Test_File", 0,
                "Scan ended at noon\n1 file scanned\n"
            ),
            (
                "bitdefender", 1, "/w/p1  infected: EICAR-Test-File (not a virus)\n", "EICAR-Test-File (not a virus)",
                0,
                "\nResults:\nFolders: 0\nFiles: 1\nI/O errors: 0\n"
            ),
            ("avast", 1, "/w/p1\tEICAR Test-NOT virus!!!\n", "EICAR Test-NOT virus!!!", 0, ""),
            (
                "comodo", 0,
                "/w/p1 ---> Found Virus, Malware Name is Malware\n-----== Scan End ==-----\nNumber of Found Viruses: 1\n",
                "Malware", 0, "-----== Scan End ==-----\nNumber of Found Viruses: 0\n"
            ),
            (
                "mcafee", 13, "/w/p1 ... Found: EICAR test file NOT a virus.\n", "EICAR test file", 0,
                "Summary Report on /w\n        Possibly Infected:.............     1\n"
            ),
            (
                "f-prot", 1, "[Found virus] <EICAR_Test_File (exact)>  /w/p1\n", "EICAR_Test_File", 0,
                "\nResults:\n\nFiles: 1\n\nRunning time: 00:02\n"
            ),
        ]

    private static func read(_ name: String, _ text: String, _ end: ProgramOutput.End) throws -> ScanAnswer {
        try scanner(name).answer(to: ProgramOutput(text: Array(text.utf8), end: end))
    }

    @Test func everyEntryHasASample() {
        #expect(Self.samples.map(\.name) == Self.loaded.settings.scanners.map(\.name))
    }

    @Test func namesAreFound() throws {
        for sample in Self.samples {
            let found = try Self.read(sample.name, sample.output + sample.end, .exited(sample.status))
            #expect(found.findings.map(\.name) == [sample.virus], "\(sample.name)")
            #expect(found.unchecked.isEmpty, "\(sample.name)")
        }
    }

    /// A program that was killed, or that ends well without its last words, has looked at nothing for certain.
    @Test func noEntryTakesACutForClean() throws {
        for sample in Self.samples {
            #expect(try Self.read(sample.name, sample.end, .exited(sample.clean)) == ScanAnswer(), "\(sample.name)")
            for end in [ProgramOutput.End.signal(SIGKILL), .signal(SIGSEGV), .late, .tooLong(limit: 1)] {
                #expect(throws: ScannerFailure.self, "\(sample.name) \(end)") {
                    try Self.read(sample.name, sample.end, end)
                }
            }
            let isTold = !sample.end.isEmpty
            #expect(isTold != ["avast", "eset"].contains(sample.name))
            guard isTold else { continue }
            for words in ["", "/w/p1: OK\n"] {
                #expect(throws: ScannerFailure.self, "\(sample.name)") {
                    try Self.read(sample.name, words, .exited(sample.clean))
                }
            }
        }
    }

    /// What clamscan has found before it is killed stays, and what it had still to look at is not forgotten.
    @Test(arguments: ["clamscan", "clamdscan"])
    func aFindBeforeTheKillStays(name: String) throws {
        let answer = try Self.read(name, "/w/message: OK\n/w/p1: Eicar-Signature FOUND\n", .signal(SIGKILL))
        #expect(
            answer.findings.map(\.name) == ["Eicar-Signature"] && answer.unchecked.map(\.reason) == [.scannerFailed])
    }

    /// Nothing that ends in a way that the manual does not call clean is clean.
    @Test func noEntryTakesFailuresForClean() throws {
        for entry in Self.loaded.settings.scanners {
            for status in [2, 100, 127, 255] {
                // The sum of fpscan's codes has 2 in it for "suspicious".
                if entry.infectedCodes.contains(status) { continue }
                #expect(throws: ScannerFailure.self, "\(entry.name) \(status)") {
                    try Self.read(entry.name, "licence expired\n", .exited(Int32(status)))
                }
            }
        }
    }

    /// What a program found counts whatever else its exit code says, where its maker shows the words.
    @Test func wordsOfAFindCount() throws {
        for sample in Self.samples where !["eset", "avast"].contains(sample.name) {
            for end in [ProgramOutput.End.exited(0), .exited(9), .exited(17), .exited(255)] {
                let answer = try Self.read(sample.name, sample.output + sample.end, end)
                #expect(answer.findings.map(\.name) == [sample.virus], "\(sample.name) \(end)")
            }
        }
    }

    /// fpscan's code is a sum: whatever stands beside "found" and "suspicious", the file is infected.
    @Test func sumsOfFPROT() throws {
        let end = "\nRunning time: 00:02\n"
        for code in Int32(0)...79 where code & 0x30 == 0 {
            let result = Result { try Self.read("f-prot", end, .exited(code)) }
            switch code {
            case 0: #expect(try result.get() == ScanAnswer())
            case 8, 64, 72:
                let answer = try result.get()
                #expect(answer.unchecked.map(\.reason) == [.unsupported] && answer.findings.isEmpty, "\(code)")
            case _ where code & 3 != 0: #expect(try result.get().isInfected, "\(code)")
            default: #expect(throws: ScannerFailure.self, "\(code)") { try result.get() }
            }
        }
    }

    /// What a program says it could not look at is no failure, as long as it came to its end.
    @Test(arguments: [
        ("eset", 10, UncheckedReason.unsupported), ("f-secure", 9, .unsupported), ("f-prot", 64, .unsupported),
        ("sophos-avscanner", 16, .encrypted),
    ])
    func whatIsNotLookedAtIsNoFailure(name: String, code: Int32, reason: UncheckedReason) throws {
        let sample = try #require(Self.samples.first { $0.name == name })
        #expect(try Self.read(name, sample.end, .exited(code)).unchecked.map(\.reason) == [reason])
        #expect(throws: ScannerFailure.self) { try Self.read(name, sample.end, .late) }
        guard !sample.end.isEmpty else { return }
        #expect(throws: ScannerFailure.self) { try Self.read(name, "", .exited(code)) }
    }

    /// The summary of kesl-control counts what it did not look at; its exit code is 0 all the same.
    @Test(arguments: ["Scan errors", "Password-protected objects", "Skipped objects"])
    func whatKasperskyCounts(line: String) throws {
        let sample = try #require(Self.samples.first { $0.name == "kaspersky" })
        let end = sample.end.replacingOccurrences(of: "\(line) : 0", with: "\(line) : 3")
        #expect(try Self.read("kaspersky", end, .exited(0)).unchecked.map(\.reason) == [.unsupported])
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
