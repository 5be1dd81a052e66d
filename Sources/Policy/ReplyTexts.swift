package import MailModel

/// Replies in amavis's words, which scripts and log readers know (README.protocol, `smtp_reason_by_ccat`).
package enum ReplyTexts {
    /// Characters of a reason; the rest is cut, as amavis does.
    package static let reasonLimit = 450

    /// The reason behind a verdict: `id=ID - INFECTED: NAME, NAME`.
    package static func reason(_ verdict: Verdict, id: String) -> String {
        let text: String
        switch verdict.category {
        case .infected:
            let names = verdict.shownVirusNames.map { Escaping.text($0, limit: 100) }
            text = "INFECTED: \(names.joined(separator: ", "))"
        case .unchecked:
            text = "UNCHECKED: \(verdict.reasons.map(\.rawValue).joined(separator: ", "))"
        case .rule:
            let words = Escaping.text(verdict.ruling?.text ?? "", limit: 200)
            text = words.isEmpty ? "RULE" : "RULE: \(words)"
        case .banned:
            let names = verdict.bannedTexts.map { Escaping.text($0, limit: 200) }.joined(separator: "; ")
            text = names.isEmpty ? "BANNED" : "BANNED: \(names)"
        case .badHeader:
            text = "BAD HEADER: \(verdict.badHeaders.first.map { Escaping.text($0.detail, limit: 200) } ?? "")"
        case .spam, .spammy:
            text = "spam"
        case .oversized:
            text = "Message size exceeds recipient's size limit"
        case .clean:
            text = "CLEAN"
        }
        return cut("id=\(id) - \(text)")
    }

    /// One line of the site's own words for a reply, with its facts. As long as a reason at most: with code, status and the words
    /// in front it is within the 512 octets of RFC 5321 section 4.5.3.1.5.
    /// - Parameter facts: escaped.
    package static func line(_ template: TextTemplate, _ facts: [TextTemplate.Fact: String]) -> String {
        cut(template.filled(facts))
    }

    /// The reply for a message that is not passed on because of its content.
    /// - Parameters:
    ///   - softened: what would have been done, were refusals not made temporary (`soft_bounce`).
    ///   - words: lines in place of the reason (amavis: `smtp_reason_by_ccat`); none for the reason.
    package static func content(
        _ kind: DispositionKind, _ verdict: Verdict, id: String, softened: DispositionKind? = nil, words: [String] = []
    ) -> Reply {
        if let softened {
            var reply = content(softened, verdict, id: id, words: words)
            reply.code = 450
            reply.enhanced = reply.enhanced.map { EnhancedStatus(4, $0.subject, $0.detail) }
            for word in ["Reject", "Bounce"] where reply.lines.first?.hasPrefix("\(word), ") ?? false {
                reply.lines[0] = "\(word) (soft_bounce)" + reply.lines[0].dropFirst(word.count)
            }
            return reply
        }
        if verdict.category == .rule, case .reject(let status, let words) = verdict.ruling,
            kind == .reject || kind == .tempfail && status.status == 4
        {
            // Word for word what Postfix's smtpd(8) answers.
            return Reply(status.status == 4 ? 451 : 550, status, asSMTPD(words))
        }
        if verdict.category == .rule, verdict.ruling == .failed, kind == .tempfail {
            return Reply(451, EnhancedStatus(4, 3, 0), "Temporary failure, \(reason(verdict, id: id))")
        }
        if verdict.category == .rule, kind == .discard || kind == .quarantine, verdict.ruling?.isSilent ?? false {
            // A sender who learns what became of his message would learn to get round the rule.
            return Reply(250, EnhancedStatus(2, 0, 0), "Ok: queued as \(id)")
        }
        var reply = judged(kind, verdict, words.first ?? reason(verdict, id: id))
        reply.lines += words.dropFirst()
        return reply
    }

    /// The reply for what a message is, and not for what a rule wants.
    private static func judged(_ kind: DispositionKind, _ verdict: Verdict, _ reason: String) -> Reply {
        let (subject, minor) = statusDetail(verdict)
        switch kind {
        case .discard:
            return Reply(250, EnhancedStatus(2, subject, minor), "Ok, discarded, \(reason)")
        case .quarantine:
            return Reply(250, EnhancedStatus(2, subject, minor), "Ok, quarantined, \(reason)")
        case .tempfail where verdict.category == .unchecked && verdict.isWorkspaceFull:
            // RFC 5321 section 4.2.3, RFC 3463 section 3.4.
            return Reply(452, EnhancedStatus(4, 3, 1), "Insufficient system storage, \(reason)")
        case .tempfail:
            return Reply(450, EnhancedStatus(4, subject, minor), "Temporary failure, \(reason)")
        case .reject, .bounce, .deliver, .deliverMarked, .strip:
            let code = verdict.category == .oversized ? 552 : 554
            let word = kind == .bounce ? "Bounce" : "Reject"
            return Reply(code, EnhancedStatus(5, subject, minor), "\(word), \(reason)")
        }
    }

    /// What became of the notification to a sender.
    package enum Notice: String, Sendable {
        case sent = "was sent"
        /// Good manners forbid it.
        case suppressed
        /// The next hop refused it for good.
        case refused = "could not be sent"
    }

    /// The reply for a recipient who does not get the message while its sender is told by a notification of ours.
    /// - Parameter refusal: what a client would have been told.
    package static func bounced(_ recipient: MailPath, _ refusal: Reply, _ notice: Notice) -> Reply {
        Reply(
            250, EnhancedStatus(2, 5, 0),
            cut("Ok <\(recipient)>, DSN \(notice.rawValue) (\(refusal.summary))"), cause: refusal.cause)
    }

    /// The reply for a recipient who got the message when the client tried before.
    package static func servedBefore(id: String) -> Reply {
        Reply(250, EnhancedStatus(2, 0, 0), "Ok, id=\(id), was taken care of at an earlier try")
    }

    /// Subject and detail of the enhanced status (RFC 3463): 7.0 security; 6.0 content, 6.3 octets that need conversion; 3.4
    /// message too big.
    private static func statusDetail(_ verdict: Verdict) -> (Int, Int) {
        switch verdict.category {
        case .badHeader: (6, verdict.badHeaders.allSatisfy { $0.kind == .nonEncodedOctets } ? 3 : 0)
        case .oversized: (3, 4)
        default: (7, 0)
        }
    }

    /// Passes on what the next hop said of a recipient: its code, status and words.
    package static func relayed(_ reply: Reply, hop: String, id: String) -> Reply {
        let from = "MTA(\(hop)): \(reply.summary)"
        if reply.isPositive {
            let status = reply.enhanced ?? EnhancedStatus(2, 0, 0)
            return Reply(reply.code, status, cut("from \(from)"))
        }
        if reply.isTemporary {
            let status = reply.enhanced ?? EnhancedStatus(4, 5, 0)
            return Reply(
                reply.code, status, cut("id=\(id) - Temporary MTA failure on relaying, from \(from)"),
                cause: reply.cause)
        }
        let status = reply.enhanced ?? EnhancedStatus(5, 0, 0)
        return Reply(
            reply.code, status, cut("id=\(id) - Rejected by next-hop MTA on relaying, from \(from)"),
            cause: reply.cause)
    }

    /// True for a reply of the gateway's to a message that the next hop has taken.
    package static func isRelayed(_ reply: Reply) -> Bool {
        reply.isPositive && (reply.lines.first ?? "").hasPrefix("from MTA(")
    }

    /// No next hop could be spoken to.
    /// - Parameters:
    ///   - words: for the client.
    ///   - cause: for the log.
    ///   - isOfConnecting: none of them was reached.
    package static func unavailable(_ words: String, cause: String, isOfConnecting: Bool, id: String) -> Reply {
        let place = isOfConnecting ? ", From MTA() during fwd-connect" : ""
        return Reply(
            451, EnhancedStatus(4, 5, 0), cut("id=\(id) - Temporary MTA failure on relaying\(place) (\(words))"),
            cause: cause)
    }

    /// No next hop was asked: as many transactions as there may be were going on.
    package static func noPlace(_ cause: String, id: String) -> Reply {
        Reply(451, EnhancedStatus(4, 3, 2), cut("id=\(id) - Temporary failure, \(cause)"), cause: cause)
    }

    /// A failure on our side.
    package static func failure(_ cause: String, id: String) -> Reply {
        Reply(451, EnhancedStatus(4, 5, 0), "Error in processing, id=\(id)", cause: cause)
    }

    /// The message went round (RFC 5321 section 6.3).
    /// - Parameters:
    ///   - areOurs: those of gateways like this one are counted.
    ///   - isSoft: refusals are made temporary (`soft_bounce`).
    package static func loop(hops: Int, areOurs: Bool = false, id: String, isSoft: Bool) -> Reply {
        let cause = "mail loop: \(hops) Received fields\(areOurs ? " of mailreeve" : "")"
        return isSoft
            ? Reply(450, EnhancedStatus(4, 4, 6), "Reject (soft_bounce), id=\(id) - \(cause)", cause: cause)
            : Reply(554, EnhancedStatus(5, 4, 6), "Reject, id=\(id) - \(cause)", cause: cause)
    }

    /// A rule's words as smtpd(8) sends them without SMTPUTF8: what is not printable ASCII is a blank for each octet. Cut where the line would
    /// be longer than RFC 5321 section 4.5.3.1.5 lets it be.
    private static func asSMTPD(_ words: String) -> String {
        let octets = words.utf8.prefix(ruleTextLimit).map { $0 >= 0x20 && $0 < 0x7F ? $0 : 0x20 }
        return String(decoding: octets, as: UTF8.self)
    }

    /// Octets of a rule's words: with code, status and line end they make a line of 512.
    package static let ruleTextLimit = 494

    /// Counts scalars: one character as Swift counts them may hold any number of combining marks.
    private static func cut(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(reasonLimit)))
    }
}
