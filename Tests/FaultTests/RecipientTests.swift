import TestSupport
import Testing

/// One of several recipients is refused.
@Suite struct RecipientTests {
    private static let three = ["a@example.net", "b@example.net", "c@example.net"]

    private static func refusing(_ recipient: String, _ words: String) -> ScriptedNextHop.Script {
        { step, _, command in step == .rcpt && command.contains("<\(recipient)>") ? .reply(words) : .usual }
    }

    @Test func permanentlyOverSMTP() async throws {
        try await Lanes.run {
            let stage = try Stage()
            stage.hop.answer(Self.refusing("b@example.net", "550 5.1.1 no such user here"))
            var mail = Mail.clean(7, to: Self.three)
            mail.parameters = "ENVID=envelope7"
            let reply = try send(mail, to: stage.gateway.port)
            #expect(reply.code == 250 && reply.text.hasSuffix(", but 1 REJECT"), "\(reply)")
            let deliveries = stage.hop.deliveries
            let passed = try #require(deliveries.first { $0.recipients == ["a@example.net", "c@example.net"] })
            #expect(passed.relayed.digest == mail.digest)
            let notice = try #require(deliveries.first { $0.recipients == ["sender@example.org"] })
            #expect(deliveries.count == 2)
            #expect(notice.mail.hasPrefix("FROM:<>"))
            let text = String(decoding: notice.content, as: UTF8.self)
            #expect(text.contains("Content-Type: multipart/report; report-type=delivery-status;"))
            #expect(text.contains("Content-Type: message/delivery-status\r\n"))
            #expect(text.contains("Reporting-MTA: dns; gateway.example\r\n"))
            #expect(text.contains("Original-Envelope-Id: envelope7\r\n"))
            #expect(text.contains("Final-Recipient: rfc822; b@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n"))
            #expect(text.contains("550 5.1.1 no such user here"))
            #expect(text.contains("Subject: message 7\r\n"))
            #expect(!text.contains("a@example.net") && !text.contains("line 1 of message"))
        }
    }

    /// A pattern that makes settings which are none of one recipient's address: he has to be tried again, the others have it.
    @Test(arguments: [true, false])
    func settingsOfOne(lmtp: Bool) async throws {
        try await Lanes.run {
            let scratch = try Scratch(.disk)
            let table = try scratch.write("table", "/^(.+)@bad.example$/ levels.kill=$1\n")
            let stage = try Stage(lmtp: lmtp) { $0.settings["recipient_tables"] = "['pcre:\(table)']" }
            let mail = Mail.clean(1, to: ["a@example.net", "b@bad.example", "7@bad.example"])
            let replies = try sendAll(mail, to: stage.gateway.port, lmtp: lmtp).final
            #expect(replies.map(\.code) == (lmtp ? [250, 451, 250] : [451]), "\(replies)")
            let passed = Set(stage.hop.deliveries.flatMap(\.recipients))
            #expect(passed == (lmtp ? ["a@example.net", "7@bad.example"] : []))
            try stage.gateway.log.wait(for: ": policy: pcre:\(table), line 1: 'b' is")
        }
    }

    /// What the notification says is well-formed: a sender cannot end its parts early or add fields.
    @Test func notificationCannotBeForged() async throws {
        try await Lanes.run {
            let stage = try Stage()
            stage.hop.answer(Self.refusing("b@example.net", "550 5.1.1 no"))
            let mail = Mail(to: Self.three, text: "Subject: x\nX-Part: 1\n--mailreeve\nnot a header\n\nbody text\n")
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            let notice = try #require(stage.hop.deliveries.first { $0.recipients == ["sender@example.org"] })
            let text = String(decoding: notice.content, as: UTF8.self)
            let boundary = try #require(text.split(separator: "boundary=\"").last?.prefix { $0 != "\"" })
            let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
            #expect(lines.count { $0 == "--\(boundary)" } == 3)
            #expect(lines.count { $0 == "--\(boundary)--" } == 1)
            #expect(!text.contains("body text"))
        }
    }

    @Test func nullSenderIsNotNotified() async throws {
        try await Lanes.run {
            let stage = try Stage()
            stage.hop.answer(Self.refusing("b@example.net", "550 5.1.1 no such user here"))
            var mail = Mail.clean(1, to: Self.three)
            mail.sender = ""
            let reply = try send(mail, to: stage.gateway.port)
            #expect(reply.code == 250, "\(reply)")
            #expect(stage.hop.deliveries.map(\.recipients) == [["a@example.net", "c@example.net"]])
        }
    }

