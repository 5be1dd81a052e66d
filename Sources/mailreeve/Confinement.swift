import Gateway
import Glibc
import Linux

/// A part of a command that reads strangers' mail: it runs in a process of its own, in the same closed sandbox as the
/// inspector's workers. What it needs must be open and loaded before. As root it becomes `nobody`.
enum Confinement {
    /// A closed process that works.
    struct Running {
        fileprivate let pid: pid_t
        fileprivate let directory: PrivateDirectory

        /// Waits for its end.
        /// - Returns: what its work returned, or 70 when the process ended otherwise.
        func wait() -> Int32 {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            directory.remove()
            return status & 0x7F == 0 ? status >> 8 & 0xFF : 70
        }
    }

    /// Runs `work` in a closed process and waits for its end.
    /// - Returns: what `work` returned, or 70 when the process ended otherwise.
    /// - Throws: an explanation when there is no sandbox; nothing has been read then.
    static func run(_ work: () -> Int32) throws -> Int32 { try start(work).wait() }

    /// Starts `work` in a closed process, which keeps the files that are open.
    /// - Throws: an explanation when there is no sandbox; nothing has been read then.
    static func start(_ work: () -> Int32) throws -> Running {
        let support = SandboxSupport.ofKernel()
        let directory = try PrivateDirectory(prefix: "mailreeve-rules")
        var isStarted = false
        defer { if !isStarted { directory.remove() } }
        guard try ProcessLimits.threads() == 1 else { throw SystemError("fork with several threads", code: EINVAL) }
        let pid = try check("fork") { fork() }
        if pid == 0 {
            do throws(SystemError) {
                try giveUpRoot(directory.path)
                try WorkerSandbox(
                    directory: directory.path, support: support, memory: memory, fileSize: fileSize
                ).enter()
            } catch {
                Terminal.printError("rules: \(error)")
                _exit(71)
            }
            _exit(work())
        }
        isStarted = true
        return Running(pid: pid, directory: directory)
    }

    /// Takes another user for good, who owns the directory then.
    private static func giveUpRoot(_ directory: String) throws(SystemError) {
        guard geteuid() == 0 else { return }
        guard let nobody = getpwnam("nobody"), nobody.pointee.pw_uid != 0 else {
            throw SystemError("there is no user nobody, and mail is not read as root", code: ENOENT)
        }
        let (user, group) = (nobody.pointee.pw_uid, nobody.pointee.pw_gid)
        try check("chown \(directory)") { lchown(directory, user, group) }
        try check("setgroups") { setgroups(0, nil) }
        try check("setgid") { setgid(group) }
        try check("setuid") { setuid(user) }
    }

    /// Octets that the process may take besides what is loaded, and of a file that it may write to.
    private static let memory = 8 << 30
    private static let fileSize = 1 << 40
}
