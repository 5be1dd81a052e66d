import MailModel
import SMTP
import Testing

@Suite("Server: limits, deadlines, endings")
struct ServerLimitTests {
    private static let transaction = "EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"

    @Test func recipientLimit() {
        var run = ServerDialogue { $0.maximumRecipients = 1000 }
        run.start()
        run.feed("EHLO c\r\nMAIL FROM:<a@x>\r\n")
        for number in 0..<10_000 { run.feed("RCPT TO:<r\(number)@y>\r\n") }
        run.feed("DATA\r\n")
        #expect(run.lines.count { $0 == "250 2.1.5 Ok" } == 1000)
        #expect(run.lines.count { $0 == "452 4.5.3 Error: too many recipients" } == 9000)
        #expect(run.envelopes.first?.recipients.count == 1000)
        #expect(run.envelopes.first?.recipients.last?.path == MailPath("r999@y"))
        #expect(run.lines.last == "354 End data with <CR><LF>.<CR><LF>")
    }

    @Test(arguments: [(64, "250 2.0.0 Ok"), (65, "500 5.5.2 Error: line too long")])
    func commandLineLimit(octets: Int, reply: String) {
        let line = "NOOP " + String(repeating: "x", count: octets - 7) + "\r\n"
        let run = playEverySplit({ ServerDialogue { $0.maximumCommandLine = 64 } }, ["NOOP\r\n", line, "NOOP\r\n"])
        #expect(Array(run.lines.suffix(3)) == ["250 2.0.0 Ok", reply, "250 2.0.0 Ok"])
    }

    @Test func overlongLineIsAnsweredBeforeItEnds() {
        var run = ServerDialogue { $0.maximumCommandLine = 64 }
        run.start()
        run.feed("NOOP\r\n")
        run.feed(String(repeating: "x", count: 63))
        #expect(run.lines.count == 2)
        run.feed("x")
        #expect(run.lines.last == "500 5.5.2 Error: line too long")
    }

    @Test(arguments: [(ServerSession.helloNameLimit, "250 2.0.0 "), (ServerSession.helloNameLimit + 1, "501 5.5.4 ")])
    func helloNameLimit(octets: Int, reply: String) {
        var run = ServerDialogue()
        run.start()
        run.feed("HELO " + String(repeating: "h", count: octets) + "\r\n")
        #expect(run.lines.last?.hasPrefix(reply) == true)
    }

    @Test func overlongLineIsOneErrorWhateverItHolds() {
        let line = String(repeating: "x", count: 300) + "\nMAIL FROM:<a@x>\n\r\r\nNOOP\r\n"
        let run = playEverySplit({ ServerDialogue { $0.maximumCommandLine = 64 } }, ["NOOP\r\n", line])
        #expect(Array(run.lines.suffix(2)) == ["500 5.5.2 Error: line too long", "250 2.0.0 Ok"])
        #expect(run.lines.count == 4)
    }

