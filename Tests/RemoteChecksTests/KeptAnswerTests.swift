import Linux
import MailModel
import RemoteChecks
import TestSupport
import Testing

/// Which answers may be kept for the same message, and what is asked again.
@Suite struct KeptAnswerTests {
    private struct Fake: RemoteScanner {
        func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer { ScanAnswer() }
        func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion? { nil }
    }

    private static func settings(
        _ name: String, parts: Bool = true, contentOnly: Bool = false, backup: Bool = false
    ) -> ScannerSettings {
        ScannerSettings(
            name: name, seeks: .viruses, isBackup: backup, timeout: 20_000_000_000, takesParts: parts,
            looksAtContentOnly: contentOnly, sample: .none)
    }

    private static func outcome(
        _ settings: ScannerSettings, contentOnly: Bool? = nil
    ) -> ScannerOutcome {
        guard let contentOnly else { return ScannerOutcome(settings: settings, result: .failure(ScannerFailure("x"))) }
        var answer = ScanAnswer()
        answer.isOfContentOnly = contentOnly
        return ScannerOutcome(settings: settings, result: .success(answer))
    }

    private static func set(_ scanners: [ScannerSettings]) async -> ScannerSet {
        let set = ScannerSet(scanners.map { ($0, [("", Fake())]) }) { _ in }
        await set.test()
        return set
    }

    /// One that has to be asked again needs the parts, which are gone: only what it says itself makes its answer worth keeping.
    @Test func whatMayBeKept() async {
        let own = Self.settings("own")
        let set = await Self.set([own])
        #expect(set.allowsKeeping([Self.outcome(own, contentOnly: true)]))
        #expect(!set.allowsKeeping([Self.outcome(own, contentOnly: false)]))
        #expect(!set.allowsKeeping([Self.outcome(own)]))
        #expect(!set.allowsKeeping([]))
        for other in [
            Self.settings("own", parts: false), Self.settings("own", contentOnly: true),
            Self.settings("own", backup: true),
        ] {
            let set = await Self.set([other])
            #expect(set.allowsKeeping([Self.outcome(other, contentOnly: false)]))
        }
    }

    @Test func whoseAnswerIsKept() {
        #expect(Self.outcome(Self.settings("a"), contentOnly: true).canBeKept)
        #expect(!Self.outcome(Self.settings("a"), contentOnly: false).canBeKept)
        #expect(Self.outcome(Self.settings("a", contentOnly: true), contentOnly: false).canBeKept)
        #expect(!Self.outcome(Self.settings("a", backup: true), contentOnly: true).canBeKept)
        #expect(!Self.outcome(Self.settings("a")).canBeKept)
    }

    /// Whoever needs parts and has no kept answer gets those of an inspection of now.
    @Test(arguments: [true, false])
    func whoIsAskedAgainGetsParts(isKept: Bool) async throws {
        let (one, two) = (Self.settings("one"), Self.settings("two"))
        let set = await Self.set([one, two])
        let kept = (isKept ? [one, two] : [one]).map { Self.outcome($0, contentOnly: true) }
        let parts = try #require(try subject("text", parts: ["a"]).parts)
        let (inspected, outcomes) = await set.ask(try subject("text"), kept: kept, deadline: deadline(20)) { anew in
            var inspected = ScannerSet.Inspected(anew)
            inspected.isKept = !anew
            inspected.parts = anew ? parts : nil
            return inspected
        }
        #expect(inspected.value == !isKept)
        #expect(outcomes.count == 2 && outcomes.allSatisfy { $0.failure == nil })
    }
}
