internal import Checks
internal import Configuration
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
        return out.sorted { HTMLHazard.words($0) < HTMLHazard.words($1) }
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
        let (file, facts, ranges, limits) = (message.file, facts, changed, setup.settings.limits)
        do {
            return try await setup.blocking(unless: file.inMemory) {
                try SanitizingPlan(hazards, report, facts, file, changed: ranges, limits: limits)
            }
        } catch {
            return SanitizingPlan(hazards, reason: "the message cannot be read again")
        }
    }
}
