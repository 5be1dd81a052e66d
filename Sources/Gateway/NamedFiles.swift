internal import Configuration
internal import Glibc
internal import Linux

/// Names that settings can give to files of texts in a directory, without the suffix; none where it cannot be read, for then each
/// file that is asked for says so. What is no regular file, such as a directory, has none. Blocks on a disk.
func namedFiles(in directory: String, suffix: String = "") -> [String] {
    ((try? directoryNames(directory)) ?? []).filter { $0.hasSuffix(suffix) && isRegularFile("\(directory)/\($0)") }
        .map { String($0.dropLast(suffix.count)) }.filter(isFileName)
}

private func isRegularFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
}

/// What keeps this process from writing to a file or into a directory, or from making it where it is absent, in words; nil when
/// nothing does. Nothing is made. Blocks on a disk.
func obstacle(toWriting path: String, asDirectory: Bool) -> String? {
    var status = stat()
    let isThere = stat(path, &status) == 0
    if isThere, (status.st_mode & S_IFMT == S_IFDIR) != asDirectory {
        return "\(path) is \(asDirectory ? "no" : "a") directory"
    }
    let place = isThere ? path : parentDirectory(of: path)
    guard faccessat(AT_FDCWD, place, isThere && !asDirectory ? W_OK : W_OK | X_OK, AT_EACCESS) != 0 else { return nil }
    return "\(path) cannot be written: \(place): \(String(cString: strerror(errno)))"
}
