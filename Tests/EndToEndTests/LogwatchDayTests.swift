import Foundation
import TestSupport
import Testing

private let script: String? = [
    Programs.package + "/build/tools/logwatch/usr/share/logwatch/scripts/services/amavis",
    "/usr/share/logwatch/scripts/services/amavis",
].first { FileManager.default.fileExists(atPath: $0) }

/// Logwatch's script for amavis reads what the daemon itself wrote from its start to its end, through the filter that
/// `packaging/logwatch` ships.
@Suite(.enabled(if: script != nil, "needs Debian's logwatch: make test-deps"))
struct LogwatchDayTests {
    /// The lines that `*OnlyContains` lets through, as syslog has them, by the program that logwatch asks.
    private static func filtered(_ lines: [String]) throws -> [String] {
        let file = try String(contentsOfFile: Programs.package + "/packaging/logwatch/mailreeve.conf", encoding: .utf8)
        let line = try #require(file.split(separator: "\n").first { $0.hasPrefix("*OnlyContains = \"") })
        let expression = String(line.dropFirst("*OnlyContains = \"".count).dropLast())
        let log = lines.map { "Nov 26 01:00:12 mx mailreeve[22996]: \($0)\n" }.joined()
        let result = try runTool("grep", ["-E", "-i", expression], input: Array(log.utf8))
        return result.text.split(separator: "\n").map(String.init)
    }

    /// A day: mail of all kinds to mixed recipients, notices, rules, a reload, a reload that is refused, a release, a
    /// next hop that is away, messages that are sent again until the last of their recipients has them, the end.
    private static func day() throws -> [String] {
        let hop = try ScriptedNextHop(lmtp: false)
        var configuration = try GatewayConfiguration(nextHops: [hop.address])
        configuration.settings["header_checks"] = """
            "pcre:{{/^Subject: refuse/ REJECT 5.7.1 not here}, {/^Subject: warn/ WARN look, Hits: 7, size: 9}, \
            {/^Subject: wait/ REJECT 4.7.1 later}}"
            """
        configuration.settings["recipients"] = """
            [{match: [all.example], lovers: [infected, banned, rule, spam, spammy]}, \
            {match: [edition.example], add_received: no, lovers: [spam]}, {match: [bounce.example], spam: bounce}, \
            {match: [quarantine.example], spam: quarantine, infected: quarantine}, {match: [reject.example], spam: reject}]
            """
        configuration.policies["default"]?["sender_points"] = "[\"spam@example.org 12\", \"spammy@example.org 6.5\"]"
        configuration.policies["default"]?["levels"] = "{tag2: 6, kill: 10, dsn_cutoff: null}"
        configuration.policies["default"]?["admins"] = "{infected: virusalert@example.com}"
        let texts = try Scratch(.disk)
        _ = try texts.write("company.txt", "Confidential (x), Hits: 3; haftet nicht\n")
        configuration.settings["disclaimers.directory"] = texts.path
        configuration.policies["default"]?.merge(["disclaimer": "company", "disclaimer_mail": "all"]) { $1 }
        let gateway = try GatewayProcess(configuration)
        let recipients = ["a@all.example", "b@bounce.example", "q@quarantine.example", "r@reject.example"]
        var infected = try Samples.sample("eicar-attached")
        for lmtp in [false, true] {
            for sender in ["s@example.org", "spam@example.org", "spammy@example.org", ""] {
                for subject in ["plain", "refuse", "warn", "wait"] {
                    let mail = Mail(
                        from: sender, to: recipients, text: "Subject: \(subject)\nFrom: s@example.org\n\ntext\n")
                    _ = try sendAll(mail, to: gateway.port, lmtp: lmtp)
                }
            }
            _ = try sendAll(Mail(to: recipients, content: infected), to: gateway.port, lmtp: lmtp)
            hop.answer { step, _, command in
                step == .rcpt && command.contains("<a@") ? .reply("550 5.1.1 unknown (x), Hits: 3") : .usual
            }
        }
        hop.answer { [weak hop] step, _, _ in
            step == .dot && hop?.deliveries.isEmpty == false ? .reply("450 4.2.1 later") : .usual
        }
        for (sender, count) in [("spam@example.org", 3), ("s@example.org", 2)] {
            hop.clear()
            let parts = ["a@all.example", "e@edition.example", "q@quarantine.example", "r@reject.example"]
            let mail = Mail(from: sender, to: parts, text: "Subject: \(count) tries\nFrom: s@example.org\n\ntext\n")
            for _ in 0..<count { _ = try sendAll(mail, to: gateway.port) }
            hop.answer { _, _, _ in .usual }
            _ = try sendAll(mail, to: gateway.port)
        }
        hop.stop()
        infected += crlf("more\n")
        _ = try sendAll(.clean(1), to: gateway.port)
        _ = try sendAll(Mail(to: recipients, content: infected), to: gateway.port)
        try hop.start()
        let loop = String(repeating: "Received: from a by b; date\n", count: 51)
        _ = try sendAll(Mail(text: loop + "Subject: loop\n\ntext\n"), to: gateway.port)
        try gateway.reload()
        let good = gateway.configuration
        gateway.configuration.settings["header_checks"] = "\"pcre:/no/such/file\""
        try gateway.writeConfiguration()
        #expect(try gateway.reload().contains("reload") == true)
        gateway.configuration = good
        try gateway.writeConfiguration()
        #expect(gateway.terminate() == 0)
        return try gateway.log.all()
    }

    @Test func noLineIsUnmatched() async throws {
        try await Lanes.run {
            // As syslog has them: without the time.
            let lines = try Self.filtered(try Self.day().map { String($0.drop { $0 != " " }.dropFirst()) })
            #expect(lines.count { $0.contains(") Passed ") } > 10 && lines.count { $0.contains(") Blocked ") } > 10)
            #expect(lines.count { $0.contains(", served before: ") } >= 3)
            #expect(lines.contains { $0.contains(") Blocked OTHER {RejectedInbound}") && $0.contains("mail loop") })
            let log = lines.map { $0 + "\n" }.joined()
            let result = try runTool(
                "perl", [try #require(script), "--syslog_name", "mailreeve", "--detail", "10"], input: Array(log.utf8))
            #expect(result.status == 0 && result.errors.isEmpty, "\(result)")
            #expect(!result.text.contains("Unmatched"), "\(result.text.suffix(3000))")
            #expect(result.text.contains(" \(lines.count)   Total messages scanned"), "\(result.text.prefix(2000))")
        }
    }

    /// A release is counted, a refused one and one that is judged again are not.
    @Test func releasesAreCounted() throws {
        let lines = try Self.filtered([
            "(AbCdEfGhIj12) Quarantined message release: AbCdEfGhIj13 <s@a> -> <r@b>,<q@b>, requested by root",
            "(AbCdEfGhIj12) Quarantined message requeued: AbCdEfGhIj13 <s@a> -> <r@b>",
            "(AbCdEfGhIj12) Quarantined message not released: AbCdEfGhIj13 <s@a> -> <r@b>: 550 5.1.1 unknown",
            // What mail says of itself.
            "9909-124: hold: header X-Hold: mailreeve[1]: (9909-1) Passed CLEAN, <a> -> <b> from h[192.0.2.1]; from=<s@a>",
        ])
        let log = lines.map { $0 + "\n" }.joined()
        let result = try runTool(
            "perl", [try #require(script), "--syslog_name", "mailreeve", "--detail", "10"], input: Array(log.utf8))
        #expect(result.text.contains("1   Released from quarantine") && !result.text.contains("Unmatched"), "\(result)")
    }
}
