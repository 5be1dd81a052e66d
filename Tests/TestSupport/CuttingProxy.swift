internal import Foundation
internal import Glibc
internal import Linux
internal import Synchronization

/// Stands on loopback between a client and a server, and cuts a connection at a request that a test names. Both see a peer that
/// closed.
package final class CuttingProxy: Sendable {
    /// When the connection is cut.
    package enum Moment: Sendable, CaseIterable {
        /// The server never gets the request.
        case request
        /// The server gets the request, and nobody waits for it.
        case between
        /// The server has answered, and the client does not hear it.
        case answer
        /// The client is cut; the server gets the request when `release` says so.
        case held
    }

    private struct State {
        var cut: (request: [UInt8], moment: Moment)?
        var cuts = 0
        var held: (server: Int32, request: [UInt8])?
    }

    package let port: Int
    private let listener: Int32
    private let server: Int
    private let state = Mutex(State())

    /// - Parameter server: a port on loopback.
    package init(to server: Int) throws {
        self.server = server
        let port = try Ports.free()
        self.port = port
        let made = try Self.newSocket()
        listener = made
        var one: Int32 = 1
        setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        let bound = StreamSocket.withLoopback(port) { bind(made, $0, $1) }
        guard bound == 0, listen(made, 20) == 0 else { throw TimedOut("a socket at port \(port)") }
        Thread.detachNewThread { [weak self] in
            while true {
                let client = accept(made, nil, nil)
                guard client >= 0, let self else { break }
                Thread.detachNewThread { self.serve(client) }
            }
            // Closed by the thread that uses it: by then the number could be another's.
            close(made)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// Cuts the next connection on which a client's octets hold this text.
    package func cut(at request: String, _ moment: Moment) {
        state.withLock { $0.cut = (Array(request.utf8), moment) }
    }

    /// Connections that were cut.
    package var cuts: Int { state.withLock { $0.cuts } }

    /// Gives the server the request that was held, and waits for its answer.
    package func release() throws {
        guard let held = state.withLock({ $0.held }) else { throw TimedOut("a request that is held") }
        state.withLock { $0.held = nil }
        defer { close(held.server) }
        guard Self.send(held.request, to: held.server), !Self.receive(from: held.server).isEmpty else {
            throw TimedOut("an answer to the request that was held")
        }
    }

    private static func newSocket() throws -> Int32 {
        try check("socket") { socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0) }
    }

    private func serve(_ client: Int32) {
        defer { close(client) }
        guard let server = try? Self.newSocket() else { return }
        var isHeld = false
        defer { if !isHeld { close(server) } }
        guard StreamSocket.withLoopback(self.server, { connect(server, $0, $1) }) == 0 else { return }
        while true {
            var both = [client, server].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&both, 2, -1) > 0 else { return }
            if both[1].revents != 0 {
                let answer = Self.receive(from: server)
                guard !answer.isEmpty, Self.send(answer, to: client) else { return }
            }
            guard both[0].revents != 0 else { continue }
            let request = Self.receive(from: client)
            guard !request.isEmpty else { return }
            guard let moment = moment(in: request) else {
                guard Self.send(request, to: server) else { return }
                continue
            }
            switch moment {
            case .request: break
            case .between: _ = Self.send(request, to: server)
            case .answer: if Self.send(request, to: server) { _ = Self.receive(from: server) }
            case .held:
                isHeld = true
                state.withLock { $0.held = (server, request) }
            }
            return state.withLock { $0.cuts += 1 }
        }
    }

    private func moment(in request: [UInt8]) -> Moment? {
        state.withLock { state in
            guard let cut = state.cut, request.firstRange(of: cut.request) != nil else { return nil }
            state.cut = nil
            return cut.moment
        }
    }

    private static func receive(from descriptor: Int32) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &octets, octets.count, 0)
        return Array(octets.prefix(max(0, count)))
    }

    private static func send(_ octets: [UInt8], to descriptor: Int32) -> Bool {
        var done = 0
        while done < octets.count {
            let count = octets.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }
}
