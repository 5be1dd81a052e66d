import Glibc
import Linux
import MailModel
import SMTP
import Synchronization

/// A message as it goes over the wire after DATA.
struct PreparedMessage: Sendable {
    /// Octets before dot-stuffing.
    let count: Int
    /// Dot-stuffed, with the final dot.
    let wire: [UInt8]

    init(_ message: [UInt8]) {
        var stuffer = DotStuffer()
        var wire: [UInt8] = []
        stuffer.stuff(message.span, into: &wire)
        self.wire = wire + stuffer.terminator
        count = message.count
    }
}

/// N sessions, each on a thread of its own with a blocking socket, that share a number of messages to send.
final class BenchLoad: Sendable {
    private let place: ServerArgument.Place
    private let hello: [UInt8]
    private let envelope: [UInt8]
    private let bodies: [PreparedMessage]
    private let total: Int
    private let started = Atomic<Int>(0)
    private let figures = Mutex(BenchFigures())

    init(
        place: ServerArgument.Place, lmtp: Bool, sender: MailPath, recipient: MailPath, bodies: [PreparedMessage],
        total: Int
    ) {
        self.place = place
        self.bodies = bodies
        self.total = total
        hello = Array("\(lmtp ? "LHLO" : "EHLO") bench.localhost\r\n".utf8)
        envelope =
            Array("MAIL FROM:<".utf8) + sender.bytes + Array(">\r\nRCPT TO:<".utf8) + recipient.bytes
            + Array(">\r\nDATA\r\n".utf8)
    }

    /// Sends everything; returns when the last session has ended.
    func run(sessions: Int) throws -> BenchFigures {
        let ended = try Wakeup()
        let begin = Self.now()
        let left = Countdown(sessions)
        for _ in 0..<sessions {
            try startThread { [self] in
                let mine = session()
                figures.withLock { $0.add(mine) }
                if left.reachesZero() { ended.signal() }
            }
        }
        var entry = pollfd(fd: ended.descriptor.raw, events: Int16(POLLIN), revents: 0)
        while poll(&entry, 1, -1) < 0, errno == EINTR {}
        var result = figures.withLock { $0 }
        result.seconds = Double(Self.now() - begin) / 1_000_000
        result.processorSeconds = Self.processorSeconds()
        return result
    }

    /// Connections in a row that one session tries when they are lost.
    private static let attempts = 3
    /// Seconds to wait for any reply.
    private static let replySeconds = 300

    private func session() -> BenchFigures {
        var mine = BenchFigures()
        var failed = 0
        while started.load(ordering: .relaxed) < total {
            do throws(BenchFailure) {
                var connection = try BenchConnection(place, hello: hello, seconds: Self.replySeconds)
                try exchange(&connection, &mine, &failed)
                connection.quit()
            } catch {
                failed += 1
                if failed >= Self.attempts {
                    mine.failures[error.cause, default: 0] += 1
                    return mine
                }
            }
        }
        return mine
    }

    private func exchange(
        _ connection: inout BenchConnection, _ mine: inout BenchFigures, _ failed: inout Int
    ) throws(BenchFailure) {
        while true {
            let number = started.wrappingAdd(1, ordering: .relaxed).oldValue
            guard number < total else { return }
            let body = bodies[number % bodies.count]
            let begin = Self.now()
            do throws(BenchFailure) {
                let code = try connection.message(envelope: envelope, body: body.wire)
                mine.microseconds.append(Self.now() - begin)
                mine.replies[code, default: 0] += 1
                mine.octets += body.count
                failed = 0
            } catch {
                mine.replies[0, default: 0] += 1
                throw error
            }
        }
    }

    /// Microseconds of the monotonic clock.
    private static func now() -> Int {
        monotonicNow() / 1000
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
    }
}

/// Counts threads that are still at work.
private final class Countdown: Sendable {
    private let left: Atomic<Int>

    init(_ count: Int) {
        left = Atomic(count)
    }

    /// Counts down; true for the last one.
    func reachesZero() -> Bool {
        left.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0
    }
}
