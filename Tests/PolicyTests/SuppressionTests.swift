import MailModel
import Policy
import Testing

/// Who is told of mail that was not delivered, and who never.
@Suite struct SuppressionTests {
    private static let policy = ContentPolicy(infected: .bounce, unchecked: [:])

    private func suppression(
        _ verdict: Verdict, sender: String = "s@a", notify: NotifyConditions? = nil, isBulk: Bool = false
    ) -> NotificationPolicy.Suppression? {
        var recipient = Samples.recipient("r@b")
        recipient.notify = notify
        return NotificationPolicy.suppression(
            verdict, Self.policy, sender: MailPath(sender), recipient: recipient, isBulk: isBulk)
    }

    private func scored(_ points: Double) -> Verdict {
        var verdict = Samples.verdict()
        verdict.tests = [ScoredTest(name: "T", score: points)]
        return verdict
    }

    @Test func eachReason() {
        #expect(suppression(Samples.verdict()) == nil)
        #expect(suppression(Samples.verdict(), sender: "") == .nullSender)
        #expect(suppression(Samples.verdict(), isBulk: true) == .bulk)
        #expect(suppression(Samples.verdict(viruses: ["Win.Worm.Mydoom"])) == .forgedSender)
        #expect(suppression(Samples.verdict(viruses: ["Eicar-Test-Signature"])) == nil)
        #expect(suppression(Samples.verdict(viruses: ["Eicar-Test-Signature", "Worm"])) == .forgedSender)
        #expect(suppression(scored(9.999)) == nil)
        #expect(suppression(scored(10)) == .cutoff)
        #expect(suppression(Samples.verdict(), notify: .never) == .notWanted)
        #expect(suppression(Samples.verdict(), notify: [.success, .delay]) == .notWanted)
        #expect(suppression(Samples.verdict(), notify: [.failure]) == nil)
    }

    /// Addresses of lists and machines by their names, and some that only look like them.
    @Test(arguments: [
        ("owner-x@a", true), ("Owner-X@a", true), ("x-owner@a", true), ("x-request@a", true), ("x-bounces@a", true),
        ("x-bounces+u=b.example@a", true), ("x-admin@a", true), ("MAILER-DAEMON@a", true), ("mailer-daemon", true),
        ("\"owner-x\"@a", true), ("\"x@y-request\"@a", true), ("owner@a", false), ("admin@a", false),
        ("request@a", false), ("x-owners@a", false), ("x-request.y@a", false), ("x@y-request", false),
        ("s+x-request@a", false), ("mailer-daemon2@a", false), ("xowner-x@a", false),
    ])
    func listsByTheirNames(_ sender: String, _ isList: Bool) {
        #expect(suppression(Samples.verdict(), sender: sender) == (isList ? .bulk : nil))
    }

    /// Mail of a denied sender counts as spam of 64 points.
    @Test func deniedSendersAreNotTold() {
        let verdict = scored(1).graded(by: Self.policy, standing: SenderStanding(isDenied: true), size: 1)
        #expect(suppression(verdict) == .cutoff)
    }
}
