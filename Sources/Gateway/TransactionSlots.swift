internal import Synchronization

/// How many transactions with next hops go on at one time (`limits.next_hop_transactions`). A message takes all that it needs at
/// once: two that each waited for the rest of theirs would wait for ever. First come, first served.
final class TransactionSlots: Sendable {
    private struct Waiter {
        let number: UInt64
        let count: Int
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var limit: Int
        var used = 0
        var lastNumber: UInt64 = 0
        var waiting: [Waiter] = []
        /// Those that are about to wait, and whether they have given up before.
        var coming: [UInt64: Bool] = [:]

        /// Who wants more than there is, after the limit was lowered, gets it when nobody else has any.
        func fits(_ count: Int) -> Bool { used == 0 || used + count <= limit }
    }

    private let state: Mutex<State>

    /// - Parameter limit: at least 1.
    init(limit: Int) {
        state = Mutex(State(limit: max(1, limit)))
    }

    /// What one message can take at most.
    var limit: Int { state.withLock { $0.limit } }

    /// Who waits.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// Takes over another limit. What is taken stays taken.
    func setLimit(_ limit: Int) {
        state.withLock { $0.limit = max(1, limit) }
        admit()
    }

    /// Waits until `count` slots are free and takes them.
    /// - Returns: false when that was not so by the deadline, or the task was cancelled.
    func take(_ count: Int, until deadline: ContinuousClock.Instant) async -> Bool {
        let number = state.withLock { state -> UInt64? in
            if state.waiting.isEmpty, state.fits(count) {
                state.used += count
                return nil
            }
            state.lastNumber += 1
            state.coming[state.lastNumber] = false
            return state.lastNumber
        }
        guard let number else { return true }
        let timer = Task {
            if (try? await Task.sleep(until: deadline, clock: .continuous)) != nil { giveUp(number) }
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isAbandoned = state.withLock { state in
                    if state.coming.removeValue(forKey: number) == true { return true }
                    state.waiting.append(Waiter(number: number, count: count, continuation: continuation))
                    return false
                }
                if isAbandoned { continuation.resume(returning: false) } else { admit() }
            }
        } onCancel: {
            giveUp(number)
        }
    }

    /// Gives slots back.
    func give(_ count: Int) {
        state.withLock { $0.used -= count }
        admit()
    }

    private func giveUp(_ number: UInt64) {
        let waiter = state.withLock { state -> Waiter? in
            if state.coming[number] != nil { state.coming[number] = true }
            guard let place = state.waiting.firstIndex(where: { $0.number == number }) else { return nil }
            return state.waiting.remove(at: place)
        }
        waiter?.continuation.resume(returning: false)
        if waiter != nil { admit() }
    }

    /// Lets in those in front for whom there is room.
    private func admit() {
        let admitted = state.withLock { state in
            var admitted: [Waiter] = []
            while let first = state.waiting.first, state.fits(first.count) {
                state.used += first.count
                admitted.append(state.waiting.removeFirst())
            }
            return admitted
        }
        for waiter in admitted { waiter.continuation.resume(returning: true) }
    }
}
