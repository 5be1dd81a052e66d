import Foundation
import Glibc
import TestSupport
import Testing

/// SIGTERM and SIGHUP while mail flows.
@Suite struct SignalTests {
    /// A message that the next hop holds, and what its client heard in the end.
    private static func hold(_ stage: Stage, _ mail: Mail) throws -> (barrier: Barrier, reply: Promise<MailReply>) {
        let barrier = Barrier()
        stage.hop.answer { step, number, _ in step == .dot && number == 0 ? .waitFor(barrier) : .usual }
        let port = stage.gateway.port
        let reply = Promise { try send(mail, to: port) }
        try poll("the message at the next hop") { stage.hop.begun == 1 }
        return (barrier, reply)
    }

    @Test func termFinishesWhatIsInFlight() async throws {
        try await Lanes.run {
            let stage = try Stage()
            let mail = Mail.clean(1, size: 200_000)
            let idle = try MailSession(port: stage.gateway.port)
            let held = try Self.hold(stage, mail)
            stage.gateway.process.signal(SIGTERM)
            try stage.gateway.log.wait(for: "stopping: finishing mail in flight")
            // Who only waits is told to go, who comes now finds nobody.
            #expect(try idle.socket.reply().code == 421)
            try poll("the listener to close") { (try? StreamSocket(port: stage.gateway.port)) == nil }
            #expect(stage.gateway.process.isRunning)
            held.barrier.open()
            #expect(try held.reply.get().code == 250)
            #expect(stage.gateway.process.wait(seconds: 20) == 0)
            #expect(stage.hop.deliveries.map(\.relayed.digest) == [mail.digest])
        }
    }

    /// A client in the middle of its data may finish, too.
    @Test func termWaitsForData() async throws {
        try await Lanes.run {
            let stage = try Stage()
            let mail = Mail.clean(1)
            let session = try MailSession(port: stage.gateway.port)
            var answers = try session.begin(mail)
            try session.sendContent(mail.content)
            stage.gateway.process.signal(SIGTERM)
            try stage.gateway.log.wait(for: "stopping: finishing mail in flight")
            try session.finish(&answers)
            #expect(answers.decisive.code == 250, "\(answers.decisive)")
            #expect(stage.gateway.process.wait(seconds: 20) == 0)
            #expect(stage.hop.deliveries.count == 1)
        }
    }

    /// A next hop that never answers does not hold the end for ever; the client still has the message.
    @Test func drainIsBounded() async throws {
        try await Lanes.run {
            let stage = try Stage { $0.settings["timeouts.drain"] = "1" }
            let held = try Self.hold(stage, .clean(1))
            stage.gateway.process.signal(SIGTERM)
            #expect(stage.gateway.process.wait(seconds: 20) == 0, "the drain has no end")
            let heard = try? held.reply.get()
            #expect(heard?.code != 250)
            #expect(stage.hop.deliveries.isEmpty)
            held.barrier.open()
        }
    }

    @Test func termWhileNothingHappens() async throws {
        try await Lanes.run {
            let stage = try Stage()
            stage.expectCleanEnd()
            let faults = stage.gateway.allLines.filter { $0.contains("ERROR") || $0.contains("(!!)") }
            #expect(faults.isEmpty, "\(faults)")
        }
    }

