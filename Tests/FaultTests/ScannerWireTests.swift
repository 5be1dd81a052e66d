import Glibc
import TestSupport
import Testing

/// Real daemons whose answers are garbage, cut off, slow or too late, and that are killed while they have a message: the policy
/// of their settings holds, whichever it is, and nothing passes unmarked.
@Suite(.enabled(if: ClamdProcess.isThere, "clamd is not installed (make test-deps)"))
struct ScannerWireTests {
    /// One of the daemons.
    enum Daemon: String, CaseIterable, Sendable {
        case clamd, spamd, rspamd
    }

    private static func mail(_ number: Int) -> Mail {
        Mail(text: "Subject: message \(number)\n\nA \(Wire.mark), number \(number).\n")
    }

    @Test(arguments: Daemon.allCases, ["tempfail", "pass-marked", "quarantine"])
    func everyFault(daemon: Daemon, policy: String) async throws {
        try await Lanes.run {
            let process = try Process(daemon)
            let wire = try process.wire()
            let entry = wire.entry(process.entry, ["on_failure": policy, "timeout": "2"])
            let stage = try Stage {
                $0.settings["clamav.enabled"] = "no"
                $0.settings["scanning.retry_interval"] = "1"
                $0.scanners = [entry]
            }
            let port = stage.gateway.port
            // After a failure it is believed again when its self-test, which is not marked, has been passed.
            func awaitBelief() throws {
                try poll("belief in \(daemon)") {
                    let configuration = stage.gateway.disk.path + "/mailreeve.yaml"
                    let status = try runTool(Programs.path("mailreeve"), ["status", "--config", configuration])
                    return status.text.contains("\(daemon): works")
                }
            }
            for (number, fault) in [Wire.Fault.garbage, .cut, .held].enumerated() {
                try awaitBelief()
                wire.set(fault)
                let mail = Self.mail(number)
                try Self.expect(policy, try send(mail, to: port), mail, stage)
            }
            // What was held is let go when nobody waits for it any more, and harms no later message.
            wire.release()
            try awaitBelief()
            wire.set(.held)
            let slow = Promise { try send(Self.mail(3), to: port) }
            try wire.awaitHeld()
            wire.release()
            #expect(try slow.get().code == 250)
            let added = try #require(stage.hop.deliveries.last).relayed.added
            #expect(!added.contains { $0.hasPrefix("X-Mailreeve-Unchecked:") }, "\(added)")
            // It has the message when it dies.
            process.signal(SIGSTOP)
            let killed = Promise { try send(Self.mail(4), to: port) }
            try wire.awaitRequest()
            process.signal(SIGKILL)
            try Self.expect(policy, try killed.get(), Self.mail(4), stage)
            stage.expectCleanEnd()
        }
    }

    private static func expect(_ policy: String, _ reply: MailReply, _ mail: Mail, _ stage: Stage) throws {
        let passed = stage.hop.deliveries.last { $0.relayed.digest == mail.digest }?.relayed
        switch policy {
        case "tempfail":
            #expect(reply.isTemporary && reply.text.contains("UNCHECKED: scanner-failed"), "\(reply)")
            #expect(passed == nil)
        case "quarantine":
            #expect(reply.text.contains("Ok, quarantined"), "\(reply)")
            #expect(passed == nil && !stage.gateway.quarantined.isEmpty)
        default:
            #expect(reply.code == 250, "\(reply)")
            let added = try #require(passed).added
            #expect(added.contains { $0.hasPrefix("X-Mailreeve-Unchecked: scanner-failed") }, "\(added)")
        }
    }

    /// A daemon that runs, whichever it is.
    private final class Process {
        private let clamd: ClamdProcess?
        private let filter: SpamFilter?

        init(_ daemon: Daemon) throws {
            let kind = SpamFilter.Kind(rawValue: daemon.rawValue)
            if let kind { try #require(SpamFilter.isThere(kind), "\(kind) is not installed (make test-deps)") }
            filter = try kind.map { try SpamFilter($0) }
            clamd = kind == nil ? try ClamdProcess() : nil
        }

        var entry: [String: String] { clamd?.entry() ?? filter?.entry() ?? [:] }

        func wire() throws -> Wire {
            if let path = clamd?.socketPath { return try Wire { try StreamSocket(path: path) } }
            let port = try #require(filter).port
            return try Wire { try StreamSocket(port: port) }
        }

        func signal(_ number: Int32) {
            clamd?.signal(number)
            filter?.signalAll(number)
        }
    }
}
