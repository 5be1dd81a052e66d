@testable import Gateway
import Testing

@Suite struct PoolMachineTests {
    private static let second = 1_000_000_000

    private static func expectSound(_ pool: PoolModel, _ place: SourceLocation = #_sourceLocation) {
        #expect(pool.violations == [], sourceLocation: place)
    }

    // MARK: - Starting

    /// A generation under test needs one worker; the others come when it serves.
    @Test func workersAreForkedInTwoSteps() {
        var pool = PoolModel(workers: 3, spares: 2)
        pool.launch(1)
        #expect(pool.actions == [])
        pool.load(1)
        #expect(pool.actions == [.fork(WorkerID(generation: 1, number: 1))])
        pool.ready(WorkerID(generation: 1, number: 1))
        #expect(pool.actions == [])
        pool.promote(1, spares: 2)
        #expect(pool.actions == (2...5).map { .fork(WorkerID(generation: 1, number: $0)) })
        Self.expectSound(pool)
    }

    @Test func messagesWaitForTheFirstGeneration() {
        var pool = PoolModel(workers: 1, spares: 0)
        pool.submit(1)
        pool.launch(1)
        pool.load(1)
        pool.readyAll()
        #expect(pool.machine.waiting == 1, "a generation under test serves nobody")
        pool.promote(1)
        #expect(pool.worker(of: 1) != nil)
        Self.expectSound(pool)
    }

    @Test func aZygoteThatSaysReadyTwiceChangesNothing() {
        var pool = PoolModel.serving(workers: 3)
        pool.load(1)
        #expect(pool.actions == [])
        for request in 1...3 { pool.submit(request) }
        #expect(pool.machine.busy == 3)
        pool.done(pool.worker(of: 1) ?? WorkerID(generation: 0, number: 0), keep: false)
        #expect(pool.count(.starting) == 1, "its full number of workers is kept up")
        Self.expectSound(pool)
    }

    @Test func sizesAreAtLeastOne() {
        var pool = PoolModel(workers: 0, spares: -5, messages: 0)
        pool.launch(1)
        pool.load(1)
        pool.promote(1, workers: 0, spares: -5, messages: 0)
        pool.readyAll()
        #expect(pool.workers.count == 1)
    }

    // MARK: - A full workspace

    /// The generation lives on, without asking again at once, and takes the messages as soon as there is room.
    @Test func wantOfRoomEndsNoGeneration() {
        var pool = PoolModel(workers: 2, spares: 3)
        pool.launch(1)
        pool.load(1)
        pool.readyAll()
        pool.promote(1, spares: 3)
        pool.submit(1)
        for number in 2...5 {
            pool.withoutRoom(WorkerID(generation: 1, number: number))
            #expect(pool.actions == [])
        }
        pool.submit(2)
        #expect(pool.machine.waiting == 1 && pool.machine.serving == 1, "one worker is left, and will take it")
        pool.pass(nanoseconds: Self.second - 1)
        #expect(pool.actions == [])
        pool.pass(nanoseconds: 1)
        #expect(pool.actions == (6...9).map { .fork(WorkerID(generation: 1, number: $0)) })
        pool.readyAll()
        #expect(pool.machine.waiting == 0)
        Self.expectSound(pool)
    }

    /// Without any worker nothing is kept waiting; a self-test is, up to its own time.
    @Test func wantOfRoomForTheOnlyWorker() {
        var pool = PoolModel.serving(workers: 1, spares: 0)
        pool.submit(1)
        pool.broken(WorkerID(generation: 1, number: 1))
        pool.submit(2)
        pool.launch(2)
        pool.load(2)
        pool.submit(3, generation: 2)
        pool.withoutRoom(WorkerID(generation: 2, number: 1))
        #expect(pool.actions == [])
        pool.withoutRoom(WorkerID(generation: 1, number: 2))
        #expect(pool.failure(of: 1) == .workspaceFull && pool.failure(of: 2) == .workspaceFull)
        #expect(pool.failure(of: 3) == nil && pool.machine.waiting == 1)
        Self.expectSound(pool)
    }

    // MARK: - Handing out

    @Test func atMostWorkersMessagesAtOneTime() {
        var pool = PoolModel.serving(workers: 2, spares: 3)
        for request in 1...5 { pool.submit(request) }
        #expect(pool.machine.busy == 2 && pool.machine.waiting == 3)
        #expect(pool.count(.idle) == 3, "spares stay free")
        pool.done(WorkerID(generation: 1, number: 1))
        #expect(pool.actions == [.assign(request: 3, to: WorkerID(generation: 1, number: 1))])
        pool.done(WorkerID(generation: 1, number: 2))
        pool.done(WorkerID(generation: 1, number: 1))
        #expect(pool.worker(of: 4) != nil && pool.worker(of: 5) != nil)
        Self.expectSound(pool)
    }

    @Test func theWarmestWorkerIsTaken() {
        var pool = PoolModel.serving(workers: 2, spares: 2)
        for request in 1...10 {
            pool.submit(request)
            #expect(pool.worker(of: request) == WorkerID(generation: 1, number: 1))
            pool.done(WorkerID(generation: 1, number: 1))
        }
        Self.expectSound(pool)
    }

