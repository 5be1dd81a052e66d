import Bytes
import Foundation
import Glibc
import Linux
import NIOPosix

/// Threads for the disk work of the code under test.
let diskThreads: NIOThreadPool = {
    let pool = NIOThreadPool(numberOfThreads: 4)
    pool.start()
    return pool
}()

/// Runs blocking code on a thread of its own: the tasks of the code under test must not wait behind it.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}

/// The other side closed.
struct ConnectionClosed: Error {}

/// A blocking stream socket with lines.
final class RawSocket {
    let descriptor: Int32
    private var buffer: [UInt8] = []
    private var start = 0

    init(owning descriptor: Int32) {
        self.descriptor = descriptor
        // A test that waits for ever helps nobody.
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    convenience init(port: Int, v6: Bool = false) throws {
        let family = v6 ? AF_INET6 : AF_INET
        self.init(owning: try check("socket") { socket(family, Int32(SOCK_STREAM.rawValue), 0) })
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        if v6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = in_port_t(port).bigEndian
            address.sin6_addr = in6addr_loopback
            try connect(&address)
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            try connect(&address)
        }
    }

    convenience init(path: String) throws {
        self.init(owning: try check("socket") { socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0) })
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        try connect(&address)
    }

    private func connect<Address>(_ address: inout Address) throws {
        let size = socklen_t(MemoryLayout<Address>.size)
        try check("connect") {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, size) }
            }
        }
    }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let done = try rest.withUnsafeBytes { raw in
                try check("send") { Glibc.send(descriptor, raw.baseAddress, raw.count, Int32(MSG_NOSIGNAL)) }
            }
            rest = rest.dropFirst(done)
        }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// What one `recv(2)` brings; empty at the end.
    func receiveOnce(_ limit: Int = 65_536) throws -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: limit)
        let count = try check("recv") { recv(descriptor, &chunk, limit, 0) }
        return Array(chunk.prefix(count))
    }

    /// One line without its CRLF.
    func line() throws -> String { String(decoding: try rawLine(), as: UTF8.self) }

    /// One line without its CRLF, as octets.
    func rawLine() throws -> [UInt8] {
        var from = start
        while true {
            if let end = buffer.span.firstIndex(of: 0x0A, from: from) {
                let line = buffer[start..<(end > start && buffer[end - 1] == 0x0D ? end - 1 : end)]
                start = end + 1
                return Array(line)
            }
            let chunk = try receiveOnce()
            if chunk.isEmpty { throw ConnectionClosed() }
            buffer.removeFirst(start)
            start = 0
            from = buffer.count
            buffer += chunk
        }
    }

    /// One reply; its lines joined by `|`.
    func reply() throws -> String {
        var lines: [String] = []
        while true {
            let text = try line()
            lines.append(text)
            if !text.dropFirst(3).hasPrefix("-") { return lines.joined(separator: "|") }
        }
    }

    /// Sends a command and reads its reply.
    func ask(_ command: String) throws -> String {
        try send(command + "\r\n")
        return try reply()
    }

    /// Reads until the end and counts the octets.
    func drain() throws -> Int {
        var count = buffer.count - start
        while true {
            let chunk = try receiveOnce()
            if chunk.isEmpty { return count }
            count += chunk.count
        }
    }

    func shutdownWriting() { shutdown(descriptor, Int32(SHUT_WR)) }
}
