internal import Configuration
internal import Linux
internal import MIME
internal import MailModel
internal import Policy
internal import Relay
internal import Stores

/// Mail of our own about a message: to its sender, to recipients it is kept from, to administrators.
extension MessageWork {
    /// Octets of a message that goes back to its sender as a whole (`RET=FULL`, RFC 3461 section 4.3).
    private static let returnedLimit = 1_048_576

    /// Tells the sender of refused recipients.
    /// - Returns: false when the notification was not taken and the client has to try again.
    func notifySender(_ refused: [RecipientOutcome]) async -> Bool {
        let envelope = message.envelope
        var subject = DeliveryStatusNotification.Subject(
            hostname: setup.hostname, id: id, envelope: envelope, refused: refused, headers: facts.block, time: time)
        subject.messageSubject = shownSubject
        let language = groups.first { group in
            group.recipients.contains { envelope.recipients[$0] == refused.first?.recipient }
        }?.policy.noticeLanguage
        subject.templates = setup.notices?.templates(language ?? "en")
        // What a scanner or a rule refused does not travel on in our name.
        if envelope.parameters.ret == .full, refused.allSatisfy(\.kind.isDelivered),
            message.file.count <= Self.returnedLimit
        {
            let file = message.file
            subject.content = try? await setup.blocking(unless: file.inMemory) {
                try file.descriptor.read(at: 0, count: file.count)
            }
        }
        switch await submit(DeliveryStatusNotification.message(subject), to: envelope.reversePath) {
        case .ready(let prepared): return await prepared.commit().allSatisfy(\.isPositive)
        // A sender that the next hop refuses for good cannot be told; trying again would not change it.
        case .refused(_, let replies): return replies.allSatisfy(\.isPermanent)
        case .unavailable: return false
        }
    }

    /// Tells recipients and administrators of mail that is kept back. Whatever goes wrong is only logged: the message is where
    /// its policy wants it.
    mutating func notifyOthers(except served: Set<Int>) async {
        guard let book = setup.notices else { return }
        var told: [MailPath: [Int]] = [:]
        for group in groups where !group.disposition.isDelivered && group.disposition != .tempfail {
            let category = group.decisive.category
            let recipients = group.recipients.filter { !served.contains($0) }
            if group.isLocal, group.policy.warnRecipients.contains(category) {
                for index in recipients { await warn(index, group, book) }
            }
            if let admin = group.policy.admins[category] { told[admin, default: []] += recipients }
        }
        for (admin, recipients) in told.sorted(by: { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }) {
            guard !recipients.isEmpty, let group = groups.first(where: { $0.recipients.contains(recipients[0]) }) else {
                continue
            }
            await send(.admin, to: admin, group, recipients, book)
        }
    }

    private mutating func warn(_ index: Int, _ group: RecipientGroup, _ book: NoticeBook) async {
        await send(.recipient, to: message.envelope.recipients[index].path, group, [index], book)
    }

    private mutating func send(
        _ kind: NoticeTemplates.Kind, to path: MailPath, _ group: RecipientGroup, _ recipients: [Int],
        _ book: NoticeBook
    ) async {
        guard book.mayNotify(path, time: time) else {
            causes.append("no notice to <\(path)>: too many in this hour")
            return
        }
        guard let templates = book.templates(group.policy.noticeLanguage) else { return }
        let shown = recipients.prefix(Self.recipientsShown).map { "  <\(message.envelope.recipients[$0].path)>" }
        let more = recipients.count > shown.count ? ["  ... (\(recipients.count))"] : []
        let notice = templates.notice(
            kind,
            [
                .id: id, .hostname: setup.hostname, .sender: "<\(message.envelope.reversePath)>",
                .recipients: (shown + more).joined(separator: "\n"), .subject: shownSubject,
                .reason: ReplyTexts.reason(group.decisive, id: id), .mailID: quarantineID ?? "-",
            ])
        let bytes = NoticeMessage.message(
            notice, from: setup.hostname, to: path, id: "\(mailID)-\(kind.rawValue)-\(recipients.first ?? 0)",
            time: time)
        switch await submit(bytes, to: path) {
        case .ready(let prepared):
            let replies = await prepared.commit()
            if let reply = replies.first(where: { !$0.isPositive }) {
                causes.append("no notice to <\(path)>: \(reply.summary)")
            }
        case .refused(_, let replies):
            causes.append("no notice to <\(path)>: \(replies.first?.summary ?? "")")
        case .unavailable(let failure):
            causes.append("no notice to <\(path)>: \(failure)")
        }
    }

    /// Recipients that a notice names.
    private static let recipientsShown = 50

    /// The subject as people read it, escaped.
    private var shownSubject: String { Escaping.text(EncodedWords.decoded(facts.subject), limit: 200) }

    /// Takes a message of ours to the final dot.
    private func submit(_ bytes: [UInt8], to path: MailPath) async -> PreparationResult {
        let spool = setup.spool
        guard let file = try? await setup.blocking({ try spool.store(bytes) }) else {
            return .unavailable(NextHopFailure(attempts: []))
        }
        let needsUTF8 = !path.isASCII || message.envelope.addressesNeedSMTPUTF8
        let notice = OutgoingMessage(
            reversePath: .null, parameters: MailParameters(body: .eightBitMIME, smtputf8: needsUTF8),
            recipients: [Recipient(path: path)], body: OutgoingBody(file: file), hasEightBit: true)
        return await prepare(notice)
    }
}
