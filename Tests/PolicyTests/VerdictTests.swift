import MailModel
import Policy
import Testing

@Suite struct VerdictTests {
    /// The order is amavis's: virus, banned, (rule,) unchecked, spam, bad header; every combination of them.
    @Test func theFirstCategoryThatHoldsNamesTheMessage() {
        let order: [(Finding.Kind?, MailModel.Category)] = [
            (.virus, .infected), (.banned, .banned), (.rule, .rule), (nil, .unchecked), (.spam, .spam),
            (.badHeader, .badHeader),
        ]
        for bits in 0..<(1 << order.count) {
            var report = Report(messageSize: 1)
            var expected = MailModel.Category.clean
            // From the last to the first, so that the first one stays.
            for index in order.indices.reversed() where bits & (1 << index) != 0 {
                expected = order[index].1
                if let kind = order[index].0 {
                    let name = kind == .badHeader ? BadHeader.syntax.rawValue : "n"
                    report.findings.append(Finding(scanner: "s", kind: kind, name: name, part: nil))
                } else {
                    report.unchecked.append(Unchecked(.corrupt))
                }
            }
            #expect(Verdict(report).category == expected, "\(bits)")
        }
    }

    /// A scanner that is configured and says nothing leaves the message unchecked; one that says why, once.
    @Test func silenceIsNotClean() {
        var report = Report(messageSize: 1)
        #expect(Verdict(report, required: ["clamav"]).category == .unchecked)
        #expect(Verdict(report, required: ["clamav"]).reasons == [.scannerFailed])
        #expect(Verdict(report).category == .clean)
        report.unchecked = [Unchecked(.overLimits)]
        #expect(Verdict(report, required: ["clamav"]).reasons == [.overLimits])
        report.unchecked = []
        #expect(Verdict(Report(messageSize: 1), required: ["clamav"]).unchecked.map(\.scanner) == ["clamav"])
        report.completedScanners = ["clamav"]
        #expect(Verdict(report, required: ["clamav"]).category == .clean)
        #expect(Verdict(report, required: ["clamav", "other"]).reasons == [.scannerFailed])
    }

    @Test func namesAndReasonsStandOnceInTheOrderFound() {
        let verdict = Samples.verdict(viruses: ["B", "A", "B"], unchecked: [.corrupt, .encrypted, .corrupt])
        #expect(verdict.virusNames == ["B", "A"])
        #expect(verdict.reasons == [.corrupt, .encrypted])
        #expect(verdict.category == .infected)
    }

    /// Only a virus has its name among the viruses.
    @Test func otherFindingsAreNoViruses() {
        let report = Report(
            messageSize: 1, findings: [Finding(scanner: "s", kind: .banned, name: "run.exe", part: nil)])
        #expect(Verdict(report).virusNames == [])
        #expect(Verdict(report).category == .banned)
    }

    @Test(arguments: UncheckedReason.allCases)
    func aFailedInspectionIsUnchecked(reason: UncheckedReason) {
        let verdict = Verdict(failed: reason, detail: "d")
        #expect(verdict.category == .unchecked)
        #expect(verdict.reasons == [reason])
    }
}

@Suite struct ContentPolicyTests {
    private static func policy(_ unchecked: [UncheckedReason: Destiny] = [:], quarantine: Bool = true) -> ContentPolicy
    {
        ContentPolicy(infected: .reject, unchecked: unchecked, quarantine: quarantine)
    }

    @Test(arguments: Destiny.allCases)
    func infectedMailHasThePolicysDestiny(destiny: Destiny) {
        var policy = Self.policy()
        policy.infected = destiny
        #expect(policy.destiny(for: Samples.verdict(viruses: ["V"])) == Samples.inForce(destiny))
        // What else is wrong matters only where infected mail may pass.
        let other = policy.destiny(for: Samples.verdict(viruses: ["V"], unchecked: [.deadline]))
        #expect(other == (destiny == .pass || destiny == .quarantineAndPass ? .tempfail : Samples.inForce(destiny)))
    }

