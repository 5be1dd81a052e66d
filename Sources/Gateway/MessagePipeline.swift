internal import Configuration
internal import Digests
internal import Glibc
internal import InspectionLink
package import MailModel
internal import NIOPosix
internal import Policy
package import Relay
internal import Stores

/// The way of one message from the end of its data to its reply: header facts, inspection, verdict, quarantine,
/// next hop, one line in the log. Keeps nothing between messages.
///
/// Order is safety: what must be kept is on the disk before it is refused or discarded, and 250 is said only after the
/// next hop said it. Whatever goes wrong is answered with 4xx, so that the client still has the message.
package struct MessagePipeline: MailReceiver {
    let gateway: GatewayState

    package func receive(_ message: ReceivedMessage) async -> [Reply] {
        let setup = gateway.current
        guard let listener = setup.listener(message.listener) else {
            gateway.report("message on \(message.listener), which has no settings: answered with 451")
            return message.replies(ReplyTexts.failure("no such listener", id: "-"))
        }
        var work = MessageWork(message: message, setup: setup, listener: listener)
        if let reply = await work.judge() { return finish(&work, reply) }
        for line in work.rules.logLines(id: work.id, envelope: message.envelope) { gateway.note(line) }
        if work.rules.givenUp > 0 { gateway.count(rulesGivenUp: work.rules.givenUp) }
        for line in work.banned.allowed { gateway.note("\(work.id): banned: \(Escaping.text(line, limit: 1000))") }
        if listener.policy.keepsCopy(for: work.verdict) {
            do {
                try await keep(&work)
            } catch {
                work.quarantineID = nil
                return finish(&work, ReplyTexts.failure("quarantine: \(error)", id: work.id))
            }
        }
        if work.disposition.isDelivered { await deliver(&work) }
        let replies = await answer(&work)
        // A message that its client sends again teaches then.
        if !replies.contains(where: \.isTemporary) { await gateway.autolearner.offer(work) }
        return replies
    }

    // MARK: - Steps

    private func keep(_ work: inout MessageWork) async throws {
        let entry = Quarantine.Entry(
            id: work.mailID, time: work.time, category: work.verdict.category,
            reason: ReplyTexts.reason(work.decisive, id: work.id), envelope: work.message.envelope,
            subject: work.facts.subjectText, messageID: String(decoding: work.facts.messageID, as: UTF8.self),
            size: work.message.file.count)
        work.quarantineID = work.mailID
        let (setup, snapshot) = (work.setup, work)
        try await setup.blocking {
            let report = try InspectionDocument(snapshot).encoded()
            try setup.quarantine.put(entry, message: snapshot.message.file.descriptor, report: report)
        }
    }

    private func deliver(_ work: inout MessageWork) async {
        let kind = work.disposition
        let outgoing = work.outgoing()
        let (recipients, id) = (work.message.envelope.recipients, work.id)
        let isRedirected = work.rules.redirect != nil
        // With REDIRECT every recipient has the reply for the one that took their place. Replies for BCC come last; who
        // was added so is not told of.
        func outcomes(_ replies: [Reply], _ hop: String) -> [RecipientOutcome] {
            recipients.indices.compactMap { index in
                let position = isRedirected ? 0 : index
                guard replies.indices.contains(position) else { return nil }
                return RecipientOutcome(
                    recipient: recipients[index], kind: kind,
                    reply: ReplyTexts.relayed(replies[position], hop: hop, id: id))
            }
        }
        switch await prepare(outgoing, work, hops: work.rules.nextHop.map { [$0] }) {
        case .unavailable(let failure):
            work.settle(kind, ReplyTexts.unavailable("\(failure)", id: id))
        case .refused(let hop, let replies):
            work.outcomes = outcomes(replies, hop.description)
        case .ready(let prepared):
            let hop = prepared.hop.description
            // Those whom BCC adds come last.
            let added = work.rules.bcc.count
            // The SMTP client hears one reply for all. When one recipient has to be tried again, nobody gets the
            // message yet: else the others would get it with every try.
            if let failed = prepared.recipientReplies.suffix(added).first(where: \.isTemporary) {
                prepared.abort()
                work.settle(kind, ReplyTexts.relayed(failed, hop: hop, id: id))
            } else if !work.message.lmtp, prepared.recipientReplies.contains(where: \.isTemporary) {
                prepared.abort()
                work.outcomes = outcomes(prepared.recipientReplies, hop)
            } else {
                let replies = await prepared.commit()
                work.outcomes = outcomes(replies, hop)
                work.queuedAs = replies.compactMap(\.queueID).first.map { [$0] } ?? []
                for (recipient, reply) in zip(work.rules.bcc, replies.suffix(added)) where !reply.isPositive {
                    work.causes.append("BCC <\(recipient.path)>: \(reply.summary)")
                }
            }
        }
    }

    /// Takes a message to the final dot at a next hop, within the time that the listener's placement leaves.
    private func prepare(
        _ outgoing: OutgoingMessage, _ work: MessageWork, hops: [NextHop]? = nil
    ) async -> PreparationResult {
        let (client, hops) = (work.listener.nextHop, hops ?? work.listener.hops)
        guard let seconds = work.listener.preparationSeconds(work.setup.settings.timeouts) else {
            return await client.prepare(outgoing, hops: hops)
        }
        let deadline = work.message.arrived + .seconds(seconds)
        return await withTaskGroup(of: PreparationResult?.self) { group in
            group.addTask { await client.prepare(outgoing, hops: hops) }
            group.addTask {
                try? await Task.sleep(until: deadline, clock: .continuous)
                return nil
            }
            var result: PreparationResult?
            for await outcome in group {
                group.cancelAll()
                if let outcome { result = outcome }
            }
            return result ?? .unavailable(NextHopFailure(attempts: []))
        }
    }

    /// Folds the outcomes for SMTP, tells the sender of recipients that the reply cannot tell of, and logs.
    private func answer(_ work: inout MessageWork) async -> [Reply] {
        if work.message.lmtp {
            gateway.record(work)
            return work.outcomes.map(\.reply)
        }
        let folded = FoldedReply(work.outcomes)
        let refused = DeliveryStatusNotification.wanted(
            folded.toBeNotified, sender: work.message.envelope.reversePath)
        if !refused.isEmpty, !(await notify(work, refused)) {
            return finish(
                &work, ReplyTexts.failure("the notification for refused recipients was not taken", id: work.id))
        }
        gateway.record(work)
        return [folded.reply]
    }

    private func notify(_ work: MessageWork, _ refused: [RecipientOutcome]) async -> Bool {
        let envelope = work.message.envelope
        let bytes = DeliveryStatusNotification.message(
            DeliveryStatusNotification.Subject(
                hostname: work.setup.hostname, id: work.id, envelope: envelope, refused: refused,
                headers: work.facts.block, time: work.time))
        let spool = work.setup.spool
        guard let file = try? await work.setup.blocking({ try spool.store(bytes) }) else { return false }
        let parameters = MailParameters(body: .eightBitMIME, smtputf8: envelope.addressesNeedSMTPUTF8)
        let notice = OutgoingMessage(
            reversePath: .null, parameters: parameters, recipients: [Recipient(path: envelope.reversePath)],
            body: OutgoingBody(file: file), hasEightBit: true)
        switch await prepare(notice, work) {
        case .ready(let prepared): return await prepared.commit().allSatisfy(\.isPositive)
        // A sender that the next hop refuses for good cannot be told; trying again would not change it.
        case .refused(_, let replies): return replies.allSatisfy(\.isPermanent)
        case .unavailable: return false
        }
    }

    /// Ends a message with one reply for everybody.
    private func finish(_ work: inout MessageWork, _ reply: Reply) -> [Reply] {
        work.end(reply)
        gateway.record(work)
        return work.message.replies(reply)
    }
}