    /// A client that never reads its replies must not make us hold any number of them.
    @Test(arguments: [(13, false), (14, true)])
    func idleCommandLimit(commands: Int, closes: Bool) {
        var run = ServerDialogue {
            $0.maximumIdleCommands = 10
            $0.maximumErrors = 3
        }
        run.start()
        run.feed(String(repeating: "EHLO c\r\n", count: commands))
        #expect(run.session.isClosed == closes)
        if closes { #expect(run.lines.last == "421 4.7.0 mx.example Error: too many errors") }
    }

    @Test(arguments: [(3, false), (4, true)])
    func errorLimit(errors: Int, closes: Bool) {
        let text = "NOOP\r\n" + String(repeating: "XYZZY\r\n", count: errors) + "NOOP\r\n"
        let run = playEverySplit({ ServerDialogue { $0.maximumErrors = 3 } }, [text])
        #expect(run.session.isClosed == closes)
        #expect(run.lines.last == (closes ? "421 4.7.0 mx.example Error: too many errors" : "250 2.0.0 Ok"))
        #expect(run.lines.count { $0.hasPrefix("500") } == 3)
    }

    @Test func aTakenMessageForgivesErrors() {
        var run = ServerDialogue { $0.maximumErrors = 1 }
        run.start()
        run.feed("EHLO c\r\nXYZZY\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n")
        run.feed("x\r\n.\r\nXYZZY\r\nNOOP\r\n")
        #expect(run.lines.last == "250 2.0.0 Ok")
    }

    /// `soft_bounce`: the client keeps what is refused.
    @Test func softRefusals() {
        var run = ServerDialogue {
            $0.maximumMessageSize = 100
            $0.lineEndings = .reject
            $0.softBounce = true
        }
        run.start()
        run.feed("EHLO client.example\r\nMAIL FROM:<a@example.org> SIZE=101\r\n")
        #expect(run.lines.last == "452 4.3.4 Message size exceeds fixed limit")
        run.feed("MAIL FROM:<a@example.org\r\n")
        #expect(run.lines.last == "401 4.1.7 Bad sender address syntax")
        for (content, reply) in [
            (String(repeating: "x", count: 200) + "\r\n", "452 4.3.4 Error: message file too big"),
            ("a\nb\r\n", "450 4.5.2 Error: bare <LF> received"),
        ] {
            run.feed("MAIL FROM:<a@example.org>\r\n")
            run.feed("RCPT TO:<b@example.org>\r\n")
            run.feed("DATA\r\n")
            run.feed("\(content).\r\n")
            #expect(run.lines.last == reply)
        }
        // What the message itself is answered with is the policy's or the next hop's.
        run.decision = [Reply(554, EnhancedStatus(5, 6, 0), "no thanks")]
        run.feed("MAIL FROM:<a@example.org>\r\n")
        run.feed("RCPT TO:<b@example.org>\r\n")
        run.feed("DATA\r\n")
        run.feed("x\r\n.\r\n")
        #expect(run.lines.last == "554 5.6.0 no thanks")
    }

    @Test(arguments: [("100", "250 2.1.0 Ok"), ("101", "552 5.3.4 Message size exceeds fixed limit")])
    func declaredSize(size: String, reply: String) {
        var run = ServerDialogue { $0.maximumMessageSize = 100 }
        run.start()
        run.feed("EHLO c\r\nMAIL FROM:<a@x> SIZE=\(size)\r\n")
        #expect(run.lines.last == reply)
    }

    @Test func realSizeAtTheLimit() {
        let body = String(repeating: "x", count: 48) + "\r\n" + String(repeating: "y", count: 48) + "\r\n"
        let run = playEverySplit(
            { ServerDialogue { $0.maximumMessageSize = 100 } }, [Self.transaction, body + ".\r\nNOOP\r\n"])
        #expect(run.messages == [Array(body.utf8)])
        #expect(run.facts.first?.octets == 100)
        #expect(run.lines.suffix(2) == ["250 2.0.0 Ok: queued", "250 2.0.0 Ok"])
    }

    @Test func realSizeOverTheLimit() {
        let body = String(repeating: "x", count: 48) + "\r\n" + String(repeating: "y", count: 49) + "\r\n"
        let run = playEverySplit(
            { ServerDialogue { $0.maximumMessageSize = 100 } },
            [Self.transaction, body + "more\r\n.\r\nMAIL FROM:<c@x>\r\n"])
        #expect(run.facts.isEmpty)
        #expect(run.events.contains(.abandoned(.tooLarge)))
        #expect(run.lines.suffix(2) == ["552 5.3.4 Error: message file too big", "250 2.1.0 Ok"])
    }

    @Test func abandonedAtOnceWhenTooLarge() {
        var run = ServerDialogue { $0.maximumMessageSize = 100 }
        run.start()
        run.feed(Self.transaction)
        run.feed(String(repeating: "x", count: 101))
        #expect(run.events.last == .abandoned(.tooLarge))
        run.feed(String(repeating: "x", count: 1000))
        #expect(run.events.last == .abandoned(.tooLarge))
    }

    @Test func refusedMessageInLMTPHasAReplyForEach() {
        var run = ServerDialogue { $0.lineEndings = .reject }
        run.start()
        run.feed("LHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nDATA\r\n")
        run.feed("a\rb\r\n.\r\n")
        #expect(
            run.lines.suffix(2) == [
                "550 5.5.2 Error: bare <CR> received", "550 5.5.2 Error: bare <CR> received",
            ])
    }

