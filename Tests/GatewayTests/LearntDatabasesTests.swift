import Bayes
import Configuration
import Glibc
import MailModel
import NIOPosix
import Scoring
import Testing

@testable import Gateway

/// Which database judges, and that each is opened once.
@Suite struct LearntDatabasesTests {
    private static func recipients(_ addresses: String...) -> [Recipient] {
        addresses.map { Recipient(path: MailPath($0)) }
    }

    private static func lessons(_ count: Int) -> [Lesson] {
        (0..<count).map { number in
            let keys = (0..<10).map { TokenKey(TokenClass.word.rawValue) << 36 | TokenKey(number * 10 + $0) }
            return Lesson(id: "message \(number)", keys: keys)
        }
    }

    private static func teach(_ databases: LearntDatabases, _ name: String?, _ count: Int) throws {
        _ = try databases.with(name, making: true) { store in
            let store = BayesStore(store)
            for isSpam in [true, false] {
                var batch = try store.beginBatch(at: 1)
                let lessons = Self.lessons(count).map { Lesson(id: "\($0.id) \(isSpam)", keys: $0.keys) }
                _ = try store.learn(lessons, asSpam: isSpam, batch: &batch, time: 1)
            }
        }
    }

    @Test func namesAreThoseThatAllRecipientsShare() {
        func name(_ scope: Settings.BayesDatabaseScope, _ addresses: String...) -> String? {
            LearntDatabases.name(addresses.map { Recipient(path: MailPath($0)) }, scope, delimiters: "+")
        }
        #expect(name(.shared, "a@b.example") == nil)
        #expect(name(.user, "a@b.example") == "a@b.example")
        #expect(name(.user, "A@B.example", "a@b.EXAMPLE") == "a@b.example")
        #expect(name(.user, "a@b.example", "c@b.example") == nil)
        #expect(name(.user, "a+list@b.example") == "a@b.example")
        #expect(name(.user, "A+one@b.example", "a+two@b.example.") == "a@b.example")
        #expect(name(.user, "+a@b.example") == "+a@b.example")
        #expect(name(.domain, "a@b.example", "c@B.example") == "@b.example")
        #expect(name(.domain, "a@b.example", "c@d.example") == nil)
        #expect(name(.domain, "a@b.example.", "c@b.example") == "@b.example")
        #expect(name(.user, "postmaster") == nil)
        #expect(name(.domain, "a@") == nil)
        #expect(name(.user) == nil)
    }

    @Test(arguments: [
        ("joe", "joe"), ("a@b.example", "a@b.example"), ("../x", "%2E.%2Fx"), ("ä", "%C3%A4"), (".", "%2E"),
        ("a:b", "a%3Ab"),
    ])
    func namesAreNoPaths(_ pair: (String, String)) {
        #expect(LearntDatabases.escaped(pair.0) == pair.1)
    }

    @Test func longNamesStayApart() {
        let (one, other) = (String(repeating: "a", count: 300) + "1", String(repeating: "a", count: 300) + "2")
        #expect(LearntDatabases.escaped(one) != LearntDatabases.escaped(other))
        #expect(LearntDatabases.escaped(one).utf8.count <= 200)
        #expect(LearntDatabases.escaped(String(repeating: "a", count: 200)).utf8.count == 200)
    }

    @Test func databasesBeyondTheLimitAreClosedAndFoundAgain() throws {
        let directory = try TemporaryDirectory(.memory)
        var settings = Settings()
        settings.bayes.openDatabases = 2
        let databases = try LearntDatabases(settings, directory: directory.path)
        for round in 0..<3 {
            for number in 0..<6 {
                let name = "user\(number)@example.org"
                if round == 0 { try Self.teach(databases, name, number + 1) }
                let spam = try databases.with(name) { try BayesStore($0).totals().spam }
                #expect(spam == UInt64(number + 1))
            }
        }
        #expect(try databases.with("nobody@example.org") { _ in true } == nil)
        var places = 0
        try databases.forEachOwn { _ in places += 1 }
        #expect(places == 6)
    }

