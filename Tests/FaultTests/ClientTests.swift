import Foundation
import Glibc
import TestSupport
import Testing

/// Clients that go away, are slow, or want too much.
@Suite struct ClientTests {
    /// Where a client goes away.
    @Test(arguments: ["commands", "before-data", "in-data", "before-dot", "after-dot"], [false, true])
    func gone(at place: String, reset: Bool) async throws {
        try await Lanes.run {
            let stage = try Stage { $0.settings["limits.spool_memory_per_message"] = "10000" }
            let mail = Mail.clean(1, size: 100_000)
            for _ in 0..<5 {
                let session = try MailSession(port: stage.gateway.port)
                switch place {
                case "commands": try session.socket.send("MAIL FROM:<a@example.org>\r\nRC")
                case "before-data": _ = try session.begin(mail)
                case "in-data":
                    _ = try session.begin(mail)
                    try session.sendContent(Array(mail.content.prefix(50_000)))
                default:
                    _ = try session.begin(mail)
                    try session.sendContent(mail.content)
                    if place == "after-dot" { try session.socket.send(".\r\n") }
                }
                if reset { session.socket.reset() }
            }
            try stage.expectService()
            // Nothing of it stays: the gateway ends without waiting for anybody.
            stage.expectCleanEnd()
            // What came whole may be delivered, nothing else.
            let whole = stage.hop.deliveries.count { $0.relayed.digest == mail.digest }
            #expect(stage.hop.deliveries.count == whole + 1)
            #expect(place == "after-dot" || whole == 0)
        }
    }

    @Test(arguments: ["timeouts.command", "timeouts.data_block", "timeouts.message"])
    func silentClient(deadline: String) async throws {
        try await Lanes.run {
            let stage = try Stage { $0.settings[deadline] = "1" }
            let session = try MailSession(port: stage.gateway.port)
            if deadline != "timeouts.command" {
                _ = try session.begin(.clean(1))
                try session.socket.send("Subject: and then nothing\r\n")
            }
            session.socket.wait(seconds: 20)
            #expect(try session.socket.reply().code == 421)
            session.socket.awaitEnd()
            try stage.expectService()
        }
    }

    /// One octet now and then keeps the wait for data short, but not the whole message.
    @Test func dripIsBounded() async throws {
        try await Lanes.run {
            let stage = try Stage { $0.settings["timeouts.message"] = "2" }
            let session = try MailSession(port: stage.gateway.port)
            _ = try session.begin(.clean(1))
            var sent = 0
            do {
                while sent < 2000 {
                    try session.socket.send("x")
                    sent += 1
                    usleep(10_000)
                }
            } catch {}
            #expect(sent < 2000, "the drip went on for 20 s")
            try stage.expectService()
        }
    }

