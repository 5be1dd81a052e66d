internal import Configuration
internal import Linux
internal import MailModel
internal import Policy
internal import Relay
internal import Stores

/// Mail of our own about a message: to its sender, to recipients it is kept from, to administrators.
extension MessageWork {
    /// What became of a notification to the sender.
    enum Notification {
        case sent
        /// This sender has been told of so much in this hour that he is told no more.
        case suppressed
        /// The next hop refused it for good: this sender cannot be told, and trying again would not change it.
        case refused(Reply)
        /// It was not taken in time: the client has to try again.
        case notTaken
    }

    /// Tells the sender of refused recipients. What keeps us from it is said in the log. How often a sender is told of mail that was
    /// refused for what is in it is limited: spammers forge senders.
    /// - Parameter number: tells the notifications of one message apart.
    mutating func notifySender(_ refused: [RecipientOutcome], number: Int) async -> Notification {
        let sender = message.envelope.reversePath
        if let book = setup.notices, !refused.contains(where: \.kind.isDelivered), !book.mayNotify(sender, time: time) {
            causes.append("no notification to <\(sender)>: too many in this hour")
            return .suppressed
        }
        let outcome = await notification(of: refused, as: .failed, number: number)
        note(outcome, of: refused, as: .failed)
        return outcome
    }

    /// Recipients of whose success the sender wants to hear (`NOTIFY=SUCCESS`), and whose mail went to a next hop that reports
    /// nothing (RFC 3461 section 5.2.2).
    var successes: [DeliveryStatusNotification.Action: [RecipientOutcome]] {
        unreported.mapValues { places in
            let outcomes = places.sorted().compactMap { results[$0] }
            return DeliveryStatusNotification.wantedOfSuccess(outcomes, sender: message.envelope.reversePath)
                .filter(mayHearOfSuccess)
        }
        .filter { !$0.value.isEmpty }
    }

    /// Tells a sender of success. The message is where it belongs: what keeps us from telling is only logged.
    mutating func notify(of successes: [DeliveryStatusNotification.Action: [RecipientOutcome]]) async {
        let sender = message.envelope.reversePath
        for (number, action) in [DeliveryStatusNotification.Action.relayed, .delivered].enumerated() {
            guard let wanted = successes[action], let book = setup.notices else { continue }
            guard book.mayNotify(sender, time: time) else {
                causes.append("no notification to <\(sender)>: too many in this hour")
                continue
            }
            let outcome = await notification(of: wanted, as: action, number: 3 + number)
            note(outcome, of: wanted, as: action)
            if case .notTaken = outcome { causes.append("no notification to <\(sender)>: not taken in time") }
        }
    }

    /// Remembers for the log, in amavis's words, what became of a notification.
    private mutating func note(
        _ outcome: Notification, of recipients: [RecipientOutcome], as action: DeliveryStatusNotification.Action
    ) {
        let sender = "<\(message.envelope.reversePath)>"
        switch outcome {
        case .sent:
            let limit = setup.settings.notices.recipients
            let paths = recipients.prefix(limit).map { "<\($0.recipient.path)>" }.joined(separator: ",")
            let more = recipients.count > limit ? ",... (\(recipients.count))" : ""
            notifications.append("DSN: NOTIFICATION: Action:\(action.rawValue), \(sender) -> \(paths)\(more)")
        case .refused(let reply): causes.append("no notification to \(sender): \(reply.summary)")
        case .suppressed, .notTaken: break
        }
    }

    /// He asked for it, so that a list hears of it, too; but a worm and spam forge their senders.
    private func mayHearOfSuccess(_ outcome: RecipientOutcome) -> Bool {
        guard let group = group(of: outcome.recipient) else { return false }
        return NotificationPolicy.suppression(
            group.verdict, group.policy, sender: message.envelope.reversePath,
            recipient: Recipient(path: outcome.recipient.path), isBulk: false) == nil
    }

