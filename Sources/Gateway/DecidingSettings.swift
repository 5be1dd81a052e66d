internal import MailModel
internal import Policy

/// Which keys of a policy made a verdict what it is, and what would have made it another one.
enum DecidingSettings {
    /// A rule that holds mail is no key of a policy.
    static let ruleHold = "rules.hold"
    /// Nor is the mark of a release.
    static let releaseMark = "\(HeaderEdits.releaseMark)"
    /// Nor is what recipients allow themselves.
    static let allowedByRecipient = SenderStanding.AllowList.recipient.rawValue

    /// The levels in force, by their keys.
    static func levels(_ policy: ContentPolicy) -> [String: Double] {
        let levels = policy.levels
        var out = ["tag": levels.tag, "tag2": levels.tag2, "kill": levels.kill]
        out["tag3"] = levels.tag3
        out["dsn_cutoff"] = levels.dsnCutoff
        out["quarantine_cutoff"] = levels.quarantineCutoff
        return out
    }

    /// The keys that decided: of the destiny, of what made the category hold, and of what was then done otherwise.
    static func keys(_ category: MailModel.Category, _ verdict: Verdict, _ policy: ContentPolicy) -> [String] {
        let levels = policy.levels
        var keys = destiny(category, verdict, policy)
        switch category {
        case .spam where SpamLevels.reaches(verdict.score, levels.kill): keys.append("levels.kill")
        case .spammy: keys.append("levels.tag2")
        case .oversized: keys.append("size_limit")
        default: break
        }
        if verdict.standing.isDenied { keys.append("deny_senders") }
        if let list = verdict.standing.allowedBy { keys.append(list.rawValue) }
        if !verdict.passedOver.isDisjoint(with: policy.bypass) { keys.append("bypass") }
        if !skippedForAllowed(verdict, policy).isSubset(of: [.spam, .spammy]) { keys.append("allow_skips") }
        if verdict.standing.points != 0 { keys.append("sender_points") }
        if [.spam, .spammy].contains(category), let cutoff = levels.quarantineCutoff,
            SpamLevels.reaches(verdict.score, cutoff)
        {
            keys.append("levels.quarantine_cutoff")
        }
        if policy.quarantinePlaces[category] != nil, policy.withoutPlaces.keepsCopy(for: verdict) {
            keys.append("quarantine_to.\(category.rawValue)")
        }
        if policy.softBounce, disposition(verdict, policy) != hard(verdict, policy) { keys.append("soft_bounce") }
        if policy.shadow { keys.append("shadow") }
        return keys
    }

    /// The keys that wanted something of the texts of the message, and of what became of that.
    static func textKeys(_ group: RecipientGroup) -> [String] {
        var keys: [String] = []
        if let plan = group.sanitizing, plan.words != nil {
            keys += plan.reason == nil ? ["sanitize_html"] : ["sanitize_html", "unsanitized"]
        }
        if group.disclaimer != nil {
            keys += ["disclaimer", group.policy.originating ? "originating" : "disclaimer_mail"]
        }
        return keys
    }

    /// The keys that name the destiny; none where a rule's own action does.
    private static func destiny(
        _ category: MailModel.Category, _ verdict: Verdict, _ policy: ContentPolicy
    ) -> [String] {
        if policy.isReleased { return [releaseMark] }
        if category == .rule, verdict.ruling == .failed { return [] }
        let isLoved = policy.lovers.contains(category) || category == .spammy && policy.lovers.contains(.spam)
        if isLoved { return ["lovers"] }
        let chosen = policy.destiny(for: verdict)
        return switch category {
        case .clean: []
        case .infected:
            // The name's own destiny may have been the one that decided, or that of the names without.
            Set(
                verdict.virusNames.filter { (policy.virusEntry($0)?.destiny ?? policy.infected) == chosen }.map {
                    policy.virusEntry($0) == nil ? "infected" : "virus_destinies"
                }
            ).sorted()
        case .unchecked:
            chosen == .reject && !verdict.refusedAnomalies.isEmpty
                ? verdict.refusedAnomalies.map { "anomalies.\($0.rawValue)" }
                : policyReasons(verdict).map { "unchecked.\($0.rawValue)" }
        case .rule:
            switch verdict.ruling {
            case .hold: [ruleHold]
            case .reject(let status, _) where status.status == 5: ["rule"]
            case .reject, .discard, .failed, nil: []
            }
        case .badHeader: ["bad_header"]
        default: [category.rawValue]
        }
    }

    /// Reasons for `unchecked` whose destiny the policy names, each once; that of a scanner's failure may be its own.
    private static func policyReasons(_ verdict: Verdict) -> [UncheckedReason] {
        let items = verdict.unchecked.filter { $0.destiny == nil }
        return verdict.reasons.filter { reason in
            UncheckedReason.judged.contains(reason) && items.contains { $0.reason == reason }
        }
    }

    /// What holds and counts for nothing because the sender is allowed.
    private static func skippedForAllowed(_ verdict: Verdict, _ policy: ContentPolicy) -> Set<MailModel.Category> {
        let bypassed = policy.bypass.contains(.spam) ? policy.bypass.union([.spammy]) : policy.bypass
        return verdict.passedOver.subtracting(bypassed)
    }

    private static func disposition(_ verdict: Verdict, _ policy: ContentPolicy) -> DispositionKind {
        policy.disposition(for: verdict)
    }

    private static func hard(_ verdict: Verdict, _ policy: ContentPolicy) -> DispositionKind {
        var policy = policy
        policy.softBounce = false
        return policy.disposition(for: verdict)
    }

    /// What each category, had it not held, the lists of senders, and other scores would have changed.
    static func alternatives(_ verdict: Verdict, _ policy: ContentPolicy) -> [String] {
        let now = policy.disposition(for: verdict)
        func sentence(_ condition: String, _ other: Verdict, _ otherPolicy: ContentPolicy? = nil) -> String {
            let then = (otherPolicy ?? policy).disposition(for: other)
            return "\(condition), it would \(then == now ? "still " : "")be: \(then.rawValue)"
        }
        var out: [String] = []
        for category in verdict.categories where category != .clean {
            out.append(sentence("were it not \(category.rawValue)", verdict.without([category])))
        }
        for category in verdict.categories where policy.lovers.contains(category) {
            var other = policy
            other.lovers.remove(category)
            out.append(sentence("were \(category.rawValue) not among lovers", verdict, other))
        }
        for category in Category.allCases
        where policy.bypass.contains(category) && verdict.passedOver.contains(category) {
            var other = verdict
            other.add(category)
            out.append(sentence("were \(category.rawValue) not among bypass", other))
        }
        let standing = verdict.standing
        if standing.isAllowed || standing.isDenied {
            var other = verdict.without(standing.isDenied ? [.spam] : [])
            other.standing = SenderStanding(points: standing.points)
            for category in skippedForAllowed(verdict, policy) { other.add(category) }
            if let category = policy.levels.category(of: verdict.score), !policy.bypass.contains(.spam) {
                other.add(category)
            }
            let list = standing.allowedBy?.rawValue ?? "deny_senders"
            let who = standing.allowedBy == .authors ? "author" : "sender"
            out.append(sentence("were the \(who) not on \(list)", other))
        }
        for (name, level) in [("tag2", policy.levels.tag2), ("kill", policy.levels.kill)] {
            let distance = MessageExplanation.points(abs(level - verdict.score))
            let side = SpamLevels.reaches(verdict.score, level) ? "above" : "below"
            out.append("the score is \(distance) \(side) levels.\(name)")
        }
        return out
    }
}
