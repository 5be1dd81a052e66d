import MailModel
import Policy
import Testing

/// From points to the categories `spam` and `spammy`.
@Suite struct SpamLevelTests {
    private func policy(_ levels: SpamLevels = SpamLevels()) -> ContentPolicy {
        ContentPolicy(infected: .reject, unchecked: [:], levels: levels)
    }

    private func verdict(_ points: Double..., unchecked: [UncheckedReason] = []) -> Verdict {
        var verdict = Samples.verdict(unchecked: unchecked)
        verdict.tests = points.enumerated().map { ScoredTest(name: "TEST_\($0)", score: $1) }
        return verdict
    }

    @Test func theDefaultsAreAmavis() {
        #expect(SpamLevels() == SpamLevels(tag: 2, tag2: 6.31, kill: 6.31))
    }

    @Test func levelsAreReachedAtTheirValue() {
        let levels = SpamLevels(tag: 2, tag2: 5, kill: 10)
        #expect(verdict(4.999).graded(by: policy(levels), size: 1).categories == [.clean])
        #expect(verdict(5).graded(by: policy(levels), size: 1).categories == [.spammy])
        #expect(verdict(9.999).graded(by: policy(levels), size: 1).categories == [.spammy])
        #expect(verdict(10).graded(by: policy(levels), size: 1).categories == [.spam])
        // With Debian's levels, which are equal, nothing is spammy.
        #expect(verdict(6.31).graded(by: policy(SpamLevels()), size: 1).categories == [.spam])
        #expect(verdict(6.309).graded(by: policy(SpamLevels()), size: 1).categories == [.clean])
    }

    /// 2.1 + 2.1 + 2.11 is a little less than 6.31 in binary.
    @Test func sumsReachWhatTheyReachOnPaper() {
        #expect(2.1 + 2.1 + 2.11 != 6.31)
        #expect(verdict(2.1, 2.1, 2.11).graded(by: policy(SpamLevels()), size: 1).category == .spam)
    }

    @Test func otherCategoriesStayBeforeIt() {
        #expect(
            verdict(20, unchecked: [.encrypted]).graded(by: policy(SpamLevels()), size: 1).categories == [
                .unchecked, .spam,
            ])
        #expect(
            verdict(0, unchecked: [.encrypted]).graded(by: policy(SpamLevels()), size: 1).categories == [.unchecked])
    }

    @Test func listsOfSenders() {
        func graded(_ standing: SenderStanding, _ points: Double, skips: Set<MailModel.Category> = []) -> Verdict {
            var policy = policy()
            policy.allowSkips = skips
            return verdict(points, unchecked: [.encrypted]).graded(by: policy, standing: standing, size: 1)
        }
        let allowed = graded(SenderStanding(allowedBy: .senders, isDenied: true), 20)
        #expect(allowed.categories == [.unchecked] && allowed.shownScore == 0 && allowed.score == 20)
        let denied = graded(SenderStanding(isDenied: true), 1)
        #expect(denied.categories == [.unchecked, .spam] && denied.shownScore == 64 && denied.score == 1)
        let soft = graded(SenderStanding(points: 5.31), 1)
        #expect(soft.categories == [.unchecked, .spam])
        #expect(soft.tests.last == ScoredTest(name: "AM.WBL", score: 5.31))
        // What else is skipped has to be said.
        #expect(graded(SenderStanding(allowedBy: .senders), 20, skips: [.unchecked]).categories == [.clean])
        #expect(graded(SenderStanding(), 20, skips: [.unchecked]).categories == [.unchecked, .spam])
    }

    @Test func sizes() {
        var policy = policy()
        policy.sizeLimit = 1000
        #expect(verdict().graded(by: policy, size: 1000).category == .clean)
        #expect(verdict().graded(by: policy, size: 1001).category == .oversized)
        policy.sizeLimit = 0
        #expect(verdict().graded(by: policy, size: .max).category == .clean)
    }

    @Test(arguments: [MailModel.Category.infected, .banned, .badHeader])
    func whatIsBypassedIsNotLookedFor(category: MailModel.Category) {
        var verdict = verdict(20)
        verdict.categories = [category]
        var policy = policy()
        policy.bypass = [category]
        let graded = verdict.graded(by: policy, size: 1)
        #expect(graded.categories == [.spam] && graded.skipped == [category])
        policy.bypass = [category, .spam]
        #expect(verdict.graded(by: policy, size: 1).categories == [.clean])
    }

    /// Points that are no number reach nothing that a comparison would have to trap on.
    @Test func oddPointsAreHarmless() {
        #expect(verdict(.nan).graded(by: policy(SpamLevels()), size: 1).categories == [.clean])
        #expect(verdict(.infinity).graded(by: policy(SpamLevels()), size: 1).categories == [.spam])
        #expect(verdict(-.infinity).graded(by: policy(SpamLevels()), size: 1).categories == [.clean])
    }
}
