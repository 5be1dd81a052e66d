import Foundation
import TestSupport
import Testing

/// What goes back from the quarantine to a listener is mail of the client by which it came at first, not of this host.
@Suite struct RequeueTests {
    /// A listener that believes 127.0.0.1 and takes mail of its neighbours, too.
    private static func gateway(_ hop: ScriptedNextHop) throws -> GatewayProcess {
        var configuration = try GatewayConfiguration(nextHops: [hop.address])
        configuration.listeners[0].keys = [
            "allowed_clients": "[127.0.0.0/8]", "xforward_clients": "[127.0.0.1/32]",
        ]
        configuration.policies["default"]?["deny_senders"] = "[example.org]"
        configuration.policies["default"]?["spam"] = "quarantine"
        configuration.settings["banks"] = """
            [{name: SASL, authenticated: yes, spam: pass}, \
            {name: NET, clients: [127.0.0.1/32], spam: pass}]
            """
        return try GatewayProcess(configuration)
    }

    private static let text = """
        Received: from x (x [192.0.2.9]) by mx (Postfix) with ESMTPSA id ABC123; Thu, 26 Nov 2026 01:00:00 +0000
        From: sender@example.org
        Subject: to be judged again

        text

        """

    /// Sends from an address of this host, after a line of XFORWARD if there is one.
    private static func send(from source: String, xforward: String, to gateway: GatewayProcess) throws {
        let program = """
            import smtplib, sys
            s = smtplib.SMTP("127.0.0.1", int(sys.argv[1]), source_address=(sys.argv[2], 0))
            s.ehlo()
            if sys.argv[3]: print(s.docmd("XFORWARD " + sys.argv[3]))
            print(s.sendmail("sender@example.org", ["r@local.example"], sys.stdin.read()))
            """
        let run = try runTool(
            "python3", ["-c", program, "\(gateway.port)", source, xforward], input: Array(text.utf8))
        try #require(run.status == 0, "\(run.text) \(run.errorText)")
    }

