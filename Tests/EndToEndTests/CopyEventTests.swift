import Foundation
import TestSupport
import Testing

/// Who got a message that was not addressed to him stands in the log, and is found in the journal.
@Suite struct CopyEventTests {
    private static func found(_ gateway: GatewayProcess, _ recipient: String) throws -> Int {
        let result = try mailreeve("log", "--config", gateway.configurationFile, "--recipient", recipient, "--json")
        return result.lines.count { !$0.isEmpty }
    }

    @Test func copiesAndRedirections() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            var configuration = try GatewayConfiguration(nextHops: [hop.address])
            configuration.settings["header_checks"] =
                "\"pcre:{{/^Subject: elsewhere/ REDIRECT other@rule.example}, {/^Subject: copy/ BCC copy@rule.example}}\""
            configuration.policies["default"]?["always_bcc"] = "[archive@policy.example]"
            configuration.settings["log.format"] = "json"
            let gateway = try GatewayProcess(configuration)
            hop.answer { step, _, command in
                step == .rcpt && command.contains("refused@") ? .reply("550 5.1.1 unknown") : .usual
            }
            func mail(_ subject: String, to recipients: [String]) -> Mail {
                Mail(to: recipients, text: "Subject: \(subject)\nFrom: s@example.org\n\ntext\n")
            }
            #expect(try send(mail("elsewhere", to: ["a@example.net", "b@example.net"]), to: gateway.port).code == 250)
            #expect(try send(mail("copy", to: ["c@example.net", "refused@example.net"]), to: gateway.port).code == 250)
            // Nobody has it, so nobody has a copy.
            #expect(try send(mail("copy", to: ["refused@example.net"]), to: gateway.port).code == 550)
            let delivered = hop.deliveries.filter { !$0.mail.hasPrefix("FROM:<>") }.map(\.recipients)
            #expect(
                delivered == [
                    ["other@rule.example", "archive@policy.example"],
                    ["c@example.net", "copy@rule.example", "archive@policy.example"],
                ])
            try poll("three events") { try Self.found(gateway, "example") == 3 }
            #expect(try Self.found(gateway, "other@rule.example") == 1 && Self.found(gateway, "a@example.net") == 1)
            #expect(try Self.found(gateway, "copy@rule.example") == 1 && Self.found(gateway, "archive@") == 2)
            let lines = try gateway.awaitMessageLines(4)
            #expect(lines.count == 4)
            #expect(lines[0].contains("redirected_to: <other@rule.example>, copied_to: <archive@policy.example>, "))
            #expect(lines[0].contains("\"redirected_to\":\"other@rule.example\""))
            #expect(lines[1].contains("copied_to: <copy@rule.example>,<archive@policy.example>, "))
            #expect(lines[1].contains("\"copied_to\":[\"copy@rule.example\",\"archive@policy.example\"]"))
            #expect(!lines[2].contains("copied_to") && !lines[3].contains("copied_to"))
            let json = try mailreeve("log", "--config", gateway.configurationFile, "--recipient", "other@", "--json")
            let id = try #require(try JSONDocument(json.lines[0])["mail_id"] as? String)
            let page = try mailreeve("explain", "--config", gateway.configurationFile, id).text
            #expect(page.contains("envelope    <sender@example.org> -> <a@example.net>,<b@example.net>\n"), "\(page)")
            let recipient = page.split(separator: "\n").first { $0.hasPrefix("  <b@example.net>: ") }
            #expect(recipient?.hasSuffix(" (redirected to <other@rule.example>)") ?? false, "\(page)")
            #expect(page.contains("copied to   <archive@policy.example>\n"))
        }
    }
}
