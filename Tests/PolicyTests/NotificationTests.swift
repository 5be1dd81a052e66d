import Foundation
import MailModel
import Policy
import Testing
import TestSupport

/// Notifications as Python's email package reads them: an independent reader of RFC 2046, 3464 and 6533.
@Suite(.enabled(if: Python.isPresent, "needs \(Python.path)"))
struct NotificationTests {
    /// What Python saw of one message.
    private struct Seen: Decodable {
        var headers: [[String]]
        var types: [String]
        var defects: [String]
        var text: String
        var status: [[[String]]]
        var quoted: [[String]]

        func header(_ name: String) -> String? { headers.first { $0[0] == name }?[1] }
    }

    /// Reads messages, each after a line with its length; writes one JSON list.
    private static let script = #"""
        import sys, json, email
        from email import policy
        def text(s): return str(s).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        def fields(m): return [[text(k), text(v)] for k, v in m.raw_items()]
        out = []
        while True:
            length = sys.stdin.buffer.readline()
            if not length: break
            m = email.message_from_bytes(sys.stdin.buffer.read(int(length)), policy=policy.default)
            parts = m.get_payload() if m.is_multipart() else []
            defects = [repr(d) for p in m.walk() for d in p.defects]
            groups = []
            if len(parts) > 1:
                if parts[1].get_content_type() == "message/delivery-status":
                    groups = [fields(g) for g in parts[1].get_payload()]
                else:
                    whole = parts[1].get_payload()[0]
                    body = whole.get_payload(decode=True).decode("utf-8")
                    raw = email.message_from_string(whole.as_bytes().split(b"\n\n")[0].decode("utf-8"))
                    groups = [fields(raw)] + [fields(email.message_from_string(g)) for g in body.replace("\r\n", "\n").split("\n\n") if g.strip()]
            quoted = m
            if len(parts) > 2:
                last = parts[2]
                quoted = last.get_payload()[0] if last.is_multipart() else email.message_from_bytes(last.get_payload(decode=True))
            out.append({"headers": fields(m), "types": [m.get_content_type()] + [p.get_content_type() for p in parts],
                "defects": [text(d) for d in defects], "text": text(parts[0].get_content()) if parts else "", "status": groups,
                "quoted": fields(quoted)})
        print(json.dumps(out))
        """#

    private static func read(_ messages: [[UInt8]]) throws -> [Seen] {
        var input: [UInt8] = []
        for message in messages { input += Array("\(message.count)\n".utf8) + message }
        return try JSONDecoder().decode([Seen].self, from: try Python.run(script, input: input))
    }

    private static func subject(
        sender: String = "sender@example.org", recipients: [RecipientOutcome]? = nil,
        headers: [UInt8] = Array("Subject: hello\r\n\r\n".utf8)
    ) -> DeliveryStatusNotification.Subject {
        let outcomes =
            recipients ?? [
                RecipientOutcome(
                    recipient: Samples.recipient("gone@example.com"), kind: .deliver,
                    reply: Reply(550, EnhancedStatus(5, 1, 1), "id=1-2 - Rejected by next-hop MTA"))
            ]
        return DeliveryStatusNotification.Subject(
            hostname: "mx.example.net", id: "1-2",
            envelope: Envelope(reversePath: MailPath(sender), recipients: outcomes.map(\.recipient)),
            recipients: outcomes,
            headers: headers, templates: english, time: 1_795_232_846)
    }

    private static let english: NoticeTemplates = {
        guard let texts = try? NoticeTemplates(NoticeTemplates.english) else {
            fatalError("the English texts are wrong")
        }
        return texts
    }()
    private static let boundary = "mailreeve-1-2-1795232846-0"

    /// What every notification is on the wire.
    private static func checkWire(_ message: [UInt8]) {
        var lines = 0
        var start = 0
        for (index, byte) in message.enumerated() {
            if byte == 0x0A {
                #expect(index > 0 && message[index - 1] == 0x0D, "bare LF at \(index)")
                #expect(index - start <= 998 + 1, "long line at \(start)")
                start = index + 1
                lines += 1
            } else if byte == 0x0D {
                #expect(index + 1 < message.count && message[index + 1] == 0x0A, "bare CR at \(index)")
            }
        }
        #expect(message.suffix(boundary.count + 6).elementsEqual("--\(boundary)--\r\n".utf8))
    }

    /// Two notifications of one message are two messages.
    @Test func notificationsOfOneMessageAreToldApart() throws {
        var (first, second) = (Self.subject(), Self.subject())
        (first.number, second.number) = (1, 2)
        let seen = try Self.read([first, second].map { DeliveryStatusNotification.message($0) })
        #expect(Set(seen.map { $0.header("Message-ID") }).count == 2)
        #expect(Set(seen.map { $0.header("Content-Type") }).count == 2)
    }

    @Test func structure() throws {
        let message = DeliveryStatusNotification.message(Self.subject())
        Self.checkWire(message)
        let seen = try #require(try Self.read([message]).first)
        #expect(seen.defects == [])
        #expect(seen.types == ["multipart/report", "text/plain", "message/delivery-status", "text/rfc822-headers"])
        #expect(seen.header("Content-Type")?.contains("report-type=delivery-status") == true)
        #expect(seen.header("From") == "MAILER-DAEMON@mx.example.net")
        #expect(seen.header("To") == "sender@example.org")
        #expect(seen.header("Auto-Submitted") == "auto-replied")
        #expect(seen.header("Date") == "Sat, 21 Nov 2026 03:47:26 +0000")
        #expect(seen.header("Message-ID")?.hasPrefix("<") == true)
        #expect(seen.header("Content-Transfer-Encoding") == "7bit")
        #expect(seen.text.contains("<gone@example.com>: 550 5.1.1 id=1-2 - Rejected"))
        #expect(
            seen.status == [
                [["Reporting-MTA", "dns; mx.example.net"]],
                [
                    ["Final-Recipient", "rfc822; gone@example.com"], ["Action", "failed"], ["Status", "5.1.1"],
                    ["Diagnostic-Code", "smtp; 550 5.1.1 id=1-2 - Rejected by next-hop MTA"],
                ],
            ])
        #expect(seen.quoted == [["Subject", "hello"]])
    }

    @Test func oneGroupForEachRecipient() throws {
        let outcomes = (1...50).map { number in
            RecipientOutcome(
                recipient: Samples.recipient("r\(number)@x"), kind: .reject, reply: Reply(554, nil, "no \(number)"))
        }
        let seen = try #require(
            try Self.read([DeliveryStatusNotification.message(Self.subject(recipients: outcomes))]).first)
        #expect(seen.status.count == 51)
        #expect(seen.status.dropFirst().map { $0[0][1] } == (1...50).map { "rfc822; r\($0)@x" })
        // A reply without an enhanced status still has one here.
        #expect(seen.status.dropFirst().allSatisfy { $0.contains(["Status", "5.0.0"]) })
    }

    /// ENVID and ORCPT are xtext in SMTP and are decoded here (RFC 3461 section 6.3).
    @Test func originalIdentifiersAreDecoded() throws {
        var outcome = Self.subject().recipients[0]
        outcome.recipient.originalRecipient = Array("rfc822;Old+2BName+3D@example.com".utf8)
        var subject = Self.subject(recipients: [outcome])
        subject.envelope.parameters.envelopeID = Array("QQ+2B31+3D4".utf8)
        let seen = try #require(try Self.read([DeliveryStatusNotification.message(subject)]).first)
        #expect(seen.status[0].contains(["Original-Envelope-Id", "QQ+31=4"]))
        #expect(seen.status[1].first == ["Original-Recipient", "rfc822;Old+Name=@example.com"])
    }

    /// Backslashes are theirs: a quoted local part and the form of RFC 6533 come back as they were. What is no text comes back as xtext.
    @Test(arguments: [
        (#"utf-8;\x{44E}@local.example"#, #"utf-8;\x{44E}@local.example"#),
        (#"rfc822;"a\"+20b\\\\"@x.example"#, #"rfc822;"a\" b\\\\"@x.example"#), ("rfc822;a+FFb@x", "rfc822;a+FFb@x"),
        ("rfc822;a+07b@x", "rfc822;a+07b@x"), ("rfc822;a+C2+9Bb@x", "rfc822;a+C2+9Bb@x"),
    ])
    func originalIdentifiersComeBackAsTheyWere(xtext: String, shown: String) throws {
        var outcome = Self.subject().recipients[0]
        outcome.recipient.originalRecipient = Array(xtext.utf8)
        var subject = Self.subject(recipients: [outcome])
        subject.envelope.parameters.envelopeID = Array(xtext.utf8)
        let text = String(decoding: DeliveryStatusNotification.message(subject), as: UTF8.self)
        #expect(text.contains("\r\nOriginal-Recipient: \(shown)\r\n"))
        #expect(text.contains("\r\nOriginal-Envelope-Id: \(shown)\r\n"))
    }

    /// RFC 6533 section 6: the header of a message in UTF-8 is quoted as message/global-headers, and no other.
    @Test func internationalHeaders() throws {
        for (header, isGlobal, type) in [
            ("Subject: здравствуй", true, "message/global-headers"), ("Subject: hello", true, "text/rfc822-headers"),
            ("Subject: здравствуй", false, "text/rfc822-headers"),
        ] {
            var subject = Self.subject(headers: Array("\(header)\r\n\r\n".utf8))
            subject.envelope.parameters.smtputf8 = isGlobal
            let message = DeliveryStatusNotification.message(subject)
            let seen = try #require(try Self.read([message]).first)
            #expect(seen.types.last == type && seen.defects == [])
            // A multipart with 8-bit parts says so itself (RFC 2045 section 6.4); a next hop without 8BITMIME takes all others.
            let hasEightBit = type == "message/global-headers"
            #expect(seen.header("Content-Transfer-Encoding") == (hasEightBit ? "8bit" : "7bit"))
            #expect(message.contains { $0 >= 0x80 } == hasEightBit)
        }
    }

    /// What the decoded text hides cannot become a field.
    @Test func originalIdentifiersCannotInject() throws {
        var outcome = Self.subject().recipients[0]
        outcome.recipient.originalRecipient = Array("rfc822;a+0D+0AAction: delivered".utf8)
        var subject = Self.subject(recipients: [outcome])
        subject.envelope.parameters.envelopeID = Array("a+0D+0A+0D+0A--\(Self.boundary)+0D+0AStatus:+202.0.0".utf8)
        let message = DeliveryStatusNotification.message(subject)
        Self.checkWire(message)
        let seen = try #require(try Self.read([message]).first)
        #expect(seen.types.count == 4 && seen.defects == [] && seen.status.count == 2)
        #expect(seen.status[1].filter { $0[0] == "Action" } == [["Action", "failed"]])
        #expect(seen.status.joined().filter { $0[0] == "Status" } == [["Status", "5.1.1"]])
    }

    /// RFC 6533: an address outside ASCII needs the global form and its address type.
    @Test func internationalAddresses() throws {
        let outcomes = [
            RecipientOutcome(
                recipient: Samples.recipient("müller@bücher.example"), kind: .deliver, reply: Reply(550, nil, "no")),
            RecipientOutcome(
                recipient: Samples.recipient("plain@example.com"), kind: .deliver, reply: Reply(550, nil, "no")),
        ]
        let message = DeliveryStatusNotification.message(
            Self.subject(sender: "søren@example.org", recipients: outcomes))
        Self.checkWire(message)
        let seen = try #require(try Self.read([message]).first)
        #expect(seen.defects == [])
        #expect(seen.types[2] == "message/global-delivery-status")
        #expect(
            seen.status.dropFirst().map { $0[0][1] } == ["utf-8; müller@bücher.example", "rfc822; plain@example.com"])
        #expect(String(decoding: message, as: UTF8.self).contains("\r\nTo: søren@example.org\r\n"))
    }

    /// The address is ASCII, but the original one is not: still no 8-bit text under a type that does not allow it.
    @Test func internationalOriginalRecipient() throws {
        var outcome = Self.subject().recipients[0]
        outcome.recipient.originalRecipient = Array("utf-8;m+C3+BCller@x".utf8)
        let seen = try #require(
            try Self.read([DeliveryStatusNotification.message(Self.subject(recipients: [outcome]))]).first)
        #expect(seen.types[2] == "message/global-delivery-status")
        #expect(seen.status[1].first == ["Original-Recipient", "utf-8;müller@x"])
    }

    /// Attack B8: quoted lines that are, or begin with, our boundary.
    @Test func quotedLinesCannotEndTheirPart() throws {
        let lines = [
            "--\(Self.boundary)", "--\(Self.boundary)--", "--\(Self.boundary): x", "--\(Self.boundary)--: x",
            "--\(Self.boundary) \t", "--\(Self.boundary)\u{301}: x", "\u{1}--\(Self.boundary)", "\r--\(Self.boundary)",
            "\u{0}\u{0}--\(Self.boundary)--", "\u{1}", "\r", "",
        ]
        var messages: [[UInt8]] = []
        for line in lines {
            let headers = "Subject: a\r\n\(line)\r\nContent-Type: application/x-evil\r\nX-After: b\r\n\r\n"
            messages.append(DeliveryStatusNotification.message(Self.subject(headers: Array(headers.utf8))))
            messages.append(
                DeliveryStatusNotification.message(Self.subject(headers: Array(headers.utf8.dropFirst(12)))))
        }
        for (index, seen) in try Self.read(messages).enumerated() {
            Self.checkWire(messages[index])
            #expect(
                seen.types == ["multipart/report", "text/plain", "message/delivery-status", "text/rfc822-headers"],
                "\(index)")
            // Every second block begins with the line, which is then no field.
            if index % 2 == 0 { #expect(seen.quoted.contains(["X-After", "b"]), "\(index): \(seen.quoted)") }
        }
    }

    @Test func randomHeaderBlocksStayInTheirPart() throws {
        var random = SeededGenerator(seed: 5)
        let pieces: [[UInt8]] = [
            Array("--\(Self.boundary)".utf8), Array("--".utf8), Array("Subject: x".utf8), Array(": ".utf8),
            [0x0D, 0x0A], [0x0D],
            [0x0A], [0x00], [0x01], [0x0B], [0x0C], [0x1C], [0x85], [0xC2, 0x85], [0xE2, 0x80, 0xA8], [0xCC, 0x81],
            [0xFF],
            [0x20], [0x09], Array("Content-Type: multipart/mixed; boundary=x".utf8),
        ]
        let messages = (0..<400).map { _ in
            let headers = (0..<Int.random(in: 0...40, using: &random)).flatMap { _ in
                pieces.randomElement(using: &random) ?? []
            }
            return DeliveryStatusNotification.message(Self.subject(headers: headers))
        }
        for (index, seen) in try Self.read(messages).enumerated() {
            Self.checkWire(messages[index])
            #expect(
                seen.types == ["multipart/report", "text/plain", "message/delivery-status", "text/rfc822-headers"],
                "\(index)")
        }
    }

    @Test func theQuotedBlockHasALimit() {
        let line = Array("X-Field: 0123456789\r\n".utf8)
        let headers = Array(repeatElement(line, count: 100_000).joined())
        let message = DeliveryStatusNotification.message(Self.subject(headers: headers))
        Self.checkWire(message)
        #expect(message.count < 16_384 + 4096)
    }

    /// A stranger's words in the diagnosis stay one field.
    @Test(arguments: Samples.hostile)
    func repliesCannotInject(text: String) throws {
        let outcome = RecipientOutcome(
            recipient: Samples.recipient("r@x"), kind: .deliver,
            reply: Reply(550, nil, lines: [text, "\r\n\r\n--\(Self.boundary)--\r\n"]))
        let message = DeliveryStatusNotification.message(Self.subject(recipients: [outcome]))
        Self.checkWire(message)
        let seen = try #require(try Self.read([message]).first)
        #expect(seen.types.count == 4 && seen.status.count == 2 && seen.status[1].count == 4)
    }
}

@Suite struct WantedNotificationTests {
    private static func outcome(_ notify: NotifyConditions?) -> RecipientOutcome {
        RecipientOutcome(
            recipient: Recipient(path: MailPath("r@x"), notify: notify), kind: .deliver, reply: Reply(550, nil, ""))
    }

    /// RFC 3461 section 4.1: without NOTIFY a failure is reported, with it only when it names FAILURE.
    @Test func recipientsWhoseFailureIsWanted() {
        let wanted: [NotifyConditions?] = [nil, .failure, [.failure, .delay], [.success, .failure, .delay]]
        let unwanted: [NotifyConditions?] = [.never, .success, .delay, [.success, .delay]]
        let sender = MailPath("s@y")
        for notify in wanted {
            let outcome = Self.outcome(notify)
            #expect(DeliveryStatusNotification.wanted([outcome], sender: sender) == [outcome])
        }
        for notify in unwanted {
            #expect(DeliveryStatusNotification.wanted([Self.outcome(notify)], sender: sender) == [])
        }
        let mixed = [Self.outcome(.never), Self.outcome(nil), Self.outcome(.success)]
        #expect(DeliveryStatusNotification.wanted(mixed, sender: sender) == [mixed[1]])
    }

    /// A notification about a notification would go round for ever (RFC 5321 section 4.5.5).
    @Test func neverToTheNullSender() {
        #expect(DeliveryStatusNotification.wanted([Self.outcome(nil), Self.outcome(.failure)], sender: .null) == [])
    }
}
