import Foundation
import TestSupport
import Testing

/// `mailreeve log`, `explain`, and `scan --as`.
@Suite struct JournalCommandTests {
    private static func stage(
        _ change: (inout GatewayConfiguration) -> Void = { _ in }
    ) throws -> (hop: ScriptedNextHop, gateway: GatewayProcess) {
        let hop = try ScriptedNextHop(lmtp: false)
        var configuration = try GatewayConfiguration(nextHops: [hop.address])
        change(&configuration)
        return (hop, try GatewayProcess(configuration))
    }

    /// An event is written a moment after the reply.
    private static func await(_ count: Int, _ config: String) throws -> ToolResult {
        var result = try mailreeve("log", "--config", config)
        try poll("\(count) events") {
            result = try mailreeve("log", "--config", config)
            return result.lines.filter { !$0.isEmpty }.count == count
        }
        return result
    }

    @Test func search() async throws {
        try await Lanes.run {
            let (hop, gateway) = try Self.stage()
            let config = gateway.configurationFile
            var clean = Mail.clean(1, size: 500)
            clean.recipients = ["Clean@example.net"]
            #expect(try send(clean, to: gateway.port).code == 250)
            let virus = Mail(to: ["v@example.com"], content: try Samples.sample("eicar-attached"))
            #expect(try send(virus, to: gateway.port).code == 250)
            let all = try Self.await(2, config)
            // Within one second the order is that of the identifiers.
            #expect(all.status == 0 && all.lines.count { $0.contains(") Blocked INFECTED ") } == 1)
            #expect(all.lines.count { $0.contains(") Passed CLEAN ") } == 1)
            // The line of the log, as it is there.
            for line in all.lines {
                let text = line.drop { $0 != "(" }
                try gateway.log.wait(for: line) { $0.hasSuffix(text) }
            }
            func found(_ arguments: String...) throws -> Int {
                let result = try runTool(Programs.path("mailreeve"), ["log", "--config", config] + arguments)
                let count = result.lines.filter { !$0.isEmpty }.count
                #expect(result.status == (count == 0 ? 1 : 0), "\(result)")
                return count
            }
            #expect(try found("--recipient", "CLEAN@") == 1)
            #expect(try found("--recipient", "@example.") == 2)
            #expect(try found("--sender", "sender@example.org", "--category", "INFECTED") == 1)
            #expect(try found("--category", "spam") == 0)
            #expect(try found("--passed") == 1 && found("--blocked") == 1)
            #expect(try found("--since", "1h") == 2 && found("--until", "1h") == 0)
            #expect(try found("--client", "127.0.") == 2 && found("--client", "10.") == 0)
            #expect(try found("--client", "ipv6:127.0.") == 2)
            #expect(try found("--message-id", "eicar-attached") == 1)
            #expect(try found("--limit", "1") == 1)
            let json = try mailreeve("log", "--config", config, "--json", "--blocked")
            let object = try JSONDocument(json.text)
            #expect(
                object["category"] as? String == "infected"
                    && object["quarantine"] as? String == gateway.quarantined.first)
            #expect(hop.deliveries.count == 1)
            #expect(try found("--passed", "--blocked") == 0)
        }
    }

    @Test func explain() async throws {
        try await Lanes.run {
            let (hop, gateway) = try Self.stage {
                $0.policies["default"]?["infected"] = "quarantine"
            }
            let config = gateway.configurationFile
            #expect(
                try send(Mail(to: ["v@example.com"], content: try Samples.sample("eicar-attached")), to: gateway.port)
                    .code
                    == 250)
            _ = try Self.await(1, config)
            let id = try #require(gateway.quarantined.first)
            let page = try mailreeve("explain", "--config", config, id)
            #expect(page.status == 0, "\(page)")
            for part in [
                "message     \(id), id=", "categories  infected", "decided by  infected: quarantine",
                "setting     policies.default.infected", "clamav: virus: Eicar-Test-Signature",
                "<v@example.com>: quarantine: 250 ", "quarantine  \(id)", "were it not infected, it would be: discard",
                "kill 6.31",
            ] {
                #expect(page.text.contains(part), "\(part): \(page)")
            }
            let unknown = try mailreeve("explain", "--config", config, "absent")
            #expect(unknown.status == 1 && unknown.errorText.contains("knows no message absent"), "\(unknown)")
            #expect(hop.deliveries.isEmpty)
        }
    }

    /// The layer that decided is named, for each group of recipients: an entry, a line of a table, a bank, the policy.
    @Test func explainLayers() async throws {
        try await Lanes.run {
            let scratch = try Scratch(.disk)
            let table = try scratch.write("recipients", "# ours\ntable.example infected=quarantine levels.kill=12\n")
            let (_, gateway) = try Self.stage {
                $0.settings["recipients"] = "[{match: [entry.example], infected: discard}]"
                $0.settings["recipient_tables"] = "[\"texthash:\(table)\"]"
                $0.settings["banks"] = "[{name: PARTNERS, senders: [bank.example], infected: quarantine}]"
            }
            let config = gateway.configurationFile
            let content = try Samples.sample("eicar-attached")
            func explained(_ sender: String, _ recipients: [String]) throws -> String {
                let before = Set(gateway.quarantined)
                #expect(try send(Mail(from: sender, to: recipients, content: content), to: gateway.port).code == 250)
                let id = try #require(gateway.quarantined.first { !before.contains($0) })
                var page = ToolResult?.none
                try poll("the event") {
                    page = try mailreeve("explain", "--config", config, id)
                    return page?.status == 0
                }
                return page?.text ?? ""
            }
            let entry = try explained("s@example.org", ["r@entry.example"])
            #expect(entry.contains("setting     recipients[0].infected\n") && !entry.contains("groups"), "\(entry)")
            let line = try explained("s@example.org", ["r@table.example"])
            #expect(line.contains("setting     texthash:\(table), line 2: infected\n"), "\(line)")
            let bank = try explained("s@bank.example", ["r@example.net"])
            #expect(bank.contains("setting     banks[0].infected\n"), "\(bank)")
            let all = ["a", "b", "c", "d"].map { "\($0)@example.net" } + ["r@entry.example", "r@table.example"]
            let several = try explained("s@example.org", all)
            for part in [
                "\n  <a@example.net>, <b@example.net>, <c@example.net> and 1 more: infected: ",
                " by policies.default.infected (tag ",
                "\n  <r@entry.example>: infected: discard by recipients[0].infected (",
                "\n  <r@table.example>: infected: quarantine by texthash:\(table), line 2: infected (tag ",
                "kill 12.0, ",
            ] {
                #expect(several.contains(part), "\(part): \(several)")
            }
        }
    }

    /// Today's rules differ from those of then: what differs is said.
    @Test func judgedAgain() async throws {
        try await Lanes.run {
            let scratch = try Scratch(.disk)
            let rules = try scratch.write("header_checks", "/^Subject: hold/ HOLD for review\n")
            let (hop, gateway) = try Self.stage { $0.settings["header_checks"] = "[\"regexp:\(rules)\"]" }
            let config = gateway.configurationFile
            let content = Array("Subject: hold me\r\nFrom: s@example.org\r\nDate: x\r\n\r\ntext\r\n".utf8)
            #expect(try send(Mail(to: ["h@example.net"], content: content), to: gateway.port).code == 250)
            let id = try #require(gateway.quarantined.first)
            let same = try mailreeve("scan", "--as", id, "--config", config)
            #expect(same.status == 1 && same.text.contains("the same as then"), "\(same)")
            func differences() throws -> [String] {
                let run = try mailreeve("scan", "--as", id, "--json", "--config", config)
                #expect(run.lines.count == 1 && !run.errorText.contains("->"), "\(run)")
                let document = try JSONDocument(try #require(run.lines.first))
                return try #require(document["differences"] as? [String], "\(run)")
            }
            #expect(try differences().isEmpty)
            try scratch.write("header_checks", "/^Subject: nothing/ HOLD for review\n")
            let other = try mailreeve("scan", "--as", id, "--config", config)
            #expect(other.text.contains("<h@example.net>: quarantine -> deliver"), "\(other)")
            #expect(other.text.contains("category: rule -> "), "\(other)")
            #expect(try !differences().isEmpty && differences() == other.lines.suffix(differences().count))
            // Points of rules that are new, and of those that have others today.
            for (line, words) in [
                ("/^Subject: hold/ SCORE 3 HELD", ["score: 1.0 -> 4.0", "HELD: - -> 3.0"]),
                ("/^Subject: hold/ SCORE 9 HELD", ["score: 1.0 -> 10.0", "category: rule -> spam"]),
            ] {
                try scratch.write("header_checks", line + "\n")
                let scored = try mailreeve("scan", "--as", id, "--config", config)
                for part in words { #expect(scored.lines.contains(part), "\(part): \(scored)") }
            }
            let wrong = try mailreeve("scan", "--as", "absent", "--config", config)
            #expect(wrong.status == 2 && wrong.errorText.contains("no message absent"), "\(wrong)")
            #expect(try mailreeve("scan", "--config", config).status == 64)
            #expect(try mailreeve("scan", "--config", config, "--as", id, "file").status == 64)
            #expect(hop.deliveries.isEmpty)
        }
    }

    /// What came by another listener, for a client of another bank, is judged as such mail again.
    @Test func judgedAgainAsItCame() async throws {
        try await Lanes.run {
            let port = try Ports.free()
            let (hop, gateway) = try Self.stage {
                $0.listeners.append(GatewayConfiguration.Listener(port: port, beforeQueue: true, policy: "second"))
                $0.policies["second"] = $0.policies["default"] ?? [:]
                $0.policies["second"]?["infected"] = "quarantine-and-reject"
                $0.settings["banks"] = "[{name: NETS, clients: [192.0.2.0/24], infected: quarantine-and-bounce}]"
            }
            let config = gateway.configurationFile
            let mail = Mail(to: ["r@example.net"], content: try Samples.sample("eicar-attached"))
            _ = try send(mail, to: gateway.configuration.listeners[1].port)
            let first = try #require(gateway.quarantined.first)
            let socket = try StreamSocket(port: gateway.port)
            let session = try MailSession(socket)
            #expect(try socket.ask("XFORWARD ADDR=192.0.2.7 NAME=client.example PROTO=ESMTPSA").code == 250)
            #expect(try session.send(mail).decisive.code == 250)
            let second = try #require(gateway.quarantined.first { $0 != first })
            for id in [first, second] {
                let again = try mailreeve("scan", "--as", id, "--config", config)
                #expect(
                    again.text.contains("the same as then") && again.errorText.contains("first listener") == false,
                    "\(again)")
            }
            gateway.configuration.listeners.removeLast()
            try gateway.writeConfiguration()
            let gone = try mailreeve("scan", "--as", first, "--config", config)
            #expect(gone.errorText.contains("which is no more: judged as mail of the first listener"), "\(gone)")
            #expect(hop.deliveries.allSatisfy { $0.mail.hasPrefix("FROM:<>") })
        }
    }

    /// Some got it and some did not: two lines, found as passed and as blocked.
    @Test func mixedOutcomes() async throws {
        try await Lanes.run {
            let (hop, gateway) = try Self.stage {
                $0.settings["recipients"] = "[{match: [all.example], lovers: [infected, banned]}]"
            }
            let config = gateway.configurationFile
            let mail = Mail(to: ["a@all.example", "r@example.net"], content: try Samples.sample("eicar-attached"))
            let reply = try send(mail, to: gateway.port)
            #expect(reply.code == 250, "\(reply)")
            let all = try Self.await(2, config)
            let (passed, blocked) = (all.lines[0], all.lines[1])
            #expect(passed.contains("-1) Passed INFECTED (") && passed.contains(" -> <a@all.example>, "), "\(passed)")
            #expect(
                blocked.contains("-2) Blocked INFECTED (") && blocked.contains(" -> <r@example.net>, "), "\(blocked)")
            #expect(passed.contains(" {RelayedInbound}, ") && blocked.contains(" {DiscardedInbound,Quarantined}, "))
            for option in ["--passed", "--blocked"] {
                #expect(try mailreeve("log", "--config", config, option).text == all.text)
            }
            let id = try #require(blocked.firstMatch(of: #/\((\d+-\d+-2)\)/#)?.1)
            #expect(
                try mailreeve("explain", "--config", config, String(id)).text.contains("<r@example.net>: discard: "))
            #expect(hop.deliveries.map(\.recipients) == [["a@all.example"]])
        }
    }

    /// Written as JSON lines, too; kept across a restart; not kept at all.
    @Test func places() async throws {
        try await Lanes.run {
            let scratch = try Scratch(.disk)
            try scratch.give("", mode: 0o777)
            let lines = scratch.path + "/events.json"
            let (hop, gateway) = try Self.stage { $0.settings["journal.lines"] = lines }
            #expect(try send(.clean(1, size: 500), to: gateway.port).code == 250)
            #expect(gateway.terminate() == 0)
            let text = try String(contentsOfFile: lines, encoding: .utf8)
            let object = try JSONDocument(text)
            #expect(object["passed"] as? Bool == true && text.hasSuffix("}\n"))
            gateway.configuration.settings["journal.enabled"] = "no"
            try gateway.writeConfiguration()
            try gateway.restart()
            #expect(try send(.clean(2, size: 500), to: gateway.port).code == 250)
            #expect(gateway.terminate() == 0)
            #expect(try String(contentsOfFile: lines, encoding: .utf8).split(separator: "\n").count == 2)
            #expect(try mailreeve("log", "--config", gateway.configurationFile).lines.count == 1)
            #expect(hop.deliveries.count == 2)
        }
    }

    /// Somebody holds the journal: mail goes on, more of it than may be in flight, and is journalled when it is free.
    @Test func aJournalThatIsHeld() async throws {
        try await Lanes.run {
            let (hop, gateway) = try Self.stage { $0.settings["limits.messages_in_flight"] = "2" }
            #expect(try send(.clean(1, size: 500), to: gateway.port).code == 250)
            _ = try Self.await(1, gateway.configurationFile)
            let program = """
                import signal, sqlite3, sys
                journal = sqlite3.connect(sys.argv[1], isolation_level=None)
                journal.execute("BEGIN EXCLUSIVE")
                print("held", flush=True)
                signal.pause()
                """
            let holder = try RunningProgram(
                "/usr/bin/python3", ["-c", program, gateway.stateDirectory + "/journal.sqlite"])
            try holder.output.wait(for: "held")
            for number in 2...9 { #expect(try send(.clean(number, size: 500), to: gateway.port).code == 250) }
            holder.kill()
            _ = holder.wait()
            _ = try Self.await(9, gateway.configurationFile)
            #expect(hop.deliveries.count == 9)
        }
    }

    /// The journal cannot be written: mail goes on, and each event stands in the log as a whole.
    @Test func aJournalThatCannotBeWritten() async throws {
        try await Lanes.run {
            let (hop, gateway) = try Self.stage { $0.settings["journal.lines"] = "/no/such/directory/events.json" }
            #expect(try send(.clean(1, size: 500), to: gateway.port).code == 250)
            _ = try gateway.log.wait(for: "journal.lines: /no/such/directory/events.json cannot be written")
            _ = try gateway.log.wait(for: "journal: open /no/such/directory/events.json")
            #expect(gateway.terminate(seconds: 40) == 0)
            let line = try gateway.log.wait(for: "journal: no place for this event: {")
            #expect(line.contains("\"passed\":true"), "\(line)")
            #expect(hop.deliveries.count == 1)
        }
    }
}
