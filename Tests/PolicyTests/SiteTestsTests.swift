import MailModel
import Policy
import Testing

/// What a site makes of tests: its own points, tests made of others, and what decides early.
@Suite struct SiteTestsTests {
    private static func graded(
        _ tests: [ScoredTest], _ metas: [MetaTest] = [], scores: [String: Double] = [:],
        standing: SenderStanding = SenderStanding()
    ) throws -> Verdict {
        var verdict = Verdict(Report(messageSize: 1))
        verdict.tests = tests
        return verdict.graded(
            by: ContentPolicy(infected: .reject, unchecked: [:]), standing: standing, size: 1,
            site: SiteTests(scores: scores, metas: try MetaTests(metas)))
    }

    private static func fired(_ names: String...) -> [ScoredTest] { names.map { ScoredTest(name: $0, score: 1) } }

    private static func meta(
        _ name: String, _ expression: String, _ points: Double = 1, _ description: String = ""
    ) throws -> MetaTest {
        MetaTest(name: name, expression: try MetaExpression(expression), points: points, description: description)
    }

    // MARK: - Points

    /// Of rules, learnt mail, anomalies, signatures, senders and other filters alike.
    @Test func aSiteHasItsOwnPoints() throws {
        let names = ["BAYES_99", "GTUBE", "LOCAL", "ANOMALY_BARE_CR", "AV:Html.Spam-1", "URIBL_BLACK"]
        let tests = names.map { ScoredTest(name: $0, score: 3.5) }
        let scores = ["BAYES_99": 4.25, "OTHER": 9]
        let verdict = try Self.graded(tests, scores: scores)
        #expect(verdict.tests.map(\.name) == names)
        #expect(verdict.score == 3.5 * 5 + 4.25)
        for name in names {
            let left = try Self.graded(tests, scores: [name: 0])
            #expect(left.tests.map(\.name) == names.filter { $0 != name } && left.score == 3.5 * 5)
        }
    }

    /// Whoever met it, and with whatever points.
    @Test func aTestCountsOnce() throws {
        let tests = [("LOCAL", 1), ("BAYES_99", 3.5), ("LOCAL", 3), ("BAYES_99", 0), ("LOCAL", 2)].map {
            ScoredTest(name: $0, score: $1)
        }
        let verdict = try Self.graded(tests)
        #expect(verdict.tests.map(\.name) == ["LOCAL", "BAYES_99"] && verdict.score == 6.5)
        #expect(try Self.graded(tests, scores: ["LOCAL": 10]).score == 13.5)
        #expect(try Self.graded(tests, scores: ["LOCAL": 0]).tests.map(\.name) == ["BAYES_99"])
    }

    /// spamd names tests whose points are in its sum already; a site means its own by the same name.
    @Test func testsOfASumHaveNoPoints() throws {
        var named = ScoredTest(name: "BAYES_99", score: 0)
        named.isInSum = true
        let own = ScoredTest(name: "BAYES_99", score: 3.5)
        let sum = ScoredTest(name: "SPAMASSASSIN", score: 5)
        let scores = ["BAYES_99": 4.0]
        #expect(try Self.graded([sum, named], scores: scores).score == 5)
        #expect(try Self.graded([sum, named], scores: scores).tests.count == 2)
        #expect(try Self.graded([sum, named, own], scores: scores).score == 9)
        #expect(try Self.graded([own, sum, named], scores: scores).score == 9)
        #expect(try Self.graded([named, sum], scores: ["BAYES_99": 0]).tests == [sum])
    }

    @Test func sendersPointsCanBeSwitchedOff() throws {
        let standing = SenderStanding(points: 5)
        #expect(try Self.graded([], standing: standing).score == 5)
        #expect(try Self.graded([], scores: [SenderStanding.testName: 2], standing: standing).score == 2)
        #expect(try Self.graded([], scores: [SenderStanding.testName: 0], standing: standing).tests.isEmpty)
    }

    // MARK: - Meta tests

    @Test func metaTestsCount() throws {
        let metas = [try Self.meta("BOTH", "A && B", 2.5, "Two at once"), try Self.meta("NONE", "C || D", 4)]
        let verdict = try Self.graded(Self.fired("A", "B"), metas)
        #expect(verdict.tests.map(\.name) == ["A", "B", "BOTH"] && verdict.score == 4.5)
        #expect(verdict.tests.last?.meaning == "Two at once" && verdict.tests.last?.evidence == "A, B")
        #expect(try Self.graded(Self.fired("A"), metas).tests.map(\.name) == ["A"])
    }

