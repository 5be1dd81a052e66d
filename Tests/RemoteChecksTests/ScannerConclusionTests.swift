import Linux
import MailModel
import Synchronization
import TestSupport
import Testing

@testable import RemoteChecks

/// What answers, failures and sizes amount to: the table of docs/SCANNERS.md.
@Suite struct ScannerConclusionTests {
    private typealias Bench = ScannerBench

    /// Who does not look at the whole message.
    enum Miss: CaseIterable {
        case failure, size, both, engine
    }

    /// Who else is there for viruses.
    enum Others: CaseIterable {
        case nobody, primary, engine, backup, brokenBackup, smallBackup, backupForSpam
    }

    /// Every line of the table, with all that may stand beside it.
    @Test(arguments: Miss.allCases, Others.allCases)
    func theTable(miss: Miss, others: Others) async throws {
        guard miss != .engine || others != .engine else { return }
        let (broken, clean, backup) = (FakeScanner(Bench.broken), FakeScanner(Bench.clean), FakeScanner(Bench.clean))
        var scanners: [Bench.Scanner] = []
        if miss == .failure || miss == .both { scanners.append((Bench.settings("failed", .quarantine), broken)) }
        if miss == .size || miss == .both { scanners.append((Bench.settings("small", maxSize: 1), clean)) }
        switch others {
        case .nobody, .engine: break
        case .primary: scanners += [(Bench.settings("p"), clean), (Bench.settings("b", backup: true), backup)]
        case .backup: scanners.append((Bench.settings("b", backup: true), backup))
        case .brokenBackup: scanners.append((Bench.settings("b", backup: true, .passMarked), broken))
        case .smallBackup: scanners.append((Bench.settings("b", backup: true, maxSize: 1), backup))
        case .backupForSpam: scanners.append((Bench.settings("b", backup: true, aim: .spam), backup))
        }
        let engine: EngineOutcome = miss == .engine ? .failed : others == .engine ? .answered : .silent
        let outcomes = try await Bench.run(scanners) { _ in
        } inspected: {
            var inspected = Bench.Inspected($0)
            inspected.engine = engine
            return inspected
        }
        let found = Bench.conclusion(outcomes, engine: engine)
        #expect(backup.asked.withLock { $0 } == (others == .backup ? 1 : 0))
        let isMarked = others == .primary || others == .engine
        var expected: [String] = []
        if miss == .failure || miss == .both, others != .backup {
            expected.append(isMarked ? "scanner-failed failed pass" : "scanner-failed failed quarantine")
        }
        if miss == .size || miss == .both {
            expected.append(isMarked || others == .backup ? "over-limits small pass" : "over-limits small")
        }
        if others == .brokenBackup { expected.append("scanner-failed b pass") }
        if others == .smallBackup { expected.append("over-limits b") }
        let seen = found.unchecked.map { item in
            ([item.reason.rawValue, item.scanner] + [item.destiny?.rawValue].compactMap(\.self)).joined(separator: " ")
        }
        #expect(seen.sorted() == expected.sorted())
        #expect(found.engineFailure == (others == .backup ? .replaced : isMarked ? .marked : .stands))
        #expect(found.notes.count == outcomes.filter { !$0.hasAnswered }.count, "what is missing is in the log")
        #expect(Set(found.completed) == Set(others == .primary ? ["p"] : others == .backup ? ["b"] : []))
    }

    /// What was found beside what was too large stays found, and one name may hide others there as elsewhere.
    @Test func findsBesideWhatIsTooLarge() {
        var answer = ScanAnswer()
        answer.addVirus("One", part: 0)
        answer.addOversize("too large", part: 1)
        let found = ScannerConclusion(
            [ScannerOutcome(settings: Bench.settings("a"), result: .success(answer))], parts: 2)
        #expect(found.findings.map(\.name) == ["One"] && found.completed == [] && found.firstMatchOnly == ["a"])
        #expect(found.unchecked.map(\.part) == [1] && found.unchecked.map(\.destiny) == [nil])
    }

    /// Nothing is kept of a message that was not looked at as a whole.
    @Test func whatIsTooLargeIsNotKept() {
        var answer = ScanAnswer()
        answer.addOversize("too large")
        let outcome = ScannerOutcome(settings: Bench.settings("a"), result: .success(answer))
        #expect(!outcome.canBeKept && !outcome.hasAnswered && outcome.failure == nil)
    }

    @Test func largeMessagesAreNotGiven() async throws {
        let mail = try subject("text")
        for (limit, isAsked) in [(mail.size, true), (mail.size - 1, false), (0, true)] {
            let (virus, spam) = (FakeScanner(Bench.clean), FakeScanner(Bench.clean))
            let outcomes = try await Bench.run([
                (Bench.settings("v", maxSize: limit), virus),
                (Bench.settings("rsp-1", aim: .spam, maxSize: limit), spam),
            ])
            let found = Bench.conclusion(outcomes)
            #expect(virus.asked.withLock { $0 } == (isAsked ? 1 : 0) && spam.asked.withLock { $0 } == (isAsked ? 1 : 0))
            #expect(found.unchecked.map(\.reason) == (isAsked ? [] : [.overLimits]))
            #expect(found.tests.map(\.name) == (isAsked ? [] : ["RSP_1_SKIPPED_SIZE"]))
            #expect(found.tests.allSatisfy { $0.score == 0 })
        }
    }

    @Test(arguments: FailurePolicy.allCases)
    func whenAllHaveFailedThePolicySays(policy: FailurePolicy) async throws {
        let outcomes = try await Bench.run([
            (Bench.settings("a", policy), FakeScanner(Bench.broken)),
            (Bench.settings("b", backup: true, policy), FakeScanner(Bench.broken)),
            // What looks for spam is no replacement.
            (Bench.settings("s", aim: .spam), FakeScanner(Bench.clean)),
        ])
        let found = Bench.conclusion(outcomes)
        #expect(found.unchecked.map(\.destiny) == [policy.destiny, policy.destiny])
        #expect(found.unchecked.map(\.detail).sorted().map { $0.prefix(2) } == ["a:", "b:"])
    }

    /// Indices of parts come from outside.
    @Test func partsThatDoNotExistAreTheMessage() {
        var answer = ScanAnswer()
        answer.findings = [-1, 0, 1, 2].map { Finding(scanner: "", kind: .virus, name: "x", part: $0) }
        let outcome = ScannerOutcome(settings: Bench.settings("a"), result: .success(answer))
        #expect(ScannerConclusion([outcome], parts: 2).findings.map(\.part) == [nil, 0, 1, nil])
    }

    @Test func backupsStandInWhenAllHaveFailed() async throws {
        let backup = FakeScanner(.success(["One"]))
        let outcomes = try await Bench.run([
            (Bench.settings("a"), FakeScanner(Bench.broken)), (Bench.settings("b"), FakeScanner(Bench.broken)),
            (Bench.settings("c", backup: true), backup),
        ])
        let found = Bench.conclusion(outcomes)
        #expect(found.findings.map(\.scanner) == ["c"] && found.unchecked.isEmpty)
        #expect(Set(found.notes) == ["scanner a: broken", "scanner b: broken"])
    }
}
