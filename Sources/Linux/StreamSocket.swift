internal import Glibc

/// A blocking connection to a server, for commands that talk to one peer in turns: the control socket, `filter`, `bench`.
package final class StreamSocket: Sendable {
    private let descriptor: Descriptor

    /// Connects to a Unix socket.
    /// - Parameter seconds: how long connecting, one send and one receive may each wait at most.
    package init(unix path: String, seconds: Int) throws(SystemError) {
        var address = sockaddr_un()
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SystemError("connect \(path)", code: ENAMETOOLONG)
        }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        descriptor = try Self.socket(AF_UNIX, seconds)
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let raw = descriptor.raw
        try check("connect \(path)") {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(raw, $0, size) }
            }
        }
    }

    /// Connects to a TCP port; of a name's addresses the first that answers. Nagle's delay is off.
    /// - Parameter seconds: how long connecting, one send and one receive may each wait at most.
    package init(host: String, port: Int, seconds: Int) throws(SystemError) {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let first = found else {
            throw SystemError("look up \(host)", code: EADDRNOTAVAIL)
        }
        defer { freeaddrinfo(first) }
        var next: UnsafeMutablePointer<addrinfo>? = first
        var failure = SystemError("connect \(host) port \(port)", code: ECONNREFUSED)
        while let info = next?.pointee {
            next = info.ai_next
            do throws(SystemError) {
                let candidate = try Self.socket(info.ai_family, seconds)
                let raw = candidate.raw
                try check(failure.call) { connect(raw, info.ai_addr, info.ai_addrlen) }
                var yes: Int32 = 1
                let size = socklen_t(MemoryLayout<Int32>.size)
                try check("setsockopt") { setsockopt(raw, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, size) }
                descriptor = candidate
                return
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private static func socket(_ family: Int32, _ seconds: Int) throws(SystemError) -> Descriptor {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = Descriptor(owning: try check("socket") { Glibc.socket(family, kind, 0) })
        try setTimeout(descriptor, seconds)
        return descriptor
    }

    private static func setTimeout(_ descriptor: Descriptor, _ seconds: Int) throws(SystemError) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            try check("setsockopt") { setsockopt(descriptor.raw, SOL_SOCKET, option, &time, size) }
        }
    }

    /// Changes how long one send and one receive may each wait.
    package func setTimeout(seconds: Int) throws(SystemError) {
        try Self.setTimeout(descriptor, seconds)
    }

    /// Sends everything. A peer that has gone is an error (`EPIPE`), never a signal; one that does not take it in time
    /// is `EAGAIN`.
    package func send(_ bytes: [UInt8]) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            done += try check("send") {
                bytes.withUnsafeBytes {
                    Glibc.send(descriptor.raw, $0.baseAddress.map { $0 + done }, $0.count - done, Int32(MSG_NOSIGNAL))
                }
            }
        }
    }

    /// Puts what has arrived into `buffer`, waiting for the first octet.
    /// - Returns: octets; 0 when the peer has closed.
    /// - Throws: `EAGAIN` when nothing came in time.
    package func receive(into buffer: inout [UInt8]) throws(SystemError) -> Int {
        try check("receive") { recv(descriptor.raw, &buffer, buffer.count, 0) }
    }
}

extension SystemError {
    /// A call on a socket waited for longer than it was allowed to.
    package var isTimeout: Bool { code == EAGAIN || code == EINPROGRESS || code == ETIMEDOUT }
}
