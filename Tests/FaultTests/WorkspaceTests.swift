import Foundation
import TestSupport
import Testing

/// Unpacked mail fills the workspace: a temporary failure, never a pass, and room for the next.
@Suite struct WorkspaceTests {
    private static let workers = 3

    /// A message with a gzip file of so many octets.
    private static func compressed(_ number: Int, megabytes: Int) throws -> Mail {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c", "yes 'line \(number) of a file that is compressed well' | head -c \(megabytes)M | gzip -n",
        ]
        process.standardOutput = pipe
        try process.run()
        let content = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Mail.attached(Array(content), name: "f\(number).gz")
    }

    private static func stage(_ disk: SmallDisk, _ settings: [String: String] = [:]) throws -> Stage {
        try Stage { configuration in
            configuration.settings["workspace.directory"] = disk.path
            configuration.settings["limits.free_space"] = "0"
            configuration.settings["inspector.workers"] = "\(workers)"
            // Not a single member stays in memory.
            configuration.settings["unpacking.member_memory"] = "0"
            for (key, value) in settings { configuration.settings[key] = value }
        }
    }

    /// Two of them have room at one time, three would not.
    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small file system needs root"))
    func messagesWaitForRoom() async throws {
        try await Lanes.run {
            let disk = try SmallDisk(megabytes: 64)
            let stage = try Self.stage(disk, ["unpacking.maximum_quota": "25165824"])
            let mails = try (1...6).map { try Self.compressed($0, megabytes: 22) }
            let port = stage.gateway.port
            let replies = mails.map { mail in Promise { try send(mail, to: port) } }
            for reply in replies { #expect(try reply.get().code == 250) }
            #expect(stage.hop.deliveries.count == mails.count)
        }
    }

    /// One that is larger than the file system fails, and takes nothing from the others.
    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small file system needs root"))
    func fullWorkspace() async throws {
        try await Lanes.run {
            let disk = try SmallDisk(megabytes: 16)
            let stage = try Self.stage(disk)
            let large = try (1...2).map { try Self.compressed($0, megabytes: 24) }
            let small = try (3...5).map { try Self.compressed($0, megabytes: 10) }
            let port = stage.gateway.port
            let refused = large.map { mail in Promise { try send(mail, to: port) } }
            let taken = small.map { mail in Promise { try send(mail, to: port) } }
            for reply in taken { #expect(try reply.get().code == 250) }
            for reply in refused {
                let reply = try reply.get()
                #expect(reply.code == 452 && reply.description.contains("4.3.1"), "\(reply)")
            }
            #expect(stage.hop.deliveries.count == small.count)
            try stage.expectService()
        }
    }

    /// Not even a directory can be made.
    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small file system needs root"))
    func noRoomForADirectory() async throws {
        try await Lanes.run {
            let disk = try SmallDisk(megabytes: 16, entries: 2000)
            let stage = try Self.stage(disk)
            let mail = try Self.compressed(1, megabytes: 1)
            var entries = disk.fillEntries()
            var reply = try send(mail, to: stage.gateway.port)
            // A worker that is replaced after the start gives its directory back.
            for _ in 0..<20 where reply.code == 250 {
                entries = disk.fillEntries(from: entries)
                reply = try send(mail, to: stage.gateway.port)
            }
            #expect(reply.code == 452 && reply.description.contains("4.3.1"), "\(reply)")
            try disk.clearEntries(entries)
            try stage.expectService()
        }
    }

    /// Not all workers can have a directory: the generation serves with those that have one, and takes the others when there is room.
    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small file system needs root"))
    func noRoomForWorkers() async throws {
        try await Lanes.run {
            let disk = try SmallDisk(megabytes: 16, entries: 6)
            // Whose files need more room than there is.
            let stage = try Self.stage(disk, ["inspector.workers": "8", "clamav.enabled": "no"])
            let log = stage.gateway.log
            #expect(try log.wait(for: "no room for another inspector worker").contains("No space left on device"))
            // The worker of the self-test gives its directory back.
            var entries = disk.fillEntries()
            var reply = try send(.clean(1), to: stage.gateway.port)
            for _ in 0..<20 where reply.code == 250 {
                entries = disk.fillEntries(from: entries)
                reply = try send(.clean(1), to: stage.gateway.port)
            }
            #expect(reply.code == 452 && reply.description.contains("4.3.1"), "\(reply)")
            try disk.resize(entries: 200)
            try stage.expectService()
            #expect(!log.lines.contains { $0.contains("generation 2") || $0.contains("before they are ready") })
            #expect(log.lines.count { $0.contains("no room for another inspector worker") } == 1)
        }
    }

    /// The embedded scanner could not write down what it looks at: the gateway does not start, and says why.
    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small file system needs root"))
    func noRoomForFilesOfTheScanner() async throws {
        try await Lanes.run {
            let disk = try SmallDisk(megabytes: 16, entries: 1000)
            let error = #expect(throws: (any Error).self) { _ = try Self.stage(disk) }
            let words = error.map { "\($0)" } ?? ""
            #expect(words.contains("room for") && words.contains("nr_inodes"), "\(words)")
        }
    }

    /// A policy that only looks passes mail on, and says what it would have been.
    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small file system needs root"))
    func shadowPasses() async throws {
        try await Lanes.run {
            let disk = try SmallDisk(megabytes: 16)
            let stage = try Stage { configuration in
                configuration.settings["workspace.directory"] = disk.path
                configuration.settings["limits.free_space"] = "0"
                configuration.settings["unpacking.member_memory"] = "0"
                configuration.policies["default"]?["shadow"] = "yes"
            }
            let large = try Self.compressed(1, megabytes: 24)
            #expect(try send(large, to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.count == 1)
            let line = try stage.gateway.log.wait(for: "shadow: would be")
            #expect(line.contains("Passed") && line.contains("shadow: would be 452 4.3.1"), "\(line)")
        }
    }

    /// What an earlier gateway left behind takes no room.
    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small file system needs root"))
    func leftOvers() async throws {
        try await Lanes.run {
            let disk = try SmallDisk(megabytes: 16)
            try disk.fill()
            let stage = try Self.stage(disk)
            #expect(try send(try Self.compressed(1, megabytes: 10), to: stage.gateway.port).code == 250)
            // It would be too small for what messages may need.
            #expect(
                stage.gateway.log.lines.contains { $0.contains("(!) the workspace may need ") },
                "\(stage.gateway.log.lines)")
        }
    }
}
