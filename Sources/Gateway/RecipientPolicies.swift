internal import Configuration
package import MailModel
package import Policy
internal import Relay
package import Stores

/// Recipients of one message for whom the same settings hold, and what the verdict is for them.
package struct RecipientGroup: Sendable {
    /// Their places in the envelope.
    package var recipients: [Int]
    package var policy: ContentPolicy
    /// What was laid over the listener's policy, the weightiest last.
    var layers: [PolicyBook.Layer]
    /// They are ours: they get the spam fields.
    var isLocal: Bool
    var standing: SenderStanding
    /// Why nobody knows their settings: they have to be tried again; nil where these are known.
    var failure: String?
    /// What rules on names and types of files ban.
    var banned = BannedJudgement()
    /// How to take that out; nil when it cannot be done.
    var strip: StripPlan?
    /// The text under it; nil where none is wanted.
    var disclaimer: DisclaimerPlan?
    /// What is taken out of its HTML; nil where nothing is wanted.
    var sanitizing: SanitizingPlan?
    /// Until the message is judged it is unchecked.
    var verdict = Verdict.notInspected

    /// The verdict as far as it decides: what replies and the quarantine speak of.
    var decisive: Verdict { verdict.only(policy.decidingCategory(for: verdict)) }
    /// What the policy wants.
    var wanted: DispositionKind { failure == nil ? policy.disposition(for: verdict) : .tempfail }
    /// What is done.
    var disposition: DispositionKind { policy.shadow && failure == nil ? .deliver : wanted }
    /// A copy has to be in the quarantine before anything is answered.
    var keepsCopy: Bool { !policy.shadow && failure == nil && policy.keepsCopy(for: verdict) }

    /// Changes of texts of the message: what is taken out of HTML, and the text under it.
    var textEdits: [BodyEdit] {
        let added = disclaimer.flatMap { $0.reason == nil ? $0 : nil }
        return (sanitizing?.edits(without: added?.cleanedPart) ?? []) + (added?.edits ?? [])
    }

    /// The site's own lines for that reply; none for the reason.
    var replyTexts: [TextTemplate] { failure == nil ? policy.replyTexts[decisive.category] ?? [] : [] }

    /// The reply for recipients who do not get the message because of its content.
    /// - Parameter words: what `replyTexts` say.
    func refusal(id: String, words: [String]) -> Reply {
        if let failure { return ReplyTexts.failure("policy: \(failure)", id: id) }
        let kind = disposition
        let isSoftened = policy.softBounce && kind == .tempfail && policy.destiny(for: verdict) != .tempfail
        var hard = policy
        hard.softBounce = false
        return ReplyTexts.content(
            kind, decisive, id: id, softened: isSoftened ? hard.disposition(for: verdict) : nil, words: words)
    }
}

/// Turns the layers of settings into one policy for each group of recipients.
package struct PolicyResolution: Sendable {
    package private(set) var groups: [RecipientGroup] = []
    /// The place of each recipient's group.
    package private(set) var places: [Int] = []
    /// The policy and the banks, `default/MYNETS`, for logs.
    package private(set) var name: String

    /// Resolves the policies of a message.
    /// - Parameters:
    ///   - policy: name of the listener's policy.
    ///   - released: places of recipients for whom somebody has released the message.
    ///   - allowed: senders whom recipients have allowed themselves.
    /// - Throws: a look-up for all of them that gave up; one for a recipient is the `failure` of his group.
    package init(
        _ book: PolicyBook, policy listenerPolicy: String, _ placement: Placement, _ mail: PolicyBook.Circumstances,
        recipients: [Recipient], released: Set<Int> = [], allowed: AllowedSenders? = nil
    ) throws {
        let settings = book.settings
        let sender = book.address(mail.sender)
        let banks = try book.banks(mail, sender)
        var base = settings.policies[listenerPolicy] ?? Settings.PolicySettings()
        name = listenerPolicy
        for layer in banks {
            layer.overlay.apply(to: &base)
            if case .bank(let index) = layer.source { name += "/\(settings.banks[index].name)" }
        }
        struct Key: Hashable {
            var layers: [PolicyBook.Layer.Source]
            var isLocal: Bool
            var isReleased: Bool
            var isAllowed: Bool
            var failure: String?
        }
        var known: [Key: Int] = [:]
        for (index, recipient) in recipients.enumerated() {
            let address = book.address(recipient.path)
            let isAllowed = allowed?.allows(sender, to: address) ?? false
            var (layers, isLocal, failure): ([PolicyBook.Layer], Bool, String?) = ([], false, nil)
            do {
                // First, since the log says it of those, too, for whom the rest cannot be known.
                isLocal = try book.isLocal(address, originating: base.originating)
                layers = try book.layers(address)
            } catch let error as LookupTable.GaveUp {
                (layers, failure) = ([], error.description)
            }
            let key = Key(
                layers: layers.map(\.source), isLocal: isLocal, isReleased: released.contains(index),
                isAllowed: isAllowed, failure: failure)
            if let place = known[key] {
                groups[place].recipients.append(index)
                places.append(place)
                continue
            }
            known[key] = groups.count
            places.append(groups.count)
            var policy = base
            for layer in layers { layer.overlay.apply(to: &policy) }
            var standing = SenderStanding()
            do {
                standing = try book.standing(sender, author: mail.author, policy, isAllowedByRecipient: isAllowed)
            } catch let error as LookupTable.GaveUp {
                failure = error.description
            }
            var content = SetupBuilder.contentPolicy(policy, placement)
            if key.isReleased { content.release() }
            groups.append(
                RecipientGroup(
                    recipients: [index], policy: content, layers: banks + layers, isLocal: isLocal, standing: standing,
                    failure: failure))
        }
    }

    /// The group of a recipient, by its place in the envelope.
    /// - Throws: a look-up for him that gave up.
    func group(of place: Int) throws(LookupTable.GaveUp) -> RecipientGroup {
        let group = groups[places[place]]
        if let failure = group.failure { throw LookupTable.GaveUp(description: failure) }
        return group
    }
}
