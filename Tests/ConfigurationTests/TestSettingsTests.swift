import Configuration
import MailModel
import Policy
import Testing

/// Points of tests, tests made of others, and what decides early, as they are written.
@Suite struct TestSettingsTests {
    @Test func theyAreRead() throws {
        let loaded = read(
            """
            scores: {BAYES_99: 4.0, "AV:Html.Spam-1.UNOFFICIAL": 0, AM.WBL: 0, URIBL_BLACK: -1.5}
            short_circuit:
              spam: 20
              ham: -5.5
              tests: [BAYES_999, __SURE]
            meta_tests:
              - name: FIRST
                expression: SECOND && !(A || B)
                points: 2.5
                description: Two, and none of the others
              - {name: SECOND, expression: C + D > 1}
              - {name: __SURE, expression: FIRST}
            """)
        #expect(loaded.problems == [])
        let settings = loaded.settings
        #expect(settings.scores["AV:Html.Spam-1.UNOFFICIAL"] == 0 && settings.scores["AM.WBL"] == 0)
        #expect(settings.siteShortCircuit == ShortCircuit(spam: 20, ham: -5.5, tests: ["BAYES_999", "__SURE"]))
        #expect(settings.metaTests.map(\.points) == [2.5, 1, 1])
        var verdict = Verdict(Report(messageSize: 1))
        verdict.tests = ["C", "D"].map { ScoredTest(name: $0, score: 0.5) }
        let graded = verdict.graded(
            by: ContentPolicy(infected: .reject, unchecked: [:]), size: 1, site: settings.siteTests)
        #expect(graded.tests.map(\.name) == ["C", "D", "SECOND", "FIRST"] && graded.score == 4.5)
        #expect(graded.tests.last?.meaning == "Two, and none of the others")
        #expect(graded.tests.last?.evidence == "SECOND")
    }

    @Test func nothingIsTheDefault() {
        let settings = read("meta_tests: []\nshort_circuit:\n  spam: null\n").settings
        #expect(settings == Settings() && !settings.siteShortCircuit.isOn)
        #expect(settings.siteTests == SiteTests())
    }

    @Test(arguments: [
        ("meta_tests: {name: A}", "f:1:13: error: expected a list"),
        ("meta_tests:\n  - expression: A", "f:2:5: error: a meta test needs 'name'"),
        ("meta_tests:\n  - name: A", "f:2:5: error: a meta test needs 'expression'"),
        ("meta_tests:\n  - {name: A, expression: \"\"}", "character 1 of the expression: nothing is asked"),
        (
            "meta_tests:\n  - name: A\n    expression: B and C",
            "f:3:17: error: character 3 of the expression: 'and' is no operator"
        ),
        (
            "meta_tests:\n  - name: A\n    expression: (B",
            "f:3:17: error: character 1 of the expression: '(' without its ')'"
        ),
        ("meta_tests:\n  - {name: 1A, expression: B}", "f:2:12: error: '1A' is no name for a test"),
        ("meta_tests:\n  - {name: points, expression: B}", "'points' is no name for a test"),
        ("meta_tests:\n  - {name: A-B, expression: B}", "'A-B' is no name for a test"),
        ("meta_tests:\n  - {name: A, expression: B, score: 1}", "unknown key 'score'"),
        ("meta_tests:\n  - {name: A, expression: B, points: 1.2345}", "is not points"),
        (
            "meta_tests:\n  - {name: A, expression: B}\n  - {name: A, expression: C}",
            "f:3:12: error: there is another meta test 'A' on line 2"
        ),
        ("meta_tests:\n  - {name: A, expression: A}", "f:2:27: error: these tests ask each other in a circle: A -> A"),
        (
            "meta_tests:\n  - {name: X, expression: C}\n  - {name: B, expression: C}\n  - {name: C, expression: B}",
            "f:4:27: error: these tests ask each other in a circle: C -> B -> C"
        ),
        ("short_circuit: {spam: much}", "is not points"), ("short_circuit: {tests: [\"A B\"]}", "is no test's name"),
        (
            "short_circuit: {spam: -3, ham: 5}",
            "f:1:23: error: short_circuit.spam (-3) is not over short_circuit.ham (5)"
        ),
        ("short_circuit: {spam: 5, ham: 5}", "every score would decide"),
        ("short_circuit: {spams: 1}", "unknown key 'spams'"), ("scores: {\"A B\": 1}", "is no test's name"),
        ("scores: {\"\": 1}", "is no test's name"), ("scores: {\"A\\u0007\": 1}", "is no test's name"),
    ])
    func whatIsWrongIsToldAtItsPlace(_ yaml: String, _ words: String) {
        let found = problems(yaml)
        #expect(found.count == 1 && found[0].contains(words), "\(found)")
    }

    @Test func tooManyAreRefused() {
        func yaml(_ count: Int) -> String {
            "meta_tests:\n" + (0..<count).map { "  - {name: M\($0), expression: A}\n" }.joined()
        }
        #expect(problems(yaml(MetaTests.countLimit)) == [])
        #expect(problems(yaml(MetaTests.countLimit + 1)) == ["f:2:3: error: more than 1000 meta tests"])
    }

    @Test func theyAreExplained() {
        let loaded = read("meta_tests:\n  - {name: A, expression: B && C}\n")
        guard case .known(let text) = loaded.explain(key: "meta_tests[0].expression") else {
            Issue.record("unknown")
            return
        }
        #expect(text.contains("\"B && C\"") && text.contains("f:2:"))
    }
}
