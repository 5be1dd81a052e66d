import MailModel
import Policy
import Testing

/// The conditions of SpamAssassin's AutoLearnThreshold.
@Suite struct AutolearningTests {
    private func test(_ name: String, _ score: Double, _ headerShare: Double?) -> ScoredTest {
        ScoredTest(name: name, score: score, headerShare: headerShare)
    }

    private func lesson(
        header: Double = 0, body: Double = 0, other: Double = 0, learnt: Double? = nil, probability: Double? = nil,
        call: Autolearning.Call? = nil, _ conditions: Autolearning = Autolearning()
    ) -> Bool? {
        conditions.lesson(
            tests: [test("A", header, 1), test("B", body, 0), test("C", other, nil)], learnt: learnt,
            probability: probability, call: call ?? (header + body > 6 ? .spam : .ham))
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

    /// As SpamAssassin shares the points of a meta test out.
    @Test(
        arguments: [
            // Points of the header and of the body, of a meta test, and its share of the header.
            (8, 0, 6, 0.75, nil), (0, 8, 6, 0.5, true), (2, 2.9, 7.1, 0.5, true), (8, 0, 9, 2.0 / 3, true),
            (8, 0, 8.9, 2.0 / 3, nil), (4, 8, 0.3, 0, true),
        ] as [(Double, Double, Double, Double, Bool?)])
    func pointsOfMetaTestsAreShared(
        _ header: Double, _ body: Double, _ points: Double, _ share: Double, _ expected: Bool?
    ) {
        let tests = [test("A", header, 1), test("B", body, 0), test("M", points, share)]
        #expect(Autolearning().lesson(tests: tests, learnt: nil, probability: nil, call: .spam) == expected)
    }

    @Test func testsWithoutAShareDoNotCount() {
        #expect(lesson(other: 1) == false)
        #expect(lesson(other: 50) == false)
        #expect(lesson(header: 5, body: 5, other: 100) == nil)
    }

    /// AutoLearnThreshold: "scored as spam but autolearn wanted ham", and the other way round.
    @Test func theWholeScoreMustNotSayTheOpposite() {
        #expect(lesson(other: 1000, call: .spam) == nil)
        #expect(lesson(call: .neither) == nil)
        #expect(lesson(call: .ham) == false)
        #expect(lesson(header: 6, body: 6, other: -100, call: .ham) == nil)
        #expect(lesson(header: 6, body: 6, call: .neither) == nil)
        #expect(lesson(header: 6, body: 6, call: .spam) == true)
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

    @Test func onErrorOnlyWhatLearntMailWasNotSureOfIsLearnt() {
        let conditions = Autolearning(onError: true)
        #expect(lesson(probability: 0.0099, conditions) == nil)
        #expect(lesson(probability: 0.01, conditions) == false)
        #expect(lesson(probability: 0.6, conditions) == false)
        #expect(lesson(header: 6, body: 6, probability: 0.99, conditions) == nil)
        #expect(lesson(header: 6, body: 6, probability: 0.9899, conditions) == true)
        #expect(lesson(header: 6, body: 6, conditions) == true)
    }

    @Test func thresholdsAreSettings() {
        let conditions = Autolearning(spam: 8, ham: -1)
        #expect(lesson(header: 4, body: 4, conditions) == true)
        #expect(lesson(conditions) == nil)
        #expect(lesson(header: -1.5, conditions) == false)
    }
}

/// What teaches on one day.
@Suite struct AutolearningQuotaTests {
    private static let limits = AutolearningQuota.Limits(perSender: 2, perNetwork: 3, perDay: 5)

    private func teacher(_ sender: String, _ network: UInt8?, _ database: String = "") -> AutolearningQuota.Teacher {
        AutolearningQuota.Teacher(
            sender: Array(sender.utf8), network: network.map { [192, 0, $0] }, database: database)
    }

    @Test func eachHasItsShare() {
        var quota = AutolearningQuota()
        let begins = [1, 1].map { quota.begin(day: $0) }
        #expect(begins == [true, false])
        func take(_ sender: String, _ network: UInt8?, _ database: String = "") -> Bool {
            quota.take(teacher(sender, network, database), Self.limits)
        }
        #expect([take("a", 1), take("a", 1), take("a", 1)] == [true, true, false])
        // Another name does not help the network for long, nor the other network its sender.
        #expect([take("b", 1), take("c", 1), take("a", 2)] == [true, false, false])
        #expect([take("c", 2), take("d", nil), take("e", nil)] == [true, true, false])
        // Another database has a day of its own; a new day gives all shares anew.
        #expect(take("e", nil, "user@example.org"))
        let next = quota.begin(day: 2)
        #expect(next)
        #expect(take("a", 1))
    }

    @Test func whatIsGivenBackCanBeTakenAgain() {
        var quota = AutolearningQuota()
        _ = quota.begin(day: 1)
        let one = AutolearningQuota.Limits(perSender: 1, perNetwork: 1, perDay: 1)
        func take(_ sender: String, _ network: UInt8) -> Bool { quota.take(teacher(sender, network), one) }
        #expect([take("a", 1), take("b", 2)] == [true, false])
        quota.giveBack(teacher("a", 1), day: 0)
        #expect(!take("b", 2))
        quota.giveBack(teacher("a", 1), day: 1)
        quota.giveBack(teacher("a", 1), day: 1)
        #expect([take("b", 2), take("c", 3)] == [true, false])
    }

    @Test func namesBeyondThoseRememberedTeachNothing() {
        var quota = AutolearningQuota()
        _ = quota.begin(day: 1)
        let wide = AutolearningQuota.Limits(perSender: 9, perNetwork: 9, perDay: 1_000_000)
        func take(_ sender: String) -> Bool { quota.take(teacher(sender, nil), wide) }
        #expect((0..<AutolearningQuota.remembered).allSatisfy { take("sender \($0)") })
        #expect(!quota.isFull)
        #expect(!take("one more"))
        #expect(quota.isFull)
        #expect(take("sender 0"))
    }
}
