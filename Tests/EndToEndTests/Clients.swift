import Foundation
import TestSupport
import Testing

/// What swaks has to say for tests that are skipped.
enum Clients {
    static let missing: Comment = "swaks and python3 are needed: `make test-deps`"
    static let arePossible: Bool = {
        let found = try? runTool("sh", ["-c", "command -v swaks && command -v python3 && command -v openssl"])
        return found?.status == 0
    }()
}

/// A transaction by swaks.
struct Swaks {
    /// Replies of the server, in order, without swaks's marks.
    let replies: [String]
    /// swaks's own exit code: 0 when the message was taken.
    let status: Int32
    /// The whole dialogue.
    let transcript: String

    /// The last reply before QUIT.
    var decisive: String { replies.last { !$0.hasPrefix("221 ") } ?? "" }

    /// Sends a message. Lines of `content` may end in CRLF or LF; swaks stuffs dots.
    init(
        port: Int, from sender: String = "sender@example.org", to recipients: [String] = ["rcpt@example.net"],
        content: [UInt8]? = nil, _ more: String...
    ) throws {
        var arguments = ["--server", "127.0.0.1:\(port)"]
        try self.init(&arguments, sender, recipients, content, more)
    }

    /// The same by LMTP over a Unix socket.
    init(socket: String, content: [UInt8]) throws {
        var arguments = ["--socket", socket, "--protocol", "LMTP"]
        try self.init(&arguments, "sender@example.org", ["rcpt@example.net"], content, [])
    }

    private init(
        _ arguments: inout [String], _ sender: String, _ recipients: [String], _ content: [UInt8]?, _ more: [String]
    ) throws {
        arguments += ["--helo", "swaks.client.example", "--from", sender.isEmpty ? "<>" : sender]
        arguments += ["--to", recipients.joined(separator: ","), "--timeout", "60"]
        if content != nil { arguments += ["--data", "-"] }
        // It ends the data with a line end of its own.
        var input = content ?? []
        if input.suffix(2) == [0x0D, 0x0A] { input.removeLast(2) }
        let result = try runTool("swaks", arguments + more, input: input, seconds: 120)
        status = result.status
        transcript = result.text + result.errorText
        replies = result.lines.filter { line in ["<-  ", "<** ", "<~  ", "<~* "].contains { line.hasPrefix($0) } }
            .map { String($0.dropFirst(4)) }
    }
}

/// Python's smtplib, driven by `Tests/EndToEnd/smtp-client`.
struct SMTPLib {
    /// One message.
    struct Job: Encodable {
        var sender = "sender@example.org"
        var recipients: [String]
        var file = ""
        var mailOptions: [String] = []
        var recipientOptions: [String] = []
        /// Written to `file` before it is sent.
        var content: [UInt8]

        private enum CodingKeys: String, CodingKey {
            case sender, recipients, file, mailOptions = "mail_options", recipientOptions = "recipient_options"
        }
    }

    struct Answer: Decodable {
        struct Refusal: Decodable {
            var code: Int
            var text: String

            init(from decoder: any Decoder) throws {
                var list = try decoder.unkeyedContainer()
                code = try list.decode(Int.self)
                text = try list.decode(String.self)
            }
        }

        var code: Int
        var reply: String
        var refused: [String: Refusal]
    }

    /// Sends the messages over one connection; one answer for each.
    static func send(_ jobs: [Job], port: Int, lmtp: Bool = false, source: String? = nil) throws -> [Answer] {
        let scratch = try Scratch(.memory)
        var input: [UInt8] = []
        for (number, job) in jobs.enumerated() {
            var job = job
            job.file = scratch.path + "/\(number)"
            try Data(job.content).write(to: URL(fileURLWithPath: job.file))
            input += Array(try JSONEncoder().encode(job)) + [0x0A]
        }
        let arguments = ["\(port)", lmtp ? "lmtp" : "smtp"] + (source.map { [$0] } ?? [])
        let result = try runTool(
            Programs.package + "/Tests/EndToEnd/smtp-client", arguments, input: input, seconds: 180)
        try #require(result.status == 0, "\(result)")
        return try result.lines.map { try JSONDecoder().decode(Answer.self, from: Data($0.utf8)) }
    }

    static func send(_ job: Job, port: Int, lmtp: Bool = false, source: String? = nil) throws -> Answer {
        try #require(try send([job], port: port, lmtp: lmtp, source: source).first)
    }
}
