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

    /// Nothing lets it pass: the mail would go where a rule says that it shall not.
    @Test func whatCannotBeDoneIsPutOff() {
        var policy = ContentPolicy(infected: .pass, unchecked: [.encrypted: .pass], rule: .pass)
        policy.lovers = Set(Category.allCases)
        for verdict in [verdict(.failed), verdict(.failed, viruses: ["X"], unchecked: [Unchecked(.encrypted)])] {
            #expect(policy.destiny(for: verdict) == .tempfail)
            #expect(!policy.keepsCopy(for: verdict))
            let reply = ReplyTexts.content(.tempfail, verdict.only(policy.decidingCategory(for: verdict)), id: "1-2")
            #expect(reply.summary == "451 4.3.0 Temporary failure, id=1-2 - RULE: what a rule wants cannot be done")
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

    /// A blank for each octet that is no printable ASCII, and no line longer than SMTP has them.
    @Test func wordsOfRulesAreSentAsBySMTPD() {
        func reply(_ words: String) -> String {
            ReplyTexts.content(.reject, verdict(.reject(EnhancedStatus(5, 7, 1), words)), id: "1-2").summary
        }
        #expect(reply("gr\u{FC}\u{DF}e \\d\t!") == "550 5.7.1 gr    e \\d !")
        let limit = ReplyTexts.ruleTextLimit
        #expect(reply(String(repeating: "x", count: limit)).utf8.count == 10 + limit)
        #expect(reply(String(repeating: "x", count: limit + 1)).utf8.count == 10 + limit)
    }

    @Test func repliesAreThoseOfPostfix() {
        let refused = ReplyTexts.content(.reject, verdict(Self.refusal), id: "1-2")
        #expect(refused.summary == "550 5.7.1 no  thanks")
        #expect(ReplyTexts.content(.tempfail, verdict(Self.deferral), id: "1-2").summary == "451 4.3.2 later")
        let discarded = ReplyTexts.content(.discard, verdict(Self.refusal), id: "1-2")
        #expect(discarded.summary.hasPrefix("250 2.7.0 Ok, discarded, id=1-2 - RULE: no"))
        // What DISCARD and HOLD do is not for the sender.
        for (kind, ruling) in [(DispositionKind.discard, Verdict.Ruling.discard("spam")), (.quarantine, .hold("odd"))] {
            let reply = ReplyTexts.content(kind, verdict(ruling), id: "1-2")
            #expect(reply.summary == "250 2.0.0 Ok: queued as 1-2")
        }
        let infected = ReplyTexts.content(.discard, verdict(.discard("spam"), viruses: ["X"]), id: "1-2")
        #expect(infected.summary == "250 2.7.0 Ok, discarded, id=1-2 - INFECTED: X")
    }
}
