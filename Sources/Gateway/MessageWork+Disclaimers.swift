internal import Checks
internal import Configuration
internal import Linux
internal import MailModel
internal import Policy
internal import Relay
internal import Stores

/// Texts under messages.
extension MessageWork {
    /// Those that the policies of its recipients want.
    var wantedDisclaimers: Set<String> { Set(groups.compactMap(\.policy.disclaimer)) }

    /// Plans them for those who get the message.
    mutating func planDisclaimers() async {
        let wanted = wantedDisclaimers
        guard !wanted.isEmpty else { return }
        for index in groups.indices where groups[index].disposition.isDelivered && !groups[index].policy.shadow {
            guard let name = groups[index].policy.disclaimer else { continue }
            groups[index].disclaimer = await plan(name, groups[index], wanted)
        }
    }

    private func plan(_ name: String, _ group: RecipientGroup, _ wanted: Set<String>) async -> DisclaimerPlan {
        guard let (disclaimer, numbers) = setup.disclaimers.find(name, among: wanted) else {
            return DisclaimerPlan(name, reason: "no such text")
        }
        guard let report else { return DisclaimerPlan(name, reason: "not inspected") }
        if facts.isSigned { return DisclaimerPlan(name, reason: "DKIM signature") }
        if group.disposition == .strip { return DisclaimerPlan(name, reason: "stripped") }
        if isDefanged(group) { return DisclaimerPlan(name, reason: "defanged") }
        if group.sanitizing?.edits.isEmpty == false { return DisclaimerPlan(name, reason: "sanitized") }
        let (file, facts, boundary) = (message.file, facts, "mailreeve-\(mailID)")
        let (changed, bodyLimit) = (rules.outcome.edits.map(\.range), setup.settings.limits.rewrittenBody)
        do {
            return try await setup.blocking(unless: file.inMemory) {
                try DisclaimerPlan(
                    disclaimer, numbers, report, facts, file, changed: changed, boundary: boundary, bodyLimit: bodyLimit
                )
            }
        } catch {
            return DisclaimerPlan(name, reason: "the message cannot be read again")
        }
    }
}
