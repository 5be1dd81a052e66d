import Foundation
import MailModel
import SQLiteStores
import Stores
import TestSupport
import Testing

/// What lies in the tables of the journal: that it goes when it is too old or too much, and comes out of older files.
@Suite struct JournalTableTests {
    private let directory: TemporaryDirectory
    private let journal: SQLiteJournal
    private var path: String { directory.path + "/journal.sqlite" }

    init() throws {
        directory = try TemporaryDirectory()
        journal = SQLiteJournal(path: directory.path + "/journal.sqlite")
    }

    private static func record(
        _ id: String, time: Int, sender: String = "s@y", recipients: [String] = ["r@x"], score: Double? = nil,
        queuedAs: String = ""
    ) -> JournalRecord {
        JournalRecord(
            mailID: id, logID: "77-\(id)", time: time, category: .clean, isPassed: !queuedAs.isEmpty,
            isBlocked: queuedAs.isEmpty, sender: sender, recipients: recipients, subject: "Nr. \(id)",
            messageID: "<\(id)@y>", client: "192.0.2.1", size: 5, score: score,
            quarantineID: queuedAs.isEmpty ? id : nil, queuedAs: queuedAs, line: "(77-\(id)) Passed",
            explanation: Array(#"{"a":1}"#.utf8))
    }

    private func found(_ change: (inout JournalQuery) -> Void = { _ in }) throws -> [String] {
        var query = JournalQuery(limit: 9999)
        change(&query)
        return try journal.search(query).map(\.mailID)
    }

    /// Rows of the tables.
    private func counts() throws -> [Int] {
        let program = """
            import sqlite3, sys
            journal = sqlite3.connect(sys.argv[1])
            for table in ("event", "detail", "queue_id"):
                print(journal.execute("SELECT count(*) FROM " + table).fetchone()[0])
            """
        return try runTool("python3", ["-c", program, path]).text.split(separator: "\n").compactMap { Int($0) }
    }

    @Test func oldEventsGo() throws {
        try journal.append((0..<2500).map { Self.record("Id\($0)", time: $0, queuedAs: "Q\($0)/R\($0)") })
        #expect(try journal.expire(before: 0, size: 0) == JournalExpiry())
        #expect(try journal.expire(before: 2400, size: 0).aged == 2400)
        #expect(try found().count == 100)
        #expect(try journal.expire(before: 2400, size: 0) == JournalExpiry())
        // Nothing stays of them.
        for id in ["Id2399", "77-Id2399", "Q2399"] { #expect(try found { $0.id = id } == []) }
        #expect(try found { $0.id = "R2400" } == ["Id2400"])
        #expect(try counts() == [100, 100, 200])
    }

    /// At `size` all stay; above it the oldest go, and who asks is told what is the oldest then.
    @Test func tooMuchGoesOldestFirst() throws {
        // In any order of coming.
        let places = (0..<5000).map { $0 * 1777 % 5000 }
        try journal.append(places.map { Self.record("Id\($0)", time: 100 + $0, queuedAs: "Q\($0)") })
        let octets = try journal.octets()
        #expect(octets > 5000 * 100)
        #expect(try journal.expire(before: 0, size: octets) == JournalExpiry())
        let less = try journal.expire(before: 0, size: octets - 1)
        #expect(less.aged == 0 && (1..<1000).contains(less.crowdedOut), "\(less)")
        #expect(less.oldest == 100 + less.crowdedOut)
        #expect(try found().count == 5000 - less.crowdedOut)
        #expect(try found().last == "Id\(less.crowdedOut)")
        #expect(try journal.octets() < octets)
        // What is too old goes first, and may be enough.
        let aged = try journal.expire(before: 5000, size: octets)
        #expect(aged.aged == 4900 - less.crowdedOut && aged.crowdedOut == 0 && aged.oldest == nil)
        // Less than an empty database takes: nothing is left, and it ends.
        let all = try journal.expire(before: 0, size: 1)
        #expect(all.crowdedOut == 100 && all.oldest == nil)
        #expect(try found() == [] && counts() == [0, 0, 0])
        try journal.append([Self.record("Zz", time: 1)])
        #expect(try found() == ["Zz"])
    }

    /// What fits stays, also of few events, and of large ones in front of small ones.
    @Test(arguments: [(225, 0, 110_000), (225, 0, 300_000), (1500, 0, 1_500_000), (1000, 50, 1_000_000)])
    func whatFitsStays(_ count: Int, _ large: Int, _ size: Int) throws {
        try journal.append(
            (0..<count).map { number in
                var record = Self.record("Id\(number)", time: number, queuedAs: "Q\(number)")
                record.explanation = [UInt8](repeating: 0x20, count: number < large ? 60_000 : 1500)
                return record
            })
        let before = try journal.octets()
        try #require(before > size)
        let expiry = try journal.expire(before: 0, size: size)
        let after = try journal.octets()
        // Less than what five events take is free.
        #expect(after <= size && after > size - 5 * (large > 0 ? 60_000 : 3000), "\(before) \(after) \(expiry)")
        #expect(expiry.crowdedOut > 0 && expiry.oldest == expiry.crowdedOut)
        #expect(try counts().first == count - expiry.crowdedOut)
    }

    /// A file from before there were narrow rows is brought into today's form by whoever opens it, and nothing is lost.
    @Test func filesOfOlderVersions() throws {
        var records = (0..<1200).map { number in
            Self.record(
                "Id\(number)", time: 1000 + number / 3, recipients: ["a\(number)@x", "b@y"],
                score: number % 5 == 0 ? nil : 1.5, queuedAs: number % 4 == 0 ? "" : "4X\(number)/5Y\(number)")
        }
        records.append(Self.record("Cy", time: 9000, sender: "s@почта.рф"))
        try writeOldFile(records)
        #expect(
            try journal.search(JournalQuery(limit: 9999)).sorted { $0.mailID < $1.mailID }
                == records.sorted { $0.mailID < $1.mailID })
        #expect(try found { $0.limit = 3 } == ["Cy", "Id1199", "Id1198"])
        for id in ["Id7", "77-Id7", "77-Id7-1", "4X7", "5Y7"] { #expect(try found { $0.id = id } == ["Id7"]) }
        #expect(try found { $0.sender = "xn--80a1acny.xn--p1ai" } == ["Cy"])
        // Once is enough; others see the same.
        try journal.append([Self.record("New", time: 9999)])
        #expect(try SQLiteJournal(path: path).search(JournalQuery(limit: 9999)).count == 1202)
        #expect(try counts() == [1202, 1202, 1800])
    }

    /// Makes the tables of the first version, with events.
    private func writeOldFile(_ records: [JournalRecord]) throws {
        try directory.write("events.json", Array(try JSONEncoder().encode(records)))
        let program = """
            import json, sqlite3, sys
            journal = sqlite3.connect(sys.argv[1])
            journal.execute("PRAGMA journal_mode = wal")
            journal.execute("CREATE TABLE event (mail_id TEXT PRIMARY KEY NOT NULL, log_id TEXT NOT NULL, time INTEGER NOT NULL,"
                "category TEXT NOT NULL, passed INTEGER NOT NULL, sender TEXT NOT NULL, recipients TEXT NOT NULL,"
                "subject TEXT NOT NULL, message_id TEXT NOT NULL, client TEXT NOT NULL, size INTEGER NOT NULL, score REAL,"
                "quarantine TEXT, queued_as TEXT NOT NULL, line TEXT NOT NULL, explanation BLOB NOT NULL,"
                "sender_key TEXT NOT NULL, recipients_key TEXT NOT NULL, subject_key TEXT NOT NULL,"
                "message_id_key TEXT NOT NULL) WITHOUT ROWID")
            journal.execute("CREATE INDEX event_time ON event (time, mail_id)")
            journal.execute("CREATE INDEX event_log_id ON event (log_id)")
            for e in json.load(open(sys.argv[2])):
                people = chr(10).join(e["recipients"])
                journal.execute("INSERT INTO event VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", (
                    e["mailID"], e["logID"], e["time"], e["category"], 1 if e["isPassed"] else 0, e["sender"], people,
                    e["subject"], e["messageID"], e["client"], e["size"], e.get("score"), e.get("quarantineID"),
                    e["queuedAs"], e["line"], bytes(e["explanation"]), e["sender"].lower(), people.lower(),
                    e["subject"].lower(), e["messageID"].lower()))
            journal.commit()
            """
        let run = try runTool("python3", ["-c", program, path, directory.path + "/events.json"])
        try #require(run.status == 0, "\(run.text) \(run.errorText)")
    }

    /// Domains are found in each of their spellings, and in parts of them.
    @Test(arguments: ["u@почта.рф", "u@xn--80a1acny.xn--p1ai", "U@ПОЧТА.рф"])
    func spellingsOfDomains(address: String) throws {
        try journal.append([
            Self.record("Aa", time: 3, sender: address), Self.record("Ab", time: 2, recipients: ["r@x", address]),
            Self.record("Ac", time: 1),
        ])
        for text in ["почта.рф", "u@xn--80a1acny.xn--p1ai", "ПОЧТ", "1acny.XN--", "U@ПОЧТА.РФ", "@почта"] {
            #expect(try found { $0.sender = text } == ["Aa"], "\(text)")
            #expect(try found { $0.recipient = text } == ["Ab"], "\(text)")
        }
        for text in ["почта.com", "почтаx", "u@почта.рф.x"] { #expect(try found { $0.sender = text } == [], "\(text)") }
        #expect(try journal.search(JournalQuery(limit: 9)).first?.sender == address)
    }
}
