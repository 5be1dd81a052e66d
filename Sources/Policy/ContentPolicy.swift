package import MailModel

/// The settings that turn a verdict into what happens; one for each configured policy and placement.
package struct ContentPolicy: Hashable, Sendable {
    /// Infected mail.
    package var infected: Destiny
    /// Mail that could not be checked, by reason; a reason without entry is `tempfail`.
    package var unchecked: [UncheckedReason: Destiny]
    /// Mail that a rule rejects for good.
    package var rule: Destiny
    /// Mail whose header block is faulty.
    package var badHeader: Destiny
    /// What counts for the verdict.
    package var judging: JudgingPolicy
    /// Keep a copy of mail that is not delivered because of its content.
    package var quarantine: Bool
    package var addVirusScanned: Bool
    package var addReceived: Bool
    package var addAmbiguityResults: Bool

    package init(
        infected: Destiny, unchecked: [UncheckedReason: Destiny], rule: Destiny = .reject,
        badHeader: Destiny = .pass,
        judging: JudgingPolicy = JudgingPolicy(), quarantine: Bool = true, addVirusScanned: Bool = true,
        addReceived: Bool = true, addAmbiguityResults: Bool = false
    ) {
        self.infected = infected
        self.unchecked = unchecked
        self.rule = rule
        self.badHeader = badHeader
        self.judging = judging
        self.quarantine = quarantine
        self.addVirusScanned = addVirusScanned
        self.addReceived = addReceived
        self.addAmbiguityResults = addAmbiguityResults
    }

    /// The destiny of a message with this verdict. Among several reasons for `unchecked` the most careful destiny
    /// wins: a try later first (it may still be checked), then keeping the message away from the recipient.
    package func destiny(for verdict: Verdict) -> Destiny {
        destiny(for: verdict, as: decidingCategory(for: verdict))
    }

    /// The category that decides: the first whose destiny is not `pass`, so that what may pass for one reason hides nothing
    /// that may not for another; the first of all when everything passes.
    package func decidingCategory(for verdict: Verdict) -> Category {
        verdict.categories.first { destiny(for: verdict, as: $0) != .pass } ?? verdict.category
    }

    private func destiny(for verdict: Verdict, as category: Category) -> Destiny {
        switch category {
        case .infected:
            return infected
        case .unchecked:
            var destinies = verdict.unchecked.map { $0.destiny ?? unchecked[$0.reason] ?? .tempfail }
            if !verdict.refusedAnomalies.isEmpty { destinies.append(.reject) }
            for careful in [Destiny.tempfail, .reject, .quarantine, .discard] where destinies.contains(careful) {
                return careful
            }
            return .pass
        case .rule:
            switch verdict.ruling {
            case .reject(let status, _): return status.status == 4 ? .tempfail : rule
            case .discard: return .discard
            case .hold: return .quarantine
            // A report that claims a rule which no table has is held back until somebody looks.
            case nil: return .tempfail
            }
        case .badHeader:
            return badHeader
        case .clean:
            return .pass
        case .banned, .spam, .spammy, .oversized:
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
        // A rule that says DISCARD means it, and who is refused by a rule has been told.
        let isWanted: Bool
        switch (decidingCategory(for: verdict), verdict.ruling) {
        case (.rule, .discard): isWanted = false
        case (.rule, .reject): isWanted = quarantine && rule != .reject
        default: isWanted = quarantine
        }
        return switch destiny(for: verdict) {
        case .quarantine: true
        case .discard, .reject: isWanted
        case .pass, .tempfail: false
        }
    }
}
