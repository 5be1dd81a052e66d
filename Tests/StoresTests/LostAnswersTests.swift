import Foundation
import MailModel
import Stores
import Synchronization
import TestSupport
import Testing

@testable import PostgreSQLStores

/// The connection to PostgreSQL is cut between a request and its answer: nobody knows then whether the server has done it.
@Suite(.enabled(if: PostgreSQLServer.programs != nil, "\(PostgreSQLServer.missing)"))
struct LostAnswersTests {
    /// A quarantine in a database behind a proxy, and the same database without it.
    private struct Stage {
        let direct: StoreStage
        let proxy: CuttingProxy
        let database: String
        let quarantine: IndexedQuarantine

        /// - Parameter inFiles: the messages are files, and only the index is in the database.
        init(inFiles: Bool = false) throws {
            direct = try StoreStage(.postgresql)
            let server = try PostgreSQLServer.shared.get()
            proxy = try CuttingProxy(to: server.port)
            database = try #require(direct.database)
                .replacingOccurrences(of: ":\(server.port)/", with: ":\(proxy.port)/")
            let index = PostgreSQLQuarantineIndex(
                parameters: database, deadline: 15, node: PostgreSQLQuarantineStorage.node)
            let storage: any QuarantineStorage =
                inFiles
                ? QuarantineDirectory(direct.directory.path)
                : PostgreSQLQuarantineStorage(parameters: database, deadline: 15, scratch: direct.directory.path)
            quarantine = IndexedQuarantine(files: Quarantine(storage: storage), index: index) {
                Issue.record("\($0)")
            }
        }

        func put(_ id: String, time: Int = 1) throws { try Self.put(id, time: time, in: quarantine) }

        static func put(_ id: String, time: Int = 1, in quarantine: IndexedQuarantine) throws {
            let entry = QuarantineSample.entry(id, time: time)
            try quarantine.put(entry, message: try QuarantineSample.message(), report: [1])
        }

        /// What is there: entries, what the index says, and whether the two agree.
        func expect(_ ids: [String]) throws {
            #expect(try direct.storage.identifiers().sorted() == ids && direct.leftovers() == [])
            #expect(try direct.index.identifiers() == Set(ids))
            #expect(try direct.index.usage().reduce(0) { $0 + $1.entries } == ids.count)
            #expect(try quarantine.reconcile() == IndexedQuarantine.Findings())
        }
    }

    private static let moments = CuttingProxy.Moment.allCases.filter { $0 != .held }

    /// A message whose COMMIT was not answered is not kept: its client sends it again.
    @Test(arguments: moments)
    func commitOfAMessage(_ moment: CuttingProxy.Moment) throws {
        let stage = try Stage()
        try stage.put("Aa")
        stage.proxy.cut(at: "COMMIT", moment)
        let error = #expect(throws: Quarantine.Failure.self) { try stage.put("Ab") }
        guard case .unavailable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(stage.proxy.cuts == 1)
        try stage.expect(["Aa"])
        // The next try may have another name or the same.
        for id in ["Ab", "Ac"] { try stage.put(id) }
        try stage.expect(["Aa", "Ab", "Ac"])
    }

    /// The server gets to the COMMIT only after the connection was lost and the next one is at work.
    @Test func commitThatIsLate() throws {
        let stage = try Stage()
        try stage.put("Aa")
        stage.proxy.cut(at: "COMMIT", .held)
        let result = Mutex<Result<Void, any Error>?>(nil)
        let quarantine = stage.quarantine
        Thread.detachNewThread {
            let done = Result { try Stage.put("Ab", in: quarantine) }
            result.withLock { $0 = done }
        }
        try poll("the next connection to wait, or to be done") {
            let isWaiting = try stage.direct.sql("SELECT FROM pg_locks WHERE NOT granted").count > 0
            return stage.proxy.cuts == 1 && (isWaiting || result.withLock { $0 != nil })
        }
        try stage.proxy.release()
        try poll("the end of it") { result.withLock { $0 != nil } }
        #expect(throws: Quarantine.Failure.self) { try result.withLock { try $0?.get() } }
        try stage.expect(["Aa"])
    }

    /// What was removed is removed, whichever answer got lost, and counted once.
    @Test(
        arguments: moments, ["DELETE FROM mailreeve_quarantine_entry", "COMMIT", "DELETE FROM mailreeve_quarantine W"])
    func removal(_ moment: CuttingProxy.Moment, _ request: String) throws {
        let stage = try Stage()
        for (number, id) in ["Aa", "Ab", "Ac", "Ad"].enumerated() { try stage.put(id, time: number) }
        stage.proxy.cut(at: request, moment)
        try stage.quarantine.remove("Ab")
        #expect(stage.proxy.cuts == 1)
        try stage.expect(["Aa", "Ac", "Ad"])
        #expect(throws: Quarantine.Failure.unknown("Ab")) { try stage.quarantine.remove("Ab") }
        stage.proxy.cut(at: request, moment)
        let expiry = try stage.quarantine.expire(QuarantineLimits(all: .init(keep: 1, octets: 0)), now: 4)
        #expect(stage.proxy.cuts == 2 && expiry.aged == 2)
        try stage.expect(["Ad"])
    }

    @Test(arguments: moments)
    func markOfARelease(_ moment: CuttingProxy.Moment) throws {
        let stage = try Stage()
        try stage.put("Aa")
        for (number, request) in ["UPDATE mailreeve_quarantine_entry", "UPDATE mailreeve_quarantine S"].enumerated() {
            stage.proxy.cut(at: request, moment)
            try stage.quarantine.markReleased("Aa", time: 70 + number)
            #expect(stage.proxy.cuts == number + 1)
            #expect(try stage.direct.storage.status("Aa").released == 70 + number)
            #expect(try stage.quarantine.search(QuarantineQuery(limit: 1)).first?.released == 70 + number)
        }
    }

    /// A message that is kept in files is in the index, whichever answer got lost.
    @Test(arguments: moments, ["BEGIN", "INSERT INTO", "COMMIT"])
    func insertionIntoTheIndex(_ moment: CuttingProxy.Moment, _ request: String) throws {
        let stage = try Stage(inFiles: true)
        try stage.put("Aa")
        stage.proxy.cut(at: request, moment)
        try stage.put("Ab")
        #expect(stage.proxy.cuts == 1)
        #expect(try stage.direct.index.identifiers() == ["Aa", "Ab"])
        #expect(try stage.quarantine.reconcile() == IndexedQuarantine.Findings())
    }
}
