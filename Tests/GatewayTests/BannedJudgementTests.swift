import Checks
import Configuration
@testable import Gateway
import MailModel
import Policy
import Testing

/// An inspector says which rules on files hold; what they say, and which are asked, is read in the gateway's own copy.
@Suite struct BannedJudgementTests {
    private static let envelope = Envelope(
        reversePath: MailPath("a@example.org"), recipients: [Recipient(path: MailPath("b@example.net"))])

    private static let digest = [UInt8](repeating: 7, count: 32)
    private static let report = Report(
        messageSize: 100,
        parts: [
            PartDescription(path: "1", declaredType: "multipart/mixed"),
            PartDescription(path: "1.1", names: ["a.zip"], sha256: digest, types: ["zip"], container: 0),
            PartDescription(path: "1.1/1", names: ["a.exe"], types: ["exe-ms", "exe"], container: 1),
        ])

    private func book(_ rules: String..., change: (inout RuleSettings) -> Void = { _ in }) throws -> RuleBook {
        var settings = RuleSettings()
        settings.banned = rules.map { .inline($0) }
        change(&settings)
        return try RuleBook(settings, number: 1)
    }

    private func judge(
        _ book: RuleBook?, _ firings: [(set: Int, rule: Int)], sets: [String] = ["default"], part: Int = 2
    ) throws -> BannedJudgement {
        var report = Self.report
        report.banned = firings.map { BannedFiring(set: $0.set, rule: $0.rule, part: part, matched: part) }
        return try BannedJudgement(report, book: book, sets: sets, envelope: Self.envelope, now: 0)
    }

    @Test func wordsComeFromOurOwnRules() throws {
        let judgement = try judge(try book("ban *.com # other", "ban *.exe # programs"), [(0, 1)])
        let content = try #require(judgement.contents.first)
        #expect(content.text == "programs:.exe-ms,.exe,a.exe in part 1.1/1")
        #expect(content.path == "1.1/1" && content.rule == "banned.rules:2:1")
        #expect(judgement.contents.count == 1 && judgement.tests.isEmpty && judgement.allowed.isEmpty)
    }

    /// Sets are asked in the order of the policy, whatever the order of the report; those that it does not name are not.
    @Test func thePolicyChoosesTheSets() throws {
        let book = try book("ban *.exe # d", "set one", "allow *.exe", "set two", "ban *.exe # t")
        let all = [(0, 0), (1, 0), (2, 0)]
        #expect(try judge(book, all, sets: ["default", "one"]).contents.map(\.reason) == ["d"])
        #expect(try judge(book, all, sets: ["one", "two"]).contents.isEmpty)
        #expect(try judge(book, all, sets: ["two", "one"]).contents.map(\.reason) == ["t"])
        #expect(try judge(book, all, sets: []).contents.isEmpty)
        #expect(throws: RuleJudgement.Refusal.self) { try judge(book, all, sets: ["gone"]) }
    }

    @Test func pointsCountOnce() throws {
        let book = try book("score 1.5 SMELL *.exe # smells", "ban *.exe")
        let judgement = try judge(book, [(0, 0), (0, 0), (0, 1)])
        #expect(judgement.tests == [ScoredTest(name: "SMELL", score: 1.5, description: "smells")])
        #expect(judgement.contents.count == 1)
    }

