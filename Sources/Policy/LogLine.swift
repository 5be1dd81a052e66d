package import MailModel

/// The line that a message leaves in the log, in the order that readers of amavis's log expect; where some recipients got it and
/// others did not, it leaves one for either.
package struct MessageEvent: Sendable {
    package var id: String
    package var mailID: String
    package var verdict: Verdict
    /// What became of those whom it is about: at the client's next try not of those who were served before.
    package var outcomes: [RecipientOutcome]
    /// Recipients who were served at an earlier try of the client's: what became of them stands in that one's event.
    package var served: [MailPath] = []
    package var envelope: Envelope
    /// Name of the policy.
    package var policy: String
    /// Octets of the message.
    package var size: Int
    /// `Message-ID:` as it stands; escaped when shown.
    package var messageID: [UInt8]
    /// `Resent-Message-ID:` of the last who sent it on (RFC 5322 section 3.6.6).
    package var resentMessageID: [UInt8] = []
    package var subject: [UInt8]
    /// Identifier in the quarantine; nil when nothing was kept.
    package var quarantineID: String?
    /// Places outside the quarantine that got a copy.
    package var copyPlaces: [CopyPlace] = []
    /// Queue ids from the next hop's replies.
    package var queuedAs: [String]
    /// Who got a copy because a rule or the policy says so.
    package var copiedTo: [MailPath] = []
    /// Who got it in place of recipients to whom it was addressed; nil where no rule says so.
    package var redirectedTo: MailPath?
    package var anomalies: [Anomaly]
    package var milliseconds: Int
    /// Texts under the message, those that were not added with the reason.
    package var disclaimers: [String] = []
    /// What was taken out of HTML, and where that could not be done, why.
    package var sanitized: [String] = []
    /// Private causes of failures.
    package var causes: [String]
    /// Which way the mail goes, by recipient; one that is absent is ours, and the mail came in.
    package var directions: [MailPath: Direction] = [:]
    /// The content was looked at.
    package var isInspected = true

    /// Which way mail goes, in amavis's words: who sent it, our users or others, and whether its recipient is ours.
    package enum Direction: String, Sendable {
        case inbound = "Inbound"
        case outbound = "Outbound"
        case `internal` = "Internal"
        case openRelay = "OpenRelay"

        package init(isOriginating: Bool, isLocal: Bool) {
            self =
                switch (isOriginating, isLocal) {
                case (false, true): .inbound
                case (true, false): .outbound
                case (true, true): .internal
                case (false, false): .openRelay
                }
        }
    }

    package init(id: String, mailID: String, verdict: Verdict, envelope: Envelope, policy: String, size: Int) {
        self.id = id
        self.mailID = mailID
        self.verdict = verdict
        self.envelope = envelope
        self.policy = policy
        self.size = size
        outcomes = []
        messageID = []
        subject = []
        quarantineID = nil
        queuedAs = []
        anomalies = []
        milliseconds = 0
        causes = []
    }

    /// All whom it is about, each once: recipients of the message, and others who got it.
    package var addresses: [MailPath] {
        let others = copiedTo + (redirectedTo.map { [$0] } ?? [])
        let recipients = outcomes.map(\.recipient.path) + served
        let known = Set(recipients)
        return recipients + others.filter { !known.contains($0) }
    }

    /// True when at least one recipient gets the message.
    package var isPassed: Bool { outcomes.contains(where: \.hasMessage) }
    /// True when at least one recipient does not get it.
    package var isBlocked: Bool { !outcomes.allSatisfy(\.hasMessage) }

    /// `CLEAN`, `INFECTED (Name)`, `BAD-HEADER-7` and so on; `MTA-BLOCKED` when only the next hop said no. No others than
    /// logwatch's `amavis` script knows: what a rule decided is `OTHER`, and why a message is `UNCHECKED` stands behind.
    package var categoryWord: String {
        switch verdict.category {
        case .infected:
            return
                "INFECTED (\(verdict.shownVirusNames.map { Self.word($0, limit: 100) }.joined(separator: ", ")))"
        case .banned:
            let shown = verdict.bannedTexts.map { Self.word($0, limit: 200) }
            return "BANNED (\(shown.joined(separator: ",")))"
        case .unchecked:
            // Nobody tried.
            return verdict.unchecked.isEmpty ? "OTHER" : "UNCHECKED"
        case .rule:
            return "OTHER"
        case .badHeader:
            return "BAD-HEADER-\(verdict.badHeaderMinor)"
        case .clean:
            return isPassed ? "CLEAN" : "MTA-BLOCKED"
        default:
            return verdict.category.rawValue.uppercased()
        }
    }

    /// What was done, in amavis's words.
    package var actions: [String] {
        var out: [String] = []
        func add(_ word: String) { if !out.contains(word) { out.append(word) } }
        for outcome in outcomes {
            let direction = (directions[outcome.recipient.path] ?? .inbound).rawValue
            switch (outcome.kind, outcome.reply.code) {
            case (.deliver, ..<400), (.deliverMarked, ..<400), (.strip, ..<400): add("Relayed\(direction)")
            case (.discard, ..<400): add("Discarded\(direction)")
            case (.bounce, ..<400): add("Bounced\(direction)")
            case (.quarantine, ..<400) where quarantineID != nil: break
            // No copy of it: an empty list of actions is no form that readers know.
            case (.quarantine, ..<400): add("Discarded\(direction)")
            case (_, 400..<500): add("TempFailed\(direction)")
            default: add("Rejected\(direction)")
            }
        }
        if quarantineID != nil { add("Quarantined") }
        return out
    }

    /// The line, without time and process: the logger puts them in front.
    package var line: String {
        let deed = "\(isPassed ? "Passed" : "Blocked") \(categoryWord) {\(actions.joined(separator: ","))}"
        let isDone = outcomes.isEmpty && !served.isEmpty
        var out = "(\(id)) \(isDone ? "Served before" : deed)"
        let isOriginating = directions.values.contains { $0 == .outbound || $0 == .internal }
        out += ", \(Escaping.text(policy))\(isOriginating ? " LOCAL" : "")"
        out += " [\(envelope.client.address)]:\(envelope.client.port)"
        if let forwarded = envelope.client.forwarded?.address { out += " [\(Self.word(forwarded, limit: 60))]" }
        out += " <\(Self.word(envelope.reversePath.bytes, limit: 320))> -> "
        out += Self.list(isDone ? served : outcomes.map(\.recipient.path))
        if let quarantineID {
            let places = copyPlaces.map { Self.word($0.bytes, limit: 320) }
            out += ", quarantine: \(([quarantineID] + places).joined(separator: ","))"
        }
        if let ident = envelope.client.forwarded?.ident { out += ", Queue-ID: \(Self.word(ident, limit: 64))" }
        if !messageID.isEmpty { out += ", Message-ID: \(Self.word(messageID, limit: 200))" }
        if !resentMessageID.isEmpty { out += ", Resent-Message-ID: \(Self.word(resentMessageID, limit: 200))" }
        out += ", mail_id: \(mailID), Hits: \(hits), size: \(size)"
        if !queuedAs.isEmpty {
            out += ", queued_as: \(queuedAs.map { Self.word($0, limit: 64) }.joined(separator: "/"))"
        }
        if let redirectedTo { out += ", redirected_to: \(Self.list([redirectedTo]))" }
        if !copiedTo.isEmpty { out += ", copied_to: \(Self.list(copiedTo))" }
        if !served.isEmpty, !isDone { out += ", served before: \(served.count)" }
        if outcomes.contains(where: { $0.kind == .strip && $0.reply.code < 400 }) {
            // Where what was taken out stood.
            var places: [String] = []
            for path in verdict.banned.map(\.path) where !places.contains(path) { places.append(path) }
            out += ", stripped: \(places.map { Self.word($0, limit: 60) }.joined(separator: "+"))"
        }
        if !disclaimers.isEmpty {
            out += ", disclaimer: \(disclaimers.map { Escaping.text($0, limit: 120) }.joined(separator: "; "))"
        }
        if !sanitized.isEmpty {
            out += ", sanitized: \(sanitized.map { Escaping.text($0, limit: 120) }.joined(separator: "; "))"
        }
        if verdict.category == .unchecked, !verdict.unchecked.isEmpty {
            out += ", unchecked: \(verdict.reasons.map(\.rawValue).joined(separator: "+"))"
        }
        let kinds = anomalyCounts.keys.sorted()
        if !kinds.isEmpty { out += ", anomalies: \(kinds.joined(separator: "+"))" }
        if !causes.isEmpty { out += ", cause: \(causes.map { Escaping.text($0, limit: 300) }.joined(separator: "; "))" }
        out += ", \(milliseconds) ms"
        return out
    }

    /// The first recipients, and how many there are.
    private static func list(_ paths: [MailPath]) -> String {
        let shown = paths.prefix(recipientsShown).map { "<\(word($0.bytes, limit: 320))>" }.joined(separator: ",")
        return paths.count > recipientsShown ? "\(shown),... (\(paths.count) recipients)" : shown
    }

    /// The score with three decimals at most; `-` where the content was not looked at.
    private var hits: String {
        if !isInspected { return "-" }
        let text = "\((verdict.score * 1000).rounded() / 1000)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// One word for a field that hostile mail fills: with a blank in it, a message identifier or a quoted local part
    /// could pretend to be the fields that follow (attack A4).
    private static func word(_ bytes: [UInt8], limit: Int) -> String {
        word(escaped: Escaping.text(bytes, limit: limit))
    }

    private static func word(_ text: String, limit: Int) -> String { word(escaped: Escaping.text(text, limit: limit)) }

    private static func word(escaped text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            if scalar == " " { out += "\\x20" } else { out.unicodeScalars.append(scalar) }
        }
        return out
    }

    /// How often each kind of anomaly was met; at most `kindsShown` kinds, the first ones.
    package var anomalyCounts: [String: Int] {
        var counts: [String: Int] = [:]
        for anomaly in anomalies {
            let kind = anomaly.kind.rawValue
            if counts[kind] != nil || counts.count < Self.kindsShown { counts[kind, default: 0] += 1 }
        }
        return counts
    }

    /// Kinds of anomalies that a line names.
    static let kindsShown = 20
    /// Recipients that the line names before it only counts.
    static let recipientsShown = 20
}
