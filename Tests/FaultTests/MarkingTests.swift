import Foundation
import TestSupport
import Testing

/// What delivered mail looks like: fields, subject, recipient, and nothing else changed.
@Suite struct MarkingTests {
    private static func stage(_ keys: [String: String], _ settings: [String: String] = [:]) throws -> Stage {
        try Stage(inspector: "lying-inspector") { configuration in
            configuration.settings["clamav.test_database"] = "/lie/dictated"
            configuration.settings.merge(settings) { $1 }
            configuration.policies["default"]?["sender_points"] = "[\"spam@example.org 12\", \"grey@example.org 3\"]"
            configuration.policies["default"]?.merge(keys) { $1 }
        }
    }

    private static let body = "one\n.two\n\nthree\n"

    private static func mail(
        _ header: String, from sender: String = "spam@example.org", to recipients: [String] = ["r@local.example"]
    ) -> Mail {
        Mail(from: sender, to: recipients, text: header + "\n" + body)
    }

    /// Header and body of the only delivery.
    private static func only(_ stage: Stage, sourceLocation: SourceLocation = #_sourceLocation) throws -> (
        header: String, body: String, delivery: ScriptedNextHop.Delivery
    ) {
        let delivery = try #require(stage.hop.deliveries.first, sourceLocation: sourceLocation)
        let text = String(decoding: delivery.content, as: UTF8.self)
        let split = try #require(text.range(of: "\r\n\r\n"), sourceLocation: sourceLocation)
        return (String(text[..<split.lowerBound]) + "\r\n", String(text[split.upperBound...]), delivery)
    }