    @Test func aWorkerIsReplacedAfterItsMessages() {
        for limit in [1, 2, 5] {
            var pool = PoolModel.serving(workers: 1, spares: 0, messages: limit)
            for request in 1...limit {
                pool.submit(request)
                pool.done(WorkerID(generation: 1, number: 1))
                #expect(
                    (pool.workers[WorkerID(generation: 1, number: 1)] == nil) == (request == limit),
                    "\(request) of \(limit)")
            }
            #expect(
                pool.actions == [.kill(WorkerID(generation: 1, number: 1)), .fork(WorkerID(generation: 1, number: 2))])
            Self.expectSound(pool)
        }
    }

    @Test func aWorkerThatSawSomethingIsReplacedAtOnce() {
        var pool = PoolModel.serving(workers: 1, spares: 1)
        pool.submit(1)
        pool.submit(2)
        pool.done(WorkerID(generation: 1, number: 1), keep: false)
        #expect(pool.actions.first == .kill(WorkerID(generation: 1, number: 1)))
        #expect(pool.worker(of: 2) == WorkerID(generation: 1, number: 2), "the spare goes on")
        #expect(pool.count(.starting) == 1)
        Self.expectSound(pool)
    }

    // MARK: - Crashes

    @Test func aCrashCostsOneMoreTryElsewhere() {
        var pool = PoolModel.serving(workers: 2, spares: 1)
        pool.submit(1)
        pool.broken(WorkerID(generation: 1, number: 1))
        #expect(pool.worker(of: 1) == WorkerID(generation: 1, number: 2))
        pool.broken(WorkerID(generation: 1, number: 2))
        #expect(pool.failure(of: 1) == .crashed)
        #expect(pool.requests[1]?.tried.count == 2)
        Self.expectSound(pool)
    }

    @Test func aCrashedMessageIsNextInLine() {
        var pool = PoolModel.serving(workers: 1, spares: 1)
        for request in 1...3 { pool.submit(request) }
        pool.broken(WorkerID(generation: 1, number: 1))
        #expect(pool.worker(of: 1) == WorkerID(generation: 1, number: 2))
        Self.expectSound(pool)
    }

    @Test func aSecondTryCanSucceed() {
        var pool = PoolModel.serving(workers: 1, spares: 1)
        pool.submit(1)
        pool.broken(WorkerID(generation: 1, number: 1))
        pool.done(WorkerID(generation: 1, number: 2))
        #expect(pool.failure(of: 1) == nil && pool.requests[1]?.end != nil)
        Self.expectSound(pool)
    }

    @Test func unknownWorkersAreIgnored() {
        var pool = PoolModel.serving()
        pool.submit(1)
        let before = pool.workers
        for id in [
            WorkerID(generation: 1, number: 99), WorkerID(generation: 7, number: 1),
            WorkerID(generation: 0, number: -1),
        ] {
            pool.ready(id)
            #expect(pool.actions == [])
            pool.done(id)
            #expect(pool.actions == [])
            pool.broken(id)
            #expect(pool.actions == [])
        }
        #expect(pool.workers == before)
        Self.expectSound(pool)
    }

    /// A worker that speaks out of turn breaks the contract, in each of its states.
    @Test func workersThatSpeakOutOfTurnEnd() {
        let id = WorkerID(generation: 1, number: 1)
        var starting = PoolModel()
        starting.launch(1)
        starting.load(1)
        starting.done(id)
        #expect(starting.workers[id] == nil)

        var idle = PoolModel.serving()
        idle.ready(id)
        #expect(idle.workers[id] == nil)
        idle = .serving()
        idle.done(id)
        #expect(idle.workers[id] == nil)

        var busy = PoolModel.serving()
        busy.submit(1)
        busy.ready(id)
        #expect(busy.workers[id] == nil)
        #expect(busy.worker(of: 1) == WorkerID(generation: 1, number: 2))
        for pool in [starting, idle, busy] { Self.expectSound(pool) }
    }

    @Test func threeFailedStartsPauseTheForking() {
        var pool = PoolModel(workers: 1, spares: 0)
        pool.launch(1)
        pool.load(1)
        for number in 1...2 {
            pool.broken(WorkerID(generation: 1, number: number))
            #expect(pool.count(.starting) == 1)
        }
        pool.broken(WorkerID(generation: 1, number: 3))
        #expect(pool.actions == [.kill(WorkerID(generation: 1, number: 3)), .unusable(generation: 1)])
        #expect(pool.workers.isEmpty)
        pool.pass(nanoseconds: PoolMachine.pause - 1)
        #expect(pool.workers.isEmpty)
        pool.pass(nanoseconds: 1)
        #expect(pool.actions == [.fork(WorkerID(generation: 1, number: 4))])
        // Still failing: paused again at once.
        pool.broken(WorkerID(generation: 1, number: 4))
        #expect(pool.actions.last == .unusable(generation: 1))
        pool.pass(nanoseconds: PoolMachine.pause)
        // One that comes up and ends before it served is no better.
        pool.readyAll()
        pool.broken(WorkerID(generation: 1, number: 5))
        #expect(pool.actions.last == .unusable(generation: 1))
        pool.pass(nanoseconds: PoolMachine.pause)
        // Recovered with the first message: three more may fail again.
        pool.readyAll()
        pool.promote(1)
        pool.submit(1, seconds: 60)
        pool.done(WorkerID(generation: 1, number: 6), keep: true)
        pool.broken(WorkerID(generation: 1, number: 6))
        pool.broken(WorkerID(generation: 1, number: 7))
        pool.broken(WorkerID(generation: 1, number: 8))
        #expect(!pool.actions.contains(.unusable(generation: 1)))
        Self.expectSound(pool)
    }

    // MARK: - Time

    /// A worker that has seen mail does not wait for ever, one that has not does.
    @Test func idleWorkersAreReplaced() {
        var pool = PoolModel.serving(workers: 1, spares: 1)
        pool.submit(1, seconds: 60)
        pool.done(WorkerID(generation: 1, number: 1), keep: true)
        pool.pass(nanoseconds: PoolMachine.idleTime - 1)
        #expect(pool.actions == [])
        pool.pass(nanoseconds: 1)
        #expect(
            pool.actions == [
                .kill(WorkerID(generation: 1, number: 1)), .fork(WorkerID(generation: 1, number: 3)),
            ])
        pool.pass(nanoseconds: 10 * PoolMachine.idleTime)
        Self.expectSound(pool)
    }

    @Test func theFirstTryHasHalfOfTheTime() {
        var pool = PoolModel.serving(workers: 1, spares: 1)
        let start = pool.now
        pool.submit(1, seconds: 60)
        #expect(pool.machine.nextDeadline == start + 30 * Self.second)
        pool.pass(nanoseconds: 30 * Self.second - 1)
        #expect(pool.actions == [] && pool.worker(of: 1) == WorkerID(generation: 1, number: 1))
        pool.pass(nanoseconds: 1)
        #expect(pool.actions.first == .kill(WorkerID(generation: 1, number: 1)))
        #expect(pool.worker(of: 1) == WorkerID(generation: 1, number: 2))
        pool.readyAll()
        // The second one has all that is left.
        #expect(pool.machine.nextDeadline == start + 60 * Self.second)
        pool.pass(nanoseconds: 30 * Self.second)
        #expect(pool.failure(of: 1) == .deadline(started: true))
        #expect(pool.workers[WorkerID(generation: 1, number: 2)] == nil)
        Self.expectSound(pool)
    }

    @Test func aCrashLeavesTheSecondTryAllThatIsLeft() {
        var pool = PoolModel.serving(workers: 1, spares: 1)
        let start = pool.now
        pool.submit(1, seconds: 60)
        pool.pass(nanoseconds: 10 * Self.second)
        pool.broken(WorkerID(generation: 1, number: 1))
        pool.readyAll()
        #expect(pool.machine.nextDeadline == start + 60 * Self.second)
        Self.expectSound(pool)
    }

    @Test func messagesThatNoWorkerTookInTime() {
        var pool = PoolModel.serving(workers: 1, spares: 0)
        pool.submit(1, seconds: 600)
        pool.submit(2, seconds: 5)
        pool.pass(nanoseconds: 5 * Self.second - 1)
        #expect(pool.failure(of: 2) == nil)
        pool.pass(nanoseconds: 1)
        #expect(pool.failure(of: 2) == .deadline(started: false))
        #expect(pool.worker(of: 1) != nil)
        Self.expectSound(pool)
    }

    /// The half of a message that waited is half of what is left.
    @Test func waitingShortensTheTry() {
        var pool = PoolModel.serving(workers: 1, spares: 0)
        pool.submit(1, seconds: 600)
        let start = pool.now
        pool.submit(2, seconds: 60)
        pool.pass(nanoseconds: 20 * Self.second)
        pool.done(WorkerID(generation: 1, number: 1))
        #expect(pool.machine.nextDeadline == start + 40 * Self.second)
        Self.expectSound(pool)
    }

    /// A worker that never gets ready would keep its place for ever.
    @Test func workersMustGetReadyInTime() {
        var pool = PoolModel(workers: 1, spares: 0)
        let start = pool.now
        pool.launch(1)
        pool.load(1)
        #expect(pool.machine.nextDeadline == start + PoolMachine.startTime)
        pool.pass(nanoseconds: PoolMachine.startTime)
        #expect(
            pool.actions == [.kill(WorkerID(generation: 1, number: 1)), .fork(WorkerID(generation: 1, number: 2))])
        pool.ready(WorkerID(generation: 1, number: 1))
        #expect(pool.actions == [], "too late")
        pool.pass(nanoseconds: PoolMachine.startTime)
        pool.pass(nanoseconds: PoolMachine.startTime)
        #expect(pool.actions.contains(.unusable(generation: 1)))
        Self.expectSound(pool)
    }
}
