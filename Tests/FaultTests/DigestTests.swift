import Digests
import Foundation
import Glibc
import TestSupport
import Testing

/// Digests from the command to the mail that a link makes, with everything that may go wrong on the way.
@Suite struct DigestTests {
    private static let address = "release@local.example"

    private static func stage(lmtp: Bool = false, _ settings: [String: String] = [:]) throws -> Stage {
        try Stage(lmtp: lmtp) { configuration in
            configuration.settings["local_domains"] = "[local.example]"
            configuration.settings["digests.release_address"] = address
            configuration.settings.merge(settings) { $1 }
            configuration.policies["default"]?["deny_senders"] = "[spam@example.org]"
            configuration.policies["default"]?["spam"] = "quarantine"
            configuration.policies["default"]?["digest"] = "yes"
        }
    }

    private static func spam(_ number: Int = 1, to recipients: [String] = ["a@local.example"]) -> Mail {
        var mail = Mail.clean(number, to: recipients)
        mail.sender = "spam@example.org"
        return mail
    }

    private static func digest(_ stage: Stage, _ arguments: String...) throws -> ToolResult {
        try runTool(
            Programs.path("mailreeve"),
            ["quarantine", "digest", "--config", stage.gateway.disk.path + "/mailreeve.yaml"] + arguments)
    }

