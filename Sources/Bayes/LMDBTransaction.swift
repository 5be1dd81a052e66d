internal import CLMDB
internal import Glibc

/// One transaction of LMDB, for reading or for writing.
final class LMDBTransaction: StoreWriting {
    private let environment: LMDBEnvironment
    private let isReadOnly: Bool
    private var handle: OpaquePointer?

    init(_ environment: LMDBEnvironment, readOnly: Bool) throws(StoreError) {
        self.environment = environment
        isReadOnly = readOnly
        try environment.check(
            "mdb_txn_begin", mdb_txn_begin(environment.handle, nil, readOnly ? UInt32(MDB_RDONLY) : 0, &handle))
    }

    /// Number of the last committed transaction that a reader sees.
    var snapshot: Int { mdb_txn_id(handle) }

    func abort() {
        mdb_txn_abort(handle)
        handle = nil
    }

    func commit() throws(StoreError) {
        let handle = handle
        self.handle = nil
        try environment.check("mdb_txn_commit", mdb_txn_commit(handle))
    }

    func look(_ table: BayesTable, _ key: Span<UInt8>, _ use: (Span<UInt8>) -> Void) throws(StoreError) -> Bool {
        var found = MDB_val()
        let code = Self.withValue(key) { mdb_get(handle, environment.tables[table.rawValue], &$0, &found) }
        if code == MDB_NOTFOUND { return false }
        try environment.check("mdb_get", code)
        let bytes = Self.bytes(found)
        use(bytes.span)
        return true
    }

    /// Values whose memory is asked for before the first of them is looked at.
    private static let foreseen = 32

    func look(
        _ table: BayesTable, numbers: [UInt64], foresee: (Int, Span<UInt8>) -> Void,
        _ use: (Int, Span<UInt8>) -> Void
    ) throws(StoreError) {
        // A cursor finds a key near its last one without going down the tree again.
        var cursor: OpaquePointer?
        try environment.check("mdb_cursor_open", mdb_cursor_open(handle, environment.tables[table.rawValue], &cursor))
        defer { mdb_cursor_close(cursor) }
        let isRemembered = isReadOnly && table.hasBuckets
        var known =
            isRemembered ? environment.takePlaces(table, snapshot: snapshot) : BucketPlaces(snapshot: 0)
        defer { if isRemembered { environment.giveBack(known, table) } }
        let none = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        var found = [UnsafeBufferPointer<UInt8>](repeating: none, count: min(Self.foreseen, numbers.count))
        for first in stride(from: 0, to: numbers.count, by: Self.foreseen) {
            let places = first..<min(first + Self.foreseen, numbers.count)
            for place in places {
                var value = known.place(of: numbers[place])
                if value == nil {
                    value = try find(cursor, numbers[place])
                    if isRemembered, let value { known.keep(numbers[place], value) }
                }
                found[place - first] = value ?? none
                if let value { foresee(place, value.span) }
            }
            for place in places where found[place - first].baseAddress != nil {
                foresee(place, found[place - first].span)
            }
            for place in places where found[place - first].baseAddress != nil {
                use(place, found[place - first].span)
            }
        }
    }

    /// The value of a key that is a number; nil when there is none.
    private func find(
        _ cursor: OpaquePointer?, _ number: UInt64
    ) throws(StoreError) -> UnsafeBufferPointer<UInt8>? {
        var value = MDB_val()
        let code = withUnsafeBytes(of: number.bigEndian) { key in
            var key = MDB_val(mv_size: key.count, mv_data: UnsafeMutableRawPointer(mutating: key.baseAddress))
            return mdb_cursor_get(cursor, &key, &value, MDB_SET)
        }
        if code == MDB_NOTFOUND { return nil }
        try environment.check("mdb_cursor_get", code)
        return Self.bytes(value)
    }

    func forEach(
        _ table: BayesTable, from start: [UInt8], _ use: (Span<UInt8>, Span<UInt8>) -> Bool
    ) throws(StoreError) {
        var cursor: OpaquePointer?
        try environment.check("mdb_cursor_open", mdb_cursor_open(handle, environment.tables[table.rawValue], &cursor))
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
        if code != MDB_NOTFOUND { try environment.check("mdb_cursor_get", code) }
    }

    func count(_ table: BayesTable) throws(StoreError) -> Int {
        var status = MDB_stat()
        try environment.check("mdb_stat", mdb_stat(handle, environment.tables[table.rawValue], &status))
        return Int(status.ms_entries)
    }

    func put(_ table: BayesTable, _ key: Span<UInt8>, _ value: Span<UInt8>) throws(StoreError) {
        let code = Self.withValue(key) { key in
            Self.withValue(value) { mdb_put(handle, environment.tables[table.rawValue], &key, &$0, 0) }
        }
        try environment.check("mdb_put", code)
    }

    func remove(_ table: BayesTable, _ key: Span<UInt8>) throws(StoreError) {
        let code = Self.withValue(key) { mdb_del(handle, environment.tables[table.rawValue], &$0, nil) }
        if code != MDB_NOTFOUND { try environment.check("mdb_del", code) }
    }

    func removeAll(_ table: BayesTable) throws(StoreError) {
        try environment.check("mdb_drop", mdb_drop(handle, environment.tables[table.rawValue], 0))
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
