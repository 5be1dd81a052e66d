internal import Configuration
internal import Glibc
internal import MailModel
internal import Policy
internal import Relay
internal import Stores

/// What a reader hears of a link whose message his next hop refuses for good.
extension DigestRequest {
    /// Tells him, as often in an hour as anybody is told anything. What keeps us from it is only logged: the message is still in the
    /// quarantine.
    /// - Parameter words: the next hop's reply.
    func tell(_ reader: DigestReader, _ entry: Quarantine.Entry, of words: String, _ logID: String) async {
        guard let book = setup.notices, let listener = setup.listener(message.listener) else { return }
        let now = time(nil)
        guard book.mayNotify(reader.recipient, time: now) else {
            return gateway.note("(\(logID)) no notice to <\(reader.recipient)>: too many in this hour")
        }
        guard let bytes = text(reader, entry, words, book, now), let cause = await send(bytes, to: reader, listener)
        else { return }
        gateway.note("(\(logID)) no notice to <\(reader.recipient)>: \(Escaping.text(cause, limit: 300))")
    }

    private func text(
        _ reader: DigestReader, _ entry: Quarantine.Entry, _ words: String, _ book: NoticeBook, _ now: Int
    ) -> [UInt8]? {
        guard let templates = book.templates(reader.language) else { return nil }
        let notice = templates.notice(
            .releaseRefused,
            [
                .hostname: setup.hostname, .id: entry.id, .mailID: entry.id, .recipients: "<\(reader.recipient)>",
                .sender: "<\(Escaping.text(entry.envelope.reversePath.bytes, limit: 320))>",
                .subject: Escaping.text(entry.subject, limit: 200),
                .reason: Escaping.text(words, limit: 300),
            ])
        return NoticeMessage.message(
            notice, from: setup.hostname, to: reader.recipient, id: "release-\(Quarantine.newID())", time: now)
    }

    /// - Returns: why it was not sent.
    private func send(_ bytes: [UInt8], to reader: DigestReader, _ listener: ListenerSetup) async -> String? {
        let (spool, path) = (setup.spool, reader.recipient)
        guard let file = try? await setup.blocking({ try spool.store(bytes) }) else { return "no place in the spool" }
        let deadline = ContinuousClock.now + .seconds(setup.settings.timeouts.nextHopReply)
        guard await setup.slots.take(1, until: deadline) else { return "\(NextHopFailure.noPlace)" }
        defer { setup.slots.give(1) }
        let outgoing = OutgoingMessage(
            reversePath: .null, parameters: MailParameters(body: .eightBitMIME, smtputf8: !path.isASCII),
            recipients: [Recipient(path: path, notify: .never)], body: OutgoingBody(file: file), hasEightBit: true)
        let replies: [Reply]
        switch await listener.nextHop.prepare(outgoing, hops: listener.hops) {
        case .unavailable(let failure): return failure.description
        case .refused(_, let refusals): replies = refusals
        case .ready(let prepared): replies = await prepared.commit()
        }
        return replies.first { !$0.isPositive }?.summary
    }
}
