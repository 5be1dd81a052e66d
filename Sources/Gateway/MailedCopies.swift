internal import Configuration
internal import MailModel
internal import Policy
internal import Relay
internal import SMTP
internal import Stores

/// Copies that go to mailboxes and not to the quarantine of this host (`quarantine_to`).
extension MessageWork {
    /// Recipients whose policy wants a copy, by its mailbox; nil is the quarantine of this host. Those who were served have one.
    var copies: [MailPath?: [Int]] {
        var out: [MailPath?: [Int]] = [:]
        for group in groups where group.keepsCopy {
            let recipients = group.recipients.filter { !served.contains($0) }
            guard !recipients.isEmpty else { continue }
            out[mailbox(of: group), default: []] += recipients
        }
        return out
    }

    /// A mailbox is still to get its copy.
    var hasCopiesToMail: Bool {
        copies.keys.contains { mailbox in mailbox.map { !mailedCopies.contains($0) } ?? false }
    }

    /// The mailbox that gets the copy for a group; nil for the quarantine of this host. What says that it is such a copy itself
    /// stays here: an alias that leads from the mailbox through the gateway would make copies of copies.
    func mailbox(of group: RecipientGroup) -> MailPath? {
        facts.saysQuarantined ? nil : group.policy.copyMailbox(for: group.verdict)
    }

    /// Sends a copy, as it was received below fields of ours, with a mark by which the gateway knows it again.
    /// - Returns: why the mailbox does not have it; nil when it has.
    func mailCopy(to mailbox: MailPath, for recipients: [Int]) async -> String? {
        guard let group = recipients.first.flatMap({ group(of: $0) }) else { return nil }
        let copy: OutgoingMessage
        do {
            let plain = outgoingCopy(to: mailbox, for: recipients, group)
            copy = try await marked(plain)
        } catch {
            return "\(error)"
        }
        switch await prepare(copy) {
        case .unavailable(let failure): return "\(failure)"
        case .refused(_, let replies): return replies.first?.summary ?? "refused"
        case .ready(let prepared): return await prepared.commit().first { !$0.isPositive }?.summary
        }
    }

    private func outgoingCopy(
        to mailbox: MailPath, for recipients: [Int], _ group: RecipientGroup
    ) -> OutgoingMessage {
        let envelope = message.envelope
        let blocked = recipients.filter { !disposition(of: $0).isDelivered }
        func paths(_ places: [Int]) -> [MailPath] { places.map { envelope.recipients[$0].path } }
        let fields = CopyFields.text(
            sender: envelope.reversePath, recipients: paths(recipients), blocked: paths(blocked))
        // The trace field comes last: a message that begins with a continuation line (attack) goes on with it. It also ends loops.
        let prefix = fields + ownFields(group) + received
        // Nobody is told of what becomes of a copy.
        return OutgoingMessage(
            reversePath: .null,
            parameters: MailParameters(
                body: .eightBitMIME,
                smtputf8: envelope.parameters.smtputf8 || envelope.addressesNeedSMTPUTF8 || !mailbox.isASCII),
            recipients: [Recipient(path: mailbox, notify: .never)],
            body: OutgoingBody(prefix: Array(prefix.utf8), file: message.file),
            hasEightBit: message.intake.hasEightBit || prefix.utf8.contains { $0 >= 0x80 })
    }

    private func marked(_ copy: OutgoingMessage) async throws -> OutgoingMessage {
        let (seconds, id, time) = (setup.settings.quarantine.releaseMark, copyID, time)
        guard seconds > 0, let key = setup.releaseKey else { return copy }
        return try await setup.blocking(unless: message.file.inMemory) {
            try copy.marked(key, id: id, expiry: time + seconds)
        }
    }
}
