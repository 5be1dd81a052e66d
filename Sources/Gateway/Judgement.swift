internal import Bayes
internal import Configuration
internal import InspectionLink
internal import Linux
internal import MailModel
internal import Policy
internal import Relay
internal import RemoteChecks
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

    private mutating func inspect() async {
        let seconds = listener.inspectionSeconds(setup.settings.timeouts)
        let totals = await scorerTotals()
        let context = InspectionContext(
            smtputf8: message.envelope.parameters.smtputf8, tokens: totals == nil ? .none : setup.tokenRequest,
            foreignTokens: (totals?.foreignTokens ?? 0) > 0,
            partsLimit: setup.scanners.takesParts ? setup.settings.scanning.partsSize : 0)
        let deadline = monotonicNow() + seconds * 1_000_000_000
        let (scanners, first) = (setup.scanners, scanSubject)
        let key = await cacheKey(context)
        let kept = key.flatMap { setup.cache.find($0) }
        isFromCache = kept != nil
        let keptOutcomes = kept?.outcomes ?? []
        async let early = scanners.ask(.message, first, kept: keptOutcomes, deadline: deadline)
        let outcome: InspectionOutcome
        if let kept {
            outcome = .report(kept.report, kept.ready, parts: nil)
        } else {
            outcome = await setup.pool.inspect(message.file, context, deadline: deadline)
        }
        var subject = first
        if case .report(let report, _, let parts) = outcome { subject.parts = ScanParts(report, file: parts) }
        scannerOutcomes = keptOutcomes
        scannerOutcomes += await scanners.ask(.parts, subject, kept: keptOutcomes, deadline: deadline)
        scannerOutcomes += await early
        if kept == nil { keep(outcome, key) }
        scannerOutcomes += await scanners.askBackups(after: scannerOutcomes, subject, deadline: deadline)
        await judge(outcome)
    }

    /// What the message is kept by; nil when nothing is kept.
    private func cacheKey(_ context: InspectionContext) async -> MessageCache.Key? {
        guard setup.cache.isOn, setup.scanners.allowsKeptAnswers else { return nil }
        let file = message.file
        guard let digest = try? await setup.blocking(unless: file.inMemory, { try InspectionDocument.digest(file) })
        else {
            return nil
        }
        return MessageCache.Key(digest: digest, context: context, generation: setup.pool.generation)
    }

    private func keep(_ outcome: InspectionOutcome, _ key: MessageCache.Key?) {
        guard let key, case .report(let report, let ready, _) = outcome, ready.generation == key.generation else {
            return
        }
        let outcomes = scannerOutcomes.filter { $0.settings.looksAtContentOnly }
        setup.cache.keep(MessageCache.Entry(report: report, ready: ready, outcomes: outcomes), for: key)
    }

    /// Makes the verdict from what the inspection and the scanners said.
    private mutating func judge(_ outcome: InspectionOutcome) async {
        let partCount = if case .report(let report, _, _) = outcome { report.parts.count } else { 0 }
        let conclusion = ScannerConclusion(scannerOutcomes, parts: partCount)
        defer {
            for item in conclusion.unchecked { verdict.add(item) }
            verdict.tests += conclusion.tests
        }
        switch outcome {
        case .report(var report, let ready, _):
            let (file, book) = (message.file, setup.shelf[ready.rules])
            var refusal: String?
            do {
                rules = try await setup.blocking(unless: file.inMemory) { [report] in
                    try RuleJudgement(report, book: book, message: EditableMessage(file))
                }
            } catch {
                refusal = "rules: \((error as? RuleJudgement.Refusal)?.detail ?? "\(error)")"
            }
            self.report = report
            self.ready = ready
            let scored = take(conclusion)
            report = self.report ?? report
            verdict = Verdict(
                report, anomalies: anomalies, policy: listener.policy.judging, ruling: rules.ruling,
                required: setup.database == nil ? [] : ["clamav"])
            // What the scanners found holds whatever became of the rules.
            if let refusal {
                verdict.add(Unchecked(.scannerFailed, detail: refusal))
                causes.append(refusal)
            }
            verdict.tests += scored
            verdict.tests += rules.tests
            verdict.tests += report.agreedTests
            await score(report)
        case .failed(let reason, let detail):
            let scored = take(conclusion)
            verdict = report.map { Verdict($0) } ?? Verdict(failed: reason, detail: detail)
            if report != nil { verdict.add(Unchecked(reason, detail: detail)) }
            verdict.tests += scored
            causes.append(detail)
        }
    }

    /// The totals of a database that knows enough to judge; nil where tokens would be of no use.
    private func scorerTotals() async -> StoreTotals? {
        guard let scorer = setup.scorer else { return nil }
        return try? await setup.blocking { try scorer.store.totalsIfTaught() }
    }

    /// Adds what learnt mail says. A database that cannot be read is named in the log and costs no message.
    private mutating func score(_ report: Report) async {
        guard let scorer = setup.scorer else { return }
        do {
            guard let judgement = try await setup.blocking({ try scorer.judge(report) }) else { return }
            bayes = judgement
            verdict.tests += judgement.tests
        } catch {
            causes.append("bayes: \(error)")
        }
    }
}
