import Foundation
import Glibc
import MailModel
import SQLiteStores
import Stores
import TestSupport
import Testing

@Suite struct JournalTests {
    private static func record(
        _ id: String, time: Int = 1000, category: MailModel.Category = .clean, isPassed: Bool = true,
        isBlocked: Bool? = nil, sender: String = "s@y", recipients: [String] = ["r@x"], subject: String = "",
        score: Double? = nil,
        queuedAs: String = "", client: String = "192.0.2.1"
    ) -> JournalRecord {
        JournalRecord(
            mailID: id, logID: "77-\(id)", time: time, category: category, isPassed: isPassed,
            isBlocked: isBlocked ?? !isPassed, sender: sender, recipients: recipients, subject: subject,
            messageID: "<\(id)@y>", client: client, size: 5, score: score,
            quarantineID: isPassed ? nil : id, queuedAs: queuedAs, line: "(77-\(id)) Passed",
            explanation: Array("{}".utf8))
    }

    private static func found(
        _ journal: SQLiteJournal, _ change: (inout JournalQuery) -> Void = { _ in }
    ) throws -> [String] {
        var query = JournalQuery(limit: 100)
        change(&query)
        return try journal.search(query).map(\.mailID)
    }

    /// A second connection of the process costs the first one no locks: another process that comes and goes leaves its log.
    /// What is done with a message later is neither.
    @Test func whatIsNoDelivery() throws {
        let directory = try TemporaryDirectory()
        let journal = SQLiteJournal(path: directory.path + "/journal.sqlite")
        try journal.append([Self.record("Aa", isPassed: false, isBlocked: false), Self.record("Ab", time: 2000)])
        #expect(try Self.found(journal) { $0.isPassed = true } == ["Ab"])
        #expect(try Self.found(journal) { $0.isBlocked = true } == [])
        let event = try journal.search(JournalQuery(limit: 9)).first { $0.mailID == "Aa" }
        #expect(event?.isPassed == false && event?.isBlocked == false)
    }

