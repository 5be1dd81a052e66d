internal import Foundation
internal import Glibc
internal import Linux
internal import Synchronization

/// A mail server on loopback that answers as its script says and keeps what it took.
package final class ScriptedNextHop: Sendable {
    /// Where a dialogue stands. `middleOfBody` is asked after 354, before any content is read.
    package enum Step: String, Hashable, Sendable, CaseIterable {
        case greeting, hello, mail, rcpt, data, middleOfBody, dot
    }

    package enum Answer: Sendable {
        /// The usual, positive reply.
        case usual
        /// This reply, without CRLF.
        case reply(String)
        /// Close the connection without a reply.
        case close
        /// Say nothing until the client closes.
        case silence
        /// The usual reply when the barrier opens.
        case waitFor(Barrier)
    }

    /// One message that was answered with 250; with LMTP one for each recipient that was.
    package struct Delivery: Sendable {
        /// The MAIL command without its verb: `FROM:<...> SIZE=...`.
        package var mail: String
        /// Paths of the recipients, without angle brackets.
        package var recipients: [String] = []
        package var content: [UInt8] = []

        package var relayed: Relayed { Relayed(content) }

        package var notice: String { Self.notice(content) }

        /// A notice as it is read: without the coding of text that is quoted-printable.
        package static func notice(_ content: [UInt8]) -> String {
            let text = String(decoding: content, as: UTF8.self)
            guard text.contains("\r\nContent-Transfer-Encoding: quoted-printable\r\n"),
                let body = text.range(of: "\r\n\r\n")?.lowerBound
            else { return text }
            let octets = text[body...].replacing("=\r\n", with: "").replacing("%", with: "%25")
                .replacing("=", with: "%")
            return text[..<body] + (octets.removingPercentEncoding ?? String(octets))
        }
    }

    /// The answer to a step; `number` counts connections from 0, `command` is the line that came, or for the reply to
    /// an LMTP recipient its path.
    package typealias Script = @Sendable (_ step: Step, _ number: Int, _ command: String) -> Answer

    private struct State {
        var script: Script
        var deliveries: [Delivery] = []
        var connections = 0
        var open: Set<Int32> = []
        var listening: Int32 = -1
        var begun = 0
    }

    package let port: Int
    private let lmtp: Bool
    private let state: Mutex<State>

    /// Starts listening.
    package init(lmtp: Bool = false, _ script: @escaping Script = { _, _, _ in .usual }) throws {
        port = try Ports.free()
        self.lmtp = lmtp
        state = Mutex(State(script: script))
        try start()
    }

    deinit {
        let listening = state.withLock { $0.listening }
        if listening >= 0 { shutdown(listening, Int32(SHUT_RDWR)) }
        closeConnections()
    }

    /// As a next hop of the configuration.
    package var address: String { "\(lmtp ? "lmtp" : "smtp"):[127.0.0.1]:\(port)" }
    /// What was taken so far.
    package var deliveries: [Delivery] { state.withLock { $0.deliveries } }
    /// Connections so far.
    package var connections: Int { state.withLock { $0.connections } }
    /// Transactions that came as far as a 354.
    package var begun: Int { state.withLock { $0.begun } }

    /// Another script from the next step on.
    package func answer(_ script: @escaping Script) {
        state.withLock { $0.script = script }
    }

    /// Forgets what was taken.
    package func clear() {
        state.withLock { $0.deliveries = [] }
    }

    /// Stops listening and closes all connections, as a server that is stopped does.
    package func stop() {
        let listening = state.withLock { state in
            defer { state.listening = -1 }
            return state.listening
        }
        if listening >= 0 { shutdown(listening, Int32(SHUT_RDWR)) }
        closeConnections()
    }

    /// Closes all connections.
    package func closeConnections() {
        state.withLock { state in
            for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Listens (again) on the same port.
    package func start() throws {
        let descriptor = try check("socket") {
            socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        try check("bind to \(port)") { StreamSocket.withLoopback(port) { bind(descriptor, $0, $1) } }
        try check("listen") { listen(descriptor, 256) }
        state.withLock { $0.listening = descriptor }
        Thread.detachNewThread { [weak self] in Self.acceptAll(descriptor) { self } }
    }

    private static func acceptAll(_ listening: Int32, _ owner: () -> ScriptedNextHop?) {
        while true {
            var polled = pollfd(fd: listening, events: Int16(POLLIN), revents: 0)
            _ = poll(&polled, 1, -1)
            descriptorLock.lock()
            let descriptor = accept(listening, nil, nil)
            if descriptor >= 0 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
            descriptorLock.unlock()
            guard descriptor >= 0, let owner = owner() else {
                if descriptor >= 0 { close(descriptor) }
                break
            }
            owner.serve(descriptor)
        }
        close(listening)
    }

    private func serve(_ descriptor: Int32) {
        let number = state.withLock { state in
            state.open.insert(descriptor)
            state.connections += 1
            return state.connections - 1
        }
        Thread.detachNewThread { [self] in
            let socket = StreamSocket(owning: descriptor, seconds: 600)
            try? Conversation(hop: self, socket: socket, number: number).run()
            state.withLock { _ = $0.open.remove(descriptor) }
        }
    }

    /// One connection.
    private struct Conversation {
        let hop: ScriptedNextHop
        let socket: StreamSocket
        let number: Int

        private struct Left: Error {}

        /// Does what the script says; true when the reply was positive. `accepted` runs before a positive reply leaves:
        /// whoever hears it finds the message here.
        private func answer(
            _ step: Step, _ command: String, usual: String?, accepted: () -> Void = {}
        ) throws -> Bool {
            let script = hop.state.withLock { $0.script }
            var reply = usual
            switch script(step, number, command) {
            case .usual: break
            case .reply(let text): reply = text
            case .close: throw Left()
            case .silence:
                socket.awaitEnd()
                throw Left()
            case .waitFor(let barrier): barrier.wait()
            }
            guard let reply else { return true }
            let positive = reply.hasPrefix("2") || reply.hasPrefix("3")
            if positive { accepted() }
            try socket.send(reply + "\r\n")
            return positive
        }

        func run() throws {
            guard try answer(.greeting, "", usual: "220 next.example ESMTP") else { return }
            var delivery = Delivery(mail: "")
            while true {
                let command = try socket.line()
                switch command.prefix(4).uppercased() {
                case "EHLO", "LHLO":
                    _ = try answer(
                        .hello, command,
                        usual: "250-next.example\r\n250-PIPELINING\r\n250-SIZE 0\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
                            + "250-DSN\r\n250-ENHANCEDSTATUSCODES\r\n250 XFORWARD NAME ADDR PORT PROTO HELO")
                case "MAIL":
                    delivery = Delivery(mail: String(command.dropFirst(5)))
                    _ = try answer(.mail, command, usual: "250 2.1.0 Ok")
                case "RCPT":
                    let path = Self.path(command)
                    if try answer(.rcpt, command, usual: "250 2.1.5 Ok") { delivery.recipients.append(path) }
                case "DATA":
                    if delivery.recipients.isEmpty {
                        try socket.send("503 5.5.1 no valid recipients\r\n")
                    } else if try answer(.data, command, usual: "354 go on") {
                        try take(delivery)
                    }
                    delivery = Delivery(mail: "")
                case "QUIT":
                    try socket.send("221 2.0.0 Bye\r\n")
                    return
                default:
                    try socket.send("250 2.0.0 Ok\r\n")
                }
            }
        }

        private static func path(_ command: String) -> String {
            String(command.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" })
        }

        private func take(_ begun: Delivery) throws {
            hop.state.withLock { $0.begun += 1 }
            var delivery = begun
            _ = try answer(.middleOfBody, "", usual: nil)
            delivery.content = try socket.content()
            guard hop.lmtp else {
                _ = try answer(.dot, "", usual: "250 2.0.0 Ok: queued as Q\(number)") { hop.keep(delivery) }
                return
            }
            for recipient in delivery.recipients {
                var mine = delivery
                mine.recipients = [recipient]
                _ = try answer(.dot, recipient, usual: "250 2.0.0 Ok: queued as Q\(number)") { hop.keep(mine) }
            }
        }
    }

    private func keep(_ delivery: Delivery) {
        state.withLock { $0.deliveries.append(delivery) }
    }
}