    @Test(arguments: UncheckedReason.allCases)
    func aReasonWithoutAnEntryIsTriedAgain(reason: UncheckedReason) {
        #expect(Self.policy().destiny(for: Samples.verdict(unchecked: [reason])) == .tempfail)
    }

    /// Every pair of destinies for two reasons, in both orders.
    @Test func theMostCarefulDestinyWins() {
        let order = Destiny.byCare
        #expect(order.count == Destiny.allCases.count && Set(order) == Set(Destiny.allCases))
        for (first, one) in order.enumerated() {
            for (second, other) in order.enumerated() {
                let policy = Self.policy([.encrypted: one, .corrupt: other])
                let expected = Samples.inForce(order[min(first, second)])
                #expect(policy.destiny(for: Samples.verdict(unchecked: [.encrypted, .corrupt])) == expected)
                #expect(policy.destiny(for: Samples.verdict(unchecked: [.corrupt, .encrypted])) == expected)
            }
        }
    }

    /// All 512 sets of reasons under the defaults that the configuration documents: something that may still be checked
    /// is never let through by something else that may pass.
    @Test func documentedDefaultsForEveryCombination() {
        let defaults: [UncheckedReason: Destiny] = [
            .encrypted: .pass, .unsupported: .pass, .ambiguous: .quarantine, .overLimits: .quarantine,
            .corrupt: .quarantine, .scannerFailed: .tempfail, .scannerCrashed: .tempfail, .deadline: .tempfail,
        ]
        let policy = Self.policy(defaults)
        let all = UncheckedReason.allCases
        for bits in 1..<(1 << all.count) {
            let reasons = all.indices.filter { bits & (1 << $0) != 0 }.map { all[$0] }
            let expected: Destiny
            if !Set(reasons).isDisjoint(with: [.scannerFailed, .scannerCrashed, .deadline, .workspaceFull]) {
                expected = .tempfail
            } else if !Set(reasons).isDisjoint(with: [.ambiguous, .overLimits, .corrupt]) {
                expected = .quarantine
            } else {
                expected = .pass
            }
            let verdict = Samples.verdict(unchecked: reasons)
            #expect(policy.destiny(for: verdict) == expected, "\(reasons)")
            #expect(policy.keepsCopy(for: verdict) == (expected == .quarantine))
        }
    }

    /// No setting lets a message pass that could not be looked at for want of room.
    @Test(arguments: Destiny.allCases)
    func aFullWorkspaceIsNeverAPass(destiny: Destiny) {
        let full = Samples.verdict(unchecked: [.workspaceFull])
        var policy = Self.policy([.workspaceFull: destiny])
        #expect(policy.destiny(for: full) == .tempfail)
        policy.lovers = [.unchecked]
        #expect(policy.destiny(for: full) == .tempfail)
        policy.lovers = []
        policy.bypass = [.unchecked]
        let graded = full.graded(by: policy, size: 1)
        #expect(graded.category == .unchecked && policy.disposition(for: graded) == .tempfail)
        let other = Samples.verdict(unchecked: [.corrupt]).graded(by: policy, size: 1)
        #expect(other.category == .clean)
    }

    /// Rules are judged by the gateway's own tables: a report that claims one passes nothing.
    @Test func claimedRulesAreHeldBack() {
        let report = Report(messageSize: 1, findings: [Finding(scanner: "s", kind: .rule, name: "n", part: nil)])
        #expect(Self.policy().disposition(for: Verdict(report)) == .tempfail)
    }

