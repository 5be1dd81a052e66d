import Foundation
import Glibc
import Linux
import MailModel
import TestSupport
import Testing

@testable import RemoteChecks

/// What is said of a scanner that cannot be reached tells an administrator what to do, whatever the client is.
@Suite struct ConnectFailureTests {
    private static func clients(_ address: ServerAddress) -> [any RemoteScanner] {
        let score = ScorePolicy(percent: 100)
        return [
            ClamdScanner(address: address, method: .instream, threads: 1),
            SpamdScanner(address: address, user: "", score: score, threads: 1),
            RspamdScanner(address: address, password: "", score: score, threads: 1),
            HTTPScanner(address: address, path: "/", password: "", threads: 1),
        ]
    }

    private static func expect(
        _ address: ServerAddress, _ words: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let mail = try subject("text")
        for client in clients(address) {
            let why = await failure { () async throws(ScannerFailure) in
                try await client.scan(mail, deadline: deadline(20))
            }
            #expect(why == "\(address): \(words)", sourceLocation: sourceLocation)
        }
    }

    @Test func socketsThatAreNotThere() async throws {
        let scratch = try Scratch(.disk)
        try await Self.expect(
            .unix(path: scratch.path + "/none"),
            "connect: No such file or directory (is it running, and is this its socket?)")
        // Somebody listened and is gone.
        let left = scratch.path + "/left"
        let listener = try Listener(left)
        listener.close()
        try await Self.expect(
            .unix(path: left), "connect: Connection refused (nobody listens any more: is it running?)")
        try await Self.expect(
            .unix(path: try scratch.write("file", "")), "connect: Connection refused (that is no socket)")
        try await Self.expect(
            .tcp(host: "127.0.0.1", port: try Ports.free()),
            "connect: Connection refused (is it running, and does it listen there?)")
    }

    /// The words alone: tests run as root, to whom nothing is closed.
    @Test func socketsThatAreClosed() throws {
        let scratch = try Scratch(.disk)
        let path = scratch.path + "/socket"
        let listener = try Listener(path)
        defer { listener.close() }
        func words() -> String { ConnectFailure(address: .unix(path: path), code: EACCES).description }
        let start = "unix:\(path): connect: Permission denied "
        #expect(chmod(path, 0o660) == 0)
        let group = try #require(getgrgid(getegid())).pointee.gr_name
        #expect(
            words()
                == "\(start)(it is for the group \(String(cString: try #require(group))): put the gateway's user into that "
                + "and start the gateway again)")
        #expect(chmod(path, 0o600) == 0)
        #expect(words() == "\(start)(it is for one user alone: let a group have it)")
        #expect(
            ConnectFailure(address: .unix(path: path + "/x"), code: EACCES).description.hasSuffix(
                "(a directory above it is closed to the gateway's user)"))
    }

    /// A name that nobody knows, and a server of another kind.
    @Test func wrongServers() async throws {
        let mail = try subject("text")
        for client in Self.clients(.tcp(host: "no-such-host.invalid", port: 1)) {
            let why = await failure { () async throws(ScannerFailure) in
                try await client.scan(mail, deadline: deadline(20))
            }
            #expect(why?.hasPrefix("no-such-host.invalid:1: look up no-such-host.invalid: ") == true, "\(why ?? "")")
        }
        let server = try ScriptedServer { socket in
            _ = try socket.octets()
            try socket.send("UNKNOWN COMMAND\n")
            socket.awaitEnd()
        }
        let client = HTTPScanner(address: .unix(path: server.path), path: "/", password: "", threads: 1)
        let why = await failure { () async throws(ScannerFailure) in
            try await client.scan(mail, deadline: deadline(20))
        }
        #expect(why?.hasPrefix("unix:\(server.path): what answers there speaks no HTTP: ") == true, "\(why ?? "")")
    }

    /// The queue of a socket is short and full while its server takes one after the other: that is waited for, and no failure.
    @Test func queuesThatAreFull() async throws {
        let scratch = try Scratch(.disk)
        let address = ServerAddress.unix(path: scratch.path + "/socket")
        let listener = try Listener(scratch.path + "/socket")
        defer { listener.close() }
        var waiting: [DeadlineSocket] = []
        for _ in 0..<2 { waiting.append(try DeadlineSocket(connecting: address, deadline: deadline(20))) }
        #expect(throws: ScannerFailure("\(address): connect: Connection timed out")) {
            _ = try DeadlineSocket(connecting: address, deadline: monotonicNow() + 100_000_000)
        }
        Thread.detachNewThread {
            usleep(200_000)
            listener.take()
        }
        waiting.append(try DeadlineSocket(connecting: address, deadline: deadline(20)))
        #expect(waiting.count == 3)
    }

    /// The same for clients of HTTP: they are late where they wait in vain, and get in when there is room.
    @Test func queuesOfHTTPThatAreFull() async throws {
        let scratch = try Scratch(.disk)
        let address = ServerAddress.unix(path: scratch.path + "/socket")
        let listener = try Listener(scratch.path + "/socket")
        let waiting = try (0..<2).map { _ in try DeadlineSocket(connecting: address, deadline: deadline(20)) }
        let mail = try subject("text")
        let client = HTTPScanner(address: address, path: "/", password: "", threads: 1)
        let inVain = await failure { () async throws(ScannerFailure) in
            try await client.scan(mail, deadline: monotonicNow() + 100_000_000)
        }
        #expect(inVain == ScannerFailure.late.description)
        Thread.detachNewThread {
            usleep(200_000)
            for _ in 0..<3 { listener.take() }
            listener.close()
        }
        // It gets in, and nobody answers it.
        let why = await failure { () async throws(ScannerFailure) in
            try await client.scan(mail, deadline: deadline(20))
        }
        // Closing ends the connection by a reset where the request came before it.
        let isEnded = ["closed", "reset"].contains { why?.contains($0) == true }
        #expect(isEnded && why?.contains("connect:") == false, "\(why ?? "")")
        #expect(waiting.count == 2)
    }

    /// A Unix socket that listens.
    private final class Listener: Sendable {
        private let descriptor: Int32

        init(_ path: String) throws {
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(result == 0 && listen(descriptor, 1) == 0)
        }

        func close() { _ = Glibc.close(descriptor) }

        /// Takes the first connection that waits.
        func take() { _ = Glibc.close(accept(descriptor, nil, nil)) }
    }
}
