internal import Glibc
internal import InspectionLink
internal import Linux
internal import MailModel
internal import Stores
internal import Synchronization

/// Carries out what `PoolMachine` decides: the only code that holds inspector processes. Runs on one thread.
final class PoolDriver: @unchecked Sendable {
    // Handed to its thread once; everything below is used there alone.

    struct Pending {
        enum Origin {
            case caller(CheckedContinuation<InspectionOutcome, Never>)
            case selfTest(generation: Int, infected: Bool)
        }
        var message: MessageFile
        var context = InspectionContext()
        var origin: Origin
        /// Why the embedded engine has to leave it out; nil while it takes part.
        var engineFailure: PoolMachine.Failure?
    }

    typealias LoadAnswer = CheckedContinuation<Result<Ready, InspectorError>, Never>

    struct Loading {
        var settings: InspectorPoolSettings
        var deadline: Int
        /// Why the engine is left out; empty where it is loaded.
        var engineFault = ""
        var testsLeft = 0
        /// Nil for a generation that takes the place of one that died.
        var answer: LoadAnswer?
    }

    let workspace: Workspace
    let inbox: Inbox
    let log: @Sendable (PoolEvent) -> Void
    var machine = PoolMachine(settings: PoolMachine.Settings(workers: 1, spares: 0, messagesPerWorker: 1))
    var zygotes: [Int: InspectorProcess] = [:]
    var ending: [InspectorProcess] = []
    var workers: [WorkerID: InspectorWorker] = [:]
    var pending: [Int: Pending] = [:]
    var loading: [Int: Loading] = [:]
    var settings: InspectorPoolSettings?
    /// Why the last new generation did not take over; empty when it did.
    var refused = ""
    var lastGeneration = 0
    private var lastRequest = 0
    /// When the engine is loaded again.
    var retry = GenerationRetry()
    /// A generation that is started when the one before has ended.
    var successor: (settings: InspectorPoolSettings, answer: LoadAnswer?)?
    var counts = (inspected: 0, crashes: 0, deadlines: 0)
    /// The workspace took the directory of the last worker that was to be forked.
    var hasRoomForWorkers = true
    private var stopping: CheckedContinuation<Void, Never>?
    /// Workers that could not be given the message that they were to have.
    private var unassigned: [WorkerID] = []

    init(workspace: Workspace, inbox: Inbox, log: @escaping @Sendable (PoolEvent) -> Void) {
        self.workspace = workspace
        self.inbox = inbox
        self.log = log
    }

    // MARK: - The loop

    func run() {
        while stopping == nil || !ending.isEmpty {
            let ready = wait()
            if ready.contains(.inbox) {
                // What stands behind a stop would wait for an answer for ever.
                for command in inbox.takeAll() { stopping == nil ? take(command) : Inbox.refuse(command) }
            }
            for source in ready {
                switch source {
                case .inbox: break
                case .zygote(let generation): readZygote(generation)
                case .zygoteExit(let pid): zygoteEnded(pid)
                case .worker(let id): readWorker(id)
                }
            }
            expire()
            // Each may be given the next message, and come back at once.
            while let id = unassigned.popLast() {
                perform(machine.workerDone(id, keep: true, now: monotonicNow()))
            }
        }
        workspace.finishRemovals()
        stopping?.resume()
    }

    private enum Source: Hashable {
        case inbox
        case zygote(Int)
        case zygoteExit(Int32)
        case worker(WorkerID)
    }

