package import InspectionLink
package import Linux
package import MailModel
package import Stores
internal import Synchronization

/// How a message came out of the inspection.
package enum InspectionOutcome: Sendable {
    /// A report that kept its bounds, what the generation that wrote it is, and the sealed file with the parts where they were
    /// wanted.
    case report(Report, Ready, parts: Descriptor?)
    /// No report; the reason is one of `deadline`, `scannerCrashed`, `scannerFailed`, `workspaceFull`.
    case failed(UncheckedReason, detail: String)
}

/// Settings of the pool and of the generations that it starts.
package struct InspectorPoolSettings: Sendable {
    /// Path of `mailreeve-inspector`.
    package var path: String
    package var pool: PoolMachine.Settings
    /// Sent to each zygote; generation and workspace are filled in.
    package var configure: Configure
    package var limits: InspectionLimits
    /// Largest report, octets.
    package var reportSize: Int
    /// A new generation must find the test sample before it serves.
    package var selfTest: Bool
    /// A new generation is loaded beside the one that serves; else after it, and mail waits.
    package var isReloadedBeside: Bool
    /// Tables of rules; nil for none.
    package var rules: RuleTables?
    /// Loading a generation may take this long, nanoseconds: a full signature set takes some ten seconds.
    package var loadDeadline = 300_000_000_000

    package init(
        path: String, pool: PoolMachine.Settings, configure: Configure, limits: InspectionLimits, reportSize: Int,
        selfTest: Bool, isReloadedBeside: Bool = true, rules: RuleTables? = nil
    ) {
        self.path = path
        self.pool = pool
        self.configure = configure
        self.limits = limits
        self.reportSize = reportSize
        self.selfTest = selfTest
        self.isReloadedBeside = isReloadedBeside
        self.rules = rules
    }
}

/// What the pool is doing, for `mailreeve status`.
package struct InspectorStatus: Sendable {
    package var generation = 0
    package var ready: Ready?
    /// Why messages are inspected without the engine; empty while it serves, or none is wanted.
    package var engineFault = ""
    package var busy = 0
    package var waiting = 0
    package var inspected = 0
    package var crashes = 0
    package var deadlines = 0
    /// Why the last new generation did not take over; empty when it did.
    package var refused = ""
}

/// A generation that could not take over, in words for the administrator.
package struct InspectorError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// The gateway's side of the inspection: sends messages to sandboxed workers and takes their reports.
///
/// One thread owns all sockets, processes and the `PoolMachine`; callers only put requests into an inbox. Everything
/// that a worker says is checked here; a worker that breaks the contract is killed and its message tried once more.
package final class InspectorPool: Sendable {
    private let inbox: Inbox

    /// Starts the thread; `start` then loads the first generation.
    /// - Parameters:
    ///   - workspaceDirectory: on tmpfs, see `Workspace`.
    ///   - log: called on the pool's thread with lines for the log.
    package init(
        workspaceDirectory: String, allowNonTmpfs: Bool, log: @escaping @Sendable (PoolEvent) -> Void
    ) throws {
        let workspace = try Workspace(directory: workspaceDirectory, allowNonTmpfs: allowNonTmpfs)
        inbox = try Inbox()
        let driver = PoolDriver(workspace: workspace, inbox: inbox, log: log)
        try startThread { driver.run() }
    }

    /// Loads a new generation, tests it and lets it take over; the one before drains. When this throws, the one
    /// before goes on serving.
    package func load(_ settings: InspectorPoolSettings) async throws -> Ready {
        let result: Result<Ready, InspectorError> = await withCheckedContinuation { continuation in
            inbox.put(.load(settings, continuation))
        }
        return try result.get()
    }

    /// Inspects one message before `deadline` (nanoseconds of the monotonic clock).
    package func inspect(
        _ message: MessageFile, _ context: InspectionContext = InspectionContext(), deadline: Int
    ) async -> InspectionOutcome {
        await withCheckedContinuation { continuation in
            inbox.put(.inspect(message, context, deadline: deadline, continuation))
        }
    }

    /// The generation that took over last; 0 before the first.
    package var generation: Int { inbox.serving.load(ordering: .relaxed) }

    /// What the pool is doing.
    package func status() async -> InspectorStatus {
        await withCheckedContinuation { continuation in
            inbox.put(.status(continuation))
        }
    }

    /// Ends all workers and zygotes. Requests still in the pool fail as temporary.
    package func stop() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            inbox.put(.stop(continuation))
        }
    }
}

/// What the pool tells the log.
package enum PoolEvent: Sendable {
    case info(String)
    case warning(String)
    case error(String)
}

/// Commands for the pool's thread, and the descriptor that wakes it.
final class Inbox: Sendable {
    enum Command: Sendable {
        case load(InspectorPoolSettings, CheckedContinuation<Result<Ready, InspectorError>, Never>)
        case inspect(MessageFile, InspectionContext, deadline: Int, CheckedContinuation<InspectionOutcome, Never>)
        case status(CheckedContinuation<InspectorStatus, Never>)
        case stop(CheckedContinuation<Void, Never>)
    }

    private struct Queue {
        var commands: [Command] = []
        var closed = false
    }

    private let queue = Mutex(Queue())
    /// The generation that took over last; 0 before the first.
    let serving = Atomic<Int>(0)
    /// Readable when there are commands.
    let wake: Wakeup

    init() throws(SystemError) {
        wake = try Wakeup()
    }

    /// Adds a command; one that comes after `close` is answered at once.
    func put(_ command: Command) {
        let (first, closed) = queue.withLock { queue in
            if !queue.closed { queue.commands.append(command) }
            return (queue.commands.count == 1, queue.closed)
        }
        if closed { Self.refuse(command) } else if first { wake.signal() }
    }

    /// The thread that answers is about to end: what it has not taken is refused.
    func close() {
        let left = queue.withLock { queue in
            queue.closed = true
            defer { queue.commands = [] }
            return queue.commands
        }
        for command in left { Self.refuse(command) }
    }

    static func refuse(_ command: Command) {
        let why = "the inspection has been stopped"
        switch command {
        case .load(_, let answer): answer.resume(returning: .failure(InspectorError(why)))
        case .inspect(_, _, _, let answer): answer.resume(returning: .failed(.scannerFailed, detail: why))
        case .status(let answer): answer.resume(returning: InspectorStatus())
        case .stop(let answer): answer.resume()
        }
    }

    func takeAll() -> [Command] {
        wake.clear()
        return queue.withLock { queue in
            defer { queue.commands = [] }
            return queue.commands
        }
    }
}
