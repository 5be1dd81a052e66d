import Linux
import MailModel
import RemoteChecks
import Synchronization
import TestSupport
import Testing

/// Says what a test tells it to say.
final class FakeScanner: RemoteScanner {
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

/// Sets of scanners, and what they are asked.
enum ScannerBench {
    typealias Inspected = ScannerSet.Inspected<Bool>

    static let clean = Result<[String], ScannerFailure>.success([])
    static let broken = Result<[String], ScannerFailure>.failure(ScannerFailure("broken"))

    static func settings(
        _ name: String, backup: Bool = false, _ policy: FailurePolicy = .tempfail, sample: TestSample = .none,
        aim: ScannerSettings.Aim = .viruses, timeout: Double = 20, stale: Int = 0, parts: Bool = false,
        maxSize: Int = 0
    ) -> ScannerSettings {
        ScannerSettings(
            name: name, seeks: aim, isBackup: backup, failurePolicy: policy, timeout: Int(timeout * 1_000_000_000),
            takesParts: parts, looksAtContentOnly: aim == .viruses, sample: sample, staleAfter: stale, maxSize: maxSize)
    }

    typealias Scanner = (settings: ScannerSettings, scanner: any RemoteScanner)

    static func set(
        _ scanners: [Scanner], _ change: (inout ScannerSet.Options) -> Void = { _ in }
    ) -> ScannerSet {
        var options = ScannerSet.Options()
        change(&options)
        return ScannerSet(scanners.map { ($0.settings, [("", $0.scanner)]) }, options: options) { _ in }
    }

    /// Asks with an inspection that found nothing, or is what a test says.
    static func ask(
        _ set: ScannerSet, kept: [ScannerOutcome] = [],
        _ inspected: @escaping @Sendable (Bool) -> Inspected = { .init($0) }
    ) async throws -> (inspected: Inspected, outcomes: [ScannerOutcome]) {
        await set.ask(try subject("text"), kept: kept, deadline: deadline(20)) { inspected($0) }
    }

    static func run(
        _ scanners: [Scanner], _ change: (inout ScannerSet.Options) -> Void = { _ in },
        inspected: @escaping @Sendable (Bool) -> Inspected = { .init($0) }
    ) async throws -> [ScannerOutcome] {
        let set = set(scanners, change)
        await set.test()
        return try await ask(set, inspected).outcomes
    }

    static func conclusion(_ outcomes: [ScannerOutcome], engine: EngineOutcome = .silent) -> ScannerConclusion {
        ScannerConclusion(outcomes, engine: engine, parts: 0)
    }

    static func withParts(_ anew: Bool) -> Inspected {
        var inspected = Inspected(anew)
        inspected.parts = try? subject("text", parts: ["one"]).parts
        return inspected
    }
}
