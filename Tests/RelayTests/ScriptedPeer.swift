import Foundation
import Glibc
import Linux
import Relay
import Synchronization

/// A next hop on loopback that answers as its script says and remembers what it saw.
final class ScriptedPeer: Sendable {
    /// Where a dialogue stands; `connection` counts from 0.
    enum Step: Hashable, Sendable, CaseIterable {
        case greeting, hello, reset, mail, rcpt, data, middleOfBody, dot
    }

    enum Answer: Sendable {
        /// The usual reply.
        case usual
        /// This reply, without CRLF; `|` between its lines.
        case reply(String)
        /// Close the connection without a reply.
        case close
        /// This reply, and then close.
        case replyAndClose(String)
        /// Say nothing until the client closes.
        case silence
        /// The usual reply as soon as the gate opens.
        case waitFor(Gate)
    }

    struct Message: Sendable {
        var commands: [String] = []
        var content: [UInt8] = []
        var complete = false
    }

    typealias Script = @Sendable (_ step: Step, _ connection: Int, _ command: String) -> Answer

    struct Style: Sendable {
        var lmtp = false
        var pipelining = true
        var extensions = ["SIZE 0", "8BITMIME", "SMTPUTF8", "DSN", "XFORWARD NAME ADDR PORT PROTO HELO"]
        /// Sends each octet of a reply in a write of its own.
        var splitReplies = false
        /// Closes after each message, as a restarted server would look.
        var closesAfterMessage = false
    }

    let port: Int
    let style: Style
    private let script: Script
    private let listening: Int32
    private let seen = Mutex<(connections: Int, messages: [Message], open: [Int32])>((0, [], []))

    init(style: Style = Style(), _ script: @escaping Script = { _, _, _ in .usual }) throws {
        self.style = style
        self.script = script
        listening = try ListeningSocket.bind(.tcp(host: "127.0.0.1", port: 0))
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listening
        try check("getsockname") {
            withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
            }
        }
        port = Int(in_port_t(bigEndian: address.sin_port))
        try check("listen") { listen(descriptor, 64) }
        let flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK)
        Thread.detachNewThread { self.acceptAll() }
    }

    var hop: NextHop {
        let endpoint = Endpoint.tcp(host: "127.0.0.1", port: port)
        return style.lmtp ? .lmtp(endpoint) : .smtp(endpoint)
    }

    /// Connections so far.
    var connections: Int { seen.withLock { $0.connections } }
    /// Transactions so far, in the order of their ends.
    var messages: [Message] { seen.withLock { $0.messages } }
    /// Those with a final dot.
    var delivered: [Message] { messages.filter(\.complete) }

    /// Connections that stand now.
    var openConnections: Int { seen.withLock { $0.open.count } }

    /// Stops listening; connections go on.
    func stop() {
        shutdown(listening, Int32(SHUT_RDWR))
    }

    /// Closes every connection, as a restart does.
    func closeConnections() {
        seen.withLock { state in
            for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    private func acceptAll() {
        while true {
            let descriptor = accept(listening, nil, nil)
            if descriptor < 0 { break }
            let number = seen.withLock { state in
                state.connections += 1
                state.open.append(descriptor)
                return state.connections - 1
            }
            Thread.detachNewThread {
                let socket = RawSocket(owning: descriptor)
                try? self.serve(socket, number)
                self.seen.withLock { state in state.open.removeAll { $0 == descriptor } }
            }
        }
        close(listening)
    }

    private struct Left: Error {}

    private func answer(
        _ socket: RawSocket, _ step: Step, _ connection: Int, _ command: String, usual: String?
    ) throws -> Bool {
        switch script(step, connection, command) {
        case .usual:
            if let usual { try say(socket, usual) }
            return true
        case .reply(let text):
            try say(socket, text)
            return text.hasPrefix("2") || text.hasPrefix("3")
        case .close: throw Left()
        case .replyAndClose(let text):
            try say(socket, text)
            throw Left()
        case .silence:
            _ = try socket.drain()
            throw Left()
        case .waitFor(let gate):
            gate.waitBlocking()
            if let usual { try say(socket, usual) }
            return true
        }
    }

    private func say(_ socket: RawSocket, _ text: String) throws {
        let lines = text.split(separator: "|").map(String.init)
        var bytes: [UInt8] = []
        for (index, line) in lines.enumerated() {
            var line = Array(line.utf8)
            if index + 1 < lines.count, line.count > 3 { line[3] = 0x2D }
            bytes += line + [0x0D, 0x0A]
        }
        guard style.splitReplies else {
            try socket.send(bytes)
            return
        }
        var one: Int32 = 1
        setsockopt(socket.descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        for byte in bytes { try socket.send([byte]) }
    }

    private func serve(_ socket: RawSocket, _ number: Int) throws {
        guard try answer(socket, .greeting, number, "", usual: "220 peer.example ESMTP") else { return }
        var message = Message()
        var recipients = 0
        while true {
            let command = try socket.line()
            let verb = command.prefix(4).uppercased()
            if verb == "QUIT" {
                try say(socket, "221 2.0.0 Bye")
                return
            }
            if verb == "EHLO" || verb == "LHLO" || verb == "HELO" {
                var reply = "250 peer.example"
                if verb != "HELO" {
                    for word in style.extensions + (style.pipelining ? ["PIPELINING"] : []) { reply += "|250 \(word)" }
                }
                _ = try answer(socket, .hello, number, command, usual: reply)
                continue
            }
            message.commands.append(command)
            switch verb {
            case "RSET": _ = try answer(socket, .reset, number, command, usual: "250 2.0.0 Ok")
            case "MAIL": _ = try answer(socket, .mail, number, command, usual: "250 2.1.0 Ok")
            case "RCPT": if try answer(socket, .rcpt, number, command, usual: "250 2.1.5 Ok") { recipients += 1 }
            case "DATA":
                if try answer(socket, .data, number, command, usual: "354 go") {
                    try receiveBody(socket, number, &message, recipients)
                    if style.closesAfterMessage { return }
                }
                message = Message()
                recipients = 0
            default: try say(socket, "250 2.0.0 Ok")
            }
        }
    }

    private func receiveBody(
        _ socket: RawSocket, _ number: Int, _ message: inout Message, _ recipients: Int
    ) throws {
        do {
            _ = try answer(socket, .middleOfBody, number, "", usual: nil)
            while true {
                let line = try socket.rawLine()
                if line == [0x2E] { break }
                message.content += (line.first == 0x2E ? line.dropFirst() : line[...])
                message.content += [0x0D, 0x0A]
            }
            message.complete = true
            remember(message)
        } catch {
            remember(message)
            throw error
        }
        let count = style.lmtp ? recipients : 1
        for index in 0..<count {
            _ = try answer(socket, .dot, number, "\(index)", usual: "250 2.0.0 Ok: queued as Q\(number)")
        }
    }

    /// Before the reply, so that who has the reply finds the message.
    private func remember(_ message: Message) {
        seen.withLock { $0.messages.append(message) }
    }
}

extension Gate {
    /// For threads.
    func waitBlocking() {
        while !isOpen { usleep(1000) }
    }
}
