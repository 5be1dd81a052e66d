import Foundation
import TestSupport
import Testing

/// Infected mail and the signatures that find it.
@Suite struct SignatureTests {
    static let name = "Eicar-Test-Signature.UNOFFICIAL"

    static let infected: [(String, Mail)] = [
        ("text", Mail(text: "Subject: text\n\n\(eicar)\n")),
        ("attachment", .attached(Array(eicar.utf8), name: "invoice.com")),
        (
            "nested",
            Mail(
                text: """
                    Subject: nested
                    MIME-Version: 1.0
                    Content-Type: multipart/mixed; boundary=o

                    --o
                    Content-Type: message/rfc822

                    Subject: inner
                    MIME-Version: 1.0
                    Content-Type: multipart/mixed; boundary=i

                    --i
                    Content-Type: application/zip
                    Content-Transfer-Encoding: base64

                    \(base64(Array(eicar.utf8)))
                    --i--
                    --o--

                    """)
        ),
    ]

    @Test(arguments: infected.map(\.0))
    func afterTheQueue(kind: String) async throws {
        try await Lanes.run {
            let stage = try Stage()
            let mail = try #require(Self.infected.first { $0.0 == kind }).1
            let reply = try send(mail, to: stage.gateway.port)
            #expect(reply.description.hasPrefix("250 2.7.0 Ok, discarded, id="), "\(reply)")
            #expect(reply.text.hasSuffix(" - INFECTED: \(Self.name)"), "\(reply)")
            #expect(stage.hop.connections == 0)
            let id = try #require(stage.gateway.quarantined.first)
            let entry = "\(stage.gateway.stateDirectory)/quarantine/\(id.prefix(1))/\(id)"
            #expect(try runTool("gzip", ["-dc", entry + "/message.gz"]).output == mail.content)
            for file in ["envelope", "report"] { #expect(FileManager.default.fileExists(atPath: "\(entry)/\(file)")) }
            let line = try stage.gateway.log.wait(
                for: "Blocked INFECTED (\(Self.name)) {DiscardedInbound,Quarantined}, ")
            #expect(line.contains("quarantine: \(id)"), "\(line)")
        }
    }

    /// Nobody looks for viruses: the test file is found by its digest, and nothing says that the message was scanned.
    @Test func theTestFileWithoutAnyScanner() async throws {
        try await Lanes.run {
            let stage = try Stage { $0.settings["clamav.enabled"] = "no" }
            for (_, mail) in Self.infected {
                let reply = try send(mail, to: stage.gateway.port)
                #expect(reply.text.hasSuffix(" - INFECTED: Eicar-Test-Signature"), "\(reply)")
            }
            #expect(stage.hop.connections == 0)
            // With something in front of it or behind it, it is another file.
            for text in ["x\(eicar)", "\(eicar)x"] {
                let reply = try send(Mail(text: "Subject: another\n\n\(text)\n"), to: stage.gateway.port)
                #expect(reply.code == 250 && !reply.text.contains("INFECTED"), "\(reply)")
            }
            let added = try #require(stage.hop.deliveries.last).relayed.added
            #expect(!added.contains { $0.hasPrefix("X-Virus-Scanned:") }, "\(added)")
        }
    }

    @Test(arguments: infected.map(\.0))
    func beforeTheQueue(kind: String) async throws {
        try await Lanes.run {
            let stage = try Stage(beforeQueue: true)
            let mail = try #require(Self.infected.first { $0.0 == kind }).1
            let reply = try send(mail, to: stage.gateway.port)
            #expect(reply.description.hasPrefix("554 5.7.0 Reject, id="), "\(reply)")
            #expect(reply.text.hasSuffix(" - INFECTED: \(Self.name)"), "\(reply)")
            #expect(stage.hop.connections == 0)
            #expect(stage.gateway.quarantined.count == 1)
            try stage.expectService()
        }
    }

    /// One LMTP reply for each recipient, the same for all.
    @Test func everyRecipientHearsIt() async throws {
        try await Lanes.run {
            let stage = try Stage(beforeQueue: true)
            var mail = Mail.attached(Array(eicar.utf8))
            mail.recipients = ["a@example.net", "b@example.net"]
            let final = try sendAll(mail, to: stage.gateway.port, lmtp: true).final
            #expect(final.map(\.code) == [554, 554])
        }
    }

    private static let forged = Mail(
        text: """
            Received: from elsewhere.example by mx.example; Thu, 6 Mar 2025 07:05:30 +0000
            X-Virus-Scanned: mailreeve (forged) at gateway.example
            Subject: tabs\tand  blanks stay
            x-virus-SCANNED: amavisd-new
             folded
            X-Quarantine-ID: <forged>
            X-Other: 1

            body with trailing blanks  \t
            .dot
            X-Virus-Scanned: in the body stays

            """)
    private static let cleared = crlf(
        """
        Received: from elsewhere.example by mx.example; Thu, 6 Mar 2025 07:05:30 +0000
        Subject: tabs\tand  blanks stay
        X-Other: 1

        body with trailing blanks  \t
        .dot
        X-Virus-Scanned: in the body stays

        """)

    /// With signatures for tests only nothing may say that the message was scanned.
    @Test func testSignaturesClaimNothing() async throws {
        try await Lanes.run {
            let stage = try Stage { $0.policies["default", default: [:]]["bad_header_checks"] = "[]" }
            #expect(stage.gateway.allLines.contains { $0.contains("NO VIRUS SIGNATURES") })
            #expect(try send(Self.forged, to: stage.gateway.port).code == 250)
            let relayed = try #require(stage.hop.deliveries.first).relayed
            #expect(relayed.added.map { $0.prefix(9) } == ["Received:"])
            #expect(String(decoding: relayed.original, as: UTF8.self) == String(decoding: Self.cleared, as: UTF8.self))
        }
    }

    @Test func realSignaturesAreNamed() async throws {
        try await Lanes.run {
            let stage = try Stage {
                $0.settings["clamav.database"] = Programs.package + "/rules/signatures"
                $0.policies["default", default: [:]]["bad_header_checks"] = "[]"
            }
            #expect(!stage.gateway.allLines.contains { $0.contains("NO VIRUS SIGNATURES") })
            #expect(try send(Self.forged, to: stage.gateway.port).code == 250)
            let relayed = try #require(stage.hop.deliveries.first).relayed
            #expect(relayed.added.count == 2)
            let field = try #require(relayed.added.first)
            #expect(
                field.hasPrefix("X-Virus-Scanned: mailreeve (ClamAV ") && field.hasSuffix(") at gateway.example\r\n"))
            #expect(relayed.original == Self.cleared)
        }
    }

