internal import Checks
internal import Glibc
internal import InspectionLink
internal import Linux
internal import MailModel
internal import Policy
internal import Relay
internal import RemoteChecks
internal import SMTP
internal import Stores

/// What is known of one message while it is in the pipeline.
struct MessageWork: Sendable {
    var message: ReceivedMessage
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
    var verdict = Verdict.notInspected
    var report: Report?
    var ready: Ready?
    /// The report was one on the same message at an earlier time.
    var isFromCache = false
    /// How each scanner outside the inspector came out of it.
    var scannerOutcomes: [ScannerOutcome] = []
    /// A backup looked in place of the embedded engine, which failed.
    var isEngineReplaced = false
    /// What the rules want.
    var rules = RuleJudgement()
    /// What learnt mail says; nil when it says nothing.
    var bayes: SpamScorer.Judgement?
    /// Why learnt mail could not be asked; nil when it could.
    var bayesFailure: String?
    /// The database of a user or domain that it would teach; nil for the shared one.
    var learningDatabase: String?
    /// Whether the message teaches by itself.
    var autolearning = AutolearningStatus.disabled
    /// Recipients by the settings that hold for them, with their verdicts.
    var groups: [RecipientGroup] = []
    /// The place of each recipient's group in `groups`; empty before the policies are known.
    var groupPlaces: [Int] = []
    /// Place of the group whose verdict is the weightiest, which names the message.
    var leadingGroup = 0
    /// The policy and the banks, for logs.
    var policyName: String
    /// The verdict as far as it decided for the recipients that it is weightiest for.
    var decisive = Verdict.notInspected
    /// The policy of what counts under which `verdict` was made: the first group's.
    var judgedPolicy = JudgingPolicy()
    /// How much of `verdict.tests` and `verdict.unchecked` comes from it.
    var judgedTests = 0
    var judgedUnchecked = 0
    /// Places of recipients for whom somebody has released the message, and its name in the quarantine.
    var released: Set<Int> = []
    var releasedID = ""
    /// Places of recipients who have got the message, or for whom it has been dealt with, at an earlier try of the client's.
    var served: Set<Int> = []
    /// The copy that an earlier try of the client's left in the quarantine; nil where there is none.
    var earlierCopy: String?
    /// Places outside the quarantine that have a copy, from this try or an earlier one, and for whom.
    var copied: [CopyPlace: Set<MailPath>] = [:]
    /// The name of the message's copy in the quarantine.
    var copyID: String { earlierCopy ?? mailID }
    /// One for each recipient; nil as long as it is open.
    var results: [RecipientOutcome?]
    /// Those that are known.
    var outcomes: [RecipientOutcome] { results.compactMap { $0 } }
    /// Files that would be banned but for the allow list, in words.
    var allowedFiles: [String] {
        var out: [String] = []
        for line in groups.flatMap(\.banned.allowed) where !out.contains(line) { out.append(line) }
        return out
    }
    var quarantineID: String?
    /// Places of recipients who have the message from a next hop that reports nothing to the sender.
    var unreported: [DeliveryStatusNotification.Action: [Int]] = [:]
    var queuedAs: [String] = []
    /// Who got a copy because a rule (BCC) or the policy (`always_bcc`) says so.
    var copiedTo: [MailPath] = []
    /// Who got the message in place of recipients (REDIRECT), by their places.
    var redirectedTo: [Int: MailPath] = [:]
    var causes: [String] = []
    /// Lines for the log on notifications that were sent.
    var notifications: [String] = []

    init(message: ReceivedMessage, setup: GatewaySetup, listener: ListenerSetup) {
        self.message = message
        self.setup = setup
        self.listener = listener
        id = "\(getpid())-\(message.number)"
        time = Glibc.time(nil)
        facts = HeaderFacts()
        policyName = listener.policyName
        results = Array(repeating: nil, count: message.envelope.recipients.count)
    }

    /// The group of a recipient, by its place in the envelope; nil before the policies are known.
    func group(of index: Int) -> RecipientGroup? {
        groupPlaces.indices.contains(index) ? groups[groupPlaces[index]] : nil
    }

