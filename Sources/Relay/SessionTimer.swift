internal import NIOCore

/// Deadlines of one connection. Moving a deadline costs an assignment: the one scheduled task looks, when it runs,
/// whether its time has come, and otherwise schedules itself anew. Confined to the event loop.
final class SessionTimer {
    private let loop: any EventLoop
    private var armed: Scheduled<Void>?
    private var armedFor = NIODeadline.distantFuture
    private var due = NIODeadline.distantFuture
    private var expired: (() -> Void)?

    init(loop: any EventLoop) {
        self.loop = loop
    }

    /// What happens when the deadline passes; called once for each deadline set.
    func start(_ expired: @escaping () -> Void) {
        self.expired = expired
    }

    /// Moves the deadline.
    func set(_ deadline: NIODeadline) {
        due = deadline
        if deadline < armedFor { arm() }
    }

    /// Ends the timer for good.
    func stop() {
        armed?.cancel()
        armed = nil
        armedFor = .distantFuture
        due = .distantFuture
        expired = nil
    }

    private func arm() {
        armed?.cancel()
        armedFor = due
        armed = loop.assumeIsolated().scheduleTask(deadline: due) { self.run() }
    }

    private func run() {
        armed = nil
        armedFor = .distantFuture
        if due > NIODeadline.now() {
            if due < .distantFuture { arm() }
        } else {
            due = .distantFuture
            expired?()
        }
    }
}
