import MailModel
import SMTP
import Testing

@Suite("Server: the dialogue")
struct ServerSessionTests {
    @Test func smtpDialogue() {
        let run = playEverySplit(
            { ServerDialogue() },
            [
                "EHLO client.example\r\n", "MAIL FROM:<a@x.example> SIZE=100 BODY=8BITMIME RET=HDRS ENVID=q+2B1\r\n",
                "RCPT TO:<b@y.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2By@z.example\r\n",
                "RCPT TO:<@r1.example,@r2.example:c@y.example> NOTIFY=NEVER\r\n", "DATA\r\n",
                "Subject: x\r\n\r\n..dot\r\n.\r\n", "QUIT\r\n",
            ])
        #expect(
            run.lines == [
                "220 mx.example ESMTP",
                "250-mx.example", "250-PIPELINING", "250-SIZE 104857600", "250-ENHANCEDSTATUSCODES", "250-8BITMIME",
                "250-DSN", "250 SMTPUTF8",
                "250 2.1.0 Ok", "250 2.1.5 Ok", "250 2.1.5 Ok", "354 End data with <CR><LF>.<CR><LF>",
                "250 2.0.0 Ok: queued", "221 2.0.0 Bye",
            ])
        #expect(run.events.last == .closed)
        #expect(run.messages == [Array("Subject: x\r\n\r\n.dot\r\n".utf8)])
        let envelope = run.envelopes.first
        #expect(envelope?.reversePath == MailPath("a@x.example"))
        #expect(
            envelope?.parameters
                == MailParameters(
                    declaredSize: 100, body: .eightBitMIME, ret: .headers, envelopeID: Array("q+2B1".utf8)))
        #expect(
            envelope?.recipients == [
                Recipient(
                    path: MailPath("b@y.example"), notify: [.success, .delay],
                    originalRecipient: Array("rfc822;b+2By@z.example".utf8)),
                Recipient(path: MailPath("c@y.example"), notify: .never),
            ])
        #expect(envelope?.client.helo == Array("client.example".utf8))
        #expect(envelope?.client.transmission == .esmtp)
    }

    @Test func pipelinedBatchIsOneWrite() {
        var run = ServerDialogue()
        run.start()
        run.feed("EHLO c\r\n")
        run.writes = []
        run.dataRefusal = Reply(452, EnhancedStatus(4, 3, 1), "no space")
        run.feed("MAIL FROM:<>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nNOOP\r\n")
        #expect(run.writes == ["250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n250 2.0.0 Ok\r\n"])
    }

    @Test func endOfDataAndNextBatchInOneWrite() {
        let run = playEverySplit(
            { ServerDialogue() },
            [
                "EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n",
                "one\r\n.\r\nMAIL FROM:<c@x>\r\nRCPT TO:<d@y>\r\nDATA\r\n", "two\r\n.\r\nQUIT\r\n",
            ])
        #expect(run.messages == [Array("one\r\n".utf8), Array("two\r\n".utf8)])
        #expect(run.envelopes.map(\.reversePath) == [MailPath("a@x"), MailPath("c@x")])
        #expect(run.events.last == .closed)
    }

    @Test func lmtpHasOneReplyForEachAcceptedRecipient() {
        let replies = [
            Reply(250, EnhancedStatus(2, 0, 0), "first"), Reply(554, EnhancedStatus(5, 7, 0), "second"),
        ]
        let run = playEverySplit(
            {
                var dialogue = ServerDialogue()
                dialogue.decision = replies
                return dialogue
            },
            [
                "LHLO c\r\n", "MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nRCPT TO:<bad@@y>\r\nRCPT TO:<c@y>\r\nDATA\r\n",
                "x\r\n.\r\n", "EHLO c\r\nHELO c\r\nQUIT\r\n",
            ])
        #expect(
            Array(run.lines.suffix(9)) == [
                "250 2.1.5 Ok", "501 5.1.3 Bad recipient address syntax", "250 2.1.5 Ok",
                "354 End data with <CR><LF>.<CR><LF>", "250 2.0.0 first", "554 5.7.0 second",
                "503 5.5.1 Error: the session is LMTP", "503 5.5.1 Error: the session is LMTP", "221 2.0.0 Bye",
            ])
        #expect(run.envelopes.first?.client.transmission == .lmtp)
    }

    @Test(arguments: [0, 1, 3])
    func wrongNumberOfRepliesIsTemporary(count: Int) {
        var run = ServerDialogue()
        run.decision = Array(repeating: ServerDialogue.ok, count: count)
        run.start()
        run.feed("LHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nDATA\r\n")
        run.feed("x\r\n.\r\n")
        #expect(run.lines.suffix(2) == ["451 4.5.0 Error in processing", "451 4.5.0 Error in processing"])
    }

    @Test func wrongNumberOfRepliesInSMTP() {
        var run = ServerDialogue()
        run.decision = [ServerDialogue.ok, ServerDialogue.ok]
        run.start()
        run.feed("EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nRCPT TO:<c@y>\r\nDATA\r\n")
        run.feed("x\r\n.\r\n")
        #expect(run.lines.suffix(2) == ["354 End data with <CR><LF>.<CR><LF>", "451 4.5.0 Error in processing"])
    }

    @Test func afterEHLONoLHLO() {
        let run = playEverySplit({ ServerDialogue() }, ["HELO c\r\nEHLO c\r\nLHLO c\r\n"])
        #expect(run.lines[1] == "250 2.0.0 mx.example")
        #expect(run.lines.last == "503 5.5.1 Error: the session is SMTP")
    }

    @Test(arguments: [
        ("MAIL FROM:<a@x>", "503 5.5.1"), ("EHLO", "501 5.5.4"), ("HELO", "501 5.5.4"), ("LHLO  ", "501 5.5.4"),
        ("RCPT TO:<a@x>", "503 5.5.1"), ("DATA", "503 5.5.1"), ("DATA x", "501 5.5.4"), ("RSET x", "501 5.5.4"),
        ("VRFY", "501 5.5.4"), ("VRFY a@x", "252 2.0.0"), ("EXPN list", "502 5.5.1"), ("HELP", "214 2.0.0"),
        ("NOOP anything", "250 2.0.0"), ("noop", "250 2.0.0"), ("XYZZY", "500 5.5.2"), ("STARTTLS", "502 5.5.1"),
        ("XFORWARD NAME=a", "550 5.7.0"), ("HELO a\u{1B}[2J", "501 5.5.4"), ("EHLO h\u{E9}", "501 5.5.4"),
        ("AUTH PLAIN x", "500 5.5.2"), ("RSET", "250 2.0.0"),
    ])
    func repliesBeforeEHLO(command: String, reply: String) {
        var run = ServerDialogue()
        run.start()
        run.feed("NOOP\r\n\(command)\r\n")
        run.feed("NOOP\r\n")
        #expect(run.lines.count == 4)
        #expect(run.lines[2].hasPrefix(reply + " "), "\(run.lines)")
    }

    @Test(arguments: [
        ("MAIL FROM:<c@x>", "503 5.5.1"), ("STARTTLS", "503 5.5.1"), ("DATA", "503 5.5.1"),
        ("XFORWARD NAME=x", "503 5.5.1"), ("RCPT TO:<>", "501 5.1.3"), ("RCPT FROM:<a@x>", "501 5.5.4"),
        ("RCPT TO:<a@x> FOO=1", "555 5.5.4"), ("RCPT TO:<a@x> NOTIFY=NEVER NOTIFY=NEVER", "501 5.5.4"),
        ("RCPT TO:<postmaster>", "250 2.1.5"), ("RCPT TO:<\u{E9}@x>", "553 5.6.7"),
        ("RCPT TO:<a\u{7}@x>", "501 5.1.3"), ("VRFY x", "252 2.0.0"),
    ])
    func repliesInsideTransaction(command: String, reply: String) {
        var run = ServerDialogue {
            $0.startTLS = .may
            $0.xforwardAllowed = true
        }
        run.start()
        run.feed("EHLO c\r\nMAIL FROM:<a@x>\r\n\(command)\r\n")
        #expect(run.lines.last?.hasPrefix(reply + " ") == true, "\(run.lines)")
    }

    @Test func noValidRecipients() {
        var smtp = ServerDialogue()
        smtp.start()
        smtp.feed("EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<@>\r\nDATA\r\n")
        #expect(smtp.lines.last == "554 5.5.1 Error: no valid recipients")
        var lmtp = ServerDialogue()
        lmtp.start()
        lmtp.feed("LHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<@>\r\nDATA\r\n")
        #expect(lmtp.lines.last == "503 5.5.1 Error: need RCPT command")
    }

    @Test func refusedDataEndsTheTransaction() {
        let run = playEverySplit(
            {
                var dialogue = ServerDialogue { $0.xforwardAllowed = true }
                dialogue.dataRefusal = Reply(452, EnhancedStatus(4, 3, 1), "Insufficient system storage")
                return dialogue
            },
            [
                "EHLO c\r\nXFORWARD NAME=n\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n",
                "DATA\r\n", "MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n",
            ])
        #expect(
            run.lines.suffix(5) == [
                "452 4.3.1 Insufficient system storage", "503 5.5.1 Error: need MAIL command", "250 2.1.0 Ok",
                "250 2.1.5 Ok", "452 4.3.1 Insufficient system storage",
            ])
        #expect(run.envelopes.map { $0.client.forwarded == nil } == [false, true])
    }

    @Test func missingEnhancedStatusIsAdded() {
        var run = ServerDialogue()
        run.decision = [Reply(451, nil, "old peer")]
        run.start()
        run.feed("EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n")
        run.feed(".\r\n")
        #expect(run.lines.last == "451 4.0.0 old peer")
        #expect(run.messages.isEmpty)
        #expect(run.facts == [IntakeFacts()])
    }

    @Test func refusedConnection() {
        var run = ServerDialogue()
        run.event { $0.refuse(Reply(421, EnhancedStatus(4, 7, 0), "too many connections"), &$1) }
        #expect(run.events == [.sent("421 4.7.0 too many connections\r\n"), .closed])
        run.feed("EHLO c\r\n")
        #expect(run.events.count == 2)
    }

    @Test func inputWaitsWhileTheMessageIsDecided() {
        var run = ServerDialogue()
        run.start()
        run.feed("EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n")
        run.holdsAnswers = true
        let before = run.lines.count
        run.feed("x\r\n.\r\nMAIL FROM:<c@x>\r\n")
        run.feed("QUIT\r\n")
        #expect(run.lines.count == before)
        #expect(!run.session.wantsInput)
        run.decide([ServerDialogue.ok])
        #expect(run.lines.suffix(3) == ["250 2.0.0 Ok: queued", "250 2.1.0 Ok", "221 2.0.0 Bye"])
        #expect(run.events.last == .closed)
    }

    @Test(arguments: [(100, false), (101, true)])
    func heldInputIsBounded(octets: Int, closes: Bool) {
        var run = ServerDialogue { $0.maximumHeldInput = 100 }
        run.start()
        run.feed("EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n")
        run.holdsAnswers = true
        run.feed("x\r\n.\r\n")
        let noop = "NOOP\r\n"
        run.feed(String(repeating: noop, count: 16) + String(repeating: "X", count: octets - 96))
        run.decide([ServerDialogue.ok])
        #expect(run.session.isClosed == closes)
        let expected = closes ? "421 4.7.0 mx.example Error: too much input" : "250 2.0.0 Ok"
        #expect(run.lines.last == expected)
    }
}
