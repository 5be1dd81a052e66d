internal import Linux
internal import Synchronization

/// Threads for calls that wait: at most so many at one time, started when there is work and ended without. One lane for each
/// scanner, so that one that hangs holds up nobody else.
final class ScannerLane: Sendable {
    private struct Job: Sendable {
        /// False when nobody waits for it any more.
        let run: @Sendable () -> Bool
        /// In its place.
        let fail: @Sendable (ScannerFailure) -> Void
    }

    private struct State {
        var free: Int
        var queue = LaneQueue<Job>()
    }

    private let threads: Int
    private let state: Mutex<State>

    /// - Parameter threads: calls that run at one time.
    init(threads: Int) {
        self.threads = max(1, threads)
        state = Mutex(State(free: self.threads))
    }

    /// Runs `work` for a message on a thread of its own; for the sample of a self-test beside the others.
    ///
    /// A task that is cancelled is answered at once; the thread goes on to the deadline that `work` keeps by itself.
    /// - Parameter deadline: nanoseconds of the monotonic clock, as `work` keeps it.
    /// - Throws: `busy` when no place was free in time, and what `work` throws.
    func run<Value: Sendable>(
        _ subject: ScanSubject, _ deadline: Int, _ work: @escaping @Sendable () throws(ScannerFailure) -> Value
    ) async throws(ScannerFailure) -> Value {
        if subject.isSample { return try await runBeside(work) }
        return try await answer(work) { job in enqueue(job, deadline) }
    }

    /// Runs `work` at once, however many others there are: whether a scanner works is asked while it is busy, too.
    func runBeside<Value: Sendable>(
        _ work: @escaping @Sendable () throws(ScannerFailure) -> Value
    ) async throws(ScannerFailure) -> Value {
        try await answer(work) { job in
            do {
                try startThread { _ = job.run() }
            } catch {
                job.fail(ScannerFailure("\(error)"))
            }
        }
    }

    private func answer<Value: Sendable>(
        _ work: @escaping @Sendable () throws(ScannerFailure) -> Value, _ hand: (Job) -> Void
    ) async throws(ScannerFailure) -> Value {
        let answer = Once<Result<Value, ScannerFailure>>()
        let busy = ScannerFailure.busy(threads)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                answer.wait(continuation)
                hand(
                    Job {
                        guard answer.begin() else { return false }
                        do throws(ScannerFailure) {
                            answer.give(.success(try work()))
                        } catch {
                            answer.give(.failure(error))
                        }
                        return true
                    } fail: {
                        answer.give(.failure($0))
                    })
            }
        } onCancel: {
            answer.give(.failure(answer.hasBegun ? .late : busy))
        }
        return try result.get()
    }

    private func enqueue(_ job: Job, _ deadline: Int) {
        let mayStart = state.withLock { state in
            guard state.free > 0 else {
                state.queue.add(job, now: monotonicNow(), deadline: deadline)
                return false
            }
            state.free -= 1
            return true
        }
        guard mayStart else { return }
        do {
            try startThread { [self] in
                var job = job
                while true {
                    let started = monotonicNow()
                    let time = job.run() ? monotonicNow() - started : nil
                    guard let next = take(after: time) else { return }
                    job = next
                }
            }
        } catch {
            state.withLock { $0.free += 1 }
            job.fail(ScannerFailure("\(error)"))
        }
    }

    /// The next job; without one this thread's place is free again.
    /// - Parameter nanoseconds: what the one before took.
    private func take(after nanoseconds: Int?) -> Job? {
        let (job, hopeless) = state.withLock { state in
            if let nanoseconds { state.queue.took(nanoseconds) }
            let next = state.queue.next(now: monotonicNow())
            if next.job == nil { state.free += 1 }
            return next
        }
        for job in hopeless { job.fail(.busy(threads)) }
        return job
    }
}

/// A value that is given once, whoever is first, and waited for once.
private final class Once<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var waiter: CheckedContinuation<Value, Never>?
        var hasBegun = false
        var isGiven = false
    }

    private let state = Mutex(State())

    /// It is being made.
    var hasBegun: Bool { state.withLock { $0.hasBegun } }

    /// Begins to make it; false when it has been given.
    func begin() -> Bool {
        state.withLock { state in
            guard !state.isGiven else { return false }
            state.hasBegun = true
            return true
        }
    }

    func give(_ value: Value) {
        let waiter = state.withLock { state -> CheckedContinuation<Value, Never>? in
            guard !state.isGiven else { return nil }
            state.isGiven = true
            if state.waiter == nil { state.value = value }
            return state.waiter.take()
        }
        waiter?.resume(returning: value)
    }

    func wait(_ continuation: CheckedContinuation<Value, Never>) {
        let value = state.withLock { state -> Value? in
            if state.value == nil { state.waiter = continuation }
            return state.value
        }
        if let value { continuation.resume(returning: value) }
    }
}
