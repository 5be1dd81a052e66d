internal import Checks
internal import Glibc
internal import InspectionLink
internal import Linux
internal import MailModel
internal import Policy
internal import Relay
internal import SMTP
internal import Stores

/// What is known of one message while it is in the pipeline.
struct MessageWork: Sendable {
    let message: ReceivedMessage
    let setup: GatewaySetup
    let listener: ListenerSetup
    /// The `id=` of replies and log lines.
    let id: String
    /// The name of the message in the quarantine.
    let mailID = Quarantine.newID()
    /// Unix time of the end of data.
    let time: Int
    var facts: HeaderFacts
    /// Until it is judged, a message is unchecked: nothing that ends it early may call it clean.
    var verdict = Verdict(failed: .scannerFailed, detail: "not inspected")
    var report: Report?
    var ready: Ready?
    /// What the rules want.
    var rules = RuleJudgement()
    /// What rules on names and types of files ban.
    var banned = BannedJudgement()
    /// How to take that out; nil when it cannot be done.
    var strip: StripPlan?
    /// What learnt mail says; nil when it says nothing.
    var bayes: SpamScorer.Judgement?
    /// Why learnt mail could not be asked; nil when it could.
    var bayesFailure: String?
    /// The verdict as far as it decided: what replies and the quarantine speak of.
    var decisive: Verdict { verdict.only(listener.policy.decidingCategory(for: verdict)) }
    /// What the policy wants for the message; temporary until it is judged.
    var disposition = DispositionKind.tempfail
    /// One for each recipient, as far as they are known.
    var outcomes: [RecipientOutcome] = []
    var quarantineID: String?
    var queuedAs: [String] = []
    var causes: [String] = []

    init(message: ReceivedMessage, setup: GatewaySetup, listener: ListenerSetup) {
        self.message = message
        self.setup = setup
        self.listener = listener
        id = "\(getpid())-\(message.number)"
        time = Glibc.time(nil)
        facts = HeaderFacts()
    }

    /// Anomalies of the inspection, and the line ends that were repaired on entry.
    var anomalies: [Anomaly] {
        var all = report?.anomalies ?? []
        let intake: [(AnomalyKind, Occurrences)] = [
            (.bareCR, message.intake.bareCR), (.bareLF, message.intake.bareLF), (.nul, message.intake.nul),
        ]
        for (kind, seen) in intake {
            if let offset = seen.firstOffset { all.append(Anomaly(kind: kind, offset: offset)) }
        }
        return all
    }

    /// The message as it goes to the next hop.
    func outgoing() -> OutgoingMessage {
        var prefix = ""
        let envelope = message.envelope
        if listener.policy.addVirusScanned, let engine = truthfulEngine {
            prefix += HeaderEdits.virusScanned(hostname: setup.hostname, engine: engine)
        }
        prefix += HeaderEdits.alert(verdict)
        if !verdict.unchecked.isEmpty { prefix += HeaderEdits.unchecked(verdict) }
        if listener.policy.addAmbiguityResults, let report {
            prefix += HeaderEdits.ambiguityResults(
                hostname: setup.hostname, anomalies: anomalies,
                readings: 1 + (report.parts.map(\.reading).max() ?? 0))
        }
        prefix += rules.holdField
        var edits = rules.outcome.edits.map { BodyEdit(range: $0.range, text: $0.text) }
        edits += facts.forged.map { BodyEdit(range: $0) }
        if disposition == .strip { edits += strip?.edits ?? [] }
        // Last: a message that begins with a continuation line (attack) goes on with our last field, and nobody trusts
        // what a Received field says at its end. Without one, such lines are taken out.
        if listener.policy.addReceived {
            prefix += HeaderEdits.received(
                HeaderEdits.Trace(
                    hostname: setup.hostname, id: id, client: envelope.client,
                    smtputf8: envelope.parameters.smtputf8,
                    recipient: envelope.recipients.count == 1 ? envelope.recipients.first?.path : nil, time: time))
        } else if !prefix.isEmpty {
            edits.append(BodyEdit(range: facts.leadingContinuation))
        }
        return OutgoingMessage(
            reversePath: envelope.reversePath, parameters: envelope.parameters,
            recipients: (rules.redirect.map { [$0] } ?? envelope.recipients) + rules.bcc,
            forwarded: envelope.client.forwarded,
            body: OutgoingBody(prefix: Array(prefix.utf8), file: message.file, edits: edits),
            hasEightBit: message.intake.hasEightBit || edits.contains { $0.text.contains { $0 >= 0x80 } })
    }

    /// The scanner's version when it saw the whole message with real signatures; nil otherwise.
    private var truthfulEngine: String? {
        guard verdict.virusNames.isEmpty, verdict.unchecked.isEmpty, let report, let ready,
            report.completedScanners.contains("clamav"), !setup.testSignaturesOnly
        else {
            return nil
        }
        return Escaping.text(ready.engineVersion, limit: 60)
    }

    /// The event for the log.
    func event(at now: ContinuousClock.Instant) -> MessageEvent {
        var event = MessageEvent(
            id: id, mailID: mailID, verdict: verdict, envelope: message.envelope, policy: listener.policyName,
            size: message.file.count)
        event.outcomes = outcomes
        event.messageID = facts.messageID
        event.subject = facts.subject
        event.quarantineID = quarantineID
        event.queuedAs = queuedAs
        event.anomalies = anomalies
        let spent = now - message.arrived
        event.milliseconds =
            Int(spent.components.seconds) * 1000 + Int(spent.components.attoseconds / 1_000_000_000_000_000)
        event.causes = causes
        for outcome in outcomes where !outcome.reply.cause.isEmpty && !event.causes.contains(outcome.reply.cause) {
            event.causes.append(outcome.reply.cause)
        }
        return event
    }
}

extension Reply {
    /// The queue id in a next hop's reply: Postfix says `queued as ID`, Exim `id=ID`.
    var queueID: String? {
        guard isPositive else { return nil }
        let words = lines.joined(separator: " ").split(whereSeparator: { $0 == " " || $0 == "(" || $0 == ")" })
        for (index, word) in words.enumerated() {
            if word == "as", index > 0, words[index - 1] == "queued", index + 1 < words.count {
                return String(words[index + 1].prefix(64))
            }
            if word.hasPrefix("id="), word.count > 3 { return String(word.dropFirst(3).prefix(64)) }
        }
        return nil
    }
}
