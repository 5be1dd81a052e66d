import Glibc
import Linux
import MailModel
import SMTP

/// Sends one message over one blocking connection and takes one reply for all recipients.
struct Submission {
    let connection: StreamSocket
    let heloName: String
    /// How long the reply to the end of data may take, seconds.
    let finalSeconds: Int

    /// Connects.
    /// - Parameter seconds: how long connecting and each reply may take.
    static func connect(_ place: ServerArgument.Place, seconds: Int) throws(SystemError) -> StreamSocket {
        switch place {
        case .tcp(let host, let port): try StreamSocket(host: host, port: port, seconds: seconds)
        case .unix(let path): try StreamSocket(unix: path, seconds: seconds)
        }
    }

    /// Sends the message. All recipients or none: when one is refused, nobody gets it. A failure of the connection or of
    /// the dialogue around the message is temporary.
    func send(_ message: [UInt8], from sender: MailPath, to recipients: [MailPath]) -> Reply {
        var session = ClientSession(settings: ClientSession.Settings(heloName: heloName))
        var actions: [ClientSession.Action] = []
        session.connected(&actions)
        var buffer = [UInt8](repeating: 0, count: 16_384)
        let transaction = ClientTransaction(
            reversePath: sender, recipients: recipients.map { Recipient(path: $0) }, messageSize: message.count,
            hasEightBit: message.contains { $0 >= 0x80 })
        do throws(SystemError) {
            while true {
                var pending = actions[...]
                actions = []
                while let action = pending.popFirst() {
                    switch action {
                    case .send(let bytes): try connection.send(bytes)
                    case .ready: session.begin(transaction, &actions)
                    case .goAhead(let replies):
                        if let refusal = Self.refusal(replies) { return refusal }
                        var stuffer = DotStuffer()
                        var body: [UInt8] = []
                        stuffer.stuff(message.span, into: &body)
                        try connection.setTimeout(seconds: finalSeconds)
                        try connection.send(body)
                        session.commit(after: stuffer, &actions)
                    case .refused(let replies), .finished(let replies):
                        try? connection.send(Array("QUIT\r\n".utf8))
                        return Self.refusal(replies) ?? replies.first ?? FilterCommand.temporary("no reply")
                    case .failed(let failure):
                        let said = failure.reply.map { ": \($0.summary)" } ?? ""
                        return FilterCommand.temporary("\(failure.cause)\(said)")
                    case .startTLS, .close: return FilterCommand.temporary("the gateway ended the session")
                    }
                    pending += actions
                    actions = []
                }
                let count = try connection.receive(into: &buffer)
                if count == 0 {
                    session.connectionLost(&actions)
                } else {
                    session.receive(buffer.span.extracting(0..<count), &actions)
                }
            }
        } catch {
            return FilterCommand.temporary(error.isTimeout ? "the gateway does not answer" : "\(error)")
        }
    }

    /// The first temporary refusal, else the first one; nil when all were taken.
    static func refusal(_ replies: [Reply]) -> Reply? {
        replies.first(where: \.isTemporary) ?? replies.first { !$0.isPositive }
    }
}
