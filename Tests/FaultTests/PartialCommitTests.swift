import Foundation
import TestSupport
import Testing

/// One message in several transactions, of which one goes wrong after another was committed: who has it is not sent to again
/// when the client tries again.
@Suite struct PartialCommitTests {
    private static let both = ["a@one.example", "b@two.example"]

    /// Recipients of one.example and two.example get different editions.
    private static func stage(beforeQueue: Bool = false, alwaysBCC: Bool = false) throws -> Stage {
        try Stage(beforeQueue: beforeQueue) { configuration in
            if alwaysBCC { configuration.policies["default"]?["always_bcc"] = "[x@archive.example]" }
            configuration.settings["recipients"] = """
                [{match: [two.example], add_received: no}, \
                {match: [kept.example], deny_senders: [example.org], spam: quarantine}]
                """
        }
    }

    /// Waits until nothing is remembered, which is a moment behind the reply.
    private static func pollForgotten(_ stage: Stage) throws {
        try poll("nothing remembered") {
            try FileManager.default.contentsOfDirectory(atPath: stage.gateway.stateDirectory + "/served").isEmpty
        }
    }

    /// Refuses the final dot of the transaction that has a recipient.
    private static func failing(_ domain: String, _ words: String) -> ScriptedNextHop.Script {
        let failing = Failing()
        return { step, number, command in
            if step == .mail { failing.note(number, false) }
            if step == .rcpt, command.contains(domain) { failing.note(number, true) }
            return step == .dot && failing.isMeant(number) ? .reply(words) : .usual
        }
    }

    /// Which connection carries the transaction that is meant.
    private final class Failing: @unchecked Sendable {
        private let lock = NSLock()
        private var meant: Set<Int> = []

        func note(_ number: Int, _ isMeant: Bool) {
            lock.withLock {
                if isMeant { meant.insert(number) } else { meant.remove(number) }
            }
        }

        func isMeant(_ number: Int) -> Bool { lock.withLock { meant.contains(number) } }
    }

