import Foundation
import TestSupport
import Testing

/// Every category with every destiny, by SMTP and LMTP, after and before the queue, for one recipient and beside another who
/// gets the message: replies, deliveries, copies and notices are what docs/POLICY.md says.
@Suite struct DestinyTests {
    /// One way to make a message of a category.
    struct Sample: Sendable {
        var category: String
        /// Lines of the header.
        var fields = ""
        var sender = "sender@example.org"
        var size = 300
        /// The body; empty for `size` octets of text.
        var body = ""
        /// In the words of the reply behind the `id=`.
        var reason: String
        var code = 554
        var status = "7.0"
        /// What the client hears of a refusal; nil for the usual words.
        var refusal: String?
        /// A part can be taken out.
        var isStrippable = false
    }

    /// For the inspector that is told what to report.
    static let dictated = [
        Sample(
            category: "infected", fields: "X-Report: virus Eicar-Test-Signature\n",
            reason: "INFECTED: Eicar-Test-Signature"),
        Sample(category: "banned", fields: "X-Report: banned run.exe\n", reason: "BANNED"),
        Sample(category: "unchecked", fields: "X-Report: unchecked encrypted\n", reason: "UNCHECKED: encrypted"),
        Sample(category: "spam", sender: "spam@example.org", reason: "spam"),
        Sample(category: "spammy", sender: "spammy@example.org", reason: "spam"),
        Sample(
            category: "bad-header", fields: "X-Report: bad-header syntax\n", reason: "BAD HEADER: dictated",
            status: "6.0"),
        Sample(
            category: "oversized", size: 3000, reason: "Message size exceeds recipient's size limit", code: 552,
            status: "3.4"),
    ]

    /// For the inspector as it is.
    static let found = [
        Sample(
            category: "rule", fields: "X-Rule: reject\n", reason: "RULE: not here", refusal: "550 5.7.1 not here"),
        Sample(
            category: "banned", fields: "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n",
            body: "--b\n\ntext\n--b\nContent-Type: application/octet-stream; name=run.exe\n\n\(program)\n--b--\n",
            reason: "BANNED: program for Windows:application/octet-stream,.asc,run.exe in part 1.2", isStrippable: true),
    ]
    private static let program = "the program"

    static let destinies = [
        "pass", "discard", "bounce", "reject", "tempfail", "quarantine", "quarantine-and-pass", "quarantine-and-bounce",
        "quarantine-and-reject", "strip",
    ]

    /// A gateway with a listener after and one before the queue, and a domain for each destiny.
    private static func stage(isDictated: Bool) throws -> Stage {
        try Stage(inspector: isDictated ? "lying-inspector" : "mailreeve-inspector") { configuration in
            if isDictated { configuration.settings["clamav.test_database"] = "/lie/dictated" }
            configuration.settings["header_checks"] = "\"pcre:{{/^X-Rule: reject/ REJECT 5.7.1 not here}}\""
            configuration.listeners.append(GatewayConfiguration.Listener(port: try Ports.free(), beforeQueue: true))
            configuration.policies["default"]?["sender_points"] = "[\"spam@example.org 12\", \"spammy@example.org 6\"]"
            configuration.policies["default"]?["levels"] = "{tag2: 5, kill: 10, dsn_cutoff: null}"
            let entries = destinies.map { destiny in
                var keys = ["match: [\(destiny).example]", "size_limit: 2000", "unchecked: {encrypted: \(destiny)}"]
                keys += ["infected", "banned", "rule", "spam", "spammy", "bad_header", "oversized"].map {
                    "\($0): \(destiny)"
                }
                return "{\(keys.joined(separator: ", "))}"
            }
            configuration.settings["recipients"] = "[\(entries.joined(separator: ", "))]"
        }
    }

    private struct Expected {
        var reply: (String) -> Bool
        var isDelivered = false
        var isKept = true
        var isNotified = false
    }

