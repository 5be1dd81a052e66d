internal import Bytes
internal import MailModel

/// The command phase.
extension ServerSession {
    /// Executes the complete lines in the buffer until one must be waited for.
    mutating func processCommands(_ actions: inout [Action]) {
        while phase == .command {
            if let farewell {
                say(farewell)
                close(&actions)
                return
            }
            switch buffer.next() {
            case .incomplete:
                return
            case .tooLong:
                refuse(500, EnhancedStatus(5, 5, 2), "Error: line too long")
            case .malformed:
                refuse(500, EnhancedStatus(5, 5, 2), "Error: NUL, bare <CR> or bare <LF> in command line")
            case .command(let line):
                execute(line, &actions)
            }
            firstLine = false
            if errors > settings.maximumErrors, phase == .command { hangUp(&actions) }
        }
    }

    /// Answers with an error and counts it.
    mutating func refuse(_ code: Int, _ status: EnhancedStatus, _ text: String) {
        refuse(Reply(code, status, text))
    }

    mutating func refuse(_ reply: Reply) {
        errors += 1
        guard errors <= settings.maximumErrors else { return }
        answer(softened(reply))
    }

    private mutating func countIdle(_ verb: Verb) {
        switch verb {
        case .helo, .ehlo, .lhlo, .noop, .rset, .vrfy, .expn, .help, .xforward:
            idleCommands += 1
            if idleCommands > settings.maximumIdleCommands { errors += 1 }
        default: break
        }
    }

    private mutating func hangUp(_ actions: inout [Action]) {
        say(Reply(421, EnhancedStatus(4, 7, 0), "\(settings.hostname) Error: too many errors"))
        close(&actions)
    }

    private mutating func execute(_ line: ArraySlice<UInt8>, _ actions: inout [Action]) {
        let command = Command(line: line)
        if command.verb == .http || (firstLine && !looksLikeCommand(line)) {
            // A browser, a TLS hello or another protocol was led here: not one more line of it is read.
            say(Reply(221, EnhancedStatus(2, 7, 0), "Error: this is a mail service"))
            close(&actions)
            return
        }
        if settings.startTLS == .encrypt, !client.secured, needsTLS(command.verb) {
            refuse(530, EnhancedStatus(5, 7, 0), "Must issue a STARTTLS command first")
            return
        }
        countIdle(command.verb)
        switch command.verb {
        case .helo, .ehlo, .lhlo: hello(command)
        case .mail: caught { session throws(Refusal) in try session.mail(command) }
        case .rcpt: caught { session throws(Refusal) in try session.rcpt(command) }
        case .xforward: caught { session throws(Refusal) in try session.xforward(command) }
        case .data where command.argument.isEmpty: beginData(&actions)
        case .startTLS where command.argument.isEmpty: startTLS(&actions)
        case .rset where command.argument.isEmpty:
            transaction = nil
            client.forwarded = nil
            answer(Reply(250, EnhancedStatus(2, 0, 0), "Ok"))
        case .data, .startTLS, .rset:
            refuse(501, EnhancedStatus(5, 5, 4), "Syntax: no argument allowed")
        case .noop: answer(Reply(250, EnhancedStatus(2, 0, 0), "Ok"))
        case .vrfy where command.argument.isEmpty:
            refuse(501, EnhancedStatus(5, 5, 4), "Syntax: VRFY address")
        case .vrfy:
            answer(Reply(252, EnhancedStatus(2, 0, 0), "Send some mail, I will try my best"))
        case .expn: refuse(502, EnhancedStatus(5, 5, 1), "Error: command not implemented")
        case .help:
            answer(Reply(214, EnhancedStatus(2, 0, 0), "Commands: HELO EHLO LHLO MAIL RCPT DATA RSET NOOP QUIT VRFY"))
        case .quit:
            answer(Reply(221, EnhancedStatus(2, 0, 0), "Bye"))
            close(&actions)
        case .bdat:
            // CHUNKING is not offered. The octets behind BDAT would be read as commands: message content would speak
            // for the client, so the session ends here (A7).
            answer(Reply(502, EnhancedStatus(5, 5, 1), "Error: CHUNKING is not offered"))
            close(&actions)
        case .http, .unknown:
            refuse(500, EnhancedStatus(5, 5, 2), "Error: command not recognized")
        }
    }

    private mutating func caught(_ body: (inout ServerSession) throws(Refusal) -> Void) {
        do throws(Refusal) {
            try body(&self)
        } catch {
            refuse(error.reply)
        }
    }

    private func looksLikeCommand(_ line: ArraySlice<UInt8>) -> Bool {
        let word = line.prefix { $0 != 0x20 }
        return word.count >= 4 && word.allSatisfy { $0.isLetter }
    }

    private func needsTLS(_ verb: Verb) -> Bool {
        switch verb {
        case .mail, .rcpt, .data, .vrfy, .expn, .xforward: true
        default: false
        }
    }

    private mutating func hello(_ command: Command) {
        let name = command.argument
        guard !name.isEmpty, name.count <= Self.helloNameLimit, !name.contains(where: { $0.isControl || $0.isEightBit })
        else {
            refuse(501, EnhancedStatus(5, 5, 4), "Syntax: hostname expected")
            return
        }
        let wanted: Dialect = command.verb == .lhlo ? .lmtp : .smtp
        if let dialect, dialect != wanted {
            refuse(503, EnhancedStatus(5, 5, 1), "Error: the session is \(dialect == .lmtp ? "LMTP" : "SMTP")")
            return
        }
        dialect = wanted
        transaction = nil
        client.forwarded = nil
        client.helo = Array(name)
        switch command.verb {
        case .helo:
            client.transmission = .smtp
            answer(Reply(250, EnhancedStatus(2, 0, 0), settings.hostname))
        default:
            client.transmission = wanted == .lmtp ? .lmtp : .esmtp
            say(Reply(250, nil, lines: announcement))
        }
    }

