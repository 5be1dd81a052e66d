import Foundation
import TestSupport
import Testing

/// Copies that are kept in mailboxes: what arrives there, and that no message is lost, sent twice or sent round for it.
@Suite struct MailedCopyTests {
    private static let mailbox = "q@mail.example"

    private static func stage(
        _ keys: [String: String] = ["infected": "quarantine"], _ settings: [String: String] = [:], lmtp: Bool = false
    ) throws -> Stage {
        try Stage(lmtp: lmtp, inspector: "lying-inspector") { configuration in
            configuration.settings["clamav.test_database"] = "/lie/dictated"
            configuration.settings.merge(settings) { $1 }
            configuration.policies["default"]?["quarantine_to"] = "{infected: \(mailbox)}"
            configuration.policies["default"]?.merge(keys) { $1 }
        }
    }

    private static func mail(_ number: Int = 1, to recipients: [String] = ["a@one.example", "b@two.example"]) -> Mail {
        Mail(
            to: recipients,
            text: "X-Report: virus Eicar-Test\nX-Envelope-To: forged\nFrom: a@b\nSubject: \(number)\n\n.text\n")
    }

    private static func copies(_ stage: Stage, of address: String = mailbox) -> [ScriptedNextHop.Delivery] {
        stage.hop.deliveries.filter { $0.recipients == [address] }
    }

    /// The header of ours, unfolded, above the message as it was received.
    private static func fields(_ delivery: ScriptedNextHop.Delivery, _ mail: Mail) throws -> [String] {
        try #require(delivery.content.suffix(mail.content.count) == mail.content[...])
        let head = String(decoding: delivery.content.dropLast(mail.content.count), as: UTF8.self)
        return head.replacing("\r\n\t", with: "").split(separator: "\r\n").map(String.init)
    }

    @Test(arguments: [false, true])
    func theMailboxGetsIt(lmtp: Bool) async throws {
        try await Lanes.run {
            let stage = try Self.stage(lmtp: lmtp)
            let mail = Self.mail()
            let final = try sendAll(mail, to: stage.gateway.port, lmtp: lmtp).final.map(\.description)
            #expect(final.allSatisfy { $0.hasPrefix("250 2.7.0 Ok, quarantined, id=") }, "\(final)")
            #expect(stage.hop.deliveries.count == 1 && stage.gateway.quarantined.isEmpty)
            let copy = try #require(Self.copies(stage).first)
            #expect(copy.mail.hasPrefix("FROM:<>"))
            let fields = try Self.fields(copy, mail)
            #expect(fields[0].hasPrefix("X-Mailreeve-Release: t="), "\(fields)")
            #expect(fields[1] == "X-Envelope-From: <sender@example.org>", "\(fields)")
            #expect(fields[2] == "X-Envelope-To: <a@one.example>,<b@two.example>", "\(fields)")
            #expect(fields[3] == "X-Envelope-To-Blocked: <a@one.example>,<b@two.example>", "\(fields)")
            #expect(fields.contains { $0.hasPrefix("X-Mailreeve-Alert: INFECTED") }, "\(fields)")
            #expect(fields.last?.hasPrefix("Received: ") ?? false, "\(fields)")
            let line = try stage.gateway.log.wait(for: ") Blocked INFECTED ")
            let id = try #require(fields.first { $0.hasPrefix("X-Quarantine-ID: <") }?.dropFirst(18).dropLast())
            #expect(line.contains("{Quarantined}") && line.contains(", quarantine: \(id),\(Self.mailbox), "), "\(line)")
            stage.expectCleanEnd()
        }
    }

