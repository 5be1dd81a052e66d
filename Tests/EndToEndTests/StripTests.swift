import Foundation
import TestSupport
import Testing

/// `banned: strip`: the banned part is replaced, the rest is as it came, the whole is in the quarantine; and two other readers
/// of mail find the same parts around it.
@Suite(.enabled(if: Clients.arePossible, Clients.missing))
struct StripTests {
    /// What the two readers see.
    private struct Structure {
        var python: [[String?]]
        var gmime: [[String?]]?
        var defects: [String]

        init(_ message: [UInt8]) throws {
            let run = try runTool(Programs.package + "/Tests/EndToEnd/mail-structure", [], input: message)
            try #require(run.status == 0, "\(run)")
            let object = try #require(try JSONSerialization.jsonObject(with: Data(run.output)) as? [String: Any])
            func leaves(_ value: Any?) -> [[String?]]? {
                (value as? [[Any]])?.map { $0.map { $0 as? String } }
            }
            python = try #require(leaves(object["python"]))
            gmime = leaves(object["gmime"])
            defects = object["defects"] as? [String] ?? []
        }
    }

    private static let header = """
        From: sender@example.org
        To: rcpt@example.net
        Subject: files
        Date: Thu, 6 Mar 2025 07:05:30 +0000
        Message-ID: <files@example.org>
        """
    private static let program = "TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAAAAAAA"
    private static let text =
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nGrüße, see the files.\n.\n--not a delimiter\n"
    private static let exe =
        "Content-Type: application/octet-stream; name=run.exe\nContent-Transfer-Encoding: base64\n\n\(program)"
    private static let image = "Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo="

    private static func mixed(_ parts: [String], boundary: String = "out er", end: String = "--out er--\n") -> String {
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"\(boundary)\"\n\npreamble\n"
            + parts.map { "--\(boundary)\n\($0)\n" }.joined() + end
    }

    /// Messages, and for each leaf in order whether it is replaced.
    private static let messages: [(label: String, message: String, replaced: [Bool])] = [
        ("between others", mixed([text, exe, image]) + "epilogue\n", [false, true, false]),
        ("first", mixed([exe, text]), [true, false]),
        ("last, without an end", mixed([text, exe], end: ""), [false, true]),
        ("two", mixed([exe, text, exe]), [true, false, true]),
        (
            "in a multipart within",
            mixed([
                text,
                "Content-Type: multipart/related; boundary=in\n\n--in\n\(image)\n--in\n\(exe)\n--in--\n",
                image,
            ]), [false, false, true, false]
        ),
        (
            "in an attached message",
            mixed([
                text,
                "Content-Type: message/rfc822\n\nSubject: inner\n"
                    + mixed([image, exe], boundary: "in", end: "--in--\n"),
                image,
            ]), [false, false, true, false]
        ),
        // The attached message is nothing but the program: it goes as a whole.
        (
            "an attached message alone",
            mixed([text, "Content-Type: message/rfc822\n\nSubject: inner\nMIME-Version: 1.0\n\(exe)", image]),
            [false, true, false]
        ),
        (
            "in a zip archive",
            mixed([
                text,
                "Content-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\n"
                    + Data(Archives.zip("run.exe", Array("x".utf8))).base64EncodedString(),
                image,
            ]), [false, true, false]
        ),
        ("the whole message", "MIME-Version: 1.0\n\(exe)\n", [true]),
    ]

