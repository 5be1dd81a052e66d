import Glibc
import TestSupport
import Testing

/// Nothing is taken when there is no room, and everything is when there is room again.
@Suite struct SpoolTests {
    private static let insufficient = "452 4.3.1 Error: insufficient system storage"

    /// The next hop holds the reply to one message; `body` runs meanwhile.
    private static func whileOneIsHeld(_ stage: Stage, _ mail: Mail, _ body: () throws -> Void) throws {
        let barrier = Barrier()
        stage.hop.answer { step, number, _ in step == .dot && number == 0 ? .waitFor(barrier) : .usual }
        let port = stage.gateway.port
        let held = Promise { try send(mail, to: port) }
        try poll("the message at the next hop") { stage.hop.begun == 1 }
        try body()
        stage.hop.answer { _, _, _ in .usual }
        barrier.open()
        #expect(try held.get().code == 250)
        #expect(stage.hop.deliveries.contains { $0.relayed.digest == mail.digest })
    }

    @Test func messagesInFlight() async throws {
        try await Lanes.run {
            let stage = try Stage { $0.settings["limits.messages_in_flight"] = "1" }
            try Self.whileOneIsHeld(stage, .clean(1)) { () throws in
                let answers = try sendAll(.clean(2), to: stage.gateway.port)
                #expect(answers.data?.description == Self.insufficient)
                // The session goes on and may try again.
                let session = try MailSession(port: stage.gateway.port)
                for _ in 0..<3 { #expect(try session.send(.clean(3)).decisive.code == 452) }
            }
            try stage.expectService()
        }
    }

    @Test func octetsInFlight() async throws {
        try await Lanes.run {
            let stage = try Stage { $0.settings["limits.spool_bytes"] = "1048576" }
            try Self.whileOneIsHeld(stage, .clean(1, size: 700_000)) { () throws in
                var mail = Mail.clean(2, size: 700_000)
                // Found out while the octets come in, and before them when the client says how many there will be.
                #expect(try sendAll(mail, to: stage.gateway.port).final.first?.description == Self.insufficient)
                mail.parameters = "SIZE=700000"
                #expect(try send(mail, to: stage.gateway.port).description == Self.insufficient)
                #expect(try send(.clean(3), to: stage.gateway.port).code == 250)
            }
            #expect(try send(.clean(4, size: 700_000), to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.count == 3)
        }
    }

    @Test func freeSpace() async throws {
        try await Lanes.run {
            let stage = try Stage { $0.settings["limits.free_space"] = "1000000000000" }
            #expect(try send(.clean(1), to: stage.gateway.port).description == Self.insufficient)
            #expect(stage.hop.connections == 0)
            stage.gateway.configuration.settings["limits.free_space"] = "1048576"
            try stage.gateway.writeConfiguration()
            #expect(try stage.gateway.reload().contains("reloaded"))
            try stage.expectService()
        }
    }

    @Test func largerThanAllowed() async throws {
        try await Lanes.run {
            let stage = try Stage { $0.settings["limits.message_size"] = "100000" }
            func mail(_ octets: Int) -> Mail {
                Mail(content: crlf("Subject: size\n\n") + [UInt8](repeating: 0x61, count: octets - 19) + crlf("\n"))
            }
            let largest = mail(100_000)
            #expect(largest.content.count == 100_000)
            #expect(try send(largest, to: stage.gateway.port).code == 250)
            var larger = mail(100_001)
            #expect(
                try sendAll(larger, to: stage.gateway.port).final.first?.description.hasPrefix("552 5.3.4 ") == true)
            larger.parameters = "SIZE=100001"
            #expect(try sendAll(larger, to: stage.gateway.port).mail.description.hasPrefix("552 5.3.4 "))
            #expect(stage.hop.deliveries.count == 1)
            try stage.expectService()
        }
    }

    /// A file system of its own, so small that one message fills it.
    private static func withSmallDisk(
        _ name: String, _ change: @escaping @Sendable (inout GatewayConfiguration) -> Void,
        _ body: @escaping @Sendable (Stage, SmallDisk) throws -> Void
    ) async throws {
        try await Lanes.run {
            let disk = try SmallDisk(megabytes: 4)
            let stage = try Stage { configuration in
                configuration.settings[name] = disk.path
                configuration.settings["limits.spool_memory_per_message"] = "65536"
                configuration.settings["limits.free_space"] = "0"
                change(&configuration)
            }
            try body(stage, disk)
        }
    }

    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small file system needs root"))
    func diskFull() async throws {
        try await Self.withSmallDisk("state_directory") { _ in
        } _: { stage, _ in
            let reply = try sendAll(.clean(1, size: 6_000_000), to: stage.gateway.port).final.first
            #expect(reply?.description == Self.insufficient)
            #expect(stage.hop.connections == 0)
            let mail = Mail.clean(2, size: 2_000_000)
            #expect(try send(mail, to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.map(\.relayed.digest) == [mail.digest])
            stage.expectCleanEnd()
        }
    }

    /// What must be kept cannot be kept: the client keeps it.
    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small file system needs root"))
    func noRoomForTheQuarantine() async throws {
        try await Self.withSmallDisk("state_directory") {
            $0.settings["limits.spool_memory_per_message"] = "8000000"
        } _: { stage, disk in
            // Octets that do not compress.
            var random = SeededGenerator(seed: 5)
            let noise = (0..<5_000_000).map { _ in UInt8.random(in: 0...255, using: &random) }
            let mail = Mail.attached(Array(eicar.utf8) + noise)
            let reply = try send(mail, to: stage.gateway.port)
            #expect(reply.description.hasPrefix("451 4.5.0 Error in processing, id="), "\(reply)")
            #expect(try disk.isEmpty("quarantine/tmp"), "half an entry was left")
            let small = try send(Mail.attached(Array(eicar.utf8)), to: stage.gateway.port)
            #expect(small.description.hasPrefix("250 2.7.0 Ok, discarded"), "\(small)")
            #expect(try disk.isEmpty("quarantine/tmp"))
            #expect(try !disk.isEmpty("quarantine"))
        }
    }

    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small file system needs root"))
    func workspaceFull() async throws {
        try await Self.withSmallDisk("workspace.directory") {
            $0.settings["limits.free_space"] = "2000000"
        } _: { stage, disk in
            try stage.expectService()
            try disk.fill()
            #expect(try send(.clean(1), to: stage.gateway.port).description == Self.insufficient)
            try disk.clear()
            try stage.expectService()
        }
    }
}
