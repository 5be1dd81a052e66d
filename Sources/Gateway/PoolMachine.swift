/// Decides which worker inspects which message, when a worker is replaced, and what a failure costs. A value without
/// processes, sockets or a clock: events and the time go in, actions come out. Times are nanoseconds of a monotonic clock.
///
/// Rules: at most `workers` messages at one time, each in a worker of its own, and no more than the workspace has room
/// for; spares are forked ahead; a worker is replaced after `messagesPerWorker` messages, after a minute without one, and
/// after each message that gives a reason; a crash or a hang costs the message one more try in a fresh worker; a request
/// belongs to the serving generation unless it names one.
///
/// Where a message ends its worker while the embedded engine looks at it, for the second time or by a hang, it has a last try
/// that leaves the engine out: what else is in the inspection is then known, and other scanners can look in its place. All
/// of the inspection but the engine has to come through: a message that ends it anywhere else gets no report.
package struct PoolMachine: Sendable {
    private struct Request {
        var id: Int
        /// Octets of the message.
        var size: Int
        var deadline: Int
        var generation: Int?
        var attempts = 0
        /// What the engine did to the tries before, so that it is left out; nil while it takes part.
        var engineFailure: Failure?
    }

    private enum WorkerState {
        /// Forked, and to say that it is ready before `deadline`.
        case starting(deadline: Int)
        case idle
        case busy(Request, attemptDeadline: Int)
    }

    private struct Worker {
        var state: WorkerState
        var served = 0
        /// When it answered its last request; nil before the first.
        var idleSince: Int?
    }

    private enum Phase {
        case loading, testing, serving, draining
    }

    private struct Generation {
        var phase = Phase.loading
        var workers: [Int: Worker] = [:]
        var nextWorker = 1
        var failedStarts = 0
        var pausedUntil: Int?
    }

    /// Tries of one message with the engine, each in a fresh worker.
    static let attempts = 2
    /// Workers that may die before they are ready, one after the other, before forking pauses.
    static let failedStarts = 3
    /// Nanoseconds that a worker which has seen mail may wait for more. One that was taken over could hold space of the
    /// workspace for as long as it lives.
    package static let idleTime = 60_000_000_000
    /// The pause, nanoseconds.
    static let pause = 1_000_000_000
    /// Time from the request to fork until a worker must have closed its sandbox. It takes milliseconds, also with a large
    /// engine; a worker that is silent for longer would keep its place for ever.
    package static let startTime = 10_000_000_000

    private var settings: Settings
    private var generations: [Int: Generation] = [:]
    private var queue: [Request] = []
    private var closed = false
    /// The generation that serves; nil until the first was promoted.
    package private(set) var serving: Int?

    package init(settings: Settings) {
        self.settings = settings
    }

    // MARK: - State for status and timers

    /// Messages that wait for a worker.
    package var waiting: Int { queue.count }

    /// Messages in a worker now.
    package var busy: Int { running.count }

    private var running: [Request] {
        generations.values.flatMap { generation in
            generation.workers.values.compactMap { if case .busy(let request, _) = $0.state { request } else { nil } }
        }
    }

    /// The next time at which `expire` has something to do.
    package var nextDeadline: Int? {
        var next: Int?
        func consider(_ time: Int) { next = min(next ?? time, time) }
        for request in queue { consider(request.deadline) }
        for generation in generations.values {
            if let paused = generation.pausedUntil { consider(paused) }
            for worker in generation.workers.values {
                switch worker.state {
                case .starting(let deadline): consider(deadline)
                case .busy(_, let attemptDeadline): consider(attemptDeadline)
                case .idle:
                    if let since = worker.idleSince { consider(since + Self.idleTime) }
                }
            }
        }
        return next
    }

    // MARK: - Generations

    /// A zygote was started.
    package mutating func launched(_ number: Int) {
        generations[number] = Generation()
    }

    /// The zygote has loaded; its workers are forked, but only requests that name it are served.
    package mutating func loaded(_ number: Int, now: Int) -> [Action] {
        // A zygote that says it again must not make a serving generation one under test.
        guard let generation = generations[number], generation.phase == .loading else { return [] }
        generations[number]?.phase = .testing
        return pump(now)
    }

    /// The generation passed its self-test: it serves from now on, the one before drains. `settings` are its sizes.
    package mutating func promote(_ number: Int, settings: Settings, now: Int) -> [Action] {
        guard generations[number] != nil else { return [] }
        let before = serving
        self.settings = settings
        serving = number
        generations[number]?.phase = .serving
        var actions: [Action] = []
        if let before, before != number { actions += retire(before, now: now) }
        return actions + pump(now)
    }

    /// Stops using a generation: messages in its workers are finished, then it is closed.
    package mutating func retire(_ number: Int, now: Int) -> [Action] {
        guard generations[number] != nil else { return [] }
        generations[number]?.phase = .draining
        if serving == number { serving = nil }
        var actions: [Action] = []
        for request in queue where request.generation == number { actions.append(.fail(request: request.id, .closed)) }
        queue.removeAll { $0.generation == number }
        return actions + pump(now)
    }

    /// A zygote has ended, and with it all its workers.
    package mutating func zygoteGone(_ number: Int, now: Int) -> [Action] {
        guard let gone = generations.removeValue(forKey: number) else { return [] }
        var actions: [Action] = []
        for worker in gone.workers.values {
            if case .busy(let request, _) = worker.state { actions += retry(request, now: now, .crashed) }
        }
        for request in queue where request.generation == number { actions.append(.fail(request: request.id, .closed)) }
        queue.removeAll { $0.generation == number }
        if serving == number {
            serving = nil
            actions.append(.relaunch(generation: number))
        }
        return actions + pump(now)
    }

    /// Fails everything, what is submitted later too; the owner then ends the zygotes.
    package mutating func close() -> [Action] {
        closed = true
        var actions = queue.map { Action.fail(request: $0.id, .closed) }
        queue = []
        for generation in generations.values {
            for worker in generation.workers.values {
                if case .busy(let request, _) = worker.state { actions.append(.fail(request: request.id, .closed)) }
            }
        }
        actions += generations.keys.sorted().map { .close(generation: $0) }
        generations = [:]
        serving = nil
        return actions
    }

    // MARK: - Workers

    /// A worker has closed its sandbox and waits.
    package mutating func workerReady(_ id: WorkerID, now: Int) -> [Action] {
        guard let worker = generations[id.generation]?.workers[id.number], case .starting = worker.state else {
            return workerBroken(id, now: now)
        }
        generations[id.generation]?.workers[id.number]?.state = .idle
        return pump(now)
    }

    /// A worker has answered the request that it had. `keep` false replaces it.
    package mutating func workerDone(_ id: WorkerID, keep: Bool, now: Int) -> [Action] {
        guard var worker = generations[id.generation]?.workers[id.number], case .busy = worker.state else {
            return workerBroken(id, now: now)
        }
        worker.served += 1
        worker.state = .idle
        worker.idleSince = now
        generations[id.generation]?.failedStarts = 0
        let spent = worker.served >= settings.messagesPerWorker
        let draining = generations[id.generation].map { $0.phase == .draining } ?? true
        guard keep, !spent, !draining else {
            generations[id.generation]?.workers[id.number] = nil
            return [.kill(id)] + pump(now)
        }
        generations[id.generation]?.workers[id.number] = worker
        return pump(now)
    }

    /// A worker has ended, or broke the contract and must end.
    /// - Parameter inEngine: it ended by itself while the engine had its turn.
    package mutating func workerBroken(_ id: WorkerID, inEngine: Bool = false, now: Int) -> [Action] {
        guard let worker = generations[id.generation]?.workers.removeValue(forKey: id.number) else { return [] }
        var actions: [Action] = [.kill(id)]
        switch worker.state {
        case .starting:
            actions += startFailed(id.generation, now: now)
        case .idle:
            // One that dies before it served is no better than one that never came up: no fork storm.
            if worker.served == 0 { actions += startFailed(id.generation, now: now) }
        case .busy(let request, _):
            actions += retry(request, now: now, .crashed, inEngine: inEngine)
        }
        return actions + pump(now)
    }

    /// The workspace has no room for a worker that was to be forked: no fault of its generation, which waits and tries again.
    /// Messages are only kept waiting while another worker may take them.
    package mutating func workerWithoutRoom(_ id: WorkerID, now: Int) -> [Action] {
        guard generations[id.generation]?.workers.removeValue(forKey: id.number) != nil else { return [] }
        generations[id.generation]?.pausedUntil = now + Self.pause
        guard serving == id.generation, generations[id.generation]?.workers.isEmpty == true else { return [] }
        let failed = queue.filter { $0.generation == nil }
        queue.removeAll { $0.generation == nil }
        return failed.map { .fail(request: $0.id, .workspaceFull) }
    }

    private mutating func startFailed(_ generation: Int, now: Int) -> [Action] {
        let failed = (generations[generation]?.failedStarts ?? 0) + 1
        generations[generation]?.failedStarts = failed
        guard failed >= Self.failedStarts else { return [] }
        generations[generation]?.pausedUntil = now + Self.pause
        return [.unusable(generation: generation)]
    }

    /// False for a worker that was given up meanwhile; whoever still brings it has to end it.
    package func contains(_ id: WorkerID) -> Bool {
        generations[id.generation]?.workers[id.number] != nil
    }

    // MARK: - Requests

    /// A message of `size` octets to inspect before `deadline`; `generation` nil means the one that serves.
    package mutating func submit(
        _ id: Int, size: Int = 0, deadline: Int, generation: Int? = nil, now: Int
    ) -> [Action] {
        let request = Request(id: id, size: size, deadline: deadline, generation: generation)
        guard !closed, canBeServed(request) else { return [.fail(request: id, .closed)] }
        queue.append(request)
        return pump(now)
    }

    /// Time has passed.
    /// - Parameter inEngine: whether the engine has its turn in a worker; asked of those whose time is over.
    package mutating func expire(now: Int, inEngine: (WorkerID) -> Bool = { _ in false }) -> [Action] {
        var actions: [Action] = []
        for request in queue where request.deadline <= now {
            actions.append(.fail(request: request.id, .deadline(started: request.attempts > 0)))
        }
        queue.removeAll { $0.deadline <= now }
        for (number, generation) in generations {
            if let paused = generation.pausedUntil, paused <= now { generations[number]?.pausedUntil = nil }
            for (workerNumber, worker) in generation.workers {
                switch worker.state {
                case .starting(let deadline) where deadline <= now:
                    actions += giveUp(number, workerNumber) + startFailed(number, now: now)
                case .busy(let request, let attemptDeadline) where attemptDeadline <= now:
                    let isInEngine = inEngine(WorkerID(generation: number, number: workerNumber))
                    actions += giveUp(number, workerNumber)
                    actions += retry(request, now: now, .deadline(started: true), inEngine: isInEngine)
                case .idle where worker.idleSince.map { $0 + Self.idleTime <= now } ?? false:
                    actions += giveUp(number, workerNumber)
                case .starting, .idle, .busy: break
                }
            }
        }
        return actions + pump(now)
    }

    private mutating func giveUp(_ generation: Int, _ worker: Int) -> [Action] {
        generations[generation]?.workers[worker] = nil
        return [.kill(WorkerID(generation: generation, number: worker))]
    }

    private mutating func retry(_ request: Request, now: Int, _ failure: Failure, inEngine: Bool = false) -> [Action] {
        let isLast = request.engineFailure != nil
        var request = request
        request.attempts += 1
        if inEngine, !isLast, request.generation == nil, failure != .crashed || request.attempts >= Self.attempts {
            // A crash may be one of the machine's and is tried again; a hang leaves no time for that.
            request.engineFailure = failure
        } else if isLast || request.attempts >= Self.attempts {
            return [.fail(request: request.id, failure)]
        }
        guard request.deadline > now, canBeServed(request) else { return [.fail(request: request.id, failure)] }
        queue.insert(request, at: 0)
        return []
    }

    /// False when the request names a generation that has gone or takes no more requests.
    private func canBeServed(_ request: Request) -> Bool {
        guard let named = request.generation else { return true }
        guard let generation = generations[named] else { return false }
        return generation.phase != .draining
    }

    // MARK: - The pump

    /// Does everything that has become possible: hands out requests, forks, closes what has drained.
    private mutating func pump(_ now: Int) -> [Action] {
        var actions: [Action] = []
        assignWaiting(now, &actions)
        for number in generations.keys.sorted() {
            guard let generation = generations[number] else { continue }
            switch generation.phase {
            case .loading:
                continue
            case .testing, .serving:
                guard generation.pausedUntil == nil else { continue }
                // A generation under test needs one worker; the others come when it serves.
                let wanted = generation.phase == .testing ? 1 : settings.workers + settings.spares
                for _ in generation.workers.count..<max(wanted, generation.workers.count) {
                    let next = generations[number]?.nextWorker ?? 1
                    generations[number]?.nextWorker = next + 1
                    generations[number]?.workers[next] = Worker(state: .starting(deadline: now + Self.startTime))
                    actions.append(.fork(WorkerID(generation: number, number: next)))
                }
            case .draining:
                let unused = generation.workers.filter { if case .busy = $0.value.state { false } else { true } }
                for worker in unused.keys.sorted() {
                    generations[number]?.workers[worker] = nil
                    actions.append(.kill(WorkerID(generation: number, number: worker)))
                }
                if generations[number]?.workers.isEmpty ?? true {
                    generations[number] = nil
                    actions.append(.close(generation: number))
                }
            }
        }
        return actions
    }

    private mutating func assignWaiting(_ now: Int, _ actions: inout [Action]) {
        guard !queue.isEmpty else { return }
        let inWorkers = running
        // A new generation is tested beside the mail, and takes no worker's place of it.
        var running = inWorkers.count { $0.generation == nil }
        var taken = inWorkers.isEmpty ? nil : inWorkers.reduce(0) { $0 + settings.workspace.need(messageSize: $1.size) }
        // One that waits for room in the workspace is not overtaken: else a large message could wait for ever.
        var isFull = false
        var index = 0
        while index < queue.count {
            let request = queue[index]
            // A self-test behind the messages of a full pool must not wait for them: a reload under load would fail.
            guard request.generation != nil || running < settings.workers && !isFull,
                let generation = request.generation ?? serving, let worker = idleWorker(of: generation)
            else {
                index += 1
                continue
            }
            guard request.generation != nil || settings.workspace.hasRoom(messageSize: request.size, taken: taken)
            else {
                isFull = true
                index += 1
                continue
            }
            taken = (taken ?? 0) + settings.workspace.need(messageSize: request.size)
            // An attempt may take half of the time that is left, so that a hang leaves time for the second one.
            let isLast = request.engineFailure != nil || request.attempts + 1 >= Self.attempts
            let attemptDeadline = isLast ? request.deadline : now + (request.deadline - now) / 2
            generations[generation]?.workers[worker]?.state = .busy(request, attemptDeadline: attemptDeadline)
            queue.remove(at: index)
            if request.generation == nil { running += 1 }
            let id = WorkerID(generation: generation, number: worker)
            actions.append(.assign(request: request.id, to: id, withoutEngine: request.engineFailure))
        }
    }

    /// The idle worker with the lowest number: the one whose memory is warm.
    private func idleWorker(of generation: Int) -> Int? {
        generations[generation]?.workers.filter { if case .idle = $0.value.state { true } else { false } }.keys.min()
    }
}