    private static let leading = [
        " ; forged continuation\n\tand more\n", "\tby forged.example (Postfix) with ESMTPSA id 4Xx\n", " \n",
        "\t\n X-Forged: x\n",
    ]

    /// A first line that begins with a blank continues what stands above it: such lines go, and nothing else of the message.
    @Test(arguments: [true, false], leading)
    func nobodyWritesIntoOurFields(addsReceived: Bool, leading: String) async throws {
        try await Lanes.run {
            let stage = try Stage {
                $0.settings["clamav.database"] = Programs.package + "/rules/signatures"
                $0.policies["default", default: [:]]["add_received"] = addsReceived ? "yes" : "no"
            }
            let rest = "Subject: x\n y\n\n forged\n\tbody\n"
            let mail = Mail(text: leading + rest)
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            let relayed = try #require(stage.hop.deliveries.first).relayed
            let fields = relayed.added
            try #require(fields.count == (addsReceived ? 3 : 2), "\(fields)")
            #expect(fields[0].hasPrefix("X-Virus-Scanned: ") && fields[0].hasSuffix("at gateway.example\r\n"))
            #expect(fields[1].hasPrefix("X-Mailreeve-Alert: BAD HEADER SECTION, "))
            #expect(fields[1].contains("continuation of no field,") || leading.allSatisfy(\.isWhitespace))
            for field in fields {
                #expect(!field.lowercased().contains("forged") && !field.contains("ESMTPSA"), "\(field)")
                // No line of nothing but blanks, either.
                #expect(field.split(separator: "\r\n").allSatisfy { $0.contains { $0 != " " && $0 != "\t" } })
            }
            #expect(relayed.original == Mail(text: rest).content)
        }
    }

    private static func signature(_ name: String, _ text: String) -> String {
        "\(name):0:*:" + text.utf8.map { byte in String(byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
            + "\n"
    }

    /// Another generation: what it knows is found, what it does not know any more is not.
    @Test func reloadTakesNewSignatures() async throws {
        try await Lanes.run {
            let stage = try Stage()
            let mail = Mail(text: "Subject: new\n\nfour green badgers read the almanac\n")
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            let before = stage.gateway.zygotes
            let text = "green badgers read"
            try stage.gateway.disk.write("signatures/new.ndb", Self.signature("Test.Badgers", text))
            #expect(try stage.gateway.reload().contains("reloaded"))
            let reply = try send(mail, to: stage.gateway.port)
            #expect(reply.text.hasSuffix(" - INFECTED: Test.Badgers.UNOFFICIAL"), "\(reply)")
            // The old generation is gone, with all its workers.
            try poll("one generation") { stage.gateway.zygotes.count == 1 }
            #expect(stage.gateway.zygotes != before)
            try stage.expectService()
        }
    }

    @Test func brokenSignaturesChangeNothing() async throws {
        try await Lanes.run {
            let stage = try Stage()
            let before = stage.gateway.zygotes
            try stage.gateway.disk.write("signatures/broken.ndb", "this is no signature\n")
            let line = try stage.gateway.reload()
            #expect(line.contains("reload failed, the settings in force stay"), "\(line)")
            #expect(try send(Self.infected[1].1, to: stage.gateway.port).text.hasSuffix(Self.name))
            try poll("one generation") { stage.gateway.zygotes == before }
            try stage.expectService()
        }
    }

    /// Signatures that do not find the test virus do not come into force: something is wrong with them.
    @Test func signaturesThatFindNothingChangeNothing() async throws {
        try await Lanes.run {
            let stage = try Stage()
            try FileManager.default.removeItem(atPath: stage.gateway.disk.path + "/signatures/test.ndb")
            try stage.gateway.disk.write("signatures/new.ndb", Self.signature("Test.Badgers", "green badgers read"))
            let line = try stage.gateway.reload()
            #expect(line.contains("self-test failed"), "\(line)")
            #expect(try send(Self.infected[0].1, to: stage.gateway.port).text.hasSuffix(Self.name))
        }
    }

    /// A worker that has seen a virus reads no other mail.
    @Test func workerIsReplacedAfterAVirus() async throws {
        try await Lanes.run {
            let stage = try Stage { $0.settings["inspector.workers"] = "1" }
            let before = Set(stage.gateway.workers)
            for _ in 0..<4 { _ = try send(Self.infected[0].1, to: stage.gateway.port) }
            try poll("all workers to be others") {
                let now = stage.gateway.workers
                return now.count == before.count && before.isDisjoint(with: now)
            }
        }
    }
}
