import Foundation
import TestSupport
import Testing

/// What goes through Postfix and the gateway twice, and what Postfix leaves to the gateway to report.
@Suite(.enabled(if: PostfixInstance.isPossible, PostfixInstance.missing))
struct PostfixReleaseTests {
    static let modes: [PostfixInstance.Mode] = [.afterQueueLMTP, .afterQueueSMTP, .beforeQueue, .pipe]

    /// Released to the MTA in front, a message comes through the gateway once more, and arrives as it was.
    @Test(arguments: modes)
    func releasedToTheMTAInFront(mode: PostfixInstance.Mode) async throws {
        try await Lanes.run {
            let chain = try Chain(mode)
            let sample = try Samples.sample("eicar-attached")
            let mail = Mail(to: ["rcpt@example.net"], content: sample)
            // Before the queue it is refused and kept.
            _ = try send(mail, to: chain.postfix.port)
            try poll("the copy") { chain.gateway.quarantined.count == 1 }
            let id = try #require(chain.gateway.quarantined.first)
            let released = try mailreeve(
                "quarantine", "release", "--force", "--config", chain.gateway.configurationFile, "--next-hop",
                "smtp:[127.0.0.1]:\(chain.postfix.port)", id)
            #expect(released.status == 0, "\(released)")
            let entry = try chain.postfix.mailboxes.await(to: "rcpt@example.net")
            let kept = try chain.quarantined(id)
            #expect(entry.content.suffix(Samples.stored(sample).count) == Samples.stored(sample)[...])
            #expect(kept.suffix(sample.count) == sample[...])
            #expect(entry.fields("X-Mailreeve-Release").isEmpty && !entry.fields("X-Mailreeve-Alert").isEmpty)
            try chain.awaitLine(": released before as \(id): passed on to <rcpt@example.net>")
            #expect(chain.gateway.quarantined.count == 1)
        }
    }

    /// A digest arrives, and the mail that its link makes comes through Postfix and goes no further.
    @Test(arguments: modes)
    func releasedByADigest(mode: PostfixInstance.Mode) async throws {
        try await Lanes.run {
            let chain = try Chain(mode) { configuration in
                configuration.settings["local_domains"] = "[example.net]"
                configuration.settings["digests.release_address"] = "release@example.net"
                configuration.policies["default"]?["deny_senders"] = "[spam@example.org]"
                configuration.policies["default"]?["spam"] = "quarantine"
                configuration.policies["default"]?["digest"] = "yes"
            }
            var mail = Mail.clean(7, to: ["rcpt@example.net"])
            mail.sender = "spam@example.org"
            #expect(try send(mail, to: chain.postfix.port).code == 250)
            try poll("the copy") { chain.gateway.quarantined.count == 1 }
            let sent = try mailreeve("quarantine", "digest", "--config", chain.gateway.configurationFile)
            #expect(sent.status == 0 && sent.lines.count == 1, "\(sent)")
            let letter = try chain.postfix.mailboxes.await(to: "rcpt@example.net")
            let text = String(decoding: letter.content, as: UTF8.self)
            let token = try #require(
                text.firstMatch(of: #/release@example.net\?subject=(mailreeve\.r\.[A-Za-z0-9.]+)>/#)
            ).1
            let request = Mail(
                from: "rcpt@example.net", to: ["release@example.net"], text: "Subject: \(token)\n\nplease\n")
            #expect(try send(request, to: chain.postfix.port).code == 250)
            try chain.awaitLine(") Quarantined message release: ", "requested by <rcpt@example.net> by a digest")
            try poll("the message") {
                chain.postfix.mailboxes.entries.contains {
                    String(decoding: $0.content, as: UTF8.self).contains("<number-7@example.org>")
                }
            }
            try chain.postfix.awaitEmptyQueue()
            #expect(chain.postfix.mailboxes.entries.count == 2 && chain.postfix.senders.entries.isEmpty)
        }
    }

    /// The Postfix behind does not announce DSN: the one in front has handed NOTIFY on and tells nobody.
    @Test(arguments: [PostfixInstance.Mode.afterQueueLMTP, .afterQueueSMTP])
    func successIsReported(mode: PostfixInstance.Mode) async throws {
        try await Lanes.run {
            var options = PostfixInstance.Options()
            options.reinjection = ["smtpd_discard_ehlo_keywords = dsn"]
            let chain = try Chain(mode, options)
            let recipients = ["<rcpt@example.net> NOTIFY=SUCCESS,FAILURE", "other@example.net"]
            #expect(try send(.clean(1, to: recipients), to: chain.postfix.port).code == 250)
            _ = try chain.postfix.mailboxes.await(to: "rcpt@example.net")
            let report = try chain.postfix.senders.await(to: "sender@example.org")
            let text = String(decoding: report.content, as: UTF8.self)
            #expect(
                text.contains("\nFinal-Recipient: rfc822; rcpt@example.net\nAction: relayed\nStatus: 2."), "\(text)")
            #expect(!text.contains("other@example.net>:"))
            try chain.postfix.awaitEmptyQueue()
            #expect(chain.postfix.senders.entries.count == 1)
            try chain.awaitLine("DSN: NOTIFICATION: Action:relayed, ")
        }
    }
}
