import Foundation
import Linux
import MailModel
import PostgreSQLStores
import Stores
import Synchronization
import TestSupport
import Testing

/// What only an index in PostgreSQL can meet: several hosts, and a server that goes away.
@Suite(.enabled(if: PostgreSQLServer.programs != nil, "\(PostgreSQLServer.missing)"))
struct PostgreSQLIndexTests {
    private static let page = QuarantineQuery(limit: 100)

    private static func row(_ id: String, node: String, tenant: String = "x") -> QuarantineRow {
        QuarantineIndexTests.row(id, tenant: tenant, node: node)
    }

    /// A host finds the mail of all, and changes what is known of its own only.
    @Test func hostsShareOneIndex() throws {
        let database = try PostgreSQLServer.shared.get().database()
        let (one, two) = (
            PostgreSQLQuarantineIndex(parameters: database, deadline: 15, node: "one"),
            PostgreSQLQuarantineIndex(parameters: database, deadline: 15, node: "two")
        )
        try one.insert([Self.row("Aa", node: "one"), Self.row("Ab", node: "one")])
        try two.insert([Self.row("Ba", node: "two")])
        #expect(try one.search(Self.page).map(\.id) == ["Ba", "Ab", "Aa"])
        var query = Self.page
        query.node = "two"
        #expect(try one.search(query).map(\.id) == ["Ba"])
        #expect(try one.identifiers() == ["Aa", "Ab"] && two.identifiers() == ["Ba"])
        #expect(try one.usage().map(\.entries) == [2] && two.usage().map(\.entries) == [1])
        try one.remove(["Ba", "Aa"])
        try one.setReleased("Ba", time: 5)
        #expect(try two.search(Self.page).map(\.id) == ["Ba", "Ab"])
        #expect(try two.search(query).map(\.released) == [nil])
        try one.reset()
        #expect(try two.search(Self.page).map(\.id) == ["Ba"])
    }

    /// All hosts start at the same time on an empty database.
    @Test func tablesAreMadeOnce() throws {
        let database = try PostgreSQLServer.shared.get().database()
        let failures = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 8) { number in
            do {
                let index = PostgreSQLQuarantineIndex(parameters: database, deadline: 15, node: "node\(number)")
                try index.insert([Self.row("Id\(number)", node: "node\(number)")])
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
        let index = PostgreSQLQuarantineIndex(parameters: database, deadline: 15, node: "here")
        #expect(try index.search(Self.page).count == 8)
    }

    /// The server is stopped between two calls, and for good.
    @Test func aServerThatGoesAway() throws {
        let server = try PostgreSQLServer.shared.get()
        let database = try server.database()
        let index = PostgreSQLQuarantineIndex(parameters: database, deadline: 15, node: "here")
        try index.insert([Self.row("Aa", node: "here")])
        // The connection is cut under it.
        _ = try server.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mailreeve' AND datname = "
                + "'\(try #require(database.split(separator: "/").last))'", in: "postgres")
        #expect(try index.search(Self.page).map(\.id) == ["Aa"])
        try index.insert([Self.row("Ab", node: "here")])
        #expect(try index.identifiers() == ["Aa", "Ab"])
    }

    private static func put(_ id: String, in quarantine: IndexedQuarantine) throws {
        let entry = Quarantine.Entry(
            id: id, time: 1, category: .infected, reason: "test",
            envelope: Envelope(reversePath: .null, recipients: []), size: 0)
        try quarantine.put(entry, message: try Descriptor.memory("empty"), report: [])
    }

    /// A server that hangs acknowledges what it gets, and answers nothing: it is waited for up to the deadline, and then not asked
    /// for a while. What is kept meanwhile is in the index when it goes on.
    @Test func aServerThatHangs() throws {
        let server = try PostgreSQLServer.shared.get()
        let (database, directory) = (try server.database(), try TemporaryDirectory())
        let files = Quarantine(directory: directory.path)
        let complaints = Mutex<[String]>([])
        let index = PostgreSQLQuarantineIndex(parameters: database, deadline: 1, node: "here")
        let quarantine = IndexedQuarantine(files: files, index: index) { text in
            complaints.withLock { $0.append(text) }
        }
        try Self.put("Aa", in: quarantine)
        let hung = try HungBackends(of: database, on: server)
        for id in ["Ab", "Ac"] { try Self.put(id, in: quarantine) }
        #expect(throws: IndexFailure.self) { try quarantine.search(Self.page) }
        // Else they waited until the test lost its patience.
        #expect(!hung.isOver)
        hung.resume()
        let texts = complaints.withLock { $0 }
        try #require(texts.count == 2)
        #expect(texts[0].contains("cannot add Ab in the index") && texts[0].contains("did not answer within 1 s"))
        #expect(texts[1].contains("cannot add Ac in the index") && texts[1].contains("could not be reached"))
        // Another process, or this one some time later.
        let next = PostgreSQLQuarantineIndex(parameters: database, deadline: 15, node: "here")
        let later = IndexedQuarantine(files: files, index: next) { Issue.record("\($0)") }
        #expect(try later.reconcile().damaged == [])
        #expect(try later.search(Self.page).map(\.id) == ["Ac", "Ab", "Aa"])
        #expect(try later.check(own: []).whole == 3)
    }

    @Test func noServerCostsNoMail() throws {
        let directory = try TemporaryDirectory()
        let index = PostgreSQLQuarantineIndex(
            parameters: "host=127.0.0.1 port=\(try Ports.free()) user=x dbname=x", deadline: 15, node: "here")
        let complaints = Mutex<[String]>([])
        let quarantine = IndexedQuarantine(files: Quarantine(directory: directory.path), index: index) { text in
            complaints.withLock { $0.append(text) }
        }
        for id in ["Aa", "Ab"] { try Self.put(id, in: quarantine) }
        #expect(try quarantine.files.identifiers().sorted() == ["Aa", "Ab"])
        let texts = complaints.withLock { $0 }
        #expect(texts.count == 2 && texts[0].contains("cannot add Aa in the index") && texts[0].contains("refused"))
        // Asked once, not with every message.
        #expect(texts[1].contains("could not be reached"))
        #expect(throws: IndexFailure.self) { try quarantine.search(Self.page) }
    }

    /// A connection string that is none, a database that is absent, a table that is another's.
    @Test func whatIsNoIndex() throws {
        let server = try PostgreSQLServer.shared.get()
        for parameters in ["no such thing=", "postgresql://mailreeve@127.0.0.1:\(server.port)/absent", "\u{7F}"] {
            let index = PostgreSQLQuarantineIndex(parameters: parameters, deadline: 15, node: "here")
            let error = #expect(throws: IndexFailure.self) { try index.identifiers() }
            guard case .unavailable = error else {
                Issue.record("\(parameters): \(String(describing: error))")
                continue
            }
        }
        let database = try server.database()
        try server.sql("CREATE TABLE mailreeve_quarantine (other text)", in: database)
        let index = PostgreSQLQuarantineIndex(parameters: database, deadline: 15, node: "here")
        let error = #expect(throws: IndexFailure.self) { try index.identifiers() }
        guard case .damaged = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        // It is not ours to remove.
        #expect(throws: IndexFailure.self) { try index.reset() }
        #expect(try server.sql("SELECT count(*) FROM mailreeve_quarantine", in: database) == "0\n")
    }
}
