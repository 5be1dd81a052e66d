internal import Synchronization

/// How many of something are open, and how many were at most.
package final class OpenCount: Sendable {
    private let counts = Mutex((now: 0, most: 0))

    package init() {}

    package var now: Int { counts.withLock { $0.now } }
    package var most: Int { counts.withLock { $0.most } }

    package func add(_ difference: Int) {
        counts.withLock { counts in
            counts.now += difference
            counts.most = max(counts.most, counts.now)
        }
    }
}
