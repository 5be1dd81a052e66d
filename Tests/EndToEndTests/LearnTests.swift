import Foundation
import TestSupport
import Testing

/// `mailreeve learn` and what `scan` makes of it.
@Suite(.enabled(if: Clients.arePossible, Clients.missing))
struct LearnTests {
    private static let spam = Programs.package + "/corpus/spam.mbox"
    private static let ham = Programs.package + "/corpus/ham.mbox"

    /// A configuration with a small minimum, and a database beside it.
    private struct Place {
        let configuration: OfflineConfiguration
        let database: String

        let directory: String

        init() throws {
            configuration = try OfflineConfiguration("bayes:\n  minimum: 50\n")
            directory = String(configuration.path.dropLast("/mailreeve.yaml".count))
            database = directory + "/bayes"
        }

        func learn(_ arguments: String...) throws -> ToolResult {
            try runTool(
                Programs.path("mailreeve"),
                ["learn", "--config", configuration.path, "--dbpath", database] + arguments)
        }
    }

    @Test func learnsOnceAndJudges() async throws {
        try await Lanes.run {
            let place = try Place()
            let first = try place.learn("--mbox", "--spam", Self.spam, "--ham", Self.ham)
            #expect(first.status == 0, "\(first)")
            #expect(first.lines.first == "Learned tokens from 123 message(s) (123 message(s) examined)")
            #expect(first.lines.last?.contains("62 spam, 61 ham") == true)
            let second = try place.learn("--mbox", "--spam", Self.spam)
            #expect(second.lines.first == "Learned tokens from 0 message(s) (62 message(s) examined)")
            _ = try place.learn("--sync")
            for (file, isSpam) in [(Self.spam, true), (Self.ham, false)] {
                let scan = try mailreeve(
                    "scan", "--config", place.configuration.path, "--json", "--bayes-dbpath", place.database, file)
                let found = try scan.lines.map { try JSONDocument($0) }.map { $0["bayes"] as? [String: Double] }
                #expect(found.count == (isSpam ? 62 : 61))
                let right = found.count { (($0?["probability"] ?? 0.5) > 0.5) == isSpam }
                #expect(right == found.count, "\(right) of \(found.count) in \(file)")
            }
            let forgotten = try place.learn("--forget", "--mbox", Self.spam)
            #expect(forgotten.lines.first == "Forgot tokens from 62 message(s) (62 message(s) examined)")
            let undone = try place.learn("--undo", "1")
            #expect(undone.lines.first == "Forgot tokens from 61 message(s) (61 message(s) examined)")
            let dump = try place.learn("--dump", "magic")
            #expect(dump.lines.contains("0.000          0          0          0  non-token data: ntokens"))
        }
    }

    @Test func judgesItselfByCrossValidation() async throws {
        try await Lanes.run {
            let place = try Place()
            let named = try place.learn("--evaluate", "--mbox", "--spam", Self.spam, "--ham", Self.ham)
            #expect(named.status == 0, "\(named)")
            #expect(named.lines.first == "cross-validation in 5 parts: 62 spam, 61 ham")
            #expect(named.lines.contains { $0.hasPrefix("1-AUC: ") })
            // Nothing was learnt by it; and what is learnt can be judged without its mail.
            #expect(try place.learn("--dump", "magic").lines.contains { $0.hasSuffix("0  non-token data: nspam") })
            _ = try place.learn("--mbox", "--spam", Self.spam, "--ham", Self.ham)
            #expect(try place.learn("--evaluate").lines.first == named.lines.first)
        }
    }

    @Test func actsAsSaLearn() async throws {
        try await Lanes.run {
            let place = try Place()
            let link = place.directory + "/sa-learn"
            try FileManager.default.createSymbolicLink(
                atPath: link, withDestinationPath: Programs.path("mailreeve"))
            func run(_ arguments: String...) throws -> ToolResult {
                try runTool(link, ["--config", place.configuration.path, "--dbpath", place.database] + arguments)
            }
            let learnt = try run("--no-sync", "--spam", Self.spam)
            #expect(learnt.status == 0)
            #expect(learnt.lines == ["Learned tokens from 62 message(s) (62 message(s) examined)"])
            #expect(
                try run("--dump", "magic").lines.contains(
                    "0.000          0          0          0  non-token data: nspam"))
            #expect(try run("--sync").text.isEmpty)
            #expect(
                try run("--dump", "magic").lines.contains(
                    "0.000          0         62          0  non-token data: nspam"))
            let usage = try run("something")
            #expect(usage.status == 64)
            #expect(usage.errorText.contains("sa-learn"))
            #expect(try run("--spam", "/nonexistent/file").status == 1)
            let backup = try run("--backup")
            let saved = try place.configuration.write("saved", Array(backup.lines.joined(separator: "\n").utf8))
            #expect(try run("--clear").status == 0)
            #expect(try run("--restore", saved).status == 0)
            #expect(try run("--backup").lines == backup.lines)
        }
    }

    @Test(arguments: [("gzip", ".gz"), ("bzip2", ".bz2"), ("xz", ".xz")])
    func packedMailboxes(_ program: String, _ suffix: String) async throws {
        try await Lanes.run {
            let place = try Place()
            let file = place.directory + "/mail" + suffix
            let packed = try runTool("/bin/sh", ["-c", "\(program) -c <'\(Self.ham)' >'\(file)'"])
            try #require(packed.status == 0, "\(program) is missing")
            let learnt = try place.learn("--ham", file)
            #expect(learnt.lines.first == "Learned tokens from 61 message(s) (61 message(s) examined)")
        }
    }
}
