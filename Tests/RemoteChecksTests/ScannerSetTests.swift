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
        let age: Int?

        /// - Parameter found: what it finds in every message; nil never answers.
        init(_ found: Result<[String], ScannerFailure>?, signatureTime: Int? = nil) {
            answer = Mutex(found)
            age = signatureTime
        }

        func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer {
            asked.withLock { $0 += 1 }
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
            ScannerVersion(text: "fake 1", signatureTime: age)
        }
    }

    private static let clean = Result<[String], ScannerFailure>.success([])
    private static let broken = Result<[String], ScannerFailure>.failure(ScannerFailure("broken"))

    private static func settings(
        _ name: String, backup: Bool = false, _ policy: FailurePolicy = .tempfail, sample: TestSample = .none,
        aim: ScannerSettings.Aim = .viruses, timeout: Double = 20, stale: Int = 0
    ) -> ScannerSettings {
        ScannerSettings(
            name: name, seeks: aim, isBackup: backup, failurePolicy: policy, timeout: Int(timeout * 1_000_000_000),
            sample: sample, staleAfter: stale)
    }

    private static func run(
        _ scanners: [(settings: ScannerSettings, scanner: any RemoteScanner)], firstHitStops: Bool = false
    ) async throws -> [ScannerOutcome] {
        var options = ScannerSet.Options()
        options.stopsAtFirstHit = firstHitStops
        let set = ScannerSet(scanners, options: options) { _ in }
        await set.test()
        let mail = try subject("text")
        let asked = await set.ask(.message, mail, deadline: deadline(20))
        return asked + (await set.askBackups(after: asked, mail, deadline: deadline(20)))
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
            ], firstHitStops: true)
        #expect(outcomes.map(\.settings.name) == ["hit"])
        #expect(Self.conclusion(outcomes).unchecked.isEmpty)
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
        let set = ScannerSet([(Self.settings("b", sample: .eicar), Blind())]) { _ in }
        await set.test()
        #expect(set.states.map(\.fault) == ["failed its self-test: it does not find its test sample, eicar"])
        let mail = try subject("text")
        let outcome = try #require(await set.ask(.message, mail, deadline: deadline(20)).first)
        #expect(outcome.failure == "failed its self-test: it does not find its test sample, eicar")
    }

    private struct Blind: RemoteScanner {
        func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer { ScanAnswer() }
        func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion? { nil }
    }

    /// A failure makes the next test due at once, and one that works again is believed again.
    @Test func whoRecoversIsBelievedAgain() async throws {
        let scanner = Fake(Self.clean)
        var options = ScannerSet.Options()
        options.retryInterval = 0
        let set = ScannerSet([(Self.settings("a", sample: .eicar), scanner)], options: options) { _ in }
        await set.test()
        #expect(set.states[0].fault == nil && set.states[0].version == "fake 1")
        scanner.answer.withLock { $0 = Self.broken }
        let mail = try subject("text")
        #expect(await set.ask(.message, mail, deadline: deadline(20))[0].failure == "broken")
        await set.test()
        #expect(set.states[0].fault == "failed its self-test: broken")
        let before = scanner.asked.withLock { $0 }
        #expect(await set.ask(.message, mail, deadline: deadline(20))[0].failure == "failed its self-test: broken")
        #expect(scanner.asked.withLock { $0 } == before, "it was asked although it is known to be broken")
        scanner.answer.withLock { $0 = Self.clean }
        await set.test()
        #expect(await set.ask(.message, mail, deadline: deadline(20))[0].failure == nil)
        #expect(set.states[0].answered == 1 && set.states[0].failed == 1)
    }

    /// One whose test takes long holds up nobody: it is not due again, and the others are when their time has come.
    @Test func aSlowTestHoldsUpNobody() async throws {
        var options = ScannerSet.Options()
        options.testInterval = 0
        let set = ScannerSet(
            [
                (Self.settings("slow", sample: .eicar), Fake(nil)),
                (Self.settings("quick", sample: .eicar), Fake(Self.clean)),
            ],
            options: options
        ) { _ in }
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
        let set = ScannerSet([(Self.settings("a", timeout: 0.1), Fake(nil))]) { _ in }
        await set.test()
        let outcome = try #require(await set.ask(.message, try subject("x"), deadline: deadline(20)).first)
        #expect(outcome.failure == "no answer in time")
    }

    @Test func oldSignaturesAreAFault() async throws {
        for (time, fault) in [(0, true), (Int(Int32.max) * 10, false)] {
            let set = ScannerSet([
                (Self.settings("a", sample: .none, stale: 86_400), Fake(Self.clean, signatureTime: time))
            ]) { _ in }
            await set.test()
            #expect((set.states[0].fault != nil) == fault)
        }
        let unknown = ScannerSet([(Self.settings("a", stale: 86_400), Fake(Self.clean))]) { _ in }
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