    @Test func neverAskedForNotification() async throws {
        try await Lanes.run {
            let stage = try Stage()
            stage.hop.answer(Self.refusing("b@example.net", "550 5.1.1 no such user here"))
            let mail = Mail.clean(1, to: ["a@example.net", "<b@example.net> NOTIFY=NEVER"])
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.map(\.recipients) == [["a@example.net"]])
        }
    }

    /// The notification is not taken: the client must try the whole again rather than the sender never hear of it.
    @Test func notificationThatIsNotTaken() async throws {
        try await Lanes.run {
            let stage = try Stage()
            stage.hop.answer { step, _, command in
                switch step {
                case .rcpt where command.contains("<b@"): .reply("550 5.1.1 no such user here")
                case .rcpt where command.contains("<sender@"): .reply("450 4.2.0 later")
                default: .usual
                }
            }
            let reply = try send(.clean(1, to: Self.three), to: stage.gateway.port)
            #expect(reply.code == 451, "\(reply)")
        }
    }

    @Test func everybodyRefused() async throws {
        try await Lanes.run {
            let stage = try Stage()
            stage.hop.answer { step, _, _ in step == .rcpt ? .reply("550 5.1.1 unknown") : .usual }
            let reply = try send(.clean(1, to: Self.three), to: stage.gateway.port)
            #expect(reply.description.hasPrefix("550 5.1.1 id="), "\(reply)")
            #expect(stage.hop.deliveries.isEmpty)
        }
    }

    @Test func temporarilyOverSMTP() async throws {
        try await Lanes.run {
            let stage = try Stage()
            stage.hop.answer(Self.refusing("b@example.net", "450 4.2.1 try later"))
            let reply = try send(.clean(1, to: Self.three), to: stage.gateway.port)
            #expect(reply.description.hasPrefix("450 4.2.1 id="), "\(reply)")
            #expect(reply.text.hasSuffix("): 450 4.2.1 try later"))
            #expect(stage.hop.deliveries.isEmpty)
            stage.hop.answer { _, _, _ in .usual }
            #expect(try send(.clean(1, to: Self.three), to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.map(\.recipients) == [Self.three])
        }
    }

    @Test(arguments: ["450 4.2.1 try later", "550 5.1.1 unknown"])
    func ownReplyForEachOverLMTP(words: String) async throws {
        try await Lanes.run {
            let stage = try Stage()
            stage.hop.answer(Self.refusing("b@example.net", words))
            let mail = Mail.clean(1, to: Self.three)
            let final = try sendAll(mail, to: stage.gateway.port, lmtp: true).final
            #expect(final.map(\.code) == [250, Int(words.prefix(3)), 250])
            #expect(final[1].text.hasSuffix("): \(words)"), "\(final[1])")
            #expect(stage.hop.deliveries.map(\.recipients) == [["a@example.net", "c@example.net"]])
        }
    }

    /// An LMTP next hop answers for each recipient after the dot.
    @Test func ownReplyForEachFromLMTP() async throws {
        try await Lanes.run {
            let stage = try Stage(lmtp: true)
            stage.hop.answer { step, _, command in
                step == .dot && command == "b@example.net" ? .reply("552 5.2.2 full") : .usual
            }
            let mail = Mail.clean(1, to: Self.three)
            let final = try sendAll(mail, to: stage.gateway.port, lmtp: true).final
            #expect(final.map(\.code) == [250, 552, 250])
            #expect(final[1].text.contains("from MTA(lmtp:[127.0.0.1]:\(stage.hop.port)): 552 5.2.2 full"))
            #expect(stage.hop.deliveries.map(\.recipients) == [["a@example.net"], ["c@example.net"]])
            #expect(stage.hop.deliveries.allSatisfy { $0.relayed.digest == mail.digest })
        }
    }

    /// The same to an SMTP client: 250 for those who got it, and a notification for the other.
    @Test func lmtpBehindAnSMTPClient() async throws {
        try await Lanes.run {
            let stage = try Stage(lmtp: true)
            stage.hop.answer { step, _, command in
                step == .dot && command == "b@example.net" ? .reply("552 5.2.2 full") : .usual
            }
            let reply = try send(.clean(1, to: Self.three), to: stage.gateway.port)
            #expect(reply.code == 250 && reply.text.hasSuffix(", but 1 REJECT"), "\(reply)")
            let taken = stage.hop.deliveries.map(\.recipients)
            #expect(taken == [["a@example.net"], ["c@example.net"], ["sender@example.org"]])
        }
    }
}
