import MailModel
import Policy
import SMTP
import Testing

/// The words of amavis, letter by letter: scripts and log readers search for them.
@Suite struct ReplyTextTests {
    private static let id = "59301-02"
    private static let infected = Samples.verdict(viruses: ["Eicar-Test-Signature", "Other"])

    @Test func contentReplies() {
        func summary(_ kind: DispositionKind, _ verdict: Verdict) -> String {
            ReplyTexts.content(kind, verdict, id: Self.id).summary
        }
        let names = "INFECTED: Eicar-Test-Signature, Other"
        #expect(summary(.discard, Self.infected) == "250 2.7.0 Ok, discarded, id=59301-02 - \(names)")
        #expect(summary(.reject, Self.infected) == "554 5.7.0 Reject, id=59301-02 - \(names)")
        #expect(summary(.tempfail, Self.infected) == "450 4.7.0 Temporary failure, id=59301-02 - \(names)")
        #expect(summary(.quarantine, Self.infected) == "250 2.7.0 Ok, quarantined, id=59301-02 - \(names)")
        let unchecked = Samples.verdict(unchecked: [.encrypted])
        #expect(summary(.reject, unchecked) == "554 5.7.0 Reject, id=59301-02 - UNCHECKED: encrypted")
        let two = Samples.verdict(unchecked: [.encrypted, .overLimits])
        #expect(summary(.discard, two) == "250 2.7.0 Ok, discarded, id=59301-02 - UNCHECKED: encrypted, over-limits")
    }

    @Test func theOtherCategories() {
        func summary(_ kind: DispositionKind, _ category: MailModel.Category) -> String {
            ReplyTexts.content(kind, Self.infected.only(category), id: "i").summary
        }
        #expect(summary(.reject, .banned) == "554 5.7.0 Reject, id=i - BANNED")
        #expect(summary(.discard, .spam) == "250 2.7.0 Ok, discarded, id=i - spam")
        #expect(summary(.reject, .spammy) == "554 5.7.0 Reject, id=i - spam")
        let size = "id=i - Message size exceeds recipient's size limit"
        #expect(summary(.reject, .oversized) == "552 5.3.4 Reject, \(size)")
        #expect(summary(.discard, .oversized) == "250 2.3.4 Ok, discarded, \(size)")
        #expect(summary(.tempfail, .oversized) == "450 4.3.4 Temporary failure, \(size)")
    }

