import Glibc
import Linux
import Scoring
import TestSupport
import Testing

@testable import Bayes

/// What a computer that fails leaves behind.
@Suite struct LMDBDamageTests {
    private static func fill(_ store: BayesStore, _ messages: Int, tokens: Int = 200) throws {
        var batch = try store.beginBatch(at: 1)
        let lessons = (0..<messages).map { lesson("m\($0)", $0 * tokens / 2..<$0 * tokens / 2 + tokens) }
        _ = try store.learn(lessons, asSpam: true, batch: &batch, time: 1)
    }

    @Test func aFileThatLostItsTailIsDamagedAndEndsNobody() throws {
        let scratch = try Scratch(.memory)
        let directory = scratch.path + "/bayes"
        try Self.fill(BayesStore(LMDBStore(directory: directory)), 200)
        var status = stat()
        #expect(stat(directory + "/data.mdb", &status) == 0)
        let size = Int(status.st_size)
        #expect(size > 100 * 4096)
        // Whole: as it is, and with octets behind it.
        for length in [size, size + 4096] {
            truncate(directory + "/data.mdb", off_t(length))
            #expect(try BayesStore(LMDBStore(directory: directory)).totals().spam == 200)
        }
        for length in [size - 1, size - 4096, size / 2, 30 * 4096, 3 * 4096, 2 * 4096 + 1] {
            truncate(directory + "/data.mdb", off_t(length))
            for readOnly in [false, true] {
                let error = #expect(throws: StoreError.self, "\(length) of \(size)") {
                    try LMDBStore(directory: directory, readOnly: readOnly)
                }
                guard case .damaged = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
            }
        }
    }

    /// Opening a FIFO for reading would wait for who writes to it.
    @Test(arguments: ["data.mdb", "lock.mdb"], [false, true])
    func whatIsNoFileIsNotOpened(_ name: String, _ readOnly: Bool) throws {
        let scratch = try Scratch(.memory)
        let directory = scratch.path + "/bayes"
        try Self.fill(BayesStore(LMDBStore(directory: directory)), 2)
        unlink("\(directory)/\(name)")
        #expect(mkfifo("\(directory)/\(name)", 0o600) == 0)
        let error = #expect(throws: StoreError.self) { try LMDBStore(directory: directory, readOnly: readOnly) }
        #expect("\(try #require(error))" == "\(directory)/\(name): no regular file")
    }

    /// Learns and forgets the same mail, which needs no room but what readers keep from being used again.
    private static func churn(_ store: BayesStore, _ rounds: Int) throws {
        for _ in 0..<rounds {
            try fill(store, 20)
            _ = try store.forget((0..<20).map { lesson("m\($0)", $0 * 100..<$0 * 100 + 200) }, time: 2)
        }
    }

    @Test func aReaderThatWasKilledHoldsNothing() throws {
        let scratch = try Scratch(.memory)
        let directory = scratch.path + "/bayes"
        let store = BayesStore(try LMDBStore(directory: directory, firstMapSize: 1 << 20, mapLimit: 2 << 20))
        try Self.churn(store, 10)
        let reader = try RunningProgram(Programs.path("bayes-learner"), [directory, "read"])
        defer {
            reader.kill()
            _ = reader.wait()
        }
        try reader.output.wait(for: "x", from: 0, seconds: 60)
        // As long as it lives, what it looks at stays, and the store fills up.
        #expect(throws: StoreError.self) { try Self.churn(store, 60) }
        reader.kill()
        _ = reader.wait()
        try Self.churn(store, 60)
        #expect(try store.totals().spam == 0)
    }

    private static func size(_ path: String) throws -> Int {
        var status = stat()
        try check(path) { stat(path, &status) }
        return Int(status.st_size)
    }

    @Test(.enabled(if: SmallDisk.isPossible, "only root can mount a small disk"))
    func aFullDiskCostsTheTransactionAlone() throws {
        let disk = try SmallDisk(megabytes: 8)
        let store = BayesStore(try LMDBStore(directory: disk.path + "/bayes"))
        try Self.fill(store, 100)
        try disk.fill()
        let data = disk.path + "/bayes/data.mdb"
        // Room for a part of what is written.
        #expect(try truncate(disk.path + "/filler", off_t(Self.size(disk.path + "/filler") - (512 << 10))) == 0)
        var batch = try store.beginBatch(at: 2)
        let size = try Self.size(data)
        var failure: StoreError?
        do throws(StoreError) {
            let lessons = (0..<500).map { lesson("n\($0)", $0 * 200..<$0 * 200 + 200) }
            _ = try store.learn(lessons, asSpam: false, batch: &batch, time: 2)
        } catch {
            failure = error
        }
        guard case .full(let text) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(text.hasPrefix(disk.path + "/bayes: "))
        // Others can write again.
        #expect(try Self.size(data) == size)
        #expect(try store.totals().ham == 0 && store.totals().spam == 100)
        try disk.fill()
        // Nor can a new one be made, and that ends nobody.
        #expect(throws: StoreError.self) { try LMDBStore(directory: disk.path + "/other") }
        try disk.clear()
        try Self.fill(BayesStore(LMDBStore(directory: disk.path + "/other")), 10)
        _ = try store.forget([lesson("m1", 100..<300)], time: 3)
        #expect(try store.totals().spam == 99)
    }

    @Test func numbersThatLeaveNoRoomToCountAreRefused() throws {
        let scratch = try Scratch(.memory)
        let store = BayesStore(try LMDBStore(directory: scratch.path + "/bayes"))
        func backup(_ spam: UInt64, batch: UInt64) -> [UInt8] {
            let text =
                "v\t3\tdb_version # this must be the first line!!!\nv\t\(spam)\tnum_spam\nv\t\(spam)\tnum_nonspam\n"
                + "m\tform\t1\nm\ts\t\(batch)\t1\t1\t1000000001\tid\nm\tend\t5\n"
            return Array(text.utf8)
        }
        let most: UInt64 = 1 << 40
        for (spam, batch) in [(most + 1, 1), (UInt64.max, 1), (1, most + 1), (1, UInt64.max)] {
            #expect(throws: StoreError.self) { try store.restore(backup(spam, batch: batch)) }
        }
        _ = try store.restore(backup(most, batch: most))
        try Self.fill(store, 10)
        #expect(try store.totals().spam == most + 10)
        _ = try store.solveIfDue()
    }
}
