import Foundation
import TestSupport
import Testing

/// What the settings make of mail that readers disagree on, and of faulty header blocks.
@Suite(.enabled(if: Clients.arePossible, Clients.missing))
struct AnomalyTests {
    private static func mail(_ fields: String, _ body: String = "QUJD\n") -> Mail {
        Mail(
            text: """
                From: sender@example.org
                Date: Thu, 6 Mar 2025 07:05:30 +0000
                Message-ID: <anomaly@example.org>
                \(fields)

                \(body)
                """)
    }

    private static let conflicting = mail("Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64")

    private static func gateway(
        _ hop: ScriptedNextHop, beforeQueue: Bool = false, _ policy: [String: String]
    ) throws -> GatewayProcess {
        var configuration = try GatewayConfiguration(nextHops: [hop.address], beforeQueue: beforeQueue)
        for (key, value) in policy { configuration.policies["default", default: [:]][key] = value }
        return try GatewayProcess(configuration)
    }

    @Test func eachActionForAKind() async throws {
        let anomaly = "conflicting-transfer-encoding"
        let expected: [(action: String, code: Int, passes: Bool)] = [
            ("ignore", 250, true), ("score", 250, true), ("quarantine", 250, false), ("reject", 554, false),
        ]
        for (action, code, passes) in expected {
            try await Lanes.run {
                let hop = try ScriptedNextHop(lmtp: false)
                let gateway = try Self.gateway(
                    hop, beforeQueue: true,
                    ["anomalies": "{ \(anomaly): \(action) }", "bad_header_checks": "[]"])
                let reply = try send(Self.conflicting, to: gateway.port)
                #expect(reply.code == code, "\(action): \(reply)")
                #expect(hop.deliveries.count == (passes ? 1 : 0), "\(action)")
                let line = try gateway.awaitMessageLines(1)[0]
                #expect(line.contains(passes ? "Passed CLEAN " : "Blocked UNCHECKED "), "\(line)")
                #expect(line.contains("anomalies: ") && line.contains(anomaly), "\(line)")
                // What is refused for its form is kept, too.
                #expect(line.contains("quarantine: ") == !passes, "\(line)")
            }
        }
    }

    @Test func resultsInAField() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try Self.gateway(hop, ["add_ambiguity_results": "yes"])
            let forged = Self.mail("MIME-Ambiguity-Results: trusted.example;\n\tambiguity=none\nX-Other: 1")
            #expect(try send(forged, to: gateway.port).code == 250)
            let padded = Self.mail("Content-Transfer-Encoding: base64\nMIME-Version: 1.0", "QQ==QUJD\n")
            #expect(try send(padded, to: gateway.port).code == 250)
            let texts = hop.deliveries.map { String(decoding: $0.content, as: UTF8.self) }
            try #require(texts.count == 2)
            #expect(texts[0].hasPrefix("MIME-Ambiguity-Results: gateway.example;\r\n\tambiguity=none\r\nReceived: "))
            #expect(!texts[0].contains("trusted.example") && texts[0].contains("\r\nX-Other: 1\r\n"))
            #expect(
                texts[1].hasPrefix("MIME-Ambiguity-Results: gateway.example;\r\n\tambiguity=sloppy; readings="))
            #expect(texts[1].contains(";\r\n\tkind=base64-data-after-padding\r\nReceived: "), "\(texts[1])")
        }
    }

    @Test func faultyHeaderBlocks() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try Self.gateway(hop, [:])
            #expect(try send(Self.mail("Subject: a\nSubject: b"), to: gateway.port).code == 250)
            let relayed = try #require(hop.deliveries.first).relayed
            #expect(relayed.added.first == "X-Mailreeve-Alert: BAD HEADER SECTION, subject: again\r\n")
            #expect(try gateway.awaitMessageLines(1)[0].contains("Passed BAD-HEADER-8 {RelayedInbound}"))
        }
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try Self.gateway(hop, ["bad_header": "reject", "bad_header_checks": "[ duplicate ]"])
            let reply = try send(Self.mail("Subject: a\nSubject: b"), to: gateway.port)
            #expect(reply.code == 554 && reply.text.contains("5.6.0 Reject, id="), "\(reply)")
            #expect(reply.text.hasSuffix(" - BAD HEADER: subject: again"), "\(reply)")
            // Another fault does not count here.
            #expect(try send(Mail(text: "Subject: a\n\nx\n"), to: gateway.port).code == 250)
        }
    }

    /// UTF-8 in a header is a fault unless the client said SMTPUTF8.
    @Test func internationalHeaders() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try Self.gateway(hop, [:])
            for (number, options) in [["BODY=8BITMIME"], ["BODY=8BITMIME", "SMTPUTF8"]].enumerated() {
                let job = SMTPLib.Job(
                    recipients: ["rcpt@example.net"], mailOptions: options,
                    content: Self.mail("Subject: Grüße").content)
                #expect(try SMTPLib.send(job, port: gateway.port).code == 250)
                let line = try gateway.awaitMessageLines(number + 1)[number]
                #expect(line.contains(number == 0 ? "Passed BAD-HEADER-2 " : "Passed CLEAN "), "\(line)")
            }
        }
    }
}
