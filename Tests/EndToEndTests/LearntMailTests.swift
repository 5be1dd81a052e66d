import Foundation
import TestSupport
import Testing

/// Learnt mail in the daemon: a server that nodes share, what happens without it, databases of recipients, autolearning.
@Suite(.enabled(if: Clients.arePossible, Clients.missing))
struct LearntMailTests {
    private static let spam = Programs.package + "/corpus/spam.mbox"
    private static let ham = Programs.package + "/corpus/ham.mbox"

    private static func gateway(_ hop: ScriptedNextHop, _ settings: [String: String]) throws -> GatewayProcess {
        try GatewayProcess(configuration(try GatewayConfiguration(nextHops: [hop.address]), settings))
    }

    private static func configuration(
        _ base: GatewayConfiguration, _ settings: [String: String]
    ) -> GatewayConfiguration {
        var configuration = base
        configuration.settings = settings
        // Every message for our domain gets the spam fields.
        configuration.settings["local_domains"] = "[ example.net ]"
        configuration.policies["default"]?["levels.tag"] = "-100"
        configuration.policies["default"]?["add_spam_report"] = "yes"
        return configuration
    }

    private static func learn(_ gateway: GatewayProcess, _ arguments: String...) throws -> ToolResult {
        try runTool(
            Programs.path("mailreeve"), ["learn", "--config", gateway.configurationFile] + arguments)
    }

    /// Messages of both classes in a database of the gateway's.
    private static func counts(_ gateway: GatewayProcess, _ arguments: String...) throws -> (spam: Int, ham: Int) {
        let dump = try runTool(
            Programs.path("mailreeve"),
            ["learn", "--config", gateway.configurationFile, "--dump", "magic"] + arguments)
        func value(_ name: String) -> Int {
            let line = dump.lines.first { $0.hasSuffix("non-token data: \(name)") }
            return line.flatMap { Int($0.split(separator: " ")[2]) } ?? -1
        }
        return (value("nspam"), value("nham"))
    }

