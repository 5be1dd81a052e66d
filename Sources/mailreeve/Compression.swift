import Glibc
import Linux

/// Files that a program of the system unpacks on the way in, known by their first octets.
enum Compression {
    private static let programs: [(mark: [UInt8], program: String)] = [
        ([0x1F, 0x8B], "gzip"), (Array("BZh".utf8), "bzip2"), ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "xz"),
        ([0x04, 0x22, 0x4D, 0x18], "lz4"), (Array("LZIP".utf8), "lzip"),
        ([0x89, 0x4C, 0x5A, 0x4F, 0x00, 0x0D, 0x0A, 0x1A, 0x0A], "lzop"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd"),
    ]

    /// The program that unpacks a file; nil for a file that is not packed.
    static func program(of file: Descriptor) throws(SystemError) -> String? {
        guard try file.isRegularFile() else { return nil }
        let start = try file.read(at: 0, count: 16)
        return programs.first { start.starts(with: $0.mark) }?.program
    }

    /// What the program makes of the file.
    static func read(
        _ file: Descriptor, with program: String, limit: Int, name: String
    ) throws(SystemError) -> [UInt8] {
        var ends: [Int32] = [-1, -1]
        try check("pipe") { pipe(&ends) }
        for end in ends { try check("fcntl") { fcntl(end, F_SETFD, FD_CLOEXEC) } }
        let reader = Descriptor(owning: ends[0])
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, file.raw, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(program), strdup("-dc"), nil]
        defer { for argument in arguments { free(argument) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, program, &actions, nil, &arguments, environ)
        close(ends[1])
        guard code == 0 else { throw SystemError("\(program) for \(name)", code: code) }
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try MailFile.readAll(reader.raw, limit: limit, name)
        } catch {
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
            throw error
        }
        var status: Int32 = 0
        try check("wait for \(program)") { waitpid(pid, &status, 0) }
        guard status == 0 else { throw SystemError("\(program) on \(name)", code: EIO) }
        return bytes
    }
}
