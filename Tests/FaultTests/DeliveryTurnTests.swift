import Foundation
import TestSupport
import Testing

/// Messages for more groups of recipients than there may be transactions at one time.
@Suite struct DeliveryTurnTests {
    private static let domains = (0..<5).map { "d\($0).example" }

    /// Each domain gets an edition of its own, two at a time.
    private static func stage(_ more: [String: String] = [:]) throws -> Stage {
        try Stage { configuration in
            configuration.settings["limits.next_hop_transactions"] = "4"
            configuration.settings["recipients"] =
                "[" + domains.map { "{match: [\($0)], subject_tags: {spam: '[\($0)]'}}" }.joined(separator: ", ") + "]"
            configuration.policies["default"]?["deny_senders"] = "[example.org]"
            configuration.policies["default"]?["spam"] = "pass"
            for (key, value) in more { configuration.policies["default"]?[key] = value }
        }
    }

    private static func mail(_ number: Int = 1) -> Mail { .clean(number, to: domains.map { "r@\($0)" }) }

    private static func few(_ number: Int = 1) -> Mail { .clean(number, to: domains.prefix(4).map { "r@\($0)" }) }

    /// Counts the transactions that are open at a next hop from now on.
    private static func openTransactions(of hop: ScriptedNextHop) -> OpenCount {
        let count = OpenCount()
        hop.answer { step, _, _ in
            if step == .mail { count.add(1) }
            if step == .dot { count.add(-1) }
            return .usual
        }
        return count
    }

