internal import Linux
internal import MailModel
package import NIOPosix
internal import SMTP
internal import Synchronization

/// Takes every message: stores it in a Maildir, or only counts it. What `mailreeve sink` runs behind a front door.
package final class MaildirReceiver: MailReceiver {
    /// Where messages go.
    package enum Store: Hashable, Sendable {
        /// A Maildir; absolute path, directories are made when absent.
        case maildir(path: String)
        /// Nowhere: for measuring.
        case discard
    }

    private let store: Store
    private let hostname: String
    private let disk: NIOThreadPool
    private let taken = Atomic<Int>(0)

    /// `disk`: threads that write; not shut down here. `hostname` becomes part of file names.
    package init(store: Store, hostname: String, disk: NIOThreadPool) {
        self.store = store
        self.hostname = hostname
        self.disk = disk
    }

    /// Messages taken so far.
    package var messages: Int { taken.load(ordering: .relaxed) }

    package func receive(_ message: ReceivedMessage) async -> MailAnswer {
        let name: String
        switch store {
        case .discard: name = "discard\(message.number)"
        case .maildir(let path):
            let maildir = Maildir(path: path, hostname: hostname)
            let outgoing = OutgoingMessage(
                reversePath: message.envelope.reversePath, recipients: message.envelope.recipients,
                body: OutgoingBody(file: message.file), hasEightBit: message.intake.hasEightBit)
            do {
                name = try await disk.runIfActive {
                    let stored = try maildir.store(outgoing)
                    try stored.commit()
                    return stored.name
                }
            } catch {
                let reply = Reply(451, EnhancedStatus(4, 3, 0), "Error: queue file write error", cause: "\(error)")
                return MailAnswer(message.replies(reply))
            }
        }
        taken.wrappingAdd(1, ordering: .relaxed)
        return MailAnswer(message.replies(Reply(250, EnhancedStatus(2, 0, 0), "Ok: queued as \(name)")))
    }
}
