internal import Glibc

/// Empties a directory that hostile code may have filled: follows no link, needs no recursion and no path longer than
/// one name. A directory found inside is first moved up, so depth costs nothing.
package func removeContents(of directory: String, except kept: String = "") {
    guard let root = try? Descriptor.open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) else { return }
    // Not to be guessed: a directory of this name made by a worker would be taken for one that is already pending.
    let token = "removed-\(UInt64.random(in: 0...UInt64.max))-"
    var moved = 0
    var pending = [""]
    while let name = pending.popLast() {
        let number =
            name.isEmpty
            ? openat(root.raw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            : openat(root.raw, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard number >= 0 else { continue }
        guard let stream = fdopendir(number) else {
            close(number)
            continue
        }
        var inner: [String] = []
        while let item = readdir(stream) {
            let entry = withUnsafeBytes(of: item.pointee.d_name) { bytes in Array(bytes.prefix { $0 != 0 }) }
            if entry == [0x2E] || entry == [0x2E, 0x2E] || (name.isEmpty && entry == Array(kept.utf8)) { continue }
            var path = entry.map { CChar(bitPattern: $0) }
            path.append(0)
            if unlinkat(number, path, 0) == 0 { continue }
            if entry.starts(with: Array(token.utf8)) { continue }
            // A directory can be moved only by an owner who may write to it, and read only by one who may read it.
            fchmodat(number, path, 0o700, AT_SYMLINK_NOFOLLOW)
            moved += 1
            let target = token + String(moved)
            if renameat(number, path, root.raw, target) == 0 { inner.append(target) }
        }
        closedir(stream)
        pending += inner
        if !name.isEmpty { unlinkat(root.raw, name, AT_REMOVEDIR) }
    }
}
