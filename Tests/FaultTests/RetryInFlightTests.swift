import Foundation
import TestSupport
import Testing

/// A client gives its message up and sends it again while the first try is still worked on, and nobody has it yet.
@Suite struct RetryInFlightTests {
    private static func stage() throws -> Stage {
        try Stage { configuration in
            configuration.policies["default"]?["levels"] = "{dsn_cutoff: null}"
            configuration.policies["default"]?["always_bcc"] = "[x@archive.example]"
            configuration.settings["recipients"] = """
                [{match: [kept.example], deny_senders: [example.org], spam: quarantine}, \
                {match: [told.example], deny_senders: [example.org], spam: bounce}]
                """
        }
    }

    private static let all = ["a@one.example", "b@kept.example", "c@told.example"]

    /// Sends a message up to its end, and leaves the reply alone.
    private static func begin(_ mail: Mail, _ stage: Stage, lmtp: Bool) throws -> MailSession {
        let session = try MailSession(port: stage.gateway.port, lmtp: lmtp)
        _ = try session.begin(mail)
        try session.sendContent(mail.content)
        try session.socket.send(".\r\n")
        return session
    }

    /// Everybody has got what is his once.
    private static func expectOnce(_ stage: Stage, sourceLocation: SourceLocation = #_sourceLocation) {
        let (notices, mail) = (
            stage.hop.deliveries.filter { $0.mail.hasPrefix("FROM:<>") },
            stage.hop.deliveries.filter { !$0.mail.hasPrefix("FROM:<>") }
        )
        #expect(mail.map(\.recipients) == [["a@one.example", "x@archive.example"]], sourceLocation: sourceLocation)
        #expect(notices.map(\.recipients) == [["sender@example.org"]], sourceLocation: sourceLocation)
        #expect(stage.gateway.quarantined.count == 1, sourceLocation: sourceLocation)
    }

    /// The second try is put off as long as the first goes on, and finds done what that did.
    @Test(arguments: [false, true])
    func retryWhileTheFirstIsPrepared(lmtp: Bool) async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            let (barrier, mail) = (Barrier(), Mail.clean(1, to: Self.all))
            stage.hop.answer { step, number, _ in step == .rcpt && number == 0 ? .waitFor(barrier) : .usual }
            do {
                let session = try Self.begin(mail, stage, lmtp: lmtp)
                try poll("the message at its next hop") { stage.hop.connections == 1 }
                session.socket.reset()
            }
            try stage.gateway.log.wait(for: "client closed its side before the reply to its message")
            for _ in 0..<2 {
                let early = try sendAll(mail, to: stage.gateway.port, lmtp: lmtp).final
                #expect(early.allSatisfy { $0.code == 451 }, "\(early)")
            }
            #expect(stage.hop.connections == 1 && stage.hop.deliveries.isEmpty && stage.gateway.quarantined.isEmpty)
            // Others are not held up by it.
            #expect(try send(.clean(2, to: ["d@one.example"]), to: stage.gateway.port).code == 250)
            stage.hop.clear()
            barrier.open()
            try stage.gateway.log.wait(for: "the client was gone before its reply")
            Self.expectOnce(stage)
            let late = try sendLate(mail, stage, lmtp: lmtp)
            #expect(late.allSatisfy { $0.text.contains("was taken care of at an earlier try") }, "\(late)")
            Self.expectOnce(stage)
        }
    }

    /// The first client is seen to leave only when the second try is under way: that one stops before anybody has it.
    @Test(arguments: [false, true])
    func theFirstClientLeavesLater(isFirstDone: Bool) async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            let (barriers, mail) = ([Barrier(), Barrier()], Mail.clean(1, to: Self.all))
            stage.hop.answer { step, number, _ in
                step == .rcpt && barriers.indices.contains(number) ? .waitFor(barriers[number]) : .usual
            }
            let first = try Self.begin(mail, stage, lmtp: false)
            try poll("the first try at its next hop") { stage.hop.connections == 1 }
            let second = try Self.begin(mail, stage, lmtp: false)
            try poll("the second try at its next hop") { stage.hop.connections == 2 }
            first.socket.reset()
            try stage.gateway.log.wait(for: "client closed its side before the reply to its message")
            if isFirstDone {
                barriers[0].open()
                try stage.gateway.log.wait(for: "the client was gone before its reply")
            }
            barriers[1].open()
            #expect(try second.socket.reply().code == 451)
            barriers[0].open()
            try stage.gateway.log.wait(for: "the client was gone before its reply")
            Self.expectOnce(stage)
            let late = try sendLate(mail, stage)
            #expect(late.allSatisfy { $0.text.contains("was taken care of at an earlier try") }, "\(late)")
            Self.expectOnce(stage)
        }
    }

    /// Two that are alike and whose clients wait are two messages, and neither waits for the other.
    @Test func alikeSideBySide() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            let (barrier, mail) = (Barrier(), Mail.clean(1, to: ["a@one.example"]))
            stage.hop.answer { step, _, _ in step == .dot ? .waitFor(barrier) : .usual }
            let sessions = try (0..<2).map { _ in try Self.begin(mail, stage, lmtp: false) }
            try poll("both at the end of their data") { stage.hop.begun == 2 }
            barrier.open()
            for session in sessions { #expect(try session.socket.reply().code == 250) }
            #expect(stage.hop.deliveries.count == 2)
        }
    }

    /// The first try fails after its client has gone: nothing is remembered, and the next one does everything.
    @Test func theFirstFails() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            let (barrier, mail) = (Barrier(), Mail.clean(1, to: Self.all))
            stage.hop.answer { step, number, _ in
                guard number == 0 else { return .usual }
                return step == .rcpt ? .waitFor(barrier) : step == .data ? .reply("451 4.3.0 later") : .usual
            }
            do {
                let session = try Self.begin(mail, stage, lmtp: false)
                try poll("the message at its next hop") { stage.hop.connections == 1 }
                session.socket.reset()
            }
            try stage.gateway.log.wait(for: "client closed its side before the reply to its message")
            barrier.open()
            try stage.gateway.log.wait(for: "the client was gone before its reply")
            #expect(stage.hop.deliveries.allSatisfy { $0.mail.hasPrefix("FROM:<>") })
            stage.hop.answer { _, _, _ in .usual }
            let late = try sendLate(mail, stage)
            #expect(late.map(\.code) == [250], "\(late)")
            Self.expectOnce(stage)
        }
    }
}
