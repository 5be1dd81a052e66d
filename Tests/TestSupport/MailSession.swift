internal import Bytes

/// A client's session with a mail server. Used by one thread at a time.
package final class MailSession {
    package let socket: StreamSocket
    /// Lines of the reply to EHLO or LHLO.
    package private(set) var extensions: [String] = []
    private let lmtp: Bool

    /// What the server said to one message.
    package struct Answers: Sendable {
        package var mail: MailReply
        package var recipients: [MailReply] = []
        package var data: MailReply?
        /// After the end of data: one, or with LMTP one for each recipient that was taken.
        package var final: [MailReply] = []

        /// The reply that decides what becomes of the message: the first that is not positive, else the final one.
        package var decisive: MailReply {
            if !mail.isPositive { return mail }
            if let data, data.isPositive { return final.first { !$0.isPositive } ?? final.first ?? data }
            return recipients.first { !$0.isPositive } ?? data ?? mail
        }
    }

    /// A server that does not greet, or not with 220.
    package struct Refused: Error {
        package let reply: MailReply
    }

    package convenience init(port: Int, lmtp: Bool = false, seconds: Int = 60) throws {
        let socket = try StreamSocket(port: port)
        socket.wait(seconds: seconds)
        try self.init(socket, lmtp: lmtp)
    }

    /// Reads the greeting and says hello.
    package init(_ socket: StreamSocket, lmtp: Bool = false, hello: String = "client.example") throws {
        self.socket = socket
        self.lmtp = lmtp
        let greeting = try socket.reply()
        guard greeting.code == 220 else { throw Refused(reply: greeting) }
        extensions = try socket.ask("\(lmtp ? "LHLO" : "EHLO") \(hello)").lines.map { String($0.dropFirst(4)) }
    }

    /// Sends a message and hears all replies.
    package func send(_ mail: Mail) throws -> Answers {
        var answers = try begin(mail)
        guard let data = answers.data, data.isPositive else { return answers }
        try sendContent(mail.content)
        try finish(&answers)
        return answers
    }

    /// MAIL, RCPT and DATA in one write; afterwards content is awaited if `data` is positive.
    package func begin(_ mail: Mail) throws -> Answers {
        let parameters = mail.parameters.isEmpty ? "" : " " + mail.parameters
        var commands = "MAIL FROM:<\(mail.sender)>\(parameters)\r\n"
        for recipient in mail.recipients {
            commands += recipient.hasPrefix("<") ? "RCPT TO:\(recipient)\r\n" : "RCPT TO:<\(recipient)>\r\n"
        }
        // A server whose replies nobody reads stops reading.
        let pipelined = mail.recipients.count <= 500
        if !pipelined { return try beginSlowly(mail, parameters) }
        try socket.send(commands + "DATA\r\n")
        var answers = Answers(mail: try socket.reply())
        for _ in mail.recipients { answers.recipients.append(try socket.reply()) }
        answers.data = try socket.reply()
        return answers
    }

    private func beginSlowly(_ mail: Mail, _ parameters: String) throws -> Answers {
        var answers = Answers(mail: try socket.ask("MAIL FROM:<\(mail.sender)>\(parameters)"))
        for recipient in mail.recipients { answers.recipients.append(try socket.ask("RCPT TO:<\(recipient)>")) }
        answers.data = try socket.ask("DATA")
        return answers
    }

    /// The content with its dots stuffed, without the final dot.
    package func sendContent(_ content: [UInt8]) throws {
        try socket.send(Self.stuffed(content))
    }

    /// The final dot, and the replies to it.
    package func finish(_ answers: inout Answers) throws {
        try socket.send(".\r\n")
        let count = lmtp ? answers.recipients.count { $0.isPositive } : 1
        for _ in 0..<count { answers.final.append(try socket.reply()) }
    }

    package func quit() {
        _ = try? socket.ask("QUIT")
    }

    private static func stuffed(_ content: [UInt8]) -> [UInt8] {
        let mark: [UInt8] = [0x0A, 0x2E]
        var out: [UInt8] = content.first == 0x2E ? [0x2E] : []
        out.reserveCapacity(content.count + 2)
        var start = 0
        while let hit = content.span.firstIndex(of: mark.span, from: start) {
            out += content[start...hit]
            out.append(0x2E)
            start = hit + 1
        }
        out += content[start...]
        return out
    }
}

/// Sends one message over a connection of its own; the reply that decides what becomes of it.
package func send(_ mail: Mail, to port: Int, lmtp: Bool = false) throws -> MailReply {
    try sendAll(mail, to: port, lmtp: lmtp).decisive
}

/// Sends one message over a connection of its own; all replies.
package func sendAll(_ mail: Mail, to port: Int, lmtp: Bool = false) throws -> MailSession.Answers {
    let session = try MailSession(port: port, lmtp: lmtp)
    let answers = try session.send(mail)
    session.quit()
    return answers
}
