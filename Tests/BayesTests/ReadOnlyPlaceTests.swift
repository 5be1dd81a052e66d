import Glibc
import TestSupport
import Testing

@testable import Bayes

/// Databases that are read where they may not be written to: nobody knows of such a reader, so nobody may write meanwhile.
@Suite(.enabled(if: SmallDisk.isPossible, "only root can mount a small disk"))
struct ReadOnlyPlaceTests {
    /// A database that no process has open, and its directory on a mount that is read-only.
    private static func make(_ messages: Int) throws -> (disk: SmallDisk, directory: String) {
        let disk = try SmallDisk(megabytes: 16)
        let store = BayesStore(try LMDBStore(directory: disk.path + "/bayes"))
        var batch = try store.beginBatch(at: 1)
        _ = try store.learn(
            (0..<messages).map { lesson("m\($0)", $0 * 50..<$0 * 50 + 50) }, asSpam: true, batch: &batch, time: 1)
        return (disk, try disk.readOnlyMount() + "/bayes")
    }

    private static func failure(_ body: () throws(StoreError) -> Void) -> String {
        do throws(StoreError) {
            try body()
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func isReadWhileNobodyUsesIt() throws {
        let (disk, directory) = try Self.make(20)
        for _ in 0..<2 {
            #expect(try BayesStore(LMDBStore(directory: directory, readOnly: true)).totals().spam == 20)
        }
        #expect(throws: StoreError.self) { try LMDBStore(directory: directory) }
        #expect(throws: StoreError.self) { try LMDBStore(directory: directory + "/none", readOnly: true) }
        let user = try RunningProgram(Programs.path("bayes-learner"), [disk.path + "/bayes", "read"])
        try user.output.wait(for: "x", from: 0, seconds: 60)
        let refused = Self.failure { () throws(StoreError) in _ = try LMDBStore(directory: directory, readOnly: true) }
        #expect(refused.contains("\(directory): another process uses the database"), "\(refused)")
        // Where it may have a slot, it has one.
        let beside = BayesStore(try LMDBStore(directory: disk.path + "/bayes", readOnly: true))
        #expect(try beside.totals().spam == 20)
        user.signal(9)
        _ = user.wait()
        #expect(try BayesStore(LMDBStore(directory: directory, readOnly: true)).totals().spam == 20)
    }

    @Test func aFileBesideWhichThereIsNoLock() throws {
        let (disk, directory) = try Self.make(20)
        #expect(remove(disk.path + "/bayes/lock.mdb") == 0)
        #expect(try BayesStore(LMDBStore(directory: directory, readOnly: true)).totals().spam == 20)
    }

    @Test func whatWasWrittenMeanwhileIsAnError() throws {
        let (disk, directory) = try Self.make(20)
        let store = try LMDBStore(directory: directory, readOnly: true)
        let failed = Self.failure { () throws(StoreError) in
            try store.read { _ throws(StoreError) in
                do {
                    let learner = try RunningProgram(Programs.path("bayes-learner"), [disk.path + "/bayes"])
                    try learner.output.wait(for: "x", from: 0, seconds: 60)
                    learner.signal(9)
                    _ = learner.wait()
                } catch {
                    throw .failed("\(error)")
                }
            }
        }
        #expect(failed.contains("another process uses the database"), "\(failed)")
    }
}
