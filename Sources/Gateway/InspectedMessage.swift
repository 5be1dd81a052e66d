internal import InspectionLink
internal import MailModel
internal import Policy
internal import Relay
internal import RemoteChecks
internal import Stores

/// What the inspection says of a message, and what follows from it without scanners outside: rules and learnt mail.
struct InspectedMessage: Sendable {
    let outcome: InspectionOutcome
    /// What the rules want.
    var rules = RuleJudgement()
    /// Why what the report says of rules cannot be used; nil when it can.
    var refusal: String?
    /// What learnt mail says; nil when it says nothing.
    var bayes: SpamScorer.Judgement?
    /// Why learnt mail could not be asked; nil when it could.
    var bayesFailure: String?

    init(_ outcome: InspectionOutcome) {
        self.outcome = outcome
    }

    /// Tests of rules, test strings and learnt mail.
    var tests: [ScoredTest] {
        guard case .report(let report, _, _) = outcome else { return [] }
        return rules.tests + report.agreedTests + (bayes?.tests ?? [])
    }
}

extension MessageWork {
    /// The inspection as scanners outside see it.
    func inspected(
        _ outcome: InspectionOutcome, _ choice: SpamScorer.Choice?, isKept: Bool
    ) async -> ScannerSet.Inspected<InspectedMessage> {
        let message = await judged(outcome, choice)
        var inspected = ScannerSet.Inspected(message)
        inspected.isKept = isKept
        inspected.engine = engineOutcome(outcome)
        guard case .report(let report, _, let parts) = outcome else { return inspected }
        inspected.parts = ScanParts(report, file: parts)
        inspected.viruses = report.findings.filter { $0.kind == .virus }.map(\.name)
        inspected.spamDecision = spamDecision(message, report)
        return inspected
    }

    /// Reads what fired of the rules, and asks learnt mail.
    private func judged(_ outcome: InspectionOutcome, _ choice: SpamScorer.Choice?) async -> InspectedMessage {
        var inspected = InspectedMessage(outcome)
        guard case .report(let report, let ready, _) = outcome else { return inspected }
        let (file, book) = (message.file, setup.shelf[ready.rules])
        do {
            inspected.rules = try await setup.blocking(unless: file.inMemory) {
                try RuleJudgement(report, book: book, message: EditableMessage(file))
            }
        } catch {
            inspected.refusal = "rules: \((error as? RuleJudgement.Refusal)?.detail ?? "\(error)")"
        }
        guard let choice, let scorer = setup.scorer else { return inspected }
        do {
            inspected.bayes = try await scorer.blocking { try scorer.judge(report, by: choice) }
        } catch {
            inspected.bayesFailure = "\(error)"
        }
        return inspected
    }

    /// Why what is known decides whether the message is spam; nil where it does not, for whomever.
    private func spamDecision(_ inspected: InspectedMessage, _ report: Report) -> String? {
        let shortCircuit = setup.shortCircuit
        guard shortCircuit.isOn, inspected.refusal == nil else { return nil }
        var work = self
        work.report = report
        var findings = report.findings
        let named = setup.nameScores.take(from: &findings)
        var reason: String?
        for group in groups {
            var verdict = Verdict(report, anomalies: work.anomalies, policy: group.policy.judging)
            verdict.tests += named + inspected.tests
            let graded = verdict.graded(
                by: group.policy, standing: group.standing, size: message.file.count, site: setup.siteTests)
            guard let decision = shortCircuit.reason(graded) else { return nil }
            reason = reason ?? decision
        }
        return reason
    }
}
