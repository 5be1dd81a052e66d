internal import Checks
internal import Linux
internal import MailModel
internal import Policy
internal import Relay
internal import Stores

/// HTML without scripts, forms and the like.
extension MessageWork {
    /// What the policies of its recipients want out of it, each set once.
    var wantedHazards: [Set<HTMLHazard>] {
        var out: [Set<HTMLHazard>] = []
        for group in groups where !group.policy.sanitizeHTML.isEmpty && !out.contains(group.policy.sanitizeHTML) {
            out.append(group.policy.sanitizeHTML)
        }
        // The same request for the same wishes: kept reports are found by it.
        return out.sorted { Self.words($0) < Self.words($1) }
    }

    /// Plans it for those who get the message.
    mutating func planSanitizing() async {
        for index in groups.indices where groups[index].disposition.isDelivered && !groups[index].policy.shadow {
            let hazards = groups[index].policy.sanitizeHTML
            guard !hazards.isEmpty, !groups[index].policy.isReleased, !isDefanged(groups[index]) else { continue }
            groups[index].sanitizing = await plan(hazards, groups[index])
        }
    }

    private func plan(_ hazards: Set<HTMLHazard>, _ group: RecipientGroup) async -> SanitizingPlan {
        guard let report else { return SanitizingPlan(hazards, reason: "not inspected") }
        var changed = rules.outcome.edits.map(\.range)
        if group.disposition == .strip { changed += group.strip?.edits.map(\.range) ?? [] }
        let (file, facts, ranges) = (message.file, facts, changed)
        do {
            return try await setup.blocking(unless: file.inMemory) {
                try SanitizingPlan(hazards, report, facts, file, changed: ranges)
            }
        } catch {
            return SanitizingPlan(hazards, reason: "the message cannot be read again")
        }
    }

    private static func words(_ hazards: Set<HTMLHazard>) -> String {
        HTMLHazard.allCases.filter(hazards.contains).map(\.rawValue).joined(separator: "+")
    }

    /// What became of it, for logs: `scripts+remote (12)`, `scripts (not done: signed)`; each once, none where there was nothing.
    var sanitizedWords: [String] {
        var out: [String] = []
        for plan in groups.compactMap(\.sanitizing) where plan.count > 0 || plan.reason != nil {
            let words = "\(Self.words(plan.hazards)) (\(plan.reason.map { "not done: \($0)" } ?? "\(plan.count)"))"
            if !out.contains(words) { out.append(words) }
        }
        return out
    }
}
