internal import Glibc

/// Names of the entries of a directory, in no order, `.` and `..` among them; invalid UTF-8 is replaced.
package func directoryNames(_ path: String) throws(SystemError) -> [String] {
    try entryNames(OctetPath(path)).map { String(decoding: $0.octets, as: UTF8.self) }
}

/// Names of the entries of a directory, in no order, `.` and `..` among them.
package func entryNames(_ directory: OctetPath) throws(SystemError) -> [OctetPath] {
    guard let stream = directory.withCString({ opendir($0) }) else {
        throw SystemError("opendir \(String(decoding: directory.octets, as: UTF8.self))", code: errno)
    }
    defer { closedir(stream) }
    var names: [OctetPath] = []
    while let item = readdir(stream) {
        names.append(
            withUnsafeBytes(of: item.pointee.d_name) { bytes in OctetPath(octets: bytes.prefix { $0 != 0 }) })
    }
    return names
}

/// Makes a directory with mode 0700 and, where they are absent, those above it with mode `parents`.
/// - Parameter made: called with each directory that was made, the outermost first.
package func makeDirectories(
    _ path: String, parents: UInt32 = 0o700, made: (String) throws(SystemError) -> Void = { _ in }
) throws(SystemError) {
    var end = path.utf8.startIndex
    while end != path.utf8.endIndex {
        end = path.utf8[path.utf8.index(after: end)...].firstIndex(of: 0x2F) ?? path.utf8.endIndex
        let prefix = String(path[..<end])
        if mkdir(prefix, end == path.utf8.endIndex ? 0o700 : parents) == 0 {
            try made(prefix)
            continue
        }
        let code = errno
        if code != EEXIST { throw SystemError("mkdir \(prefix)", code: code) }
    }
}

/// The directory that holds `path`: `/` for what stands in it and for itself, `.` for a name alone.
package func parentDirectory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// What was made, renamed or removed in a directory is so on the disk when this returns.
package func synchronizeDirectory(_ path: String) throws(SystemError) {
    try Descriptor.open(path, O_RDONLY | O_DIRECTORY).synchronize()
}

/// Makes one directory with mode 0700 where it is absent, below one that is there; its name is then on the disk.
package func makeDirectoryDurably(_ path: String) throws(SystemError) {
    guard mkdir(path, 0o700) != 0 else { return try synchronizeDirectory(parentDirectory(of: path)) }
    let code = errno
    if code != EEXIST { throw SystemError("mkdir \(path)", code: code) }
}