    @Test func twoConnectionsAndAnotherProcess() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/journal.sqlite"
        let journal = SQLiteJournal(path: path)
        try journal.append([Self.record("Aa")])
        #expect(try Self.found(SQLiteJournal(path: path)) == ["Aa"])
        let program = """
            import sqlite3, sys
            journal = sqlite3.connect(sys.argv[1])
            print(journal.execute("SELECT count(*) FROM event").fetchone()[0])
            journal.close()
            """
        #expect(try runTool("python3", ["-c", program, path]).text == "1\n")
        try journal.append([Self.record("Ab")])
        #expect(try runTool("python3", ["-c", program, path]).text == "2\n")
    }

    @Test func whatIsAddedIsFound() throws {
        let directory = try TemporaryDirectory()
        let journal = SQLiteJournal(path: directory.path + "/journal.sqlite")
        #expect(try Self.found(journal) == [])
        let records = [
            Self.record("Ac", time: 30, sender: "", subject: "Счёт 'x' %_", score: -1.5, queuedAs: "4X/5Y"),
            Self.record(
                "Ab", time: 20, category: .infected, isPassed: false, recipients: ["a@x", "b@y"],
                client: "127.0.0.1 203.0.113.9"),
            Self.record("Aa", time: 20, category: .spam, isBlocked: true, score: 7),
        ]
        try journal.append(records)
        #expect(try journal.search(JournalQuery(limit: 10)) == records)
        #expect(try SQLiteJournal(path: directory.path + "/journal.sqlite").search(JournalQuery(limit: 10)) == records)
        // Said twice, an event is there once: a batch whose end was not seen is written again.
        try journal.append(records)
        #expect(try Self.found(journal) == ["Ac", "Ab", "Aa"])

        for id in ["Ac", "77-Ac", "4X", "5Y"] { #expect(try Self.found(journal) { $0.id = id } == ["Ac"], "\(id)") }
        for id in ["A", "4", "X", "77", "", "/", "%"] { #expect(try Self.found(journal) { $0.id = id } == [], "\(id)") }
        #expect(try Self.found(journal) { $0.sender = "S@Y" } == ["Ab", "Aa"])
        // The null reverse-path, and nothing else.
        #expect(try Self.found(journal) { $0.sender = "" } == ["Ac"])
        #expect(try Self.found(journal) { $0.recipient = "b@y" } == ["Ab"])
        #expect(try Self.found(journal) { $0.subject = "СЧЁТ" } == ["Ac"])
        #expect(try Self.found(journal) { $0.subject = "%_" } == ["Ac"])
        #expect(try Self.found(journal) { $0.messageID = "<aa@" } == ["Aa"])
        #expect(try Self.found(journal) { $0.client = "203.0.113." } == ["Ab"])
        #expect(try Self.found(journal) { $0.client = "0.113" } == [])
        #expect(try Self.found(journal) { $0.category = .spam } == ["Aa"])
        // Some have it and some have not: it is found by either.
        #expect(try Self.found(journal) { $0.isPassed = true } == ["Ac", "Aa"])
        #expect(try Self.found(journal) { $0.isBlocked = true } == ["Ab", "Aa"])
        #expect(try Self.found(journal) { ($0.isPassed, $0.isBlocked) = (true, true) } == ["Aa"])
        // The lines of such a message in the log have a number more.
        #expect(try Self.found(journal) { $0.id = "77-Aa-2" } == ["Aa"])
        #expect(try Self.found(journal) { $0.since = 21 } == ["Ac"])
        #expect(try Self.found(journal) { $0.until = 30 } == ["Ab", "Aa"])
        #expect(try Self.found(journal) { $0.after = PlaceInTime(time: 20, id: "77-Ab") } == ["Aa"])
        #expect(try Self.found(journal) { $0.limit = 1 } == ["Ac"])
    }

    /// Within a second the numbers of messages say which came first, whatever their names are; pages follow each other.
    @Test func orderWithinASecond() throws {
        let directory = try TemporaryDirectory()
        let journal = SQLiteJournal(path: directory.path + "/journal.sqlite")
        let records = [("Zz", 1), ("Aa", 2), ("Mm", 9), ("Bb", 10), ("Yy", 11)].map { id, number in
            var record = Self.record(id, time: 5)
            record.logID = "77-\(number)"
            return record
        }
        try journal.append(records)
        let all = ["Yy", "Bb", "Mm", "Aa", "Zz"]
        #expect(try Self.found(journal) == all)
        for (place, id) in all.enumerated() {
            let last = try #require(records.first { $0.mailID == id })
            let after = PlaceInTime(time: last.time, id: last.logID)
            #expect(try Self.found(journal) { $0.after = after } == Array(all[(place + 1)...]))
        }
    }

    /// A damaged journal is refused, put aside by `reset`, and what comes later is kept.
    @Test func damage() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/journal.sqlite"
        try directory.write("journal.sqlite", Array(String(repeating: "no database ", count: 500).utf8))
        let journal = SQLiteJournal(path: path)
        let error = #expect(throws: IndexFailure.self) { try journal.append([Self.record("Aa")]) }
        guard case .damaged = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        try journal.reset()
        try journal.append([Self.record("Ab")])
        #expect(try Self.found(journal) == ["Ab"])
        #expect(try directory.read("journal.sqlite.damaged").starts(with: "no database".utf8))
    }

    @Test(.enabled(if: SmallFileSystem.isPossible, "needs root to mount a small tmpfs"))
    func aFullDiskTakesAllOrNothing() throws {
        let disk = try SmallFileSystem()
        let journal = SQLiteJournal(path: disk.path + "/journal.sqlite")
        try journal.append([Self.record("Aa")])
        let many = (0..<5000).map { Self.record("Id\($0)", subject: String(repeating: "x", count: 200)) }
        #expect(throws: IndexFailure.self) { try journal.append(many) }
        #expect(try Self.found(journal) == ["Aa"])
        try journal.append([Self.record("Ab")])
        #expect(try Self.found(journal) == ["Ab", "Aa"])
    }
}
