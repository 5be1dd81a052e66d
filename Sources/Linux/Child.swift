internal import CSandbox
internal import Glibc

/// A program that was started with one end of a packet socket pair on descriptor 3, `/dev/null` on 0 and 1, our standard
/// error on 2, and nothing else: no other descriptor, no argument, no environment but what is given.
package struct Child: Sendable {
    /// Our end of the pair.
    package let socket: PacketSocket
    package let process: ProcessHandle
    package let pid: Int32

    /// Starts the program at `path`.
    package init(path: String, environment: [String]) throws(SystemError) {
        let (ours, theirs) = try PacketSocket.pair()
        var pid: pid_t = 0
        var texts: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) }
        texts.append(nil)
        defer { for text in texts { free(text) } }
        let code = csandbox_spawn(path, theirs.descriptor.raw, texts, &pid)
        guard code == 0 else { throw SystemError("start \(path)", code: code) }
        socket = ours
        self.pid = pid
        process = try ProcessHandle(child: pid)
    }

    /// Takes the status of the ended process: `exit 0`, `signal 9`.
    package func reap() -> String {
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return "unknown" }
        let signal = status & 0x7F
        return signal == 0 ? "exit \((status >> 8) & 0xFF)" : "signal \(signal)"
    }
}

/// Wakes a thread that polls (`eventfd(2)`).
package struct Wakeup: Sendable {
    /// Readable after `signal()` until `clear()`.
    package let descriptor: Descriptor

    package init() throws(SystemError) {
        descriptor = Descriptor(owning: try check("eventfd") { csandbox_eventfd() })
    }

    package func signal() { csandbox_eventfd_signal(descriptor.raw) }
    package func clear() { csandbox_eventfd_clear(descriptor.raw) }

    /// Waits for `signal()` and clears it. Blocks.
    /// - Parameter milliseconds: at most; -1 for ever.
    package func wait(milliseconds: Int32) {
        var entry = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
        while poll(&entry, 1, milliseconds) < 0, errno == EINTR {}
        clear()
    }
}

/// What a path's file system is (`statfs(2)`).
package struct FileSystem: Sendable {
    package let isTmpfs: Bool
    /// Size in octets.
    package let size: Int
    /// Files and directories for which there is room; nil when they have no bound of their own.
    package let freeFiles: Int?

    package init(of path: String) throws(SystemError) {
        var (type, size, files, freeFiles): (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        try check("statfs \(path)") { csandbox_file_system(path, &type, &size, &files, &freeFiles) }
        isTmpfs = type == csandbox_tmpfs_type()
        self.size = Int(clamping: size)
        self.freeFiles = files > 0 ? Int(clamping: freeFiles) : nil
    }
}

/// No core file, and no other process of the same user may trace this one or read its memory (`PR_SET_DUMPABLE`).
package func setNotDumpable() throws(SystemError) {
    try check("prctl") { csandbox_not_dumpable() }
}
