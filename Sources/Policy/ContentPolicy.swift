package import MailModel

/// The settings that turn a verdict into what happens; one for each configured policy and placement.
package struct ContentPolicy: Hashable, Sendable {
    /// Infected mail.
    package var infected: Destiny
    /// Infected mail by the name of the virus; the first that holds for a name counts.
    package var virusDestinies: [VirusDestiny] = []
    /// Mail that could not be checked, by reason; a reason without entry is `tempfail`.
    package var unchecked: [UncheckedReason: Destiny]
    /// Mail that a rule rejects for good.
    package var rule: Destiny
    /// Mail with names or types that are banned.
    package var banned: Destiny
    /// Sets of rules on names and types of files, in the order in which they are asked.
    package var bannedRules: [String] = ["default"]
    /// Mail whose score reaches `levels.kill`.
    package var spam: Destiny
    /// Mail whose score reaches `levels.tag2`, but not `levels.kill`.
    package var spammy: Destiny
    /// Mail whose header block is faulty.
    package var badHeader: Destiny
    /// Mail that is larger than the recipient wants.
    package var oversized: Destiny
    /// What makes mail spam.
    package var levels: SpamLevels
    /// Categories that are delivered all the same.
    package var lovers: Set<Category> = []
    /// Categories that are not looked for.
    package var bypass: Set<Category> = []
    /// What else is not looked for in mail of allowed senders.
    package var allowSkips: Set<Category> = []
    /// Octets from which on a message is oversized; 0 for none.
    package var sizeLimit = 0
    /// The mail is sent by our own users.
    package var originating = false
    /// Refusals become temporary.
    package var softBounce = false
    /// Somebody has released this very message for the recipient: it passes, whatever was found.
    package private(set) var isReleased = false
    /// Everything is judged, nothing is done.
    package var shadow = false
    /// Parts of names of viruses whose sender is not forged, in lower case.
    package var honestViruses: [String] = ["eicar"]
    /// The text that is put under the message; nil for none.
    package var disclaimer: String?
    /// What is taken out of HTML; nothing when empty.
    package var sanitizeHTML: Set<HTMLHazard> = []
    /// What becomes of mail in which that cannot be done.
    package var unsanitized = UnsanitizedAction.defang
    /// Language of notices.
    package var noticeLanguage = "en"
    /// Categories of which digests tell; none where recipients get none.
    package var digestCategories: Set<Category> = []
    /// Categories of which recipients are told when such mail is kept from them.
    package var warnRecipients: Set<Category> = []
    /// Who is told of mail that is kept back, by category.
    package var admins: [Category: MailPath] = [:]
    /// Who is told of a virus that was not met before.
    package var newVirusAdmin: MailPath?
    /// Lines of replies in place of the reason, by category; none for one that is not there.
    package var replyTexts: [Category: [TextTemplate]] = [:]
    /// How mail that is delivered is marked.
    package var marking = MarkingPolicy()
    /// What counts for the verdict.
    package var judging: JudgingPolicy
    /// Keep a copy of mail that is not delivered because of its content.
    package var quarantine: Bool
    /// Where, by category; one that is absent: in the quarantine of this host.
    package var quarantinePlaces: [Category: QuarantinePlace] = [:]
    package var addVirusScanned: Bool
    package var addReceived: Bool
    package var addAmbiguityResults: Bool

    package init(
        infected: Destiny, unchecked: [UncheckedReason: Destiny], rule: Destiny = .reject,
        banned: Destiny = .reject, spam: Destiny = .reject, spammy: Destiny = .pass, badHeader: Destiny = .pass,
        oversized: Destiny = .reject, levels: SpamLevels = SpamLevels(),
        judging: JudgingPolicy = JudgingPolicy(), quarantine: Bool = true, addVirusScanned: Bool = true,
        addReceived: Bool = true, addAmbiguityResults: Bool = false
    ) {
        self.infected = infected
        self.unchecked = unchecked
        self.rule = rule
        self.banned = banned
        self.spam = spam
        self.spammy = spammy
        self.badHeader = badHeader
        self.oversized = oversized
        self.levels = levels
        self.judging = judging
        self.quarantine = quarantine
        self.addVirusScanned = addVirusScanned
        self.addReceived = addReceived
        self.addAmbiguityResults = addAmbiguityResults
    }

    /// Lets a message pass that somebody has looked at and released: it is not marked as spam, put into another message, or sent
    /// to another folder either. Whether it is infected or was not checked it says all the same.
    package mutating func release() {
        isReleased = true
        marking.subjectTags = [:]
        marking.addressExtensions = [:]
        marking.defang = []
        marking.addsSpamFields = false
    }

    /// The destiny of a message with this verdict. Among several reasons for `unchecked` the most careful destiny
    /// wins: a try later first (it may still be checked), then keeping the message away from the recipient.
    package func destiny(for verdict: Verdict) -> Destiny {
        destiny(for: verdict, as: decidingCategory(for: verdict))
    }

    /// The category that decides: the first whose destiny keeps the message from the recipient, so that what may pass for one
    /// reason hides nothing that may not for another; else the first that does not simply pass; the first of all when
    /// everything passes.
    package func decidingCategory(for verdict: Verdict) -> Category {
        verdict.categories.first { !destiny(for: verdict, as: $0).isDelivered }
            ?? verdict.categories.first { destiny(for: verdict, as: $0) != .pass } ?? verdict.category
    }

    /// Only what is banned is taken out of a message, and only where that can be done; otherwise the whole is kept back.
    private func destiny(for verdict: Verdict, as category: Category) -> Destiny {
        if category == .unchecked, verdict.isWorkspaceFull { return .tempfail }
        if isReleased { return .pass }
        if category == .rule, verdict.ruling == .failed { return .tempfail }
        if lovers.contains(category) || category == .spammy && lovers.contains(.spam) { return .pass }
        let wanted = wanted(for: verdict, as: category)
        return wanted == .strip && (category != .banned || !verdict.isStrippable) ? .quarantine : wanted
    }

    private func wanted(for verdict: Verdict, as category: Category) -> Destiny {
        switch category {
        case .infected:
            let destinies = verdict.virusNames.map { virusEntry($0)?.destiny ?? infected }
            return Destiny.byCare.first(where: destinies.contains) ?? infected
        case .unchecked:
            var destinies = verdict.unchecked.map { $0.destiny ?? unchecked[$0.reason] ?? .tempfail }
            if !verdict.refusedAnomalies.isEmpty { destinies.append(.reject) }
            // Nobody has looked at it.
            return Destiny.byCare.first(where: destinies.contains) ?? .tempfail
        case .rule:
            switch verdict.ruling {
            case .reject(let status, _): return status.status == 4 ? .tempfail : rule
            case .discard: return .discard
            case .hold: return .quarantine
            case .failed: return .tempfail
            // A report that claims a rule which no table has is held back until somebody looks.
            case nil: return .tempfail
            }
        case .banned:
            return banned
        case .spam:
            return spam
        case .spammy:
            return spammy
        case .badHeader:
            return badHeader
        case .oversized:
            return oversized
        case .clean:
            return .pass
        }
    }

    /// The entry of `virus_destinies` that holds for the name of a virus.
    package func virusEntry(_ name: String) -> VirusDestiny? {
        let name = name.lowercased()
        return virusDestinies.first { name.contains($0.part) }
    }

    /// What happens to a recipient, before the next hop was asked.
    package func disposition(for verdict: Verdict) -> DispositionKind {
        let kind = unsoftened(verdict)
        return softBounce && (kind == .reject || kind == .bounce) ? .tempfail : kind
    }

    private func unsoftened(_ verdict: Verdict) -> DispositionKind {
        switch destiny(for: verdict) {
        case .pass: verdict.category == .clean ? .deliver : .deliverMarked
        case .quarantineAndPass: .deliverMarked
        case .discard: .discard
        case .bounce, .quarantineAndBounce: .bounce
        case .reject, .quarantineAndReject: .reject
        case .tempfail: .tempfail
        case .quarantine: keepsCopy(for: verdict) ? .quarantine : .discard
        case .strip: .strip
        }
    }

    /// True for categories of digests that are delivered, whatever else is kept of them.
    package func delivers(_ category: Category) -> Bool {
        if lovers.contains(category) || category == .spammy && lovers.contains(.spam) { return true }
        return switch category {
        case .banned: banned.isDelivered
        case .spam: spam.isDelivered
        case .spammy: spammy.isDelivered
        case .badHeader: badHeader.isDelivered
        default: false
        }
    }

    /// True for spam with so high a score that no copy is wanted.
    private func isCutOff(_ verdict: Verdict) -> Bool {
        levels.quarantineCutoff.map { SpamLevels.reaches(verdict.score, $0) } ?? false
    }

    /// True when the message has to be in quarantine before anything is answered.
    package func keepsCopy(for verdict: Verdict) -> Bool {
        // A rule that says DISCARD means it, and who is refused by a rule has been told.
        let isWanted: Bool
        let category = decidingCategory(for: verdict)
        let quarantine = quarantine && quarantinePlaces[category] != .nowhere
        switch (category, verdict.ruling) {
        case (.rule, .discard): isWanted = false
        case (.rule, .reject): isWanted = quarantine && rule != .reject
        case (.spam, _), (.spammy, _):
            if isCutOff(verdict) { return false }
            isWanted = quarantine
        default: isWanted = quarantine
        }
        let destiny = destiny(for: verdict)
        return switch destiny {
        case .discard, .bounce, .reject: isWanted
        default: destiny.demandsCopy
        }
    }

    /// The same policy with all copies in the quarantine of this host.
    package var withoutPlaces: ContentPolicy {
        var policy = self
        policy.quarantinePlaces = [:]
        return policy
    }

    /// What gets the copy; nil for the quarantine of this host. The whole of what was stripped is kept here: the text in place of
    /// what was taken out says how to get it.
    package func copyPlace(for verdict: Verdict) -> CopyPlace? {
        let category = decidingCategory(for: verdict)
        guard destiny(for: verdict, as: category) != .strip, case .elsewhere(let place) = quarantinePlaces[category]
        else {
            return nil
        }
        return place
    }
}
