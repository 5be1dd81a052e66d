@testable package import Gateway

/// The owner of a `PoolMachine` as it should be: does what the machine asks and notes each order that must not be given.
struct PoolModel {
    enum Worker: Equatable {
        case starting
        case idle
        case busy(Int)
    }

    struct Request {
        var deadline: Int
        var generation: Int?
        var tried: [WorkerID] = []
        /// The engine had its turn when a try ended, and was left out of the last one.
        var engineFailed = false
        var withoutEngine = false
        /// `true` answered, a failure given up; nil while it is open.
        var end: Result<Bool, EndedWithFailure>?
    }

    struct EndedWithFailure: Error, Equatable {
        var failure: PoolMachine.Failure
    }

    private(set) var machine: PoolMachine
    private(set) var size: Int
    private(set) var now = 1_000_000_000_000
    /// Workers that run, and what the owner knows of them.
    private(set) var workers: [WorkerID: Worker] = [:]
    private(set) var requests: [Int: Request] = [:]
    /// Generations that were launched and neither closed nor died.
    private(set) var generations: Set<Int> = []
    private(set) var loaded: Set<Int> = []
    private(set) var serving: Int?
    private(set) var actions: [PoolMachine.Action] = []
    private(set) var violations: [String] = []
    /// Workers in which the engine has its turn.
    var inEngine: Set<WorkerID> = []
    private var everForked: Set<WorkerID> = []
    private var everClosed: Set<Int> = []

    init(workers: Int = 2, spares: Int = 1, messages: Int = 100) {
        size = workers
        machine = PoolMachine(
            settings: PoolMachine.Settings(workers: workers, spares: spares, messagesPerWorker: messages))
    }

    // MARK: - What the owner tells the machine

    mutating func launch(_ generation: Int) {
        generations.insert(generation)
        machine.launched(generation)
    }

    mutating func load(_ generation: Int) {
        if generations.contains(generation) { loaded.insert(generation) }
        obey(machine.loaded(generation, now: now))
    }

    mutating func promote(
        _ generation: Int, workers: Int? = nil, spares: Int = 1, messages: Int = 100,
        workspace: WorkspaceBudget = WorkspaceBudget()
    ) {
        if generations.contains(generation) {
            serving = generation
            size = workers ?? size
        }
        let settings = PoolMachine.Settings(
            workers: size, spares: spares, messagesPerWorker: messages, workspace: workspace)
        obey(machine.promote(generation, settings: settings, now: now))
    }

    mutating func retire(_ generation: Int) {
        if serving == generation { serving = nil }
        obey(machine.retire(generation, now: now))
    }

    /// The zygote has died, and its workers with it.
    mutating func die(_ generation: Int) {
        generations.remove(generation)
        workers = workers.filter { $0.key.generation != generation }
        let served = serving == generation
        if served { serving = nil }
        obey(machine.zygoteGone(generation, now: now))
        if served != actions.contains(.relaunch(generation: generation)) {
            violations.append("relaunch of \(generation)")
        }
    }

    mutating func ready(_ id: WorkerID) {
        if workers[id] == .starting { workers[id] = .idle }
        obey(machine.workerReady(id, now: now))
    }

    mutating func done(_ id: WorkerID, keep: Bool = true) {
        if case .busy(let request) = workers[id] {
            workers[id] = .idle
            end(request, .success(true))
        }
        obey(machine.workerDone(id, keep: keep, now: now))
        if !keep, workers[id] != nil { violations.append("\(id) was kept") }
    }

    mutating func broken(_ id: WorkerID) {
        let known = workers[id] != nil
        noteEngine(in: id)
        obey(machine.workerBroken(id, inEngine: inEngine.contains(id), now: now))
        if workers[id] != nil { violations.append("\(id) was not ended") }
        if !known, !actions.isEmpty { violations.append("actions on an unknown worker") }
    }

    /// The owner cannot make the worker's directory.
    mutating func withoutRoom(_ id: WorkerID) {
        workers[id] = nil
        obey(machine.workerWithoutRoom(id, now: now))
        if actions.contains(where: { if case .fail(_, .workspaceFull) = $0 { false } else { true } }) {
            violations.append("\(actions) for want of room")
        }
    }

    mutating func submit(_ id: Int, size: Int = 0, seconds: Int = 60, generation: Int? = nil) {
        let deadline = now + seconds * 1_000_000_000
        requests[id] = Request(deadline: deadline, generation: generation)
        obey(machine.submit(id, size: size, deadline: deadline, generation: generation, now: now))
    }

    mutating func pass(nanoseconds: Int) {
        // Before its time nothing happens.
        if let next = machine.nextDeadline, next > now, next <= now + nanoseconds {
            now = next - 1
            var early = machine
            let actions = early.expire(now: now)
            if !actions.isEmpty { violations.append("early: \(actions)") }
            self.now = next
            return expire()
        }
        now += nanoseconds
        expire()
    }

    private mutating func expire() {
        for id in inEngine { noteEngine(in: id) }
        obey(machine.expire(now: now) { [inEngine] in inEngine.contains($0) })
    }

