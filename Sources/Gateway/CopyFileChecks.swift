internal import Glibc
internal import MailModel
internal import Policy

/// Whether the files that copies of mail go to (`quarantine_to`) are ours alone to write to, looked at when the settings are read.
enum CopyFileChecks {
    /// Blocks on a disk.
    /// - Parameters:
    ///   - places: with the key or the line of a table that names each.
    ///   - stateDirectory: its owner is the user of the gateway, whoever asks.
    /// - Throws: `NamedFileFault`.
    static func check(_ places: [CopyPlace: String], stateDirectory: String) throws(NamedFileFault) {
        var state = stat()
        var owners: Set<uid_t> = [0, geteuid()]
        if stat(stateDirectory, &state) == 0 { owners.insert(state.st_uid) }
        for (place, setting) in places.sorted(by: { $0.value < $1.value }) {
            let fault: String?
            switch place {
            case .mailbox: continue
            case .mbox(let path): fault = problem(path, S_IFREG, "a regular file", owners)
            case .maildir(let path): fault = problem(path, S_IFDIR, "a directory", owners)
            }
            guard let fault else { continue }
            throw NamedFileFault(
                setting: setting, description: "\(Escaping.text(fault, limit: 2000)) (\(setting): \(place))")
        }
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
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        guard let resolved = realpath(parent.isEmpty ? "/" : parent, nil) else {
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

    private static func distrust(_ path: String, _ status: stat, _ owners: Set<uid_t>) -> String? {
        guard owners.contains(status.st_uid) else {
            return "\(path) belongs to a user who is neither root nor the gateway's"
        }
        return status.st_mode & 0o022 == 0 ? nil : "\(path) can be written by others"
    }
}
