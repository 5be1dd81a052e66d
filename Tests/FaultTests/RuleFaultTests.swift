import Foundation
import TestSupport
import Testing

/// What becomes of mail when rules, or what they ask for, go wrong.
@Suite struct RuleFaultTests {
    private static let copied = "/^Subject: message/ BCC copy@example.net"

    private static func stage(
        _ settings: [String: String], _ change: (inout GatewayConfiguration) -> Void = { _ in }
    ) throws -> Stage {
        try Stage { configuration in
            for (key, value) in settings { configuration.settings[key] = value }
            change(&configuration)
        }
    }

    /// Nobody has the message yet when its copy has to be tried again: else a second try would double it.
    @Test func aCopyThatIsPutOffPutsTheMessageOff() async throws {
        try await Lanes.run {
            let stage = try Self.stage(["header_checks": "\"pcre:{{\(Self.copied)}}\""])
            stage.hop.answer { step, _, command in
                step == .rcpt && command.contains("copy@") ? .reply("451 4.2.0 full") : .usual
            }
            let reply = try send(.clean(1), to: stage.gateway.port)
            #expect(reply.isTemporary, "\(reply)")
            #expect(stage.hop.deliveries.isEmpty)
            stage.hop.answer { _, _, _ in .usual }
            #expect(try send(.clean(1), to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.map(\.recipients) == [["rcpt@example.net", "copy@example.net"]])
            try stage.expectService()
            stage.expectCleanEnd()
        }
    }

    /// A copy that is refused for good is said in the log; the message goes its way.
    @Test func aCopyThatIsRefusedHoldsNothingBack() async throws {
        try await Lanes.run {
            let stage = try Self.stage(["header_checks": "\"pcre:{{\(Self.copied)}}\""])
            stage.hop.answer { step, _, command in
                step == .rcpt && command.contains("copy@") ? .reply("550 5.1.1 unknown") : .usual
            }
            #expect(try send(.clean(1), to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.map(\.recipients) == [["rcpt@example.net"]])
            try stage.gateway.log.wait(for: "BCC <copy@example.net>: 550 5.1.1 unknown")
            stage.expectCleanEnd()
        }
    }

    /// One recipient less than the rules want would be mail lost.
    @Test func moreCopiesThanTheLimitPutTheMessageOff() async throws {
        try await Lanes.run {
            let stage = try Self.stage(["body_checks": "\"pcre:{{/^copy ([0-9]+)$$/ BCC copy$$1@example.net}}\""])
            func copies(_ count: Int) -> Mail {
                Mail(text: "Subject: x\n\n" + (0..<count).map { "copy \($0)\n" }.joined())
            }
            #expect(try send(copies(100), to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.last?.recipients.count == 101)
            let reply = try send(copies(101), to: stage.gateway.port)
            #expect(reply.isTemporary, "\(reply)")
            #expect(stage.hop.deliveries.count == 1)
            try stage.gateway.log.wait(for: "BCC would add more than 100 recipients")
            stage.expectCleanEnd()
        }
    }

    /// The C library has no limit of steps: the inspection's deadline ends it, as the manual says.
    @Test func aPosixPatternThatExplodesEndsAtTheDeadline() async throws {
        try await Lanes.run {
            let stage = try Self.stage([
                "body_checks": "\"regexp:{{/^(a*)(a*)(a*)(a*)\\\\1\\\\2\\\\3\\\\4b/ REJECT}}\"",
                "timeouts.inspection": "2",
            ])
            let hostile = Mail(text: "Subject: x\n\n" + String(repeating: "a", count: 900) + "\n")
            let reply = try send(hostile, to: stage.gateway.port)
            #expect(reply.isTemporary && reply.text.contains("UNCHECKED: "), "\(reply)")
            #expect(stage.hop.deliveries.isEmpty)
            try stage.expectService()
            stage.expectCleanEnd()
        }
    }

    /// As in Postfix: a warning for each rule, and no match. It is counted.
    @Test func matchesThatAreGivenUpAreSaidAndCounted() async throws {
        try await Lanes.run {
            let stage = try Self.stage([
                "body_checks": "\"pcre:{{/^(a+)+$$/ REJECT never} {/^b/ WARN b}}\"", "rules.match_limit": "1000",
            ])
            let line = String(repeating: "a", count: 60) + "!\n"
            let mail = Mail(text: "Subject: x\n\n" + line + line + "b\n")
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.map(\.relayed.digest) == [mail.digest])
            try stage.gateway.log.wait(for: "line 1: match limit exceeded, 2 times")
            stage.expectCleanEnd()
        }
    }

    @Test func matchesThatAreGivenUpCanHoldTheMessageBack() async throws {
        try await Lanes.run {
            let stage = try Self.stage([
                "body_checks": "\"pcre:{{/^(a+)+$$/ REJECT never}}\"", "rules.match_limit": "1000",
                "rules.at_match_limit": "unchecked",
            ]) { $0.policies["default"]?["unchecked.over-limits"] = "tempfail" }
            let mail = Mail(text: "Subject: x\n\n" + String(repeating: "a", count: 60) + "!\n")
            let reply = try send(mail, to: stage.gateway.port)
            #expect(reply.isTemporary && reply.text.contains("UNCHECKED: "), "\(reply)")
            #expect(stage.hop.deliveries.isEmpty)
            stage.expectCleanEnd()
        }
    }

    /// A zip archive in a zip archive, with `papers/evil.exe` inside.
    private static let nested = """
        UEsDBBQAAAAAAAAAIQD3fnBsigAAAIoAAAAJAAAAaW5uZXIuemlwUEsDBBQAAAAAAAAAIQBx
        HIEpCgAAAAoAAAAPAAAAcGFwZXJzL2V2aWwuZXhlTVogbm90aGluZ1BLAQIUAxQAAAAAAAAA
        IQBxHIEpCgAAAAoAAAAPAAAAAAAAAAAAAACAAQAAAABwYXBlcnMvZXZpbC5leGVQSwUGAAAA
        AAEAAQA9AAAANwAAAAAAUEsBAhQDFAAAAAAAAAAhAPd+cGyKAAAAigAAAAkAAAAAAAAAAAAA
        AIABAAAAAGlubmVyLnppcFBLBQYAAAAAAQABADcAAACxAAAAAAA=
        """

    @Test func filesInArchivesMeetAttachmentChecks() async throws {
        try await Lanes.run {
            let table = "\(Programs.package)/rules/attachment_checks"
            let stage = try Stage(beforeQueue: true) {
                $0.settings["attachment_checks"] = "pcre:\(table)"
                // Rules on files would refuse the program before the table is asked.
                $0.policies["default"]?["banned"] = "pass"
            }
            let top = """
                Subject: papers
                MIME-Version: 1.0
                Content-Type: application/zip; name="papers.zip"
                Content-Transfer-Encoding: base64


                """
            let reply = try send(Mail(text: top + Self.nested + "\n"), to: stage.gateway.port)
            #expect(reply.description == "550 5.7.1 Files of type .exe are not taken here [A2]", "\(reply)")
            #expect(stage.hop.deliveries.isEmpty)
            try stage.expectService()
            stage.expectCleanEnd()
        }
    }
}
