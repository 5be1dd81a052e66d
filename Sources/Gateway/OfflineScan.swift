internal import Bayes
package import Configuration
internal import Glibc
internal import InspectionLink
package import MailModel
internal import NIOPosix
internal import Policy
internal import Relay
internal import RemoteChecks
internal import SMTP
internal import Stores

/// Judges messages as the daemon would, without daemon, next hop and quarantine: one inspector of its own with one
/// worker, in a private directory on a tmpfs.
package final class OfflineScan: Sendable {
    /// What became of one message.
    package struct Judgement: Sendable {
        /// Everything that is known, one JSON object on one line.
        package let json: [UInt8]
        private let document: InspectionDocument
        /// The same for people, lines without the last line end.
        package let tree: String
        package let outcome: Outcome

        fileprivate init(_ document: InspectionDocument, sender: MailPath, _ outcome: Outcome) throws {
            self.document = document
            json = try document.encoded()
            tree = ScanTree(document, sender: sender).text
            self.outcome = outcome
        }

        /// The object with what differs from an earlier report.
        package func json(differences: [String]) throws -> [UInt8] {
            var document = document
            document.differences.value = differences
            return try document.encoded()
        }
    }

    /// What a script wants to know of a message.
    package enum Outcome: Sendable, Comparable {
        /// Clean, and delivered unmarked to every recipient.
        case clean
        /// Something was found, could not be checked by its nature, or keeps the message from a recipient.
        case found
        /// Not scanned: an inspector that crashed or failed, or the deadline.
        case failed
    }

    /// One message to judge.
    package struct Message: Sendable {
        /// Name of the file.
        package var file: String
        /// Its number in an mbox, from 1 on; nil when the file is one message.
        package var number: Int?
        package var bytes: [UInt8]
        package var envelope: Envelope
        /// The listener by which it came, as the configuration writes its address; nil where it came by none.
        package var listener: String?

        package init(file: String, number: Int?, bytes: [UInt8], envelope: Envelope, listener: String? = nil) {
            self.file = file
            self.number = number
            self.bytes = bytes
            self.envelope = envelope
            self.listener = listener
        }
    }

    private let setup: GatewaySetup
    private let first: ListenerSetup
    private let log: @Sendable (String) -> Void
    private let workspace: PrivateDirectory

    /// Gives up root (for the configured user, or `nobody` when there is none of that name), makes the workspace and loads
    /// the inspector. Messages are judged by the policy and placement of their listener; of the first one where they have none, or
    /// it is no more.
    /// - Parameters:
    ///   - inspectorPath: used when the settings do not say.
    ///   - log: warnings and errors for the person in front of the terminal.
    ///   - workspaceMade: called before anything is put there, so that a program that is told to end can remove it.
    /// - Throws: an explanation; nothing is left behind.
    ///   - bayesDirectory: a database of learnt mail to judge by, instead of that of the settings.
    package static func launch(
        _ configured: Settings, inspectorPath: String, bayesDirectory: String? = nil,
        log: @escaping @Sendable (String) -> Void,
        workspaceMade: (PrivateDirectory) throws -> Void
    ) async throws -> OfflineScan {
        var settings = configured
        if geteuid() == 0, getpwnam(settings.user) == nil {
            settings.user = "nobody"
            settings.group = nil
        }
        // Opened before root is given up: the directory may be another user's.
        let scorer = try Self.scorer(settings, bayesDirectory)
        try Identity(settings).assume()
        let workspace = try PrivateDirectory(prefix: "mailreeve-scan")
        settings.workspace.directory = workspace.path
        settings.inspector.workers = 1
        if settings.inspector.path.isEmpty { settings.inspector.path = inspectorPath }
        do {
            try workspaceMade(workspace)
            return try await OfflineScan(SetupBuilder(settings), workspace, scorer, log)
        } catch {
            workspace.remove()
            throw error
        }
    }

    /// The database that is named must be there; that of the settings may be missing.
    private static func scorer(_ settings: Settings, _ directory: String?) throws -> SpamScorer? {
        guard directory != nil || settings.bayes.enabled else { return nil }
        let databases = try LearntDatabases(settings, directory: directory, isReadOnly: true)
        let totals = Result { try databases.with(nil) { store in try BayesStore(store).totals() } }
        if let directory, try totals.get() == nil { throw GatewayError("\(directory): no database of learnt mail") }
        return SpamScorer(
            databases: databases, limits: settings.bayesLimits,
            scope: directory == nil ? settings.bayes.databases : .shared,
            delimiters: settings.recipientDelimiter, threads: .singleton)
    }

    private init(
        _ builder: SetupBuilder, _ workspace: PrivateDirectory, _ scorer: SpamScorer?,
        _ log: @escaping @Sendable (String) -> Void
    ) async throws {
        self.workspace = workspace
        self.log = log
        let settings = builder.settings
        let pool = try InspectorPool(workspaceDirectory: workspace.path, allowNonTmpfs: false) { event in
            switch event {
            case .info: break
            case .warning(let text), .error(let text): log(text)
            }
        }
        let database = try builder.database()
        let shelf = RuleShelf()
        let rules = try await NIOThreadPool.singleton.runIfActive { try shelf.load(settings.rules) }
        let policies = try await NIOThreadPool.singleton.runIfActive { try PolicyBook(settings) }
        try policies.checkSets(rules.banned)
        let disclaimers = try await NIOThreadPool.singleton.runIfActive { try DisclaimerBook(settings, policies) }
        let ready = try await pool.load(builder.poolSettings(database, rules, path: settings.inspector.path))
        for problem in ready.ruleProblems { log(Escaping.text(problem, limit: 1000)) }
        let scanners = try builder.scanners(inspector: settings.inspector.path) { log(Escaping.text($0, limit: 1000)) }
        await scanners.test(atMost: .seconds(settings.timeouts.inspection))
        let limit = settings.limits.messageSize
        // One message is judged at a time, but the pool's thread may hold it a moment longer than its report.
        let spool = Spool(
            limits: Spool.Limits(
                directory: "", memoryPerMessage: limit, totalBytes: 4 * limit, messages: 4, freeSpace: 0))
        let listeners = try await builder.listeners(
            group: .singletonMultiThreadedEventLoopGroup, disk: .singleton)
        guard let first = settings.listeners.first.flatMap({ listeners[$0.address.description] }) else {
            throw GatewayError("the configuration has no listener whose policy could be used")
        }
        self.first = first
        setup = GatewaySetup(
            settings: settings, hostname: builder.hostname, listeners: listeners, pool: pool, scanners: scanners,
            spool: spool, quarantine: settings.quarantine(with: .none, report: log), notices: nil,
            disclaimers: disclaimers, served: nil, releaseKey: nil,
            allowed: try? AllowedSenders(directory: settings.digestDirectory),
            slots: TransactionSlots(limit: 1), threads: .singleton, keepingThreads: .singleton, database: database,
            rules: rules,
            policies: policies, shelf: shelf, cache: builder.cache,
            nameScores: try builder.nameScores(), siteTests: settings.siteTests,
            shortCircuit: settings.siteShortCircuit,
            scorer: scorer, tokenRequest: .texts)
    }

    /// Octets of the largest message that the daemon would take; a larger one is not scanned.
    package var largestMessage: Int { setup.settings.limits.messageSize }

    /// True when no real signatures are loaded: the absence of findings then says little.
    package var testSignaturesOnly: Bool { setup.testSignaturesOnly }

    /// True when there is a listener of this name.
    package func has(listener: String) -> Bool { setup.listener(listener) != nil }

    /// Judges one message. One at a time.
    package func judge(_ message: Message) async throws -> Judgement {
        let listener = message.listener.flatMap { setup.listener($0) } ?? first
        let received = ReceivedMessage(
            number: UInt64(message.number ?? 1), envelope: message.envelope,
            file: try setup.spool.store(message.bytes), intake: IntakeFacts(stored: message.bytes.span),
            listener: listener.name, lmtp: true)
        var work = MessageWork(message: received, setup: setup, listener: listener)
        var reply = await work.readHeader()
        if reply == nil { reply = await work.judge() }
        if let reply { work.end(reply) }
        for warning in work.rules.warnings { log(Escaping.text("\(message.file): \(warning)", limit: 1000)) }
        let passed = Reply(250, EnhancedStatus(2, 0, 0), "Ok, would be passed on to the next hop")
        for index in work.results.indices where work.results[index] == nil {
            work.settle(index, work.disposition(of: index), passed)
        }
        var document = try InspectionDocument(work)
        document.file.value = message.file
        document.mboxMessage.value = message.number
        return try Judgement(document, sender: message.envelope.reversePath, work.outcome)
    }

    /// Ends the inspector and removes the workspace.
    package func close() async {
        await setup.pool.stop()
        workspace.remove()
    }
}

