internal import Glibc
internal import Linux

/// A directory on a tmpfs that only this user can enter, for as long as a command runs.
package struct PrivateDirectory: Sendable {
    package let path: String

    /// Makes one below `$XDG_RUNTIME_DIR` when that is a tmpfs we can write to, else below `/dev/shm`.
    /// - Throws: an explanation when neither is.
    package init(prefix: String) throws {
        let runtime = getenv("XDG_RUNTIME_DIR").map { String(cString: $0) }
        let places = [runtime, "/dev/shm"].compactMap { $0 }.filter { !$0.isEmpty }
        for place in places where access(place, W_OK | X_OK) == 0 {
            guard try FileSystem(of: place).isTmpfs else { continue }
            var template = Array("\(place)/\(prefix).XXXXXX".utf8CString)
            try check("mkdtemp in \(place)") { mkdtemp(&template) == nil ? -1 : 0 }
            path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return
        }
        throw GatewayError(
            "no tmpfs to unpack mail on: neither $XDG_RUNTIME_DIR nor /dev/shm is a tmpfs that this user can write to")
    }

    /// Removes it with all that is in it.
    package func remove() {
        removeContents(of: path)
        rmdir(path)
    }
}
