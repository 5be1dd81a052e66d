import Foundation
import Glibc
import MailModel
import Relay
import SMTP
import Stores
import Testing

@Suite struct NextHopFaultTests {
    /// Larger than all buffers between the two, so that it cannot be sent before it is looked at.
    private static let bigBody = largeMessage(8_000_000)

    /// A port on which nobody listens.
    private func deadHop() throws -> NextHop {
        let peer = try ScriptedPeer()
        peer.stop()
        return peer.hop
    }

    @Test func nextHopDown() async throws {
        let fixture = try await ClientFixture()
        let hop = try deadHop()
        let replies = await fixture.deliver(try fixture.message(), [hop, .smtp(.unix(path: "/nonexistent/socket"))])
        let text = try #require(replies.first)
        #expect(text.hasPrefix("unavailable: All attempts (2) failed connecting to \(hop) ("))
        #expect(text.hasSuffix(" (Connection refused), smtp:unix:/nonexistent/socket (No such file or directory)"))
        fixture.end()
        #expect(await eventually { fixture.spool.messages == 0 })
    }

    @Test func failoverPastThoseThatCannotBeSpokenTo() async throws {
        let busy = try ScriptedPeer { step, _, _ in step == .greeting ? .reply("421 4.3.2 busy") : .usual }
        let closed = try ScriptedPeer { step, _, _ in step == .greeting ? .reply("554 5.3.2 no mail here") : .usual }
        let mute = try ScriptedPeer { step, _, _ in step == .hello ? .close : .usual }
        let good = try ScriptedPeer()
        let fixture = try await ClientFixture()
        let hops = [try deadHop(), busy.hop, closed.hop, mute.hop, good.hop]
        let result = await fixture.client.prepare(try fixture.message(), hops: hops)
        guard case .ready(let prepared) = result else {
            Issue.record("not ready: \(result)")
            return
        }
        #expect(prepared.hop == good.hop)
        #expect(await prepared.commit().map(\.code) == [250])
        for peer in [busy, closed, mute] {
            #expect(peer.delivered.isEmpty && peer.connections >= 1)
            peer.stop()
        }
        good.stop()
        fixture.end()
    }

    @Test(arguments: [ScriptedPeer.Step.greeting, .hello, .mail, .rcpt, .data, .middleOfBody])
    func closingBeforeTheDotMovesOnToTheNextHop(step: ScriptedPeer.Step) async throws {
        let bad = try ScriptedPeer { at, _, _ in at == step ? .close : .usual }
        let good = try ScriptedPeer()
        let fixture = try await ClientFixture()
        let content = Self.bigBody
        let replies = await fixture.deliver(try fixture.message(content), [bad.hop, good.hop])
        #expect(replies == ["250 2.0.0 Ok: queued as Q0"])
        #expect(bad.delivered.isEmpty)
        #expect(good.delivered.map { digest($0.content) } == [digest(content)])
        fixture.end()
        bad.stop()
        good.stop()
    }

    @Test(arguments: [ScriptedPeer.Step.hello, .mail, .rcpt, .data])
    func shuttingDownBeforeTheDotMovesOnToTheNextHop(step: ScriptedPeer.Step) async throws {
        let bad = try ScriptedPeer { at, _, _ in at == step ? .replyAndClose("421 4.3.2 going down") : .usual }
        let good = try ScriptedPeer()
        let fixture = try await ClientFixture()
        #expect(await fixture.deliver(try fixture.message(), [bad.hop, good.hop]) == ["250 2.0.0 Ok: queued as Q0"])
        fixture.end()
        bad.stop()
        good.stop()
    }

    @Test(arguments: [true, false]) func closingAfterTheDotIsNeverSuccessAndNeverRepeated(lmtp: Bool) async throws {
        let bad = try ScriptedPeer(style: .init(lmtp: lmtp)) { step, _, command in
            // LMTP: the first recipient gets his reply.
            step == .dot && (!lmtp || command == "1") ? .close : .usual
        }
        let never = try ScriptedPeer()
        let fixture = try await ClientFixture()
        let message = try fixture.message(to: ["a@example.org", "b@example.org"])
        let replies = await fixture.deliver(message, [bad.hop, never.hop])
        #expect(replies.count == 2)
        #expect(replies[0].hasPrefix(lmtp ? "250" : "451 4.4.2"))
        #expect(replies[1].hasPrefix("451 4.4.2") && replies[1].contains("may have been delivered"))
        #expect(bad.delivered.count == 1 || bad.messages.count == 1)
        #expect(bad.connections == 1)
        #expect(never.connections == 0)
        fixture.end()
        bad.stop()
        never.stop()
    }

    @Test(arguments: [ScriptedPeer.Step.greeting, .hello, .mail, .data, .dot])
    func silenceMeetsTheDeadline(step: ScriptedPeer.Step) async throws {
        let slow = try ScriptedPeer { at, _, _ in at == step ? .silence : .usual }
        let good = try ScriptedPeer()
        let fixture = try await ClientFixture {
            // Long enough for the good one on a busy machine.
            $0.replyTimeout = .seconds(2)
            $0.dataDoneTimeout = .seconds(2)
        }
        let replies = await fixture.deliver(try fixture.message(), [slow.hop, good.hop])
        #expect(replies.first?.hasPrefix(step == .dot ? "451 4.4.2" : "250") == true)
        #expect(good.connections == (step == .dot ? 0 : 1))
        fixture.end()
        slow.stop()
        good.stop()
    }

