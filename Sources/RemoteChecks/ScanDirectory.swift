internal import Glibc
internal import Linux
internal import Synchronization

/// A directory on a tmpfs that holds one message as `message` and its decoded parts as `p1`, `p2` and so on, for scanners that
/// read files. Names from mail are nowhere. It goes with the object.
final class ScanDirectory {
    let path: String
    /// The message and its parts.
    let files: [String]

    private static let lastNumber = Atomic<Int>(0)
    /// Octets of a file that are copied at one time.
    private static let chunk = 262_144

    /// - Parameters:
    ///   - workspace: an existing directory.
    ///   - isForGroup: everybody in our group may read it: a daemon of another user.
    init(_ subject: ScanSubject, in workspace: String, isForGroup: Bool = false) throws(SystemError) {
        let number = Self.lastNumber.wrappingAdd(1, ordering: .relaxed).newValue
        let directory = "\(workspace)/scan-\(UInt64.random(in: 0...UInt64.max))-\(number)"
        try check("mkdir \(directory)") { mkdir(directory, 0o700) }
        path = directory
        var files: [String] = []
        do throws(SystemError) {
            files.append(try Self.copy(subject.message, 0..<subject.size, to: "\(directory)/message", isForGroup))
            if let parts = subject.parts {
                for (index, entry) in parts.entries.enumerated() {
                    files.append(try Self.copy(parts.file, entry.range, to: "\(directory)/p\(index + 1)", isForGroup))
                }
            }
            // Whatever the umask says.
            if isForGroup { try check("chmod \(directory)") { chmod(directory, 0o750) } }
        } catch {
            Self.remove(directory)
            throw error
        }
        self.files = files
    }

    deinit {
        Self.remove(path)
    }

    private static func remove(_ directory: String) {
        removeContents(of: directory)
        rmdir(directory)
    }

    private static func copy(
        _ source: Descriptor, _ range: Range<Int>, to path: String, _ isForGroup: Bool
    ) throws(SystemError) -> String {
        let target = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL)
        if isForGroup { try check("chmod \(path)") { fchmod(target.raw, 0o640) } }
        var offset = range.lowerBound
        while offset < range.upperBound {
            let piece = try source.read(at: offset, count: min(chunk, range.upperBound - offset))
            guard !piece.isEmpty else { throw SystemError("read of a message", code: EIO) }
            try target.write(piece)
            offset += piece.count
        }
        return path
    }
}