    @Test func nodesShareAServerAndMailPassesWithoutIt() async throws {
        try await Lanes.run {
            let redis = try RedisProgram()
            let hop = try ScriptedNextHop(lmtp: false)
            let settings = ["bayes.redis_server": "\"unix:\(redis.socket)\"", "bayes.minimum": "50"]
            let first = try Self.gateway(hop, settings)
            let second = try Self.gateway(hop, settings)
            let learnt = try Self.learn(first, "--mbox", "--spam", Self.spam, "--ham", Self.ham)
            #expect(learnt.lines.first == "Learned tokens from 123 message(s) (123 message(s) examined)", "\(learnt)")
            #expect(learnt.lines.last?.hasPrefix("redis \(redis.socket)/0 mailreeve:bayes:: 62 spam, 61 ham") == true)
            #expect(try Self.counts(second) == (62, 61))
            let scan = try mailreeve("scan", "--config", second.configurationFile, "--json", Self.spam)
            let probabilities = try scan.lines.map { try JSONDocument($0) }.map {
                ($0["bayes"] as? [String: Double])?["probability"] ?? 0.5
            }
            // Those in a language of which one or two were learnt stand near the middle.
            #expect(probabilities.count == 62 && probabilities.count { $0 > 0.5 } >= 60, "\(probabilities)")
            #expect(try send(Mail.clean(1), to: second.port).code == 250)
            redis.kill()
            #expect(try send(Mail.clean(2), to: second.port).code == 250)
            let lines = try second.awaitMessageLines(2)
            #expect(!lines[0].contains("cause: "), "\(lines[0])")
            #expect(lines[1].contains("Passed CLEAN ") && lines[1].contains("cause: bayes: redis "), "\(lines[1])")
            // What cannot be judged says so as a test, too.
            let without = try mailreeve("scan", "--config", second.configurationFile, "--json", Self.ham)
            let tests = try JSONDocument(try #require(without.lines.first))["tests"] as? [[String: Any]]
            #expect(tests?.contains { $0["name"] as? String == "BAYES_UNAVAILABLE" } == true)
            #expect(try Self.learn(first, "--ham", Self.ham).status == 1)
        }
    }

    @Test func rulesTeachWhereAutolearningIsOn() async throws {
        try await Lanes.run {
            let scratch = try Scratch(.disk)
            let header = try scratch.write("header_checks", "/^Subject: message 7/ SCORE 6 HEAD_RULE x\n")
            let body = try scratch.write("body_checks", "/wonder drug/ SCORE 6.5 BODY_RULE x\n")
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try Self.gateway(
                hop,
                [
                    "header_checks": "regexp:\(header)", "body_checks": "regexp:\(body)", "bayes.autolearn": "yes",
                    "bayes.autolearn_per_sender": "2", "bayes.databases": "user",
                ])
            // Databases are made by people.
            for user in ["rcpt@example.net", "other@example.net"] {
                #expect(try Self.learn(gateway, "-u", user, "--sync").status == 0)
            }
            let text =
                "From: a@example.org\nDate: Thu, 6 Mar 2025 07:05:30 +0000\nMessage-ID: <1@example.org>\n"
                + "Subject: message 7\n\nA wonder drug for you\n"
            #expect(try send(Mail(text: text), to: gateway.port).code == 250)
            #expect(try send(Mail.clean(1, to: ["other@example.net"]), to: gateway.port).code == 250)
            try poll("what was learnt") {
                try Self.counts(gateway, "-u", "rcpt@example.net") == (1, 0)
                    && Self.counts(gateway, "-u", "Other@Example.NET") == (0, 1)
            }
            // The sender has taught its share; mail of another goes on teaching.
            #expect(try send(Mail.clean(2, to: ["other@example.net"]), to: gateway.port).code == 250)
            var last = Mail.clean(3, to: ["other@example.net"])
            last.sender = "another@example.org"
            #expect(try send(last, to: gateway.port).code == 250)
            try poll("what was learnt") { try Self.counts(gateway, "-u", "other@example.net") == (0, 2) }
            #expect(try Self.counts(gateway) == (0, 0))
            // What is sent to an extension teaches the user's; what is sent to a name without a database, the shared one.
            last = Mail.clean(4, to: ["other+new@example.net"])
            last.sender = "another@example.org"
            #expect(try send(last, to: gateway.port).code == 250)
            last = Mail.clean(5, to: ["made-up@example.net"])
            last.sender = "third@example.org"
            #expect(try send(last, to: gateway.port).code == 250)
            try poll("what was learnt") {
                try Self.counts(gateway, "-u", "other@example.net") == (0, 3) && Self.counts(gateway) == (0, 1)
            }
            #expect(try Self.learn(gateway, "-u", "made-up@example.net", "--dump", "magic").status == 2)
            let said = hop.deliveries.map { Self.status($0.content) ?? "" }
            #expect(
                said.map { $0.split(separator: "=").last } == ["spam", "ham", "no", "ham", "ham", "ham"], "\(said)")
        }
    }

