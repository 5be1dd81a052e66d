package import MailModel

/// What the facts of a report amount to: one category and the facts behind it.
package struct Verdict: Hashable, Sendable {
    /// The first category that holds, in the order of `Category`: it names the message.
    package var category: Category { categories.first ?? .clean }
    /// All that hold, in the order of `Category`; `clean` alone when none other does. Never empty.
    package var categories: [Category]
    /// Names of viruses, each once, in the order found.
    package var virusNames: [String]
    /// Those that replies, fields and log lines show; at most `namesKept`.
    package var shownVirusNames: [String] { Array(virusNames.prefix(Self.namesKept)) }
    /// Everything that was not checked.
    package var unchecked: [Unchecked]
    /// Faults of the header block that count, and what was seen; at most `namesKept`.
    package var badHeaders: [HeaderFault]
    /// Kinds of anomalies, each once, for which the policy refuses the message.
    package var refusedAnomalies: [AnomalyKind]
    /// Named tests with their points.
    package var tests: [ScoredTest]
    /// Tests that score nothing and are not shown: others were made of them.
    package internal(set) var hiddenTests: [ScoredTest] = []
    /// What a header or body check decided; nil when none did.
    package var ruling: Ruling?
    /// Files that rules ban.
    package var banned: [BannedContent] = []
    /// Further files that they ban, of which nothing is told.
    package var bannedFurther = 0
    /// What is banned can be taken out of the message, with the rest as it is.
    package var isStrippable = false
    /// What the recipient's lists say of the sender.
    package var standing = SenderStanding()
    /// Categories that were not looked for.
    package var skipped: Set<Category> = []
    /// Those of them that hold: what was found or scored all the same, and counts for nothing.
    package var passedOver: Set<Category> = []

    /// What a header or body check decided (`header_checks(5)`). Its texts come from tables and from mail: escape before
    /// showing.
    package enum Ruling: Hashable, Sendable {
        /// The status begins with 4 or 5.
        case reject(EnhancedStatus, String)
        case discard(String)
        case hold(String)
        /// What the rules want cannot be done: the message is put off, whatever the settings say of anything.
        case failed

        /// The rule's own words.
        package var text: String {
            switch self {
            case .reject(_, let text), .discard(let text), .hold(let text): text
            case .failed: "what a rule wants cannot be done"
            }
        }

        /// Postfix tells the client nothing of it: the message is taken as any other.
        var isSilent: Bool {
            switch self {
            case .reject, .failed: false
            case .discard, .hold: true
            }
        }
    }

    /// A fault of the header block.
    package struct HeaderFault: Hashable, Sendable {
        package var kind: BadHeader
        /// The field and what is wrong with it; escape before showing.
        package var detail: String

        package init(kind: BadHeader, detail: String) {
            self.kind = kind
            self.detail = detail
        }
    }

    /// Virus names that are shown and header faults that are kept: a report may hold thousands, a reply and a log line may not.
    package static let namesKept = 20

    /// Judges a report.
    /// - Parameters:
    ///   - anomalies: those of the report and those met on entry; nil stands for those of the report alone.
    ///   - policy: which facts count.
    ///   - ruling: what the rules decided.
    ///   - required: scanners that are configured. One that neither finished nor said why not leaves the message
    ///     unchecked: silence is never taken for clean.
    package init(
        _ report: Report, anomalies: [Anomaly]? = nil, policy: JudgingPolicy = JudgingPolicy(),
        ruling: Ruling? = nil, required: [String] = []
    ) {
        self.ruling = ruling
        let anomalies = anomalies ?? report.anomalies
        var names: [String] = []
        var known: Set<String> = []
        for finding in report.findings where finding.kind == .virus && known.insert(finding.name).inserted {
            names.append(finding.name)
        }
        virusNames = names
        var unchecked = report.unchecked
        var refused: [AnomalyKind] = []
        var seen: Set<AnomalyKind> = []
        for anomaly in anomalies where seen.insert(anomaly.kind).inserted {
            switch policy.action(for: anomaly.kind) {
            case .ignore, .score: continue
            case .quarantine: break
            case .reject: refused.append(anomaly.kind)
            }
            unchecked.append(Unchecked(.ambiguous, part: anomaly.part, detail: anomaly.kind.rawValue))
        }
        // An anomaly is no excuse of a scanner for its silence.
        if names.isEmpty, report.unchecked.isEmpty {
            for scanner in required where !report.completedScanners.contains(scanner) {
                unchecked.append(Unchecked(.scannerFailed, scanner: scanner, detail: "\(scanner) did not finish"))
            }
        }
        self.unchecked = unchecked
        refusedAnomalies = refused
        tests = policy.tests(for: anomalies)
        var faults: [HeaderFault] = []
        var held: Set<Category> = unchecked.isEmpty ? [] : [.unchecked]
        if ruling != nil { held.insert(.rule) }
        for finding in report.findings {
            // A test string is a test with points; the sum decides, not the single finding.
            if finding.kind == .spam, finding.scanner == Finding.testStrings { continue }
            guard finding.kind == .badHeader else {
                held.insert(Self.category(of: finding.kind))
                continue
            }
            guard let kind = BadHeader(rawValue: finding.name), policy.badHeaders.contains(kind) else { continue }
            held.insert(.badHeader)
            if faults.count < Self.namesKept { faults.append(HeaderFault(kind: kind, detail: finding.evidence)) }
        }
        badHeaders = faults
        categories = held.isEmpty ? [.clean] : Category.allCases.filter(held.contains)
    }

    /// Adds what rules on names and types of files ban.
    /// - Parameters:
    ///   - further: files that are banned beside those.
    ///   - isStrippable: it can be taken out.
    package mutating func add(banned contents: [BannedContent], further: Int = 0, isStrippable: Bool) {
        guard !contents.isEmpty else { return }
        banned = contents
        bannedFurther = further
        self.isStrippable = isStrippable
        add(.banned)
    }

    /// Adds a category.
    package mutating func add(_ category: Category) {
        let held = Set(categories).subtracting([.clean]).union([category])
        categories = Category.allCases.filter(held.contains)
    }

    /// The same verdict, had these categories not held.
    package func without(_ others: Set<Category>) -> Verdict {
        var verdict = self
        verdict.categories.removeAll(where: others.contains)
        if verdict.categories.isEmpty { verdict.categories = [.clean] }
        return verdict
    }

    /// What is banned, for replies, log lines and header fields; escape before showing.
    package var bannedTexts: [String] {
        banned.map(\.text) + (bannedFurther > 0 ? ["and \(bannedFurther) more"] : [])
    }

    /// Adds something that was not checked after all.
    package mutating func add(_ item: Unchecked) {
        unchecked.append(item)
        add(.unchecked)
    }

    /// The verdict for recipients under a policy: with the category of the score, with `oversized`, and without what the
    /// policy does not look for.
    /// - Parameters:
    ///   - standing: what the policy's lists say of the sender.
    ///   - size: octets of the message.
    ///   - site: what the site makes of tests.
    package func graded(
        by policy: ContentPolicy, standing: SenderStanding = SenderStanding(), size: Int,
        site: SiteTests = SiteTests()
    ) -> Verdict {
        var verdict = self
        verdict.standing = standing
        if standing.points != 0 {
            verdict.tests.append(ScoredTest(name: SenderStanding.testName, score: standing.points))
        }
        verdict.apply(site)
        var held = Set(categories).subtracting([.clean])
        if policy.sizeLimit > 0, size > policy.sizeLimit { held.insert(.oversized) }
        // What a scanner calls spam stays spam.
        if !held.contains(.spam) {
            if standing.isDenied {
                held.insert(.spam)
            } else if let category = policy.levels.category(of: verdict.score) {
                held.insert(category)
            }
        }
        var skipped = policy.bypass
        if standing.isAllowed { skipped.formUnion(policy.allowSkips.union([.spam])) }
        if skipped.contains(.spam) { skipped.insert(.spammy) }
        if isWorkspaceFull { skipped.remove(.unchecked) }
        verdict.skipped = skipped
        verdict.passedOver = held.intersection(skipped)
        held.subtract(skipped)
        verdict.categories = held.isEmpty ? [.clean] : Category.allCases.filter(held.contains)
        return verdict
    }

    /// The same verdict with only one of its categories, for words about that one.
    package func only(_ category: Category) -> Verdict {
        var verdict = self
        verdict.categories = [category]
        return verdict
    }

    private static func category(of kind: Finding.Kind) -> Category {
        switch kind {
        case .virus: .infected
        case .banned: .banned
        case .rule: .rule
        case .spam: .spam
        case .badHeader: .badHeader
        }
    }

    /// The verdict on a message that could not be inspected at all.
    package init(failed reason: UncheckedReason, detail: String) {
        categories = [.unchecked]
        virusNames = []
        unchecked = [Unchecked(reason, detail: detail)]
        refusedAnomalies = []
        tests = []
        badHeaders = []
        ruling = nil
    }

    /// The verdict on a message that nobody has looked at: unchecked, without a reason.
    package static let notInspected = {
        var verdict = Verdict(failed: .scannerFailed, detail: "")
        verdict.unchecked = []
        return verdict
    }()

    /// Reasons, each once, in the order found.
    package var reasons: [UncheckedReason] {
        var out: [UncheckedReason] = []
        for item in unchecked where !out.contains(item.reason) { out.append(item.reason) }
        return out
    }

    /// The message could not be looked at for want of room: nobody may get it, whatever a policy says.
    package var isWorkspaceFull: Bool { unchecked.contains { $0.reason == .workspaceFull } }

    /// The minor number of the category `bad-header`: the highest of the faults; 0 without.
    package var badHeaderMinor: Int { badHeaders.map { $0.kind.minor }.max() ?? 0 }

    /// The sum of all tests.
    package var score: Double { tests.reduce(0) { $0 + $1.score } }

    /// The score as it is shown: amavis's 64 at least for a denied sender, 0 at most for an allowed one.
    package var shownScore: Double {
        if standing.isDenied { return max(score, SenderStanding.deniedScore) }
        return standing.isAllowed ? min(score, 0) : score
    }
}
