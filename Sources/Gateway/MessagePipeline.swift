internal import Digests
internal import Glibc
internal import MailModel
internal import Policy
package import Relay
internal import Stores

/// The way of one message from the end of its data to its reply: header facts, policies, inspection, verdicts, quarantine,
/// next hops, notifications, one line in the log. Keeps nothing between messages but who has got what of an unfinished one.
///
/// Order is safety: what must be kept is on the disk before it is refused or discarded, and 250 is said only after the
/// next hop said it. Whatever goes wrong is answered with 4xx, so that the client still has the message.
package struct MessagePipeline: MailReceiver {
    let gateway: GatewayState

    package func receive(_ message: ReceivedMessage) async -> MailAnswer {
        let setup = gateway.current
        let requests: Set<Int>
        do {
            requests = try DigestRequest.places(message, setup)
        } catch {
            gateway.report("message \(message.number): policy: \(error)")
            return MailAnswer(message.replies(ReplyTexts.failure("policy: \(error)", id: "-")))
        }
        guard !requests.isEmpty else { return await relay(message, setup) }
        let reply = await DigestRequest(gateway: gateway, setup: setup, message: message).answer()
        let others = message.without(requests)
        // One reply for all: what has to be tried again is tried again for all.
        if others.envelope.recipients.isEmpty || !message.lmtp && reply.isTemporary {
            return MailAnswer(message.replies(reply))
        }
        var answer = await relay(others, setup)
        if message.lmtp {
            for place in requests.sorted() where place <= answer.replies.count {
                answer.replies.insert(reply, at: place)
            }
        }
        return answer
    }

    /// Inspects and passes on what is no request to the gateway itself.
    private func relay(_ message: ReceivedMessage, _ setup: GatewaySetup) async -> MailAnswer {
        guard let listener = setup.listener(message.listener) else {
            gateway.report("message on \(message.listener), which has no settings: answered with 451")
            return MailAnswer(message.replies(ReplyTexts.failure("no such listener", id: "-")))
        }
        var work = MessageWork(message: message, setup: setup, listener: listener)
        if let reply = await work.readHeader() { return MailAnswer(finish(&work, reply)) }
        await work.restoreClient()
        guard let key = await servedKey(work) else {
            return MailAnswer(await decide(&work, nil, ServedRecipients.Memory()))
        }
        let memory: ServedRecipients.Memory
        switch gateway.inFlight.begin(key, message.number, message.presence) {
        case .retry: return MailAnswer(finish(&work, ReplyTexts.failure(Self.earlierTry, id: work.id)))
        case .besideOthers: memory = ServedRecipients.Memory()
        case .alone: memory = await self.memory(of: key, work)
        }
        let replies = await decide(&work, key, memory)
        if replies.allSatisfy(\.isTemporary) {
            // What the next try has to know is known, and it may come at once.
            gateway.inFlight.end(key, work.message.number)
            return MailAnswer(replies)
        }
        return MailAnswer(replies) { [work] isHeard in
            await settle(work, key, isHeard: isHeard)
            gateway.inFlight.end(key, work.message.number)
        }
    }

    /// Judges a message and brings it to its next hops.
    /// - Parameter memory: who has got what of it at an earlier try.
    private func decide(
        _ work: inout MessageWork, _ key: ServedRecipients.Key?, _ memory: ServedRecipients.Memory
    ) async -> [Reply] {
        let message = work.message
        let recipients = message.envelope.recipients
        let served = Set(recipients.indices.filter { memory.recipients.contains(recipients[$0].path) })
        work.served = served
        work.copied = memory.copied
        if let copy = memory.copy {
            let isHere = await work.isInQuarantine(copy)
            if isHere || !memory.copied.isEmpty { work.earlierCopy = copy }
        }
        if let reply = await work.judge() { return finish(&work, reply) }
        for case let failure? in work.groups.map(\.failure) { gateway.report("\(work.id): policy: \(failure)") }
        if !work.released.isEmpty {
            gateway.note(work.releaseLine)
        }
        for line in work.rules.logLines(id: work.id, envelope: message.envelope) { gateway.note(line) }
        if work.rules.givenUp > 0 { gateway.count(rulesGivenUp: work.rules.givenUp) }
        for line in work.allowedFiles { gateway.note("\(work.id): banned: \(Escaping.text(line, limit: 1000))") }
        // One reply for all: as long as one recipient has to be tried again, nothing is done for the others.
        if !message.lmtp, let later = work.outcomes.first(where: { $0.reply.isTemporary }) {
            return finish(&work, later.reply)
        }
        work.autolearning = gateway.autolearner.decide(work)
        let delivery = MessageDelivery(
            isOvertaken: { work in await isOvertaken(work, key, since: memory) },
            checkpoint: { work in try await keep(&work, key) },
            remember: { work, done in await remember(work, done, key) })
        switch await delivery.run(&work) {
        case .settled: break
        case .overtaken:
            gateway.autolearner.withdraw(work)
            return finish(&work, ReplyTexts.failure(Self.earlierTry, id: work.id))
        case .failed(let cause):
            work.quarantineID = nil
            gateway.alarm("\(work.id): \(cause)")
            gateway.autolearner.withdraw(work)
            return finish(&work, ReplyTexts.failure(cause, id: work.id))
        }
        let replies = await answer(&work, key, served)
        // A message that its client sends again teaches then.
        if replies.contains(where: \.isTemporary) {
            gateway.autolearner.withdraw(work)
        } else {
            await gateway.autolearner.offer(work)
        }
        return replies
    }

    /// Why a client has to come again later.
    private static let earlierTry = "an earlier try of the message, whose client has gone, is not done with"

    // MARK: - Replies

    /// Notifies senders, folds the outcomes for SMTP, and logs.
    private func answer(_ work: inout MessageWork, _ key: ServedRecipients.Key?, _ served: Set<Int>) async -> [Reply] {
        let successes = work.successes
        if !successes.isEmpty {
            await rememberDone(&work, key)
            await work.notify(of: successes)
        }
        let folding = work.folding(except: served)
        var failure = folding == .refuseAll ? nil : await bounce(&work, key, except: served)
        if work.message.lmtp {
            // The client tries those again who were put off: of all there are memories, of some of them it is another envelope.
            if work.outcomes.allSatisfy(\.reply.isTemporary) { await prepareRetry(&work, key) }
            await recordAndNotify(&work, key, except: served)
            return work.outcomes.map(\.reply)
        }
        let folded = FoldedReply(work.outcomes, mustAccept: folding == .acceptAll)
        if failure == nil, !folded.reply.isTemporary {
            let refused = work.notifiable(folded.toBeNotified)
            if !refused.isEmpty {
                await rememberDone(&work, key)
                if case .notTaken = await work.notifySender(refused, number: 2) {
                    failure = ReplyTexts.failure("the notification for refused recipients was not taken", id: work.id)
                }
            }
        }
        guard (failure ?? folded.reply).isTemporary else {
            await recordAndNotify(&work, key, except: served)
            return [folded.reply]
        }
        await prepareRetry(&work, key)
        notePresence(&work)
        if let failure { return finish(&work, failure) }
        gateway.record(work)
        return [folded.reply]
    }

    /// Records a message that is done, then tells others of it, which takes time: a crash meanwhile loses no event.
    private func recordAndNotify(
        _ work: inout MessageWork, _ key: ServedRecipients.Key?, except served: Set<Int>
    ) async {
        let notices = work.notices(except: served)
        if !notices.isEmpty { await rememberDone(&work, key) }
        notePresence(&work)
        gateway.record(work)
        for failure in await work.send(notices) { gateway.note("(\(work.id)) \(Escaping.text(failure, limit: 300))") }
    }

    /// Tells the sender of recipients whose mail is bounced.
    /// - Returns: the reply for all when an SMTP client has to try again.
    private func bounce(
        _ work: inout MessageWork, _ key: ServedRecipients.Key?, except served: Set<Int>
    ) async -> Reply? {
        let bounced = work.results.indices.filter { work.results[$0]?.kind == .bounce && !served.contains($0) }
        guard !bounced.isEmpty else { return nil }
        let wanted = Set(work.notifiable(bounced.compactMap { work.results[$0] }).map(\.recipient.path))
        let told = bounced.filter { index in work.results[index].map { wanted.contains($0.recipient.path) } ?? false }
        var notice = ReplyTexts.Notice?.some(.sent)
        if !told.isEmpty {
            await rememberDone(&work, key)
            notice =
                switch await work.notifySender(told.compactMap { work.results[$0] }, number: 1) {
                case .sent: .sent
                case .suppressed: .suppressed
                case .refused: .refused
                case .notTaken: nil
                }
        }
        for index in bounced {
            guard let outcome = work.results[index] else { continue }
            let path = outcome.recipient.path
            let reply: Reply
            if !told.contains(index) {
                reply = ReplyTexts.bounced(path, outcome.reply, .suppressed)
            } else if let notice {
                reply = ReplyTexts.bounced(path, outcome.reply, notice)
            } else {
                reply = ReplyTexts.failure("the notification for <\(path)> was not taken", id: work.id)
            }
            work.settle(index, .bounce, reply)
        }
        return notice != nil || work.message.lmtp
            ? nil : ReplyTexts.failure("the notification for refused recipients was not taken", id: work.id)
    }

    /// Ends a message with one reply for everybody.
    private func finish(_ work: inout MessageWork, _ reply: Reply) -> [Reply] {
        work.end(reply, done: Set(work.done))
        gateway.record(work)
        return work.message.replies(reply)
    }
}

