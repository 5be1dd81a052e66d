import Foundation
import TestSupport
import Testing

/// The shipped rules that only count, on mail of others: with the settings as they are, no honest message is spam by them.
@Suite struct ScoringRulesOnMailTests {
    private static let isLong = ProcessInfo.processInfo.environment["MAILREEVE_LONG_TESTS"] != nil

    /// Points of tests by shipped rules, of each message of mailboxes.
    private func points(_ boxes: [String], every step: Int, _ more: String = "") throws -> [(
        name: String, points: Double
    )] {
        let configuration = try OfflineConfiguration(more)
        let corpus = try #require(SharedCorpora.path) + "/spamassassin"
        var out: [(String, Double)] = []
        for box in boxes {
            let bytes = try runTool("xz", ["-dc", "\(corpus)/\(box).mbox.xz"]).output
            let file = try configuration.write(box, Self.sampled(bytes, every: step))
            let run = try runTool(
                Programs.path("mailreeve"), ["scan", "--config", configuration.path, "--json", file], seconds: 900)
            for (number, line) in run.lines.enumerated() {
                let tests = try JSONDocument(line)["tests"] as? [[String: Any]] ?? []
                let own = tests.filter { ($0["name"] as? String)?.hasPrefix("ANOMALY_") == false }
                out.append(("\(box) \(number)", own.compactMap { $0["score"] as? Double }.reduce(0, +)))
            }
        }
        return out
    }

    /// Every so many messages of a mailbox.
    private static func sampled(_ box: [UInt8], every step: Int) -> [UInt8] {
        guard step > 1 else { return box }
        var out: [UInt8] = []
        for (number, message) in String(decoding: box, as: UTF8.self).components(separatedBy: "\n\nFrom ").enumerated()
        where number % step == 0 {
            out += Array(((number == 0 ? "" : "From ") + message + "\n\n").utf8)
        }
        return out
    }

    @Test(.enabled(if: SharedCorpora.path != nil, "the corpora are not beside the package"))
    func honestMailStaysBelowTheLevel() async throws {
        try await Lanes.run {
            let ham = try points(["easy_ham", "easy_ham_2", "hard_ham"], every: Self.isLong ? 1 : 20)
            #expect(ham.count > (Self.isLong ? 4140 : 200))
            for message in ham { #expect(message.points < 6.31, "\(message)") }
            #expect(ham.count { $0.points >= 5 } <= 2)
            let spam = try points(["spam", "spam_2"], every: Self.isLong ? 1 : 20)
            #expect(Double(spam.count { $0.points >= 3 }) > 0.35 * Double(spam.count))
        }
    }

    /// The tests that a message has with some settings.
    private func names(_ settings: String) throws -> [String] {
        let message = crlf(
            "From: a@example.org\nTo: b@example.net\nSubject: Work from home\nDate: Thu, 6 Mar 2025 07:05:30 +0000\n"
                + "Message-ID: <x@example.org>\n\nDear friend,\nour offer\nDear friend,\n")
        let configuration = try OfflineConfiguration(settings)
        let file = try configuration.write("m.eml", message)
        let run = try runTool(Programs.path("mailreeve"), ["scan", "--config", configuration.path, "--json", file])
        let tests = try JSONDocument(try #require(run.lines.first, "\(run)"))["tests"] as? [[String: Any]] ?? []
        return tests.compactMap { $0["name"] as? String }
    }

    /// A site that wants none has none, and one that wants some besides has both. A test counts once.
    @Test func theyCanBeLeftOut() async throws {
        try await Lanes.run {
            let usual = try names("")
            #expect(usual == ["SUBJECT_EASY_MONEY", "BODY_DEAR"])
            #expect(try names("decoded_header_checks: []\n") == ["BODY_DEAR"])
            #expect(try names("decoded_header_checks: []\ndecoded_body_checks: []\n") == [])
            let own = #"["pcre:{{/^our offer/ SCORE 1 OFFER}}", shipped:decoded_body_checks]"#
            #expect(
                try names("decoded_header_checks: []\ndecoded_body_checks: \(own)\n") == ["BODY_DEAR", "OFFER"])
        }
    }
}
