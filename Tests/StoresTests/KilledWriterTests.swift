import Foundation
import Glibc
import PostgreSQLStores
import SQLiteStores
import Stores
import TestSupport
import Testing

/// `kill -9` of who keeps mail: whatever was said to be kept is there, and nothing half is listed.
@Suite struct KilledWriterTests {
    @Test(.timeLimit(.minutes(10)))
    func filesAndSQLite() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/q"
        let index = SQLiteQuarantineIndex(directory: path, node: "test")
        let kept = try Self.killed([path], rounds: 50)
        try Self.expect(kept, rounds: 50, QuarantineDirectory(path), index, own: SQLiteQuarantineIndex.files)
        try QuarantineDirectory(path).removeUnfinished(before: Int(time(nil)) + 10)
        #expect(directory.names("q/tmp") == [])
    }

    @Test(.enabled(if: PostgreSQLServer.programs != nil, "\(PostgreSQLServer.missing)"), arguments: ["index", "store"])
    func postgreSQL(_ word: String) throws {
        let (directory, server) = (try TemporaryDirectory(), try PostgreSQLServer.shared.get())
        let (path, database) = (directory.path + "/q", try server.database())
        let kept = try Self.killed([path, word, database], rounds: 12)
        // What the server was told it may still be doing.
        try poll("the end of the connections") {
            try server.sql(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mailreeve' AND datname = current_database()",
                in: database) == "0\n"
        }
        let storage: any QuarantineStorage =
            word == "store"
            ? PostgreSQLQuarantineStorage(parameters: database, deadline: 15, scratch: directory.path)
            : QuarantineDirectory(path)
        let index = PostgreSQLQuarantineIndex(parameters: database, deadline: 15, node: "test")
        try Self.expect(kept, rounds: 12, storage, index, own: [])
    }

    /// Kills one writer after the other, from before its first message to the middle of later ones.
    /// - Returns: what they said is kept.
    private static func killed(_ arguments: [String], rounds: Int) throws -> Set<String> {
        var random = SeededGenerator(seed: 50)
        var kept: Set<String> = []
        for round in 0..<rounds {
            let writer = try RunningProgram(Programs.path("quarantine-writer"), arguments)
            let lines = round % 10 > 0 ? Int.random(in: 1...8, using: &random) : 0
            try poll("mail to be kept") { writer.output.lines.count >= lines }
            usleep(UInt32.random(in: 0..<20_000, using: &random))
            writer.kill()
            #expect(writer.wait() == -SIGKILL, "the writer ended by itself")
            kept.formUnion(writer.output.lines)
        }
        #expect(kept.count > rounds, "nothing was kept")
        return kept
    }

    private static func expect(
        _ kept: Set<String>, rounds: Int, _ storage: any QuarantineStorage, _ index: any QuarantineIndex,
        own: Set<String>
    ) throws {
        let quarantine = IndexedQuarantine(files: Quarantine(storage: storage), index: index) { Issue.record("\($0)") }
        // One may be complete whose line was not printed any more; none is half.
        let present = Set(try storage.identifiers())
        #expect(kept.subtracting(present) == [] && present.count <= kept.count + rounds)
        let findings = try quarantine.check(own: own)
        #expect(findings.damaged == [] && findings.strays == [] && findings.whole == present.count)
        #expect(!findings.wasRebuilt && findings.added <= rounds && findings.forgotten == 0 && findings.corrected == 0)
        #expect(try index.identifiers() == present)
    }
}