    /// The tokens of a digest, by their actions.
    private static func tokens(_ stage: Stage, for recipient: String = "a@local.example") -> [String: [String]] {
        let letters = stage.hop.deliveries.filter { $0.mail.hasPrefix("FROM:<>") && $0.recipients == [recipient] }
        let text = letters.map { String(decoding: $0.content, as: UTF8.self) }.joined()
        let all = text.matches(of: #/\?subject=(mailreeve\.([ra])\.[A-Za-z0-9.]+)>/#)
        return Dictionary(grouping: all, by: { String($0.2) }).mapValues { $0.map { String($0.1) } }
    }

    private static func request(
        _ token: String, to recipients: [String] = [address], from sender: String = "a@local.example"
    ) -> Mail {
        Mail(from: sender, to: recipients, text: "From: a@b\nSubject: \(token)\n\nwhatever X5O!\n")
    }

    private static func released(_ stage: Stage, _ number: Int) -> [[String]] {
        stage.hop.deliveries.filter { delivery in
            // A mark stands on top.
            delivery.mail.hasPrefix("FROM:<spam@example.org>")
                && delivery.content.suffix(spam(number).content.count) == spam(number).content[...]
        }.map(\.recipients)
    }

    @Test(arguments: [false, true])
    func fromTheCommandToTheRelease(lmtp: Bool) async throws {
        try await Lanes.run {
            let stage = try Self.stage(lmtp: lmtp)
            let port = stage.gateway.port
            func final(_ mail: Mail) throws -> [MailReply] { try sendAll(mail, to: port, lmtp: lmtp).final }
            _ = try final(Self.spam(1, to: ["a@local.example", "b@local.example", "c@foreign.example"]))
            let id = try #require(stage.gateway.quarantined.first)
            _ = try final(Self.spam(2))
            #expect(stage.gateway.quarantined.count == 2 && stage.hop.deliveries.isEmpty)
            // Shown, nothing is sent and nothing remembered.
            let shown = try Self.digest(stage, "--dry-run")
            #expect(shown.status == 0 && shown.lines.count == 5 && stage.hop.deliveries.isEmpty, "\(shown)")
            #expect(shown.lines[0] == "<a@local.example>: 2 messages", "\(shown)")
            let sent = try Self.digest(stage)
            #expect(sent.status == 0 && sent.lines.count == 2, "\(sent)")
            #expect(stage.hop.deliveries.map(\.recipients) == [["a@local.example"], ["b@local.example"]])
            // What was told of is not told of again, unless somebody wants it.
            for _ in 0..<3 {
                let again = try Self.digest(stage)
                #expect(again.status == 0 && again.output.isEmpty && stage.hop.deliveries.count == 2, "\(again)")
            }
            #expect(try Self.digest(stage, "--since", "1h", "--dry-run").lines.count == 5)

            let tokens = Self.tokens(stage)
            #expect(tokens["r"]?.count == 2 && tokens["a"]?.count == 2)
            let token = try #require(tokens["r"]?.first { $0.contains(id) })
            // With another recipient, who gets the mail as any, and the request does not.
            let both = try final(Self.request("Re: \(token)", to: ["d@local.example", Self.address]))
            #expect(both.allSatisfy { $0.code == 250 } && both.count == (lmtp ? 2 : 1), "\(both)")
            #expect(Self.released(stage, 1) == [["a@local.example"]])
            #expect(stage.hop.deliveries.filter { $0.recipients == ["d@local.example"] }.count == 1)
            #expect(!stage.hop.deliveries.contains { $0.recipients.contains(Self.address) })
            let line = try stage.gateway.log.wait(for: ") Quarantined message release: \(id) <spam@example.org> -> ")
            #expect(line.contains("<a@local.example>, requested by <a@local.example> by a digest"), "\(line)")
            try poll("the journal") {
                try command(stage, "explain", id).text.contains(
                    "requested by <a@local.example> by a digest")
            }
            // Once, whoever sends it again.
            for _ in 0..<2 { #expect(try final(Self.request(token)).allSatisfy { $0.code == 250 }) }
            try stage.gateway.log.wait(for: "ignored: \(id) was released to <a@local.example> before")
            #expect(Self.released(stage, 1) == [["a@local.example"]])
            // The other recipient has his own, which does not serve the first.
            let other = try #require(Self.tokens(stage, for: "b@local.example")["r"]?.first)
            #expect(try final(Self.request(other)).allSatisfy { $0.code == 250 })
            #expect(Self.released(stage, 1) == [["a@local.example"], ["b@local.example"]])
            stage.expectCleanEnd()
        }
    }

    /// Whatever somebody makes of a link, it is ignored, and never bounced or delivered.
    @Test func wrongRequestsAreIgnored() async throws {
        try await Lanes.run {
            let stage = try Self.stage(["digests.ignored_per_hour": "8"])
            #expect(
                try send(Self.spam(1, to: ["a@local.example", "b@local.example"]), to: stage.gateway.port).code == 250)
            #expect(try Self.digest(stage).status == 0)
            let token = try #require(Self.tokens(stage)["r"]?.first)
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
                let reply = try send(Self.request(subject), to: stage.gateway.port)
                #expect(reply.code == 250 && reply.text.hasPrefix("2.0.0 Ok, release request, id="), "\(reply)")
                let line = try stage.gateway.log.wait(for: "release request from <a@local.example> ignored: ") {
                    $0.contains(" ignored: ") && $0.contains(cause)
                }
                #expect(line.contains(cause))
            }
            // Further ones of the hour are not told of, and what is right is done all the same.
            for _ in 0..<3 { #expect(try send(Self.request("no"), to: stage.gateway.port).code == 250) }
            try stage.gateway.log.wait(for: "; further ones of this hour are not told of")
            #expect(stage.hop.deliveries.isEmpty)
            #expect(try send(Self.request(token, from: ""), to: stage.gateway.port).code == 250)
            #expect(Self.released(stage, 1) == [["a@local.example"]])
            let ignored = stage.gateway.log.lines.filter { $0.contains("release request from") }
            #expect(ignored.count == 8)
            // Who may release nothing any more releases nothing by an old link.
            stage.gateway.configuration.policies["default"]?["digest"] = "no"
            stage.gateway.configuration.settings["digests.ignored_per_hour"] = "100"
            try stage.gateway.writeConfiguration()
            try stage.gateway.reload()
            let other = signed("r", id, 1, later, "b@local.example")
            #expect(try send(Self.request(other), to: stage.gateway.port).code == 250)
            try stage.gateway.log.wait(for: "ignored: the settings of <b@local.example> do not let him release \(id)")
            #expect(Self.released(stage, 1) == [["a@local.example"]])
            stage.expectCleanEnd()
        }
    }

    /// What its next hop does not take now is released when the request comes again.
    @Test func aNextHopThatIsAway() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            #expect(try send(Self.spam(), to: stage.gateway.port).code == 250)
            stage.hop.stop()
            let away = try Self.digest(stage)
            #expect(away.status == 1 && away.errorText.contains("digest: <a@local.example>: 1 messages: "), "\(away)")
            try stage.hop.start()
            #expect(try Self.digest(stage).status == 0)
            let token = try #require(Self.tokens(stage)["r"]?.first)
            stage.hop.stop()
            let later = try send(Self.request(token), to: stage.gateway.port)
            #expect(later.code == 451, "\(later)")
            try stage.hop.start()
            stage.hop.answer { step, _, _ in step == .rcpt ? .reply("450 4.2.1 later") : .usual }
            #expect(try send(Self.request(token), to: stage.gateway.port).code == 451)
            // For good: nobody is told but the log.
            stage.hop.answer { step, _, _ in step == .rcpt ? .reply("550 5.1.1 nobody") : .usual }
            #expect(try send(Self.request(token), to: stage.gateway.port).code == 250)
            try stage.gateway.log.wait(for: "ignored: 550 5.1.1 nobody")
            stage.hop.answer { _, _, _ in .usual }
            #expect(try send(Self.request(token), to: stage.gateway.port).code == 250)
            #expect(Self.released(stage, 1) == [["a@local.example"]])
        }
    }

    /// In shadow mode the address is one like any other, for whom it is a policy.
    @Test func shadow() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            stage.gateway.configuration.policies["default"]?["shadow"] = "yes"
            stage.gateway.configuration.settings["recipients"] = "[{match: [other.example], shadow: no}]"
            try stage.gateway.writeConfiguration()
            try stage.gateway.reload()
            #expect(try send(Self.request("hello"), to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.map(\.recipients) == [[Self.address]])
            stage.gateway.configuration.settings["digests.release_address"] = "release@other.example"
            try stage.gateway.writeConfiguration()
            try stage.gateway.reload()
            let both = Self.request("hello", to: ["release@other.example", Self.address])
            #expect(try send(both, to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.map(\.recipients) == [[Self.address], [Self.address]])
            try stage.gateway.log.wait(for: "ignored: no link of a digest in its subject")
        }
    }

    /// What an administrator releases to somebody else stays in the digest of its recipient; whoever has got it is told of it no more,
    /// and his old links do not deliver it again.
    @Test func releasedByAnAdministrator() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            let port = stage.gateway.port
            func release(_ arguments: String...) throws -> ToolResult {
                try runTool(
                    Programs.path("mailreeve"),
                    ["quarantine", "release", "--config", stage.gateway.disk.path + "/mailreeve.yaml"] + arguments)
            }
            #expect(try send(Self.spam(1), to: port).code == 250)
            let first = try #require(stage.gateway.quarantined.first)
            #expect(try release(first, "--to", "admin@local.example").status == 0)
            #expect(try Self.digest(stage).lines.count == 1)
            let token = try #require(Self.tokens(stage)["r"]?.first)
            #expect(token.contains(first))
            // To him, by another of his addresses.
            #expect(try release(first, "--to", "A+x@local.example").status == 0)
            stage.hop.clear()
            #expect(try send(Self.request(token), to: port).code == 250)
            try stage.gateway.log.wait(for: "ignored: \(first) was released to <a@local.example> before")
            #expect(stage.hop.deliveries.isEmpty)
            // To one of two, who is refused, then to both.
            #expect(try send(Self.spam(2, to: ["b@local.example", "c@local.example"]), to: port).code == 250)
            let second = try #require(stage.gateway.quarantined.first { $0 != first })
            stage.hop.answer { step, _, command in
                step == .rcpt && command.contains("c@") ? .reply("550 5.1.1 nobody") : .usual
            }
            _ = try release(second)
            #expect(Self.released(stage, 2) == [["b@local.example"]])
            stage.hop.answer { _, _, _ in .usual }
            #expect(try Self.digest(stage, "--dry-run").lines.first == "<c@local.example>: 1 messages")
            #expect(try release(second).status == 0)
            #expect(try Self.digest(stage).output.isEmpty)
        }
    }

    /// The two links of one message deliver it once, in either order; the second one still allows the sender.
    @Test(arguments: [["r", "a"], ["a", "r"], ["a", "a"]])
    func bothLinksOfOneMessage(_ order: [String]) async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            #expect(try send(Self.spam(1), to: stage.gateway.port).code == 250)
            #expect(try Self.digest(stage).status == 0)
            let tokens = Self.tokens(stage)
            for action in order {
                let token = try #require(tokens[action]?.first)
                #expect(try send(Self.request(token), to: stage.gateway.port).code == 250)
            }
            #expect(Self.released(stage, 1) == [["a@local.example"]])
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

    /// One full mailbox keeps nobody else from being told; when it has room its owner is told of all that he missed.
    @Test func aFullMailbox() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            let port = stage.gateway.port
            func told() -> [String] { stage.hop.deliveries.flatMap(\.recipients) }
            stage.hop.answer { step, _, command in
                step == .rcpt && command.contains("full@") ? .reply("452 4.2.2 mailbox full") : .usual
            }
            #expect(try send(Self.spam(1, to: ["a@local.example", "full@local.example"]), to: port).code == 250)
            #expect(try Self.digest(stage).status == 1)
            #expect(told() == ["a@local.example"])
            #expect(try send(Self.spam(2, to: ["a@local.example", "b@local.example"]), to: port).code == 250)
            #expect(try send(Self.spam(3, to: ["full@local.example"]), to: port).code == 250)
            let next = try Self.digest(stage)
            #expect(next.status == 1 && next.text.contains("<full@local.example>: 2 messages: 452 4.2.2 mailbox full"))
            #expect(told() == ["a@local.example", "a@local.example", "b@local.example"])
            stage.hop.answer { _, _, _ in .usual }
            #expect(try Self.digest(stage, "--dry-run").lines.count == 3)
            let last = try Self.digest(stage)
            #expect(last.status == 0 && last.lines.count == 1, "\(last)")
            #expect(told().dropFirst(3) == ["full@local.example"])
            #expect(Self.tokens(stage, for: "full@local.example")["r"]?.count == 2)
            #expect(try Self.digest(stage).output.isEmpty)
            // Refused for good, nobody asks again.
            stage.hop.answer { step, _, command in
                step == .rcpt && command.contains("full@") ? .reply("550 5.1.1 nobody") : .usual
            }
            #expect(try send(Self.spam(4, to: ["full@local.example"]), to: port).code == 250)
            #expect(try Self.digest(stage).status == 0)
            #expect(try Self.digest(stage).output.isEmpty)
        }
    }

    /// From then on the sender's mail is no spam, for this recipient, over a restart, too.
    @Test func theSenderIsAllowed() async throws {
        try await Lanes.run {
            let stage = try Self.stage(["digests.allowed_senders": "1"])
            let port = stage.gateway.port
            #expect(try send(Self.spam(1), to: port).code == 250)
            #expect(try Self.digest(stage).status == 0)
            let token = try #require(Self.tokens(stage)["a"]?.first)
            #expect(try send(Self.request(token), to: port).code == 250)
            #expect(Self.released(stage, 1) == [["a@local.example"]])
            try stage.gateway.log.wait(for: ") sender <spam@example.org> allowed by <a@local.example>")
            for number in 2...3 {
                stage.hop.clear()
                #expect(try send(Self.spam(number, to: ["A@LOCAL.example", "b@local.example"]), to: port).code == 250)
                #expect(stage.hop.deliveries.map(\.recipients) == [["A@LOCAL.example"]])
                let id = try #require(stage.gateway.messageLines.last?.firstMatch(of: #/mail_id: ([A-Za-z0-9]+)/#)?.1)
                try poll("the journal") {
                    try command(stage, "explain", String(id)).text.contains(
                        "the recipient's allowed_senders")
                }
                if number == 2 {
                    stage.gateway.killHard()
                    try stage.gateway.restart()
                }
            }
            let said = try command(
                stage, "config", "explain", "--recipient", "a@local.example",
                "--sender", "spam@example.org")
            #expect(said.text.contains("sender: allowed by the recipient"), "\(said)")
            let name = "\(stage.gateway.stateDirectory)/digests/allowed_senders"
            #expect(try String(contentsOfFile: name, encoding: .utf8) == "a@local.example spam@example.org\n")
        }
    }

    /// Killed between two recipients, a digest is gone on with: the one who has his gets no other, nobody gets none.
    @Test func killedOnItsWay() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            let recipients = (0..<4).map { "u\($0)@local.example" }
            #expect(try send(Self.spam(1, to: recipients), to: stage.gateway.port).code == 250)
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
            #expect(try send(Self.spam(2, to: ["u0@local.example"]), to: stage.gateway.port).code == 250)
            stage.hop.answer { _, _, _ in .usual }
            let rest = try Self.digest(stage)
            #expect(rest.status == 0 && rest.lines.count == 3, "\(rest)")
            #expect(
                stage.hop.deliveries.map { $0.recipients[0] } == recipients + ["u0@local.example"],
                "\(stage.hop.deliveries.map(\.recipients))")
            #expect(try Self.digest(stage).output.isEmpty)
            // Killed before its line was written, somebody is told twice.
            let told = "\(stage.gateway.stateDirectory)/digests/told"
            try FileManager.default.removeItem(atPath: told)
            #expect(try Self.digest(stage).lines.count == 4)
        }
    }
}

/// A command with the configuration of a gateway.
private func command(_ stage: Stage, _ arguments: String...) throws -> ToolResult {
    try runTool(Programs.path("mailreeve"), arguments + ["--config", stage.gateway.disk.path + "/mailreeve.yaml"])
}

/// Letters that a next hop has taken.
private func stageCount(_ hop: ScriptedNextHop, from sender: String) -> Int {
    hop.deliveries.filter { $0.mail.hasPrefix(sender) }.count
}
