@testable import Gateway
import Testing

/// Generations: taking over, draining, dying, closing.
@Suite struct PoolGenerationTests {
    @Test func aNewGenerationTakesOverAndTheOldOneDrains() {
        var pool = PoolModel.serving(workers: 2, spares: 1)
        pool.submit(1)
        pool.launch(2)
        pool.load(2)
        pool.submit(2)
        #expect(pool.worker(of: 2)?.generation == 1, "the old one serves until the new one is promoted")
        pool.submit(100, generation: 2)
        pool.readyAll()
        #expect(pool.worker(of: 100)?.generation == 2)
        pool.done(pool.worker(of: 100) ?? WorkerID(generation: 0, number: 0))
        pool.promote(2)
        #expect(pool.actions.contains(.kill(WorkerID(generation: 1, number: 3))), "idle workers of the old one end")
        #expect(pool.generations == [1, 2])
        pool.done(WorkerID(generation: 1, number: 1))
        #expect(pool.actions.contains(.kill(WorkerID(generation: 1, number: 1))))
        #expect(!pool.actions.contains(.close(generation: 1)))
        pool.done(WorkerID(generation: 1, number: 2))
        #expect(pool.actions.contains(.close(generation: 1)))
        pool.readyAll()
        pool.submit(3)
        #expect(pool.worker(of: 3)?.generation == 2)
        #expect(pool.violations == [])
    }

    /// A reload under load: the self-test does not wait behind the messages that fill the pool.
    @Test func selfTestsPassAFullPool() {
        var pool = PoolModel.serving(workers: 2, spares: 1)
        for request in 1...50 { pool.submit(request) }
        pool.launch(2)
        pool.load(2)
        pool.submit(100, generation: 2)
        pool.readyAll()
        #expect(pool.worker(of: 100)?.generation == 2)
        #expect(pool.machine.busy == 3 && pool.machine.waiting == 48)
        #expect(pool.violations == [])
    }

    /// A pool of one worker takes mail while a generation is tested.
    @Test func mailPassesASelfTest() {
        var pool = PoolModel.serving(workers: 1, spares: 0)
        pool.launch(2)
        pool.load(2)
        pool.submit(100, generation: 2)
        pool.readyAll()
        #expect(pool.worker(of: 100)?.generation == 2)
        pool.submit(1)
        #expect(pool.worker(of: 1)?.generation == 1)
        #expect(pool.violations == [])
    }

    /// A crash in the old generation is tried again in the new one.
    @Test func aCrashWhileDrainingMovesTheMessage() {
        var pool = PoolModel.serving(workers: 1, spares: 0)
        pool.submit(1)
        pool.launch(2)
        pool.load(2)
        pool.promote(2)
        pool.readyAll()
        #expect(pool.worker(of: 1)?.generation == 1)
        pool.broken(WorkerID(generation: 1, number: 1))
        #expect(pool.worker(of: 1)?.generation == 2)
        #expect(pool.actions.contains(.close(generation: 1)))
        #expect(pool.violations == [])
    }

    @Test func aGenerationThatFailsItsTestGoes() {
        var pool = PoolModel.serving(workers: 1, spares: 0)
        pool.launch(2)
        pool.load(2)
        pool.submit(100, generation: 2)
        pool.submit(101, generation: 2)
        pool.readyAll()
        pool.retire(2)
        #expect(pool.failure(of: 101) == .closed)
        // The other one is in a worker and ends with it, not when its time is over.
        pool.broken(WorkerID(generation: 2, number: 1))
        #expect(pool.failure(of: 100) == .crashed)
        #expect(pool.generations == [1] && pool.serving == 1)
        pool.submit(102, generation: 2)
        #expect(pool.failure(of: 102) == .closed)
        pool.submit(1)
        #expect(pool.worker(of: 1)?.generation == 1)
        #expect(pool.violations == [])
    }

    @Test func requestsThatNameADrainingGenerationAreRefused() {
        var pool = PoolModel.serving(workers: 1, spares: 0)
        pool.submit(1)
        pool.retire(1)
        pool.submit(2, generation: 1)
        #expect(pool.failure(of: 2) == .closed)
        #expect(pool.violations == [])
    }

    @Test func aGenerationRetiredWhileLoadingNeverForks() {
        var pool = PoolModel()
        pool.launch(1)
        pool.retire(1)
        #expect(pool.actions == [.close(generation: 1)])
        pool.load(1)
        #expect(pool.actions == [])
        #expect(pool.violations == [])
    }

    @Test func aZygoteThatDiesIsReplacedAndItsMessagesAreTriedAgain() {
        var pool = PoolModel.serving(workers: 2, spares: 1)
        for request in 1...3 { pool.submit(request) }
        pool.die(1)
        #expect(pool.actions == [.relaunch(generation: 1)])
        #expect(pool.machine.waiting == 3 && pool.machine.busy == 0)
        pool.launch(2)
        pool.load(2)
        pool.promote(2)
        pool.readyAll()
        #expect(pool.machine.busy == 2)
        pool.die(2)
        // Those that were in a worker of each have had their two tries.
        #expect(pool.requests.values.count { $0.end != nil } >= 1)
        #expect(pool.requests.values.allSatisfy { $0.tried.count <= 2 })
        #expect(pool.violations == [])
    }

    @Test func aZygoteThatDiesUnderTestIsNotRelaunchedByThePool() {
        var pool = PoolModel.serving(workers: 1, spares: 0)
        pool.launch(2)
        pool.load(2)
        pool.submit(100, generation: 2)
        pool.die(2)
        #expect(pool.actions == [.fail(request: 100, .closed)])
        #expect(pool.serving == 1)
        #expect(pool.violations == [])
    }

    @Test func closingEndsEverything() {
        var pool = PoolModel.serving(workers: 2, spares: 1)
        for request in 1...5 { pool.submit(request) }
        pool.launch(2)
        pool.close()
        #expect((1...5).allSatisfy { pool.failure(of: $0) == .closed })
        #expect(pool.actions.suffix(2) == [.close(generation: 1), .close(generation: 2)])
        pool.submit(6)
        #expect(pool.failure(of: 6) == .closed, "nobody would ever answer it")
        pool.ready(WorkerID(generation: 1, number: 3))
        #expect(pool.actions == [])
        #expect(pool.machine.nextDeadline == nil)
        #expect(pool.violations == [])
    }
}
