import Foundation
import TestSupport
import Testing

/// `mailreeve scan`.
@Suite(.enabled(if: Clients.arePossible, Clients.missing))
struct ScanTests {
    private static let expected = [
        "clean": "clean", "clean-attachment": "clean", "spammy": "spam", "eicar-attached": "infected",
        "eicar-nested": "infected",
    ]

    /// Scripts depend on these names: fields may be added, never renamed.
    private static let fields = [
        "file", "message_id", "size", "sha256", "category", "score", "tests", "bayes", "findings", "parts", "anomalies",
        "ambiguous", "unchecked", "limits_hit", "recipients", "edits", "differences",
        "timing_us",
    ]

    private static func check(_ document: JSONDocument) throws {
        for field in fields { #expect(document[field] != nil, "\(field) is not there") }
        for part in document.list("parts") {
            for field in [
                "path", "reading", "cause", "decoding", "declared_type", "detected_type", "names", "size", "sha256",
                "encrypted", "origin",
            ] {
                #expect(part[field] != nil, "parts: \(field)")
            }
        }
        for finding in document.list("findings") {
            for field in ["scanner", "class", "name", "part", "evidence", "rule"] {
                #expect(finding[field] != nil, "findings: \(field)")
            }
        }
        for recipient in document.list("recipients") {
            for field in ["address", "disposition", "reply", "quarantine"] {
                #expect(recipient[field] != nil, "recipients: \(field)")
            }
        }
    }

    @Test(arguments: expected.keys.sorted())
    func samples(name: String) async throws {
        try await Lanes.run {
            let configuration = try OfflineConfiguration()
            let file = try configuration.write("\(name).eml", Samples.sample(name))
            let category = try #require(Self.expected[name])
            let json = try mailreeve(
                "scan", "--config", configuration.path, "--json", "--sender", "s@example.org", "--recipient",
                "a@example.net",
                "--recipient", "b@example.net", file)
            #expect(json.status == (category == "clean" ? 0 : 1), "\(json)")
            #expect(json.errorText.contains("test signatures only"))
            #expect(json.lines.count == 1)
            let document = try JSONDocument(json.lines[0])
            try Self.check(document)
            #expect(document["file"] as? String == file)
            #expect(document["category"] as? String == category)
            #expect(document["size"] as? Int == (try Samples.sample(name).count))
            #expect(document["signatures"] as? String == "test-only")
            #expect(document.list("recipients").map { $0["address"] as? String } == ["a@example.net", "b@example.net"])
            let disposition = ["clean": "deliver", "spam": "deliver-marked"][category] ?? "discard"
            #expect(document.list("recipients").allSatisfy { $0["disposition"] as? String == disposition })
            #expect(document.list("findings").isEmpty == (category == "clean"))
            #expect((document["score"] as? Double ?? 0 >= 1000) == (name == "spammy"))
            #expect(document.list("tests").contains { $0["name"] as? String == "GTUBE" } == (name == "spammy"))

            let tree = try mailreeve("scan", "--config", configuration.path, file)
            #expect(tree.status == json.status)
            #expect(tree.lines.first == "\(file): \(category)", "\(tree)")
            #expect(tree.text.contains("signatures: test-only"))
            #expect(tree.text.contains("sha256 \(document["sha256"] as? String ?? "-")"))
            #expect(tree.text.contains("Eicar-Test-Signature") == (category == "infected"))
        }
    }

    /// Those for tests are signed by nobody: they are loaded where only signed ones are wanted and none are there yet.
    @Test func testSignaturesBesideOfficialOnly() async throws {
        try await Lanes.run {
            let configuration = try OfflineConfiguration("  official_only: yes\n")
            let file = try configuration.write("a.eml", Array("Subject: a\r\n\r\nhello\r\n".utf8))
            let scanned = try mailreeve("scan", "--config", configuration.path, file)
            #expect(scanned.text.contains("signatures: test-only"), "\(scanned)")
            let none = try OfflineConfiguration()
            let text = try String(contentsOfFile: none.path, encoding: .utf8)
                .replacing(/test_database: .*/, with: "test_database: \"\"")
            _ = try none.write("mailreeve.yaml", Array(text.utf8))
            let refused = try mailreeve("scan", "--config", none.path, file)
            #expect(
                refused.status == 2
                    && refused.errorText.contains("holds no signatures, and clamav.test_database is none"), "\(refused)"
            )
        }
    }

