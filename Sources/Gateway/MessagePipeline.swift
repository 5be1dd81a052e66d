internal import Digests
internal import Glibc
package import MailModel
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

    package func receive(_ message: ReceivedMessage) async -> [Reply] {
        let setup = gateway.current
        let requests: Set<Int>
        do {
            requests = try DigestRequest.places(message, setup)
        } catch {
            gateway.report("message \(message.number): policy: \(error)")
            return message.replies(ReplyTexts.failure("policy: \(error)", id: "-"))
        }
        guard !requests.isEmpty else { return await relay(message, setup) }
        let answer = await DigestRequest(gateway: gateway, setup: setup, message: message).answer()
        let others = message.without(requests)
        // One reply for all: what has to be tried again is tried again for all.
        if others.envelope.recipients.isEmpty || !message.lmtp && answer.isTemporary { return message.replies(answer) }
        var replies = await relay(others, setup)
        if message.lmtp {
            for place in requests.sorted() where place <= replies.count { replies.insert(answer, at: place) }
        }
        return replies
    }

    /// Inspects and passes on what is no request to the gateway itself.
    private func relay(_ message: ReceivedMessage, _ setup: GatewaySetup) async -> [Reply] {
        guard let listener = setup.listener(message.listener) else {
            gateway.report("message on \(message.listener), which has no settings: answered with 451")
            return message.replies(ReplyTexts.failure("no such listener", id: "-"))
        }
        var work = MessageWork(message: message, setup: setup, listener: listener)
        if let reply = await work.readHeader() { return finish(&work, reply) }
        await work.restoreClient()
        let key = await servedKey(work)
        if let key, !gateway.inFlight.begin(key, message.number, message.presence) {
            return finish(&work, ReplyTexts.failure(Self.earlierTry, id: work.id))
        }
        defer { if let key { gateway.inFlight.end(key, message.number) } }
        let memory = await memory(of: key, work)
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
        await work.notifyOfSuccess()
        let folding = work.folding(except: served)
        var failure = folding == .refuseAll ? nil : await bounce(&work, except: served)
        if work.message.lmtp {
            // The client tries those again who were put off: of all there are memories, of some of them it is another envelope.
            let isRepeated = work.outcomes.allSatisfy(\.reply.isTemporary)
            if isRepeated { await dropCopy(&work) }
            await settle(&work, key, isFinal: !isRepeated)
            await work.notifyOthers(except: served)
            gateway.record(work)
            return work.outcomes.map(\.reply)
        }
        let folded = FoldedReply(work.outcomes, mustAccept: folding == .acceptAll)
        if failure == nil, !folded.reply.isTemporary {
            let refused = work.notifiable(folded.toBeNotified)
            if !refused.isEmpty, case .notTaken = await work.notifySender(refused, number: 2) {
                failure = ReplyTexts.failure("the notification for refused recipients was not taken", id: work.id)
            }
        }
        let reply = failure ?? folded.reply
        if reply.isTemporary { await dropCopy(&work) }
        await settle(&work, key, isFinal: !reply.isTemporary)
        guard let failure else {
            if !folded.reply.isTemporary { await work.notifyOthers(except: served) }
            gateway.record(work)
            return [folded.reply]
        }
        return finish(&work, failure)
    }

    /// Tells the sender of recipients whose mail is bounced.
    /// - Returns: the reply for all when an SMTP client has to try again.
    private func bounce(_ work: inout MessageWork, except served: Set<Int>) async -> Reply? {
        let bounced = work.results.indices.filter { work.results[$0]?.kind == .bounce && !served.contains($0) }
        guard !bounced.isEmpty else { return nil }
        let wanted = Set(work.notifiable(bounced.compactMap { work.results[$0] }).map(\.recipient.path))
        let told = bounced.filter { index in work.results[index].map { wanted.contains($0.recipient.path) } ?? false }
        var notice = ReplyTexts.Notice?.some(.sent)
        if !told.isEmpty {
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
