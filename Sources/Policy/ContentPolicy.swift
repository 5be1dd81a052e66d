package import MailModel

/// The settings that turn a verdict into what happens; one for each configured policy and placement.
package struct ContentPolicy: Hashable, Sendable {
    /// Infected mail.
    package var infected: Destiny
    /// Mail that could not be checked, by reason; a reason without entry is `tempfail`.
    package var unchecked: [UncheckedReason: Destiny]
    /// Keep a copy of mail that is not delivered because of its content.
    package var quarantine: Bool
    package var addVirusScanned: Bool
    package var addReceived: Bool

    package init(
        infected: Destiny, unchecked: [UncheckedReason: Destiny], quarantine: Bool = true,
        addVirusScanned: Bool = true, addReceived: Bool = true
    ) {
        self.infected = infected
        self.unchecked = unchecked
        self.quarantine = quarantine
        self.addVirusScanned = addVirusScanned
        self.addReceived = addReceived
    }

    /// The destiny of a message with this verdict. Among several reasons for `unchecked` the most careful destiny
    /// wins: a try later first (it may still be checked), then keeping the message away from the recipient.
    package func destiny(for verdict: Verdict) -> Destiny {
        switch verdict.category {
        case .infected:
            return infected
        case .unchecked:
            let destinies = verdict.reasons.map { unchecked[$0] ?? .tempfail }
            for careful in [Destiny.tempfail, .reject, .quarantine, .discard] where destinies.contains(careful) {
                return careful
            }
            return .pass
        case .clean:
            return .pass
        case .banned, .rule, .spam, .spammy, .badHeader, .oversized:
            // No scanner of these classes exists yet; a report that claims one is held back until somebody looks.
            return .tempfail
        }
    }

    /// What happens to a recipient, before the next hop was asked.
    package func disposition(for verdict: Verdict) -> DispositionKind {
        switch destiny(for: verdict) {
        case .pass: verdict.category == .clean ? .deliver : .deliverMarked
        case .discard: .discard
        case .reject: .reject
        case .tempfail: .tempfail
        case .quarantine: .quarantine
        }
    }

    /// True when the message has to be in quarantine before anything is answered.
    package func keepsCopy(for verdict: Verdict) -> Bool {
        switch destiny(for: verdict) {
        case .quarantine: true
        case .discard, .reject: quarantine
        case .pass, .tempfail: false
        }
    }
}
