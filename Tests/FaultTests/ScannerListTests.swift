import Foundation
import Glibc
import TestSupport
import Testing

/// Scanners outside the inspector together: with each other, with the embedded engine and with answers that are kept.
@Suite(.enabled(if: ClamdProcess.isThere, "clamd is not installed (make test-deps)"))
struct ScannerListTests {
    private static let infected = Mail(text: "Subject: infected\n\n\(eicar)\n")
    private static let name = "Eicar-Test-Signature.UNOFFICIAL"

    private static func stage(
        _ scanners: [[String: String]], engine: Bool = false, _ change: (inout GatewayConfiguration) -> Void = { _ in }
    ) throws -> Stage {
        try Stage {
            if !engine { $0.settings["clamav.enabled"] = "no" }
            $0.settings["scanning.retry_interval"] = "1"
            $0.settings["cache.messages"] = "100"
            $0.scanners = scanners
            change(&$0)
        }
    }

    private static func expectStatus(
        _ stage: Stage, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let status = try runTool(
            Programs.path("mailreeve"), ["status", "--config", stage.gateway.disk.path + "/mailreeve.yaml"])
        #expect(status.text.contains(text), "\(status.text)", sourceLocation: sourceLocation)
    }

    /// A server that takes connections and never answers.
    private static func silent() throws -> (entry: [String: String], server: SilentServer) {
        let server = try SilentServer()
        return (["kind": "clamd", "addresses": "[ \"unix:\(server.path)\" ]"], server)
    }

