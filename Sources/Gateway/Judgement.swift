internal import Configuration
internal import InspectionLink
internal import Linux
internal import MailModel
internal import Policy
internal import Relay
internal import Stores

/// The steps that the daemon and `mailreeve scan` share: header facts, inspection, verdict, dispositions. They touch
/// neither a next hop nor the quarantine.
extension MessageWork {
    /// Judges the message. Afterwards `disposition` says what the policy wants; when nobody gets the message, `outcomes`
    /// have the replies.
    /// - Returns: nil, or a reply that ends the message for everybody whatever its content is.
    mutating func judge() async -> Reply? {
        let (file, limits) = (message.file, setup.settings.limits)
        do {
            facts = try await setup.blocking(unless: file.inMemory) {
                try HeaderFacts(of: file, limit: limits.headerBytes)
            }
        } catch {
            return ReplyTexts.failure("\(error)", id: id)
        }
        if facts.hops > limits.hopCount { return ReplyTexts.loop(hops: facts.hops, id: id) }
        await inspect()
        disposition = listener.policy.disposition(for: verdict)
        if !disposition.isDelivered { settle(disposition, ReplyTexts.content(disposition, decisive, id: id)) }
        return nil
    }

    /// Ends the message with one reply for everybody.
    mutating func end(_ reply: Reply) {
        disposition = reply.isTemporary ? .tempfail : .reject
        settle(disposition, reply)
    }

    /// Gives every recipient the same outcome.
    mutating func settle(_ kind: DispositionKind, _ reply: Reply) {
        outcomes = message.envelope.recipients.map { RecipientOutcome(recipient: $0, kind: kind, reply: reply) }
    }

    /// Sender and recipients for the passwords that are tried, the first ones.
    private var addresses: [String] {
        let paths = [message.envelope.reversePath] + message.envelope.recipients.map(\.path)
        return paths.filter { !$0.isNull && $0.bytes.count <= ControlLimits.address }
            .compactMap { String(validating: $0.bytes, as: UTF8.self) }.prefix(ControlLimits.addresses).map { $0 }
    }

    private mutating func inspect() async {
        let seconds = listener.inspectionSeconds(setup.settings.timeouts)
        let choice = await chooseDatabase()
        let context = InspectionContext(
            smtputf8: message.envelope.parameters.smtputf8, tokens: tokenRequest(choice),
            foreignTokens: choice?.hasForeignTokens ?? false, addresses: addresses)
        let outcome = await setup.pool.inspect(
            message.file, context, deadline: monotonicNow() + seconds * 1_000_000_000)
        switch outcome {
        case .report(let report, let ready):
            let (file, book) = (message.file, setup.shelf[ready.rules])
            var refusal: String?
            do {
                rules = try await setup.blocking(unless: file.inMemory) {
                    try RuleJudgement(report, book: book, message: EditableMessage(file))
                }
            } catch {
                refusal = "rules: \((error as? RuleJudgement.Refusal)?.detail ?? "\(error)")"
            }
            self.report = report
            self.ready = ready
            verdict = Verdict(
                report, anomalies: anomalies, policy: listener.policy.judging, ruling: rules.ruling,
                required: setup.database == nil ? [] : ["clamav"])
            // What the scanners found holds whatever became of the rules.
            if let refusal {
                verdict.add(Unchecked(.scannerFailed, scanner: "rules", detail: refusal))
                causes.append(refusal)
            }
            await judgeFiles(report, book)
            verdict.tests += rules.tests
            verdict.tests += report.agreedTests
            if let choice { await score(report, by: choice) }
            if let failure = bayesFailure {
                verdict.tests.append(ScoredTest(name: SpamScorer.unavailable, score: 0, evidence: failure))
            }
            verdict.apply(scores: setup.settings.scores)
            verdict = verdict.graded(by: listener.policy.levels)
        case .failed(let reason, let detail):
            verdict = Verdict(failed: reason, detail: detail)
            causes.append(detail)
        }
    }

    /// Names and types of files: what is banned, what the allow list lets through, and whether it could be taken out.
    private mutating func judgeFiles(_ report: Report, _ book: RuleBook?) async {
        let (file, facts) = (message.file, facts)
        do {
            banned = try BannedJudgement(
                report, book: book, sets: listener.policy.bannedRules, envelope: message.envelope, now: time)
            let contents = banned.contents
            let words = StripPlan.Words(hostname: setup.hostname, quarantineID: mailID)
            strip = try await setup.blocking(unless: file.inMemory) {
                try StripPlan(contents, report, facts, file, words)
            }
        } catch {
            let detail = "banned: \((error as? RuleJudgement.Refusal)?.detail ?? "\(error)")"
            verdict.add(Unchecked(.scannerFailed, detail: detail))
            causes.append(detail)
        }
        verdict.add(banned: banned.contents, isStrippable: strip != nil)
        verdict.tests += banned.tests
    }

    /// The database that judges; nil where none knows enough, or none can be asked.
    private mutating func chooseDatabase() async -> SpamScorer.Choice? {
        guard let scorer = setup.scorer else { return nil }
        let recipients = message.envelope.recipients
        do {
            return try await scorer.blocking { try scorer.choose(for: recipients) }
        } catch {
            fail(error)
            return nil
        }
    }

    /// Tokens are wanted to judge by them, and to learn from them.
    private func tokenRequest(_ choice: SpamScorer.Choice?) -> TokenRequest {
        let teaches = setup.scorer != nil && setup.settings.bayes.autolearn.enabled
        return choice != nil || teaches ? setup.tokenRequest : .none
    }

    /// Adds what learnt mail says.
    private mutating func score(_ report: Report, by choice: SpamScorer.Choice) async {
        guard let scorer = setup.scorer else { return }
        do {
            guard let judgement = try await scorer.blocking({ try scorer.judge(report, by: choice) }) else { return }
            bayes = judgement
            verdict.tests += judgement.tests
        } catch {
            fail(error)
        }
    }

    /// A database that cannot be asked is named in the log and as a test, and costs no message.
    private mutating func fail(_ error: any Error) {
        bayesFailure = "\(error)"
        causes.append("bayes: \(error)")
    }
}
