internal import CSandbox
internal import Glibc

/// Settings of this process that only ever get stricter (`prctl(2)`, `setrlimit(2)`).
package enum ProcessLimits {
    /// A limit that can be lowered.
    package enum Resource: Sendable, CaseIterable {
        /// Address space, octets.
        case addressSpace
        /// Largest file that can be written, octets.
        case fileSize
        /// Core file, octets.
        case core
        /// One above the highest descriptor.
        case descriptors
        /// Processes of the user; root is not held by it.
        case processes
        /// Memory that cannot be swapped, octets.
        case lockedMemory

        var raw: csandbox_limit {
            switch self {
            case .addressSpace: CSANDBOX_LIMIT_ADDRESS_SPACE
            case .fileSize: CSANDBOX_LIMIT_FILE_SIZE
            case .core: CSANDBOX_LIMIT_CORE
            case .descriptors: CSANDBOX_LIMIT_DESCRIPTORS
            case .processes: CSANDBOX_LIMIT_PROCESSES
            case .lockedMemory: CSANDBOX_LIMIT_LOCKED_MEMORY
            }
        }
    }

    /// Lowers a limit, hard and soft; one that is lower already stays.
    package static func lower(_ resource: Resource, to value: Int) throws(SystemError) {
        try check("setrlimit \(resource)") { csandbox_limit(resource.raw, UInt64(max(0, value))) }
    }

    /// No file that is executed from here on gives more rights than there are now.
    package static func setNoNewPrivileges() throws(SystemError) {
        try check("no_new_privs") { csandbox_no_new_privs() }
    }

    /// No core file, and other processes of the same user can neither trace this one nor read its memory.
    package static func setNotDumpable() throws(SystemError) {
        try check("dumpable") { csandbox_not_dumpable() }
    }

    /// Keeps some megabytes of freed memory for the next use: taking pages from the system and giving them back costs as
    /// much as inflating what lies in them.
    package static func keepMemory() {
        _ = csandbox_keep_memory(16 << 20, 4 << 20)
    }

    /// Ends this process with its parent. The parent may have gone before: then this is an error (`ESRCH`).
    package static func dieWithParent(_ parent: Int32) throws(SystemError) {
        try check("parent death signal") { csandbox_die_with_parent() }
        guard getppid() == parent else { throw SystemError("the parent has ended", code: ESRCH) }
    }

    /// Every signal to its default action and unblocked. Ignored are SIGXFSZ and SIGPIPE, which come as errors of the
    /// write, and SIGHUP, SIGINT, SIGTERM, which reach a whole group of processes: helpers end with their socket instead.
    package static func setPlainSignals() throws(SystemError) {
        try check("signals") { csandbox_plain_signals() }
    }

    /// Closes every descriptor from `first` on, whoever believes to own it.
    package static func closeDescriptors(from first: Int32) throws(SystemError) {
        try check("close_range") { csandbox_close_from(UInt32(max(0, first))) }
    }

    /// Address space in use, octets (`/proc/self/statm`).
    package static func addressSpace() throws(SystemError) -> Int {
        let text = try procFile("/proc/self/statm")
        guard let pages = text.split(separator: " ").first.flatMap({ Int($0) }) else {
            throw SystemError("read /proc/self/statm", code: EINVAL)
        }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    /// Threads of this process (`/proc/self/status`).
    package static func threads() throws(SystemError) -> Int {
        for line in try procFile("/proc/self/status").split(separator: "\n") where line.hasPrefix("Threads:") {
            if let count = line.split(separator: "\t").last.flatMap({ Int($0) }) { return count }
        }
        throw SystemError("read /proc/self/status", code: EINVAL)
    }

    /// Users that threads of this process run as: real, effective and saved ones, and those of file access.
    package static func threadUsers() throws(SystemError) -> Set<UInt32> {
        var users: Set<UInt32> = []
        for thread in try entryNames("/proc/self/task") where !thread.octets.starts(with: ".".utf8) {
            let path = "/proc/self/task/\(String(decoding: thread.octets, as: UTF8.self))/status"
            let status: String
            do {
                status = try procFile(path)
            } catch  where error.code == ENOENT || error.code == ESRCH {
                // It has ended.
                continue
            }
            for line in status.split(separator: "\n") where line.hasPrefix("Uid:") {
                users.formUnion(line.split(separator: "\t").compactMap { UInt32($0) })
            }
        }
        return users
    }

    private static func procFile(_ path: String) throws(SystemError) -> String {
        String(decoding: try Descriptor.open(path, O_RDONLY).read(at: 0, count: 8192), as: UTF8.self)
    }
}

/// Raises the number of descriptors that this process may open to the most that it is allowed (`RLIMIT_NOFILE`).
/// - Returns: the number now; nil when the system does not say.
package func raiseDescriptorLimit() -> Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
    limit.rlim_cur = limit.rlim_max
    guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    else { return nil }
    return Int(clamping: limit.rlim_cur)
}
