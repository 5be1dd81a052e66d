internal import Bayes
internal import Configuration
internal import MailModel
internal import NIOPosix
internal import Scoring

/// Judges messages by learnt mail: the probability, and the named test with its points that goes with it.
struct SpamScorer: Sendable {
    let databases: LearntDatabases
    let limits: BayesStore.Limits
    let scope: Settings.BayesDatabaseScope
    /// `recipient_delimiter`: an extension makes no other user.
    var delimiters = Settings().recipientDelimiter
    /// Where calls wait for disks and servers, so that nothing else waits behind them.
    let threads: NIOThreadPool

    /// What learnt mail says of one message.
    struct Judgement: Sendable {
        var probability: Double
        /// Tokens of the message, and those of them that are known.
        var tokens: Int
        var known: Int
        /// `BAYES_99` and the like; the evidence says how probable spam is, and names the strongest tokens where their texts are
        /// known.
        var tests: [ScoredTest]
    }

    /// The database that judges a message.
    struct Choice: Sendable {
        /// Of a user or domain; nil for the shared one.
        var name: String?
        /// Whether the message's words are wanted as SpamAssassin keys them, too.
        var hasForeignTokens: Bool
    }

    /// Of the test that says that learnt mail could not be asked.
    static let unavailable = "BAYES_UNAVAILABLE"

    /// Runs a call that may wait.
    func blocking<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await threads.runIfActive(work)
    }

    /// The databases that serve the recipients.
    struct Selection: Sendable {
        /// Theirs when it knows enough to judge, else the shared one; nil when neither does.
        var judging: Choice?
        /// The name of theirs, when it is there; nil for the shared one. Databases of users and domains are made by people:
        /// senders, who choose the recipients' names, must not make any.
        var learning: String?
    }

    /// Selects the databases for the recipients.
    func select(for recipients: [Recipient]) throws -> Selection {
        var selection = Selection()
        let own = LearntDatabases.name(recipients, scope, delimiters: delimiters)
        for name in own == nil ? [nil] : [own, nil] {
            let totals = try databases.with(name) { store in
                try BayesStore(store, limits: limits).totalsIfTaught()
            }
            if let name, totals != nil { selection.learning = name }
            if case .some(.some(let totals)) = totals {
                selection.judging = Choice(name: name, hasForeignTokens: totals.foreignTokens > 0)
                break
            }
        }
        return selection
    }

    /// Judges the tokens of a report; nil when too little was learnt.
    func judge(_ report: Report, by choice: Choice) throws -> Judgement? {
        let features = Features(tokens: report.tokens)
        guard !features.keys.isEmpty else { return nil }
        let found = try databases.with(choice.name) { store in
            try BayesStore(store, limits: limits).evidence(features, isExplained: !report.tokenTexts.isEmpty)
        }
        guard case .some(.some(let evidence)) = found else { return nil }
        let judgement = Committee.judge(
            features, weights: evidence.weights, counts: evidence.counts, spam: Int(clamping: evidence.totals.spam),
            ham: Int(clamping: evidence.totals.ham), model: evidence.totals.model)
        var words = "\(Self.share(judgement.probability)) probable"
        if !report.tokenTexts.isEmpty { words += "; " + Self.explanation(features, evidence, report.tokenTexts) }
        var tests: [ScoredTest] = []
        for test in BayesBand.tests(judgement.probability) {
            tests.append(ScoredTest(name: test.name, score: test.score, evidence: tests.isEmpty ? words : ""))
        }
        return Judgement(
            probability: judgement.probability, tokens: features.keys.count, known: judgement.known, tests: tests)
    }

    /// A probability in hundredths, with two decimals.
    static func share(_ probability: Double) -> String { "\((probability * 10_000).rounded() / 100) %" }

    /// `spam: viagra (120/0), ...; ham: ...`: the strongest tokens of both sides with their counts in spam and ham.
    private static func explanation(
        _ features: Features, _ evidence: BayesStore.Evidence, _ texts: [TokenText]
    ) -> String {
        var names: [TokenKey: String] = [:]
        for text in texts { names[text.token >> Features.cutBits] = text.text }
        let strongest = Committee.strongest(
            features, weights: evidence.weights, counts: evidence.counts, spam: Int(clamping: evidence.totals.spam),
            ham: Int(clamping: evidence.totals.ham), model: evidence.totals.model
        ) { names[$0] != nil }
        func list(_ voices: [TokenVoice]) -> String {
            voices.map { "\(names[$0.key] ?? "") (\($0.counts.spam)/\($0.counts.ham))" }.joined(separator: ", ")
        }
        return "spam: \(list(strongest.spam)); ham: \(list(strongest.ham))"
    }
}

extension Report {
    /// Tests for what the inspector found that is spam by agreement.
    var agreedTests: [ScoredTest] {
        let found = findings.contains { $0.scanner == Finding.testStrings && $0.name == GTUBE.name }
        return found
            ? [ScoredTest(name: GTUBE.name, score: GTUBE.score, evidence: "the test string for spam filters")] : []
    }
}
