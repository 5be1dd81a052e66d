import MailModel
import Policy
import Testing

/// The conditions of SpamAssassin's AutoLearnThreshold.
@Suite struct AutolearningTests {
    private func test(_ name: String, _ score: Double, _ area: ScoredTest.Area?) -> ScoredTest {
        ScoredTest(name: name, score: score, area: area)
    }

    private func lesson(
        header: Double = 0, body: Double = 0, other: Double = 0, learnt: Double? = nil, probability: Double? = nil,
        _ conditions: Autolearning = Autolearning()
    ) -> Bool? {
        conditions.lesson(
            tests: [test("A", header, .header), test("B", body, .body), test("C", other, nil)], learnt: learnt,
            probability: probability)
    }

    @Test(
        arguments: [
            // Header, body, what is learnt: at the thresholds and beside them.
            (0, 0, false), (0, 0.099, false), (0.05, 0.05, nil), (0, 0.1, nil), (5, 6.999, nil), (5, 7, true),
            (9, 3, true), (9.1, 2.999, nil), (3, 9, true), (2.999, 9.1, nil), (20, 0, nil), (-5, 1, false),
            (-1, 13, nil),
        ] as [(Double, Double, Bool?)])
    func thresholds(_ header: Double, _ body: Double, _ expected: Bool?) {
        #expect(lesson(header: header, body: body) == expected)
    }

    @Test func testsWithoutAnAreaDoNotCount() {
        #expect(lesson(other: 1000) == false)
        #expect(lesson(header: 6, body: 6, other: -100) == true)
    }

    @Test(
        arguments: [
            // Points of learnt mail, against ham and against spam.
            (1.0, false, true), (1.001, nil, true), (-1.0, false, true), (-1.001, false, nil), (3.5, nil, true),
        ] as [(Double, Bool?, Bool?)])
    func learntMailThatSaysTheOppositeIsHeard(_ learnt: Double, _ ham: Bool?, _ spam: Bool?) {
        #expect(lesson(learnt: learnt) == ham)
        #expect(lesson(header: 6, body: 6, learnt: learnt) == spam)
    }

    @Test func onErrorOnlyWhatWasJudgedOtherwiseIsLearnt() {
        let conditions = Autolearning(onError: true)
        #expect(lesson(probability: 0.2, conditions) == nil)
        #expect(lesson(probability: 0.6, conditions) == false)
        #expect(lesson(header: 6, body: 6, probability: 0.6, conditions) == nil)
        #expect(lesson(header: 6, body: 6, probability: 0.5, conditions) == true)
        #expect(lesson(header: 6, body: 6, conditions) == true)
    }

    @Test func thresholdsAreSettings() {
        let conditions = Autolearning(spam: 8, ham: -1)
        #expect(lesson(header: 4, body: 4, conditions) == true)
        #expect(lesson(conditions) == nil)
        #expect(lesson(header: -1.5, conditions) == false)
    }
}
