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
            #expect(list.lines[0].contains(" <sender@example.org> -> <a@example.net>,<b@example.net>  "), "\(list)")
            let json = try JSONDocument(try mailreeve("quarantine", "list", "--json", "--config", config).text)
            #expect(json["id"] as? String == id && json["category"] as? String == "infected")
            #expect(json["recipients"] as? [String] == ["a@example.net", "b@example.net"])
            #expect(json["size"] as? Int == (try Samples.sample("eicar-attached").count))
            let page = try mailreeve("quarantine", "show", "--config", config, id)
            #expect(
                page.status == 0 && page.text.contains("<a@example.net>") && page.text.contains("ENVID=kept1"),
                "\(page)")
            #expect(page.text.contains("Subject: ") && page.text.contains("Eicar-Test-Signature"), "\(page)")
            // Who has looked, and for what.
            let person = "requested by \(userName()) (uid \(getuid()))"
            try gateway.log.wait(for: ") Quarantine listed: all, \(person)")
            #expect(
                try mailreeve("quarantine", "list", "--config", config, "--sender", "s\n@x", "--since", "2026-01-01")
                    .status == 0)
            try gateway.log.wait(for: ") Quarantine listed: sender=s\\x0A@x, since=2026-01-01T00:00:00Z, \(person)")
            try poll("the journal") {
                try mailreeve("log", "--config", config).text.contains("Quarantine listed: all, \(person)")
            }
            try gateway.log.wait(for: ") Quarantined message shown: \(id) <sender@example.org> -> ")
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

    /// What `list` finds; three messages, of which one has its subject in an encoded word.
    @Test func search() async throws {
        try await Lanes.run {
            let (_, gateway, first) = try Self.stage()
            let config = gateway.configurationFile
            let other = String(decoding: try Samples.sample("eicar-attached"), as: UTF8.self)
                .replacing(#/(?m)^Subject: .*$/#, with: "Subject: =?utf-8?B?0KHRh9GR0YI=?= for you\r")
            var mail = Mail(to: ["C@Example.com"], content: Array(other.utf8))
            mail.sender = "other@example.org"
            #expect(try send(mail, to: gateway.port).code == 250)
            let second = try #require(gateway.quarantined.first { $0 != first })
            func found(_ arguments: String...) throws -> [String] {
                let result = try runTool(
                    Programs.path("mailreeve"), ["quarantine", "list", "--config", config] + arguments)
                #expect(result.status == 0, "\(result)")
                return result.lines.map { String($0.prefix { $0 != " " }) }.filter { !$0.isEmpty }
            }
            #expect(Set(try found()) == [first, second])
            #expect(try found("--subject", "счёт") == [second])
            #expect(try found("--sender", "OTHER@") == [second] && found("--sender", "<>") == [])
            #expect(try found("--recipient", "b@example.net") == [first])
            #expect(try found("--tenant", "example.com") == [second])
            #expect(try found("--category", "spam") == [])
            #expect(Set(try found("--category", "infected", "--since", "1h")) == [first, second])
            #expect(try found("--until", "1h") == [])
            #expect(try found("--since", "2100-01-01") == [])
            #expect(try found("--released") == [])
            let page = try mailreeve("quarantine", "list", "--config", config, "--limit", "1")
            #expect(page.lines.count == 1 && page.errorText.contains("there are more: --after "), "\(page)")
            let id = String(page.lines[0].prefix { $0 != " " })
            #expect(try found("--after", id) == [first, second].filter { $0 != id })
            for wrong in [
                ["--category", "bad"], ["--since", "yesterday"], ["--limit", "-1"], ["--released", "--unreleased"],
            ] {
                #expect(
                    try runTool(Programs.path("mailreeve"), ["quarantine", "list", "--config", config] + wrong).status
                        == 64)
            }
            #expect(try mailreeve("quarantine", "list", "--config", config, "--after", "absent").status == 1)
        }
    }

    @Test func deleteExpireAndCheck() async throws {
        try await Lanes.run {
            let (_, gateway, id) = try Self.stage()
            let config = gateway.configurationFile
            let place = "\(gateway.stateDirectory)/quarantine"
            let kept = try mailreeve("quarantine", "expire", "--config", config)
            #expect(kept.status == 0 && kept.text.hasPrefix("0 entries were too old, 0 were too much"), "\(kept)")
            let clean = try mailreeve("quarantine", "fsck", "--config", config)
            #expect(clean.status == 0 && clean.text == "1 messages are whole\n" && clean.errors.isEmpty, "\(clean)")

            // A file that is none of ours hides nothing, and the messages are read where the index is away.
            let settings = gateway.configuration
            try Data().write(to: URL(fileURLWithPath: "\(place)/~"))
            gateway.configuration.settings["quarantine.postgresql"] = "\"host=\(place)/none dbname=none\""
            try gateway.writeConfiguration()
            let away = try mailreeve("quarantine", "fsck", "--config", config)
            #expect(away.status == 1 && away.text == "1 messages are whole\n", "\(away)")
            #expect(
                away.errorText.contains("~ is no entry\n") && away.errorText.contains("the index was not compared"),
                "\(away)")
            gateway.configuration = settings
            try gateway.writeConfiguration()
            try FileManager.default.removeItem(atPath: "\(place)/~")

            let message = "\(place)/\(id.prefix(1))/\(id)/message.gz"
            var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: message)))
            bytes[bytes.count / 2] ^= 0xFF
            try FileHandle(forWritingTo: URL(fileURLWithPath: message)).write(contentsOf: Data(bytes))
            let damaged = try mailreeve("quarantine", "fsck", "--config", config)
            #expect(
                damaged.status == 1 && damaged.errorText.contains("\(id): the message is not the one"), "\(damaged)")
            // Not to be trusted, it is not sent.
            let refused = try mailreeve("quarantine", "release", "--config", config, "--force", id)
            #expect(refused.status == 1 && refused.errorText.contains("is damaged"), "\(refused)")
            bytes[bytes.count / 2] ^= 0xFF
            try FileHandle(forWritingTo: URL(fileURLWithPath: message)).write(contentsOf: Data(bytes))

            let wrong = try mailreeve("quarantine", "delete", "--config", config, "absent", id, "../\(id)")
            #expect(wrong.status == 1 && wrong.errorText.contains("no message absent"), "\(wrong)")
            #expect(gateway.quarantined.isEmpty)
            #expect(try mailreeve("quarantine", "list", "--config", config).output.isEmpty)
            // Who removed it.
            let words = ") Quarantined message deleted: \(id) <sender@example.org> -> <a@example.net>,<b@example.net>, "
            try gateway.log.wait(for: words)
            #expect(try mailreeve("explain", "--config", config, id).text.contains(words + "requested by "))
        }
    }

    /// What can still be done with a message whose report or envelope is damaged or lost.
    @Test func damagedEntries() async throws {
        try await Lanes.run {
            let (hop, gateway, id) = try Self.stage()
            let config = gateway.configurationFile
            let place = "\(gateway.stateDirectory)/quarantine/\(id.prefix(1))/\(id)"
            let content = try Samples.sample("eicar-attached")
            func run(_ arguments: String...) throws -> ToolResult {
                try runTool(
                    Programs.path("mailreeve"), ["quarantine", arguments[0], "--config", config] + arguments[1...])
            }
            func cut(_ file: String) throws {
                let size = try #require(FileManager.default.attributesOfItem(atPath: "\(place)/\(file)")[.size] as? Int)
                #expect(truncate("\(place)/\(file)", size - 1) == 0)
            }
            // It is of no help that a message is not called infected when nobody knows what was found in it.
            try cut("report")
            let found = try run("fsck")
            #expect(
                found.status == 1 && found.errorText.contains("damaged: \(id)/report; the message itself is whole\n"),
                "\(found)")
            #expect(try run("show", id).status == 0 && run("show", "--report", id).status == 1)
            #expect(try run("show", "--raw", id).output == content)

            try cut("envelope")
            let digest = "\(id): its envelope is lost; the message is the one that was kept, by its digest"
            let cutOff = try run("fsck")
            #expect(cutOff.status == 1 && cutOff.errorText.contains("\(id)/envelope; the message itself is whole"))
            let raw = try run("show", "--raw", id)
            #expect(raw.status == 0 && raw.output == content && raw.errorText.contains(digest), "\(raw)")
            let page = try run("show", id)
            #expect(page.status == 0 && page.text.contains("Subject: ") && page.errorText.contains(digest), "\(page)")
            let unknown = try run("release", "--to", "admin@example.net", id)
            #expect(
                unknown.status == 1 && unknown.errorText.contains("nobody knows whether it is infected"), "\(unknown)")
            let nobody = try run("release", "--force", id)
            #expect(nobody.status == 1 && nobody.errorText.contains("--to"), "\(nobody)")
            #expect(try run("requeue", id).status == 1 && hop.deliveries.isEmpty)
            let released = try run("release", "--force", "--to", "admin@example.net", id)
            #expect(released.status == 0 && released.errorText.contains(digest), "\(released)")
            let delivery = try #require(hop.deliveries.first)
            #expect(delivery.recipients == ["admin@example.net"] && delivery.mail.hasPrefix("FROM:<>"))
            #expect(delivery.content.suffix(content.count) == content[...])
            #expect(FileManager.default.fileExists(atPath: "\(place)/released"))

            try FileManager.default.removeItem(atPath: "\(place)/envelope")
            let lost = try run("show", "--raw", id)
            #expect(
                lost.status == 0 && lost.output == content && lost.errorText.contains("checksum of gzip"), "\(lost)")
            // Damaged as well, the message is neither shown nor sent.
            try cut("message.gz")
            for arguments in [["show", "--raw"], ["release", "--force", "--to", "a@b"]] {
                let refused = try runTool(
                    Programs.path("mailreeve"),
                    ["quarantine", arguments[0], "--config", config] + arguments[1...] + [id])
                #expect(refused.status == 1 && refused.errorText.contains("is damaged: \(id)"), "\(refused)")
            }
            #expect(hop.deliveries.count == 1)
            #expect(try run("delete", id).status == 0 && gateway.quarantined.isEmpty)
        }
    }

    /// With a key nothing of a message lies readable in its files, and everything works; without it nothing is lost.
    @Test func encrypted() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try GatewayProcess(try GatewayConfiguration(nextHops: [hop.address]))
            let config = gateway.configurationFile
            let content = try Samples.sample("eicar-attached")
            func run(_ arguments: String...) throws -> ToolResult {
                try runTool(
                    Programs.path("mailreeve"), ["quarantine", arguments[0], "--config", config] + arguments[1...])
            }
            func keep() throws -> String {
                let before = Set(gateway.quarantined)
                #expect(try send(Mail(to: ["a@example.net"], content: content), to: gateway.port).code == 250)
                return try #require(gateway.quarantined.first { !before.contains($0) })
            }
            func key(_ name: String, _ octet: UInt8) throws -> String {
                let path = "\(gateway.disk.path)/\(name)"
                try Data([UInt8](repeating: octet, count: 32)).write(to: URL(fileURLWithPath: path))
                #expect(chown(path, Programs.serviceUser.user, gid_t.max) == 0 && chmod(path, 0o400) == 0)
                return path
            }
            func set(_ writing: String, _ reading: [String] = []) throws -> String {
                gateway.configuration.settings["quarantine.key_file"] = "\"\(writing)\""
                gateway.configuration.settings["quarantine.old_key_files"] = GatewayConfiguration.list(reading)
                try gateway.writeConfiguration()
                return try gateway.reload()
            }
            let plain = try keep()
            let (first, second) = (try key("first", 1), try key("second", 2))
            #expect(try set(first).contains("reloaded"))
            let old = try keep()
            #expect(try set(second, [first]).contains("reloaded"))
            let new = try keep()
            for file in ["message.gz", "envelope", "report"] {
                let path = "\(gateway.stateDirectory)/quarantine/\(old.prefix(1))/\(old)/\(file)"
                let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
                #expect(bytes.starts(with: Data("mailreeve-sealed 1\n".utf8)))
                #expect(bytes.range(of: Data("example.net".utf8)) == nil)
            }
            for id in [plain, old, new] {
                #expect(try run("show", "--raw", id).output == content)
                #expect(try run("show", "--report", id).text.contains("Eicar"))
                #expect(try run("release", "--force", id).status == 0)
            }
            #expect(
                hop.deliveries.count == 3
                    && hop.deliveries.allSatisfy { $0.content.suffix(content.count) == content[...] })
            let whole = try run("fsck")
            #expect(whole.status == 0 && whole.lines.count == 3 && whole.lines[0] == "3 messages are whole", "\(whole)")

            // The old key is gone: what needs it says so, and stays.
            #expect(try set(second).contains("reloaded"))
            let locked = try run("fsck")
            #expect(locked.status == 1 && locked.lines[0] == "2 messages are whole", "\(locked)")
            for arguments in [["show", "--raw", old], ["release", "--force", "--to", "a@b", old], ["requeue", old]] {
                let refused = try runTool(
                    Programs.path("mailreeve"), ["quarantine", arguments[0], "--config", config] + arguments[1...])
                #expect(refused.status == 1 && refused.output.isEmpty, "\(refused)")
                #expect(refused.errorText.contains("\(old) is encrypted with key "), "\(refused)")
            }
            #expect(try run("list").lines.count == 3 && hop.deliveries.count == 3)
            // A key that cannot be used changes nothing, and keeps nobody's mail in the clear.
            #expect(chmod(first, 0o644) == 0)
            #expect(try set(first).contains("others could read or change it"))
            #expect(try run("list").status == 1)
            let kept = try keep()
            #expect(try set(second, []).contains("reloaded"))
            #expect(try run("show", "--raw", kept).output == content)
            #expect(try run("delete", old).status == 0 && gateway.quarantined.count == 3)
        }
    }

    /// A report is no release, and another program reads it as RFC 5965 has it.
    @Test func reportOnAbuse() async throws {
        try await Lanes.run {
            let (hop, gateway, id) = try Self.stage()
            let config = gateway.configurationFile
            for wrong in [
                ["--report"], ["--report", "--attach", "--to", "a@b"], ["--report", "--learn", "--to", "a@b"],
            ] {
                let arguments = ["quarantine", "release", "--config", config, "--force"] + wrong + [id]
                #expect(try runTool(Programs.path("mailreeve"), arguments).status == 64, "\(wrong)")
            }
            let result = try mailreeve(
                "quarantine", "release", "--config", config, "--force", "--report", "--to", "abuse@example.org", id)
            #expect(result.status == 0 && result.lines.count == 1, "\(result)")
            let delivery = try #require(hop.deliveries.first)
            #expect(delivery.recipients == ["abuse@example.org"] && delivery.mail.hasPrefix("FROM:<>"))
            let program = """
                import email, email.policy, sys
                message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.SMTP)
                assert message.get_content_type() == "multipart/report", message.get_content_type()
                assert message.get_param("report-type") == "feedback-report"
                note, report, original = message.get_payload()
                assert not message.defects and not original.defects, (message.defects, original.defects)
                assert report.get_content_type() == "message/feedback-report"
                fields = email.message_from_string(str(report.get_payload()[0]))
                assert fields["Feedback-Type"] == "virus" and fields["Version"] == "1", fields
                assert fields["Original-Mail-From"] == "<sender@example.org>" and fields["Source-IP"] == "127.0.0.1", fields
                assert fields.get_all("Original-Rcpt-To") == ["<a@example.net>", "<b@example.net>"], fields
                assert original.get_content_type() == "message/rfc822"
                """
            let read = try runTool("python3", ["-c", program], input: delivery.content)
            #expect(read.status == 0, "\(read)")
            #expect(try mailreeve("quarantine", "list", "--released", "--config", config).output.isEmpty)
            try gateway.log.wait(
                for: ") Quarantined message reported: \(id) <sender@example.org> -> <abuse@example.org>, ")
        }
    }

    @Test func releaseAsAttachment() async throws {
        try await Lanes.run {
            let (hop, gateway, id) = try Self.stage()
            let result = try mailreeve(
                "quarantine", "release", "--config", gateway.configurationFile, "--force", "--attach", "--to",
                "admin@example.net", "--to", "other@example.net", id)
            #expect(result.status == 0 && result.lines.count == 2, "\(result)")
            let delivery = try #require(hop.deliveries.first)
            #expect(delivery.recipients == ["admin@example.net", "other@example.net"])
            #expect(delivery.mail.hasPrefix("FROM:<>"))
            // Another program's reading of it: a note, and the message as it was.
            let program = """
                import email, email.policy, sys
                message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.SMTP)
                note, carrier = message.get_payload()
                assert not message.defects and not carrier.defects, (message.defects, carrier.defects)
                assert note.get_content_type() == "text/plain" and "Eicar" in note.get_content(), note
                assert carrier.get_content_type() == "message/rfc822", carrier.get_content_type()
                sys.stdout.buffer.write(carrier.get_payload(0).as_bytes())
                """
            let inner = try runTool("python3", ["-c", program], input: delivery.content)
            let original = try Samples.sample("eicar-attached")
            #expect(inner.status == 0 && inner.output.count > original.count / 2, "\(inner)")
            let text = String(decoding: delivery.content, as: UTF8.self)
            #expect(text.contains(String(decoding: original, as: UTF8.self)))
        }
    }

    /// As text: another program opens nothing in it, and its octets are those that were kept.
    @Test func releaseAsText() async throws {
        try await Lanes.run {
            let (hop, gateway, id) = try Self.stage()
            let result = try mailreeve(
                "quarantine", "release", "--config", gateway.configurationFile, "--force", "--plain", id)
            #expect(result.status == 0 && result.lines.count == 2, "\(result)")
            let delivery = try #require(hop.deliveries.first)
            #expect(delivery.recipients == ["a@example.net", "b@example.net"] && delivery.mail.hasPrefix("FROM:<>"))
            let program = """
                import email, email.policy, sys
                message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.SMTP)
                note, shown = message.get_payload()
                assert [p.get_content_type() for p in message.walk()] == ["multipart/mixed", "text/plain", "text/plain"]
                assert "Eicar" in note.get_content(), note
                assert shown.get_content_disposition() == "inline" and not message.defects
                sys.stdout.buffer.write(shown.get_payload(decode=True))
                """
            let inner = try runTool("python3", ["-c", program], input: delivery.content)
            let original = try Samples.sample("eicar-attached")
            #expect(inner.status == 0, "\(inner)")
            #expect(
                String(decoding: delivery.content, as: UTF8.self).contains(String(decoding: original, as: UTF8.self)))
            let shown = inner.output.filter { $0 != 0x0D }
            #expect(shown.starts(with: original.filter { $0 != 0x0D }), "\(inner)")
            for other in ["--attach", "--report"] {
                let both = try mailreeve(
                    "quarantine", "release", "--config", gateway.configurationFile, "--plain", other, id)
                #expect(both.status != 0 && both.errorText.contains("exclude each other"), "\(both)")
            }
        }
    }

    /// Judged again by the gateway: what is still bad comes back under another name.
    @Test func requeue() async throws {
        try await Lanes.run {
            let (hop, gateway, id) = try Self.stage()
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
            let (hop, gateway, id) = try Self.stage()
            let config = gateway.configurationFile
            let first = try mailreeve("quarantine", "release", "--config", config, "--force", "--learn", id)
            #expect(first.status == 0 && first.lines.last == "learned as ham", "\(first)")
            let again = try mailreeve("quarantine", "release", "--config", config, "--force", "--learn", id)
            #expect(again.status == 0 && again.lines.last == "was learned as ham before", "\(again)")
            #expect(hop.deliveries.count == 2)
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

/// Who runs the tests.
private func userName() -> String {
    if getuid() == 0, let caller = ProcessInfo.processInfo.environment["SUDO_USER"] { return caller }
    return getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "?"
}