    /// A directory of signatures without official ones is called what it is, and is no test.
    @Test func signaturesOfTheSite() async throws {
        try await Lanes.run {
            let configuration = try OfflineConfiguration()
            let directory = URL(fileURLWithPath: configuration.path).deletingLastPathComponent().path + "/official"
            // One that is named and not there is no empty one: it may be misspelt, or not mounted.
            let file = try configuration.write("own.eml", Array("Subject: own\r\n\r\ngreen badgers\r\n".utf8))
            try FileManager.default.removeItem(atPath: directory)
            let missing = try mailreeve("scan", "--config", configuration.path, file)
            #expect(
                missing.status == 2
                    && missing.errorText.contains("clamav.database: opendir \(directory): No such file or directory"),
                "\(missing)")
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            // The self-test wants the test virus of any set.
            let signatures = try String(contentsOfFile: Programs.signatures, encoding: .utf8)
            _ = try configuration.write(
                "official/own.ndb", Array("\(signatures)Own.One:0:*:677265656e2062616467657273\n".utf8))
            let json = try mailreeve("scan", "--config", configuration.path, "--json", file)
            #expect(json.status == 1 && !json.errorText.contains("test signatures"), "\(json)")
            let document = try JSONDocument(try #require(json.lines.first))
            #expect(document["signatures"] as? String == "own" && document["category"] as? String == "infected")
            let tree = try mailreeve("scan", "--config", configuration.path, file)
            #expect(tree.text.contains("signatures: own") && tree.text.contains("Own.One"), "\(tree)")
        }
    }

    /// A name does not look like several levels of the tree.
    @Test func namesOfMembersInTheTree() async throws {
        @Sendable func member(_ name: String) -> [UInt8] {
            var header = [UInt8](repeating: 0, count: 512)
            func put(_ text: String, _ place: Int) {
                header.replaceSubrange(place..<place + text.utf8.count, with: text.utf8)
            }
            for (text, place) in [(name, 0), ("0000644", 100), ("00000000006", 124), ("00000000000", 136)] {
                put(text, place)
            }
            put("        ", 148)
            put("0", 156)
            put("ustar", 257)
            put("00", 263)
            put("0" + String(header.reduce(0) { $0 + Int($1) }, radix: 8), 148)
            return header + Array("hello\n".utf8) + [UInt8](repeating: 0, count: 506)
        }
        try await Lanes.run {
            let configuration = try OfflineConfiguration()
            let tar =
                member("x > y.txt") + member("a \"b\".txt") + member("plain.txt") + [UInt8](repeating: 0, count: 1024)
            let mail = """
                Subject: a\r
                MIME-Version: 1.0\r
                Content-Type: application/x-tar\r
                Content-Disposition: attachment; filename="a.tar"\r
                Content-Transfer-Encoding: base64\r
                \r
                \(Data(tar).base64EncodedString(options: [.lineLength76Characters]))\r

                """
            let file = try configuration.write("tar.eml", Array(mail.utf8))
            let tree = try mailreeve("scan", "--config", configuration.path, file)
            for name in ["a.tar > \"x > y.txt\"", "a.tar > \"a \\\"b\\\".txt\"", "a.tar > plain.txt"] {
                #expect(tree.text.contains(name), "\(tree)")
            }
        }
    }

    /// Where HTML shows the test string but its source does not hold it in one piece.
    @Test(arguments: ["XJS*C4&#74;DBQADN1", "XJS<b>*</b>C4JDBQADN1", "XJS*C4JDB<!-- x -->QADN1"])
    func theTestStringIsFoundAsItIsShown(_ start: String) async throws {
        try await Lanes.run {
            let configuration = try OfflineConfiguration()
            let text = start + ".NSBN3*2IDNEN*" + "GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
            for shown in [text, "<span style=\"display:none\">\(text)</span>"] {
                let mail =
                    "From: a@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n"
                    + "<p>\(shown)</p>\r\n"
                let file = try configuration.write("shown.eml", Array(mail.utf8))
                let json = try mailreeve("scan", "--config", configuration.path, "--json", file)
                let tests = try JSONDocument(json.lines.first ?? "").list("tests")
                #expect(tests.contains { $0["name"] as? String == "GTUBE" }, "\(shown): \(json)")
            }
        }
    }

