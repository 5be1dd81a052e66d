import Foundation
import TestSupport
import Testing

/// A released message that comes through the gateway once more is not caught again; anything else that carries its mark is.
@Suite struct ReleaseMarkTests {
    private struct Released {
        let hop: ScriptedNextHop
        let gateway: GatewayProcess
        let id: String
        /// What left, mark and all.
        let content: [UInt8]

        /// Infected mail to two recipients, released by hand.
        init(_ settings: [String: String] = [:], _ arguments: [String] = []) throws {
            hop = try ScriptedNextHop(lmtp: false)
            var configuration = try GatewayConfiguration(nextHops: [hop.address])
            configuration.settings.merge(settings) { $1 }
            gateway = try GatewayProcess(configuration)
            let mail = Mail(to: ["a@example.net", "b@example.net"], content: try Samples.sample("eicar-attached"))
            #expect(try send(mail, to: gateway.port).code == 250)
            id = try #require(gateway.quarantined.first)
            let command =
                ["quarantine", "release", "--force", "--config", gateway.configurationFile] + arguments + [id]
            let released = try runTool(Programs.path("mailreeve"), command)
            #expect(released.status == 0, "\(released)")
            content = try #require(hop.deliveries.first?.content)
            hop.clear()
        }

        /// Sends it, or something made of it, to the gateway.
        func again(_ content: [UInt8], to recipients: [String] = ["a@example.net"]) throws -> MailReply {
            try send(Mail(to: recipients, content: content), to: gateway.port)
        }
    }

    private static let onTop = crlf(
        """
        Received: from mx.example.net (localhost [127.0.0.1])
        \tby mx.example.net (Postfix) with ESMTP id 4X
        \tfor <a@example.net>; Thu, 6 Mar 2025 07:05:30 +0000 (UTC)

        """)

    @Test func itIsPassedOnAsItWas() async throws {
        try await Lanes.run {
            let stage = try Released()
            let sample = try Samples.sample("eicar-attached")
            let head = stage.content.dropLast(sample.count)
            #expect(stage.content.suffix(sample.count) == sample[...])
            #expect(String(decoding: head, as: UTF8.self).hasPrefix("X-Mailreeve-Release: t="))
            for domain in ["a@example.net", "b@EXAMPLE.net"] {
                let reply = try stage.again(Self.onTop + stage.content, to: [domain])
                #expect(reply.text.contains("from MTA("), "\(reply)")
                let text = String(decoding: stage.hop.deliveries.last?.content ?? [], as: UTF8.self)
                #expect(text.hasSuffix(String(decoding: sample, as: UTF8.self)))
                // It was looked at, and is marked as any mail; the mark goes no further.
                #expect(text.contains("X-Mailreeve-Alert: INFECTED") && !text.contains("X-Mailreeve-Release"))
            }
            #expect(stage.gateway.quarantined.count == 1)
            try stage.gateway.log.wait(for: "released before as \(stage.id): passed on to <a@example.net>")
            let page = try mailreeve("explain", "--config", stage.gateway.configurationFile, stage.id)
            #expect(page.status == 0)
        }
    }