    /// For the only recipient, and over LMTP for each.
    private static func expected(_ sample: Sample, _ destiny: String, _ recipient: String) -> Expected {
        let tail = ", id="
        let reason = " - \(sample.reason)"
        func starts(_ head: String) -> (String) -> Bool {
            { $0.hasPrefix(head + tail) && $0.hasSuffix(reason) }
        }
        switch destiny {
        case "strip" where sample.isStrippable:
            return Expected(reply: { $0.hasPrefix("250 2.0.0 from MTA(smtp:[127.0.0.1]:") }, isDelivered: true)
        case "pass", "quarantine-and-pass":
            return Expected(
                reply: { $0.hasPrefix("250 2.0.0 from MTA(smtp:[127.0.0.1]:") }, isDelivered: true,
                isKept: destiny != "pass")
        case "discard": return Expected(reply: starts("250 2.\(sample.status) Ok, discarded"))
        case "quarantine", "strip": return Expected(reply: starts("250 2.\(sample.status) Ok, quarantined"))
        case "tempfail": return Expected(reply: starts("450 4.\(sample.status) Temporary failure"), isKept: false)
        case "reject", "quarantine-and-reject":
            guard let refusal = sample.refusal else {
                return Expected(reply: starts("\(sample.code) 5.\(sample.status) Reject"))
            }
            // A rule that refuses says its own words, and wants a copy only where the destiny names one.
            return Expected(reply: { $0 == refusal }, isKept: destiny != "reject")
        default:
            let head = "250 2.5.0 Ok <\(recipient)>, DSN was sent (\(sample.code) 5.\(sample.status) Bounce, id="
            return Expected(
                reply: { $0.hasPrefix(head) && $0.hasSuffix(reason + ")") }, isNotified: true)
        }
    }

    @Test(arguments: [false, true], [false, true])
    func everyCombination(lmtp: Bool, isDictated: Bool) async throws {
        try await Lanes.run {
            let stage = try Self.stage(isDictated: isDictated)
            var number = 0
            for listener in stage.gateway.configuration.listeners {
                for sample in isDictated ? Self.dictated : Self.found {
                    for destiny in Self.destinies {
                        for isMixed in [false, true] {
                            number += 1
                            try Self.check(stage, listener.port, sample, destiny, isMixed, lmtp: lmtp, number)
                        }
                    }
                }
            }
            stage.expectCleanEnd()
        }
    }

    /// A try that ends with 4xx for everybody leaves no copy; the one that ends with 250 leaves one.
    @Test(arguments: [false, true])
    func copiesOfTriesThatFail(lmtp: Bool) async throws {
        try await Lanes.run {
            let stage = try Stage(inspector: "lying-inspector") {
                $0.settings["clamav.test_database"] = "/lie/dictated"
                $0.policies["default"]?["infected"] = "quarantine-and-pass"
            }
            let mail = Mail(
                to: ["a@example.net", "b@example.net"],
                text: "X-Report: virus Eicar-Test-Signature\nFrom: s@example.org\nSubject: copies\n\ntext\n")
            stage.hop.answer { step, _, _ in step == .dot ? .reply("450 4.2.0 later") : .usual }
            for _ in 0..<3 {
                let final = try sendAll(mail, to: stage.gateway.port, lmtp: lmtp).final
                #expect(final.count == (lmtp ? 2 : 1) && final.allSatisfy(\.isTemporary), "\(final)")
            }
            #expect(stage.gateway.quarantined.isEmpty)
            stage.hop.answer { _, _, _ in .usual }
            let final = try sendAll(mail, to: stage.gateway.port, lmtp: lmtp).final
            #expect(final.allSatisfy { $0.code == 250 }, "\(final)")
            #expect(stage.gateway.quarantined.count == 1 && stage.hop.deliveries.count == 1)
            stage.expectCleanEnd()
        }
    }

