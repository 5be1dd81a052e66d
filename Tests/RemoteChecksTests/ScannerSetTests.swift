import Linux
import MailModel
import RemoteChecks
import Synchronization
import TestSupport
import Testing

/// Scanners together: who is asked, who stands in for whom, and who is believed.
@Suite struct ScannerSetTests {
    /// Says what a test tells it to say.
    private final class Fake: RemoteScanner {
        let answer: Mutex<Result<[String], ScannerFailure>?>
        let asked = Mutex(0)
        let version = Mutex(1)
        let age: Int?
        /// It answers self-tests as it answers messages; else it passes those that want nothing found.
        let tests: Bool

        /// - Parameter found: what it finds in every message; nil never answers.
        init(_ found: Result<[String], ScannerFailure>?, signatureTime: Int? = nil, tests: Bool = false) {
            answer = Mutex(found)
            age = signatureTime
            self.tests = tests
        }

        func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer {
            if subject.id != "self-test" || tests { asked.withLock { $0 += 1 } }
            if subject.id == "self-test", !tests { return ScanAnswer() }
            guard let found = answer.withLock({ $0 }) else {
                while !Task.isCancelled { await Task.yield() }
                throw ScannerFailure("stopped")
            }
            var answer = ScanAnswer()
            for name in try found.get() {
                answer.findings.append(Finding(scanner: "", kind: .virus, name: name, part: nil))
            }
            if subject.id == "self-test", !answer.isInfected {
                answer.findings.append(Finding(scanner: "", kind: .virus, name: "sample", part: nil))
            }
            return answer
        }

        func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion? {
            ScannerVersion(text: "fake \(version.withLock { $0 })", signatureTime: age)
        }
    }

    /// Answers its self-test and nothing else.
    private struct MuteLater: RemoteScanner {
        func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer {
            while subject.id != "self-test", !Task.isCancelled { await Task.yield() }
            return ScanAnswer()
        }
        func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion? { nil }
    }

    /// Says at its deadline what it has found until then.
    private struct LastMoment: RemoteScanner {
        func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer {
            while subject.id != "self-test", monotonicNow() < deadline { await Task.yield() }
            var answer = ScanAnswer()
            answer.findings = [Finding(scanner: "", kind: .virus, name: "Found.Before", part: nil)]
            return answer
        }
        func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion? { nil }
    }

    private typealias Inspected = ScannerSet.Inspected<Bool>

    private static let clean = Result<[String], ScannerFailure>.success([])
    private static let broken = Result<[String], ScannerFailure>.failure(ScannerFailure("broken"))

    private static func settings(
        _ name: String, backup: Bool = false, _ policy: FailurePolicy = .tempfail, sample: TestSample = .none,
        aim: ScannerSettings.Aim = .viruses, timeout: Double = 20, stale: Int = 0, parts: Bool = false,
        maxSize: Int = 0
    ) -> ScannerSettings {
        ScannerSettings(
            name: name, seeks: aim, isBackup: backup, failurePolicy: policy, timeout: Int(timeout * 1_000_000_000),
            takesParts: parts, looksAtContentOnly: aim == .viruses, sample: sample, staleAfter: stale, maxSize: maxSize)
    }

    private typealias Scanner = (settings: ScannerSettings, scanner: any RemoteScanner)

    private static func set(
        _ scanners: [Scanner], _ change: (inout ScannerSet.Options) -> Void = { _ in }
    ) -> ScannerSet {
        var options = ScannerSet.Options()
        change(&options)
        return ScannerSet(scanners.map { ($0.settings, [("", $0.scanner)]) }, options: options) { _ in }
    }

    /// Asks with an inspection that found nothing, or is what a test says.
    private static func ask(
        _ set: ScannerSet, kept: [ScannerOutcome] = [],
        _ inspected: @escaping @Sendable (Bool) -> Inspected = { .init($0) }
    ) async throws -> (inspected: Inspected, outcomes: [ScannerOutcome]) {
        await set.ask(try subject("text"), kept: kept, deadline: deadline(20)) { inspected($0) }
    }