    /// For others, with another content, below another field, or without its mark it is what it is.
    @Test func whatIsNotTheSameIsCaught() async throws {
        try await Lanes.run {
            let stage = try Released()
            func expectCaught(_ content: [UInt8], to recipients: [String] = ["a@example.net"], _ what: String) throws {
                let reply = try stage.again(content, to: recipients)
                #expect(reply.text.contains("INFECTED") && stage.hop.deliveries.isEmpty, "\(what): \(reply)")
                stage.hop.clear()
            }
            try expectCaught(stage.content, to: ["c@example.net"], "another recipient")
            try expectCaught(stage.content + crlf("one line more\n"), "more content")
            try expectCaught(crlf("Subject: other\n") + stage.content, "a field on top")
            try expectCaught(crlf("Received: x\nContent-Type: text/plain\n") + stage.content, "another one")
            try expectCaught(crlf(" folded\n") + stage.content, "a line that belongs to nothing")
            let text = String(decoding: stage.content, as: UTF8.self)
            let end = try #require(text.range(of: "q="))
            let time = try #require(Int(text[..<end.lowerBound].filter(\.isNumber)))
            try expectCaught(Array(text.replacing("t=\(time)", with: "t=\(time + 86400)").utf8), "a later end")
            try expectCaught(try Samples.sample("eicar-attached"), "no mark")
            let tag = String(repeating: "0", count: 32)
            let forged = crlf("X-Mailreeve-Release: t=\(time); q=\(stage.id);\n\th=\(tag)\n")
            try expectCaught(forged + (try Samples.sample("eicar-attached")), "a forged mark")
            // One of two recipients: he gets it, the other does not.
            let reply = try stage.again(stage.content, to: ["a@example.net", "c@example.net"])
            #expect(reply.code == 250 && reply.text.contains("but 1 DISCARD"), "\(reply)")
            #expect(stage.hop.deliveries.map(\.recipients) == [["a@example.net"]])
        }
    }

    @Test func attachedOnesAreMarkedToo() async throws {
        try await Lanes.run {
            let stage = try Released([:], ["--attach", "--to", "admin@example.net"])
            let reply = try stage.again(Self.onTop + stage.content, to: ["admin@example.net"])
            #expect(reply.text.contains("from MTA("), "\(reply)")
            #expect(stage.hop.deliveries.count == 1)
        }
    }

    /// What somebody has judged to be no spam is not marked as spam, wrapped or sorted elsewhere.
    @Test func itIsNotMarkedAsSpam() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            var configuration = try GatewayConfiguration(nextHops: [hop.address])
            configuration.policies["default"]?.merge([
                "deny_senders": "[example.org]", "spam": "quarantine", "subject_tags": "{spam: '***'}",
                "defang": "[spam]", "address_extensions": "{spam: spam}",
            ]) { $1 }
            let gateway = try GatewayProcess(configuration)
            let mail = Mail.clean(1, to: ["a@example.net"])
            #expect(try send(mail, to: gateway.port).code == 250)
            let id = try #require(gateway.quarantined.first)
            #expect(try mailreeve("quarantine", "release", "--config", gateway.configurationFile, id).status == 0)
            let left = try #require(hop.deliveries.first?.content)
            hop.clear()
            #expect(try send(Mail(to: ["a@example.net"], content: left), to: gateway.port).code == 250)
            let delivery = try #require(hop.deliveries.first)
            #expect(delivery.recipients == ["a@example.net"] && delivery.relayed.original == mail.content)
            // Without its mark it is spam as before.
            #expect(try send(mail, to: gateway.port).text.contains("quarantined"))
        }
    }

    @Test func withoutMarks() async throws {
        try await Lanes.run {
            let stage = try Released(["quarantine.release_mark": "0"])
            #expect(stage.content == (try Samples.sample("eicar-attached")))
        }
    }

    /// What goes back to a listener is to be judged, and a mark has its time.
    @Test func requeuedAndExpired() async throws {
        try await Lanes.run {
            let stage = try Released(["quarantine.release_mark": "1"])
            let config = stage.gateway.configurationFile
            #expect(try mailreeve("quarantine", "requeue", "--config", config, stage.id).status == 0)
            #expect(stage.gateway.quarantined.count == 2 && stage.hop.deliveries.isEmpty)
            let text = String(decoding: stage.content, as: UTF8.self)
            let end = try #require(Int(text.dropFirst("X-Mailreeve-Release: t=".count).prefix { $0 != ";" }))
            // time(2) may be a little behind.
            try poll("the end of the mark") { Int(Date().timeIntervalSince1970) > end }
            let reply = try stage.again(stage.content)
            #expect(reply.text.contains("INFECTED") && stage.hop.deliveries.isEmpty, "\(reply)")
        }
    }
}
