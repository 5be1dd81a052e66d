internal import CSandbox
internal import Glibc

/// The cell of a program that is not ours, a command-line scanner for one: it reads the system, its own paths and one
/// directory, writes to that directory alone, and has no socket unless it is to have one.
package struct ProgramSandbox: Sendable, Hashable {
    /// The directory that it may write to; its working directory too. Empty for none.
    package var directory: String
    /// What it may read besides the system: its signatures.
    package var readable: [String]
    /// Sockets of any kind.
    package var network: Bool
    /// Address space, octets.
    package var memory: Int
    /// Largest file that it may write, octets.
    package var fileSize: Int
    /// Go on without what the kernel lacks.
    package var allowWeaker: Bool

    /// Programs, libraries and what the C library reads of the system. Not `/etc`, where other programs keep secrets.
    package static let system = [
        "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/etc/alternatives", "/etc/ld.so.cache",
        "/etc/ld.so.preload", "/etc/localtime", "/etc/nsswitch.conf", "/etc/passwd", "/etc/group", "/etc/ssl",
        "/etc/hosts", "/etc/resolv.conf", "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat",
        "/proc/sys/vm/overcommit_memory", "/sys/devices/system/cpu", "/dev/urandom", "/dev/random", "/dev/zero",
    ]

    package init(
        directory: String, readable: [String] = [], network: Bool = false, memory: Int, fileSize: Int,
        allowWeaker: Bool = false
    ) {
        self.directory = directory
        self.readable = readable
        self.network = network
        self.memory = memory
        self.fileSize = fileSize
        self.allowWeaker = allowWeaker
    }

    /// Closes the cell around this process and becomes the program.
    /// - Parameter command: path and arguments.
    /// - Returns: only when it failed, with the step.
    package func run(_ command: [String]) -> SystemError {
        do throws(SystemError) {
            guard let path = command.first else { throw SystemError("no program", code: EINVAL) }
            try ProcessLimits.dieWithParent(getppid())
            try ProcessLimits.lower(.core, to: 0)
            try ProcessLimits.lower(.addressSpace, to: memory)
            try ProcessLimits.lower(.fileSize, to: fileSize)
            umask(0o077)
            if !directory.isEmpty { try check("chdir \(directory)") { chdir(directory) } }
            try ProcessLimits.setNoNewPrivileges()
            let support = SandboxSupport.ofKernel()
            guard support.missing.isEmpty || allowWeaker else { throw SystemError(support.missing, code: ENOSYS) }
            if support.landlockABI > 0 { try restrict(path, abi: support.landlockABI) }
            if support.seccomp { try check("seccomp") { csandbox_seccomp_program(network ? 1 : 0) } }
            try withTexts(command) { arguments throws(SystemError) in
                try check("run \(path)") { execv(path, arguments) }
            }
            throw SystemError("run \(path)", code: EINVAL)
        } catch {
            return error
        }
    }

    private func restrict(_ program: String, abi: Int) throws(SystemError) {
        try withTexts(Self.system + [program]) { system throws(SystemError) in
            try withTexts(readable) { readable throws(SystemError) in
                try check("landlock with ABI \(abi)") {
                    directory.isEmpty
                        ? csandbox_landlock_program(Int32(clamping: abi), system, readable, nil, network ? 1 : 0)
                        : csandbox_landlock_program(Int32(clamping: abi), system, readable, directory, network ? 1 : 0)
                }
            }
        }
    }

    // MARK: - As arguments of the launcher

    /// The launcher's arguments for a command in this cell.
    func arguments(_ command: [String]) -> [String] {
        ["\(memory)", "\(fileSize)", network ? "network" : "-", allowWeaker ? "allow-weaker" : "-", directory]
            + readable + ["--"] + command
    }

    /// Reads what `arguments` wrote; nil when it is something else.
    package static func parse(_ arguments: [String]) -> (sandbox: ProgramSandbox, command: [String])? {
        guard arguments.count > 5, let memory = Int(arguments[0]), let fileSize = Int(arguments[1]),
            let end = arguments[5...].firstIndex(of: "--")
        else { return nil }
        let sandbox = ProgramSandbox(
            directory: arguments[4], readable: Array(arguments[5..<end]), network: arguments[2] == "network",
            memory: memory, fileSize: fileSize, allowWeaker: arguments[3] == "allow-weaker")
        return (sandbox, Array(arguments[(end + 1)...]))
    }
}

/// A program that runs in a cell, with all that it starts. It is ended with the object, and with the thread that started it.
package final class SandboxedProgram {
    private let pid: Int32
    private let handle: ProcessHandle
    private var status: Int32?

    /// The exit code of a launcher that could not close the cell, with a line on standard error.
    package static let launchFailed: Int32 = 126

    /// Starts a command by the launcher.
    /// - Parameters:
    ///   - launcher: path of `mailreeve-launcher`.
    ///   - descriptors: what the program has as 0, 1, 2 and so on.
    package init(
        launcher: String, _ sandbox: ProgramSandbox, _ command: [String], descriptors: [Descriptor]
    ) throws(SystemError) {
        let home = sandbox.directory.isEmpty ? "/nonexistent" : sandbox.directory
        let environment = ["LC_ALL=C", "PATH=/usr/bin:/bin", "HOME=\(home)", "TMPDIR=\(home)"]
        var pid: pid_t = 0
        let numbers = descriptors.map(\.raw)
        let code = try withTexts([launcher] + sandbox.arguments(command)) { arguments throws(SystemError) in
            try withTexts(environment) { environment throws(SystemError) in
                csandbox_spawn_program(launcher, arguments, environment, numbers, numbers.count, &pid)
            }
        }
        guard code == 0 else { throw SystemError("start \(launcher)", code: code) }
        self.pid = pid
        do throws(SystemError) {
            handle = try ProcessHandle(child: pid)
        } catch {
            kill(-pid, SIGKILL)
            waitpid(pid, nil, 0)
            throw error
        }
    }

    deinit {
        end()
    }

    /// Waits for its end.
    /// - Parameter deadline: nanoseconds of the monotonic clock.
    /// - Returns: the exit code, or minus the number of the signal; nil when it still runs at the deadline.
    package func wait(deadline: Int) throws(SystemError) -> Int32? {
        while status == nil {
            let left = deadline - monotonicNow()
            guard left > 0 else { return nil }
            var entry = pollfd(fd: handle.descriptor.raw, events: Int16(POLLIN), revents: 0)
            if try check("poll", { poll(&entry, 1, Int32(clamping: left / 1_000_000 + 1)) }) > 0 { reap() }
        }
        guard let status else { return nil }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F)
    }

    /// Ends it and everything in its session.
    package func end() {
        if status == nil { reap() }
    }

    private func reap() {
        // With everything in its session, and before it is waited for: until then the number is its own.
        kill(-pid, SIGKILL)
        var raw: Int32 = 0
        while waitpid(pid, &raw, 0) < 0, errno == EINTR {}
        status = raw
    }
}

/// Lends texts as C wants them: a list that ends with NULL.
@discardableResult
private func withTexts<Result>(
    _ texts: [String], _ use: ([UnsafeMutablePointer<CChar>?]) throws(SystemError) -> Result
) throws(SystemError) -> Result {
    let copies: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return try use(copies)
}
