internal import Glibc

/// Debian's redis-server on a socket of its own, without persistence unless it is wanted. Killed with the object.
package final class RedisProgram: Sendable {
    /// Path of the Unix socket, open to all users.
    package let socket: String
    private let scratch: Scratch
    private let running: RunningProgram

    /// The server's program: its package redis-server only adds a link to it and a service, which nobody needs here.
    private static let program = "/usr/bin/redis-check-rdb"

    /// Starts it and waits until it serves.
    /// - Parameters:
    ///   - arguments: settings of redis-server.
    ///   - earlier: one that has ended, in whose directory this one is to go on.
    package init(_ arguments: [String] = [], in earlier: RedisProgram? = nil) throws {
        scratch = try earlier?.scratch ?? Scratch(.memory)
        socket = scratch.path + "/redis.sock"
        unlink(socket)
        let path = scratch.path + "/redis-server"
        _ = symlink(Self.program, path)
        running = try RunningProgram(
            path,
            [
                "--port", "0", "--unixsocket", socket, "--unixsocketperm", "777", "--dir", scratch.path, "--save", "",
                "--daemonize", "no",
            ] + arguments)
        try running.output.wait(for: "The server is now ready to accept connections")
    }

    /// Ends it at once.
    package func kill() {
        running.kill()
        _ = running.wait()
    }

    package func signal(_ number: Int32) { running.signal(number) }
}
