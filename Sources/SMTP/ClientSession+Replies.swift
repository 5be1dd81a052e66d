internal import MailModel

/// The peer's replies.
extension ClientSession {
    /// Octets from the connection.
    package mutating func receive(_ input: Span<UInt8>, _ actions: inout [Action]) {
        guard phase != .closed, !input.isEmpty else { return }
        reader.append(input)
        do throws(ReplyReader.Nonsense) {
            while phase != .closed, let complete = try reader.next() {
                handle(complete, &actions)
            }
        } catch {
            fail(.protocolError, nil, error.cause, &actions)
        }
        flush(&actions)
    }

    private mutating func handle(_ complete: ReplyReader.Complete, _ actions: inout [Action]) {
        let reply = complete.reply
        if phase == .quitting {
            close(&actions)
            return
        }
        guard let what = nextExpected() else {
            let kind: ClientFailure.Kind = reply.code == 421 ? .shuttingDown : .protocolError
            fail(kind, reply, "unexpected reply: \(reply.summary)", &actions)
            return
        }
        if reply.code == 421 {
            fail(.shuttingDown, reply, reply.summary, &actions)
            return
        }
        // 354 belongs to DATA and to nothing else.
        guard (reply.code < 300 || reply.code >= 400) == (what != .data || reply.code != 354) else {
            fail(.protocolError, reply, "reply out of place: \(reply.summary)", &actions)
            return
        }
        switch what {
        case .greeting, .hello, .helo, .startTLS: handleOpening(what, complete, &actions)
        case .final(let index): handleFinal(index, reply, &actions)
        case .quit: close(&actions)
        case .probe:
            guard reply.isPositive else {
                fail(.refused, reply, reply.summary, &actions)
                return
            }
            phase = .ready
            act(.ready(capabilities), &actions)
        case .rset:
            // XFORWARD and MAIL follow; a peer that cannot reset cannot be trusted with the next message.
            guard reply.isPositive else {
                fail(.refused, reply, reply.summary, &actions)
                return
            }
            advance(&actions)
        case .xforward, .mail, .rcpt, .data, .emptyFinal: handleTransaction(what, reply, &actions)
        }
    }

    private mutating func nextExpected() -> Expected? {
        guard expectedStart < expected.count else { return nil }
        let what = expected[expectedStart]
        expectedStart += 1
        if expectedStart == expected.count {
            expected.removeAll(keepingCapacity: true)
            expectedStart = 0
        }
        return what
    }

    // MARK: Opening

    mutating func sayHello() {
        let verb = settings.lmtp ? "LHLO" : "EHLO"
        send(Step(line: Array("\(verb) \(settings.heloName)\r\n".utf8), expected: .hello))
    }

    private mutating func handleOpening(
        _ what: Expected, _ complete: ReplyReader.Complete, _ actions: inout [Action]
    ) {
        let reply = complete.reply
        // The next step waits for this reply, so nothing may be there behind it; after STARTTLS it would be plaintext
        // taken for TLS (CVE-2011-0411).
        guard !reader.hasInput else {
            fail(.protocolError, reply, "input out of turn", &actions)
            return
        }
        switch what {
        case .greeting where reply.isPositive: sayHello()
        case .hello where reply.isPositive:
            capabilities = ServerCapabilities(texts: complete.texts)
            opened(&actions)
        case .hello where reply.isPermanent && !settings.lmtp:
            send(Step(line: Array("HELO \(settings.heloName)\r\n".utf8), expected: .helo))
        case .helo where reply.isPositive:
            capabilities = ServerCapabilities()
            opened(&actions)
        case .startTLS where reply.isPositive:
            phase = .handshake
            act(.startTLS, &actions)
        case .startTLS where settings.tls == .may:
            phase = .ready
            act(.ready(capabilities), &actions)
        case .startTLS:
            fail(.tlsUnavailable, reply, "STARTTLS refused: \(reply.summary)", &actions)
        default:
            fail(.refused, reply, reply.summary, &actions)
        }
    }

    private mutating func opened(_ actions: inout [Action]) {
        if settings.tls != .none, !secured {
            if capabilities.startTLS {
                send(Step(line: Array("STARTTLS\r\n".utf8), expected: .startTLS))
                return
            }
            if settings.tls == .encrypt {
                fail(.tlsUnavailable, nil, "STARTTLS is not offered", &actions)
                return
            }
        }
        phase = .ready
        act(.ready(capabilities), &actions)
    }

    // MARK: Transaction

