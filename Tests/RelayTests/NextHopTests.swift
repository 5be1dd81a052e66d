import MailModel
import Relay
import SMTP
import Stores
import Testing

@Suite struct NextHopTests {
    private let plain = Array("Subject: x\r\n\r\n.dot\r\nbody\r\n".utf8)

    @Test(arguments: [true, false], [true, false])
    func messagesArriveOverOneConnection(pipelining: Bool, lmtp: Bool) async throws {
        let peer = try ScriptedPeer(style: .init(lmtp: lmtp, pipelining: pipelining))
        let fixture = try await ClientFixture()
        for _ in 0..<5 {
            let replies = await fixture.deliver(
                try fixture.message(to: ["b@example.org", "c@example.org"]), [peer.hop])
            #expect(replies == ["250 2.0.0 Ok: queued as Q0", "250 2.0.0 Ok: queued as Q0"])
        }
        #expect(peer.connections == 1)
        #expect(peer.delivered.count == 5)
        #expect(peer.delivered.allSatisfy { $0.content == plain })
        #expect(peer.delivered[0].commands.map { String($0.prefix(25)) }.contains("RCPT TO:<c@example.org>"))
        fixture.end()
        peer.stop()
    }

    @Test func repliesSplitAtEveryOctet() async throws {
        for pipelining in [true, false] {
            let peer = try ScriptedPeer(style: .init(pipelining: pipelining, splitReplies: true))
            let fixture = try await ClientFixture()
            let replies = await fixture.deliver(try fixture.message(), [peer.hop])
            #expect(replies == ["250 2.0.0 Ok: queued as Q0"])
            fixture.end()
            peer.stop()
        }
    }

    @Test func bodyIsPrefixAndWhatIsKept() async throws {
        let peer = try ScriptedPeer()
        let fixture = try await ClientFixture()
        let content = Array("X-Old: 1\r\nSubject: x\r\nX-Old: 2\r\n\r\nbody\r\n".utf8)
        let message = try fixture.message(
            content, prefix: "Received: now\r\n", edits: [22..<32, 0..<10, 30..<32].map { BodyEdit(range: $0) })
        let expected = "Received: now\r\nSubject: x\r\n\r\nbody\r\n"
        #expect(message.body.count == expected.utf8.count)
        _ = await fixture.deliver(message, [peer.hop])
        #expect(peer.delivered.first.map { String(decoding: $0.content, as: UTF8.self) } == expected)
        fixture.end()
        peer.stop()
    }

    @Test func editsStandWhereTheyBelong() async throws {
        let peer = try ScriptedPeer()
        let fixture = try await ClientFixture()
        let content = Array("A: 1\r\nB: 2\r\n\r\none\r\ntwo\r\n".utf8)
        func edit(_ range: Range<Int>, _ text: String) -> BodyEdit { BodyEdit(range: range, text: Array(text.utf8)) }
        let message = try fixture.message(
            content, prefix: "P: q\r\n",
            edits: [
                // An insertion comes before what is replaced there; of two that overlap the first counts.
                edit(14..<19, "ONE\r\n"), edit(14..<14, "zero\r\n"), edit(16..<19, "lost"), edit(6..<6, "N: e\r\n"),
                edit(6..<12, ""), edit(24..<24, "end\r\n"), edit(90..<99, "far\r\n"),
            ])
        let expected = "P: q\r\nA: 1\r\nN: e\r\n\r\nzero\r\nONE\r\ntwo\r\nend\r\nfar\r\n"
        #expect(message.body.count == expected.utf8.count)
        _ = await fixture.deliver(message, [peer.hop])
        #expect(peer.delivered.first.map { String(decoding: $0.content, as: UTF8.self) } == expected)
        fixture.end()
        peer.stop()
    }

    @Test(arguments: [300_000, 3_000_000]) func largeBodies(size: Int) async throws {
        let peer = try ScriptedPeer()
        let fixture = try await ClientFixture()
        let content = largeMessage(size)
        let message = try fixture.message(content, prefix: "X: y\r\n")
        #expect(message.body.file.inMemory == (size < 1_000_000))
        #expect(await fixture.deliver(message, [peer.hop]) == ["250 2.0.0 Ok: queued as Q0"])
        #expect(peer.delivered.first.map { digest($0.content) } == digest(Array("X: y\r\n".utf8) + content))
        fixture.end()
        peer.stop()
    }

