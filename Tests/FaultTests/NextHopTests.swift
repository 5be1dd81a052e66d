import Foundation
import TestSupport
import Testing

/// What a client hears when the next hop is away, slow, or says no: amavis's words, and never 250 without the next
/// hop's own.
@Suite struct NextHopTests {
    private static let mail = Mail.clean(1, to: ["a@example.net", "b@example.net", "c@example.net"])

    private static func script(
        _ step: ScriptedNextHop.Step, _ answer: ScriptedNextHop.Answer
    ) -> ScriptedNextHop.Script {
        { at, _, _ in at == step ? answer : .usual }
    }

    @Test func down() async throws {
        try await Lanes.run {
            let stage = try Stage()
            stage.hop.stop()
            let reply = try send(.clean(), to: stage.gateway.port)
            #expect(reply.description.hasPrefix("451 4.5.0 id="), "\(reply)")
            let words = " - Temporary MTA failure on relaying, From MTA() during fwd-connect (All attempts (1) failed "
            #expect(reply.text.contains(words + "connecting to smtp:[127.0.0.1]:\(stage.hop.port) "), "\(reply)")
            try stage.hop.start()
            try stage.expectService()
        }
    }

    @Test func restartedBetweenTwoMessages() async throws {
        try await Lanes.run {
            let stage = try Stage()
            let session = try MailSession(port: stage.gateway.port)
            for number in 0..<5 {
                let mail = Mail.clean(number)
                #expect(try session.send(mail).decisive.code == 250)
                #expect(stage.hop.deliveries.last?.relayed.digest == mail.digest)
                stage.hop.stop()
                try stage.hop.start()
            }
            #expect(stage.hop.deliveries.count == 5)
        }
    }

    /// A connection that is open but whose other end is gone is found out at the first reply, before the message is
    /// at risk.
    @Test func connectionsClosedBehindOurBack() async throws {
        try await Lanes.run {
            let stage = try Stage()
            for number in 0..<20 {
                let mail = Mail.clean(number)
                let reply = try send(mail, to: stage.gateway.port)
                #expect(reply.code == 250, "\(reply)")
                stage.hop.closeConnections()
            }
            #expect(stage.hop.deliveries.count == 20)
        }
    }

    @Test(arguments: ScriptedNextHop.Step.allCases)
    func closes(step: ScriptedNextHop.Step) async throws {
        try await Lanes.run {
            let stage = try Stage()
            stage.hop.answer(Self.script(step, .close))
            let reply = try send(Self.mail, to: stage.gateway.port)
            #expect(reply.code == 451 && reply.text.contains("Temporary MTA failure on relaying"), "\(reply)")
            // It was reached.
            #expect(!reply.text.contains("connecting"), "\(reply)")
            #expect(stage.hop.deliveries.isEmpty)
            stage.hop.answer { _, _, _ in .usual }
            try stage.expectService()
        }
    }

    @Test(arguments: [ScriptedNextHop.Step.greeting, .hello, .mail, .rcpt, .data, .dot])
    func silent(step: ScriptedNextHop.Step) async throws {
        try await Lanes.run {
            let stage = try Stage {
                $0.settings["timeouts.next_hop_reply"] = "1"
                $0.settings["timeouts.next_hop_data_done"] = "1"
            }
            stage.hop.answer(Self.script(step, .silence))
            let reply = try send(Self.mail, to: stage.gateway.port)
            #expect(reply.code == 451 && reply.text.contains("Temporary MTA failure on relaying"), "\(reply)")
            #expect(stage.hop.deliveries.isEmpty)
            stage.hop.answer { _, _, _ in .usual }
            try stage.expectService()
        }
    }

    /// Before the queue everything ends within `timeouts.before_queue`, whatever the next hop does.
    @Test(arguments: [ScriptedNextHop.Step.greeting, .mail, .rcpt, .data, .dot])
    func silentBeforeTheQueue(step: ScriptedNextHop.Step) async throws {
        try await Lanes.run {
            let stage = try Stage(beforeQueue: true) { $0.settings["timeouts.before_queue"] = "4" }
            stage.hop.answer(Self.script(step, .silence))
            let session = try MailSession(port: stage.gateway.port)
            session.socket.wait(seconds: 6)
            let reply = try session.send(Self.mail).decisive
            #expect(reply.code == 451, "\(reply)")
            #expect(stage.hop.deliveries.isEmpty)
        }
    }

