internal import Glibc
internal import Linux
internal import Synchronization

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
    /// A pipe whose writing end every thread holds that removes something: it comes to its end when all of them are done.
    private let removals: Descriptor
    private let removing: Mutex<Descriptor?>

    /// Opens the workspace, makes it when absent.
    /// - Throws: an explanation for the administrator when it is not on a tmpfs, not ours, or used by another gateway.
    init(directory: String, allowNonTmpfs: Bool) throws {
        self.directory = directory
        try makeDirectories(directory)
        let (owner, fileSystem) = try Self.demandPrivateMemory(directory, allowNonTmpfs: allowNonTmpfs)
        guard owner == geteuid() else { throw Self.notOwn(directory) }
        size = fileSystem.isTmpfs && fileSystem.size > 0 ? fileSystem.size : nil
        lock = try Descriptor.open(directory + "/lock", O_RDWR | O_CREAT)
        guard flock(lock.raw, LOCK_EX | LOCK_NB) == 0 else {
            throw WorkspaceError("\(directory) is in use by another mailreeve")
        }
        let (reader, writer) = try Descriptor.pipe()
        removals = reader
        removing = Mutex(writer)
        removeContents(of: directory, except: "lock")
    }

    /// Looks whether an existing directory may be a workspace, whoever owns it.
    /// - Returns: its owner, and the file system that it is on.
    /// - Throws: ``WorkspaceError`` where its group or others can write to it, or where it is on no tmpfs and has to be.
    @discardableResult
    static func demandPrivateMemory(
        _ directory: String, allowNonTmpfs: Bool
    ) throws -> (owner: UInt32, fileSystem: FileSystem) {
        // What is in it will be removed: never in a directory that is shared with others, as /dev/shm is.
        var status = stat()
        try check("stat \(directory)") { stat(directory, &status) }
        // The group of the service may have other users, scanners that read its copies among them.
        guard status.st_mode & (S_IWGRP | S_IWOTH) == 0 else { throw notOwn(directory) }
        let fileSystem = try FileSystem(of: directory)
        guard fileSystem.isTmpfs || allowNonTmpfs else {
            throw WorkspaceError(
                "\(directory) is not on a tmpfs: mount one there, choose another workspace.directory, "
                    + "or set workspace.allow_non_tmpfs: yes")
        }
        return (status.st_uid, fileSystem)
    }

    private static func notOwn(_ directory: String) -> WorkspaceError {
        WorkspaceError(
            "\(directory) is not this user's own: workspace.directory needs a directory that belongs to user "
                + "\(geteuid()) and that neither its group nor others can write to")
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
        remove(path(worker))
    }

    /// Removes the directory of a generation that has ended, on a thread of its own.
    func removeGeneration(_ generation: Int) {
        remove("\(directory)/g\(generation)")
    }

    private func remove(_ whole: String) {
        if rmdir(whole) == 0 { return }
        let held = removing.withLock { $0 }
        try? startThread { withExtendedLifetime(held) { Self.removeTree(whole) } }
    }

    /// Waits for what is being removed: whoever removes the workspace after it is the only one who does. Nothing is removed on
    /// other threads from here on. Blocks.
    func finishRemovals() {
        removing.withLock { $0 = nil }
        var byte: UInt8 = 0
        // Nobody writes: it ends with the last holder.
        _ = try? check("read") { read(removals.raw, &byte, 1) }
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
