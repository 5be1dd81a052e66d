internal import Glibc
internal import Linux

/// Debian's `postmap`, which tables are compared with: unpacked under `build/` by `make test-deps`, not installed.
package struct Postmap: Sendable {
    private let scratch: Scratch
    private let root: String

    /// nil where it has not been unpacked.
    package static let path: String? = {
        let root = Programs.package + "/build/tools/postfix"
        let both = [root + "/usr/sbin/postmap", root + "/usr/lib/postfix/postfix-pcre.so"]
        return both.allSatisfy { access($0, R_OK) == 0 } ? root : nil
    }()

    /// Makes a configuration for it.
    package init() throws {
        guard let root = Self.path else { throw SystemError("build/tools/postfix", code: ENOENT) }
        self.root = root
        scratch = try Scratch(.memory)
        let libraries = root + "/usr/lib/postfix"
        let types = try scratch.write("dynamicmaps.cf", "pcre postfix-pcre.so dict_pcre_open\n")
        // Postfix trusts root's file only.
        try check("chown \(types)") { chown(types, geteuid(), getegid()) }
        try check("chown \(scratch.path)") { chown(scratch.path, geteuid(), getegid()) }
        try scratch.write(
            "main.cf",
            """
            compatibility_level = 3.6
            shlib_directory = \(libraries)
            daemon_directory = \(libraries)/sbin
            meta_directory = \(scratch.path)
            queue_directory = \(scratch.path)/queue
            data_directory = \(scratch.path)/data
            mail_owner = uucp
            setgid_group = operator

            """)
    }

    /// All keys and values of a table (`-s`).
    package func list(_ table: String) throws -> ToolResult {
        try run(["-s", table])
    }

    /// Runs it with `-q KEY` and these options and tables.
    package func query(
        _ key: String, _ options: [String] = [], tables: [String], input: [UInt8] = []
    ) throws -> ToolResult {
        try run(options + ["-q", key] + tables, input: input)
    }

    private func run(_ arguments: [String], input: [UInt8] = []) throws -> ToolResult {
        try runTool(
            root + "/usr/sbin/postmap", ["-c", scratch.path] + arguments, input: input,
            environment: ["LD_LIBRARY_PATH": root + "/usr/lib/postfix", "LC_ALL": "C"], seconds: 600)
    }
}