    /// In whatever order they stand, each is asked behind those that it asks.
    @Test func metaTestsAskMetaTests() throws {
        let metas = [
            try Self.meta("THIRD", "SECOND && !D"), try Self.meta("SECOND", "FIRST > 1"),
            try Self.meta("FIRST", "A + B + C"),
        ]
        for order in [metas, metas.reversed(), [metas[1], metas[2], metas[0]]] {
            let verdict = try Self.graded(Self.fired("A", "B"), order)
            #expect(verdict.tests.map(\.name) == ["A", "B", "FIRST", "SECOND", "THIRD"])
        }
        #expect(try Self.graded(Self.fired("A"), metas).tests.map(\.name) == ["A", "FIRST"])
    }

    /// SpamAssassin's manual: names that begin with two underscores are ignored for scoring.
    @Test func hiddenTestsScoreNothing() throws {
        let tests = Self.fired("__A", "B") + [ScoredTest(name: "__C", score: 50)]
        let metas = [try Self.meta("__SUB", "__A || __Z", 7), try Self.meta("TOP", "__SUB && __C && B", 3)]
        let verdict = try Self.graded(tests, metas, scores: ["__A": 9])
        #expect(verdict.tests.map(\.name) == ["B", "TOP"] && verdict.score == 4)
        #expect(verdict.hiddenTests.map(\.name) == ["__A", "__C", "__SUB"])
        #expect(verdict.tests.last?.evidence == "B, __C, __SUB (__A)")
    }

    /// What is switched off has not fired, for those that ask it neither.
    @Test func switchedOffIsNotFired() throws {
        let metas = [try Self.meta("M", "A", 2), try Self.meta("WITHOUT", "!A && !M", 5)]
        let off = try Self.graded(Self.fired("A"), metas, scores: ["A": 0])
        #expect(off.tests.map(\.name) == ["WITHOUT"] && off.tests[0].evidence == "none of its tests")
        let offMeta = try Self.graded(Self.fired("A"), metas, scores: ["M": 0])
        #expect(offMeta.tests.map(\.name) == ["A"])
        #expect(try Self.graded(Self.fired("A"), metas, scores: ["M": -4]).score == -3)
    }

    @Test func pointsAndPatterns() throws {
        let tests = [
            ScoredTest(name: "BODY_A", score: 1.5), ScoredTest(name: "BODY_B", score: 0.25),
            ScoredTest(name: "AV:Html.Spam-1", score: 2),
        ]
        let metas = [
            try Self.meta("MANY", "rules_matching(BODY_*) >= 2"), try Self.meta("FEW", "rules_matching(BODY_?) > 2"),
            try Self.meta("WEIGHT", "points(BODY_A) + points(AV:Html.Spam-1) == 3.5"),
            try Self.meta("NOTHING", "points(OTHER) != 0 || rules_matching(X*)"),
        ]
        let verdict = try Self.graded(tests, metas)
        #expect(verdict.tests.dropFirst(3).map(\.name) == ["MANY", "WEIGHT"])
        #expect(verdict.tests[3].evidence == "BODY_A, BODY_B")
        #expect(verdict.tests[4].evidence == "BODY_A, AV:Html.Spam-1")
    }

    /// A pattern that matches the test itself means the others, meta tests behind it too.
    @Test func aPatternMatchesMetaTests() throws {
        let metas = [try Self.meta("P_ALL", "rules_matching(P_*) == 3"), try Self.meta("P_SUM", "A + B")]
        let verdict = try Self.graded(Self.fired("A", "B", "P_X"), metas)
        #expect(verdict.tests.map(\.name) == ["A", "B", "P_X", "P_SUM", "P_ALL"])
    }

    @Test(arguments: [
        (["A: B", "B: A"], ["A", "B"]), (["A: A"], ["A"]), (["A: X", "B: C && X", "C: D", "D: !B"], ["B", "C", "D"]),
        (["A: rules_matching(B*)", "B1: A"], ["A", "B1"]), (["A: points(B)", "B: A"], ["A", "B"]),
        (["Z: B", "B: C", "C: B"], ["B", "C"]),
    ])
    func circlesAreRefused(_ written: [String], _ way: [String]) throws {
        let metas = try written.map { line in
            let pieces = line.split(separator: ":", maxSplits: 1)
            return try Self.meta(String(pieces[0]), String(pieces[1]))
        }
        let error = #expect(throws: MetaTests.Circle.self) { _ = try MetaTests(metas) }
        #expect(error?.names == way)
    }

    /// As many as are allowed, each asking the one behind it: neither order nor stack is lost.
    @Test func aLongChain() throws {
        let last = MetaTests.countLimit - 1
        let metas = try (0...last).map { try Self.meta("M\($0)", $0 == last ? "A" : "M\($0 + 1)", 0.001) }
        let verdict = try Self.graded(Self.fired("A"), metas)
        #expect(verdict.tests.count == MetaTests.countLimit + 1)
        #expect((verdict.score - 2).magnitude < 1e-6)
        #expect(verdict.tests.last?.name == "M0" && verdict.tests.last?.evidence == "M1")
    }