    /// The average rate is judged from 30 seconds after DATA on, so this test takes as long.
    @Test(.enabled(if: longTests, "takes 30 s: set MAILREEVE_LONG_TESTS=1"))
    func minimumRate() async throws {
        try await Lanes.run {
            let stage = try Stage { $0.settings["timeouts.minimum_rate"] = "100000" }
            let session = try MailSession(port: stage.gateway.port)
            _ = try session.begin(.clean(1))
            let begin = Date()
            #expect(throws: (any Error).self) {
                while Date().timeIntervalSince(begin) < 50 {
                    try session.socket.send("a line now and then\r\n")
                    usleep(100_000)
                }
            }
            try stage.expectService()
        }
    }

    @Test func slowButHonestClient() async throws {
        try await Lanes.run {
            let stage = try Stage()
            // Small enough to have no line that begins with a dot.
            let mail = Mail.clean(1, size: 250)
            let session = try MailSession(port: stage.gateway.port)
            var answers = try session.begin(mail)
            for octet in mail.content { try session.socket.send([octet]) }
            try session.finish(&answers)
            #expect(answers.decisive.code == 250)
            #expect(stage.hop.deliveries.first?.relayed.digest == mail.digest)
        }
    }

    @Test func connectionLimit() async throws {
        try await Lanes.run {
            let stage = try Stage { $0.settings["limits.connections"] = "3" }
            var sessions = try (0..<3).map { _ in try MailSession(port: stage.gateway.port) }
            for _ in 0..<3 {
                let refused = try StreamSocket(port: stage.gateway.port)
                #expect(try refused.reply().description == "421 4.7.0 Error: too many connections")
                refused.awaitEnd()
            }
            for session in sessions { #expect(try session.send(.clean(1)).decisive.code == 250) }
            sessions.removeLast()
            try poll("room for another connection") { (try? MailSession(port: stage.gateway.port)) != nil }
        }
    }

    @Test func connectionLimitForOneClient() async throws {
        try await Lanes.run {
            let stage = try Stage { $0.settings["limits.connections_per_client"] = "2" }
            let sessions = try (0..<2).map { _ in try MailSession(port: stage.gateway.port) }
            let refused = try StreamSocket(port: stage.gateway.port)
            #expect(try refused.reply().description == "421 4.7.0 Error: too many connections from 127.0.0.1")
            let other = try StreamSocket(port: stage.gateway.port, from: "127.0.0.2")
            #expect(try other.reply().code == 220)
            #expect(try sessions[0].send(.clean(1)).decisive.code == 250)
        }
    }

    @Test func tenThousandRecipients() async throws {
        try await Lanes.run {
            let stage = try Stage { $0.settings["limits.recipients"] = "1000" }
            let all = (0..<10_000).map { "r\($0)@example.net" }
            let answers = try sendAll(.clean(1, to: all), to: stage.gateway.port)
            #expect(answers.recipients.prefix(1000).allSatisfy { $0.code == 250 })
            #expect(answers.recipients.dropFirst(1000).allSatisfy { $0.description.hasPrefix("452 4.5.3 ") })
            #expect(answers.decisive.code == 250)
            #expect(stage.hop.deliveries.map(\.recipients) == [Array(all.prefix(1000))])
            let line = try stage.gateway.log.wait(for: "Passed CLEAN")
            #expect(line.contains("(1000 recipients)") && line.utf8.count < 4000)
        }
    }

    /// A header of 500,000 lines costs time in proportion: four times the lines, not sixteen times the time. That of the processors,
    /// whatever else the machine does.
    @Test func manyHeaderLines() async throws {
        try await Lanes.run {
            let stage = try Stage {
                $0.settings["limits.header_bytes"] = "100000000"
                $0.settings["timeouts.inspection"] = "60"
                $0.policies["default"]?["unchecked.over-limits"] = "pass"
            }
            func spent() -> Double {
                let gateway = stage.gateway
                return ProcessTable.processorTime(of: [gateway.process.pid] + gateway.zygotes + gateway.workers)
            }
            func seconds(_ lines: Int) throws -> Double {
                var text: [UInt8] = []
                for number in 0..<lines { text += Array("X-Line-\(number & 1023): v\r\n".utf8) }
                let mail = Mail(content: text + crlf("Subject: many\n\nbody\n"))
                let before = spent()
                let reply = try send(mail, to: stage.gateway.port)
                #expect(reply.code == 250, "\(reply)")
                #expect(stage.hop.deliveries.last?.relayed.digest == mail.digest)
                return spent() - before
            }
            let (small, large) = (try seconds(125_000), try seconds(500_000))
            print("header lines: 125,000 in \(small) s, 500,000 in \(large) s")
            #expect(large < 8 * small, "\(small) s for 125,000 lines, \(large) s for 500,000")
        }
    }

    /// The same with the limit of the header as it is: over it the message is unchecked, and held.
    @Test func headerOverTheLimit() async throws {
        try await Lanes.run {
            let stage = try Stage { $0.settings["limits.header_bytes"] = "100000" }
            let content = crlf(String(repeating: "X-Line: 0123456789\n", count: 6000) + "\nbody\n")
            let reply = try send(Mail(content: content), to: stage.gateway.port)
            #expect(reply.description.hasPrefix("250 2.7.0 Ok, quarantined, id="), "\(reply)")
            #expect(stage.gateway.quarantined.count == 1 && stage.hop.deliveries.isEmpty)
        }
    }
}
