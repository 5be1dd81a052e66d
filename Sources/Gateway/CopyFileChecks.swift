internal import Glibc
internal import Linux
internal import MailModel
internal import Policy

/// Whether the files that copies of mail go to (`quarantine_to`) are ours alone to write to, and can be written, looked at when the
/// settings are read.
enum CopyFileChecks {
    /// Blocks on a disk.
    /// - Parameters:
    ///   - places: with the key or the line of a table that names each.
    ///   - stateDirectory: its owner is the user of the gateway, whoever asks.
    /// - Throws: `SettingFaults`.
    static func check(_ places: [CopyPlace: SettingPlace], stateDirectory: String) throws(SettingFaults) {
        var state = stat()
        let user = stat(stateDirectory, &state) == 0 ? state.st_uid : geteuid()
        let owners: Set<uid_t> = [0, geteuid(), user]
        var faults: [SettingFault] = []
        for (place, setting) in places {
            let fault: String?
            switch place {
            case .mailbox: continue
            case .mbox(let path):
                fault = problem(path, S_IFREG, "a regular file", owners) ?? mboxObstacle(path, user)
            case .maildir(let path):
                fault = problem(path, S_IFDIR, "a directory", owners) ?? maildirObstacle(path, user)
            case .bsmtp(let path):
                fault = problem(path, S_IFDIR, "a directory", owners) ?? batchObstacle(path, user)
            }
            guard let fault else { continue }
            let text = "\(Escaping.text(fault, limit: 2000)) (quarantine_to: \(place))"
            faults.append(SettingFault(place: setting, text: text))
        }
        try SettingFaults.refuse(faults)
    }

    /// - Parameters:
    ///   - type: what has to be there when something is, in the words of stat(2) and of people.
    ///   - owners: who may own it and the directories above.
    private static func problem(_ path: String, _ type: mode_t, _ word: String, _ owners: Set<uid_t>) -> String? {
        var status = stat()
        if lstat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == type else { return "\(path) is not \(word)" }
            if let fault = distrust(path, status, owners) { return fault }
            if type == S_IFREG, status.st_nlink != 1 { return "\(path) has other names, too" }
        } else if errno != ENOENT {
            return "\(path): \(String(cString: strerror(errno)))"
        }
        let parent = parentDirectory(of: path)
        guard let resolved = realpath(parent, nil) else {
            return "\(parent): \(String(cString: strerror(errno)))"
        }
        defer { free(resolved) }
        // Who can write to a directory can put another file in the place of one in it. Where it is sticky he can do that with his own
        // only: enough for the directories above, whose entries are there.
        var directory = String(cString: resolved)
        var isParent = true
        while true {
            guard stat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                return "\(directory) is not a directory"
            }
            let isSafe = !isParent && status.st_mode & S_ISVTX != 0
            if !isSafe, let fault = distrust(directory, status, owners) { return fault }
            isParent = false
            guard directory != "/", let end = directory.lastIndex(of: "/") else { return nil }
            directory = end == directory.startIndex ? "/" : String(directory[..<end])
        }
    }

    /// What keeps the gateway from appending, in words: the file, or the directory in which its lock is made.
    private static func mboxObstacle(_ path: String, _ user: uid_t) -> String? {
        obstacle(path, S_IRUSR | S_IWUSR, user) ?? obstacle(parentDirectory(of: path), S_IWUSR | S_IXUSR, user)
    }

    /// What keeps the gateway from writing into a Maildir, or from making it, in words.
    private static func maildirObstacle(_ path: String, _ user: uid_t) -> String? {
        guard access(path, F_OK) == 0 else { return obstacle(parentDirectory(of: path), S_IWUSR | S_IXUSR, user) }
        for directory in ["\(path)/tmp", "\(path)/new", "\(path)/cur"] {
            let place = access(directory, F_OK) == 0 ? directory : path
            if let fault = obstacle(place, S_IWUSR | S_IXUSR, user) { return fault }
        }
        return nil
    }

    /// What keeps the gateway from writing batch SMTP files, or from making their directory, in words.
    private static func batchObstacle(_ path: String, _ user: uid_t) -> String? {
        obstacle(access(path, F_OK) == 0 ? path : parentDirectory(of: path), S_IWUSR | S_IXUSR, user)
    }

    /// Since others cannot write to these files, nobody but their owner can.
    private static func obstacle(_ path: String, _ mode: mode_t, _ user: uid_t) -> String? {
        var status = stat()
        guard user != 0, stat(path, &status) == 0 else { return nil }
        if status.st_uid == user, status.st_mode & mode == mode { return nil }
        let name = getpwuid(user).map { String(cString: $0.pointee.pw_name) } ?? "uid \(user)"
        return "\(path) cannot be written by the gateway's user (\(name))"
    }

    private static func distrust(_ path: String, _ status: stat, _ owners: Set<uid_t>) -> String? {
        guard owners.contains(status.st_uid) else {
            return "\(path) belongs to a user who is neither root nor the gateway's"
        }
        return status.st_mode & 0o022 == 0 ? nil : "\(path) can be written by others"
    }
}
