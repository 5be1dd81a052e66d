import Foundation
import Glibc
import MailModel
import Relay
import SMTP
import Testing

@Suite struct FrontDoorLifecycleTests {
    private let envelope = "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"

    @Test func reloadKeepsSessionsAndChangesNewOnes() async throws {
        let fixture = try await DoorFixture()
        let port = await fixture.port()
        let endpoint = Endpoint.tcp(host: "127.0.0.1", port: 0)
        let gone = Endpoint.tcp(host: "localhost", port: 0)
        let old = DoorFixture.listener("main", endpoint)
        try await fixture.door.apply([old, DoorFixture.listener("gone", gone)])
        let gonePort = await fixture.port("gone")
        let session = try await blocking { UncheckedSocket(try RawSocket(port: gonePort)) }
        let kept = try await blocking { UncheckedSocket(try RawSocket(port: port)) }
        let greetings = try await blocking { [try session.socket.reply(), try kept.socket.reply()] }
        #expect(greetings.allSatisfy { $0.hasPrefix("220 gate.example") })

        var changed = old
        changed.session = ServerSession.Settings(hostname: "changed.example")
        try await fixture.door.apply([changed])
        #expect(await fixture.port() == port)
        let after = try await blocking {
            let fresh = try RawSocket(port: port).reply()
            let refused = #expect(throws: (any Error).self) { try RawSocket(port: gonePort) }
            return [
                fresh, refused == nil ? "" : "refused", try session.socket.ask("EHLO me"), try kept.socket.ask("NOOP"),
            ]
        }
        #expect(after[0].hasPrefix("220 changed.example"))
        #expect(after[1] == "refused")
        #expect(after[2].hasPrefix("250-gate.example"))
        #expect(after[3].hasPrefix("250"))
        await fixture.end()
    }

    @Test func reloadChangesTheModeOfASocket() async throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/s"
        var options = DoorFixture.listener("main", .unix(path: path))
        let fixture = try await DoorFixture([options])
        options.access.mode = 0o600
        try await fixture.door.apply([options])
        var status = stat()
        #expect(lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        await fixture.end()
    }

    @Test func drainLetsMessagesFinishAndEndsIdleSessions() async throws {
        let gate = Gate()
        let fixture = try await DoorFixture(answer: { message in
            await gate.wait()
            return await RecordingReceiver.accept(message)
        })
        let (port, envelope) = (await fixture.port(), envelope)
        let (idle, busy) = try await blocking {
            let idle = try RawSocket(port: port)
            _ = try idle.reply()
            let busy = try RawSocket(port: port)
            _ = try busy.reply()
            _ = try busy.ask("EHLO me")
            try busy.send(envelope)
            for _ in 0..<3 { _ = try busy.reply() }
            try busy.send("body\r\n.\r\n")
            return (UncheckedSocket(idle), UncheckedSocket(busy))
        }
        #expect(await eventually { fixture.door.status.processing == 1 })
        async let left = fixture.end()
        let replies = try await blocking {
            let farewell = try idle.socket.reply()
            gate.open()
            return [farewell, try busy.socket.reply(), try busy.socket.reply()]
        }
        #expect(replies.map { String($0.prefix(9)) } == ["421 4.3.2", "250 2.0.0", "421 4.3.2"])
        #expect(await left == 0)
        #expect(throws: (any Error).self) { try RawSocket(port: port) }
    }

    @Test func drainIsBounded() async throws {
        let gate = Gate()
        let fixture = try await DoorFixture(answer: { message in
            await gate.wait()
            return await RecordingReceiver.accept(message)
        })
        let (port, envelope) = (await fixture.port(), envelope)
        let client = try await blocking {
            let client = try RawSocket(port: port)
            _ = try client.reply()
            _ = try client.ask("EHLO me")
            try client.send(envelope)
            for _ in 0..<3 { _ = try client.reply() }
            try client.send("body\r\n.\r\n")
            return UncheckedSocket(client)
        }
        #expect(await eventually { fixture.door.status.processing == 1 })
        #expect(await fixture.end(within: .milliseconds(50)) == 1)
        #expect(try await blocking { try client.socket.drain() } == 0)
        gate.open()
    }

    @Test func startTLS() async throws {
        let certificate = try ThrowawayCertificate()
        defer { certificate.remove() }
        let context = try TLSContexts.server(certificateFile: certificate.certificate, keyFile: certificate.key)
        let fixture = try await DoorFixture(changing: {
            $0.tls = context
            $0.session.startTLS = .encrypt
        })
        let port = await fixture.port()
        let message = largeMessage(3_000_000)
        let path = certificate.directory + "/message"
        try Data(message).write(to: URL(fileURLWithPath: path))
        let script = """
            import smtplib, ssl
            s = smtplib.SMTP('127.0.0.1', \(port), timeout=20)
            s.ehlo()
            assert s.docmd('MAIL FROM:<a@example.org>')[0] == 530
            s.starttls(context=ssl.create_default_context(cafile='\(certificate.certificate)'))
            assert s.docmd('MAIL FROM:<a@example.org>')[0] == 503
            s.ehlo()
            assert not s.has_extn('starttls')
            r = s.sendmail('a@example.org', ['b@example.org'], open('\(path)', 'rb').read())
            assert r == {}, r
            assert s.quit()[0] == 221
            """
        let result = try await blocking { try run("/usr/bin/python3", ["-c", script]) }
        #expect(result.status == 0, "\(result.output)")
        let taken = try #require(fixture.receiver.taken.first)
        #expect(taken.envelope.client.secured)
        #expect(digest(taken.content) == digest(message))
        #expect(await fixture.end() == 0)
    }

    @Test func plaintextBehindStartTLSEndsTheSession() async throws {
        let certificate = try ThrowawayCertificate()
        defer { certificate.remove() }
        let context = try TLSContexts.server(certificateFile: certificate.certificate, keyFile: certificate.key)
        let fixture = try await DoorFixture(changing: {
            $0.tls = context
            $0.session.startTLS = .may
        })
        let port = await fixture.port()
        let answer = try await blocking {
            let client = try RawSocket(port: port)
            _ = try client.reply()
            _ = try client.ask("EHLO me")
            let reply = try client.ask("STARTTLS\r\nMAIL FROM:<evil@example.org>")
            return (reply, try client.drain())
        }
        #expect(answer.0.hasPrefix("554 5.5.0"))
        #expect(answer.1 == 0)
        // The same in a packet of its own: no handshake, so no answer in plain text.
        let later = try await blocking {
            let client = try RawSocket(port: port)
            _ = try client.reply()
            _ = try client.ask("EHLO me")
            let reply = try client.ask("STARTTLS")
            try client.send("MAIL FROM:<evil@example.org>\r\n")
            return (reply, try client.receiveOnce())
        }
        #expect(later.0.hasPrefix("220"))
        #expect(!codes(later.1).contains { $0.hasPrefix("2") })
        #expect(fixture.receiver.taken.isEmpty)
        await fixture.end()
    }
}

/// Hands a socket from one blocking step of a test to the next.
final class UncheckedSocket: @unchecked Sendable {
    let socket: RawSocket

    init(_ socket: RawSocket) { self.socket = socket }
}
