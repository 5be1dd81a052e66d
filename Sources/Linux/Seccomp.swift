internal import CSandbox

/// The system call filter of a worker (`seccomp(2)`): a list of what reading and scanning needs. Other calls fail with
/// `EPERM`; those by which a taken-over worker would get out (exec, fork, sockets, ptrace) end it with `SIGSYS`.
package enum Seccomp {
    /// The kernel takes filters that can end a process.
    package static var isAvailable: Bool { csandbox_seccomp_available() == 1 }

    /// Installs the filter for good; needs no_new_privs.
    package static func enter() throws(SystemError) {
        try check("seccomp") { csandbox_seccomp_enter() }
    }
}
