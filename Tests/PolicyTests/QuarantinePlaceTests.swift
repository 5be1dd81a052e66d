import Foundation
import MailModel
import Policy
import Testing

/// Where copies are kept, and what is written on top of those that go to mailboxes.
@Suite struct QuarantinePlaceTests {
    private static let mailbox = CopyPlace.mailbox(MailPath("q@b"))
    private static let infected = Samples.verdict(viruses: ["Eicar"])

    private func policy(_ destiny: Destiny, _ place: QuarantinePlace?, quarantine: Bool = true) -> ContentPolicy {
        var policy = ContentPolicy(infected: destiny, unchecked: [:], quarantine: quarantine)
        policy.quarantinePlaces[.infected] = place
        policy.quarantinePlaces[.spam] = .nowhere
        return policy
    }

    /// With every destiny: none is as `quarantine: no` for the category; no destiny loses the copy that it demands.
    @Test(arguments: Destiny.allCases)
    func placesOfEachDestiny(_ destiny: Destiny) {
        let verdict = Self.infected
        let inForce = Samples.inForce(destiny)
        for place in [nil, QuarantinePlace.local, .elsewhere(Self.mailbox)] {
            #expect(policy(destiny, place).keepsCopy(for: verdict) == policy(destiny, nil).keepsCopy(for: verdict))
        }
        #expect(policy(destiny, .nowhere).keepsCopy(for: verdict) == destiny.demandsCopy)
        #expect(policy(destiny, .nowhere).disposition(for: verdict) == policy(destiny, nil).disposition(for: verdict))
        #expect(
            policy(destiny, .elsewhere(Self.mailbox), quarantine: false).keepsCopy(for: verdict) == destiny.demandsCopy)
        #expect(policy(destiny, .elsewhere(Self.mailbox)).copyPlace(for: verdict) == Self.mailbox)
        for place in [nil, QuarantinePlace.local, .nowhere] {
            #expect(policy(inForce, place).copyPlace(for: verdict) == nil)
        }
    }

    /// What is stripped can be got by its name in the quarantine of this host, as the text in its place says.
    @Test func whatIsStrippedStaysHere() {
        var verdict = Samples.verdict()
        let content = BannedContent(part: 1, path: "1.1", attributes: ".exe,a.exe", reason: "program", rule: "f:1:1")
        verdict.add(banned: [content], isStrippable: true)
        var policy = policy(.pass, nil)
        policy.quarantinePlaces[.banned] = .elsewhere(Self.mailbox)
        policy.banned = .strip
        #expect(policy.keepsCopy(for: verdict) && policy.copyPlace(for: verdict) == nil)
        policy.banned = .quarantine
        #expect(policy.copyPlace(for: verdict) == Self.mailbox)
    }

    @Test func fieldsOfTheEnvelope() {
        let text = CopyFields.envelope(sender: .null, recipients: [MailPath("a@b"), MailPath("\"c\\\"d\"@é")])
        #expect(text == "X-Envelope-From: <>\r\nX-Envelope-To: <a@b>,\r\n\t<\"c\\\"d\"@é>\r\n")
        let many = (0..<250).map { MailPath("r\($0)@b") }
        let fields = CopyFields.envelope(sender: MailPath("s@a"), recipients: many)
        let heads = fields.components(separatedBy: "\r\nX-Envelope-To: ")
        #expect(heads.count == 4)
        #expect(heads.dropFirst().map { $0.components(separatedBy: ",\r\n\t").count } == [100, 100, 50])
        #expect(fields.hasSuffix("<r249@b>\r\n"))
        #expect(CopyFields.blocked([many[249]]) == "X-Envelope-To-Blocked: <r249@b>\r\n")
        #expect(CopyFields.blocked([]).isEmpty)
    }
}
