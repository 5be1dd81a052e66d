import Configuration
import Gateway
import Glibc
import Linux

/// Who learns: root's nightly run must not leave a database that the daemon cannot write.
enum LearnIdentity {
    /// The directory of the database that the command line names.
    static func directory(_ options: LearnOptions, _ settings: Settings) -> String {
        let base = options.databasePath ?? settings.bayesDirectory
        guard let user = options.user, !user.isEmpty else { return base }
        return base + "/users/" + escaped(user)
    }

    /// A name as one path component: whatever is no letter, digit, `-`, `_`, `@` or inner dot becomes `%XX`.
    static func escaped(_ name: String) -> String {
        var out = ""
        for (index, byte) in name.utf8.prefix(80).enumerated() {
            switch byte {
            case 0x30...0x39, 0x40...0x5A, 0x61...0x7A, 0x2D, 0x5F: out += String(UnicodeScalar(byte))
            case 0x2E where index > 0: out += "."
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                out += "%" + (digits.utf8.count == 1 ? "0" : "") + digits
            }
        }
        return out
    }

    /// As root, becomes the owner of the database; of one that is new or root's, the configured user, or `nobody` where
    /// there is none, who then owns it. Only the right to read mailboxes of others is kept.
    static func assume(_ directory: String, _ settings: Settings) throws {
        guard geteuid() == 0 else { return }
        var status = stat()
        let isThere = stat(directory, &status) == 0
        if isThere, status.st_uid != 0 {
            try becomeReader(user: status.st_uid, group: status.st_gid)
            return
        }
        guard let found = getpwnam(settings.user) ?? getpwnam("nobody") else {
            throw GatewayError("user: there is neither \(settings.user) nor nobody; mail is not read as root")
        }
        let (user, group) = (found.pointee.pw_uid, found.pointee.pw_gid)
        guard user != 0 else { throw GatewayError("user: mail is not read as root; name an unprivileged user") }
        try makeDirectories(directory, parents: 0o755) { (made) throws(SystemError) in
            try check("chown \(made)") { lchown(made, user, group) }
        }
        for path in [directory, directory + "/data.mdb", directory + "/lock.mdb"] where access(path, F_OK) == 0 {
            try check("chown \(path)") { lchown(path, user, group) }
        }
        try becomeReader(user: user, group: group)
    }
}