    /// The daemon and the command come to the same result on the same octets.
    @Test func sameAsTheDaemon() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try GatewayProcess(try GatewayConfiguration(nextHops: [hop.address]))
            for (number, name) in Self.expected.keys.sorted().enumerated() {
                let content = try Samples.sample(name)
                let reply = try send(Mail(content: content), to: gateway.port)
                let line = try gateway.awaitMessageLines(number + 1)[number]
                let file = try gateway.disk.write("\(name).eml", String(decoding: content, as: UTF8.self))
                let offline = try mailreeve(
                    "scan", "--config", gateway.configurationFile, "--json", "--sender", "sender@example.org",
                    "--recipient",
                    "rcpt@example.net", file)
                let document = try JSONDocument(try #require(offline.lines.first))
                let category = try #require(document["category"] as? String)
                #expect(line.contains(" \(category.uppercased()) "), "\(line)")
                guard category == "infected" else { continue }
                // Both say the virus and, but for the identifier, the reply.
                let found = try #require(document.list("findings").first?["name"] as? String)
                #expect(line.contains("(\(found)"), "\(line)")
                let said = try #require(document.list("recipients").first?["reply"] as? String)
                #expect(said.hasPrefix("250 2.7.0 Ok, discarded, id="), "\(said)")
                #expect(
                    reply.text.hasSuffix(" - INFECTED: \(found)") && said.hasSuffix(" - INFECTED: \(found)"), "\(said)")
                // The report in quarantine is the same document.
                let id = try #require(line.split(separator: "quarantine: ").last?.prefix { $0 != "," })
                let kept = try JSONDocument(
                    try mailreeve("quarantine", "show", "--config", gateway.configurationFile, "--report", String(id))
                        .text)
                for field in ["category", "size", "sha256", "message_id", "ambiguous"] {
                    #expect("\(kept[field] ?? "-")" == "\(document[field] ?? "-")", "\(field)")
                }
                for field in ["findings", "parts", "anomalies", "unchecked"] {
                    #expect(kept.list(field) as NSArray == document.list(field) as NSArray, "\(field)")
                }
            }
        }
    }

    /// SCORE of a header or body check is a test like any other: it stands in the report with its points.
    @Test func scoresAreCounted() throws {
        let configuration = try OfflineConfiguration(
            #"body_checks: "pcre:{{/^free (.*)$$/ SCORE 2.5 FREE_$$1 so much} {/^never/ SCORE 9 NEVER}}""#)
        let mail = try configuration.write("mail.eml", crlf("Subject: x\n\nfree money\nfree beer\n"))
        let result = try mailreeve("scan", "--config", configuration.path, "--json", mail)
        let document = try JSONDocument(#require(result.lines.first, "\(result)"))
        #expect(document["score"] as? Double == 5)
        #expect(document.list("tests").map { $0["name"] as? String } == ["FREE_money", "FREE_beer"])
    }

    @Test func mboxAndStandardInput() async throws {
        try await Lanes.run {
            let configuration = try OfflineConfiguration()
            var mbox = ""
            for name in ["clean", "eicar-attached", "spammy"] {
                mbox += "From sender@example.org Thu Mar  6 07:05:30 2025\n"
                mbox += String(decoding: Samples.stored(try Samples.sample(name)), as: UTF8.self) + "\n"
            }
            let file = try configuration.write("box.mbox", Array(mbox.utf8))
            let result = try mailreeve("scan", "--config", configuration.path, "--json", file)
            #expect(result.status == 1, "\(result)")
            let documents = try result.lines.map { try JSONDocument($0) }
            #expect(documents.map { $0["category"] as? String } == ["clean", "infected", "spam"])
            #expect(documents.map { $0["mbox_message"] as? Int } == [1, 2, 3])
            let clean = try Samples.sample("clean")
            #expect(documents[0]["size"] as? Int == clean.count)

            let piped = try mailreeve(
                "scan", "--config", configuration.path, "-", input: Samples.sample("eicar-nested"))
            #expect(piped.status == 1 && piped.lines.first == "-: infected", "\(piped)")
            // LF alone is how mail lies in files: the same message.
            let unix = try mailreeve(
                "scan", "--config", configuration.path, "--json", "-", input: Samples.stored(clean))
            let document = try JSONDocument(try #require(unix.lines.first))
            #expect(document["sha256"] as? String == documents[0]["sha256"] as? String)
        }
    }

    @Test func nonsense() async throws {
        try await Lanes.run {
            let configuration = try OfflineConfiguration()
            let empty = try configuration.write("empty", [])
            let nothing = try mailreeve("scan", "--config", configuration.path, "--json", empty)
            // Neither From nor Date: a bad header, which is passed on marked.
            #expect(nothing.status == 1, "\(nothing)")
            try Self.check(JSONDocument(try #require(nothing.lines.first)))

            let noise = try configuration.write("noise", (0..<1_048_576).map { _ in UInt8.random(in: 0...255) })
            let random = try mailreeve("scan", "--config", configuration.path, "--json", noise)
            #expect([0, 1].contains(random.status), "\(random)")
            try Self.check(JSONDocument(try #require(random.lines.first)))
            let tree = try mailreeve("scan", "--config", configuration.path, noise)
            #expect(tree.output.allSatisfy { $0 == 0x0A || $0 >= 0x20 && $0 != 0x7F }, "control characters")

            for wrong in ["/nonexistent/mail.eml", "/tmp"] {
                let result = try mailreeve("scan", "--config", configuration.path, wrong)
                #expect(result.status == 2 && result.errorText.contains("scan: "), "\(result)")
                #expect(result.output.isEmpty)
            }
            // What can be scanned is, and the exit code remembers the rest.
            let mixed = try mailreeve(
                "scan", "--config", configuration.path, "/nonexistent/mail.eml",
                configuration.write("eicar.eml", Samples.sample("eicar-attached")))
            #expect(mixed.status == 2 && mixed.text.contains("infected"), "\(mixed)")
            #expect(try mailreeve("scan", "--config", configuration.path).status == 64)
            #expect(try mailreeve("scan", "--config", "/nonexistent.yaml", empty).status == 2)
        }
    }

    private static let isConfigured = FileManager.default.fileExists(atPath: "/etc/mailreeve/mailreeve.yaml")

    /// Without a configuration and without a daemon, from the build directory.
    @Test(.enabled(if: !isConfigured, "this machine has a configuration of its own"))
    func withoutConfiguration() async throws {
        try await Lanes.run {
            let result = try mailreeve("scan", "--json", "-", input: Samples.sample("eicar-attached"))
            #expect(result.status == 1, "\(result)")
            #expect(try JSONDocument(try #require(result.lines.first))["category"] as? String == "infected")
        }
    }

    /// MuPDF has the dictionary of the encryption in the trailer, where libclamav looks for it; the user's password is empty, and our
    /// reader opens the document. One that it does not open stays encrypted.
    @Test func documentWithAnEmptyPassword() async throws {
        try await Lanes.run {
            let configuration = try OfflineConfiguration()
            let document = try #require(Data(base64Encoded: Self.encrypted, options: .ignoreUnknownCharacters))
            var closed = document
            // The check value of the user's password.
            let check = try #require(closed.firstRange(of: Data("/U<F2".utf8)))
            closed.replaceSubrange(check, with: Data("/U<F3".utf8))
            for (pdf, reasons) in [(document, []), (closed, ["encrypted"])] {
                let message =
                    "Subject: x\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                    + pdf.base64EncodedString() + "\r\n"
                let result = try mailreeve(
                    "scan", "--config", configuration.path, "--json", "-", input: Array(message.utf8))
                let report = try JSONDocument(try #require(result.lines.first))
                #expect(
                    Set(report.list("unchecked").compactMap { $0["reason"] as? String }) == Set(reasons), "\(result)")
            }
        }
    }

    /// Written by MuPDF with an owner's password, AES of 128 bits.
    private static let encrypted = """
        JVBERi0xLjcKJcK1wrYKJSBXcml0dGVuIGJ5IE11UERGIDEuMjguNQoKMSAwIG9iago8PC9UeXBlL0NhdGFsb2cvUGFnZXMgMiAwIFIvSW5m
        bzw8L1Byb2R1Y2VyPEYzMkFBMUE4MjRBQzhFQ0U4M0JBODBBMUNFQ0REOTRDRDA2MjJGQjM3RjE3RUVBODRDQUUxMEVDODUzQzY0MkY+Pj4+
        PgplbmRvYmoKCjIgMCBvYmoKPDwvVHlwZS9QYWdlcy9Db3VudCAxL0tpZHNbNCAwIFJdPj4KZW5kb2JqCgozIDAgb2JqCjw8L0ZvbnQ8PC9o
        ZWx2IDUgMCBSPj4+PgplbmRvYmoKCjQgMCBvYmoKPDwvVHlwZS9QYWdlL01lZGlhQm94WzAgMCA1OTUgODQyXS9Sb3RhdGUgMC9SZXNvdXJj
        ZXMgMyAwIFIvUGFyZW50IDIgMCBSL0NvbnRlbnRzWzYgMCBSXT4+CmVuZG9iagoKNSAwIG9iago8PC9UeXBlL0ZvbnQvU3VidHlwZS9UeXBl
        MS9CYXNlRm9udC9IZWx2ZXRpY2EvRW5jb2RpbmcvV2luQW5zaUVuY29kaW5nPj4KZW5kb2JqCgo2IDAgb2JqCjw8L0xlbmd0aCA4MD4+CnN0
        cmVhbQoAaN0MIfBvML6NuGLIaE5ujT53neVc7/FbZ06tnQTQoQ58VxsUbpPkqTPqFdzfGxqWVAKywllM3EfA/fIoNWdh2P29mcXutWz6+yFT
        QMhgEAplbmRzdHJlYW0KZW5kb2JqCgp4cmVmCjAgNwowMDAwMDAwMDAwIDY1NTM1IGYgCjAwMDAwMDAwNDIgMDAwMDAgbiAKMDAwMDAwMDE3
        MiAwMDAwMCBuIAowMDAwMDAwMjI0IDAwMDAwIG4gCjAwMDAwMDAyNjUgMDAwMDAgbiAKMDAwMDAwMDM3MiAwMDAwMCBuIAowMDAwMDAwNDYx
        IDAwMDAwIG4gCgp0cmFpbGVyCjw8L1NpemUgNy9Sb290IDEgMCBSL0lEWzwzNUMyQTZDM0I3NjVDMkE2NTJDM0JBQzM5MEMyQjNDMz48REJF
        MDM0QUMwREUyQjcwQ0M1MEE1NkY1RjcwODMzRjU+XS9FbmNyeXB0PDwvRmlsdGVyL1N0YW5kYXJkL1IgNC9WIDQvTGVuZ3RoIDEyOC9QIC00
        L0VuY3J5cHRNZXRhZGF0YSB0cnVlL1N0bUYvU3RkQ0YvU3RyRi9TdGRDRi9DRjw8L1N0ZENGPDwvQXV0aEV2ZW50L0RvY09wZW4vQ0ZNL0FF
        U1YyL0xlbmd0aCAxNj4+Pj4vTzw3N0I4RkIwOTgwMjJEM0FCMzQyMzdFQTU2NDNDMDg3MTBFQTUxMjNGQzVGODhCRjk5M0E2OENDQTVGMTJC
        NDBGPi9VPEYyMUZENTczRDI4NDgzMzI2NDMyNEM1NDZGQzJENEMxMjhCRjRFNUU0RTc1OEE0MTY0MDA0RTU2RkZGQTAxMDg+Pj4+PgpzdGFy
        dHhyZWYKNTkwCiUlRU9GCg==
        """
}
