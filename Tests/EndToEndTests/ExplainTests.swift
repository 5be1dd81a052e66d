import TestSupport
import Testing

/// `mailreeve explain` names the setting that decided, whatever kind of setting it is.
@Suite struct ExplainTests {
    /// The page on the only message of a gateway with these keys of its policy.
    private static func page(
        _ mail: Mail, _ keys: [String: String], _ settings: [String: String] = [:]
    ) throws -> String {
        let hop = try ScriptedNextHop(lmtp: false)
        var configuration = try GatewayConfiguration(nextHops: [hop.address])
        configuration.policies["default"]?.merge(keys) { $1 }
        configuration.settings.merge(settings) { $1 }
        let gateway = try GatewayProcess(configuration)
        _ = try send(mail, to: gateway.port)
        let lines = try gateway.awaitMessageLines(1)
        let id = try #require(lines[0].firstMatch(of: #/\((\d+-\d+)(?:-\d)?\) /#)?.1)
        var result = ToolResult?.none
        try poll("the event") {
            result = try mailreeve("explain", "--config", gateway.configurationFile, String(id))
            return result?.status == 0
        }
        return result?.text ?? ""
    }

    private static let mail = Mail(
        from: "s@example.org", to: ["r@example.net"], text: "Subject: x\nFrom: s@a\n\ntext\n")

    @Test(arguments: [
        (
            ["allow_senders": "[example.org]", "sender_points": "[\"example.org 1000\"]", "spam": "reject"],
            [
                "setting     policies.default.allow_senders\n", "setting     policies.default.sender_points\n",
                "were the sender not on allow_senders, it would be: reject",
            ]
        ),
        (
            ["deny_senders": "[example.org]", "spam": "quarantine"],
            [
                "setting     policies.default.spam\n", "setting     policies.default.deny_senders\n",
                "were the sender not on deny_senders, it would be: deliver",
            ]
        ),
        (
            ["sender_points": "[\"example.org 20\"]", "spam": "bounce", "levels": "{kill: 7, quarantine_cutoff: 15}"],
            [
                "setting     policies.default.levels.kill\n", "setting     policies.default.levels.quarantine_cutoff\n",
                "dsn_cutoff 10.0, quarantine_cutoff 15.0)", " (no notification: cutoff)",
            ]
        ),
        (
            ["size_limit": "10", "oversized": "reject", "soft_bounce": "yes"],
            [
                "setting     policies.default.oversized\n", "setting     policies.default.size_limit\n",
                "setting     policies.default.soft_bounce\n",
            ]
        ),
        (
            ["deny_senders": "[example.org]", "spam": "reject", "shadow": "yes"],
            ["setting     policies.default.spam\n", "setting     policies.default.shadow\n"]
        ),
    ])
    func settings(_ keys: [String: String], _ words: [String]) async throws {
        try await Lanes.run {
            let page = try Self.page(Self.mail, keys)
            for part in words { #expect(page.contains(part), "\(part): \(page)") }
        }
    }

    private static let virus = Mail(
        from: "s@example.org", to: ["r@example.net"], text: "Subject: x\nFrom: s@a\n\n\(eicar)\n")

    /// Settings that choose among others, or let something pass, are named, and what would be without them is judged anew.
    @Test(arguments: [
        (
            virus, ["virus_destinies": "[\"eicar => quarantine\"]", "infected": "discard"],
            ["setting     policies.default.virus_destinies\n"], ["policies.default.infected\n"]
        ),
        (
            virus, ["virus_destinies": "[\"joke => pass\"]", "infected": "quarantine"],
            ["setting     policies.default.infected\n"], ["virus_destinies\n"]
        ),
        (
            virus, ["allow_senders": "[example.org]", "allow_skips": "[infected]", "infected": "quarantine"],
            [
                "setting     policies.default.allow_senders\n", "setting     policies.default.allow_skips\n",
                "were the sender not on allow_senders, it would be: quarantine",
            ], []
        ),
        (
            virus, ["bypass": "[infected, spam]", "infected": "quarantine"],
            [
                "setting     policies.default.bypass\n",
                "were infected not among bypass, it would be: quarantine",
            ], ["allow_skips\n"]
        ),
        (
            virus, ["lovers": "[infected]", "infected": "quarantine"],
            [
                "setting     policies.default.lovers\n",
                "were infected not among lovers, it would be: quarantine",
            ], []
        ),
        (
            Mail(
                from: "s@example.org", to: ["r@example.net"], text: "Subject: x\nFrom: s@a\nX-Nul: a\u{0}b\n\ntext\n"),
            ["anomalies": "{nul-in-header: reject}", "unchecked": "{ambiguous: quarantine}"],
            ["setting     policies.default.anomalies.nul-in-header\n"], ["policies.default.unchecked.ambiguous\n"]
        ),
    ])
    func settingsThatChoose(_ mail: Mail, _ keys: [String: String], _ words: [String], _ absent: [String]) async throws
    {
        try await Lanes.run {
            let page = try Self.page(mail, keys)
            for part in words { #expect(page.contains(part), "\(part): \(page)") }
            for part in absent { #expect(!page.contains(part), "\(part): \(page)") }
        }
    }

    /// Where levels and sizes come from a layer over the policy, that layer is named.
    @Test func layersOfLevels() async throws {
        try await Lanes.run {
            let page = try Self.page(
                Self.mail, ["sender_points": "[\"example.org 4\"]", "spam": "quarantine"],
                ["recipients": "[{match: [example.net], levels: {kill: 3}}]"])
            #expect(page.contains("setting     recipients[0].levels.kill\n"), "\(page)")
        }
    }

    /// What is banned, and the rule that bans it, stand in the page, as does the line of a table that fired.
    @Test func rules() async throws {
        try await Lanes.run {
            let scratch = try Scratch(.disk)
            let table = try scratch.write("header_checks", "# ours\n/^Subject: x/ WARN seen\n")
            let mail = Mail(
                to: ["r@example.net"],
                text:
                    "Subject: x\nFrom: s@a\nMIME-Version: 1.0\nContent-Type: application/octet-stream; name=run.exe\n\nMZ\n"
            )
            let page = try Self.page(mail, ["banned": "quarantine"], ["header_checks": "[\"regexp:\(table)\"]"])
            #expect(page.contains(#/\n  shipped:\d+:\d+: banned: [^\n]*run\.exe in part 1\n/#), "\(page)")
            #expect(page.contains("header \(table):2: warning") || page.contains(" \(table):2: "), "\(page)")
        }
    }
}
