internal import Foundation
internal import Glibc

/// `mailreeve serve` with directories of its own. Killed with the object.
package final class GatewayProcess {
    package var configuration: GatewayConfiguration
    /// Workspace.
    package let memory: Scratch
    /// State, configuration and copies of what the gateway's user must be able to read.
    package let disk: Scratch
    private(set) package var process: RunningProgram
    private let inspector: String
    /// Lines of the log before the last start are those of earlier processes.
    private var earlier: [String] = []

    /// Starts the gateway and waits until it is ready.
    /// - Parameter inspector: name of the program that inspects.
    package init(_ configuration: GatewayConfiguration, inspector: String = "mailreeve-inspector") throws {
        self.configuration = configuration
        memory = try Scratch(.memory)
        disk = try Scratch(.disk)
        // The build directory may lie where the gateway's user cannot go.
        self.inspector = try disk.copy(Programs.path(inspector), to: inspector, mode: 0o755)
        try disk.copy(Programs.path("mailreeve-launcher"), to: "mailreeve-launcher", mode: 0o755)
        _ = try disk.directory("official")
        _ = try disk.directory("signatures")
        try disk.copy(Programs.signatures, to: "signatures/test.ndb")
        try disk.write("mailreeve.yaml", configuration.yaml(Self.defaults(memory, disk, self.inspector)))
        process = try RunningProgram(Programs.path("mailreeve"), ["serve", "--config", disk.path + "/mailreeve.yaml"])
        try awaitReady()
    }

    private static func defaults(_ memory: Scratch, _ disk: Scratch, _ inspector: String) -> [String: String] {
        [
            "user": Programs.serviceUser.name, "hostname": "gateway.example", "state_directory": disk.path + "/state",
            "workspace.directory": memory.path + "/workspace", "inspector.path": inspector,
            "scanning.launcher": disk.path + "/mailreeve-launcher", "inspector.workers": "2",
            "inspector.sandbox": "allow-weaker", "clamav.database": disk.path + "/official",
            "clamav.test_database": disk.path + "/signatures", "limits.free_space": "1048576", "cache.messages": "0",
        ]
    }

    /// Port of the first listener.
    package var port: Int { configuration.listeners[0].port }
    package var stateDirectory: String { disk.path + "/state" }
    /// Log lines of the process that runs now.
    package var log: LineCollector { process.output }
    /// Log lines of all processes so far.
    package var allLines: [String] { earlier + log.lines }

    /// Log lines on messages: one for each.
    package var messageLines: [String] {
        allLines.filter { $0.contains(") Passed ") || $0.contains(") Blocked ") }
    }

    private func awaitReady() throws {
        do {
            try log.wait(for: "the ready line") { $0.hasSuffix("Z ready") || $0.contains("\"message\":\"ready\"") }
        } catch let error as TimedOut {
            let status = process.wait(seconds: 1).map { "ended with \($0)" } ?? "still runs"
            throw TimedOut("\(error) - the gateway \(status)")
        }
    }

    /// Starts it again after its end.
    package func restart() throws {
        earlier += (try? log.all(seconds: 5)) ?? log.lines
        process = try RunningProgram(Programs.path("mailreeve"), ["serve", "--config", disk.path + "/mailreeve.yaml"])
        try awaitReady()
    }

    /// Writes the configuration as it is now.
    package func writeConfiguration() throws {
        try disk.write("mailreeve.yaml", configuration.yaml(Self.defaults(memory, disk, inspector)))
    }

    /// Sends SIGHUP and waits for the line that says how it ended.
    @discardableResult
    package func reload() throws -> String {
        let start = log.lines.count
        process.signal(SIGHUP)
        return try log.wait(for: "the end of the reload", from: start) { line in
            ["reloaded", "reload refused", "reload failed"].contains { line.contains($0) }
        }
    }

    /// Kills it, without any word of goodbye.
    package func killHard() {
        process.kill()
        _ = process.wait()
    }

    /// SIGTERM and the end; the exit code, nil when it did not end in time.
    package func terminate(seconds: Double = 30) -> Int32? {
        process.signal(SIGTERM)
        return process.wait(seconds: seconds)
    }

    /// Names of the entries in the quarantine.
    package var quarantined: [String] {
        func names(_ place: String) -> [String] {
            (try? FileManager.default.contentsOfDirectory(atPath: "\(stateDirectory)/quarantine\(place)")) ?? []
        }
        return names("").filter { $0.utf8.count == 1 }.flatMap { names("/\($0)") }
    }

    /// Zygotes: the gateway's children.
    package var zygotes: [Int32] { ProcessTable.children(of: process.pid) }
    /// Workers: the zygotes' children.
    package var workers: [Int32] { zygotes.flatMap { ProcessTable.children(of: $0) } }
}
