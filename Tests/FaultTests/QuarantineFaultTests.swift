import Foundation
import Glibc
import TestSupport
import Testing

/// Mail that is to be kept while disk, index or database of the quarantine do not do their part.
@Suite struct QuarantineFaultTests {
    private static func infected() -> Mail { Mail.attached(Array(eicar.utf8)) }

    /// No octet is free: the client keeps the message, the log says why; then there is room again, and nothing was lost.
    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small file system needs root"))
    func theDiskIsFull() async throws {
        try await Lanes.run {
            let disk = try SmallDisk(megabytes: 8)
            let stage = try Stage {
                $0.settings["state_directory"] = disk.path + "/state"
                $0.settings["limits.free_space"] = "0"
            }
            let place = QuarantinePlace(stage.gateway, state: disk.path + "/state")
            #expect(try send(Self.infected(), to: stage.gateway.port).code == 250)
            let first = try place.listed()
            #expect(first.count == 1)
            try disk.fill()
            for _ in 0..<3 {
                let reply = try send(Self.infected(), to: stage.gateway.port)
                #expect(reply.description.hasPrefix("451 4.5.0 Error in processing, id="), "\(reply)")
            }
            // Nothing has to be kept of this one.
            let clean = Mail.clean(7)
            #expect(try send(clean, to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.map(\.relayed.digest) == [clean.digest])
            for word in ["quarantine: ", "(!!) "] {
                try stage.gateway.log.wait(for: "the reason, with '\(word)'") {
                    $0.contains(word) && $0.contains("No space left")
                }
            }
            let status = try runTool(
                Programs.path("mailreeve"), ["status", "--config", stage.gateway.disk.path + "/mailreeve.yaml"])
            #expect(status.text.contains("3 messages COULD NOT BE KEPT"), "\(status)")
            #expect(try place.listed() == first)

            try disk.clear()
            #expect(try send(Self.infected(), to: stage.gateway.port).code == 250)
            #expect(try place.listed().count == 2)
            // What could not be journalled waited.
            try poll("the events of the full disk") {
                // Those of messages: who listed the quarantine is there, too.
                let events = try place.log("--limit", "0").lines.filter { $0.contains(" Message-ID: ") }
                return events.count == 6 && events.filter { $0.contains("No space left") }.count == 3
            }
            let proof = try place.run("fsck")
            #expect(proof.status == 0 && proof.lines.first == "2 messages are whole", "\(proof)")
            stage.expectCleanEnd()
        }
    }

    /// A file stands where the directory should be.
    @Test func aQuarantineThatCannotBeWritten() async throws {
        try await Lanes.run {
            let stage = try Stage()
            let directory = stage.gateway.stateDirectory + "/quarantine"
            // Made when the daemon compares index and files, a moment after its start.
            try poll("the index") { FileManager.default.fileExists(atPath: directory + "/index.sqlite") }
            try FileManager.default.moveItem(atPath: directory, toPath: directory + ".away")
            try Data().write(to: URL(fileURLWithPath: directory + ".file"))
            // The daemon may be at it still, and make the directory again.
            try poll("a file in its place") {
                try? FileManager.default.removeItem(atPath: directory)
                return rename(directory + ".file", directory) == 0
            }
            let reply = try send(Self.infected(), to: stage.gateway.port)
            #expect(reply.description.hasPrefix("451 4.5.0 Error in processing, id="), "\(reply)")
            try stage.gateway.log.wait(for: "Not a directory")
            #expect(try send(.clean(1), to: stage.gateway.port).code == 250)
            try FileManager.default.removeItem(atPath: directory)
            try FileManager.default.moveItem(atPath: directory + ".away", toPath: directory)
            #expect(try send(Self.infected(), to: stage.gateway.port).description.hasPrefix("250 2.7.0 Ok, discarded"))
            #expect(stage.gateway.quarantined.count == 1)
            stage.expectCleanEnd()
        }
    }

