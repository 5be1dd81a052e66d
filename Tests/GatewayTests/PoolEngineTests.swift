@testable import Gateway
import Testing

/// Messages that end their workers while the embedded engine looks at them.
@Suite struct PoolEngineTests {
    private static let second = 1_000_000_000

    private static func assigned(_ pool: PoolModel) -> [PoolMachine.Action] {
        pool.actions.filter { if case .assign = $0 { true } else { false } }
    }

    private static func first(_ number: Int) -> WorkerID { WorkerID(generation: 1, number: number) }

    /// The first crash may be one of the machine's, the second one is the engine's.
    @Test func twoCrashesOfTheEngineLeaveItOut() {
        var pool = PoolModel.serving(workers: 2, spares: 3)
        pool.submit(1)
        pool.inEngine = [Self.first(1), Self.first(2)]
        pool.broken(Self.first(1))
        #expect(Self.assigned(pool) == [.assign(request: 1, to: Self.first(2))])
        pool.broken(Self.first(2))
        #expect(Self.assigned(pool) == [.assign(request: 1, to: Self.first(3), withoutEngine: .crashed)])
        pool.done(Self.first(3), keep: false)
        #expect(pool.failure(of: 1) == nil && pool.violations == [])
    }

    /// What crashes without the engine too gets no report.
    @Test func aMessageThatCrashesAllElseIsGivenUp() {
        var pool = PoolModel.serving(workers: 2, spares: 3)
        pool.submit(1)
        pool.inEngine = [Self.first(1), Self.first(2), Self.first(3)]
        for number in 1...3 { pool.broken(Self.first(number)) }
        #expect(pool.failure(of: 1) == .crashed)
        #expect(pool.requests[1]?.tried.count == 3 && pool.violations == [])
    }

    /// The second crash is somewhere else: nothing says that the engine is to blame.
    @Test(arguments: [[], [1]])
    func aCrashElsewhereIsNoneOfTheEngine(inEngine: [Int]) {
        var pool = PoolModel.serving(workers: 2, spares: 3)
        pool.submit(1)
        pool.inEngine = Set(inEngine.map { Self.first($0) })
        pool.broken(Self.first(1))
        pool.broken(Self.first(2))
        #expect(pool.failure(of: 1) == .crashed)
        #expect(pool.requests[1]?.tried.count == 2 && pool.violations == [])
    }

    /// A hang takes half of the time: the other half is for the try without the engine and for other scanners.
    @Test func aHangOfTheEngineLeavesItOutAtOnce() {
        var pool = PoolModel.serving(workers: 2, spares: 3)
        pool.submit(1, seconds: 60)
        pool.inEngine = [Self.first(1)]
        pool.pass(nanoseconds: 30 * Self.second - 1)
        #expect(pool.actions == [])
        pool.pass(nanoseconds: 1)
        #expect(
            Self.assigned(pool) == [.assign(request: 1, to: Self.first(2), withoutEngine: .deadline(started: true))])
        pool.readyAll()
        pool.pass(nanoseconds: 30 * Self.second)
        #expect(pool.failure(of: 1) == .deadline(started: true))
        #expect(pool.violations == [])
    }

    /// At the very end of its time there is no other try.
    @Test func noTryBehindTheDeadline() {
        var pool = PoolModel.serving(workers: 2, spares: 3)
        pool.submit(1, seconds: 60)
        pool.inEngine = [Self.first(1), Self.first(2)]
        pool.broken(Self.first(1))
        pool.readyAll()
        pool.pass(nanoseconds: 60 * Self.second)
        #expect(pool.failure(of: 1) == .deadline(started: true))
        #expect(pool.requests[1]?.tried.count == 2 && pool.violations == [])
    }

    /// A self-test is there to see the engine at work.
    @Test func aSelfTestIsNeverWithoutTheEngine() {
        var pool = PoolModel(workers: 1, spares: 3)
        pool.launch(1)
        pool.load(1)
        pool.submit(1, generation: 1)
        for number in 1...2 {
            pool.readyAll()
            pool.inEngine = [Self.first(number)]
            pool.broken(Self.first(number))
        }
        #expect(pool.failure(of: 1) == .crashed && pool.violations == [])
    }

    /// The zygote has died, and its workers with it: that is not the engine's doing.
    @Test func theEndOfAZygoteIsNoneOfTheEngine() {
        var pool = PoolModel.serving(workers: 1, spares: 0)
        pool.submit(1)
        pool.inEngine = [Self.first(1)]
        pool.die(1)
        pool.launch(2)
        pool.load(2)
        pool.promote(2)
        pool.readyAll()
        pool.die(2)
        #expect(pool.failure(of: 1) == .crashed && pool.violations == [])
    }
}