extension MessageWork {
    /// Places of recipients for whom nothing is left to do: the message is with a next hop, its copy in the quarantine, or the
    /// sender has been told.
    var done: [Int] {
        groups.flatMap { group in
            group.recipients.filter { index in
                guard let outcome = results[index], outcome.reply.isPositive else { return false }
                switch outcome.kind {
                case .quarantine: return quarantineID != nil
                // The next try would keep another copy.
                case .discard: return group.keepsCopy && quarantineID != nil
                default: return outcome.kind.isDelivered || outcome.kind == .bounce
                }
            }
        }
    }

    /// Those of whom the sender is told, as far as no rule of good manners keeps us silent: it holds for what a next hop refused
    /// as for what the content forbids, since a worm forges its sender for both.
    fileprivate func notifiable(_ outcomes: [RecipientOutcome]) -> [RecipientOutcome] {
        DeliveryStatusNotification.wanted(outcomes, sender: message.envelope.reversePath).filter { outcome in
            suppression(for: outcome.recipient, isDelivered: outcome.kind.isDelivered) == nil
        }
    }

    /// What keeps us from telling the sender of a recipient; nil when nothing does.
    /// - Parameter isDelivered: the content would have let it pass: then it is judged by all that was found.
    func suppression(for recipient: Recipient, isDelivered: Bool = false) -> NotificationPolicy.Suppression? {
        guard let group = group(of: recipient) else { return nil }
        return NotificationPolicy.suppression(
            isDelivered ? group.verdict : group.decisive, group.policy, sender: message.envelope.reversePath,
            recipient: recipient, isBulk: facts.isBulk)
    }

    /// How an SMTP client's one reply is made where some recipients are bounced, others are refused, and nobody gets the message.
    fileprivate enum Folding {
        /// By the outcomes.
        case usual
        /// With 5xx, and no notification of ours: the client tells the sender of all.
        case refuseAll
        /// With 250: an MTA that hears 5xx would tell the sender of those, too, of whom it has been told or must not be told.
        case acceptAll
    }

    fileprivate func folding(except served: Set<Int>) -> Folding {
        let bounced = outcomes.filter { $0.kind == .bounce }
        guard !message.lmtp, !bounced.isEmpty, !outcomes.contains(where: \.reply.isTemporary),
            outcomes.contains(where: { $0.kind != .bounce && $0.reply.isPermanent }),
            !outcomes.contains(where: { $0.kind.isDelivered && $0.reply.isPositive })
        else { return .usual }
        let isToldBefore = served.contains { results[$0]?.kind == .bounce }
        if !isToldBefore, listener.placement == .beforeQueue || notifiable(bounced).count == bounced.count {
            return .refuseAll
        }
        return .acceptAll
    }
}
