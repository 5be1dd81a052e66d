internal import Configuration
internal import MailModel
internal import Policy
internal import Relay
internal import SMTP
internal import Stores

/// Copies that go elsewhere than to the quarantine of this host (`quarantine_to`).
extension MessageWork {
    /// Recipients whose policy wants a copy, by its place; nil is the quarantine of this host. Those who were served have one.
    var copies: [CopyPlace?: [Int]] {
        var out: [CopyPlace?: [Int]] = [:]
        for group in groups where group.keepsCopy {
            let recipients = group.recipients.filter { !served.contains($0) }
            guard !recipients.isEmpty else { continue }
            out[copyPlace(of: group), default: []] += recipients
        }
        return out
    }

    /// Recipients for whom a copy is still to be put outside the quarantine, by its place: those for whom none was made at an earlier
    /// try, either because that failed or because no copy was to be kept for them then.
    var missingCopies: [CopyPlace: [Int]] {
        var out: [CopyPlace: [Int]] = [:]
        for case (let place?, let recipients) in copies {
            let missing = recipients.filter {
                !(copied[place]?.contains(message.envelope.recipients[$0].path) ?? false)
            }
            if !missing.isEmpty { out[place] = missing.sorted() }
        }
        return out
    }

    /// A mailbox behind the next hop is still to get its copy.
    var hasCopiesToMail: Bool { missingCopies.keys.contains(where: \.isMailbox) }

    /// What gets the copy for a group; nil for the quarantine of this host. What says that it is such a copy itself is not mailed:
    /// an alias that leads from the mailbox through the gateway would make copies of copies.
    func copyPlace(of group: RecipientGroup) -> CopyPlace? {
        let place = group.policy.copyPlace(for: group.verdict)
        return facts.saysQuarantined && place?.isMailbox ?? false ? nil : place
    }

    /// Brings a copy to its place: as it was received, below fields of ours.
    /// - Returns: why it is not there; nil when it is.
    mutating func putCopy(in place: CopyPlace, for recipients: [Int]) async -> String? {
        guard let group = recipients.first.flatMap({ group(of: $0) }) else { return nil }
        let prefix = copyPrefix(for: recipients, group, in: place)
        let body = OutgoingBody(prefix: Array(prefix.utf8), file: message.file)
        let copy = FiledCopy(reversePath: message.envelope.reversePath, time: time, body: body)
        let files = CopyFiles(hostname: setup.hostname, disk: setup.threads)
        do {
            switch place {
            case .mailbox(let mailbox):
                return try await mailCopy(body, to: mailbox, isEightBit: prefix.utf8.contains { $0 >= 0x80 })
            case .mbox(let path):
                causes += try await files.append(copy, toMbox: path, until: lockDeadline)
            case .maildir(let path):
                try await files.store(copy, inMaildir: path)
            case .bsmtp(let path):
                try await files.store(batch(body, for: recipients), id: copyID, inBatches: path)
            }
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Until when the lock of an mbox file is waited for.
    private var lockDeadline: ContinuousClock.Instant {
        let timeouts = setup.settings.timeouts
        let end = ContinuousClock.now + .seconds(timeouts.mboxLock)
        guard let seconds = listener.preparationSeconds(timeouts) else { return end }
        return min(end, message.arrived + .seconds(seconds))
    }

    /// Sends a copy, with a mark by which the gateway knows it again.
    private func mailCopy(_ body: OutgoingBody, to mailbox: MailPath, isEightBit: Bool) async throws -> String? {
        let parameters = message.envelope.parameters
        // Nobody is told of what becomes of a copy.
        let copy = try await marked(
            OutgoingMessage(
                reversePath: .null,
                parameters: MailParameters(
                    body: .eightBitMIME,
                    smtputf8: parameters.smtputf8 || message.envelope.addressesNeedSMTPUTF8 || !mailbox.isASCII),
                recipients: [Recipient(path: mailbox, notify: .never)], body: body,
                hasEightBit: message.intake.hasEightBit || isEightBit))
        switch await prepare(copy).committed(until: commitDeadline) {
        case .failure(let failure): return "\(failure)"
        case .success(let replies): return replies.first { !$0.isPositive }?.summary
        }
    }

    /// A copy with the envelope of the message, for those whose copy it is.
    private func batch(_ body: OutgoingBody, for recipients: [Int]) -> OutgoingMessage {
        let envelope = message.envelope
        return OutgoingMessage(
            reversePath: envelope.reversePath, parameters: envelope.parameters,
            recipients: recipients.map { envelope.recipients[$0] }, body: body,
            hasEightBit: message.intake.hasEightBit || body.prefix.contains { $0 >= 0x80 })
    }

    /// The fields on top of a copy. Batch SMTP has the envelope itself.
    private func copyPrefix(for recipients: [Int], _ group: RecipientGroup, in place: CopyPlace) -> String {
        let envelope = message.envelope
        let blocked = recipients.filter { !disposition(of: $0).isDelivered }
        func paths(_ places: [Int]) -> [MailPath] { places.map { envelope.recipients[$0].path } }
        var fields = CopyFields.blocked(paths(blocked))
        if case .bsmtp = place {
        } else {
            fields = CopyFields.envelope(sender: envelope.reversePath, recipients: paths(recipients)) + fields
        }
        // The trace field comes last: a message that begins with a continuation line (attack) goes on with it. It also ends loops.
        return fields + ownFields(group) + received
    }

    private func marked(_ copy: OutgoingMessage) async throws -> OutgoingMessage {
        let (seconds, id, time) = (setup.settings.quarantine.releaseMark, copyID, time)
        guard seconds > 0, let key = setup.releaseKey else { return copy }
        return try await setup.blocking(unless: message.file.inMemory) {
            try copy.marked(key, id: id, expiry: time + seconds)
        }
    }
}
