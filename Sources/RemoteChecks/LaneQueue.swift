/// Who waits for a place in a `ScannerLane`, and who gets the next one.
///
/// The oldest comes first as long as it has waited for less than half of its time. Beyond that there are more messages than the
/// scanner takes: then the newest comes first, which has all of its time still. Else each would be begun when its time is nearly
/// over, and none would be done.
struct LaneQueue<Job: Sendable>: Sendable {
    private struct Entry: Sendable {
        let job: Job
        /// Nanoseconds of the monotonic clock.
        let since: Int
        let deadline: Int
    }

    /// In the order in which they came.
    private var waiting: [Entry] = []
    /// Nanoseconds that the last calls took, the last of all with a weight of a quarter.
    private(set) var usual = 0

    mutating func add(_ job: Job, now: Int, deadline: Int) {
        waiting.append(Entry(job: job, since: now, deadline: deadline))
    }

    /// A call has ended.
    mutating func took(_ nanoseconds: Int) {
        usual += (nanoseconds - usual) / 4
    }

    /// The one whose turn it is; nil when nobody waits. `hopeless` are those who have less time left than a call usually takes:
    /// they wait no longer.
    mutating func next(now: Int) -> (job: Job?, hopeless: [Job]) {
        let hopeless = waiting.filter { $0.deadline - now < usual || $0.deadline <= now }.map(\.job)
        waiting.removeAll { $0.deadline - now < usual || $0.deadline <= now }
        guard let oldest = waiting.first else { return (nil, hopeless) }
        let isEarly = now - oldest.since <= (oldest.deadline - oldest.since) / 2
        return ((isEarly ? waiting.removeFirst() : waiting.removeLast()).job, hopeless)
    }
}
