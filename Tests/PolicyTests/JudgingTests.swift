import MailModel
import Policy
import Testing

/// What follows from anomalies and from faults of the header block.
@Suite struct JudgingTests {
    private static func report(_ kinds: AnomalyKind...) -> Report {
        Report(messageSize: 100, anomalies: kinds.map { Anomaly(kind: $0, offset: 7) })
    }

    @Test func actionsFollowTheClassUnlessTheySaySo() {
        let policy = JudgingPolicy(anomalies: [.nul: .reject, .bareCRDelimiter: .ignore])
        for kind in AnomalyKind.allCases {
            let expected: AnomalyAction =
                switch kind {
                case .nul: .reject
                case .bareCRDelimiter: .ignore
                default: kind.anomalyClass.defaultAction
                }
            #expect(policy.action(for: kind) == expected)
        }
        #expect(AnomalyClass.allCases.map(\.defaultAction) == [.ignore, .score, .quarantine])
    }

    @Test func deceptionIsAmbiguousAndNamedOnce() {
        let verdict = Verdict(Self.report(.conflictingBoundary, .conflictingBoundary, .mboxLine))
        #expect(verdict.category == .unchecked)
        #expect(verdict.unchecked == [Unchecked(.ambiguous, detail: "conflicting-boundary")])
        #expect(verdict.tests.isEmpty && verdict.refusedAnomalies.isEmpty)
    }

