internal import Glibc
internal import Linux

/// `lock.mdb`, in which each process that reads has a slot, so that what it looks at is not written over. Used before the
/// environment is open: closing the file gives the locks back that LMDB holds on it.
enum LMDBLocks {
    /// Octets of a new lock file: 64 for each reader, and a page for what comes before them.
    private static let size = Int(LMDBStore.readers) * 64 + 4096

    /// Takes the room of the lock file, which LMDB writes to as memory: on a full disk that would end the process (SIGBUS).
    /// One that is there keeps its size, which other processes count on.
    static func reserve(_ directory: String) throws(SystemError) {
        let path = directory + "/lock.mdb"
        let file = try Descriptor.open(path, O_RDWR | O_CREAT)
        let size = try file.size()
        let code = posix_fallocate(file.raw, 0, off_t(size == 0 ? Self.size : size))
        if code != 0 { throw SystemError(path, code: code) }
    }

    /// For a reader that may not have a slot: on a file system that is not written to, or in another user's directory.
    /// - Throws: when a process has the database open that could write to it. That a file system is read-only here says nothing of
    ///   it: it may be mounted a second time.
    static func demandNoOther(_ directory: String) throws(StoreError) {
        let path = directory + "/lock.mdb"
        let file: Descriptor
        do throws(SystemError) {
            file = try Descriptor.open(path, O_RDONLY)
        } catch {
            // Whoever could write would have made it.
            if error.code == ENOENT { return }
            throw StoreError(error.call, error.code)
        }
        // LMDB holds a lock on the first octet while an environment is open.
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_len = 1
        guard fcntl(file.raw, F_GETLK, &lock) == 0 else { throw StoreError(path, errno) }
        guard lock.l_type == Int16(F_UNLCK) else { throw inUse(directory) }
    }

    static func inUse(_ directory: String) -> StoreError {
        .failed(
            "\(directory): another process uses the database, and would not know of this one, which may not write to lock.mdb: "
                + "try it as the owner of the database, where it may be written to, or while nobody uses it")
    }
}
