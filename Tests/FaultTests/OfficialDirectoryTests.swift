import Foundation
import TestSupport
import Testing

/// A directory of official databases with all that freshclam leaves there: what the embedded engine makes of it is what clamd and
/// clamscan make of it.
@Suite(
    .enabled(
        if: ClamdProcess.isThere && SignedDatabases.isThere,
        "clamd or signed databases are not there (make test-deps)"))
struct OfficialDirectoryTests {
    private static func stage(_ official: Scratch, _ change: (inout GatewayConfiguration) -> Void = { _ in }) throws
        -> Stage
    {
        _ = try official.directory("database")
        try SignedDatabases.write(to: official, "database")
        return try Stage {
            $0.settings["clamav.database"] = official.path + "/database"
            $0.settings["clamav.self_check"] = "1"
            change(&$0)
        }
    }

    private static func status(_ stage: Stage, _ more: [String] = []) throws -> String {
        try runTool(
            Programs.path("mailreeve"), ["status", "--config", stage.gateway.disk.path + "/mailreeve.yaml"] + more
        ).text
    }

    private static func infected(_ content: [UInt8]) -> Mail { .attached(content, name: "a.com") }

    /// Names, version and age, wherever they are told.
    @Test func versionAndAgeAreClamscans() async throws {
        try await Lanes.run {
            let official = try Scratch(.disk)
            let clamd = try ClamdProcess(official: true)
            let stage = try Self.stage(official) { $0.scanners = [clamd.entry()] }
            let said = try runTool(
                Programs.peer("clamscan") ?? "", ["--version", "--database=\(official.path)/database"],
                environment: ["TZ": "UTC"])
            // ClamAV 1.4.6/6/Wed Jun 23 01:34:05 2021
            let words = said.text.trimmingCharacters(in: .newlines).split(separator: "/").map(String.init)
            try #require(words.count == 3 && words[1] == "\(SignedDatabases.version)", "\(said)")
            #expect(words[2] == "Wed Jun 23 01:34:05 2021")
            try stage.expectService()
            let days = (Int(Date().timeIntervalSince1970) - SignedDatabases.time) / 86_400
            let status = try Self.status(stage)
            #expect(status.contains("engine       \(words[0]), "), "\(status)")
            #expect(status.contains("signatures   version \(words[1]), made \(days) d "), "\(status)")
            #expect(status.contains("clamd: works, \(words[0])/\(words[1])/"), "\(status)")
            let metrics = try Self.status(stage, ["--metrics"])
            for line in [
                "mailreeve_engine_info{version=\"\(words[0])\",signatures=\"official\"} 1",
                "mailreeve_signature_version \(words[1])",
                "mailreeve_signature_timestamp_seconds \(SignedDatabases.time)",
            ] {
                #expect(metrics.contains("\n\(line)\n"), "\(line) is not in \(metrics)")
            }
            // clamd says it in its own time zone.
            let name = "mailreeve_scanner_signature_timestamp_seconds{scanner=\"clamd\"} "
            let line = try #require(metrics.split(separator: "\n").first { $0.hasPrefix(name) })
            let time = try #require(Int(line.dropFirst(name.count)))
            #expect(abs(time - SignedDatabases.time) <= 14 * 3600)
            let field = try #require(stage.hop.deliveries.last?.relayed.added.first)
            let start = "X-Virus-Scanned: mailreeve (\(words[0]), signatures \(words[1]), "
            #expect(field.hasPrefix(start), "\(field)")
            let age = try #require(Int(field.dropFirst(start.count).prefix { $0.isNumber }))
            #expect(abs(age - (Int(Date().timeIntervalSince1970) - SignedDatabases.time) / 3600) <= 1)
        }
    }

    /// The same names from the engine, from clamd and from clamscan.
    @Test func allFindTheSame() async throws {
        try await Lanes.run {
            let official = try Scratch(.disk)
            let clamd = try ClamdProcess(official: true)
            let embedded = try Self.stage(official)
            let other = try Stage {
                $0.settings["clamav.enabled"] = "no"
                $0.scanners = [clamd.entry(["parts": "yes"])]
            }
            let klez = try SignedDatabases.sample()
            let contents: [(String, [UInt8])] = [
                (SignedDatabases.common, Array(eicar.utf8)), (SignedDatabases.daily, klez),
                (SignedDatabases.daily, Array("before ".utf8) + klez + Array(" behind".utf8)),
                ("", Array(klez.dropLast())), ("", Array((eicar + "x").utf8)),
            ]
            for (name, content) in contents {
                let file = try official.write("sample", content)
                let said = try runTool(
                    Programs.peer("clamscan") ?? "",
                    ["--no-summary", "--database=\(official.path)/database", file])
                #expect(said.text.contains(name.isEmpty ? ": OK\n" : ": \(name) FOUND\n"), "\(said)")
                for stage in [embedded, other] {
                    let reply = try send(Self.infected(content), to: stage.gateway.port)
                    if name.isEmpty {
                        #expect(reply.code == 250 && !reply.text.contains("INFECTED"), "\(reply)")
                    } else {
                        #expect(reply.text.hasSuffix("INFECTED: \(name)"), "\(reply)")
                    }
                }
            }
        }
    }

    /// What was signed is as it was signed, or the set before goes on. What freshclam leaves beside the databases changes nothing.
    @Test func aBrokenSignatureIsRefused() async throws {
        try await Lanes.run {
            let official = try Scratch(.disk)
            let stage = try Self.stage(official)
            let klez = Self.infected(try SignedDatabases.sample())
            let database = official.path + "/database"
            var broken = try SignedDatabases.octets("test-6.cvd")
            broken[broken.count - 100] ^= 1
            try FileManager.default.removeItem(atPath: database + "/daily.cld")
            try official.write("database/daily.cvd", broken)
            try stage.gateway.log.wait(for: "daily.cvd: Can't verify database integrity; ")
            let status = try Self.status(stage)
            #expect(
                status.contains("refused      inspector generation ") && status.contains("daily.cvd")
                    && status.contains("the one before serves"), "\(status)")
            #expect(status.contains("signatures   version \(SignedDatabases.version), "), "\(status)")
            #expect(try Self.status(stage, ["--metrics"]).contains("\nmailreeve_inspector_generation_refused 1\n"))
            #expect(try send(klez, to: stage.gateway.port).text.hasSuffix("INFECTED: \(SignedDatabases.daily)"))
            try stage.expectService()
            // An older one, whole and signed, which does not know what the newer one found.
            try official.write("database/daily.cvd", try SignedDatabases.octets("test-3.cvd"))
            try poll("the repaired set") {
                let status = try Self.status(stage)
                return status.contains("signatures   version 3, ") && !status.contains("refused  ")
            }
            #expect(try send(klez, to: stage.gateway.port).code == 250)
            let found = try send(Self.infected(Array(eicar.utf8)), to: stage.gateway.port)
            #expect(found.text.hasSuffix("INFECTED: \(SignedDatabases.common)"), "\(found)")
        }
    }
}