    @Test func ownDatabaseJudgesWhenItKnowsEnough() throws {
        let directory = try TemporaryDirectory(.memory)
        let databases = try LearntDatabases(Settings(), directory: directory.path)
        let scorer = SpamScorer(
            databases: databases, limits: BayesStore.Limits(minimum: 20), scope: .user, threads: .singleton)
        let one = Self.recipients("one@example.org")
        #expect(try scorer.select(for: one).judging == nil)
        try Self.teach(databases, "one@example.org", 19)
        #expect(try scorer.select(for: one).judging == nil)
        #expect(try scorer.select(for: one).learning == "one@example.org")
        #expect(try scorer.select(for: Self.recipients("two@example.org")).learning == nil)
        try Self.teach(databases, nil, 20)
        let shared = try #require(try scorer.select(for: one).judging)
        #expect(shared.name == nil)
        try Self.teach(databases, "one@example.org", 20)
        #expect(try scorer.select(for: one).judging?.name == "one@example.org")
        #expect(try scorer.select(for: Self.recipients("two@example.org")).judging?.name == nil)
        #expect(try scorer.select(for: Self.recipients("one@example.org", "two@example.org")).judging?.name == nil)
    }

    /// A person removed it, or put another in its place, while the daemon had it open.
    @Test func whatTookThePlaceOfADatabaseIsFound() throws {
        let directory = try TemporaryDirectory(.memory)
        let place = directory.path + "/bayes"
        let databases = try LearntDatabases(Settings(), directory: place)
        func spam() throws -> UInt64? { try databases.with(nil) { try BayesStore($0).totals().spam } }
        try Self.teach(databases, nil, 3)
        #expect(try spam() == 3)
        #expect(rename(place, directory.path + "/aside") == 0)
        #expect(try spam() == nil)
        let others = try LearntDatabases(Settings(), directory: place)
        try Self.teach(others, nil, 5)
        #expect(try spam() == 5)
        // What is lent meanwhile stays what it was.
        let within = try databases.with(nil) { store in
            #expect(rename(place, directory.path + "/later") == 0)
            #expect(rename(directory.path + "/aside", place) == 0)
            return try (BayesStore(store).totals().spam, spam())
        }
        #expect(try #require(within) == (5, 5))
        #expect(try spam() == 3)
    }

    @Test func aServerThatIsNotThereIsAnError() throws {
        var settings = Settings()
        settings.bayes.redis.server = .unix(path: "/nonexistent/redis.sock")
        let databases = try LearntDatabases(settings)
        let scorer = SpamScorer(
            databases: databases, limits: BayesStore.Limits(), scope: .shared, threads: .singleton)
        #expect(throws: StoreError.self) { try scorer.select(for: Self.recipients("a@example.org")).judging }
        settings.bayes.redis.passwordFile = "/nonexistent/password"
        #expect(throws: (any Error).self) { try LearntDatabases(settings) }
    }

    /// Stores of earlier programs hold these.
    @Test(
        arguments: [
            (
                "Date: x\r\nMessage-ID: <1@x>\r\nFrom: a\r\nSubject: s\r\n\r\nbody\r\n",
                "6edb15073da1169004e22e827622b6b218f08e53"
            ),
            ("Subject: s\r\n\r\n\r\nbody\rof it\r\n\r\n", "33f00ab5f72b02c60c42a35001748a35f5b9a03e"),
            ("From: a\r\n\r\n\u{FEFF}body\r\n", "b6282e9b10bfd6fecd6920da6bbd232734115649"),
        ])
    func identitiesOfOrdinaryMailStay(_ message: String, _ id: String) {
        #expect(MessageIdentity.of(Array(message.utf8).span) == id + "@mailreeve")
    }

