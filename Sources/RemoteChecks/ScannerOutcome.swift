internal import MailModel

/// How one scanner came out of one message.
package struct ScannerOutcome: Sendable {
    package var settings: ScannerSettings
    package var result: Result<ScanAnswer, ScannerFailure>
    package var microseconds: Int

    package init(settings: ScannerSettings, result: Result<ScanAnswer, ScannerFailure>, microseconds: Int = 0) {
        self.settings = settings
        self.result = result
        self.microseconds = microseconds
    }

    package var answer: ScanAnswer? { try? result.get() }

    /// It has looked at the whole message. One that left out what is too large, or was not asked, has not, and has not failed
    /// either.
    package var hasAnswered: Bool { answer?.isWhole ?? false }

    /// It was not asked, since what is known without it decides.
    package var isNeedless: Bool { answer?.isNeedless ?? false }

    /// In place of the answer of one that seeks spam and was not asked, since what is known decides.
    static func needless(_ settings: ScannerSettings, _ reason: String) -> ScannerOutcome {
        var answer = ScanAnswer()
        answer.isNeedless = true
        answer.addTest("\(settings.testName)_SKIPPED_SHORTCIRCUIT", 0, reason)
        return ScannerOutcome(settings: settings, result: .success(answer))
    }

    /// The answer may be kept for the same content. A backup's is not: it is asked when others fail.
    package var canBeKept: Bool {
        guard let answer, answer.isWhole, !settings.isBackup else { return false }
        return settings.looksAtContentOnly || answer.isOfContentOnly
    }

    /// Why there is no answer; nil when there is one.
    package var failure: String? {
        if case .failure(let failure) = result { failure.description } else { nil }
    }
}

/// How the embedded engine came out of one message, among the scanners that look for viruses and are no backups.
package enum EngineOutcome: Sendable, Hashable {
    /// It has looked at the whole message with signatures that stand for those of the others.
    case answered
    /// It was to look and could not.
    case failed
    /// There is none, or what it says is about itself alone: it stands in for nobody.
    case silent
}
