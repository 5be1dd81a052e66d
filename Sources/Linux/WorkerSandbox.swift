internal import Glibc

/// The cell of a process that reads hostile bytes: limits, Landlock, seccomp, in this order and for good.
package struct WorkerSandbox: Sendable {
    /// The only directory whose files can be reached; also the working directory.
    package var directory: String
    /// Landlock ABI in use, 0 for none.
    package var landlockABI: Int
    /// The system call filter is in use.
    package var usesSeccomp: Bool
    /// Address space beyond what the process has now, octets.
    package var memory: Int
    /// Largest file, octets.
    package var fileSize: Int

    /// Descriptors that a worker may have open at one time: libclamav holds some for each level of what it takes apart, of which
    /// it may be given a hundred.
    package static let descriptors = 1024

    package init(directory: String, support: SandboxSupport, memory: Int, fileSize: Int) {
        self.directory = directory
        landlockABI = support.landlockABI
        usesSeccomp = support.seccomp
        self.memory = memory
        self.fileSize = fileSize
    }

    /// Closes the cell around this process. Descriptors that are open stay usable with the rights that they have.
    /// - Throws: the first step that failed; the process must not read anything hostile then.
    package func enter() throws(SystemError) {
        try ProcessLimits.setNotDumpable()
        try ProcessLimits.setPlainSignals()
        try check("chdir \(directory)") { chdir(directory) }
        let root = try Descriptor.open(".", O_RDONLY | O_DIRECTORY)
        let used = try ProcessLimits.addressSpace()
        try ProcessLimits.lower(.addressSpace, to: used + min(memory, Int.max - used))
        try ProcessLimits.lower(.fileSize, to: fileSize)
        try ProcessLimits.lower(.core, to: 0)
        try ProcessLimits.lower(.descriptors, to: Self.descriptors)
        try ProcessLimits.lower(.processes, to: 0)
        try ProcessLimits.lower(.lockedMemory, to: 0)
        try ProcessLimits.setNoNewPrivileges()
        if landlockABI > 0 { try Landlock.restrict(to: root, abi: landlockABI) }
        if usesSeccomp { try Seccomp.enter() }
    }
}

/// What the running kernel offers for a sandbox.
package struct SandboxSupport: Hashable, Sendable {
    /// Landlock ABI, 0 for none.
    package var landlockABI: Int
    /// System call filters that can end a process.
    package var seccomp: Bool

    /// Asks the kernel; the Landlock ABI is not taken above `highestLandlockABI`.
    package static func ofKernel(highestLandlockABI: Int = Int.max) -> SandboxSupport {
        SandboxSupport(
            landlockABI: max(0, min(Landlock.kernelABI, highestLandlockABI)), seccomp: Seccomp.isAvailable)
    }

    /// What is missing, for people; empty when nothing is.
    package var missing: String {
        switch (landlockABI > 0, seccomp) {
        case (true, true): ""
        case (false, true): "the kernel has no Landlock (or it is not in its lsm= list)"
        case (true, false): "the kernel has no seccomp filters"
        case (false, false): "the kernel has neither Landlock nor seccomp filters"
        }
    }
}