    @Test func emptyBodyAndBodyWithoutLastLineEnd() async throws {
        let peer = try ScriptedPeer()
        let fixture = try await ClientFixture()
        for content in ["", "Subject: x\r\n\r\nno end"] {
            #expect(
                await fixture.deliver(try fixture.message(Array(content.utf8)), [peer.hop]).first?.hasPrefix("250")
                    == true)
        }
        #expect(
            peer.delivered.map { String(decoding: $0.content, as: UTF8.self) } == ["", "Subject: x\r\n\r\nno end\r\n"])
        fixture.end()
        peer.stop()
    }

    @Test func xforwardAndParametersAreCarriedOn() async throws {
        let peer = try ScriptedPeer()
        let fixture = try await ClientFixture()
        var message = try fixture.message()
        message.parameters = MailParameters(body: .eightBitMIME, ret: .headers, envelopeID: Array("id+2B".utf8))
        message.recipients[0].notify = [.failure, .delay]
        message.recipients[0].originalRecipient = Array("rfc822;x@example.org".utf8)
        var forwarded = ForwardedClient()
        forwarded.address = Array("192.0.2.1".utf8)
        message.forwarded = forwarded
        message.hasEightBit = true
        _ = await fixture.deliver(message, [peer.hop])
        let commands = try #require(peer.delivered.first?.commands)
        #expect(commands.contains { $0.hasPrefix("XFORWARD") && $0.contains("ADDR=192.0.2.1") })
        #expect(
            commands.contains {
                $0.hasPrefix("MAIL FROM:<a@example.org>") && $0.contains("BODY=8BITMIME") && $0.contains("RET=HDRS")
                    && $0.contains("ENVID=id+2B")
            })
        #expect(commands.contains { $0.contains("NOTIFY=FAILURE,DELAY") && $0.contains("ORCPT=rfc822;x@example.org") })
        fixture.end()
        peer.stop()
    }

    @Test func smtputf8ThatTheNextHopLacksIsRefused() async throws {
        let peer = try ScriptedPeer(style: .init(extensions: []))
        let fixture = try await ClientFixture()
        let replies = await fixture.deliver(try fixture.message(to: ["jörg@example.org"]), [peer.hop])
        #expect(replies.first?.hasPrefix("553 5.6.7") == true)
        // The connection is as good as before.
        #expect(await fixture.deliver(try fixture.message(), [peer.hop]).first?.hasPrefix("250") == true)
        #expect(peer.connections == 1)
        fixture.end()
        peer.stop()
    }

    @Test(arguments: [ScriptedPeer.Step.mail, .rcpt, .data, .dot], ["451 4.3.0 later", "554 5.7.1 no"])
    func refusalsAreTheAnswer(step: ScriptedPeer.Step, reply: String) async throws {
        let peer = try ScriptedPeer { at, _, _ in at == step ? .reply(reply) : .usual }
        let never = try ScriptedPeer()
        let fixture = try await ClientFixture()
        for _ in 0..<2 {
            #expect(await fixture.deliver(try fixture.message(), [peer.hop, never.hop]) == [reply])
        }
        #expect(never.connections == 0)
        fixture.end()
        peer.stop()
        never.stop()
    }

    @Test(arguments: [true, false]) func oneOfSeveralRecipientsIsRefused(lmtp: Bool) async throws {
        let peer = try ScriptedPeer(style: .init(lmtp: lmtp)) { step, _, command in
            step == .rcpt && command.contains("<bad@") ? .reply("550 5.1.1 unknown") : .usual
        }
        let fixture = try await ClientFixture()
        let message = try fixture.message(to: ["a@example.org", "bad@example.org", "c@example.org"])
        let expected = ["250 2.0.0 Ok: queued as Q0", "550 5.1.1 unknown", "250 2.0.0 Ok: queued as Q0"]
        #expect(await fixture.deliver(message, [peer.hop]) == expected)
        fixture.end()
        peer.stop()
    }

    @Test func lmtpAnswersForEachRecipient() async throws {
        let peer = try ScriptedPeer(style: .init(lmtp: true)) { step, _, command in
            step == .dot && command == "1" ? .reply("452 4.2.2 full") : .usual
        }
        let fixture = try await ClientFixture()
        let message = try fixture.message(to: ["a@example.org", "b@example.org", "c@example.org"])
        #expect(
            await fixture.deliver(message, [peer.hop]) == [
                "250 2.0.0 Ok: queued as Q0", "452 4.2.2 full", "250 2.0.0 Ok: queued as Q0",
            ])
        fixture.end()
        peer.stop()
    }

    @Test func abortAndDroppingSendNoDot() async throws {
        let peer = try ScriptedPeer()
        let fixture = try await ClientFixture()
        for drop in [true, false] {
            let result = await fixture.client.prepare(try fixture.message(), hops: [peer.hop])
            guard case .ready(let prepared) = result else {
                Issue.record("not ready: \(result)")
                return
            }
            #expect(prepared.hop == peer.hop)
            #expect(prepared.recipientReplies.map(\.code) == [250])
            if !drop {
                prepared.abort()
                #expect(await prepared.commit().map(\.code) == [451])
            }
        }
        #expect(await eventually { peer.messages.count == 2 })
        #expect(peer.delivered.isEmpty)
        fixture.end()
        peer.stop()
    }

    @Test func cancelledTaskGivesUp() async throws {
        let gate = Gate()
        let peer = try ScriptedPeer { step, _, _ in step == .mail ? .waitFor(gate) : .usual }
        let fixture = try await ClientFixture()
        let message = try fixture.message()
        let task = Task { await fixture.deliver(message, [peer.hop]) }
        #expect(await eventually { peer.connections == 1 })
        task.cancel()
        #expect(await task.value.first?.contains("cancelled") == true)
        gate.open()
        fixture.end()
        peer.stop()
    }
}
