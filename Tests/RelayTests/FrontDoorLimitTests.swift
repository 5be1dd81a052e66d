import Foundation
import MailModel
import Relay
import SMTP
import Stores
import Synchronization
import Testing

@Suite struct FrontDoorLimitTests {
    private let envelope = "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"

    /// Greets, and opens DATA with `envelope`; the reply to DATA.
    @discardableResult
    private static func openData(_ client: RawSocket, _ envelope: String) throws -> String {
        _ = try client.reply()
        _ = try client.ask("EHLO me")
        try client.send(envelope)
        _ = try client.reply()
        _ = try client.reply()
        return try client.reply()
    }

    @Test func commandThatDripsMeetsTheDeadline() async throws {
        let fixture = try await DoorFixture(changing: { $0.deadlines.command = .milliseconds(300) })
        let port = await fixture.port()
        let reply = try await blocking {
            let client = try RawSocket(port: port)
            _ = try client.reply()
            // One octet after another, far more often than the deadline: only a complete command counts. The client
            // gives up on its own only after hundreds of deadlines.
            for _ in 0..<20_000 {
                do { try client.send("N") } catch { break }
                usleep(5000)
                var probe = pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0)
                if poll(&probe, 1, 0) == 1 { break }
            }
            return try client.reply()
        }
        #expect(reply.hasPrefix("421 4.4.2"))
        await fixture.end()
    }

    @Test func silentDataMeetsTheDeadline() async throws {
        let fixture = try await DoorFixture(changing: { $0.deadlines.dataBlock = .milliseconds(200) })
        let (port, envelope) = (await fixture.port(), envelope)
        let reply = try await blocking {
            let client = try RawSocket(port: port)
            try Self.openData(client, envelope)
            try client.send("Subject: x\r\n")
            return try client.reply()
        }
        #expect(reply.hasPrefix("421 4.4.2"))
        #expect(await eventually { fixture.spool.messages == 0 && fixture.spool.bytes == 0 })
        #expect(fixture.receiver.taken.isEmpty)
        await fixture.end()
    }

    @Test(arguments: [true, false]) func drippingDataMeetsTheLimitOfTheMessageOrTheRate(byRate: Bool) async throws {
        let fixture = try await DoorFixture(changing: {
            if byRate {
                $0.deadlines.minimumRate = 1_000_000
                $0.deadlines.rateJudgedAfter = .milliseconds(200)
            } else {
                $0.deadlines.message = .milliseconds(300)
            }
        })
        let (port, envelope) = (await fixture.port(), envelope)
        let reply = try await blocking {
            let client = try RawSocket(port: port)
            try Self.openData(client, envelope)
            for _ in 0..<20_000 {
                do { try client.send("a") } catch { break }
                usleep(5000)
                var probe = pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0)
                if poll(&probe, 1, 0) == 1 { break }
            }
            return try client.reply()
        }
        #expect(reply.hasPrefix("421 4.4.2"))
        await fixture.end()
    }

    @Test func silenceAfter354MeetsTheDeadlineOfData() async throws {
        let fixture = try await DoorFixture(changing: { $0.deadlines.dataBlock = .milliseconds(200) })
        let (port, envelope) = (await fixture.port(), envelope)
        let reply = try await blocking {
            let client = try RawSocket(port: port)
            try Self.openData(client, envelope)
            return try client.reply()
        }
        #expect(reply.hasPrefix("421 4.4.2"))
        await fixture.end()
    }

    @Test func clientThatReadsNoRepliesIsNotReadEither() async throws {
        let fixture = try await DoorFixture(changing: { $0.deadlines.command = .milliseconds(500) })
        let port = await fixture.port()
        let commands = Array(String(repeating: "NOOP\r\n", count: 10_000).utf8)
        let sent = try await blocking {
            let client = try RawSocket(port: port)
            var sent = 0
            do {
                while sent < 200_000_000 {
                    try client.send(commands)
                    sent += commands.count
                }
            } catch {}
            return sent
        }
        // What the two sockets' buffers hold, and no more.
        #expect(sent < 100_000_000)
        #expect(await eventually { fixture.door.status.connections == 0 })
        await fixture.end()
    }

    @Test func requiredTLSWithoutCertificateTakesNoMail() async throws {
        let fixture = try await DoorFixture(changing: { $0.session.startTLS = .encrypt })
        let port = await fixture.port()
        let reply = try await blocking {
            let client = try RawSocket(port: port)
            _ = try client.reply()
            _ = try client.ask("EHLO me")
            return try client.ask("MAIL FROM:<a@example.org>")
        }
        #expect(reply.hasPrefix("530"))
        await fixture.end()
    }

    @Test func receiversTimeIsNotTheClients() async throws {
        let gate = Gate()
        let fixture = try await DoorFixture(
            changing: {
                $0.deadlines.command = .seconds(1)
                $0.deadlines.dataBlock = .seconds(1)
                $0.deadlines.message = .seconds(1)
            },
            answer: { message in
                await gate.wait()
                return await RecordingReceiver.accept(message)
            })
        let (port, envelope) = (await fixture.port(), envelope)
        let reply = try await blocking {
            let client = try RawSocket(port: port)
            try Self.openData(client, envelope)
            try client.send("body\r\n.\r\n")
            // Nothing may come while the receiver thinks, longer than every deadline.
            var probe = pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&probe, 1, 1500) == 0 else { return try client.reply() }
            gate.open()
            return try client.reply()
        }
        #expect(reply.hasPrefix("250"))
        await fixture.end()
    }

    @Test func connectionLimits() async throws {
        let fixture = try await DoorFixture(limits: ConnectionLimits(connections: 3))
        let port = await fixture.port()
        let (three, fourth, again) = try await blocking {
            var clients = try (0..<3).map { _ in try RawSocket(port: port) }
            let three = try clients.map { try $0.reply() }
            let refused = try RawSocket(port: port)
            let fourth = try refused.reply()
            #expect(throws: ConnectionClosed.self) { try refused.line() }
            _ = try clients[0].ask("QUIT")
            _ = try clients[0].drain()
            clients.removeFirst()
            var again = ""
            for _ in 0..<1000 where !again.hasPrefix("220") { again = try RawSocket(port: port).reply() }
            return (three, fourth, again)
        }
        #expect(three.allSatisfy { $0.hasPrefix("220") })
        #expect(fourth.hasPrefix("421 4.7.0"))
        #expect(again.hasPrefix("220"))
        await fixture.end()
    }

    @Test func connectionsOfOneClientAndForbiddenClients() async throws {
        let fixture = try await DoorFixture(
            [
                DoorFixture.listener("open"),
                {
                    var options = DoorFixture.listener("closed")
                    options.clientAllowed = { $0.text != "127.0.0.1" }
                    return options
                }(),
            ].enumerated().map { index, options in
                var options = options
                // Two listeners need two endpoints, also when both ask for a free port.
                options.endpoint = .tcp(host: index == 0 ? "127.0.0.1" : "localhost", port: 0)
                return options
            }, limits: ConnectionLimits(connections: 10, perClient: 1))
        let (open, closed) = (await fixture.port("open"), await fixture.port("closed"))
        let replies = try await blocking {
            let (greeting, second) = try {
                let first = try RawSocket(port: open)
                return (try first.reply(), try RawSocket(port: open).reply())
            }()
            var third = ""
            for _ in 0..<1000 where !third.hasPrefix("554") { third = try RawSocket(port: closed).reply() }
            return [greeting, second, third]
        }
        #expect(replies.map { String($0.prefix(9)) } == ["220 gate.", "421 4.7.0", "554 5.7.1"])
        await fixture.end()
    }

    @Test func fullSpoolIsTemporaryBeforeAndDuringData() async throws {
        let fixture = try await DoorFixture(spoolBytes: 1_000_000)
        let (port, envelope) = (await fixture.port(), envelope)
        let replies = try await blocking {
            let client = try RawSocket(port: port)
            _ = try client.reply()
            _ = try client.ask("EHLO me")
            _ = try client.ask("MAIL FROM:<a@example.org> SIZE=2000000")
            _ = try client.ask("RCPT TO:<b@example.org>")
            let declared = try client.ask("DATA")
            _ = try client.ask("RSET")
            try client.send(envelope)
            for _ in 0..<3 { _ = try client.reply() }
            try client.send(largeMessage(3_000_000) + Array(".\r\n".utf8))
            let real = try client.reply()
            // The session goes on, and the spool has room again.
            try client.send(envelope)
            for _ in 0..<3 { _ = try client.reply() }
            try client.send("body\r\n.\r\n")
            return [declared, real, try client.reply()]
        }
        #expect(replies.map { String($0.prefix(9)) } == ["452 4.3.1", "452 4.3.1", "250 2.0.0"])
        #expect(fixture.receiver.taken.count == 1)
        await fixture.end()
        #expect(fixture.spool.bytes == 0)
    }

    @Test func numberOfMessagesInTheSpoolIsBounded() async throws {
        let gate = Gate()
        let fixture = try await DoorFixture(
            messages: 1,
            answer: { message in
                await gate.wait()
                return await RecordingReceiver.accept(message)
            })
        let (port, envelope) = (await fixture.port(), envelope)
        let replies = try await blocking {
            let first = try RawSocket(port: port)
            try Self.openData(first, envelope)
            let second = try RawSocket(port: port)
            let refused = try Self.openData(second, envelope)
            try first.send("body\r\n.\r\n")
            gate.open()
            return [refused, try first.reply()]
        }
        #expect(replies.map { String($0.prefix(9)) } == ["452 4.3.1", "250 2.0.0"])
        await fixture.end()
    }

    @Test func spoolDirectoryGoneIsTemporary() async throws {
        let fixture = try await DoorFixture()
        let (port, envelope) = (await fixture.port(), envelope)
        try FileManager.default.removeItem(atPath: fixture.directory)
        let reply = try await blocking {
            let client = try RawSocket(port: port)
            try Self.openData(client, envelope)
            try client.send(largeMessage(2_000_000) + Array(".\r\n".utf8))
            return try client.reply()
        }
        #expect(reply.hasPrefix("451 4.3.0"))
        #expect(fixture.receiver.taken.isEmpty)
        await fixture.end()
    }

    @Test(arguments: [20, 3_000_000]) func clientGoneInTheMiddleLeavesNothing(sent: Int) async throws {
        let fixture = try await DoorFixture()
        let (port, envelope) = (await fixture.port(), envelope)
        try await blocking {
            let client = try RawSocket(port: port)
            try Self.openData(client, envelope)
            try client.send([UInt8](repeating: 0x61, count: sent))
        }
        #expect(
            await eventually {
                fixture.spool.messages == 0 && fixture.spool.bytes == 0 && fixture.door.status.connections == 0
            })
        #expect(fixture.receiver.taken.isEmpty)
        #expect(await fixture.end() == 0)
    }

    @Test func clientGoneWhileTheReceiverWorks() async throws {
        let gate = Gate()
        let finished = Mutex(false)
        let fixture = try await DoorFixture(answer: { message in
            await gate.wait()
            finished.withLock { $0 = true }
            return await RecordingReceiver.accept(message)
        })
        let (port, envelope) = (await fixture.port(), envelope)
        try await blocking {
            let client = try RawSocket(port: port)
            try Self.openData(client, envelope)
            try client.send("body\r\n.\r\n")
        }
        #expect(await eventually { fixture.door.status.processing == 1 })
        gate.open()
        #expect(await eventually { fixture.door.status.processing == 0 && fixture.door.status.connections == 0 })
        #expect(finished.withLock { $0 })
        await fixture.end()
    }

    @Test func tenThousandRecipients() async throws {
        let fixture = try await DoorFixture()
        let port = await fixture.port()
        let (taken, refused, end) = try await blocking {
            let client = try RawSocket(port: port)
            _ = try client.reply()
            _ = try client.ask("EHLO me")
            _ = try client.ask("MAIL FROM:<>")
            var (taken, refused) = (0, 0)
            for batch in 0..<100 {
                try client.send((0..<100).map { "RCPT TO:<r\(batch)-\($0)@example.org>\r\n" }.joined())
                for _ in 0..<100 {
                    switch try client.reply().prefix(9) {
                    case "250 2.1.5": taken += 1
                    case "452 4.5.3": refused += 1
                    default: return (taken, refused, "")
                    }
                }
            }
            _ = try client.ask("DATA")
            return (taken, refused, try client.ask("body\r\n."))
        }
        #expect(taken == 1000)
        #expect(refused > 0)
        #expect(end.isEmpty || end.hasPrefix("250"))
        await fixture.end()
    }
}