    private var announcement: [String] {
        var lines = [settings.hostname, "PIPELINING", "SIZE \(settings.maximumMessageSize)"]
        if settings.startTLS != .none, !client.secured { lines.append("STARTTLS") }
        lines += ["ENHANCEDSTATUSCODES", "8BITMIME", "DSN", "SMTPUTF8"]
        if settings.xforwardAllowed { lines.append("XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE") }
        return lines
    }

    private mutating func mail(_ command: Command) throws(Refusal) {
        guard dialect != nil else {
            throw Refusal(503, EnhancedStatus(5, 5, 1), "Error: send HELO, EHLO or LHLO first")
        }
        guard transaction == nil else { throw Refusal(503, EnhancedStatus(5, 5, 1), "Error: nested MAIL command") }
        guard let argument = command.argument(after: "FROM:") else {
            throw Refusal(501, EnhancedStatus(5, 5, 4), "Syntax: MAIL FROM:<address>")
        }
        let bad = Refusal(501, EnhancedStatus(5, 1, 7), "Bad sender address syntax")
        let (path, rest) = try read(argument, bad)
        let parameters = try Parameters.mail(rest)
        try checkEightBit(path, allowed: parameters.smtputf8)
        if let size = parameters.declaredSize, size > settings.maximumMessageSize {
            throw Refusal(552, EnhancedStatus(5, 3, 4), "Message size exceeds fixed limit")
        }
        transaction = Transaction(reversePath: path, parameters: parameters)
        answer(Reply(250, EnhancedStatus(2, 1, 0), "Ok"))
    }

    private mutating func rcpt(_ command: Command) throws(Refusal) {
        guard let parameters = transaction?.parameters else {
            throw Refusal(503, EnhancedStatus(5, 5, 1), "Error: need MAIL command")
        }
        transaction?.recipientsTried = true
        guard let argument = command.argument(after: "TO:") else {
            throw Refusal(501, EnhancedStatus(5, 5, 4), "Syntax: RCPT TO:<address>")
        }
        let bad = Refusal(501, EnhancedStatus(5, 1, 3), "Bad recipient address syntax")
        let (path, rest) = try read(argument, bad)
        guard !path.isNull else { throw bad }
        let recipient = try Parameters.recipient(rest, path: path, smtputf8: parameters.smtputf8)
        try checkEightBit(path, allowed: parameters.smtputf8)
        guard recipientCount < settings.maximumRecipients else {
            // Not counted as an error: the client sends the rest in another transaction (RFC 5321 section 4.5.3.1.10).
            answer(Reply(452, EnhancedStatus(4, 5, 3), "Error: too many recipients"))
            return
        }
        transaction?.recipients.append(recipient)
        answer(Reply(250, EnhancedStatus(2, 1, 5), "Ok"))
    }

    private func read(
        _ argument: ArraySlice<UInt8>, _ bad: Refusal
    ) throws(Refusal) -> (path: MailPath, parameters: ArraySlice<UInt8>) {
        do throws(PathGrammar.Fault) {
            let split = try PathGrammar.split(argument)
            return (try PathGrammar.parse(split.path), split.parameters)
        } catch {
            throw bad
        }
    }

    private func checkEightBit(_ path: MailPath, allowed: Bool) throws(Refusal) {
        guard path.isASCII || allowed else {
            throw Refusal(553, EnhancedStatus(5, 6, 7), "Error: address needs SMTPUTF8")
        }
    }

    private mutating func xforward(_ command: Command) throws(Refusal) {
        guard settings.xforwardAllowed else {
            throw Refusal(550, EnhancedStatus(5, 7, 0), "Error: insufficient authorization")
        }
        guard transaction == nil else {
            throw Refusal(503, EnhancedStatus(5, 5, 1), "Error: MAIL transaction in progress")
        }
        let known = client.forwarded
        client.forwarded = XForward.refused(known)
        client.forwarded = try XForward.apply(command.argument, to: known)
        answer(Reply(250, EnhancedStatus(2, 0, 0), "Ok"))
    }

    private mutating func startTLS(_ actions: inout [Action]) {
        guard settings.startTLS != .none else {
            refuse(502, EnhancedStatus(5, 5, 1), "Error: command not implemented")
            return
        }
        guard !client.secured else {
            refuse(503, EnhancedStatus(5, 5, 1), "Error: TLS already active")
            return
        }
        guard transaction == nil else {
            refuse(503, EnhancedStatus(5, 5, 1), "Error: MAIL transaction in progress")
            return
        }
        guard buffer.isEmpty else {
            // Plaintext behind STARTTLS would be taken for input under TLS (CVE-2011-0411).
            say(Reply(554, EnhancedStatus(5, 5, 0), "Error: input before the TLS handshake"))
            close(&actions)
            return
        }
        answer(Reply(220, EnhancedStatus(2, 0, 0), "Ready to start TLS"))
        phase = .awaitingTLS
        act(.startTLS, &actions)
    }
}
