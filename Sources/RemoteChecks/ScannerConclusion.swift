package import MailModel

/// What the answers and failures of all scanners amount to.
///
/// One rule for all that have the same aim, the embedded engine among those that look for viruses. Who has failed, or has left
/// out what is too large for him, is named, and what follows depends on who else has looked at the whole message:
/// - a backup: nothing for a failure, since it looked instead. The size is the sender's choice: the message is marked.
/// - another one: the message is marked.
/// - nobody: of a failure the scanner's own policy says what follows, or for the engine the reason's; of the size, that of
///   `over-limits`. Among several the most careful one wins.
///
/// A filter of spam that leaves a message out for its size gives no points, and a test says so.
package struct ScannerConclusion: Sendable {
    package private(set) var findings: [Finding] = []
    package private(set) var tests: [ScoredTest] = []
    package private(set) var unchecked: [Unchecked] = []
    /// Failures, and what was left out, for the log.
    package private(set) var notes: [String] = []
    /// Names of those that have looked at the whole message.
    package private(set) var completed: [String] = []
    /// Those that name the first match of a content alone, so that one name may hide others.
    package private(set) var firstMatchOnly: Set<String> = []
    /// One that looks for viruses, and names every match, has looked at the whole message.
    package private(set) var sawAllMatches = false
    /// What becomes of the failure of the embedded engine.
    package private(set) var engineFailure = EngineFailure.stands

    package enum EngineFailure: Sendable, Hashable {
        /// Nobody else has looked.
        case stands
        /// Another scanner has looked beside it.
        case marked
        /// A backup has looked instead.
        case replaced
    }

    /// Who with the same aim has looked at the whole message.
    private enum Others {
        case none, primary, backup
    }

    /// - Parameters:
    ///   - engine: how the embedded engine came out of it.
    ///   - parts: parts in the report; an answer about another one is about the message.
    package init(_ outcomes: [ScannerOutcome], engine: EngineOutcome = .silent, parts: Int) {
        func others(_ aim: ScannerSettings.Aim) -> Others {
            let whole = outcomes.filter { $0.settings.seeks == aim && $0.hasAnswered }
            if whole.contains(where: \.settings.isBackup) { return .backup }
            return whole.isEmpty && (aim != .viruses || engine != .answered) ? .none : .primary
        }
        for outcome in outcomes {
            let settings = outcome.settings
            let others = others(settings.seeks)
            if let answer = outcome.answer {
                take(answer, settings, parts)
                leaveOut(answer.oversize, settings, others, parts)
            } else {
                fail(outcome.failure ?? "", settings, others)
            }
        }
        engineFailure =
            switch others(.viruses) {
            case .none: .stands
            case .primary: .marked
            case .backup: .replaced
            }
    }

    private mutating func fail(_ failure: String, _ settings: ScannerSettings, _ others: Others) {
        notes.append("scanner \(settings.name): \(failure)")
        guard others != .backup else { return }
        unchecked.append(
            Unchecked(
                .scannerFailed, scanner: settings.name, detail: "\(settings.name): \(failure)",
                destiny: others == .none ? settings.failurePolicy.destiny : .pass))
    }

    private mutating func leaveOut(
        _ items: [Unchecked], _ settings: ScannerSettings, _ others: Others, _ parts: Int
    ) {
        guard let first = items.first else { return }
        notes.append("scanner \(settings.name): \(first.detail)")
        guard settings.seeks == .viruses else {
            tests.append(ScoredTest(name: "\(settings.testName)_SKIPPED_SIZE", score: 0, evidence: first.detail))
            return
        }
        for var item in items {
            item.part = Self.known(item.part, parts)
            item.scanner = settings.name
            item.detail = "\(settings.name): \(item.detail)"
            if others != .none { item.destiny = .pass }
            unchecked.append(item)
        }
    }

    private mutating func take(_ answer: ScanAnswer, _ settings: ScannerSettings, _ parts: Int) {
        let name = settings.name
        if answer.isWhole { completed.append(name) }
        if settings.seeks == .viruses, settings.namesAllMatches, answer.isWhole { sawAllMatches = true }
        if !settings.namesAllMatches { firstMatchOnly.insert(name) }
        for var finding in answer.findings {
            finding.scanner = name
            finding.part = Self.known(finding.part, parts)
            findings.append(finding)
        }
        for var item in answer.unchecked {
            item.part = Self.known(item.part, parts)
            item.detail = "\(name): \(item.detail)"
            unchecked.append(item)
        }
        tests += answer.tests
    }

    private static func known(_ part: Int?, _ parts: Int) -> Int? {
        part.flatMap { (0..<parts).contains($0) ? $0 : nil }
    }
}
