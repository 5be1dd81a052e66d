import Foundation
import Glibc
import Linux
import MailModel
import SQLiteStores
import Stores
import Synchronization
import Testing
import TestSupport

@Suite struct IndexedQuarantineTests {
    /// A quarantine with an index, and what it complains of.
    private struct Stage {
        let directory: TemporaryDirectory
        let quarantine: IndexedQuarantine
        let complaints = Complaints()

        final class Complaints: Sendable {
            private let texts = Mutex<[String]>([])
            func add(_ text: String) { texts.withLock { $0.append(text) } }
            var all: [String] { texts.withLock { $0 } }
        }

        init() throws {
            self.init(try TemporaryDirectory())
        }

        /// Files and index of this kind.
        init(_ store: StoreStage) {
            directory = store.directory
            let complaints = complaints
            quarantine = IndexedQuarantine(files: store.quarantine(), index: store.index) { complaints.add($0) }
        }

        /// One more process in the same directory.
        init(_ directory: TemporaryDirectory, node: String = "here") {
            self.directory = directory
            let complaints = complaints
            quarantine = IndexedQuarantine(
                files: Quarantine(directory: directory.path),
                index: SQLiteQuarantineIndex(directory: directory.path, node: node)
            ) { complaints.add($0) }
        }

        func put(
            _ id: String, time: Int = 1000, size: Int = 100, recipients: [String] = ["r@x"], noise: UInt64 = 1
        ) throws {
            let file = try Descriptor.memory("test")
            var random = SeededGenerator(seed: noise)
            try file.write((0..<size).map { _ in UInt8.random(in: 0...255, using: &random) })
            let entry = Quarantine.Entry(
                id: id, time: time, category: .infected, reason: "test",
                envelope: Envelope(
                    reversePath: MailPath("s@y"), recipients: recipients.map { Recipient(path: MailPath($0)) }),
                subject: "about \(id)", messageID: "<\(id)@y>", size: size)
            try quarantine.put(entry, message: file, report: [0x7B, 0x7D])
        }

        var listed: [String] { get throws { try quarantine.search(QuarantineQuery(limit: 1000)).map(\.id) } }

        func check() throws -> IndexedQuarantine.Findings {
            try quarantine.check(own: SQLiteQuarantineIndex.files)
        }
    }

    @Test(arguments: StoreKind.present)
    func filesAndIndexAgree(kind: StoreKind) throws {
        let store = try StoreStage(kind)
        let stage = Stage(store)
        for (id, time) in [("Aa", 1), ("Bb", 3), ("Cc", 2)] { try stage.put(id, time: time) }
        #expect(try stage.listed == ["Bb", "Cc", "Aa"])
        let row = try #require(try stage.quarantine.search(QuarantineQuery(limit: 1)).first)
        #expect(row == QuarantineRow(try stage.quarantine.files.entry("Bb"), node: store.index.node))
        #expect(row.subject == "about Bb" && row.messageID == "<Bb@y>" && row.tenant == "x" && row.stored > 100)
        try stage.quarantine.markReleased("Cc", time: 5)
        try stage.quarantine.remove("Bb")
        #expect(try stage.quarantine.search(QuarantineQuery(limit: 9)).map(\.released) == [5, nil])
        var clean = IndexedQuarantine.Findings()
        clean.whole = 2
        #expect(try stage.check() == clean)
        #expect(stage.complaints.all == [])
    }

    /// A crash between the files and the index: `reconcile` knows by names, `check` by contents.
    @Test(arguments: StoreKind.present)
    func whatTheIndexMissedIsFound(kind: StoreKind) throws {
        let store = try StoreStage(kind)
        let stage = Stage(store)
        for id in ["Aa", "Bb", "Cc", "Dd"] { try stage.put(id) }
        try stage.quarantine.index.remove(["Aa", "Bb"])
        try stage.quarantine.files.remove("Cc")
        var findings = try stage.quarantine.reconcile()
        #expect(findings.added == 2 && findings.forgotten == 1 && findings.damaged == [])
        #expect(try stage.listed.sorted() == ["Aa", "Bb", "Dd"])
        #expect(try stage.quarantine.reconcile() == IndexedQuarantine.Findings())

        try stage.quarantine.files.markReleased("Dd", time: 9)
        try stage.quarantine.index.remove(["Aa"])
        try store.write("Bb", "envelope", [])
        findings = try stage.check()
        #expect(findings.whole == 2 && findings.added == 1 && findings.corrected == 1 && findings.damaged.count == 1)
        // Damaged, but there: it is not forgotten.
        #expect(findings.damaged[0].contains("Bb") && findings.forgotten == 0)
        #expect(try stage.quarantine.files.contains("Bb"))
    }