    /// Mail that went round is refused for good, or for now, and called neither clean nor unchecked.
    @Test(arguments: [false, true])
    func loops(isSoft: Bool) async throws {
        try await Lanes.run {
            let stage = try Stage { $0.policies["default"]?["soft_bounce"] = isSoft ? "yes" : "no" }
            let trace = String(repeating: "Received: from a by b; date\n", count: 51)
            let reply = try send(Mail(text: trace + "Subject: loop\n\ntext\n"), to: stage.gateway.port)
            #expect(
                reply.description.hasPrefix(isSoft ? "450 4.4.6 Reject (soft_bounce), id=" : "554 5.4.6 Reject, id="))
            let line = try stage.gateway.log.wait(for: ") Blocked OTHER {\(isSoft ? "TempFailed" : "Rejected")Inbound}")
            #expect(line.contains(", Hits: -, ") && line.contains("cause: mail loop: 51 Received fields"), "\(line)")
            #expect(stage.hop.deliveries.isEmpty)
        }
    }

    /// Mail that comes back to us is noticed long before all its hops are too many.
    @Test func ownLoops() async throws {
        try await Lanes.run {
            let stage = try Stage { $0.settings["limits.own_hop_count"] = "3" }
            var mail = Mail.clean(1)
            for round in 0..<4 {
                stage.hop.clear()
                #expect(try send(mail, to: stage.gateway.port).code == 250, "\(round)")
                mail.content = try #require(stage.hop.deliveries.first?.content)
            }
            let reply = try send(mail, to: stage.gateway.port)
            #expect(reply.description.hasPrefix("554 5.4.6 Reject, id="), "\(reply)")
            #expect(reply.text.contains("mail loop: 4 Received fields of mailreeve"), "\(reply)")
        }
    }

    private static func check(
        _ stage: Stage, _ port: Int, _ sample: Sample, _ destiny: String, _ isMixed: Bool, lmtp: Bool, _ number: Int
    ) throws {
        stage.hop.clear()
        let recipient = "r@\(destiny).example"
        let other = "other@pass.example"
        var mail = Mail(
            from: sample.sender, to: isMixed ? [other, recipient] : [recipient],
            text: sample.fields
                + "From: \(sample.sender)\nSubject: \(number)\nDate: Thu, 6 Mar 2025 07:05:30 +0000\n"
                + "Message-ID: <n\(number)@example.org>\n\n"
                + (sample.body.isEmpty ? String(repeating: "0123456789\n", count: sample.size / 11) : sample.body))
        mail.parameters = ""
        let final = try sendAll(mail, to: port, lmtp: lmtp).final.map(\.description)
        var expected = expected(sample, destiny, recipient)
        // One line for those who got it, one for those who did not.
        let isSplit = isMixed && !expected.isDelivered && (lmtp || destiny != "tempfail")
        var lines: [String] = []
        try poll("the lines of message \(number)") {
            lines = stage.gateway.messageLines.filter { $0.contains("Message-ID: <n\(number)@example.org>") }
            return lines.count >= (isSplit ? 2 : 1)
        }
        let what = Comment(rawValue: "\(sample.category) \(destiny) mixed=\(isMixed) lmtp=\(lmtp): \(final) \(lines)")
        let passed = lines.filter { $0.contains(") Passed ") }
        #expect(lines.count == (isSplit ? 2 : 1) && passed.count == (isSplit || expected.isDelivered ? 1 : 0), what)
        #expect(passed.allSatisfy { $0.contains("{RelayedInbound") } && lines.last?.contains(recipient) ?? false, what)
        var delivered = expected.isDelivered ? [recipient] : []
        if isMixed {
            let isHeldBack = !lmtp && destiny == "tempfail"
            if !isHeldBack { delivered.insert(other, at: 0) }
            if lmtp {
                #expect(final.count == 2 && Self.expected(sample, "pass", other).reply(final[0]), what)
                #expect(final.count == 2 && expected.reply(final[1]), what)
            } else {
                let words = [
                    "discard": "1 DISCARD", "quarantine": "1 DISCARD", "bounce": "1 BOUNCE",
                    "quarantine-and-bounce": "1 BOUNCE", "strip": "1 DISCARD",
                ]
                switch destiny {
                case "strip" where sample.isStrippable: #expect(final.count == 1 && expected.reply(final[0]), what)
                case "tempfail": #expect(final.count == 1 && expected.reply(final[0]), what)
                case "pass", "quarantine-and-pass": #expect(final.count == 1 && expected.reply(final[0]), what)
                default:
                    let word = words[destiny] ?? "1 REJECT"
                    #expect(final.count == 1 && final[0].hasPrefix("250 2.0.0 from MTA("), what)
                    #expect(final.first?.hasSuffix(", but \(word)") ?? false, what)
                    // The client cannot tell the sender of one who is refused while it hears 250.
                    expected.isNotified = expected.isNotified || word == "1 REJECT"
                }
            }
        } else {
            #expect(final.count == 1 && expected.reply(final[0]), what)
        }
        let deliveries = stage.hop.deliveries
        let notices = deliveries.filter { $0.mail.hasPrefix("FROM:<>") }
        #expect(
            deliveries.filter { !$0.mail.hasPrefix("FROM:<>") }.flatMap(\.recipients).sorted() == delivered.sorted(),
            what)
        // Whoever gets it without a part gets all else; the others get it whole.
        for delivery in deliveries where sample.isStrippable && !delivery.mail.hasPrefix("FROM:<>") {
            let text = String(decoding: delivery.content, as: UTF8.self)
            let isWhole = !delivery.recipients.contains("r@strip.example")
            #expect(text.contains(Self.program) == isWhole && text.contains("\r\n\r\ntext\r\n"), what)
        }
        #expect(notices.count == (expected.isNotified ? 1 : 0), what)
        #expect(notices.allSatisfy { $0.recipients == [sample.sender] }, what)
        if let notice = notices.first {
            let text = String(decoding: notice.content, as: UTF8.self)
            #expect(text.contains("Final-Recipient: rfc822; \(recipient)\r\n") && !text.contains(other), what)
        }
        #expect(lines.last?.contains(", quarantine: ") == expected.isKept, what)
    }
}