    /// Points that autolearning does not count still say what a message is: of the test string, of filters outside, of lists of
    /// senders, and what a rule decides.
    @Test func spamIsNotLearntAsHam() async throws {
        try #require(SpamFilter.isThere(.spamd), "spamd is not installed (make test-deps)")
        try await Lanes.run {
            let filter = try SpamFilter(.spamd)
            let scratch = try Scratch(.disk)
            let header = try scratch.write("header_checks", "/^Subject: held/ HOLD x\n")
            let hop = try ScriptedNextHop(lmtp: false)
            var configuration = Self.configuration(
                try GatewayConfiguration(nextHops: [hop.address]),
                ["bayes.autolearn": "yes", "header_checks": "regexp:\(header)"])
            configuration.scanners = [filter.entry()]
            configuration.policies["default"]?["levels.tag2"] = "3"
            configuration.policies["default"]?["levels.kill"] = "2000"
            configuration.policies["default"]?["sender_points"] = "[\"listed@example.org 4\"]"
            let gateway = try GatewayProcess(configuration)
            func status(_ subject: String, _ body: String, from sender: String = "a@example.org") throws -> String? {
                let text =
                    "From: a@example.org\nDate: Thu, 6 Mar 2025 07:05:30 +0000\nMessage-ID: <\(subject)@example.org>\n"
                    + "Subject: \(subject)\n\n\(body)\n"
                let before = hop.deliveries.count
                #expect(try send(Mail(from: sender, text: text), to: gateway.port).code == 250)
                return hop.deliveries.count > before ? hop.deliveries.last.flatMap { Self.status($0.content) } : nil
            }
            let test = "XJS*C4JDBQADN1.NSBN3*2IDNEN*" + "GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
            let said = [
                try status("string", test), try status("filter", SpamFilter.words),
                try status("sender", "good day", from: "listed@example.org"), try status("good", "good day"),
            ].map { $0 ?? "" }
            #expect(said.map { $0.split(separator: "=").last } == ["no", "no", "no", "ham"], "\(said)")
            #expect(said.map { $0.contains("Yes, ") } == [true, true, true, false], "\(said)")
            #expect(try status("held", "good day") == nil)
            try poll("what was learnt") { try Self.counts(gateway) == (0, 1) }
        }
    }

