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
            #expect(Double(spam.count { $0.points >= 3 }) > 0.33 * Double(spam.count))
        }
    }

    /// Letters of a bank to its own customers: the topic of the subject is that of the text, and counts once.
    @Test(arguments: [
        (
            "Your credit card statement is ready",
            "to keep your account safe, please confirm your identity in the app.\n"
                + "Your credit history stays with us; there is no obligation.\n"
        ),
        (
            "Lower your mortgage rate",
            "mortgage rates have come down since you took out your home loan with us.\n"
                + "A refinancing costs you nothing; there is no obligation.\nCall today at 1-800-555-0134, or click here.\n"
        ),
    ])
    func lettersOfABank(_ subject: String, _ text: String) async throws {
        try await Lanes.run {
            let message = crlf(
                "From: service@bank.example\nTo: b@example.net\nSubject: \(subject)\n"
                    + "Date: Thu, 6 Mar 2025 07:05:30 +0000\nMessage-ID: <x@bank.example>\n\nDear valued customer,\n\n\(text)"
                    + "\nIf you do not wish to receive mail about offers, change your settings.\n")
            let scanned = try scan(message, "")
            #expect(scanned["category"] as? String == "clean")
            #expect(try #require(scanned["score"] as? Double) <= 5.5)
        }
    }

    @Test(.enabled(if: SharedCorpora.path != nil, "the corpora are not beside the package"))
    func spamOfAmavis() async throws {
        try await Lanes.run {
            let file = try #require(SharedCorpora.path) + "/mime/amavis/sample-spam.txt"
            #expect(try scan(Array(try Data(contentsOf: URL(filePath: file))), "")["category"] as? String == "spam")
        }
    }

    /// What `scan` says of a message with some settings.
    private func scan(_ message: [UInt8], _ settings: String) throws -> [String: Any] {
        let configuration = try OfflineConfiguration(settings)
        let file = try configuration.write("m.eml", message)
        let run = try runTool(Programs.path("mailreeve"), ["scan", "--config", configuration.path, "--json", file])
        return try JSONDocument(try #require(run.lines.first, "\(run)")).object
    }

    /// The tests that a message has with some settings.
    private func names(_ settings: String) throws -> [String] {
        let message = crlf(
            "From: a@example.org\nTo: b@example.net\nSubject: Work from home\nDate: Thu, 6 Mar 2025 07:05:30 +0000\n"
                + "Message-ID: <x@example.org>\n\nDear friend,\nour offer\nDear friend,\n")
        let tests = try scan(message, settings)["tests"] as? [[String: Any]] ?? []
        return tests.compactMap { $0["name"] as? String }
    }

    /// A site that wants none has none, and one that wants some besides has both. A test counts once.
    @Test func theyCanBeLeftOut() async throws {
        try await Lanes.run {
            let usual = try names("")
            #expect(usual == ["ABOUT_EASY_MONEY", "BODY_DEAR"])
            #expect(try names("decoded_header_checks: []\n") == ["BODY_DEAR"])
            #expect(try names("decoded_header_checks: []\ndecoded_body_checks: []\n") == [])
            let own = #"["pcre:{{/^our offer/ SCORE 1 OFFER}}", shipped:decoded_body_checks]"#
            #expect(
                try names("decoded_header_checks: []\ndecoded_body_checks: \(own)\n") == ["BODY_DEAR", "OFFER"])
        }
    }
}