    @Test(arguments: messages.indices)
    func partsAreReplaced(_ index: Int) async throws {
        let (label, body, replaced) = Self.messages[index]
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            var configuration = try GatewayConfiguration(nextHops: [hop.address])
            configuration.policies["default"]?["banned"] = "strip"
            configuration.policies["default"]?["add_received"] = "no"
            let gateway = try GatewayProcess(configuration)
            let original = crlf(Self.header + "\n" + body)
            let reply = try send(Mail(content: original), to: gateway.port)
            #expect(reply.code == 250, "\(label): \(reply)")
            let delivery = try #require(hop.deliveries.first, "\(label)")
            let sent = delivery.content
            let (before, after) = (try Structure(original), try Structure(sent))
            for (old, new) in [(before.python, after.python)]
                + [(before.gmime, after.gmime)].compactMap({ pair in
                    pair.0.flatMap { old in pair.1.map { (old, $0) } }
                })
            {
                #expect(new.count == replaced.count && old.count == replaced.count, "\(label): \(old) \(new)")
                for (number, isReplaced) in replaced.enumerated() where number < min(old.count, new.count) {
                    if isReplaced {
                        #expect(new[number][0] == "text/plain" && new[number][1] == nil, "\(label): \(new)")
                        #expect(new[number][2] != old[number][2])
                    } else {
                        #expect(new[number] == old[number], "\(label)")
                    }
                }
            }
            #expect(after.defects == before.defects, "\(label): \(after.defects)")

            // What is not replaced stands there octet by octet: the original with its parts cut out is what is left.
            let id = try #require(gateway.quarantined.first, "\(label)")
            let text = String(decoding: sent, as: UTF8.self)
            #expect(text.contains(id) && text.contains("What stood here was removed by gateway.example"), "\(label)")
            #expect(text.contains("X-Mailreeve-Alert: BANNED, message contains: "))
            #expect(!text.contains(Self.program), "\(label)")
            let kept = try mailreeve("quarantine", "show", "--raw", "--config", gateway.configurationFile, id)
            #expect(kept.output == original, "\(label)")
            if replaced.count > 1 { try Self.checkRest(original, sent, label) }
        }
    }

    /// Lines of the result are lines of the original, in order, but for those that stand in place of a part and the fields
    /// on top; and every line outside of the parts is there.
    private static func checkRest(_ original: [UInt8], _ sent: [UInt8], _ label: String) throws {
        func lines(_ message: [UInt8]) -> [ArraySlice<UInt8>] {
            message.split(separator: 0x0A, omittingEmptySubsequences: false)
        }
        let (old, new) = (lines(original), lines(sent))
        let start = try #require(new.firstIndex(of: Array("From: sender@example.org\r".utf8)[...]), "\(label)")
        var position = 0
        var missing: [String] = []
        for line in new[start...] {
            if let found = old[position...].firstIndex(of: line) {
                position = found + 1
            } else {
                missing.append(String(decoding: line, as: UTF8.self))
            }
        }
        // The last line of the original is the last of the result, so nothing behind a part was lost.
        #expect(position == old.count || label.contains("without an end"), "\(label): \(missing)")
    }

    /// What cannot be taken out safely keeps the whole message back, and other findings come first.
    @Test func otherwiseTheWholeIsKept() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            var configuration = try GatewayConfiguration(nextHops: [hop.address])
            configuration.policies["default"]?["banned"] = "strip"
            let gateway = try GatewayProcess(configuration)
            let ambiguous = Self.mixed([Self.text, "Content-Transfer-Encoding: 8bit\n" + Self.exe])
            for body in [
                ambiguous,
                // The program stands where no part is: behind the end.
                Self.mixed([Self.text]) + "begin 644 run.exe\n#0V%T\n`\nend\n",
            ] {
                let count = gateway.quarantined.count
                #expect(try send(Mail(content: crlf(Self.header + "\n" + body)), to: gateway.port).code == 250)
                #expect(gateway.quarantined.count == count + 1)
            }
            #expect(hop.deliveries.isEmpty)
        }
    }

    /// One sender, one recipient, one file, until a day: and not for anybody else.
    @Test func theAllowList() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            var configuration = try GatewayConfiguration(nextHops: [hop.address])
            let list = try Scratch(.disk)
            let digest = try runTool("sh", ["-c", "echo \(Self.program) | base64 -d | sha256sum"]).text.prefix(64)
            try list.write(
                "allow",
                "sender@example.org rcpt@example.net \(digest) 2099-12-31 it@example.net tool of the month\n"
                    + "sender@example.org old@example.net \(digest) 2001-12-31 it@example.net no longer\n")
            configuration.settings["banned.allow_list"] = list.path + "/allow"
            let gateway = try GatewayProcess(configuration)
            let content = crlf(Self.header + "\n" + Self.mixed([Self.text, Self.exe]))
            for (number, recipients) in [
                ["rcpt@example.net"], ["old@example.net"], ["rcpt@example.net", "old@example.net"], ["x@example.net"],
            ].enumerated() {
                #expect(try send(Mail(to: recipients, content: content), to: gateway.port).code == 250)
                #expect(hop.deliveries.count == 1)
                let line = try gateway.awaitMessageLines(number + 1)[number]
                #expect(line.contains("BANNED") == (number > 0), "\(line)")
            }
            #expect(gateway.allLines.contains { $0.contains("allowed by it@example.net: tool of the month") })
            // An entry that is over is told of, not refused.
            #expect(gateway.allLines.contains { $0.contains("allow:2:1: the last day of this entry is over") })
            // A list that cannot be read is refused; the one in force stays.
            try list.write("allow", "nonsense\n")
            #expect(try gateway.reload().contains("reload failed"))
            #expect(gateway.allLines.contains { $0.contains("allow:1:1: the sender is user@domain, @domain, <> or *") })
            #expect(try send(Mail(content: content), to: gateway.port).code == 250)
            #expect(hop.deliveries.count == 2)
        }
    }

    /// A file of rules with a mistake: said with its place, and the rules in force stay.
    @Test func mistakesAreRefused() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            var configuration = try GatewayConfiguration(nextHops: [hop.address], beforeQueue: true)
            let rules = try Scratch(.disk)
            try rules.write("banned.rules", "ban *.exe  # programs\n")
            configuration.settings["banned.rules"] = "[\(rules.path)/banned.rules]"
            let gateway = try GatewayProcess(configuration)
            let content = crlf(Self.header + "\n" + Self.mixed([Self.text, Self.exe]))
            func reply() throws -> String { "\(try send(Mail(content: content), to: gateway.port))" }
            #expect(try reply().contains("BANNED: programs:application/octet-stream,.exe-dos,.exe,.exe-ms,run.exe"))
            for (wrong, words) in [
                ("ban *.{exe\n", "banned.rules:1:5: *.{exe: a { without its }"),
                ("ban *.a\nban name /(/\n", "banned.rules:2:1: "),
            ] {
                try rules.write("banned.rules", wrong)
                #expect(try gateway.reload().contains("reload failed"))
                #expect(gateway.allLines.contains { $0.contains(words) }, "\(words)")
                #expect(try reply().contains("BANNED: programs:"))
            }
            try rules.write("banned.rules", "ban *.bat\n")
            #expect(try gateway.reload().contains("reloaded"))
            #expect(gateway.allLines.contains { $0.contains("banned: set default has 1 rules, 1 before") })
            #expect(try send(Mail(content: content), to: gateway.port).code == 250)
        }
    }
}
