internal import Logging
internal import NIOPosix
internal import Stores

/// What all connections of the front door share.
struct FrontDoorServices: Sendable {
    let registry: ConnectionRegistry
    let receiver: any MailReceiver
    let spool: Spool
    /// Runs the appends of large messages, which may wait for a disk.
    let diskPool: NIOThreadPool
    let log: Logger
}

/// What the front door tells its connections.
enum FrontDoorEvent: Sendable {
    /// Finish the message in hand, then close.
    case shutdown
}
