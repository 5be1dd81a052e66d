internal import Foundation
internal import Synchronization

/// Room for tests that start processes: at most so many run at one time, each on a thread of its own, so that neither
/// the machine nor Swift's few threads are full of them.
package enum Lanes {
    private static let count = 4
    private struct State {
        var free = Lanes.count
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private static let state = Mutex(State())

    /// Runs blocking code when there is room.
    package static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        await enter()
        defer { leave() }
        return try await onThread(body)
    }

    private static func enter() async {
        await withCheckedContinuation { continuation in
            let now = state.withLock { state in
                guard state.free == 0 else {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if now { continuation.resume() }
        }
    }

    private static func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.free += 1
            return nil
        }
        next?.resume()
    }
}

/// Runs blocking code on a thread of its own. It stays in the task of its test, so that what it finds wrong is that
/// test's failure.
package func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withTaskExecutorPreference(ThreadExecutor()) { try body() }
}

/// Runs each job on a new thread.
private final class ThreadExecutor: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread.detachNewThread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// A value that one thread sets and others wait for.
package final class Promise<Value: Sendable>: @unchecked Sendable {
    // All access is under `condition`.
    private let condition = NSCondition()
    private var result: Result<Value, any Error>?

    /// Runs `body` on a thread of its own; `get` waits for its end.
    package init(_ body: @escaping @Sendable () throws -> Value) {
        Thread.detachNewThread {
            let result = Result { try body() }
            self.condition.lock()
            self.result = result
            self.condition.broadcast()
            self.condition.unlock()
        }
    }

    /// The value, when it is there.
    package func get() throws -> Value {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let result { return try result.get() }
            condition.wait()
        }
    }
}

/// Closed until it is opened; threads wait before it.
package final class Barrier: @unchecked Sendable {
    // All access is under `condition`.
    private let condition = NSCondition()
    private var opened = false

    package init() {}

    package func open() {
        condition.lock()
        opened = true
        condition.broadcast()
        condition.unlock()
    }

    package var isOpen: Bool {
        condition.lock()
        defer { condition.unlock() }
        return opened
    }

    package func wait() {
        condition.lock()
        while !opened { condition.wait() }
        condition.unlock()
    }
}

/// A condition that was waited for did not come about.
package struct TimedOut: Error, CustomStringConvertible {
    package let description: String

    package init(_ what: String) {
        description = what.hasPrefix("gave up") ? what : "gave up waiting for \(what)"
    }
}

/// Looks again and again until `condition` holds; for states of the system that nobody signals.
package func poll(_ what: String, seconds: Double = 20, until condition: () throws -> Bool) throws {
    let end = Date().addingTimeInterval(seconds)
    while try !condition() {
        if Date() > end { throw TimedOut(what) }
        usleep(5000)
    }
}
