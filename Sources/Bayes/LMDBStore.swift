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
    fileprivate static let readers: UInt32 = 512

    package let place: String
    /// A page of counts, which change by the bucket: less the octets that LMDB puts before them. A bucket of more than half a
    /// page has pages of its own, so that what leads to it stays small, and near at hand. Weights are all written at one time,
    /// and a message looks up more than a thousand: few large buckets are found sooner than many small ones.
    package let buckets = BucketSizes(tokens: 255, weights: 4096)
    private let environment: Environment
    private let process = getpid()
    private let mapLimit: Int

    /// Opens or makes the store in a directory, which is made when missing. Slots of readers that ended without saying so
    /// are cleared. One environment for each process and directory: LMDB's locks do not survive a second one.
    /// - Parameters:
    ///   - firstMapSize: octets of the map at first.
    ///   - mapLimit: octets that the file may grow to.
    ///   - readOnly: fails when there is no store.
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
        environment = try Environment(
            directory: directory, mapSize: min(firstMapSize, mapLimit), readers: Self.readers, readOnly: readOnly)
    }

    package func read(_ body: (any StoreReading) throws(StoreError) -> Void) throws(StoreError) {
        try checkProcess()
        var isCleared = false
        while true {
            do throws(StoreError) {
                try environment.shared { () throws(StoreError) in
                    let transaction = try Transaction(environment, readOnly: true)
                    defer { transaction.abort() }
                    try body(transaction)
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
                    let transaction = try Transaction(environment, readOnly: false)
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
            }
        }
    }

    /// After a fork the locks belong to the parent.
    private func checkProcess() throws(StoreError) {
        if getpid() != process { throw .foreign("\(place): opened by process \(process)") }
    }
}

extension StoreError {
    fileprivate static let resized = StoreError.failed("resized")
    fileprivate static let readersFull = StoreError.failed("readers full")
    fileprivate static let mapFull = StoreError.full("map full")

