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
    }

    typealias LoadAnswer = CheckedContinuation<Result<Ready, InspectorError>, Never>

    struct Loading {
        var settings: InspectorPoolSettings
        var deadline: Int
        var testsLeft = 0
        /// Nil for a generation that takes the place of one that died.
        var answer: LoadAnswer?
    }

    let workspace: Workspace
    private let inbox: Inbox
    let log: @Sendable (PoolEvent) -> Void
    var machine = PoolMachine(settings: PoolMachine.Settings(workers: 1, spares: 0, messagesPerWorker: 1))
    var zygotes: [Int: InspectorProcess] = [:]
    private var ending: [InspectorProcess] = []
    var workers: [WorkerID: InspectorWorker] = [:]
    var pending: [Int: Pending] = [:]
    var loading: [Int: Loading] = [:]
    var settings: InspectorPoolSettings?
    /// Why the last new generation did not take over; empty when it did.
    private var refused = ""
    private var lastGeneration = 0
    private var lastRequest = 0
    private var relaunchAt: Int?
    /// A generation that is started when the one before has ended.
    private var successor: (settings: InspectorPoolSettings, answer: LoadAnswer?)?
    var counts = (inspected: 0, crashes: 0, deadlines: 0)
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
        let next = ([machine.nextDeadline, relaunchAt] + loading.values.map(\.deadline)).compactMap(\.self).min()
        var timeout: Int32 = -1
        if let next { timeout = Int32(clamping: max(0, next - monotonicNow()) / 1_000_000 + 1) }
        guard poll(&entries, nfds_t(entries.count), timeout) > 0 else { return [] }
        var ready: [Source] = []
        for (index, entry) in entries.enumerated() where entry.revents != 0 { ready.append(sources[index]) }
        return ready
    }

    private func expire() {
        let now = monotonicNow()
        perform(machine.expire(now: now))
        for (generation, load) in loading where load.deadline <= now {
            giveUp(generation, "not loaded in time")
        }
        if let at = relaunchAt, at <= now {
            relaunchAt = nil
            if let settings, machine.serving == nil { launch(settings, answer: nil) }
        }
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
                    busy: machine.busy, waiting: machine.waiting, inspected: counts.inspected,
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

    private func submit(_ request: Pending, deadline: Int, generation: Int?) {
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
            case .assign(let request, let id): assign(request, to: id)
            case .fail(let request, let failure): fail(request, failure)
            case .close(let generation): close(generation)
            case .relaunch(let generation):
                log(.error("inspector generation \(generation) has died; starting another"))
                relaunchAt = monotonicNow() + (counts.crashes == 0 ? 0 : PoolMachine.pause)
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

    // MARK: - Generations

    /// Starts the generation that is to take over: beside the one that serves or, where memory holds only one, after it.
    func replace(_ settings: InspectorPoolSettings, answer: LoadAnswer?) {
        guard !settings.isReloadedBeside, let serving = machine.serving else { return launch(settings, answer: answer) }
        successor?.answer?.resume(returning: .failure(InspectorError("overtaken by another reload")))
        successor = (settings, answer)
        perform(machine.retire(serving, now: monotonicNow()))
    }

    /// The generation before has ended, and its memory is free.
    private func startSuccessor() {
        guard let next = successor, zygotes.isEmpty, ending.isEmpty else { return }
        successor = nil
        launch(next.settings, answer: next.answer)
    }

    private func launch(_ settings: InspectorPoolSettings, answer: LoadAnswer?) {
        lastGeneration += 1
        let generation = lastGeneration
        do {
            let directory = try workspace.makeGeneration(generation)
            let zygote = try InspectorProcess(path: settings.path, generation: generation)
            zygotes[generation] = zygote
            loading[generation] = Loading(
                settings: settings, deadline: monotonicNow() + settings.loadDeadline, answer: answer)
            machine.launched(generation)
            var configure = settings.configure
            configure.generation = generation
            configure.workspace = directory
            var files: [Descriptor] = []
            if let rules = settings.rules {
                let file = try Descriptor.memory("mailreeve-rules")
                try file.write(rules.encoded())
                try file.seal()
                files = [file]
            }
            try zygote.child.socket.send(
                ZygoteRequest.configure(configure).encoded(), descriptors: files.map(\.raw), waiting: false)
        } catch {
            loading[generation] = nil
            let text = "inspector: \(error)"
            if let answer { answer.resume(returning: .failure(InspectorError(text))) } else { log(.error(text)) }
            if let zygote = zygotes[generation] { end(zygote) }
            if answer == nil { relaunchAt = monotonicNow() + PoolMachine.pause }
        }
    }

    /// The generation cannot take over; the one before goes on.
    func giveUp(_ generation: Int, _ why: String) {
        guard let load = loading.removeValue(forKey: generation) else { return }
        let text = "inspector generation \(generation): \(why)"
        if let answer = load.answer {
            answer.resume(returning: .failure(InspectorError(text)))
        } else {
            log(.error(machine.serving.map { "\(text); generation \($0) goes on serving" } ?? text))
        }
        refused = text
        // Without one that serves there must be another try, with the settings that last worked.
        if machine.serving == nil, settings != nil { relaunchAt = monotonicNow() + PoolMachine.pause }
        perform(machine.retire(generation, now: monotonicNow()))
        if let zygote = zygotes[generation] { end(zygote) }
    }

    private func promote(_ generation: Int) {
        guard let load = loading.removeValue(forKey: generation), let ready = zygotes[generation]?.ready else { return }
        settings = load.settings
        refused = ""
        inbox.serving.store(generation, ordering: .relaxed)
        var sizes = load.settings.pool
        sizes.workspace = WorkspaceBudget(size: workspace.size, unpacking: load.settings.limits.unpacking)
        perform(machine.promote(generation, settings: sizes, now: monotonicNow()))
        log(
            .info(
                "inspector generation \(generation) serves: \(ready.signatures) signatures, Landlock ABI \(ready.landlockABI)"
            ))
        load.answer?.resume(returning: .success(ready))
    }

    private func close(_ generation: Int) {
        if let zygote = zygotes[generation] { end(zygote) }
    }

    /// Ends a zygote: its socket is closed, and it is killed in case it does not look.
    func end(_ zygote: InspectorProcess) {
        zygotes[zygote.generation] = nil
        for id in workers.keys where id.generation == zygote.generation { kill(id) }
        zygote.child.process.signal(SIGKILL)
        ending.append(zygote)
    }

    private func zygoteEnded(_ pid: Int32) {
        if let index = ending.firstIndex(where: { $0.child.pid == pid }) {
            let zygote = ending.remove(at: index)
            _ = zygote.child.reap()
            workspace.removeGeneration(zygote.generation)
            return startSuccessor()
        }
        guard let zygote = zygotes.values.first(where: { $0.child.pid == pid }) else { return }
        let generation = zygote.generation
        zygotes[generation] = nil
        let status = zygote.child.reap()
        for id in workers.keys where id.generation == generation { kill(id) }
        workspace.removeGeneration(generation)
        if loading[generation] != nil { giveUp(generation, "ended while loading (\(status))") }
        perform(machine.zygoteGone(generation, now: monotonicNow()))
    }

    private func readZygote(_ generation: Int) {
        guard let zygote = zygotes[generation] else { return }
        do {
            guard let (record, descriptors) = try zygote.child.socket.receive(waiting: false) else {
                zygote.child.process.signal(SIGKILL)
                return
            }
            switch try ZygoteEvent(record) {
            case .ready(var ready):
                ready.generation = generation
                zygote.ready = ready
                perform(machine.loaded(generation, now: monotonicNow()))
                startSelfTest(generation)
            case .failed(let text):
                giveUp(generation, Escaping.text(text, limit: 1000))
            case .forked(let number, _):
                let id = WorkerID(generation: generation, number: number)
                guard descriptors.count == 2, workers[id] == nil else { throw RecordError.value("fork") }
                let known = machine.contains(id)
                workers[id] = InspectorWorker(
                    id: id, socket: PacketSocket(descriptors[0]), process: ProcessHandle(descriptors[1]))
                if !known { kill(id) }
            case .databaseChanged:
                // Only the one that serves watches for others; one that is loading reads what is there now.
                guard machine.serving == generation, let settings, loading.isEmpty, successor == nil else { return }
                log(.info("the signatures have changed: loading them"))
                replace(settings, answer: nil)
            case .exited(let number, let status):
                workerEnded(WorkerID(generation: generation, number: number), Escaping.text(status, limit: 60))
            }
        } catch let error as SystemError where error.code == EAGAIN {
            return
        } catch {
            log(.error("inspector generation \(generation): \(error)"))
            zygote.child.process.signal(SIGKILL)
        }
    }

    // MARK: - Results

    func finish(_ request: Int, _ ready: Ready?, _ report: Report, _ parts: Descriptor?) {
        guard let ready else { return fail(request, .closed) }
        guard let done = pending.removeValue(forKey: request) else { return }
        switch done.origin {
        case .caller(let answer):
            counts.inspected += 1
            answer.resume(returning: .report(report, ready, parts: parts))
        case .selfTest(let generation, let infected):
            selfTestAnswered(generation, passed: infected == report.findings.contains { $0.kind == .virus })
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
        case .selfTest(let generation, _): selfTestAnswered(generation, passed: false)
        }
    }

    func startSelfTest(_ generation: Int) {
        guard let load = loading[generation] else { return }
        guard load.settings.selfTest else { return promote(generation) }
        loading[generation]?.testsLeft = 2
        do {
            for infected in [true, false] {
                let message = try SelfTest.message(infected: infected)
                let deadline = load.deadline
                submit(
                    Pending(message: message, origin: .selfTest(generation: generation, infected: infected)),
                    deadline: deadline, generation: generation)
            }
        } catch {
            giveUp(generation, "self-test: \(error)")
        }
    }

    private func selfTestAnswered(_ generation: Int, passed: Bool) {
        guard loading[generation] != nil else { return }
        guard passed else {
            return giveUp(
                generation, "self-test failed: the test virus was not found, or a clean message was not clean")
        }
        loading[generation]?.testsLeft -= 1
        if loading[generation]?.testsLeft == 0 { promote(generation) }
    }
}
