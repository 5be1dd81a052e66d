import Linux
import MailModel
import PostgreSQLStores
import SQLiteStores
import Stores
import TestSupport
import Testing

/// The databases that an index may lie in. Each test of the contract is run with all of them.
enum IndexKind: String, CaseIterable {
    case sqlite, postgresql

    /// Those whose programs are installed.
    static var present: [IndexKind] {
        if PostgreSQLServer.programs != nil { return allCases }
        print("QuarantineIndexTests: not with PostgreSQL, it \(PostgreSQLServer.missing)")
        return [.sqlite]
    }
}

/// An index of a test's own and what it lies in.
struct IndexStage {
    let index: any QuarantineIndex
    /// The same index as another process, or another node, sees it.
    let open: (String) throws -> any QuarantineIndex

    init(_ kind: IndexKind) throws {
        switch kind {
        case .sqlite:
            let directory = try TemporaryDirectory()
            index = SQLiteQuarantineIndex(directory: directory.path, node: "here")
            open = { SQLiteQuarantineIndex(directory: directory.path, node: $0) }
        case .postgresql:
            let database = try PostgreSQLServer.shared.get().database()
            index = PostgreSQLQuarantineIndex(parameters: database, deadline: 15, node: "here")
            open = { PostgreSQLQuarantineIndex(parameters: database, deadline: 15, node: $0) }
        }
    }
}

/// What every index does.
@Suite struct QuarantineIndexTests {
    static func row(
        _ id: String, time: Int = 1000, sender: String = "s@y", recipients: [String] = ["r@x"], subject: String = "",
        category: MailModel.Category = .infected, stored: Int = 10, tenant: String = "x", released: Int? = nil,
        node: String = "here"
    ) -> QuarantineRow {
        QuarantineRow(
            id: id, node: node, time: time, category: category, reason: "because", sender: sender,
            recipients: recipients, subject: subject, messageID: "<m@y>", client: "192.0.2.1", size: 7, stored: stored,
            tenant: tenant, released: released)
    }

    private static func query(_ change: (inout QuarantineQuery) -> Void = { _ in }) -> QuarantineQuery {
        var query = QuarantineQuery(limit: 100)
        change(&query)
        return query
    }

    @Test(arguments: IndexKind.present)
    func whatIsAddedIsFound(kind: IndexKind) throws {
        let stage = try IndexStage(kind)
        #expect(try stage.index.search(Self.query()) == [])
        #expect(try stage.index.usage() == [])
        let rows = [
            Self.row("Aa", time: 3, subject: "Grüße 'quoted\" %_\\ ☃"),
            Self.row("Ab", time: 2, sender: "", recipients: ["a@x", "b@y"], category: .badHeader, tenant: ""),
            Self.row("Ac", time: -5, recipients: [], released: 9),
        ]
        try stage.index.insert(rows)
        #expect(try stage.index.search(Self.query()) == rows)
        #expect(try stage.open("here").search(Self.query()) == rows)
        #expect(try stage.index.identifiers() == ["Aa", "Ab", "Ac"])
        try stage.index.verify()
        // Known again, it takes the place of what was known.
        let changed = Self.row("Ab", time: 2, subject: "changed")
        try stage.index.insert([changed])
        #expect(try stage.index.search(Self.query()) == [rows[0], changed, rows[2]])
        try stage.index.setReleased("Aa", time: 77)
        try stage.index.setReleased("absent", time: 77)
        #expect(try stage.index.search(Self.query()).map(\.released) == [77, nil, 9])
        try stage.index.remove(["Ab", "absent"])
        try stage.index.remove([])
        try stage.index.insert([])
        #expect(try stage.index.identifiers() == ["Aa", "Ac"])
        try stage.index.reset()
        #expect(try stage.index.search(Self.query()) == [])
        #expect(try stage.open("here").identifiers() == [])
    }