    @Test func messagesAreKnownByWhatTheirWayDoesNotChange() {
        func id(_ text: String) -> String {
            MessageIdentity.of(Array(text.replacing("\n", with: "\r\n").utf8).span)
        }
        let first = id("Date: x\nMessage-ID: <1@x>\nFrom: a\nSubject: s\n\nbody\n")
        #expect(
            id("Received: y\nX-Spam-Status: No\nDate: x\nMessage-ID: <1@x>\nFrom: a\nSubject: s\n\nbody\n") == first)
        #expect(id("Date: x\nMessage-ID: <1@x>\nFrom: a\nSubject: ***SPAM*** s\n\nbody\n") == first)
        // Mailboxes add and take away the line ends at its end.
        for end in ["", "\n\n", "\n\n\n"] {
            #expect(id("Date: x\nMessage-ID: <1@x>\nFrom: a\nSubject: s\n\nbody" + end) == first)
        }
        // A mark before the header, or below fields of deliveries, with the blank line that they put before what is no field.
        for top in ["\u{FEFF}", "Received: y\n\u{FEFF}", "Received: y\nX: z\n\n\u{FEFF}"] {
            #expect(id(top + "Date: x\nMessage-ID: <1@x>\nFrom: a\nSubject: s\n\nbody\n") == first, "\(top)")
        }
        // One of the text is text.
        #expect(id("Date: x\nMessage-ID: <1@x>\nFrom: a\nSubject: s\n\n\u{FEFF}body\n") != first)
        #expect(id("From: a\n\n\u{FEFF}Date: x\n\nb\n") != id("From: a\n\nDate: x\n\nb\n"))
        #expect(id("\u{FEFF}") == id("") && id("\u{FEFF}\u{FEFF}From: a\n\n") != id("\u{FEFF}From: a\n\n"))
        #expect(id("Date: x\nMessage-ID: <1@x>\nFrom: a\n\n\nbody\n") != first)
        #expect(id("Date: x\nFrom: a\n\n") == id("Date: x\nFrom: a\n\n\n\n"))
        #expect(id("Date: x\nMessage-ID: <2@x>\nFrom: a\nSubject: s\n\nbody\n") != first)
        #expect(id("Date: x\nMessage-ID: <1@x>\nFrom: a\nSubject: s\n\nbody.\n") != first)
    }

    @Test(
        arguments: [
            ("Subject: [X] s", "Subject: s"), ("Subject: [X] [X] s", "Subject: s"),
            ("Subject: [X] **S** s", "Subject: s"),
            ("Subject:   **SS** s", "Subject:   s"), ("Subject: [X]", "Subject: "),
            ("Subject: s [X]", "Subject: s [X]"),
            ("Subject: [X]s", "Subject: [X]s"), ("subject: [X] s\n t", "subject: s\n t"), ("To: [X] s", "To: [X] s"),
            ("Subject: a\nSubject: [X] b", "Subject: a\nSubject: b"),
            ("Subject: [X] a\nX: [X] y\nSubject: [X] b", "Subject: a\nX: [X] y\nSubject: b"),
            ("Subject:", "Subject:"),
            ("Subject: =?UTF-8?B?w5wg?= s", "Subject: s"), ("", ""),
            // With the fold that a long line has behind it.
            ("Subject: [X]\n s", "Subject: s"), ("Subject: **SS**\n [X] s", "Subject: s"),
            ("Subject: [X]\n", "Subject: \n"),
            // Behind lines that are no fields, up to the body, as the gateway puts them there.
            ("Subject: [X] a\nbroken\nSubject: [X] b", "Subject: a\nbroken\nSubject: b"),
            ("broken\n[X] s\nTo: c\nSUBJECT: [X] b\n c", "broken\n[X] s\nTo: c\nSUBJECT: b\n c"),
            ("Subject: [X] a\n\nSubject: [X] b", "Subject: a\n\nSubject: [X] b"),
        ])
    func tagsOfOursAreTakenOffSubjects(_ field: String, _ wanted: String) throws {
        var settings = Settings()
        settings.policies["default"]?.subjectTags = [.spam: "**S**", .infected: "[X]"]
        var bank = Settings.Bank()
        bank.overlay = try PolicyOverlay(assignments: ["subject_tags.spam=**SS**"])
        settings.banks = [bank]
        var recipient = Settings.RecipientSettings()
        recipient.overlay = try PolicyOverlay(assignments: ["subject_tags.spam=Ü"])
        settings.recipients = [recipient]
        func message(_ field: String) -> [UInt8] {
            Array("From: a\n\(field)\nTo: b\n\n[X] s\n".replacing("\n", with: "\r\n").utf8)
        }
        let removed = SubjectTags(settings).removed(from: message(field))
        #expect(String(decoding: removed, as: UTF8.self) == String(decoding: message(wanted), as: UTF8.self))
        #expect(SubjectTags(Settings()).removed(from: message(field)) == message(field))
    }
}
