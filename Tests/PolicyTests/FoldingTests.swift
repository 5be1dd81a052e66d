import MailModel
import Policy
import Testing

/// One reply for all recipients.
@Suite struct FoldingTests {
    /// What can become of one recipient.
    private enum Fate: CaseIterable {
        case relayed, marked, hopRefused, hopTemporary, rejected, discarded, quarantined, tempfailed

        func outcome(_ number: Int) -> RecipientOutcome {
            let verdict = Samples.verdict(viruses: ["V\(number)"])
            let kind: DispositionKind
            let reply: Reply
            switch self {
            case .relayed: (kind, reply) = (.deliver, Reply(250, EnhancedStatus(2, 0, 0), "relayed \(number)"))
            case .marked: (kind, reply) = (.deliverMarked, Reply(250, EnhancedStatus(2, 0, 0), "marked \(number)"))
            case .hopRefused: (kind, reply) = (.deliver, Reply(550, EnhancedStatus(5, 1, 1), "unknown \(number)"))
            case .hopTemporary: (kind, reply) = (.deliver, Reply(452, EnhancedStatus(4, 2, 2), "full \(number)"))
            case .rejected: (kind, reply) = (.reject, ReplyTexts.content(.reject, verdict, id: "i"))
            case .discarded: (kind, reply) = (.discard, ReplyTexts.content(.discard, verdict, id: "i"))
            case .quarantined: (kind, reply) = (.quarantine, ReplyTexts.content(.quarantine, verdict, id: "i"))
            case .tempfailed: (kind, reply) = (.tempfail, ReplyTexts.content(.tempfail, verdict, id: "i"))
            }
            return RecipientOutcome(recipient: Samples.recipient("r\(number)@x"), kind: kind, reply: reply)
        }
    }

    /// The rule in the words of `README.protocol`, for any mixture. Quarantined mail counts as discarded: neither the
    /// recipient gets it nor the client a refusal.
    private static func expected(_ fates: [Fate], _ outcomes: [RecipientOutcome]) -> (String, [RecipientOutcome]) {
        let temporary = zip(fates, outcomes).filter { [.hopTemporary, .tempfailed].contains($0.0) }
        if let first = temporary.first { return (first.1.reply.summary, []) }
        let taken = zip(fates, outcomes).filter { [.relayed, .marked].contains($0.0) }
        let dropped = fates.filter { [.discarded, .quarantined].contains($0) }.count
        let byHop = zip(fates, outcomes).filter { $0.0 == .hopRefused }
        let byUs = zip(fates, outcomes).filter { $0.0 == .rejected }
        guard let first = taken.first else {
            if dropped == fates.count { return (outcomes[0].reply.summary, []) }
            return (((byHop + byUs).first?.1.reply.summary) ?? "", [])
        }
        let refused = outcomes.filter { $0.reply.code >= 500 }
        var text = first.1.reply.summary
        switch (refused.count, dropped) {
        case (0, 0): break
        case (0, let dropped): text += ", but \(dropped) DISCARD"
        case (let refused, 0): text += ", but \(refused) REJECT"
        case (let refused, let dropped): text += ", but \(refused) REJECT, and \(dropped) DISCARD"
        }
        return (text, refused)
    }

    @Test func everyMixtureOfUpToThreeRecipients() {
        var mixtures: [[Fate]] = []
        for first in Fate.allCases {
            mixtures.append([first])
            for second in Fate.allCases {
                mixtures.append([first, second])
                for third in Fate.allCases { mixtures.append([first, second, third]) }
            }
        }
        for fates in mixtures {
            let outcomes = fates.enumerated().map { $1.outcome($0) }
            let folded = FoldedReply(outcomes)
            let (summary, notified) = Self.expected(fates, outcomes)
            #expect(folded.reply.summary == summary, "\(fates)")
            #expect(folded.toBeNotified == notified, "\(fates)")
        }
        #expect(mixtures.count == 8 + 64 + 512)
    }

    /// Nothing is lost: 250 only when everybody is served, dropped by policy, or told by a notification.
    @Test func aRefusedRecipientIsNeverForgotten() {
        for first in Fate.allCases {
            for second in Fate.allCases {
                let outcomes = [first.outcome(1), second.outcome(2)]
                let folded = FoldedReply(outcomes)
                guard folded.reply.isPositive else { continue }
                for outcome in outcomes where outcome.reply.isPermanent {
                    #expect(folded.toBeNotified.contains(outcome))
                }
                #expect(!outcomes.contains { $0.reply.isTemporary })
            }
        }
    }

    /// Where the client may not hear 5xx, those refused are left to a notification.
    @Test func acceptedForTheSakeOfOthers() {
        var bounced = Fate.rejected.outcome(1)
        (bounced.kind, bounced.reply) = (.bounce, Reply(250, EnhancedStatus(2, 5, 0), "DSN suppressed"))
        let outcomes = [Fate.rejected.outcome(2), bounced, Fate.discarded.outcome(3)]
        #expect(FoldedReply(outcomes).reply.isPermanent)
        let folded = FoldedReply(outcomes, mustAccept: true)
        #expect(folded.reply.summary == "250 2.5.0 DSN suppressed, but 1 REJECT, and 1 DISCARD")
        #expect(folded.toBeNotified == [outcomes[0]])
        #expect(FoldedReply([Fate.rejected.outcome(1)], mustAccept: true).reply.isPermanent)
    }

    @Test func nobodyIsRefused() {
        #expect(FoldedReply([]).reply.summary == "554 5.5.1 No valid recipients")
    }

    @Test func theCountStandsOnTheLastLine() {
        var taken = Fate.relayed.outcome(1)
        taken.reply = Reply(250, nil, lines: ["first", "second"])
        let folded = FoldedReply([taken, Fate.rejected.outcome(2), Fate.discarded.outcome(3)])
        #expect(folded.reply.lines == ["first", "second, but 1 REJECT, and 1 DISCARD"])
    }
}
