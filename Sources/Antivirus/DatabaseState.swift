internal import CClamAV
internal import Glibc

/// The files of a database directory that libclamav reads, as they were at one time.
///
/// `cl_statchkdir` compares inodes and whole seconds alone: a file that has taken the place of another within a second can be the
/// same to it, and it does not see that one has gone.
struct DatabaseState: Equatable {
    private struct File: Hashable {
        var inode: UInt
        var size: Int
        /// Of content and of the inode: seconds and nanoseconds.
        var times: [Int]
    }

    private let files: Set<File>

    /// Nil when the directory cannot be read, or is none.
    init?(_ directory: String) {
        var state = cl_stat()
        guard cl_statinidir(directory, &state) == CL_SUCCESS else { return nil }
        defer { cl_statfree(&state) }
        files = Set(
            UnsafeBufferPointer(start: state.stattab, count: Int(state.entries)).map {
                File(
                    inode: UInt($0.st_ino), size: Int($0.st_size),
                    times: [$0.st_mtim.tv_sec, $0.st_mtim.tv_nsec, $0.st_ctim.tv_sec, $0.st_ctim.tv_nsec])
            })
    }
}