    private func wait() -> [Source] {
        var sources: [Source] = [.inbox]
        var entries = [pollfd(fd: inbox.wake.descriptor.raw, events: Int16(POLLIN), revents: 0)]
        func add(_ source: Source, _ descriptor: Descriptor) {
            sources.append(source)
            entries.append(pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0))
        }
        for (generation, zygote) in zygotes {
            add(.zygote(generation), zygote.child.socket.descriptor)
            add(.zygoteExit(zygote.child.pid), zygote.child.process.descriptor)
        }
        for zygote in ending { add(.zygoteExit(zygote.child.pid), zygote.child.process.descriptor) }
        for (id, worker) in workers { add(.worker(id), worker.socket.descriptor) }
        let next = ([machine.nextDeadline, retry.at] + loading.values.map(\.deadline)).compactMap(\.self).min()
        var timeout: Int32 = -1
        if let next { timeout = Int32(clamping: max(0, next - monotonicNow()) / 1_000_000 + 1) }
        guard poll(&entries, nfds_t(entries.count), timeout) > 0 else { return [] }
        var ready: [Source] = []
        for (index, entry) in entries.enumerated() where entry.revents != 0 { ready.append(sources[index]) }
        return ready
    }

    private func expire() {
        let now = monotonicNow()
        perform(machine.expire(now: now) { isInEngine($0) })
        for (generation, load) in loading where load.deadline <= now {
            giveUp(generation, "not loaded in time")
        }
        if retry.isDue(now: now) { relaunch() }
    }

    private func take(_ command: Inbox.Command) {
        switch command {
        case .load(let settings, let answer):
            replace(settings, answer: answer)
        case .inspect(let message, let context, let deadline, let answer):
            submit(
                Pending(message: message, context: context, origin: .caller(answer)), deadline: deadline,
                generation: nil)
        case .status(let answer):
            answer.resume(
                returning: InspectorStatus(
                    generation: machine.serving ?? 0, ready: machine.serving.flatMap { zygotes[$0]?.ready },
                    engineFault: machine.serving.flatMap { zygotes[$0]?.engineFault } ?? "", busy: machine.busy,
                    waiting: machine.waiting, inspected: counts.inspected,
                    crashes: counts.crashes, deadlines: counts.deadlines, refused: refused))
        case .stop(let answer):
            stopping = answer
            inbox.close()
            successor?.answer?.resume(returning: .failure(InspectorError("the gateway is stopping")))
            successor = nil
            settings = nil
            for generation in loading.keys { giveUp(generation, "the gateway is stopping") }
            perform(machine.close())
        }
    }

    func submit(_ request: Pending, deadline: Int, generation: Int?) {
        lastRequest += 1
        pending[lastRequest] = request
        perform(
            machine.submit(
                lastRequest, size: request.message.count, deadline: deadline, generation: generation,
                now: monotonicNow()))
    }

    func perform(_ actions: [PoolMachine.Action]) {
        for action in actions {
            switch action {
            case .fork(let id): fork(id)
            case .kill(let id): kill(id)
            case .assign(let request, let id, let failure):
                pending[request]?.engineFailure = failure
                assign(request, to: id)
            case .fail(let request, let failure): fail(request, failure)
            case .close(let generation): close(generation)
            case .relaunch(let generation):
                log(.error("inspector generation \(generation) has died; starting another"))
                retry.died(now: monotonicNow(), isFirst: counts.crashes == 0)
                counts.crashes += 1
            case .unusable(let generation):
                log(.error("workers of inspector generation \(generation) end before they are ready"))
                if loading[generation] != nil {
                    giveUp(generation, "its workers end before they are ready")
                } else {
                    // Another zygote may do better, above all where this one is stuck and forks nothing.
                    zygotes[generation]?.child.process.signal(SIGKILL)
                }
            }
        }
    }

    // MARK: - Results

    /// - Parameter ready: what the worker's generation said of itself; nil when it has gone.
    func finish(_ request: Int, _ ready: Ready?, _ report: Report, _ parts: Descriptor?) {
        guard let ready else { return fail(request, .closed) }
        guard let done = pending.removeValue(forKey: request) else { return }
        switch done.origin {
        case .caller(let answer):
            counts.inspected += 1
            answer.resume(returning: .report(report, ready, parts: parts))
        case .selfTest(let generation, let infected):
            let names = report.findings.filter { $0.kind == .virus }.map(\.name)
            let full = report.unchecked.first { $0.reason == .workspaceFull }
            let fault =
                switch (infected, names.first) {
                case (true, nil): full.map { Escaping.text($0.detail, limit: 200) } ?? "the test virus was not found"
                case (false, let name?): "a clean message is taken for \(Escaping.text(name, limit: 200))"
                default: nil as String?
                }
            selfTestAnswered(generation, fault: fault)
        }
    }

    private func fail(_ request: Int, _ failure: PoolMachine.Failure) {
        guard let failed = pending.removeValue(forKey: request) else { return }
        let outcome: InspectionOutcome
        switch failure {
        case .deadline(let started):
            counts.deadlines += 1
            outcome = .failed(.deadline, detail: started ? "inspection took too long" : "no worker became free in time")
        case .crashed:
            outcome = .failed(.scannerCrashed, detail: "inspection ended twice without a report")
        case .closed:
            outcome = .failed(.scannerFailed, detail: "inspection is not available")
        case .workspaceFull:
            outcome = .failed(.workspaceFull, detail: "workspace: no room for an inspector worker")
        }
        answer(failed, outcome)
    }

    /// A message for which the workspace has no room: nothing is wrong with the worker that was to have it.
    func failWorkspace(_ request: Int, of id: WorkerID, _ error: SystemError) {
        unassigned.append(id)
        guard let failed = pending.removeValue(forKey: request) else { return }
        answer(failed, .failed(.workspaceFull, detail: "\(error)"))
    }

    private func answer(_ failed: Pending, _ outcome: InspectionOutcome) {
        switch failed.origin {
        case .caller(let answer): answer.resume(returning: outcome)
        case .selfTest(let generation, _):
            var fault = "no report"
            if case .failed(_, let detail) = outcome { fault = Escaping.text(detail, limit: 200) }
            selfTestAnswered(generation, fault: fault)
        }
    }
}
