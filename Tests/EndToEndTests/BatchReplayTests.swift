import Foundation
import TestSupport
import Testing

/// Copies in batch SMTP files, sent on by the program that docs/QUARANTINE.md gives for it.
@Suite(.enabled(if: PostfixInstance.isPossible, PostfixInstance.missing))
struct BatchReplayTests {
    @Test func postfixGetsTheSameOctets() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            var configuration = try GatewayConfiguration(nextHops: [hop.address])
            let copies = try Scratch(.disk)
            configuration.policies["default"]?["deny_senders"] = "[spam@example.org]"
            configuration.policies["default"]?["spam"] = "quarantine"
            configuration.policies["default"]?["quarantine_to"] = "{spam: 'bsmtp:\(copies.path)/B'}"
            let gateway = try GatewayProcess(configuration)
            let content = Array(
                """
                From: spam@example.org\r
                Subject: dots\r
                Date: Thu, 26 Nov 2026 14:35:47 +0000\r
                Message-ID: <dots@example.org>\r
                \r
                .\r
                ..\r
                .dot\r
                From here\r
                caf\u{E9} \u{FF}\r
                QUIT\r
                .\r\n
                """.unicodeScalars.map { UInt8($0.value) })
            var mail = Mail(from: "spam@example.org", to: ["a@example.net", "b@example.net"], content: content)
            mail.parameters = "BODY=8BITMIME RET=HDRS ENVID=kept1"
            #expect(try send(mail, to: gateway.port).code == 250)
            let line = try gateway.log.wait(for: ") Blocked SPAM ")
            let names = try FileManager.default.contentsOfDirectory(atPath: copies.path + "/B")
            let name = try #require(names.first)
            #expect(names.count == 1 && name.hasSuffix(".bsmtp") && gateway.quarantined.isEmpty)
            #expect(line.contains(", quarantine: \(name.dropLast(6)),bsmtp:\(copies.path)/B, "), "\(line)")
            let batch = try Data(contentsOf: URL(filePath: "\(copies.path)/B/\(name)"))
            let text = String(decoding: batch, as: UTF8.self)
            #expect(text.contains(" BODY=8BITMIME RET=HDRS ENVID=kept1\r\nRCPT TO:<a@example.net>"), "\(text)")
            #expect(text.contains("\r\nX-Envelope-To-Blocked: <a@example.net>,\r\n\t<b@example.net>\r\n"))
            #expect(!text.contains("X-Envelope-From") && !text.contains("X-Envelope-To:"))

            let postfix = try PostfixInstance(.plain)
            let program = try Documents.block("import socket, sys", of: "QUARANTINE.md")
            let sent = try runTool(
                "python3", ["-c", program, "\(copies.path)/B/\(name)", "127.0.0.1", "\(postfix.port)"])
            #expect(sent.status == 0, "\(sent)")
            for recipient in ["a@example.net", "b@example.net"] {
                let arrived = try TracedMail(postfix.mailboxes.await(to: recipient).content, filtered: false)
                #expect(arrived.trace[0] == "Return-Path: <spam@example.org>")
                #expect(arrived.rest.starts(with: "X-Envelope-To-Blocked: ".utf8))
                #expect(arrived.rest.suffix(Samples.stored(content).count) == Samples.stored(content)[...])
            }
            // What the server refuses is told.
            let refused = try runTool("python3", ["-c", program, "\(copies.path)/B/\(name)", "127.0.0.1", "1"])
            #expect(refused.status != 0)
        }
    }
}
