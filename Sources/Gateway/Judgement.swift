internal import Bayes
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
    /// Judges the message. Afterwards `groups` say what is done for whom, and those who do not get the message because of its
    /// content have their outcomes.
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
        do {
            let resolution = try PolicyResolution(
                setup.policies, policy: listener.policyName, listener.placement, circumstances,
                recipients: message.envelope.recipients)
            (groups, policyName) = (resolution.groups, resolution.name)
        } catch {
            return ReplyTexts.failure("policy: \(error)", id: id)
        }
        await inspect()
        grade()
        return nil
    }

    /// The client is an MTA of ours: what it says of the original client and of authentication is believed.
    var isFromOurMTA: Bool {
        let address = message.envelope.client.address
        return address == "unix" || listener.relaysXFORWARD.contains { $0.contains(address) }
    }

    /// What is known of the message before its content. An MTA of ours tells of the original client by XFORWARD and in its
    /// `Received:` field; nobody else is believed.
    private var circumstances: PolicyBook.Circumstances {
        let client = message.envelope.client
        let forwarded = client.forwarded?.address.map { String(decoding: $0, as: UTF8.self) }
        let proto = client.forwarded?.proto.map { String(decoding: $0, as: UTF8.self).uppercased() } ?? ""
        return PolicyBook.Circumstances(
            listener: listener.name, client: IPAddress(forwarded ?? client.address),
            sender: message.envelope.reversePath,
            isAuthenticated: isFromOurMTA
                && (facts.saysAuthenticated || proto.hasSuffix("SMTPA") || proto.hasSuffix("SMTPSA")))
    }

    /// Gives each group its verdict, and those who do not get the message their outcomes.
    private mutating func grade() {
        let size = message.file.count
        var judged: [JudgingPolicy: Verdict] = [:]
        for index in groups.indices {
            let policy = groups[index].policy
            let base = judged[policy.judging] ?? verdict(under: policy.judging)
            judged[policy.judging] = base
            groups[index].verdict = base.graded(by: policy, standing: groups[index].standing, size: size)
        }
        // The message has the weightiest name that it has for anybody.
        let order = Category.allCases
        func weight(_ group: RecipientGroup) -> Int {
            (order.firstIndex(of: group.decisive.category) ?? order.count)
                + (group.wanted.isDelivered ? order.count : 0)
        }
        if let weightiest = groups.min(by: { weight($0) < weight($1) }) {
            verdict = weightiest.verdict
            decisive = weightiest.decisive
        }
        for group in groups {
            if group.policy.shadow, !group.wanted.isDelivered {
                causes.append("shadow: would be \(ReplyTexts.content(group.wanted, group.decisive, id: id).summary)")
            }
            guard !group.disposition.isDelivered else { continue }
            let reply = group.refusal(id: id)
            for recipient in group.recipients { settle(recipient, group.disposition, reply) }
        }
    }

    /// The verdict under other settings of what counts than those of the first group, under which the message was judged.
    private func verdict(under judging: JudgingPolicy) -> Verdict {
        guard let report, judging != groups.first?.policy.judging else { return verdict }
        var other = Verdict(
            report, anomalies: anomalies, policy: judging, ruling: rules.ruling, required: requiredScanners)
        for item in verdict.unchecked.dropFirst(judgedUnchecked) { other.add(item) }
        other.tests += verdict.tests.dropFirst(judgedTests)
        return other
    }

    /// Scanners that every message has to meet.
    private var requiredScanners: [String] { setup.database == nil ? [] : ["clamav"] }

    /// Ends the message with one reply for everybody.
    mutating func end(_ reply: Reply) {
        settleAll(reply.isTemporary ? .tempfail : .reject, reply)
    }

    /// Gives every recipient the same outcome.
    mutating func settleAll(_ kind: DispositionKind, _ reply: Reply) {
        for index in message.envelope.recipients.indices { settle(index, kind, reply) }
    }

    /// Gives one recipient an outcome.
    mutating func settle(_ index: Int, _ kind: DispositionKind, _ reply: Reply) {
        results[index] = RecipientOutcome(recipient: message.envelope.recipients[index], kind: kind, reply: reply)
    }

    private mutating func inspect() async {
        let seconds = listener.inspectionSeconds(setup.settings.timeouts)
        let totals = await scorerTotals()
        let context = InspectionContext(
            smtputf8: message.envelope.parameters.smtputf8, tokens: totals == nil ? .none : setup.tokenRequest,
            foreignTokens: (totals?.foreignTokens ?? 0) > 0)
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
                report, anomalies: anomalies, policy: groups.first?.policy.judging ?? JudgingPolicy(),
                ruling: rules.ruling, required: requiredScanners)
            (judgedTests, judgedUnchecked) = (verdict.tests.count, verdict.unchecked.count)
            // What the scanners found holds whatever became of the rules.
            if let refusal {
                verdict.add(Unchecked(.scannerFailed, scanner: "rules", detail: refusal))
                causes.append(refusal)
            }
            verdict.tests += rules.tests
            verdict.tests += report.agreedTests
            await score(report)
        case .failed(let reason, let detail):
            verdict = Verdict(failed: reason, detail: detail)
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
