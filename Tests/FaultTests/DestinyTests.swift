import Foundation
import TestSupport
import Testing

/// Every category with every destiny, by SMTP and LMTP, after and before the queue, for one recipient and beside another who
/// gets the message: replies, deliveries, copies and notices are what docs/POLICY.md says.
@Suite struct DestinyTests {
    /// One way to make a message of a category.
    struct Sample: Sendable {
        var category: String
        /// Fields for the inspector that is told what to report.
        var fields = ""
        var sender = "sender@example.org"
        var size = 300
        /// In the words of the reply behind the `id=`.
        var reason: String
        var code = 554
        var status = "7.0"
    }

    static let samples = [
        Sample(category: "infected", fields: "virus Eicar-Test-Signature", reason: "INFECTED: Eicar-Test-Signature"),
        Sample(category: "banned", fields: "banned run.exe", reason: "BANNED"),
        Sample(category: "unchecked", fields: "unchecked encrypted", reason: "UNCHECKED: encrypted"),
        Sample(category: "spam", sender: "spam@example.org", reason: "spam"),
        Sample(category: "spammy", sender: "spammy@example.org", reason: "spam"),
        Sample(category: "bad-header", fields: "bad-header syntax", reason: "BAD HEADER: dictated", status: "6.0"),
        Sample(
            category: "oversized", size: 3000, reason: "Message size exceeds recipient's size limit", code: 552,
            status: "3.4"),
    ]

    static let destinies = [
        "pass", "discard", "bounce", "reject", "tempfail", "quarantine", "quarantine-and-pass", "quarantine-and-bounce",
        "quarantine-and-reject",
    ]

    /// A gateway with a listener after and one before the queue, and a domain for each destiny.
    private static func stage() throws -> Stage {
        try Stage(inspector: "lying-inspector") { configuration in
            configuration.settings["clamav.test_database"] = "/lie/dictated"
            configuration.listeners.append(GatewayConfiguration.Listener(port: try Ports.free(), beforeQueue: true))
            configuration.policies["default"]?["sender_points"] = "[\"spam@example.org 12\", \"spammy@example.org 6\"]"
            configuration.policies["default"]?["levels"] = "{tag2: 5, kill: 10, dsn_cutoff: null}"
            let entries = destinies.map { destiny in
                var keys = ["match: [\(destiny).example]", "size_limit: 2000", "unchecked: {encrypted: \(destiny)}"]
                keys += ["infected", "banned", "spam", "spammy", "bad_header", "oversized"].map { "\($0): \(destiny)" }
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
        case "pass", "quarantine-and-pass":
            return Expected(
                reply: { $0.hasPrefix("250 2.0.0 from MTA(smtp:[127.0.0.1]:") }, isDelivered: true,
                isKept: destiny != "pass")
        case "discard": return Expected(reply: starts("250 2.\(sample.status) Ok, discarded"))
        case "quarantine": return Expected(reply: starts("250 2.\(sample.status) Ok, quarantined"))
        case "tempfail": return Expected(reply: starts("450 4.\(sample.status) Temporary failure"), isKept: false)
        case "reject", "quarantine-and-reject":
            return Expected(reply: starts("\(sample.code) 5.\(sample.status) Reject"))
        default:
            let head = "250 2.5.0 Ok <\(recipient)>, DSN was sent (\(sample.code) 5.\(sample.status) Bounce, id="
            return Expected(reply: { $0.hasPrefix(head) && $0.hasSuffix(reason + ")") }, isNotified: true)
        }
    }

    @Test(arguments: [false, true])
    func everyCombination(lmtp: Bool) async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            var number = 0
            for listener in stage.gateway.configuration.listeners {
                for sample in Self.samples {
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

    private static func check(
        _ stage: Stage, _ port: Int, _ sample: Sample, _ destiny: String, _ isMixed: Bool, lmtp: Bool, _ number: Int
    ) throws {
        stage.hop.clear()
        let recipient = "r@\(destiny).example"
        let other = "other@pass.example"
        var mail = Mail(
            from: sample.sender, to: isMixed ? [other, recipient] : [recipient],
            text: (sample.fields.isEmpty ? "" : "X-Report: \(sample.fields)\n")
                + "From: \(sample.sender)\nSubject: \(number)\nMessage-ID: <n\(number)@example.org>\n\n"
                + String(repeating: "0123456789\n", count: sample.size / 11))
        mail.parameters = ""
        let final = try sendAll(mail, to: port, lmtp: lmtp).final.map(\.description)
        let line = try stage.gateway.log.wait(for: "Message-ID: <n\(number)@example.org>")
        let what = Comment(rawValue: "\(sample.category) \(destiny) mixed=\(isMixed) lmtp=\(lmtp): \(final) \(line)")
        var expected = expected(sample, destiny, recipient)
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
                    "quarantine-and-bounce": "1 BOUNCE",
                ]
                switch destiny {
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
        #expect(notices.count == (expected.isNotified ? 1 : 0), what)
        #expect(notices.allSatisfy { $0.recipients == [sample.sender] }, what)
        if let notice = notices.first {
            let text = String(decoding: notice.content, as: UTF8.self)
            #expect(text.contains("Final-Recipient: rfc822; \(recipient)\r\n") && !text.contains(other), what)
        }
        #expect(line.contains(", quarantine: ") == expected.isKept, what)
    }
}
