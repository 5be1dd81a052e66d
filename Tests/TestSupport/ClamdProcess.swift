internal import Foundation
internal import Glibc

/// clamd from the system's packages with directories and signatures of its own.
package final class ClamdProcess: @unchecked Sendable {
    // Used by the thread of one test.
    private let scratch: Scratch
    private var process: RunningProgram?

    /// The programs are installed, or unpacked by `make test-deps`.
    package static var isThere: Bool { Programs.peer("clamd") != nil && Programs.peer("clamscan") != nil }

    package var socketPath: String { scratch.path + "/clamd.sock" }
    package var port: Int

    /// Starts it.
    /// - Parameters:
    ///   - signatures: lines of a `.ndb` file; nil for the shipped test signatures.
    ///   - streamLimit: `StreamMaxLength`.
    ///   - official: official databases instead.
    package init(signatures: String? = nil, streamLimit: String = "10M", official: Bool = false) throws {
        scratch = try Scratch(.memory)
        port = try Ports.free()
        _ = try scratch.directory("database")
        if official {
            try SignedDatabases.write(to: scratch, "database")
        } else if let signatures {
            try scratch.write("database/test.ndb", signatures)
        } else {
            try scratch.copy(Programs.signatures, to: "database/test.ndb")
        }
        try scratch.write(
            "clamd.conf",
            """
            Foreground yes
            DatabaseDirectory \(scratch.path)/database
            TemporaryDirectory \(scratch.path)
            LocalSocket \(scratch.path)/clamd.sock
            LocalSocketMode 666
            TCPSocket \(port)
            TCPAddr 127.0.0.1
            StreamMaxLength \(streamLimit)
            AlertExceedsMax yes
            AlertEncrypted yes
            ReadTimeout 5

            """)
        try start()
    }

    /// Starts it again after `stop`.
    package func start() throws {
        guard let program = Programs.peer("clamd") else { throw TimedOut("clamd, which is not installed") }
        process = try RunningProgram(program, ["--config-file", scratch.path + "/clamd.conf"])
        try poll("clamd") { (try? StreamSocket(path: socketPath)) != nil }
    }

    /// Kills it, whatever it is doing.
    package func stop() {
        process?.kill()
        _ = process?.wait()
        process = nil
        unlink(socketPath)
    }

    /// Adds a file to its signatures; clamscan sees it at once.
    package func add(signatures: String, to name: String) throws {
        try scratch.write("database/" + name, signatures)
    }

    package func signal(_ number: Int32) { process?.signal(number) }

    /// Keys of a scanner in the configuration that asks it.
    package func entry(_ more: [String: String] = [:]) -> [String: String] {
        ["name": "clamd", "kind": "clamd", "addresses": "[ \"unix:\(socketPath)\" ]"].merging(more) { $1 }
    }

    /// Keys of a scanner that runs clamscan with the same signatures.
    package func clamscanEntry(_ more: [String: String] = [:]) -> [String: String] {
        let database = scratch.path + "/database"
        return [
            "name": "clamscan", "kind": "command", "programs": "[ \"\(Programs.peer("clamscan") ?? "/nonexistent")\" ]",
            "arguments": "[ --stdout, --no-summary, -r, --database=\(database), \"{}\" ]",
            "readable": "[ \"\(database)\" ]", "name_pattern": "'^.+: (.*) FOUND$'",
        ].merging(more) { $1 }
    }
}
