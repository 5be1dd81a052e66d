import Foundation
import TestSupport
import Testing

/// Tests made of others, rules over links, and what a decided score leaves out, with the built programs.
@Suite struct MetaTestsTests {
    private static let rules = #"""
        link_checks: "pcre:{{~^https?://([^/]*[.])?evil[.]example/~ SCORE 1.5 URI_EVIL a known host},{/[.]exe$$/ SCORE 0.5 URI_EXE}}"
        decoded_header_checks: "pcre:{{/^Subject: .*offer/ SCORE 1 SUBJ_OFFER},{/^From:/ SCORE 0.001 __FROM}}"
        decoded_body_checks: "pcre:{{/click here/ SCORE 1 BODY_CLICK}}"

        """#

    private static let message = """
        From: a@example.org
        To: b@example.net
        Subject: an offer
        Date: Thu, 6 Mar 2025 07:05:30 +0000
        Message-ID: <x@example.org>
        MIME-Version: 1.0
        Content-Type: text/html; charset=utf-8

        <html><base href="http://www.EVIL.example/dir/">
        <a href="HTTP:\\\\Www.%65vil.example/run%2Eexe">click here</a>
        <a href="run.exe">again</a> <a href="http://www.evil.example/run.exe">and again</a></html>

        """

    private static func tests(_ settings: String, _ text: String = message) throws -> [[String: Any]] {
        let configuration = try OfflineConfiguration(rules + settings)
        let file = try configuration.write("m.eml", Array(text.replacing("\n", with: "\r\n").utf8))
        let run = try mailreeve("scan", "--config", configuration.path, "--json", file)
        return try JSONDocument(try #require(run.lines.first, "\(run)")).list("tests")
    }

    @Test func metaTestsOverRulesAndLinks() async throws {
        try await Lanes.run {
            let found = try Self.tests(
                """
                scores: {BODY_CLICK: 2, URI_EXE: 0}
                meta_tests:
                  - {name: LURE, expression: "__BAIT && URI_EVIL", points: 3, description: An offer and a link}
                  - {name: __BAIT, expression: "(SUBJ_OFFER + BODY_CLICK) >= 2 && __FROM"}
                  - {name: HAS_EXE, expression: URI_EXE, points: 50}
                  - {name: HEAVY, expression: "points(BODY_CLICK) > 1.5 && !rules_matching(ANOMALY_*)", points: -0.5}
                """)
            let points = Dictionary(
                uniqueKeysWithValues: found.map { ($0["name"] as? String ?? "", $0["score"] as? Double ?? 0) })
            #expect(
                points == ["SUBJ_OFFER": 1, "BODY_CLICK": 2, "URI_EVIL": 1.5, "LURE": 3, "HEAVY": -0.5], "\(points)")
            let lure = found.first { $0["name"] as? String == "LURE" }
            #expect(lure?["description"] as? String == "An offer and a link", "\(String(describing: lure))")
            #expect(
                lure?["evidence"] as? String == "URI_EVIL, __BAIT (__FROM, SUBJ_OFFER, BODY_CLICK)",
                "\(String(describing: lure))")
        }
    }

    /// The links of a document, of plain text, and a limit.
    @Test func linksOfAllParts() async throws {
        try await Lanes.run {
            func names(_ text: String, _ settings: String = "") throws -> Set<String> {
                Set(try Self.tests(settings, text).compactMap { $0["name"] as? String })
            }
            let head = "From: a@example.org\nSubject: x\nContent-Type: text/plain\n\n"
            let many = (0..<20).map { "http://h\($0).example/" }.joined(separator: "\n")
            for (text, settings, isFound) in [
                ("see www.evil.example/a.", "", true), ("seehttps://evil.example/b", "", true),
                ("see www.notevil.example/a.", "", false), ("\(many)\nhttp://evil.example/", "", true),
                ("\(many)\nhttp://evil.example/", "rules: {link_limit: 20}\n", false),
            ] {
                let found = try names(head + text + "\n", settings)
                #expect(found.contains("URI_EVIL") == isFound, "\(text): \(found)")
            }
        }
    }

    @Test func replayLooksLinksUp() throws {
        let scratch = try Scratch(.disk)
        let file = try scratch.write("m.eml", Self.message.replacing("\n", with: "\r\n"))
        let run = try mailreeve(
            "rules", "replay", "--link-checks", "pcre:{{~^http://www[.]evil[.]example/~ SCORE 1 URI_EVIL}}", file)
        // Two links: the first and the third are one, as are base and place together.
        #expect(run.text.contains("link_checks") && run.text.contains("SCORE 1 URI_EVIL"), "\(run)")
        #expect(run.lines.contains { $0.hasPrefix("2 times in 1 messages: ") }, "\(run)")
    }

    @Test func checkConfigNamesWhatIsWrong() throws {
        func problems(_ settings: String) throws -> (status: Int32, lines: [String]) {
            let configuration = try OfflineConfiguration(Self.rules + settings)
            let run = try mailreeve("check-config", configuration.path)
            return (run.status, run.lines.map { $0.replacing(configuration.path, with: "f") })
        }
        let doubtful = try problems(
            """
            scores: {BODY_KLICK: 1}
            short_circuit: {tests: [BAYES_999, BAYES_998]}
            meta_tests:
              - name: M
                expression: BODY_CLICK && BODY_CLIC && rules_matching(BODY_*) && rules_matching(BODI_*)
              - name: URI_EVIL
                expression: M && AV:Spam.X
            """)
        #expect(doubtful.status == 0)
        for words in [
            "warning: no test is called 'BODY_CLIC': it counts 0", "no test has a name such as 'BODI_*'",
            "'URI_EVIL' is the name of another test too", "no test is called 'AV:Spam.X'",
            "no test is called 'BODY_KLICK'", "no test is called 'BAYES_998'", "there is no scanner that seeks spam",
        ] {
            #expect(
                doubtful.lines.contains { $0.contains(words) && $0.contains(#/^f:\d+:\d+: warning: /#) },
                "\(words): \(doubtful)")
        }
        #expect(
            !doubtful.lines.contains { $0.contains("'BODY_CLICK'") || $0.contains("'M'") || $0.contains("BAYES_999'") })
        // Names of another filter are not known before it speaks.
        let open = try problems(
            """
            scanners: [ {name: spamd, kind: spamd, addresses: ["127.0.0.1:783"]} ]
            meta_tests: [ {name: M, expression: ANYTHING} ]
            short_circuit: {spam: 10}
            """)
        #expect(
            open.status == 0 && !open.lines.contains { $0.contains("warning: no test") || $0.contains("no scanner") },
            "\(open)")
        let wrong = try problems("meta_tests: [ {name: A, expression: B}, {name: B, expression: \"!A\"} ]\n")
        #expect(wrong.status == 1 && wrong.lines.contains { $0.contains("in a circle: A -> B -> A") }, "\(wrong)")
    }

    /// Real spamd: asked where nothing is decided, left out where it is.
    @Test(.enabled(if: Clients.arePossible, Clients.missing))
    func aDecidedScoreLeavesSpamdOut() async throws {
        try #require(SpamFilter.isThere(.spamd), "spamd is not installed (make test-deps)")
        try await Lanes.run {
            let filter = try SpamFilter(.spamd)
            let hop = try ScriptedNextHop(lmtp: false)
            var configuration = try GatewayConfiguration(nextHops: [hop.address])
            configuration.scanners = [filter.entry(["on_failure": "pass-marked"])]
            configuration.policies["default"]?["levels"] = "{tag: -100, tag2: 50, kill: 50}"
            configuration.settings["decoded_body_checks"] =
                #""pcre:{{/surely spam/ SCORE 6 BODY_SURE},{/surely ham/ SCORE -6 BODY_HAM},{/known/ SCORE 0 BODY_KNOWN}}""#
            configuration.settings["meta_tests"] = #"[{name: BOTH, expression: "TEST_WORDS && BODY_KNOWN", points: 2}]"#
            configuration.settings["short_circuit"] = "{spam: 5, ham: -5, tests: [GTUBE]}"
            let gateway = try GatewayProcess(configuration)
            func header(_ words: String, _ number: Int) throws -> String {
                let text = "Subject: x\nFrom: a@example.org\n\n\(words)\n\(SpamFilter.words)\n"
                #expect(
                    try send(Mail(from: "a@example.org", to: ["b@example.net"], text: text), to: gateway.port).code
                        == 250)
                _ = try gateway.awaitMessageLines(number)
                return String(decoding: try #require(hop.deliveries.last).content, as: UTF8.self)
            }
            let open = try header("well known", 1)
            #expect(
                open.contains("TEST_WORDS=0") && open.contains("BOTH=2") && !open.contains("SHORTCIRCUIT"), "\(open)")
            for (index, (words, test, reason)) in [
                ("surely spam", "BODY_SURE=6", "score 6.0, short_circuit.spam 5"),
                ("surely ham", "BODY_HAM=-6", "score -6, short_circuit.ham -5"),
            ].enumerated() {
                let decided = try header(words, index + 2)
                #expect(
                    decided.contains(test) && decided.contains("SPAMD_SKIPPED_SHORTCIRCUIT=0")
                        && !decided.contains("TEST_WORDS"), "\(decided)")
                let line = try gateway.awaitMessageLines(index + 2)[index + 1]
                let id = try #require(line.firstMatch(of: #/\((\d+-\d+)(?:-\d)?\) /#)?.1)
                var page = ""
                try poll("the event") {
                    let run = try mailreeve("explain", "--config", gateway.configurationFile, String(id))
                    page = run.text
                    return run.status == 0
                }
                #expect(
                    page.contains("spamd: not asked, short circuit: \(reason.replacing("6.0", with: "6"))"), "\(page)")
            }
            // Whom nobody asks cannot fail.
            filter.signalAll(SIGKILL)
            let (decided, undecided) = (try header("surely spam", 4), try header("undecided", 5))
            #expect(!decided.contains("X-Mailreeve-Unchecked") && undecided.contains("X-Mailreeve-Unchecked"))
        }
    }
}
