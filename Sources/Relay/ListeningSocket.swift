internal import Glibc
internal import Linux

/// Binding of listening sockets by plain system calls, so that it can happen before root is given up and so that a
/// Unix socket has its mode and owner before anybody can connect to it.
package enum ListeningSocket {
    /// Who may open a Unix socket.
    package struct Access: Hashable, Sendable {
        /// Mode of the socket file.
        package var mode: UInt32
        /// Owner; nil leaves the process's own.
        package var user: UInt32?
        /// Group; nil leaves the process's own.
        package var group: UInt32?

        package init(mode: UInt32 = 0o660, user: UInt32? = nil, group: UInt32? = nil) {
            self.mode = mode
            self.user = user
            self.group = group
        }
    }

    /// Binds (does not listen yet) and returns the descriptor, close-on-exec and not blocking. The caller owns it.
    ///
    /// TCP: `SO_REUSEADDR`, and IPv6 sockets are for IPv6 only, so `0.0.0.0` and `::` can stand side by side.
    /// Unix: a socket file that nobody answers on is removed; anything else at that path is an error.
    /// - Throws: `EndpointError` that names the endpoint: port busy, address not ours, no permission.
    package static func bind(_ endpoint: Endpoint, access: Access = Access()) throws(EndpointError) -> Int32 {
        switch endpoint {
        case .tcp(let host, let port): try bindTCP(host, port, endpoint)
        case .unix(let path): try bindUnix(path, access, endpoint)
        }
    }

    private static func bindTCP(_ host: String, _ port: Int, _ endpoint: Endpoint) throws(EndpointError) -> Int32 {
        guard (0...65_535).contains(port) else { throw EndpointError(endpoint, "there is no port \(port)") }
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &found)
        guard code == 0, let first = found else {
            throw EndpointError(endpoint, String(cString: gai_strerror(code)))
        }
        defer { freeaddrinfo(first) }
        let info = first.pointee
        return try attempt(endpoint, family: info.ai_family) { (descriptor) throws(SystemError) in
            var yes: Int32 = 1
            let size = socklen_t(MemoryLayout<Int32>.size)
            try check("setsockopt") { setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, size) }
            if info.ai_family == AF_INET6 {
                try check("setsockopt") { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &yes, size) }
            }
            try check("bind") { Glibc.bind(descriptor, info.ai_addr, info.ai_addrlen) }
        }
    }

    private static func bindUnix(
        _ path: String, _ access: Access, _ endpoint: Endpoint
    ) throws(EndpointError) -> Int32 {
        guard var address = UnixAddress(path) else {
            throw EndpointError(endpoint, "the path is too long for a socket")
        }
        try removeStale(path, &address, endpoint)
        return try attempt(endpoint, family: AF_UNIX) { (descriptor) throws(SystemError) in
            try check("bind") { address.withPointer { Glibc.bind(descriptor, $0, $1) } }
            // Nobody can connect between bind and listen, so there is no moment with the wrong mode.
            try set(access, path)
        }
    }

    /// Gives the file of an open Unix socket another mode or owner.
    static func set(_ access: Access, _ path: String) throws(SystemError) {
        try check("chmod \(path)") { chmod(path, access.mode) }
        if access.user != nil || access.group != nil {
            try check("chown \(path)") { chown(path, access.user ?? UInt32.max, access.group ?? UInt32.max) }
        }
    }

    private static func removeStale(
        _ path: String, _ address: inout UnixAddress, _ endpoint: Endpoint
    ) throws(EndpointError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw EndpointError(endpoint, "there is a file in the way") }
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { throw EndpointError(endpoint, SystemError("socket", code: errno)) }
        defer { close(probe) }
        let connected = address.withPointer { connect(probe, $0, $1) }
        if connected == 0 { throw EndpointError(endpoint, "another process answers on it") }
        guard errno == ECONNREFUSED else { throw EndpointError(endpoint, SystemError("connect", code: errno)) }
        unlink(path)
    }

    private static func attempt(
        _ endpoint: Endpoint, family: Int32, _ configure: (Int32) throws(SystemError) -> Void
    ) throws(EndpointError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, kind, 0)
        guard descriptor >= 0 else { throw EndpointError(endpoint, SystemError("socket", code: errno)) }
        do throws(SystemError) {
            try configure(descriptor)
            return descriptor
        } catch {
            close(descriptor)
            throw EndpointError(endpoint, error)
        }
    }
}

/// A listener that could not be opened: names the endpoint and what is wrong with it.
package struct EndpointError: Error, Hashable, CustomStringConvertible {
    /// The endpoint.
    package let endpoint: Endpoint
    /// What is wrong, for the operator.
    package let problem: String

    init(_ endpoint: Endpoint, _ problem: String) {
        self.endpoint = endpoint
        self.problem = problem
    }

    init(_ endpoint: Endpoint, _ error: SystemError) {
        switch error.code {
        case EADDRINUSE: self.init(endpoint, "the port is busy: another process listens on it")
        case EADDRNOTAVAIL: self.init(endpoint, "this machine does not have that address")
        default: self.init(endpoint, "\(error)")
        }
    }

    package var description: String { "cannot listen on \(endpoint): \(problem)" }
}

/// `sockaddr_un` (unix(7)): at most 107 octets of path and a NUL.
private struct UnixAddress {
    private var address = sockaddr_un()

    init?(_ path: String) {
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, !bytes.contains(0), bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            return nil
        }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    }

    mutating func withPointer(_ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, size) }
        }
    }
}