    private static func run(
        _ scanners: [Scanner], _ change: (inout ScannerSet.Options) -> Void = { _ in },
        inspected: @escaping @Sendable (Bool) -> Inspected = { .init($0) }
    ) async throws -> [ScannerOutcome] {
        let set = set(scanners, change)
        await set.test()
        return try await ask(set, inspected).outcomes
    }

    private static func conclusion(_ outcomes: [ScannerOutcome]) -> ScannerConclusion {
        ScannerConclusion(outcomes, parts: 0)
    }

    @Test func allFindings() async throws {
        let outcomes = try await Self.run([
            (Self.settings("a"), Fake(.success(["One"]))), (Self.settings("b"), Fake(.success(["Two"]))),
            (Self.settings("c"), Fake(Self.clean)), (Self.settings("d", backup: true), Fake(.success(["Three"]))),
        ])
        let found = Self.conclusion(outcomes)
        #expect(Set(found.findings.map { "\($0.scanner) \($0.name)" }) == ["a One", "b Two"])
        #expect(Set(found.completed) == ["a", "b", "c"] && found.unchecked.isEmpty && found.notes.isEmpty)
    }

    @Test func theFirstHitEndsTheSearch() async throws {
        let outcomes = try await Self.run(
            [
                (Self.settings("hit"), Fake(.success(["One"]))), (Self.settings("never"), Fake(nil)),
                (Self.settings("backup", backup: true, aim: .spam), Fake(nil)),
            ]
        ) { $0.stopsAtFirstHit = true }
        #expect(outcomes.map(\.settings.name) == ["hit"])
        #expect(Self.conclusion(outcomes).unchecked.isEmpty)
    }

    /// Nobody has looked at what is larger than a scanner takes: backups are asked, and who failed beside it is not replaced.
    @Test func skippedIsNotAnswered() async throws {
        let small = Self.settings("small", maxSize: 1)
        let saved = try await Self.run([
            (small, Fake(Self.clean)), (Self.settings("backup", backup: true), Fake(.success(["One"]))),
        ])
        #expect(saved.map(\.settings.name) == ["small", "backup"])
        let conclusion = Self.conclusion(saved)
        #expect(conclusion.findings.map(\.name) == ["One"] && conclusion.unchecked.isEmpty)
        #expect(conclusion.completed == ["backup"])
        let failed = Self.conclusion(
            try await Self.run([(small, Fake(Self.clean)), (Self.settings("a", .tempfail), Fake(Self.broken))]))
        #expect(failed.unchecked.contains { $0.reason == .scannerFailed && $0.destiny == .tempfail })
        #expect(failed.unchecked.contains { $0.reason == .overLimits } && failed.completed.isEmpty)
        let skippedBackup = Self.conclusion(
            try await Self.run([
                (Self.settings("a", .tempfail), Fake(Self.broken)),
                (Self.settings("b", backup: true, maxSize: 1), Fake(Self.clean)),
            ]))
        #expect(!skippedBackup.replacesEngine)
        #expect(skippedBackup.unchecked.contains { $0.reason == .scannerFailed && $0.destiny == .tempfail })
    }

    /// A finding that is only points ends nothing: else a spam signature would hide a virus from the next scanner.
    @Test func pointsEndNoSearch() async throws {
        let outcomes = try await Self.run([
            (Self.settings("points"), Fake(.success(["Junk.One"]))),
            (Self.settings("late", parts: true), Fake(.success(["One"]))),
        ]) {
            $0.stopsAtFirstHit = true
            $0.isMild = { $0.hasPrefix("Junk.") }
        } inspected: {
            Self.withParts($0)
        }
        #expect(Set(outcomes.map(\.settings.name)) == ["points", "late"])
    }

