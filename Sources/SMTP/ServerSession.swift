package import MailModel

/// The receiving side of SMTP (RFC 5321) and LMTP (RFC 2033), chosen by the first HELO, EHLO or LHLO.
///
/// A pure value: events in, actions out, no I/O and no clock. The owner carries out the actions in their order.
package struct ServerSession: Sendable {
    /// What the owner of a listener decides.
    package struct Settings: Sendable {
        /// Name in the greeting and in EHLO replies.
        package var hostname: String
        /// Text after the name in the greeting.
        package var banner = "ESMTP Mailreeve"
        /// Octets of a message: announced as SIZE, checked as declared and as received (552 5.3.4).
        package var maximumMessageSize = 104_857_600
        /// Recipients of one message; more get 452 4.5.3.
        package var maximumRecipients = 1000
        /// Octets of a command line with its CRLF; longer is 500 5.5.2.
        package var maximumCommandLine = 4096
        /// Errors that are answered; the next one gets 421 4.7.0. A message that is taken sets the count to 0.
        package var maximumErrors = 20
        /// HELO, EHLO, LHLO, NOOP, RSET, VRFY, EXPN, HELP and XFORWARD commands without a message; each one more counts as an
        /// error (Postfix: smtpd_junk_command_limit). A client that never reads could make us hold the replies to any number.
        package var maximumIdleCommands = 100
        /// Octets of pipelined input held while a message is being decided; more ends the session after the reply.
        package var maximumHeldInput = 262_144
        /// Refusals of ours are temporary: 4xx in place of 5xx, as in Postfix. What `decided` says is left as it is.
        package var softBounce = false
        /// What happens to messages with bare CR or LF.
        package var lineEndings = LineEndings.normalize
        package var startTLS = StartTLS.none
        /// The client may use XFORWARD (550 5.7.0 otherwise).
        package var xforwardAllowed = false

        package init(hostname: String) {
            self.hostname = hostname
        }
    }

    /// STARTTLS (RFC 3207): not offered, offered, required before mail (530 5.7.0).
    package enum StartTLS: Hashable, Sendable, CaseIterable {
        case none, may, encrypt
    }

    /// What the owner has to do.
    package enum Action: Hashable, Sendable {
        /// Write these octets; all replies to one piece of input are one action.
        case send([UInt8])
        /// Prepare for a message; answer with `dataAccepted` or `dataRefused`.
        case beginData(Envelope)
        /// Decoded octets of the message.
        case body([UInt8])
        /// The message is complete; answer with `decided`.
        case endOfData(IntakeFacts)
        /// Forget the message of the last `beginData`; no answer is expected.
        case abandonMessage(AbandonReason)
        /// Start the TLS handshake after what was sent; answer with `tlsEstablished`.
        case startTLS
        /// Close the connection after what was sent.
        case close
    }

    /// Why a message that was begun comes to nothing.
    package enum AbandonReason: Hashable, Sendable {
        /// Larger than `maximumMessageSize`.
        case tooLarge
        /// Bare CR or LF while they are rejected.
        case lineEndings
        /// Input came before the reply to DATA.
        case protocolViolation
        case timedOut
        /// The client is gone. After `endOfData` this tells that nobody waits for the reply.
        case connectionLost
    }

    enum Phase: Sendable {
        case greeting
        case command
        /// `beginData` is out.
        case awaitingIntake
        case data
        /// `endOfData` is out.
        case awaitingDecision
        case awaitingTLS
        case closed
    }

    enum Dialect: Sendable {
        case smtp, lmtp
    }

    struct Transaction: Sendable {
        var reversePath: MailPath
        var parameters: MailParameters
        var recipients: [Recipient] = []
        var recipientsTried = false
    }

    /// Octets of the name in HELO, EHLO, LHLO (a domain, RFC 1035 section 2.3.4); longer is 501 5.5.4.
    package static let helloNameLimit = 255

    let settings: Settings
    /// The connection and what its greeting and XFORWARD told.
    package internal(set) var client: ClientFacts
    var phase = Phase.greeting
    var dialect: Dialect?
    var transaction: Transaction?
    var decoder: DataDecoder
    var messageAbandoned = false
    var buffer: CommandBuffer
    var outgoing: [UInt8] = []
    var errors = 0
    /// Commands since the last message that bring no message nearer.
    var idleCommands = 0
    var firstLine = true
    /// A condition that ends the session after the reply to the message in hand.
    var farewell: Reply?
    /// The client will send nothing more.
    var inputEnded = false

    package init(settings: Settings, client: ClientFacts) {
        self.settings = settings
        self.client = client
        decoder = DataDecoder(maximumSize: settings.maximumMessageSize, lineEndings: settings.lineEndings)
        buffer = CommandBuffer(maximumLine: settings.maximumCommandLine)
    }

    /// False while input should not be read from the connection: the machine is busy with a message, or closed.
    /// While the answer to `beginData` is awaited reading goes on, so that premature input is noticed; during the TLS
    /// handshake the connection must be read for the TLS layer.
    package var wantsInput: Bool {
        switch phase {
        case .awaitingDecision, .closed: false
        case .greeting, .command, .awaitingIntake, .data, .awaitingTLS: true
        }
    }

    /// Commands of the client wait to be read.
    package var hasInput: Bool { !buffer.isEmpty }

    /// `close` has been given.
    package var isClosed: Bool { phase == .closed }

    /// The octets of a message are being received: the owner's deadline for data applies.
    package var isReceivingData: Bool { phase == .data }

    /// MAIL was taken or a message is in hand: the owner's deadline for a whole message applies.
    package var isInTransaction: Bool { transaction != nil }

    /// Recipients taken so far in this transaction.
    package var recipientCount: Int { transaction?.recipients.count ?? 0 }

    // MARK: Events

    /// The connection stands: greet.
    package mutating func start(_ actions: inout [Action]) {
        guard phase == .greeting else { return }
        phase = .command
        say(Reply(220, nil, "\(settings.hostname) \(settings.banner)"))
        processCommands(&actions)
        finish(&actions)
    }

    /// The connection is not wanted: `reply` (421 or 554) takes the place of the greeting.
    package mutating func refuse(_ reply: Reply, _ actions: inout [Action]) {
        guard phase == .greeting else { return }
        say(reply)
        close(&actions)
    }

    /// The TLS handshake is done; nothing from before it counts (RFC 3207 section 4.2).
    package mutating func tlsEstablished(_ actions: inout [Action]) {
        guard phase == .awaitingTLS else { return }
        phase = .command
        dialect = nil
        transaction = nil
        client.secured = true
        client.helo = []
        client.transmission = .smtp
        client.forwarded = nil
        buffer.removeAll()
        finish(&actions)
    }

    /// The client was silent, or slow, for too long. Without effect while a complete message is being decided: that
    /// wait is ours, and its reply comes from `decided`.
    package mutating func timedOut(_ actions: inout [Action]) {
        switch phase {
        case .closed, .awaitingDecision: return
        case .awaitingTLS: break
        case .awaitingIntake, .data:
            abandon(.timedOut, &actions)
            fallthrough
        case .greeting, .command:
            say(Reply(421, EnhancedStatus(4, 4, 2), "\(settings.hostname) Error: timeout exceeded"))
        }
        close(&actions)
    }

    /// The service stops: at once, or after the reply to a message in hand.
    package mutating func shutdown(_ actions: inout [Action]) {
        let reply = Reply(421, EnhancedStatus(4, 3, 2), "\(settings.hostname) Service shutting down")
        switch phase {
        case .closed: return
        case .awaitingIntake, .data, .awaitingDecision: farewell = reply
        case .awaitingTLS: close(&actions)
        case .greeting, .command:
            say(reply)
            close(&actions)
        }
    }

    /// The client closed its sending side. A message that is complete is still decided and answered.
    package mutating func inputClosed(_ actions: inout [Action]) {
        inputEnded = true
        guard phase != .awaitingDecision else { return }
        connectionLost(&actions)
    }

    /// The connection is gone in both directions.
    package mutating func connectionLost(_ actions: inout [Action]) {
        switch phase {
        case .closed: return
        case .awaitingIntake, .data, .awaitingDecision: abandon(.connectionLost, &actions)
        case .greeting, .command, .awaitingTLS: break
        }
        outgoing.removeAll()
        close(&actions)
    }

    // MARK: Output

    /// Adds a reply to what is sent at the end of the event, or before the next other action.
    mutating func say(_ reply: Reply) {
        ReplyWriter.write(reply, to: &outgoing)
    }

    /// Adds a reply to a command, with an enhanced status (RFC 2034).
    mutating func answer(_ reply: Reply) {
        say(reply.withEnhancedStatus)
    }

    /// A refusal of ours as the client hears it: with `softBounce` the first digit of code and status is 4.
    func softened(_ reply: Reply) -> Reply {
        guard settings.softBounce, reply.isPermanent else { return reply }
        var soft = reply
        soft.code -= 100
        soft.enhanced = reply.enhanced.map { EnhancedStatus(4, $0.subject, $0.detail) }
        return soft
    }

    mutating func act(_ action: Action, _ actions: inout [Action]) {
        flush(&actions)
        actions.append(action)
    }

    mutating func flush(_ actions: inout [Action]) {
        guard !outgoing.isEmpty else { return }
        actions.append(.send(outgoing))
        outgoing = []
    }

    /// Ends an event.
    mutating func finish(_ actions: inout [Action]) {
        flush(&actions)
        buffer.compact()
    }

    mutating func close(_ actions: inout [Action]) {
        phase = .closed
        transaction = nil
        buffer.removeAll()
        act(.close, &actions)
    }

    mutating func abandon(_ reason: AbandonReason, _ actions: inout [Action]) {
        guard !messageAbandoned else { return }
        messageAbandoned = true
        act(.abandonMessage(reason), &actions)
    }
}
