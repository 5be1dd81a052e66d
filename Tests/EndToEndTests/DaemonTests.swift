import Foundation
import TestSupport
import Testing

/// Commands that speak to the daemon, or that are next hop and client for trying it out.
@Suite(.enabled(if: Clients.arePossible, Clients.missing))
struct DaemonTests {
    @Test func statusReloadStop() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try GatewayProcess(try GatewayConfiguration(nextHops: [hop.address]))
            let config = gateway.configurationFile
            #expect(try send(Mail(content: Samples.sample("clean")), to: gateway.port).code == 250)
            #expect(try send(Mail(content: Samples.sample("eicar-nested")), to: gateway.port).code == 250)
            _ = try gateway.awaitMessageLines(2)

            let status = try mailreeve("status", "--config", config)
            #expect(status.status == 0, "\(status)")
            #expect(status.text.contains("2: 1 passed, 1 infected, 0 unchecked, 1 quarantined"), "\(status)")
            #expect(status.text.contains("TEST ONLY"), "\(status)")
            let json = try JSONDocument(try mailreeve("status", "--json", "--config", config).text)
            let totals = try #require(json["totals"] as? [String: Any])
            #expect(totals["messages"] as? Int == 2 && totals["passed"] as? Int == 1 && totals["infected"] as? Int == 1)
            let inspector = try #require(json["inspector"] as? [String: Any])
            #expect(inspector["generation"] as? Int == 1 && inspector["inspected"] as? Int == 2)

            let reload = try mailreeve("reload", "--config", config)
            #expect(reload.status == 0 && reload.text == "reloaded\n", "\(reload)")
            let after = try JSONDocument(try mailreeve("status", "--json", "--config", config).text)
            #expect((after["inspector"] as? [String: Any])?["generation"] as? Int == 2)

            // A configuration that is wrong is not taken over, and the one before stays in force.
            try gateway.disk.write("wrong.yaml", "listeners: 7\n")
            let good = try String(contentsOfFile: config, encoding: .utf8)
            try gateway.disk.write("mailreeve.yaml", good + "unknown_key: 1\n")
            let socket = gateway.stateDirectory + "/control.sock"
            let refused = try mailreeve("reload", "--socket", socket)
            #expect(refused.status == 1 && refused.errorText.hasPrefix("reload: "), "\(refused)")
            try gateway.disk.write("mailreeve.yaml", good)
            #expect(try send(Mail(content: Samples.sample("clean")), to: gateway.port).code == 250)