    @Test func spamIsMarkedForLocalRecipients() async throws {
        try await Lanes.run {
            let stage = try Self.stage(
                [
                    "subject_tags": "{spam: \"***SPAM***\"}", "address_extensions": "{spam: spam}",
                    "always_bcc": "[a@archive.example]",
                ],
                ["local_domains": "[local.example]"])
            let header =
                "X-Spam-Status: No, forged\nX-Spam-Flag: NO\n\tforged\nFrom: a@b\nSubject: hello\nX-Other: kept\n"
            let reply = try send(
                Self.mail(header, to: ["r@local.example", "s@elsewhere.example"]), to: stage.gateway.port)
            #expect(reply.code == 250, "\(reply)")
            let local = try #require(stage.hop.deliveries.first { $0.recipients.first == "r+spam@local.example" })
            let other = try #require(stage.hop.deliveries.first { $0.recipients.contains("s@elsewhere.example") })
            #expect(stage.hop.deliveries.count == 2)
            #expect(stage.hop.deliveries.flatMap(\.recipients).filter { $0 == "a@archive.example" }.count == 1)
            let text = String(decoding: local.content, as: UTF8.self)
            #expect(text.contains("X-Spam-Flag: YES\r\nX-Spam-Score: 12\r\nX-Spam-Level: ************\r\n"))
            #expect(
                text.contains("X-Spam-Status: Yes, score=12\r\n\ttagged_above=2 required=6.31\r\n\ttests=[AM.WBL=12]"))
            #expect(
                text.contains(
                    "\r\nFrom: a@b\r\nSubject: ***SPAM*** hello\r\nX-Other: kept\r\n\r\n\(Self.crlf(Self.body))"))
            #expect(!text.contains("forged"))
            let plain = String(decoding: other.content, as: UTF8.self)
            #expect(plain.hasSuffix(Self.crlf(header + "\n" + Self.body)) && !plain.contains("X-Spam-Score"))
        }
    }

    /// With its name and the tag in front of it, a line of 998 octets.
    private static let long = String(repeating: "l", count: 998 - "Subject: ***SPAM*** ".count)

    /// The copy of the subject in what stands around a message that is defanged.
    @Test func longSubjectAroundADefangedMessage() async throws {
        try await Lanes.run {
            let stage = try Self.stage(["subject_tags": "{spam: \"***SPAM***\"}", "defang": "[spam]"])
            let field = "Subject: \(Self.long)l\n"
            #expect(try send(Self.mail("From: a@b\n" + field), to: stage.gateway.port).code == 250)
            let (header, body, _) = try Self.only(stage)
            #expect(header.contains("\r\nSubject: ***SPAM***\r\n \(Self.long)l\r\n"), "\(header)")
            #expect(body.contains("\r\n\(Self.crlf(field))"))
        }
    }

    /// A field that a rule wrote gets the tag as one that came.
    @Test(arguments: [
        ("Subject: even", "Subject: ***SPAM*** even"), ("Subject:even", "Subject:***SPAM*** even"),
        ("Subject: \(long)l", "Subject: ***SPAM***\r\n \(long)l"),
        ("Subject:\(long)l", "Subject:***SPAM*** \(long)l"), ("Subject:\(long)ll", "Subject:***SPAM***\r\n \(long)ll"),
    ])
    func subjectsOfRules(_ field: String, _ expected: String) async throws {
        try await Lanes.run {
            let scratch = try Scratch(.disk)
            let table = try scratch.write("header_checks", "/^Subject: odd/ REPLACE \(field)\n")
            let stage = try Stage { configuration in
                configuration.settings["header_checks"] = "pcre:\(table)"
                configuration.policies["default"]?.merge([
                    "deny_senders": "[example.org]", "spam": "pass", "subject_tags": "{spam: \"***SPAM***\"}",
                ]) { $1 }
            }
            #expect(try send(Self.mail("From: a@b\nSubject: odd\n"), to: stage.gateway.port).code == 250)
            #expect(try Self.only(stage).header.contains("\r\n\(expected)\r\n"))
        }
    }

    /// Rules that take out or replace one of two subjects.
    @Test(arguments: [
        ("IGNORE", "From: a@b\r\nSubject: ***SPAM*** even\r\n\r\n"),
        ("REPLACE Subject: other", "From: a@b\r\nSubject: ***SPAM*** other\r\nSubject: ***SPAM*** even\r\n\r\n"),
        (
            "REPLACE Subject: ***SPAM*** x",
            "From: a@b\r\nSubject: ***SPAM*** x\r\nSubject: ***SPAM*** even\r\n\r\n"
        ),
    ])
    func oneOfTwoSubjectsGoesByARule(_ action: String, _ expected: String) async throws {
        try await Lanes.run {
            let scratch = try Scratch(.disk)
            let table = try scratch.write("header_checks", "/^Subject: odd/ \(action)\n")
            let stage = try Stage { configuration in
                configuration.settings["header_checks"] = "pcre:\(table)"
                configuration.policies["default"]?.merge([
                    "deny_senders": "[example.org]", "spam": "pass", "subject_tags": "{spam: \"***SPAM***\"}",
                ]) { $1 }
            }
            let mail = Self.mail("From: a@b\nSubject: odd\nSubject: even\n")
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            let text = String(decoding: try #require(stage.hop.deliveries.first).content, as: UTF8.self)
            #expect(text.contains(expected) && text.components(separatedBy: "Subject:").count <= 3, "\(text)")
        }
    }

    /// Those who read mail from the disk may take what stands behind a line that is no field for the header; MTAs do not.
    @Test func subjectsBehindABrokenLine() async throws {
        try await Lanes.run {
            let stage = try Self.stage(["subject_tags": "{spam: \"***SPAM***\"}"])
            let mail = Self.mail("From: a@b\noops\nSubject: one\nSubject: two\n")
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            let header = try Self.only(stage).header
            #expect(header.contains("\r\nSubject: ***SPAM*** \r\n"))
            #expect(
                header.hasSuffix("\r\noops\r\nSubject: ***SPAM*** one\r\nSubject: ***SPAM*** two\r\n"), "\(header)")
        }
    }

    private static func crlf(_ text: String) -> String { text.replacingOccurrences(of: "\n", with: "\r\n") }

    @Test(arguments: [
        ("Subject: hello\n", "Subject: ***SPAM*** hello\r\n"), ("subject:hello\n", "subject:***SPAM*** hello\r\n"),
        ("Subject: ***SPAM*** x\n", "Subject: ***SPAM*** x\r\n"),
        // Only in front it is seen, and of several fields any may be the one that is shown.
        ("Subject: no ***SPAM***\n", "Subject: ***SPAM*** no ***SPAM***\r\n"),
        ("Subject: \nSubject: ***SPAM*** x\n", "Subject:***SPAM***  \r\nSubject: ***SPAM*** x\r\n"),
        ("Subject: =?utf-8?B?KioqU1BBTSoqKg==?= x\n", "Subject: =?utf-8?B?KioqU1BBTSoqKg==?= x\r\n"),
        ("Subject: =?utf-8?q?caf=C3=A9?=\n", "Subject: ***SPAM*** =?utf-8?q?caf=C3=A9?=\r\n"),
        ("Subject:\n hello\n", "Subject:\r\n ***SPAM*** hello\r\n"), ("Subject: \n", "***SPAM*** "),
        ("Subject:\nX: y\n", "***SPAM*** "), ("X: y\n", "Subject: ***SPAM*** \r\n"),
        ("Subject: ***SPAM*** x\nSubject: y\n", "Subject: ***SPAM*** x\r\nSubject: ***SPAM*** y\r\n"),
        (
            "Subject: a\nSUBJECT : b\nX: y\nSubject: c\n",
            "Subject: ***SPAM*** a\r\nSUBJECT : ***SPAM*** b\r\nX: y\r\nSubject: ***SPAM*** c\r\n"
        ),
        // 998 octets in a line, and one more.
        ("Subject: \(long)\n", "Subject: ***SPAM*** \(long)\r\n"),
        ("Subject: \(long)l\n", "Subject: ***SPAM***\r\n \(long)l\r\n"),
        ("Subject: \(long)l\n m\n", "Subject: ***SPAM***\r\n \(long)l\r\n m\r\n"),
    ])
    func subjects(_ field: String, _ expected: String) async throws {
        try await Lanes.run {
            let stage = try Self.stage(["subject_tags": "{spam: \"***SPAM***\"}"])
            #expect(try send(Self.mail("From: a@b\n" + field), to: stage.gateway.port).code == 250)
            let (header, body, _) = try Self.only(stage)
            #expect(header.contains(expected), "\(header)")
            #expect(
                header.components(separatedBy: "***SPAM***").count <= 1
                    + max(1, field.lowercased().components(separatedBy: "subject").count - 1)
                    + field.components(separatedBy: "***SPAM***").count - 1)
            #expect(body == Self.crlf(Self.body))
            // Every line of the header is a field or goes on with one.
            #expect(
                header.components(separatedBy: "\r\n").dropLast().allSatisfy {
                    $0.hasPrefix("\t") || $0.hasPrefix(" ") || $0.contains(":")
                }, "\(header)")
        }
    }

    /// In amavis's words, and in ours; strangers cannot write them.
    @Test(arguments: [
        ("amavis", "X-Amavis-Category: gateway.example; category=Virus\r\n"),
        ("mailreeve", "X-Mailreeve-Category: gateway.example; category=infected\r\n"),
    ])
    func theCategoryIsNamed(_ names: String, _ field: String) async throws {
        try await Lanes.run {
            let stage = try Self.stage(
                [
                    "infected": "quarantine-and-pass", "field_names": names, "add_category": "yes",
                    "defang": "[infected]",
                ])
            let forged = "\(field.prefix { $0 != ":" }): forged\nX-Amavis-Modified: forged\n"
            let mail = Self.mail("X-Report: virus Win.Worm\n\(forged)From: a@b\n", from: "s@example.org")
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            let header = try Self.only(stage).header
            #expect(header.contains(field), "\(header)")
            let modified = "X-Amavis-Modified: Mail body modified (defanged) by gateway.example\r\n"
            #expect(header.contains(modified) == (names == "amavis"))
            stage.hop.clear()
            let clean = Self.mail("\(forged)From: a@b\n", from: "s@example.org")
            #expect(try send(clean, to: stage.gateway.port).code == 250)
            let plain = try Self.only(stage).header
            #expect(plain.lowercased().contains("category=clean\r\n"))
            #expect(plain.components(separatedBy: "forged").count == (names == "amavis" ? 1 : 2), "\(plain)")
        }
    }

    @Test func defangedMailHoldsTheOriginalByteForByte() async throws {
        try await Lanes.run {
            let stage = try Self.stage(["infected": "quarantine-and-pass", "defang": "[infected]"])
            let mail = Self.mail(
                "X-Report: virus Win.Worm\nFrom: a@b\nTo: c@d\nSubject: caf\u{E9}\nMIME-Version: 1.0\n"
                    + "Content-Type: multipart/mixed; boundary=x\n", from: "s@example.org")
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            let (header, body, _) = try Self.only(stage)
            #expect(header.contains("X-Quarantine-ID: <") && header.contains("X-Mailreeve-Alert: INFECTED"))
            #expect(header.contains("\r\nFrom: a@b\r\nTo: c@d\r\nSubject: caf\u{E9}\r\nMIME-Version: 1.0\r\n"))
            #expect(!header.contains("boundary=x"))
            let original = String(decoding: mail.content, as: UTF8.self)
            let boundary = try #require(header.components(separatedBy: "boundary=\"").last?.prefix { $0 != "\"" })
            #expect(body.hasSuffix("Content-Transfer-Encoding: 8bit\r\n\r\n\(original)\r\n--\(boundary)--\r\n"))
            #expect(body.contains("INFECTED: Win.Worm") && body.contains("Content-Type: message/rfc822\r\n"))
        }
    }

    @Test func resultsOfOthersStay() async throws {
        let fields =
            "Authentication-Results: gateway.example; spf=pass\nAuthentication-Results: other.example; dkim=pass\n"
        try await Lanes.run {
            let trusting = try Self.stage([:])
            // Below the trace field of our MTA, or without one, anybody may have written them.
            let trace = "Received: from x (x [192.0.2.1])\n\tby mx (Postfix) with ESMTP id 4; date\n"
            let others = "Authentication-Results: other.example; dkim=pass\n"
            for (before, after) in [(fields + trace, fields + trace + others), ("", others)] {
                trusting.hop.clear()
                let mail = Self.mail(before + fields + "From: a@b\n")
                #expect(try send(mail, to: trusting.gateway.port).code == 250)
                let header = try Self.only(trusting).header
                #expect(header.contains(Self.crlf("\n\(after)From: a@b\n")), "\(header)")
                #expect(header.components(separatedBy: "gateway.example; spf").count == (before.isEmpty ? 1 : 2))
            }
            let believing = try Self.stage(["authentication_results": "keep"])
            #expect(try send(Self.mail(fields + "From: a@b\n"), to: believing.gateway.port).code == 250)
            #expect(try Self.only(believing).header.contains(Self.crlf(fields)))
            let strict = try Self.stage(["authentication_results": "remove-ours"])
            #expect(try send(Self.mail(fields + "From: a@b\n"), to: strict.gateway.port).code == 250)
            let header = try Self.only(strict).header
            #expect(!header.contains("Results: gateway.example") && header.contains("Results: other.example"))
        }
    }

    /// Authors are known after the queue alone: before it no milter has seen the header, and what it says came with the message.
    @Test(arguments: [false, true]) func banksByAuthor(beforeQueue: Bool) async throws {
        try await Lanes.run {
            let stage = try Stage(beforeQueue: beforeQueue) {
                $0.settings["banks"] = "[{name: FRIENDS, authors: [.bank.example], add_category: yes}]"
            }
            let header = """
                Authentication-Results: mx.example.net; dkim=pass header.d=bank.example
                Received: from c.example (c.example [192.0.2.9]) by mx.example.net (Postfix) with ESMTP id 4X; date
                From: x@bank.example

                """
            #expect(try send(Self.mail(header), to: stage.gateway.port).code == 250)
            #expect(try Self.only(stage).header.contains("X-Mailreeve-Category:") != beforeQueue)
        }
    }

    /// Those who read mail from the disk read on behind a line that is no field: so fields of ours go there, too, as far as the
    /// first empty line.
    @Test func forgedFieldsBehindABrokenLine() async throws {
        try await Lanes.run {
            let stage = try Self.stage([:])
            let forged = "X-Spam-Flag: NO\nX-Virus-Scanned: forged\nX-Quarantine-ID: <x>\n\tforged\n"
            let results = "Authentication-Results: gateway.example; dkim=pass\n"
            let mail = Self.mail("From: a@b\noops\n more\n\(forged)X-Kept: 1\noops\n\(results)Subject: s\n")
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            let (header, body, _) = try Self.only(stage)
            #expect(header.hasSuffix(Self.crlf("From: a@b\noops\n more\nX-Kept: 1\noops\nSubject: s\n")), "\(header)")
            #expect(body == Self.crlf(Self.body))
        }
    }

    /// Everything is judged and logged, nothing is done.
    @Test func shadow() async throws {
        try await Lanes.run {
            let stage = try Self.stage([
                "shadow": "yes", "infected": "reject", "subject_tags": "{infected: TAG}", "always_bcc": "[x@y]",
            ])
            let mail = Self.mail("X-Report: virus Win.Worm\nX-Virus-Scanned: forged\nFrom: a@b\nSubject: s\n")
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            let (_, _, delivery) = try Self.only(stage)
            #expect(delivery.content == mail.content && delivery.recipients == ["r@local.example"])
            let line = try stage.gateway.log.wait(for: "INFECTED (Win.Worm)")
            #expect(line.contains("Passed") && line.contains("shadow: would be 554 5.7.0 Reject"))
            #expect(!line.contains("quarantine:"))
        }
    }
}