    /// Evasion H2: crafted mail, each from another sender, teaches no more than one network's share.
    @Test func craftedMailOfOneNetworkTeachesItsShareOnly() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            var configuration = Self.configuration(
                try GatewayConfiguration(nextHops: [hop.address]),
                ["bayes.autolearn": "yes", "bayes.autolearn_per_network": "4", "bayes.autolearn_per_day": "7"])
            configuration.listeners[0].keys["xforward_clients"] = "[ 127.0.0.0/8 ]"
            let gateway = try GatewayProcess(configuration)
            var number = 0
            func send(_ count: Int, from address: String) throws -> [String] {
                try (0..<count).map { _ in
                    number += 1
                    let session = try MailSession(port: gateway.port)
                    #expect(try session.socket.ask("XFORWARD ADDR=\(address)").code == 250)
                    var mail = Mail.clean(number)
                    mail.sender = "sender\(number)@example.org"
                    #expect(try session.send(mail).decisive.code == 250)
                    let status = try #require(hop.deliveries.last.flatMap { Self.status($0.content) })
                    return String(status.split(separator: "=").last ?? "")
                }
            }
            #expect(try send(3, from: "192.0.2.7") == ["ham", "ham", "ham"])
            #expect(try send(3, from: "192.0.2.250") == ["ham", "no", "no"])
            #expect(try send(2, from: "IPv6:2001:db8::1") == ["ham", "ham"])
            // All mail together.
            #expect(try send(2, from: "198.51.100.1") == ["ham", "no"])
            try poll("what was learnt") { try Self.counts(gateway) == (0, 7) }
        }
    }

    /// In the mode on errors no message teaches of which learnt mail is sure already.
    @Test func onlyErrorsTeach() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try Self.gateway(
                hop, ["bayes.autolearn": "yes", "bayes.autolearn_on_error": "yes"])
            // So many that the calibration can be sure to a hundredth, and no two alike.
            func text(_ number: Int, _ words: String) -> String {
                let words = words.split(separator: " ")
                let chosen = (0..<12).map { words[(number + $0 * (3 + number % 17)) % words.count] }
                return "Subject: \(chosen[0]) \(chosen[5])\n\n\(chosen.joined(separator: " "))\n"
            }
            let honest = """
                meeting project report agenda minutes budget review schedule team draft notes server release patch branch mirror \
                garden school lesson teacher bread recipe kitchen train ticket station harbour violin museum
                """
            let dishonest = """
                lottery winner cash prize viagra pills cheap offer casino bonus jackpot loan credit debt mortgage rolex replica watches \
                singles adult hot click unsubscribe guarantee miracle diet urgent trial sale
                """
            for (option, words) in [("--spam", dishonest), ("--ham", honest)] {
                let mailbox = gateway.configurationFile + option
                let entries = (0..<400).map { "From a@example.org Thu Aug 22 12:36:23 2002\n\(text($0, words))\n" }
                try entries.joined().write(toFile: mailbox, atomically: true, encoding: .utf8)
                _ = try Self.learn(gateway, "--mbox", option, mailbox)
            }
            func status(_ text: String) throws -> String {
                #expect(try send(Mail(text: text), to: gateway.port).code == 250)
                return try #require(hop.deliveries.last.flatMap { Self.status($0.content) })
            }
            // Two texts that were not learnt, and one of which nothing is known.
            let said = try [text(450, honest), text(451, honest), "Subject: x\n\nxyzzy plugh\n"].map(status)
            #expect(said.map { $0.split(separator: "=").last } == ["no", "no", "ham"], "\(said)")
            #expect(said.map { $0.contains("BAYES_00") } == [true, true, false], "\(said)")
            try poll("what was learnt") { try Self.counts(gateway) == (400, 401) }
        }
    }

    /// What the nightly unit does, as its file says it.
    @Test func theNightlyUnit() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try Self.gateway(hop, [:])
            _ = try Self.learn(gateway, "--no-sync", "--mbox", "--ham", Self.ham)
            #expect(try Self.counts(gateway) == (0, 0))
            let unit = try String(
                contentsOfFile: Programs.package + "/packaging/mailreeve-learn.service", encoding: .utf8)
            let commands = unit.split(separator: "\n").filter { $0.hasPrefix("ExecStart=/usr/local/bin/mailreeve ") }
            #expect(commands.count == 2)
            for command in commands {
                let words = command.split(separator: " ").dropFirst().map {
                    $0 == "/etc/mailreeve/mailreeve.yaml" ? gateway.configurationFile : String($0)
                }
                let run = try runTool(Programs.path("mailreeve"), words)
                #expect(run.status == 0, "\(command): \(run)")
            }
            #expect(try Self.counts(gateway) == (0, 61))
        }
    }

    /// What was learnt while the daemon runs is heard by it, also where there was no database before.
    @Test func theDaemonHearsWhatIsLearnt() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try Self.gateway(hop, ["bayes.minimum": "50"])
            // One of the hams that are learnt.
            let mailbox = try String(contentsOfFile: Self.ham, encoding: .utf8)
            let first = try #require(mailbox.components(separatedBy: "\nFrom ").first)
            let ham = Mail(
                text: first.split(separator: "\n", omittingEmptySubsequences: false).dropFirst().joined(separator: "\n")
            )
            func status() throws -> String {
                #expect(try send(ham, to: gateway.port).code == 250)
                return try #require(hop.deliveries.last.flatMap { Self.status($0.content) })
            }
            #expect(try !status().contains("BAYES_"))
            _ = try Self.learn(gateway, "--mbox", "--spam", Self.spam, "--ham", Self.ham)
            let learnt = try status()
            #expect(learnt.contains("BAYES_") && learnt.hasSuffix("autolearn=disabled"), "\(learnt)")
            // The same mailboxes the other way round: the verdict turns.
            let before = try #require(Self.band(learnt))
            _ = try Self.learn(gateway, "--mbox", "--spam", Self.ham, "--ham", Self.spam)
            let after = try #require(Self.band(try status()))
            #expect(before < 50 && after > 50, "\(before), \(after)")
        }
    }

    /// The field X-Spam-Status of a message, unfolded.
    private static func status(_ content: [UInt8]) -> String? {
        let text = String(decoding: content, as: UTF8.self).replacingOccurrences(of: "\r\n\t", with: " ")
        return text.split(separator: "\r\n").first { $0.hasPrefix("X-Spam-Status: ") }.map(String.init)
    }

    /// Learning in the daemon's name and by a person do not get in each other's way: a batch is undone alone.
    @Test func autolearnedBatchesStandAlone() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try Self.gateway(hop, ["bayes.autolearn": "yes"])
            func autolearn(_ number: Int, _ ham: Int) throws {
                #expect(try send(Mail.clean(number), to: gateway.port).code == 250)
                try poll("what was learnt") { try Self.counts(gateway).ham == ham }
            }
            try autolearn(1, 1)
            // The database is replaced: what was batch 1 is another now.
            #expect(try Self.learn(gateway, "--clear").status == 0)
            _ = try Self.learn(gateway, "--mbox", "--ham", Self.ham)
            try autolearn(2, 62)
            let batches = try Self.learn(gateway, "--undo").lines
            #expect(batches.count == 2, "\(batches)")
            #expect(batches[0].hasSuffix(", autolearning") && batches[1].hasSuffix(", learn"), "\(batches)")
            let own = try #require(batches.first { $0.contains("61 ham") }?.firstMatch(of: #/batch (\d+):/#)?.1)
            let others = try #require(batches.first { $0.contains(" 1 ham") }?.firstMatch(of: #/batch (\d+):/#)?.1)
            #expect(
                try Self.learn(gateway, "--undo", String(others)).lines.first?.hasPrefix("Forgot tokens from 1 ")
                    == true)
            #expect(try Self.counts(gateway) == (0, 61))
            // What was undone does not come back with the next one.
            try autolearn(3, 62)
            #expect(
                try Self.learn(gateway, "--undo", String(own)).lines.first?.hasPrefix("Forgot tokens from 61 ") == true)
            #expect(try Self.counts(gateway) == (0, 1))
        }
    }

    /// With `bayes.explain` the words that decided stand with the message's tests, without it only the probability.
    @Test(arguments: [true, false])
    func theDaemonExplains(_ explains: Bool) async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try Self.gateway(hop, ["bayes.minimum": "50", "bayes.explain": explains ? "yes" : "no"])
            _ = try Self.learn(gateway, "--mbox", "--spam", Self.ham, "--ham", Self.spam)
            #expect(try send(Mail.clean(1), to: gateway.port).code == 250)
            let id = try #require(gateway.awaitMessageLines(1).first?.firstMatch(of: #/ mail_id: (\S+?),/#)?.1)
            var page: ToolResult?
            try poll("the explanation") {
                page = try mailreeve("explain", "--config", gateway.configurationFile, String(id))
                return page?.status == 0
            }
            let line = try #require(page?.lines.first { $0.contains("BAYES_") }, "\(page?.text ?? "")")
            #expect(line.contains(" % probable"))
            #expect(line.contains("; spam: ") == explains && line.contains("message") == explains, "\(line)")
        }
    }

    /// The number of the test `BAYES_NN` in a field.
    private static func band(_ status: String) -> Int? {
        status.firstMatch(of: #/BAYES_(\d\d)\b/#).flatMap { Int($0.1) }
    }

    @Test func ownDatabasesJudgeWhereTheyKnowEnough() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try Self.gateway(hop, ["bayes.databases": "domain", "bayes.minimum": "50"])
            // The domain calls spam what the others call ham.
            _ = try Self.learn(gateway, "-u", "@odd.example", "--mbox", "--spam", Self.ham, "--ham", Self.spam)
            _ = try Self.learn(gateway, "-u", "@small.example", "--mbox", "--spam", Self.ham)
            _ = try Self.learn(gateway, "--mbox", "--spam", Self.spam, "--ham", Self.ham)
            _ = try Self.learn(gateway, "--sync")
            func spam(to recipients: String...) throws -> Bool {
                let options = recipients.flatMap { ["--recipient", $0] }
                let scan = try runTool(
                    Programs.path("mailreeve"),
                    ["scan", "--config", gateway.configurationFile, "--json"] + options + [Self.spam])
                let document = try JSONDocument(try #require(scan.lines.first, "\(scan)"))
                return try #require((document["bayes"] as? [String: Double])?["probability"]) > 0.5
            }
            #expect(try spam(to: "a@example.net"))
            #expect(try !spam(to: "a@ODD.example"))
            #expect(try !spam(to: "a@odd.example", "b@odd.example"))
            #expect(try spam(to: "a@odd.example", "b@example.net"))
            #expect(try spam(to: "a@small.example"))
        }
    }
}
