internal import Configuration
internal import Glibc
internal import MailModel
internal import Policy
internal import Relay
internal import Stores

/// What a reader hears of a link whose message his next hop refuses for good.
extension DigestRequest {
    /// Tells him, as often in an hour as anybody is told anything, by the way on which his digests and what he releases go: that of the
    /// listener by which the request came may lead elsewhere. What keeps us from it is only logged: the message is still in the
    /// quarantine.
    /// - Parameter words: the next hop's reply.
    func tell(_ reader: DigestReader, _ entry: Quarantine.Entry, of words: String, _ logID: String) async {
        guard let book = setup.notices else { return }
        let now = time(nil)
        guard book.mayNotify(reader.recipient, time: now) else {
            return gateway.note("(\(logID)) no notice to <\(reader.recipient)>: too many in this hour")
        }
        guard let bytes = text(reader, entry, words, book, now),
            let cause = await send(bytes, to: reader.recipient, of: entry)
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
    private func send(_ bytes: [UInt8], to path: MailPath, of entry: Quarantine.Entry) async -> String? {
        let spool = setup.spool
        guard let file = try? await setup.blocking({ try spool.store(bytes) }) else { return "no place in the spool" }
        let deadline = ContinuousClock.now + .seconds(setup.settings.timeouts.nextHopReply)
        guard await setup.slots.take(1, until: deadline) else { return "\(NextHopFailure.noPlace)" }
        defer { setup.slots.give(1) }
        let notice = OutgoingMessage.own(OutgoingBody(file: file), to: Recipient(path: path, notify: .never))
        do {
            let release = QuarantineRelease(id: entry.id, to: .policy(nil))
            let (hops, tls) = try release.route(entry, setup.settings)
            let replies = try await SetupBuilder(setup.settings).deliver(notice, hops: hops, tls: tls)
            return replies.first { !$0.isPositive }?.summary
        } catch {
            return "\(error)"
        }
    }
}
