import Foundation
import Glibc
import TestSupport
import Testing

/// Processes that are killed at any instant cost a retry, never a message.
@Suite struct KillTests {
    private enum Victim: CaseIterable {
        case gateway, zygote, worker
    }

    /// A generator whose numbers a seed repeats (SplitMix64).
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }

    /// Sizes from one line to beyond what is held in memory.
    private static func mail(_ number: Int) -> Mail {
        Mail.clean(number, size: [400, 3_000, 20_000, 150_000][number % 4])
    }

    private static func kill(_ victim: Victim, of gateway: GatewayProcess, _ numbers: inout Numbers) throws {
        switch victim {
        case .gateway:
            let inspectors = gateway.zygotes + gateway.workers
            gateway.killHard()
            expectEnd(of: inspectors)
            try gateway.restart()
        case .zygote:
            if let zygote = gateway.zygotes.randomElement(using: &numbers) { Glibc.kill(zygote, SIGKILL) }
        case .worker:
            if let worker = gateway.workers.randomElement(using: &numbers) { Glibc.kill(worker, SIGKILL) }
        }
    }

    @Test("Nothing is lost when gateway, zygote or worker are killed at random instants", .timeLimit(.minutes(30)))
    func anyInstant() async throws {
        try await Lanes.run {
            let seed: UInt64 = 20_250_306
            let kills = longTests ? 1000 : 100
            print("kills: \(kills), seed: \(seed)")
            var numbers = Numbers(state: seed)
            let stage = try Stage {
                $0.settings["limits.spool_memory_per_message"] = "100000"
                $0.settings["timeouts.inspection"] = "20"
            }
            // More than will be needed: the last kill ends the run.
            let client = RetryingClient(port: stage.gateway.port, messages: 1_000_000) { Self.mail($0) }
            let run = Promise { try client.run(sessions: 6, seconds: longTests ? 1200 : 100) }
            for round in 0..<kills {
                let before = client.accepted
                usleep(UInt32.random(in: 0..<60_000, using: &numbers))
                // Every third: the gateway takes longest to come back.
                try Self.kill(Victim.allCases[round % 3], of: stage.gateway, &numbers)
                if round % 10 == 9 { try poll("mail to flow again") { client.accepted > before } }
            }
            client.stop()
            let result = try run.get()
            Self.compare(result, stage.hop.deliveries)
            print(
                "accepted: \(result.accepted.count), tries without 250: \(result.failures), at the next hop: "
                    + "\(stage.hop.deliveries.count)")
            #expect(result.refused.isEmpty, "\(result.refused.first?.value.description ?? "")")
            #expect(result.failures > 0, "nothing was interrupted")
            try stage.expectService()
            stage.expectCleanEnd()
        }
    }

    /// Each message that got 250 is there, unchanged; nothing is there that was not sent.
    private static func compare(_ result: RetryingClient.Result, _ deliveries: [ScriptedNextHop.Delivery]) {
        var numbers: [[UInt8]: Int] = [:]
        for number in result.accepted { numbers[mail(number).digest] = number }
        #expect(numbers.count == result.accepted.count)
        var missing = result.accepted
        for delivery in deliveries {
            guard let number = numbers[delivery.relayed.digest] else {
                Issue.record("an altered or unknown message of \(delivery.content.count) octets is at the next hop")
                continue
            }
            missing.remove(number)
            #expect(delivery.recipients == ["rcpt@example.net"])
        }
        #expect(missing.isEmpty, "\(missing.count) messages got 250 and are nowhere, as \(missing.first ?? -1)")
    }

    /// Killed while a client is in the middle of its data, and while the next hop holds its reply.
    @Test(arguments: [ScriptedNextHop.Step.data, .middleOfBody, .dot])
    func gatewayWhileTheNextHopWaits(step: ScriptedNextHop.Step) async throws {
        try await Lanes.run {
            let stage = try Stage()
            let barrier = Barrier()
            let reached = Barrier()
            stage.hop.answer { at, _, _ in
                guard at == step else { return .usual }
                reached.open()
                return .waitFor(barrier)
            }
            let mail = Mail.clean(1, size: 200_000)
            let port = stage.gateway.port
            let first = Promise { try send(mail, to: port) }
            reached.wait()
            let inspectors = stage.gateway.zygotes + stage.gateway.workers
            #expect(inspectors.count >= 3)
            stage.gateway.killHard()
            #expect(throws: (any Error).self) { try first.get() }
            expectEnd(of: inspectors)
            stage.hop.answer { _, _, _ in .usual }
            barrier.open()
            try stage.gateway.restart()
            #expect(try send(mail, to: port).code == 250)
            // At most a duplicate, and each is whole.
            #expect((1...2).contains(stage.hop.deliveries.count))
            #expect(stage.hop.deliveries.allSatisfy { $0.relayed.digest == mail.digest })
        }
    }

    /// What earlier processes left in the workspace is cleared; the spool keeps nothing at all.
    @Test func nothingIsLeftBehind() async throws {
        try await Lanes.run {
            let stage = try Stage { $0.settings["limits.spool_memory_per_message"] = "1000" }
            for number in 0..<5 {
                #expect(try send(.clean(number, size: 50_000), to: stage.gateway.port).code == 250)
                stage.gateway.killHard()
                try stage.gateway.restart()
            }
            let spool = try FileManager.default.contentsOfDirectory(atPath: stage.gateway.stateDirectory + "/spool")
            #expect(spool.isEmpty)
            stage.expectCleanEnd()
            let workspace = try FileManager.default.contentsOfDirectory(
                atPath: stage.gateway.memory.path + "/workspace")
            #expect(workspace.sorted() == ["lock"])
        }
    }
}
