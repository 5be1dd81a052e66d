package import MailModel

/// DATA, the message, and the replies to it.
extension ServerSession {
    /// Octets from the connection.
    package mutating func receive(_ input: Span<UInt8>, _ actions: inout [Action]) {
        guard !input.isEmpty else { return }
        switch phase {
        case .closed:
            return
        case .greeting, .awaitingDecision:
            hold(input)
        case .awaitingIntake:
            refusePrematureInput(&actions)
        case .awaitingTLS:
            // Plaintext in place of a handshake: to answer it would be to trust it (CVE-2011-0411).
            close(&actions)
        case .command:
            buffer.append(input)
            processCommands(&actions)
        case .data:
            receiveData(input, &actions)
        }
        finish(&actions)
    }

    /// The owner is ready for the message of `beginData`.
    package mutating func dataAccepted(_ actions: inout [Action]) {
        guard phase == .awaitingIntake else { return }
        phase = .data
        say(Reply(354, nil, "End data with <CR><LF>.<CR><LF>"))
        finish(&actions)
    }

    /// The owner cannot take a message now: `reply` takes the place of 354, and the transaction is over.
    package mutating func dataRefused(_ reply: Reply, _ actions: inout [Action]) {
        guard phase == .awaitingIntake else { return }
        answer(reply)
        endTransaction(&actions)
    }

    /// The replies to the end of data: one, or for LMTP one for each accepted recipient in their order.
    /// A wrong number becomes 451 4.5.0 for all: nobody may take another recipient's 250 for his own.
    package mutating func decided(_ replies: [Reply], _ actions: inout [Action]) {
        guard phase == .awaitingDecision else { return }
        var answers = replies
        if replies.count != expectedReplies {
            let reply = Reply(
                451, EnhancedStatus(4, 5, 0), "Error in processing",
                cause: "\(replies.count) replies for \(expectedReplies)")
            answers = Array(repeating: reply, count: expectedReplies)
        }
        for reply in answers { answer(reply) }
        if answers.contains(where: { $0.isPositive }) {
            errors = 0
            idleCommands = 0
        }
        endTransaction(&actions)
    }

    private var expectedReplies: Int {
        dialect == .lmtp ? recipientCount : 1
    }

    /// DATA was taken apart from its argument; checks the order and hands the envelope out.
    mutating func beginData(_ actions: inout [Action]) {
        guard buffer.isEmpty else {
            refusePrematureInput(&actions)
            return
        }
        guard let transaction else {
            refuse(503, EnhancedStatus(5, 5, 1), "Error: need MAIL command")
            return
        }
        guard !transaction.recipients.isEmpty else {
            // RFC 2033 section 4.2 wants 503 in LMTP; RFC 2920 section 3.1 allows 554 for refused recipients.
            if transaction.recipientsTried, dialect == .smtp {
                refuse(554, EnhancedStatus(5, 5, 1), "Error: no valid recipients")
            } else {
                refuse(503, EnhancedStatus(5, 5, 1), "Error: need RCPT command")
            }
            return
        }
        decoder = DataDecoder(maximumSize: settings.maximumMessageSize, lineEndings: settings.lineEndings)
        messageAbandoned = false
        phase = .awaitingIntake
        let envelope = Envelope(
            reversePath: transaction.reversePath, parameters: transaction.parameters,
            recipients: transaction.recipients, client: client)
        act(.beginData(envelope), &actions)
    }

    /// Input behind DATA, before our 354: a client that does not wait for replies sends what others wrote (A2).
    private mutating func refusePrematureInput(_ actions: inout [Action]) {
        if phase == .awaitingIntake { abandon(.protocolViolation, &actions) }
        say(Reply(554, EnhancedStatus(5, 5, 0), "Error: input before the reply to DATA"))
        close(&actions)
    }

    private mutating func receiveData(_ input: Span<UInt8>, _ actions: inout [Action]) {
        var body: [UInt8] = []
        body.reserveCapacity(input.count)
        let used = decoder.decode(input, into: &body)
        // What was decoded before the fault is of no use to anybody.
        if let fault = decoder.fault {
            abandon(fault == .tooLarge ? .tooLarge : .lineEndings, &actions)
        } else if !body.isEmpty {
            act(.body(body), &actions)
        }
        guard decoder.isComplete else { return }
        if let fault = decoder.fault {
            let reply = softened(refusal(for: fault))
            for _ in 0..<expectedReplies { answer(reply) }
            buffer.append(input.extracting(used..<input.count))
            endTransaction(&actions)
        } else {
            phase = .awaitingDecision
            act(.endOfData(decoder.facts), &actions)
            hold(input.extracting(used..<input.count))
        }
    }

    private func refusal(for fault: DataDecoder.Fault) -> Reply {
        switch fault {
        case .tooLarge:
            return Reply(552, EnhancedStatus(5, 3, 4), "Error: message file too big")
        case .bareLineEnding:
            let which = decoder.facts.bareLF.count > 0 ? "bare <LF> received" : "bare <CR> received"
            return Reply(550, EnhancedStatus(5, 5, 2), "Error: \(which)")
        }
    }

    /// The transaction is over; goes on with what was pipelined behind it.
    private mutating func endTransaction(_ actions: inout [Action]) {
        transaction = nil
        client.forwarded = nil
        phase = .command
        if let farewell {
            say(farewell)
            close(&actions)
            return
        }
        processCommands(&actions)
        if inputEnded, phase != .closed {
            // A pipelined DATA whose message can no longer come.
            if phase == .awaitingIntake { abandon(.connectionLost, &actions) }
            close(&actions)
        }
        finish(&actions)
    }

    /// Keeps input for later. A client that sends more than a batch of commands without waiting is not served further,
    /// and what goes beyond the limit is not executed.
    private mutating func hold(_ input: Span<UInt8>) {
        guard farewell == nil else { return }
        let room = settings.maximumHeldInput - buffer.count
        if input.count > room {
            farewell = Reply(421, EnhancedStatus(4, 7, 0), "\(settings.hostname) Error: too much input")
            buffer.removeAll()
        } else {
            buffer.append(input)
        }
    }
}
