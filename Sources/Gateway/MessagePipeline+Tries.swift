internal import MailModel
internal import Policy
internal import Relay
internal import Stores

/// Who has got what of a message at other tries of its client's.
extension MessagePipeline {
    /// The key under which a message is remembered; nil when it cannot be read, or nothing is remembered here.
    func servedKey(_ work: MessageWork) async -> ServedRecipients.Key? {
        guard work.setup.served != nil else { return nil }
        let (file, skipped) = (work.message.file, work.facts.firstReceived)
        let envelope = work.message.envelope
        return try? await work.setup.blocking(unless: file.inMemory) {
            ServedRecipients.Key(
                sender: envelope.reversePath, recipients: envelope.recipients.map(\.path),
                digest: try file.digest(without: skipped ?? 0..<0))
        }
    }

    func memory(of key: ServedRecipients.Key?, _ work: MessageWork) async -> ServedRecipients.Memory {
        guard let key, let served = work.setup.served, !served.isEmpty else { return ServedRecipients.Memory() }
        return (try? await work.setup.blocking { served.memory(of: key) }) ?? ServedRecipients.Memory()
    }

    /// Whether another try of the message may have brought it to somebody since this one was begun, or may do so yet.
    /// - Parameter before: what was remembered then.
    func isOvertaken(
        _ work: MessageWork, _ key: ServedRecipients.Key?, since before: ServedRecipients.Memory
    ) async -> Bool {
        guard let key else { return false }
        return switch gateway.inFlight.standing(key, work.message.number) {
        case .retry: true
        case .besideOthers: false
        case .alone: await memory(of: key, work) != before
        }
    }

    /// - Returns: what went wrong, for the log.
    func remember(_ work: MessageWork, _ done: [Int], _ key: ServedRecipients.Key?) async -> String? {
        guard !done.isEmpty || work.quarantineID != nil, let memory = work.setup.served else { return nil }
        guard let key else {
            return "the message could not be read: a retry will reach some recipients twice"
        }
        let (paths, copy) = (done.map { work.message.envelope.recipients[$0].path }, work.quarantineID)
        let (copied, time) = (work.copied, work.time)
        do {
            try await work.setup.blocking { try memory.remember(key, paths, copy: copy, copied: copied, time: time) }
            return nil
        } catch {
            return "a retry will reach some recipients twice: \(error)"
        }
    }

    /// Remembers who is done with. Called before whatever takes time: neither a client that goes nor a kill may double his mail.
    func rememberDone(_ work: inout MessageWork, _ key: ServedRecipients.Key?) async {
        if let trouble = await remember(work, work.done, key) { work.causes.append(trouble) }
    }

    /// Makes ready for the client's next try: remembers who is done with, and removes the copy that nobody needs until then.
    func prepareRetry(_ work: inout MessageWork, _ key: ServedRecipients.Key?) async {
        let isDone = !work.done.isEmpty
        // The removal may wait for a database.
        if isDone { await rememberDone(&work, key) }
        await dropCopy(&work)
        if !isDone { await rememberDone(&work, key) }
    }

    /// Says in the event that the client has gone before its reply.
    func notePresence(_ work: inout MessageWork) {
        if work.message.presence.isGone { work.causes.append(Self.unheard) }
    }

    /// Forgets a message whose client has heard its final reply. One that has not heard it tries again, whatever was said.
    func settle(_ work: MessageWork, _ key: ServedRecipients.Key, isHeard: Bool) async {
        if !isHeard {
            let done = work.done
            if let trouble = await remember(work, done, key) { gateway.report("\(work.id): \(trouble)") }
            if !done.isEmpty, !work.causes.contains(Self.unheard) { gateway.note("(\(work.id)) \(Self.unheard)") }
        } else if let memory = work.setup.served, !memory.isEmpty {
            // It may have been remembered on the way.
            try? await work.setup.blocking { memory.forget(key) }
        }
    }

    private static let unheard = "the client was gone before its reply"
}
