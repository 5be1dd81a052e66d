package import MailModel

/// What happened for one recipient, once everything is done.
package struct RecipientOutcome: Hashable, Sendable {
    package var recipient: Recipient
    package var kind: DispositionKind
    package var reply: Reply
    /// It was settled at an earlier try of the client's; in this one nothing was done.
    package var isEarlier = false

    package init(recipient: Recipient, kind: DispositionKind, reply: Reply) {
        self.recipient = recipient
        self.kind = kind
        self.reply = reply
    }

    /// The message is where the recipient wants it.
    package var hasMessage: Bool { kind.isDelivered && reply.isPositive }
}

/// One reply for all recipients of an SMTP transaction (amavis's rule; LMTP needs none).
package struct FoldedReply: Hashable, Sendable {
    /// The reply to the end of data.
    package var reply: Reply
    /// Recipients that were refused while the client hears 250: only a delivery status notification can tell the sender.
    package var toBeNotified: [RecipientOutcome]

    /// Folds outcomes: the first 4xx of any recipient; else, when nobody gets the message, a 5xx if there is one, the
    /// next hop's own before ours; else 250 with a count of the others.
    /// - Parameter mustAccept: nobody gets the message, but the client may not hear 5xx: it would tell the sender of recipients
    ///   of whom the sender has been told, or must not be told.
    package init(_ outcomes: [RecipientOutcome], mustAccept: Bool = false) {
        toBeNotified = []
        guard let first = outcomes.first else {
            reply = Reply(554, EnhancedStatus(5, 5, 1), "No valid recipients")
            return
        }
        if let temporary = outcomes.first(where: { $0.reply.isTemporary }) {
            reply = temporary.reply
            return
        }
        let refused = outcomes.filter { $0.reply.isPermanent }
        let settled = mustAccept ? outcomes.first { $0.reply.isPositive } : nil
        guard let accepted = outcomes.first(where: { $0.reply.isPositive && $0.kind.isDelivered }) ?? settled else {
            reply = (refused.first { $0.kind.isDelivered } ?? refused.first ?? first).reply
            return
        }
        let discarded = outcomes.filter { ($0.kind == .discard || $0.kind == .quarantine) && $0 != accepted }
        reply = accepted.reply
        var others: [String] = []
        if !refused.isEmpty { others.append("\(refused.count) REJECT") }
        if !discarded.isEmpty { others.append("\(discarded.count) DISCARD") }
        let bounced = outcomes.count { $0.kind == .bounce && $0.reply.isPositive && $0 != accepted }
        if bounced > 0 { others.append("\(bounced) BOUNCE") }
        if !others.isEmpty, let last = reply.lines.indices.last {
            reply.lines[last] += ", but " + others.joined(separator: ", and ")
        }
        toBeNotified = refused
    }
}