    /// Each of the four actions on the same mail.
    @Test func theSameMailUnderEachAction() {
        let report = Self.report(.fieldInContinuation)
        func verdict(_ action: AnomalyAction) -> Verdict {
            Verdict(report, policy: JudgingPolicy(anomalies: [.fieldInContinuation: action]))
        }
        #expect(verdict(.ignore).category == .clean && verdict(.ignore).tests.isEmpty)
        #expect(verdict(.score).category == .clean)
        #expect(
            verdict(.score).tests
                == [
                    ScoredTest(
                        name: "ANOMALY_FIELD_IN_CONTINUATION", score: 0.5, evidence: "at octet 7", headerShare: 0)
                ])
        let held = Destiny.quarantine
        let content = ContentPolicy(infected: .discard, unchecked: [.ambiguous: held])
        #expect(content.destiny(for: verdict(.ignore)) == .pass)
        #expect(content.destiny(for: verdict(.score)) == .pass)
        #expect(content.destiny(for: verdict(.quarantine)) == held)
        #expect(content.destiny(for: verdict(.reject)) == .reject)
        // An administrator who lets ambiguous mail pass still refuses what he refuses.
        let lenient = ContentPolicy(infected: .discard, unchecked: [.ambiguous: .pass])
        #expect(lenient.destiny(for: verdict(.quarantine)) == .pass)
        #expect(lenient.destiny(for: verdict(.reject)) == .reject)
    }

    /// Anomalies met on entry are given beside the report.
    @Test func anomaliesOfTheEntryCountToo() {
        let verdict = Verdict(Self.report(), anomalies: [Anomaly(kind: .bareCR), Anomaly(kind: .bareLF)])
        #expect(verdict.tests.map(\.name) == ["ANOMALY_BARE_CR", "ANOMALY_BARE_LF"])
        #expect(verdict.score == 1)
    }

    /// A broken mailer makes many kinds at a time: together they stay below what makes spam.
    @Test func pointsHaveALimit() {
        let sloppy = AnomalyKind.allCases.filter { $0.anomalyClass == .sloppy }
        let verdict = Verdict(Report(messageSize: 1, anomalies: (sloppy + sloppy).map { Anomaly(kind: $0) }))
        #expect(verdict.tests.count == sloppy.count)
        #expect(verdict.score == JudgingPolicy.mostAnomalyPoints)
        #expect(verdict.category == .clean)
    }

    @Test(arguments: BadHeader.allCases)
    func headerFaults(fault: BadHeader) {
        let report = Report(
            messageSize: 1,
            findings: [
                Finding(scanner: "header", kind: .badHeader, name: fault.rawValue, part: nil, evidence: "x: y")
            ])
        let verdict = Verdict(report)
        #expect(verdict.category == .badHeader)
        #expect(verdict.badHeaders == [Verdict.HeaderFault(kind: fault, detail: "x: y")])
        #expect(verdict.badHeaderMinor == fault.minor)
        let others = Set(BadHeader.allCases).subtracting([fault])
        #expect(Verdict(report, policy: JudgingPolicy(badHeaders: others)).category == .clean)
        for destiny in Destiny.allCases {
            let policy = ContentPolicy(infected: .discard, unchecked: [:], badHeader: destiny)
            #expect(policy.destiny(for: verdict) == Samples.inForce(destiny))
        }
        let status = fault == .nonEncodedOctets ? "6.3" : "6.0"
        #expect(
            ReplyTexts.content(.reject, verdict, id: "i").summary == "554 5.\(status) Reject, id=i - BAD HEADER: x: y")
        #expect(
            ReplyTexts.content(.tempfail, verdict, id: "i").summary
                == "450 4.\(status) Temporary failure, id=i - BAD HEADER: x: y")
        #expect(HeaderEdits.alert(verdict) == "X-Mailreeve-Alert: BAD HEADER SECTION, x: y\r\n")
    }

    /// What may pass for one reason hides nothing that may not for another.
    @Test func theFirstCategoryThatMayNotPassDecides() {
        var report = Self.report(.nulInHeader)
        report.findings = [
            Finding(scanner: "clamav", kind: .virus, name: "V", part: nil),
            Finding(scanner: "header", kind: .badHeader, name: "syntax", part: nil, evidence: "x: y"),
        ]
        report.unchecked = [Unchecked(.encrypted)]
        let verdict = Verdict(report, policy: JudgingPolicy(anomalies: [.nulInHeader: .score]))
        #expect(verdict.categories == [.infected, .unchecked, .badHeader] && verdict.category == .infected)
        func policy(_ infected: Destiny, _ encrypted: Destiny, _ badHeader: Destiny) -> ContentPolicy {
            ContentPolicy(infected: infected, unchecked: [.encrypted: encrypted], badHeader: badHeader)
        }
        #expect(policy(.pass, .pass, .reject).destiny(for: verdict) == .reject)
        #expect(policy(.pass, .pass, .reject).decidingCategory(for: verdict) == .badHeader)
        #expect(policy(.pass, .quarantine, .reject).destiny(for: verdict) == .quarantine)
        #expect(policy(.discard, .quarantine, .reject).decidingCategory(for: verdict) == .infected)
        #expect(policy(.pass, .pass, .pass).destiny(for: verdict) == .pass)
        #expect(policy(.pass, .pass, .pass).decidingCategory(for: verdict) == .infected)
        #expect(policy(.pass, .pass, .reject).keepsCopy(for: verdict))
        let said = ReplyTexts.content(.reject, verdict.only(.badHeader), id: "i").summary
        #expect(said == "554 5.6.0 Reject, id=i - BAD HEADER: x: y")
        #expect(
            HeaderEdits.alert(verdict) == "X-Mailreeve-Alert: INFECTED, message contains: V\r\n"
                + "X-Mailreeve-Alert: BAD HEADER SECTION, x: y\r\n")
    }

    /// The first part that a name has counts for it, the most careful destiny of all names for the message.
    @Test func destiniesOfNamesOfViruses() {
        var policy = ContentPolicy(infected: .discard, unchecked: [:])
        policy.virusDestinies = [
            VirusDestiny(part: "joke.", destiny: .pass), VirusDestiny(part: "win.joke", destiny: .reject),
            VirusDestiny(part: "phishing", destiny: .quarantine),
        ]
        func destiny(_ names: String...) -> Destiny { policy.destiny(for: Samples.verdict(viruses: names)) }
        #expect(destiny("Win.Joke.Screen-1") == .pass)
        #expect(destiny("Win.Joke") == .reject)
        #expect(destiny("Heuristics.PHISHING.Email") == .quarantine)
        #expect(destiny("Win.Trojan.Agent") == .discard)
        #expect(destiny("Joke.A", "Win.Trojan.Agent") == .discard)
        #expect(destiny("Joke.A", "x.phishing.y", "Win.Trojan.Agent") == .quarantine)
        // All names count, however many are shown.
        let many = (0..<Verdict.namesKept).map { "Joke.\($0)" }
        #expect(policy.destiny(for: Samples.verdict(viruses: many)) == .pass)
        let hidden = Samples.verdict(viruses: many + ["Win.Trojan.Agent"])
        #expect(policy.destiny(for: hidden) == .discard && hidden.shownVirusNames == many)
        policy.lovers = [.infected]
        #expect(destiny("Win.Joke") == .pass)
    }

    /// A refusal for an anomaly holds whatever else passes.
    @Test func refusedAnomaliesAreRefusedInInfectedMailToo() {
        var report = Self.report(.nulInHeader)
        report.findings = [Finding(scanner: "clamav", kind: .virus, name: "V", part: nil)]
        let verdict = Verdict(report, policy: JudgingPolicy(anomalies: [.nulInHeader: .reject]))
        let policy = ContentPolicy(infected: .pass, unchecked: [.ambiguous: .pass])
        #expect(policy.destiny(for: verdict) == .reject)
    }

    /// An anomaly does not excuse a scanner that says nothing.
    @Test func silenceIsNotHiddenByAnomalies() {
        let verdict = Verdict(Self.report(.nulInHeader), required: ["clamav"])
        #expect(verdict.reasons == [.ambiguous, .scannerFailed])
    }

    @Test func minorsAreThoseOfAmavis() {
        #expect(BadHeader.allCases.map(\.minor) == Array(1...8))
    }

    /// A worker that lies can fill a report with faults: one line of a reply and a few lines of a header is all it gets.
    @Test func manyFaultsStayShort() {
        let fault = Finding(
            scanner: "header", kind: .badHeader, name: "syntax", part: nil,
            evidence: "a\r\nb: " + String(repeating: "é", count: 5000))
        let verdict = Verdict(Report(messageSize: 1, findings: Array(repeating: fault, count: 9000)))
        #expect(verdict.badHeaders.count == Verdict.namesKept)
        let alert = HeaderEdits.alert(verdict)
        let lines = alert.split(separator: "\r\n")
        #expect(lines.count == Verdict.namesKept && lines.dropFirst().allSatisfy { $0.hasPrefix("\t") })
        #expect(lines.allSatisfy { $0.utf8.count <= 998 && $0.utf8.allSatisfy { $0 < 0x80 } })
        #expect(ReplyTexts.content(.reject, verdict, id: "i").summary.unicodeScalars.count < 500)
    }

    @Test func ambiguityResults() {
        #expect(
            HeaderEdits.ambiguityResults(hostname: "mx", anomalies: [], readings: 1)
                == "MIME-Ambiguity-Results: mx;\r\n\tambiguity=none\r\n")
        let anomalies = [AnomalyKind.mboxLine, .nulInHeader, .bareCR, .nulInHeader, .conflictingBoundary]
        #expect(
            HeaderEdits.ambiguityResults(hostname: "mx", anomalies: anomalies.map { Anomaly(kind: $0) }, readings: 4)
                == "MIME-Ambiguity-Results: mx;\r\n\tambiguity=deceptive; readings=4;\r\n\tkind=nul-in-header;\r\n"
                + "\tkind=conflicting-boundary\r\n")
    }
}
