import Foundation
import MailModel
import Policy
import Testing

@Suite struct HeaderEditTests {
    private static let time = 1_795_232_846

    private static func received(
        _ client: ClientFacts, smtputf8: Bool = false, recipient: MailPath? = nil
    ) -> String {
        HeaderEdits.received(
            HeaderEdits.Trace(
                hostname: "mx.example.org", id: "12-3", client: client, smtputf8: smtputf8, recipient: recipient,
                time: time))
    }

    @Test func aReceivedFieldInFull() {
        var client = ClientFacts(
            address: "192.0.2.7", port: 4, helo: Array("mail.example.com".utf8), transmission: .esmtp)
        #expect(
            Self.received(client, recipient: MailPath("r@example.org"))
                == "Received: from mail.example.com ([192.0.2.7])\r\n"
                + "\tby mx.example.org (mailreeve) with ESMTP id 12-3\r\n"
                + "\tfor <r@example.org>; Sat, 21 Nov 2026 03:47:26 +0000\r\n")
        client.address = "2001:db8::1"
        client.helo = []
        #expect(
            Self.received(client)
                == "Received: from unknown ([IPv6:2001:db8::1])\r\n"
                + "\tby mx.example.org (mailreeve) with ESMTP id 12-3; Sat, 21 Nov 2026 03:47:26 +0000\r\n")
        client.address = "unix"
        #expect(Self.received(client).hasPrefix("Received: from unknown (unix socket)\r\n"))
    }

    @Test func theSitesOwnWordsOfAVirusScan() {
        #expect(
            HeaderEdits.virusScanned(hostname: "mx.example", engine: "ClamAV 1")
                == "X-Virus-Scanned: mailreeve (ClamAV 1) at mx.example\r\n")
        #expect(
            HeaderEdits.virusScanned(hostname: "mx.example", engine: "ClamAV 1", text: "by our gateway")
                == "X-Virus-Scanned: by our gateway\r\n")
        let field = HeaderEdits.virusScanned(hostname: "mx.example", engine: "x", text: "geprüft")
        #expect(field.hasPrefix("X-Virus-Scanned: =?UTF-8?") && field.utf8.allSatisfy { $0 < 0x80 })
    }

    /// The registered `with` words (RFC 3848, RFC 6531 section 4.3).
    @Test func protocolWords() {
        let expected: [(TransmissionType, Bool, Bool, String)] = [
            (.smtp, false, false, "SMTP"), (.esmtp, false, false, "ESMTP"), (.esmtp, true, false, "ESMTPS"),
            (.esmtp, false, true, "UTF8SMTP"), (.esmtp, true, true, "UTF8SMTPS"), (.lmtp, false, false, "LMTP"),
            (.lmtp, true, false, "LMTPS"), (.lmtp, false, true, "UTF8LMTP"), (.lmtp, true, true, "UTF8LMTPS"),
        ]
        for (transmission, secured, smtputf8, word) in expected {
            let client = ClientFacts(transmission: transmission, secured: secured)
            #expect(Self.received(client, smtputf8: smtputf8).contains(" with \(word) id "))
        }
    }

    private static let form = #"""
        \AReceived:\x20from\x20[A-Za-z0-9.:_?\[\]-]{1,255}\x20\((?:\[[0-9A-Fa-f.:IPv]+\]|unix\x20socket)\)\r\n
        \tby\x20[!-~]+\x20\(mailreeve\)\x20with\x20[A-Z0-9]+\x20id\x20[!-~]+
        (?:\r\n\tfor\x20<[\x20-~]*>)?;\x20[A-Z][a-z]{2},\x20\d{1,2}\x20[A-Z][a-z]{2}\x20\d{4}\x20\d\d:\d\d:\d\d\x20\+0000\r\n\z
        """#

    private static func isWellFormed(_ field: String) -> Bool {
        field.range(of: "(?x)" + form, options: .regularExpression) == field.startIndex..<field.endIndex
    }

    @Test func heloNamesCannotInject() {
        var names = Samples.hostile.map { Array($0.utf8) }
        for byte in UInt8.min...UInt8.max { names += [[byte], [0x61, byte, 0x62], [byte, byte, 0x0D, 0x0A, byte]] }
        names.append([UInt8](repeating: 0x28, count: 100_000))
        names.append(
            Array("evil) by trusted.example (Postfix) with ESMTP id 1; Mon, 1 Jan 2024 00:00:00 +0000\r\nX: y".utf8))
        for name in names {
            let field = Self.received(ClientFacts(address: "192.0.2.7", helo: name, transmission: .esmtp))
            if !Self.isWellFormed(field) { Issue.record("\(name.prefix(40)): \(field)") }
        }
        #expect(
            !Self.isWellFormed(
                "Received: from a b ([192.0.2.7])\r\n\tby x (mailreeve) with SMTP id 1; Sat, 21 Nov 2026 03:47:26 +0000\r\n"
            ))
    }

    @Test func lengthsOfNames() {
        for (length, shown) in [(1, 1), (255, 255), (256, 255), (4000, 255)] {
            let helo = [UInt8](repeating: 0x61, count: length)
            let field = Self.received(ClientFacts(address: "192.0.2.7", helo: helo))
            #expect(field.hasPrefix("Received: from \(String(repeating: "a", count: shown)) ("))
        }
        for (length, isShown) in [(199, true), (200, false)] {
            let recipient = MailPath(bytes: [UInt8](repeating: 0x61, count: length))
            #expect(Self.received(ClientFacts(), recipient: recipient).contains("\tfor <") == isShown)
        }
        #expect(!Self.received(ClientFacts(), recipient: MailPath("é@x")).contains("for <"))
    }

    @Test func ownFields() {
        #expect(
            HeaderEdits.virusScanned(hostname: "mx", engine: "ClamAV 1.4.6")
                == "X-Virus-Scanned: mailreeve (ClamAV 1.4.6) at mx\r\n")
        #expect(
            HeaderEdits.unchecked(Samples.verdict(unchecked: [.encrypted, .deadline, .encrypted]))
                == "X-Mailreeve-Unchecked: encrypted, deadline\r\n")
        // What we write is also what is taken out of mail that comes in.
        let names = HeaderEdits.ownNames.map { "\($0)" }
        #expect(names.contains("X-Virus-Scanned") && names.contains("X-Mailreeve-Unchecked"))
    }
}
