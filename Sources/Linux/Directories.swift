internal import Glibc

/// Names of the entries of a directory, in no order, `.` and `..` among them; invalid UTF-8 is replaced.
package func directoryNames(_ path: String) throws(SystemError) -> [String] {
    guard let stream = opendir(path) else { throw SystemError("opendir \(path)", code: errno) }
    defer { closedir(stream) }
    var names: [String] = []
    while let item = readdir(stream) {
        names.append(
            withUnsafeBytes(of: item.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            })
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
