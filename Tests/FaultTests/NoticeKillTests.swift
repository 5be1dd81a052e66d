import Foundation
import TestSupport
import Testing

/// The client goes, or the gateway is killed, while a message that is delivered waits for a notice of ours to be taken: the next try
/// reaches nobody twice.
@Suite struct NoticeKillTests {
    enum End: Sendable { case closed, killed }
    /// Whose notice is slow.
    enum Told: String, Sendable { case administrator = "admin@slow.example", sender = "sender@example.org" }

    /// a@ gets spam, q@ has it in the quarantine, which the administrator hears of, b@ is bounced.
    private static func stage(_ beforeQueue: Bool) throws -> Stage {
        try Stage(beforeQueue: beforeQueue) { configuration in
            configuration.policies["default"]?.merge([
                "deny_senders": "[example.org]", "spam": "pass", "levels": "{dsn_cutoff: null}",
                "admins": "{spam: \(Told.administrator.rawValue)}",
            ]) { $1 }
            configuration.settings["recipients"] =
                "[{match: [b@one.example], spam: bounce, admins: {spam: ''}}, {match: [q@one.example], spam: quarantine}]"
            configuration.settings["notices.others_time"] = "60"
            configuration.settings["notices.sender_time"] = "60"
        }
    }

    private static func remembered(_ stage: Stage) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: stage.gateway.stateDirectory + "/served")
    }

    @Test(arguments: [
        (End.closed, Told.administrator, false), (.closed, .administrator, true), (.killed, .administrator, false),
        (.killed, .administrator, true), (.killed, .sender, false),
    ])
    func whileANoticeIsSent(_ end: End, _ told: Told, beforeQueue: Bool) async throws {
        try await Lanes.run {
            let stage = try Self.stage(beforeQueue)
            for lmtp in [false, true] {
                let (barrier, held) = (Barrier(), Barrier())
                stage.hop.answer { step, _, command in
                    guard step == .rcpt, command.contains(told.rawValue) else { return .usual }
                    held.open()
                    return .waitFor(barrier)
                }
                let kept = told == .administrator ? "q@one.example" : "b@one.example"
                let mail = Mail.clean(lmtp ? 1 : 2, to: ["a@one.example", kept])
                // In the log, of the round before.
                let seen = stage.gateway.log.lines.count
                do {
                    let session = try MailSession(port: stage.gateway.port, lmtp: lmtp)
                    _ = try session.begin(mail)
                    try session.sendContent(mail.content)
                    try session.socket.send(".\r\n")
                    try poll("the notice at its next hop") { held.isOpen }
                    // What is done with stands in the log before others are told of it.
                    if told == .administrator {
                        try poll("the event") {
                            stage.gateway.allLines.count { $0.contains("{RelayedInbound}") } == (lmtp ? 2 : 1)
                        }
                    }
                    if end == .closed { session.socket.reset() } else { stage.gateway.killHard() }
                }
                if end == .killed {
                    stage.hop.closeConnections()
                    try stage.gateway.restart()
                } else {
                    try stage.gateway.log.wait(
                        for: "client closed its side before the reply to its message", from: seen)
                    // Its end is not waited for, but put off.
                    #expect(try sendAll(mail, to: stage.gateway.port, lmtp: lmtp).final.allSatisfy { $0.code == 451 })
                }
                barrier.open()
                stage.hop.answer { _, _, _ in .usual }
                let final = try sendLate(mail, stage, lmtp: lmtp)
                #expect(final.allSatisfy { $0.code == 250 }, "\(final)")
                #expect(final[0].text.contains("was taken care of at an earlier try"), "\(final)")
                let notices = stage.hop.deliveries.filter { $0.mail.hasPrefix("FROM:<>") }
                // A notice to an administrator that a kill stopped is not sent again; a sender has to be told.
                let isTold = end == .closed || told == .sender
                #expect(notices.map(\.recipients) == (isTold ? [[told.rawValue]] : []))
                #expect(stage.hop.deliveries.count { $0.recipients == ["a@one.example"] } == 1)
                #expect(stage.gateway.quarantined.count == (lmtp ? 2 : 1))
                // Whoever has heard its reply is forgotten.
                try poll("nothing remembered") { try Self.remembered(stage).isEmpty }
                stage.hop.clear()
            }
        }
    }
}