    /// As many groups as there may be transactions: none is final before all are at their dot, at the default of 100, too.
    @Test(arguments: [4, 100])
    func asManyAsThereAre(_ number: Int) async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            let names = (0..<number).map { "g\($0).example" }
            stage.gateway.configuration.settings["recipients"] =
                "[" + names.map { "{match: [\($0)], subject_tags: {spam: '[\($0)]'}}" }.joined(separator: ", ") + "]"
            stage.gateway.configuration.settings["limits.next_hop_transactions"] = number == 100 ? nil : "\(number)"
            try stage.gateway.writeConfiguration()
            try stage.gateway.reload()
            let mail = Mail.clean(1, to: names.map { "r@\($0)" })
            let (last, count) = ("r@\(names[number - 1])", OpenCount())
            stage.hop.answer { step, _, command in
                if step == .mail { count.add(1) }
                return step == .rcpt && command.contains(last) ? .reply("450 4.2.1 later") : .usual
            }
            let port = stage.gateway.port
            for _ in 0..<2 {
                let reply = try send(mail, to: port)
                #expect(reply.description.hasPrefix("450 4.2.1"), "\(reply)")
            }
            #expect(stage.hop.deliveries.isEmpty && count.most == 2 * number)
            stage.hop.answer { _, _, _ in .usual }
            #expect(try send(mail, to: port).code == 250)
            #expect(Set(stage.hop.deliveries.flatMap(\.recipients)).count == number)
            // The places are free again.
            for number in 2...3 { #expect(try send(.clean(number), to: port).code == 250) }
        }
    }

    /// Several that need all places at once get them one after the other.
    @Test func severalThatNeedAll() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            let count = Self.openTransactions(of: stage.hop)
            let port = stage.gateway.port
            let senders = (0..<8).map { number in Promise { try send(Self.few(number), to: port) } }
            for sender in senders { #expect(try sender.get().code == 250) }
            #expect(stage.hop.deliveries.count == 32 && count.most == 4, "\(count.most)")
        }
    }

    /// A next hop that hangs keeps one of the places that a message needs: it goes in turns after a while.
    @Test func allPlacesAreNotThereInTime() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            stage.gateway.configuration.settings["timeouts.next_hop_reply"] = "2"
            stage.gateway.configuration.settings["timeouts.next_hop_data_done"] = "600"
            try stage.gateway.writeConfiguration()
            try stage.gateway.reload()
            let barrier = Barrier()
            stage.hop.answer { step, number, _ in step == .dot && number == 0 ? .waitFor(barrier) : .usual }
            let port = stage.gateway.port
            let first = Promise { try send(.clean(9), to: port) }
            try poll("the first at its final dot") { stage.hop.begun == 1 }
            #expect(try send(Self.few(), to: port).code == 250)
            #expect(stage.hop.deliveries.count == 4)
            barrier.open()
            #expect(try first.get().code == 250)
        }
    }

    @Test(arguments: [false, true])
    func allGetItInTurns(lmtp: Bool) async throws {
        try await Lanes.run {
            let stage = try Self.stage(["always_bcc": "[x@archive.example]"])
            let answers = try sendAll(Self.mail(), to: stage.gateway.port, lmtp: lmtp)
            #expect(answers.final.allSatisfy { $0.code == 250 }, "\(answers.final)")
            #expect(
                stage.hop.deliveries.flatMap(\.recipients).sorted()
                    == (Self.domains.map { "r@\($0)" } + ["x@archive.example"]))
            #expect(stage.hop.deliveries.count == 5)
            // Each connection is used again in the next turn.
            #expect(stage.hop.connections <= 5)
        }
    }

    /// The first turn is at its final dot before the next begins, and no more than four transactions are open.
    @Test func noMoreThanTheLimitAtOneTime() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            let count = Self.openTransactions(of: stage.hop)
            let port = stage.gateway.port
            let senders = (0..<4).map { number in Promise { try send(Self.mail(number), to: port) } }
            for sender in senders { #expect(try sender.get().code == 250) }
            #expect(stage.hop.deliveries.count == 20)
            // Two of one message are open together in any case, more of several as it happens.
            #expect((2...4).contains(count.most), "\(count.most)")
        }
    }

    /// A later turn fails: the client has to try again, and only those who have nothing yet get the message then.
    @Test func aLaterTurnFails() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            stage.hop.answer { step, _, command in
                step == .rcpt && command.contains("d3.example") ? .reply("450 4.2.1 later") : .usual
            }
            let reply = try send(Self.mail(), to: stage.gateway.port)
            #expect(reply.description.hasPrefix("450 4.2.1"), "\(reply)")
            #expect(stage.hop.deliveries.flatMap(\.recipients) == ["r@d0.example", "r@d1.example"])
            // The same once more: nobody gets it twice.
            #expect(try send(Self.mail(), to: stage.gateway.port).isTemporary)
            stage.hop.answer { _, _, _ in .usual }
            #expect(try send(Self.mail(), to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.flatMap(\.recipients).sorted() == Self.domains.map { "r@\($0)" })
        }
    }

    /// Nobody of the first turn gets it: the archive has its copy with somebody of the next.
    @Test func theArchiveGoesWithALaterTurn() async throws {
        try await Lanes.run {
            let stage = try Self.stage(["always_bcc": "[x@archive.example]"])
            let refused = Refused()
            stage.hop.answer { step, number, command in
                if step == .rcpt { refused.note(number, command) }
                return step == .dot && refused.isRefused(number) ? .reply("554 5.7.1 no") : .usual
            }
            #expect(try send(Self.mail(), to: stage.gateway.port).code == 250)
            let delivered = stage.hop.deliveries.filter { !$0.mail.hasPrefix("FROM:<>") }.map(\.recipients)
            #expect(delivered == [["r@d2.example", "x@archive.example"], ["r@d3.example"], ["r@d4.example"]])
        }
    }

    /// All places are taken by a next hop that says nothing: others are told to try again, and get in afterwards.
    @Test func noPlaceInTime() async throws {
        try await Lanes.run {
            let stage = try Stage { configuration in
                configuration.settings["limits.next_hop_transactions"] = "1"
                configuration.settings["timeouts.next_hop_reply"] = "2"
                configuration.settings["timeouts.next_hop_data_done"] = "600"
            }
            let barrier = Barrier()
            stage.hop.answer { step, number, _ in step == .dot && number == 0 ? .waitFor(barrier) : .usual }
            let port = stage.gateway.port
            let first = Promise { try send(.clean(1), to: port) }
            try poll("the first at its final dot") { stage.hop.begun == 1 }
            let second = try send(.clean(2), to: stage.gateway.port)
            #expect(second.description.hasPrefix("451 4.3.2"), "\(second)")
            #expect(second.text.hasSuffix(" - Temporary failure, No place among limits.next_hop_transactions in time"))
            try stage.gateway.log.wait(for: "cause: No place among limits.next_hop_transactions in time, ")
            barrier.open()
            #expect(try first.get().code == 250)
            #expect(try send(.clean(2), to: stage.gateway.port).code == 250)
        }
    }

    /// One of three places is taken by a next hop that says nothing: a message of three groups and a plain one go on.
    @Test func oneThatHangsHoldsUpNoOther() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            stage.gateway.configuration.settings["limits.next_hop_transactions"] = "3"
            try stage.gateway.writeConfiguration()
            try stage.gateway.reload()
            let barrier = Barrier()
            stage.hop.answer { step, number, _ in step == .dot && number == 0 ? .waitFor(barrier) : .usual }
            let port = stage.gateway.port
            let first = Promise { try send(.clean(1), to: port) }
            try poll("the first at its final dot") { stage.hop.begun == 1 }
            #expect(try send(Self.mail(), to: port).code == 250)
            #expect(try send(.clean(2), to: port).code == 250)
            barrier.open()
            #expect(try first.get().code == 250)
        }
    }

    /// Connections whose transaction is for the first two domains.
    private final class Refused: @unchecked Sendable {
        private let lock = NSLock()
        private var numbers: Set<Int> = []

        func note(_ number: Int, _ command: String) {
            let isRefused = command.contains("d0.example") || command.contains("d1.example")
            lock.withLock {
                if isRefused { numbers.insert(number) } else if !command.contains("archive") { numbers.remove(number) }
            }
        }

        func isRefused(_ number: Int) -> Bool { lock.withLock { numbers.contains(number) } }
    }
}
