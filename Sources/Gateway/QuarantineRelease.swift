package import Configuration
internal import Glibc
internal import Linux
package import MailModel
internal import NIOPosix
internal import Relay
internal import SMTP
internal import Stores

/// Passes a quarantined message on, on behalf of an administrator: the message as it was kept, byte for byte, with the
/// envelope it came with.
package struct QuarantineRelease: Sendable {
    /// Name of the entry.
    package var id: String
    /// The only recipient; nil for those of the envelope.
    package var recipient: MailPath?
    /// Where it goes, tried in order.
    package var nextHops: [NextHopAddress]
    /// How TLS is used on the way.
    package var tls = Settings.NextHopTLS.none
    /// Release infected mail as well.
    package var force: Bool

    package init(id: String, recipient: MailPath?, nextHops: [NextHopAddress], force: Bool) {
        self.id = id
        self.recipient = recipient
        self.nextHops = nextHops
        self.force = force
    }

    /// What the next hop said of one recipient.
    package struct Answer: Sendable {
        package let recipient: MailPath
        package let reply: Reply
    }

    /// Sends the message. The entry is marked as released when the next hop took it for somebody.
    /// - Returns: one answer for each recipient.
    /// - Throws: an explanation when the next hop was not even asked.
    package func run(_ settings: Settings) async throws -> [Answer] {
        let builder = SetupBuilder(settings)
        let quarantine = builder.quarantine
        let entry = try quarantine.entry(id)
        guard entry.category != .infected || force else {
            throw GatewayError(
                "\(id) is infected (\(entry.reason)): releasing it would deliver the virus; --force does it all the same"
            )
        }
        let message = try outgoing(entry, quarantine)
        let client = await NextHopClient(
            group: .singletonMultiThreadedEventLoopGroup, options: try builder.nextHopOptions(tls, .afterQueue),
            disk: .singleton)
        defer { client.closeIdleConnections() }
        let replies: [Reply]
        switch await client.prepare(message, hops: nextHops.map(SetupBuilder.hop)) {
        case .unavailable(let failure): throw GatewayError(failure.description)
        case .refused(_, let refusals): replies = refusals
        case .ready(let prepared): replies = await prepared.commit()
        }
        if replies.contains(where: \.isPositive) {
            do throws(Quarantine.Failure) {
                try quarantine.markReleased(id, time: time(nil))
            } catch {
                throw GatewayError("\(id) was sent, but cannot be marked as released: \(error)")
            }
        }
        return zip(message.recipients, replies).map { Answer(recipient: $0.path, reply: $1) }
    }

    private func outgoing(_ entry: Quarantine.Entry, _ quarantine: Quarantine) throws -> OutgoingMessage {
        let source = try quarantine.message(id)
        let size = try source.size()
        let spool = Spool(
            limits: Spool.Limits(directory: "", memoryPerMessage: size, totalBytes: size, messages: 1, freeSpace: 0))
        let writer = try spool.open(declaredSize: size)
        var hasEightBit = false
        while writer.count < size {
            let chunk = try source.read(at: writer.count, count: min(262_144, size - writer.count))
            guard !chunk.isEmpty else { throw GatewayError("\(id): the message is shorter than it was") }
            if !hasEightBit { hasEightBit = chunk.contains { $0 >= 0x80 } }
            try writer.append(chunk)
        }
        var recipients = entry.envelope.recipients
        if let recipient { recipients = [Recipient(path: recipient)] }
        guard !recipients.isEmpty else { throw GatewayError("\(id) has no recipients; name one with --to") }
        return OutgoingMessage(
            reversePath: entry.envelope.reversePath, parameters: entry.envelope.parameters, recipients: recipients,
            forwarded: entry.envelope.client.forwarded, body: OutgoingBody(file: try writer.finish()),
            hasEightBit: hasEightBit)
    }
}
