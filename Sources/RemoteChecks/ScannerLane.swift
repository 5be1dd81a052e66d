internal import Linux
internal import Synchronization

/// Threads for calls that wait: at most so many at one time, started when there is work and ended without. One lane for each
/// scanner, so that one that hangs holds up nobody else.
final class ScannerLane: Sendable {
    private struct State {
        var free: Int
        var waiting: [@Sendable () -> Void] = []
        /// Index of the first in `waiting` that was not taken.
        var next = 0
    }

    private let state: Mutex<State>

    /// - Parameter threads: calls that run at one time.
    init(threads: Int) {
        state = Mutex(State(free: max(1, threads)))
    }

    /// Runs `work` on a thread of its own.
    ///
    /// A task that is cancelled is answered at once; the thread goes on to the deadline that `work` keeps by itself.
    func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws(ScannerFailure) -> Value
    ) async throws(ScannerFailure) -> Value {
        let answer = Once<Result<Value, ScannerFailure>>()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                answer.wait(continuation)
                enqueue {
                    if answer.isGiven { return }
                    do throws(ScannerFailure) {
                        answer.give(.success(try work()))
                    } catch {
                        answer.give(.failure(error))
                    }
                }
            }
        } onCancel: {
            answer.give(.failure(.late))
        }
        return try result.get()
    }

    private func enqueue(_ job: @escaping @Sendable () -> Void) {
        let mayStart = state.withLock { state in
            guard state.free > 0 else {
                state.waiting.append(job)
                return false
            }
            state.free -= 1
            return true
        }
        guard mayStart else { return }
        do {
            try startThread { [self] in
                job()
                while let next = take() { next() }
            }
        } catch {
            // Without a thread the caller is answered when its deadline passes, which cancels it.
            state.withLock { $0.free += 1 }
        }
    }

    /// The next job; without one this thread's place is free again.
    private func take() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard state.next < state.waiting.count else {
                state.waiting = []
                state.next = 0
                state.free += 1
                return nil
            }
            defer { state.next += 1 }
            return state.waiting[state.next]
        }
    }
}

/// A value that is given once, whoever is first, and waited for once.
private final class Once<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var waiter: CheckedContinuation<Value, Never>?
        var isGiven = false
    }

    private let state = Mutex(State())

    var isGiven: Bool { state.withLock { $0.isGiven } }

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
