internal import Bytes
internal import Checks
internal import Configuration
internal import InspectionLink
internal import MIME
internal import MailModel
internal import Policy
internal import Relay
internal import RemoteChecks
internal import SMTP
internal import Stores

/// The message as some recipients get it: lines on top, changes within. Recipients with equal editions share a transaction.
struct MessageEdition: Hashable, Sendable {
    var prefix: [UInt8] = []
    var edits: [BodyEdit] = []
    /// Rules choose where it goes (FILTER, REDIRECT).
    var isRouted = false
}

/// One transaction with a next hop.
struct MessageTransaction: Sendable {
    /// Places of its recipients in the envelope.
    var recipients: [Int]
    var outgoing: OutgoingMessage
    /// What FILTER chose; nil for the listener's own next hops.
    var hops: [NextHop]?
    /// Its recipients at the next hop are others (REDIRECT): all of `recipients` have the reply for the first of them.
    var isRedirected: Bool
    /// Recipients behind the others whom a rule added; nobody is told of them.
    private(set) var added: [Recipient]

    init(recipients: [Int], outgoing: OutgoingMessage, hops: [NextHop]?, isRedirected: Bool, added: [Recipient]) {
        (self.recipients, self.outgoing, self.hops) = (recipients, outgoing, hops)
        self.isRedirected = isRedirected
        self.added = []
        add(added)
    }

    /// Adds recipients behind the others.
    mutating func add(_ recipients: [Recipient]) {
        added += recipients
        outgoing.recipients += recipients
    }
}

extension MessageWork {
    /// The transactions that bring the message to those who get it, in the order of their first recipients.
    /// - Parameter served: places of recipients who have it already.
    func transactions(without served: Set<Int> = []) -> [MessageTransaction] {
        let isRetry = served.contains { disposition(of: $0).isDelivered }
        var editions: [(edition: MessageEdition, recipients: [Int])] = []
        var places: [MessageEdition: Int] = [:]
        var redirected: Int?
        var added: [Recipient] = []
        for group in groups where group.disposition.isDelivered {
            let recipients = group.recipients.filter { !served.contains($0) }
            if recipients.isEmpty { continue }
            // Shadow: nobody is added, and nothing goes elsewhere.
            if !group.policy.shadow {
                let copies = group.policy.marking.alwaysBCC.map { Recipient(path: $0, notify: .never) }
                for copy in rules.bcc + copies where !added.contains(where: { $0.path == copy.path }) {
                    added.append(copy)
                }
            }
            var edition = edition(for: group)
            edition.isRouted =
                !group.policy.shadow && !group.policy.isReleased && (rules.redirect != nil || rules.nextHop != nil)
            // REDIRECT makes one recipient of all, who gets one copy.
            let isRedirected = edition.isRouted && rules.redirect != nil
            if let place = isRedirected ? redirected : places[edition] {
                editions[place].recipients += recipients
                continue
            }
            if isRedirected { redirected = editions.count } else { places[edition] = editions.count }
            editions.append((edition, recipients))
        }
        return editions.enumerated().map { place, item in
            // Who is added gets one copy, and has it already when somebody has the message.
            transaction(item.edition, item.recipients.sorted(), added: place == 0 && !isRetry ? added : [])
        }
    }

    private func transaction(
        _ edition: MessageEdition, _ recipients: [Int], added: [Recipient]
    ) -> MessageTransaction {
        let envelope = message.envelope
        let redirect = edition.isRouted ? rules.redirect : nil
        let own = redirect.map { [$0] } ?? recipients.map(extended)
        let outgoing = OutgoingMessage(
            reversePath: envelope.reversePath, parameters: envelope.parameters, recipients: own,
            forwarded: envelope.client.forwarded,
            body: OutgoingBody(prefix: edition.prefix, file: message.file, edits: edition.edits),
            hasEightBit: message.intake.hasEightBit || edition.edits.contains { $0.text.contains { $0 >= 0x80 } })
        return MessageTransaction(
            recipients: recipients, outgoing: outgoing, hops: edition.isRouted ? rules.nextHop.map { [$0] } : nil,
            isRedirected: redirect != nil, added: added)
    }

