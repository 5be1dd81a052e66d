internal import Synchronization

/// Whether the client of a message still waits for its reply. One that gave up will send the message again, whatever the reply is.
package final class ClientPresence: Sendable {
    private let hasLeft = Atomic<Bool>(false)

    package init() {}

    package var isGone: Bool { hasLeft.load(ordering: .acquiring) }

    func leave() {
        hasLeft.store(true, ordering: .releasing)
    }
}
