import Linux
import MailModel
import RemoteChecks
import Synchronization
import TestSupport
import Testing

/// Scanners together: who is asked, and when.
@Suite struct ScannerSetTests {
    private typealias Bench = ScannerBench

    @Test func allFindings() async throws {
        let outcomes = try await Bench.run([
            (Bench.settings("a"), FakeScanner(.success(["One"]))),
            (Bench.settings("b"), FakeScanner(.success(["Two"]))),
            (Bench.settings("c"), FakeScanner(Bench.clean)),
            (Bench.settings("d", backup: true), FakeScanner(.success(["Three"]))),
        ])
        let found = Bench.conclusion(outcomes)
        #expect(Set(found.findings.map { "\($0.scanner) \($0.name)" }) == ["a One", "b Two"])
        #expect(Set(found.completed) == ["a", "b", "c"] && found.unchecked.isEmpty && found.notes.isEmpty)
    }

    @Test func theFirstHitEndsTheSearch() async throws {
        let outcomes = try await Bench.run(
            [
                (Bench.settings("hit"), FakeScanner(.success(["One"]))), (Bench.settings("never"), FakeScanner(nil)),
                (Bench.settings("backup", backup: true, aim: .spam), FakeScanner(nil)),
            ]
        ) { $0.stopsAtFirstHit = true }
        #expect(outcomes.map(\.settings.name) == ["hit"])
        #expect(Bench.conclusion(outcomes).unchecked.isEmpty)
    }

    /// A finding that is only points ends nothing: else a spam signature would hide a virus from the next scanner.
    @Test func pointsEndNoSearch() async throws {
        let outcomes = try await Bench.run([
            (Bench.settings("points"), FakeScanner(.success(["Junk.One"]))),
            (Bench.settings("late", parts: true), FakeScanner(.success(["One"]))),
        ]) {
            $0.stopsAtFirstHit = true
            $0.isMild = { $0.hasPrefix("Junk.") }
        } inspected: {
            Bench.withParts($0)
        }
        #expect(Set(outcomes.map(\.settings.name)) == ["points", "late"])
    }

    /// The search is one: a virus that one scanner, or the embedded engine, found keeps those from starting that wait for parts.
    @Test func theFirstHitEndsTheSearchOfAll() async throws {
        let late = FakeScanner(Bench.clean)
        let found = try await Bench.run([
            (Bench.settings("late", parts: true), late), (Bench.settings("never"), FakeScanner(nil)),
            (Bench.settings("backup", backup: true), late),
        ]) {
            $0.stopsAtFirstHit = true
            $0.isMild = { $0.hasPrefix("Junk.") }
        } inspected: {
            var inspected = Bench.withParts($0)
            inspected.viruses = ["Junk.One", "One"]
            return inspected
        }
        #expect(found.isEmpty && late.asked.withLock { $0 } == 0)
        let onlyPoints = try await Bench.run([(Bench.settings("late", parts: true), late)]) {
            $0.stopsAtFirstHit = true
            $0.isMild = { $0.hasPrefix("Junk.") }
        } inspected: {
            var inspected = Bench.withParts($0)
            inspected.viruses = ["Junk.One"]
            return inspected
        }
        #expect(onlyPoints.map(\.settings.name) == ["late"])
    }

    /// Backups of another aim, and those of an engine that looked at all or was not to look, are not asked.
    @Test(arguments: [EngineOutcome.failed, .answered, .silent])
    func backupsOfTheEngine(engine: EngineOutcome) async throws {
        let (backup, spam) = (FakeScanner(.success(["One"])), FakeScanner(Bench.clean))
        let outcomes = try await Bench.run([
            (Bench.settings("a", backup: true, parts: true), backup),
            (Bench.settings("s", backup: true, aim: .spam), spam),
        ]) { _ in
        } inspected: {
            var inspected = Bench.withParts($0)
            inspected.engine = engine
            return inspected
        }
        #expect(outcomes.map(\.settings.name) == (engine == .failed ? ["a"] : []))
        #expect(spam.asked.withLock { $0 } == 0)
    }

    /// What is kept has no parts: a backup that needs them gets those of an inspection of now.
    @Test func aBackupOfAKeptAnswerGetsParts() async throws {
        let backup = FakeScanner(Bench.clean)
        let set = Bench.set([
            (Bench.settings("a"), FakeScanner(Bench.clean)),
            (Bench.settings("s", aim: .spam), FakeScanner(Bench.broken)),
            (Bench.settings("b", backup: true, aim: .spam, parts: true), backup),
        ])
        await set.test()
        let kept = [ScannerOutcome(settings: Bench.settings("a"), result: .success(ScanAnswer()))]
        #expect(set.allowsKeeping(kept))
        let (inspected, outcomes) = try await Bench.ask(set, kept: kept) { anew in
            if anew { return Bench.withParts(anew) }
            var inspected = Bench.Inspected(anew)
            inspected.isKept = true
            return inspected
        }
        #expect(inspected.value && !inspected.isKept)
        #expect(outcomes.map(\.settings.name) == ["a", "s", "b"] && outcomes[2].failure == nil)
    }
}
