package import MailModel

/// The sending side of SMTP (RFC 5321) and LMTP (RFC 2033): one connection to a next hop, any number of transactions.
///
/// A pure value: events in, actions out, no I/O and no clock. After `close` or `failed` it is used up.
package struct ClientSession: Sendable {
    /// How the owner wants the connection to be.
    package struct Settings: Hashable, Sendable {
        /// The next hop speaks LMTP.
        package var lmtp: Bool
        /// Name in HELO, EHLO, LHLO.
        package var heloName: String
        package var tls = TLS.none
        /// Send XFORWARD to a peer that announces it.
        package var sendXForward = true

        package init(heloName: String, lmtp: Bool = false) {
            self.heloName = heloName
            self.lmtp = lmtp
        }
    }

    /// STARTTLS to the next hop: never, when offered, required. Verification is the TLS layer's matter.
    package enum TLS: Hashable, Sendable, CaseIterable {
        case none, may, encrypt
    }

    /// What the owner has to do.
    package enum Action: Hashable, Sendable {
        /// Write these octets.
        case send([UInt8])
        /// Start the TLS handshake; answer with `tlsEstablished`.
        case startTLS
        /// `begin` may be called.
        case ready(ServerCapabilities)
        /// DATA was taken for at least one recipient: send the body through `DotStuffer`, then `commit` or `abort`.
        /// One reply for each recipient of `begin`.
        case goAhead([Reply])
        /// Nobody gets the message; one reply for each recipient of `begin`. `begin` may be called again.
        case refused([Reply])
        /// The final replies, one for each recipient of `begin`; refused recipients keep the reply to their RCPT.
        /// `begin` may be called again.
        case finished([Reply])
        /// The session is over without a result for the transaction in hand.
        case failed(ClientFailure)
        /// Close the connection after what was sent.
        case close
    }

    /// A reply that is expected, in the order of the commands.
    enum Expected: Hashable, Sendable {
        case greeting, hello, helo, startTLS, rset, probe, xforward, mail, data, quit
        /// The recipient with this index.
        case rcpt(Int)
        /// The reply to the lone dot that ends a transaction without recipients.
        case emptyFinal
        /// The reply to the final dot: for LMTP that of one recipient, for SMTP nil, that of all.
        case final(Int?)
    }

    struct Step: Sendable {
        var line: [UInt8]
        var expected: Expected
    }

    enum Phase: Sendable {
        case new, opening, handshake, ready, transaction, body, committed, quitting, closed
    }

    let settings: Settings
    /// What the peer announced last.
    package internal(set) var capabilities = ServerCapabilities()
    var phase = Phase.new
    var secured = false
    var reader = ReplyReader()
    var expected: [Expected] = []
    var expectedStart = 0
    var steps: [Step] = []
    var stepsStart = 0
    /// The peer may still hold a transaction that was given up: the next one begins with RSET.
    var needsReset = false
    var outgoing: [UInt8] = []

    var transaction: ClientTransaction?
    var mailReply: Reply?
    var recipientReplies: [Reply?] = []
    var finalReplies: [Reply?] = []

    package init(settings: Settings) {
        self.settings = settings
    }

    /// A transaction may be begun.
    package var isReady: Bool { phase == .ready }

    /// The session is used up.
    package var isClosed: Bool { phase == .closed }

    /// The final dot was sent and not everything is answered: the owner's long deadline applies
    /// (RFC 5321 section 4.5.3.2.6), and losing the connection now may duplicate the message.
    package var awaitsFinalReply: Bool { phase == .committed }

    // MARK: Events

    /// The connection stands; the greeting is awaited.
    package mutating func connected(_ actions: inout [Action]) {
        guard phase == .new else { return }
        phase = .opening
        expect(.greeting)
    }

    /// The TLS handshake is done: everything announced before is forgotten (RFC 3207 section 4.2).
    package mutating func tlsEstablished(_ actions: inout [Action]) {
        guard phase == .handshake else { return }
        phase = .opening
        secured = true
        reader.removeAll()
        capabilities = ServerCapabilities()
        sayHello()
        flush(&actions)
    }

    /// Asks the peer to take a message. Answered by `goAhead`, `refused` or `failed`.
    package mutating func begin(_ wanted: ClientTransaction, _ actions: inout [Action]) {
        guard phase == .ready else {
            let failure = ClientFailure(.connectionLost, cause: "the session is not ready")
            actions.append(.failed(failure))
            return
        }
        if let reply = wanted.refusal(by: capabilities) {
            actions.append(.refused(wanted.recipients.map { _ in reply }))
            return
        }
        guard !wanted.recipients.isEmpty else {
            actions.append(.refused([]))
            return
        }
        startTransaction(wanted)
        flush(&actions)
    }

    /// The body was sent: sends the final dot. `stuffer` is the one that the body went through.
    package mutating func commit(after stuffer: DotStuffer, _ actions: inout [Action]) {
        guard phase == .body else { return }
        phase = .committed
        outgoing += stuffer.terminator
        finalReplies = recipientReplies.map { ($0?.isPositive ?? false) ? nil : $0 }
        if settings.lmtp {
            for index in finalReplies.indices where finalReplies[index] == nil { expect(.final(index)) }
        } else {
            expect(.final(nil))
        }
        flush(&actions)
    }

    /// Gives the message up after `goAhead`: closes without the final dot, so the peer drops what it has.
    package mutating func abort(_ actions: inout [Action]) {
        guard phase != .closed else { return }
        close(&actions)
    }

    /// Between transactions: sends RSET, which also shows whether the connection still lives. Answered by `ready` or
    /// `failed`.
    package mutating func reset(_ actions: inout [Action]) {
        guard phase == .ready else { return }
        phase = .transaction
        needsReset = false
        send(Step(line: Array("RSET\r\n".utf8), expected: .probe))
        flush(&actions)
    }

    /// Between transactions: takes leave. Answered by `close`.
    package mutating func quit(_ actions: inout [Action]) {
        guard phase == .ready else {
            abort(&actions)
            return
        }
        phase = .quitting
        send(Step(line: Array("QUIT\r\n".utf8), expected: .quit))
        flush(&actions)
    }

    /// The peer closed, or the connection broke.
    package mutating func connectionLost(_ actions: inout [Action]) {
        fail(.connectionLost, nil, "connection lost", &actions)
    }

    /// A deadline of the owner passed.
    package mutating func timedOut(_ actions: inout [Action]) {
        fail(.timedOut, nil, "timed out", &actions)
    }

    // MARK: Output

    mutating func expect(_ what: Expected) {
        expected.append(what)
    }

    mutating func send(_ step: Step) {
        outgoing += step.line
        expect(step.expected)
    }

    mutating func flush(_ actions: inout [Action]) {
        guard !outgoing.isEmpty else { return }
        actions.append(.send(outgoing))
        outgoing = []
    }

    mutating func act(_ action: Action, _ actions: inout [Action]) {
        flush(&actions)
        actions.append(action)
    }

    mutating func close(_ actions: inout [Action]) {
        phase = .closed
        transaction = nil
        outgoing = []
        actions.append(.close)
    }

    /// Ends the session; while taking leave a failure is no failure.
    mutating func fail(_ kind: ClientFailure.Kind, _ reply: Reply?, _ cause: String, _ actions: inout [Action]) {
        switch phase {
        case .closed: return
        case .quitting: break
        default:
            let failure = ClientFailure(
                kind, reply: reply, cause: cause, messageAtRisk: messageAtRisk(reply),
                recipientReplies: phase == .committed ? finalReplies : recipientReplies)
            actions.append(.failed(failure))
        }
        close(&actions)
    }

    /// After the final dot the peer may have taken the message, unless it has just said that it has not.
    private func messageAtRisk(_ reply: Reply?) -> Bool {
        guard phase == .committed else { return false }
        if reply?.code == 421 { return finalReplies.contains { $0?.isPositive ?? false } }
        return true
    }
}

/// The session with a next hop ended without a result.
package struct ClientFailure: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// The greeting, EHLO, LHLO, HELO or RSET was refused; `reply` says how.
        case refused
        /// The peer said 421.
        case shuttingDown
        /// TLS is required and not to be had.
        case tlsUnavailable
        /// There was no connection.
        case notConnected
        case connectionLost
        case timedOut
        /// The peer did not speak SMTP, or spoke out of turn.
        case protocolError
    }

    package var kind: Kind
    /// The peer's reply that ended the session, when there was one.
    package var reply: Reply?
    /// What happened, in words for everybody.
    package var cause: String
    /// What a library says of it, for the log alone.
    package var detail: String?
    /// The final dot had been sent and no refusal came: to send the message again may duplicate it.
    package var messageAtRisk: Bool
    /// What is known for each recipient of the transaction in hand: replies to RCPT, or final ones; nil is unknown.
    package var recipientReplies: [Reply?]

    package init(
        _ kind: Kind, reply: Reply? = nil, cause: String, messageAtRisk: Bool = false, recipientReplies: [Reply?] = []
    ) {
        self.kind = kind
        self.reply = reply
        self.cause = cause
        self.messageAtRisk = messageAtRisk
        self.recipientReplies = recipientReplies
    }
}