    /// Lines up the commands; with PIPELINING all of them go out at once (RFC 2920 section 3.1).
    mutating func startTransaction(_ wanted: ClientTransaction) {
        phase = .transaction
        transaction = wanted
        mailReply = nil
        recipientReplies = Array(repeating: nil, count: wanted.recipients.count)
        finalReplies = []
        steps = []
        stepsStart = 0
        if needsReset { steps.append(Step(line: Array("RSET\r\n".utf8), expected: .rset)) }
        if settings.sendXForward, let forwarded = wanted.forwarded {
            for line in XForward.commands(for: forwarded, announced: capabilities.xforward) {
                steps.append(Step(line: line, expected: .xforward))
            }
        }
        steps.append(Step(line: wanted.mailCommand(capabilities), expected: .mail))
        for (index, recipient) in wanted.recipients.enumerated() {
            steps.append(Step(line: wanted.rcptCommand(recipient, capabilities), expected: .rcpt(index)))
        }
        steps.append(Step(line: Array("DATA\r\n".utf8), expected: .data))
        needsReset = false
        if capabilities.pipelining {
            for step in steps { send(step) }
            stepsStart = steps.count
        } else {
            sendStep()
        }
    }

    private mutating func sendStep() {
        guard stepsStart < steps.count else { return }
        send(steps[stepsStart])
        stepsStart += 1
    }

    /// Sends the next command when nothing is outstanding.
    private mutating func advance(_ actions: inout [Action]) {
        guard expected.isEmpty else { return }
        guard !reader.hasInput else {
            fail(.protocolError, nil, "input out of turn", &actions)
            return
        }
        sendStep()
    }

    private mutating func handleTransaction(_ what: Expected, _ reply: Reply, _ actions: inout [Action]) {
        switch what {
        case .xforward:
            // Attributes are for the peer's log and policy; mail is not held up for them.
            if !reply.isPositive { capabilities.xforward = [] }
        case .mail:
            mailReply = reply
            if reply.isPositive {
                needsReset = true
            } else if stepsStart < steps.count {
                endRefused(&actions)
                return
            }
        case .rcpt(let index):
            recipientReplies[index] = reply
            let isLast = index + 1 == recipientReplies.count
            if isLast, stepsStart < steps.count, !someoneAccepted {
                endRefused(&actions)
                return
            }
        case .data:
            handleData(reply, &actions)
            return
        default:
            needsReset = false
            endRefused(&actions)
            return
        }
        advance(&actions)
    }

    private var someoneAccepted: Bool {
        (mailReply?.isPositive ?? false) && recipientReplies.contains { $0?.isPositive ?? false }
    }

    private mutating func handleData(_ reply: Reply, _ actions: inout [Action]) {
        guard reply.code == 354 else {
            guard reply.code >= 400 else {
                fail(.protocolError, reply, "reply out of place: \(reply.summary)", &actions)
                return
            }
            if someoneAccepted {
                for index in recipientReplies.indices where recipientReplies[index]?.isPositive ?? false {
                    recipientReplies[index] = reply
                }
            }
            endRefused(&actions)
            return
        }
        if someoneAccepted {
            phase = .body
            act(.goAhead(recipientReplies.compactMap { $0 }), &actions)
        } else if (mailReply?.isPositive ?? false) && !settings.lmtp {
            // The peer wants data for nobody: an empty message, as RFC 2920 section 3.1 says.
            outgoing += [0x2E, 0x0D, 0x0A]
            expect(.emptyFinal)
        } else {
            // 354 after a refused MAIL, or from LMTP without recipients (RFC 2033 section 4.2 forbids it): what a dot
            // would mean to this peer is unknown.
            endRefused(&actions)
            close(&actions)
        }
    }

    /// Reports that nobody gets the message; after a refused MAIL its reply is everybody's.
    private mutating func endRefused(_ actions: inout [Action]) {
        let mail = mailReply
        let replies = recipientReplies.map { reply -> Reply in
            if let mail, !mail.isPositive { return mail }
            return reply ?? Reply(451, EnhancedStatus(4, 5, 0), "No reply from the next hop")
        }
        endTransaction()
        act(.refused(replies), &actions)
    }

    private mutating func handleFinal(_ index: Int?, _ reply: Reply, _ actions: inout [Action]) {
        if let index {
            finalReplies[index] = reply
        } else {
            for index in finalReplies.indices where finalReplies[index] == nil { finalReplies[index] = reply }
        }
        let known = finalReplies.compactMap { $0 }
        guard known.count == finalReplies.count else { return }
        needsReset = false
        endTransaction()
        act(.finished(known), &actions)
    }

    private mutating func endTransaction() {
        phase = .ready
        transaction = nil
        mailReply = nil
        recipientReplies = []
        finalReplies = []
        steps = []
        stepsStart = 0
    }
}
