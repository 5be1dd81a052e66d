package import Configuration
internal import Glibc
package import Linux

/// The one unprivileged user that everything runs as, and the directories that belong to it.
package struct Identity {
    private let user: UInt32
    private let group: UInt32
    private let name: String
    private let startedAsRoot: Bool

    /// Looks the configured user up when started as root; otherwise it is the user that started us.
    package init(_ settings: Settings) throws {
        startedAsRoot = geteuid() == 0
        guard startedAsRoot else {
            (user, group, name) = (geteuid(), getegid(), "")
            return
        }
        guard let found = getpwnam(settings.user) else {
            throw GatewayError(
                "user: there is no user \(settings.user); make one (useradd --system \(settings.user)) or name another")
        }
        guard found.pointee.pw_uid != 0 else {
            throw GatewayError("user: mail is not read as root; name an unprivileged user")
        }
        user = found.pointee.pw_uid
        name = settings.user
        if let wanted = settings.group {
            guard let found = getgrnam(wanted) else { throw GatewayError("group: there is no group \(wanted)") }
            group = found.pointee.gr_gid
        } else {
            group = found.pointee.pw_gid
        }
    }

    /// Makes a directory and those above it where they are absent; the last one belongs to the user, mode 0700.
    package func makeDirectory(_ path: String) throws(SystemError) {
        try makeDirectories(path, parents: 0o755) { (made) throws(SystemError) in
            if startedAsRoot { try check("chown \(made)") { lchown(made, user, group) } }
        }
    }

    /// Becomes the user for good, and lets no other process of the same user look into this one.
    package func assume() throws(SystemError) {
        if startedAsRoot {
            try check("initgroups") { initgroups(name, group) }
            try check("setgid") { setgid(group) }
            try check("setuid") { setuid(user) }
            // glibc passes over a thread that is ending: the first one ends when it serves the main queue.
            guard try ProcessLimits.threadUsers() == [user] else {
                throw SystemError("a thread would go on as root", code: EPERM)
            }
        }
        try setNotDumpable()
    }
}
