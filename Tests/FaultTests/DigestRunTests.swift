import Foundation
import Glibc
import TestSupport
import Testing

/// Whom a run of digests tells: nobody is left out, whatever next hops and signals do.
@Suite struct DigestRunTests {
    /// One full mailbox keeps nobody else from being told; when it has room its owner is told of all that he missed.
    @Test func aFullMailbox() async throws {
        try await Lanes.run {
            let stage = try DigestStage.stage()
            let port = stage.gateway.port
            func told() -> [String] { stage.hop.deliveries.flatMap(\.recipients) }
            stage.hop.answer { step, _, command in
                step == .rcpt && command.contains("full@") ? .reply("452 4.2.2 mailbox full") : .usual
            }
            #expect(try send(DigestStage.spam(1, to: ["a@local.example", "full@local.example"]), to: port).code == 250)
            #expect(try DigestStage.digest(stage).status == 1)
            #expect(told() == ["a@local.example"])
            #expect(try send(DigestStage.spam(2, to: ["a@local.example", "b@local.example"]), to: port).code == 250)
            #expect(try send(DigestStage.spam(3, to: ["full@local.example"]), to: port).code == 250)
            let next = try DigestStage.digest(stage)
            #expect(next.status == 1 && next.text.contains("<full@local.example>: 2 messages: 452 4.2.2 mailbox full"))
            #expect(told() == ["a@local.example", "a@local.example", "b@local.example"])
            stage.hop.answer { _, _, _ in .usual }
            #expect(try DigestStage.digest(stage, "--dry-run").lines.count == 3)
            let last = try DigestStage.digest(stage)
            #expect(last.status == 0 && last.lines.count == 1, "\(last)")
            #expect(told().dropFirst(3) == ["full@local.example"])
            #expect(DigestStage.tokens(stage, for: "full@local.example")["r"]?.count == 2)
            #expect(try DigestStage.digest(stage).output.isEmpty)
            // Refused for good, nobody asks again.
            stage.hop.answer { step, _, command in
                step == .rcpt && command.contains("full@") ? .reply("550 5.1.1 nobody") : .usual
            }
            #expect(try send(DigestStage.spam(4, to: ["full@local.example"]), to: port).code == 250)
            #expect(try DigestStage.digest(stage).status == 0)
            #expect(try DigestStage.digest(stage).output.isEmpty)
        }
    }

