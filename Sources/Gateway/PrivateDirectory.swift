internal import Glibc
internal import Linux

/// A directory on a tmpfs that only this user can enter, for as long as a command runs.
package struct PrivateDirectory: Sendable {
    package let path: String

    /// `$XDG_RUNTIME_DIR`, then `/dev/shm`.
    package static var places: [String] {
        [getenv("XDG_RUNTIME_DIR").map { String(cString: $0) }, "/dev/shm"].compactMap { $0 }.filter { !$0.isEmpty }
    }

    /// Makes one below the first place that is a tmpfs we can write to.
    /// - Throws: an explanation when none is.
    package init(prefix: String, places: [String] = Self.places) throws {
        for place in places where access(place, W_OK | X_OK) == 0 {
            guard try FileSystem(of: place).isTmpfs else { continue }
            Self.sweep(place, prefix)
            var template = Array("\(place)/\(prefix).XXXXXX".utf8CString)
            try check("mkdtemp in \(place)") { mkdtemp(&template) == nil ? -1 : 0 }
            path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return
        }
        throw GatewayError(
            "no tmpfs to unpack mail on: neither $XDG_RUNTIME_DIR nor /dev/shm is a tmpfs that this user can write to")
    }

    /// Seconds after which one belongs to nobody whose workspace is not locked, and one without a lock.
    private static let (unlockedAge, lockless) = (60, 86_400)

    /// Removes those of this user whose process was killed: they hold memory.
    private static func sweep(_ place: String, _ prefix: String) {
        let now = time(nil)
        for name in (try? directoryNames(place)) ?? [] {
            let path = "\(place)/\(name)"
            var status = stat()
            guard name.hasPrefix(prefix + "."), name.utf8.count == prefix.utf8.count + 7,
                lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(),
                now - status.st_mtim.tv_sec > unlockedAge
            else { continue }
            if let lock = try? Descriptor.open(path + "/lock", O_RDWR | O_NOFOLLOW) {
                guard flock(lock.raw, LOCK_EX | LOCK_NB) == 0 else { continue }
                Self.remove(path)
            } else if now - status.st_mtim.tv_sec > lockless {
                Self.remove(path)
            }
        }
    }

    private static func remove(_ path: String) {
        removeContents(of: path)
        rmdir(path)
    }

    /// Removes it with all that is in it.
    package func remove() {
        Self.remove(path)
    }
}
