import Foundation
import TestSupport
import Testing

/// Replies in the site's own words: for whom, with which facts, and well-formed whatever mail puts into them.
@Suite struct ReplyWordsTests {
    private static func stage(_ texts: String, _ keys: [String: String] = [:]) throws -> Stage {
        try Stage(inspector: "lying-inspector") { configuration in
            configuration.settings["clamav.test_database"] = "/lie/dictated"
            configuration.policies["default"]?["reply_texts"] = "{infected: [\(texts)]}"
            configuration.policies["default"]?["infected"] = "reject"
            configuration.policies["default"]?.merge(keys) { $1 }
            configuration.settings["recipients"] =
                "[{match: [other.example], reply_texts: {infected: ['not for ${recipients}']}}, {match: [plain.example], reply_texts: {infected: []}}]"
        }
    }

    private static func mail(_ subject: String = "s", to recipients: [String] = ["r@local.example"]) -> Mail {
        Mail(to: recipients, text: "X-Report: virus Eicar-Test\nFrom: a@b\nSubject: \(subject)\n\nbody\n")
    }

    @Test func severalLines() async throws {
        try await Lanes.run {
            let stage = try Self.stage("'${reason}', 'from ${sender} to ${recipients}: ${subject}', 'copy ${mail_id}'")
            let reply = try send(Self.mail(), to: stage.gateway.port)
            #expect(reply.lines.count == 3, "\(reply)")
            #expect(
                reply.lines[0].hasPrefix("554-5.7.0 Reject, id=") && reply.lines[0].hasSuffix("INFECTED: Eicar-Test"))
            #expect(reply.lines[1] == "554-5.7.0 from <sender@example.org> to <r@local.example>: s", "\(reply)")
            let copy = try #require(stage.gateway.quarantined.first)
            #expect(reply.lines[2] == "554 5.7.0 copy \(copy)", "\(reply)")
            stage.expectCleanEnd()
        }
    }

    /// What a subject says is neither a word, nor a line, nor too long for one.
    @Test func hostileFacts() async throws {
        try await Lanes.run {
            let stage = try Self.stage("'${subject}'")
            for subject in [
                "${reason}", "=?utf-8?Q?a=0D=0A250_ok?=", "=?utf-8?B?4oCu?=", "\u{E9}\u{1B}[2J",
                String(repeating: "x", count: 5000), "=?utf-8?Q?=E2=80=AE=00?=",
            ] {
                let reply = try send(Self.mail(subject), to: stage.gateway.port)
                #expect(reply.lines.count == 1 && reply.code == 554, "\(reply)")
                #expect(
                    reply.lines.allSatisfy { $0.utf8.count <= 510 && $0.utf8.allSatisfy { (0x20..<0x7F).contains($0) } }
                )
            }
            #expect(try send(Self.mail("${reason}"), to: stage.gateway.port).lines == ["554 5.7.0 Reject, ${reason}"])
        }
    }

    /// Each has the words of his own settings, and hears of nobody else.
    @Test func wordsForRecipients() async throws {
        try await Lanes.run {
            let stage = try Self.stage("'no'")
            let to = ["r@local.example", "a@other.example", "b@other.example", "c@plain.example"]
            let final = try sendAll(Self.mail(to: to), to: stage.gateway.port, lmtp: true).final.map(\.description)
            #expect(final.count == 4 && final[0] == "554 5.7.0 Reject, no", "\(final)")
            #expect(final[1] == "554 5.7.0 Reject, not for <a@other.example>", "\(final)")
            #expect(final[2] == "554 5.7.0 Reject, not for <b@other.example>", "\(final)")
            #expect(final[3].hasSuffix(" - INFECTED: Eicar-Test"), "\(final)")
        }
    }

    /// A notification to the sender says them, too; lines are one there.
    @Test func wordsInNotifications() async throws {
        try await Lanes.run {
            let stage = try Self.stage(
                "'a virus', 'call us'", ["infected": "bounce", "honest_viruses": "[eicar]", "soft_bounce": "no"])
            let reply = try send(Self.mail(), to: stage.gateway.port)
            let words = "554 5.7.0 Bounce, a virus call us"
            #expect(reply.description == "250 2.5.0 Ok <r@local.example>, DSN was sent (\(words))")
            let notice = try #require(stage.hop.deliveries.first)
            #expect(String(decoding: notice.content, as: UTF8.self).contains("\r\nDiagnostic-Code: smtp; \(words)\r\n"))
        }
    }
}
