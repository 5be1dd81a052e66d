import Foundation
import TestSupport
import Testing

/// The files of rules on names and types of files and the allow list, as `check-config`, `rules lint` and
/// `quarantine release --allow-until` look them over and write them.
@Suite struct BannedFilesTests {
    private static let program = Array("not really a program\r\n".utf8)

    private static func message(_ name: String, _ content: [UInt8] = program) -> [UInt8] {
        BannedSamples.message(name, content, type: "application/octet-stream", at: .top)
    }

    // MARK: What people are told

    /// Reply, log line, header field, notices and report name the file, where it is, its type and the reason of the rule.
    @Test func everythingSaysWhatAndWhy() async throws {
        try await Lanes.run {
            let words = "no tools here:application/octet-stream,.asc,tool.exe in part 1.2"
            for destiny in ["reject", "pass", "quarantine"] {
                let hop = try ScriptedNextHop(lmtp: false)
                var configuration = try GatewayConfiguration(nextHops: [hop.address], beforeQueue: true)
                configuration.settings["banned.rules"] = "[\"ban *.exe # no tools here\"]"
                configuration.settings["local_domains"] = "[example.net]"
                configuration.policies["default"]?.merge([
                    "banned": destiny, "warn_recipients": "[banned]", "admins": "{banned: virusalert@example.com}",
                ]) { $1 }
                let gateway = try GatewayProcess(configuration)
                let reply = try send(
                    Mail(to: ["rcpt@example.net"], content: Self.message("tool.exe")), to: gateway.port)
                let line = try gateway.awaitMessageLines(1)[0]
                #expect(line.contains("BANNED (\(words.replacing(" ", with: "\\x20")))"), "\(line)")
                switch destiny {
                case "reject": #expect(reply.code == 554 && "\(reply)".contains("BANNED: \(words)"), "\(reply)")
                case "pass":
                    let passed = hop.deliveries.map { String(decoding: $0.content, as: UTF8.self) }
                    #expect(
                        passed.contains { $0.contains("X-Mailreeve-Alert: BANNED, message contains: \(words)\r\n") },
                        "\(passed)")
                default:
                    let notices = hop.deliveries.filter { $0.mail.hasPrefix("FROM:<>") }
                    #expect(Set(notices.flatMap(\.recipients)) == ["rcpt@example.net", "virusalert@example.com"])
                    for notice in notices {
                        // Lines are folded there.
                        let text = String(decoding: notice.content, as: UTF8.self).split(whereSeparator: \.isWhitespace)
                            .joined(separator: " ")
                        #expect(text.contains(words), "\(text)")
                    }
                    let id = try #require(gateway.quarantined.first)
                    let shown = try mailreeve("quarantine", "show", "--config", gateway.configurationFile, id)
                    #expect(shown.text.contains(words), "\(shown)")
                    let path = "\(gateway.stateDirectory)/quarantine/\(id.prefix(1))/\(id)/report"
                    let report = try JSONDocument(String(contentsOfFile: path, encoding: .utf8))
                    let finding = try #require((report["findings"] as? [[String: Any]])?.first)
                    #expect(finding["name"] as? String == "application/octet-stream,.asc,tool.exe")
                    #expect(finding["part"] as? String == "1.2" && finding["class"] as? String == "banned")
                    #expect(finding["evidence"] as? String == "no tools here (banned.rules:1:1)")
                }
            }
        }
    }

    /// A name in octets that are no text is escaped once, wherever people read it.
    @Test func octetsOfNamesAreEscapedOnce() async throws {
        try await Lanes.run {
            let content = Self.message("t~l.exe").map { $0 == 0x7E ? 0xE9 : $0 }
            for destiny in ["reject", "pass", "bounce", "quarantine", "strip"] {
                let hop = try ScriptedNextHop(lmtp: false)
                var configuration = try GatewayConfiguration(nextHops: [hop.address], beforeQueue: destiny == "reject")
                configuration.settings["local_domains"] = "[example.net]"
                configuration.policies["default"]?.merge([
                    "banned": destiny, "warn_recipients": "[banned]", "admins": "{banned: virusalert@example.com}",
                ]) { $1 }
                let gateway = try GatewayProcess(configuration)
                let reply = try send(Mail(to: ["rcpt@example.net"], content: content), to: gateway.port)
                var texts = ["\(reply)", try gateway.awaitMessageLines(1)[0]]
                for delivery in hop.deliveries {
                    // Lines are folded there. A copy of the message has the octet.
                    let text = String(decoding: delivery.content.filter { $0 != 0x0D && $0 != 0x0A }, as: UTF8.self)
                    texts.append(text.replacing(" ", with: ""))
                }
                for id in gateway.quarantined {
                    for command in [["list"], ["show", id]] {
                        let arguments = ["quarantine", command[0], "--config", gateway.configurationFile]
                        texts.append(try runTool(Programs.path("mailreeve"), arguments + command.dropFirst()).text)
                    }
                }
                let told = texts.filter { $0.contains(#"t\xE9l.exe"#) }
                #expect(told.count >= (["reject", "pass"].contains(destiny) ? 2 : 3), "\(destiny): \(texts)")
                for text in texts { #expect(!text.contains(#"\\xE9"#), "\(destiny): \(text)") }
            }
        }
    }

    // MARK: quarantine release --allow-until

    /// A gateway that keeps one banned message, with an allow list, which does not end with a line end.
    private func stage(_ content: [UInt8]) throws -> (hop: ScriptedNextHop, gateway: GatewayProcess, list: Scratch) {
        let hop = try ScriptedNextHop(lmtp: false)
        var configuration = try GatewayConfiguration(nextHops: [hop.address])
        configuration.policies["default"]?["banned"] = "quarantine"
        let disk = try Scratch(.disk)
        let list = try disk.write("banned.allow", "# none yet")
        configuration.settings["banned.allow_list"] = list
        let gateway = try GatewayProcess(configuration)
        let mail = Mail(to: ["rcpt@example.net", "second@example.net"], content: content)
        #expect(try send(mail, to: gateway.port).code == 250)
        #expect(hop.deliveries.isEmpty && gateway.quarantined.count == 1)
        return (hop, gateway, disk)
    }

    @Test func releaseAddsAnEntry() async throws {
        try await Lanes.run {
            let content = Self.message("tool.exe")
            let (hop, gateway, disk) = try stage(content)
            let id = try #require(gateway.quarantined.first)
            let start = ["quarantine", "release", "--config", gateway.configurationFile]
            let released = try runTool(
                Programs.path("mailreeve"),
                start + ["--allow-until", "2099-12-31", "--reason", "tool of the month", id])
            #expect(released.status == 0 && hop.deliveries.count == 1, "\(released)")
            let digest = try runTool("sha256sum", [], input: Self.program).text.prefix(64)
            let lines = try String(contentsOfFile: disk.path + "/banned.allow", encoding: .utf8).split(separator: "\n")
                .map(String.init)
            let owner = try runTool("id", ["-un"]).lines[0]
            #expect(
                lines == [
                    "# none yet",
                    "sender@example.org rcpt@example.net \(digest) 2099-12-31 \(owner) tool of the month",
                    "sender@example.org second@example.net \(digest) 2099-12-31 \(owner) tool of the month",
                ], "\(lines)")
            for line in lines.dropFirst() { #expect(released.lines.contains("allowed: \(line)"), "\(released)") }
            // From the next reload on it passes, from this sender to these recipients.
            #expect(try gateway.reload().contains("reloaded"))
            #expect(try send(Mail(to: ["second@example.net"], content: content), to: gateway.port).code == 250)
            #expect(hop.deliveries.count == 2)
            try poll("the line on what was allowed") {
                gateway.allLines.contains { $0.contains("allowed by \(owner): tool of the month") }
            }
            #expect(try send(Mail(to: ["third@example.net"], content: content), to: gateway.port).code == 250)
            #expect(hop.deliveries.count == 2 && gateway.quarantined.count == 2)
        }
    }

    /// What no entry can be made of is refused before anything is sent, and the list stays as it is.
    @Test func whatCannotBeAllowed() async throws {
        try await Lanes.run {
            let (hop, gateway, disk) = try stage(Self.message("tool.exe"))
            let id = try #require(gateway.quarantined.first)
            let start = ["quarantine", "release", "--config", gateway.configurationFile]
            for (arguments, words) in [
                (["--allow-until", "2001-12-31", "--reason", "x"], "is over"),
                (["--allow-until", "tomorrow", "--reason", "x"], "the last day is a date"),
                (["--allow-until", "2099-02-30", "--reason", "x"], "the last day is a date"),
                (["--allow-until", "2099-12-31", "--reason", "two\nlines"], "no entry can be made"),
                (["--allow-until", "2099-12-31", "--reason", " "], "the reason is missing"),
                (["--allow-until", "2099-12-31"], "belong together"), (["--reason", "x"], "belong together"),
            ] {
                let refused = try runTool(Programs.path("mailreeve"), start + arguments + [id])
                #expect(refused.status != 0 && refused.errorText.contains(words), "\(refused)")
            }
            #expect(
                try String(contentsOfFile: disk.path + "/banned.allow", encoding: .utf8) == "# none yet"
                    && hop.deliveries.isEmpty)
        }
    }

    // MARK: check-config and rules lint

    private func check(_ settings: String) throws -> ToolResult {
        let configuration = try OfflineConfiguration(settings)
        return try mailreeve("check-config", configuration.path)
    }

    @Test func checkConfigReadsTheFiles() throws {
        let disk = try Scratch(.disk)
        let typo = try disk.write("typo.rules", "bann *.exe\n")
        let broken = try disk.write("broken.rules", "ban *.a\nban name /(/\n")
        let allow = try disk.write("banned.allow", "a@b c@d nonsense 2099-12-31 me x\n")
        let good = try disk.write("good.rules", "ban *.exe  # program\nset mine\nban *.exe *.scr\n")
        for (settings, words) in [
            ("banned: {rules: [\(typo)]}\n", "\(typo):1:1: error: a rule begins with ban"),
            ("banned: {rules: [\(broken)]}\n", "\(broken):2:1: error: "),
            ("banned: {rules: [\(disk.path)/none]}\n", "none"),
            ("banned: {allow_list: \(allow)}\n", "\(allow):1:9: error: a SHA-256 digest"),
            ("policies: {default: {banned_rules: [mine]}}\n", "there is no set 'mine'"),
        ] {
            let result = try check(settings)
            #expect(result.status == 1 && result.text.contains(words), "\(settings): \(result)")
        }
        let fine = try check("banned: {rules: [\(good)]}\npolicies: {default: {banned_rules: [mine, default]}}\n")
        #expect(fine.status == 0 && fine.text.contains("\(good):3:1: warning: asks for several names"), "\(fine)")
        let over = try disk.write("over.allow", "\n" + Self.ended)
        let warned = try check("banned: {allow_list: \(over)}\n")
        #expect(warned.status == 0 && warned.text.contains("\(over):2:1: warning: the last day"), "\(warned)")
    }

    private static let ended = "a@b.example * \(String(repeating: "0a", count: 32)) 2001-12-31 me x\n"

    @Test func lintKnowsTheFiles() throws {
        let disk = try Scratch(.disk)
        for (name, text, words) in [
            ("a", "\u{FEFF}ban *.exe\nban nonsense\n", ":2:5: 'nonsense' is neither"),
            ("b", "# mine\nbann *.exe\nban *.scr\n", ":2:1: a rule begins with"),
            ("c", "ban name /(a+)+$/\n", ":1:1: can take very long"),
            ("d", "ban a.exe\n", "written as name a.exe"),
            ("x.banned.allow", "a@b.example c@d.example 12 2099-12-31 me x\n", ":1:25: a SHA-256 digest"),
            ("y.banned.allow", Self.ended, ":1:1: the last day of this entry is over"),
        ] {
            let file = try disk.write(name, text)
            let result = try mailreeve("rules", "lint", file)
            #expect(result.status == 1 && result.text.contains(words), "\(result)")
        }
        let clean = try disk.write("e", "\u{FEFF}ban *.exe  # program\n")
        #expect(try mailreeve("rules", "lint", clean).status == 0)
    }
}