    /// Another test of that name has fired: it counts once.
    @Test func aNameFiresOnce() throws {
        let verdict = try Self.graded(Self.fired("A", "M"), [try Self.meta("M", "A", 5)])
        #expect(verdict.tests.map(\.name) == ["A", "M"] && verdict.score == 2)
    }

    @Test func numbersTooLargeAreNoHit() throws {
        let huge = "999999999999999"
        var metas = [try Self.meta("M0", Array(repeating: huge, count: 21).joined(separator: " * "))]
        metas.append(try Self.meta("M1", "M0 * M0 * M0 * M0"))
        metas.append(try Self.meta("M2", "M1 || A"))
        #expect(try Self.graded(Self.fired("A"), metas).tests.map(\.name) == ["A", "M2"])
    }

    @Test func evidenceIsCut() throws {
        let names = (0..<30).map { "T\($0)" }
        let tests = names.map { ScoredTest(name: $0, score: 0) }
        let verdict = try Self.graded(tests, [try Self.meta("ALL", names.joined(separator: "+"))])
        #expect(verdict.tests.last?.evidence == names.prefix(20).joined(separator: ", ") + ", and 10 more")
    }

    /// Autolearning counts a meta test where it counts all that the test rests on, each with an equal part.
    @Test(
        arguments: [
            ("H && G", 1), ("H && B", 0.5), ("B || X", 0), ("H && G && F && B", 0.75), ("H && BAYES_99", nil),
            ("!X", nil),
            ("__M && H", 1), ("!X && H", 1), ("__N", 0.5), ("__N && H", 0.75), ("H + 2*B", 0.5),
        ] as [(String, Double?)])
    func headerShares(_ expression: String, _ expected: Double?) throws {
        let tests = [
            ScoredTest(name: "H", score: 1, headerShare: 1), ScoredTest(name: "G", score: 1, headerShare: 1),
            ScoredTest(name: "F", score: 1, headerShare: 1), ScoredTest(name: "B", score: 1, headerShare: 0),
            ScoredTest(name: "BAYES_99", score: 1),
        ]
        let metas = [
            try Self.meta("__M", "G"), try Self.meta("__N", "G && B"), try Self.meta("TOP", expression),
        ]
        let verdict = try Self.graded(tests, metas)
        #expect(verdict.tests.last?.name == "TOP" && verdict.tests.last?.headerShare == expected)
    }

    // MARK: - What decides

    @Test func pointsDecide() throws {
        let decides = ShortCircuit(spam: 10, ham: -2)
        func reason(_ points: Double) throws -> String? {
            decides.reason(try Self.graded([ScoredTest(name: "A", score: points)]))
        }
        #expect(try reason(10) == "score 10, short_circuit.spam 10")
        #expect(try reason(9.999) == nil && reason(-1.999) == nil && reason(0) == nil)
        #expect(try reason(-2) == "score -2, short_circuit.ham -2")
        #expect(try reason(.nan) == nil && reason(.infinity) == nil)
    }

    @Test func testsDecide() throws {
        let decides = ShortCircuit(tests: ["BAYES_999", "__SURE"])
        #expect(decides.reason(try Self.graded(Self.fired("A", "BAYES_999"))) == "test BAYES_999")
        #expect(decides.reason(try Self.graded(Self.fired("A"))) == nil)
        let hidden = try Self.graded(Self.fired("A"), [try Self.meta("__SURE", "A")])
        #expect(decides.reason(hidden) == "test __SURE")
        #expect(!ShortCircuit().isOn && decides.isOn && ShortCircuit(ham: 0).isOn)
        #expect(ShortCircuit().reason(try Self.graded(Self.fired("A"))) == nil)
    }

    /// What was not looked at may be spam.
    @Test func uncheckedIsNoHam() throws {
        var verdict = try Self.graded([ScoredTest(name: "A", score: -9)])
        let decides = ShortCircuit(ham: -2)
        #expect(decides.reason(verdict) != nil)
        verdict.add(Unchecked(.encrypted))
        #expect(decides.reason(verdict) == nil)
    }

    @Test func testsAreDescribed() {
        #expect(ScoredTest(name: "BAYES_00", score: 0).meaning == "Learnt mail: spam is 0 to 1 % probable")
        #expect(ScoredTest(name: "ANOMALY_BARE_CR", score: 0).meaning.contains("mail readers"))
        #expect(ScoredTest(name: "LOCAL", score: 0).description.isEmpty)
    }
}
