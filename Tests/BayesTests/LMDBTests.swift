import Glibc
import Linux
import Scoring
import TestSupport
import Testing

@testable import Bayes

@Suite("The store in LMDB")
struct LMDBTests {
    @Test("a full map grows; at its limit nothing of the transaction is kept and the store goes on reading")
    func mapFull() throws {
        let scratch = try Scratch(.memory)
        let store = BayesStore(try LMDBStore(directory: scratch.path + "/bayes", mapLimit: 4 << 20))
        var batch = try store.beginBatch(at: 1)
        var number = 0
        var failure: StoreError?
        while failure == nil, number < 10_000 {
            do throws(StoreError) {
                _ = try store.learn(
                    (0..<50).map { lesson("m\(number + $0)", (number + $0) * 40..<(number + $0) * 40 + 200) },
                    asSpam: true, batch: &batch, time: 1)
                number += 50
            } catch {
                failure = error
            }
        }
        guard case .full = try #require(failure) else {
            Issue.record("not full but \(String(describing: failure))")
            return
        }
        #expect(number > 0)
        #expect(try store.totals().spam == UInt64(number))
        #expect(batch.spam == UInt64(number))
    }

    @Test("a map that starts small grows in the middle of learning")
    func mapGrows() throws {
        let scratch = try Scratch(.memory)
        let lmdb = try LMDBStore(directory: scratch.path + "/bayes", firstMapSize: 1 << 20, mapLimit: 1 << 30)
        let store = BayesStore(lmdb)
        var batch = try store.beginBatch(at: 1)
        let lessons = (0..<300).map { lesson("m\($0)", $0 * 150..<$0 * 150 + 200) }
        let outcomes = try store.learn(lessons, asSpam: true, batch: &batch, time: 1)
        #expect(outcomes == [LessonOutcome](repeating: .learned, count: 300))
        #expect(batch.spam == 300)
        #expect(try store.totals().spam == 300)
    }

    @Test("a map that another process has made larger is adopted")
    func mapResized() throws {
        let scratch = try Scratch(.memory)
        let directory = scratch.path + "/bayes"
        let store = BayesStore(try LMDBStore(directory: directory, firstMapSize: 1 << 20))
        #expect(try store.totals().spam == 0)
        let learner = try RunningProgram(Programs.path("bayes-learner"), [directory])
        defer {
            learner.kill()
            _ = learner.wait()
        }
        try learner.output.wait(for: "x", from: 400 - 1, seconds: 120)
        #expect(try store.totals().spam + store.totals().ham >= 4000)
        try CrashTests.expectWhole(store)
    }

    @Test("a fork does not take the store along")
    func fork() throws {
        let scratch = try Scratch(.memory)
        let learner = try RunningProgram(Programs.path("bayes-learner"), [scratch.path + "/bayes", "fork"])
        #expect(try learner.output.all() == ["refused"])
        #expect(learner.wait() == 0)
    }

    @Test("reading what is not there is an error; opening leaves private files")
    func opening() throws {
        let scratch = try Scratch(.memory)
        #expect(throws: StoreError.self) { try LMDBStore(directory: scratch.path + "/none", readOnly: true) }
        let directory = scratch.path + "/bayes"
        _ = try LMDBStore(directory: directory)
        for path in [directory, directory + "/data.mdb", directory + "/lock.mdb"] {
            var status = stat()
            #expect(stat(path, &status) == 0)
            #expect(status.st_mode & 0o077 == 0)
        }
    }

    @Test("a damaged file is named, not followed")
    func damaged() throws {
        let scratch = try Scratch(.memory)
        let directory = try scratch.directory("bayes", mode: 0o700)
        try scratch.write("bayes/data.mdb", String(repeating: "not a database ", count: 2000))
        #expect(throws: StoreError.self) { try LMDBStore(directory: directory) }
    }
}
