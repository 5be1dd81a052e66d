import Foundation
import Glibc
import TestSupport
import Testing

/// The embedded engine cannot be loaded, crashes or hangs: its backups look instead, or its policy holds.
@Suite(.enabled(if: ClamdProcess.isThere, "clamd is not installed (make test-deps)"))
struct EngineTests {
    private static let infected = Mail(text: "Subject: infected\n\n\(eicar)\n")
    private static let name = "Eicar-Test-Signature.UNOFFICIAL"

    /// Clean mail passes unmarked, infected mail is found: somebody has looked.
    private static func expectLook(_ stage: Stage, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let reply = try send(.clean(1), to: stage.gateway.port)
        #expect(reply.code == 250, "\(reply)", sourceLocation: sourceLocation)
        let added = try #require(stage.hop.deliveries.last).relayed.added
        #expect(!added.contains { $0.hasPrefix("X-Mailreeve-Unchecked:") }, "\(added)", sourceLocation: sourceLocation)
        let found = try send(infected, to: stage.gateway.port)
        #expect(found.text.hasSuffix("INFECTED: \(name)"), "\(found)", sourceLocation: sourceLocation)
    }

    /// Clean mail passes marked, infected mail is found: somebody has looked beside the engine.
    private static func expectMark(
        _ stage: Stage, _ reason: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let reply = try send(.clean(1), to: stage.gateway.port)
        #expect(reply.code == 250, "\(reply)", sourceLocation: sourceLocation)
        let added = try #require(stage.hop.deliveries.last).relayed.added
        #expect(
            added.contains { $0.hasPrefix("X-Mailreeve-Unchecked: \(reason) (clamav)") }, "\(added)",
            sourceLocation: sourceLocation)
        let found = try send(infected, to: stage.gateway.port)
        #expect(found.text.hasSuffix("INFECTED: \(name)"), "\(found)", sourceLocation: sourceLocation)
    }

    private static func expectFailure(
        _ stage: Stage, _ reason: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let delivered = stage.hop.deliveries.count
        let reply = try send(.clean(1), to: stage.gateway.port)
        #expect(
            reply.isTemporary && reply.text.contains("UNCHECKED: \(reason)"), "\(reply)",
            sourceLocation: sourceLocation)
        #expect(stage.hop.deliveries.count == delivered, sourceLocation: sourceLocation)
    }

    // MARK: - Signatures that cannot be loaded

    /// Memory holds one set, and the new one is broken: from then on backups are asked, until it is repaired.
    @Test func backupsLookWhileNothingCanBeLoaded() async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess()
            let stage = try Stage {
                $0.settings["clamav.self_check"] = "1"
                $0.settings["clamav.concurrent_reload"] = "no"
                $0.settings["scanning.retry_interval"] = "1"
                $0.scanners = [clamd.entry(["backup": "yes"]), clamd.clamscanEntry(["backup": "yes", "parts": "yes"])]
            }
            try Self.expectLook(stage)
            #expect(try stage.status().contains("clamd (backup): works, ClamAV"))
            try stage.gateway.disk.write("signatures/broken.ndb", "this is no signature\n")
            try stage.gateway.log.wait(for: "serves WITHOUT THE ENGINE: ")
            try Self.expectLook(stage)
            let status = try stage.status()
            #expect(status.contains("NOT LOADED: the engine looks at no mail"), "\(status)")
            #expect(status.contains("clamscan (backup): works; 2 answered, 0 not"), "\(status)")
            #expect(status.contains("refused      inspector generation "), "\(status)")
            let metrics = try stage.status(["--metrics"])
            #expect(metrics.contains("signatures=\"not-loaded\"} 1"), "\(metrics)")
            try FileManager.default.removeItem(atPath: stage.gateway.disk.path + "/signatures/broken.ndb")
            try poll("the engine") { try stage.status().contains("signatures   TEST ONLY") }
            try stage.expectService()
            #expect(try !stage.status().contains("refused  "))
            try poll("one generation") { stage.gateway.zygotes.count == 1 }
        }
    }

    /// Without a backup the policy holds at once, and not at the deadline; where a scanner beside the engine has looked, mail is
    /// marked, and the backup is not asked.
    @Test(arguments: [false, true])
    func thePolicyHoldsWhileNothingCanBeLoaded(isBesideClamd: Bool) async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess()
            let stage = try Stage {
                $0.settings["clamav.self_check"] = "1"
                $0.settings["clamav.concurrent_reload"] = "no"
                $0.settings["timeouts.inspection"] = "600"
                if isBesideClamd { $0.scanners = [clamd.entry(), clamd.clamscanEntry(["backup": "yes"])] }
            }
            try stage.gateway.disk.write("signatures/broken.ndb", "this is no signature\n")
            try stage.gateway.log.wait(for: "serves WITHOUT THE ENGINE: ")
            guard isBesideClamd else { return try Self.expectFailure(stage, "scanner-failed") }
            try Self.expectMark(stage, "scanner-failed")
            #expect(try stage.status().contains("clamscan (backup): works; 0 answered, 0 not"))
            // When that fails too, the backup looks in place of both.
            clamd.stop()
            try Self.expectLook(stage)
            #expect(try stage.status().contains("clamscan (backup): works; 2 answered, 0 not"))
        }
    }

    /// The inspector dies when its signatures on the disk are broken already.
    @Test func anInspectorThatDiesWithBrokenSignatures() async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess()
            let stage = try Stage { $0.scanners = [clamd.entry(["backup": "yes"])] }
            let zygote = try #require(stage.gateway.zygotes.first)
            try stage.gateway.disk.write("signatures/broken.ndb", "this is no signature\n")
            #expect(try stage.gateway.reload().contains("reload failed"))
            kill(zygote, SIGKILL)
            try stage.gateway.log.wait(for: "serves WITHOUT THE ENGINE: ")
            try Self.expectLook(stage)
            try FileManager.default.removeItem(atPath: stage.gateway.disk.path + "/signatures/broken.ndb")
            #expect(try stage.gateway.reload().contains("reloaded"))
            #expect(try stage.status().contains("signatures   TEST ONLY"))
        }
    }

    /// The inspector that waits for its last message dies: the next one is loaded all the same.
    @Test func anInspectorThatDiesOnItsWayOut() async throws {
        try await Lanes.run {
            let stage = try Stage(inspector: "lying-inspector") {
                $0.settings["clamav.test_database"] = "/lie/hang"
                $0.settings["clamav.concurrent_reload"] = "no"
            }
            let session = try MailSession(port: stage.gateway.port)
            _ = try session.begin(.clean(1))
            try session.sendContent(Mail.clean(1).content)
            try session.socket.send(".\r\n")
            try poll("the message in a worker") { try stage.status().contains(": 1 workers busy") }
            stage.gateway.configuration.settings["clamav.test_database"] = "/lie/honest"
            try stage.gateway.writeConfiguration()
            stage.gateway.process.signal(SIGHUP)
            let zygote = try #require(stage.gateway.zygotes.first)
            // Until its message is done the new settings wait.
            try poll("the end of its spares") { ProcessTable.children(of: zygote).count == 1 }
            kill(zygote, SIGKILL)
            try stage.gateway.log.wait(for: "inspector generation 2 serves")
            try stage.expectService()
        }
    }

    // MARK: - Messages that are too much for it

    private static func lying(_ lie: String, _ scanners: [[String: String]]) throws -> Stage {
        try Stage(inspector: "lying-inspector") {
            $0.settings["clamav.test_database"] = "/lie/\(lie)"
            $0.settings["timeouts.inspection"] = "4"
            $0.scanners = scanners
        }
    }

    @Test(arguments: ["engine-crash", "engine-hang"])
    func backupsLookAtWhatIsTooMuchForTheEngine(lie: String) async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess()
            let stage = try Self.lying(lie, [clamd.entry(["backup": "yes"])])
            try Self.expectLook(stage)
            let line = try stage.gateway.log.wait(for: "Passed CLEAN")
            #expect(line.contains("scanner clamav: the engine "), "\(line)")
            #expect(try stage.status().contains("; 2 answered, 0 not"))
            clamd.stop()
            try Self.expectFailure(stage, lie == "engine-crash" ? "scanner-crashed" : "deadline")
        }
    }

    /// Another scanner beside the engine has looked: the message is marked with what became of the engine.
    @Test(arguments: ["engine-crash", "engine-hang"])
    func besideAnotherScannerItIsMarked(lie: String) async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess()
            let stage = try Self.lying(lie, [clamd.entry()])
            try Self.expectMark(stage, lie == "engine-hang" ? "deadline" : "scanner-crashed")
        }
    }

    /// Nobody else is there, or the worker says that the engine is to blame for what is no fault of it.
    @Test(arguments: ["engine-crash", "engine-hang", "engine-blamed"])
    func withoutABackupThePolicyHolds(lie: String) async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess()
            let stage = try Self.lying(lie, lie == "engine-blamed" ? [clamd.entry()] : [])
            try Self.expectFailure(stage, lie == "engine-hang" ? "deadline" : "scanner-crashed")
        }
    }

    /// A message that crashes more than the engine never passes, whatever the backup says of it.
    @Test(arguments: ["engine-blamed", "crash", "hang"])
    func aBackupIsNoWayAroundTheInspection(lie: String) async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess()
            let stage = try Self.lying(lie, [clamd.entry(["backup": "yes"])])
            try Self.expectFailure(stage, lie == "hang" ? "deadline" : "scanner-crashed")
            #expect(try stage.status().contains("; 0 answered, 0 not"))
        }
    }

    /// A first crash may be the machine's: the message is inspected as a whole by another worker.
    @Test func oneCrashIsTriedAgainWithTheEngine() async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess()
            let stage = try Self.lying("once/engine-crash", [clamd.entry(["backup": "yes"])])
            #expect(try send(.clean(1), to: stage.gateway.port).code == 250)
            #expect(try stage.status().contains("; 0 answered, 0 not"))
        }
    }
}
