/// Where a server that we ask listens, a scanner or a Redis: `127.0.0.1:3310`, `[::1]:3310`, `clamd.example.com:3310`, `unix:/path`.
package enum ServerAddress: Hashable, Sendable, CustomStringConvertible {
    /// An IP address or a name, without brackets.
    case tcp(host: String, port: Int)
    /// A Unix stream socket.
    case unix(path: String)

    /// The form in settings and logs.
    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
