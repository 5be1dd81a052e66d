package import MailModel

/// What the gateway has to know of one scanner, whatever its kind.
package struct ScannerSettings: Sendable, Hashable {
    /// Its name in logs, verdicts and status; each once.
    package var name: String
    package var seeks: Aim
    /// Asked only when no other scanner with the same aim has looked at the whole message.
    package var isBackup: Bool
    /// What becomes of mail when neither it nor another scanner in its place has answered.
    package var failurePolicy: FailurePolicy
    /// Nanoseconds for one message.
    package var timeout: Int
    /// It wants the decoded parts, and so waits for the inspection.
    package var takesParts: Bool
    /// Its answer depends on the message alone, not on envelope or time, and may be kept for a while.
    package var looksAtContentOnly: Bool
    /// What it must find.
    package var sample: TestSample
    /// Seconds that its signatures may be old; 0 for any age.
    package var staleAfter: Int
    /// Octets of the largest message that it is given; 0 for any.
    package var maxSize: Int
    /// It names every match of a content: one name does not hide others.
    package var namesAllMatches: Bool
    /// Each message begins with the next of its addresses.
    package var isSpread: Bool

    /// Its name as names of tests begin that say of it that it was not asked.
    var testName: String { name.uppercased().replacing("-", with: "_") }

    /// What a scanner is there for: one that looks for spam cannot stand in for one that looks for viruses.
    package enum Aim: Sendable, Hashable, CaseIterable {
        case viruses
        case spam
    }

    package init(
        name: String, seeks: Aim, isBackup: Bool = false, failurePolicy: FailurePolicy = .tempfail, timeout: Int,
        takesParts: Bool = false, looksAtContentOnly: Bool = false, sample: TestSample, staleAfter: Int = 0,
        maxSize: Int = 0, namesAllMatches: Bool = false, isSpread: Bool = false
    ) {
        self.name = name
        self.seeks = seeks
        self.isBackup = isBackup
        self.failurePolicy = failurePolicy
        self.timeout = timeout
        self.takesParts = takesParts
        self.looksAtContentOnly = looksAtContentOnly
        self.sample = sample
        self.staleAfter = staleAfter
        self.maxSize = maxSize
        self.namesAllMatches = namesAllMatches
        self.isSpread = isSpread
    }
}
