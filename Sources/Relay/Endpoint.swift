/// Where a socket listens or connects.
package enum Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// An address or a host name (without brackets), and a port.
    case tcp(host: String, port: Int)
    /// A Unix stream socket in the file system.
    case unix(path: String)

    /// `[127.0.0.1]:10025`, `[mx.example.org]:25` or `/run/mailreeve/lmtp`: as replies and logs name it.
    package var description: String {
        switch self {
        case .tcp(let host, let port): "[\(host)]:\(port)"
        case .unix(let path): path
        }
    }
}

/// Where a message goes.
package enum NextHop: Hashable, Sendable, CustomStringConvertible {
    /// A server that speaks SMTP (RFC 5321).
    case smtp(Endpoint)
    /// A server that speaks LMTP (RFC 2033).
    case lmtp(Endpoint)
    /// A Maildir that we store to ourselves; absolute path.
    case maildir(path: String)

    /// It delivers: a server that speaks LMTP does, as a Maildir does; one that speaks SMTP passes mail on (RFC 2033 section 4).
    package var keepsMail: Bool {
        switch self {
        case .smtp: false
        case .lmtp, .maildir: true
        }
    }

    /// As the configuration has it: `smtp:[127.0.0.1]:10025`, `lmtp:unix:/run/lmtp`, `maildir:/path`; replies quote it in `MTA(...)`.
    package var description: String {
        switch self {
        case .smtp(.unix(let path)): "smtp:unix:\(path)"
        case .lmtp(.unix(let path)): "lmtp:unix:\(path)"
        case .smtp(let endpoint): "smtp:\(endpoint)"
        case .lmtp(let endpoint): "lmtp:\(endpoint)"
        case .maildir(let path): "maildir:\(path)"
        }
    }
}

/// The other end of a connection.
package struct ClientAddress: Hashable, Sendable {
    /// `127.0.0.1`, `::1`, or `unix` for a Unix socket. An IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2) is
    /// written as the IPv4 address, so that a rule for the client meets it in either form.
    package let text: String
    /// Remote port; 0 for Unix sockets.
    package let port: Int

    package init(text: String, port: Int) {
        let mapped = "::ffff:"
        let isMapped = text.hasPrefix(mapped) && text.utf8.contains(0x2E)
        self.text = isMapped ? String(text.dropFirst(mapped.utf8.count)) : text
        self.port = port
    }

    /// A client on a Unix socket.
    package static let unix = ClientAddress(text: "unix", port: 0)

    /// True for a client on a Unix socket: the file's mode decided who may connect.
    package var isUnix: Bool { text == "unix" }
}
