internal import Foundation
internal import Glibc
internal import Linux

/// A PostgreSQL server of the tests on loopback, with data of its own in memory. It ends with the test program.
package final class PostgreSQLServer: Sendable {
    /// Where the programs of the newest version are, unpacked by `make test-deps` or installed; nil when there are none.
    package static let programs: String? = {
        let places = [Programs.package + "/build/tools/postgresql/usr/lib/postgresql", "/usr/lib/postgresql"]
        for place in places {
            let versions = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
            let all = versions.compactMap(Int.init).sorted().map { "\(place)/\($0)/bin" }
            if let found = all.last(where: { access("\($0)/postgres", X_OK) == 0 }) { return found }
        }
        return nil
    }()

    package static let missing = "needs PostgreSQL: make test-deps"

    package let port: Int
    private let scratch: Scratch
    private let program: RunningProgram

    /// Starts a server.
    /// - Parameter port: where another one listened before; nil for a free one.
    /// - Throws: when it does not answer in time.
    package init(port chosen: Int? = nil) throws {
        guard let programs = Self.programs else { throw TimedOut(Self.missing) }
        scratch = try Scratch(.memory)
        let data = try scratch.directory("data", mode: 0o700)
        let sockets = try scratch.directory("sockets", mode: 0o700)
        port = try chosen ?? Ports.free()
        let made = try runTool(
            Self.starter[0],
            Self.starter.dropFirst() + [
                "\(programs)/initdb", "-D", data, "-U", "mailreeve", "-A", "trust", "-E", "UTF8", "--locale=C",
                "--no-sync",
            ])
        guard made.status == 0 else { throw TimedOut("initdb: \(made)") }
        program = try RunningProgram(
            Self.starter[0],
            Self.starter.dropFirst() + [
                "\(programs)/postgres", "-D", data, "-p", "\(port)", "-k", sockets, "-c", "listen_addresses=127.0.0.1",
                "-c", "fsync=off", "-c", "max_connections=40", "-c", "shared_buffers=16MB",
            ])
        let question = ["-q", "-h", "127.0.0.1", "-p", "\(port)"]
        try poll("PostgreSQL") { try runTool("\(programs)/pg_isready", question).status == 0 }
    }

    deinit { stop() }

    /// As root, another user: PostgreSQL refuses to run as root.
    private static var starter: [String] {
        guard Programs.isRoot else { return ["/usr/bin/env"] }
        let user = Programs.serviceUser
        return ["/usr/bin/setpriv", "--reuid=\(user.user)", "--regid=\(user.group)", "--clear-groups"]
    }

    /// Ends the server and all its connections at once.
    package func stop() {
        program.signal(SIGQUIT)
        if program.wait(seconds: 10) == nil { program.kill() }
    }

    /// Makes an empty database; returns the connection string for it.
    package func database() throws -> String {
        let name = "t\(UInt64.random(in: 0...UInt64.max))"
        _ = try sql("CREATE DATABASE \(name)", in: "postgres")
        return "postgresql://mailreeve@127.0.0.1:\(port)/\(name)"
    }

    /// Runs a statement by psql; the answer without decoration.
    @discardableResult
    package func sql(_ statement: String, in database: String) throws -> String {
        let url = database.contains("://") ? database : "postgresql://mailreeve@127.0.0.1:\(port)/\(database)"
        let result = try runTool(
            "\(Self.programs ?? "")/psql",
            ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement])
        guard result.status == 0 else { throw TimedOut("psql: \(result)") }
        return result.text
    }

    /// One server for all tests of the program, ended by the program's end.
    package static let shared: Result<PostgreSQLServer, any Error> = Result {
        let server = try PostgreSQLServer()
        atexit { if case .success(let server) = PostgreSQLServer.shared { server.end() } }
        return server
    }

    private func end() {
        stop()
        try? FileManager.default.removeItem(atPath: scratch.path)
    }
}