    @Test(arguments: Destiny.allCases)
    func eachCategoryHasItsDestiny(destiny: Destiny) {
        var report = Report(messageSize: 1)
        func expectDestiny(_ field: WritableKeyPath<ContentPolicy, Destiny>, _ verdict: Verdict) {
            let fields = [
                \ContentPolicy.infected, \.banned, \.spam, \.spammy, \.badHeader, \.oversized,
            ]
            var policy = Self.policy()
            for other in fields { policy[keyPath: other] = .tempfail }
            policy[keyPath: field] = destiny
            #expect(policy.destiny(for: verdict) == Samples.inForce(destiny))
        }
        report.findings = [Finding(scanner: "s", kind: .banned, name: "run.exe", part: nil)]
        expectDestiny(\.banned, Verdict(report))
        var scored = Samples.verdict()
        scored.tests = [ScoredTest(name: "T", score: 7)]
        expectDestiny(\.spam, scored.graded(by: Self.policy(), size: 1))
        var lenient = Self.policy()
        lenient.levels.kill = 8
        expectDestiny(\.spammy, scored.graded(by: lenient, size: 1))
        scored.categories = [.oversized]
        expectDestiny(\.oversized, scored)
    }

    @Test func dispositionsFollowTheDestinies() {
        let expected: [Destiny: DispositionKind] = [
            .pass: .deliverMarked, .discard: .discard, .reject: .reject, .tempfail: .tempfail, .quarantine: .quarantine,
            .bounce: .bounce, .quarantineAndPass: .deliverMarked, .quarantineAndBounce: .bounce,
            .quarantineAndReject: .reject, .strip: .quarantine,
        ]
        for destiny in Destiny.allCases {
            let policy = Self.policy([.encrypted: destiny])
            #expect(policy.disposition(for: Samples.verdict(unchecked: [.encrypted])) == expected[destiny])
        }
        #expect(Self.policy().disposition(for: Samples.verdict()) == .deliver)
        #expect(!Self.policy().keepsCopy(for: Samples.verdict()))
    }

    /// Who wants it gets it, and what they want hides nothing else.
    @Test func lovers() {
        var policy = Self.policy([.encrypted: .reject])
        policy.lovers = [.infected]
        #expect(policy.disposition(for: Samples.verdict(viruses: ["V"])) == .deliverMarked)
        #expect(policy.disposition(for: Samples.verdict(viruses: ["V"], unchecked: [.encrypted])) == .reject)
        policy.lovers = [.spam]
        var spammy = Samples.verdict()
        spammy.categories = [.spammy]
        policy.spammy = .discard
        #expect(policy.disposition(for: spammy) == .deliverMarked)
    }

    @Test func softBounceMakesRefusalsTemporary() {
        for destiny in Destiny.allCases {
            var policy = Self.policy([.encrypted: destiny])
            let hard = policy.disposition(for: Samples.verdict(unchecked: [.encrypted]))
            policy.softBounce = true
            let soft = policy.disposition(for: Samples.verdict(unchecked: [.encrypted]))
            #expect(soft == (hard == .reject || hard == .bounce ? .tempfail : hard))
        }
    }

    @Test func noCopyOverTheCutoff() {
        var policy = Self.policy()
        policy.levels.quarantineCutoff = 20
        for (destiny, score, copy, kind) in [
            (Destiny.quarantine, 19.9, true, DispositionKind.quarantine), (.quarantine, 20, false, .discard),
            (.discard, 19.9, true, .discard), (.discard, 20, false, .discard),
            (.quarantineAndReject, 20, false, .reject),
        ] {
            policy.spam = destiny
            var verdict = Samples.verdict()
            verdict.tests = [ScoredTest(name: "T", score: score)]
            let graded = verdict.graded(by: policy, size: 1)
            #expect(policy.keepsCopy(for: graded) == copy)
            #expect(policy.disposition(for: graded) == kind)
        }
    }

    @Test func copiesAreKeptOfWhatIsNotDelivered() {
        for quarantine in [true, false] {
            for destiny in Destiny.allCases {
                var policy = Self.policy(quarantine: quarantine)
                policy.infected = destiny
                let expected =
                    switch destiny {
                    case .quarantine, .quarantineAndPass, .quarantineAndBounce, .quarantineAndReject, .strip: true
                    case .discard, .bounce, .reject: quarantine
                    case .pass, .tempfail: false
                    }
                #expect(policy.keepsCopy(for: Samples.verdict(viruses: ["V"])) == expected, "\(destiny) \(quarantine)")
            }
        }
    }
}
