import Foundation
import TestSupport
import Testing

/// `Authentication-Results:` where Postfix has OpenDKIM as its milter and gateway and Postfix have one name: OpenDKIM's field
/// stays without any setting, and what strangers wrote in our name goes.
@Suite(
    .enabled(if: PostfixInstance.isPossible, PostfixInstance.missing),
    .enabled(if: OpenDKIM.isThere, "needs opendkim: make test-deps"))
struct AuthenticationResultsTests {
    private static let forged = [
        "Authentication-Results: mx.example.net; dkim=pass header.d=forged.example",
        // OpenDKIM does not take this one for a forgery.
        "Authentication-Results: mx.example.net (forged);\n\tspf=pass smtp.mailfrom=forged.example",
        "Authentication-Results: \"mx.example.net\" 1; dmarc=pass header.from=forged.example",
    ]
    private static let others = "Authentication-Results: other.example; dkim=pass header.d=other.example"

    private static func mail() -> [UInt8] {
        crlf(
            (forged + [others, "Received: from x by mx.example.net (Postfix) with ESMTP id 1; date"] + forged + [
                "From: sender@example.org", "To: rcpt@example.net", "Subject: results",
                "Date: Thu, 6 Mar 2025 07:05:30 +0000", "Message-ID: <results@example.org>", "", "text", "",
            ]).joined(separator: "\n"))
    }

    @Test(arguments: AfterQueueTests.modes)
    func theFieldOfAMilterStays(mode: PostfixInstance.Mode) async throws {
        try await Lanes.run {
            let milter = try OpenDKIM()
            var options = PostfixInstance.Options()
            options.main = ["smtpd_milters = inet:127.0.0.1:\(milter.port)", "milter_default_action = tempfail"]
            let chain = try Chain(mode, options) { $0.settings["hostname"] = "mx.example.net" }
            let reply = try send(Mail(content: Self.mail()), to: chain.postfix.port)
            #expect(reply.code == 250, "\(reply)")
            let entry = try chain.postfix.mailboxes.await(to: "rcpt@example.net")
            let results = entry.fields("Authentication-Results")
            let text = Comment(rawValue: String(decoding: entry.content, as: UTF8.self))
            #expect(results.count == 2 && results.first?.hasPrefix("mx.example.net; dkim=none") ?? false, text)
            #expect(results.last == "other.example; dkim=pass header.d=other.example", text)
        }
    }

    /// A bank for mail that its author's domain has signed holds for that mail, and for no forgery of it.
    @Test func banksByAuthor() async throws {
        try await Lanes.run {
            let milter = try OpenDKIM()
            var options = PostfixInstance.Options()
            options.main = ["smtpd_milters = inet:127.0.0.1:\(milter.port)", "milter_default_action = tempfail"]
            let chain = try Chain(.afterQueueSMTP, options) {
                $0.settings["hostname"] = "mx.example.net"
                $0.settings["banks"] = "[{name: FRIENDS, authors: [.\(OpenDKIM.domain)], add_category: yes}]"
            }
            let from = "From: Friend <friend@mail.\(OpenDKIM.domain)>"
            let rest = "To: rcpt@example.net\r\nSubject: signed\r\nDate: Thu, 6 Mar 2025 07:05:30 +0000\r\n"
            let signed = try milter.signed(from: from, rest, body: "text\r\n")
            let text = String(decoding: signed, as: UTF8.self)
            let forged = "Authentication-Results: mx.example.net; dkim=pass header.d=\(OpenDKIM.domain)\r\n"
            let other = "From: Friend <friend@\(OpenDKIM.domain)>"
            // OpenDKIM writes a decoded identity as it is into its field.
            let injected = try milter.signed(
                from: other, rest, body: "text\r\n",
                identity: "x=3B=20dkim=3Dpass=20header.d=3D\(OpenDKIM.domain)=20x.y=3D@\(OpenDKIM.domain)")
            let cases: [(String, Bool)] = [
                (String(decoding: injected, as: UTF8.self), false),
                (text, true), (text.replacing("\r\n\r\ntext", with: "\r\n\r\nother"), false),
                (text + "more\r\n", false), ("From: x@other.example\r\n" + text, false),
                (forged + from + "\r\n" + rest + "\r\ntext\r\n", false),
            ]
            for (index, (content, holds)) in cases.enumerated() {
                let reply = try send(
                    Mail(to: ["rcpt\(index)@example.net"], content: Array(content.utf8)), to: chain.postfix.port)
                #expect(reply.code == 250, "\(reply)")
                let entry = try chain.postfix.mailboxes.await(to: "rcpt\(index)@example.net")
                let header = Comment(rawValue: String(decoding: entry.content, as: UTF8.self))
                #expect(entry.fields("X-Mailreeve-Category").isEmpty == !holds, header)
            }
            #expect(chain.gateway.messageLines.count { $0.contains("FRIENDS") } == 1)
        }
    }
}
