import Digests
import Foundation
import Glibc
import TestSupport
import Testing

/// Digests from the command to the mail that a link makes, with everything that may go wrong on the way.
@Suite struct DigestTests {
    @Test(arguments: [false, true])
    func fromTheCommandToTheRelease(lmtp: Bool) async throws {
        try await Lanes.run {
            let stage = try DigestStage.stage(lmtp: lmtp)
            let port = stage.gateway.port
            func final(_ mail: Mail) throws -> [MailReply] { try sendAll(mail, to: port, lmtp: lmtp).final }
            _ = try final(DigestStage.spam(1, to: ["a@local.example", "b@local.example", "c@foreign.example"]))
            let id = try #require(stage.gateway.quarantined.first)
            _ = try final(DigestStage.spam(2))
            #expect(stage.gateway.quarantined.count == 2 && stage.hop.deliveries.isEmpty)
            // Shown, nothing is sent and nothing remembered.
            let shown = try DigestStage.digest(stage, "--dry-run")
            #expect(shown.status == 0 && shown.lines.count == 5 && stage.hop.deliveries.isEmpty, "\(shown)")
            #expect(shown.lines[0] == "<a@local.example>: 2 messages", "\(shown)")
            let sent = try DigestStage.digest(stage)
            #expect(sent.status == 0 && sent.lines.count == 2, "\(sent)")
            #expect(stage.hop.deliveries.map(\.recipients) == [["a@local.example"], ["b@local.example"]])
            // What was told of is not told of again, unless somebody wants it.
            for _ in 0..<3 {
                let again = try DigestStage.digest(stage)
                #expect(again.status == 0 && again.output.isEmpty && stage.hop.deliveries.count == 2, "\(again)")
            }
            #expect(try DigestStage.digest(stage, "--since", "1h", "--dry-run").lines.count == 5)

            let tokens = DigestStage.tokens(stage)
            #expect(tokens["r"]?.count == 2 && tokens["a"]?.count == 2)
            let token = try #require(tokens["r"]?.first { $0.contains(id) })
            // With another recipient, who gets the mail as any, and the request does not.
            let both = try final(DigestStage.request("Re: \(token)", to: ["d@local.example", DigestStage.address]))
            #expect(both.allSatisfy { $0.code == 250 } && both.count == (lmtp ? 2 : 1), "\(both)")
            #expect(DigestStage.released(stage, 1) == [["a@local.example"]])
            #expect(stage.hop.deliveries.filter { $0.recipients == ["d@local.example"] }.count == 1)
            #expect(!stage.hop.deliveries.contains { $0.recipients.contains(DigestStage.address) })
            let line = try stage.gateway.log.wait(for: ") Quarantined message release: \(id) <spam@example.org> -> ")
            #expect(line.contains("<a@local.example>, requested by <a@local.example> by a digest"), "\(line)")
            try poll("the journal") {
                try DigestStage.command(stage, "explain", id).text.contains(
                    "requested by <a@local.example> by a digest")
            }
            // Once, whoever sends it again.
            for _ in 0..<2 { #expect(try final(DigestStage.request(token)).allSatisfy { $0.code == 250 }) }
            try stage.gateway.log.wait(for: "ignored: \(id) was released to <a@local.example> before")
            #expect(DigestStage.released(stage, 1) == [["a@local.example"]])
            // The other recipient has his own, which does not serve the first.
            let other = try #require(DigestStage.tokens(stage, for: "b@local.example")["r"]?.first)
            #expect(try final(DigestStage.request(other)).allSatisfy { $0.code == 250 })
            #expect(DigestStage.released(stage, 1) == [["a@local.example"], ["b@local.example"]])
            stage.expectCleanEnd()
        }
    }

    /// Whatever somebody makes of a link, it is ignored, and never bounced or delivered.
    @Test func wrongRequestsAreIgnored() async throws {
        try await Lanes.run {
            let stage = try DigestStage.stage(["digests.ignored_per_hour": "8"])
            #expect(
                try send(DigestStage.spam(1, to: ["a@local.example", "b@local.example"]), to: stage.gateway.port).code
                    == 250)
            #expect(try DigestStage.digest(stage).status == 0)
            let token = try #require(DigestStage.tokens(stage)["r"]?.first)
            let words = token.split(separator: ".").map(String.init)
            let key = Array(try Data(contentsOf: URL(fileURLWithPath: stage.gateway.stateDirectory + "/release.key")))
            func signed(_ action: String, _ id: String, _ place: Int, _ expiry: Int, _ recipient: String) -> String {
                let text = Array("mailreeve digest 1\n\(action)\n\(id)\n\(place)\n\(expiry)\n\(recipient)".utf8)
                let tag = hexadecimal(MessageDigest.sha256.authentication(text.span, key: key)).prefix(32)
                return "mailreeve.\(action).\(id).\(place).\(expiry).\(tag)"
            }
            let (id, later, tag) = (words[2], try #require(Int(words[4])), words[5])
            #expect(signed("r", id, 0, later, "a@local.example") == token)
            let forged = tag.first == "0" ? "1" + tag.dropFirst() : "0" + tag.dropFirst()
            let cases = [
                ("hello", "no link of a digest in its subject"), ("", "no link of a digest in its subject"),
                ("mailreeve.r.\(id).0.\(later).\(forged)", "the link is forged"),
                ("mailreeve.r.\(id).1.\(later).\(tag)", "the link is forged"),
                ("mailreeve.r.\(id).9.\(later).\(tag)", "the link is forged"),
                (signed("r", id, 0, 1_700_000_000, "a@local.example"), "is too old"),
                (signed("r", "absent12", 0, later, "a@local.example"), "no message absent12 in the quarantine"),
            ]
            stage.hop.clear()
            for (subject, cause) in cases {
                let reply = try send(DigestStage.request(subject), to: stage.gateway.port)
                #expect(reply.code == 250 && reply.text.hasPrefix("2.0.0 Ok, release request, id="), "\(reply)")
                let line = try stage.gateway.log.wait(for: "release request from <a@local.example> ignored: ") {
                    $0.contains(" ignored: ") && $0.contains(cause)
                }
                #expect(line.contains(cause))
            }
            // Further ones of the hour are not told of, and what is right is done all the same.
            for _ in 0..<3 { #expect(try send(DigestStage.request("no"), to: stage.gateway.port).code == 250) }
            try stage.gateway.log.wait(for: "; further ones of this hour are not told of")
            #expect(stage.hop.deliveries.isEmpty)
            #expect(try send(DigestStage.request(token, from: ""), to: stage.gateway.port).code == 250)
            #expect(DigestStage.released(stage, 1) == [["a@local.example"]])
            let ignored = stage.gateway.log.lines.filter { $0.contains("release request from") }
            #expect(ignored.count == 8)
            // Who may release nothing any more releases nothing by an old link.
            stage.gateway.configuration.policies["default"]?["digest"] = "no"
            stage.gateway.configuration.settings["digests.ignored_per_hour"] = "100"
            try stage.gateway.writeConfiguration()
            try stage.gateway.reload()
            let other = signed("r", id, 1, later, "b@local.example")
            #expect(try send(DigestStage.request(other), to: stage.gateway.port).code == 250)
            try stage.gateway.log.wait(for: "ignored: the settings of <b@local.example> do not let him release \(id)")
            #expect(DigestStage.released(stage, 1) == [["a@local.example"]])
            stage.expectCleanEnd()
        }
    }

    /// What its next hop does not take now is released when the request comes again.
    @Test func aNextHopThatIsAway() async throws {
        try await Lanes.run {
            let stage = try DigestStage.stage()
            #expect(try send(DigestStage.spam(), to: stage.gateway.port).code == 250)
            stage.hop.stop()
            let away = try DigestStage.digest(stage)
            #expect(away.status == 1 && away.errorText.contains("digest: <a@local.example>: 1 messages: "), "\(away)")
            try stage.hop.start()
            #expect(try DigestStage.digest(stage).status == 0)
            let token = try #require(DigestStage.tokens(stage)["r"]?.first)
            stage.hop.stop()
            let later = try send(DigestStage.request(token), to: stage.gateway.port)
            #expect(later.code == 451, "\(later)")
            try stage.hop.start()
            stage.hop.answer { step, _, _ in step == .rcpt ? .reply("450 4.2.1 later") : .usual }
            #expect(try send(DigestStage.request(token), to: stage.gateway.port).code == 451)
            // For good: whom nothing can be sent to hears nothing.
            stage.hop.answer { step, _, _ in step == .rcpt ? .reply("550 5.1.1 nobody") : .usual }
            #expect(try send(DigestStage.request(token), to: stage.gateway.port).code == 250)
            try stage.gateway.log.wait(for: "ignored: 550 5.1.1 nobody")
            stage.hop.answer { _, _, _ in .usual }
            #expect(try send(DigestStage.request(token), to: stage.gateway.port).code == 250)
            #expect(DigestStage.released(stage, 1) == [["a@local.example"]])
        }
    }

    /// What the next hop refuses for good its reader hears of, as often as anybody is told anything.
    @Test func aReleaseThatIsRefused() async throws {
        try await Lanes.run {
            let stage = try DigestStage.stage([
                "notices.directory": "\(Programs.package)/packaging/notices", "notices.per_hour": "2",
                "recipients": "[{match: [local.example], notice_language: de}]",
            ])
            #expect(try send(DigestStage.spam(1), to: stage.gateway.port).code == 250)
            #expect(try DigestStage.digest(stage).status == 0)
            let id = try #require(stage.gateway.quarantined.first)
            let token = try #require(DigestStage.tokens(stage)["r"]?.first)
            stage.hop.clear()
            stage.hop.answer { step, _, command in
                step == .mail && command.contains("spam@example.org") ? .reply("554 5.7.1 no \u{1B}spam") : .usual
            }
            for _ in 0..<3 {
                #expect(try send(DigestStage.request(token), to: stage.gateway.port).code == 250)
            }
            try stage.gateway.log.wait(for: ") no notice to <a@local.example>: too many in this hour")
            #expect(stage.hop.deliveries.count == 2)
            let notice = try #require(stage.hop.deliveries.first)
            #expect(notice.mail.hasPrefix("FROM:<>") && notice.recipients == ["a@local.example"])
            let text = notice.notice
            #expect(text.contains("Subject: Eine angeforderte Nachricht konnte nicht zugestellt werden\r\n"), "\(text)")
            #expect(text.contains("Antwort: 554 5.7.1 no ") && text.contains("nennen Sie \(id)."), "\(text)")
            #expect(text.contains("Auto-Submitted:") && !text.contains("\u{1B}"), "\(text)")
            // It can still be had.
            stage.hop.answer { _, _, _ in .usual }
            #expect(try send(DigestStage.request(token), to: stage.gateway.port).code == 250)
            #expect(DigestStage.released(stage, 1) == [["a@local.example"]])
        }
    }

    /// The notice goes the way of the digests, wherever the listener of the request leads.
    @Test func theWayOfTheNotice() async throws {
        try await Lanes.run {
            let stage = try DigestStage.stage()
            let outside = try ScriptedNextHop(lmtp: false)
            #expect(try send(DigestStage.spam(1), to: stage.gateway.port).code == 250)
            #expect(try DigestStage.digest(stage).status == 0)
            let token = try #require(DigestStage.tokens(stage)["r"]?.first)
            stage.hop.clear()
            stage.hop.answer { step, _, command in
                step == .mail && command.contains("spam@example.org") ? .reply("554 5.7.1 no") : .usual
            }
            // The listener has another policy now; the message came under the old one.
            stage.gateway.configuration.policies["outside"] = stage.gateway.configuration.policies["default"]
            stage.gateway.configuration.policies["outside"]?["next_hops"] = "['\(outside.address)']"
            stage.gateway.configuration.listeners[0].policy = "outside"
            try stage.gateway.writeConfiguration()
            try stage.gateway.reload()
            #expect(try send(DigestStage.request(token), to: stage.gateway.port).code == 250)
            try stage.gateway.log.wait(for: "ignored: 554 5.7.1 no")
            #expect(stage.hop.deliveries.map(\.recipients) == [["a@local.example"]] && outside.deliveries.isEmpty)
        }
    }

    /// In shadow mode the address is one like any other, for whom it is a policy.
    @Test func shadow() async throws {
        try await Lanes.run {
            let stage = try DigestStage.stage()
            stage.gateway.configuration.policies["default"]?["shadow"] = "yes"
            stage.gateway.configuration.settings["recipients"] = "[{match: [other.example], shadow: no}]"
            try stage.gateway.writeConfiguration()
            try stage.gateway.reload()
            #expect(try send(DigestStage.request("hello"), to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.map(\.recipients) == [[DigestStage.address]])
            stage.gateway.configuration.settings["digests.release_address"] = "release@other.example"
            try stage.gateway.writeConfiguration()
            try stage.gateway.reload()
            let both = DigestStage.request("hello", to: ["release@other.example", DigestStage.address])
            #expect(try send(both, to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.map(\.recipients) == [[DigestStage.address], [DigestStage.address]])
            try stage.gateway.log.wait(for: "ignored: no link of a digest in its subject")
        }
    }

    /// What an administrator releases to somebody else stays in the digest of its recipient; whoever has got it is told of it no more,
    /// and his old links do not deliver it again.
    @Test func releasedByAnAdministrator() async throws {
        try await Lanes.run {
            let stage = try DigestStage.stage()
            let port = stage.gateway.port
            func release(_ arguments: String...) throws -> ToolResult {
                try runTool(
                    Programs.path("mailreeve"),
                    ["quarantine", "release", "--config", stage.gateway.disk.path + "/mailreeve.yaml"] + arguments)
            }
            #expect(try send(DigestStage.spam(1), to: port).code == 250)
            let first = try #require(stage.gateway.quarantined.first)
            #expect(try release(first, "--to", "admin@local.example").status == 0)
            #expect(try DigestStage.digest(stage).lines.count == 1)
            let token = try #require(DigestStage.tokens(stage)["r"]?.first)
            #expect(token.contains(first))
            // To him, by another of his addresses.
            #expect(try release(first, "--to", "A+x@local.example").status == 0)
            stage.hop.clear()
            #expect(try send(DigestStage.request(token), to: port).code == 250)
            try stage.gateway.log.wait(for: "ignored: \(first) was released to <a@local.example> before")
            #expect(stage.hop.deliveries.isEmpty)
            // To one of two, who is refused, then to both.
            #expect(try send(DigestStage.spam(2, to: ["b@local.example", "c@local.example"]), to: port).code == 250)
            let second = try #require(stage.gateway.quarantined.first { $0 != first })
            stage.hop.answer { step, _, command in
                step == .rcpt && command.contains("c@") ? .reply("550 5.1.1 nobody") : .usual
            }
            _ = try release(second)
            #expect(DigestStage.released(stage, 2) == [["b@local.example"]])
            stage.hop.answer { _, _, _ in .usual }
            #expect(try DigestStage.digest(stage, "--dry-run").lines.first == "<c@local.example>: 1 messages")
            #expect(try release(second).status == 0)
            #expect(try DigestStage.digest(stage).output.isEmpty)
        }
    }

    /// The two links of one message deliver it once, in either order; the second one still allows the sender.
    @Test(arguments: [["r", "a"], ["a", "r"], ["a", "a"]])
    func bothLinksOfOneMessage(_ order: [String]) async throws {
        try await Lanes.run {
            let stage = try DigestStage.stage()
            #expect(try send(DigestStage.spam(1), to: stage.gateway.port).code == 250)
            #expect(try DigestStage.digest(stage).status == 0)
            let tokens = DigestStage.tokens(stage)
            for action in order {
                let token = try #require(tokens[action]?.first)
                #expect(try send(DigestStage.request(token), to: stage.gateway.port).code == 250)
            }
            #expect(DigestStage.released(stage, 1) == [["a@local.example"]])
            try stage.gateway.log.wait(for: ") sender <spam@example.org> allowed by <a@local.example>")
            let name = "\(stage.gateway.stateDirectory)/digests/allowed_senders"
            #expect(try String(contentsOfFile: name, encoding: .utf8) == "a@local.example spam@example.org\n")
            // The line of a request stands before those that come after it.
            let line = " was released to <a@local.example> before"
            if order == ["r", "a"] {
                #expect(!stage.gateway.log.lines.contains { $0.contains(line) })
            } else {
                try stage.gateway.log.wait(for: line)
            }
        }
    }

    /// From then on the sender's mail is no spam, for this recipient's mailbox, over a restart, too.
    @Test func theSenderIsAllowed() async throws {
        try await Lanes.run {
            let stage = try DigestStage.stage(["digests.allowed_senders": "1"])
            let port = stage.gateway.port
            #expect(try send(DigestStage.spam(1, to: ["a+list@local.example"]), to: port).code == 250)
            #expect(try DigestStage.digest(stage).status == 0)
            let token = try #require(DigestStage.tokens(stage)["a"]?.first)
            #expect(try send(DigestStage.request(token), to: port).code == 250)
            #expect(DigestStage.released(stage, 1) == [["a+list@local.example"]])
            try stage.gateway.log.wait(for: ") sender <spam@example.org> allowed by <a@local.example>")
            for number in 2...3 {
                stage.hop.clear()
                #expect(
                    try send(DigestStage.spam(number, to: ["A@LOCAL.example", "b@local.example"]), to: port).code == 250
                )
                #expect(stage.hop.deliveries.map(\.recipients) == [["A@LOCAL.example"]])
                // Written a moment after the reply: the last line could be that of the message before.
                let line = try stage.gateway.log.wait(for: "the line of message \(number)") {
                    $0.contains("<number-\(number)@example.org>") && $0.contains("mail_id: ")
                }
                let id = try #require(line.firstMatch(of: #/mail_id: ([A-Za-z0-9]+)/#)?.1)
                try poll("the journal") {
                    try DigestStage.command(stage, "explain", String(id)).text.contains(
                        "the recipient's allowed_senders")
                }
                if number == 2 {
                    stage.gateway.killHard()
                    try stage.gateway.restart()
                }
            }
            let said = try DigestStage.command(
                stage, "config", "explain", "--recipient", "a@local.example",
                "--sender", "spam@example.org")
            #expect(said.text.contains("sender: allowed by the recipient"), "\(said)")
            let name = "\(stage.gateway.stateDirectory)/digests/allowed_senders"
            #expect(try String(contentsOfFile: name, encoding: .utf8) == "a@local.example spam@example.org\n")
        }
    }
}