    /// On its way through the gateway once more it is not caught; where an alias made another recipient of the mailbox it is kept
    /// here, and no copy of the copy is sent.
    @Test func theWayLeadsThroughTheGateway() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            let mail = Self.mail()
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            let copy = try #require(Self.copies(stage).first)
            let fields = try Self.fields(copy, mail)
            stage.hop.clear()
            var again = Mail(from: "", to: [Self.mailbox], content: crlf("Received: from x by y; z\n") + copy.content)
            #expect(try send(again, to: stage.gateway.port).text.contains("from MTA("))
            let passed = try #require(stage.hop.deliveries.first)
            let text = String(decoding: passed.content, as: UTF8.self)
            let id = try #require(fields.first { $0.hasPrefix("X-Quarantine-ID: <") })
            #expect(text.contains("\(id)\r\n") && text.contains("X-Envelope-From: <sender@example.org>\r\n"))
            #expect(text.hasSuffix(String(decoding: mail.content, as: UTF8.self)))
            #expect(stage.hop.deliveries.count == 1 && stage.gateway.quarantined.isEmpty)
            stage.hop.clear()
            again.recipients = ["admin@other.example"]
            #expect(try send(again, to: stage.gateway.port).text.contains("quarantined"))
            #expect(stage.hop.deliveries.isEmpty && stage.gateway.quarantined.count == 1)
        }
    }

    /// Each mailbox has the recipients that are its own; what nobody wants is not kept, what must be kept is.
    @Test func placesOfRecipients() async throws {
        try await Lanes.run {
            let stage = try Self.stage(
                ["infected": "discard"],
                [
                    "recipients":
                        "[{match: [two.example], quarantine_to: {infected: q2@mail.example}}, {match: [none.example], quarantine_to: {infected: none}}, {match: [here.example], infected: quarantine, quarantine_to: {infected: none}}, {match: [pass.example], infected: quarantine-and-pass}]"
                ])
            let to = ["a", "c"].map { "\($0)@one.example" } + ["b@two.example", "n@none.example", "h@here.example"]
            let mail = Self.mail(to: to + ["p@pass.example"])
            let reply = try send(mail, to: stage.gateway.port)
            #expect(reply.code == 250 && reply.text.contains("but 5 DISCARD"), "\(reply)")
            let first = try Self.fields(try #require(Self.copies(stage).first), mail)
            #expect(first.contains("X-Envelope-To: <a@one.example>,<c@one.example>,<p@pass.example>"), "\(first)")
            #expect(first.contains("X-Envelope-To-Blocked: <a@one.example>,<c@one.example>"), "\(first)")
            let second = try Self.fields(try #require(Self.copies(stage, of: "q2@mail.example").first), mail)
            #expect(second.contains("X-Envelope-To: <b@two.example>"), "\(second)")
            #expect(stage.hop.deliveries.count == 3 && stage.gateway.quarantined.count == 1)
            let id = try #require(stage.gateway.quarantined.first)
            let page = try QuarantinePlace(stage.gateway).run("show", id)
            #expect(page.text.contains("<h@here.example>") && !page.text.contains("<n@none.example>"), "\(page)")
        }
    }

    /// A mailbox that does not take it: the client has to try again, and nobody has the message or a copy until then.
    @Test(arguments: ["550 5.1.1 no such user", "450 4.2.0 later", "421 4.3.2 closing"], [false, true])
    func aMailboxThatRefuses(_ words: String, atTheDot: Bool) async throws {
        try await Lanes.run {
            let stage = try Self.stage(
                ["infected": "quarantine-and-pass"],
                ["recipients": "[{match: [two.example], infected: quarantine, quarantine_to: {infected: local}}]"])
            let mailbox = Self.mailbox
            let carriers = Carriers()
            stage.hop.answer { step, number, command in
                if step == .rcpt { carriers.note(number, command.contains(mailbox)) }
                guard carriers.has(number), step == (atTheDot ? .dot : .rcpt) else { return .usual }
                return .reply(words)
            }
            for _ in 0..<2 {
                let reply = try send(Self.mail(), to: stage.gateway.port)
                #expect(reply.description.hasPrefix("451 4.5.0 Error in processing, id="), "\(reply)")
            }
            #expect(stage.hop.deliveries.isEmpty && stage.gateway.quarantined.isEmpty)
            try stage.gateway.log.wait(for: "quarantine: the copy to <\(mailbox)> was not taken: ")
            stage.hop.answer { _, _, _ in .usual }
            #expect(try send(Self.mail(), to: stage.gateway.port).code == 250)
            #expect(Self.copies(stage).count == 1 && stage.gateway.quarantined.count == 1)
            #expect(stage.hop.deliveries.count == 2)
        }
    }

    /// The copy is there, the message is not: a retry sends the message, and no second copy, under the same name.
    @Test(arguments: [false, true])
    func triesThatFail(lmtp: Bool) async throws {
        try await Lanes.run {
            let stage = try Self.stage(
                ["infected": "quarantine-and-pass"],
                ["recipients": "[{match: [two.example], quarantine_to: {infected: local}}]"])
            let mailbox = Self.mailbox
            let carriers = Carriers()
            stage.hop.answer { step, number, command in
                if step == .rcpt { carriers.note(number, command.contains(mailbox)) }
                return step == .dot && !carriers.has(number) ? .reply("450 4.2.0 later") : .usual
            }
            for _ in 0..<3 {
                let final = try sendAll(Self.mail(), to: stage.gateway.port, lmtp: lmtp).final
                #expect(final.allSatisfy { $0.isTemporary }, "\(final)")
                #expect(stage.hop.deliveries.count == 1 && stage.gateway.quarantined.isEmpty)
            }
            stage.hop.answer { _, _, _ in .usual }
            let final = try sendAll(Self.mail(), to: stage.gateway.port, lmtp: lmtp).final
            #expect(final.allSatisfy { $0.code == 250 }, "\(final)")
            #expect(Self.copies(stage).count == 1 && stage.gateway.quarantined.count == 1)
            // One name for all.
            let names = Set(
                stage.hop.deliveries.compactMap { delivery in
                    String(decoding: delivery.content, as: UTF8.self).components(separatedBy: "\r\n").first {
                        $0.hasPrefix("X-Quarantine-ID: ")
                    }
                })
            #expect(names == ["X-Quarantine-ID: <\(stage.gateway.quarantined.first ?? "")>"])
            // The same once more is another message.
            stage.hop.clear()
            let again = try sendAll(Self.mail(), to: stage.gateway.port, lmtp: lmtp).final
            #expect(again.allSatisfy { $0.code == 250 }, "\(again)")
            #expect(Self.copies(stage).count == 1 && stage.hop.deliveries.count > 1)
        }
    }

    /// With one transaction at a time no message waits for itself or for another for ever.
    @Test func oneTransactionAtATime() async throws {
        try await Lanes.run {
            let stage = try Self.stage(
                ["infected": "quarantine-and-pass"], ["limits.next_hop_transactions": "1"])
            let port = stage.gateway.port
            let senders = (0..<4).map { number in Promise { try send(Self.mail(number), to: port) } }
            for sender in senders { #expect(try sender.get().code == 250) }
            #expect(Self.copies(stage).count == 4 && stage.hop.deliveries.count == 8)
        }
    }

    /// The daemon is killed at any instant: what got 250 is in the mailbox.
    @Test(.timeLimit(.minutes(5))) func killed() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            let client = RetryingClient(port: stage.gateway.port, messages: 1_000_000) { Self.mail($0) }
            let result = try client.run(
                sessions: 4, seconds: 200, kills: longTests ? 30 : 6, seed: 226, of: stage.gateway)
            #expect(result.refused.isEmpty && result.accepted.count > 12)
            let kept = Set(
                Self.copies(stage).map { Array($0.content.suffix(Self.mail(0).content.count + 8)) }.compactMap {
                    String(decoding: $0, as: UTF8.self).components(separatedBy: "\r\nSubject: ").last
                        .flatMap { Int($0.prefix(while: \.isNumber)) }
                })
            #expect(result.accepted.isSubset(of: kept), "\(result.accepted.subtracting(kept)) are lost")
            stage.expectCleanEnd()
        }
    }

    /// Connections of the next hop whose last transaction carries a copy, or something else that a test looks for.
    final class Carriers: @unchecked Sendable {
        private let lock = NSLock()
        private var numbers: Set<Int> = []

        func note(_ number: Int, _ carries: Bool) {
            lock.withLock { if carries { _ = numbers.insert(number) } else { numbers.remove(number) } }
        }

        func has(_ number: Int) -> Bool { lock.withLock { numbers.contains(number) } }
    }
}