extension MessageWork {
    fileprivate var outcome: OfflineScan.Outcome {
        let ours: [UncheckedReason] = [.scannerFailed, .scannerCrashed, .deadline, .workspaceFull]
        if verdict.category == .unchecked, verdict.reasons.contains(where: ours.contains) { return .failed }
        if outcomes.contains(where: { $0.kind == .tempfail }) { return .failed }
        let passes = verdict.category == .clean && outcomes.allSatisfy { $0.kind == .deliver }
        return passes ? .clean : .found
    }
}

extension IntakeFacts {
    /// What `DataDecoder` would have noted, had the message come in by SMTP; nothing is changed here.
    init(stored bytes: Span<UInt8>) {
        self.init()
        octets = bytes.count
        var previous: UInt8 = 0
        for index in bytes.indices {
            let byte = bytes[index]
            if previous == 0x0D, byte != 0x0A { bareCR.note(at: index - 1) }
            if byte == 0x0A, previous != 0x0D { bareLF.note(at: index) }
            if byte == 0 { nul.note(at: index) }
            if byte >= 0x80 { hasEightBit = true }
            previous = byte
        }
        if previous == 0x0D { bareCR.note(at: bytes.count - 1) }
    }
}

extension Occurrences {
    fileprivate mutating func note(at offset: Int) {
        self = Occurrences(count: count + 1, firstOffset: firstOffset ?? offset)
    }
}