    @Test func bounces() {
        let refusal = ReplyTexts.content(.bounce, Self.infected.only(.banned), id: "i")
        #expect(refusal.summary == "554 5.7.0 Bounce, id=i - BANNED")
        let path = MailPath("r@b")
        #expect(
            ReplyTexts.bounced(path, refusal, .sent).summary
                == "250 2.5.0 Ok <r@b>, DSN was sent (554 5.7.0 Bounce, id=i - BANNED)")
        #expect(
            ReplyTexts.bounced(path, refusal, .suppressed).summary
                == "250 2.5.0 Ok <r@b>, DSN suppressed (554 5.7.0 Bounce, id=i - BANNED)")
        #expect(
            ReplyTexts.bounced(path, refusal, .refused).summary
                == "250 2.5.0 Ok <r@b>, DSN could not be sent (554 5.7.0 Bounce, id=i - BANNED)")
    }

    @Test func softenedRefusals() {
        func summary(_ softened: DispositionKind, _ verdict: Verdict) -> String {
            ReplyTexts.content(.tempfail, verdict, id: "i", softened: softened).summary
        }
        #expect(summary(.reject, Self.infected.only(.banned)) == "450 4.7.0 Reject (soft_bounce), id=i - BANNED")
        #expect(summary(.bounce, Self.infected.only(.banned)) == "450 4.7.0 Bounce (soft_bounce), id=i - BANNED")
        #expect(summary(.reject, Self.infected.only(.oversized)).hasPrefix("450 4.3.4 Reject (soft_bounce), id=i"))
    }

    @Test func aFullWorkspaceIsInsufficientStorage() {
        let reply = ReplyTexts.content(
            .tempfail, Samples.verdict(unchecked: [.overLimits, .workspaceFull]), id: Self.id)
        #expect(
            reply.summary
                == "452 4.3.1 Insufficient system storage, id=59301-02 - UNCHECKED: over-limits, workspace-full")
        #expect(reply.isTemporary)
    }

    /// The site's own words stand where the reason would; codes stay ours.
    @Test func wordsInPlaceOfTheReason() {
        func reply(_ kind: DispositionKind, _ verdict: Verdict, _ words: [String], softened: DispositionKind? = nil)
            -> Reply
        {
            ReplyTexts.content(kind, verdict, id: "i", softened: softened, words: words)
        }
        let two = reply(.reject, Self.infected, ["a virus", "call us"])
        #expect(
            two.lines == ["Reject, a virus", "call us"] && two.code == 554 && two.enhanced == EnhancedStatus(5, 7, 0))
        #expect(reply(.discard, Self.infected, ["x"]).summary == "250 2.7.0 Ok, discarded, x")
        #expect(reply(.quarantine, Self.infected, ["x", "y"]).summary == "250 2.7.0 Ok, quarantined, x y")
        #expect(reply(.tempfail, Self.infected, ["x"]).summary == "450 4.7.0 Temporary failure, x")
        #expect(reply(.reject, Self.infected.only(.oversized), ["x"]).summary == "552 5.3.4 Reject, x")
        let soft = reply(.tempfail, Self.infected, ["x", "y"], softened: .reject)
        #expect(soft.lines == ["Reject (soft_bounce), x", "y"] && soft.code == 450)
        let bounce = reply(.bounce, Self.infected, ["x", "y"])
        #expect(
            ReplyTexts.bounced(MailPath("r@b"), bounce, .sent).summary
                == "250 2.5.0 Ok <r@b>, DSN was sent (554 5.7.0 Bounce, x y)")
    }

    /// However long its facts are, each line is one line on the wire.
    @Test func linesHaveALimit() throws {
        let template = try TextTemplate("${subject}")
        let long = String(repeating: "s", count: 5000)
        let line = ReplyTexts.line(template, [.subject: long])
        #expect(line.unicodeScalars.count == ReplyTexts.reasonLimit)
        #expect(ReplyTexts.line(template, [.subject: String(long.prefix(450))]) == line)
        let stacked = "e" + String(repeating: "\u{301}", count: 5000)
        let reply = ReplyTexts.content(
            .tempfail, Self.infected, id: "i", softened: .reject,
            words: [line, ReplyTexts.line(template, [.subject: stacked])])
        let bytes = ReplyWriter.bytes(reply)
        let lines = bytes.split(separator: 0x0A)
        #expect(lines.count == 2 && lines.allSatisfy { $0.count < 512 })
        #expect(lines[0].starts(with: Array("450-4.7.0 ".utf8)) && lines[1].starts(with: Array("450 4.7.0 ".utf8)))
    }

    /// What exactly failed is for the log, not for a stranger.
    @Test func privateDetailsAreNotSaid() {
        let reply = ReplyTexts.content(.tempfail, Samples.verdict(unchecked: [.scannerFailed]), id: Self.id)
        #expect(!reply.summary.contains("why"))
        let failure = ReplyTexts.failure("open /var/lib/secret: No space", id: Self.id)
        #expect(failure.summary == "451 4.5.0 Error in processing, id=59301-02")
        #expect(failure.cause.contains("secret"))
    }

    @Test func relayedReplies() {
        let hop = "smtp:[127.0.0.1]:10025"
        func summary(_ reply: Reply) -> String { ReplyTexts.relayed(reply, hop: hop, id: Self.id).summary }
        #expect(
            summary(Reply(250, EnhancedStatus(2, 0, 0), "Ok: queued as X"))
                == "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as X")
        #expect(summary(Reply(250, nil, "OK")) == "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 OK")
        #expect(
            summary(Reply(450, EnhancedStatus(4, 3, 2), "try later"))
                == "450 4.3.2 id=59301-02 - Temporary MTA failure on relaying, "
                + "from MTA(smtp:[127.0.0.1]:10025): 450 4.3.2 try later")
        #expect(
            summary(Reply(554, EnhancedStatus(5, 6, 0), "no thanks"))
                == "554 5.6.0 id=59301-02 - Rejected by next-hop MTA on relaying, "
                + "from MTA(smtp:[127.0.0.1]:10025): 554 5.6.0 no thanks")
        #expect(summary(Reply(552, nil, "big")).hasPrefix("552 5.0.0 id="))
        #expect(summary(Reply(421, nil, "bye")).hasPrefix("421 4.5.0 id="))
    }

    @Test func unreachableNextHops() {
        let cause = "All attempts (1) failed connecting to smtp:[127.0.0.1]:10025"
        #expect(
            ReplyTexts.unavailable(cause, cause: "", isOfConnecting: true, id: Self.id).summary
                == "451 4.5.0 id=59301-02 - Temporary MTA failure on relaying, From MTA() during fwd-connect (\(cause))"
        )
    }

    @Test func loopsAreRefusedForGood() {
        #expect(
            ReplyTexts.loop(hops: 51, id: Self.id, isSoft: false).summary
                == "554 5.4.6 Reject, id=59301-02 - mail loop: 51 Received fields")
        #expect(
            ReplyTexts.loop(hops: 51, id: Self.id, isSoft: true).summary
                == "450 4.4.6 Reject (soft_bounce), id=59301-02 - mail loop: 51 Received fields")
    }

    @Test(arguments: Samples.hostile)
    func namesFromScannersAreEscaped(name: String) {
        let reply = ReplyTexts.content(.reject, Samples.verdict(viruses: [name]), id: Self.id)
        #expect(reply.lines.count == 1)
        let bad = reply.summary.unicodeScalars.contains {
            $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || $0.properties.generalCategory == .format
        }
        #expect(!bad, "\(reply.summary)")
    }

    /// With status and code a reply stays one line of 512 octets, whatever the names are made of.
    @Test func reasonsAreCutAtTheirLimit() {
        let room = ReplyTexts.reasonLimit - "id=\(Self.id) - INFECTED: ".count
        let parts = ["a", "b", "c", "e"].map { String(repeating: $0, count: 100) }
        let last = String(repeating: "d", count: room - 408)
        let exact = ReplyTexts.reason(Samples.verdict(viruses: parts + [last]), id: Self.id)
        #expect(exact.hasSuffix("d") && exact.unicodeScalars.count == ReplyTexts.reasonLimit)
        let above = ReplyTexts.reason(Samples.verdict(viruses: parts + [last + "e"]), id: Self.id)
        #expect(above == exact)
        // One character may hold any number of combining marks.
        let stacked = (0..<20).map { number in "e\(number)" + String(repeating: "\u{301}", count: 90) }
        #expect(ReplyTexts.reason(Samples.verdict(viruses: stacked), id: Self.id).unicodeScalars.count <= 450)
        let long = Reply(554, EnhancedStatus(5, 0, 0), "e" + String(repeating: "\u{301}", count: 5000))
        #expect(ReplyTexts.relayed(long, hop: "h", id: Self.id).lines[0].unicodeScalars.count <= 450)
    }
}
