internal import Configuration
internal import MailModel
internal import Policy
internal import Relay

/// A transaction that a next hop has taken up to the final dot.
private struct PreparedTransaction {
    var transaction: MessageTransaction
    var prepared: Prepared
}

/// Brings a message to its next hops: every transaction is taken up to the final dot before the first one is committed, so that
/// a refusal until then costs nobody a duplicate. A message of more transactions than `limits.next_hop_transactions`, or that does not
/// get as many in time, goes in turns of half of them; who has it after one of them is remembered before the next.
struct MessageDelivery {
    /// What became of it.
    enum Outcome {
        /// Everybody has an outcome.
        case settled
        /// Another try of the message got or may get there first; nobody has anything of this one.
        case overtaken
        /// Something of ours failed before anything was committed.
        case failed(String)
    }

    /// Asked before anything is final.
    typealias IsOvertaken = (MessageWork) async -> Bool
    /// Runs before the first commit; what it throws gives the message up.
    typealias Checkpoint = (inout MessageWork) async throws -> Void
    /// Remembers that these recipients have the message. Called before something else may fail.
    typealias Remember = (MessageWork, [Int]) async -> String?

    let isOvertaken: IsOvertaken
    let checkpoint: Checkpoint
    let remember: Remember

    func run(_ work: inout MessageWork) async -> Outcome {
        work.settleServed()
        let (transactions, slots) = (work.transactions(without: work.served), work.setup.slots)
        // Copies go to their mailboxes one after the other, in a slot that is taken with those of the first turn.
        let reserved = work.hasCopiesToMail ? 1 : 0
        let deadline = work.slotDeadline
        let isWhole = await takeWhole(transactions.count + reserved, slots, until: deadline)
        let size = max(1, isWhole ? transactions.count : min(slots.share - reserved, transactions.count))
        // Whom a rule added gets the first copy that somebody else gets, too.
        var added: [Recipient] = []
        for start in stride(from: 0, to: max(1, transactions.count), by: size) {
            let end = min(start + size, transactions.count)
            let count = end - start + (start == 0 ? reserved : 0)
            let until = start == 0 ? deadline : work.slotDeadline
            let isAdmitted = isWhole || count == 0 ? true : await slots.take(count, until: until)
            defer { if isAdmitted { slots.give(count) } }
            if !isAdmitted, start == 0, reserved > 0 {
                return .failed("quarantine: no transaction was free for a copy")
            }
            // Who waited in vain does not wait again for each of the turns that are left.
            let turn = Array(transactions[start..<(isAdmitted ? end : transactions.count)])
            guard let taken = await prepare(turn, isAdmitted: isAdmitted, &work, &added) else { return .settled }
            if start == 0 {
                if await isOvertaken(work) {
                    for item in taken { item.prepared.abort() }
                    return .overtaken
                }
                do {
                    try await checkpoint(&work)
                } catch {
                    for item in taken { item.prepared.abort() }
                    return .failed("\(error)")
                }
            }
            let place = Turn(isFirst: start == 0, isLast: !isAdmitted || end == transactions.count)
            guard await commit(taken, &work, place, &added), !place.isLast else { return .settled }
        }
        return .settled
    }

    /// Takes the places that a message needs which needs more than its share, where there are as many. Half of the time is waited for
    /// them: meanwhile others may have to wait behind it, and a next hop that hangs frees none.
    private func takeWhole(
        _ count: Int, _ slots: TransactionSlots, until deadline: ContinuousClock.Instant
    ) async -> Bool {
        guard count > slots.share, count <= slots.limit else { return false }
        let now = ContinuousClock.now
        return await slots.take(count, until: now + (deadline - now) / 2)
    }

    /// Where a turn stands among those of a message.
    private struct Turn {
        var isFirst: Bool
        var isLast: Bool
    }

