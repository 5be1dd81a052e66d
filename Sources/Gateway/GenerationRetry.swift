/// When the engine is loaded again after a generation with it could not take over: at once where its signatures have changed
/// meanwhile, else after a pause that grows, since loading costs seconds of a processor, and the reason may pass, as a lack of
/// memory does. Times are nanoseconds of the monotonic clock.
struct GenerationRetry {
    /// What serves when a generation is given up.
    enum Serving {
        /// Nothing: mail waits.
        case nothing
        /// A generation that inspects without the engine.
        case withoutEngine
        /// The generation before.
        case before
    }

    /// While nothing serves.
    static let shortest = 1_000_000_000
    /// The longest pause while a generation without the engine serves.
    static let longestWithoutEngine = 60_000_000_000
    /// Pauses while the generation before serves: the first and the longest.
    static let firstBehind = 60_000_000_000
    static let longestBehind = 3_600_000_000_000

    /// The next try; nil when none is due.
    private(set) var at: Int?
    /// What was refused while the one before serves is tried again.
    private(set) var triesRefused = false
    /// The signatures have changed while a generation was loading, which may not have read the change.
    private var hasChanged = false
    private var pauseWithoutEngine = shortest
    private var pauseBehind = firstBehind

    /// A generation that served has died.
    mutating func died(now: Int, isFirst: Bool) { at = now + (isFirst ? 0 : Self.shortest) }

    /// A generation could not be started at all.
    mutating func notStarted(now: Int) { at = now + Self.shortest }

    /// The signatures have changed: what was refused of those before is of no interest.
    mutating func changed(whileLoading: Bool) {
        triesRefused = false
        pauseBehind = Self.firstBehind
        hasChanged = hasChanged || whileLoading
    }

    /// A generation with the engine is given up.
    /// - Parameter isAsked: somebody waits for the answer, and may ask again.
    mutating func gaveUp(now: Int, serving: Serving, isAsked: Bool) {
        switch serving {
        case .nothing: at = now + Self.shortest
        case .withoutEngine:
            at = now + pauseWithoutEngine
            pauseWithoutEngine = min(pauseWithoutEngine * 2, Self.longestWithoutEngine)
        case .before:
            guard hasChanged || !isAsked else { break }
            triesRefused = true
            at = now + (hasChanged ? 0 : pauseBehind)
            if !hasChanged { pauseBehind = min(pauseBehind * 2, Self.longestBehind) }
        }
        hasChanged = false
    }

    /// The time of a try has come; it is told once.
    mutating func isDue(now: Int) -> Bool {
        guard let at, at <= now else { return false }
        self.at = nil
        return true
    }

    /// A generation with the engine serves.
    mutating func served() { self = GenerationRetry() }
}
