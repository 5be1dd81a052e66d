import MailModel
import Policy
import Testing

/// What becomes of mail that a header or body check decided about.
@Suite struct RulingTests {
    private func verdict(_ ruling: Verdict.Ruling, viruses: [String] = [], unchecked: [Unchecked] = []) -> Verdict {
        Verdict(
            Report(
                messageSize: 1,
                findings: viruses.map { Finding(scanner: "clamav", kind: .virus, name: $0, part: nil) },
                unchecked: unchecked),
            ruling: ruling)
    }

    private static let refusal = Verdict.Ruling.reject(EnhancedStatus(5, 7, 1), "no\r\nthanks")
    private static let deferral = Verdict.Ruling.reject(EnhancedStatus(4, 3, 2), "later")

    @Test func theCategoryStandsBetweenInfectedAndUnchecked() {
        #expect(verdict(Self.refusal).category == .rule)
        #expect(verdict(Self.refusal, unchecked: [Unchecked(.encrypted)]).category == .rule)
        #expect(verdict(Self.refusal, viruses: ["X"]).category == .infected)
    }

    @Test func destinies() {
        for rule in [Destiny.reject, .discard, .quarantine, .pass] {
            let policy = ContentPolicy(infected: .reject, unchecked: [:], rule: rule)
            #expect(policy.destiny(for: verdict(Self.refusal)) == rule)
            #expect(policy.destiny(for: verdict(Self.deferral)) == .tempfail)
            #expect(policy.destiny(for: verdict(.discard(""))) == .discard)
            #expect(policy.destiny(for: verdict(.hold(""))) == .quarantine)
        }
    }

    @Test func copies() {
        let before = ContentPolicy(infected: .reject, unchecked: [:], rule: .reject)
        let after = ContentPolicy(infected: .discard, unchecked: [:], rule: .discard)
        #expect(!before.keepsCopy(for: verdict(Self.refusal)))
        #expect(after.keepsCopy(for: verdict(Self.refusal)))
        #expect(!after.keepsCopy(for: verdict(.discard(""))))
        #expect(after.keepsCopy(for: verdict(.hold(""))))
        let none = ContentPolicy(infected: .discard, unchecked: [:], rule: .discard, quarantine: false)
        #expect(!none.keepsCopy(for: verdict(Self.refusal)))
        #expect(none.keepsCopy(for: verdict(.hold(""))))
    }

    @Test func repliesAreThoseOfPostfix() {
        let refused = ReplyTexts.content(.reject, verdict(Self.refusal), id: "1-2")
        #expect(refused.summary == "550 5.7.1 no\\x0D\\x0Athanks")
        #expect(ReplyTexts.content(.tempfail, verdict(Self.deferral), id: "1-2").summary == "451 4.3.2 later")
        let discarded = ReplyTexts.content(.discard, verdict(Self.refusal), id: "1-2")
        #expect(discarded.summary.hasPrefix("250 2.7.0 Ok, discarded, id=1-2 - RULE: no"))
    }
}