    /// Takes transactions to the final dot.
    /// - Parameters:
    ///   - isAdmitted: there is a slot for each.
    ///   - added: recipients whom nobody has a copy for yet.
    /// - Returns: those that were taken; nil when an SMTP client has to try again, and everybody has an outcome.
    private func prepare(
        _ transactions: [MessageTransaction], isAdmitted: Bool, _ work: inout MessageWork, _ added: inout [Recipient]
    ) async -> [PreparedTransaction]? {
        var taken: [PreparedTransaction] = []
        for var transaction in transactions {
            transaction.add(added)
            added = []
            let result =
                isAdmitted
                ? await work.prepare(transaction.outgoing, hops: transaction.hops)
                : .unavailable(.noPlace)
            switch result {
            case .unavailable(let failure):
                let reply =
                    failure.hadNoPlace
                    ? ReplyTexts.noPlace("\(failure)", id: work.id)
                    : ReplyTexts.unavailable(
                        failure.words, cause: "\(failure)", isOfConnecting: failure.isOfConnecting, id: work.id)
                work.settle(transaction, reply)
            case .refused(let hop, let replies):
                work.settle(transaction, replies, hop: hop.description)
                added = transaction.added
            case .ready(let prepared):
                let (hop, replies) = (prepared.hop.description, prepared.recipientReplies)
                // The client hears nothing of those whom a rule added: when one of them has to be tried again, nobody gets
                // the message yet, else the others would get it with every try.
                if let failed = replies.suffix(transaction.added.count).first(where: \.isTemporary) {
                    prepared.abort()
                    work.settle(transaction, ReplyTexts.relayed(failed, hop: hop, id: work.id))
                } else if !replies.dropLast(transaction.added.count).contains(where: \.isPositive) {
                    prepared.abort()
                    work.settle(transaction, replies, hop: hop)
                    added = transaction.added
                } else {
                    taken.append(PreparedTransaction(transaction: transaction, prepared: prepared))
                }
            }
            // The SMTP client hears one reply for all: when one recipient has to be tried again, nobody gets it yet.
            if !work.message.lmtp, let reply = temporary(work, taken) {
                for item in taken { item.prepared.abort() }
                work.settleOpen(reply)
                return nil
            }
        }
        return taken
    }

    /// The first temporary reply so far; nil when there is none.
    private func temporary(_ work: MessageWork, _ taken: [PreparedTransaction]) -> Reply? {
        if let settled = work.outcomes.first(where: { $0.reply.isTemporary }) { return settled.reply }
        for item in taken {
            if let reply = item.prepared.recipientReplies.first(where: \.isTemporary) {
                return ReplyTexts.relayed(reply, hop: item.prepared.hop.description, id: work.id)
            }
        }
        return nil
    }

    /// Ends transactions one after the other.
    /// - Returns: false when nobody has the message, and the client has to try again for all.
    private func commit(
        _ taken: [PreparedTransaction], _ work: inout MessageWork, _ turn: Turn, _ added: inout [Recipient]
    ) async -> Bool {
        var owed: MessageTransaction?
        for (place, item) in taken.enumerated() {
            let replies = await item.prepared.commit(until: work.commitDeadline)
            work.settle(item.transaction, replies, hop: item.prepared.hop.description)
            work.noteUnreported(item)
            work.noteRedirected(item.transaction)
            if let queueID = replies.compactMap(\.queueID).first { work.queuedAs.append(queueID) }
            let copies = item.transaction.added
            if !copies.isEmpty, !replies.contains(where: \.isPositive) {
                owed = item.transaction
            } else {
                work.noteCopies(copies, Array(replies.suffix(copies.count)))
            }
            guard place + 1 < taken.count || !turn.isLast || owed != nil else { continue }
            let done = item.transaction.recipients.filter { work.results[$0]?.reply.isPositive ?? false }
            if !work.message.lmtp, done.isEmpty, place == 0, turn.isFirst, let reply = temporary(work, []) {
                // Nobody has it yet: the client tries again for all.
                for later in taken.dropFirst() { later.prepared.abort() }
                work.settleOpen(reply)
                return false
            }
            // Whatever happens to the rest, and to us, these are not sent to again. The replies of LMTP come after the last commit, too.
            if let failure = await remember(work, done) { work.causes.append(failure) }
        }
        guard let owed else { return true }
        if work.outcomes.contains(where: \.hasMessage) {
            await sendCopies(owed, &work)
        } else {
            added = owed.added
        }
        return true
    }

