internal import Glibc
internal import Linux
package import Logging
package import NIOCore
internal import NIOPosix
package import Stores

/// The listeners and the sessions behind them.
///
/// `apply` opens, changes and closes listeners while sessions go on; `drain` ends everything.
package final class FrontDoor: Sendable {
    private let group: any EventLoopGroup
    private let services: FrontDoorServices
    private let state = Listeners()

    /// - Parameters:
    ///   - group: event loops of the connections; not shut down here.
    ///   - receiver: takes the messages.
    ///   - spool: where they lie meanwhile.
    ///   - limits: connections over all listeners.
    ///   - diskThreads: threads that write messages too large for memory.
    package init(
        group: any EventLoopGroup, receiver: any MailReceiver, spool: Spool, limits: ConnectionLimits, log: Logger,
        diskThreads: Int = 2
    ) {
        self.group = group
        let pool = NIOThreadPool(numberOfThreads: diskThreads)
        pool.start()
        services = FrontDoorServices(
            registry: ConnectionRegistry(limits: limits), receiver: receiver, spool: spool, diskPool: pool, log: log)
    }

    /// Figures for `status`.
    package var status: FrontDoorStatus { services.registry.status }

    /// New connections meet these bounds; those that stand are not closed.
    package func setLimits(_ limits: ConnectionLimits) {
        services.registry.setLimits(limits)
    }

    /// Where the listeners listen now, by name: with the real port where port 0 was asked for.
    package func endpoints() async -> [String: Endpoint] {
        await state.endpoints()
    }

    /// Makes `wanted` the listeners: a socket that stays is not touched and its new connections get the new options, new
    /// ones are opened, the others closed; sessions of either go on.
    ///
    /// All or nothing: when a new socket cannot be opened, none is, and everything stays as it was.
    /// - Throws: `FrontDoorError` with every endpoint that could not be opened.
    package func apply(_ wanted: [ListenerOptions]) async throws(FrontDoorError) {
        try await state.apply(wanted, group, services)
    }

    /// Closes the listening sockets; sessions go on.
    package func stopAccepting() async {
        await state.closeAll()
    }

    /// Stops accepting, lets messages in flight finish and tells all sessions to end; after `limit` closes the rest.
    /// - Returns: connections and messages that had to be cut off.
    package func drain(within limit: Duration) async -> Int {
        await stopAccepting()
        let loop = group.next()
        let idle = loop.makePromise(of: Void.self)
        let timeout = loop.scheduleTask(in: TimeAmount(limit)) { idle.succeed() }
        for channel in services.registry.drain(idle) {
            channel.pipeline.fireUserInboundEventTriggered(FrontDoorEvent.shutdown)
        }
        try? await idle.futureResult.get()
        timeout.cancel()
        let left = services.registry.status
        for channel in services.registry.channels { channel.close(promise: nil) }
        try? await services.diskPool.shutdownGracefully()
        return max(left.connections, left.processing)
    }
}

/// Listeners that could not be opened; nothing was changed.
package struct FrontDoorError: Error, Hashable, CustomStringConvertible {
    /// One for each listener.
    package let problems: [EndpointError]

    package var description: String { problems.map { "\($0)" }.joined(separator: "; ") }
}

/// The open listening sockets. An actor, so that one change ends before the next begins.
private actor Listeners {
    private struct Open {
        let channel: any Channel
        let options: CurrentOptions
    }

    private var open: [Endpoint: Open] = [:]
    private var busy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func endpoints() -> [String: Endpoint] {
        var named: [String: Endpoint] = [:]
        for (endpoint, listener) in open {
            let port = listener.channel.localAddress?.port
            if case .tcp(let host, _) = endpoint, let port {
                named[listener.options.value.name] = .tcp(host: host, port: port)
            } else {
                named[listener.options.value.name] = endpoint
            }
        }
        return named
    }

    func apply(
        _ wanted: [ListenerOptions], _ group: any EventLoopGroup, _ services: FrontDoorServices
    ) async throws(FrontDoorError) {
        await begin()
        defer { end() }
        try setAccess(wanted)
        let fresh = wanted.filter { open[$0.endpoint] == nil }
        let bound = try bind(fresh)
        var opened: [Endpoint: Open] = [:]
        var problems: [EndpointError] = []
        for (options, descriptor) in zip(fresh, bound) {
            let current = CurrentOptions(options)
            do {
                let channel = try await listen(descriptor, current, group, services)
                opened[options.endpoint] = Open(channel: channel, options: current)
            } catch {
                problems.append(EndpointError(options.endpoint, "\(error)"))
            }
        }
        guard problems.isEmpty else {
            for (endpoint, listener) in opened { await close(endpoint, listener) }
            throw FrontDoorError(problems: problems)
        }
        let endpoints = Set(wanted.map(\.endpoint))
        for (endpoint, listener) in open where !endpoints.contains(endpoint) {
            open[endpoint] = nil
            await close(endpoint, listener)
        }
        open.merge(opened) { _, new in new }
        for options in wanted { open[options.endpoint]?.options.value = options }
    }

    func closeAll() async {
        await begin()
        defer { end() }
        for (endpoint, listener) in open { await close(endpoint, listener) }
        open = [:]
    }

    private func begin() async {
        if !busy {
            busy = true
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    private func end() {
        if waiting.isEmpty {
            busy = false
        } else {
            waiting.removeFirst().resume()
        }
    }

    /// Mode and owner of Unix sockets that stay.
    private func setAccess(_ wanted: [ListenerOptions]) throws(FrontDoorError) {
        for options in wanted {
            guard case .unix(let path) = options.endpoint, let listener = open[options.endpoint],
                listener.options.value.access != options.access
            else { continue }
            do throws(SystemError) {
                try ListeningSocket.set(options.access, path)
            } catch {
                throw FrontDoorError(problems: [EndpointError(options.endpoint, error)])
            }
        }
    }

    private func bind(_ fresh: [ListenerOptions]) throws(FrontDoorError) -> [Int32] {
        var bound: [Int32] = []
        var problems: [EndpointError] = []
        var seen: Set<Endpoint> = []
        for options in fresh {
            do throws(EndpointError) {
                guard seen.insert(options.endpoint).inserted else {
                    throw EndpointError(options.endpoint, "two listeners want it")
                }
                if let descriptor = options.boundDescriptor {
                    bound.append(descriptor)
                } else {
                    bound.append(try ListeningSocket.bind(options.endpoint, access: options.access))
                }
            } catch {
                problems.append(error)
            }
        }
        guard problems.isEmpty else {
            for descriptor in bound { Glibc.close(descriptor) }
            throw FrontDoorError(problems: problems)
        }
        return bound
    }

    private func listen(
        _ descriptor: Int32, _ current: CurrentOptions, _ group: any EventLoopGroup, _ services: FrontDoorServices
    ) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                let options = current.value
                var client = ClientAddress.unix
                if case .tcp = options.endpoint {
                    let address = channel.remoteAddress
                    client = ClientAddress(text: address?.ipAddress ?? "unknown", port: address?.port ?? 0)
                }
                return channel.eventLoop.makeCompletedFuture {
                    if !client.isUnix {
                        try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
                    }
                    let handler = ServerHandler(door: services, options: options, client: client)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .withBoundSocket(descriptor)
            .get()
    }

    private func close(_ endpoint: Endpoint, _ listener: Open) async {
        // The file goes first: a client finds a new listener or none, never one that refuses.
        if case .unix(let path) = endpoint { unlink(path) }
        try? await listener.channel.close()
    }
}
