internal import Relay
internal import Stores
internal import Synchronization

/// Messages between the end of their data and their reply, by envelope and content. A client that gives up waiting sends its message
/// again, maybe before the first try is done: then nothing is remembered yet of who got it, and both would be delivered.
///
/// Two that are alike and whose clients both wait are two messages (a load generator sends such): neither waits for the other.
final class MessagesInFlight: Sendable {
    private struct Try {
        let number: UInt64
        let presence: ClientPresence
    }

    private let tries = Mutex<[ServedRecipients.Key: [Try]]>([:])

    /// Notes a message that is begun.
    /// - Returns: false, and it is not noted, where another try is under way whose client has gone.
    func begin(_ key: ServedRecipients.Key, _ number: UInt64, _ presence: ClientPresence) -> Bool {
        tries.withLock { tries in
            let others = tries[key, default: []]
            if others.contains(where: \.presence.isGone) { return false }
            tries[key] = others + [Try(number: number, presence: presence)]
            return true
        }
    }

    /// Whether a try that was begun before this one has lost its client since.
    func isRetry(_ key: ServedRecipients.Key, _ number: UInt64) -> Bool {
        tries.withLock { tries in
            tries[key, default: []].prefix { $0.number != number }.contains(where: \.presence.isGone)
        }
    }

    /// Notes that a message that was begun is done: what is to be remembered of it is.
    func end(_ key: ServedRecipients.Key, _ number: UInt64) {
        tries.withLock { tries in
            let left = tries[key, default: []].filter { $0.number != number }
            tries[key] = left.isEmpty ? nil : left
        }
    }
}
