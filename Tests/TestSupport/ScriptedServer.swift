internal import Foundation
internal import Glibc

/// A server on a Unix socket that does with each connection what a test says. Used for what no real program does.
package final class ScriptedServer: Sendable {
    package let path: String
    private let descriptor: Int32
    private let scratch: Scratch

    /// - Parameter serve: gets each connection, one after the other, on a thread of the server's own.
    package init(_ serve: @escaping @Sendable (StreamSocket) throws -> Void) throws {
        scratch = try Scratch(.memory)
        let path = scratch.path + "/socket"
        self.path = path
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let made = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        descriptor = made
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(made, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        // A gateway is another user.
        guard bound == 0, listen(made, 20) == 0, chmod(path, 0o666) == 0 else { throw TimedOut("a socket at \(path)") }
        Thread.detachNewThread {
            while true {
                let connection = accept(made, nil, nil)
                guard connection >= 0 else { break }
                try? serve(StreamSocket(owning: connection, seconds: 10))
            }
            // Closed by the thread that uses it: by then the number could be another server's.
            close(made)
        }
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }
}