    private static func withParts(_ anew: Bool) -> Inspected {
        var inspected = Inspected(anew)
        inspected.parts = try? subject("text", parts: ["one"]).parts
        return inspected
    }

    /// The search is one: a virus that one scanner, or the embedded engine, found keeps those from starting that wait for parts.
    @Test func theFirstHitEndsTheSearchOfAll() async throws {
        let late = Fake(Self.clean)
        let found = try await Self.run([
            (Self.settings("late", parts: true), late), (Self.settings("never"), Fake(nil)),
            (Self.settings("backup", backup: true), late),
        ]) {
            $0.stopsAtFirstHit = true
            $0.isMild = { $0.hasPrefix("Junk.") }
        } inspected: {
            var inspected = Self.withParts($0)
            inspected.viruses = ["Junk.One", "One"]
            return inspected
        }
        #expect(found.isEmpty && late.asked.withLock { $0 } == 0)
        let onlyPoints = try await Self.run([(Self.settings("late", parts: true), late)]) {
            $0.stopsAtFirstHit = true
            $0.isMild = { $0.hasPrefix("Junk.") }
        } inspected: {
            var inspected = Self.withParts($0)
            inspected.viruses = ["Junk.One"]
            return inspected
        }
        #expect(onlyPoints.map(\.settings.name) == ["late"])
    }

    /// Backups stand in for the embedded engine, when that fails and not before, whoever else has answered.
    @Test(arguments: [false, true], [false, true])
    func backupsOfTheEngine(engineFails: Bool, hasPrimary: Bool) async throws {
        let (backup, spam) = (Fake(.success(["One"])), Fake(Self.clean))
        let primary = hasPrimary ? [(Self.settings("p"), Fake(Self.clean))] : []
        let backups = [
            (Self.settings("a", backup: true, parts: true), backup),
            (Self.settings("s", backup: true, aim: .spam), spam),
        ]
        let outcomes = try await Self.run(primary + backups) { _ in
        } inspected: {
            var inspected = Self.withParts($0)
            inspected.engineHasFailed = engineFails
            return inspected
        }
        #expect(outcomes.map(\.settings.name) == (hasPrimary ? ["p"] : []) + (engineFails ? ["a"] : []))
        #expect(Self.conclusion(outcomes).replacesEngine == engineFails)
        #expect(spam.asked.withLock { $0 } == 0)
    }

    /// What is kept has no parts: a backup that needs them gets those of an inspection of now.
    @Test func aBackupOfAKeptAnswerGetsParts() async throws {
        let backup = Fake(Self.clean)
        let set = Self.set([
            (Self.settings("a"), Fake(Self.clean)), (Self.settings("s", aim: .spam), Fake(Self.broken)),
            (Self.settings("b", backup: true, aim: .spam, parts: true), backup),
        ])
        await set.test()
        let kept = [ScannerOutcome(settings: Self.settings("a"), result: .success(ScanAnswer()))]
        #expect(set.allowsKeeping(kept))
        let (inspected, outcomes) = try await Self.ask(set, kept: kept) { anew in
            if anew { return Self.withParts(anew) }
            var inspected = Inspected(anew)
            inspected.isKept = true
            return inspected
        }
        #expect(inspected.value && !inspected.isKept)
        #expect(outcomes.map(\.settings.name) == ["a", "s", "b"] && outcomes[2].failure == nil)
    }

    /// Kept answers of one that is not believed any more count for nothing.
    @Test func keptAnswersOfTheFailedAreNone() async throws {
        let scanner = Fake(Self.clean, tests: true)
        let set = Self.set([(Self.settings("a"), scanner)])
        let kept = [ScannerOutcome(settings: Self.settings("a"), result: .success(ScanAnswer()))]
        await set.test()
        #expect(try await Self.ask(set, kept: kept).outcomes.map(\.failure) == [nil])
        #expect(scanner.asked.withLock { $0 } == 1, "only its test")
        scanner.answer.withLock { $0 = Self.broken }
        _ = try await Self.ask(set)
        await set.test()
        #expect(try await Self.ask(set, kept: kept).outcomes.map(\.failure) == ["failed its self-test: broken"])
    }

