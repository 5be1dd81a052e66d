internal import Bayes
package import Configuration
internal import Linux
internal import MailModel
internal import NIOPosix
internal import Scoring
package import Stores

/// Teaches single messages, for what people decide elsewhere: releasing a message from the quarantine says that it was no
/// spam. Tokens are read in an inspector worker, as for `mailreeve learn`; needs no daemon, and does not get in its way.
package struct SpamTeacher: Sendable {
    /// What a message is.
    package enum Lesson: Sendable {
        case spam
        case ham
    }

    /// What became of it.
    package enum Outcome: Sendable, Equatable {
        case learned
        /// It was forgotten in the other class first.
        case relearned
        /// It was learnt before, or nearly the same often enough.
        case known
    }

    private let reader: TokenReader
    private let databases: LearntDatabases
    private let settings: Settings

    /// Starts a worker. The process must have become the configured user before: databases must stay that user's.
    /// - Parameters:
    ///   - inspectorPath: used when the settings do not say.
    ///   - log: warnings and errors for people.
    ///   - workspaceMade: see `TokenReader.launch`.
    /// - Throws: an explanation.
    package static func open(
        _ settings: Settings, inspectorPath: String, log: @escaping @Sendable (String) -> Void,
        workspaceMade: (PrivateDirectory) throws -> Void
    ) async throws -> SpamTeacher {
        var single = settings
        single.inspector.workers = 1
        single.inspector.spares = 0
        let reader = try await TokenReader.launch(
            single, inspectorPath: inspectorPath, log: log, workspaceMade: workspaceMade)
        do {
            return SpamTeacher(reader: reader, databases: try LearntDatabases(settings), settings: settings)
        } catch {
            await reader.close()
            throw error
        }
    }

    private init(reader: TokenReader, databases: LearntDatabases, settings: Settings) {
        self.reader = reader
        self.databases = databases
        self.settings = settings
    }

    /// Learns a message in the quarantine, in a batch of its own, in the database that its recipients have, else in the shared
    /// one; the shared one forgets it where it has it in the other class. The message lies in a spool meanwhile, within the
    /// bounds of `limits`.
    /// - Throws: why it could not be learnt.
    package func learn(_ id: String, in quarantine: Quarantine, as lesson: Lesson) async throws -> Outcome {
        let threads = NIOThreadPool.singleton
        let (largest, limits) = (reader.largestMessage, SetupBuilder(settings).spoolLimits)
        let (entry, file) = try await threads.runIfActive {
            let entry = try quarantine.entry(id)
            guard entry.size <= largest else { throw GatewayError("the message is larger than limits.message_size") }
            return (entry, try QuarantineRelease.stored(entry, quarantine, QuarantineRelease.ownSpool(limits)).file)
        }
        let tokens = try await reader.tokens(of: file)
        let name = LearntDatabases.name(
            entry.envelope.recipients, settings.bayes.databases, delimiters: settings.recipientDelimiter)
        let (databases, bounds) = (databases, settings.bayesLimits)
        return try await threads.runIfActive {
            let taught = try Mapping(file.descriptor).withBytes {
                Bayes.Lesson(
                    id: MessageIdentity.of($0), features: Features(tokens: tokens), date: MessageIdentity.date(of: $0))
            }
            let now = unixTime()
            func learn(_ store: any KeyValueStore) throws -> [LessonOutcome] {
                let store = BayesStore(store, limits: bounds)
                var batch = try store.beginBatch(at: UInt64(now), by: .release)
                let outcomes = try store.learn([taught], asSpam: lesson == .spam, batch: &batch, time: now)
                try store.solveIfDue(after: [(taught, lesson == .spam)])
                return outcomes
            }
            let own = try name.flatMap { try databases.with($0, learn) }
            // It may have taught the opposite while the recipients had no database of their own.
            let shared = try databases.with(nil, making: own == nil) { store in
                guard own != nil else { return try learn(store) }
                let store = BayesStore(store, limits: bounds)
                if let isSpam = try store.lesson(of: taught.id), isSpam != (lesson == .spam) {
                    _ = try store.forget([taught], time: now)
                    try store.solveIfDue(after: [(taught, lesson == .spam)])
                }
                return []
            }
            switch (own ?? shared)?.first {
            case .learned: return .learned
            case .relearned: return .relearned
            default: return .known
            }
        }
    }

    /// Ends the worker.
    package func close() async {
        await reader.close()
    }
}
