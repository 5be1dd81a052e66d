internal import Bytes
internal import Glibc
internal import Linux

/// The other side closed.
package struct ConnectionClosed: Error {
    package init() {}
}

/// A blocking stream socket with lines. Used by one thread at a time.
package final class StreamSocket {
    package let descriptor: Int32
    private var buffer: [UInt8] = []
    private var position = 0

    /// - Parameter seconds: a wait for the peer longer than this is an error: a test that waits for ever helps nobody.
    package init(owning descriptor: Int32, seconds: Int = 60) {
        self.descriptor = descriptor
        wait(seconds: seconds)
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    }

    deinit { close(descriptor) }

    /// Connects to a port on 127.0.0.1.
    package convenience init(port: Int, from source: String? = nil) throws {
        let made = try check("socket") {
            socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
        self.init(owning: made)
        if let source {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            inet_pton(AF_INET, source, &address.sin_addr)
            try check("bind") {
                withUnsafePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.bind(made, $0, 16) }
                }
            }
        }
        try check("connect to \(port)") { Self.withLoopback(port) { connect(made, $0, $1) } }
    }

    /// Connects to a Unix socket.
    package convenience init(path: String) throws {
        let made = try check("socket") {
            socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
        self.init(owning: made)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        try check("connect to \(path)") {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(made, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
    }

    static func withLoopback<Result>(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }

    /// How long to wait for the peer from now on.
    package func wait(seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    package func send(_ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            done += try bytes.withUnsafeBytes { raw in
                try check("send") {
                    Glibc.send(descriptor, raw.baseAddress.map { $0 + done }, raw.count - done, Int32(MSG_NOSIGNAL))
                }
            }
        }
    }

    package func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// What one `recv(2)` brings; empty at the end.
    private func receiveOnce() throws -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: 262_144)
        let count = try check("recv") { recv(descriptor, &chunk, chunk.count, 0) }
        chunk.removeSubrange(count...)
        return chunk
    }

    private func fill() throws {
        let chunk = try receiveOnce()
        if chunk.isEmpty { throw ConnectionClosed() }
        if position > 0 {
            buffer.removeSubrange(..<position)
            position = 0
        }
        buffer += chunk
    }

    /// One line without its line end.
    package func line() throws -> String {
        var searched = position
        while true {
            if let end = buffer.span.firstIndex(of: 0x0A, from: searched) {
                var line = buffer[position..<end]
                if line.last == 0x0D { line.removeLast() }
                position = end + 1
                return String(decoding: line, as: UTF8.self)
            }
            searched = buffer.count - position
            try fill()
        }
    }

    /// A message up to its final dot, without it, dots unstuffed.
    package func content() throws -> [UInt8] {
        if buffer.count - position < 3 { try fill() }
        while buffer.count - position < 3 { try fill() }
        if buffer[position...].starts(with: [0x2E, 0x0D, 0x0A]) {
            position += 3
            return []
        }
        let mark: [UInt8] = [0x0D, 0x0A, 0x2E, 0x0D, 0x0A]
        var searched = position
        while true {
            if let end = buffer.span.firstIndex(of: mark.span, from: searched) {
                let raw = Array(buffer[position..<(end + 2)])
                position = end + mark.count
                return Self.unstuffed(raw)
            }
            searched = max(0, buffer.count - position - mark.count)
            try fill()
        }
    }

    private static func unstuffed(_ raw: [UInt8]) -> [UInt8] {
        let dots: [UInt8] = [0x0D, 0x0A, 0x2E]
        var out: [UInt8] = []
        out.reserveCapacity(raw.count)
        var start = raw.first == 0x2E ? 1 : 0
        while let hit = raw.span.firstIndex(of: dots.span, from: start) {
            out += raw[start..<(hit + 2)]
            start = hit + 3
        }
        return out + raw[start...]
    }

    /// One reply.
    package func reply() throws -> MailReply {
        var lines: [String] = []
        while true {
            let text = try line()
            lines.append(text)
            if !text.dropFirst(3).hasPrefix("-") { return MailReply(lines: lines) }
        }
    }

    /// Sends a command and reads its reply.
    package func ask(_ command: String) throws -> MailReply {
        try send(command + "\r\n")
        return try reply()
    }

    /// What comes next, and was not read as lines; empty at the end.
    package func octets() throws -> [UInt8] {
        guard position == buffer.count else {
            defer { position = buffer.count }
            return Array(buffer[position...])
        }
        return try receiveOnce()
    }

    /// Reads until the peer closes, then returns; an error counts as an end too.
    package func awaitEnd() {
        while let chunk = try? receiveOnce(), !chunk.isEmpty {}
    }

    package func shutdownWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends the connection with a reset, as a crashed client does.
    package func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        shutdown(descriptor, Int32(SHUT_RDWR))
    }
}

/// A reply of a mail server.
package struct MailReply: Sendable, Hashable, CustomStringConvertible {
    /// As they came, without line ends.
    package let lines: [String]

    package init(lines: [String]) {
        self.lines = lines
    }

    /// Zero when the first line does not begin with one.
    package var code: Int { lines.first.flatMap { Int($0.prefix(3)) } ?? 0 }
    package var isPositive: Bool { (200..<400).contains(code) }
    package var isTemporary: Bool { (400..<500).contains(code) }
    package var isPermanent: Bool { code >= 500 }
    package var description: String { lines.joined(separator: "|") }

    /// The words after the code, lines joined by a blank.
    package var text: String { lines.map { String($0.dropFirst(4)) }.joined(separator: " ") }
}