    /// Sends those whom a rule or the policy added their copy, when the transaction that they were in was refused and somebody else
    /// got the message.
    private func sendCopies(_ transaction: MessageTransaction, _ work: inout MessageWork) async {
        var outgoing = transaction.outgoing
        outgoing.recipients = transaction.added
        switch await work.prepare(outgoing, hops: transaction.hops) {
        case .ready(let prepared): work.noteCopies(transaction.added, await prepared.commit(until: work.commitDeadline))
        case .refused(_, let replies): work.noteCopies(transaction.added, replies)
        case .unavailable(let failure):
            work.causes += transaction.added.map { "BCC <\($0.path)>: \(failure)" }
        }
    }
}

extension MessageWork {
    /// What the policy wants for one recipient.
    func disposition(of index: Int) -> DispositionKind {
        group(of: index)?.disposition ?? .tempfail
    }

    /// Notes which of the recipients whom nobody is told of got their copy, and says which did not.
    fileprivate mutating func noteCopies(_ added: [Recipient], _ replies: [Reply]) {
        for (recipient, reply) in zip(added, replies) {
            if reply.isPositive {
                copiedTo.append(recipient.path)
            } else {
                causes.append("BCC <\(recipient.path)>: \(reply.summary)")
            }
        }
    }

    /// Notes who got the message in place of the recipients of a transaction.
    fileprivate mutating func noteRedirected(_ transaction: MessageTransaction) {
        guard transaction.isRedirected, let other = transaction.outgoing.recipients.first else { return }
        for index in transaction.recipients where results[index]?.hasMessage ?? false {
            redirectedTo[index] = other.path
        }
    }

    /// Notes those of a transaction of whose success the next hop tells nobody. In shadow mode nothing of ours is sent, and where
    /// REDIRECT sent the message is not told.
    fileprivate mutating func noteUnreported(_ item: PreparedTransaction) {
        guard !item.prepared.offersDSN, !item.transaction.isRedirected else { return }
        let action: DeliveryStatusNotification.Action = item.prepared.hop.keepsMail ? .delivered : .relayed
        let places = item.transaction.recipients.filter { index in
            results[index]?.hasMessage ?? false && !(group(of: index)?.policy.shadow ?? true)
        }
        unreported[action, default: []] += places
    }

    /// Gives those of a transaction one reply.
    fileprivate mutating func settle(_ transaction: MessageTransaction, _ reply: Reply) {
        for index in transaction.recipients { settle(index, disposition(of: index), reply) }
    }

    /// Gives those of a transaction the replies of a next hop.
    fileprivate mutating func settle(_ transaction: MessageTransaction, _ replies: [Reply], hop: String) {
        for (position, index) in transaction.recipients.enumerated() {
            let place = transaction.isRedirected ? 0 : position
            guard replies.indices.contains(place) else { continue }
            settle(index, disposition(of: index), ReplyTexts.relayed(replies[place], hop: hop, id: id))
        }
    }

    /// Gives those who have no outcome yet this reply.
    fileprivate mutating func settleOpen(_ reply: Reply) {
        for index in results.indices where results[index] == nil { settle(index, disposition(of: index), reply) }
    }

    /// Until when a place among the transactions with next hops is waited for.
    var slotDeadline: ContinuousClock.Instant {
        let timeouts = setup.settings.timeouts
        guard let seconds = listener.preparationSeconds(timeouts) else { return .now + .seconds(timeouts.nextHopReply) }
        return message.arrived + .seconds(seconds)
    }

    /// Until when a next hop's reply to the end of data is waited for; nil leaves it to the next hop's timeouts.
    var commitDeadline: ContinuousClock.Instant? {
        listener.commitTime(setup.settings.timeouts).map { message.arrived + $0 }
    }

    /// Takes a message to the final dot at a next hop, within the time that the listener's placement leaves.
    func prepare(_ outgoing: OutgoingMessage, hops chosen: [NextHop]? = nil) async -> PreparationResult {
        let (client, hops) = (listener.nextHop, chosen ?? listener.hops)
        guard let seconds = listener.preparationSeconds(setup.settings.timeouts) else {
            return await client.prepare(outgoing, hops: hops)
        }
        let deadline = message.arrived + .seconds(seconds)
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
}
