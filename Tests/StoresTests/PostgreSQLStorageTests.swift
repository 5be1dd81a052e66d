import Foundation
import Linux
import MailModel
import Stores
import Synchronization
import TestSupport
import Testing

@testable import PostgreSQLStores

/// What only messages in PostgreSQL can meet: several hosts, and a server that goes away in the midst of one.
@Suite(.enabled(if: PostgreSQLServer.programs != nil, "\(PostgreSQLServer.missing)"))
struct PostgreSQLStorageTests {
    private static let page = QuarantineQuery(limit: 100)

    private static func cut(_ database: String) throws {
        try PostgreSQLServer.shared.get().sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mailreeve' AND datname = "
                + "'\(try #require(database.split(separator: "/").last))'", in: "postgres")
    }

    private static func isUnavailable(_ error: Quarantine.Failure?) -> Bool {
        if case .unavailable = error { true } else { false }
    }

    /// One host keeps a message, another does with it what the first could.
    @Test func everyHostHasAll() throws {
        let stage = try StoreStage(.postgresql)
        let database = try #require(stage.database)
        let hosts = try (0..<2).map { _ in
            let scratch = try TemporaryDirectory()
            return IndexedQuarantine(
                files: Quarantine(
                    storage: PostgreSQLQuarantineStorage(parameters: database, deadline: 15, scratch: scratch.path)),
                index: PostgreSQLQuarantineIndex(
                    parameters: database, deadline: 15, node: PostgreSQLQuarantineStorage.node)
            ) { Issue.record("\($0)") }
        }
        for (id, time) in [("Aa", 1), ("Bb", 2), ("Cc", 3)] {
            try hosts[0].put(
                QuarantineSample.entry(id, time: time), message: try QuarantineSample.message(), report: [1])
        }
        #expect(try hosts[1].search(Self.page).map(\.id) == ["Cc", "Bb", "Aa"])
        #expect(try hosts[1].search(Self.page).allSatisfy { $0.node == "sql:" })
        let entry = try hosts[1].files.entry("Bb")
        #expect(try storedMessage(of: entry, in: hosts[1].files) == QuarantineSample.content)
        try hosts[1].markReleased("Bb", time: 77)
        #expect(try hosts[0].files.entry("Bb").released == 77)
        try hosts[1].remove("Cc")
        #expect(throws: Quarantine.Failure.unknown("Cc")) { try hosts[0].files.entry("Cc") }
        for host in hosts {
            #expect(try host.reconcile() == IndexedQuarantine.Findings())
            #expect(try host.check(own: []).whole == 2)
        }
        let limits = QuarantineLimits(all: .init(keep: 10, octets: 0))
        #expect(try hosts[1].expire(limits, now: 12).aged == 1)
        #expect(try hosts[0].expire(limits, now: 12).aged == 0)
        #expect(try hosts[0].search(Self.page).map(\.id) == ["Bb"])
        // A host with files of its own in the same index knows nothing of these, and takes none of them away.
        let other = PostgreSQLQuarantineIndex(parameters: database, deadline: 15, node: "other")
        let files = IndexedQuarantine(files: Quarantine(directory: stage.directory.path), index: other) {
            Issue.record("\($0)")
        }
        #expect(try files.reconcile() == IndexedQuarantine.Findings())
        #expect(try files.search(Self.page).map(\.id) == ["Bb"])
    }

    /// Two hosts expire at one time: what goes, goes once, and no more than has to.
    @Test(arguments: [true, false])
    func twoHostsExpire(byAge: Bool) throws {
        let stage = try StoreStage(.postgresql)
        let database = try #require(stage.database)
        let (count, left) = (60, 15)
        let hosts = (0..<2).map { _ in
            IndexedQuarantine(
                files: Quarantine(
                    storage: PostgreSQLQuarantineStorage(
                        parameters: database, deadline: 15, scratch: stage.directory.path)),
                index: PostgreSQLQuarantineIndex(
                    parameters: database, deadline: 15, node: PostgreSQLQuarantineStorage.node)
            ) { Issue.record("\($0)") }
        }
        for number in 0..<count {
            let entry = QuarantineSample.entry("Id\(number)", time: number)
            try hosts[0].put(entry, message: try QuarantineSample.message(), report: [1])
        }
        let rows = try hosts[1].search(Self.page)
        let bound = rows.prefix(left).reduce(0) { $0 + $1.stored }
        let limits = QuarantineLimits(all: byAge ? .init(keep: left, octets: 0) : .init(keep: 0, octets: bound))
        let results = Mutex<[Result<QuarantineExpiry, any Error>]>([])
        DispatchQueue.concurrentPerform(iterations: 2) { number in
            let result = Result { try hosts[number].expire(limits, now: count) }
            results.withLock { $0.append(result) }
        }
        let expiries = try results.withLock { try $0.map { try $0.get() } }
        #expect(expiries.reduce(0) { $0 + (byAge ? $1.aged : $1.crowdedOut) } == count - left)
        #expect(expiries.reduce(0) { $0 + $1.octets } == rows.dropFirst(left).reduce(0) { $0 + $1.stored })
        #expect(try hosts[0].search(Self.page) == Array(rows.prefix(left)))
        #expect(try Set(stage.storage.identifiers()) == Set(rows.prefix(left).map(\.id)) && stage.leftovers() == [])
        #expect(try hosts[0].check(own: []).whole == left)
    }

    /// What is begun and not committed is not there; a new connection never goes on with the rest of a message.
    @Test(arguments: [0, 1, 2, 3])
    func cutInTheMidst(_ place: Int) throws {
        let stage = try StoreStage(.postgresql)
        let (storage, database) = (stage.storage, try #require(stage.database))
        #expect(try storage.identifiers() == [])
        let chunk = [UInt8](repeating: 1, count: PostgreSQLQuarantineStorage.chunkSize + 1)
        var isCut = false
        let error = #expect(throws: Quarantine.Failure.self) {
            try storage.put("Aa") { append throws(Quarantine.Failure) in
                for number in 0..<4 {
                    if number == place { isCut = (try? Self.cut(database)) != nil }
                    try append(chunk, "file\(number)")
                }
            }
        }
        #expect(isCut && Self.isUnavailable(error), "\(String(describing: error))")
        #expect(try storage.identifiers() == [] && stage.leftovers() == [])
        #expect(try stage.quarantine().contains("Aa") == false)
        #expect(try storage.put("Aa") { append throws(Quarantine.Failure) in try append([2], "file") } == 1)
        #expect(try stage.read("Aa", "file") == [2])
    }

    /// A message that cannot be read to its end is not kept, and the reason is told.
    @Test func whatFailsIsRolledBack() throws {
        let stage = try StoreStage(.postgresql)
        let cause = Quarantine.Failure.system(SystemError("read", code: EIO))
        #expect(throws: cause) {
            try stage.storage.put("Aa") { append throws(Quarantine.Failure) in
                try append([1], "file")
                throw cause
            }
        }
        #expect(try stage.storage.identifiers() == [] && stage.leftovers() == [])
        _ = try stage.storage.put("Aa") { append throws(Quarantine.Failure) in try append([], "empty") }
        #expect(try stage.storage.open("Aa", "empty").size() == 0)
    }

    @Test func noServerKeepsNothing() throws {
        let directory = try TemporaryDirectory()
        let parameters = "host=127.0.0.1 port=\(try Ports.free()) user=x dbname=x"
        let quarantine = Quarantine(
            storage: PostgreSQLQuarantineStorage(parameters: parameters, deadline: 15, scratch: directory.path))
        for words in ["refused", "could not be reached"] {
            let error = #expect(throws: Quarantine.Failure.self) {
                try quarantine.put(QuarantineSample.entry("Aa"), message: try QuarantineSample.message(), report: [])
            }
            #expect(Self.isUnavailable(error) && error?.description.contains(words) == true)
        }
        // Nobody takes a message for one that is not there.
        for call in [
            { _ = try quarantine.entry("Aa") }, { _ = try quarantine.contains("Aa") }, { try quarantine.remove("Aa") },
            { _ = try quarantine.identifiers() }, { try quarantine.markReleased("Aa", time: 1) },
            { _ = try quarantine.remains("Aa") },
        ] as [() throws -> Void] {
            let error = #expect(throws: Quarantine.Failure.self) { try call() }
            #expect(Self.isUnavailable(error))
        }
    }

    /// Chunks that are gone are damage, whichever.
    @Test(arguments: [0, 1, 2])
    func missingChunks(_ number: Int) throws {
        let stage = try StoreStage(.postgresql)
        let quarantine = stage.quarantine()
        var random = SeededGenerator(seed: 5)
        let content = (0..<600_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        var entry = QuarantineSample.entry("Aa")
        entry.size = content.count
        let kept = try quarantine.put(entry, message: try QuarantineSample.message(content), report: [])
        try stage.sql(
            "DELETE FROM mailreeve_quarantine_chunk WHERE file = 'message.gz' AND number = $1", .number(number))
        let error = #expect(throws: Quarantine.Failure.self) { try storedMessage(of: kept, in: quarantine) }
        #expect(error?.isOfMessage == true)
        // It can be removed all the same, with all that is left.
        try quarantine.remove("Aa")
        #expect(try stage.leftovers() == [])
    }

    /// All hosts begin on an empty database, and keep mail, at the same time; a thread has no more than a connection.
    @Test func manyAtOneTime() throws {
        let database = try PostgreSQLServer.shared.get().database()
        let directory = try TemporaryDirectory()
        let failures = Mutex<[String]>([])
        let storages = (0..<3).map { _ in
            PostgreSQLQuarantineStorage(parameters: database, deadline: 15, scratch: directory.path)
        }
        DispatchQueue.concurrentPerform(iterations: 60) { number in
            do {
                let quarantine = Quarantine(storage: storages[number % 3])
                let kept = try quarantine.put(
                    QuarantineSample.entry("Id\(number)"), message: try QuarantineSample.message(), report: [])
                guard try quarantine.entry("Id\(number)") == kept else { throw TimedOut("another entry") }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
        #expect(try storages[0].identifiers().count == 60)
        let count = try storages[0].run(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mailreeve' AND datname = current_database()"
        )
        #expect(Int(count.first?[0] ?? "") ?? .max <= 3 * ProcessInfo.processInfo.activeProcessorCount + 3)
    }

    /// A server that need not wait for its disk waits for this mail all the same.
    @Test func commitsAreSafe() throws {
        let server = try PostgreSQLServer.shared.get()
        let (database, directory) = (try server.database(), try TemporaryDirectory())
        let name = try #require(database.split(separator: "/").last)
        for (word, expected) in [("off", "on"), ("remote_apply", "remote_apply"), ("local", "local")] {
            try server.sql("ALTER DATABASE \(name) SET synchronous_commit TO \(word)", in: "postgres")
            let storage = PostgreSQLQuarantineStorage(parameters: database, deadline: 15, scratch: directory.path)
            #expect(try storage.run("SHOW synchronous_commit").first?[0] == expected)
        }
    }

    /// Where no daemon ever ran there is no directory for large messages: they are read in memory.
    @Test func hostsWithoutADaemon() throws {
        let server = try PostgreSQLServer.shared.get()
        let (database, directory) = (try server.database(), try TemporaryDirectory())
        let quarantine = Quarantine(
            storage: PostgreSQLQuarantineStorage(
                parameters: database, deadline: 15, scratch: "\(directory.path)/absent"))
        var random = SeededGenerator(seed: 6)
        let content = (0..<1_200_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        var entry = QuarantineSample.entry("Aa")
        entry.size = content.count
        let kept = try quarantine.put(entry, message: try QuarantineSample.message(content), report: [])
        #expect(try storedMessage(of: kept, in: quarantine) == content)
    }

    /// Tables with our names that are another's are not touched.
    @Test func tablesOfOthers() throws {
        let server = try PostgreSQLServer.shared.get()
        let (database, directory) = (try server.database(), try TemporaryDirectory())
        try server.sql("CREATE TABLE mailreeve_quarantine_entry (other text)", in: database)
        let quarantine = Quarantine(
            storage: PostgreSQLQuarantineStorage(parameters: database, deadline: 15, scratch: directory.path))
        let error = #expect(throws: Quarantine.Failure.self) {
            try quarantine.put(QuarantineSample.entry("Aa"), message: try QuarantineSample.message(), report: [])
        }
        #expect(Self.isUnavailable(error))
        #expect(try server.sql("SELECT count(*) FROM mailreeve_quarantine_entry", in: database) == "0\n")
    }
}
