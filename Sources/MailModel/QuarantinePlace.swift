/// Where the copy of a message is kept.
package enum QuarantinePlace: Hashable, Sendable, CustomStringConvertible {
    /// The quarantine of this host.
    case local
    /// No copy, unless the destiny demands one: that one is local.
    case nowhere
    /// A mailbox, by the next hop.
    case mailbox(MailPath)

    /// As the configuration has it.
    package var description: String {
        switch self {
        case .local: "local"
        case .nowhere: "none"
        case .mailbox(let path): "\(path)"
        }
    }
}
