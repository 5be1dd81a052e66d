internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import SMTP

/// The connections of one event loop to next hops. Confined to that loop.
final class NextHopPool {
    private let loop: any EventLoop
    private let options: NextHopOptions
    /// Unused connections, the one used last at the end: that one is the most likely to live.
    private var idle: [NextHop: [NextHopConnection]] = [:]

    init(loop: any EventLoop, options: NextHopOptions) {
        self.loop = loop
        self.options = options
    }

    /// An unused connection that was alive when we last looked.
    func takeIdle(_ hop: NextHop) -> NextHopConnection? {
        idle[hop]?.popLast()
    }

    func park(_ connection: NextHopConnection) {
        idle[connection.hop, default: []].append(connection)
    }

    func forget(_ connection: NextHopConnection) {
        idle[connection.hop]?.removeAll { $0 === connection }
    }

    /// Closes what is unused.
    func closeIdle() {
        let all = idle.values.flatMap { $0 }
        idle = [:]
        for connection in all { connection.leave() }
    }

    /// Connects for `delivery`, which hears `failed` when no connection comes about.
    func connect(_ hop: NextHop, _ endpoint: Endpoint, for delivery: Delivery) {
        let connection = NextHopConnection(hop: hop, options: options, pool: self)
        connection.reserve(for: delivery)
        delivery.use(connection)
        let bound = NIOLoopBound(connection, eventLoop: loop)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(options.connectTimeout))
            .channelOption(.writeBufferWaterMark, value: .init(low: 262_144, high: 1_048_576))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if case .unix = endpoint {
                    } else {
                        try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
                    }
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
        let connected: EventLoopFuture<any Channel>
        switch endpoint {
        case .unix(let path): connected = bootstrap.connect(unixDomainSocketPath: path)
        case .tcp(let host, let port):
            if let address = try? SocketAddress(ipAddress: host, port: port) {
                connected = bootstrap.connect(to: address)
            } else {
                connected = bootstrap.connect(host: host, port: port)
            }
        }
        connected.hop(to: loop).assumeIsolated().whenFailure { error in
            var failure = ClientFailure(.notConnected, cause: connectCause(error))
            failure.detail = failure.cause == cannotConnect ? "\(error)" : nil
            delivery.failed(failure, reused: false)
        }
    }
}

/// Of errors that have no words of their own.
private let cannotConnect = "cannot connect"

/// What a failed connect is called, in no words of libraries.
private func connectCause(_ error: any Error) -> String {
    switch error {
    case let error as NIOConnectionError:
        let first = error.connectionErrors.first.map { connectCause($0.error) }
        return first ?? "cannot resolve \(error.host)"
    case let error as IOError: return String(cString: strerror(error.errnoCode))
    case SocketAddressError.unixDomainSocketPathTooLong: return "the path is too long"
    case ChannelError.connectTimeout: return "connect timed out"
    default: return cannotConnect
    }
}