    @Test func strangersStayStrangers() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop()
            let gateway = try Self.gateway(hop)
            let config = gateway.configurationFile
            // What an MTA of ours says of authentication is believed.
            try Self.send(from: "127.0.0.1", xforward: "", to: gateway)
            #expect(hop.deliveries.count == 1 && gateway.quarantined.isEmpty)
            hop.clear()
            try Self.send(from: "127.0.0.2", xforward: "", to: gateway)
            #expect(hop.deliveries.isEmpty && gateway.quarantined.count == 1)
            let id = try #require(gateway.quarantined.first)
            #expect(try mailreeve("quarantine", "requeue", "--config", config, id).status == 0)
            #expect(hop.deliveries.isEmpty && gateway.quarantined.count == 2)
            let lines = try gateway.awaitMessageLines(3)
            #expect(lines[2].contains("[127.0.0.2]") && lines[2].contains("Blocked SPAM"), "\(lines)")
            // The copy of the second try has the same client; and it goes back as often as one likes.
            let second = try #require(gateway.quarantined.first { $0 != id })
            // It is the message as it came at first, without the mark of its way here.
            func kept(_ id: String) throws -> [UInt8] {
                try mailreeve("quarantine", "show", "--raw", "--config", config, id).output
            }
            #expect(try kept(second) == kept(id))
            #expect(try mailreeve("quarantine", "show", "--config", config, second).text.contains("127.0.0.2"))
            #expect(try mailreeve("quarantine", "requeue", "--config", config, second).status == 0)
            #expect(hop.deliveries.isEmpty && gateway.quarantined.count == 3)
            // Nothing of the mark goes further, whoever made it.
            gateway.configuration.policies["default"]?["spam"] = "pass"
            try gateway.writeConfiguration()
            try gateway.reload()
            #expect(try mailreeve("quarantine", "requeue", "--config", config, second).status == 0)
            let passed = try #require(hop.deliveries.first)
            let delivered = String(decoding: passed.content, as: UTF8.self)
            #expect(!delivered.contains("X-Mailreeve-Release") && delivered.contains("([127.0.0.2])"), "\(delivered)")
        }
    }

    /// The mark of a requeued message is told to nobody: not to the sender whom the message goes back to, nor with a copy elsewhere.
    @Test func theMarkStaysHere() async throws {
        try await Lanes.run {
            let (hop, copies) = (try ScriptedNextHop(), try Scratch(.disk))
            let gateway = try Self.gateway(hop)
            try Self.send(from: "127.0.0.2", xforward: "", to: gateway)
            let id = try #require(gateway.quarantined.first)
            try copies.give("", mode: 0o755)
            let maildir = "\(copies.path)/copies"
            gateway.configuration.policies["default"]?.merge([
                "spam": "bounce", "levels": "{dsn_cutoff: null}", "quarantine": "yes",
                "quarantine_to": "{spam: 'maildir:\(maildir)'}",
            ]) { $1 }
            try gateway.writeConfiguration()
            try gateway.reload()
            let run = try mailreeve("quarantine", "requeue", "--config", gateway.configurationFile, id)
            let notice = try #require(hop.deliveries.first, "\(run)")
            let text = String(decoding: notice.content, as: UTF8.self)
            #expect(notice.recipients == ["sender@example.org"] && text.contains("Subject: to be judged again"))
            #expect(!text.contains("X-Mailreeve-Release"), "\(text)")
            let files = try FileManager.default.contentsOfDirectory(atPath: "\(maildir)/new")
            let copy = try String(contentsOfFile: "\(maildir)/new/\(try #require(files.first))", encoding: .utf8)
            #expect(copy.contains("Subject: to be judged again") && !copy.contains("X-Mailreeve-Release"), "\(copy)")
        }
    }

    /// Whom an MTA of ours forwarded is believed as then.
    @Test func forwardedClientsStay() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop()
            let gateway = try Self.gateway(hop)
            gateway.configuration.policies["default"]?["deny_senders"] = "[]"
            gateway.configuration.settings["banks"] = """
                [{name: OLD, clients: [203.0.113.0/24], deny_senders: [example.org]}, \
                {name: SASL, authenticated: yes, soft_bounce: yes}]
                """
            try gateway.writeConfiguration()
            try gateway.reload()
            try Self.send(from: "127.0.0.1", xforward: "ADDR=203.0.113.66 PROTO=ESMTP", to: gateway)
            let id = try #require(gateway.quarantined.first)
            #expect(try mailreeve("quarantine", "requeue", "--config", gateway.configurationFile, id).status == 0)
            let lines = try gateway.awaitMessageLines(2)
            #expect(lines.allSatisfy { $0.contains("default/OLD/SASL") && $0.contains("203.0.113.66") }, "\(lines)")
            #expect(gateway.quarantined.count == 2)
        }
    }

    /// Whom an MTA of ours cannot name, or not so that it can be read, is not that MTA; when his mail goes back, neither.
    @Test(arguments: [
        ("ADDR=[UNAVAILABLE] PROTO=ESMTP SOURCE=REMOTE", false), ("ADDR=127.0.0.01", false), ("ADDR=::1::", false),
        ("PROTO=ESMTP", false), ("IDENT=4ABC SOURCE=LOCAL", true), ("ADDR=127.0.0.1", true),
    ])
    func unknownClients(_ xforward: String, _ isOurs: Bool) async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop()
            let gateway = try Self.gateway(hop)
            let bank = "[{name: NET, clients: [127.0.0.1/32, \"::1/128\"], soft_bounce: yes}]"
            gateway.configuration.settings["banks"] = bank
            try gateway.writeConfiguration()
            try gateway.reload()
            try Self.send(from: "127.0.0.1", xforward: xforward, to: gateway)
            let id = try #require(gateway.quarantined.first)
            #expect(try mailreeve("quarantine", "requeue", "--config", gateway.configurationFile, id).status == 0)
            let lines = try gateway.awaitMessageLines(2)
            #expect(lines.allSatisfy { $0.contains(", default/NET [") == isOurs }, "\(lines)")
            #expect(hop.deliveries.isEmpty && gateway.quarantined.count == 2)
        }
    }
}
