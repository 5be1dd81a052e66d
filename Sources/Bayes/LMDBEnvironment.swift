internal import CLMDB
internal import Glibc
internal import Linux
internal import Synchronization

extension StoreError {
    static let resized = StoreError.failed("resized")
    static let readersFull = StoreError.failed("readers full")
    static let mapFull = StoreError.full("map full")

    init(_ call: String, _ code: Int32) {
        switch code {
        case MDB_MAP_RESIZED: self = .resized
        case MDB_MAP_FULL: self = .mapFull
        case MDB_READERS_FULL: self = .readersFull
        case MDB_CORRUPTED, MDB_INVALID, MDB_VERSION_MISMATCH, MDB_PAGE_NOTFOUND:
            self = .damaged("\(call): \(String(cString: mdb_strerror(code)))")
        case ENOSPC, EDQUOT: self = .full("\(call): \(String(cString: mdb_strerror(code)))")
        default: self = .failed("\(call): \(String(cString: mdb_strerror(code)))")
        }
    }
}

func checkLMDB(_ call: @autoclosure () -> String, _ code: Int32) throws(StoreError) {
    if code != 0 { throw StoreError(call(), code) }
}

/// The open environment. The map may only change while no transaction of this process is open: transactions hold the lock
/// shared, changes of the map hold it alone.
final class LMDBEnvironment: Sendable {
    nonisolated(unsafe) let handle: OpaquePointer
    /// The directory, for people.
    private let place: String
    /// False where `lock.mdb` may not be written to: nobody knows then of who reads here.
    private let hasSlots: Bool
    /// Handles by `BayesTable`.
    let tables: [MDB_dbi]
    nonisolated(unsafe) private let lock: UnsafeMutablePointer<pthread_rwlock_t>
    /// What readers found, by `BayesTable`. One of them has it at a time; another meanwhile begins with nothing.
    private let places = Mutex([BucketPlaces?](repeating: nil, count: BayesTable.allCases.count))

    init(directory: String, mapSize: Int, readers: UInt32, readOnly: Bool) throws(StoreError) {
        try Self.demandFiles(directory)
        var created: OpaquePointer?
        try checkLMDB("mdb_env_create", mdb_env_create(&created))
        guard let handle = created else { throw .failed("mdb_env_create gave nothing") }
        do throws(StoreError) {
            try checkLMDB("mdb_env_set_maxdbs", mdb_env_set_maxdbs(handle, MDB_dbi(BayesTable.allCases.count)))
            try checkLMDB("mdb_env_set_maxreaders", mdb_env_set_maxreaders(handle, readers))
            try checkLMDB("mdb_env_set_mapsize", mdb_env_set_mapsize(handle, mapSize))
            hasSlots = try Self.prepareLocks(directory, readOnly: readOnly)
            // Without MDB_NOTLS a read transaction would belong to its thread; ours may move between threads of a pool.
            let flags = MDB_NOTLS | (readOnly ? MDB_RDONLY : 0) | (hasSlots ? 0 : MDB_NOLOCK)
            try checkLMDB(directory, mdb_env_open(handle, directory, UInt32(flags), 0o600))
            var descriptor: Int32 = -1
            try checkLMDB("mdb_env_get_fd", mdb_env_get_fd(handle, &descriptor))
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            try Self.clearReaders(handle)
            try Self.checkWhole(handle)
            tables = try Self.openTables(handle, directory, readOnly: readOnly)
        } catch {
            mdb_env_close(handle)
            throw error
        }
        self.handle = handle
        place = directory
        lock = .allocate(capacity: 1)
        lock.initialize(to: pthread_rwlock_t())
        pthread_rwlock_init(lock, nil)
    }

    deinit {
        mdb_env_close(handle)
        pthread_rwlock_destroy(lock)
        lock.deallocate()
    }

