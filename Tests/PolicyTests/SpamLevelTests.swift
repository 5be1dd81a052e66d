import MailModel
import Policy
import Testing

/// From points to the categories `spam` and `spammy`.
@Suite struct SpamLevelTests {
    private func verdict(_ points: Double..., unchecked: [UncheckedReason] = []) -> Verdict {
        var verdict = Samples.verdict(unchecked: unchecked)
        verdict.tests = points.map { ScoredTest(name: "T", score: $0) }
        return verdict
    }

    @Test func theDefaultsAreAmavis() {
        #expect(SpamLevels() == SpamLevels(tag: 2, tag2: 6.31, kill: 6.31))
    }

    @Test func levelsAreReachedAtTheirValue() {
        let levels = SpamLevels(tag: 2, tag2: 5, kill: 10)
        #expect(verdict(4.999).graded(by: levels).categories == [.clean])
        #expect(verdict(5).graded(by: levels).categories == [.spammy])
        #expect(verdict(9.999).graded(by: levels).categories == [.spammy])
        #expect(verdict(10).graded(by: levels).categories == [.spam])
        // With Debian's levels, which are equal, nothing is spammy.
        #expect(verdict(6.31).graded(by: SpamLevels()).categories == [.spam])
        #expect(verdict(6.309).graded(by: SpamLevels()).categories == [.clean])
    }

    /// 2.1 + 2.1 + 2.11 is a little less than 6.31 in binary.
    @Test func sumsReachWhatTheyReachOnPaper() {
        #expect(2.1 + 2.1 + 2.11 != 6.31)
        #expect(verdict(2.1, 2.1, 2.11).graded(by: SpamLevels()).category == .spam)
    }

    @Test func otherCategoriesStayBeforeIt() {
        #expect(verdict(20, unchecked: [.encrypted]).graded(by: SpamLevels()).categories == [.unchecked, .spam])
        #expect(verdict(0, unchecked: [.encrypted]).graded(by: SpamLevels()).categories == [.unchecked])
    }

    /// Points that are no number reach nothing that a comparison would have to trap on.
    @Test func oddPointsAreHarmless() {
        #expect(verdict(.nan).graded(by: SpamLevels()).categories == [.clean])
        #expect(verdict(.infinity).graded(by: SpamLevels()).categories == [.spam])
        #expect(verdict(-.infinity).graded(by: SpamLevels()).categories == [.clean])
    }
}
