import Foundation
import Glibc
import TestSupport
import Testing

/// Scanners outside the inspector, real ones, that stop, hang, are killed in the middle or talk nonsense: the policy of their
/// settings holds, nothing is lost and nothing passes unmarked.
@Suite(.enabled(if: ClamdProcess.isThere, "clamd is not installed (make test-deps)"))
struct ScannerTests {
    /// A gateway whose own engine is off, so that only the scanners find anything.
    private static func stage(
        _ scanners: [[String: String]], _ change: (inout GatewayConfiguration) -> Void = { _ in }
    ) throws -> Stage {
        try Stage {
            $0.settings["clamav.enabled"] = "no"
            $0.settings["scanning.retry_interval"] = "1"
            $0.scanners = scanners
            change(&$0)
        }
    }

    private static let infected = Mail(text: "Subject: infected\n\n\(eicar)\n")
    private static let name = "Eicar-Test-Signature.UNOFFICIAL"

    private static func awaitStatus(_ stage: Stage, _ text: String) throws {
        try poll("'\(text)' in the status") { try stage.status().contains(text) }
    }

    @Test func clamdFindsAndPasses() async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess()
            let stage = try Self.stage([clamd.entry()])
            let reply = try send(Self.infected, to: stage.gateway.port)
            #expect(reply.text.hasSuffix("INFECTED: \(Self.name)"), "\(reply)")
            // In a container that only our own unpacking opens.
            let parts = try Self.stage([clamd.entry(["parts": "yes"])])
            let nested = Mail.attached(Array(eicar.utf8), name: "a.com")
            #expect(try send(nested, to: parts.gateway.port).text.contains("INFECTED: \(Self.name)"))
            try stage.expectService()
            #expect(try stage.status().contains("clamd: works, ClamAV "))
            // It looked, so the header may say so, although the embedded engine is off.
            let passed = String(decoding: try #require(stage.hop.deliveries.last).content, as: UTF8.self)
            #expect(passed.hasPrefix("X-Virus-Scanned: mailreeve (clamd: ClamAV "), "\(passed.prefix(400))")
        }
    }

    @Test(arguments: ["tempfail", "pass-marked", "quarantine"])
    func stoppedAndBack(policy: String) async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess()
            let stage = try Self.stage([clamd.entry(["on_failure": policy])])
            try stage.expectService()
            clamd.stop()
            for number in 0..<2 {
                try Self.expect(policy, try send(.clean(number), to: stage.gateway.port), stage)
                // Nobody looked: not even what everybody would find passes unmarked.
                try Self.expect(policy, try send(Self.infected, to: stage.gateway.port), stage)
            }
            try Self.awaitStatus(stage, "clamd: FAILED: ")
            try clamd.start()
            try Self.awaitStatus(stage, "clamd: works")
            #expect(try send(Self.infected, to: stage.gateway.port).text.hasSuffix("INFECTED: \(Self.name)"))
            try stage.expectService()
        }
    }

    @Test(arguments: ["tempfail", "pass-marked", "quarantine"])
    func hungAndBack(policy: String) async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess()
            let stage = try Self.stage([clamd.entry(["on_failure": policy, "timeout": "1"])])
            clamd.signal(SIGSTOP)
            for number in 0..<2 { try Self.expect(policy, try send(.clean(number), to: stage.gateway.port), stage) }
            clamd.signal(SIGCONT)
            try Self.awaitStatus(stage, "clamd: works")
            try stage.expectService()
        }
    }

    /// Killed while it has the message.
    @Test func killedInTheMiddle() async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess()
            let stage = try Self.stage([clamd.entry()])
            clamd.signal(SIGSTOP)
            let port = stage.gateway.port
            let reply = Promise { try send(.clean(), to: port) }
            // The inspection is done; what is still awaited is clamd.
            try poll("the inspection") {
                try stage.status().contains("0 workers busy, 0 messages waiting; 1 inspected")
            }
            clamd.stop()
            try Self.expect("tempfail", try reply.get(), stage)
        }
    }

    /// The gateway serves before its scanners do; until they are there, their policy holds.
    @Test func absentFromTheStart() async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess()
            clamd.stop()
            let stage = try Self.stage([clamd.entry()])
            try Self.expect("tempfail", try send(.clean(), to: stage.gateway.port), stage)
            try clamd.start()
            try Self.awaitStatus(stage, "clamd: works")
            try stage.expectService()
        }
    }

    /// Answers to everything and does not know the test sample: taken as failed.
    @Test func blindScannersAreNotBelieved() async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess(signatures: "Other.Name:0:*:6162636465666768696a\n")
            let stage = try Self.stage([clamd.entry()])
            try Self.expect("tempfail", try send(.clean(), to: stage.gateway.port), stage)
            #expect(try stage.status().contains("it does not find its test sample, eicar"))
        }
    }

    /// Spam filters give points; the message is marked or held back by policy when they do not answer.
    @Test(arguments: SpamFilter.Kind.allCases)
    func spamFilters(kind: SpamFilter.Kind) async throws {
        try #require(SpamFilter.isThere(kind), "\(kind) is not installed (make test-deps)")
        try await Lanes.run {
            let filter = try SpamFilter(kind)
            let stage = try Self.stage([filter.entry(["timeout": "2", "on_failure": "pass-marked"])])
            try stage.expectService()
            try Self.awaitStatus(stage, "\(kind): works")
            filter.signalAll(SIGSTOP)
            try Self.expect("pass-marked", try send(.clean(1), to: stage.gateway.port), stage)
            filter.signalAll(SIGCONT)
            try Self.awaitStatus(stage, "\(kind): works")
            filter.signalAll(SIGKILL)
            try Self.expect("pass-marked", try send(.clean(2), to: stage.gateway.port), stage)
        }
    }

    /// The example of the documentation, as a program in its cell.
    @Test func aScannerOfTheSitesOwn() async throws {
        try await Lanes.run {
            let example = Programs.package + "/docs/examples/scanner.py"
            let scratch = try Scratch(.disk)
            let copy = try scratch.copy(example, to: "scanner.py", mode: 0o755)
            let stage = try Self.stage([
                [
                    "name": "local", "kind": "protocol", "programs": "[ /usr/bin/python3 ]",
                    "arguments": "[ \"\(copy)\" ]",
                    "readable": "[ \"\(copy)\" ]",
                ]
            ])
            try stage.expectService()
            // In base64: only the decoded part shows it.
            let reply = try send(.attached(Array(eicar.utf8)), to: stage.gateway.port)
            #expect(reply.text.hasSuffix("INFECTED: Eicar-Test-Signature"), "\(reply)")
        }
    }

    @Test func aProgramStandsInForClamd() async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess()
            let stage = try Self.stage([clamd.entry(["timeout": "1"]), clamd.clamscanEntry(["backup": "yes"])])
            try stage.expectService()
            clamd.stop()
            #expect(try send(Self.infected, to: stage.gateway.port).text.hasSuffix("INFECTED: \(Self.name)"))
            try stage.expectService()
            let passed = try #require(stage.hop.deliveries.last).relayed
            #expect(!passed.added.contains { $0.hasPrefix("X-Mailreeve-Unchecked:") }, "\(passed.added)")
        }
    }

    /// With another scanner beside it, the message passes, but marked.
    @Test func oneOfTwoMarks() async throws {
        try await Lanes.run {
            let (first, second) = (try ClamdProcess(), try ClamdProcess())
            var entry = second.entry()
            entry["name"] = "second"
            let stage = try Self.stage([first.entry(), entry])
            first.stop()
            #expect(try send(.clean(), to: stage.gateway.port).code == 250)
            let passed = try #require(stage.hop.deliveries.last).relayed
            #expect(passed.added.contains { $0.hasPrefix("X-Mailreeve-Unchecked: scanner-failed") }, "\(passed.added)")
            #expect(try send(Self.infected, to: stage.gateway.port).text.hasSuffix("INFECTED: \(Self.name)"))
        }
    }

    /// A taken-over worker and the file for parts: none that could still be changed, or that is not there, goes to a scanner.
    @Test(arguments: ["parts-beyond", "parts-index", "parts-mapped"])
    func liesAboutParts(lie: String) async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess()
            let stage = try Stage(inspector: "lying-inspector") {
                $0.settings["clamav.test_database"] = "/lie/\(lie)"
                $0.settings["timeouts.inspection"] = "5"
                $0.scanners = [clamd.entry(["parts": "yes"])]
            }
            for number in 0..<2 {
                let reply = try send(.clean(number), to: stage.gateway.port)
                #expect(reply.isTemporary && reply.text.contains("UNCHECKED: "), "\(reply)")
            }
            #expect(stage.hop.deliveries.isEmpty)
            stage.expectCleanEnd()
        }
    }

    /// What the policy of a scanner that does not answer means to a client.
    private static func expect(_ policy: String, _ reply: MailReply, _ stage: Stage) throws {
        let delivered = stage.hop.deliveries
        switch policy {
        case "tempfail":
            #expect(reply.isTemporary && reply.text.contains("UNCHECKED: scanner-failed"), "\(reply)")
        case "quarantine":
            #expect(reply.text.contains("Ok, quarantined"), "\(reply)")
            #expect(!stage.gateway.quarantined.isEmpty)
        default:
            #expect(reply.code == 250, "\(reply)")
            let added = try #require(delivered.last).relayed.added
            #expect(added.contains { $0.hasPrefix("X-Mailreeve-Unchecked: scanner-failed") }, "\(added)")
        }
    }
}
