internal import Checks
internal import InspectionLink
internal import MailModel
internal import Policy
internal import Relay
internal import SMTP
internal import Stores

/// The message as some recipients get it: lines on top, changes within. Recipients with equal editions share a transaction.
struct MessageEdition: Hashable, Sendable {
    var prefix: [UInt8] = []
    var edits: [BodyEdit] = []
}

/// One transaction with a next hop.
struct MessageTransaction: Sendable {
    /// Places of its recipients in the envelope.
    var recipients: [Int]
    var outgoing: OutgoingMessage
    /// Its recipients at the next hop are others (REDIRECT): all of `recipients` have the reply for the first of them.
    var isRedirected: Bool
    /// Recipients behind the others whom a rule added; nobody is told of them.
    var added: [Recipient]
}

extension MessageWork {
    /// The transactions that bring the message to those who get it, in the order of their first recipients.
    /// - Parameter served: places of recipients who have it already.
    func transactions(without served: Set<Int> = []) -> [MessageTransaction] {
        var editions: [(edition: MessageEdition, recipients: [Int])] = []
        for group in groups where group.disposition.isDelivered {
            let recipients = group.recipients.filter { !served.contains($0) }
            if recipients.isEmpty { continue }
            let edition = edition(for: group)
            // REDIRECT makes one recipient of all, who gets one copy.
            if let place = editions.firstIndex(where: { $0.edition == edition || rules.redirect != nil }) {
                editions[place].recipients += recipients
            } else {
                editions.append((edition, recipients))
            }
        }
        return editions.enumerated().map { place, item in
            // Who is added gets one copy.
            transaction(item.edition, item.recipients.sorted(), added: place == 0 ? rules.bcc : [])
        }
    }

    private func transaction(
        _ edition: MessageEdition, _ recipients: [Int], added: [Recipient]
    ) -> MessageTransaction {
        let envelope = message.envelope
        let own = rules.redirect.map { [$0] } ?? recipients.map { envelope.recipients[$0] }
        let outgoing = OutgoingMessage(
            reversePath: envelope.reversePath, parameters: envelope.parameters, recipients: own + added,
            forwarded: envelope.client.forwarded,
            body: OutgoingBody(prefix: edition.prefix, file: message.file, edits: edition.edits),
            hasEightBit: message.intake.hasEightBit || edition.edits.contains { $0.text.contains { $0 >= 0x80 } })
        return MessageTransaction(
            recipients: recipients, outgoing: outgoing, isRedirected: rules.redirect != nil, added: added)
    }

    private func edition(for group: RecipientGroup) -> MessageEdition {
        if group.policy.shadow { return MessageEdition() }
        var prefix = ""
        let (envelope, policy, verdict) = (message.envelope, group.policy, group.verdict)
        if policy.addVirusScanned, !verdict.skipped.contains(.infected), let engine = truthfulEngine {
            prefix += HeaderEdits.virusScanned(hostname: setup.hostname, engine: engine)
        }
        prefix += HeaderEdits.alert(verdict)
        if !verdict.unchecked.isEmpty { prefix += HeaderEdits.unchecked(verdict) }
        if policy.addAmbiguityResults, let report {
            prefix += HeaderEdits.ambiguityResults(
                hostname: setup.hostname, anomalies: anomalies,
                readings: 1 + (report.parts.map(\.reading).max() ?? 0))
        }
        prefix += rules.holdField
        var edits = rules.outcome.edits.map { BodyEdit(range: $0.range, text: $0.text) }
        edits += facts.forged.map { BodyEdit(range: $0) }
        if group.disposition == .strip { edits += group.strip?.edits ?? [] }
        // Last: a message that begins with a continuation line (attack) goes on with our last field, and nobody trusts
        // what a Received field says at its end. Without one, such lines are taken out.
        if policy.addReceived {
            prefix += HeaderEdits.received(
                HeaderEdits.Trace(
                    hostname: setup.hostname, id: id, client: envelope.client,
                    smtputf8: envelope.parameters.smtputf8,
                    recipient: envelope.recipients.count == 1 ? envelope.recipients.first?.path : nil, time: time))
        } else if !prefix.isEmpty {
            edits.append(BodyEdit(range: facts.leadingContinuation))
        }
        return MessageEdition(prefix: Array(prefix.utf8), edits: edits)
    }

    /// The scanner's version when it saw the whole message with real signatures; nil otherwise.
    private var truthfulEngine: String? {
        guard verdict.virusNames.isEmpty, verdict.unchecked.isEmpty, let report, let ready,
            report.completedScanners.contains("clamav"), !setup.testSignaturesOnly
        else {
            return nil
        }
        let engine = Escaping.text(ready.engineVersion, limit: 60)
        guard ready.databaseVersion > 0 else { return engine }
        let hours = max(0, time - ready.databaseTime) / 3600
        return "\(engine), signatures \(ready.databaseVersion), \(hours) h old"
    }
}