    /// A container that is banned by its name is named, and the file in it; a part that is not around the file is a lie.
    @Test func whatTheRuleSpeaksOf() throws {
        let book = try book("ban *.zip # no archives")
        var report = Self.report
        report.banned = [BannedFiring(set: 0, rule: 0, part: 2, matched: 1)]
        let judgement = try BannedJudgement(report, book: book, sets: ["default"], envelope: Self.envelope, now: 0)
        let content = try #require(judgement.contents.first)
        #expect(
            content.text == "no archives:.zip,a.zip | .exe-ms,.exe,a.exe in part 1.1/1" && content.names == ["a.zip"])
        report.parts.append(PartDescription(path: "1.2", names: ["b.zip"], types: ["zip"], container: 0))
        report.banned = [BannedFiring(set: 0, rule: 0, part: 2, matched: 3)]
        #expect(throws: RuleJudgement.Refusal.self) {
            try BannedJudgement(report, book: book, sets: ["default"], envelope: Self.envelope, now: 0)
        }
    }

    /// What was sent stands first, whatever was found in it.
    @Test func whatWasSentStandsFirst() throws {
        var report = Self.report
        func place(_ start: Int) -> PartDescription.Place {
            PartDescription.Place(header: start..<start + 1, body: start + 1..<start + 2)
        }
        report.parts[0].place = place(0)
        report.parts[1].place = place(10)
        report.parts.append(PartDescription(path: "1.1/1/1", names: ["b.js"], types: ["asc"], container: 2))
        for (rule, matched, words) in [
            ("ban *.js", 3, ".zip,a.zip | .asc,b.js in part 1.1/1/1"),
            ("ban *.exe", 2, ".zip,a.zip | .exe-ms,.exe,a.exe | .asc,b.js in part 1.1/1/1"),
            ("ban *.zip", 1, ".zip,a.zip | .asc,b.js in part 1.1/1/1"),
        ] {
            report.banned = [BannedFiring(set: 0, rule: 0, part: 3, matched: matched)]
            let judgement = try BannedJudgement(
                report, book: try book(rule), sets: ["default"], envelope: Self.envelope, now: 0)
            #expect(judgement.contents.first?.text == words)
            #expect(judgement.contents.first?.names == report.parts[matched].names)
        }
    }

    /// The file in a compressed one is told by the name that it has once it is unpacked.
    @Test func namesThatFollow() throws {
        let book = try book("ban *.exe # programs")
        var report = Self.report
        report.parts[1] = PartDescription(path: "1.1", names: ["x.exe.gz"], types: ["gz"], container: 0)
        report.parts[2] = PartDescription(path: "1.1/1", types: ["asc", "txt"], container: 1)
        report.banned = [BannedFiring(set: 0, rule: 0, part: 2, matched: 2)]
        let judgement = try BannedJudgement(report, book: book, sets: ["default"], envelope: Self.envelope, now: 0)
        #expect(judgement.contents.first?.text == "programs:.asc,x.exe in part 1.1/1")
    }

    /// Rules and parts that are not there are lies.
    @Test func whatIsNotThereIsRefused() throws {
        let book = try book("ban *.exe")
        for (set, rule) in [(1, 0), (0, 1), (0, Int.max)] {
            #expect(throws: RuleJudgement.Refusal.self) { try judge(book, [(set, rule)]) }
        }
        #expect(throws: RuleJudgement.Refusal.self) { try judge(book, [(0, 0)], part: 3) }
        #expect(throws: RuleJudgement.Refusal.self) { try judge(nil, [(0, 0)]) }
    }

    @Test func thousandsAreCut() throws {
        var report = Report(messageSize: 100, parts: [PartDescription(path: "1")])
        for number in 1...1000 {
            report.parts.append(PartDescription(path: "1.\(number)", names: ["a.exe"], container: 0))
        }
        report.banned = (1...1000).map { BannedFiring(set: 0, rule: 0, part: $0, matched: $0) }
        let judgement = try BannedJudgement(
            report, book: try book("ban *.exe"), sets: ["default"], envelope: Self.envelope, now: 0)
        #expect(judgement.contents.count == BannedJudgement.shown && judgement.further == 1000 - BannedJudgement.shown)
        var verdict = Verdict(report)
        verdict.add(banned: judgement.contents, further: judgement.further, isStrippable: false)
        #expect(verdict.bannedTexts.count == BannedJudgement.shown + 1)
        #expect(verdict.bannedTexts.last == "and \(1000 - BannedJudgement.shown) more")
    }

    @Test func rulesThatAreWrongAreRefused() {
        #expect(throws: GatewayError.self) { try book("ban *.{exe") }
        #expect(throws: GatewayError.self) {
            try book { $0.banned = [.file("/nonexistent/banned.rules")] }
        }
        #expect(throws: GatewayError.self) { try book { $0.bannedAllowList = "/nonexistent/allow" } }
    }
}
