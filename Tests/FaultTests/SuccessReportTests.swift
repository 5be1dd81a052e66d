import Foundation
import TestSupport
import Testing

/// Senders who want to hear of a delivery (`NOTIFY=SUCCESS`, RFC 3461) hear of it from us where the next hop tells nobody.
@Suite struct SuccessReportTests {
    /// A next hop that does not offer DSN.
    private static let silent: ScriptedNextHop.Script = { step, _, _ in
        step == .hello ? .reply("250-next.example\r\n250-PIPELINING\r\n250 8BITMIME") : .usual
    }

    private static func notices(_ stage: Stage) -> [ScriptedNextHop.Delivery] {
        stage.hop.deliveries.filter { $0.mail.hasPrefix("FROM:<>") }
    }

    private static func text(_ delivery: ScriptedNextHop.Delivery?) -> String {
        String(decoding: delivery?.content ?? [], as: UTF8.self)
    }

    private static let wanted = Mail.clean(1, to: ["<a@b.example> NOTIFY=SUCCESS"])

    @Test func thoseWhoAskedAreToldOnce() async throws {
        try await Lanes.run {
            let stage = try Stage()
            stage.hop.answer(Self.silent)
            var mail = Mail.clean(
                1,
                to: [
                    "<a@b.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;first@b.example", "<b@b.example> NOTIFY=FAILURE",
                    "c@b.example", "<d@b.example> NOTIFY=SUCCESS", "<e@b.example> NOTIFY=NEVER",
                ])
            mail.parameters = "RET=FULL ENVID=an+2Bid"
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.count == 2)
            let report = try #require(Self.notices(stage).first)
            #expect(report.recipients == ["sender@example.org"])
            let text = Self.text(report)
            #expect(
                text.contains("Subject: Mail was passed on\r\n") && text.contains("Auto-Submitted: auto-replied\r\n"))
            #expect(
                text.contains(
                    "\r\nOriginal-Envelope-Id: an+id\r\n\r\nOriginal-Recipient: rfc822;first@b.example\r\n"
                        + "Final-Recipient: rfc822; a@b.example\r\nAction: relayed\r\nStatus: 2.0.0\r\n"), "\(text)")
            #expect(text.contains("\r\n\r\nFinal-Recipient: rfc822; d@b.example\r\nAction: relayed\r\n"))
            #expect(text.components(separatedBy: "Final-Recipient:").count == 3)
            // RET speaks of failures only (RFC 3461 section 4.3).
            #expect(text.contains("Content-Type: text/rfc822-headers\r\n"))
        }
    }

    /// A next hop that offers DSN is asked instead.
    @Test func whoReportsIsLeftToDoSo() async throws {
        try await Lanes.run {
            let stage = try Stage()
            #expect(try send(Self.wanted, to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.count == 1)
        }
    }

    /// Who speaks LMTP delivers (RFC 2033).
    @Test func lmtpDelivers() async throws {
        try await Lanes.run {
            let stage = try Stage(lmtp: true)
            stage.hop.answer(Self.silent)
            #expect(try send(Self.wanted, to: stage.gateway.port).code == 250)
            #expect(Self.text(Self.notices(stage).first).contains("\r\nAction: delivered\r\n"))
            #expect(Self.notices(stage).count == 1)
        }
    }

    /// Nobody is told by a null sender, by a worm, of a recipient who did not get the message, or in shadow mode; a list is.
    @Test(arguments: [
        ("", "", 0), ("worm@a.example", "X-Report: virus Win.Worm\n", 0), ("s@a.example", "List-Id: <l.example>\n", 1),
        ("s@a.example", "X-Report: virus Eicar-Test\n", 1), ("shadow@a.example", "", 0),
    ])
    func thoseWhoAreNotTold(_ sender: String, _ header: String, _ expected: Int) async throws {
        try await Lanes.run {
            let stage = try Stage(inspector: "lying-inspector") { configuration in
                configuration.settings["clamav.test_database"] = "/lie/dictated"
                configuration.policies["default"]?["infected"] = "pass"
                configuration.settings["banks"] = "[{name: SHADOW, senders: [shadow@a.example], shadow: yes}]"
            }
            stage.hop.answer(Self.silent)
            let mail = Mail(
                from: sender, to: ["<r@b.example> NOTIFY=SUCCESS"], text: "\(header)From: a@b\n\nbody\n")
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.count == 1 + expected)
            #expect(Self.notices(stage).count == (sender.isEmpty ? 1 : expected))
        }
    }

    /// A later transaction fails, and the client tries again: each success is told when it happens, and then no more.
    @Test func eachIsToldOnceOverAllTries() async throws {
        try await Lanes.run {
            let stage = try Stage {
                $0.settings["recipients"] = "[{match: [two.example], add_received: no}]"
            }
            let failing = SharedNumber(0)
            stage.hop.answer { step, number, command in
                if step == .hello { return Self.silent(step, number, command) }
                if step == .rcpt, command.contains("two.example") { failing.set(number) }
                if step == .rcpt, command.contains("one.example") { failing.set(-1 - number) }
                return step == .dot && failing.value == number ? .reply("450 4.2.1 later") : .usual
            }
            let mail = Mail.clean(1, to: ["<a@one.example> NOTIFY=SUCCESS", "<b@two.example> NOTIFY=SUCCESS"])
            for _ in 0..<2 {
                #expect(try send(mail, to: stage.gateway.port).isTemporary)
                #expect(Self.notices(stage).count == 1)
            }
            #expect(Self.text(Self.notices(stage).first).contains("Final-Recipient: rfc822; a@one.example\r\n"))
            stage.hop.answer(Self.silent)
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            #expect(Self.notices(stage).count == 2)
            let second = Self.text(Self.notices(stage).last)
            #expect(
                second.contains("Final-Recipient: rfc822; b@two.example\r\n")
                    && !second.contains("a@one.example\r\nAction"))
        }
    }

    /// The message is where it belongs: a report that cannot be sent is a line in the log.
    @Test func aReportThatIsNotTaken() async throws {
        try await Lanes.run {
            let stage = try Stage { $0.settings["notices.sender_time"] = "1" }
            stage.hop.answer { step, number, command in
                step == .mail && command.contains("<>") ? .silence : Self.silent(step, number, command)
            }
            #expect(try send(Self.wanted, to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.count == 1)
            try stage.gateway.log.wait(for: "no notification to <sender@example.org>: not taken in time")
        }
    }
}

/// A number that threads share.
private final class SharedNumber: @unchecked Sendable {
    private let lock = NSLock()
    private var number: Int

    init(_ number: Int) { self.number = number }

    var value: Int { lock.withLock { number } }
    func set(_ new: Int) { lock.withLock { number = new } }
}
