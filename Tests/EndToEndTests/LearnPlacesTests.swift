import Foundation
import TestSupport
import Testing

/// `mailreeve learn` looks at databases that it may not write to.
@Suite(.enabled(if: Clients.arePossible && SmallDisk.isPossible, "only root can mount a small disk"))
struct LearnPlacesTests {
    private static let tasks = [["--dump", "magic"], ["--dump", "data"], ["--backup"], ["--undo"]]

    private static func taught(_ configuration: OfflineConfiguration, _ database: String) throws {
        let box = Programs.package + "/corpus/spam.mbox"
        let learnt = try mailreeve(
            "learn", "--config", configuration.path, "--dbpath", database, "--mbox", "--spam", box)
        try #require(learnt.status == 0, "\(learnt)")
    }

    @Test func aReadOnlyFileSystem() async throws {
        try await Lanes.run {
            let (configuration, disk) = (try OfflineConfiguration(), try SmallDisk(megabytes: 32))
            try Self.taught(configuration, disk.path + "/bayes")
            let second = try disk.readOnlyMount()
            func learn(_ place: String, _ task: [String]) throws -> ToolResult {
                try runTool(
                    Programs.path("mailreeve"),
                    ["learn", "--config", configuration.path, "--dbpath", place + "/bayes"] + task)
            }
            for task in Self.tasks {
                let (there, here) = (try learn(disk.path, task), try learn(second, task))
                #expect(here.status == 0 && here.output == there.output && !here.output.isEmpty, "\(task): \(here)")
            }
            for task in [["--sync"], ["--undo", "1"], ["--clear"]] {
                let refused = try learn(second, task)
                #expect(refused.status == 1 && refused.errorText.contains("Read-only file system"), "\(refused)")
            }
            let user = try RunningProgram(Programs.path("bayes-learner"), [disk.path + "/bayes", "read"])
            try user.output.wait(for: "x", from: 0, seconds: 60)
            let beside = try learn(second, ["--backup"])
            #expect(
                beside.status == 2 && beside.output.isEmpty
                    && beside.errorText.contains("another process uses the database"), "\(beside)")
            #expect(try learn(disk.path, ["--backup"]).status == 0)
        }
    }

    /// Who looks takes nothing from root, and another user may look at what he can read.
    @Test func aDirectoryOfAnotherUser() async throws {
        try await Lanes.run {
            let (configuration, disk) = (try OfflineConfiguration(), try SmallDisk(megabytes: 32))
            let database = disk.path + "/bayes"
            try Self.taught(configuration, database)
            let files = ["", "/data.mdb", "/lock.mdb"].map { database + $0 }
            for file in files + [disk.path] {
                try #require(chown(file, 0, 0) == 0 && chmod(file, file.hasSuffix(".mdb") ? 0o644 : 0o755) == 0)
            }
            let command = [Programs.path("mailreeve"), "learn", "--config", configuration.path, "--dbpath", database]
            let stranger = ["--reuid", "1", "--regid", "1", "--clear-groups", "--"] + command
            for task in Self.tasks {
                let ofRoot = try runTool(command[0], command.dropFirst() + task)
                let ofOther = try runTool("/usr/bin/setpriv", stranger + task)
                #expect(ofRoot.status == 0 && ofRoot.output == ofOther.output && ofOther.status == 0, "\(ofOther)")
            }
            for file in files {
                var status = stat()
                #expect(stat(file, &status) == 0 && status.st_uid == 0, "\(file)")
            }
            let writing = try runTool("/usr/bin/setpriv", stranger + ["--sync"])
            #expect(writing.status == 1 && writing.errorText.contains("Permission denied"), "\(writing)")
        }
    }
}