    /// The same message again and again, with a backup that needs its parts: nothing is kept back.
    @Test func aBackupForTheEngineAndTheCache() async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess()
            let stage = try Self.stage([clamd.clamscanEntry(["backup": "yes"])], engine: true)
            for _ in 0..<3 { #expect(try send(.clean(7), to: stage.gateway.port).code == 250) }
            // The engine works: its backup is not asked.
            try Self.expectStatus(stage, "clamscan (backup): works; 0 answered, 0 not")
            #expect(try send(Self.infected, to: stage.gateway.port).text.hasSuffix("INFECTED: \(Self.name)"))
        }
    }

    /// The embedded engine has failed: a backup looks instead; beside another scanner the message is marked.
    @Test func aBackupLooksInPlaceOfTheEngine() async throws {
        try await Lanes.run {
            func stage(_ entry: [String: String]) throws -> Stage {
                try Stage(inspector: "lying-inspector") {
                    $0.settings["clamav.test_database"] = "/lie/dictated"
                    $0.settings["scanning.retry_interval"] = "1"
                    $0.scanners = [entry]
                }
            }
            let failed = Mail(text: "X-Report: engine-failed\nSubject: clean\n\nclean\n")
            let infected = Mail(text: "X-Report: engine-failed\nSubject: infected\n\n\(eicar)\n")
            let clamd = try ClamdProcess()
            let backup = try stage(clamd.entry(["backup": "yes"]))
            #expect(try send(failed, to: backup.gateway.port).code == 250)
            let added = try #require(backup.hop.deliveries.last).relayed.added
            #expect(!added.contains { $0.hasPrefix("X-Mailreeve-Unchecked:") }, "\(added)")
            let line = try backup.gateway.log.wait(for: "scanner clamav: dictated")
            #expect(line.contains("Passed CLEAN"), "\(line)")
            #expect(try send(infected, to: backup.gateway.port).text.hasSuffix("INFECTED: \(Self.name)"))
            // The engine works: nobody stands in.
            try backup.expectService()
            try Self.expectStatus(backup, "; 2 answered, 0 not")
            let primary = try stage(clamd.entry())
            #expect(try send(failed, to: primary.gateway.port).code == 250)
            let marks = try #require(primary.hop.deliveries.last).relayed.added
            #expect(marks.contains { $0.hasPrefix("X-Mailreeve-Unchecked: scanner-failed (clamav)") }, "\(marks)")
            #expect(try send(infected, to: primary.gateway.port).text.hasSuffix("INFECTED: \(Self.name)"))
            clamd.stop()
            #expect(try send(failed, to: primary.gateway.port).text.contains("UNCHECKED: scanner-failed"))
            #expect(try send(failed, to: backup.gateway.port).text.contains("UNCHECKED: scanner-failed"))
        }
    }

    /// A scanner that is asked again on a message whose inspection is kept fails: its backup gets the parts all the same.
    @Test func aBackupAndTheCache() async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess()
            let scratch = try Scratch(.disk)
            let path = try scratch.write("works", "")
            let script = "read l; test -e \(path) || exit 1; echo '{\"version\":1}'; read m"
            let stage = try Self.stage([
                [
                    "name": "local", "kind": "protocol", "programs": "[ /bin/sh ]", "parts": "no",
                    "arguments": "[ -c, '\(script.replacing("'", with: "''"))' ]", "self_test": "none",
                    "readable": "[ \"\(scratch.path)\" ]",
                ],
                clamd.clamscanEntry(["backup": "yes"]),
            ])
            #expect(try send(.clean(7), to: stage.gateway.port).code == 250)
            #expect(unlink(path) == 0)
            for _ in 0..<2 { #expect(try send(.clean(7), to: stage.gateway.port).code == 250) }
            try Self.expectStatus(stage, "clamscan (backup): works; 2 answered, 0 not")
        }
    }

    /// A scanner of the site's own that says its answer is of the content alone is asked once, with the parts; its finds stay.
    @Test(arguments: ["protocol", "http"])
    func answersOfOwnScannersAreKept(kind: String) async throws {
        try await Lanes.run {
            let scratch = try Scratch(.disk)
            let (path, port) = (scratch.path + "/scanner.sock", try Ports.free())
            let place = kind == "http" ? "127.0.0.1:\(port)" : "unix:\(path)"
            let example = try RunningProgram(
                "/usr/bin/python3",
                [Programs.package + "/docs/examples/scanner.py", kind == "http" ? "http:\(place)" : path])
            try poll("the example") {
                kind == "http" ? (try? StreamSocket(port: port)) != nil : (try? StreamSocket(path: path)) != nil
            }
            // The gateway is another user.
            if kind == "protocol" { #expect(chmod(path, 0o666) == 0) }
            let stage = try Self.stage([["name": "local", "kind": kind, "addresses": "[ \"\(place)\" ]"]])
            let attached = Mail.attached(Array(eicar.utf8))
            for _ in 0..<3 {
                #expect(try send(.clean(7), to: stage.gateway.port).code == 250)
                #expect(try send(attached, to: stage.gateway.port).text.hasSuffix("INFECTED: Eicar-Test-Signature"))
            }
            try Self.expectStatus(stage, "local: works; 2 answered, 0 not")
            try Self.expectStatus(stage, "2 messages, 4 hits, 2 misses")
            withExtendedLifetime(example) {}
        }
    }

    /// New signatures count at once for a message that was found clean before.
    @Test func keptAnswersEndWithNewSignatures() async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess()
            let stage = try Self.stage([clamd.clamscanEntry()]) { $0.settings["cache.clean"] = "1d" }
            let mail = Mail(text: "Subject: later\n\nlater found\n")
            for _ in 0..<2 { #expect(try send(mail, to: stage.gateway.port).code == 250) }
            try Self.expectStatus(stage, "clamscan: works; 1 answered, 0 not")
            try clamd.add(signatures: "Later:0:*:6c6174657220666f756e64\n", to: "later.ndb")
            // The next look at its files is due within a second.
            try poll("the new signatures") { try send(mail, to: stage.gateway.port).text.contains("INFECTED: Later") }
        }
    }

    /// One name alone may hide others: points from such a scanner leave the message unchecked, unless another one sees all.
    /// An engine without official signatures does not know what clamd knows; a name that `virus_destinies` lets pass is like points.
    @Test(arguments: [
        ("none", "clamd", false), ("none", "text", false), ("own", "clamd", false), ("test", "clamd", false),
        ("none", "clamd", true), ("own", "clamd", true), ("none", "text", true),
    ])
    func spamSignaturesHideNoVirus(engine: String, kind: String, passes: Bool) async throws {
        try await Lanes.run {
            let junk = "Junk.One:0:*:6a756e6b20776f726473\n"
            let clamd = try ClamdProcess(
                signatures: junk + String(contentsOfFile: Programs.signatures, encoding: .utf8))
            var entry = clamd.entry()
            if kind == "text" {
                entry["kind"] = "text"
                entry["request"] = #"'nALLMATCHSCAN {}/*\n'"#
                entry["clean_pattern"] = "': OK$'"
                entry["infected_pattern"] = "' FOUND$'"
                entry["name_pattern"] = "'^.+: (.*) FOUND$'"
                entry["all_matches"] = "yes"
            }
            let stage = try Self.stage([entry], engine: engine != "none") {
                if engine == "own" { $0.settings["clamav.database"] = Programs.package + "/rules/signatures" }
                if passes {
                    $0.policies["default", default: [:]]["virus_destinies"] = "[ 'junk. => pass' ]"
                } else {
                    $0.settings["clamav.virus_name_to_score"] = "[ '^Junk\\. => 1' ]"
                }
                $0.settings["scanning.first_hit_stops"] = "yes"
            }
            let mail = Mail(text: "Subject: junk\n\njunk words\n")
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            let added = try #require(stage.hop.deliveries.last).relayed.added
            let isMarked = added.contains { $0.hasPrefix("X-Mailreeve-Unchecked: unsupported") }
            #expect(isMarked == (kind == "clamd"), "\(added)")
            guard !isMarked else { return }
            let both = Mail(text: "Subject: junk\n\njunk words \(eicar)\n")
            #expect(try send(both, to: stage.gateway.port).text.contains("INFECTED: "))
        }
    }

    /// What only gives points looks for no virus and stands in for nobody who does.
    @Test func pointsAreNoLookForViruses() async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess()
            let script = "read l; echo '{\"version\":1,\"tests\":[{\"name\":\"X\",\"score\":0.5}]}'; read m"
            let stage = try Self.stage([
                clamd.entry(),
                [
                    "name": "points", "kind": "protocol", "programs": "[ /bin/sh ]", "seeks": "spam",
                    "arguments": "[ -c, '\(script.replacing("'", with: "''"))' ]", "self_test": "none",
                ],
            ])
            try stage.expectService()
            clamd.stop()
            let reply = try send(Self.infected, to: stage.gateway.port)
            #expect(reply.isTemporary && reply.text.contains("UNCHECKED: scanner-failed"), "\(reply)")
        }
    }

    /// Scanners are told of the client that the MTA in front talked to, not of the MTA.
    @Test(arguments: ["192.0.2.7", "IPV6:2001:db8::1"])
    func theOriginalClient(address: String) async throws {
        try await Lanes.run {
            // It gives its points to that client alone.
            let bare = address.replacing("IPV6:", with: "")
            let script = """
                read l; case "$l" in *'"client":"\(bare)"'*'"helo":"far.example"'*) s=0.5;; *) s=0;; esac; \
                echo "{\\"version\\":1,\\"tests\\":[{\\"name\\":\\"FAR\\",\\"score\\":$s}]}"; read m
                """
            let stage = try Self.stage([
                [
                    "name": "points", "kind": "protocol", "programs": "[ /bin/sh ]", "seeks": "spam",
                    "arguments": "[ -c, '\(script.replacing("'", with: "''"))' ]", "self_test": "none",
                ]
            ])
            let session = try MailSession(port: stage.gateway.port)
            #expect(try session.socket.ask("XFORWARD ADDR=\(address) HELO=far.example").code == 250)
            #expect(try session.send(.clean(1)).decisive.code == 250)
            try poll("a line") { !stage.gateway.messageLines.isEmpty }
            let line = stage.gateway.messageLines[0]
            #expect(line.contains(" [\(bare)] ") && line.contains("Hits: 0.5,"), "\(line)")
        }
    }

    /// One whose self-test never ends keeps nobody from starting; until it is tested its policy holds.
    @Test func aHungScannerDelaysNoStart() async throws {
        try await Lanes.run {
            var (entry, server) = try Self.silent()
            entry["name"] = "hung"
            entry["timeout"] = "1h"
            let clamd = try ClamdProcess()
            let stage = try Self.stage([clamd.entry(), entry])
            try Self.expectStatus(stage, "hung: FAILED: has not been tested yet")
            #expect(try send(Self.infected, to: stage.gateway.port).text.hasSuffix("INFECTED: \(Self.name)"))
            #expect(try send(.clean(1), to: stage.gateway.port).code == 250)
            let added = try #require(stage.hop.deliveries.last).relayed.added
            #expect(added.contains { $0.hasPrefix("X-Mailreeve-Unchecked: scanner-failed") }, "\(added)")
            withExtendedLifetime(server) {}
        }
    }

    /// Too large for a spam filter is no failure; too large for one that looks for viruses is unchecked.
    @Test(arguments: SpamFilter.Kind.allCases)
    func largeMail(kind: SpamFilter.Kind) async throws {
        try #require(SpamFilter.isThere(kind), "\(kind) is not installed (make test-deps)")
        try await Lanes.run {
            let filter = try SpamFilter(kind)
            let stage = try Self.stage([filter.entry(["max_size": "1000"])])
            let mail = Mail(text: "Subject: large\n\n\(SpamFilter.words)\n" + String(repeating: "line\n", count: 1000))
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            try Self.expectStatus(stage, "0 answered, 0 not")
            let clamd = try ClamdProcess()
            let virus = try Self.stage([clamd.entry(["max_size": "1000"])])
            #expect(try send(mail, to: virus.gateway.port).text.contains("UNCHECKED: over-limits"))
        }
    }

    /// Senders and recipients are those of the envelope, octet by octet.
    @Test func theEnvelopeIsTheEnvelopes() async throws {
        try await Lanes.run {
            let scratch = try Scratch(.disk)
            let path = scratch.path + "/answer.py"
            try scratch.write(
                "answer.py",
                """
                import json, sys
                e = json.loads(sys.stdin.readline())["envelope"]
                words = e["sender"] + " " + " ".join(e["recipients"])
                print(json.dumps({"version": 1, "viruses": [{"name": words}]}), flush=True)
                sys.stdin.readline()

                """)
            let stage = try Self.stage([
                [
                    "name": "local", "kind": "protocol", "programs": "[ /usr/bin/python3 ]",
                    "arguments": "[ \"\(path)\" ]", "readable": "[ \"\(path)\" ]", "self_test": "none",
                ]
            ])
            var mail = Mail.clean(1)
            mail.sender = #""x\"y"@example.org"#
            mail.recipients = [#""a b"@example.net"#]
            let reply = try send(mail, to: stage.gateway.port)
            #expect(reply.text.contains("INFECTED: "), "\(reply)")
            // In the log backslashes and spaces are escaped.
            let line = try stage.gateway.log.wait(for: "INFECTED (")
            #expect(line.contains(#"INFECTED ("x\\"y"@example.org\x20"a\x20b"@example.net)"#), "\(line)")
        }
    }

    /// The log says once why a scanner failed, and escapes it once.
    @Test func aCauseStandsOnce() async throws {
        try await Lanes.run {
            let script = #"read l; echo '{"version":1,"failure":"odd\rwords"}'; read m"#
            func entry(_ name: String) -> [String: String] {
                [
                    "name": name, "kind": "protocol", "programs": "[ /bin/sh ]",
                    "arguments": "[ -c, '\(script.replacing("'", with: "''"))' ]", "self_test": "none",
                ]
            }
            let stage = try Self.stage([entry("first"), entry("second")])
            let reply = try send(.clean(1), to: stage.gateway.port)
            #expect(reply.isTemporary && reply.text.hasSuffix("UNCHECKED: scanner-failed"), "\(reply)")
            let line = try stage.gateway.log.wait(for: "Blocked UNCHECKED")
            let cause = try #require(line.components(separatedBy: ", cause: ").last)
            #expect(cause.components(separatedBy: "first: ").count == 2, "\(cause)")
            #expect(cause.components(separatedBy: "second: ").count == 2, "\(cause)")
            #expect(cause.components(separatedBy: #""odd\x0Dwords""#).count == 3, "\(cause)")
        }
    }

    /// A program that is not there is a failed scanner with its policy, like one that breaks later.
    @Test func aProtocolProgramThatIsNotThere() async throws {
        try await Lanes.run {
            let stage = try Self.stage([
                [
                    "name": "local", "kind": "protocol", "programs": "[ /nonexistent/scanner ]",
                    "on_failure": "pass-marked",
                ]
            ])
            try Self.expectStatus(stage, "none of its programs is there: /nonexistent/scanner")
            #expect(try send(.clean(1), to: stage.gateway.port).code == 250)
            let added = try #require(stage.hop.deliveries.last).relayed.added
            #expect(added.contains { $0.hasPrefix("X-Mailreeve-Unchecked: scanner-failed") }, "\(added)")
        }
    }
}

/// Takes connections and says nothing.
private final class SilentServer {
    let path: String
    private let scratch: Scratch
    private let process: RunningProgram

    init() throws {
        scratch = try Scratch(.disk)
        let path = scratch.path + "/socket"
        self.path = path
        process = try RunningProgram(
            "/usr/bin/python3",
            [
                "-c",
                "import socket, time; s = socket.socket(socket.AF_UNIX); s.bind('\(path)'); s.listen(9); time.sleep(9999)",
            ])
        try poll("the silent server") { (try? StreamSocket(path: path)) != nil }
        // The gateway is another user.
        try #require(chmod(path, 0o666) == 0)
    }
}
