internal import MailModel
internal import NIOCore
internal import Synchronization

/// The connections and messages of the front door that exist now: limits, counts, and who to tell when it stops.
final class ConnectionRegistry: Sendable {
    private struct State {
        var limits: ConnectionLimits
        var channels: [UInt64: any Channel] = [:]
        /// Those that were not refused.
        var admitted: Set<UInt64> = []
        var perClient: [String: Int] = [:]
        var processing = 0
        var messages: UInt64 = 0
        var accepted: UInt64 = 0
        var refused: UInt64 = 0
        var draining = false
        var whenIdle: EventLoopPromise<Void>?

        var isIdle: Bool { channels.isEmpty && processing == 0 }

        mutating func takeIdlePromise() -> EventLoopPromise<Void>? {
            guard isIdle else { return nil }
            defer { whenIdle = nil }
            return whenIdle
        }
    }

    private let state: Mutex<State>

    init(limits: ConnectionLimits) {
        state = Mutex(State(limits: limits))
    }

    func setLimits(_ limits: ConnectionLimits) {
        state.withLock { $0.limits = limits }
    }

    /// Counts a connection in.
    /// - Returns: its number, and the reply in place of a greeting when it is over a limit. It is counted in any case
    ///   and must be counted out by `remove`.
    func add(_ channel: any Channel, from client: ClientAddress) -> (number: UInt64, refusal: Reply?) {
        state.withLock { state in
            state.accepted += 1
            let number = state.accepted
            var refusal: Reply?
            let same = client.isUnix ? 0 : state.perClient[client.text, default: 0]
            if state.draining {
                refusal = Reply(421, EnhancedStatus(4, 3, 2), "Service shutting down")
            } else if state.admitted.count >= state.limits.connections {
                refusal = Reply(421, EnhancedStatus(4, 7, 0), "Error: too many connections")
            } else if state.limits.perClient > 0, same >= state.limits.perClient {
                refusal = Reply(421, EnhancedStatus(4, 7, 0), "Error: too many connections from \(client.text)")
            }
            state.channels[number] = channel
            if refusal != nil {
                state.refused += 1
            } else {
                state.admitted.insert(number)
                if !client.isUnix { state.perClient[client.text] = same + 1 }
            }
            return (number, refusal)
        }
    }

    func remove(_ number: UInt64, from client: ClientAddress) {
        let idle = state.withLock { state in
            guard state.channels.removeValue(forKey: number) != nil else { return nil as EventLoopPromise<Void>? }
            if state.admitted.remove(number) != nil, !client.isUnix, let count = state.perClient[client.text] {
                state.perClient[client.text] = count > 1 ? count - 1 : nil
            }
            return state.takeIdlePromise()
        }
        idle?.succeed()
    }

    /// A message is given to the receiver.
    /// - Returns: its number.
    func beginProcessing() -> UInt64 {
        state.withLock { state in
            state.processing += 1
            state.messages += 1
            return state.messages
        }
    }

    func endProcessing() {
        let idle = state.withLock { state in
            state.processing -= 1
            return state.takeIdlePromise()
        }
        idle?.succeed()
    }

    var status: FrontDoorStatus {
        state.withLock {
            FrontDoorStatus(
                connections: $0.channels.count, processing: $0.processing, accepted: $0.accepted, refused: $0.refused,
                messages: $0.messages)
        }
    }

    /// From now on nobody is let in; `promise` succeeds when the last connection and message are gone.
    func drain(_ promise: EventLoopPromise<Void>) -> [any Channel] {
        let (idle, channels) = state.withLock { state in
            state.draining = true
            state.whenIdle = promise
            return (state.takeIdlePromise(), Array(state.channels.values))
        }
        idle?.succeed()
        return channels
    }

    var channels: [any Channel] { state.withLock { Array($0.channels.values) } }
}

/// Figures for `status`.
package struct FrontDoorStatus: Hashable, Sendable {
    /// Connections now.
    package var connections: Int
    /// Messages that wait for the receiver now.
    package var processing: Int
    /// Connections since the start, refused ones included.
    package var accepted: UInt64
    /// Connections refused because of a limit.
    package var refused: UInt64
    /// Messages given to the receiver since the start.
    package var messages: UInt64
}
