import Linux
import MailModel
import RemoteChecks
import Synchronization
import TestSupport
import Testing

/// Scanners that seek spam where the inspection may decide without them.
@Suite struct ShortCircuitTests {
    /// Counts messages, and says a point.
    private final class Counting: RemoteScanner {
        let asked = Mutex(0)
        let works: Bool
        /// What must be true before it is asked.
        let condition: @Sendable () -> Bool

        init(works: Bool = true, after condition: @escaping @Sendable () -> Bool = { true }) {
            self.works = works
            self.condition = condition
        }

        func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer {
            var answer = ScanAnswer()
            guard subject.id != "self-test" else { return answer }
            asked.withLock { $0 += 1 }
            guard works, condition() else { throw ScannerFailure("broken") }
            answer.tests.append(ScoredTest(name: "POINT", score: 1))
            return answer
        }

        func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion? { nil }

        var count: Int { asked.withLock { $0 } }
    }

    private final class Flag: Sendable {
        private let state = Mutex(false)
        var isSet: Bool { state.withLock { $0 } }
        func set() { state.withLock { $0 = true } }
    }

    private static func settings(
        _ name: String, _ aim: ScannerSettings.Aim = .spam, backup: Bool = false, parts: Bool = false
    ) -> ScannerSettings {
        ScannerSettings(
            name: name, seeks: aim, isBackup: backup, timeout: 20_000_000_000, takesParts: parts, sample: .none)
    }

    private static func ask(
        _ scanners: [(ScannerSettings, any RemoteScanner)], decision: String?, waits: Bool = true,
        kept: [ScannerOutcome] = [], seeksSpam: Bool = true, whileInspecting: @escaping @Sendable () async -> Void = {}
    ) async throws -> [ScannerOutcome] {
        var options = ScannerSet.Options()
        options.spamWaits = waits
        let set = ScannerSet(scanners.map { ($0.0, [("", $0.1)]) }, options: options) { _ in }
        await set.test()
        let parts = try subject("text", parts: ["part"]).parts
        return await set.ask(try subject("text"), kept: kept, seeksSpam: seeksSpam, deadline: deadline(20)) { _ in
            await whileInspecting()
            var inspected = ScannerSet.Inspected(true)
            inspected.spamDecision = decision
            inspected.parts = parts
            return inspected
        }.outcomes
    }

    @Test func whatIsDecidedIsNotAsked() async throws {
        let (spam, parts, virus, backup) = (Counting(), Counting(), Counting(), Counting())
        let outcomes = try await Self.ask(
            [
                (Self.settings("spam-d"), spam), (Self.settings("with-parts", parts: true), parts),
                (Self.settings("virus", .viruses), virus), (Self.settings("backup", backup: true), backup),
            ], decision: "the score is 20")
        #expect([spam.count, parts.count, virus.count, backup.count] == [0, 0, 1, 0])
        let conclusion = ScannerConclusion(outcomes, parts: 0)
        #expect(conclusion.completed == ["virus"] && conclusion.unchecked.isEmpty && conclusion.notes.isEmpty)
        let left = conclusion.tests.filter { $0.name != "POINT" }
        #expect(Set(left.map(\.name)) == ["SPAM_D_SKIPPED_SHORTCIRCUIT", "WITH_PARTS_SKIPPED_SHORTCIRCUIT"])
        #expect(left.allSatisfy { $0.score == 0 && $0.evidence == "the score is 20" })
        #expect(Set(outcomes.filter(\.isNeedless).map(\.settings.name)) == ["spam-d", "with-parts"])
    }

    @Test func whatIsNotDecidedIsAskedBehindTheInspection() async throws {
        let isInspected = Flag()
        let spam = Counting { isInspected.isSet }
        let outcomes = try await Self.ask([(Self.settings("spam"), spam)], decision: nil) { isInspected.set() }
        #expect(spam.count == 1 && outcomes.map(\.hasAnswered) == [true] && !outcomes[0].isNeedless)
    }

    @Test func backupsOfUndecidedMailAreAsked() async throws {
        let backup = Counting()
        let outcomes = try await Self.ask(
            [(Self.settings("spam"), Counting(works: false)), (Self.settings("backup", backup: true), backup)],
            decision: nil)
        #expect(backup.count == 1 && outcomes.map(\.hasAnswered) == [false, true])
    }

    /// Backups for viruses do not care whether the mail is spam.
    @Test func backupsForVirusesAreAsked() async throws {
        let (backup, spam) = (Counting(), Counting())
        _ = try await Self.ask(
            [
                (Self.settings("virus", .viruses), Counting(works: false)),
                (Self.settings("other", .viruses, backup: true), backup), (Self.settings("spam"), spam),
            ], decision: "decided")
        #expect(backup.count == 1 && spam.count == 0)
    }

    /// Nobody wants to know whether it is spam: nothing is said of those who seek it.
    @Test(arguments: [false, true]) func whatNobodyWantsToKnowIsNotAsked(_ waits: Bool) async throws {
        let (spam, parts, virus, backup) = (Counting(), Counting(), Counting(), Counting())
        let failed = ScannerOutcome(settings: Self.settings("kept"), result: .failure(ScannerFailure("broken")))
        let outcomes = try await Self.ask(
            [
                (Self.settings("spam-d"), spam), (Self.settings("with-parts", parts: true), parts),
                (Self.settings("kept"), Counting()),
                (Self.settings("virus", .viruses), virus), (Self.settings("backup", backup: true), backup),
            ], decision: nil, waits: waits, kept: [failed], seeksSpam: false)
        #expect([spam.count, parts.count, virus.count, backup.count] == [0, 0, 1, 0])
        #expect(outcomes.map(\.settings.name) == ["kept", "virus"])
    }

    /// An answer of an earlier time costs nothing, and stays.
    @Test func keptAnswersStay() async throws {
        var answer = ScanAnswer()
        answer.tests.append(ScoredTest(name: "KEPT", score: 3))
        let kept = ScannerOutcome(settings: Self.settings("spam"), result: .success(answer))
        let spam = Counting()
        let outcomes = try await Self.ask([(Self.settings("spam"), spam)], decision: "decided", kept: [kept])
        #expect(spam.count == 0 && ScannerConclusion(outcomes, parts: 0).tests.map(\.name) == ["KEPT"])
    }

    /// Where nothing can decide, scanners of spam are asked beside the inspection.
    @Test func withoutTheSettingNobodyWaits() async throws {
        let isAsked = Flag()
        let spam = Counting {
            isAsked.set()
            return true
        }
        let outcomes = try await Self.ask([(Self.settings("spam"), spam)], decision: nil, waits: false) {
            while !isAsked.isSet { await Task.yield() }
        }
        #expect(outcomes.count == 1 && outcomes[0].hasAnswered)
    }
}