    private func notification(
        of recipients: [RecipientOutcome], as action: DeliveryStatusNotification.Action, number: Int
    ) async -> Notification {
        let (envelope, limits) = (message.envelope, setup.settings.notices)
        let language = recipients.first.flatMap { group(of: $0.recipient) }?.policy.noticeLanguage
        guard let templates = setup.notices?.templates(language ?? "en") else { return .notTaken }
        var subject = DeliveryStatusNotification.Subject(
            hostname: setup.hostname, id: id, envelope: envelope, action: action, recipients: recipients,
            headers: facts.block, quotedLimit: limits.quotedHeader, templates: templates, time: time)
        subject.number = number
        subject.messageSubject = shownSubject
        // What a scanner or a rule refused does not travel on in our name, and of success the header is enough.
        if envelope.parameters.ret == .full, action == .failed, recipients.allSatisfy(\.kind.isDelivered),
            message.file.count <= limits.returnedSize
        {
            let file = message.file
            subject.content = try? await setup.blocking(unless: file.inMemory) {
                try file.descriptor.read(at: 0, count: file.count)
            }
        }
        let bytes = DeliveryStatusNotification.message(subject)
        let deadline = deadline(in: limits.senderTime)
        return await waited(until: deadline) { [self] in
            switch await submit(bytes, to: envelope.reversePath) {
            case .success(let replies): return Notification(replies)
            case .failure: return .notTaken
            }
        } ?? .notTaken
    }

    /// A notice that is ready to be sent.
    struct Notice {
        fileprivate var path: MailPath
        fileprivate var bytes: [UInt8]
    }

    /// What tells recipients and administrators of mail that is kept back.
    mutating func notices(except served: Set<Int>) -> [Notice] {
        guard let book = setup.notices else { return [] }
        var told: [MailPath: [Int]] = [:]
        var notices: [Notice] = []
        let isWatched = groups.contains { $0.policy.newVirusAdmin != nil && !$0.disposition.isDelivered }
        let hasNewVirus = isWatched && book.areNew(verdict.shownVirusNames)
        for group in groups where !group.disposition.isDelivered && group.disposition != .tempfail {
            let category = group.decisive.category
            let recipients = group.recipients.filter { !served.contains($0) }
            if group.isLocal, group.policy.warnRecipients.contains(category) {
                for index in recipients {
                    let path = message.envelope.recipients[index].path
                    let name = "\(index)"
                    if let notice = notice(.recipient, to: path, group, [index], book, name) { notices.append(notice) }
                }
            }
            if let admin = group.policy.admins[category] { told[admin, default: []] += recipients }
            if hasNewVirus, let admin = group.policy.newVirusAdmin, group.policy.admins[category] != admin {
                told[admin, default: []] += recipients
            }
        }
        let admins = told.sorted { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }
        for (place, (admin, recipients)) in admins.enumerated() {
            guard !recipients.isEmpty, let group = group(of: recipients[0]) else { continue }
            if let notice = notice(.admin, to: admin, group, recipients, book, "\(place)") { notices.append(notice) }
        }
        return notices
    }

    /// Sends notices side by side; the client of the message waits, and no longer than for `notices.others_time`.
    /// - Returns: what went wrong, for the log alone: the message is where its policy wants it.
    func send(_ notices: [Notice]) async -> [String] {
        let (work, deadline) = (self, deadline(in: setup.settings.notices.othersTime))
        return await withTaskGroup(of: String?.self) { group in
            var failures: [String] = []
            for (place, notice) in notices.enumerated() {
                if place >= work.setup.settings.notices.atOnce, let ended = await group.next(), let failure = ended {
                    failures.append(failure)
                }
                group.addTask { await work.failure(of: notice, deadline) }
            }
            for await case .some(let failure) in group { failures.append(failure) }
            return failures
        }
    }

