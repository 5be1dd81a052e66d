import Foundation
import MailModel
import Policy
import TestSupport
import Testing

private let script: String? = [
    Programs.package + "/build/tools/logwatch/usr/share/logwatch/scripts/services/amavis",
    "/usr/share/logwatch/scripts/services/amavis",
].first { FileManager.default.fileExists(atPath: $0) }

/// Logwatch's script for amavis, unmodified, reads our lines as amavis's.
@Suite(.enabled(if: script != nil, "needs Debian's logwatch: make test-deps"))
struct LogwatchTests {
    private static func report(_ lines: [String]) throws -> String {
        let log = lines.map { "Nov 26 01:00:12 mx mailreeve[22996]: \($0)\n" }.joined()
        let result = try runTool(
            "perl", [try #require(script), "--syslog_name", "mailreeve", "--detail", "10"], input: Array(log.utf8))
        #expect(result.status == 0 && result.errors.isEmpty, "\(result)")
        return result.text
    }

    /// The number before a line of the summary; 0 where there is none.
    private static func count(_ title: String, in report: String) -> Int {
        for line in report.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            if words.count > 1, line.contains("  \(title) "), let number = Int(words[0]) { return number }
        }
        return 0
    }

    private static func verdicts() -> [Verdict] {
        var all: [Verdict] = []
        for category in MailModel.Category.allCases {
            var verdict = Samples.verdict(viruses: category == .infected ? ["Eicar-Test", "B (x), y"] : [])
            verdict.categories = [category]
            if category == .unchecked { verdict.unchecked = [Unchecked(.encrypted), Unchecked(.overLimits)] }
            if category == .badHeader { verdict.badHeaders = [Verdict.HeaderFault(kind: .longLine, detail: "x")] }
            all.append(verdict)
            verdict.tests = [ScoredTest(name: "A", score: 7.25), ScoredTest(name: "B", score: -12)]
            all.append(verdict)
        }
        return all
    }

    /// A day of mail: every category, with every outcome, with all that mail can put into a line.
    @Test func noLineIsUnmatched() throws {
        var random = SeededGenerator(seed: 9)
        let texts = [
            "", "s@a", "\"b c\"@x", "a>b@x", "é@münchen.example", "x, Hits: 99, size: 1@x", "(1-1) Passed SPAM {}@x",
            String(repeating: "l", count: 300) + "@x", "a\\b@x", "[1]@x", "%n@x", "\u{202E}@x",
        ]
        var lines: [String] = []
        for verdict in Self.verdicts() {
            for kind in DispositionKind.allCases {
                for code in [250, 450, 554] {
                    var event = MessageEvent(
                        id: "59301-\(lines.count)", mailID: "jaUETfyBMJHG", verdict: verdict,
                        envelope: Envelope(
                            reversePath: MailPath(texts.randomElement(using: &random) ?? ""), recipients: [],
                            client: ClientFacts(address: ["192.0.2.1", "::1", "unix"][lines.count % 3], port: 0)),
                        policy: "default", size: lines.count)
                    if lines.count % 4 == 0 {
                        event.envelope.client.forwarded = ForwardedClient()
                        event.envelope.client.forwarded?.address = Array("203.0.113.9".utf8)
                        event.envelope.client.forwarded?.ident = Array("4XABC, Hits: 5, size: 1".utf8)
                    }
                    event.outcomes = (0...(lines.count % 25)).map { _ in
                        RecipientOutcome(
                            recipient: Samples.recipient(texts.randomElement(using: &random) ?? ""), kind: kind,
                            reply: Reply(code, nil, "text"))
                    }
                    if lines.count % 2 == 0 {
                        event.messageID = Array("<\(texts.randomElement(using: &random) ?? "")>".utf8)
                    }
                    if lines.count % 6 == 0 {
                        event.resentMessageID = Array("<\(texts.randomElement(using: &random) ?? "")>".utf8)
                    }
                    if lines.count % 8 < 4 {
                        event.directions = Dictionary(
                            event.outcomes.map { ($0.recipient.path, .internal) }, uniquingKeysWith: { $1 })
                    }
                    if lines.count % 3 == 0 { event.quarantineID = "AbCdEf123456" }
                    if lines.count % 5 == 0 { event.queuedAs = ["4XABC", "x y"] }
                    if lines.count % 7 == 0 { event.causes = ["no route, Hits: 3", "size: 7"] }
                    if lines.count % 9 == 0 { event.anomalies = [Anomaly(kind: .nul)] }
                    lines.append(event.line)
                }
            }
        }
        let report = try Self.report(lines)
        #expect(!report.contains("Unmatched"), "\(report.suffix(3000))")
        #expect(report.contains(" Total messages scanned ") && report.contains(" \(lines.count)   Total messages"))
        for title in [
            "Malware blocked", "Banned name blocked", "Unchecked blocked", "Spam blocked", "Spammy blocked",
            "Bad header blocked", "Oversized blocked", "MTA blocked", "Malware passed", "Banned name passed",
            "Unchecked passed", "Spam passed", "Spammy passed", "Bad header passed", "Oversized passed", "Clean passed",
        ] {
            #expect(Self.count(title, in: report) > 0, "\(title)")
        }
    }

    /// What a line says is what the report counts.
    @Test func countsAreRight() throws {
        func line(_ viruses: [String], _ kind: DispositionKind, _ size: Int) -> String {
            var event = MessageEvent(
                id: "1-1", mailID: "jaUETfyBMJHG", verdict: Samples.verdict(viruses: viruses),
                envelope: Envelope(reversePath: MailPath("s@a"), recipients: []), policy: "default", size: size)
            event.outcomes = [
                RecipientOutcome(recipient: Samples.recipient("r@b"), kind: kind, reply: Reply(250, nil, ""))
            ]
            return event.line
        }
        let report = try Self.report(
            Array(repeating: line([], .deliver, 100), count: 7)
                + Array(repeating: line(["Eicar"], .discard, 10), count: 3))
        #expect(Self.count("Total messages scanned", in: report) == 10)
        #expect(Self.count("Clean passed", in: report) == 7 && Self.count("Malware blocked", in: report) == 3)
        #expect(report.contains("730") && report.contains("Eicar"))
    }
}
