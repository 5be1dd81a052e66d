import Configuration
import Gateway
import Glibc
import Linux

/// Who learns: root's nightly run must not leave a database that the daemon cannot write.
enum LearnIdentity {
    /// As root, becomes the owner of the database; of a new one that of the directories it will stand in: a user's database
    /// belongs to the owner of the shared one. Where all is root's or new, the configured user, or `nobody` where there is
    /// none, who then owns it. Only the right to read mailboxes of others is kept.
    /// - Parameters:
    ///   - directory: nil where a server keeps the database.
    ///   - looksOnly: nothing is written, so nothing changes its owner.
    static func assume(_ directory: String?, _ settings: Settings, looksOnly: Bool) throws {
        guard geteuid() == 0 else { return }
        if let directory, let owner = owner(directory) {
            try becomeReader(user: owner.user, group: owner.group)
            return
        }
        guard let found = getpwnam(settings.user) ?? getpwnam("nobody") else {
            throw GatewayError("user: there is neither \(settings.user) nor nobody; mail is not read as root")
        }
        let (user, group) = (found.pointee.pw_uid, found.pointee.pw_gid)
        guard user != 0 else { throw GatewayError("user: mail is not read as root; name an unprivileged user") }
        guard let directory, !looksOnly else { return try becomeReader(user: user, group: group) }
        try demandDatabase(directory, owner: found.pointee.pw_name.map { String(cString: $0) } ?? "\(user)")
        try makeDirectories(directory, parents: 0o755) { (made) throws(SystemError) in
            try check("chown \(made)") { lchown(made, user, group) }
        }
        for path in [directory, directory + "/data.mdb", directory + "/lock.mdb"] where access(path, F_OK) == 0 {
            try check("chown \(path)") { lchown(path, user, group) }
        }
        try becomeReader(user: user, group: group)
    }

    /// What stands in a database's directory, also where that is a file system of its own.
    private static let names: Set<OctetPath> = [".", "..", "data.mdb", "lock.mdb", "users", "lost+found"]

    /// Root's directory is given away: it must be a database, or empty.
    private static func demandDatabase(_ directory: String, owner: String) throws {
        var status = stat()
        guard lstat(directory, &status) == 0 else { return }
        guard status.st_mode & S_IFMT != S_IFLNK else {
            throw GatewayError("\(directory) is a link to what is root's: it is not given to \(owner) by that name")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw GatewayError("\(directory): no directory") }
        guard Set(try entryNames(OctetPath(directory))).isSubset(of: names) else {
            throw GatewayError(
                "\(directory) is root's and holds more than a database: it would be given to \(owner), who reads the mail. "
                    + "Name a directory for the database alone")
        }
    }

    /// Who owns the nearest directory that exists; nil when that is root.
    private static func owner(_ directory: String) -> (user: UInt32, group: UInt32)? {
        var path = directory[...]
        var status = stat()
        while !path.isEmpty {
            if stat(String(path), &status) == 0 { return status.st_uid == 0 ? nil : (status.st_uid, status.st_gid) }
            path = path.lastIndex(of: "/").map { path[..<$0] } ?? ""
        }
        guard !directory.hasPrefix("/"), stat(".", &status) == 0, status.st_uid != 0 else { return nil }
        return (status.st_uid, status.st_gid)
    }
}
