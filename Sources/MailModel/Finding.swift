/// Something that a scanner found. Facts only: what follows from it is the gateway's decision.
package struct Finding: Hashable, Sendable {
    /// The scanner's name, as in settings and logs (`clamav`).
    package var scanner: String
    /// What kind of fact it is.
    package var kind: Kind
    /// The scanner's own name for it (`Eicar-Test-Signature`); escape before showing.
    package var name: String
    /// Index of the part it was found in; nil for the message as a whole.
    package var part: Int?
    /// Text that shows it; escape before showing.
    package var evidence: String

    package init(scanner: String, kind: Kind, name: String, part: Int?, evidence: String = "") {
        self.scanner = scanner
        self.kind = kind
        self.name = name
        self.part = part
        self.evidence = evidence
    }

    /// The scanner of strings that stand for spam by agreement (GTUBE): what they weigh is a matter of points.
    package static let testStrings = "test-string"

    /// Classes of findings; raw values are those of `scan --json`.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case virus
        case banned
        case rule
        case spam
        case badHeader = "bad-header"
    }
}

/// The message or a part was not checked, and why. Raw values are a contract (`scan --json`, `X-Mailreeve-Unchecked`).
package enum UncheckedReason: String, Hashable, Sendable, CaseIterable {
    case encrypted
    case ambiguous
    case overLimits = "over-limits"
    case unsupported
    case corrupt
    case scannerFailed = "scanner-failed"
    case scannerCrashed = "scanner-crashed"
    case deadline
    /// The workspace's file system is full. Never from a scanner outside.
    case workspaceFull = "workspace-full"

    /// Reasons whose destiny a policy names. A full workspace is nothing of the message: it is always tried again.
    package static let judged = allCases.filter { $0 != .workspaceFull }
}

extension UncheckedReason {
    /// The reason that is behind a name which libclamav gives as if it were a virus: it says in this way that it did not look.
    /// nil for all other names.
    package init?(alert name: String) {
        if name.hasPrefix("Heuristics.Limits.Exceeded") {
            self = .overLimits
        } else if name.hasPrefix("Heuristics.Encrypted.") {
            self = .encrypted
        } else {
            return nil
        }
    }
}

/// One thing that was not checked.
package struct Unchecked: Hashable, Sendable {
    package var reason: UncheckedReason
    /// Index of the part; nil for the message as a whole.
    package var part: Int?
    /// The scanner that failed or did not finish, as in settings and logs (`clamav`); empty when it is no scanner's failure.
    /// Escape before showing.
    package var scanner: String
    /// What exactly, for people; escape before showing.
    package var detail: String
    /// What follows, where a scanner has settings of its own for that; nil leaves it to the reason. Never from a report.
    package var destiny: Destiny?

    package init(
        _ reason: UncheckedReason, part: Int? = nil, scanner: String = "", detail: String = "", destiny: Destiny? = nil
    ) {
        self.reason = reason
        self.part = part
        self.scanner = scanner
        self.detail = detail
        self.destiny = destiny
    }
}

/// A message's category: the first that holds, in this order, names the message. Raw values are a contract.
package enum Category: String, Hashable, Sendable, Codable, CaseIterable {
    case infected
    case banned
    case rule
    case unchecked
    case spam
    case spammy
    case badHeader = "bad-header"
    case oversized
    case clean
}

/// A form in the message that mail readers are known to read in different ways, or that was repaired on entry.
package struct Anomaly: Hashable, Sendable {
    package var kind: AnomalyKind
    /// Index of the part; nil for the message as a whole.
    package var part: Int?
    /// Offset in the raw message, in octets.
    package var offset: Int

    package init(kind: AnomalyKind, part: Int? = nil, offset: Int = 0) {
        self.kind = kind
        self.part = part
        self.offset = offset
    }
}