    /// Between self-tests the version is looked at: what is kept counts for one version alone.
    @Test func newSignaturesMakeKeptAnswersOld() async throws {
        let scanner = Fake(Self.clean)
        let set = Self.set([
            (Self.settings("a"), scanner), (Self.settings("s", aim: .spam), Fake(Self.clean)),
        ]) { $0.retryInterval = 0 }
        await set.test()
        let before = set.versions
        #expect(before == [[ScannerVersion(text: "fake 1")]])
        await set.test()
        #expect(set.versions == before)
        scanner.version.withLock { $0 = 2 }
        await set.test()
        #expect(set.versions == [[ScannerVersion(text: "fake 2")]])
    }

    @Test func largeMessagesAreNotGiven() async throws {
        let mail = try subject("text")
        for (limit, isAsked) in [(mail.size, true), (mail.size - 1, false), (0, true)] {
            let (virus, spam) = (Fake(Self.clean), Fake(Self.clean))
            let outcomes = try await Self.run([
                (Self.settings("v", maxSize: limit), virus), (Self.settings("rsp-1", aim: .spam, maxSize: limit), spam),
            ])
            let found = Self.conclusion(outcomes)
            #expect(virus.asked.withLock { $0 } == (isAsked ? 1 : 0) && spam.asked.withLock { $0 } == (isAsked ? 1 : 0))
            #expect(found.unchecked.map(\.reason) == (isAsked ? [] : [.overLimits]))
            #expect(found.tests.map(\.name) == (isAsked ? [] : ["RSP_1_SKIPPED_SIZE"]))
            #expect(found.tests.allSatisfy { $0.score == 0 })
        }
    }

    @Test func backupsStandInWhenAllHaveFailed() async throws {
        let backup = Fake(.success(["One"]))
        let outcomes = try await Self.run([
            (Self.settings("a"), Fake(Self.broken)), (Self.settings("b"), Fake(Self.broken)),
            (Self.settings("c", backup: true), backup),
        ])
        let found = Self.conclusion(outcomes)
        #expect(found.findings.map(\.scanner) == ["c"] && found.unchecked.isEmpty)
        #expect(Set(found.notes) == ["scanner a: broken", "scanner b: broken"])
    }

    /// One of two has failed: the backup is not asked, and the message is marked.
    @Test func oneOfTwoMarks() async throws {
        let backup = Fake(Self.clean)
        let outcomes = try await Self.run([
            (Self.settings("a"), Fake(Self.broken)), (Self.settings("b"), Fake(Self.clean)),
            (Self.settings("c", backup: true), backup),
        ])
        let found = Self.conclusion(outcomes)
        #expect(outcomes.map(\.settings.name).sorted() == ["a", "b"])
        #expect(found.unchecked.map(\.destiny) == [.pass] && found.unchecked[0].reason == .scannerFailed)
    }

    @Test(arguments: FailurePolicy.allCases)
    func whenAllHaveFailedThePolicySays(policy: FailurePolicy) async throws {
        let outcomes = try await Self.run([
            (Self.settings("a", policy), Fake(Self.broken)),
            (Self.settings("b", backup: true, policy), Fake(Self.broken)),
            // What looks for spam is no replacement.
            (Self.settings("s", aim: .spam), Fake(Self.clean)),
        ])
        let found = Self.conclusion(outcomes)
        #expect(found.unchecked.map(\.destiny) == [policy.destiny, policy.destiny])
        #expect(found.unchecked.map(\.detail).sorted().map { $0.prefix(2) } == ["a:", "b:"])
    }

