internal import Glibc
internal import GRDB
internal import Linux
internal import Stores
internal import Synchronization

/// A database file of SQLite in WAL mode, shared by several processes of one user. A file that was replaced by another process
/// (a damaged one is) is noticed before each call and opened anew.
///
/// Commits are not waited for (`synchronous = NORMAL`): what is here can be made anew from other files, or is allowed to
/// lose its last moments when the machine, not only the process, goes down. All calls block.
final class SQLiteDatabase: Sendable {
    let path: String
    private let migrator: DatabaseMigrator
    /// A file that is missing has been there.
    private let isLost: @Sendable () -> Bool
    private let state = Mutex<Open?>(nil)

    private struct Open {
        let queue: DatabaseQueue
        let identity: FileIdentity
    }

    /// Seconds that a call waits for another process.
    private static let busySeconds = 10.0

    /// - Parameters:
    ///   - migrator: makes the tables where they are absent, and brings those of older versions into today's form.
    ///   - isLost: whether a file that is missing is damage, where it was open or is to be read; else it is made.
    init(path: String, migrator: DatabaseMigrator, isLost: @escaping @Sendable () -> Bool = { false }) {
        self.path = path
        self.migrator = migrator
        self.isLost = isLost
    }

    /// Runs a transaction that may change the database.
    func write<Result>(_ body: (Database) throws -> Result) throws(IndexFailure) -> Result {
        try access(reads: false) { try $0.write(body) }
    }

    /// Runs a transaction that only reads.
    func read<Result>(_ body: (Database) throws -> Result) throws(IndexFailure) -> Result {
        try access(reads: true) { try $0.read(body) }
    }

    /// Puts an empty database in the place of the old one, which is kept as `PATH.damaged` for who wants to look. Another
    /// process that does the same is waited for; then theirs is as good.
    func reset() throws(IndexFailure) {
        let seen = state.withLock { $0?.identity } ?? FileIdentity(path: path)
        do {
            try exclusively {
                let now = FileIdentity(path: path)
                guard now == seen || now == nil else { return }
                // The database first: a call of another process that fails because its log is gone finds the file replaced,
                // and begins again. SQLite itself takes away a log beside an empty database.
                if rename(path, path + ".damaged") != 0, errno != ENOENT {
                    try check("rename \(path)") { rename(path, path + ".damaged") }
                }
                unlink(path + "-wal")
                unlink(path + "-shm")
                try Self.make(path)
            }
        } catch {
            throw .unavailable("\(error)")
        }
        try write { _ in }
    }

    // MARK: - Access

    /// How often a call is begun: a file that another process replaces in the middle of it is opened anew.
    private static let attempts = 3

    private func access<Result>(
        reads: Bool, _ body: (DatabaseQueue) throws -> Result
    ) throws(IndexFailure) -> Result {
        BlockingCheck.mayBlock("SQLite")
        var failure = IndexFailure.unavailable(path)
        for _ in 0..<Self.attempts {
            var used: FileIdentity?
            do {
                let open = try opened(reads: reads)
                used = open.identity
                return try body(open.queue)
            } catch let error as DatabaseError {
                failure = Self.failure(error)
            } catch let error as IndexFailure {
                failure = error
            } catch {
                failure = .unavailable("\(path): \(error)")
            }
            if used == nil || used == FileIdentity(path: path) { break }
        }
        throw failure
    }

    private func opened(reads: Bool) throws -> Open {
        try state.withLock { open in
            if let open, FileIdentity(path: path) == open.identity { return open }
            var configuration = Configuration()
            configuration.busyMode = .timeout(Self.busySeconds)
            configuration.journalMode = .wal
            configuration.label = "mailreeve"
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = NORMAL") }
            if let slash = path.lastIndex(of: "/") { mkdir(String(path[..<slash]), 0o700) }
            let wasOpen = open != nil
            let new = try exclusively {
                if wasOpen || reads, FileIdentity(path: path) == nil, isLost() {
                    throw IndexFailure.damaged("\(path) is lost")
                }
                try Self.make(path)
                let queue = try DatabaseQueue(path: path, configuration: configuration)
                try migrator.migrate(queue)
                guard let identity = FileIdentity(path: path) else { throw SystemError("stat \(path)", code: errno) }
                return Open(queue: queue, identity: identity)
            }
            open = new
            return new
        }
    }

    /// Runs what no other process and no other connection may do meanwhile. An opening is: two that turn on the log at one
    /// time fail without waiting (SQLITE_BUSY), and no file is to be replaced under one.
    private func exclusively<Result>(_ body: () throws -> Result) throws -> Result {
        let lock = try Descriptor.open(path + ".lock", O_RDWR | O_CREAT)
        try check("flock \(path).lock") { flock(lock.raw, LOCK_EX) }
        return try withExtendedLifetime(lock, body)
    }

    /// Makes the file, so that nobody else may read it. One that is there is not touched, and one connection at a time comes
    /// here: closing a descriptor ends all locks of the process on its file (fcntl(2)), also those of another connection, and
    /// then another process takes away the log that this one goes on writing to.
    private static func make(_ path: String) throws(SystemError) {
        do throws(SystemError) {
            _ = try Descriptor.open(path, O_RDWR | O_CREAT | O_EXCL)
        } catch {
            if error.code != EEXIST { throw error }
        }
    }

    private static func failure(_ error: DatabaseError) -> IndexFailure {
        let text = "SQLite error \(error.resultCode.rawValue): \(error.message ?? "")"
        switch error.resultCode {
        // A table or column that is missing is damage, too: only we write here.
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR, .SQLITE_FORMAT: return .damaged(text)
        default: return .unavailable(text)
        }
    }
}
