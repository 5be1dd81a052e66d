internal import Glibc
internal import Linux

/// The scratch space on tmpfs: one directory for each generation, worker and message. The gateway makes and removes the
/// directories; a worker can only use what is below its own.
///
/// The whole of it belongs to one gateway, which holds a lock on it and clears what an earlier one left behind.
final class Workspace: Sendable {
    /// The directory from the settings.
    let directory: String
    /// Octets of the tmpfs that it is on; nil when that has no bound of its own, or is no tmpfs.
    let size: Int?
    private let lock: Descriptor

    /// Opens the workspace, makes it when absent.
    /// - Throws: an explanation for the administrator when it is not on a tmpfs, not ours, or used by another gateway.
    init(directory: String, allowNonTmpfs: Bool) throws {
        self.directory = directory
        try makeDirectories(directory)
        // What is in it will be removed: never in a directory that is shared with others, as /dev/shm is.
        var status = stat()
        try check("stat \(directory)") { stat(directory, &status) }
        guard status.st_uid == geteuid(), status.st_mode & S_IWOTH == 0 else {
            throw WorkspaceError(
                "\(directory) is not this user's own: workspace.directory needs a directory that belongs to user "
                    + "\(geteuid()) and that others cannot write to")
        }
        let fileSystem = try FileSystem(of: directory)
        size = fileSystem.isTmpfs && fileSystem.size > 0 ? fileSystem.size : nil
        guard fileSystem.isTmpfs || allowNonTmpfs else {
            throw WorkspaceError(
                "\(directory) is not on a tmpfs: mount one there, choose another workspace.directory, "
                    + "or set workspace.allow_non_tmpfs: yes")
        }
        lock = try Descriptor.open(directory + "/lock", O_RDWR | O_CREAT)
        guard flock(lock.raw, LOCK_EX | LOCK_NB) == 0 else {
            throw WorkspaceError("\(directory) is in use by another mailreeve")
        }
        removeContents(of: directory, except: "lock")
    }

    /// Makes a generation's directory.
    func makeGeneration(_ generation: Int) throws(SystemError) -> String {
        let path = "\(directory)/g\(generation)"
        try check("mkdir \(path)") { mkdir(path, 0o700) }
        return path
    }

    /// Makes a worker's directory.
    func makeWorker(_ worker: WorkerID) throws(SystemError) {
        try check("mkdir \(path(worker))") { mkdir(path(worker), 0o700) }
    }

    /// Makes a message's directory below its worker's; returns the name that the worker gets.
    func makeMessage(_ worker: WorkerID, request: Int) throws(SystemError) -> String {
        let name = "m\(request)"
        try check("mkdir \(path(worker))/\(name)") { mkdir("\(path(worker))/\(name)", 0o700) }
        return name
    }

    /// Removes a message's directory, which a worker leaves empty.
    /// - Returns: false when something is in it. It must then be left until the worker has ended: a worker that goes on
    ///   making files would keep whoever removes them busy for ever.
    func removeMessage(_ worker: WorkerID, name: String) -> Bool {
        rmdir("\(path(worker))/\(name)") == 0
    }

    /// Removes the directory of a worker that has ended. What it left there is removed on a thread of its own.
    func removeWorker(_ worker: WorkerID) {
        let whole = path(worker)
        if rmdir(whole) == 0 { return }
        try? startThread { Self.removeTree(whole) }
    }

    /// Removes the directory of a generation that has ended, on a thread of its own.
    func removeGeneration(_ generation: Int) {
        let whole = "\(directory)/g\(generation)"
        if rmdir(whole) == 0 { return }
        try? startThread { Self.removeTree(whole) }
    }

    /// Removes a directory with all that is in it; follows no link.
    static func removeTree(_ path: String) {
        removeContents(of: path)
        rmdir(path)
    }

    private func path(_ worker: WorkerID) -> String { "\(directory)/g\(worker.generation)/w\(worker.number)" }
}

/// Why the workspace cannot be used, in words for the administrator.
struct WorkspaceError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Empties a directory that hostile code may have filled: follows no link, needs no recursion and no path longer than
/// one name. A directory found inside is first moved up, so depth costs nothing.
func removeContents(of directory: String, except kept: String = "") {
    guard let root = try? Descriptor.open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) else { return }
    // Not to be guessed: a directory of this name made by a worker would be taken for one that is already pending.
    let token = "removed-\(UInt64.random(in: 0...UInt64.max))-"
    var moved = 0
    var pending = [""]
    while let name = pending.popLast() {
        let number =
            name.isEmpty
            ? openat(root.raw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            : openat(root.raw, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard number >= 0 else { continue }
        guard let stream = fdopendir(number) else {
            close(number)
            continue
        }
        var inner: [String] = []
        while let item = readdir(stream) {
            let entry = withUnsafeBytes(of: item.pointee.d_name) { bytes in Array(bytes.prefix { $0 != 0 }) }
            if entry == [0x2E] || entry == [0x2E, 0x2E] || (name.isEmpty && entry == Array(kept.utf8)) { continue }
            var path = entry.map { CChar(bitPattern: $0) }
            path.append(0)
            if unlinkat(number, path, 0) == 0 { continue }
            if entry.starts(with: Array(token.utf8)) { continue }
            // A directory can be moved only by an owner who may write to it, and read only by one who may read it.
            fchmodat(number, path, 0o700, AT_SYMLINK_NOFOLLOW)
            moved += 1
            let target = token + String(moved)
            if renameat(number, path, root.raw, target) == 0 { inner.append(target) }
        }
        closedir(stream)
        pending += inner
        if !name.isEmpty { unlinkat(root.raw, name, AT_REMOVEDIR) }
    }
}
