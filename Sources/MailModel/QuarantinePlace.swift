/// Where the copy of a message is kept.
package enum QuarantinePlace: Hashable, Sendable, CustomStringConvertible {
    /// The quarantine of this host.
    case local
    /// No copy, unless the destiny demands one: that one is local.
    case nowhere
    /// Neither: `mailreeve quarantine` knows nothing of it.
    case elsewhere(CopyPlace)

    /// As the configuration has it.
    package var description: String {
        switch self {
        case .local: "local"
        case .nowhere: "none"
        case .elsewhere(let place): place.description
        }
    }
}

/// Where a copy goes that the quarantine of this host does not keep.
package enum CopyPlace: Hashable, Sendable, CustomStringConvertible {
    /// A mailbox, by the next hop.
    case mailbox(MailPath)
    /// A file of this host in the mbox form (RFC 4155); absolute path.
    case mbox(path: String)
    /// A Maildir of this host; absolute path.
    case maildir(path: String)
    /// A directory of this host with batch SMTP files (RFC 2442); absolute path.
    case bsmtp(path: String)

    /// Reads the form of `description`. No address begins with such a word and a colon (RFC 5321 section 4.1.2: atoms have no colon).
    package init(bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        self =
            if text.hasPrefix("mbox:/") {
                .mbox(path: String(text.dropFirst(5)))
            } else if text.hasPrefix("maildir:/") {
                .maildir(path: String(text.dropFirst(8)))
            } else if text.hasPrefix("bsmtp:/") {
                .bsmtp(path: String(text.dropFirst(6)))
            } else {
                .mailbox(MailPath(bytes: bytes))
            }
    }

    /// `quarantine@example.com`, `mbox:/path`, `maildir:/path`, `bsmtp:/path`.
    package var description: String {
        switch self {
        case .mailbox(let path): "\(path)"
        case .mbox(let path): "mbox:\(path)"
        case .maildir(let path): "maildir:\(path)"
        case .bsmtp(let path): "bsmtp:\(path)"
        }
    }

    /// The same, octet for octet.
    package var bytes: [UInt8] {
        switch self {
        case .mailbox(let path): path.bytes
        case .mbox, .maildir, .bsmtp: Array(description.utf8)
        }
    }

    /// The next hop brings it there.
    package var isMailbox: Bool {
        if case .mailbox = self { true } else { false }
    }
}
