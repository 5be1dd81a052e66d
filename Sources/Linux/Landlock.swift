internal import CSandbox

/// Landlock (`landlock(7)`): what a process may reach of the file system, and from ABI 4 of the network.
package enum Landlock {
    /// ABI of the running kernel; 0 when it has no Landlock or it is switched off at boot.
    package static var kernelABI: Int { Int(csandbox_landlock_abi()) }

    /// Restricts this process for good: of all files only regular files and directories below `directory`.
    /// - Parameter abi: the rights to use, 1 and up; not above `kernelABI`.
    package static func restrict(to directory: Descriptor, abi: Int) throws(SystemError) {
        try check("landlock with ABI \(abi)") { csandbox_landlock_enter(Int32(clamping: abi), directory.raw) }
    }
}
