import Foundation
import TestSupport
import Testing

/// `packaging/scripts/run`, what `make run` starts.
@Suite(.enabled(if: Clients.arePossible, Clients.missing))
struct RunScriptTests {
    /// A copy of what the script needs, so that a gateway that somebody tries out beside the tests keeps its directory.
    private static func house() throws -> Scratch {
        let scratch = try Scratch(.disk)
        for name in ["packaging", "corpus", "rules"] {
            let copied = try runTool("cp", ["-RL", Programs.package + "/" + name, scratch.path + "/"])
            try #require(copied.status == 0, "\(copied)")
        }
        return scratch
    }

    private static func run(_ house: Scratch, _ port: Int, _ nextHop: Int) throws -> ToolResult {
        try runTool(
            house.path + "/packaging/scripts/run", ["--once", "--binaries", Programs.directory],
            environment: [
                "MAILREEVE_PORT": "\(port)", "MAILREEVE_NEXT_HOP_PORT": "\(nextHop)",
                "MAILREEVE_SANDBOX": "allow-weaker",
            ], seconds: 120)
    }

    /// Directories of the script on the machine's temporary file systems.
    private static var leftovers: Set<String> {
        var found: Set<String> = []
        for place in ["/run", "/dev/shm", "/var/tmp"] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
            found.formUnion(names.filter { $0.hasPrefix("mailreeve-run") }.map { place + "/" + $0 })
        }
        return found
    }

    @Test func table() async throws {
        try await Lanes.run {
            let house = try Self.house()
            let (port, nextHop) = (try Ports.free(), try Ports.free())
            let before = Self.leftovers
            let result = try Self.run(house, port, nextHop)
            #expect(result.status == 0, "\(result)")
            #expect(result.lines.last == "All five as expected.", "\(result)")
            for (name, outcome, reply) in [
                ("clean", "delivered", "250 2.0.0 from MTA("), ("clean-attachment", "delivered", "250 2.0.0 from MTA("),
                ("spammy", "delivered", "250 2.0.0 from MTA("),
                ("eicar-attached", "quarantined", "250 2.7.0 Ok, discarded"),
                ("eicar-nested", "quarantined", "250 2.7.0 Ok, discarded"),
            ] {
                let row = try #require(result.lines.first { $0.split(separator: " ").first.map(String.init) == name })
                #expect(row.contains(" \(outcome) ") && row.contains(" yes ") && row.contains(reply), "\(row)")
            }
            for each in [port, nextHop] {
                #expect(
                    try runTool(house.path + "/packaging/scripts/listening", ["\(each)"]).status == 1, "port \(each)")
            }
            #expect(Self.leftovers.subtracting(before).isEmpty)
            let processes = try runTool("sh", ["-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"]).text
            #expect(
                !processes.contains(house.path) && !processes.contains("127.0.0.1:\(nextHop)"), "a process was left")
        }
    }

    @Test func busyPort() async throws {
        try await Lanes.run {
            let house = try Self.house()
            let somebody = try ScriptedNextHop(lmtp: false)
            let port = try Ports.free()
            for (first, second) in [(somebody.port, port), (port, somebody.port)] {
                let result = try Self.run(house, first, second)
                #expect(result.status == 1 && result.errorText.contains("port \(somebody.port) is busy"), "\(result)")
                #expect(result.output.isEmpty)
            }
            let same = try Self.run(house, port, port)
            #expect(same.status == 1 && same.errorText.contains("the same"), "\(same)")
            #expect(somebody.connections == 0 && somebody.deliveries.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: house.path + "/build"))
        }
    }
}
