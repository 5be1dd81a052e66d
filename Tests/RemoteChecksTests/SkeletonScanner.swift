import Linux
import MailModel
import RemoteChecks
import Testing

/// A scanner outside the inspector, to begin another one with (docs/ARCHITECTURE.md, "Adding things"). It lives here so that it
/// is compiled and run; a real one is a file in `Sources/RemoteChecks`.
///
/// One object is one place: the client of one address, or one program. It keeps no state of messages, since it is asked for
/// several at one time.
private struct SkeletonScanner: RemoteScanner {
    /// What it looks for.
    let word: [UInt8]

    /// Looks at one message. What waits (a socket, a process) runs on a `ScannerLane`, as in `ClamdScanner`: neither an event
    /// loop nor Swift's own threads may be held up.
    func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer {
        // Everything that waits ends by the deadline, and what is late is a failure.
        guard monotonicNow() < deadline else { throw ScannerFailure("no answer in time") }
        var answer = ScanAnswer()
        try look(subject.message, 0..<subject.size, part: nil, &answer)
        // There are parts only for scanners that ask for them (`takesParts`). They lie one behind the other in one file.
        if let parts = subject.parts {
            for entry in parts.entries { try look(parts.file, entry.range, part: entry.part, &answer) }
        }
        return answer
    }

    /// What it says of itself: kept answers count while this stays the same. nil when it has no way to say.
    func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion? {
        ScannerVersion(text: "skeleton 1")
    }

    private func look(
        _ file: Descriptor, _ range: Range<Int>, part: Int?, _ answer: inout ScanAnswer
    ) throws(ScannerFailure) {
        let content: [UInt8]
        do throws(SystemError) {
            content = try file.read(at: range.lowerBound, count: range.count)
        } catch {
            // Doubt is a failure, never "clean".
            throw ScannerFailure("\(error)")
        }
        guard content.count == range.count else { throw ScannerFailure("the message ended early") }
        guard content.firstRange(of: word) != nil else { return }
        answer.findings.append(Finding(scanner: "", kind: .virus, name: "Skeleton", part: part))
    }
}

@Suite struct SkeletonTests {
    @Test func itWorksAmongTheOthers() async throws {
        let settings = ScannerSettings(
            name: "skeleton", seeks: .viruses, timeout: 20_000_000_000, takesParts: true, sample: .eicar)
        let scanner = SkeletonScanner(word: Array(eicar.utf8))
        let set = ScannerSet([(settings, [("", scanner)])]) { _ in }
        await set.test()
        #expect(set.states.map(\.fault) == [nil] && set.states[0].version == "skeleton 1")
        let mail = try subject("clean", parts: ["one", eicar])
        let outcomes = await set.ask(mail, deadline: deadline(20)) { _ in
            var inspected = ScannerSet.Inspected(())
            inspected.parts = mail.parts
            return inspected
        }.outcomes
        #expect(outcomes.first?.answer?.findings.map(\.part) == [1])
    }
}
