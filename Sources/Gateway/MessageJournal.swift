internal import Configuration
internal import Logging
internal import MailModel
internal import Policy
internal import SQLiteStores
internal import Stores
internal import Synchronization

/// Takes one event for each message and feeds the log, the journal and the counters of `status`.
final class MessageJournal: Sendable {
    /// Messages by what became of them, since the start.
    struct Counters: Sendable, Codable {
        var messages = 0
        var passed = 0
        var infected = 0
        var unchecked = 0
        var quarantined = 0
        var temporary = 0
        /// Messages that were to be kept and could not be.
        var notKept = 0
        var bytes = 0
        /// Matches of rules that were given up at a limit.
        var ruleMatchesGivenUp = 0
    }

    private let logger: Logger
    /// The event's fields stand beside the line, for JSON logs.
    private let structured: Bool
    private let writers: [JournalWriter]
    private let counters = Mutex(Counters())

    init(_ settings: Settings, logger: Logger) throws {
        self.logger = logger
        structured = settings.log.format == .json
        let report: @Sendable (String) -> Void = { logger.error("\($0)") }
        // Mail goes on without it; each event that cannot be written there stands in the log as a whole.
        do throws(SettingFault) { try Self.lines(settings)?.check() } catch { report("\(error)") }
        let limits = JournalWriter.Limits(events: settings.journal.queueEvents, octets: settings.journal.queueSize)
        writers = try Self.sinks(settings, report: report).map { sink in
            try JournalWriter(
                sink, limits: limits,
                overflow: { record in
                    // The log is the last place that is left.
                    let line = String(decoding: EventFields.line(record), as: UTF8.self)
                    logger.error("journal: no place for this event: \(line)")
                }, report: report)
        }
    }

    /// Where the settings want events.
    static func sinks(_ settings: Settings, report: @escaping @Sendable (String) -> Void) -> [any JournalSink] {
        var sinks: [any JournalSink] = []
        if settings.journal.enabled {
            sinks.append(DatabaseSink(journal: SQLiteJournal(path: settings.journalPath), report: report))
        }
        if let lines = lines(settings) { sinks.append(lines) }
        return sinks
    }

    /// The file of JSON lines; nil where none is asked for.
    static func lines(_ settings: Settings) -> LinesSink? {
        settings.journal.lines.isEmpty ? nil : LinesSink(path: settings.journal.lines)
    }

    /// What waits for the journal, went into the log instead, and is written, of all places together.
    var journal: JournalWriter.Figures {
        writers.map(\.figures).reduce(into: JournalWriter.Figures()) { sum, figures in
            sum.waiting += figures.waiting
            sum.overflowed += figures.overflowed
            sum.written += figures.written
        }
    }

    /// Writes what waits. Blocks.
    func close() {
        for writer in writers { writer.close() }
    }

    /// The counters now.
    var totals: Counters { counters.withLock { $0 } }

    func report(_ text: String) {
        logger.warning("\(text)")
    }

    /// - Parameter text: says what mail could not be kept; it is counted.
    func alarm(_ text: String) {
        counters.withLock { $0.notKept += 1 }
        logger.error("\(text)")
    }

    func note(_ text: String) {
        logger.notice("\(text)")
    }

    func count(rulesGivenUp times: Int) {
        counters.withLock { $0.ruleMatchesGivenUp &+= times }
    }

    /// - Parameter record: what the journal keeps. Made here and now: an event that waits must not hold the message, whose
    ///   place in the spool others need.
    /// - Parameter lines: the event as the log has it, for those who got the message and for those who did not.
    /// - Parameter fields: what is told of one of them in JSON.
    func record(
        _ event: MessageEvent, lines: [MessageEvent], fields: (MessageEvent) -> EventFields,
        _ record: () -> JournalRecord
    ) {
        counters.withLock { counters in
            counters.messages += 1
            counters.bytes += event.size
            if event.isPassed { counters.passed += 1 }
            if event.verdict.category == .infected { counters.infected += 1 }
            if event.verdict.category == .unchecked, !event.verdict.unchecked.isEmpty { counters.unchecked += 1 }
            if event.quarantineID != nil { counters.quarantined += 1 }
            if event.outcomes.contains(where: { $0.reply.isTemporary }) { counters.temporary += 1 }
        }
        for line in lines {
            let metadata = structured ? metadata(line, fields(line)) : nil
            logger.notice("\(line.line)", metadata: metadata)
        }
        guard !writers.isEmpty else { return }
        let record = record()
        for writer in writers { writer.add(record) }
    }

    /// Takes a release, which is no message of its own.
    func record(_ release: QuarantineRecord) {
        log(release)
        for writer in writers { writer.add(release.event) }
    }

    /// Says in the log what a command did, which has told the journal itself.
    func log(_ release: QuarantineRecord) { Self.log(release, logger, isStructured: structured) }

    static func log(_ release: QuarantineRecord, _ logger: Logger, isStructured: Bool) {
        let metadata: Logger.Metadata? =
            isStructured ? ["event": .stringConvertible(EventFields(release.event))] : nil
        for line in release.event.line.split(separator: "\n") { logger.notice("\(line)", metadata: metadata) }
    }

    /// What the journal has, in its words, and what else is known.
    private func metadata(_ event: MessageEvent, _ fields: EventFields) -> Logger.Metadata {
        var out: Logger.Metadata = [
            "event": .stringConvertible(fields), "policy": "\(event.policy)",
            "milliseconds": .stringConvertible(event.milliseconds),
            "outcomes": .array(
                event.outcomes.map { outcome in
                    [
                        "address": "\(outcome.recipient.path)", "disposition": "\(outcome.kind.rawValue)",
                        "reply": "\(outcome.reply.summary)",
                    ]
                }),
            "viruses": .array(event.verdict.shownVirusNames.map { "\(Escaping.text($0))" }),
            "unchecked": .array(event.verdict.reasons.map { "\($0.rawValue)" }),
            "anomalies": .dictionary(event.anomalyCounts.mapValues { .stringConvertible($0) }),
        ]
        if !event.copiedTo.isEmpty { out["copied_to"] = .array(event.copiedTo.map { "\($0)" }) }
        if let other = event.redirectedTo { out["redirected_to"] = "\(other)" }
        if !event.served.isEmpty { out["served_before"] = .array(event.served.map { "\($0)" }) }
        if !event.causes.isEmpty { out["causes"] = .array(event.causes.map { "\(Escaping.text($0, limit: 300))" }) }
        return out
    }
}