    @Test(arguments: IndexKind.present)
    func searches(kind: IndexKind) throws {
        let stage = try IndexStage(kind)
        try stage.index.insert([
            Self.row("Aa", time: 10, sender: "Alice@Example.org", recipients: ["bob@x"], subject: "Счёт ПРОСРОЧЕН"),
            Self.row(
                "Ab", time: 20, sender: "eve@evil", recipients: ["BOB@x", "carol@y"], category: .spam, tenant: "y"),
            Self.row("Ac", time: 30, sender: "", subject: "100% _sure_ it's 'fine'", released: 40),
        ])
        func ids(_ change: (inout QuarantineQuery) -> Void) throws -> [String] {
            try stage.index.search(Self.query(change)).map(\.id)
        }
        #expect(try ids { $0.sender = "example.ORG" } == ["Aa"])
        #expect(try ids { $0.sender = "alice" } == ["Aa"])
        #expect(try ids { $0.recipient = "bob@" } == ["Ab", "Aa"])
        #expect(try ids { $0.recipient = "carol@y" } == ["Ab"])
        #expect(try ids { $0.subject = "просрочен" } == ["Aa"])
        // Nothing in a text is a pattern or a piece of SQL.
        #expect(try ids { $0.subject = "%" } == ["Ac"])
        #expect(try ids { $0.subject = "_" } == ["Ac"])
        #expect(try ids { $0.subject = "'fine'" } == ["Ac"])
        #expect(try ids { $0.subject = "' OR 1=1 --" } == [])
        #expect(try ids { $0.category = .spam } == ["Ab"])
        #expect(try ids { $0.tenant = "X" } == ["Ac", "Aa"])
        #expect(try ids { $0.since = 20 } == ["Ac", "Ab"])
        #expect(try ids { $0.until = 20 } == ["Aa"])
        #expect(
            try ids {
                $0.since = 10
                $0.until = 30
                $0.recipient = "x"
            } == ["Ab", "Aa"])
        #expect(try ids { $0.isReleased = true } == ["Ac"])
        #expect(try ids { $0.isReleased = false } == ["Ab", "Aa"])
        #expect(try ids { $0.node = "elsewhere" } == [])
        #expect(try ids { $0.oldestFirst = true } == ["Aa", "Ab", "Ac"])
        #expect(try ids { $0.limit = 0 } == [])
        #expect(try ids { $0.limit = 1 } == ["Ac"])
    }

    /// Every entry is on exactly one page, whatever shares its second.
    /// Domains are found in each of their spellings, and in parts of them.
    @Test(arguments: IndexKind.present, ["u@почта.рф", "u@xn--80a1acny.xn--p1ai", "U@ПОЧТА.рф"])
    func spellingsOfDomains(kind: IndexKind, address: String) throws {
        let stage = try IndexStage(kind)
        try stage.index.insert([
            Self.row("Aa", sender: address), Self.row("Bb", recipients: ["r@x", address]), Self.row("Cc"),
        ])
        for text in ["почта.рф", "u@xn--80a1acny.xn--p1ai", "ПОЧТ", "1acny.XN--", "U@ПОЧТА.РФ", "@почта"] {
            #expect(try stage.index.search(Self.query { $0.sender = text }).map(\.id) == ["Aa"], "\(text)")
            #expect(try stage.index.search(Self.query { $0.recipient = text }).map(\.id) == ["Bb"], "\(text)")
        }
        #expect(try stage.index.search(Self.query { $0.sender = "почта.com" }) == [])
        #expect(try stage.index.search(Self.query { $0.id = "Aa" }).map(\.sender) == [address])
    }

    /// What IDNA2008 leaves out and UTS 46 converts is found in both spellings, too.
    @Test(arguments: IndexKind.present, ["a@💩.example", "a@xn--ls8h.example"])
    func domainsBeyondIDNA2008(kind: IndexKind, address: String) throws {
        let stage = try IndexStage(kind)
        try stage.index.insert([Self.row("Aa", recipients: [address]), Self.row("Bb")])
        for text in ["a@💩.example", "xn--ls8h.example", "XN--LS8H", "💩"] {
            #expect(try stage.index.search(Self.query { $0.recipient = text }).map(\.id) == ["Aa"], "\(text)")
        }
    }

    /// An index from before is brought into today's form: its rows are found, in every spelling.
    @Test func indexesOfOlderVersions() throws {
        let directory = try TemporaryDirectory()
        let rows = [
            Self.row("Aa", sender: "u@почта.рф"), Self.row("Bb", recipients: ["r@xn--80a1acny.xn--p1ai"]),
            Self.row("Cc"),
        ]
        try SQLiteQuarantineIndex(directory: directory.path, node: "here").insert(rows)
        let program = """
            import sqlite3, sys
            index = sqlite3.connect(sys.argv[1])
            index.execute("UPDATE entry SET sender_key = lower(sender), recipients_key = lower(recipients)")
            index.execute("DROP TABLE grdb_migrations")
            index.commit()
            """
        let run = try runTool("python3", ["-c", program, directory.path + "/index.sqlite"])
        try #require(run.status == 0, "\(run.errorText)")
        let index = SQLiteQuarantineIndex(directory: directory.path, node: "here")
        #expect(try index.search(Self.query { $0.sender = "xn--80a1acny" }).map(\.id) == ["Aa"])
        #expect(try index.search(Self.query { $0.recipient = "почта" }).map(\.id) == ["Bb"])
        #expect(Set(try index.search(Self.query())) == Set(rows))
    }

    @Test(arguments: IndexKind.present, [false, true])
    func pages(kind: IndexKind, oldestFirst: Bool) throws {
        let stage = try IndexStage(kind)
        let rows = (0..<250).map { Self.row("Id\($0)", time: $0 / 17) }
        try stage.index.insert(rows.shuffled())
        let expected = rows.map { ($0.time, $0.id) }.sorted { oldestFirst ? $0 < $1 : $0 > $1 }.map(\.1)
        for size in [1, 7, 100, 250, 251] {
            var query = Self.query {
                $0.limit = size
                $0.oldestFirst = oldestFirst
            }
            var seen: [String] = []
            while let page = Optional(try stage.index.search(query)), let last = page.last {
                seen += page.map(\.id)
                query.after = PlaceInTime(time: last.time, id: last.id)
            }
            #expect(seen == expected, "pages of \(size)")
        }
    }

    @Test(arguments: IndexKind.present)
    func usage(kind: IndexKind) throws {
        let stage = try IndexStage(kind)
        try stage.index.insert([
            Self.row("Aa", time: 5, stored: 1 << 40, tenant: "b"), Self.row("Ab", time: 4, stored: 3, tenant: "b"),
            Self.row("Ac", time: 6, stored: 5, tenant: "a"), Self.row("Ad", time: 6, stored: 0, tenant: ""),
        ])
        #expect(
            try stage.index.usage() == [
                QuarantineUsage(tenant: "", entries: 1, stored: 0, oldest: 6),
                QuarantineUsage(tenant: "a", entries: 1, stored: 5, oldest: 6),
                QuarantineUsage(tenant: "b", entries: 2, stored: (1 << 40) + 3, oldest: 4),
            ])
    }

    /// Texts from mail, made of everything that could end a value.
    @Test(arguments: IndexKind.present)
    func hostileTexts(kind: IndexKind) throws {
        let stage = try IndexStage(kind)
        let texts = [
            "'", "\"", "\\", "$1", "?1", ";--", "{}", "NULL", "\\x00", String(repeating: "é", count: 500), "\u{1F600}",
            "",
        ]
        let rows = texts.enumerated().map { number, text in
            Self.row("Id\(number)", time: -number, sender: text, recipients: [text + "@x", text], subject: text)
        }
        try stage.index.insert(rows)
        #expect(try stage.index.search(Self.query()) == rows)
        for row in rows {
            #expect(try stage.index.search(Self.query { $0.subject = row.subject }).contains(row))
        }
    }
}