    fileprivate init(_ call: String, _ code: Int32) {
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

private func checkLMDB(_ call: @autoclosure () -> String, _ code: Int32) throws(StoreError) {
    if code != 0 { throw StoreError(call(), code) }
}

/// The open environment. The map may only change while no transaction of this process is open: transactions hold the lock
/// shared, changes of the map hold it alone.
private final class Environment: Sendable {
    nonisolated(unsafe) let handle: OpaquePointer
    /// Handles by `BayesTable`.
    let tables: [MDB_dbi]
    nonisolated(unsafe) private let lock: UnsafeMutablePointer<pthread_rwlock_t>

    init(directory: String, mapSize: Int, readers: UInt32, readOnly: Bool) throws(StoreError) {
        var created: OpaquePointer?
        try checkLMDB("mdb_env_create", mdb_env_create(&created))
        guard let handle = created else { throw .failed("mdb_env_create gave nothing") }
        do throws(StoreError) {
            try checkLMDB("mdb_env_set_maxdbs", mdb_env_set_maxdbs(handle, MDB_dbi(BayesTable.allCases.count)))
            try checkLMDB("mdb_env_set_maxreaders", mdb_env_set_maxreaders(handle, readers))
            try checkLMDB("mdb_env_set_mapsize", mdb_env_set_mapsize(handle, mapSize))
            // Without MDB_NOTLS a read transaction would belong to its thread; ours may move between threads of a pool.
            if !readOnly { try Self.reserveLocks(directory) }
            let flags = UInt32(MDB_NOTLS) | (readOnly ? UInt32(MDB_RDONLY) : 0)
            try checkLMDB(directory, mdb_env_open(handle, directory, flags, 0o600))
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

    /// Octets of a new lock file: 64 for each reader, and a page for what comes before them.
    private static let lockSize = Int(LMDBStore.readers) * 64 + 4096

    /// Takes the room of the lock file, which LMDB writes to as memory: on a full disk that would end the process (SIGBUS).
    /// Before the environment is open: closing the file gives its locks back. One that is there keeps its size, which other
    /// processes count on.
    private static func reserveLocks(_ directory: String) throws(StoreError) {
        let path = directory + "/lock.mdb"
        do throws(SystemError) {
            let file = try Descriptor.open(path, O_RDWR | O_CREAT)
            let size = try file.size()
            let code = posix_fallocate(file.raw, 0, off_t(size == 0 ? lockSize : size))
            if code != 0 { throw SystemError(path, code: code) }
        } catch {
            throw StoreError(error.call, error.code)
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
        var (info, status) = (MDB_envinfo(), MDB_stat())
        var path: UnsafePointer<CChar>?
        var raw: Int32 = -1
        try checkLMDB("mdb_env_info", mdb_env_info(handle, &info))
        try checkLMDB("mdb_env_stat", mdb_env_stat(handle, &status))
        try checkLMDB("mdb_env_get_fd", mdb_env_get_fd(handle, &raw))
        try checkLMDB("mdb_env_get_path", mdb_env_get_path(handle, &path))
        let copy = fcntl(raw, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw .failed("data.mdb: \(String(cString: strerror(errno)))") }
        try LMDBPages.check(
            Descriptor(owning: copy), place: path.map { String(cString: $0) } ?? "", pageSize: Int(status.ms_psize),
            last: UInt64(info.me_last_pgno))
    }

    func shared(_ body: () throws(StoreError) -> Void) throws(StoreError) {
        pthread_rwlock_rdlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        try body()
    }

    /// Another process made the map larger.
    func adoptMapSize() throws(StoreError) {
        pthread_rwlock_wrlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        try checkLMDB("mdb_env_set_mapsize", mdb_env_set_mapsize(handle, 0))
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
        try checkLMDB("mdb_env_set_mapsize", mdb_env_set_mapsize(handle, min(limit, size * 2)))
        return true
    }
}

private final class Transaction: StoreWriting {
    private let environment: Environment
    private var handle: OpaquePointer?

    init(_ environment: Environment, readOnly: Bool) throws(StoreError) {
        self.environment = environment
        try checkLMDB(
            "mdb_txn_begin", mdb_txn_begin(environment.handle, nil, readOnly ? UInt32(MDB_RDONLY) : 0, &handle))
    }

    func abort() {
        mdb_txn_abort(handle)
        handle = nil
    }

    func commit() throws(StoreError) {
        let handle = handle
        self.handle = nil
        try checkLMDB("mdb_txn_commit", mdb_txn_commit(handle))
    }

    func look(_ table: BayesTable, _ key: Span<UInt8>, _ use: (Span<UInt8>) -> Void) throws(StoreError) -> Bool {
        var found = MDB_val()
        let code = Self.withValue(key) { mdb_get(handle, environment.tables[table.rawValue], &$0, &found) }
        if code == MDB_NOTFOUND { return false }
        try checkLMDB("mdb_get", code)
        let bytes = Self.bytes(found)
        use(bytes.span)
        return true
    }

    /// Values whose memory is asked for before the first of them is looked at.
    private static let foreseen = 32

    func look(
        _ table: BayesTable, numbers: [UInt64], foresee: (LookRound, Int, Span<UInt8>) -> Void,
        _ use: (Int, Span<UInt8>) -> Void
    ) throws(StoreError) {
        // A cursor finds a key near its last one without going down the tree again.
        var cursor: OpaquePointer?
        try checkLMDB("mdb_cursor_open", mdb_cursor_open(handle, environment.tables[table.rawValue], &cursor))
        defer { mdb_cursor_close(cursor) }
        var found = [MDB_val](repeating: MDB_val(), count: min(Self.foreseen, numbers.count))
        for first in stride(from: 0, to: numbers.count, by: Self.foreseen) {
            let places = first..<min(first + Self.foreseen, numbers.count)
            for place in places {
                let code = withUnsafeBytes(of: numbers[place].bigEndian) { key in
                    var key = MDB_val(mv_size: key.count, mv_data: UnsafeMutableRawPointer(mutating: key.baseAddress))
                    return mdb_cursor_get(cursor, &key, &found[place - first], MDB_SET)
                }
                if code == MDB_NOTFOUND {
                    found[place - first] = MDB_val()
                    continue
                }
                try checkLMDB("mdb_cursor_get", code)
                let bytes = Self.bytes(found[place - first])
                foresee(.first, place, bytes.span)
            }
            for place in places where found[place - first].mv_data != nil {
                let bytes = Self.bytes(found[place - first])
                foresee(.second, place, bytes.span)
            }
            for place in places where found[place - first].mv_data != nil {
                let bytes = Self.bytes(found[place - first])
                use(place, bytes.span)
            }
        }
    }

    func forEach(
        _ table: BayesTable, from start: [UInt8], _ use: (Span<UInt8>, Span<UInt8>) -> Bool
    ) throws(StoreError) {
        var cursor: OpaquePointer?
        try checkLMDB("mdb_cursor_open", mdb_cursor_open(handle, environment.tables[table.rawValue], &cursor))
        defer { mdb_cursor_close(cursor) }
        var value = MDB_val()
        var key = MDB_val()
        var code: Int32
        if start.isEmpty {
            code = mdb_cursor_get(cursor, &key, &value, MDB_FIRST)
        } else {
            code = Self.withValue(start.span) {
                let code = mdb_cursor_get(cursor, &$0, &value, MDB_SET_RANGE)
                key = $0
                return code
            }
        }
        while code == 0 {
            let (keyBytes, valueBytes) = (Self.bytes(key), Self.bytes(value))
            guard use(keyBytes.span, valueBytes.span) else { return }
            code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)
        }
        if code != MDB_NOTFOUND { throw StoreError("mdb_cursor_get", code) }
    }

    func count(_ table: BayesTable) throws(StoreError) -> Int {
        var status = MDB_stat()
        try checkLMDB("mdb_stat", mdb_stat(handle, environment.tables[table.rawValue], &status))
        return Int(status.ms_entries)
    }

    func put(_ table: BayesTable, _ key: Span<UInt8>, _ value: Span<UInt8>) throws(StoreError) {
        let code = Self.withValue(key) { key in
            Self.withValue(value) { mdb_put(handle, environment.tables[table.rawValue], &key, &$0, 0) }
        }
        try checkLMDB("mdb_put", code)
    }

    func remove(_ table: BayesTable, _ key: Span<UInt8>) throws(StoreError) {
        let code = Self.withValue(key) { mdb_del(handle, environment.tables[table.rawValue], &$0, nil) }
        if code != MDB_NOTFOUND { try checkLMDB("mdb_del", code) }
    }

    func removeAll(_ table: BayesTable) throws(StoreError) {
        try checkLMDB("mdb_drop", mdb_drop(handle, environment.tables[table.rawValue], 0))
    }

    /// Memory of the map, valid until the next change or the end of the transaction.
    private static func bytes(_ value: MDB_val) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: value.mv_data?.assumingMemoryBound(to: UInt8.self), count: value.mv_size)
    }

    private static func withValue<Result>(_ bytes: Span<UInt8>, _ use: (inout MDB_val) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { buffer in
            var value = MDB_val(
                mv_size: buffer.count, mv_data: UnsafeMutableRawPointer(mutating: buffer.baseAddress))
            return use(&value)
        }
    }
}
