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

    /// How a message stands to others that are alike.
    enum Standing {
        case alone
        /// The clients of others wait, too: what is remembered is about them.
        case besideOthers
        /// The client of another has gone: this is its next try.
        case retry
    }

    /// Notes a message that is begun, but no retry.
    func begin(_ key: ServedRecipients.Key, _ number: UInt64, _ presence: ClientPresence) -> Standing {
        tries.withLock { tries in
            let others = tries[key, default: []]
            if others.contains(where: \.presence.isGone) { return .retry }
            tries[key] = others + [Try(number: number, presence: presence)]
            return others.isEmpty ? .alone : .besideOthers
        }
    }

    /// How a message that was begun stands now: it is a retry where one that was begun before it has lost its client since.
    func standing(_ key: ServedRecipients.Key, _ number: UInt64) -> Standing {
        tries.withLock { tries in
            let all = tries[key, default: []]
            if all.prefix(while: { $0.number != number }).contains(where: \.presence.isGone) { return .retry }
            return all.contains { $0.number != number && !$0.presence.isGone } ? .besideOthers : .alone
        }
    }

    /// Notes that a message that was begun is done: its client has its reply, and what is to be remembered of it is.
    func end(_ key: ServedRecipients.Key, _ number: UInt64) {
        tries.withLock { tries in
            let left = tries[key, default: []].filter { $0.number != number }
            tries[key] = left.isEmpty ? nil : left
        }
    }
}
