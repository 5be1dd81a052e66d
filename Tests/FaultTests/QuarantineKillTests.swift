import Digests
import Foundation
import Glibc
import TestSupport
import Testing

/// The daemon is killed while it keeps mail: what got 250 is in the quarantine, whole, and nothing half is listed.
@Suite struct QuarantineKillTests {
    /// Sizes from one line to beyond what is held in memory.
    private static func mail(_ number: Int) -> Mail {
        Mail.clean(number, size: [400, 3_000, 40_000, 150_000][number % 4])
    }

    @Test("Nothing that was to be kept is lost when the gateway is killed", .timeLimit(.minutes(30)))
    func anyInstant() async throws {
        try await Lanes.run {
            let kills = longTests ? 50 : 20
            let seed: UInt64 = 9
            print("kills: \(kills), seed: \(seed)")
            let stage = try Stage { configuration in
                configuration.settings["limits.spool_memory_per_message"] = "100000"
                configuration.policies["default"]?["deny_senders"] = "[sender@example.org]"
                configuration.policies["default"]?["spam"] = "quarantine"
            }
            let place = QuarantinePlace(stage.gateway)
            let client = RetryingClient(port: stage.gateway.port, messages: 1_000_000) { Self.mail($0) }
            let result = try client.run(
                sessions: 6, seconds: longTests ? 1200 : 200, kills: kills, seed: seed, of: stage.gateway,
                dead: {
                    for id in try place.listed() {
                        #expect(place.files(id).isSuperset(of: ["message.gz", "envelope", "report"]), "\(id) is half")
                    }
                })
            #expect(result.refused.isEmpty && result.failures > 0, "nothing was interrupted")
            stage.expectCleanEnd()

            let proof = try place.run("fsck")
            let kept = stage.gateway.quarantined
            #expect(proof.status == 0 && proof.errors.isEmpty, "\(proof)")
            #expect(proof.lines.first == "\(kept.count) messages are whole", "\(proof)")
            #expect(Set(try place.listed()) == Set(kept))
            // A try that was interrupted may have left a copy, too; all are copies of what was sent.
            let digests = try Set(kept.map { try place.digest($0) })
            let sent = Set((0..<(result.accepted.max() ?? 0) + 10).map { hexadecimal(Self.mail($0).digest) })
            let wanted = Set(result.accepted.map { hexadecimal(Self.mail($0).digest) })
            #expect(wanted.count == result.accepted.count)
            let lost = wanted.subtracting(digests).count
            #expect(lost == 0, "\(lost) messages got 250 and are nowhere")
            #expect(digests.isSubset(of: sent), "an altered or unknown message was kept")
            #expect(stage.hop.deliveries.isEmpty)
            print("accepted: \(wanted.count), kept: \(kept.count), tries without 250: \(result.failures)")
        }
    }
}

/// The quarantine of a gateway, by its commands and by its files.
struct QuarantinePlace {
    private let directory: String
    private let config: String

    /// - Parameter state: the state directory where it is not the gateway's usual one.
    init(_ gateway: GatewayProcess, state: String? = nil) {
        directory = (state ?? gateway.stateDirectory) + "/quarantine"
        config = gateway.disk.path + "/mailreeve.yaml"
    }

    /// `mailreeve quarantine COMMAND`.
    func run(_ command: String, _ arguments: String...) throws -> ToolResult {
        try runTool(Programs.path("mailreeve"), ["quarantine", command, "--config", config] + arguments)
    }

    /// `mailreeve log`.
    func log(_ arguments: String...) throws -> ToolResult {
        try runTool(Programs.path("mailreeve"), ["log", "--config", config] + arguments)
    }

    /// Identifiers that `quarantine list` prints.
    func listed() throws -> [String] {
        let result = try run("list", "--limit", "0")
        try #require(result.status == 0, "\(result)")
        return result.lines.map { String($0.prefix { $0 != " " }) }
    }

    private func path(_ id: String) -> String { "\(directory)/\(id.prefix(1))/\(id)" }

    /// Names of the files of an entry.
    func files(_ id: String) -> Set<String> {
        Set((try? FileManager.default.contentsOfDirectory(atPath: path(id))) ?? [])
    }

    /// The digest of an entry's message, as its envelope has it.
    func digest(_ id: String) throws -> String {
        let envelope = try String(contentsOfFile: path(id) + "/envelope", encoding: .utf8)
        let line = envelope.split(separator: "\n").first { $0.hasPrefix("message-sha256 ") }
        return String(try #require(line?.split(separator: " ").last))
    }
}
