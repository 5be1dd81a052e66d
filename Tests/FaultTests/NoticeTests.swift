import Foundation
import TestSupport
import Testing

/// Who is told of mail that is kept back, in which language, and how often.
@Suite struct NoticeTests {
    private static func stage(_ keys: [String: String], _ settings: [String: String] = [:]) throws -> Stage {
        try Stage(inspector: "lying-inspector") { configuration in
            configuration.settings["clamav.test_database"] = "/lie/dictated"
            // Where the gateway's user cannot read the package, a copy would be needed: English needs no file.
            configuration.settings.merge(settings) { $1 }
            configuration.policies["default"]?.merge(keys) { $1 }
        }
    }

    private static func mail(_ header: String = "", to recipients: [String] = ["r@local.example", "q@local.example"])
        -> Mail
    {
        Mail(
            to: recipients,
            text: "X-Report: virus Eicar-Test\n\(header)From: a@b\nSubject: caf\u{E9}\n\nbody\n")
    }

    private static func notices(_ stage: Stage) -> [ScriptedNextHop.Delivery] {
        stage.hop.deliveries.filter { $0.mail.hasPrefix("FROM:<>") }
    }

    @Test func recipientsAndAdministratorsAreTold() async throws {
        try await Lanes.run {
            let stage = try Self.stage(
                [
                    "infected": "quarantine", "warn_recipients": "[infected]",
                    "admins": "{infected: virusalert@example.com}",
                ],
                ["local_domains": "[local.example]"])
            let mail = Self.mail(to: ["r@local.example", "s@elsewhere.example"])
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            // Notices go out side by side.
            let notices = Self.notices(stage).sorted { $0.recipients[0] < $1.recipients[0] }
            #expect(notices.map(\.recipients) == [["r@local.example"], ["virusalert@example.com"]])
            let warning = notices[0].notice
            #expect(warning.contains("Subject: A message for you was not delivered\r\n"))
            #expect(warning.contains("Auto-Submitted: auto-generated\r\n") && warning.contains("Subject: caf\u{E9}"))
            #expect(!warning.contains("s@elsewhere.example"))
            let alert = notices[1].notice
            #expect(alert.contains("<r@local.example>\r\n  <s@elsewhere.example>"))
            #expect(alert.contains("INFECTED: Eicar-Test") && alert.contains("<sender@example.org> (may be forged)"))
        }
    }

    /// A subject is unfolded before it is shown, and its encoded words are joined: in notices and in replies.
    @Test func foldedSubjects() async throws {
        try await Lanes.run {
            let stage = try Self.stage([
                "infected": "reject", "admins": "{infected: virusalert@example.com}",
                "reply_texts": "{infected: ['${subject}.']}",
            ])
            let subject = "=?utf-8?q?gr=C3=BC?=\n =?utf-8?q?n?=\n\tone\n two"
            let text = "X-Report: virus Eicar-Test\nFrom: a@b\nSubject: \(subject)\n\nbody\n"
            let reply = try send(Mail(to: ["r@local.example"], text: text), to: stage.gateway.port)
            #expect(reply.text.hasSuffix("n one two.") && !reply.text.contains("x0D"), "\(reply)")
            let notice = try #require(Self.notices(stage).first)
            #expect(notice.notice.contains("Subject:    gr\u{FC}n one two\r\n"))
        }
    }

