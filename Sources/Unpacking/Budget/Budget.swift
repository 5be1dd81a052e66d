internal import Members

/// What one message may still use. All its containers share it.
final class Budget {
    private(set) var hits: [UnpackingLimit] = []
    /// Set by a limit that ends all unpacking.
    private(set) var isOver = false
    private(set) var bytesLeft: Int
    private var filesLeft: Int
    private var namesLeft = UnpackingLimits.nameOctets
    private let deadline: Int
    private let processorDeadline: Int
    private let wallClock: @Sendable () -> Int
    private let processorClock: @Sendable () -> Int
    /// Wall time from which on the processor clock is asked again.
    private var nextLook: Int

    /// Nanoseconds of wall time between two looks at the processor clock, which is a system call of some microseconds: a thread cannot
    /// use more processor time than that in between.
    private static let lookInterval = 10_000_000

    /// - Parameters:
    ///   - wallClock: nanoseconds.
    ///   - processorClock: nanoseconds of this thread's or process's work.
    init(
        _ limits: UnpackingLimits, messageSize: Int, wallClock: @escaping @Sendable () -> Int,
        processorClock: @escaping @Sendable () -> Int
    ) {
        bytesLeft = limits.quota(messageSize: messageSize)
        filesLeft = limits.files
        self.wallClock = wallClock
        self.processorClock = processorClock
        nextLook = wallClock()
        deadline = nextLook + limits.seconds * 1_000_000_000
        processorDeadline = processorClock() + limits.processorSeconds * 1_000_000_000
    }

    /// Notes a limit. Only too deep a nesting leaves the rest of the message to be unpacked.
    func hit(_ limit: UnpackingLimit) {
        if !hits.contains(limit) { hits.append(limit) }
        if limit != .levels { isOver = true }
    }

    /// Ends unpacking where it cannot go on, though no limit was reached.
    func stop() { isOver = true }

    /// Takes one member. False when there are too many, or their names are too long together.
    func take(_ member: Member) -> Bool {
        guard mayGoOn() else { return false }
        guard filesLeft > 0 else {
            hit(.files)
            return false
        }
        let names = member.names.reduce(0) { $0 + $1.count }
        guard names <= namesLeft else {
            hit(.names)
            return false
        }
        namesLeft -= names
        filesLeft -= 1
        return true
    }

    /// Takes octets; returns how many of them there were.
    func takeBytes(_ count: Int) -> Int {
        let taken = min(count, bytesLeft)
        bytesLeft -= taken
        if taken < count { hit(.bytes) }
        return taken
    }

    /// Charges octets that were decoded elsewhere and are there whatever the budget says.
    func charge(_ count: Int) {
        bytesLeft = max(0, bytesLeft - count)
    }

    /// True while there is time.
    func mayGoOn() -> Bool {
        if isOver { return false }
        let now = wallClock()
        if now > deadline { hit(.seconds) }
        if now >= nextLook {
            nextLook = now + Self.lookInterval
            if processorClock() > processorDeadline { hit(.processorSeconds) }
        }
        return !isOver
    }
}
