import Foundation
import TestSupport
import Testing

/// Runs `mailreeve` to its end.
func mailreeve(_ arguments: String..., input: [UInt8] = []) throws -> ToolResult {
    try runTool(Programs.path("mailreeve"), arguments, input: input)
}

extension GatewayProcess {
    var configurationFile: String { disk.path + "/mailreeve.yaml" }

    /// The lines on messages once there are so many: the last one is written a moment after the reply.
    func awaitMessageLines(_ count: Int) throws -> [String] {
        try poll("\(count) lines on messages") { messageLines.count >= count }
        return messageLines
    }
}

/// A configuration for commands that need no daemon, in directories of its own.
struct OfflineConfiguration {
    private let disk: Scratch
    private let memory: Scratch
    let path: String

    init(_ more: String = "") throws {
        disk = try Scratch(.disk)
        memory = try Scratch(.memory)
        let inspector = try disk.copy(Programs.path("mailreeve-inspector"), to: "mailreeve-inspector", mode: 0o755)
        try disk.copy(Programs.path("mailreeve-launcher"), to: "mailreeve-launcher", mode: 0o755)
        _ = try disk.directory("official")
        _ = try disk.directory("signatures")
        try disk.copy(Programs.signatures, to: "signatures/test.ndb")
        path = try disk.write(
            "mailreeve.yaml",
            """
            user: nobody
            state_directory: \(disk.path)/state
            workspace:
              directory: \(memory.path)/workspace
            inspector:
              path: \(inspector)
              workers: 1
              sandbox: allow-weaker
            clamav:
              database: \(disk.path)/official
              test_database: \(disk.path)/signatures
            \(more)
            """)
    }

    /// Writes a file beside the configuration.
    func write(_ name: String, _ octets: [UInt8]) throws -> String {
        let whole = disk.path + "/" + name
        try Data(octets).write(to: URL(fileURLWithPath: whole))
        return whole
    }
}

/// A JSON document as the standard library's parser sees it; checked with Python's as well.
struct JSONDocument {
    let object: [String: Any]

    /// Takes one object on one line, which Python must read as well.
    init(_ line: some StringProtocol) throws {
        let python = try runTool(
            "python3", ["-c", "import json,sys; assert isinstance(json.loads(sys.stdin.buffer.read()), dict)"],
            input: Array(line.utf8))
        try #require(python.status == 0, "\(python)\n\(line)")
        object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    subscript(_ key: String) -> Any? { object[key] }
    func list(_ key: String) -> [[String: Any]] { object[key] as? [[String: Any]] ?? [] }
}
