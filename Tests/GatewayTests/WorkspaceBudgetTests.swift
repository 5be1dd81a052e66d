@testable import Gateway
import Members
import Testing

/// All messages in workers together stay within the workspace.
@Suite struct WorkspaceBudgetTests {
    /// 1,000 octets for each message, a page for its one member.
    private static let need = 1000 + 4096

    private static func budget(_ size: Int?) -> WorkspaceBudget {
        WorkspaceBudget(
            size: size,
            unpacking: UnpackingLimits(
                files: 1, minimumQuota: 1000, maximumQuota: 100_000, minimumFactor: 1, maximumFactor: 10))
    }

    private func pool(_ workspace: WorkspaceBudget, workers: Int = 3) -> PoolModel {
        var pool = PoolModel(workers: workers)
        pool.launch(1)
        pool.load(1)
        pool.promote(1, workers: workers, workspace: workspace)
        for id in pool.workers.keys { pool.ready(id) }
        return pool
    }

    private func inWorkers(_ pool: PoolModel) -> Set<Int> {
        Set(pool.workers.values.compactMap { if case .busy(let request) = $0 { request } else { nil } })
    }

    @Test func needFollowsTheQuotaUpToTheLimit() {
        var budget = Self.budget(nil)
        #expect(budget.need(messageSize: 0) == Self.need)
        #expect(budget.need(messageSize: 1000) == 10_000 + 4096)
        budget.unpacking.workspace = 2000
        #expect(budget.need(messageSize: 1000) == 2000)
        budget.unpacking.minimumFactor = .max
        #expect(budget.need(messageSize: .max) == 2000)
    }

    @Test func messagesWaitForRoom() {
        for (size, together) in [(Self.need - 1, 1), (2 * Self.need - 1, 1), (2 * Self.need, 2), (3 * Self.need, 3)] {
            var pool = pool(Self.budget(size))
            for request in 1...4 { pool.submit(request) }
            var served: [Int] = []
            for _ in 0..<4 {
                let now = inWorkers(pool)
                #expect(now.count == min(together, 4 - served.count), "\(size)")
                guard let first = now.min(), let id = pool.workers.first(where: { $0.value == .busy(first) })?.key
                else {
                    break
                }
                served.append(first)
                pool.done(id)
            }
            #expect(served == [1, 2, 3, 4], "\(size)")
            #expect(pool.violations.isEmpty)
        }
    }

    @Test func withoutABoundNothingWaits() {
        var pool = pool(Self.budget(nil))
        for request in 1...3 { pool.submit(request, size: .max) }
        #expect(inWorkers(pool) == [1, 2, 3])
    }

    /// Small ones behind a large one wait with it: in a steady stream of them it would never get its turn.
    @Test func aLargeMessageIsNotOvertaken() {
        var pool = pool(Self.budget(3 * Self.need))
        pool.submit(1)
        pool.submit(2, size: 1500)
        pool.submit(3)
        #expect(inWorkers(pool) == [1])
        for id in pool.workers.filter({ $0.value == .busy(1) }).keys { pool.done(id) }
        #expect(inWorkers(pool) == [2])
    }

    @Test func waitingForRoomEndsAtTheDeadline() {
        var pool = pool(Self.budget(Self.need))
        pool.submit(1)
        pool.submit(2, seconds: 1)
        pool.pass(nanoseconds: 1_000_000_000)
        #expect(pool.requests[2]?.end == .failure(.init(failure: .deadline(started: false))))
    }
}
