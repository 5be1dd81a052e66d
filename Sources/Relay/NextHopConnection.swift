internal import MailModel
internal import NIOCore
internal import NIOSSL
internal import NIOTLS
internal import SMTP

/// One connection to a next hop: carries out what the session machine says. Confined to its event loop.
final class NextHopConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let hop: NextHop
    private let options: NextHopOptions
    private let pool: NextHopPool
    private var session: ClientSession
    private var actions: [ClientSession.Action] = []
    private var performing = false
    private var outgoing: [UInt8] = []
    private var context: ChannelHandlerContext?
    private var timer: SessionTimer?
    private var owner: Delivery?
    private var parked = false
    private var holding = false
    /// For the last reply of the message that was committed.
    private var finalDeadline = NIODeadline.distantFuture
    private var brokenBy: String?
    /// Messages begun over this connection.
    private(set) var uses = 0

    init(hop: NextHop, options: NextHopOptions, pool: NextHopPool) {
        self.hop = hop
        self.options = options
        self.pool = pool
        var lmtp = false
        if case .lmtp = hop { lmtp = true }
        var settings = ClientSession.Settings(heloName: options.heloName, lmtp: lmtp)
        settings.sendXForward = options.sendXForward
        switch options.tls {
        case .none: settings.tls = .none
        case .may: settings.tls = .may
        case .encrypt, .verify: settings.tls = .encrypt
        }
        session = ClientSession(settings: settings)
    }

    // MARK: For deliveries

    /// The peer reports by itself what becomes of a message (RFC 3461).
    var offersDSN: Bool { session.capabilities.dsn }

    /// The connection is new: `delivery` begins when it is ready.
    func reserve(for delivery: Delivery) {
        owner = delivery
    }

    /// Begins a transaction; the answer comes to the delivery.
    func begin(_ delivery: Delivery) {
        owner = delivery
        parked = false
        holding = false
        finalDeadline = .distantFuture
        uses += 1
        event { $0.begin(delivery.transaction, &$1) }
    }

    /// Sends a piece of the body.
    /// - Returns: false when the connection takes no more for now; `Delivery.writable` is called when it does.
    func sendBody(_ bytes: [UInt8], written: EventLoopPromise<Void>? = nil) -> Bool {
        outgoing += bytes
        flush(written)
        timer?.set(.now() + TimeAmount(options.replyTimeout))
        return context?.channel.isWritable ?? false
    }

    /// The peer waits for us: no deadline of ours runs until `commit` or `abort`.
    func hold() {
        holding = true
        timer?.set(.distantFuture)
    }

    /// Sends `rest` of the body and the final dot, in one write.
    /// - Parameter left: for all replies; nil leaves it to `dataDoneTimeout`.
    func commit(rest: [UInt8], after stuffer: DotStuffer, within left: Duration?) {
        outgoing += rest
        holding = false
        finalDeadline = left.map { .now() + TimeAmount($0) } ?? .distantFuture
        event { $0.commit(after: stuffer, &$1) }
    }

    /// Gives the message up: closes without the final dot.
    func abort() {
        owner = nil
        event { $0.abort(&$1) }
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let timer = SessionTimer(loop: context.eventLoop)
        timer.start { [weak self] in self?.deadlinePassed() }
        self.timer = timer
    }

    func channelActive(context: ChannelHandlerContext) {
        event { $0.connected(&$1) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        event { $0.connectionLost(&$1) }
        timer?.stop()
        pool.forget(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.stop()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        event { $0.receive(buffer.readableBytesUInt8Span, &$1) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { owner?.writable() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event {
            self.event { $0.tlsEstablished(&$1) }
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        brokenBy = Escaping.text(String(describing: error))
        event { $0.connectionLost(&$1) }
        context.close(promise: nil)
    }

    private func deadlinePassed() {
        if parked {
            leave()
        } else {
            event { $0.timedOut(&$1) }
        }
    }

    // MARK: The machine

    private func event(_ feed: (inout ClientSession, inout [ClientSession.Action]) -> Void) {
        feed(&session, &actions)
        // An event inside an action only adds to the list that is being carried out.
        guard !performing else { return }
        performing = true
        var closes = false
        var index = 0
        while index < actions.count {
            perform(actions[index], &closes)
            index += 1
        }
        actions.removeAll(keepingCapacity: true)
        performing = false
        flush(nil)
        if closes || session.isClosed {
            context?.close(promise: nil)
        } else if session.isReady, owner == nil {
            park()
        } else {
            let limit = session.awaitsFinalReply ? options.dataDoneTimeout : options.replyTimeout
            timer?.set(holding ? .distantFuture : min(finalDeadline, .now() + TimeAmount(limit)))
        }
    }

    private func perform(_ action: ClientSession.Action, _ closes: inout Bool) {
        switch action {
        case .send(let bytes): outgoing += bytes
        case .startTLS: startTLS()
        case .ready: if let owner { begin(owner) }
        case .goAhead(let replies): owner?.goAhead(replies)
        case .refused(let replies): release()?.refused(replies)
        case .finished(let replies): release()?.finished(replies)
        case .failed(var failure):
            failure.detail = brokenBy
            release()?.failed(failure, reused: uses > 1)
        case .close: closes = true
        }
    }

    private func release() -> Delivery? {
        defer { owner = nil }
        return owner
    }

    /// The next message may use the connection; while nobody does, its end of life is noticed by reading.
    private func park() {
        guard !parked else { return }
        parked = true
        if uses >= options.maximumUses {
            leave()
        } else {
            timer?.set(.now() + TimeAmount(options.idleTimeout))
            pool.park(self)
        }
    }

    /// Says QUIT; nobody uses the connection any more.
    func leave() {
        parked = false
        pool.forget(self)
        event { $0.quit(&$1) }
    }

    private func startTLS() {
        guard let context else { return }
        flush(nil)
        do {
            guard let tls = options.tlsContext else { throw ChannelError.operationUnsupported }
            var name: String?
            if case .smtp(.tcp(let host, _)) = hop { name = host }
            if case .lmtp(.tcp(let host, _)) = hop { name = host }
            // An address is no name for SNI; the certificate is then judged by the address (RFC 9525 section 6.5).
            if let host = name, (try? SocketAddress(ipAddress: host, port: 0)) != nil { name = nil }
            let handler = try NIOSSLClientHandler(context: tls, serverHostname: name)
            try context.pipeline.syncOperations.addHandler(handler, position: .first)
        } catch {
            brokenBy = "TLS: \(error)"
            session.connectionLost(&actions)
        }
    }

    private func flush(_ written: EventLoopPromise<Void>?) {
        guard let context else {
            written?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        guard !outgoing.isEmpty || written != nil else { return }
        var buffer = context.channel.allocator.buffer(capacity: outgoing.count)
        buffer.writeBytes(outgoing)
        outgoing.removeAll(keepingCapacity: outgoing.count <= 65_536)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: written)
    }
}
