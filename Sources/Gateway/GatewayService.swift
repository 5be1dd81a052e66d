internal import Bayes
package import Configuration
internal import Foundation
internal import InspectionLink
internal import Linux
package import Logging
internal import MailModel
internal import NIOCore
internal import NIOPosix
internal import Relay
internal import RemoteChecks
internal import Stores

/// The daemon: opens the doors, serves until it is told to stop, takes over new settings on the way.
package final class GatewayService: Sendable {
    /// What it is made from.
    package struct Start: Sendable {
        package var settings: Settings
        /// Reads the configuration again at a reload; problems go to the log, nil keeps the settings in force.
        package var reread: @Sendable () -> Settings?
        /// Path of `mailreeve-inspector` when the settings do not say.
        package var inspectorPath: String
        package var logger: Logger

        package init(
            settings: Settings, reread: @escaping @Sendable () -> Settings?, inspectorPath: String, logger: Logger
        ) {
            self.settings = settings
            self.reread = reread
            self.inspectorPath = inspectorPath
            self.logger = logger
        }
    }

    private let start: Start
    private let group: MultiThreadedEventLoopGroup
    private let threads: NIOThreadPool
    /// For the databases of learnt mail: a server that does not answer holds up nothing else.
    private let learntMail: NIOThreadPool
    /// For the quarantine: a database that hangs holds up only what is to be kept.
    private let keeping: NIOThreadPool
    private let pool: InspectorPool
    private let journal: MessageJournal
    private let state: GatewayState
    private let door: FrontDoor
    private let control: ControlServer
    private let releases: ReleaseServer?
    private let turns = ReloadTurns()
    private let started = Date()

    /// Binds the listeners and reads the TLS key, gives up root, loads the inspector and opens the doors.
    /// - Throws: an explanation for the administrator.
    package static func launch(_ start: Start) async throws -> GatewayService {
        if let limit = raiseDescriptorLimit(), limit < start.settings.limits.connections * 2 + 200 {
            start.logger.warning(
                "\(limit) descriptors are too few for limits.connections \(start.settings.limits.connections): raise LimitNOFILE"
            )
        }
        let settings = start.settings
        let builder = SetupBuilder(settings)
        let bound = try BoundListeners(settings.listeners, builder)
        let options = try builder.listenerOptions(bound: bound.descriptors)
        bound.handOver()
        let identity = try Identity(settings)
        try identity.makeDirectory(settings.stateDirectory)
        try identity.makeDirectory(settings.workspace.directory)
        try identity.assume()
        // Below a directory that is the user's nothing is made as root: it could be led elsewhere by a link.
        try identity.makeDirectory(builder.spoolDirectory)
        BlockingCheck.arm()
        return try await GatewayService(start, builder, options)
    }

    private init(_ start: Start, _ builder: SetupBuilder, _ options: [ListenerOptions]) async throws {
        self.start = start
        let (settings, logger) = (start.settings, start.logger)
        group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, min(4, System.coreCount)))
        threads = NIOThreadPool(numberOfThreads: 4)
        threads.start()
        learntMail = NIOThreadPool(numberOfThreads: 4)
        learntMail.start()
        keeping = NIOThreadPool(numberOfThreads: 4)
        keeping.start()
        journal = try MessageJournal(settings, logger: logger)
        pool = try InspectorPool(
            workspaceDirectory: settings.workspace.directory, allowNonTmpfs: settings.workspace.allowNonTmpfs
        ) { event in
            switch event {
            case .info(let text): logger.info("\(text)")
            case .warning(let text): logger.warning("\(text)")
            case .error(let text): logger.error("\(text)")
            }
        }
        let spool = Spool(limits: builder.spoolLimits)
        let setup = try await Self.makeSetup(
            builder, start, pool, spool, group, threads, learntMail, keeping, RuleShelf(), before: nil)
        state = GatewayState(setup, journal: journal)
        door = FrontDoor(
            group: group, receiver: MessagePipeline(gateway: state), spool: spool,
            limits: Self.connectionLimits(settings), log: logger)
        try await door.apply(options)
        control = try await ControlServer(
            path: settings.controlSocketPath, group: group, logger: logger)
        if let address = settings.quarantine.releaseListener {
            releases = try await ReleaseServer(address, state: state, group: group, logger: logger)
            logger.notice("release requests on \(address)")
        } else {
            releases = nil
        }
        for listener in settings.listeners {
            logger.notice("listening on \(listener.address), \(listener.placement.rawValue), policy \(listener.policy)")
        }
    }

    /// Loads an inspector generation for the settings and puts everything together.
    private static func makeSetup(
        _ builder: SetupBuilder, _ start: Start, _ pool: InspectorPool, _ spool: Spool, _ group: any EventLoopGroup,
        _ threads: NIOThreadPool, _ learntMail: NIOThreadPool, _ keeping: NIOThreadPool, _ shelf: RuleShelf,
        before: GatewaySetup?
    ) async throws -> GatewaySetup {
        let settings = builder.settings
        let rules = try await threads.runIfActive { try shelf.load(settings.rules) }
        let policies = try await threads.runIfActive { try PolicyBook(settings) }
        try policies.checkSets(rules.banned)
        try await threads.runIfActive {
            try CopyFileChecks.check(policies.copyPlaces, stateDirectory: settings.stateDirectory)
            // Later ones are being written.
            if before == nil { try CopyFiles.removeUnfinished(in: policies.copyPlaces.keys) }
        }
        let notices = try await threads.runIfActive { try NoticeBook(settings, policies, before: before?.notices) }
        let disclaimers = try await threads.runIfActive { try DisclaimerBook(settings, policies) }
        for warning in disclaimers.warnings { start.logger.warning("\(warning)") }
        let served = try await threads.runIfActive {
            try before?.served
                ?? ServedRecipients(directory: builder.servedDirectory, limits: builder.servedLimits, time: time(nil))
        }
        let logger = start.logger
        for warning in Machine.workspaceSizing(settings).warnings {
            logger.warning("\(Escaping.text(warning.text, limit: 1000))")
        }
        let quarantine = try await threads.runIfActive { try settings.openQuarantine { logger.error("\($0)") } }
        let allowed = try await threads.runIfActive {
            try before?.allowed?.read()
            return try before?.allowed ?? AllowedSenders(directory: settings.digestDirectory)
        }
        let releaseKey = try await threads.runIfActive { try ReleaseKey(settings.stateDirectory) }
        let database = try builder.database()
        // A directory that is not mounted, or that is being filled anew, would end the search for real viruses.
        if let database, database.isTestOnly, before?.database?.isTestOnly == false {
            throw GatewayError(
                "load \(settings.clamav.database): no signatures in it, those in force stay; those for tests are for a start"
            )
        }
        let path = settings.inspector.path.isEmpty ? start.inspectorPath : settings.inspector.path
        let scanners = try await scanners(builder, start, before: before)
        let ready = try await pool.load(builder.poolSettings(database, rules, path: path))
        let ruleWarnings = rules.warnings + rules.warnings(at: time(nil)) + ready.ruleProblems
        for problem in ruleWarnings {
            start.logger.warning("\(Escaping.text(problem, limit: 1000))")
        }
        if let database, database.isTestOnly {
            start.logger.warning(
                """
                NO VIRUS SIGNATURES: \(settings.clamav.database) has none, so only the test signatures of \
                \(database.directory) are loaded. Real viruses will NOT be found. Install clamav-freshclam.
                """)
        }
        if ready.landlockABI == 0 {
            start.logger.warning("this kernel has no Landlock: workers are kept from files by seccomp alone")
        }
        return GatewaySetup(
            settings: settings, hostname: builder.hostname,
            listeners: try await builder.listeners(group: group, disk: threads), pool: pool, scanners: scanners,
            spool: spool, quarantine: quarantine, notices: notices, disclaimers: disclaimers,
            served: served, releaseKey: releaseKey, allowed: allowed,
            slots: before?.slots ?? TransactionSlots(limit: settings.limits.nextHopTransactions), threads: threads,
            keepingThreads: keeping, database: database, rules: rules, ruleWarnings: ruleWarnings, policies: policies,
            shelf: shelf, cache: builder.cache,
            nameScores: try builder.nameScores(), siteTests: settings.siteTests,
            shortCircuit: settings.siteShortCircuit,
            scorer: await scorer(builder, start, learntMail, before: before?.scorer),
            tokenRequest: settings.bayes.explains ? .texts : .numbers)
    }

    /// How long the first self-tests are awaited. A scanner that takes longer keeps nobody from starting or from taking over
    /// new settings: until it is tested its policy holds.
    private static let firstTests = Duration.seconds(5)

    /// The scanners of the settings; those in use where nothing about them has changed.
    private static func scanners(
        _ builder: SetupBuilder, _ start: Start, before: GatewaySetup?
    ) async throws -> ScannerSet {
        let settings = builder.settings
        if let before, ScannerTable.isSame(before.settings, settings) { return before.scanners }
        let scanners = try builder.scanners(inspector: start.inspectorPath) { [logger = start.logger] text in
            logger.warning("\(Escaping.text(text, limit: 1000))")
        }
        await scanners.test(atMost: firstTests)
        return scanners
    }

    /// The judge by learnt mail. Databases that are open stay open over a reload. One that cannot be opened is said loudly,
    /// with every message too, and keeps no mail back.
    private static func scorer(
        _ builder: SetupBuilder, _ start: Start, _ threads: NIOThreadPool, before: SpamScorer?
    ) async -> SpamScorer? {
        let settings = builder.settings
        guard settings.bayes.enabled else { return nil }
        do {
            let databases = try await threads.runIfActive {
                let place = try LearntDatabases.place(settings, nil)
                if let open = before?.databases, open.place == place { return open }
                return try LearntDatabases(settings)
            }
            let scorer = SpamScorer(
                databases: databases, limits: settings.bayesLimits, scope: settings.bayes.databases,
                delimiters: settings.recipientDelimiter, threads: threads)
            do {
                _ = try await scorer.blocking {
                    try databases.with(nil, making: true) { store in _ = try BayesStore(store).totals() }
                }
            } catch {
                start.logger.error("bayes: \(error): mail is not judged by learnt mail")
            }
            return scorer
        } catch {
            start.logger.error("bayes: \(error): mail is not judged by learnt mail")
            return nil
        }
    }

    private static func connectionLimits(_ settings: Settings) -> ConnectionLimits {
        ConnectionLimits(connections: settings.limits.connections, perClient: settings.limits.connectionsPerClient)
    }

    // MARK: - Serving

    /// Answers on the control socket and to signals until one says stop; then finishes what is in flight.
    package func run(signals: AsyncStream<ServiceSignal>) async {
        let (stops, stop) = AsyncStream<Void>.makeStream()
        // A reload may wait long for a generation to load; a stop must not wait behind it.
        let (reloads, reload) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        await withDiscardingTaskGroup { group in
            group.addTask { await self.control.run { await self.answer($0, stop) } }
            group.addTask { await self.releases?.run() }
            group.addTask {
                await self.state.autolearner.run(
                    scorer: { self.state.current.scorer }, report: { self.journal.report($0) })
            }
            group.addTask {
                for await signal in signals {
                    switch signal {
                    case .stop: stop.yield()
                    case .reload: reload.yield()
                    }
                }
            }
            group.addTask {
                for await _ in reloads { _ = await self.turns.take { await self.reload() } }
            }
            group.addTask { await self.keepTesting() }
            group.addTask { await self.awaitSignatures() }
            group.addTask { await QuarantineKeeping(state: self.state, logger: self.start.logger).run() }
            for await _ in stops { break }
            await self.shutDown()
            group.cancelAll()
        }
        try? await threads.shutdownGracefully()
        try? await learntMail.shutdownGracefully()
        try? await keeping.shutdownGracefully()
        try? await group.shutdownGracefully()
    }

    /// Tests the scanners in force on their timers; after a reload these are others. None waits for another's test.
    private func keepTesting() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for test in state.current.scanners.dueTests() { group.addTask(operation: test) }
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// While only test signatures are loaded, looks for the first real ones: freshclam may come after us. Later changes are
    /// noticed by the inspector, which has the real ones loaded then.
    private func awaitSignatures() async {
        while !Task.isCancelled {
            let settings = state.current.settings.clamav
            // Without the timer an administrator reloads by hand.
            try? await Task.sleep(for: .seconds(settings.selfCheck > 0 ? settings.selfCheck : 60))
            guard settings.selfCheck > 0, state.current.database?.isTestOnly == true,
                (try? await threads.runIfActive { SetupBuilder.holdsSignatures(settings.database) }) == true
            else { continue }
            start.logger.notice("\(settings.database) holds signatures now: loading them")
            _ = await turns.take { await self.reload() }
        }
    }

    private func shutDown() async {
        start.logger.notice("stopping: finishing mail in flight")
        await turns.close()
        let drain = Duration.seconds(state.current.settings.timeouts.drain)
        let cut = await door.drain(within: drain)
        if cut > 0 { start.logger.warning("\(cut) connections were cut off; their clients still have the mail") }
        // Drops the next hops, whose idle connections are closed on event loops that still run.
        var last = state.current
        last.listeners = [:]
        state.replace(last)
        await pool.stop()
        let journal = journal
        try? await threads.runIfActive { journal.close() }
        start.logger.notice("stopped")
    }

    /// Takes over the settings as they are in the file now. Nothing changes when they cannot be used.
    private func reload() async -> ReloadOutcome {
        let before = state.current
        guard let settings = start.reread() else {
            start.logger.error("reload refused: the configuration has errors; the settings in force stay")
            return ReloadOutcome(error: "the configuration has errors, see the log")
        }
        let old = before.settings
        if settings.user != old.user || settings.group != old.group || settings.stateDirectory != old.stateDirectory
            || settings.workspace.directory != old.workspace.directory || settings.controlSocket != old.controlSocket
            || settings.quarantine.releaseListener != old.quarantine.releaseListener
            || settings.log != old.log || settings.journal.enabled != old.journal.enabled
            || settings.journal.lines != old.journal.lines || settings.journal.queueEvents != old.journal.queueEvents
            || settings.journal.queueSize != old.journal.queueSize
        {
            start.logger.warning(
                "user, group, directories, control socket, release listener, log and journal change with a restart only"
            )
        }
        do {
            let builder = SetupBuilder(settings)
            // What can fail comes before the new inspector takes over: else it would serve with the old settings.
            let bound = try BoundListeners(
                settings.listeners.filter { before.listener($0.address.description) == nil }, builder)
            let options = try builder.listenerOptions(bound: bound.descriptors)
            var setup = try await Self.makeSetup(
                builder, start, pool, before.spool, group, threads, learntMail, keeping, before.shelf, before: before)
            guard await turns.isOpen else { return .stopping }
            // Sessions of a listener that is closed go on under the settings that they began with.
            setup.listeners.merge(before.listeners) { new, _ in new }
            state.replace(setup)
            bound.handOver()
            try await door.apply(options)
            before.spool.limits = builder.spoolLimits
            before.served?.limits = builder.servedLimits
            before.slots.setLimit(settings.limits.nextHopTransactions)
            door.setLimits(Self.connectionLimits(settings))
            let changes = setup.rules.changes(from: before.rules)
            for change in changes { start.logger.notice("\(Escaping.text(change, limit: 1000))") }
            start.logger.notice("reloaded")
            let warnings = setup.ruleWarnings.filter { !before.ruleWarnings.contains($0) }
            return ReloadOutcome(changes: changes + warnings.map { "warning: \($0)" })
        } catch {
            guard await turns.isOpen else { return .stopping }
            start.logger.error("reload failed, the settings in force stay: \(error)")
            return ReloadOutcome(error: "\(error)")
        }
    }

    private func answer(_ request: ControlServer.Request, _ stop: AsyncStream<Void>.Continuation) async -> String {
        switch request {
        case .status:
            return await status()
        case .reload:
            return StatusDocument.result(await turns.take { await self.reload() })
        case .stop:
            stop.yield()
            return StatusDocument.result(ReloadOutcome())
        case .record(let record):
            journal.log(record)
            return StatusDocument.result(ReloadOutcome())
        }
    }

    private func status() async -> String {
        let setup = state.current
        let document = StatusDocument(
            uptime: Int(Date().timeIntervalSince(started)), inspector: await pool.status(), door: door.status,
            spool: setup.spool, totals: journal.totals, journal: journal.journal, signatures: setup.signatureState,
            scanners: setup.scanners.states, cache: setup.cache.figures)
        return document.encoded()
    }
}

/// What a signal or a command wants of the daemon.
package enum ServiceSignal: Sendable {
    case reload
    case stop
}
