internal import Glibc
internal import Synchronization

/// Runs a body for each number below `count` on as many threads as there are processors, this one among them, and returns
/// when all have ended. For work on memory; where a thread cannot be made, the others do its share.
package func inParallel(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let work = ParallelWork(count: count, body: body)
    let helpers = min(count, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) - 1
    var started = 0
    for _ in 0..<max(0, helpers) {
        do throws(SystemError) {
            try startThread {
                work.run()
                sem_post(work.ended)
            }
            started += 1
        } catch {
            break
        }
    }
    work.run()
    for _ in 0..<started {
        while sem_wait(work.ended) != 0, errno == EINTR {}
    }
}

private final class ParallelWork: Sendable {
    private let next = Atomic<Int>(0)
    private let count: Int
    private let body: @Sendable (Int) -> Void
    nonisolated(unsafe) let ended: UnsafeMutablePointer<sem_t>

    init(count: Int, body: @escaping @Sendable (Int) -> Void) {
        self.count = count
        self.body = body
        ended = .allocate(capacity: 1)
        sem_init(ended, 0, 0)
    }

    deinit {
        sem_destroy(ended)
        ended.deallocate()
    }

    func run() {
        while true {
            let number = next.add(1, ordering: .relaxed).oldValue
            guard number < count else { return }
            body(number)
        }
    }
}
