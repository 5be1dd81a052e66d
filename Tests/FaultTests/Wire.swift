import Foundation
import Glibc
import TestSupport

/// A Unix socket in front of a real scanner. It passes everything on, and does with the answers to marked messages what a test
/// says: what a scanner in trouble sends, or a network loses.
final class Wire: @unchecked Sendable {
    /// What becomes of an answer.
    enum Fault: Sendable {
        case none
        /// As many other octets.
        case garbage
        /// Its first half, and the end.
        case cut
        /// Kept until `release`.
        case held
    }

    /// Requests without these words are passed on as they are: self-tests, and other mail.
    static let mark = "crackling wire"

    private let server: ScriptedServer
    private let state = State()

    /// Keys of a scanner that is asked over this wire.
    func entry(_ entry: [String: String], _ more: [String: String]) -> [String: String] {
        entry.merging(["addresses": "[ \"unix:\(server.path)\" ]"]) { $1 }.merging(more) { $1 }
    }

    /// - Parameter upstream: connects to the scanner.
    init(_ upstream: @escaping @Sendable () throws -> StreamSocket) throws {
        server = try ScriptedServer { [state] client in
            nonisolated(unsafe) let client = client
            Thread.detachNewThread {
                guard let scanner = try? upstream() else { return }
                try? Self.pass(client, scanner, state)
            }
        }
    }

    /// What becomes of the next answers to marked messages.
    func set(_ fault: Fault) {
        state.change {
            $0.fault = fault
            $0.requests = 0
        }
    }

    /// Lets go what is held.
    func release() { set(.none) }

    /// Waits until a marked message that came since `set` is with the scanner.
    func awaitRequest() throws { try poll("a marked request") { state.read { $0.requests } > 0 } }

    /// Waits until an answer to a marked message is held.
    func awaitHeld() throws { try poll("a held answer") { state.read { $0.held } > 0 } }

    private static func pass(_ client: StreamSocket, _ scanner: StreamSocket, _ state: State) throws {
        var request: [UInt8] = []
        var answer: [UInt8] = []
        var isMarked = false
        var clientIsDone = false
        while true {
            var entries = [
                pollfd(fd: clientIsDone ? -1 : client.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: scanner.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&entries, 2, -1) > 0 else { return }
            if entries[0].revents != 0 {
                let chunk = try client.octets()
                request += chunk
                if !isMarked, String(decoding: request, as: UTF8.self).contains(mark) {
                    isMarked = true
                    state.change { $0.requests += 1 }
                }
                clientIsDone = chunk.isEmpty
                if clientIsDone { scanner.shutdownWriting() } else { try scanner.send(chunk) }
            }
            if entries[1].revents != 0 {
                // A scanner that was killed says less than it would have; that too is passed on.
                let chunk = (try? scanner.octets()) ?? []
                answer += chunk
                if chunk.isEmpty { return try client.send(isMarked ? state.pass(answer) : answer) }
            }
        }
    }

    /// What the connections' threads and the test share.
    private final class State: @unchecked Sendable {
        struct Values {
            var fault = Fault.none
            /// Marked requests that came, and answers to them that are held.
            var requests = 0
            var held = 0
        }

        private let condition = NSCondition()
        // All access is under `condition`.
        private var values = Values()

        func change(_ body: (inout Values) -> Void) {
            condition.withLock {
                body(&values)
                condition.broadcast()
            }
        }

        func read<Value>(_ body: (Values) -> Value) -> Value { condition.withLock { body(values) } }

        /// An answer as it is passed on, when it is.
        func pass(_ answer: [UInt8]) -> [UInt8] {
            condition.withLock {
                switch values.fault {
                case .none: return answer
                case .garbage:
                    var generator = SeededGenerator(seed: 5)
                    return answer.map { _ in UInt8.random(in: 0...255, using: &generator) }
                case .cut: return Array(answer.prefix(answer.count / 2))
                case .held:
                    values.held += 1
                    while case .held = values.fault { condition.wait() }
                    values.held -= 1
                    return answer
                }
            }
        }
    }
}
