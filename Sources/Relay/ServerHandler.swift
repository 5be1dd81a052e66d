internal import Logging
internal import MailModel
internal import NIOCore
internal import NIOSSL
internal import NIOTLS
internal import SMTP
internal import Stores

/// One connection of the front door: carries out what the session machine says. Confined to its event loop.
///
/// The channel does not read by itself: each read is asked for, so back-pressure is to ask for none. All replies that
/// one read cycle produces leave in one write.
final class ServerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let door: FrontDoorServices
    private let options: ListenerOptions
    private let client: ClientAddress
    private var session: ServerSession
    private var actions: [ServerSession.Action] = []
    private var outgoing: [UInt8] = []
    private var context: ChannelHandlerContext?
    private var timer: SessionTimer?
    private var number: UInt64 = 0
    private var intake: MessageIntake?
    /// Of the message that waits for its reply.
    private var presence: ClientPresence?
    /// Hears whether the replies to it were written.
    private var written: AsyncStream<Bool>.Continuation?
    private var performing = false
    private var readPending = false
    private var closing = Closing.no
    private var lingerOctets = 0
    private var clock = SessionClock()

    private enum Closing {
        case no
        /// Our side is or will be shut down; what the client still sends is dropped.
        case lingering
        case done
    }

    /// How long a closed session waits for the client's end, so that unread input does not turn into a reset that
    /// destroys our last reply on its way.
    private static let lingerTime = Duration.seconds(1)

    /// Octets that are dropped in that time.
    private static let lingerLimit = 262_144

    init(door: FrontDoorServices, options: ListenerOptions, client: ClientAddress) {
        self.door = door
        self.options = options
        self.client = client
        var settings = options.session
        settings.xforwardAllowed = options.xforwardAllowed(client)
        // Required TLS that cannot be had stays required: no mail is taken then.
        if options.tls == nil, settings.startTLS == .may { settings.startTLS = .none }
        session = ServerSession(settings: settings, client: ClientFacts(address: client.text, port: client.port))
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let timer = SessionTimer(loop: context.eventLoop)
        timer.start { [weak self] in self?.deadlinePassed() }
        self.timer = timer
    }

    func channelActive(context: ChannelHandlerContext) {
        let (number, overLimit) = door.registry.add(context.channel, from: client)
        self.number = number
        clock.moveOn(options.deadlines.command)
        var refusal = overLimit
        if refusal == nil, !options.clientAllowed(client) {
            refusal = Reply(554, EnhancedStatus(5, 7, 1), "Error: access denied for \(client.text)")
        }
        if let refusal {
            door.log.notice(
                "connection refused",
                metadata: ["client": "\(client.text)", "listener": "\(options.name)", "reply": "\(refusal.summary)"])
            event { $0.refuse(refusal, &$1) }
        } else {
            event { $0.start(&$1) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        closing = .done
        presence?.leave()
        event { $0.connectionLost(&$1) }
        timer?.stop()
        door.registry.remove(number, from: client)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.stop()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        guard closing == .no else {
            lingerOctets += buffer.readableBytes
            if lingerOctets > Self.lingerLimit { close() }
            return
        }
        if session.isReceivingData { clock.received(buffer.readableBytes) }
        session.receive(buffer.readableBytesUInt8Span, &actions)
        perform()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        readPending = false
        settle()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { readOn() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            if closing == .lingering {
                close()
            } else {
                // A script that has sent its QUIT may close its side and still read; an MTA that gave up waiting has sent nothing.
                if !session.hasInput, let presence {
                    presence.leave()
                    door.log.notice(
                        "client closed its side before the reply to its message",
                        metadata: ["client": "\(client.text)", "listener": "\(options.name)"])
                }
                self.event { $0.inputClosed(&$1) }
            }
        case TLSUserEvent.handshakeCompleted:
            clock.moveOn(options.deadlines.command)
            self.event { $0.tlsEstablished(&$1) }
        case FrontDoorEvent.shutdown:
            self.event { $0.shutdown(&$1) }
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        door.log.debug(
            "connection broken",
            metadata: ["client": "\(client.text)", "error": "\(Escaping.text(String(describing: error)))"])
        event { $0.connectionLost(&$1) }
        close()
    }

    // MARK: The machine

    /// Feeds one event that is not a read.
    private func event(_ feed: (inout ServerSession, inout [ServerSession.Action]) -> Void) {
        feed(&session, &actions)
        // An event inside an action only adds to the list that is being carried out.
        guard !performing else { return }
        perform()
        settle()
    }

    /// Carries out actions; those that produce further ones add them to the same list.
    private func perform() {
        performing = true
        defer { performing = false }
        var index = 0
        while index < actions.count {
            switch actions[index] {
            case .send(let bytes):
                outgoing += bytes
                // The 354 has been followed by the clock of the data already.
                if !session.isReceivingData { clock.moveOn(options.deadlines.command) }
            case .beginData(let envelope): beginData(envelope)
            case .body(let bytes): intake?.append(bytes)
            case .endOfData(let facts):
                clock.endTransaction()
                intake?.end(facts)
            case .abandonMessage(let reason): abandon(reason)
            case .startTLS: startTLS()
            case .close: if closing == .no { closing = .lingering }
            }
            index += 1
        }
        actions.removeAll(keepingCapacity: true)
    }

    /// Ends an event: writes, moves the deadline, reads on.
    private func settle() {
        guard let context, closing != .done else { return }
        flush(context)
        // A write that failed may have ended the connection meanwhile.
        guard closing != .done else { return }
        if closing == .lingering {
            beginClosing(context)
        } else {
            clock.update(inTransaction: session.isInTransaction)
            timer?.set(session.wantsInput ? clock.deadline(options.deadlines, session.isReceivingData) : .distantFuture)
            readOn()
        }
    }

    private func readOn() {
        guard let context, !readPending, closing == .lingering || mayRead(context) else { return }
        readPending = true
        context.read()
    }

    /// A client that does not read its replies is not read either: they would pile up here.
    private func mayRead(_ context: ChannelHandlerContext) -> Bool {
        closing == .no && session.wantsInput && context.channel.isWritable && !(intake?.isBusy ?? false)
    }

    private func flush(_ context: ChannelHandlerContext) {
        guard !outgoing.isEmpty else { return }
        var buffer = context.channel.allocator.buffer(capacity: outgoing.count)
        buffer.writeBytes(outgoing)
        outgoing.removeAll(keepingCapacity: true)
        guard let written else { return context.writeAndFlush(wrapOutboundOut(buffer), promise: nil) }
        self.written = nil
        context.writeAndFlush(wrapOutboundOut(buffer)).whenComplete { result in
            if case .success = result { written.yield(true) }
            written.finish()
        }
    }

    private func deadlinePassed() {
        if closing != .no {
            close()
            return
        }
        door.log.notice("session timed out", metadata: ["client": "\(client.text)", "listener": "\(options.name)"])
        event { $0.timedOut(&$1) }
    }

    // MARK: Closing

    private func beginClosing(_ context: ChannelHandlerContext) {
        guard !clock.isLingering else {
            readOn()
            return
        }
        clock.isLingering = true
        timer?.set(NIODeadline.now() + TimeAmount(Self.lingerTime))
        guard !session.client.secured else {
            // TLS has an end of its own: close_notify goes out first, and what was written before it too.
            context.close(promise: nil)
            return
        }
        context.close(mode: .output, promise: nil)
        readOn()
    }

    private func close() {
        closing = .done
        context?.close(promise: nil)
    }

    private func startTLS() {
        guard let context, let tls = options.tls else {
            event { $0.connectionLost(&$1) }
            return
        }
        // The 220 goes below the TLS layer; whatever is written from here on goes through it.
        flush(context)
        clock.moveOn(options.deadlines.command)
        do {
            try context.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls), position: .first)
        } catch {
            session.connectionLost(&actions)
        }
    }

    // MARK: Messages

    private func beginData(_ envelope: Envelope) {
        guard let context else { return }
        do throws(SpoolError) {
            let writer = try door.spool.open(declaredSize: envelope.parameters.declaredSize)
            let intake = MessageIntake(
                envelope: envelope, writer: writer, pool: door.diskPool, loop: context.eventLoop)
            intake.writable = { [weak self] in self?.readOn() }
            intake.completed = { [weak self] file, facts in self?.received(envelope, file, facts) }
            self.intake = intake
            session.dataAccepted(&actions)
        } catch {
            door.log.notice("message refused", metadata: ["client": "\(client.text)", "cause": "\(error.cause)"])
            session.dataRefused(error.reply, &actions)
        }
        clock.beginData(options.deadlines.dataBlock)
    }

    private func abandon(_ reason: ServerSession.AbandonReason) {
        door.log.notice(
            intake == nil ? "client gone before the reply to its message" : "message abandoned",
            metadata: ["client": "\(client.text)", "reason": "\(reason)", "listener": "\(options.name)"])
        intake?.abandon()
        intake = nil
    }

    private func received(_ envelope: Envelope, _ stored: Result<MessageFile, SpoolError>, _ facts: IntakeFacts) {
        intake = nil
        guard let context else { return }
        let lmtp = envelope.client.transmission == .lmtp
        switch stored {
        case .failure(let error):
            door.log.notice("message not stored", metadata: ["client": "\(client.text)", "cause": "\(error.cause)"])
            let count = lmtp ? envelope.recipients.count : 1
            decided(Array(repeating: error.reply, count: count))
        case .success(let file):
            let presence = ClientPresence()
            self.presence = presence
            let message = ReceivedMessage(
                number: door.registry.beginProcessing(), envelope: envelope, file: file, intake: facts,
                listener: options.name, lmtp: lmtp, presence: presence)
            let mine = NIOLoopBound(self, eventLoop: context.eventLoop)
            let (loop, door) = (context.eventLoop, door)
            Task {
                let answer = await door.receiver.receive(message)
                let (results, written) = AsyncStream<Bool>.makeStream()
                loop.execute { mine.value.decided(answer.replies, written) }
                var isWritten = false
                for await result in results { isWritten = result }
                await answer.afterwards(isWritten && !presence.isGone)
                // Counted out behind the reply: a drain must not close the connection between the two.
                door.registry.endProcessing()
            }
        }
    }

    /// - Parameter written: hears whether the replies were written.
    private func decided(_ replies: [Reply], _ written: AsyncStream<Bool>.Continuation? = nil) {
        // Who leaves from here on has been answered.
        presence = nil
        self.written = written
        clock.endTransaction()
        clock.moveOn(options.deadlines.command)
        event { $0.decided(replies, &$1) }
        // Nothing was written where the connection has ended.
        self.written?.finish()
        self.written = nil
    }
}
