import Foundation
import TestSupport
import Testing

/// `mailreeve quarantine`: what lists, shows and removes.
@Suite struct QuarantineCommandTests {
    @Test func listAndShow() async throws {
        try await Lanes.run {
            let (_, gateway, id) = try QuarantineStage.stage()
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
            let person = "requested by \(QuarantineStage.userName()) (uid \(getuid()))"
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

    /// What `list` finds; three messages, of which one has its subject in an encoded word.
    @Test func search() async throws {
        try await Lanes.run {
            let (_, gateway, first) = try QuarantineStage.stage()
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
            let (_, gateway, id) = try QuarantineStage.stage()
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
            // One that goes on behind what is shown is shown, and told.
            bytes[bytes.count / 2] ^= 0xFF
            try Data(bytes).write(to: URL(fileURLWithPath: message))
            let longer = try runTool(
                "sh",
                [
                    "-c",
                    "(zcat '\(message)'; head -c 300000 /dev/zero) | gzip > '\(message).new' && cat '\(message).new' > '\(message)' && rm '\(message).new'",
                ])
            try #require(longer.status == 0)
            let shown = try mailreeve("quarantine", "show", "--config", config, id)
            #expect(
                shown.status == 1 && shown.text.contains("Subject:") && shown.errorText.contains("is damaged"),
                "\(shown)")
            bytes[bytes.count / 2] ^= 0xFF
            try Data(bytes).write(to: URL(fileURLWithPath: message))
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
}