    /// A virus is told of when its name is met for the first time; another one again.
    @Test func newVirusesAreToldOnce() async throws {
        try await Lanes.run {
            let stage = try Self.stage(
                ["infected": "discard", "new_virus_admin": "research@example.com"], ["notices.viruses": "2"])
            for name in ["Win.One", "Win.One", "Win.Two", "Win.One", "Win.Three"] {
                let mail = Mail(to: ["r@b.example"], text: "X-Report: virus \(name)\nFrom: a@b\n\nbody\n")
                #expect(try send(mail, to: stage.gateway.port).code == 250)
            }
            #expect(Self.notices(stage).map(\.recipients) == [["research@example.com"], ["research@example.com"]])
            // A reload forgets nothing.
            try stage.gateway.reload()
            #expect(
                try send(Mail(text: "X-Report: virus Win.Two\nFrom: a@b\n\nbody\n"), to: stage.gateway.port).code == 250
            )
            #expect(Self.notices(stage).count == 2)
        }
    }

    @Test func notMoreThanTheLimit() async throws {
        try await Lanes.run {
            let stage = try Self.stage(
                ["infected": "discard", "admins": "{infected: virusalert@example.com}"], ["notices.per_hour": "2"])
            for _ in 0..<4 { #expect(try send(Self.mail(), to: stage.gateway.port).code == 250) }
            #expect(Self.notices(stage).count == 2)
            try stage.gateway.log.wait(for: "no notice to <virusalert@example.com>: too many in this hour")
        }
    }

    /// A notice that nobody takes changes nothing for the message.
    @Test func noticesThatAreNotTaken() async throws {
        try await Lanes.run {
            let stage = try Self.stage(["infected": "quarantine", "admins": "{infected: virusalert@example.com}"])
            stage.hop.answer { step, _, command in
                step == .rcpt && command.contains("virusalert") ? .reply("450 4.2.0 later") : .usual
            }
            #expect(try send(Self.mail(), to: stage.gateway.port).code == 250)
            try stage.gateway.log.wait(for: "no notice to <virusalert@example.com>: 450 4.2.0 later")
        }
    }

    /// A next hop that says nothing holds the reply up for all notices together only once.
    @Test func noticesThatHang() async throws {
        try await Lanes.run {
            let stage = try Self.stage(
                [
                    "infected": "quarantine", "warn_recipients": "[infected]",
                    "admins": "{infected: virusalert@example.com}",
                ], ["notices.others_time": "1"])
            stage.hop.answer { step, _, command in step == .mail && command.contains("<>") ? .silence : .usual }
            let recipients = (0..<20).map { "r\($0)@local.example" }
            #expect(try send(Self.mail(to: recipients), to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.isEmpty)
            try stage.gateway.log.wait(for: "no notice to <virusalert@example.com>: not taken in time")
        }
    }

    /// Nobody is told 250 for a notification that hangs, before or at its final dot.
    @Test(arguments: [ScriptedNextHop.Step.mail, .dot])
    func notificationThatHangs(_ step: ScriptedNextHop.Step) async throws {
        try await Lanes.run {
            let stage = try Self.stage(["infected": "bounce"], ["notices.sender_time": "1"])
            stage.hop.answer { at, _, _ in at == step ? .silence : .usual }
            let reply = try send(Self.mail(), to: stage.gateway.port)
            #expect(reply.description.hasPrefix("451 4.5.0"), "\(reply)")
        }
    }

    /// A forged sender does not get more of ours than the limit; of mail that a next hop refuses he hears all the same.
    @Test func notificationsToOneSenderAreLimited() async throws {
        try await Lanes.run {
            let stage = try Self.stage(["infected": "bounce"], ["notices.per_hour": "2"])
            let replies = try (0..<4).map { _ in try send(Self.mail(to: ["r@b.example"]), to: stage.gateway.port) }
            #expect(replies.map { $0.text.contains("DSN was sent") } == [true, true, false, false], "\(replies)")
            #expect(replies.last?.text.contains("DSN suppressed") ?? false, "\(replies)")
            #expect(Self.notices(stage).count == 2)
            try stage.gateway.log.wait(for: "no notification to <sender@example.org>: too many in this hour")
            stage.hop.answer { step, _, command in
                step == .rcpt && command.contains("<no@") ? .reply("550 5.1.1 unknown") : .usual
            }
            #expect(try send(.clean(1, to: ["yes@b.example", "no@b.example"]), to: stage.gateway.port).code == 250)
            #expect(Self.notices(stage).count == 3)
        }
    }

    /// A sender whom the next hop refuses for good cannot be told: the reply does not claim it, and the log says so.
    @Test(arguments: [ScriptedNextHop.Step.mail, .rcpt, .dot])
    func notificationThatIsRefused(_ step: ScriptedNextHop.Step) async throws {
        try await Lanes.run {
            let stage = try Self.stage(["infected": "bounce"])
            stage.hop.answer { at, _, _ in at == step ? .reply("550 5.1.1 nobody") : .usual }
            let reply = try send(Self.mail(to: ["r@b.example"]), to: stage.gateway.port)
            #expect(
                reply.description.hasPrefix("250 2.5.0 Ok <r@b.example>, DSN could not be sent (554 5.7.0"), "\(reply)")
            try stage.gateway.log.wait(for: "no notification to <sender@example.org>: 550 5.1.1 nobody")
            #expect(stage.gateway.quarantined.count == 1)
        }
    }

    /// Before the queue the client has its reply in time, however long notices may take.
    @Test(arguments: [("bounce", 451), ("quarantine", 250)])
    func noticesThatHangBeforeTheQueue(_ destiny: String, _ code: Int) async throws {
        try await Lanes.run {
            let stage = try Stage(beforeQueue: true, inspector: "lying-inspector") { configuration in
                configuration.settings["clamav.test_database"] = "/lie/dictated"
                configuration.settings["timeouts.before_queue"] = "4"
                configuration.settings["notices.sender_time"] = "3600"
                configuration.settings["notices.others_time"] = "3600"
                configuration.policies["default"]?["infected"] = destiny
                configuration.policies["default"]?["admins"] = "{infected: virusalert@example.com}"
            }
            stage.hop.answer { step, _, _ in step == .mail ? .silence : .usual }
            let reply = try send(Self.mail(), to: stage.gateway.port)
            #expect(reply.code == code, "\(reply)")
        }
    }

    /// What a next hop refuses is not told to a list or to the forged sender of a virus either.
    @Test(arguments: [
        ("List-Id: <l.example>\n", "", 0), ("", "X-Report: virus Win.Worm\n", 0),
        ("", "X-Report: virus Eicar-Test\n", 1), ("", "", 1),
    ])
    func refusalsOfANextHop(_ header: String, _ report: String, _ expected: Int) async throws {
        try await Lanes.run {
            let stage = try Self.stage(["infected": "pass"])
            stage.hop.answer { step, _, command in
                step == .rcpt && command.contains("<no@") ? .reply("550 5.1.1 unknown") : .usual
            }
            let mail = Mail(to: ["yes@b.example", "no@b.example"], text: "\(report)\(header)From: a@b\n\nbody\n")
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            #expect(Self.notices(stage).count == expected)
            #expect(stage.hop.deliveries.count == expected + 1)
        }
    }

    /// One is bounced, another refused, and nobody gets the message: the sender hears of each once, or of none who must not be
    /// told of.
    @Test(arguments: [("Eicar-Test", 554, "Bounce, id=", 0), ("Win.Worm", 250, "DSN suppressed", 0)])
    func bouncedAndRefused(_ virus: String, _ code: Int, _ words: String, _ count: Int) async throws {
        try await Lanes.run {
            let stage = try Self.stage(
                ["infected": "bounce"], ["recipients": "[{match: [refused.example], infected: reject}]"])
            let mail = Mail(
                to: ["r@b.example", "r@refused.example"], text: "X-Report: virus \(virus)\nFrom: a@b\n\nbody\n")
            let reply = try send(mail, to: stage.gateway.port)
            #expect(reply.code == code && reply.description.contains(words), "\(reply)")
            #expect(stage.hop.deliveries.count == count)
        }
    }

    /// Lists, machines and the null sender are never told; nor is anybody told of a virus that forges its sender.
    @Test(arguments: [
        ("List-Id: <l.example>\n", "s@a", "Eicar-Test"), ("Precedence: bulk\n", "s@a", "Eicar-Test"),
        ("Precedence: LIST (x)\n", "s@a", "Eicar-Test"), ("Auto-Submitted: auto-replied\n", "s@a", "Eicar-Test"),
        ("", "", "Eicar-Test"), ("", "s@a", "Win.Worm"), ("", "l-bounces@a.example", "Eicar-Test"),
    ])
    func sendersWhoAreNotTold(_ header: String, _ sender: String, _ virus: String) async throws {
        try await Lanes.run {
            let stage = try Self.stage(["infected": "bounce"])
            let mail = Mail(
                from: sender, to: ["r@b.example"], text: "X-Report: virus \(virus)\n\(header)From: a@b\n\nbody\n")
            let reply = try send(mail, to: stage.gateway.port)
            #expect(
                reply.description.hasPrefix("250 2.5.0 Ok <r@b.example>, DSN suppressed (554 5.7.0 Bounce"), "\(reply)")
            #expect(stage.hop.deliveries.isEmpty)
        }
    }

    @Test func machinesThatSayNoAreTold() async throws {
        try await Lanes.run {
            let stage = try Self.stage(["infected": "bounce"])
            let mail = Self.mail("Auto-Submitted: no\nPrecedence: first-class\n", to: ["r@b.example"])
            #expect(try send(mail, to: stage.gateway.port).text.contains("DSN was sent"))
            #expect(Self.notices(stage).count == 1)
        }
    }

    /// The whole message goes back where its sender asks for it, but never one that was refused for what is in it.
    @Test(arguments: [("RET=FULL", true), ("RET=HDRS", false), ("", false)])
    func returnOfTheContent(_ parameter: String, _ isWhole: Bool) async throws {
        try await Lanes.run {
            let stage = try Self.stage(["infected": "bounce"])
            stage.hop.answer { step, _, command in
                step == .rcpt && command.contains("<no@") ? .reply("550 5.1.1 unknown") : .usual
            }
            var mail = Mail.clean(1, to: ["yes@b.example", "no@b.example"])
            mail.parameters = parameter
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            let notice = try #require(Self.notices(stage).first)
            let text = String(decoding: notice.content, as: UTF8.self)
            #expect(text.contains(String(decoding: mail.content, as: UTF8.self)) == isWhole)
            #expect(text.contains("Content-Type: \(isWhole ? "message/rfc822" : "text/rfc822-headers")\r\n"))
            stage.hop.clear()
            var infected = Self.mail(to: ["yes@b.example"])
            infected.parameters = parameter
            #expect(try send(infected, to: stage.gateway.port).code == 250)
            let refusal = try #require(Self.notices(stage).first)
            #expect(!String(decoding: refusal.content, as: UTF8.self).contains("\r\nbody\r\n"))
        }
    }

    @Test func otherLanguagesAreFiles() async throws {
        try await Lanes.run {
            let texts = try Scratch(.disk)
            for language in ["ru", "de"] {
                let text = try String(
                    contentsOfFile: Programs.package + "/packaging/notices/\(language)", encoding: .utf8)
                try texts.write(language, text)
            }
            let stage = try Self.stage(
                [
                    "infected": "discard", "admins": "{infected: a@ru.example}", "warn_recipients": "[infected]",
                    "notice_language": "ru",
                ],
                ["notices.directory": texts.path, "recipients": "[{match: [de.example], notice_language: de}]"])
            #expect(try send(Self.mail(to: ["r@de.example"]), to: stage.gateway.port).code == 250)
            func text(to recipient: String) -> String {
                let notice = Self.notices(stage).first { $0.recipients == [recipient] }
                return notice?.notice ?? ""
            }
            #expect(Self.notices(stage).count == 2)
            #expect(text(to: "r@de.example").contains("Eine Nachricht an Sie wurde wegen ihres Inhalts"))
            #expect(try send(Self.mail(to: ["r@fr.example"]), to: stage.gateway.port).code == 250)
            #expect(text(to: "r@fr.example").contains("Сообщение для вас не было"))
            // A table names another language.
            let table = try texts.write("table", "table.example notice_language=de\n")
            stage.gateway.configuration.settings["recipient_tables"] = "[\"texthash:\(table)\"]"
            try stage.gateway.writeConfiguration()
            try stage.gateway.reload()
            #expect(try send(Self.mail(to: ["r@table.example"]), to: stage.gateway.port).code == 250)
            #expect(text(to: "r@table.example").contains("Eine Nachricht an Sie wurde wegen ihres Inhalts"))
            // A pattern makes the name of one, or of none: then it is English.
            let tables = try Scratch(.disk)
            let pattern = try tables.write("pattern", "/@pattern\\.(..)$/ notice_language=$1\n")
            stage.gateway.configuration.settings["recipient_tables"] = "[\"pcre:\(pattern)\"]"
            try FileManager.default.removeItem(atPath: table)
            try texts.write(
                "fr", try String(contentsOfFile: Programs.package + "/packaging/notices/fr", encoding: .utf8))
            try stage.gateway.writeConfiguration()
            try stage.gateway.reload()
            for recipient in ["r@pattern.fr", "r@pattern.xx"] {
                #expect(try send(Self.mail(to: [recipient]), to: stage.gateway.port).code == 250)
            }
            #expect(text(to: "r@pattern.fr").contains("Un message qui vous était adressé"))
            #expect(text(to: "r@pattern.xx").contains("A message for you was not delivered"))
            // A file with a mistake refuses the new settings; the old ones stay.
            try texts.write("ru", "[dsn]\nx ${nobody}\n")
            let line = try stage.gateway.reload()
            #expect(line.contains("\(texts.path)/ru:2: unknown word ${nobody}"), "\(line)")
            #expect(try send(Self.mail(to: ["r@fr.example"]), to: stage.gateway.port).code == 250)
        }
    }
}
