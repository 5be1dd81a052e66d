import Foundation
import Glibc
import TestSupport
import Testing

/// The real clamscan as a scanner, run by the launcher for each message with the options of `rules/scanners.yaml`: stopped,
/// hung, slow, killed in the middle of a message, talking nonsense and absent. The policy of its settings holds, nothing is
/// lost, nothing passes unmarked and nothing is left running.
@Suite(.enabled(if: ClamdProcess.isThere, "clamscan is not installed (make test-deps)"))
struct ClamscanTests {
    private static let policies = ["tempfail", "pass-marked", "quarantine"]
    private static let infected = Mail(text: "Subject: infected\n\n\(eicar)\n")
    private static let name = "INFECTED: Eicar-Test-Signature.UNOFFICIAL"

    /// A gateway whose only scanner is clamscan, with signatures that a test can change.
    private final class Bench {
        let scratch: Scratch
        let stage: Stage
        let policy: String
        /// Where the settings look for clamscan.
        private let program: String
        private let database: String

        init(_ policy: String, timeout: Int = 30) throws {
            scratch = try Scratch(.disk)
            self.policy = policy
            program = scratch.path + "/clamscan"
            database = try scratch.directory("database")
            try scratch.copy(Programs.signatures, to: "database/test.ndb")
            try scratch.copy(try #require(Programs.peer("clamscan")), to: "clamscan", mode: 0o755)
            let entry = [
                "name": "clamscan", "kind": "command", "programs": "[ \"\(program)\" ]",
                "arguments": "[ --stdout, --recursive, --allmatch, --alert-exceeds-max=yes, --alert-encrypted=yes, "
                    + "\"--database=\(database)\", \"{}\" ]",
                "infected_pattern": "'^.+: .* FOUND$'", "name_pattern": "'^.+: (.*) FOUND$'",
                "end_pattern": "'^Infected files: \\d+$'", "all_matches": "yes", "readable": "[ \"\(database)\" ]",
                "timeout": "\(timeout)", "on_failure": policy,
            ]
            stage = try Stage {
                $0.settings["clamav.enabled"] = "no"
                $0.settings["scanning.retry_interval"] = "1"
                $0.scanners = [entry]
            }
            // Not before it works: else its self-test would meet what a test does.
            try awaitStatus("clamscan: works")
        }

        /// Programs that the gateway runs.
        var running: [Int32] {
            ProcessTable.children(of: stage.gateway.process.pid).filter { ProcessTable.name($0) == "clamscan" }
        }

        func breakSignatures() throws { try scratch.write("database/more.ndb", "nonsense\n") }
        func repairSignatures() { unlink(database + "/more.ndb") }
        func replaceProgram(_ text: String) throws {
            removeProgram()
            try scratch.write("clamscan", text, mode: 0o755)
        }
        func removeProgram() { unlink(program) }
        func repairProgram() throws {
            removeProgram()
            try scratch.copy(try #require(Programs.peer("clamscan")), to: "clamscan", mode: 0o755)
        }

        func awaitStatus(_ text: String) throws {
            let configuration = stage.gateway.disk.path + "/mailreeve.yaml"
            try poll("'\(text)' in the status") {
                try runTool(Programs.path("mailreeve"), ["status", "--config", configuration]).text.contains(text)
            }
        }

        /// clamscan has the message and waits for the rest of its signatures, which come through a pipe, while `work` runs.
        /// - Parameter work: gets its number.
        func inTheMiddle(of mail: Mail, _ work: (Int32) throws -> Void) throws -> MailReply {
            let name = database + "/more.ndb"
            try scratch.write("more.ndb", "Other.Name:0:*:6162636465666768696a\n")
            unlink(name)
            #expect(mkfifo(name, 0o644) == 0)
            let port = stage.gateway.port
            let reply = Promise { try send(mail, to: port) }
            var writer: Int32 = -1
            defer { close(writer) }
            try poll("clamscan at the pipe") {
                // There is a writer only for a pipe that somebody reads.
                writer = open(name, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
                return writer >= 0
            }
            // The next one, and this one if it lives, reads a file.
            #expect(rename(scratch.path + "/more.ndb", name) == 0)
            try work(try #require(running.first))
            close(writer)
            writer = -1
            return try reply.get()
        }

        /// The policy for a clean message and an infected one.
        func expect(_ reply: MailReply, of mail: Mail) throws {
            switch policy {
            case "tempfail":
                #expect(reply.isTemporary && reply.text.contains("UNCHECKED: scanner-failed"), "\(reply)")
                #expect(!stage.hop.deliveries.contains { $0.relayed.digest == mail.digest })
            case "quarantine":
                #expect(reply.text.contains("Ok, quarantined"), "\(reply)")
                #expect(!stage.hop.deliveries.contains { $0.relayed.digest == mail.digest })
                #expect(!stage.gateway.quarantined.isEmpty)
            default:
                #expect(reply.code == 250, "\(reply)")
                let passed = try #require(stage.hop.deliveries.last { $0.relayed.digest == mail.digest }).relayed
                #expect(
                    passed.added.contains { $0.hasPrefix("X-Mailreeve-Unchecked: scanner-failed") }, "\(passed.added)")
            }
        }

        /// It works again, finds what it must, and nothing of what went wrong is left.
        func expectRecovery() throws {
            try awaitStatus("clamscan: works")
            let reply = try send(ClamscanTests.infected, to: stage.gateway.port)
            #expect(reply.text.hasSuffix(ClamscanTests.name), "\(reply)")
            try stage.expectService()
            try expectNothingLeft()
        }

        func expectNothingLeft() throws {
            let gateway = stage.gateway
            try poll("the end of all scanners and their directories") {
                let left = try FileManager.default.contentsOfDirectory(atPath: gateway.memory.path + "/workspace")
                return running.isEmpty && ProcessTable.zombies(of: gateway.process.pid).isEmpty
                    && !left.contains { $0.hasPrefix("scan") }
            }
        }
    }

    /// It never answers: its deadline ends it, stopped as it is.
    @Test(arguments: policies)
    func hung(policy: String) async throws {
        try await Lanes.run {
            let bench = try Bench(policy, timeout: 5)
            let reply = try bench.inTheMiddle(of: Self.infected) { #expect(kill($0, SIGSTOP) == 0) }
            try bench.expect(reply, of: Self.infected)
            try bench.expectRecovery()
        }
    }

    /// By the kernel that lacks memory, or by hand.
    @Test(arguments: policies)
    func killedInTheMiddle(policy: String) async throws {
        try await Lanes.run {
            let bench = try Bench(policy)
            for (mail, signal) in [(Mail.clean(1), SIGKILL), (Self.infected, SIGTERM)] {
                let reply = try bench.inTheMiddle(of: mail) { #expect(kill($0, signal) == 0) }
                try bench.expect(reply, of: mail)
                try bench.expectRecovery()
            }
        }
    }

    /// Slow within its time: the answer counts. Hung for a while and let go: likewise.
    @Test func slow() async throws {
        try await Lanes.run {
            let bench = try Bench("tempfail")
            let clean = try bench.inTheMiddle(of: .clean(1)) { pid in
                #expect(kill(pid, SIGSTOP) == 0)
                try poll("the stop") { ProcessTable.isStopped(pid) }
                #expect(kill(pid, SIGCONT) == 0)
            }
            #expect(clean.code == 250, "\(clean)")
            let found = try bench.inTheMiddle(of: Self.infected) { _ in }
            #expect(found.text.hasSuffix(Self.name), "\(found)")
            try bench.expectNothingLeft()
        }
    }

    /// Slower than its time: the policy holds, whatever it would have said.
    @Test(arguments: policies)
    func tooSlow(policy: String) async throws {
        try await Lanes.run {
            let bench = try Bench(policy, timeout: 5)
            let mail = Mail.clean(1)
            let reply = try bench.inTheMiddle(of: mail) { pid in
                try poll("its end at the deadline") { !ProcessTable.isAlive(pid) }
            }
            try bench.expect(reply, of: mail)
            try bench.expectRecovery()
        }
    }

    /// Signatures that are nonsense make it say so and end; a program in its place that prints octets ends well.
    @Test(arguments: policies)
    func garbage(policy: String) async throws {
        try await Lanes.run {
            let bench = try Bench(policy)
            try bench.breakSignatures()
            for mail in [Mail.clean(1), Self.infected] {
                try bench.expect(try send(mail, to: bench.stage.gateway.port), of: mail)
            }
            bench.repairSignatures()
            try bench.expectRecovery()
            try bench.replaceProgram("#!/bin/sh\nhead -c 5000 /dev/urandom\n")
            for mail in [Mail.clean(2), Self.infected] {
                try bench.expect(try send(mail, to: bench.stage.gateway.port), of: mail)
            }
            try bench.repairProgram()
            try bench.expectRecovery()
        }
    }

    /// Uninstalled while the gateway runs, and there again.
    @Test(arguments: policies)
    func absent(policy: String) async throws {
        try await Lanes.run {
            let bench = try Bench(policy)
            bench.removeProgram()
            for mail in [Mail.clean(1), Self.infected] {
                try bench.expect(try send(mail, to: bench.stage.gateway.port), of: mail)
            }
            try bench.awaitStatus("clamscan: FAILED: ")
            try bench.repairProgram()
            try bench.expectRecovery()
        }
    }
}
