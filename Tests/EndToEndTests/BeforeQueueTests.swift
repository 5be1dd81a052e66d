import TestSupport
import Testing

/// Postfix asks the gateway while the client waits (`smtpd_proxy_filter`).
@Suite(
    .enabled(if: PostfixInstance.isPossible, PostfixInstance.missing),
    .enabled(if: Clients.arePossible, Clients.missing))
struct BeforeQueueTests {
    @Test func infectedMailIsRefused() async throws {
        try await Lanes.run {
            let chain = try Chain(.beforeQueue)
            for sample in ["eicar-attached", "eicar-nested"] {
                let swaks = try Swaks(port: chain.postfix.port, content: Samples.sample(sample))
                #expect(swaks.status != 0)
                #expect(swaks.decisive.hasPrefix("554 5.7.0 Reject, id="), "\(swaks.transcript)")
                #expect(swaks.decisive.contains(" - INFECTED: Eicar-Test-Signature"), "\(swaks.transcript)")
            }
            let clean = try Swaks(port: chain.postfix.port, content: Samples.sample("clean"))
            #expect(clean.status == 0 && clean.decisive.hasPrefix("250 2.0.0 "), "\(clean.transcript)")
            try chain.postfix.awaitEmptyQueue()
            #expect(chain.postfix.mailboxes.entries.count == 1)
            #expect(try chain.gateway.awaitMessageLines(3).count { $0.contains("Blocked INFECTED") } == 2)
        }
    }

    /// As for after-queue mail, only that Postfix passes what it hears on without queueing it.
    @Test func ordinaryMailIsNotChanged() async throws {
        try await Lanes.run {
            let chain = try Chain(.beforeQueue)
            let mails = try Samples.ordinary()
            let answers = try SMTPLib.send(mails.map(\.job), port: chain.postfix.port)
            for (mail, answer) in zip(mails, answers) { #expect(answer.code == 250, "\(mail.name): \(answer)") }
            for mail in mails {
                let entry = try chain.postfix.mailboxes.await(to: mail.recipient)
                let traced = try TracedMail(entry.content, filtered: true)
                #expect(difference(traced.rest, Samples.stored(mail.content)) == nil, "\(mail.name)")
            }
        }
    }

    @Test func nextHopDown() async throws {
        try await Lanes.run {
            let nobody = try Ports.free()
            let chain = try Chain(.beforeQueue) { configuration in
                configuration.policies["default"] = [
                    "next_hops": GatewayConfiguration.list(["smtp:[127.0.0.1]:\(nobody)"])
                ]
            }
            let swaks = try Swaks(port: chain.postfix.port, content: Samples.sample("clean"))
            #expect(swaks.status != 0)
            #expect(swaks.decisive.hasPrefix("451 4."), "\(swaks.transcript)")
            #expect(chain.postfix.mailboxes.entries.isEmpty)
            #expect(chain.gateway.quarantined.isEmpty)
        }
    }

    @Test func gatewayDown() async throws {
        try await Lanes.run {
            let chain = try Chain(.beforeQueue)
            chain.gateway.killHard()
            let swaks = try Swaks(port: chain.postfix.port, content: Samples.sample("clean"))
            #expect(swaks.status != 0)
            #expect(swaks.decisive.hasPrefix("4"), "\(swaks.transcript)")
            #expect(chain.postfix.mailboxes.entries.isEmpty)
        }
    }

    private static func smuggler(_ sequence: Samples.Sequence) -> [UInt8] {
        crlf("From: sender@example.org\nSubject: outer\n\nbefore") + sequence.octets
            + crlf(
                "MAIL FROM:<forged@example.org>\nRCPT TO:<victim@example.net>\nDATA\nFrom: forged@example.org\n"
                    + "Subject: smuggled\n\nsmuggled text\n")
    }

    /// Straight to the gateway's listeners, before and after the queue, behind which a Postfix takes what they pass on.
    @Test(.enabled(if: !Samples.smuggling.isEmpty, Samples.corporaMissing), arguments: [true, false])
    func smugglingToTheGateway(beforeQueue: Bool) async throws {
        try await Lanes.run {
            #expect(Samples.smuggling.count == 12)
            let receiver = try PostfixInstance(.plain)
            let gateway = try GatewayProcess(
                try GatewayConfiguration(nextHops: ["smtp:[127.0.0.1]:\(receiver.port)"], beforeQueue: beforeQueue))
            var passed = 0
            for (number, sequence) in Samples.smuggling.enumerated() {
                let recipient = "outer\(number)@example.net"
                let session = try MailSession(port: gateway.port)
                var answers = try session.begin(Mail(to: [recipient], content: []))
                try #require(answers.data?.code == 354)
                try session.socket.send(Self.smuggler(sequence))
                try session.finish(&answers)
                // One reply to the message, and the next one is the reply to NOOP.
                let noop = try session.socket.ask("NOOP")
                #expect(noop.code == 250 && !noop.text.contains("queued"), "\(sequence.name): \(noop)")
                if answers.decisive.isPositive {
                    passed += 1
                } else {
                    #expect(beforeQueue && answers.decisive.isPermanent, "\(sequence.name): \(answers.decisive)")
                }
            }
            try receiver.awaitEmptyQueue()
            #expect(receiver.mailboxes.entries.count == passed)
            #expect(receiver.mailboxes.entries(to: "victim@example.net").isEmpty)
            #expect(receiver.mailboxes.entries.allSatisfy { $0.fields("Subject") == ["outer"] })
            #expect(!receiver.log.contains { $0.contains("forged@example.org") })
        }
    }

    /// Through a Postfix that knows the end of data as it should.
    @Test(.enabled(if: !Samples.smuggling.isEmpty, Samples.corporaMissing))
    func smugglingThroughPostfix() async throws {
        try await Lanes.run {
            var options = PostfixInstance.Options()
            options.entry = ["smtpd_forbid_bare_newline = normalize", "smtpd_forbid_bare_newline_exclusions ="]
            let chain = try Chain(.beforeQueue, options)
            var passed = 0
            for (number, sequence) in Samples.smuggling.enumerated() {
                let session = try MailSession(port: chain.postfix.port)
                var answers = try session.begin(Mail(to: ["outer\(number)@example.net"], content: []))
                try #require(answers.data?.code == 354)
                try session.socket.send(Self.smuggler(sequence))
                try session.finish(&answers)
                if answers.decisive.isPositive { passed += 1 }
            }
            try chain.postfix.awaitEmptyQueue()
            #expect(chain.postfix.mailboxes.entries.count == passed)
            #expect(chain.postfix.mailboxes.entries(to: "victim@example.net").isEmpty)
            #expect(chain.postfix.mailboxes.entries.allSatisfy { $0.fields("Subject") == ["outer"] })
            #expect(!chain.postfix.log.contains { $0.contains("forged@example.org") })
        }
    }
}