    /// A deadline of the caller's holds for all replies together, and when it has passed the final dot is not sent.
    @Test(arguments: [false, true])
    func deadlineOfTheCaller(hasPassed: Bool) async throws {
        let slow = try ScriptedPeer { at, _, _ in at == .dot && !hasPassed ? .silence : .usual }
        let fixture = try await ClientFixture()
        guard case .ready(let prepared) = await fixture.client.prepare(try fixture.message(), hops: [slow.hop]) else {
            Issue.record("not taken")
            return
        }
        let deadline = ContinuousClock.now + .milliseconds(hasPassed ? -1 : 300)
        let reply = await prepared.commit(until: deadline).first?.summary ?? ""
        let words = hasPassed ? "No time was left" : "No reply to the end of the message; it may have been delivered"
        #expect(reply.hasPrefix("451 4.4.2 \(words)"), "\(reply)")
        #expect(slow.messages.contains { $0.complete } == !hasPassed)
        fixture.end()
        slow.stop()
    }

    @Test func peerThatTakesNoBodyMeetsTheDeadline() async throws {
        let gate = Gate()
        let slow = try ScriptedPeer { step, _, _ in step == .middleOfBody ? .waitFor(gate) : .usual }
        let fixture = try await ClientFixture { $0.replyTimeout = .milliseconds(300) }
        let replies = await fixture.deliver(try fixture.message(largeMessage(30_000_000)), [slow.hop])
        #expect(replies.first?.contains("timed out") == true)
        gate.open()
        fixture.end()
        slow.stop()
    }

    @Test func connectionsClosedByAPeerRestartAreNotUsed() async throws {
        let peer = try ScriptedPeer()
        let fixture = try await ClientFixture()
        for round in 0..<3 {
            #expect(await fixture.deliver(try fixture.message(), [peer.hop]) == ["250 2.0.0 Ok: queued as Q\(round)"])
            peer.closeConnections()
        }
        #expect(peer.delivered.count == 3)
        fixture.end()
        peer.stop()
    }

    /// The peer closes exactly when the next message comes over the old connection, so the pool cannot know before.
    @Test(arguments: [ScriptedPeer.Step.mail, .rcpt, .data, .middleOfBody])
    func reusedConnectionThatFailsIsReplacedUnnoticed(step: ScriptedPeer.Step) async throws {
        for shuttingDown in [true, false] {
            let uses = Counter()
            let peer = try ScriptedPeer { at, connection, _ in
                guard at == step, connection == 0, uses.next() == 2 else { return .usual }
                return shuttingDown && step != .middleOfBody ? .replyAndClose("421 4.3.2 bye") : .close
            }
            let fixture = try await ClientFixture()
            let content = Self.bigBody
            #expect(await fixture.deliver(try fixture.message(), [peer.hop]) == ["250 2.0.0 Ok: queued as Q0"])
            #expect(await fixture.deliver(try fixture.message(content), [peer.hop]) == ["250 2.0.0 Ok: queued as Q1"])
            #expect(peer.delivered.count == 2)
            #expect(peer.delivered.last.map { digest($0.content) } == digest(content))
            fixture.end()
            peer.stop()
        }
    }

    @Test func freshConnectionThatFailsIsNotRepeated() async throws {
        let peer = try ScriptedPeer { step, _, _ in step == .mail ? .close : .usual }
        let fixture = try await ClientFixture()
        #expect(await fixture.deliver(try fixture.message(), [peer.hop]).first?.hasPrefix("unavailable") == true)
        #expect(peer.connections == 1)
        fixture.end()
        peer.stop()
    }

    @Test func connectionsEndAfterTheirUsesAndTheirIdleTime() async throws {
        let peer = try ScriptedPeer()
        let fixture = try await ClientFixture { $0.maximumUses = 2 }
        for _ in 0..<5 { _ = await fixture.deliver(try fixture.message(), [peer.hop]) }
        #expect(peer.connections == 3)
        fixture.end()
        let idle = try await ClientFixture { $0.idleTimeout = .milliseconds(50) }
        _ = await idle.deliver(try idle.message(), [peer.hop])
        #expect(await eventually { peer.openConnections == 0 })
        idle.end()
        peer.stop()
    }

    @Test func nonsenseIsNoSuccess() async throws {
        for text in ["HTTP/1.1 200 OK", "250", "354 too early", "220 a|221 b"] {
            let peer = try ScriptedPeer { step, _, _ in step == .mail ? .reply(text) : .usual }
            let fixture = try await ClientFixture()
            let replies = await fixture.deliver(try fixture.message(), [peer.hop])
            if text != "250" { #expect(replies.first?.hasPrefix("250") == false, "\(text): \(replies)") }
            fixture.end()
            peer.stop()
        }
    }
}

/// Counts calls from several threads.
final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0

    /// 1, 2, 3 ...
    func next() -> Int {
        lock.withLock {
            count += 1
            return count
        }
    }
}