            let stop = try mailreeve("stop", "--config", config)
            #expect(stop.status == 0 && stop.text.hasPrefix("stopping"), "\(stop)")
            #expect(gateway.process.wait(seconds: 30) == 0)
            for command in ["status", "reload", "stop"] {
                let result = try mailreeve(command, "--config", config)
                #expect(result.status == 1 && result.errorText.hasPrefix("no daemon is running"), "\(result)")
            }
        }
    }

    /// The first one, too, which nothing would tell from root when it has ended before.
    @Test(.enabled(if: Programs.isRoot, "only root can give it up")) func everyThreadGivesUpRoot() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try GatewayProcess(try GatewayConfiguration(nextHops: [hop.address]))
            for pid in [gateway.process.pid] + gateway.zygotes + gateway.workers {
                #expect(try ProcessTable.users(pid) == [Programs.serviceUser.user])
            }
        }
    }

    /// Exit codes of sysexits: 0, 69, 75 and nothing else for a message.
    @Test func filter() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try GatewayProcess(try GatewayConfiguration(nextHops: [hop.address]))
            let config = gateway.configurationFile
            let clean = try Samples.sample("clean")

            let passed = try mailreeve(
                "filter", "--config", config, "-f", "s@example.org", "--", "a@example.net", "b@example.net",
                input: clean)
            #expect(passed.status == 0 && passed.text.hasPrefix("250 2.0.0 from MTA("), "\(passed)")
            #expect(hop.deliveries.last?.recipients == ["a@example.net", "b@example.net"])
            #expect(hop.deliveries.last?.relayed.original == clean)

            // From a Unix mail program: LF, a From line, no sender.
            let unix = Array("From s@example.org Thu Mar  6 07:05:30 2025\n".utf8) + Samples.stored(clean)
            let bounce = try mailreeve("filter", "--config", config, "-f", "", "--", "<a@example.net>", input: unix)
            #expect(bounce.status == 0, "\(bounce)")
            #expect(hop.deliveries.last?.mail.hasPrefix("FROM:<>") ?? false)
            #expect(hop.deliveries.last?.relayed.original == clean)

            let infected = try mailreeve(
                "filter", "--to", "127.0.0.1:\(gateway.port)", "-f", "s@example.org", "--", "a@example.net",
                input: Samples.sample("eicar-attached"))
            #expect(infected.status == 0 && infected.text.hasPrefix("250 2.7.0 Ok, discarded, id="), "\(infected)")

            hop.answer { step, _, _ in step == .rcpt ? .reply("550 5.1.1 unknown") : .usual }
            let refused = try mailreeve(
                "filter", "--config", config, "-f", "s@example.org", "--", "a@example.net", input: clean)
            #expect(refused.status == 69 && refused.text.hasPrefix("550 5.1.1 id="), "\(refused)")
            hop.answer { step, _, _ in step == .rcpt ? .reply("450 4.2.0 later") : .usual }
            let later = try mailreeve(
                "filter", "--config", config, "-f", "s@example.org", "--", "a@example.net", input: clean)
            #expect(later.status == 75 && later.text.hasPrefix("450 4.2.0 id="), "\(later)")
            // One for whom it must be tried again decides: nobody is told no for good.
            hop.answer { step, _, command in
                guard step == .rcpt else { return .usual }
                return .reply(command.contains("<a@") ? "550 5.1.1 unknown" : "450 4.2.0 later")
            }
            let mixed = try mailreeve(
                "filter", "--config", config, "-f", "s@example.org", "--", "a@example.net", "b@example.net",
                input: clean)
            #expect(mixed.status == 75, "\(mixed)")

            gateway.killHard()
            let down = try mailreeve(
                "filter", "--config", config, "-f", "s@example.org", "--", "a@example.net", input: clean)
            #expect(down.status == 75, "\(down)")
            let unconfigured = try mailreeve("filter", "--config", "/nonexistent.yaml", "-f", "", "--", "a@example.net")
            #expect(unconfigured.status == 75, "\(unconfigured)")
            #expect(try mailreeve("filter", "--config", config, "-f", "s@example.org", "--").status == 64)
            #expect(try mailreeve("filter", "--config", config, "--", "a@example.net").status == 64)
            let address = try mailreeve(
                "filter", "--config", config, "-f", "s@example.org", "--", "a@example.net\r\nDATA", input: clean)
            #expect(address.status == 69, "\(address)")
        }
    }

    @Test func sinkAndBench() async throws {
        try await Lanes.run {
            let scratch = try Scratch(.disk)
            let port = try Ports.free()
            var arguments = ["sink", "--listen", "127.0.0.1:\(port)", "--maildir", scratch.path + "/maildir"]
            if Programs.isRoot {
                arguments += ["--user", "nobody"]
                let asRoot = try mailreeve(
                    "sink", "--listen", "127.0.0.1:\(port)", "--maildir", scratch.path + "/maildir")
                #expect(asRoot.status == 64, "\(asRoot)")
            }
            let sink = try RunningProgram(Programs.path("mailreeve"), arguments)
            try sink.output.wait(for: "listening on")
            let gateway = try GatewayProcess(try GatewayConfiguration(nextHops: ["smtp:[127.0.0.1]:\(port)"]))
            let mail = try scratch.directory("mail")
            for name in ["clean", "clean-attachment", "spammy"] {
                try scratch.write("mail/\(name).eml", String(decoding: Samples.sample(name), as: UTF8.self))
            }
            for more in [[], ["--lmtp"]] {
                let bench = try runTool(
                    Programs.path("mailreeve"),
                    ["bench", "--to", "127.0.0.1:\(gateway.port)", "--sessions", "3", "--messages", "30"] + more + [
                        mail
                    ])
                #expect(bench.status == 0, "\(bench)")
                #expect(bench.lines.first?.hasPrefix("messages    30 in ") ?? false, "\(bench)")
                #expect(bench.lines.contains("replies     250: 30"), "\(bench)")
            }
            let maildir = Maildir(path: scratch.path + "/maildir")
            #expect(maildir.entries.count == 60)
            let clean = try Samples.stored(Samples.sample("clean"))
            #expect(maildir.entries.count { Array(Samples.stored($0.content).suffix(clean.count)) == clean } == 20)

            let down = try Ports.free()
            let refused = try mailreeve(
                "bench", "--to", "127.0.0.1:\(down)", "--sessions", "2", "--messages", "4", mail)
            #expect(refused.status == 1 && refused.text.contains("gave up"), "\(refused)")
            let nothing = try mailreeve("bench", "--to", "127.0.0.1:\(down)", try scratch.directory("none"))
            #expect(nothing.status == 1 && nothing.errorText.contains("there is no mail"), "\(nothing)")

            sink.signal(SIGTERM)
            #expect(sink.wait(seconds: 20) == 0)
            try sink.output.wait(for: "60 messages taken")
        }
    }
}