    /// One run tells so many, and the next one begins with the others, also where somebody's mailbox stays full.
    @Test func moreThanOneRunTells() async throws {
        try await Lanes.run {
            let stage = try DigestStage.stage(["digests.letters": "2"])
            stage.hop.answer { step, _, command in
                step == .rcpt && command.contains("u0@") ? .reply("452 4.2.2 mailbox full") : .usual
            }
            #expect(
                try send(DigestStage.spam(1, to: (0..<5).map { "u\($0)@local.example" }), to: stage.gateway.port).code
                    == 250)
            let words = "recipients were not tried: digests.letters is reached"
            let first = try DigestStage.digest(stage)
            #expect(first.status == 1 && first.errorText.contains("digest: 3 \(words)"), "\(first)")
            #expect(DigestStage.told(stage) == ["u1"])
            #expect(try DigestStage.digest(stage, "--dry-run").lines.filter { $0.hasPrefix("<") }.count == 4)
            let second = try DigestStage.digest(stage)
            #expect(second.status == 1 && second.errorText.contains("digest: 2 \(words)"), "\(second)")
            #expect(DigestStage.told(stage) == ["u1", "u2", "u3"])
            // The one with the full mailbox is tried behind those who were not.
            let third = try DigestStage.digest(stage)
            #expect(third.status == 1 && !third.errorText.contains(words), "\(third)")
            #expect(DigestStage.told(stage) == ["u1", "u2", "u3", "u4"])
            stage.hop.answer { _, _, _ in .usual }
            #expect(try DigestStage.digest(stage).status == 0)
            #expect(DigestStage.told(stage) == ["u1", "u2", "u3", "u4", "u0"])
            #expect(try DigestStage.digest(stage).output.isEmpty)
        }
    }

    /// A next hop that fails again and again is asked no more, whether it is away or says so; nobody is left out.
    @Test(arguments: [nil, "451 4.3.0 Temporary failure", "452 4.2.2 mailbox full"])
    func aNextHopThatFails(_ reply: String?) async throws {
        try await Lanes.run {
            let stage = try DigestStage.stage(["digests.failures": "2"])
            let all = (0..<4).map { "u\($0)" }
            let mail = DigestStage.spam(1, to: all.map { "\($0)@local.example" })
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            if let reply {
                stage.hop.answer { step, _, _ in step == .rcpt ? .reply(reply) : .usual }
            } else {
                stage.hop.stop()
            }
            let failed = try DigestStage.digest(stage)
            #expect(failed.status == 1, "\(failed)")
            // Mailboxes that are full are no fault of the host's.
            let isOfHost = reply?.contains(" 4.2.2 ") != true
            let line = "digest: 2 recipients were not tried: smtp:[127.0.0.1]:"
            #expect(failed.errorText.contains(line) == isOfHost, "\(failed)")
            #expect(failed.errorText.contains(" failed 2 times in a row") == isOfHost, "\(failed)")
            if reply == nil { try stage.hop.start() } else { stage.hop.answer { _, _, _ in .usual } }
            #expect(try DigestStage.digest(stage).status == 0)
            #expect(DigestStage.told(stage) == (isOfHost ? ["u2", "u3", "u0", "u1"] : all))
            #expect(try DigestStage.digest(stage).output.isEmpty)
        }
    }

    /// Killed between two recipients, a digest is gone on with: the one who has his gets no other, nobody gets none.
    @Test func killedOnItsWay() async throws {
        try await Lanes.run {
            let stage = try DigestStage.stage()
            let recipients = (0..<4).map { "u\($0)@local.example" }
            #expect(try send(DigestStage.spam(1, to: recipients), to: stage.gateway.port).code == 250)
            let (barrier, hop) = (Barrier(), stage.hop)
            stage.hop.answer { step, _, command in
                step == .mail && stageCount(hop, from: "FROM:<>") == 2 ? .waitFor(barrier) : .usual
            }
            let program = try RunningProgram(
                Programs.path("mailreeve"),
                ["quarantine", "digest", "--config", stage.gateway.disk.path + "/mailreeve.yaml"])
            try poll("the second letter") { stageCount(stage.hop, from: "FROM:<>") == 2 && stage.hop.connections > 0 }
            // The second one is remembered when its line is on the disk; the third waits.
            let running = "\(stage.gateway.stateDirectory)/digests/running"
            try poll("the second line") {
                try String(contentsOfFile: running, encoding: .utf8).components(separatedBy: "done ").count == 3
            }
            program.kill()
            _ = program.wait()
            barrier.open()
            // Later mail belongs to the next one.
            #expect(try send(DigestStage.spam(2, to: ["u0@local.example"]), to: stage.gateway.port).code == 250)
            stage.hop.answer { _, _, _ in .usual }
            let rest = try DigestStage.digest(stage)
            #expect(rest.status == 0 && rest.lines.count == 3, "\(rest)")
            #expect(
                stage.hop.deliveries.map { $0.recipients[0] } == recipients + ["u0@local.example"],
                "\(stage.hop.deliveries.map(\.recipients))")
            #expect(try DigestStage.digest(stage).output.isEmpty)
            // Killed before its line was written, somebody is told twice.
            let told = "\(stage.gateway.stateDirectory)/digests/told"
            try FileManager.default.removeItem(atPath: told)
            #expect(try DigestStage.digest(stage).lines.count == 4)
        }
    }
}

/// Letters that a next hop has taken.
private func stageCount(_ hop: ScriptedNextHop, from sender: String) -> Int {
    hop.deliveries.filter { $0.mail.hasPrefix(sender) }.count
}
