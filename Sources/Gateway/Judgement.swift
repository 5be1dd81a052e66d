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
    /// Reads what the gateway itself reads of the header, which everything else begins with.
    /// - Returns: nil, or a reply that ends the message.
    mutating func readHeader() async -> Reply? {
        let (file, limit) = (message.file, setup.settings.limits.headerBytes)
        do {
            facts = try await setup.blocking(unless: file.inMemory) { try HeaderFacts(of: file, limit: limit) }
        } catch {
            return ReplyTexts.failure("\(error)", id: id)
        }
        return nil
    }

    /// Judges the message, whose header was read. Afterwards `groups` say what is done for whom, and those who do not get the message because of its
    /// content have their outcomes.
    /// - Returns: nil, or a reply that ends the message for everybody whatever its content is.
    mutating func judge() async -> Reply? {
        await findReleased()
        if let reply = await removeMark() { return reply }
        if let reply = resolvePolicies(circumstances) { return reply }
        let limits = setup.settings.limits
        if facts.hops > limits.hopCount || facts.ownHops > limits.ownHopCount {
            let areOurs = facts.hops <= limits.hopCount
            return ReplyTexts.loop(
                hops: areOurs ? facts.ownHops : facts.hops, areOurs: areOurs, id: id,
                isSoft: groups.contains { $0.policy.softBounce })
        }
        await inspect()
        if let reply = resolveVirusBanks() { return reply }
        await judgeFiles()
        grade()
        await planSanitizing()
        await planDisclaimers()
        return nil
    }

    /// Finds what is in force for whom.
    /// - Returns: nil, or a reply that ends the message.
    private mutating func resolvePolicies(_ circumstances: PolicyBook.Circumstances) -> Reply? {
        do {
            let resolution = try PolicyResolution(
                setup.policies, policy: listener.policyName, listener.placement, circumstances,
                recipients: message.envelope.recipients, released: released, allowed: setup.allowed)
            (groups, groupPlaces, policyName) = (resolution.groups, resolution.places, resolution.name)
            return nil
        } catch {
            return ReplyTexts.failure("policy: \(error)", id: id)
        }
    }

    /// The same once more where banks hold for viruses that were found (amavis: `virus_name_to_policy_bank`).
    private mutating func resolveVirusBanks() -> Reply? {
        guard !verdict.virusNames.isEmpty, setup.settings.banks.contains(where: { !$0.viruses.isEmpty }) else {
            return nil
        }
        var known = circumstances
        known.viruses = verdict.virusNames
        return resolvePolicies(known)
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
        let proto = client.forwarded?.proto.map { String(decoding: $0, as: UTF8.self).uppercased() } ?? ""
        return PolicyBook.Circumstances(
            listener: listener.name, client: IPAddress(client.originalAddress),
            sender: message.envelope.reversePath,
            isAuthenticated: isFromOurMTA
                && (facts.saysAuthenticated || proto.hasSuffix("SMTPA") || proto.hasSuffix("SMTPSA")),
            author: vouchedAuthor?.path)
    }

    /// The author, where lists ask for him and an MTA of ours or its milters say that his domain answers for the message. Blanks are in
    /// quoted addresses alone, which milters may repeat without the quotes (forgery). Before the queue no milter has put anything on top:
    /// what stands there came with the message.
    var vouchedAuthor: VouchedAuthor? {
        guard setup.policies.asksForAuthors, isFromOurMTA, listener.placement == .afterQueue,
            !message.envelope.reversePath.bytes.contains(0x22)
        else { return nil }
        let names = setup.settings.authservIDs.map { Array($0.lowercased().utf8) }
        return facts.vouchedAuthor(believing: names)
    }

    /// Gives each group its verdict, and those who do not get the message their outcomes.
    private mutating func grade() {
        let size = message.file.count
        var judged: [JudgingPolicy: Verdict] = [:]
        for index in groups.indices {
            let policy = groups[index].policy
            let base = judged[policy.judging] ?? verdict(under: policy.judging)
            judged[policy.judging] = base
            let (banned, strip) = (groups[index].banned, groups[index].strip)
            var own = base
            own.add(banned: banned.contents, further: banned.further, isStrippable: strip != nil)
            own.tests += banned.tests
            groups[index].verdict = own.graded(
                by: policy, standing: groups[index].standing, size: size, site: setup.siteTests)
        }
        // The message has the weightiest name that it has for anybody.
        leadingGroup = weightiest(groups.indices) ?? 0
        if let leading {
            verdict = leading.verdict
            decisive = leading.decisive
        }
        for group in groups {
            if group.policy.shadow, !group.wanted.isDelivered {
                causes.append("shadow: would be \(ReplyTexts.content(group.wanted, group.decisive, id: id).summary)")
            }
            guard !group.disposition.isDelivered else { continue }
            if group.disposition == .tempfail { addCauses(of: group.decisive) }
            let texts = group.replyTexts
            if texts.contains(where: { $0.names(.recipients) }) {
                // Nobody is told of the others.
                for recipient in group.recipients { refuse([recipient], group, texts) }
            } else {
                refuse(group.recipients, group, texts)
            }
        }
    }

    /// Gives recipients of a group the reply that their message does not pass.
    private mutating func refuse(_ recipients: [Int], _ group: RecipientGroup, _ texts: [TextTemplate]) {
        var words: [String] = []
        if !texts.isEmpty {
            var facts = facts(for: group)
            facts[.recipients] = recipients.first.map { "<\(message.envelope.recipients[$0].path)>" }
            facts[.mailID] = group.keepsCopy ? copyID : "-"
            words = texts.map { ReplyTexts.line($0, facts) }
        }
        let reply = group.refusal(id: id, words: words)
        for recipient in recipients { settle(recipient, group.disposition, reply) }
    }

    /// What texts for and about a group may say, but for its recipients and the copy; escaped.
    func facts(for group: RecipientGroup) -> [TextTemplate.Fact: String] {
        [
            .id: id, .hostname: setup.hostname, .sender: "<\(message.envelope.reversePath)>",
            .subject: shownSubject,
            .reason: ReplyTexts.reason(group.decisive, id: id),
        ]
    }

    /// Tells the log what could not be checked and why, each once: a scanner that failed is among the causes by its name.
    private mutating func addCauses(of verdict: Verdict) {
        for detail in verdict.unchecked.map(\.detail)
        where !detail.isEmpty && !causes.contains(detail) && !causes.contains("scanner \(detail)") {
            causes.append(detail)
        }
    }

    /// The group whose verdict names the message; nil before the policies are known.
    var leading: RecipientGroup? { groups.indices.contains(leadingGroup) ? groups[leadingGroup] : nil }

    /// The verdict under other settings of what counts than those of the first group, under which the message was judged.
    private func verdict(under judging: JudgingPolicy) -> Verdict {
        guard let report, judging != judgedPolicy else { return verdict }
        var other = Verdict(
            report, anomalies: anomalies, policy: judging, ruling: rules.ruling, required: requiredScanners)
        for item in verdict.unchecked.dropFirst(judgedUnchecked) { other.add(item) }
        other.tests += verdict.tests.dropFirst(judgedTests)
        return other
    }

    /// Scanners that every message has to meet.
    private var requiredScanners: [String] { setup.database == nil || isEngineReplaced ? [] : [Self.engine] }

    /// Ends the message with one reply for everybody.
    /// - Parameter done: places of recipients for whom all is done that was to be done, whatever the client is told: what became of
    ///   them stays.
    mutating func end(_ reply: Reply, done: Set<Int> = []) {
        for index in results.indices where !done.contains(index) {
            settle(index, reply.isTemporary ? .tempfail : .reject, reply)
        }
        settleServed()
    }

    /// Gives those who were served at an earlier try their outcome.
    mutating func settleServed() {
        for index in served {
            settle(index, disposition(of: index), ReplyTexts.servedBefore(id: id))
            results[index]?.isEarlier = true
        }
    }

    /// Gives one recipient an outcome.
    mutating func settle(_ index: Int, _ kind: DispositionKind, _ reply: Reply) {
        results[index] = RecipientOutcome(recipient: message.envelope.recipients[index], kind: kind, reply: reply)
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
            foreignTokens: choice?.hasForeignTokens ?? false, addresses: addresses,
            partsLimit: setup.scanners.takesParts ? setup.settings.scanning.partsSize : 0,
            texts: setup.disclaimers.letters(wantedDisclaimers), hazards: wantedHazards)
        let deadline = monotonicNow() + seconds * 1_000_000_000
        let key = await cacheKey(context)
        let kept = key.flatMap { setup.cache.find($0) }
        let work = self
        let (inspected, outcomes) = await setup.scanners.ask(
            scanSubject, kept: kept?.outcomes ?? [], seeksSpam: seeksSpam, deadline: deadline
        ) { anew in
            if !anew, let kept {
                return await work.inspected(.report(kept.report, kept.ready, parts: nil), choice, isKept: true)
            }
            let outcome = await work.setup.pool.inspect(work.message.file, context, deadline: deadline)
            return await work.inspected(outcome, choice, isKept: false)
        }
        scannerOutcomes = outcomes
        isFromCache = inspected.isKept
        if kept == nil { keep(inspected.value.outcome, key) }
        judge(inspected.value)
    }

    /// What the message is kept by; nil when nothing is kept.
    private func cacheKey(_ context: InspectionContext) async -> MessageCache.Key? {
        guard setup.cache.isOn else { return nil }
        let file = message.file
        guard let digest = try? await setup.blocking(unless: file.inMemory, { try file.digest() })
        else {
            return nil
        }
        // Addresses count as passwords only: nothing that is encrypted is kept.
        var known = context
        known.addresses = []
        return MessageCache.Key(
            digest: digest, context: known, generation: setup.pool.generation, scanners: setup.scanners.versions)
    }

    private func keep(_ outcome: InspectionOutcome, _ key: MessageCache.Key?) {
        guard let key, case .report(let report, let ready, _) = outcome, ready.generation == key.generation,
            setup.scanners.allowsKeeping(scannerOutcomes)
        else { return }
        let outcomes = scannerOutcomes.filter(\.canBeKept)
        setup.cache.keep(MessageCache.Entry(report: report, ready: ready, outcomes: outcomes), for: key)
    }

    /// Makes the verdict from what the inspection and the scanners said.
    private mutating func judge(_ inspected: InspectedMessage) {
        let partCount = if case .report(let report, _, _) = inspected.outcome { report.parts.count } else { 0 }
        let engine = engineOutcome(inspected.outcome)
        let conclusion = ScannerConclusion(scannerOutcomes, engine: engine, parts: partCount)
        switch inspected.outcome {
        case .report(let report, let ready, _):
            rules = inspected.rules
            self.report = report
            self.ready = ready
            let (scored, doubts) = take(conclusion, engine)
            judgedPolicy = groups.first?.policy.judging ?? JudgingPolicy()
            verdict = Verdict(
                self.report ?? report, anomalies: anomalies, policy: judgedPolicy,
                ruling: rules.ruling, required: requiredScanners)
            (judgedTests, judgedUnchecked) = (verdict.tests.count, verdict.unchecked.count)
            // What the scanners found holds whatever became of the rules.
            if let refusal = inspected.refusal {
                verdict.add(Unchecked(.scannerFailed, scanner: "rules", detail: refusal))
                causes.append(refusal)
            }
            for item in conclusion.unchecked + doubts { verdict.add(item) }
            verdict.tests += conclusion.tests + scored
            verdict.tests += inspected.tests
            bayes = inspected.bayes
            if let failure = inspected.bayesFailure { fail(failure) }
            if let failure = bayesFailure {
                verdict.tests.append(ScoredTest(name: SpamScorer.unavailable, score: 0, evidence: failure))
            }
        case .failed(let reason, let detail):
            let (scored, doubts) = take(conclusion, engine)
            verdict = report.map { Verdict($0) } ?? Verdict(failed: reason, detail: detail)
            if report != nil { verdict.add(Unchecked(reason, detail: detail)) }
            for item in conclusion.unchecked + doubts { verdict.add(item) }
            verdict.tests += conclusion.tests + scored
            causes.append(detail)
        }
    }

    /// Names and types of files, for each group: what the sets of its policy ban, what the allow list lets through, and whether
    /// it could be taken out.
    private mutating func judgeFiles() async {
        guard let report, let ready, !report.banned.isEmpty else { return }
        let (file, facts, book) = (message.file, facts, setup.shelf[ready.rules])
        let words = RemovalText.Words(hostname: setup.hostname, quarantineID: copyID)
        for index in groups.indices {
            do {
                var envelope = message.envelope
                envelope.recipients = groups[index].recipients.map { message.envelope.recipients[$0] }
                let banned = try BannedJudgement(
                    report, book: book, sets: groups[index].policy.bannedRules, envelope: envelope, now: time)
                groups[index].banned = banned
                groups[index].strip = try await setup.blocking(unless: file.inMemory) {
                    try StripPlan(banned.contents, report, facts, file, words)
                }
            } catch {
                let detail = "banned: \((error as? RuleJudgement.Refusal)?.detail ?? "\(error)")"
                verdict.add(Unchecked(.scannerFailed, detail: detail))
                causes.append(detail)
                return
            }
        }
    }

    /// The database that judges; nil where none knows enough, or none can be asked. Notes the one that would be taught.
    private mutating func chooseDatabase() async -> SpamScorer.Choice? {
        guard let scorer = setup.scorer else { return nil }
        let recipients = message.envelope.recipients
        do {
            let selection = try await scorer.blocking { try scorer.select(for: recipients) }
            learningDatabase = selection.learning
            return selection.judging
        } catch {
            fail("\(error)")
            return nil
        }
    }

    /// Tokens are wanted to judge by them, and to learn from them.
    private func tokenRequest(_ choice: SpamScorer.Choice?) -> TokenRequest {
        let teaches = setup.scorer != nil && setup.settings.bayes.autolearn.enabled
        return choice != nil || teaches ? setup.tokenRequest : .none
    }

    /// A database that cannot be asked is named in the log and as a test, and costs no message.
    private mutating func fail(_ error: String) {
        bayesFailure = error
        causes.append("bayes: \(error)")
    }
}
