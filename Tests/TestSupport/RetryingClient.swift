internal import Foundation
internal import Glibc
internal import Synchronization

/// A client that behaves as an MTA's queue does: it keeps each message until it hears 250, and tries again after
/// anything else.
package final class RetryingClient: Sendable {
    /// What became of the messages.
    package struct Result: Sendable {
        /// Numbers of the messages that got 250.
        package var accepted: Set<Int> = []
        /// Messages refused with 5xx, which ends them.
        package var refused: [Int: MailReply] = [:]
        /// Tries that ended without 250.
        package var failures = 0
        /// What the last of them was.
        package var lastFailure = ""
    }

    private struct State {
        var next = 0
        var result = Result()
        var stopped = false
    }

    private let port: Int
    private let count: Int
    private let make: @Sendable (Int) -> Mail
    private let state = Mutex(State())

    /// - Parameter make: the message of a number from 0 to `count` - 1.
    package init(port: Int, messages count: Int, _ make: @escaping @Sendable (Int) -> Mail) {
        self.port = port
        self.count = count
        self.make = make
    }

    /// Messages that got 250 so far.
    package var accepted: Int { state.withLock { $0.result.accepted.count } }

    /// No new message is begun; those begun are carried on.
    package func stop() { state.withLock { $0.stopped = true } }

    /// Sends all messages over `sessions` connections at one time.
    /// - Throws: `TimedOut` when a message was not taken in `seconds`.
    package func run(sessions: Int, seconds: Double = 120) throws -> Result {
        let workers = (0..<sessions).map { _ in Promise { try self.work(until: Date().addingTimeInterval(seconds)) } }
        for worker in workers { try worker.get() }
        return state.withLock { $0.result }
    }

    private func work(until limit: Date) throws {
        var session: MailSession?
        while let number = take() {
            let mail = make(number)
            while true {
                var failure = ""
                if Date() > limit { throw TimedOut("message \(number) to be taken") }
                do {
                    let open = try session ?? MailSession(port: port, seconds: 30)
                    session = open
                    let reply = try open.send(mail).decisive
                    if reply.code == 250 {
                        state.withLock { _ = $0.result.accepted.insert(number) }
                        break
                    }
                    if reply.isPermanent {
                        state.withLock { $0.result.refused[number] = reply }
                        break
                    }
                    if reply.code == 421 { session = nil }
                    failure = "\(reply)"
                } catch {
                    session = nil
                    failure = "\(error)"
                }
                let cause = failure
                state.withLock { state in
                    state.result.failures += 1
                    state.result.lastFailure = cause
                }
                // A queue manager waits before it tries again.
                usleep(20_000)
            }
        }
        session?.quit()
    }

    private func take() -> Int? {
        state.withLock { state in
            guard state.next < count, !state.stopped else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }
}