    /// One that answers to everything but does not know the sample any more is not believed.
    @Test func theBlindAreTakenAsFailed() async throws {
        let set = Self.set([(Self.settings("b", sample: .eicar), Blind())])
        await set.test()
        #expect(set.states.map(\.fault) == ["failed its self-test: it does not find its test sample, eicar"])
        let outcome = try #require(try await Self.ask(set).outcomes.first)
        #expect(outcome.failure == "failed its self-test: it does not find its test sample, eicar")
    }

    private struct Blind: RemoteScanner {
        func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer { ScanAnswer() }
        func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion? { nil }
    }

    /// A failure makes the next test due at once, and one that works again is believed again.
    @Test func whoRecoversIsBelievedAgain() async throws {
        let scanner = Fake(Self.clean, tests: true)
        let set = Self.set([(Self.settings("a", sample: .eicar), scanner)]) { $0.retryInterval = 0 }
        await set.test()
        #expect(set.states[0].fault == nil && set.states[0].version == "fake 1")
        scanner.answer.withLock { $0 = Self.broken }
        #expect(try await Self.ask(set).outcomes[0].failure == "broken")
        await set.test()
        #expect(set.states[0].fault == "failed its self-test: broken")
        let before = scanner.asked.withLock { $0 }
        #expect(try await Self.ask(set).outcomes[0].failure == "failed its self-test: broken")
        #expect(scanner.asked.withLock { $0 } == before, "it was asked although it is known to be broken")
        scanner.answer.withLock { $0 = Self.clean }
        await set.test()
        #expect(try await Self.ask(set).outcomes[0].failure == nil)
        #expect(set.states[0].answered == 1 && set.states[0].failed == 1)
    }

    /// One whose test takes long holds up nobody: it is not due again, and the others are when their time has come.
    @Test func aSlowTestHoldsUpNobody() async throws {
        let set = Self.set([
            (Self.settings("slow", sample: .eicar), Fake(nil, tests: true)),
            (Self.settings("quick", sample: .eicar), Fake(Self.clean, tests: true)),
        ]) { $0.testInterval = 0 }
        let first = set.dueTests()
        #expect(first.count == 2)
        let slow = Task { await first[0]() }
        await first[1]()
        #expect(set.states.map(\.fault) == ["has not been tested yet", nil])
        #expect(set.dueTests().count == 1)
        slow.cancel()
        await slow.value
    }

    @Test func silenceEndsWithTheTimeout() async throws {
        let set = Self.set([(Self.settings("a", timeout: 0.1), MuteLater())])
        await set.test()
        let outcome = try #require(try await Self.ask(set).outcomes.first)
        #expect(outcome.failure == "no answer in time")
    }

    /// What was found is still heard, although the rest was not looked at in time.
    @Test func aFindAtTheDeadlineIsHeard() async throws {
        let set = Self.set([(Self.settings("a", timeout: 1), LastMoment())])
        await set.test()
        let outcome = try #require(try await Self.ask(set).outcomes.first)
        #expect(outcome.answer?.findings.map(\.name) == ["Found.Before"])
    }

    @Test func oldSignaturesAreAFault() async throws {
        for (time, fault) in [(0, true), (Int(Int32.max) * 10, false)] {
            let set = Self.set([
                (Self.settings("a", sample: .none, stale: 86_400), Fake(Self.clean, signatureTime: time))
            ])
            await set.test()
            #expect((set.states[0].fault != nil) == fault)
        }
        let unknown = Self.set([(Self.settings("a", stale: 86_400), Fake(Self.clean))])
        await unknown.test()
        #expect(unknown.states[0].fault == "does not say how old its signatures are")
    }

    /// Indices of parts come from outside.
    @Test func partsThatDoNotExistAreTheMessage() {
        var answer = ScanAnswer()
        answer.findings = [-1, 0, 1, 2].map { Finding(scanner: "", kind: .virus, name: "x", part: $0) }
        let outcome = ScannerOutcome(settings: Self.settings("a"), result: .success(answer))
        #expect(ScannerConclusion([outcome], parts: 2).findings.map(\.part) == [nil, 0, 1, nil])
    }
}
