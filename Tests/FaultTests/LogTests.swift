import Foundation
import TestSupport
import Testing

/// Whatever mail holds, the log has one line for each message, in amavis's order, and nothing that was forged.
@Suite struct LogTests {
    private static let hostile: [String] = [
        "line\r\n end", "\u{1B}[31mred\u{1B}]0;title\u{7}", "nul\u{0}nul", "%s%n%x %d", "tab\there", "\u{202E}evil",
        "\\x1b",
        "a\rb", "\u{85}next\u{2028}line", "(1-2) Passed CLEAN {RelayedInbound}, forged",
    ]

    private static func mails() -> [Mail] {
        hostile.map { text in
            Mail(
                content: Array("Message-ID: <\(text)@example.org>\r\nSubject: \(text)\r\n".utf8)
                    + Array("X-Broken: \(text)\r\n\r\n\(text)\r\n".utf8))
        } + [Mail(content: Array("Subject: ".utf8) + (0x80...0xFF) + crlf("\n\nbody\n"))]
    }

    private static func send(_ mails: [Mail], _ stage: Stage) throws {
        for mail in mails {
            let session = try MailSession(port: stage.gateway.port)
            for hello in ["helo%s\u{1B}[2J(x)", "[%n]", "client.example%s"] {
                _ = try session.socket.ask("EHLO \(hello)")
            }
            _ = try session.socket.ask("EHLO client.example%s")
            _ = try session.socket.ask("XFORWARD NAME=%s+0D+0A+1B[2J ADDR=192.0.2.1+0A HELO=+0D+0Aforged")
            var mail = mail
            mail.sender = "\"%s\\\u{1B}\\\"\"@example.org"
            let answers = try session.send(mail)
            if !answers.mail.isPositive {
                mail.sender = "%s@example.org"
                let reply = try session.send(mail).decisive
                #expect(reply.code == 250, "\(reply)")
            }
        }
    }

    private static let order = [
        #"^[0-9T:.-]+Z (\(!!?\) )?\([0-9]+-[0-9]+\) (Passed|Blocked) [A-Z-]+[1-8]?( \([^)]*\))? \{[A-Za-z,]*\}, [A-Za-z0-9_.-]+ "#,
        #"\[[0-9a-f.:]+\]:[0-9]+( \[.*\])? <.*> -> <.*>, (quarantine: [A-Za-z0-9]{12}, )?(Message-ID: .*, )?"#,
        #"mail_id: [A-Za-z0-9]{12}, Hits: (-|-?[0-9.]+), size: [0-9]+(, queued_as: [^,]+)?(, unchecked: [^,]+)?"#,
        #"(, anomalies: [^,]+)?(, cause: .*)?, [0-9]+ ms$"#,
    ].joined()

    private static func expectPlain(_ lines: [String]) {
        for line in lines {
            let controls = line.unicodeScalars.filter { scalar in
                scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
                    || [0x2028, 0x2029, 0x202E].contains(scalar.value)
            }
            #expect(controls.isEmpty, "\(line.debugDescription)")
        }
    }

    @Test func oneLineForEachMessage() async throws {
        try await Lanes.run {
            let stage = try Stage()
            let mails = Self.mails()
            try Self.send(mails, stage)
            stage.expectCleanEnd()
            let lines = try stage.gateway.log.all()
            Self.expectPlain(lines)
            let expression = try NSRegularExpression(pattern: Self.order)
            let about = lines.filter { $0.contains("mail_id: ") }
            #expect(about.count == mails.count)
            for line in about {
                let whole = NSRange(line.startIndex..., in: line)
                #expect(expression.firstMatch(in: line, range: whole) != nil, "\(line)")
            }
            #expect(lines.allSatisfy { $0.hasPrefix("20") && $0.contains("Z ") }, "a line has no time")
            // The forged line stands inside a field of one line and begins none.
            #expect(!lines.contains { $0.contains("Z (1-2) Passed") })
        }
    }

    @Test func jsonLinesParse() async throws {
        try await Lanes.run {
            let journal = try Scratch(.disk)
            try journal.give("", mode: 0o777)
            let path = journal.path + "/events.json"
            let stage = try Stage {
                $0.settings["log.format"] = "json"
                $0.settings["journal.lines"] = path
            }
            let mails = Self.mails()
            try Self.send(mails, stage)
            #expect(try TestSupport.send(.attached(Array(eicar.utf8)), to: stage.gateway.port).code == 250)
            stage.expectCleanEnd()
            let lines = try stage.gateway.log.all()
            Self.expectPlain(lines)
            var events: [String: [String: Any]] = [:]
            for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
                let name = try #require(object["mail_id"] as? String)
                events[name] = object
            }
            var about = 0
            for line in lines {
                let object = try #require(
                    JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
                #expect(object["time"] is String && object["level"] is String && object["message"] is String)
                guard object["mail_id"] != nil else { continue }
                about += 1
                let outcomes = try #require(object["outcomes"] as? [[String: Any]])
                #expect(outcomes.first?["address"] as? String == "rcpt@example.net")
                #expect(outcomes.first?["disposition"] is String && outcomes.first?["reply"] is String)
                #expect(object["category"] is String && object["milliseconds"] is Int)
                // What the journal has stands here in its words, and numbers are numbers.
                let name = try #require(object["mail_id"] as? String)
                let same = try #require(events[name])
                for (key, value) in same where key != "explanation" && key != "time" {
                    let here = try #require(object[key], "\(key) is not in \(line)")
                    #expect(here as? NSObject == value as? NSObject, "\(key)")
                }
                #expect(
                    object["size"] as? Int ?? 0 > 0
                        && line.contains(#""passed":\#(object["passed"] as? Bool ?? false)"#))
                let subject = try #require(object["subject"] as? String)
                Self.expectPlain([subject])
            }
            #expect(about == mails.count + 1)
        }
    }
}
