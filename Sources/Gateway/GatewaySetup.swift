internal import Configuration
internal import InspectionLink
internal import MailModel
internal import NIOPosix
internal import Policy
internal import Relay
internal import RemoteChecks
internal import Stores
internal import Synchronization

/// Everything that messages need under one set of settings. Immutable: a reload makes another one, messages in flight
/// keep theirs.
struct GatewaySetup: Sendable {
    let settings: Settings
    /// The name in greetings, `Received:` and replies.
    let hostname: String
    var listeners: [String: ListenerSetup]
    let pool: InspectorPool
    /// Scanners outside the inspector.
    let scanners: ScannerSet
    let spool: Spool
    let quarantine: IndexedQuarantine
    /// Texts of notices; nil where none are sent.
    let notices: NoticeBook?
    /// Texts under messages.
    let disclaimers: DisclaimerBook
    /// Who has got what of unfinished messages; nil where nothing is passed on.
    let served: ServedRecipients?
    /// Proves marks of released mail; nil where none is believed.
    let releaseKey: ReleaseKey?
    /// Senders whom recipients have allowed themselves; nil where nobody asks.
    let allowed: AllowedSenders?
    /// Transactions with next hops at one time.
    let slots: TransactionSlots
    let threads: NIOThreadPool
    let keepingThreads: NIOThreadPool
    /// The database directory in use; nil without scanner.
    let database: SignatureDatabase?
    /// The rules of these settings, and those of others for messages under way.
    let rules: RuleBook
    /// What is to be said of these rules, those of the inspector's engines among it; escape before showing.
    var ruleWarnings: [String] = []
    /// Which settings hold for whom.
    let policies: PolicyBook
    let shelf: RuleShelf
    /// Answers on messages that come again.
    let cache: MessageCache
    /// Findings that are points.
    let nameScores: NameScores
    /// What the site makes of tests.
    let siteTests: SiteTests
    /// When scanners that seek spam are left out.
    let shortCircuit: ShortCircuit
    /// Judges by learnt mail; nil where that is off.
    var scorer: SpamScorer?
    /// What workers are to say of tokens.
    var tokenRequest: TokenRequest

    func listener(_ name: String) -> ListenerSetup? { listeners[name] }

    /// True when only the test signatures are loaded: then the embedded engine's word is no claim that a message was scanned.
    var testSignaturesOnly: Bool { database?.isTestOnly == true }

    /// The word of `scan --json` and `status`.
    var signatureState: String {
        switch database {
        case nil: "none"
        case .some(let database): database.isTestOnly ? "test-only" : "official"
        }
    }

    /// Runs work that may block on a disk where it can wait without holding up anybody else.
    /// - Parameter short: the work only copies memory and runs at once.
    func blocking<Result: Sendable>(
        unless short: Bool = false, _ work: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        if short { return try work() }
        return try await threads.runIfActive(work)
    }

    /// Runs work with the quarantine, whose database may not answer for a while, where it holds up nothing but other such work.
    func keeping<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await keepingThreads.runIfActive(work)
    }
}

/// What a listener's messages meet.
struct ListenerSetup: Sendable {
    let name: String
    let placement: Placement
    let policyName: String
    /// Networks of MTAs of ours: what they say of the original client is believed.
    let relaysXFORWARD: [CIDR]
    let hops: [NextHop]
    let nextHop: NextHopClient

    /// Seconds that an inspection may take: before the queue, half of the time is left for the next hop.
    func inspectionSeconds(_ timeouts: Settings.Timeouts) -> Int {
        switch placement {
        case .afterQueue: timeouts.inspection
        case .beforeQueue: min(timeouts.inspection, max(1, timeouts.beforeQueue / 2))
        }
    }

    /// Seconds from the end of data until a next hop must hold the message; nil leaves it to the next hop's timeouts.
    func preparationSeconds(_ timeouts: Settings.Timeouts) -> Int? {
        placement == .beforeQueue ? max(1, timeouts.beforeQueue * 3 / 4) : nil
    }

    /// From the end of data until a next hop must have answered its own: before the queue, a twentieth of the time is left to tell the
    /// sender and others and to write the journal. nil leaves it to the next hop's timeouts.
    func commitTime(_ timeouts: Settings.Timeouts) -> Duration? {
        placement == .beforeQueue ? .seconds(timeouts.beforeQueue) * 19 / 20 : nil
    }
}

/// Which signatures are loaded.
struct SignatureDatabase: Sendable, Hashable {
    let directory: String
    /// The shipped test signatures, because the configured directory has none.
    let isTestOnly: Bool
}

/// The setup in force, and where every finished message is recorded.
package final class GatewayState: Sendable {
    private let setup: Mutex<GatewaySetup>
    private let journal: MessageJournal
    let autolearner = Autolearner()
    let digestRequests = DigestRequests()
    let inFlight = MessagesInFlight()

    init(_ setup: GatewaySetup, journal: MessageJournal) {
        self.setup = Mutex(setup)
        self.journal = journal
    }

    var current: GatewaySetup { setup.withLock { $0 } }

    func replace(_ new: GatewaySetup) {
        setup.withLock { $0 = new }
    }

    /// A line for the log that belongs to no message.
    func report(_ text: String) {
        journal.report(text)
    }

    /// A line for the log on something that needs somebody at once: mail cannot be kept.
    func alarm(_ text: String) {
        journal.alarm(text)
    }

    /// A line for the log of mail.
    func note(_ text: String) {
        journal.note(text)
    }

    func record(_ release: QuarantineRecord) { journal.record(release) }

    func count(rulesGivenUp times: Int) { journal.count(rulesGivenUp: times) }

    func record(_ work: MessageWork) {
        for line in work.notifications { journal.note("(\(work.id)) \(line)") }
        let event = work.event(at: .now)
        let fields = { (event: MessageEvent) in
            EventFields(
                JournalRecord(work, event, explanation: []), copies: MessageExplanation.copies(event, work) ?? [])
        }
        journal.record(event, lines: work.lines(event), fields: fields) {
            JournalRecord(work, event, explanation: MessageExplanation(work, event).bytes)
        }
    }
}
