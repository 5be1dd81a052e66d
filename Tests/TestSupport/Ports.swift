internal import Glibc
internal import Linux
internal import Synchronization

/// TCP ports on loopback that nobody listens on.
package enum Ports {
    private static let next = Mutex<Int>(Int(getpid()) &* 37 % 9000)

    /// A port that was free a moment ago and that this process hands out only once. It lies below the range from which
    /// the system takes ports for outgoing connections: a client that tries again and again while a server is down
    /// could otherwise connect to itself.
    package static func free() throws -> Int {
        for _ in 0..<2000 {
            let port = next.withLock { next in
                next = (next + 1) % 9000
                return 22_000 + next
            }
            if try isFree(port) { return port }
        }
        throw TimedOut("a free port")
    }

    /// True when nobody listens there.
    package static func isFree(_ port: Int) throws -> Bool {
        let descriptor = try check("socket") {
            socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
        defer { close(descriptor) }
        return StreamSocket.withLoopback(port) { bind(descriptor, $0, $1) } == 0
    }
}
