import MailModel
import Policy
import Testing

/// Fields, tags and extensions of mail that is delivered.
@Suite struct MarkingTests {
    private func verdict(
        _ tests: [ScoredTest], standing: SenderStanding = SenderStanding(), _ levels: SpamLevels = SpamLevels()
    ) -> Verdict {
        var verdict = Samples.verdict()
        verdict.tests = tests
        return verdict.graded(
            by: ContentPolicy(infected: .reject, unchecked: [:], levels: levels), standing: standing, size: 1)
    }

    private func fields(
        _ verdict: Verdict, report: Bool = false, autolearning: AutolearningStatus = .no
    ) -> String {
        SpamFields.text(verdict, SpamLevels(), addsReport: report, autolearning: autolearning)
    }

    @Test func spamFieldsInAmavisForm() {
        let tests = [
            ScoredTest(name: "BAYES_99", score: 4.3), ScoredTest(name: "RULE", score: 2.805, evidence: "a\r\nb é"),
        ]
        #expect(
            fields(verdict(tests), report: true)
                == "X-Spam-Flag: YES\r\nX-Spam-Score: 7.105\r\nX-Spam-Level: *******\r\n"
                + "X-Spam-Status: Yes, score=7.105\r\n\ttagged_above=2 required=6.31\r\n"
                + "\ttests=[BAYES_99=4.3,\r\n\tRULE=2.805] autolearn=no\r\n"
                + "X-Spam-Report:\r\n\t* 4.3 BAYES_99 Learnt mail: spam is 99 to 100 % probable\r\n\t* 2.805 RULE a\\x0D\\x0Ab ?\r\n"
        )
        #expect(fields(verdict([ScoredTest(name: "T", score: 1.999)])) == "")
        let tagged = fields(verdict([ScoredTest(name: "T", score: 2)]), report: true)
        #expect(
            tagged.hasPrefix("X-Spam-Flag: NO\r\nX-Spam-Score: 2\r\nX-Spam-Level: **\r\nX-Spam-Status: No, score=2"))
        #expect(!tagged.contains("X-Spam-Report"))
    }

    /// The words for spam are many, and those for ham stand in the report all the same.
    @Test func whatWasSeenGoesOnInMoreLines() {
        let words = (0..<15).map { "H:word\($0) (\($0)/0)" }.joined(separator: ", ")
        let test = ScoredTest(name: "BAYES_99", score: 9, evidence: "0.9991; spam: \(words); ham: \(words)")
        let text = fields(verdict([test]), report: true)
        let report = text.split(separator: "X-Spam-Report").last ?? ""
        let lines = report.split(separator: "\r\n").map(String.init)
        #expect(lines.count == 4 && lines[1].hasSuffix("probable: 0.9991"), "\(lines)")
        #expect(lines[2].hasPrefix("\t*      spam: H:word0 (0/0)") && lines[3].hasPrefix("\t*      ham: H:word0 (0/0)"))
        #expect(lines.allSatisfy { $0.utf8.count < 250 })
    }

    /// From `tag3` on its tag stands in front of spam, but for spam with a tag of its own.
    @Test func thirdTag() {
        var marking = MarkingPolicy()
        let levels = SpamLevels(tag2: 5, tag3: 8, kill: 12)
        func tag(_ score: Double, _ levels: SpamLevels, denied: Bool = false) -> String? {
            let standing = SenderStanding(isDenied: denied)
            return marking.subjectTag(
                verdict([ScoredTest(name: "T", score: score)], standing: standing, levels), levels)
        }
        marking.subjectTags = [.spammy: "two"]
        #expect(tag(8, levels) == "two" && tag(12, levels) == nil)
        marking.thirdTag = "three"
        for (score, expected) in [(4.999, nil), (5, "two"), (7.999, "two"), (8, "three"), (12, "three")] {
            #expect(tag(score, levels) == expected, "\(score)")
        }
        #expect(tag(0, levels, denied: true) == "three")
        #expect(tag(8, SpamLevels(tag2: 5, kill: 12)) == "two")
        marking.subjectTags[.spam] = "kill"
        #expect(tag(12, levels) == "kill" && tag(8, levels) == "three")
        // A level above kill.
        marking.subjectTags[.spam] = nil
        let high = SpamLevels(tag2: 5, tag3: 20, kill: 5)
        #expect(tag(19, high) == nil && tag(20, high) == "three")
        // Another category's tag comes first, as in all tags.
        marking.subjectTags[.infected] = "virus"
        var infected = Samples.verdict(viruses: ["x"])
        infected.tests = [ScoredTest(name: "T", score: 9)]
        let policy = ContentPolicy(infected: .pass, unchecked: [:], levels: levels)
        #expect(marking.subjectTag(infected.graded(by: policy, size: 1), levels) == "virus")
    }

    /// What a test means, and behind it what was seen.
    @Test func theReportSaysWhatTestsMean() {
        let tests = [
            ScoredTest(name: "BAYES_99", score: 3.5, evidence: "spam: viagra (9/0)"),
            ScoredTest(name: "ANOMALY_BARE_CR", score: 3, evidence: "at octet 7"), ScoredTest(name: "OTHER", score: 1),
            ScoredTest(name: "BODY_LOAN", score: 2, description: "Of loans\r\nX: y", evidence: "a cheap loan\r\n"),
        ]
        let out = fields(verdict(tests), report: true)
        for line in [
            "* 3.5 BAYES_99 Learnt mail: spam is 99 to 100 % probable: spam: viagra (9/0)",
            "* 3 ANOMALY_BARE_CR A form that mail readers disagree on: at octet 7", "* 1 OTHER",
            "* 2 BODY_LOAN Of loans\\x0D\\x0AX: y: a cheap loan\\x0D\\x0A",
        ] {
            #expect(out.contains("\t\(line)\r\n"), "\(out)")
        }
    }

    @Test(arguments: ["ham", "spam", "no", "disabled", "unavailable", "failed"])
    func autolearningIsSaid(_ word: String) throws {
        let status = try #require(AutolearningStatus(rawValue: word))
        #expect(
            fields(verdict([ScoredTest(name: "T", score: 2)]), autolearning: status)
                .hasSuffix("tests=[T=2] autolearn=\(word)\r\n"))
    }

    @Test func listsAreSaid() {
        let tests = [ScoredTest(name: "T", score: 20)]
        let denied = fields(verdict(tests, standing: SenderStanding(isDenied: true)))
        #expect(denied.contains("X-Spam-Score: 64\r\n") && denied.contains("required=6.31 BLACKLISTED\r\n"))
        // Below the tag level nothing is said.
        #expect(fields(verdict(tests, standing: SenderStanding(allowedBy: .senders))) == "")
    }

    /// Names and points come from rules and from a worker: none of them makes another field.
    @Test func hostileTests() {
        for text in Samples.hostile {
            let out = fields(verdict([ScoredTest(name: text, score: 7, evidence: text)]), report: true)
            let names = out.split(separator: "\r\n").filter { !$0.hasPrefix("\t") }.map { $0.prefix { $0 != ":" } }
            #expect(names == ["X-Spam-Flag", "X-Spam-Score", "X-Spam-Level", "X-Spam-Status", "X-Spam-Report"])
            #expect(out.utf8.allSatisfy { $0 < 0x80 && ($0 >= 0x20 || [0x09, 0x0A, 0x0D].contains($0)) })
        }
        for points in [Double.infinity, .nan, -.infinity] {
            _ = fields(verdict([ScoredTest(name: "T", score: points)]), report: true)
        }
        let many = fields(verdict((0..<5000).map { ScoredTest(name: "T\($0)", score: 1000) }))
        #expect(many.utf8.count < 5000 && many.contains("X-Spam-Level: \(String(repeating: "*", count: 64))\r\n"))
    }

    @Test func tags() {
        for tag in ["***SPAM***", "***SPAM*** ", "***SPAM***   "] {
            #expect(SubjectTag.text(tag) == Array("***SPAM*** ".utf8) && SubjectTag.isIn("***SPAM***", tag))
        }
        let word = String(decoding: SubjectTag.text("Вирус"), as: UTF8.self)
        #expect(word == "=?UTF-8?B?0JLQuNGA0YPRgSA=?= ")
        let long = String(decoding: SubjectTag.text(String(repeating: "é", count: 60)), as: UTF8.self)
        let words = long.split(separator: " ")
        #expect(
            words.count > 1 && words.allSatisfy { $0.count <= 75 && $0.hasPrefix("=?UTF-8?B?") && $0.hasSuffix("?=") })
        // A tag that looks like an encoded word is one no more.
        #expect(!String(decoding: SubjectTag.text("=?utf-8?q?x?="), as: UTF8.self).hasPrefix("=?utf-8?q?x?="))
        #expect(SubjectTag.isIn("***SPAM*** x", "***SPAM***") && SubjectTag.isIn(" \r\n ***SPAM***", "***SPAM***"))
        #expect(!SubjectTag.isIn("Re: ***SPAM*** x", "***SPAM***") && !SubjectTag.isIn("x", "***SPAM***"))
    }

    /// A line of 998 octets stays one; one more, and the field goes on behind the tag.
    @Test(arguments: [("***SPAM***", 11), ("Вирус", 29)])
    func longLinesAreFolded(_ tag: String, _ octets: Int) {
        let (text, field) = (SubjectTag.text(tag), Array("Subject: ".utf8))
        #expect(text.count == octets)
        let longest = field + [UInt8](repeating: 0x78, count: 998 - octets - field.count)
        for end in [[], Array("\r\n".utf8), Array("\r\n \(String(repeating: "y", count: 990))\r\n".utf8)] {
            #expect(SubjectTag.text(tag, in: (longest + end)[...]) == text)
            let folded = SubjectTag.text(tag, in: (longest + [0x78] + end)[...])
            #expect(folded == text.dropLast() + Array("\r\n ".utf8) && folded == SubjectTag.folded(tag))
        }
        #expect(SubjectTag.isIn("\(tag)\r\n x", tag))
    }

    @Test(arguments: [
        ("user@example.com", "user+spam@example.com"), ("user+old@example.com", "user+spam@example.com"),
        ("+x@example.com", "+x+spam@example.com"), ("\"a b\"@example.com", "\"a b+spam\"@example.com"),
        ("\"a+b\"@example.com", "\"a+spam\"@example.com"), ("\"a\\+b\"@example.com", "\"a+spam\"@example.com"),
        ("\"\"@example.com", "\"+spam\"@example.com"), ("postmaster", "postmaster"), ("@x", "@x"),
        ("jürgen@bücher.example", "jürgen+spam@bücher.example"), ("\"a\\\\+b\"@x", "\"a\\\\+spam\"@x"),
        ("\"a\\\"b\"@x", "\"a\\\"b+spam\"@x"), ("MAILER-DAEMON@x", "MAILER-DAEMON@x"),
        ("double-bounce@x", "double-bounce@x"),
        ("Postmaster@x", "Postmaster@x"), ("Owner-list@x", "Owner-list@x"), ("list-request@x", "list-request@x"),
        ("-request@x", "-request+spam@x"), ("list-old@x", "list+spam@x"),
    ])
    func extensions(_ address: String, _ expected: String) {
        let out = AddressExtension.apply("spam", to: Samples.recipient(address), delimiters: Array("+-".utf8))
        #expect(out.path == MailPath(expected))
        #expect(
            AddressExtension.apply("", to: Samples.recipient(address), delimiters: Array("+-".utf8))
                == Samples.recipient(address))
        if address != expected {
            let type = address.utf8.allSatisfy { $0 < 0x80 } ? "rfc822;" : "utf-8;"
            let original = out.originalRecipient.map { String(decoding: $0, as: UTF8.self) }
            #expect(original?.hasPrefix(type) ?? false)
        }
    }

    /// What the sender asked for stays.
    @Test func extensionsKeepTheOriginalRecipient() {
        var recipient = Samples.recipient("user@example.com")
        recipient.originalRecipient = Array("rfc822;first@example.net".utf8)
        recipient.notify = .never
        let out = AddressExtension.apply("spam", to: recipient, delimiters: Array("+-".utf8))
        #expect(out.originalRecipient == recipient.originalRecipient && out.notify == .never)
        #expect(
            AddressExtension.apply("spam", to: Samples.recipient("a+b@c"), delimiters: Array("+-".utf8))
                .originalRecipient
                == Array("rfc822;a+2Bb@c".utf8))
    }

    @Test(arguments: [
        ("mx.example; spf=pass", "mx.example"), ("MX.Example ; none", "mx.example"),
        ("mx.example 1; none", "mx.example"),
        ("(c) mx.example (d); x", "mx.example"), ("\"mx.example\"; x", "mx.example"), ("(a(b\\)c))\r\n mx; x", "mx"),
        ("mx", "mx"), ("\"a\\\"b\"; x", "a\"b"),
    ])
    func writersOfResults(_ value: String, _ server: String) {
        #expect(AuthenticationResults.server(Array(value.utf8)[...]) == Array(server.utf8))
    }

    @Test(arguments: ["", ";", "(mx.example; spf=pass", "\"mx", "()", " ; x", "\"\"; x"])
    func unreadableResults(_ value: String) {
        #expect(AuthenticationResults.server(Array(value.utf8)[...]) == nil)
    }

    @Test func uncheckedNamesScannersAndWhatIsBypassed() {
        var verdict = Samples.verdict()
        verdict.unchecked = [
            Unchecked(.scannerFailed, scanner: "clamav"), Unchecked(.encrypted),
            Unchecked(.scannerFailed, scanner: "clamav"),
            Unchecked(.scannerFailed, scanner: "a\r\nX: y)"),
        ]
        verdict.skipped = [.infected, .spam]
        #expect(
            HeaderEdits.unchecked(verdict)
                == "X-Mailreeve-Unchecked: scanner-failed (clamav), encrypted, scanner-failed (ax0Dx0AXy), bypassed (infected), bypassed (spam)\r\n"
        )
        // What an allowed sender sends was looked at.
        verdict.standing.allowedBy = .senders
        #expect(HeaderEdits.unchecked(verdict).hasSuffix(", bypassed (infected)\r\n"))
        #expect(HeaderEdits.unchecked(Samples.verdict()) == "")
    }

    /// What a policy does not look for is not alarmed of either.
    @Test func nothingIsSaidOfWhatIsBypassed() {
        var verdict = Samples.verdict(viruses: ["V"])
        verdict.badHeaders = [Verdict.HeaderFault(kind: .longLine, detail: "x")]
        #expect(HeaderEdits.alert(verdict).contains("INFECTED") && HeaderEdits.alert(verdict).contains("BAD HEADER"))
        verdict.skipped = [.infected, .badHeader]
        #expect(HeaderEdits.alert(verdict) == "")
    }

    @Test func amavisHold() {
        let verdict = Samples.verdict(unchecked: [.encrypted, .overLimits])
        #expect(HeaderEdits.amavisHold(verdict, names: .amavis) == "X-Amavis-Hold: over-limits\r\n")
        #expect(HeaderEdits.amavisHold(verdict, names: .mailreeve) == "")
        #expect(HeaderEdits.amavisHold(Samples.verdict(unchecked: [.encrypted]), names: .amavis) == "")
    }

    @Test func amavisNames() {
        let verdict = Samples.verdict(viruses: ["V"])
        #expect(HeaderEdits.alert(verdict, names: .amavis) == "X-Amavis-Alert: INFECTED, message contains: V\r\n")
        #expect(HeaderEdits.hold("why", names: .amavis) == "X-Amavis-Hold: why\r\n")
    }
}
