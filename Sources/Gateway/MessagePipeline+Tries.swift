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
        if gateway.inFlight.isRetry(key, work.message.number) { return true }
        return await memory(of: key, work) != before
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

    /// Remembers who is done with for the client's next try, which need not wait any longer, or forgets the message.
    /// - Parameter isFinal: the client is not told to try again. One that has gone does so all the same.
    func settle(_ work: inout MessageWork, _ key: ServedRecipients.Key?, isFinal: Bool) async {
        let isUnheard = work.message.presence.isGone
        if isUnheard { work.causes.append("the client was gone before its reply") }
        if !isFinal || isUnheard {
            if let trouble = await remember(work, work.done, key) { work.causes.append(trouble) }
        } else if let key, let memory = work.setup.served, !memory.isEmpty {
            // It may have been remembered on the way.
            try? await work.setup.blocking { memory.forget(key) }
        }
        // What the next try has to know is known.
        if let key { gateway.inFlight.end(key, work.message.number) }
    }
}