    /// Whatever an index that was made anew can know of an entry, the entry counts, and is removed when it is too old or too much.
    @Test(arguments: [false, true], StoreKind.present)
    func unreadableEntriesExpire(byCheck: Bool, kind: StoreKind) throws {
        let store = try StoreStage(kind)
        let stage = Stage(store)
        let now = Int(time(nil))
        for id in ["Aa", "Bb", "Cc"] { try stage.put(id, time: now - 100, size: 3000) }
        try store.write("Bb", "envelope", [])
        try store.removeFile("Cc", "envelope")
        if kind == .files { try stage.directory.write("C/Cx", []) }
        try stage.quarantine.index.reset()
        // Their directories were changed 50 days and a day ago.
        for (id, age) in [("Bb", 50 * 86_400), ("Cc", 86_400)] { try store.date(id, now - age) }
        let findings = byCheck ? try stage.check() : try stage.quarantine.reconcile()
        // What is no directory is no entry that could be removed by its age.
        #expect(
            findings.added == 3 && findings.whole == 1 && findings.damaged.count == (kind == .files ? 3 : 2),
            "\(findings)")
        #expect(try stage.listed == ["Aa", "Cc", "Bb"])
        let rows = try stage.quarantine.search(QuarantineQuery(limit: 9)).dropFirst()
        #expect(rows.map(\.time) == [now - 86_400, now - 50 * 86_400])
        #expect(rows.allSatisfy { $0.category == .unchecked && $0.stored > 3000 && $0.recipients == [] })
        // Once is enough.
        if !byCheck {
            #expect(try stage.quarantine.reconcile().added == 0)
        } else {
            #expect(try stage.check().added == 0)
        }
        var limits = QuarantineLimits(all: QuarantineLimits.Bound(keep: 30 * 86_400, octets: 0))
        #expect(try stage.quarantine.expire(limits, now: now).aged == 1)
        #expect(try stage.listed == ["Aa", "Cc"] && !stage.quarantine.files.contains("Bb"))
        limits.all.octets = 5000
        #expect(try stage.quarantine.expire(limits, now: now).crowdedOut == 1)
        #expect(try stage.listed == ["Aa"] && !stage.quarantine.files.contains("Cc"))
    }

    /// What the index knew of an entry before it was damaged stays.
    @Test(arguments: StoreKind.present)
    func damageTakesNothingOutOfTheIndex(kind: StoreKind) throws {
        let store = try StoreStage(kind)
        let stage = Stage(store)
        try stage.put("Aa")
        let row = try stage.quarantine.search(QuarantineQuery(limit: 1))
        try store.write("Aa", "envelope", [])
        let findings = try stage.check()
        #expect(findings.damaged.count == 1 && findings.added == 0 && findings.corrected == 0)
        #expect(try stage.quarantine.search(QuarantineQuery(limit: 1)) == row)
    }

    @Test(arguments: StoreKind.present)
    func damagedMessagesAreNamed(kind: StoreKind) throws {
        let store = try StoreStage(kind)
        let stage = Stage(store)
        for id in ["Aa", "Bb", "Cc"] { try stage.put(id) }
        var bytes = try store.read("Aa", "message.gz")
        bytes[30] ^= 1
        try store.write("Aa", "message.gz", bytes)
        try store.removeFile("Bb", "report")
        if kind == .files { try stage.directory.write("lost+found", []) }
        let findings = try stage.check()
        #expect(findings.whole == 1 && findings.strays == (kind == .files ? ["lost+found"] : []))
        #expect(
            findings.damaged.count == 2 && findings.damaged.contains { $0.contains("Aa: the message is not the one") })
        #expect(findings.damaged.contains { $0.contains("Bb has no report") })
        #expect(try stage.listed.count == 3)
    }

    /// Everything that may become of a database file; mail goes on being kept and found.
    @Test(arguments: ["nothing", "text", "zeros", "cut", "pages", "gone", "table"])
    func aDamagedIndexIsMadeAnew(how: String) throws {
        let directory = try TemporaryDirectory()
        func fill() throws {
            let stage = Stage(directory)
            for number in 0..<200 { try stage.put("Id\(number)", time: number, size: 50) }
        }
        try fill()
        // Closed by the last process, the log is in the main file.
        #expect(directory.names().filter { $0.hasPrefix("index") && !$0.hasSuffix(".lock") } == ["index.sqlite"])
        let whole = try directory.read("index.sqlite")
        try #require(whole.count > 8 * 4096)
        switch how {
        case "nothing": try directory.write("index.sqlite", [])
        case "text": try directory.write("index.sqlite", Array(String(repeating: "not a database ", count: 99).utf8))
        case "zeros": try directory.write("index.sqlite", [UInt8](repeating: 0, count: whole.count))
        case "cut": try directory.write("index.sqlite", Array(whole[..<(whole.count / 2)]))
        case "pages": try directory.write("index.sqlite", whole[..<4096] + whole[4096...].map { $0 ^ 0x55 })
        case "gone": unlink(directory.path + "/index.sqlite")
        default:
            let program =
                "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
                + "c.execute('DROP TABLE entry'); c.execute('CREATE TABLE entry (time, id, tenant, stored)')"
            #expect(try runTool("python3", ["-c", program, directory.path + "/index.sqlite"]).status == 0)
        }
        let stage = Stage(directory)
        let findings = try stage.quarantine.reconcile()
        #expect(findings.added == 200 && findings.damaged == [], "\(findings), \(stage.complaints.all)")
        #expect(findings.wasRebuilt == (how != "nothing"))
        #expect(stage.complaints.all.isEmpty == !findings.wasRebuilt)
        try stage.put("Next", time: 999)
        #expect(try stage.listed.count == 201 && stage.listed.first == "Next")
        var clean = IndexedQuarantine.Findings()
        clean.whole = 201
        #expect(try stage.check() == clean)
    }

    /// Whoever meets the damage first: a search repairs at once, keeping mail does not wait for it.
    @Test func damageThatIsMetByASearchOrByMail() throws {
        let directory = try TemporaryDirectory()
        func fill() throws {
            let stage = Stage(directory)
            for number in 0..<5 { try stage.put("Id\(number)") }
        }
        try fill()
        try directory.write("index.sqlite", Array("junk".utf8))
        #expect(try Stage(directory).listed.count == 5)
        try directory.write("index.sqlite", Array("junk".utf8))
        let stage = Stage(directory)
        try stage.put("New")
        #expect(stage.complaints.all.first?.contains("cannot add New") == true)
        try poll("the index to be made anew") { stage.complaints.all.count == 2 }
        #expect(try stage.listed.count == 6)
    }

    /// Removed under who has it open, or before a search: it is no empty quarantine.
    @Test func anIndexThatIsLost() throws {
        let stage = try Stage()
        #expect(try stage.listed.isEmpty && stage.complaints.all.isEmpty)
        for number in 0..<5 { try stage.put("Id\(number)") }
        let path = stage.directory.path + "/index.sqlite"
        for name in [path, path + "-wal", path + "-shm"] { unlink(name) }
        #expect(try Stage(stage.directory).listed.count == 5)
        for name in [path, path + "-wal", path + "-shm"] { unlink(name) }
        try stage.put("New")
        #expect(stage.complaints.all.first?.contains("index.sqlite is lost") == true)
        try poll("the index to be made anew") { stage.complaints.all.count == 2 }
        #expect(try stage.listed.count == 6)
    }

    /// The index that one process makes anew is the one that all others use from then on.
    @Test func otherProcessesFollow() throws {
        let stage = try Stage()
        try stage.put("Aa", time: 1)
        let other = Stage(stage.directory)
        #expect(try other.listed == ["Aa"])
        try other.quarantine.index.reset()
        try other.quarantine.reconcile()
        try stage.put("Bb", time: 2)
        try other.put("Cc", time: 3)
        #expect(try stage.listed == ["Cc", "Bb", "Aa"] && other.listed == ["Cc", "Bb", "Aa"])
        // Both at one time: one of them is enough.
        DispatchQueue.concurrentPerform(iterations: 40) { number in
            let process = [stage, other][number % 2]
            #expect(throws: Never.self) { try process.quarantine.index.reset() }
        }
        try stage.quarantine.reconcile()
        #expect(try other.listed == ["Cc", "Bb", "Aa"])
    }

    /// An index that cannot be used costs no message: what is kept is kept.
    @Test(.enabled(if: Programs.isRoot, "needs root to lock a file away"))
    func anIndexThatCannotBeOpened() throws {
        let stage = try Stage()
        mkdir(stage.directory.path + "/index.sqlite", 0o700)
        try stage.put("Aa")
        #expect(stage.complaints.all.count == 1 && stage.complaints.all[0].contains("cannot add Aa"))
        #expect(try stage.quarantine.files.identifiers() == ["Aa"])
        #expect(throws: IndexFailure.self) { try stage.listed }
        rmdir(stage.directory.path + "/index.sqlite")
        #expect(try stage.quarantine.reconcile().added == 1)
        #expect(try stage.listed == ["Aa"])
    }

    // MARK: - Expiry

    @Test(arguments: StoreKind.present)
    func oldEntriesGo(kind: StoreKind) throws {
        let store = try StoreStage(kind)
        let stage = Stage(store)
        for (id, time) in [("Aa", 1), ("Bb", 99), ("Cc", 100), ("Dd", 500)] { try stage.put(id, time: time) }
        let forEver = QuarantineLimits(all: .init(keep: 0, octets: 0))
        #expect(try stage.quarantine.expire(forEver, now: 1_000_000) == QuarantineExpiry())
        let expiry = try stage.quarantine.expire(QuarantineLimits(all: .init(keep: 100, octets: 0)), now: 200)
        #expect(expiry.aged == 2 && expiry.crowdedOut == 0 && expiry.octets > 200)
        #expect(try stage.listed == ["Dd", "Cc"])
        #expect(try stage.quarantine.files.identifiers().sorted() == ["Cc", "Dd"])
    }

    /// A host that got another name: the entries are still its own.
    @Test func anotherNameOfTheHost() throws {
        let old = try Stage()
        for number in 0..<4 { try old.put("Id\(number)", time: number, size: 1000) }
        let stage = Stage(old.directory, node: "renamed")
        #expect(try stage.quarantine.expire(QuarantineLimits(all: .init(keep: 8, octets: 0)), now: 10).aged == 2)
        let each = try #require(try stage.quarantine.search(QuarantineQuery(limit: 1)).first).stored
        let limits = QuarantineLimits(all: .init(keep: 0, octets: each + 10))
        #expect(try stage.quarantine.expire(limits, now: 10).crowdedOut == 1)
        #expect(try stage.listed == ["Id3"] && stage.quarantine.files.identifiers() == ["Id3"])
        // `fsck` takes the entry over under the new name.
        let findings = try stage.check()
        #expect(findings.corrected == 1 && findings.added == 0 && findings.forgotten == 0)
        #expect(try stage.quarantine.search(QuarantineQuery(limit: 1)).first?.node == "renamed")
    }

    /// Each tenant has its own bounds; mail to several belongs to none of them.
    @Test(arguments: StoreKind.present)
    func tenantsHaveTheirOwnBounds(kind: StoreKind) throws {
        let store = try StoreStage(kind)
        let stage = Stage(store)
        for (number, recipients) in [["r@a"], ["r@b"], ["r@A", "s@a"], ["r@a", "r@b"], ["r@c"], ["r@b"]].enumerated() {
            try stage.put("Id\(number)", time: number, size: 1000, recipients: recipients)
        }
        let each = try #require(try stage.quarantine.search(QuarantineQuery(limit: 1)).first).stored
        var limits = QuarantineLimits(all: .init(keep: 1000, octets: 0))
        limits.tenants = ["a": .init(keep: 1, octets: 0), "b": .init(keep: 0, octets: each + 10)]
        let expiry = try stage.quarantine.expire(limits, now: 4)
        // a: what is older than a second. b: its older one. The entry of both, and c's, are kept as long as all others are.
        #expect(expiry.aged == 2 && expiry.crowdedOut == 1)
        #expect(try stage.listed == ["Id5", "Id4", "Id3"])
    }

    @Test(arguments: StoreKind.present)
    func theOldestGoWhenThereIsTooMuch(kind: StoreKind) throws {
        let store = try StoreStage(kind)
        let stage = Stage(store)
        for number in 0..<20 { try stage.put("Id\(number)", time: number, size: 1000, noise: UInt64(number)) }
        let rows = try stage.quarantine.search(QuarantineQuery(limit: 100))
        let bound = rows.prefix(7).reduce(0) { $0 + $1.stored }
        for (octets, left) in [(Int.max, 20), (bound, 7), (bound - 1, 6), (1, 0)] {
            let limits = QuarantineLimits(all: .init(keep: 0, octets: octets))
            _ = try stage.quarantine.expire(limits, now: 100)
            #expect(try stage.listed == rows.prefix(left).map(\.id))
            #expect(try stage.quarantine.files.identifiers().count == left)
        }
    }

    /// What is not there any more is forgotten by who tries to remove it.
    @Test(arguments: StoreKind.present)
    func rowsWithoutEntry(kind: StoreKind) throws {
        let store = try StoreStage(kind)
        let stage = Stage(store)
        for id in ["Id1", "Id2"] { try stage.put(id) }
        try stage.quarantine.files.remove("Id1")
        #expect(try stage.listed == ["Id2", "Id1"])
        #expect(throws: Quarantine.Failure.unknown("Id1")) { try stage.quarantine.remove("Id1") }
        #expect(try stage.listed == ["Id2"] && stage.complaints.all == [])
    }
}