    /// A recipient with the extension that the policy wants.
    private func extended(_ index: Int) -> Recipient {
        let recipient = message.envelope.recipients[index]
        guard let group = group(of: index), group.isLocal, !group.policy.shadow,
            let text = group.policy.marking.first(group.policy.marking.addressExtensions, group.verdict)
        else { return recipient }
        return AddressExtension.apply(text, to: recipient, delimiters: Array(setup.settings.recipientDelimiter.utf8))
    }

    private func edition(for group: RecipientGroup) -> MessageEdition {
        if group.policy.shadow { return MessageEdition() }
        let marking = group.policy.marking
        var prefix = ownFields(group)
        func note(_ way: String) {
            prefix += HeaderEdits.modified(way, hostname: setup.hostname, names: marking.fieldNames)
        }
        if isDefanged(group) {
            if group.disposition == .strip { note("stripped") }
            note("defanged")
            return defanged(group, prefix)
        }
        var edits = rules.outcome.edits.map { BodyEdit(range: $0.range, text: $0.text) }
        edits += removed(group).map { BodyEdit(range: $0) }
        if group.disposition == .strip {
            edits += group.strip?.edits ?? []
            note("stripped")
        }
        edits += group.textEdits
        if let plan = group.sanitizing, plan.count > 0 { note("sanitized") }
        if let plan = group.disclaimer, plan.reason == nil { note("disclaimer") }
        if let tag = tag(group) { prefix += place(tag, in: &edits) }
        if group.policy.addReceived { prefix += received }
        // A message that begins with continuation lines (attack) would go on with our last field: filters behind believe what
        // Received says, at its end, too.
        if !prefix.isEmpty { edits.append(BodyEdit(range: facts.leadingContinuation)) }
        return MessageEdition(prefix: Array(prefix.utf8), edits: edits)
    }

    // MARK: - Fields

    /// What we have to say of the message, but for the trace field.
    func ownFields(_ group: RecipientGroup) -> String {
        let (policy, verdict) = (group.policy, group.verdict)
        var fields = ""
        if group.keepsCopy {
            fields += HeaderEdits.quarantineID(copyID)
        } else if policy.isReleased, facts.saysQuarantined {
            // A copy for a mailbox, which keeps its name.
            fields += HeaderEdits.quarantineID(releasedID)
        }
        if policy.addVirusScanned, !verdict.skipped.contains(.infected), let engine = truthfulEngine {
            fields += HeaderEdits.virusScanned(
                hostname: setup.hostname, engine: engine, text: policy.marking.virusScannedText)
        }
        if policy.marking.addsCategory {
            fields += HeaderEdits.category(verdict, hostname: setup.hostname, names: policy.marking.fieldNames)
        }
        fields += HeaderEdits.alert(verdict, names: policy.marking.fieldNames)
        fields += HeaderEdits.unchecked(verdict)
        // Nothing is said of the score of a message that could not be inspected at all.
        if group.isLocal, policy.marking.addsSpamFields, report != nil {
            fields += SpamFields.text(
                verdict, policy.levels, addsReport: policy.marking.addsSpamReport, autolearning: autolearning)
        }
        if policy.addAmbiguityResults, let report {
            fields += HeaderEdits.ambiguityResults(
                hostname: setup.hostname, anomalies: anomalies,
                readings: 1 + (report.parts.map(\.reading).max() ?? 0))
        }
        let hold = policy.isReleased ? "" : rules.holdField(policy.marking.fieldNames)
        return fields + (hold.isEmpty ? HeaderEdits.amavisHold(verdict, names: policy.marking.fieldNames) : hold)
    }

    var received: String {
        let envelope = message.envelope
        return HeaderEdits.received(
            HeaderEdits.Trace(
                hostname: setup.hostname, id: id, client: envelope.client, smtputf8: envelope.parameters.smtputf8,
                recipient: envelope.recipients.count == 1 ? envelope.recipients.first?.path : nil, time: time))
    }