    private static func openTables(
        _ handle: OpaquePointer, _ directory: String, readOnly: Bool
    ) throws(StoreError) -> [MDB_dbi] {
        while true {
            var transaction: OpaquePointer?
            let begun = mdb_txn_begin(handle, nil, readOnly ? UInt32(MDB_RDONLY) : 0, &transaction)
            if begun == MDB_MAP_RESIZED {
                try checkLMDB("mdb_env_set_mapsize", mdb_env_set_mapsize(handle, 0))
                continue
            }
            try checkLMDB("mdb_txn_begin", begun)
            var tables: [MDB_dbi] = []
            for table in BayesTable.allCases {
                var number: MDB_dbi = 0
                let code = mdb_dbi_open(transaction, "\(table)", readOnly ? 0 : UInt32(MDB_CREATE), &number)
                guard code == 0 else {
                    mdb_txn_abort(transaction)
                    if code == MDB_NOTFOUND { throw .failed("\(directory): no Bayes store") }
                    throw StoreError("mdb_dbi_open", code)
                }
                tables.append(number)
            }
            try checkLMDB("mdb_txn_commit", mdb_txn_commit(transaction))
            return tables
        }
    }

    /// - Returns: false for a reader that may not write to `lock.mdb`, while nobody else uses the database.
    private static func prepareLocks(_ directory: String, readOnly: Bool) throws(StoreError) -> Bool {
        var status = stat()
        // Not by access(2), which asks as the real user. What is not there is not made.
        if readOnly, stat(directory + "/data.mdb", &status) != 0 { throw StoreError("\(directory)/data.mdb", errno) }
        do throws(SystemError) {
            try LMDBLocks.reserve(directory)
            return true
        } catch {
            let isForbidden = [EROFS, EACCES, EPERM].contains(error.code)
            guard readOnly, isForbidden else { throw StoreError(error.call, error.code) }
            try LMDBLocks.demandNoOther(directory)
            return false
        }
    }

    /// For a reader without a slot, at its end: what it read was not written over if nothing was committed meanwhile.
    /// - Parameter snapshot: number of the transaction.
    func demandUnchanged(since snapshot: Int) throws(StoreError) {
        if hasSlots { return }
        var info = MDB_envinfo()
        try check("mdb_env_info", mdb_env_info(handle, &info))
        guard Int(info.me_last_txnid) == snapshot else { throw LMDBLocks.inUse(place) }
    }

    /// The file that is open is no longer the one in the directory.
    var isReplaced: Bool {
        var descriptor: Int32 = -1
        guard mdb_env_get_fd(handle, &descriptor) == 0, let open = FileIdentity(descriptor: descriptor) else {
            return false
        }
        guard let there = FileIdentity(path: place + "/data.mdb") else { return errno == ENOENT || errno == ENOTDIR }
        return open != there
    }

    /// What is there must be files: opening a FIFO for reading would wait for ever.
    private static func demandFiles(_ directory: String) throws(StoreError) {
        for path in ["\(directory)/data.mdb", "\(directory)/lock.mdb"] {
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG else { continue }
            throw .failed("\(path): no regular file")
        }
    }

    /// Octets with which a file system is full: as many as LMDB writes at one time.
    private static let noRoom = 1 << 20

    /// Says what a call on the open environment failed with, and on which store.
    func check(_ call: @autoclosure () -> String, _ code: Int32) throws(StoreError) {
        if code == 0 { return }
        // A write that was cut short has no number of its own.
        throw StoreError("\(place): \(call())", code == EIO && isDiskFull ? ENOSPC : code)
    }

    /// The file system has no room for what a transaction writes.
    private var isDiskFull: Bool {
        var status = statvfs()
        guard statvfs(place, &status) == 0 else { return false }
        return UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue
            < Self.noRoom
    }

    /// Cuts off what a transaction wrote behind the last page in use before the disk was full: nobody else could write any
    /// more. As the only writer, and no reader's snapshot knows of a page that is cut off.
    func giveBackRoom() throws(StoreError) {
        try shared { () throws(StoreError) in
            var transaction: OpaquePointer?
            try check("mdb_txn_begin", mdb_txn_begin(handle, nil, 0, &transaction))
            defer { mdb_txn_abort(transaction) }
            let (file, pageSize) = try Self.dataFile(handle)
            do throws(SystemError) {
                let end = try LMDBPages.end(of: file, pageSize: pageSize)
                if try file.size() > end, ftruncate(file.raw, off_t(end)) != 0 {
                    throw SystemError("ftruncate", code: errno)
                }
            } catch {
                throw .failed("\(place)/data.mdb: \(error)")
            }
        }
    }

