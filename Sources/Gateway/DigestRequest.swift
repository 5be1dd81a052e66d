internal import Configuration
internal import Glibc
internal import MIME
internal import MailModel
internal import Policy
internal import Relay
internal import SMTP
internal import Stores
internal import Synchronization

/// Mail to `digests.release_address`: releases what the link in its subject was made for, to the recipient whom it was made for, and goes
/// nowhere itself. Nothing but the subject is looked at, whoever sent it.
struct DigestRequest: Sendable {
    let gateway: GatewayState
    let setup: GatewaySetup
    let message: ReceivedMessage

    /// Why a request is ignored; for the log.
    private struct Ignored: Error {
        let cause: String
    }

    /// Places of recipients that are the address for requests; in shadow mode, where everything goes where it would have gone, there are
    /// none.
    /// - Throws: a look-up that gave up.
    static func places(_ message: ReceivedMessage, _ setup: GatewaySetup) throws -> Set<Int> {
        let (address, envelope) = (setup.settings.digests.releaseAddress, message.envelope)
        guard !address.isEmpty else { return [] }
        let wanted = LookupAddress.whole(MailPath(address))
        let found = envelope.recipients.indices.filter { LookupAddress.whole(envelope.recipients[$0].path) == wanted }
        guard !found.isEmpty, let listener = setup.listener(message.listener) else { return [] }
        let resolution = try PolicyResolution(
            setup.policies, policy: listener.policyName, listener.placement,
            PolicyBook.Circumstances(
                listener: listener.name, client: IPAddress(envelope.client.originalAddress),
                sender: envelope.reversePath, isAuthenticated: false),
            recipients: envelope.recipients)
        return Set(try found.filter { try !resolution.group(of: $0).policy.shadow })
    }

    /// Does what is asked.
    /// - Returns: 250 whatever it was, but for what could be done later: then the client has to try again.
    func answer() async -> Reply {
        let id = "\(getpid())-\(message.number)"
        do {
            try await release(id)
        } catch let ignored as Ignored {
            gateway.digestRequests.ignore(time: time(nil), limit: setup.settings.digests.ignoredPerHour) { further in
                let sender = message.envelope.reversePath
                gateway.note("(\(id)) release request from <\(sender)> ignored: \(ignored.cause)" + further)
            }
        } catch {
            gateway.report("(\(id)) release request failed: \(error)")
            return ReplyTexts.failure("the release failed", id: id)
        }
        return Reply(250, EnhancedStatus(2, 0, 0), "Ok, release request, id=\(id)")
    }

    private func release(_ logID: String) async throws {
        let (token, entry, reader) = try await verified()
        let recipient = entry.envelope.recipients[token.place].path
        let address = LookupAddress.whole(recipient)
        let links = DigestToken.Action.allCases.map {
            RedeemedLinks.Link(id: token.id, recipient: address, action: $0.rawValue)
        }
        let own = RedeemedLinks.Link(id: token.id, recipient: address, action: token.action.rawValue)
        let redeemed = RedeemedLinks(directory: setup.settings.redeemedDirectory)
        // The links of one message in two mails at one time: the second one comes too late, or is sent again when the first has failed.
        guard gateway.digestRequests.begin(token) else { throw Ignored(cause: "\(token.id) is being released") }
        defer { gateway.digestRequests.end(token) }
        let (isReleased, isDone) = try await setup.blocking {
            (links.contains(where: redeemed.contains), redeemed.contains(own))
        }
        // He has the message already; what may be left to do is to allow its sender.
        if isReleased, isDone || token.action == .release {
            throw Ignored(cause: "\(token.id) was released to <\(recipient)> before")
        }
        // A crash before it is remembered releases twice rather than never.
        if !isReleased { try await pass(token, entry, to: recipient, reader, logID) }
        guard token.action == .releaseAndAllow else { return }
        await allow(entry.envelope.reversePath, for: reader.mailbox, logID)
        try await setup.blocking { try redeemed.add([own]) }
    }

