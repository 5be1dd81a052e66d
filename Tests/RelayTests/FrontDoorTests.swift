import Digests
import Foundation
import Glibc
import MailModel
import Relay
import SMTP
import Stores
import Testing

@Suite struct FrontDoorTests {
    private let envelope = "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"

    @Test func smtpWithPythonsSmtplib() async throws {
        let fixture = try await DoorFixture()
        let port = await fixture.port()
        let script = """
            import smtplib
            s = smtplib.SMTP('127.0.0.1', \(port), timeout=20)
            for i in range(3):
                r = s.sendmail('a@example.org', ['b@example.org', 'c@example.org'], 'Subject: %d\\r\\n\\r\\n.dot\\r\\nend\\r\\n' % i)
                assert r == {}, r
            assert s.quit()[0] == 221
            """
        let result = try await blocking { try run("/usr/bin/python3", ["-c", script]) }
        #expect(result.status == 0, "\(result.output)")
        let taken = fixture.receiver.taken
        #expect(
            taken.map { String(decoding: $0.content, as: UTF8.self) }
                == (0..<3).map { "Subject: \($0)\r\n\r\n.dot\r\nend\r\n" })
        #expect(taken.first?.envelope.recipients.map(\.path.description) == ["b@example.org", "c@example.org"])
        #expect(taken.first?.envelope.client.address == "127.0.0.1")
        #expect(await fixture.end() == 0)
        #expect(fixture.spool.messages == 0)
        #expect(fixture.spool.bytes == 0)
    }

    @Test func lmtpGivesOneReplyForEachRecipient() async throws {
        let fixture = try await DoorFixture(answer: { message in
            message.envelope.recipients.map { recipient in
                recipient.path.bytes.first == 0x62
                    ? Reply(550, EnhancedStatus(5, 7, 1), "not you") : Reply(250, EnhancedStatus(2, 0, 0), "Ok")
            }
        })
        let port = await fixture.port()
        let script = """
            import smtplib
            s = smtplib.LMTP('127.0.0.1', \(port))
            s.ehlo_or_helo_if_needed()
            s.docmd('MAIL FROM:<a@example.org>')
            for r in 'abc': s.docmd('RCPT TO:<%s@example.org>' % r)
            assert s.docmd('DATA')[0] == 354
            s.send(b'Subject: x\\r\\n\\r\\nbody\\r\\n.\\r\\n')
            got = [s.getreply()[0] for _ in range(3)]
            assert got == [250, 550, 250], got
            s.quit()
            """
        let result = try await blocking { try run("/usr/bin/python3", ["-c", script]) }
        #expect(result.status == 0, "\(result.output)")
        await fixture.end()
    }

    @Test func unixSocketHasItsModeAndSpeaks() async throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/s"
        let fixture = try await DoorFixture { options in
            options.endpoint = .unix(path: path)
            options.access = .init(mode: 0o622)
        }
        var status = stat()
        #expect(lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o622)
        let replies = try await blocking {
            let client = try RawSocket(path: path)
            return [try client.reply(), try client.ask("LHLO me"), try client.ask("QUIT")]
        }
        #expect(replies.map { $0.prefix(3) } == ["220", "250", "221"])
        await fixture.end()
        #expect(lstat(path, &status) != 0, "the file goes with the listener")
    }

    @Test func staleUnixSocketIsReplacedButNotALiveOne() async throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/s"
        // Bound, never listened on, closed: what a killed process leaves.
        close(try ListeningSocket.bind(.unix(path: path)))
        let fixture = try await DoorFixture { $0.endpoint = .unix(path: path) }
        let error = #expect(throws: EndpointError.self) { close(try ListeningSocket.bind(.unix(path: path))) }
        #expect(error?.description.contains(path) == true && error?.description.contains("answers") == true)
        let greeting = try await blocking { try RawSocket(path: path).reply() }
        #expect(greeting.hasPrefix("220"))
        try "x".write(toFile: directory + "/f", atomically: false, encoding: .utf8)
        #expect(throws: EndpointError.self) { try ListeningSocket.bind(.unix(path: directory + "/f")) }
        await fixture.end()
    }

    @Test func ipv6() async throws {
        let probe: Int32
        do { probe = try ListeningSocket.bind(.tcp(host: "::1", port: 0)) } catch { return }
        let fixture = try await DoorFixture {
            $0.endpoint = .tcp(host: "::1", port: 0)
            $0.boundDescriptor = probe
        }
        let port = await fixture.port()
        let replies = try await blocking {
            let client = try RawSocket(port: port, v6: true)
            return [try client.reply(), try client.ask("EHLO me")]
        }
        #expect(replies[0].hasPrefix("220 gate.example"))
        await fixture.end()
    }

    @Test func busyPortIsNamedAndNothingChanges() async throws {
        let fixture = try await DoorFixture()
        let port = await fixture.port()
        let other = try await DoorFixture()
        var problems: [EndpointError] = []
        do throws(FrontDoorError) {
            try await other.door.apply([
                DoorFixture.listener("fresh"), DoorFixture.listener("busy", .tcp(host: "127.0.0.1", port: port)),
                DoorFixture.listener("nowhere", .tcp(host: "192.0.2.1", port: 0)),
            ])
        } catch {
            problems = error.problems
        }
        #expect(problems.map(\.endpoint) == [.tcp(host: "127.0.0.1", port: port), .tcp(host: "192.0.2.1", port: 0)])
        #expect(problems.first?.description.contains("[127.0.0.1]:\(port): the port is busy") == true)
        #expect(await Array(other.door.endpoints().keys) == ["main"])
        await other.end()
        await fixture.end()
    }

    @Test func pipelinedBatchIsAnsweredInOneWrite() async throws {
        let fixture = try await DoorFixture()
        let port = await fixture.port()
        let envelope = envelope
        let (batch, end) = try await blocking {
            let client = try RawSocket(port: port)
            _ = try client.reply()
            _ = try client.ask("EHLO me")
            try client.send(envelope)
            let batch = try client.receiveOnce()
            try client.send("Subject: x\r\n\r\nbody\r\n.\r\nRSET\r\nNOOP\r\nQUIT\r\n")
            return (batch, try client.receiveOnce())
        }
        #expect(codes(batch) == ["250", "250", "354"])
        #expect(codes(end) == ["250", "250", "250", "221"])
        await fixture.end()
    }

    @Test func everySplitOfADialogue() async throws {
        let fixture = try await DoorFixture(messages: 10_000)
        let port = await fixture.port()
        let body = Array("Subject: x\r\n\r\n..dot\r\nbody\r\n.\r\nQUIT\r\n".utf8)
        let envelope = envelope
        try await blocking {
            for split in 1..<body.count {
                let client = try RawSocket(port: port)
                _ = try client.reply()
                _ = try client.ask("EHLO me")
                try client.send(envelope)
                for _ in 0..<3 { _ = try client.reply() }
                try client.send(Array(body[..<split]))
                try client.send(Array(body[split...]))
                let replies = [try client.reply(), try client.reply()]
                guard replies[0].hasPrefix("250"), replies[1].hasPrefix("221") else { throw ConnectionClosed() }
            }
        }
        let contents = Set(fixture.receiver.taken.map(\.content))
        #expect(contents == [Array("Subject: x\r\n\r\n.dot\r\nbody\r\n".utf8)])
        #expect(fixture.receiver.taken.count == body.count - 1)
        await fixture.end()
    }

    @Test func largeMessageArrivesWhole() async throws {
        let fixture = try await DoorFixture()
        let port = await fixture.port()
        let envelope = envelope
        let message = largeMessage(20_000_000)
        let reply = try await blocking {
            let client = try RawSocket(port: port)
            _ = try client.reply()
            _ = try client.ask("EHLO me")
            try client.send(envelope)
            for _ in 0..<3 { _ = try client.reply() }
            try client.send(message + Array(".\r\n".utf8))
            return try client.reply()
        }
        #expect(reply.hasPrefix("250"))
        let taken = try #require(fixture.receiver.taken.first)
        #expect(digest(taken.content) == digest(message))
        await fixture.end()
        #expect(fixture.spool.bytes == 0)
    }

    @Test func halfClosedClientStillGetsItsReply() async throws {
        let fixture = try await DoorFixture()
        let port = await fixture.port()
        let envelope = envelope
        let reply = try await blocking {
            let client = try RawSocket(port: port)
            _ = try client.reply()
            _ = try client.ask("EHLO me")
            try client.send(envelope)
            for _ in 0..<3 { _ = try client.reply() }
            try client.send("body\r\n.\r\n")
            client.shutdownWriting()
            return try client.reply()
        }
        #expect(reply.hasPrefix("250"))
        await fixture.end()
    }
}

func codes(_ bytes: [UInt8]) -> [String] {
    String(decoding: bytes, as: UTF8.self).split(separator: "\r\n").map { String($0.prefix(3)) }
}

func digest(_ bytes: [UInt8]) -> String {
    hexadecimal(bytes.withUnsafeBytes { SHA256.digest($0) })
}

/// Lines of different lengths without leading dots, all of them different.
func largeMessage(_ size: Int) -> [UInt8] {
    var message = Array("Subject: large\r\n\r\n".utf8)
    message.reserveCapacity(size + 100)
    var number = 0
    while message.count < size {
        message += Array(String(number, radix: 36).utf8)
        message += [UInt8](repeating: 0x61 + UInt8(number % 26), count: number % 70)
        message += [0x0D, 0x0A]
        number += 1
    }
    return message
}
