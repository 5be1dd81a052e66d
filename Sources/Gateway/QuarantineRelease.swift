package import Configuration
internal import Foundation
internal import Glibc
internal import Linux
package import MailModel
internal import NIOPosix
internal import Policy
internal import Relay
internal import SMTP
package import Stores

/// Passes a quarantined message on, on behalf of an administrator: to the next hop behind the gateway, with a signed mark, so that it
/// is not caught again where its way leads through the gateway once more; or back to a listener of the gateway, without one.
package struct QuarantineRelease: Sendable {
    /// How the recipient gets the message.
    package enum Form: String, Sendable, CaseIterable {
        /// Octet for octet as it was received, with the envelope it came with.
        case original
        /// As an attachment (message/rfc822) of a note, with a null sender.
        case attached
        /// As text of a note, which shows its octets, with a null sender.
        case plain
        /// As a report (RFC 5965), with a null sender; it is nobody's mail that is released.
        case report
    }

    /// Where it goes.
    package enum Destination: Sendable {
        /// These next hops, tried in order, without TLS.
        case nextHops([NextHopAddress])
        /// The next hops of a policy. nil: of the one that the message came under; of `default` where that one is no more, or
        /// was not kept.
        case policy(String?)
        /// A listener of the gateway. nil: the one that the message came by; the first one where that one is no more, or was
        /// not kept.
        case listener(NextHopAddress?)
    }

    /// Name of the entry.
    package var id: String
    /// Instead of those of the envelope; empty for those.
    package var recipients: [MailPath] = []
    /// Instead of the envelope's; nil for that.
    package var sender: MailPath?
    package var form = Form.original
    package var destination: Destination
    /// Release infected mail as well.
    package var force = false

    package init(id: String, to destination: Destination) {
        self.id = id
        self.destination = destination
    }

    /// What the next hop said of one recipient.
    package struct Answer: Sendable {
        package let recipient: MailPath
        package let reply: Reply
    }

    /// Sends the message, which lies in the spool meanwhile like any other mail. The entry is marked as
    /// released when the next hop took it for somebody.
    /// - Parameter spool: the gateway's; nil for a process of its own, which has one of the same bounds for itself.
    /// - Returns: one answer for each recipient.
    /// - Throws: an explanation when the next hop was not even asked.
    package func run(
        _ settings: Settings, _ quarantine: IndexedQuarantine, spool: Spool? = nil
    ) async throws -> [Answer] {
        let (id, force, builder) = (id, force, SetupBuilder(settings))
        let threads = NIOThreadPool.singleton
        let spool = spool ?? Self.ownSpool(builder.spoolLimits)
        let (message, addressees, hops, tls) = try await threads.runIfActive {
            let remains = try quarantine.files.remains(id)
            let entry = remains.entry
            if !force { try Self.refuseInfected(remains, quarantine.files) }
            let (hops, tls) = try route(entry, settings)
            let message = try outgoing(entry, quarantine.files, builder, spool)
            // Of whom nothing is known nothing is believed.
            let client = remains.loss == nil ? entry.envelope.client : ClientFacts(address: "unknown")
            return (try marked(message, client, settings), entry.envelope.recipients, hops, tls)
        }
        let replies = try await builder.deliver(message, hops: hops, tls: tls)
        let served = zip(message.recipients, replies).filter { isRelease($1) }.map(\.0.path)
        if form != .report, !served.isEmpty {
            do {
                try await threads.runIfActive {
                    try redeemLinks(of: addressees, served, settings)
                    try quarantine.markReleased(id, time: time(nil))
                }
            } catch {
                throw GatewayError("\(id) was sent, but cannot be marked as released: \(error)")
            }
        }
        return zip(message.recipients, replies).map { Answer(recipient: $0.path, reply: $1) }
    }

    /// What somebody has got digests do not tell him of, and their links do not release to him again.
    /// - Parameters:
    ///   - addressees: those of the entry, who alone have links.
    ///   - served: who got it now.
    private func redeemLinks(of addressees: [Recipient], _ served: [MailPath], _ settings: Settings) throws {
        func mailbox(_ path: MailPath) -> [UInt8] {
            LookupAddress(path, delimiters: settings.recipientDelimiter).mailbox
        }
        let mailboxes = Set(served.map(mailbox))
        let links = addressees.map(\.path).filter { mailboxes.contains(mailbox($0)) }.map {
            RedeemedLinks.Link(
                id: id, recipient: LookupAddress.whole($0), action: DigestToken.Action.release.rawValue)
        }
        if !links.isEmpty { try RedeemedLinks(directory: settings.redeemedDirectory).add(links) }
    }

    /// The message as it leaves: what is to be judged again carries the mark of its first client only.
    private func marked(
        _ message: OutgoingMessage, _ client: ClientFacts, _ settings: Settings
    ) throws -> OutgoingMessage {
        if case .listener = destination {
            let key = try ReleaseKey(settings.stateDirectory)
            return try message.requeued(key, id: id, client: client, time: time(nil))
        }
        let seconds = settings.quarantine.releaseMark
        guard seconds > 0 else { return message }
        return try message.marked(ReleaseKey(settings.stateDirectory), id: id, expiry: time(nil) + seconds)
    }

    /// True for a reply after which somebody has the message. A listener of the gateway says 250, too, when it keeps it again.
    private func isRelease(_ reply: Reply) -> Bool {
        if case .listener = destination { return ReplyTexts.isRelayed(reply) }
        return reply.isPositive
    }

    /// The next hops for an entry, and how TLS is used on the way.
    func route(
        _ entry: Quarantine.Entry, _ settings: Settings
    ) throws -> (hops: [NextHopAddress], tls: Settings.NextHopTLS) {
        switch destination {
        case .nextHops(let hops): return (hops, .none)
        case .policy(let name):
            if let name, settings.policies[name] == nil { throw GatewayError("there is no policy \(name)") }
            let known = entry.policy.flatMap { settings.policies[$0] == nil ? nil : $0 }
            let policy = settings.policies[name ?? known ?? "default"] ?? Settings.PolicySettings()
            return (policy.nextHops, policy.nextHopTLS)
        case .listener(let address):
            let addresses = settings.listeners.map(\.address)
            let known = addresses.first { $0.description == entry.listener } ?? addresses.first
            guard let hop = address ?? known?.asNextHop else { throw GatewayError("there is no listener") }
            return ([hop], .none)
        }
    }

    /// Mail that is not released unless it is forced.
    struct Infected: Error, CustomStringConvertible {
        let id: String
        let reason: String

        var description: String {
            "\(id) is infected (\(reason)): releasing it would deliver the virus; --force does it all the same"
        }
    }

    /// What the report has to say here.
    private struct StoredReport: Decodable {
        struct Finding: Decodable {
            var `class`: String
        }

        var findings: [Finding]?
    }

    /// Mail of which nobody knows any more whether it is infected.
    struct Unknown: Error, CustomStringConvertible {
        let id: String

        var description: String {
            "the report on \(id) is lost or damaged, so that nobody knows whether it is infected; --force releases it all the same"
        }
    }

    /// True for what may be released by those who cannot say `--force`.
    static func isHarmless(_ entry: Quarantine.Entry, _ files: Quarantine) -> Bool {
        do {
            try refuseInfected(Quarantine.Remains(entry: entry), files)
            return true
        } catch {
            return false
        }
    }

    /// Refuses what a scanner had found a virus in, whatever the entry was kept for, and what nobody knows that of.
    private static func refuseInfected(_ remains: Quarantine.Remains, _ files: Quarantine) throws {
        let entry = remains.entry
        if entry.category == .infected { throw Infected(id: entry.id, reason: entry.reason) }
        // Without the envelope nobody can say that the report is the one that was kept, either.
        guard remains.loss == nil,
            let report = try? JSONDecoder().decode(StoredReport.self, from: Data(try files.report(of: entry)))
        else { throw Unknown(id: entry.id) }
        guard (report.findings ?? []).contains(where: { $0.class == Finding.Kind.virus.rawValue }) else { return }
        throw Infected(id: entry.id, reason: entry.reason)
    }

    private func outgoing(
        _ entry: Quarantine.Entry, _ quarantine: Quarantine, _ builder: SetupBuilder, _ spool: Spool
    ) throws -> OutgoingMessage {
        let hostname = builder.hostname
        // What no message can hold that was there before.
        func boundary() throws -> String {
            WrapperMark.boundary(
                try ReleaseKey(builder.settings.stateDirectory), Quarantine.newID() + Quarantine.newID())
        }
        let recipients =
            self.recipients.isEmpty ? entry.envelope.recipients : self.recipients.map { Recipient(path: $0) }
        guard !recipients.isEmpty, form != .report || !self.recipients.isEmpty else {
            let why = form == .report ? "a report needs an addressee" : "\(id) has no recipients"
            throw GatewayError("\(why); name one with release --to")
        }
        let (original, hasEightBit) = try Self.stored(entry, quarantine, spool)
        switch form {
        case .original:
            return OutgoingMessage(
                reversePath: sender ?? entry.envelope.reversePath, parameters: entry.envelope.parameters,
                recipients: recipients, forwarded: entry.envelope.client.forwarded, body: OutgoingBody(file: original),
                hasEightBit: hasEightBit)
        case .attached, .plain:
            let note = ReleasedMessage(
                form == .plain ? .plain : .attached, hostname: hostname, id: id,
                recipient: recipients.count == 1 ? recipients.first?.path : nil,
                sender: entry.envelope.reversePath, subject: entry.subject, reason: entry.reason, time: time(nil),
                kept: entry.time, boundary: try boundary())
            return wrapped(original, hasEightBit, note.head(hasEightBit: hasEightBit), note.tail, recipients, entry)
        case .report:
            let note = FeedbackReport(
                hostname: hostname, id: id, recipient: recipients.count == 1 ? recipients.first?.path : nil,
                category: entry.category, envelope: entry.envelope, reason: entry.reason, time: time(nil),
                arrived: entry.time, boundary: try boundary())
            return wrapped(original, hasEightBit, note.head(hasEightBit: hasEightBit), note.tail, recipients, entry)
        }
    }

    /// A message of ours around the original.
    private func wrapped(
        _ original: MessageFile, _ hasEightBit: Bool, _ head: [UInt8], _ tail: [UInt8], _ recipients: [Recipient],
        _ entry: Quarantine.Entry
    ) -> OutgoingMessage {
        let end = original.count..<original.count
        return OutgoingMessage(
            reversePath: sender ?? .null,
            parameters: MailParameters(
                body: .eightBitMIME,
                smtputf8: recipients.contains { !$0.path.isASCII } || entry.envelope.parameters.smtputf8),
            recipients: recipients,
            body: OutgoingBody(prefix: head, file: original, edits: [BodyEdit(range: end, text: tail)]),
            hasEightBit: hasEightBit || head.contains { $0 >= 0x80 })
    }

    /// The message out of the quarantine, proven to be the one that was kept before anything is sent.
    /// - Throws: `GatewayError` when the spool has no place for it.
    static func stored(
        _ entry: Quarantine.Entry, _ quarantine: Quarantine, _ spool: Spool
    ) throws -> (file: MessageFile, hasEightBit: Bool) {
        do {
            return try copied(entry, quarantine, spool)
        } catch let error as SpoolError {
            throw GatewayError(error.cause)
        }
    }

    private static func copied(
        _ entry: Quarantine.Entry, _ quarantine: Quarantine, _ spool: Spool
    ) throws -> (file: MessageFile, hasEightBit: Bool) {
        let writer = try spool.open(declaredSize: entry.size)
        var hasEightBit = false
        var failure: SpoolError?
        try quarantine.read(message: entry) { piece in
            do throws(SpoolError) {
                let bytes = piece.withUnsafeBufferPointer { Array($0) }
                if !hasEightBit { hasEightBit = bytes.contains { $0 >= 0x80 } }
                try writer.append(bytes)
                return true
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        return (try writer.finish(), hasEightBit)
    }

    /// The workspace, whose room the gateway watches, need not be there when no gateway runs.
    static func ownSpool(_ limits: Spool.Limits) -> Spool {
        var limits = limits
        limits.watched = []
        return Spool(limits: limits)
    }
}