    @Test(arguments: [false, true])
    func secondCommitFails(beforeQueue: Bool) async throws {
        try await Lanes.run {
            let stage = try Self.stage(beforeQueue: beforeQueue)
            stage.hop.answer(Self.failing("two.example", "450 4.2.1 later"))
            let mail = Mail.clean(1, to: Self.both)
            for _ in 0..<3 {
                let reply = try send(mail, to: stage.gateway.port)
                #expect(reply.description.hasPrefix("450 4.2.1 id="), "\(reply)")
                #expect(stage.hop.deliveries.map(\.recipients) == [["a@one.example"]])
            }
            // Another message of the same sender is another message.
            stage.hop.answer { _, _, _ in .usual }
            #expect(try send(.clean(2, to: Self.both), to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.count == 3)
            stage.hop.clear()
            let reply = try send(mail, to: stage.gateway.port)
            #expect(reply.code == 250, "\(reply)")
            #expect(stage.hop.deliveries.map(\.recipients) == [["b@two.example"]])
            // Done: the same octets once more are a message of their own.
            stage.hop.clear()
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.flatMap(\.recipients).sorted() == Self.both)
        }
    }

    /// One copy is kept, however often the client tries, and for whatever it is kept.
    @Test(arguments: ["discard", "quarantine", "bounce", "reject"])
    func oneCopyOfAllTries(destiny: String) async throws {
        try await Lanes.run {
            let stage = try Stage { configuration in
                configuration.policies["default"]?["levels"] = "{dsn_cutoff: null}"
                configuration.settings["recipients"] = """
                    [{match: [two.example], add_received: no}, \
                    {match: [kept.example], deny_senders: [example.org], spam: \(destiny)}]
                    """
            }
            stage.hop.answer(Self.failing("two.example", "450 4.2.1 later"))
            let mail = Mail.clean(1, to: ["a@one.example", "b@two.example", "c@kept.example"])
            for _ in 0..<3 {
                #expect(try send(mail, to: stage.gateway.port).isTemporary)
                #expect(stage.gateway.quarantined.count <= 1)
            }
            stage.hop.answer { _, _, _ in .usual }
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            #expect(stage.gateway.quarantined.count == 1)
            let delivered = stage.hop.deliveries.filter { !$0.mail.hasPrefix("FROM:<>") }.flatMap(\.recipients)
            #expect(delivered.sorted() == ["a@one.example", "b@two.example"])
            // The sender hears of it once, or not at all.
            let notices = stage.hop.deliveries.count { $0.mail.hasPrefix("FROM:<>") }
            #expect(notices == (["bounce", "reject"].contains(destiny) ? 1 : 0))
        }
    }

    /// How a client leaves before it has its reply.
    enum Leaving: String, Sendable, CaseIterable { case reset, close, quit }

    /// The client gives up waiting, and sends the message again: those who have it get it no second time. One that has said QUIT
    /// may still be reading.
    @Test(arguments: Leaving.allCases, [false, true])
    func theClientLeavesBeforeItsReply(_ leaving: Leaving, lmtp: Bool) async throws {
        try await Lanes.run {
            let stage = try Stage()
            let barrier = Barrier()
            stage.hop.answer { step, _, _ in step == .dot ? .waitFor(barrier) : .usual }
            let mail = Mail.clean(1, to: ["a@one.example", "b@two.example"])
            do {
                let session = try MailSession(port: stage.gateway.port, lmtp: lmtp)
                _ = try session.begin(mail)
                try session.sendContent(mail.content)
                try session.socket.send(leaving == .quit ? ".\r\nQUIT\r\n" : ".\r\n")
                try poll("the message at its next hop") { stage.hop.begun == 1 }
                switch leaving {
                case .reset: session.socket.reset()
                case .close: break
                case .quit: session.socket.shutdownWriting()
                }
                if leaving == .quit {
                    barrier.open()
                    #expect(try session.socket.reply().code == 250)
                }
            }
            if leaving != .quit {
                try stage.gateway.log.wait(for: "client closed its side before the reply to its message")
            }
            barrier.open()
            try stage.gateway.log.wait(for: "mail_id: ")
            #expect(stage.hop.deliveries.count == 1)
            let again = try sendLate(mail, stage, lmtp: lmtp)
            if leaving == .quit {
                #expect(again.allSatisfy { $0.text.contains("queued as") } && stage.hop.deliveries.count == 2)
                return
            }
            #expect(again.allSatisfy { $0.text.contains("was taken care of at an earlier try") }, "\(again)")
            #expect(stage.hop.deliveries.count == 1)
            try stage.gateway.log.wait(for: "the client was gone before its reply")
            // Once more it is another message.
            #expect(try sendAll(mail, to: stage.gateway.port, lmtp: lmtp).final.allSatisfy { $0.code == 250 })
            #expect(stage.hop.deliveries.count == 2)
        }
    }

    /// A copy for some who are done with and for some who are refused: their one copy serves all tries.
    @Test func oneCopyForDiscardAndReject() async throws {
        try await Lanes.run {
            let stage = try Stage { configuration in
                configuration.policies["default"]?["levels"] = "{dsn_cutoff: null}"
                configuration.settings["recipients"] = """
                    [{match: [two.example], add_received: no}, \
                    {match: [kept.example], deny_senders: [example.org], spam: discard}, \
                    {match: [copy.example], deny_senders: [example.org], spam: quarantine-and-pass}, \
                    {match: [refused.example], deny_senders: [example.org], spam: reject}]
                    """
            }
            stage.hop.answer(Self.failing("two.example", "450 4.2.1 later"))
            let mail = Mail.clean(
                1, to: ["a@one.example", "b@two.example", "c@kept.example", "d@refused.example", "e@copy.example"])
            for _ in 0..<3 {
                #expect(try send(mail, to: stage.gateway.port).isTemporary)
                #expect(stage.gateway.quarantined.count == 1)
            }
            let id = stage.gateway.quarantined
            stage.hop.answer { _, _, _ in .usual }
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            #expect(stage.gateway.quarantined == id)
            let marked = stage.hop.deliveries.filter { $0.recipients == ["e@copy.example"] }
            #expect(marked.count == 1)
            #expect(String(decoding: marked[0].content, as: UTF8.self).contains("X-Quarantine-ID: <\(id[0])>\r\n"))
            try stage.gateway.log.wait(for: "quarantine: \(id[0]), ")
            // The same content once more is a message of its own.
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            #expect(stage.gateway.quarantined.count == 2)
        }
    }

    /// The same octets to one of the recipients only are a message of their own, and their end is not the end of the other.
    @Test func sameContentToOtherRecipients() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            stage.hop.answer(Self.failing("two.example", "450 4.2.1 later"))
            #expect(try send(.clean(1, to: Self.both), to: stage.gateway.port).isTemporary)
            #expect(stage.hop.deliveries.map(\.recipients) == [["a@one.example"]])
            stage.hop.clear()
            #expect(try send(.clean(1, to: ["a@one.example"]), to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.map(\.recipients) == [["a@one.example"]])
            stage.hop.clear()
            stage.hop.answer { _, _, _ in .usual }
            #expect(try send(.clean(1, to: Self.both), to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.map(\.recipients) == [["b@two.example"]])
        }
    }

    /// A copy for an archive goes out with the first transaction only.
    @Test func alwaysBCCIsSentOnce() async throws {
        try await Lanes.run {
            let stage = try Self.stage(alwaysBCC: true)
            stage.hop.answer(Self.failing("two.example", "450 4.2.1 later"))
            #expect(try send(.clean(1, to: Self.both), to: stage.gateway.port).isTemporary)
            #expect(stage.hop.deliveries.map(\.recipients) == [["a@one.example", "x@archive.example"]])
            stage.hop.clear()
            stage.hop.answer { _, _, _ in .usual }
            #expect(try send(.clean(1, to: Self.both), to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.map(\.recipients) == [["b@two.example"]])
        }
    }

    /// The first transaction is refused at its final dot, the second one was taken there already: the copy goes by itself.
    @Test func alwaysBCCOfATransactionThatIsRefusedAtItsEnd() async throws {
        try await Lanes.run {
            let stage = try Self.stage(alwaysBCC: true)
            stage.hop.answer(Self.failing("one.example", "554 5.7.1 no"))
            #expect(try send(.clean(1, to: Self.both), to: stage.gateway.port).code == 250)
            let delivered = stage.hop.deliveries.filter { !$0.mail.hasPrefix("FROM:<>") }.map(\.recipients)
            #expect(delivered == [["b@two.example"], ["x@archive.example"]])
        }
    }

    /// Nobody gets the message from the first transaction: the copy goes with the second; nobody at all: no copy.
    @Test func alwaysBCCGoesWithWhoeverGetsTheMessage() async throws {
        try await Lanes.run {
            let stage = try Self.stage(alwaysBCC: true)
            stage.hop.answer { step, _, command in
                step == .rcpt && command.contains("one.example") ? .reply("550 5.1.1 unknown") : .usual
            }
            #expect(try send(.clean(1, to: Self.both), to: stage.gateway.port).code == 250)
            #expect(
                stage.hop.deliveries.filter { !$0.mail.hasPrefix("FROM:<>") }.map(\.recipients)
                    == [["b@two.example", "x@archive.example"]])
            stage.hop.clear()
            #expect(try send(.clean(2, to: ["a@one.example"]), to: stage.gateway.port).code == 550)
            #expect(stage.hop.deliveries.isEmpty)
        }
    }

    /// Nothing was committed yet: nobody has it.
    @Test func firstCommitFails() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            stage.hop.answer(Self.failing("one.example", "450 4.2.1 later"))
            let reply = try send(.clean(1, to: Self.both), to: stage.gateway.port)
            #expect(reply.description.hasPrefix("450 4.2.1 id="), "\(reply)")
            #expect(stage.hop.deliveries.isEmpty)
            stage.hop.answer { _, _, _ in .usual }
            #expect(try send(.clean(1, to: Self.both), to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.flatMap(\.recipients).sorted() == Self.both)
        }
    }

    /// A transaction that is refused before its final dot holds all others back.
    @Test func refusedBeforeTheDot() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            stage.hop.answer { step, _, command in
                step == .rcpt && command.contains("two.example") ? .reply("450 4.2.1 later") : .usual
            }
            let reply = try send(.clean(1, to: Self.both), to: stage.gateway.port)
            #expect(reply.description.hasPrefix("450 4.2.1 id="), "\(reply)")
            #expect(stage.hop.deliveries.isEmpty)
        }
    }

    /// Who was remembered between two commits that went well is forgotten: the same octets once more are a message of their own.
    @Test(arguments: [false, true])
    func nothingStaysOfWhatWentWell(lmtp: Bool) async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            for _ in 0..<3 {
                let final = try sendAll(.clean(1, to: Self.both), to: stage.gateway.port, lmtp: lmtp).final
                #expect(final.allSatisfy { $0.code == 250 })
                #expect(stage.hop.deliveries.map(\.recipients) == [["a@one.example"], ["b@two.example"]])
                try Self.pollForgotten(stage)
                stage.hop.clear()
            }
        }
    }

    /// LMTP tells the client of each: who was served is not tried again, and not remembered.
    @Test func lmtpTellsOfEach() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            stage.hop.answer(Self.failing("two.example", "450 4.2.1 later"))
            let final = try sendAll(.clean(1, to: Self.both), to: stage.gateway.port, lmtp: true).final
            #expect(final.map(\.code) == [250, 450])
            #expect(stage.hop.deliveries.map(\.recipients) == [["a@one.example"]])
            stage.hop.answer { _, _, _ in .usual }
            let again = try sendAll(.clean(1, to: ["b@two.example"]), to: stage.gateway.port, lmtp: true).final
            #expect(again.map(\.code) == [250])
        }
    }

    /// An MTA writes a new Received field for each try.
    @Test func anotherReceivedFieldIsTheSameMessage() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            stage.hop.answer(Self.failing("two.example", "450 4.2.1 later"))
            func mail(_ id: String) -> Mail {
                var mail = Mail.clean(1, to: Self.both)
                mail.content = Array("Received: from x by mx with SMTP id \(id);\r\n\tdate\r\n".utf8) + mail.content
                return mail
            }
            #expect(try send(mail("1"), to: stage.gateway.port).isTemporary)
            stage.hop.answer { _, _, _ in .usual }
            #expect(try send(mail("2"), to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.map(\.recipients) == [["a@one.example"], ["b@two.example"]])
        }
    }

    /// Killed between the two commits: the first one is on the disk already, with the archive's copy and that in the quarantine.
    @Test(arguments: [false, true])
    func killedBetweenTheCommits(lmtp: Bool) async throws {
        try await Lanes.run {
            let stage = try Self.stage(alwaysBCC: true)
            let hop = stage.hop
            hop.answer { [weak hop] step, _, _ in
                step == .dot && hop?.deliveries.count == 1 ? .silence : .usual
            }
            let mail = Mail.clean(1, to: Self.both + ["c@kept.example"])
            let port = stage.gateway.port
            let client = Thread { _ = try? sendAll(mail, to: port, lmtp: lmtp) }
            client.start()
            let memory = stage.gateway.stateDirectory + "/served"
            try poll("the memory of the first commit") {
                // The copy in the quarantine is remembered before that.
                let names = try FileManager.default.contentsOfDirectory(atPath: memory).filter { $0.count == 64 }
                return names.contains { name in
                    let text = try? String(contentsOfFile: "\(memory)/\(name)", encoding: .utf8)
                    return text?.contains("\na@one.example\n") ?? false
                }
            }
            stage.gateway.killHard()
            stage.hop.closeConnections()
            stage.hop.clear()
            stage.hop.answer { _, _, _ in .usual }
            try stage.gateway.restart()
            #expect(stage.gateway.quarantined.count == 1)
            #expect(try sendAll(mail, to: stage.gateway.port, lmtp: lmtp).final.allSatisfy { $0.code == 250 })
            #expect(stage.hop.deliveries.map(\.recipients) == [["b@two.example"]])
            #expect(stage.gateway.quarantined.count == 1)
        }
    }

    /// A message of several transactions that all went well is done with: the same once more is another one.
    @Test func nothingIsRememberedOfWhatIsDone() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            for round in 1...2 {
                #expect(try send(.clean(1, to: Self.both), to: stage.gateway.port).code == 250)
                #expect(stage.hop.deliveries.count == 2 * round)
                try Self.pollForgotten(stage)
            }
        }
    }

    /// The memory cannot be written: the client is told to try again all the same, and the log says what that means.
    @Test func memoryThatCannotBeWritten() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            stage.hop.answer(Self.failing("two.example", "450 4.2.1 later"))
            try FileManager.default.removeItem(atPath: stage.gateway.stateDirectory + "/served")
            let reply = try send(.clean(1, to: Self.both), to: stage.gateway.port)
            #expect(reply.isTemporary)
            try stage.gateway.log.wait(for: "a retry will reach some recipients twice")
            stage.hop.answer { _, _, _ in .usual }
            #expect(try send(.clean(1, to: Self.both), to: stage.gateway.port).code == 250)
        }
    }
}