    @Test func endlessHeader() {
        // 500,000 fields as one stream of small pieces (CVE-2024-23184 class): each octet is looked at a bounded
        // number of times, so this ends.
        var run = ServerDialogue()
        run.start()
        run.feed(Self.transaction)
        let block = Array(String(repeating: "To: a@x.example\r\n", count: 1000).utf8)
        var octets = 0
        for _ in 0..<500 {
            var actions: [ServerSession.Action] = []
            run.session.receive(block.span, &actions)
            for case .body(let bytes) in actions { octets += bytes.count }
        }
        #expect(octets == 500 * block.count)
        run.feed("\r\n.\r\n")
        #expect(run.facts.first?.octets == octets + 2)
    }

    @Test func timeouts() {
        let farewell = "421 4.4.2 mx.example Error: timeout exceeded\r\n"
        var idle = ServerDialogue()
        idle.start()
        idle.event { $0.timedOut(&$1) }
        #expect(idle.events.suffix(1) == [.closed])
        #expect(idle.output.hasSuffix(farewell))

        var data = ServerDialogue()
        data.start()
        data.feed(Self.transaction)
        data.feed("half a mess")
        data.event { $0.timedOut(&$1) }
        #expect(data.events.suffix(3) == [.abandoned(.timedOut), .sent(farewell), .closed])

        var deciding = ServerDialogue()
        deciding.start()
        deciding.feed(Self.transaction)
        deciding.holdsAnswers = true
        deciding.feed("x\r\n.\r\n")
        deciding.event { $0.timedOut(&$1) }
        deciding.decide([ServerDialogue.ok])
        #expect(deciding.lines.last == "250 2.0.0 Ok: queued")
        #expect(!deciding.session.isClosed)
    }

    @Test func shutdown() {
        var idle = ServerDialogue()
        idle.start()
        idle.feed("EHLO c\r\nMAIL FROM:<a@x>\r\n")
        idle.event { $0.shutdown(&$1) }
        #expect(idle.lines.last == "421 4.3.2 mx.example Service shutting down")
        #expect(idle.events.last == .closed)

        var busy = ServerDialogue()
        busy.start()
        busy.feed(Self.transaction)
        busy.feed("half ")
        busy.event { $0.shutdown(&$1) }
        #expect(!busy.session.isClosed)
        busy.feed("and half\r\n.\r\nMAIL FROM:<c@x>\r\n")
        #expect(busy.messages == [Array("half and half\r\n".utf8)])
        #expect(
            busy.lines.suffix(2) == ["250 2.0.0 Ok: queued", "421 4.3.2 mx.example Service shutting down"])
        #expect(busy.events.last == .closed)
    }

    @Test func clientGone() {
        var data = ServerDialogue()
        data.start()
        data.feed(Self.transaction)
        data.feed("half")
        data.event { $0.inputClosed(&$1) }
        #expect(data.events.suffix(2) == [.abandoned(.connectionLost), .closed])

        var half = ServerDialogue()
        half.start()
        half.feed(Self.transaction)
        half.holdsAnswers = true
        half.feed("x\r\n.\r\nNOOP\r\n")
        half.event { $0.inputClosed(&$1) }
        #expect(!half.session.isClosed)
        half.decide([ServerDialogue.ok])
        #expect(half.lines.suffix(2) == ["250 2.0.0 Ok: queued", "250 2.0.0 Ok"])
        #expect(half.events.last == .closed)

        var pipelined = ServerDialogue()
        pipelined.start()
        pipelined.feed(Self.transaction)
        pipelined.holdsAnswers = true
        pipelined.feed("x\r\n.\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n")
        pipelined.event { $0.inputClosed(&$1) }
        pipelined.decide([ServerDialogue.ok])
        #expect(pipelined.events.suffix(2) == [.abandoned(.connectionLost), .closed])
        #expect(pipelined.lines.suffix(3) == ["250 2.0.0 Ok: queued", "250 2.1.0 Ok", "250 2.1.5 Ok"])

        var lost = ServerDialogue()
        lost.start()
        lost.feed(Self.transaction)
        lost.holdsAnswers = true
        lost.feed("x\r\n.\r\n")
        lost.event { $0.connectionLost(&$1) }
        #expect(lost.events.suffix(2) == [.abandoned(.connectionLost), .closed])
        lost.decide([ServerDialogue.ok])
        #expect(lost.events.last == .closed)
    }
}
