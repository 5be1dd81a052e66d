import TestSupport
import Testing

/// `mailreeve filter` as a content_filter by pipe(8).
@Suite(
    .enabled(if: PostfixInstance.isPossible, PostfixInstance.missing),
    .enabled(if: Clients.arePossible, Clients.missing))
struct PipeTests {
    @Test func cleanInfectedAndGatewayDown() async throws {
        try await Lanes.run {
            let chain = try Chain(.pipe)
            for (sample, recipient) in [("clean", "first@example.net"), ("eicar-attached", "infected@example.net")] {
                let swaks = try Swaks(port: chain.postfix.port, to: [recipient], content: Samples.sample(sample))
                #expect(swaks.status == 0, "\(swaks.transcript)")
            }
            let first = try chain.postfix.mailboxes.await(to: "first@example.net")
            #expect(try TracedMail(first.content, filtered: true).rest == Samples.stored(Samples.sample("clean")))
            try chain.postfix.awaitLog("postfix/pipe", "to=<infected@example.net>", "status=sent")
            try chain.awaitLine("Blocked INFECTED", "<infected@example.net>", "{DiscardedInbound,Quarantined}")

            chain.gateway.killHard()
            let held = try Swaks(port: chain.postfix.port, to: ["held@example.net"], content: Samples.sample("clean"))
            #expect(held.status == 0)
            let deferred = try chain.postfix.awaitLog("postfix/pipe", "to=<held@example.net>", "status=deferred")
            #expect(deferred.contains("dsn=4."), "\(deferred)")
            #expect(chain.postfix.mailboxes.entries(to: "held@example.net").isEmpty)

            try chain.gateway.restart()
            try chain.postfix.command("postqueue", "-f")
            let later = try chain.postfix.mailboxes.await(to: "held@example.net")
            #expect(try TracedMail(later.content, filtered: true).rest == Samples.stored(Samples.sample("clean")))
            try chain.postfix.awaitEmptyQueue()
            #expect(chain.postfix.mailboxes.entries.count == 2)
            #expect(chain.postfix.senders.entries.isEmpty)
        }
    }

    /// Several recipients and addresses that a shell or a careless program would stumble over.
    @Test func unusualAddresses() async throws {
        try await Lanes.run {
            var options = PostfixInstance.Options()
            options.main = ["allow_min_user = yes"]
            let chain = try Chain(.pipe, options)
            let recipients = [
                "a@example.net", "\"with blank\"@example.net", "-dash@example.net", "per%cent$x@example.net",
            ]
            var job = SMTPLib.Job(recipients: recipients, content: try Samples.sample("clean"))
            job.sender = ""
            let answer = try SMTPLib.send(job, port: chain.postfix.port)
            #expect(answer.code == 250 && answer.refused.isEmpty, "\(answer)")
            try chain.postfix.awaitEmptyQueue()
            #expect(chain.postfix.mailboxes.entries.count == recipients.count, "\(chain.postfix.log.suffix(12))")
            #expect(chain.postfix.mailboxes.entries.allSatisfy { $0.fields("Return-Path") == ["<>"] })
        }
    }
}