    /// Gives back the slots of readers that ended without saying so; what they looked at could not be used again.
    /// - Returns: how many there were.
    @discardableResult
    private static func clearReaders(_ handle: OpaquePointer) throws(StoreError) -> Int {
        var dead: Int32 = 0
        try checkLMDB("mdb_reader_check", mdb_reader_check(handle, &dead))
        return Int(dead)
    }

    /// See `LMDBPages`. A transaction keeps others from using pages anew while they are looked at.
    private static func checkWhole(_ handle: OpaquePointer) throws(StoreError) {
        var transaction: OpaquePointer?
        var begun = mdb_txn_begin(handle, nil, UInt32(MDB_RDONLY), &transaction)
        if begun == MDB_MAP_RESIZED {
            try checkLMDB("mdb_env_set_mapsize", mdb_env_set_mapsize(handle, 0))
            begun = mdb_txn_begin(handle, nil, UInt32(MDB_RDONLY), &transaction)
        }
        try checkLMDB("mdb_txn_begin", begun)
        defer { mdb_txn_abort(transaction) }
        var info = MDB_envinfo()
        var path: UnsafePointer<CChar>?
        try checkLMDB("mdb_env_info", mdb_env_info(handle, &info))
        try checkLMDB("mdb_env_get_path", mdb_env_get_path(handle, &path))
        let (file, pageSize) = try dataFile(handle)
        try LMDBPages.check(
            file, place: path.map { String(cString: $0) } ?? "", pageSize: pageSize, last: UInt64(info.me_last_pgno))
    }

    /// `data.mdb`, and octets of its pages.
    private static func dataFile(_ handle: OpaquePointer) throws(StoreError) -> (Descriptor, pageSize: Int) {
        var status = MDB_stat()
        var raw: Int32 = -1
        try checkLMDB("mdb_env_stat", mdb_env_stat(handle, &status))
        try checkLMDB("mdb_env_get_fd", mdb_env_get_fd(handle, &raw))
        let copy = fcntl(raw, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw .failed("data.mdb: \(String(cString: strerror(errno)))") }
        return (Descriptor(owning: copy), Int(status.ms_psize))
    }

    func shared(_ body: () throws(StoreError) -> Void) throws(StoreError) {
        pthread_rwlock_rdlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        try body()
    }

    /// Where the values of a table lie in a snapshot, as far as that is known. For a reader, within `shared`.
    func takePlaces(_ table: BayesTable, snapshot: Int) -> BucketPlaces {
        let kept = places.withLock { places in
            let kept = places[table.rawValue]
            places[table.rawValue] = nil
            return kept
        }
        if let kept, kept.snapshot == snapshot { return kept }
        return BucketPlaces(snapshot: snapshot)
    }

    func giveBack(_ known: BucketPlaces, _ table: BayesTable) {
        places.withLock { $0[table.rawValue] = known }
    }

    /// The map may lie elsewhere from now on. Called with the lock held alone.
    private func setMapSize(_ size: Int) throws(StoreError) {
        places.withLock { places in
            for table in places.indices { places[table] = nil }
        }
        try checkLMDB("mdb_env_set_mapsize", mdb_env_set_mapsize(handle, size))
    }

    /// Another process made the map larger.
    func adoptMapSize() throws(StoreError) {
        pthread_rwlock_wrlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        try setMapSize(0)
        try Self.checkWhole(handle)
    }

    /// All slots of readers are taken.
    func clearReaders() throws(StoreError) {
        try Self.clearReaders(handle)
    }

    /// Makes room: doubles the map, or clears readers that have gone. False when it has its limit.
    func makeRoom(limit: Int) throws(StoreError) -> Bool {
        pthread_rwlock_wrlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        var info = MDB_envinfo()
        try checkLMDB("mdb_env_info", mdb_env_info(handle, &info))
        let size = Int(info.me_mapsize)
        // Readers that were killed keep pages from being used again: without them there may be room enough.
        if try Self.clearReaders(handle) > 0 { return true }
        guard size < limit else { return false }
        try setMapSize(min(limit, size * 2))
        return true
    }
}