    /// The group of a recipient; nil when the message has no such one.
    func group(of recipient: Recipient) -> RecipientGroup? {
        message.envelope.recipients.firstIndex(of: recipient).flatMap { group(of: $0) }
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

    /// The event for the log.
    func event(at now: ContinuousClock.Instant) -> MessageEvent {
        var event = MessageEvent(
            id: id, mailID: mailID, verdict: verdict, envelope: message.envelope, policy: policyName,
            size: message.file.count)
        event.outcomes = outcomes.filter { !$0.isEarlier }
        event.served = outcomes.filter(\.isEarlier).map(\.recipient.path)
        // What the message is for those whom this try is about.
        if !served.isEmpty, let place = weightiest(groupPlaces(of: open)) { event.verdict = groups[place].verdict }
        event.messageID = facts.messageID
        event.resentMessageID = facts.resentMessageID
        event.subject = facts.subject
        event.quarantineID = quarantineID
        event.copyPlaces = copyPlaces(groups)
        event.queuedAs = queuedAs
        event.copiedTo = copiedTo
        event.redirectedTo = redirectedTo.values.first
        event.anomalies = anomalies
        let spent = now - message.arrived
        event.milliseconds =
            Int(spent.components.seconds) * 1000 + Int(spent.components.attoseconds / 1_000_000_000_000_000)
        event.causes = causes
        event.disclaimers = disclaimerWords
        event.sanitized = sanitizingWords
        event.isInspected = report != nil
        for (index, recipient) in message.envelope.recipients.enumerated() {
            guard let group = group(of: index) else { continue }
            event.directions[recipient.path] = MessageEvent.Direction(
                isOriginating: group.policy.originating, isLocal: group.isLocal)
        }
        for outcome in outcomes where !outcome.reply.cause.isEmpty && !event.causes.contains(outcome.reply.cause) {
            event.causes.append(outcome.reply.cause)
        }
        return event
    }

    /// What became of texts under the message, each once.
    var disclaimerWords: [String] { Self.once(groups.map { $0.disclaimer?.words }) }
    /// What became of its HTML, each once.
    var sanitizingWords: [String] { Self.once(groups.map { $0.sanitizing?.words }) }

    private static func once(_ words: [String?]) -> [String] {
        var out: [String] = []
        for case let words? in words where !out.contains(words) { out.append(words) }
        return out
    }

    /// The event as the log has it: where some recipients got the message and others did not, one for either, each with the verdict
    /// that is weightiest for its recipients.
    func lines(_ event: MessageEvent) -> [MessageEvent] {
        guard event.isPassed, event.isBlocked else { return [event] }
        return [true, false].enumerated().map { number, isPassed in
            let places = open.filter { results[$0].map { $0.hasMessage == isPassed } ?? false }
            let groups = groupPlaces(of: places)
            var part = event
            part.id += "-\(number + 1)"
            part.outcomes = places.compactMap { results[$0] }
            if let group = weightiest(groups) { part.verdict = self.groups[group].verdict }
            if !isPassed { (part.queuedAs, part.served, part.copiedTo, part.redirectedTo) = ([], [], [], nil) }
            if !groups.contains(where: { self.groups[$0].keepsCopy }) { part.quarantineID = nil }
            part.copyPlaces = copyPlaces(groups.map { self.groups[$0] })
            return part
        }
    }

    /// Places of recipients whom this try of the client's is about.
    private var open: [Int] { results.indices.filter { results[$0].map { !$0.isEarlier } ?? false } }

    /// Places of the groups of these recipients.
    private func groupPlaces(of recipients: [Int]) -> [Int] {
        Set(recipients.compactMap { groupPlaces.indices.contains($0) ? groupPlaces[$0] : nil }).sorted()
    }

    /// Places outside the quarantine that have the copy for one of these groups.
    private func copyPlaces(_ groups: [RecipientGroup]) -> [CopyPlace] {
        let wanted = Set(groups.filter(\.keepsCopy).compactMap(copyPlace(of:)))
        return wanted.intersection(copied.keys).sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }

    /// Of the groups at these places the one that is the message's weightiest name for anybody.
    func weightiest(_ places: some Collection<Int>) -> Int? {
        let order = Category.allCases
        func weight(_ group: RecipientGroup) -> Int {
            (order.firstIndex(of: group.decisive.category) ?? order.count)
                + (group.wanted.isDelivered ? order.count : 0)
        }
        return places.min { weight(groups[$0]) < weight(groups[$1]) }
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
