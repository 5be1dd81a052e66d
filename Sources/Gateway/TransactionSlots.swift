internal import Synchronization

/// How many transactions with next hops go on at one time (`limits.next_hop_transactions`). A message takes all that it needs at
/// once: two that each waited for the rest of theirs would wait for ever. First come, first served, but who needs more than is free
/// is passed by others, `passes` times at most.
final class TransactionSlots: Sendable {
    private struct Waiter {
        let number: UInt64
        let count: Int
        let continuation: CheckedContinuation<Bool, Never>
        /// How often others have passed it.
        var passed = 0
    }

    /// How often a message that waits for several places is passed by such as need fewer: then they wait behind it.
    static let passes = 200

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

    /// What there is, for a message that can wait until nobody else has much.
    var limit: Int { state.withLock { $0.limit } }

    /// What a message takes that cannot have all that it needs: the other half is left to others while its next hops do not answer.
    var share: Int { (limit + 1) / 2 }

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

    /// Lets in those for whom there is room, in their order.
    private func admit() {
        let admitted = state.withLock { state in
            var admitted: [Waiter] = []
            var place = 0
            while place < state.waiting.count {
                if state.fits(state.waiting[place].count) {
                    state.used += state.waiting[place].count
                    admitted.append(state.waiting.remove(at: place))
                    for earlier in 0..<place { state.waiting[earlier].passed += 1 }
                } else if state.waiting[place].passed < Self.passes {
                    place += 1
                } else {
                    break
                }
            }
            return admitted
        }
        for waiter in admitted { waiter.continuation.resume(returning: true) }
    }
}