    /// Fields that came in and that readers would take for ours.
    private func removed(_ group: RecipientGroup) -> [Range<Int>] {
        let marking = group.policy.marking
        var ranges = facts.forged
        if group.isLocal { ranges += facts.spamFields }
        if marking.fieldNames == .amavis { ranges += facts.amavisFields }
        let host = Array(setup.hostname.lowercased().utf8)
        // Fields in our name, and those that could be read as such.
        let ours = facts.results.filter { $0.server == nil || $0.server == host }.map(\.range)
        switch marking.authenticationResults {
        case .keep: break
        // What stands above the Received field of an MTA of ours was put there by it; below, anybody may have written it.
        case nil where isFromOurMTA:
            ranges += ours.filter { $0.lowerBound > facts.firstReceived?.lowerBound ?? -1 }
        case .removeOurs, nil: ranges += ours
        case .remove: ranges += facts.results.map(\.range)
        }
        return ranges
    }

    // MARK: - Defanging

    /// The recipients get it within another one.
    func isDefanged(_ group: RecipientGroup) -> Bool {
        if group.sanitizing?.reason != nil, group.policy.unsanitized == .defang { return true }
        if group.disposition == .strip { return false }
        return group.isLocal && group.policy.marking.defang.contains(where: group.verdict.categories.contains)
    }

    /// The message within another one; what is to be stripped is not in it.
    private func defanged(_ group: RecipientGroup, _ prefix: String) -> MessageEdition {
        // Drawn after the message was there: it cannot hold it.
        let boundary = WrapperMark.boundary(setup.releaseKey, mailID)
        let envelope = message.envelope
        let head = Defanging.head(
            fields: copiedFields(tag(group)), verdict: group.verdict, unsanitized: group.sanitizing?.reason, id: id,
            boundary: boundary, isStripped: group.disposition == .strip,
            hasEightBit: message.intake.hasEightBit, needsUTF8: envelope.parameters.smtputf8)
        let end = message.file.count
        let stripped = group.disposition == .strip ? group.strip?.edits ?? [] : []
        return MessageEdition(
            prefix: Array((prefix + (group.policy.addReceived ? received : "")).utf8) + head,
            edits: stripped + [BodyEdit(range: end..<end, text: Defanging.tail(boundary: boundary))])
    }

    /// Fields of the original for the message around it, each once.
    private func copiedFields(_ tag: String?) -> [UInt8] {
        var out: [UInt8] = []
        var scanner = HeaderScanner(limit: facts.block.count)
        let span = facts.block.span
        var left = Defanging.copied
        while let field = scanner.next(in: span) {
            guard let index = left.firstIndex(where: { field.isNamed($0, in: span) }) else { continue }
            let isSubject = field.isNamed("Subject", in: span)
            left.remove(at: index)
            var text = Array(facts.block[field.whole])
            // Only whole lines: the last field of a cut block may lack its end.
            guard text.suffix(2) == [0x0D, 0x0A] else { continue }
            if isSubject, let tag {
                tagged(tag, &text, at: field.value.lowerBound - field.whole.lowerBound)
            }
            out += text
        }
        if let tag, facts.subjects.first?.isInBlock != true {
            out += Array("Subject: ".utf8) + SubjectTag.text(tag) + [0x0D, 0x0A]
        }
        return out
    }

    /// What saw the whole message and found no virus; nil when nothing did.
    private var truthfulEngine: String? {
        guard verdict.virusNames.isEmpty, verdict.unchecked.isEmpty else { return nil }
        return embeddedEngine ?? remoteEngine
    }

    /// The embedded engine's version when it saw the message with real signatures.
    private var embeddedEngine: String? {
        guard let report, let ready, report.completedScanners.contains("clamav"), !setup.testSignaturesOnly else {
            return nil
        }
        let engine = Escaping.text(ready.engineVersion, limit: 60)
        guard ready.databaseVersion > 0 else { return engine }
        let hours = max(0, time - ready.databaseTime) / 3600
        return "\(engine), signatures \(ready.databaseVersion), \(hours) h old"
    }

    /// The first other virus scanner that has looked at the whole message, by its name and what it says of itself.
    private var remoteEngine: String? {
        guard
            let name = scannerOutcomes.first(where: { $0.settings.seeks == .viruses && $0.hasAnswered })?.settings
                .name
        else { return nil }
        let version = setup.scanners.states.first { $0.name == name }?.version ?? ""
        return Escaping.text(version.isEmpty ? name : "\(name): \(version)", limit: 100)
    }
}
