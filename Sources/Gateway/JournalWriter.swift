internal import Glibc
internal import Linux
internal import SQLiteStores
internal import Stores
internal import Synchronization

/// Where events go.
protocol JournalSink: Sendable {
    /// Adds events: all of them, or none.
    func append(_ records: [JournalRecord]) throws
}

/// Takes events to a sink on a thread of its own: a slow disk never holds up a verdict. At most `journal.queue_events` of together
/// `journal.queue_size` wait, also while the sink fails. One that finds no place goes to `overflow` as a whole: nothing is dropped silently.
final class JournalWriter: Sendable {
    /// What may wait.
    struct Limits: Sendable {
        var events: Int
        /// Octets of their texts: a message with many recipients or much to explain makes a large event.
        var octets: Int
    }

    /// Events of one transaction.
    private static let batch = 500
    /// Milliseconds between two attempts at a sink that fails.
    private static let pause: Int32 = 1000
    /// Milliseconds that `close` waits.
    private static let patience: Int32 = 10_000

    private struct Queue {
        var events: [JournalRecord] = []
        var octets = 0
        var overflowed = 0
        var written = 0
        var isClosed = false
    }

    /// Events that wait, that went to `overflow`, and that the sink has.
    struct Figures: Sendable, Codable {
        var waiting = 0
        var overflowed = 0
        var written = 0
    }

    private let sink: any JournalSink
    private let limits: Limits
    private let overflow: @Sendable (JournalRecord) -> Void
    private let report: @Sendable (String) -> Void
    private let queue = Mutex(Queue())
    private let wakeup: Wakeup
    private let drained: Wakeup

    /// Starts the thread.
    /// - Parameters:
    ///   - overflow: takes the events that the sink cannot.
    ///   - report: hears that the sink fails, and that it works again.
    init(
        _ sink: any JournalSink, limits: Limits, overflow: @escaping @Sendable (JournalRecord) -> Void,
        report: @escaping @Sendable (String) -> Void
    ) throws {
        self.sink = sink
        self.limits = limits
        self.overflow = overflow
        self.report = report
        wakeup = try Wakeup()
        drained = try Wakeup()
        try startThread { [self] in run() }
    }

    /// Adds an event. Never waits for a disk.
    func add(_ event: JournalRecord) {
        let octets = event.octets
        let (hasPlace, isFirst) = queue.withLock { queue in
            guard queue.events.count < limits.events, octets <= limits.octets - queue.octets, !queue.isClosed else {
                queue.overflowed += 1
                return (false, false)
            }
            queue.events.append(event)
            queue.octets += octets
            return (true, queue.events.count == 1)
        }
        if isFirst { wakeup.signal() }
        if !hasPlace { overflow(event) }
    }

    var figures: Figures {
        queue.withLock { Figures(waiting: $0.events.count, overflowed: $0.overflowed, written: $0.written) }
    }

    /// Writes what waits and ends the thread.
    func close() {
        queue.withLock { $0.isClosed = true }
        wakeup.signal()
        drained.wait(milliseconds: Self.patience)
    }

    // MARK: - The thread

    private func run() {
        var failure: String?
        while true {
            wakeup.wait(milliseconds: failure == nil ? Int32(-1) : Self.pause)
            let isClosed = queue.withLock { $0.isClosed }
            failure = writeAll(after: failure)
            if isClosed { break }
        }
        for event in queue.withLock({ $0.events }) { overflow(event) }
        drained.signal()
    }

    /// Writes batches until none is left or one fails.
    /// - Returns: why one failed; nil when all are written.
    private func writeAll(after before: String?) -> String? {
        var failure = before
        while true {
            let events = queue.withLock { Array($0.events.prefix(Self.batch)) }
            if events.isEmpty { return failure }
            do {
                try sink.append(events)
            } catch {
                let text = "\(error)"
                if text != failure { report("journal: \(text); events wait") }
                return text
            }
            if failure != nil { report("journal: written again") }
            failure = nil
            let octets = events.reduce(0) { $0 + $1.octets }
            queue.withLock { queue in
                queue.octets -= octets
                queue.events.removeFirst(events.count)
                queue.written += events.count
            }
        }
    }
}

/// The SQLite journal; a damaged one is put aside, and mail goes on being journalled in a new one.
struct DatabaseSink: JournalSink {
    let journal: SQLiteJournal
    let report: @Sendable (String) -> Void

    func append(_ records: [JournalRecord]) throws {
        do throws(IndexFailure) {
            try journal.append(records)
        } catch {
            guard case .damaged = error else { throw error }
            report("journal: \(error); it is kept as journal.sqlite.damaged, and a new one is begun")
            try journal.reset()
            try journal.append(records)
        }
    }
}

/// A file of JSON objects, one a line. It is opened for each write, so that it can be renamed by whoever rotates logs.
struct LinesSink: JournalSink {
    let path: String

    /// Looks whether this process could append, and makes nothing.
    /// - Throws: `SettingFault`.
    func check() throws(SettingFault) {
        guard let fault = obstacle(toWriting: path, asDirectory: false) else { return }
        throw SettingFault(place: .key("journal.lines"), text: fault)
    }

    func append(_ records: [JournalRecord]) throws {
        let file = try Descriptor.open(path, O_WRONLY | O_APPEND | O_CREAT, mode: 0o640)
        let before = try file.size()
        do throws(SystemError) {
            try file.write(records.flatMap { EventFields.line($0) + [0x0A] })
        } catch {
            // Half a line would be no object, and what comes later would stand behind it.
            ftruncate(file.raw, before)
            throw error
        }
    }
}