    private mutating func noteEngine(in id: WorkerID) {
        if case .busy(let request) = workers[id], inEngine.contains(id) { requests[request]?.engineFailed = true }
    }

    /// The owner ends all zygotes, and so their workers.
    mutating func close() {
        workers = [:]
        obey(machine.close())
        if requests.values.contains(where: { $0.end == nil }) { violations.append("open requests after close") }
        if !generations.isEmpty { violations.append("generations \(generations) after close") }
    }

    // MARK: - Shortcuts

    /// Generation 1 serves and all its workers wait.
    static func serving(workers: Int = 2, spares: Int = 1, messages: Int = 100) -> PoolModel {
        var pool = PoolModel(workers: workers, spares: spares, messages: messages)
        pool.launch(1)
        pool.load(1)
        pool.promote(1, spares: spares, messages: messages)
        pool.readyAll()
        return pool
    }

    mutating func readyAll() {
        while let id = workers.filter({ $0.value == .starting }).keys.sorted().first { ready(id) }
    }

    func worker(of request: Int) -> WorkerID? {
        workers.first { $0.value == .busy(request) }?.key
    }

    func count(_ worker: Worker, generation: Int? = nil) -> Int {
        workers.count { ($0.key.generation == generation || generation == nil) && $0.value == worker }
    }

    func failure(of request: Int) -> PoolMachine.Failure? {
        if case .failure(let ended) = requests[request]?.end { ended.failure } else { nil }
    }

    // MARK: - Orders

    private mutating func end(_ id: Int, _ result: Result<Bool, EndedWithFailure>) {
        if requests[id]?.end != nil { violations.append("request \(id) ended twice") }
        requests[id]?.end = result
    }

    private mutating func obey(_ orders: [PoolMachine.Action]) {
        actions = orders
        for action in orders {
            switch action {
            case .fork(let id):
                if !everForked.insert(id).inserted { violations.append("\(id) forked twice") }
                if !generations.contains(id.generation) || !loaded.contains(id.generation) {
                    violations.append("fork in \(id)")
                }
                workers[id] = .starting
            case .kill(let id):
                if workers.removeValue(forKey: id) == nil { violations.append("kill of unknown \(id)") }
            case .assign(let request, let id, let withoutEngine):
                assign(request, id, withoutEngine: withoutEngine != nil)
            case .fail(let request, let failure):
                if requests[request] == nil { violations.append("fail of unknown \(request)") }
                if worker(of: request) != nil { violations.append("fail of \(request), which is in a worker") }
                end(request, .failure(EndedWithFailure(failure: failure)))
            case .close(let generation):
                if !everClosed.insert(generation).inserted || generations.remove(generation) == nil {
                    violations.append("close of \(generation)")
                }
                if serving == generation { serving = nil }
                workers = workers.filter { $0.key.generation != generation }
            case .relaunch(let generation):
                if generations.contains(generation) { violations.append("relaunch of living \(generation)") }
            case .unusable(let generation):
                if !generations.contains(generation) { violations.append("unusable \(generation)") }
            }
        }
        check()
    }

    private mutating func assign(_ request: Int, _ id: WorkerID, withoutEngine: Bool) {
        guard var known = requests[request], known.end == nil else {
            violations.append("assign of \(request), which is not open")
            return
        }
        if workers[id] != .idle { violations.append("assign to \(id), which is \(String(describing: workers[id]))") }
        if worker(of: request) != nil { violations.append("\(request) is in two workers") }
        if known.tried.contains(id) { violations.append("\(request) again in \(id)") }
        // Self-tests come on top; and a new generation may have fewer workers than messages are still in the old one.
        let busy = workers.values.count {
            if case .busy(let other) = $0 { requests[other]?.generation == nil } else { false }
        }
        if known.generation == nil, busy >= size { violations.append("one message more than \(size) workers") }
        if id.generation != known.generation ?? serving {
            violations.append("\(request) in generation \(id.generation)")
        }
        known.tried.append(id)
        if known.tried.count > (withoutEngine ? 3 : 2) {
            violations.append("\(request) was tried \(known.tried.count) times")
        }
        if known.withoutEngine { violations.append("\(request) again after its try without the engine") }
        if withoutEngine, !known.engineFailed || known.generation != nil {
            violations.append("\(request) without the engine")
        }
        known.withoutEngine = withoutEngine
        requests[request] = known
        workers[id] = .busy(request)
    }

    private mutating func check() {
        let busy = workers.values.compactMap { if case .busy(let request) = $0 { request } else { nil } }
        if Set(busy).count != busy.count { violations.append("one request in two workers") }
        if machine.busy != busy.count { violations.append("busy \(machine.busy), really \(busy.count)") }
        let open = requests.values.count { $0.end == nil }
        if machine.waiting != open - busy.count {
            violations.append("waiting \(machine.waiting), really \(open - busy.count)")
        }
        if open > 0, machine.nextDeadline == nil { violations.append("open requests and no deadline") }
        if machine.serving != serving { violations.append("serving") }
    }
}

extension WorkerID: Comparable {
    package static func < (left: WorkerID, right: WorkerID) -> Bool {
        (left.generation, left.number) < (right.generation, right.number)
    }
}
