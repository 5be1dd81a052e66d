import Foundation
import TestSupport
import Testing

/// `mailreeve quarantine`.
@Suite struct QuarantineCommandTests {
    /// A gateway that keeps one infected message, and its identifier.
    private static func stage() throws -> (hop: ScriptedNextHop, gateway: GatewayProcess, id: String) {
        let hop = try ScriptedNextHop(lmtp: false)
        let gateway = try GatewayProcess(try GatewayConfiguration(nextHops: [hop.address]))
        var mail = Mail(to: ["a@example.net", "b@example.net"], content: try Samples.sample("eicar-attached"))
        mail.parameters = "ENVID=kept1"
        #expect(try send(mail, to: gateway.port).code == 250)
        return (hop, gateway, try #require(gateway.quarantined.first))
    }

    @Test func listAndShow() async throws {
        try await Lanes.run {
            let (_, gateway, id) = try Self.stage()
            let config = gateway.configurationFile
            let list = try mailreeve("quarantine", "list", "--config", config)
            #expect(list.status == 0 && list.lines.count == 1, "\(list)")
            #expect(list.lines[0].hasPrefix("\(id)  ") && list.lines[0].contains("  infected "), "\(list)")
            #expect(list.lines[0].hasSuffix("<sender@example.org> -> <a@example.net>,<b@example.net>"), "\(list)")
            let json = try JSONDocument(try mailreeve("quarantine", "list", "--json", "--config", config).text)
            #expect(json["id"] as? String == id && json["category"] as? String == "infected")
            #expect(json["recipients"] as? [String] == ["a@example.net", "b@example.net"])
            #expect(json["size"] as? Int == (try Samples.sample("eicar-attached").count))
            let page = try mailreeve("quarantine", "show", "--config", config, id)
            #expect(
                page.status == 0 && page.text.contains("<a@example.net>") && page.text.contains("ENVID=kept1"),
                "\(page)")
            #expect(page.text.contains("Subject: ") && page.text.contains("Eicar-Test-Signature"), "\(page)")
            let raw = try mailreeve("quarantine", "show", "--raw", "--config", config, id)
            #expect(raw.output == (try Samples.sample("eicar-attached")))
            for wrong in ["nonexistent", "../\(id)", "..", ""] {
                let result = try mailreeve("quarantine", "show", "--config", config, wrong)
                #expect(result.status == 1 && result.output.isEmpty, "\(wrong): \(result)")
            }
        }
    }

    @Test func release() async throws {
        try await Lanes.run {
            let (hop, gateway, id) = try Self.stage()
            let config = gateway.configurationFile
            let refused = try mailreeve("quarantine", "release", "--config", config, id)
            #expect(refused.status == 1 && refused.errorText.contains("--force"), "\(refused)")
            #expect(hop.deliveries.isEmpty)

            let down = try mailreeve(
                "quarantine", "release", "--config", config, "--force", "--next-hop",
                "smtp:[127.0.0.1]:\(Ports.free())", id)
            #expect(down.status == 1, "\(down)")
            let before = try JSONDocument(try mailreeve("quarantine", "list", "--json", "--config", config).text)
            #expect(before["released"] as? Int == 0)

            let forced = try mailreeve("quarantine", "release", "--config", config, "--force", id)
            #expect(forced.status == 0, "\(forced)")
            #expect(forced.lines.count == 2 && forced.lines.allSatisfy { $0.contains(">: 250 ") }, "\(forced)")
            let delivery = try #require(hop.deliveries.first)
            #expect(delivery.recipients == ["a@example.net", "b@example.net"])
            #expect(delivery.mail.hasPrefix("FROM:<sender@example.org>") && delivery.mail.contains("ENVID=kept1"))
            #expect(delivery.content.suffix(200) == (try Samples.sample("eicar-attached").suffix(200)))
            let after = try JSONDocument(try mailreeve("quarantine", "list", "--json", "--config", config).text)
            #expect((after["released"] as? Int ?? 0) > 0)

            let one = try mailreeve(
                "quarantine", "release", "--config", config, "--force", "--to", "admin@example.net", id)
            #expect(one.status == 0, "\(one)")
            #expect(hop.deliveries.last?.recipients == ["admin@example.net"])
        }
    }

    /// Behind a real Postfix, what is released arrives and does not come back.
    @Test(.enabled(if: PostfixInstance.isPossible && Clients.arePossible, PostfixInstance.missing))
    func releaseArrives() async throws {
        try await Lanes.run {
            let chain = try Chain(.afterQueueLMTP)
            #expect(try Swaks(port: chain.postfix.port, content: Samples.sample("eicar-attached")).status == 0)
            try chain.awaitLine("Blocked INFECTED")
            let id = try #require(chain.gateway.quarantined.first)
            let result = try mailreeve(
                "quarantine", "release", "--config", chain.gateway.configurationFile, "--force", id)
            #expect(result.status == 0, "\(result)")
            let entry = try chain.postfix.mailboxes.await(to: "rcpt@example.net")
            let original = Samples.stored(try Samples.sample("eicar-attached"))
            #expect(Array(entry.content.suffix(original.count)) == original)
            try chain.postfix.awaitEmptyQueue()
            #expect(chain.postfix.mailboxes.entries.count == 1)
            #expect(chain.gateway.messageLines.count == 1, "it was inspected again")
        }
    }
}
