import Linux
import MailModel
import RemoteChecks
import Synchronization
import TestSupport
import Testing

/// Which scanners are believed, and when they are asked again.
@Suite struct ScannerBeliefTests {
    private typealias Bench = ScannerBench

    /// Answers its self-test and nothing else.
    private struct MuteLater: RemoteScanner {
        func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer {
            if subject.id != "self-test" { try? await Task.sleep(for: .seconds(60)) }
            return ScanAnswer()
        }
        func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion? { nil }
    }

    /// Says at its deadline what it has found until then.
    private struct LastMoment: RemoteScanner {
        func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer {
            if subject.id != "self-test" {
                try? await Task.sleep(for: .nanoseconds(max(0, deadline - monotonicNow())))
            }
            var answer = ScanAnswer()
            answer.findings = [Finding(scanner: "", kind: .virus, name: "Found.Before", part: nil)]
            return answer
        }
        func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion? { nil }
    }

    private struct Blind: RemoteScanner {
        func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer { ScanAnswer() }
        func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion? { nil }
    }

    /// One that answers to everything but does not know the sample any more is not believed.
    @Test func theBlindAreTakenAsFailed() async throws {
        let set = Bench.set([(Bench.settings("b", sample: .eicar), Blind())])
        await set.test()
        #expect(set.states.map(\.fault) == ["failed its self-test: it does not find its test sample, eicar"])
        let outcome = try #require(try await Bench.ask(set).outcomes.first)
        #expect(outcome.failure == "failed its self-test: it does not find its test sample, eicar")
    }

    /// A failure makes the next test due at once, and one that works again is believed again.
    @Test func whoRecoversIsBelievedAgain() async throws {
        let scanner = FakeScanner(Bench.clean, tests: true)
        let set = Bench.set([(Bench.settings("a", sample: .eicar), scanner)]) { $0.retryInterval = 0 }
        await set.test()
        #expect(set.states[0].fault == nil && set.states[0].version == "fake 1")
        scanner.answer.withLock { $0 = Bench.broken }
        #expect(try await Bench.ask(set).outcomes[0].failure == "broken")
        await set.test()
        #expect(set.states[0].fault == "failed its self-test: broken")
        let before = scanner.asked.withLock { $0 }
        #expect(try await Bench.ask(set).outcomes[0].failure == "failed its self-test: broken")
        #expect(scanner.asked.withLock { $0 } == before, "it was asked although it is known to be broken")
        scanner.answer.withLock { $0 = Bench.clean }
        await set.test()
        #expect(try await Bench.ask(set).outcomes[0].failure == nil)
        #expect(set.states[0].answered == 1 && set.states[0].failed == 1)
    }

    /// One whose test takes long holds up nobody: it is not due again, and the others are when their time has come.
    @Test func aSlowTestHoldsUpNobody() async throws {
        let set = Bench.set([
            (Bench.settings("slow", sample: .eicar), FakeScanner(nil, tests: true)),
            (Bench.settings("quick", sample: .eicar), FakeScanner(Bench.clean, tests: true)),
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
        let set = Bench.set([(Bench.settings("a", timeout: 1), MuteLater())])
        await set.test()
        let outcome = try #require(try await Bench.ask(set).outcomes.first)
        #expect(outcome.failure == "no answer in time")
    }

    /// What was found is still heard, although the rest was not looked at in time.
    @Test func aFindAtTheDeadlineIsHeard() async throws {
        let set = Bench.set([(Bench.settings("a", timeout: 1), LastMoment())])
        await set.test()
        let outcome = try #require(try await Bench.ask(set).outcomes.first)
        #expect(outcome.answer?.findings.map(\.name) == ["Found.Before"])
    }

    @Test func oldSignaturesAreAFault() async throws {
        for (time, fault) in [(0, true), (Int(Int32.max) * 10, false)] {
            let set = Bench.set([
                (Bench.settings("a", sample: .none, stale: 86_400), FakeScanner(Bench.clean, signatureTime: time))
            ])
            await set.test()
            #expect((set.states[0].fault != nil) == fault)
        }
        let unknown = Bench.set([(Bench.settings("a", stale: 86_400), FakeScanner(Bench.clean))])
        await unknown.test()
        #expect(unknown.states[0].fault == "does not say how old its signatures are")
    }

    /// Kept answers of one that is not believed any more count for nothing.
    @Test func keptAnswersOfTheFailedAreNone() async throws {
        let scanner = FakeScanner(Bench.clean, tests: true)
        let set = Bench.set([(Bench.settings("a"), scanner)])
        let kept = [ScannerOutcome(settings: Bench.settings("a"), result: .success(ScanAnswer()))]
        await set.test()
        #expect(try await Bench.ask(set, kept: kept).outcomes.map(\.failure) == [nil])
        #expect(scanner.asked.withLock { $0 } == 1, "only its test")
        scanner.answer.withLock { $0 = Bench.broken }
        _ = try await Bench.ask(set)
        await set.test()
        #expect(try await Bench.ask(set, kept: kept).outcomes.map(\.failure) == ["failed its self-test: broken"])
    }

    /// Between self-tests the version is looked at: what is kept counts for one version alone.
    @Test func newSignaturesMakeKeptAnswersOld() async throws {
        let scanner = FakeScanner(Bench.clean)
        let set = Bench.set([
            (Bench.settings("a"), scanner), (Bench.settings("s", aim: .spam), FakeScanner(Bench.clean)),
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
}
