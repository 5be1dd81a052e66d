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
}

/// OpenDKIM as a milter that verifies, unpacked by `make test-deps`.
private final class OpenDKIM {
    private static let program = Programs.package + "/build/tools/opendkim/usr/sbin/opendkim"

    static var isThere: Bool { FileManager.default.isExecutableFile(atPath: program) }

    let port: Int
    private let scratch: Scratch
    private let process: RunningProgram

    init() throws {
        scratch = try Scratch(.memory)
        port = try Ports.free()
        let configuration = try scratch.write(
            "opendkim.conf",
            """
            Mode v
            Socket inet:\(port)@127.0.0.1
            UserID nobody
            Background no
            AlwaysAddARHeader yes

            """)
        process = try RunningProgram(Self.program, ["-f", "-x", configuration])
        try poll("OpenDKIM") { (try? StreamSocket(port: port)) != nil }
    }
}