    /// Releases the message, and has it remembered.
    private func pass(
        _ token: DigestToken, _ entry: Quarantine.Entry, to recipient: MailPath, _ reader: DigestReader, _ logID: String
    ) async throws {
        var release = QuarantineRelease(id: token.id, to: .policy(nil))
        release.recipients = [recipient]
        let answers: [QuarantineRelease.Answer]
        do {
            answers = try await release.run(setup.settings, setup.quarantine, spool: setup.spool)
        } catch let error as Quarantine.Failure {
            guard error.isOfMessage else { throw error }
            throw Ignored(cause: "\(error)")
        } catch let error as QuarantineRelease.Infected {
            throw Ignored(cause: "\(error)")
        } catch let error as QuarantineRelease.Unknown {
            throw Ignored(cause: "\(error)")
        }
        gateway.record(QuarantineRecord(entry, answers, .released, by: "<\(recipient)> by a digest", id: logID))
        guard let reply = answers.first?.reply, reply.isPositive else {
            let words = answers.first?.reply.summary ?? "no reply"
            if answers.first?.reply.isPermanent ?? false {
                await tell(reader, entry, of: words, logID)
                throw Ignored(cause: words)
            }
            throw GatewayError(words)
        }
    }

    /// Looks a request's token up.
    private func verified() async throws -> (DigestToken, Quarantine.Entry, DigestReader) {
        let (file, limit) = (message.file, setup.settings.limits.headerBytes)
        let subject = try await setup.blocking(unless: file.inMemory) {
            try HeaderFacts(of: file, limit: limit).subject
        }
        guard let key = setup.releaseKey, let token = DigestToken(in: EncodedWords.decoded(subject)) else {
            throw Ignored(cause: "no link of a digest in its subject")
        }
        let files = setup.quarantine.files
        let entry: Quarantine.Entry
        do {
            entry = try await setup.keeping { try files.entry(token.id) }
        } catch let error as Quarantine.Failure {
            // Whoever guesses the name of an entry whose key is not set could otherwise have the client try for days: whether the token is
            // ours is not known before.
            if error.isOfStorage { throw error }
            throw Ignored(cause: "\(error)")
        }
        guard entry.envelope.recipients.indices.contains(token.place) else {
            throw Ignored(cause: "the link is forged")
        }
        let recipient = entry.envelope.recipients[token.place].path
        guard token.holds(key, recipient: LookupAddress.whole(recipient)) else {
            throw Ignored(cause: "the link is forged, or of another host")
        }
        guard time(nil) < token.expiry else { throw Ignored(cause: "the link to \(token.id) is too old") }
        guard let reader = try setup.policies.digestReaders(of: entry).first(where: { $0.place == token.place }) else {
            throw Ignored(cause: "the settings of <\(recipient)> do not let him release \(token.id)")
        }
        return (token, entry, reader)
    }

    /// The message is released: what keeps its sender from being allowed is only logged.
    private func allow(_ sender: MailPath, for mailbox: [UInt8], _ logID: String) async {
        guard let allowed = setup.allowed, !sender.isNull else { return }
        let (address, limit) = (LookupAddress.whole(sender), setup.settings.digests.allowedSenders)
        let shown = Escaping.text(mailbox, limit: 320)
        do {
            let isAdded = try await setup.blocking {
                try allowed.add(recipient: mailbox, sender: address, limit: limit)
            }
            gateway.note(
                "(\(logID)) sender <\(sender)> \(isAdded ? "allowed" : "not allowed, digests.allowed_senders are reached,")"
                    + " by <\(shown)>")
        } catch {
            gateway.report("(\(logID)) sender <\(sender)> cannot be allowed by <\(shown)>: \(error)")
        }
    }
}

/// What is known of requests that are under way, and of those that were ignored.
final class DigestRequests: Sendable {
    private struct State {
        /// Name of the entry and place of the recipient.
        var open: Set<[String]> = []
        var since = 0
        var ignored = 0
    }

    private let state = Mutex(State())

    private static func wish(_ token: DigestToken) -> [String] { [token.id, String(token.place)] }

    /// - Returns: false for one of whose message and recipient another is under way.
    func begin(_ token: DigestToken) -> Bool { state.withLock { $0.open.insert(Self.wish(token)).inserted } }

    func end(_ token: DigestToken) { state.withLock { _ = $0.open.remove(Self.wish(token)) } }

    /// Counts a request that is ignored, and has it said as long as there are not too many in an hour; the last one that is said says that
    /// others are not.
    /// - Parameter say: gets what stands behind the cause.
    func ignore(time: Int, limit: Int, _ say: (String) -> Void) {
        let count = state.withLock { state in
            if time - state.since >= 3600 { (state.since, state.ignored) = (time, 0) }
            state.ignored &+= 1
            return state.ignored
        }
        if count <= limit { say(count == limit ? "; further ones of this hour are not told of" : "") }
    }
}

extension ReceivedMessage {
    /// The message for its other recipients.
    func without(_ places: Set<Int>) -> ReceivedMessage {
        var message = self
        message.envelope.recipients = envelope.recipients.indices.filter { !places.contains($0) }.map {
            envelope.recipients[$0]
        }
        return message
    }
}
