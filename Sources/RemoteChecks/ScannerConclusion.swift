package import MailModel

/// How one scanner came out of one message.
package struct ScannerOutcome: Sendable {
    package var settings: ScannerSettings
    package var result: Result<ScanAnswer, ScannerFailure>
    package var microseconds: Int
    /// It was not asked, since what is known without it decides.
    package private(set) var isNeedless = false

    package init(settings: ScannerSettings, result: Result<ScanAnswer, ScannerFailure>, microseconds: Int = 0) {
        self.settings = settings
        self.result = result
        self.microseconds = microseconds
    }

    package var answer: ScanAnswer? { try? result.get() }

    /// It has looked. One that was skipped has not, and has not failed either.
    package var hasAnswered: Bool { answer.map { !$0.isSkipped } ?? false }

    /// In place of the answer of one that seeks spam and was not asked, since what is known decides.
    static func needless(_ settings: ScannerSettings, _ reason: String) -> ScannerOutcome {
        var answer = ScanAnswer()
        answer.isSkipped = true
        answer.addTest("\(settings.testName)_SKIPPED_SHORTCIRCUIT", 0, reason)
        var outcome = ScannerOutcome(settings: settings, result: .success(answer))
        outcome.isNeedless = true
        return outcome
    }

    /// The answer may be kept for the same content. A backup's is not: it is asked when others fail.
    package var canBeKept: Bool {
        guard let answer, !settings.isBackup, !isNeedless else { return false }
        return settings.looksAtContentOnly || answer.isOfContentOnly
    }

    /// Why there is no answer; nil when there is one.
    package var failure: String? {
        if case .failure(let failure) = result { failure.description } else { nil }
    }
}

/// What the answers and failures of all scanners amount to.
///
/// A scanner that failed, or that the message is too large for, is named. It was replaced when a backup with the same aim answered: then nothing follows. When
/// another scanner beside it answered, the message is marked. When nobody with its aim answered, its own policy says what
/// follows; among several the most careful one wins.
package struct ScannerConclusion: Sendable {
    package private(set) var findings: [Finding] = []
    package private(set) var tests: [ScoredTest] = []
    package private(set) var unchecked: [Unchecked] = []
    /// Failures, for the log.
    package private(set) var notes: [String] = []
    /// Names of those that answered.
    package private(set) var completed: [String] = []
    /// Those among them that name the first match of a content alone, so that one name may hide others.
    package private(set) var firstMatchOnly: Set<String> = []
    /// One that looks for viruses, and names every match, answered.
    package private(set) var sawAllMatches = false
    /// A backup for viruses answered: it looked in place of the embedded engine when that failed.
    package private(set) var replacesEngine = false

    /// - Parameter parts: parts in the report; an answer about another one is about the message.
    package init(_ outcomes: [ScannerOutcome], parts: Int) {
        for outcome in outcomes {
            let name = outcome.settings.name
            let others = outcomes.filter { $0.settings.seeks == outcome.settings.seeks && $0.hasAnswered }
            let isReplaced = others.contains { $0.settings.isBackup }
            if let answer = outcome.answer {
                if answer.isSkipped, isReplaced { continue }
                take(answer, name, parts)
                if outcome.hasAnswered { note(outcome.settings) }
                continue
            }
            let failure = outcome.failure ?? ""
            notes.append("scanner \(name): \(failure)")
            if isReplaced { continue }
            unchecked.append(
                Unchecked(
                    .scannerFailed, scanner: name, detail: "\(name): \(failure)",
                    destiny: others.isEmpty ? outcome.settings.failurePolicy.destiny : .pass))
        }
    }

    private mutating func note(_ settings: ScannerSettings) {
        if !settings.namesAllMatches { firstMatchOnly.insert(settings.name) }
        guard settings.seeks == .viruses else { return }
        sawAllMatches = sawAllMatches || settings.namesAllMatches
        replacesEngine = replacesEngine || settings.isBackup
    }

    private mutating func take(_ answer: ScanAnswer, _ name: String, _ parts: Int) {
        func known(_ part: Int?) -> Int? { part.flatMap { (0..<parts).contains($0) ? $0 : nil } }
        if !answer.isSkipped { completed.append(name) }
        for var finding in answer.findings {
            finding.scanner = name
            finding.part = known(finding.part)
            findings.append(finding)
        }
        for var item in answer.unchecked {
            item.part = known(item.part)
            item.detail = "\(name): \(item.detail)"
            unchecked.append(item)
        }
        tests += answer.tests
    }
}