    /// A next hop that is slow to answer the end of data has the time that is left: the message is not delivered twice.
    @Test func slowDotBeforeTheQueue() async throws {
        try await Lanes.run {
            let stage = try Stage(beforeQueue: true) { $0.settings["timeouts.before_queue"] = "6" }
            let barrier = Barrier()
            stage.hop.answer(Self.script(.dot, .waitFor(barrier)))
            // Above the quarter of the time.
            Thread.detachNewThread {
                sleep(2)
                barrier.open()
            }
            #expect(try send(Self.mail, to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.count == 1)
        }
    }

    @Test(
        "A refusal goes back with the next hop's code, status and words",
        arguments: [ScriptedNextHop.Step.mail, .rcpt, .data, .dot], ["450 4.3.2 try later", "554 5.6.0 no thanks"])
    func refusal(step: ScriptedNextHop.Step, words: String) async throws {
        try await Lanes.run {
            let stage = try Stage()
            stage.hop.answer(Self.script(step, .reply(words)))
            let reply = try send(Self.mail, to: stage.gateway.port)
            let phrase =
                words.hasPrefix("4") ? "Temporary MTA failure on relaying" : "Rejected by next-hop MTA on relaying"
            #expect(reply.description.hasPrefix(words.prefix(9) + " id="), "\(reply)")
            #expect(
                reply.text.hasSuffix(" - \(phrase), from MTA(smtp:[127.0.0.1]:\(stage.hop.port)): \(words)"), "\(reply)"
            )
            #expect(stage.hop.deliveries.isEmpty)
            stage.hop.answer { _, _, _ in .usual }
            try stage.expectService()
        }
    }

    /// 421 at any step is temporary, and the next message finds a new connection.
    @Test(arguments: [ScriptedNextHop.Step.greeting, .hello, .mail, .data])
    func serviceNotAvailable(step: ScriptedNextHop.Step) async throws {
        try await Lanes.run {
            let stage = try Stage()
            stage.hop.answer(Self.script(step, .reply("421 4.3.2 shutting down")))
            let reply = try send(Self.mail, to: stage.gateway.port)
            #expect(reply.isTemporary && reply.text.contains("Temporary MTA failure"), "\(reply)")
            stage.hop.answer { _, _, _ in .usual }
            try stage.expectService()
        }
    }

    @Test func taken() async throws {
        try await Lanes.run {
            let stage = try Stage()
            let reply = try send(.clean(), to: stage.gateway.port)
            let words = "250 2.0.0 from MTA(smtp:[127.0.0.1]:\(stage.hop.port)): 250 2.0.0 Ok: queued as Q0"
            #expect(reply.description == words)
            let line = try stage.gateway.log.wait(for: "Passed CLEAN {RelayedInbound}")
            #expect(line.contains(", queued_as: Q0, "), "\(line)")
        }
    }

    @Test func failoverList() async throws {
        try await Lanes.run {
            let first = try ScriptedNextHop()
            let second = try ScriptedNextHop()
            let gateway = try GatewayProcess(GatewayConfiguration(nextHops: [first.address, second.address]))
            #expect(try send(.clean(1), to: gateway.port).code == 250)
            #expect(first.deliveries.count == 1 && second.deliveries.isEmpty)
            first.stop()
            let reply = try send(.clean(2), to: gateway.port)
            #expect(reply.text.contains("from MTA(\(second.address)): 250 "), "\(reply)")
            #expect(second.deliveries.count == 1)
            second.stop()
            let none = try send(.clean(3), to: gateway.port)
            #expect(none.code == 451 && none.text.contains("All attempts (2) failed"), "\(none)")
            try first.start()
            #expect(try send(.clean(4), to: gateway.port).code == 250)
            #expect(first.deliveries.count == 2)
        }
    }

    /// A next hop that answers at all has answered: its refusal is not carried to another one.
    @Test func refusalIsNoReasonForFailover() async throws {
        try await Lanes.run {
            let first = try ScriptedNextHop(Self.script(.rcpt, .reply("550 5.1.1 unknown")))
            let second = try ScriptedNextHop()
            let gateway = try GatewayProcess(GatewayConfiguration(nextHops: [first.address, second.address]))
            #expect(try send(.clean(1), to: gateway.port).code == 550)
            #expect(second.connections == 0)
        }
    }

    /// The connection ends after the final dot: the message may be there or not, so the client has to try again, and
    /// no other next hop gets it.
    @Test func lostReplyToTheDot() async throws {
        try await Lanes.run {
            let first = try ScriptedNextHop(Self.script(.dot, .close))
            let second = try ScriptedNextHop()
            let gateway = try GatewayProcess(GatewayConfiguration(nextHops: [first.address, second.address]))
            let reply = try send(.clean(1), to: gateway.port)
            #expect(reply.code == 451 && reply.text.contains("may have been delivered"), "\(reply)")
            #expect(second.connections == 0)
        }
    }
}
