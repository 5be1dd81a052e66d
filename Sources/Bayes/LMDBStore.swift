internal import CLMDB
internal import Glibc
internal import Linux
internal import Synchronization

/// The tables in one LMDB environment: memory-mapped B+ trees with copy on write, so that there is no journal to replay
/// after a crash, readers never wait, and a large store costs no memory but the pages that are looked at.
///
/// State of the disk: `data.mdb` holds two meta pages; a commit writes its pages, synchronises them, then writes the older
/// meta page and synchronises that. The meta page with the newer valid transaction is the store.
package final class LMDBStore: KeyValueStore {
    /// Size of the map at first, octets: address space and the most that the file may grow to, not memory.
    package static let firstMapSize = 256 << 20
    /// Readers at one time, of all processes.
    static let readers: UInt32 = 512

    package let place: String
    /// A page of counts, which change by the bucket: less the octets that LMDB puts before them. A bucket of more than half a
    /// page has pages of its own, so that what leads to it stays small, and near at hand. Weights are all written at one time,
    /// and a message looks up more than a thousand: few large buckets are found sooner than many small ones.
    package let buckets = BucketSizes(tokens: 255, weights: 4096)
    private let environment: LMDBEnvironment
    private let process = getpid()
    private let mapLimit: Int

    /// Opens or makes the store in a directory, which is made when missing. Slots of readers that ended without saying so
    /// are cleared. One environment for each process and directory: LMDB's locks do not survive a second one.
    /// - Parameters:
    ///   - firstMapSize: octets of the map at first.
    ///   - mapLimit: octets that the file may grow to.
    ///   - readOnly: fails when there is no store. Where it may not be written to, it is read while no other process uses it.
    package init(
        directory: String, firstMapSize: Int = LMDBStore.firstMapSize, mapLimit: Int = 16 << 30, readOnly: Bool = false
    ) throws(StoreError) {
        place = directory
        self.mapLimit = mapLimit
        if !readOnly {
            do throws(SystemError) {
                try makeDirectories(directory)
            } catch {
                throw .failed("\(error)")
            }
        }
        environment = try LMDBEnvironment(
            directory: directory, mapSize: min(firstMapSize, mapLimit), readers: Self.readers, readOnly: readOnly)
    }

    package var isReplaced: Bool { environment.isReplaced }

    package func read(_ body: (any StoreReading) throws(StoreError) -> Void) throws(StoreError) {
        try checkProcess()
        var isCleared = false
        while true {
            do throws(StoreError) {
                try environment.shared { () throws(StoreError) in
                    let transaction = try LMDBTransaction(environment, readOnly: true)
                    defer { transaction.abort() }
                    try body(transaction)
                    try environment.demandUnchanged(since: transaction.snapshot)
                }
                return
            } catch .resized {
                try environment.adoptMapSize()
            } catch .readersFull where !isCleared {
                isCleared = true
                try environment.clearReaders()
            }
        }
    }

    package func readOnce(_ body: (any StoreReading) throws(StoreError) -> Void) throws(StoreError) {
        // A transaction that has begun sees the store as it is then.
        try read(body)
    }

    package func write(_ body: (any StoreWriting) throws(StoreError) -> Void) throws(StoreError) {
        try checkProcess()
        while true {
            do throws(StoreError) {
                try environment.shared { () throws(StoreError) in
                    let transaction = try LMDBTransaction(environment, readOnly: false)
                    do throws(StoreError) {
                        try body(transaction)
                    } catch {
                        transaction.abort()
                        throw error
                    }
                    try transaction.commit()
                }
                return
            } catch .resized {
                try environment.adoptMapSize()
            } catch .mapFull {
                // Nothing of it was kept; with more room it is done from the start.
                guard try environment.makeRoom(limit: mapLimit) else {
                    throw .full("\(place): the store has reached \(mapLimit) octets")
                }
            } catch .full(let text) {
                try? environment.giveBackRoom()
                throw .full(text)
            }
        }
    }

    /// After a fork the locks belong to the parent.
    private func checkProcess() throws(StoreError) {
        if getpid() != process { throw .foreign("\(place): opened by process \(process)") }
    }
}