    /// New settings come into force between two messages; no connection is dropped, no message refused.
    @Test func reloadUnderLoad() async throws {
        try await Lanes.run {
            let stage = try Stage()
            let second = try ScriptedNextHop()
            let session = try MailSession(port: stage.gateway.port)
            #expect(try session.send(.clean(1)).decisive.code == 250)
            let client = RetryingClient(port: stage.gateway.port, messages: 1_000_000) { Mail.clean($0 + 10) }
            let run = Promise { try client.run(sessions: 4) }
            for round in 0..<6 {
                let hop = round % 2 == 0 ? second : stage.hop
                stage.gateway.configuration.policies["default"] = [
                    "next_hops": GatewayConfiguration.list([hop.address]),
                    "add_received": round % 2 == 0 ? "no" : "yes",
                ]
                try stage.gateway.writeConfiguration()
                let line = try stage.gateway.reload()
                #expect(line.hasSuffix("Z reloaded"), "\(line)")
                let seen = client.accepted
                try poll("mail to flow") { client.accepted > seen + 10 }
                // The connection from before the first reload is still there, and its mail goes the new way.
                let mail = Mail.clean(-round, size: 1000 + round)
                #expect(try session.send(mail).decisive.code == 250)
                let last = try #require(
                    hop.deliveries.first { $0.content.count > 1000 && $0.relayed.digest == mail.digest })
                #expect(last.relayed.added.contains { $0.hasPrefix("Received:") } == (round % 2 != 0))
            }
            client.stop()
            let result = try run.get()
            #expect(result.failures == 0 && result.refused.isEmpty, "\(result.lastFailure)")
            let there = Set((stage.hop.deliveries + second.deliveries).map { $0.relayed.digest })
            #expect(result.accepted.allSatisfy { there.contains(Mail.clean($0 + 10).digest) })
            stage.expectCleanEnd()
        }
    }

    /// Impatient administrators: many reloads, and a stop right behind them, which must not wait for a load that nobody
    /// answers any more. Which of the two comes first is chance.
    @Test(arguments: 0..<6) func manyReloadsAtOnce(_: Int) async throws {
        try await Lanes.run {
            let stage = try Stage()
            for _ in 0..<20 { stage.gateway.process.signal(SIGHUP) }
            try stage.expectService()
            try poll("one generation") {
                try send(.clean(1), to: stage.gateway.port).code == 250 && stage.gateway.zygotes.count == 1
            }
            stage.gateway.process.signal(SIGHUP)
            stage.expectCleanEnd()
        }
    }

    @Test func reloadOpensAndClosesListeners() async throws {
        try await Lanes.run {
            let stage = try Stage()
            let old = stage.gateway.port
            let session = try MailSession(port: old)
            let new = try Ports.free()
            stage.gateway.configuration.listeners = [GatewayConfiguration.Listener(port: new)]
            try stage.gateway.writeConfiguration()
            #expect(try stage.gateway.reload().contains("reloaded"))
            #expect(try send(.clean(1), to: new).code == 250)
            #expect(throws: (any Error).self) { try MailSession(port: old) }
            // A session of a listener that is gone ends without loss: the client is told to come again.
            let reply = try? session.send(.clean(2)).decisive
            #expect(reply.map { $0.code == 250 || $0.isTemporary } ?? true, "\(reply.map { "\($0)" } ?? "")")
            try stage.expectService()
        }
    }

    @Test(arguments: [
        ("limits.message_size", "elephant"), ("limits.mesage_size", "100000"), ("timeouts.command", "-1"),
    ])
    func wrongConfigurationChangesNothing(key: String, value: String) async throws {
        try await Lanes.run {
            let stage = try Stage()
            let before = stage.gateway.zygotes
            stage.gateway.configuration.settings[key] = value
            try stage.gateway.writeConfiguration()
            let line = try stage.gateway.reload()
            #expect(line.contains("reload refused"), "\(line)")
            let problem = try #require(stage.gateway.allLines.first { $0.contains("mailreeve.yaml:") })
            let position = try #require(problem.split(separator: "mailreeve.yaml:").last).split(separator: ":")
            let number = try #require(position.first.flatMap { Int($0) }, "\(problem)")
            #expect(position.count > 2 && Int(position[1]) != nil, "\(problem)")
            let file = try String(contentsOfFile: stage.gateway.disk.path + "/mailreeve.yaml", encoding: .utf8)
            let lines = file.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines[number - 1].hasSuffix(": \(value)"), "\(problem)")
            #expect(stage.gateway.zygotes == before)
            try stage.expectService()
        }
    }

    /// A port that somebody else has: nothing changes, and it is said.
    @Test func busyPortChangesNothing() async throws {
        try await Lanes.run {
            let stage = try Stage()
            let other = try ScriptedNextHop()
            stage.gateway.configuration.listeners.append(GatewayConfiguration.Listener(port: other.port))
            stage.gateway.configuration.settings["limits.message_size"] = "2000"
            try stage.gateway.writeConfiguration()
            let line = try stage.gateway.reload()
            #expect(line.contains("reload failed") && line.contains("\(other.port)"), "\(line)")
            #expect(try send(.clean(1, size: 5000), to: stage.gateway.port).code == 250)
            try poll("one generation") { stage.gateway.zygotes.count == 1 }
        }
    }
}
