import Foundation
import TestSupport
import Testing

/// `mailreeve quarantine release` and `requeue`: by which way, to whom, and what is refused.
@Suite struct ReleaseCommandTests {
    @Test func release() async throws {
        try await Lanes.run {
            let (hop, gateway, id) = try QuarantineStage.stage()
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

            // Who got it, when and by whom: found by the new recipient, and with the message.
            let found = try mailreeve("log", "--config", config, "--recipient", "admin@example.net")
            #expect(found.lines.count == 1, "\(found)")
            #expect(
                found.text.contains(
                    ") Quarantined message release: \(id) <sender@example.org> -> <admin@example.net>, ")
                    && found.text.contains("requested by "), "\(found)")
            // The daemon's log says it, too.
            try gateway.log.wait(
                for: ") Quarantined message release: \(id) <sender@example.org> -> <admin@example.net>, ")
            let page = try mailreeve("explain", "--config", config, id)
            #expect(page.text.components(separatedBy: "Quarantined message release: \(id)").count == 3, "\(page)")
        }
    }

    /// What came by the second listener goes to its policy's next hop, and back to that listener.
    @Test func theWayItCame() async throws {
        try await Lanes.run {
            let (first, second) = (try ScriptedNextHop(lmtp: false), try ScriptedNextHop(lmtp: false))
            var configuration = try GatewayConfiguration(nextHops: [first.address])
            configuration.policies["second"] = ["next_hops": GatewayConfiguration.list([second.address])]
            configuration.listeners.append(GatewayConfiguration.Listener(port: try Ports.free(), policy: "second"))
            let gateway = try GatewayProcess(configuration)
            let config = gateway.configurationFile
            let mail = Mail(to: ["a@example.net"], content: try Samples.sample("eicar-attached"))
            #expect(try send(mail, to: configuration.listeners[1].port).code == 250)
            let id = try #require(gateway.quarantined.first)
            #expect(try mailreeve("quarantine", "release", "--config", config, "--force", id).status == 0)
            #expect(first.deliveries.isEmpty && second.deliveries.count == 1)
            let named = ["quarantine", "release", "--config", config, "--force", "--policy", "default", id]
            #expect(try runTool(Programs.path("mailreeve"), named).status == 0)
            #expect(first.deliveries.count == 1 && second.deliveries.count == 1)
            #expect(try mailreeve("quarantine", "requeue", "--config", config, id).status == 0)
            let again = try #require(gateway.quarantined.first { $0 != id })
            #expect(try mailreeve("quarantine", "release", "--config", config, "--force", again).status == 0)
            #expect(second.deliveries.count == 2)
        }
    }

    /// One recipient does not mind viruses and gets no spam; the other does: what is kept for both is infected.
    @Test func infectedForAnybody() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            var configuration = try GatewayConfiguration(nextHops: [hop.address])
            configuration.settings["recipients"] = """
                [{match: [first.example], bypass: [infected], sender_points: ["spam@example.org 50"], spam: quarantine}, \
                {match: [second.example], infected: quarantine}]
                """
            let gateway = try GatewayProcess(configuration)
            let content = try Samples.sample("eicar-attached")
            for recipients in [["r@first.example", "r@second.example"], ["r@first.example"]] {
                let before = Set(gateway.quarantined)
                let mail = Mail(from: "spam@example.org", to: recipients, content: content)
                #expect(try send(mail, to: gateway.port).code == 250)
                let id = try #require(gateway.quarantined.first { !before.contains($0) })
                let list = try mailreeve("quarantine", "list", "--config", gateway.configurationFile)
                #expect(list.lines.contains { $0.hasPrefix(id) && $0.contains("  infected ") }, "\(list)")
                let refused = try mailreeve("quarantine", "release", "--config", gateway.configurationFile, id)
                #expect(refused.status == 1 && refused.errorText.contains("--force"), "\(refused)")
            }
            #expect(hop.deliveries.isEmpty)
        }
    }

    /// Judged again by the gateway: what is still bad comes back under another name.
    @Test func requeue() async throws {
        try await Lanes.run {
            let (hop, gateway, id) = try QuarantineStage.stage()
            let config = gateway.configurationFile
            let result = try mailreeve("quarantine", "requeue", "--config", config, id)
            #expect(result.status == 0 && result.lines.count == 2, "\(result)")
            #expect(hop.deliveries.isEmpty && gateway.quarantined.count == 2)
            // It was kept again: nobody has it.
            let released = try mailreeve("quarantine", "list", "--config", config, "--released")
            #expect(released.status == 0 && released.output.isEmpty, "\(released)")
            #expect(try gateway.awaitMessageLines(2).count == 2)
            let wrong = try mailreeve("quarantine", "requeue", "--config", config, "--listener", "127.0.0.1:1", id)
            #expect(wrong.status == 1 && wrong.errorText.contains("no listener"), "\(wrong)")
        }
    }

    @Test func releaseTeaches() async throws {
        try await Lanes.run {
            let (hop, gateway, id) = try QuarantineStage.stage()
            let config = gateway.configurationFile
            let first = try mailreeve("quarantine", "release", "--config", config, "--force", "--learn", id)
            #expect(first.status == 0 && first.lines.last == "learned as ham", "\(first)")
            let again = try mailreeve("quarantine", "release", "--config", config, "--force", "--learn", id)
            #expect(
                again.status == 0 && again.lines.last == "was learned as ham before, it or enough like it", "\(again)")
            let batches = try mailreeve("learn", "--config", config, "--undo")
            #expect(batches.lines.count == 1 && batches.lines[0].hasSuffix(", release"), "\(batches)")
            #expect(hop.deliveries.count == 2)
        }
    }

    /// Recipients without a database of their own are judged by the shared one: it is that which learns. Where they have one, the
    /// shared one forgets the opposite.
    @Test func releaseTeachesWhoJudges() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            var configuration = try GatewayConfiguration(nextHops: [hop.address])
            configuration.settings["bayes"] = "{databases: domain}"
            let gateway = try GatewayProcess(configuration)
            let config = gateway.configurationFile
            let content = try Samples.sample("eicar-attached")
            #expect(try send(Mail(to: ["a@one.example"], content: content), to: gateway.port).code == 250)
            let id = try #require(gateway.quarantined.first)
            let scratch = try Scratch(.disk)
            let mail = try scratch.write("mail", String(decoding: content, as: UTF8.self))
            func totals(_ user: String...) throws -> [String] {
                let dump = try runTool(
                    Programs.path("mailreeve"), ["learn", "--config", config, "--dump", "magic"] + user)
                return dump.lines.prefix(3).dropFirst().map { String($0.split(separator: " ")[2]) }
            }
            #expect(try mailreeve("learn", "--config", config, "--spam", mail).status == 0)
            #expect(try totals() == ["1", "0"])
            let first = try mailreeve("quarantine", "release", "--config", config, "--force", "--learn", id)
            #expect(first.status == 0 && first.lines.last?.hasSuffix("learned as ham") == true, "\(first)")
            #expect(try totals() == ["0", "1"] && totals("-u", "@one.example").isEmpty)
            #expect(try mailreeve("learn", "--config", config, "--spam", mail).status == 0)
            #expect(try mailreeve("learn", "--config", config, "-u", "@one.example", "--sync").status == 0)
            let own = try mailreeve("quarantine", "release", "--config", config, "--force", "--learn", id)
            #expect(own.status == 0, "\(own)")
            #expect(try totals() == ["0", "0"] && totals("-u", "@one.example") == ["0", "1"])
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
