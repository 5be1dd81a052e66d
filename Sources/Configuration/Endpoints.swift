package import MailModel

/// Where a listener waits: `127.0.0.1:10024`, `[::1]:10024`, `unix:/path`.
package enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// A TCP port of one address; `0.0.0.0` and `::` are all addresses of the machine.
    case tcp(IPAddress, port: Int)
    /// A Unix stream socket.
    case unix(path: String)

    /// Reads the three forms. Names are not accepted: what a listener opens must not depend on DNS.
    package init(parsing text: String) throws(ValueError) {
        if let path = text.droppingPrefix("unix:") {
            self = .unix(path: try checkedSocketPath(path))
            return
        }
        let (host, port) = try hostAndPort(text)
        guard let address = IPAddress(host), !host.contains("%") else {
            throw ValueError(
                "'\(shown(host))' is not an IP address; a listener is 127.0.0.1:10024, \"[::1]:10024\" or unix:/path")
        }
        self = .tcp(address, port: port)
    }

    /// The form that `init(parsing:)` reads.
    package var description: String {
        switch self {
        case .tcp(let address, let port): address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// True when both cannot be opened together: equal, or one is the wildcard of the other's family and port.
    package func overlaps(_ other: ListenAddress) -> Bool {
        switch (self, other) {
        case (.tcp(let mine, let myPort), .tcp(let its, let itsPort)):
            myPort == itsPort && mine.isIPv4 == its.isIPv4 && (mine == its || mine.isWildcard || its.isWildcard)
        default:
            self == other
        }
    }
}

extension ListenAddress {
    /// The listener as a place that mail can be sent to, by SMTP.
    package var asNextHop: NextHopAddress {
        switch self {
        case .tcp(let address, let port):
            let host = address.isWildcard ? (address.isIPv4 ? "127.0.0.1" : "::1") : address.description
            return .tcp(.smtp, host: host, port: port)
        case .unix(let path):
            return .unix(.smtp, path: path)
        }
    }
}

extension ServerAddress {
    /// Reads the forms of `description`.
    package init(parsing text: String) throws(ValueError) {
        if text.hasPrefix("unix:") {
            self = .unix(path: try checkedSocketPath(String(text.dropFirst(5))))
            return
        }
        let (host, port) = try hostAndPort(text)
        guard IPAddress(host) != nil || isHostName(host) else {
            throw ValueError("'\(shown(host))' is neither an IP address nor a host name")
        }
        self = .tcp(host: host, port: port)
    }
}

/// Protocol spoken to a next hop.
package enum NextHopProtocol: String, Hashable, Sendable, CaseIterable {
    case smtp
    case lmtp
}

/// Where mail goes: `smtp:[host]:port`, `lmtp:[host]:port`, `smtp:unix:/path`, `lmtp:unix:/path`, `maildir:/path`.
///
/// The brackets are Postfix's "no MX look-up"; as next hops are never looked up as MX here, `smtp:host:port` is the same.
/// IPv6 addresses need them.
package enum NextHopAddress: Hashable, Sendable, CustomStringConvertible {
    /// A TCP server; `host` is an address or a name, without brackets.
    case tcp(NextHopProtocol, host: String, port: Int)
    /// A server on a Unix socket.
    case unix(NextHopProtocol, path: String)
    /// A Maildir that the gateway itself stores to.
    case maildir(path: String)

    /// Reads the forms above.
    package init(parsing text: String) throws(ValueError) {
        if let path = text.droppingPrefix("maildir:") {
            guard path.hasPrefix("/") else { throw ValueError("'\(shown(text))': the Maildir needs an absolute path") }
            self = .maildir(path: path)
            return
        }
        for spoken in NextHopProtocol.allCases {
            guard let rest = text.droppingPrefix(spoken.rawValue + ":") else { continue }
            if let path = rest.droppingPrefix("unix:") {
                self = .unix(spoken, path: try checkedSocketPath(path))
            } else {
                let (host, port) = try hostAndPort(rest)
                guard IPAddress(host) != nil || isHostName(host) else {
                    throw ValueError("'\(shown(host))' is neither an IP address nor a host name")
                }
                self = .tcp(spoken, host: host, port: port)
            }
            return
        }
        throw ValueError(
            "'\(shown(text))' is not a next hop; write smtp:[host]:port, lmtp:[host]:port, lmtp:unix:/path or maildir:/path"
        )
    }

    /// The form that `init(parsing:)` reads, hosts in brackets.
    package var description: String {
        switch self {
        case .tcp(let spoken, let host, let port): "\(spoken.rawValue):[\(host)]:\(port)"
        case .unix(let spoken, let path): "\(spoken.rawValue):unix:\(path)"
        case .maildir(let path): "maildir:\(path)"
        }
    }

    /// True when mail sent here certainly comes back to `listener`. A name other than `localhost` and a wildcard
    /// listener reached by a public address are not looked up, so they are not seen.
    package func leads(to listener: ListenAddress) -> Bool {
        switch (self, listener) {
        case (.unix(_, let path), .unix(let listening)):
            return path == listening
        case (.tcp(_, let host, let port), .tcp(let listening, let listeningPort)):
            guard port == listeningPort else { return false }
            if host.lowercased() == "localhost" { return listening.isLoopback || listening.isWildcard }
            guard let address = IPAddress(host) else { return false }
            // A dual-stack `::` takes IPv4 clients as well.
            return address == listening || (listening.isWildcard && address.isLoopback)
        default:
            return false
        }
    }
}

extension String {
    /// What follows `prefix`; nil when the text does not begin with it.
    fileprivate func droppingPrefix(_ prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}

/// An absolute path that fits into `sockaddr_un` (unix(7): 108 octets with the final NUL).
func checkedSocketPath(_ path: String) throws(ValueError) -> String {
    guard path.hasPrefix("/") else {
        throw ValueError("'unix:\(shown(path))': the socket needs an absolute path")
    }
    guard path.utf8.count <= 107 else {
        throw ValueError("'unix:\(shown(path))': a socket's path has at most 107 octets")
    }
    return path
}

/// Splits `host:port` and `[host]:port`.
func hostAndPort(_ text: String) throws(ValueError) -> (String, Int) {
    guard let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") else {
        throw ValueError("'\(shown(text))' has no port")
    }
    var host = String(text[..<colon])
    let bracketed = host.hasPrefix("[") && host.hasSuffix("]") && host.count >= 2
    if bracketed { host = String(host.dropFirst().dropLast()) }
    guard bracketed || !host.contains(":") else {
        throw ValueError("'\(shown(text))': an IPv6 address needs brackets, \"[::1]:10024\"")
    }
    guard !host.isEmpty else { throw ValueError("'\(shown(text))' has no host") }
    guard let port = decimal(text[text.index(after: colon)...]), (1...65535).contains(port) else {
        throw ValueError("'\(shown(text))': the port must be a number from 1 to 65535")
    }
    return (host, port)
}

/// Letters, digits and inner hyphens in labels of at most 63 octets, 253 in all (RFC 1123 section 2.1); underscores are
/// let through because names of containers have them.
func isHostName(_ text: String) -> Bool {
    guard !text.isEmpty, text.utf8.count <= 253 else { return false }
    return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
        !label.isEmpty && label.utf8.count <= 63 && !label.hasPrefix("-") && !label.hasSuffix("-")
            && label.utf8.allSatisfy { isNameOctet($0) }
    }
}

/// A letter, a digit, `-` or `_`.
func isNameOctet(_ octet: UInt8) -> Bool {
    switch octet {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
    default: false
    }
}
