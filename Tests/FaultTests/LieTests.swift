import Glibc
import TestSupport
import Testing

/// Workers that break the contract: no message is passed without an inspection, and the gateway outlives all of it.
@Suite struct LieTests {
    /// Told at the first message; `Lie` in the lying inspector says what each does.
    static let answers = [
        "exit", "crash", "garbage", "empty-record", "oversized-record", "extra-descriptors", "wrong-request",
        "hello-twice", "negative-length", "longer-than-file", "huge-length", "truncated", "trailing", "wrong-version",
        "wrong-type", "huge-count", "many-parts", "wrong-message-size", "part-index", "unknown-word", "long-name",
        "many-findings", "endless-times", "many-times", "parts-unasked", "parts-index", "hang", "engine-crash",
        "engine-blamed",
    ]
    /// Told before the first message: such a generation never serves.
    static let starts = [
        "failed", "zygote-exits", "hello-without-report", "report-pipe", "report-directory", "report-zero",
    ]

    /// Told of a gateway with one rule, which would take a field away.
    static let ruleAnswers = [
        "rule-line", "rule-table", "rule-list", "rule-groups", "rule-range", "rule-edit", "rule-twice", "rule-given-up",
        "rule-generation",
    ]

    private static func stage(_ lie: String) throws -> Stage {
        try Stage(inspector: "lying-inspector") {
            $0.settings["clamav.test_database"] = "/lie/\(lie)"
            $0.settings["timeouts.inspection"] = "2"
            if lie.contains("rule-") { $0.settings["header_checks"] = "\"pcre:{{/^X-Never: / IGNORE}}\"" }
        }
    }

    @Test(arguments: answers + ruleAnswers)
    func nobodyIsBelieved(lie: String) async throws {
        try await Lanes.run {
            let stage = try Self.stage(lie)
            for number in 0..<2 {
                let reply = try send(.clean(number), to: stage.gateway.port)
                #expect(reply.isTemporary && reply.text.contains("UNCHECKED: "), "\(reply)")
            }
            #expect(stage.hop.deliveries.isEmpty)
            try stage.gateway.log.wait(for: "Blocked UNCHECKED {TempFailedInbound}")
            stage.expectCleanEnd()
        }
    }

    @Test(arguments: answers + ["report-pipe", "report-directory", "report-zero", "hello-without-report"])
    func oneLiarCostsOneTry(lie: String) async throws {
        try await Lanes.run {
            let stage = try Self.stage("once/\(lie)")
            let mail = Mail.clean(1)
            let reply = try send(mail, to: stage.gateway.port)
            #expect(reply.code == 250, "\(reply)")
            #expect(stage.hop.deliveries.map(\.relayed.digest) == [mail.digest])
            try stage.expectService()
            stage.expectCleanEnd()
        }
    }

    /// A correct answer, and one too many: the message was inspected, the worker is replaced.
    @Test(arguments: ["done-twice", "done-early"])
    func tooManyAnswers(lie: String) async throws {
        try await Lanes.run {
            let stage = try Self.stage(lie)
            for number in 0..<4 {
                // Of another size each time: the answer that came early is none to this message.
                let mail = Mail.clean(number, size: 400 + 200 * number)
                #expect(try send(mail, to: stage.gateway.port).code == 250)
                #expect(stage.hop.deliveries.last?.relayed.digest == mail.digest)
            }
            try stage.gateway.log.wait(for: "replaced: ")
            stage.expectCleanEnd()
        }
    }

    @Test func lieOfAVirusIsBelieved() async throws {
        try await Lanes.run {
            let stage = try Self.stage("infected")
            let reply = try send(.clean(), to: stage.gateway.port)
            #expect(reply.description.hasPrefix("250 2.7.0 Ok, discarded, id="), "\(reply)")
            #expect(reply.text.hasSuffix(" - INFECTED: Lie.Test"), "\(reply)")
            #expect(stage.gateway.quarantined.count == 1)
            stage.expectCleanEnd()
        }
    }

    @Test func namesWithControlCharactersForgeNothing() async throws {
        try await Lanes.run {
            let stage = try Self.stage("control-characters")
            let mail = Mail.clean()
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.first?.relayed.digest == mail.digest)
            stage.expectCleanEnd()
            let lines = stage.gateway.allLines
            #expect(lines.allSatisfy { $0.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } })
            #expect(!lines.contains { $0.hasPrefix("X-Forged") || $0.hasPrefix("250 ") })
        }
    }

    @Test(arguments: starts)
    func unusableInspectorIsRefusedAtTheStart(lie: String) async throws {
        try await Lanes.run {
            do {
                _ = try Self.stage(lie)
                Issue.record("the gateway started in spite of \(lie)")
            } catch let error as TimedOut {
                #expect(error.description.contains("cannot start: "), "\(error)")
            }
        }
    }

    /// A generation that cannot serve does not take over; the one before goes on.
    @Test(arguments: starts)
    func unusableInspectorIsRefusedAtAReload(lie: String) async throws {
        try await Lanes.run {
            let stage = try Self.stage("honest")
            try stage.expectService()
            stage.gateway.configuration.settings["clamav.test_database"] = "/lie/\(lie)"
            try stage.gateway.writeConfiguration()
            let line = try stage.gateway.reload()
            #expect(line.contains("reload failed, the settings in force stay"), "\(line)")
            try stage.expectService()
            stage.expectCleanEnd()
        }
    }

    /// Loading may take long; meanwhile mail goes on, and a stop is obeyed at once.
    @Test(arguments: ["never-ready", "no-hello"])
    func silentGenerationStopsNothing(lie: String) async throws {
        try await Lanes.run {
            let stage = try Self.stage("honest")
            stage.gateway.configuration.settings["clamav.test_database"] = "/lie/\(lie)"
            try stage.gateway.writeConfiguration()
            let before = stage.gateway.zygotes
            stage.gateway.process.signal(SIGHUP)
            try poll("a second zygote") { stage.gateway.zygotes.count > before.count }
            try stage.expectService()
            stage.expectCleanEnd()
        }
    }

    /// One silent worker must not keep its place for ever.
    @Test func silentWorkerIsReplaced() async throws {
        try await Lanes.run {
            let stage = try Self.stage("once/no-hello")
            try stage.expectService()
            stage.expectCleanEnd()
        }
    }
}