    /// The index is damaged under the running daemon: mail is kept all the same, and daemon and `fsck`, at the same time,
    /// make an index that both then use.
    @Test(arguments: [true, false])
    func aDamagedIndex(_ isHeader: Bool) async throws {
        try await Lanes.run {
            let stage = try Stage()
            let place = QuarantinePlace(stage.gateway)
            for _ in 0..<3 { #expect(try send(Self.infected(), to: stage.gateway.port).code == 250) }
            let index = stage.gateway.stateDirectory + "/quarantine/index.sqlite"
            // A checkpoint: all is in the file.
            let program = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA wal_checkpoint(TRUNCATE)')"
            let pages = try runTool("python3", ["-c", program, index])
            try #require(pages.status == 0, "\(pages)")
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: index))
            let size = Int(try file.seekToEnd())
            try file.seek(toOffset: isHeader ? 0 : 4096)
            try file.write(contentsOf: Data(repeating: 0x5A, count: isHeader ? 4096 : size - 4096))
            try file.close()
            #expect(try send(Self.infected(), to: stage.gateway.port).code == 250)
            let proof = try place.run("fsck")
            #expect(proof.status == 0 && proof.lines.first == "4 messages are whole", "\(proof)")
            try stage.gateway.log.wait(for: "the index was made anew from the files")
            #expect(Set(try place.listed()) == Set(stage.gateway.quarantined))
            #expect(try send(Self.infected(), to: stage.gateway.port).code == 250)
            #expect(Set(try place.listed()) == Set(stage.gateway.quarantined) && stage.gateway.quarantined.count == 5)
            stage.expectCleanEnd()
        }
    }

    /// The database hangs: mail that is to be kept waits for it, and nobody else does, whatever size his mail has.
    @Test(.enabled(if: PostgreSQLServer.programs != nil, "\(PostgreSQLServer.missing)"))
    func aDatabaseThatHangs() async throws {
        try await Lanes.run {
            let server = try PostgreSQLServer.shared.get()
            let database = try server.database()
            let stage = try Stage {
                $0.settings["quarantine.postgresql"] = "\"\(database)\""
                $0.settings["timeouts.postgresql"] = "50"
            }
            #expect(try send(Self.infected(), to: stage.gateway.port).code == 250)
            let hung = try HungBackends(of: database, on: server)
            let port = stage.gateway.port
            let waiting = (0..<5).map { _ in Promise { try send(Self.infected(), to: port).code } }
            try poll("mail to be kept") { stage.gateway.quarantined.count >= 5 }
            #expect(try send(.clean(1, size: 3_000_000), to: port).code == 250)
            #expect(!hung.isOver, "clean mail waited for the database")
            hung.resume()
            for reply in waiting { #expect(try reply.get() == 250) }
            let place = QuarantinePlace(stage.gateway)
            #expect(Set(try place.listed()) == Set(stage.gateway.quarantined) && stage.gateway.quarantined.count == 6)
            stage.expectCleanEnd()
        }
    }

    /// The database server ends under the running daemon, and another one without the table takes its place.
    @Test(.enabled(if: PostgreSQLServer.programs != nil, "\(PostgreSQLServer.missing)"))
    func aDatabaseServerThatGoesAway() async throws {
        try await Lanes.run {
            let server = try PostgreSQLServer()
            let stage = try Stage {
                $0.settings["quarantine.postgresql"] =
                    "\"host=127.0.0.1 port=\(server.port) user=mailreeve dbname=postgres\""
            }
            let place = QuarantinePlace(stage.gateway)
            #expect(try send(Self.infected(), to: stage.gateway.port).code == 250)
            #expect(try place.listed() == stage.gateway.quarantined)
            server.stop()
            for _ in 0..<3 { #expect(try send(Self.infected(), to: stage.gateway.port).code == 250) }
            #expect(stage.gateway.quarantined.count == 4)
            try stage.gateway.log.wait(for: "in the index")
            let unreachable = try place.run("list")
            #expect(
                unreachable.status == 1 && unreachable.output.isEmpty && !unreachable.errors.isEmpty, "\(unreachable)")
            let next = try PostgreSQLServer(port: server.port)
            let proof = try place.run("fsck")
            #expect(proof.status == 0 && proof.text.contains("4 added to the index"), "\(proof)")
            #expect(Set(try place.listed()) == Set(stage.gateway.quarantined))
            next.stop()
            stage.expectCleanEnd()
        }
    }
}
