import TestSupport
import Testing

/// Postfix hands queued mail to the gateway (`content_filter`) and takes it back.
@Suite(
    .enabled(if: PostfixInstance.isPossible, PostfixInstance.missing),
    .enabled(if: Clients.arePossible, Clients.missing))
struct AfterQueueTests {
    static let modes: [PostfixInstance.Mode] = [.afterQueueLMTP, .afterQueueSMTP]

    /// What passes is, below the trace fields that `TracedMail` names, octet for octet what a Postfix without a filter
    /// delivers, and that is what was sent.
    @Test(arguments: modes)
    func ordinaryMailIsNotChanged(mode: PostfixInstance.Mode) async throws {
        try await Lanes.run {
            let mails = try Samples.ordinary()
            let plain = try PostfixInstance(.plain)
            let chain = try Chain(mode)
            for postfix in [plain, chain.postfix] {
                let answers = try SMTPLib.send(mails.map(\.job), port: postfix.port)
                for (mail, answer) in zip(mails, answers) { #expect(answer.code == 250, "\(mail.name): \(answer)") }
            }
            for mail in mails {
                let expected = try TracedMail(plain.mailboxes.await(to: mail.recipient).content, filtered: false)
                let arrived = try TracedMail(chain.postfix.mailboxes.await(to: mail.recipient).content, filtered: true)
                #expect(difference(arrived.rest, expected.rest) == nil, "\(mail.name)")
                #expect(difference(arrived.rest, Samples.stored(mail.content)) == nil, "\(mail.name)")
                #expect(arrived.trace[0] == "Return-Path: <\(mail.sender)>")
            }
            #expect(chain.postfix.mailboxes.entries.count == mails.count)
            let lines = try chain.gateway.awaitMessageLines(mails.count)
            #expect(lines.allSatisfy { $0.contains(#/\) Passed (CLEAN|BAD-HEADER-[1-8]) \{RelayedInbound\}, /#) })
        }
    }

    /// A message without a single octet is a message too.
    @Test func emptyMessage() async throws {
        try await Lanes.run {
            let chain = try Chain(.afterQueueLMTP)
            let swaks = try SMTPLib.send(
                SMTPLib.Job(recipients: ["void@example.net"], content: []), port: chain.postfix.port)
            #expect(swaks.code == 250, "\(swaks)")
            let entry = try chain.postfix.mailboxes.await(to: "void@example.net")
            let rest = try TracedMail(entry.content, filtered: true).rest
            #expect(rest.allSatisfy { $0 == 0x0A }, "\(String(decoding: entry.content, as: UTF8.self))")
        }
    }

    /// Mail of the shared corpora: it arrives as a plain Postfix delivers it, or it is kept and the log says so.
    @Test(.enabled(if: Samples.sharedCorpora != nil, Samples.corporaMissing), arguments: modes)
    func realMail(mode: PostfixInstance.Mode) async throws {
        try await Lanes.run {
            let plain = try PostfixInstance(.plain)
            let chain = try Chain(mode)
            let candidates = Samples.real(250)
            // Some have passed so many systems that Postfix takes them for a loop, filter or not.
            let mails = try zip(candidates, SMTPLib.send(candidates.map(\.job), port: plain.port))
                .filter { $1.code == 250 }.map(\.0)
            #expect(mails.count >= 200)
            let answers = try SMTPLib.send(mails.map(\.job), port: chain.postfix.port)
            let refused = zip(mails, answers).filter { $1.code != 250 }.map { "\($0.name): \($1)" }
            #expect(refused.isEmpty)
            try plain.awaitEmptyQueue()
            try chain.postfix.awaitEmptyQueue()
            let expected = Dictionary(
                plain.mailboxes.entries.map { ($0.fields("Delivered-To")[0], $0) },
                uniquingKeysWith: { first, _ in first })
            let arrived = Dictionary(
                grouping: chain.postfix.mailboxes.entries, by: { $0.fields("Delivered-To")[0] })
            var kept = 0
            for mail in mails {
                let reference = try TracedMail(#require(expected[mail.recipient]).content, filtered: false)
                guard let entries = arrived[mail.recipient] else {
                    var lines: [String] = []
                    try poll("the line of \(mail.name), which is nowhere else") {
                        lines = chain.gateway.messageLines.filter { $0.contains("-> <\(mail.recipient)>") }
                        return !lines.isEmpty
                    }
                    let line = lines[0]
                    #expect(lines.count == 1 && line.contains("Blocked") && line.contains("Quarantined"), "\(lines)")
                    kept += 1
                    continue
                }
                #expect(entries.count == 1, "\(mail.name)")
                let rest = try TracedMail(entries[0].content, filtered: true).rest
                // Fields that only a gateway of ours may have written are taken out of mail from outside.
                let expected = TracedMail.without(
                    [
                        "X-Virus-Scanned", "X-Quarantine-ID", "X-Spam-Flag", "X-Spam-Score", "X-Spam-Level",
                        "X-Spam-Status", "X-Spam-Report", "X-Spam-Checker-Version", "X-Spam-Tests",
                    ], reference.rest)
                #expect(difference(rest, expected) == nil, "\(mail.name)")
            }
            #expect(chain.gateway.quarantined.count == kept)
            #expect(kept * 10 < mails.count, "\(kept) of \(mails.count) were kept")
            #expect(chain.postfix.senders.entries.isEmpty)
        }
    }

    @Test(arguments: modes, ["eicar-attached", "eicar-nested"])
    func infectedMailIsKept(mode: PostfixInstance.Mode, sample: String) async throws {
        try await Lanes.run {
            let chain = try Chain(mode)
            let swaks = try Swaks(port: chain.postfix.port, content: Samples.sample(sample))
            #expect(swaks.status == 0 && swaks.decisive.hasPrefix("250 2.0.0 Ok: queued as "), "\(swaks.transcript)")
            let sent = try chain.postfix.awaitLog("to=<rcpt@example.net>", "status=")
            #expect(sent.contains("status=sent (250 2.7.0 Ok, discarded, id="), "\(sent)")
            #expect(sent.contains(" - INFECTED: Eicar-Test-Signature"), "\(sent)")
            let line = try chain.awaitLine("Blocked INFECTED (Eicar-Test-Signature", "{DiscardedInbound,Quarantined}")
            #expect(line.contains("<sender@example.org> -> <rcpt@example.net>"), "\(line)")
            let id = try #require(chain.gateway.quarantined.first)
            #expect(line.contains("quarantine: \(id)"))
            // Below what Postfix's entry put on top, the copy is what was sent.
            let copy = try chain.quarantined(id)
            let original = try Samples.sample(sample)
            #expect(difference(Array(copy.suffix(original.count)), original) == nil)
            try chain.postfix.awaitEmptyQueue()
            #expect(chain.postfix.mailboxes.entries.isEmpty)
            #expect(chain.postfix.senders.entries.isEmpty, "the sender was told")
        }
    }

    /// The gateway and the second Postfix know the client that the first one spoke to.
    @Test(arguments: modes)
    func clientIsForwarded(mode: PostfixInstance.Mode) async throws {
        try await Lanes.run {
            var options = PostfixInstance.Options()
            options.main = ["smtpd_authorized_xclient_hosts = 127.0.0.0/8", "mynetworks = 127.0.0.0/8, 192.0.2.0/24"]
            let chain = try Chain(mode, options)
            let swaks = try Swaks(
                port: chain.postfix.port, content: Samples.sample("clean"), "--xclient-addr", "192.0.2.7",
                "--xclient-name",
                "mail.client.example")
            #expect(swaks.status == 0, "\(swaks.transcript)")
            try chain.postfix.mailboxes.await(to: "rcpt@example.net")
            let line = try chain.awaitLine("Passed CLEAN")
            #expect(line.contains(" [192.0.2.7] <sender@example.org>"), "\(line)")
            try chain.postfix.awaitLog("postfix/reinject/smtpd", "orig_client=mail.client.example[192.0.2.7]")
            let queued = try chain.postfix.awaitLog("postfix/entry/smtpd", ": client=mail.client.example")
            let id = try #require(
                queued.split(separator: " ").first { $0.hasSuffix(":") && $0.count > 8 && !$0.contains("[") })
            try chain.postfix.awaitLog("postfix/reinject/smtpd", "orig_queue_id=\(id.dropLast())")
        }
    }

    /// ENVID, RET, NOTIFY and ORCPT reach the system that delivers.
    @Test(arguments: modes)
    func notificationWishesSurvive(mode: PostfixInstance.Mode) async throws {
        try await Lanes.run {
            let chain = try Chain(mode)
            var job = SMTPLib.Job(recipients: ["piet@example.net"], content: try Samples.sample("clean"))
            job.mailOptions = ["ENVID=QQ3141+2B59", "RET=HDRS"]
            job.recipientOptions = ["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;piet+2Bold@example.net"]
            #expect(try SMTPLib.send(job, port: chain.postfix.port).code == 250)
            try chain.postfix.mailboxes.await(to: "piet@example.net")
            let notice = try chain.postfix.senders.await(to: "sender@example.org")
            let text = String(decoding: notice.content, as: UTF8.self)
            #expect(text.contains("\nOriginal-Envelope-Id: QQ3141+59\n"), "\(text)")
            #expect(text.contains("\nOriginal-Recipient: rfc822;piet+old@example.net\n"))
            #expect(text.contains("\nAction: delivered\n"))
            #expect(text.contains("Content-Type: text/rfc822-headers"))
            #expect(!text.contains("Minutes of Monday's meeting\n\n") && !text.contains("The reading room opens"))
            try chain.postfix.awaitEmptyQueue()
            #expect(chain.postfix.senders.entries.count == 1)
        }
    }

    /// Postfix has a reply of its own for each recipient only by LMTP; by SMTP the gateway tells the sender.
    @Test(arguments: modes)
    func oneOfThreeIsUnknown(mode: PostfixInstance.Mode) async throws {
        try await Lanes.run {
            var options = PostfixInstance.Options()
            options.reinjection = [
                "smtpd_recipient_restrictions = check_recipient_access inline:{ { unknown@example.net = 550 5.1.1 nobody of "
                    + "this name } }, permit_mynetworks, reject"
            ]
            let chain = try Chain(mode, options)
            let recipients = ["a@example.net", "unknown@example.net", "b@example.net"]
            let swaks = try Swaks(port: chain.postfix.port, to: recipients, content: Samples.sample("clean"))
            #expect(swaks.status == 0, "\(swaks.transcript)")
            try chain.postfix.mailboxes.await(to: "a@example.net")
            try chain.postfix.mailboxes.await(to: "b@example.net")
            let notice = try chain.postfix.senders.await(to: "sender@example.org")
            let text = String(decoding: notice.content, as: UTF8.self)
            #expect(text.contains("\nFinal-Recipient: rfc822; unknown@example.net\n"), "\(text)")
            #expect(text.contains("550 5.1.1") && text.contains("nobody of this name"))
            #expect(text.contains("\nStatus: 5.1.1\n"))
            if mode == .afterQueueLMTP {
                let bounced = try chain.postfix.awaitLog("to=<unknown@example.net>", "status=bounced")
                #expect(bounced.contains("postfix/lmtp") && bounced.contains("550 5.1.1"), "\(bounced)")
                try chain.postfix.awaitLog("postfix/lmtp", "to=<a@example.net>", "status=sent (250 2.0.0 from MTA(")
            }
            try chain.postfix.awaitEmptyQueue()
            #expect(chain.postfix.mailboxes.entries.count == 2)
            #expect(chain.postfix.senders.entries.count == 1)
        }
    }
}