    /// Sends one notice.
    /// - Returns: why it was not sent, for the log; nil when it was.
    private func failure(of notice: Notice, _ deadline: ContinuousClock.Instant) async -> String? {
        let cause: String?? =
            deadline <= .now
            ? nil
            : await waited(until: deadline) { [self] in
                switch await submit(notice.bytes, to: notice.path) {
                case .success(let replies): return replies.first { !$0.isPositive }?.summary
                case .failure(let failure): return "\(failure)"
                }
            }
        guard let cause else { return "no notice to <\(notice.path)>: not taken in time" }
        return cause.map { "no notice to <\(notice.path)>: \($0)" }
    }

    /// When mail of ours has to be taken: in so many seconds, and before the queue never later than the client has its reply.
    private func deadline(in seconds: Int) -> ContinuousClock.Instant {
        let own = ContinuousClock.now + .seconds(seconds)
        guard listener.placement == .beforeQueue else { return own }
        return min(own, message.arrived + .seconds(setup.settings.timeouts.beforeQueue))
    }

    /// Waits for work, but not beyond a deadline: then it is cancelled, and ends by itself within the timeouts of the next hop.
    /// - Returns: nil when it came too late.
    private func waited<Result: Sendable>(
        until deadline: ContinuousClock.Instant, for work: @escaping @Sendable () async -> Result
    ) async -> Result? {
        let (results, sink) = AsyncStream<Result?>.makeStream(bufferingPolicy: .bufferingOldest(1))
        let worker = Task { _ = sink.yield(await work()) }
        let timer = Task {
            try? await Task.sleep(until: deadline, clock: .continuous)
            sink.yield(nil)
        }
        defer {
            worker.cancel()
            timer.cancel()
        }
        for await result in results { return result }
        return nil
    }

    /// A notice as a message; nil where this address gets none.
    /// - Parameter name: tells the notices of one kind on one message apart.
    private mutating func notice(
        _ kind: NoticeTemplates.Kind, to path: MailPath, _ group: RecipientGroup, _ recipients: [Int],
        _ book: NoticeBook, _ name: String
    ) -> Notice? {
        guard book.mayNotify(path, time: time) else {
            causes.append("no notice to <\(path)>: too many in this hour")
            return nil
        }
        guard let templates = book.templates(group.policy.noticeLanguage) else { return nil }
        let shown = recipients.prefix(setup.settings.notices.recipients).map {
            "  <\(message.envelope.recipients[$0].path)>"
        }
        let more = recipients.count > shown.count ? ["  ... (\(recipients.count))"] : []
        var facts = facts(for: group)
        facts[.recipients] = (shown + more).joined(separator: "\n")
        facts[.mailID] = quarantineID ?? "-"
        let notice = templates.notice(kind, facts)
        return Notice(
            path: path,
            bytes: NoticeMessage.message(
                notice, from: setup.hostname, to: path, id: "\(mailID)-\(kind.rawValue)-\(name)",
                time: time))
    }

    /// The subject as people read it, escaped.
    var shownSubject: String { Escaping.text(facts.subjectText, limit: 200) }

    /// Hands a message of ours to a next hop.
    /// - Returns: its reply for the recipient.
    private func submit(_ bytes: [UInt8], to path: MailPath) async -> Result<[Reply], NextHopFailure> {
        let spool = setup.spool
        guard let file = try? await setup.blocking({ try spool.store(bytes) }) else {
            return .failure(NextHopFailure(attempts: []))
        }
        let needsUTF8 = message.envelope.addressesNeedSMTPUTF8
        let notice = OutgoingMessage.own(OutgoingBody(file: file), to: Recipient(path: path), needsUTF8: needsUTF8)
        guard await setup.slots.take(1, until: slotDeadline) else { return .failure(.noPlace) }
        defer { setup.slots.give(1) }
        return await prepare(notice).committed(until: commitDeadline)
    }
}

extension MessageWork.Notification {
    /// By a next hop's replies to its one recipient.
    fileprivate init(_ replies: [Reply]) {
        guard let reply = replies.first(where: { !$0.isPositive }) else {
            self = replies.isEmpty ? .notTaken : .sent
            return
        }
        self = reply.isPermanent ? .refused(reply) : .notTaken
    }
}
