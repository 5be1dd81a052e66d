import Glibc
import Linux

/// Programs of this build, run to their end.
enum Program {
    /// Where they lie: beside the running test program.
    static var directory: String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let path = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        return String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
    }

    /// Standard output of a program; nil when it cannot be started.
    static func output(of command: [String]) -> String? {
        guard let file = try? Descriptor.memory("output") else { return nil }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, file.raw, 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
        defer { for argument in arguments { free(argument) } }
        arguments.append(nil)
        var pid: pid_t = 0
        guard posix_spawn(&pid, command[0], &actions, nil, arguments, environ) == 0 else { return nil }
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        return (try? file.read(at: 0, count: file.size())).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Runs `body` with a directory of its own, which is removed afterwards.
    static func withDirectory<Result>(_ body: (String) throws -> Result) throws -> Result? {
        var template = Array("/tmp/mailreeve-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return nil }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { _ = output(of: ["/bin/rm", "-rf", path]) }
        return try body(path)
    }
}
