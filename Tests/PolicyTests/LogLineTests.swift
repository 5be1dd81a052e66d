import Foundation
import MailModel
import Policy
import Testing
import TestSupport

/// The order that readers of amavis's log expect: verb, category, actions, banks, addresses, sender, recipients, then
/// anything up to `Hits:`, then `size:`, then `queued_as:`, and the time at the end.
@Suite struct LogLineTests {
    private static let form = #"""
        \A\((?<id>[^()\s]+)\)\x20(?<verb>Passed|Blocked)\x20
        (?<category>CLEAN|SPAMMY|SPAM|BAD-HEADER|UNCHECKED|BANNED\x20\(.*\)|OTHER|INFECTED\x20\(.*\)|OVERSIZED|MTA-BLOCKED)\x20
        \{(?<actions>[A-Za-z,]+)\},\x20(?<bank>[^\[\s]*)\x20(?<local>LOCAL\x20)?\[(?<client>[^\]\s]+)\]:(?<port>\d+)(?:\x20\[(?<origin>\S+)\])?\x20
        <(?<sender>\S*)>\x20->\x20(?<recipients><\S*>(?:,<\S*>)*)(?:,\.\.\.\x20\(\d+\x20recipients\))?,
        (?:\x20quarantine:\x20\w+,)?(?:\x20Queue-ID:\x20(?<queue>\S+),)?(?:\x20Message-ID:\x20(?<message>\S+),)?
        (?:\x20Resent-Message-ID:\x20(?<resent>\S+),)?\x20mail_id:\x20\w+,
        \x20Hits:\x20(?<hits>-|-?[\d.]+),\x20size:\x20(?<size>\d+)(?:,\x20queued_as:\x20(?<queued>\S+))?
        (?:,\x20redirected_to:\x20<\S*>)?(?:,\x20copied_to:\x20(?<copies>\S+))?(?:,\x20stripped:\x20(?<stripped>[^\s,]+))?(?:,\x20anomalies:\x20(?<anomalies>\S+))?
        (?:,\x20unchecked:\x20[a-z+-]+)?(?:,\x20cause:\x20.*)?,\x20\d+\x20ms\z
        """#

    private static func fields(_ line: String) throws -> [String: String] {
        let expression = try NSRegularExpression(pattern: "(?xs)" + form)
        let whole = NSRange(line.startIndex..., in: line)
        let match = try #require(expression.firstMatch(in: line, range: whole), "\(line.debugDescription)")
        var out: [String: String] = [:]
        for name in [
            "id", "verb", "category", "actions", "client", "origin", "sender", "recipients", "hits", "size", "queued",
            "message", "stripped", "copies", "local", "queue", "resent",
        ] {
            if let range = Range(match.range(withName: name), in: line) { out[name] = String(line[range]) }
        }
        return out
    }

    private static func event(_ verdict: Verdict = Samples.verdict(), sender: String = "s@a") -> MessageEvent {
        var event = MessageEvent(
            id: "59301-2", mailID: "jaUETfyBMJHG", verdict: verdict,
            envelope: Envelope(
                reversePath: MailPath(sender), recipients: [Samples.recipient("r1@b"), Samples.recipient("r2@b")],
                client: ClientFacts(address: "192.0.2.1", port: 34567)),
            policy: "default", size: 3045)
        event.outcomes = event.envelope.recipients.map {
            RecipientOutcome(recipient: $0, kind: .deliver, reply: Reply(250, nil, "Ok"))
        }
        event.milliseconds = 12
        return event
    }

    @Test func aWholeLine() throws {
        var event = Self.event()
        event.envelope.client.forwarded = ForwardedClient()
        event.envelope.client.forwarded?.address = Array("203.0.113.9".utf8)
        event.messageID = Array("<m@x>".utf8)
        event.queuedAs = ["4XABC", "4XDEF"]
        #expect(
            event.line
                == "(59301-2) Passed CLEAN {RelayedInbound}, default [192.0.2.1]:34567 [203.0.113.9] <s@a> -> <r1@b>,<r2@b>, "
                + "Message-ID: <m@x>, mail_id: jaUETfyBMJHG, Hits: 0, size: 3045, queued_as: 4XABC/4XDEF, 12 ms")
        #expect(try Self.fields(event.line)["queued"] == "4XABC/4XDEF")
    }

    /// Mail of our users, by an MTA that says under which name it has it, sent on by somebody.
    @Test func anotherWholeLine() throws {
        var event = Self.event()
        event.envelope.client.forwarded = ForwardedClient()
        event.envelope.client.forwarded?.ident = Array("4X Hits: 3".utf8)
        (event.messageID, event.resentMessageID) = (Array("<m@x>".utf8), Array("<r@ x>".utf8))
        event.directions = [MailPath("r2@b"): .outbound]
        #expect(
            event.line
                == "(59301-2) Passed CLEAN {RelayedInbound,RelayedOutbound}, default LOCAL [192.0.2.1]:34567 <s@a> -> "
                + "<r1@b>,<r2@b>, Queue-ID: 4X\\x20Hits:\\x203, Message-ID: <m@x>, Resent-Message-ID: <r@\\x20x>, "
                + "mail_id: jaUETfyBMJHG, Hits: 0, size: 3045, 12 ms")
        #expect(try Self.fields(event.line)["queue"] == "4X\\x20Hits:\\x203")
        event.directions = [MailPath("r2@b"): .openRelay]
        #expect(try Self.fields(event.line)["local"] == nil)
    }

    @Test func categoriesAndActions() throws {
        func line(_ verdict: Verdict, _ kind: DispositionKind, _ code: Int, kept: Bool = false) throws -> String {
            var event = Self.event(verdict)
            event.outcomes = [
                RecipientOutcome(recipient: Samples.recipient("r@b"), kind: kind, reply: Reply(code, nil, ""))
            ]
            if kept { event.quarantineID = "AbCdEf123456" }
            let fields = try Self.fields(event.line)
            return "\(fields["verb"] ?? "") \(fields["category"] ?? "") {\(fields["actions"] ?? "")}"
        }
        let virus = Samples.verdict(viruses: ["A", "B"])
        #expect(try line(virus, .discard, 250, kept: true) == "Blocked INFECTED (A, B) {DiscardedInbound,Quarantined}")
        #expect(try line(virus, .reject, 554) == "Blocked INFECTED (A, B) {RejectedInbound}")
        #expect(try line(virus, .quarantine, 250, kept: true) == "Blocked INFECTED (A, B) {Quarantined}")
        #expect(try line(virus, .quarantine, 250) == "Blocked INFECTED (A, B) {DiscardedInbound}")
        #expect(try line(Samples.verdict(), .deliver, 250) == "Passed CLEAN {RelayedInbound}")
        #expect(try line(Samples.verdict(), .deliver, 550) == "Blocked MTA-BLOCKED {RejectedInbound}")
        #expect(try line(Samples.verdict(), .deliver, 451) == "Blocked MTA-BLOCKED {TempFailedInbound}")
        let locked = Samples.verdict(unchecked: [.encrypted, .corrupt])
        #expect(try line(locked, .deliverMarked, 250) == "Passed UNCHECKED {RelayedInbound}")
        #expect(
            try line(Samples.verdict(unchecked: [.corrupt]), .tempfail, 450) == "Blocked UNCHECKED {TempFailedInbound}")
    }

    /// Whose mail it is and whose recipient: amavis's four words, for each recipient his own.
    @Test func directions() throws {
        var event = Self.event()
        event.outcomes[1] = RecipientOutcome(
            recipient: event.outcomes[1].recipient, kind: .bounce, reply: Reply(250, nil, "DSN was sent"))
        let (first, second) = (event.outcomes[0].recipient.path, event.outcomes[1].recipient.path)
        for (isOriginating, word, other) in [(false, "Inbound", "OpenRelay"), (true, "Internal", "Outbound")] {
            event.directions[first] = MessageEvent.Direction(isOriginating: isOriginating, isLocal: true)
            event.directions[second] = MessageEvent.Direction(isOriginating: isOriginating, isLocal: false)
            #expect(try Self.fields(event.line)["actions"] == "Relayed\(word),Bounced\(other)")
        }
    }

    /// Mail that nobody looked at has no score, and is not called unchecked for a reason that it has not.
    @Test func notInspected() throws {
        var event = Self.event(.notInspected)
        event.isInspected = false
        for index in event.outcomes.indices {
            event.outcomes[index].kind = .reject
            event.outcomes[index].reply = Reply(554, nil, "mail loop")
        }
        let fields = try Self.fields(event.line)
        #expect(fields["category"] == "OTHER" && fields["hits"] == "-" && fields["actions"] == "RejectedInbound")
        #expect(!event.line.contains("unchecked:"))
    }

    /// Some got it and some did not: it was passed, and what else happened is said.
    @Test func mixedOutcomes() throws {
        var event = Self.event()
        event.outcomes[1].reply = Reply(550, nil, "unknown")
        let fields = try Self.fields(event.line)
        #expect(fields["verb"] == "Passed" && fields["category"] == "CLEAN")
        #expect(fields["actions"] == "RelayedInbound,RejectedInbound")
    }

    /// What was taken out for somebody who got the rest: each place once, and nothing where the next hop refused it.
    @Test func whatWasStripped() throws {
        var verdict = Samples.verdict()
        verdict.add(
            banned: ["1.2", "1.3/1", "1.2", "1 .4\n"].map {
                BannedContent(part: 1, path: $0, attributes: ".exe,a.exe", reason: "program", rule: "f:1:1")
            }, isStrippable: true)
        var event = Self.event(verdict)
        event.queuedAs = ["4XABC"]
        #expect(try Self.fields(event.line)["stripped"] == nil)
        event.outcomes[1].kind = .strip
        let fields = try Self.fields(event.line)
        #expect(fields["stripped"] == #"1.2+1.3/1+1\x20.4\x0A"#)
        #expect(fields["queued"] == "4XABC" && fields["verb"] == "Passed" && fields["actions"] == "RelayedInbound")
        for code in [450, 550] {
            event.outcomes[1].reply = Reply(code, nil, "no")
            #expect(try Self.fields(event.line)["stripped"] == nil)
        }
    }

    /// Who got it beside the recipients or in their place, each in an escaped word.
    @Test func whoElseGotIt() throws {
        var event = Self.event()
        event.queuedAs = ["4XABC"]
        event.copiedTo = [MailPath("archive@b"), MailPath("\"a, size: 9\"@b")]
        event.redirectedTo = MailPath("other@b")
        let fields = try Self.fields(event.line)
        #expect(fields["copies"] == #"<archive@b>,<"a,\x20size:\x209"@b>"#)
        #expect(
            event.line.contains("queued_as: 4XABC, redirected_to: <other@b>, copied_to: ") && fields["size"] == "3045")
        event.copiedTo.append(MailPath("r1@b"))
        #expect(event.addresses.map(\.description) == ["r1@b", "r2@b", "archive@b", "\"a, size: 9\"@b", "other@b"])
    }

    /// At a client's next try: those who are left, and how many were served before; where nobody is left, no word that is counted.
    @Test func whoWasServedBefore() throws {
        var event = Self.event()
        event.served = [MailPath("r3@b"), MailPath("r4@b")]
        #expect(event.isPassed && !event.isBlocked)
        #expect(
            event.line.hasPrefix("(59301-2) Passed CLEAN {RelayedInbound}, ") && event.line.contains("<r1@b>,<r2@b>, "))
        #expect(event.line.hasSuffix(", size: 3045, served before: 2, 12 ms"))
        event.outcomes = []
        #expect(!event.isPassed && !event.isBlocked)
        #expect(
            event.line == "(59301-2) Served before, default [192.0.2.1]:34567 <s@a> -> <r3@b>,<r4@b>, "
                + "mail_id: jaUETfyBMJHG, Hits: 0, size: 3045, 12 ms")
    }

    @Test func recipientsAreCountedBeyondTwenty() throws {
        for count in [1, 20, 21, 1000] {
            var event = Self.event()
            event.outcomes = (1...count).map {
                RecipientOutcome(recipient: Samples.recipient("r\($0)@b"), kind: .deliver, reply: Reply(250, nil, ""))
            }
            let line = event.line
            _ = try Self.fields(line)
            #expect(line.contains("<r\(min(count, 20))@b>") && !line.contains("<r21@b>"))
            #expect(line.contains(",... (\(count) recipients),") == (count > 20))
        }
    }

    /// Whatever stands in mail, in replies and in names: one line, the fields in order, and none of them forged.
    @Test(arguments: Samples.hostile)
    func hostileTextStaysInItsField(text: String) throws {
        for raw in [Array(text.utf8), [0xC3] + Array(text.utf8) + [0xFF, 0x0A]] {
            var event = Self.event(
                Samples.verdict(viruses: [text, text + ") {RelayedInbound}, x [1.2.3.4]:1 <a> -> <b>"]))
            event.envelope.reversePath = MailPath(bytes: raw)
            event.envelope.client.forwarded = ForwardedClient()
            event.envelope.client.forwarded?.address = raw
            event.outcomes = [
                RecipientOutcome(
                    recipient: Recipient(path: MailPath(bytes: raw)), kind: .discard, reply: Reply(250, nil, text))
            ]
            event.messageID = raw
            event.subject = raw
            event.queuedAs = [text]
            event.causes = [text, "second"]
            let line = event.line
            let isSafe = line.unicodeScalars.allSatisfy {
                $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) && $0.properties.generalCategory != .format
                    && $0.properties.generalCategory != .lineSeparator
            }
            #expect(isSafe, "\(line)")
            let fields = try Self.fields(line)
            #expect(fields["verb"] == "Blocked" && fields["client"] == "192.0.2.1")
            #expect(fields["hits"] == "0" && fields["size"] == "3045")
        }
    }

    @Test func randomBytesStayInTheirField() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<2000 {
            let raw = (0..<Int.random(in: 0...30, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random)
            }
            var event = Self.event()
            event.envelope.reversePath = MailPath(bytes: raw)
            event.outcomes[0].recipient.path = MailPath(bytes: raw.reversed())
            event.messageID = raw
            event.causes = [String(decoding: raw, as: UTF8.self)]
            let line = event.line
            #expect(!line.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
            #expect(try Self.fields(line)["size"] == "3045")
        }
    }
}
