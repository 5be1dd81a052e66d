internal import Foundation
internal import Glibc
internal import Linux

/// What a program that was run to its end left behind.
package struct ToolResult: Sendable {
    /// Exit code, or minus the number of the signal.
    package let status: Int32
    package let output: [UInt8]
    package let errors: [UInt8]

    package var text: String { String(decoding: output, as: UTF8.self) }
    package var errorText: String { String(decoding: errors, as: UTF8.self) }
    /// Lines of the standard output.
    package var lines: [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init).dropLast(
            text.hasSuffix("\n") ? 1 : 0)
    }
}

extension ToolResult: CustomStringConvertible {
    package var description: String { "status \(status)\n\(text.suffix(4000))\n\(errorText.suffix(4000))" }
}

/// Runs a program to its end. Input and outputs are files without names, so nobody waits for anybody.
/// - Parameters:
///   - program: a path, or a name that is looked up in `PATH`.
///   - environment: added to this process's own.
///   - seconds: a program that runs longer is killed.
/// - Throws: `TimedOut`, and `SystemError` when it cannot be started.
package func runTool(
    _ program: String, _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:],
    seconds: Double = 60
) throws -> ToolResult {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    var settings: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0)=\($1)") } + [nil]
    defer { for word in words + settings { free(word) } }
    var pid: pid_t = 0
    descriptorLock.lock()
    let files: [FileHandle]
    let code: Int32
    do {
        defer { descriptorLock.unlock() }
        files = try [namelessFile(), namelessFile(), namelessFile()]
        if !input.isEmpty {
            try files[0].write(contentsOf: Data(input))
            try files[0].seek(toOffset: 0)
        }
        for (index, file) in files.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, file.fileDescriptor, Int32(index))
        }
        code = posix_spawnp(&pid, program, &actions, nil, &words, &settings)
    }
    guard code == 0 else { throw SystemError("start \(program)", code: code) }
    var raw: Int32 = 0
    do {
        try poll("the end of \(program) \(arguments.joined(separator: " "))", seconds: seconds) {
            waitpid(pid, &raw, WNOHANG) == pid
        }
    } catch {
        kill(pid, SIGKILL)
        waitpid(pid, &raw, 0)
        throw error
    }
    return ToolResult(
        status: raw & 0x7F == 0 ? raw >> 8 & 0xFF : -(raw & 0x7F), output: try octets(files[1]),
        errors: try octets(files[2]))
}

private func namelessFile() throws -> FileHandle {
    var template = Array("/dev/shm/mailreeve-tool-XXXXXX".utf8CString)
    let descriptor = try check("mkstemp") { mkstemp(&template) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    unlink(template)
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
}

private func octets(_ file: FileHandle) throws -> [UInt8] {
    try file.seek(toOffset: 0)
    return try file.readToEnd().map { Array($0) } ?? []
}
