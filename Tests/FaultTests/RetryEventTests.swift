import Foundation
import TestSupport
import Testing

/// What the log and the journal say of a message that its client sends again: each delivery once, in the try that made it.
@Suite struct RetryEventTests {
    /// Spam for all; b@ is bounced, q@ has it in the quarantine, the others get it, those of two.example in an edition of their own.
    private static func stage() throws -> Stage {
        try Stage { configuration in
            configuration.policies["default"]?.merge([
                "deny_senders": "[example.org]", "spam": "pass", "levels": "{dsn_cutoff: null}",
            ]) { $1 }
            configuration.settings["recipients"] = """
                [{match: [two.example], add_received: no}, {match: [b@one.example], spam: bounce}, \
                {match: [q@one.example], spam: quarantine}]
                """
        }
    }

    /// Lines on messages so far, when there are as many: category, actions, recipients, and what else is looked for.
    private static func lines(_ stage: Stage, _ count: Int) throws -> [String] {
        func all() -> [String] {
            stage.gateway.allLines.filter {
                [") Passed ", ") Blocked ", ") Served before"].contains(where: $0.contains)
            }
        }
        try poll("\(count) lines") { all().count >= count }
        return all().map { line in
            func after(_ word: String) -> Substring? { line.range(of: word).map { line[$0.upperBound...] } }
            let deed = after(") ")?.prefix { $0 != "}" && $0 != "," && $0 != "[" } ?? ""
            let actions = after("{")?.prefix { $0 != "}" } ?? ""
            var out = "\(deed.split(separator: "{")[0])[\(actions)] \(after(" -> ")?.prefix { $0 != " " } ?? "")"
            if line.contains(", queued_as: ") { out += " queued" }
            if line.contains(", quarantine: ") { out += " kept" }
            if let count = after(", served before: ") { out += " served \(count.prefix { $0 != "," })" }
            return out
        }
    }

    private static func found(_ stage: Stage, _ arguments: String...) throws -> Int {
        let config = stage.gateway.disk.path + "/mailreeve.yaml"
        let result = try runTool(Programs.path("mailreeve"), ["log", "--config", config, "--json"] + arguments)
        return result.lines.count { !$0.isEmpty }
    }

    /// a@ has the message when the notification about b@ is not taken: he is not logged as one who has to wait.
    @Test func theNotificationIsNotTaken() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            stage.hop.answer { step, _, command in
                step == .mail && command.contains("<>") ? .reply("450 4.7.1 later") : .usual
            }
            let mail = Mail.clean(1, to: ["b@one.example", "a@one.example"])
            #expect(try send(mail, to: stage.gateway.port).isTemporary)
            let first = [
                "Passed SPAM [RelayedInbound] <a@one.example>, queued",
                "Blocked SPAM [TempFailedInbound] <b@one.example>,",
            ]
            #expect(try Self.lines(stage, 2) == first)
            stage.hop.answer { _, _, _ in .usual }
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            let lines = try Self.lines(stage, 3)
            #expect(lines == first + ["Blocked SPAM [BouncedInbound,Quarantined] <b@one.example>, kept served 1"])
            #expect(stage.hop.deliveries.count { $0.recipients == ["a@one.example"] } == 1)
            try poll("both events") { try Self.found(stage, "--recipient", "a@one") == 2 }
            #expect(try Self.found(stage, "--recipient", "a@one", "--passed") == 1)
            #expect(try Self.found(stage, "--recipient", "b@one", "--blocked") == 2)
        }
    }

    /// Two get it at once, one in quarantine, one at the third try, and each has one line that says so.
    @Test func eachDeliveryHasOneLine() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            stage.hop.answer { [weak hop = stage.hop] step, _, _ in
                step == .dot && hop?.deliveries.isEmpty == false ? .reply("450 4.2.1 later") : .usual
            }
            let mail = Mail.clean(1, to: ["a@one.example", "c@one.example", "d@two.example", "q@one.example"])
            #expect(try send(mail, to: stage.gateway.port).isTemporary)
            #expect(try send(mail, to: stage.gateway.port).isTemporary)
            stage.hop.answer { _, _, _ in .usual }
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            let lines = try Self.lines(stage, 4)
            #expect(
                lines == [
                    "Passed SPAM [RelayedInbound] <a@one.example>,<c@one.example>, queued",
                    "Blocked SPAM [TempFailedInbound,Quarantined] <d@two.example>,<q@one.example>, kept",
                    "Blocked SPAM [TempFailedInbound] <d@two.example>, served 3",
                    "Passed SPAM [RelayedInbound] <d@two.example>, queued served 3",
                ])
            try poll("three events") { try Self.found(stage, "--recipient", "a@one") == 3 }
            #expect(try Self.found(stage, "--recipient", "a@one", "--passed") == 2)
        }
    }

    /// A try that fails on our side before anything is sent says nothing new of those who have the message.
    @Test func theNextTryFailsOnOurSide() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            stage.hop.answer { [weak hop = stage.hop] step, _, _ in
                step == .dot && hop?.deliveries.isEmpty == false ? .reply("450 4.2.1 later") : .usual
            }
            let mail = Mail.clean(1, to: ["a@one.example", "d@two.example"])
            #expect(try send(mail, to: stage.gateway.port).isTemporary)
            stage.gateway.configuration.settings["recipients"] = "[{match: [two.example], spam: quarantine}]"
            try stage.gateway.writeConfiguration()
            try stage.gateway.reload()
            let quarantine = stage.gateway.stateDirectory + "/quarantine"
            try FileManager.default.removeItem(atPath: quarantine)
            try Data().write(to: URL(fileURLWithPath: quarantine))
            #expect(try send(mail, to: stage.gateway.port).code == 451)
            let last = try Self.lines(stage, 3).last
            #expect(last == "Blocked SPAM [TempFailedInbound] <d@two.example>, served 1")
        }
    }

    /// The client was gone before it heard that all was well: nothing was done the second time, and the line says no more.
    @Test(arguments: [false, true])
    func allWereServed(lmtp: Bool) async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            let barrier = Barrier()
            stage.hop.answer { step, _, _ in step == .dot ? .waitFor(barrier) : .usual }
            let mail = Mail.clean(1, to: ["a@one.example", "q@one.example"])
            do {
                let session = try MailSession(port: stage.gateway.port, lmtp: lmtp)
                _ = try session.begin(mail)
                try session.sendContent(mail.content)
                try session.socket.send(".\r\n")
                try poll("the message at its next hop") { stage.hop.begun == 1 }
            }
            try stage.gateway.log.wait(for: "client closed its side before the reply to its message")
            barrier.open()
            _ = try Self.lines(stage, 2)
            // A try that came before the first one is done with would have a line of its own.
            try poll("the end of the first try") { try stage.status().contains(" 0 with a message in hand;") }
            #expect(try sendAll(mail, to: stage.gateway.port, lmtp: lmtp).final.allSatisfy { $0.code == 250 })
            let lines = try Self.lines(stage, 3)
            #expect(
                lines == [
                    "Passed SPAM [RelayedInbound] <a@one.example>, queued",
                    "Blocked SPAM [Quarantined] <q@one.example>, kept",
                    "Served before[] <a@one.example>,<q@one.example>,",
                ])
            try poll("both events") { try Self.found(stage, "--recipient", "q@one") == 2 }
            #expect(try Self.found(stage, "--recipient", "q@one", "--blocked") == 1)
            #expect(try Self.found(stage, "--recipient", "a@one", "--passed") == 1)
        }
    }
}
