internal import Foundation
internal import Glibc

/// spamd and rspamd from the system's packages with small configurations of their own: the test string for spam filters, and
/// 3.5 points for two words.
package final class SpamFilter: Sendable {
    /// Which program.
    package enum Kind: String, Sendable, CaseIterable {
        case spamd
        case rspamd
    }

    package let kind: Kind
    package let port: Int
    private let scratch: Scratch
    private let process: RunningProgram

    /// A message with these words has `points`.
    package static let words = "copper herons"
    package static let points = 3.5

    package static func isThere(_ kind: Kind) -> Bool { Programs.peer(kind.rawValue) != nil }

    package init(_ kind: Kind) throws {
        self.kind = kind
        scratch = try Scratch(.disk)
        port = try Ports.free()
        guard let program = Programs.peer(kind.rawValue) else { throw TimedOut("\(kind), which is not installed") }
        switch kind {
        case .spamd: process = try Self.spamd(program, scratch, port)
        case .rspamd: process = try Self.rspamd(program, scratch, port)
        }
        try process.output.wait(for: "the start of \(kind)", seconds: 60) {
            $0.contains("server started on") || $0.contains("starting normal process")
        }
        try poll("\(kind)") { (try? StreamSocket(port: port)) != nil }
    }

    /// Children outlive a parent that is killed.
    deinit { signalAll(SIGKILL) }

    package func signal(_ number: Int32) { process.signal(number) }

    /// Stops or continues it with all its children.
    package func signalAll(_ number: Int32) {
        for pid in [process.pid] + ProcessTable.children(of: process.pid) { Glibc.kill(pid, number) }
    }

    /// Keys of a scanner in the configuration that asks it.
    package func entry(_ more: [String: String] = [:]) -> [String: String] {
        ["name": kind.rawValue, "kind": kind.rawValue, "addresses": "[ 127.0.0.1:\(port) ]"].merging(more) { $1 }
    }

    // In halves, so that no filter takes this file for spam.
    private static let testString =
        "XJS\\*C4JDBQADN1\\.NSBN3\\*2IDNEN\\*" + "GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL\\*C\\.34X"

    private static func spamd(_ program: String, _ scratch: Scratch, _ port: Int) throws -> RunningProgram {
        _ = try scratch.directory("rules")
        try scratch.write("rules/init.pre", "loadplugin Mail::SpamAssassin::Plugin::Check\n")
        try scratch.write(
            "rules/local.cf",
            """
            use_bayes 0
            body GTUBE /\(testString)/
            score GTUBE 1000
            body TEST_WORDS /\(words)/
            score TEST_WORDS \(points)

            """)
        let rules = scratch.path + "/rules"
        return try RunningProgram(
            program,
            [
                "--local", "--listen", "127.0.0.1", "--port", String(port), "--nouser-config", "--max-children", "2",
                "--configpath", rules, "--siteconfigpath", rules, "--pidfile", scratch.path + "/pid", "--syslog",
                "stderr",
            ])
    }

    /// Where rspamd finds its own files when it was unpacked and not installed.
    private static func environment(_ program: String) -> [String] {
        let prefix = program.replacingOccurrences(of: "/bin/rspamd", with: "")
        let share = prefix + "/share/rspamd"
        return [
            "PATH=/usr/bin:/bin", "LC_ALL=C", "LD_LIBRARY_PATH=\(prefix)/lib/rspamd", "SHAREDIR=\(share)",
            "LUALIBDIR=\(share)/lualib", "RULESDIR=\(share)/rules", "PLUGINSDIR=\(share)/plugins",
        ]
    }

    private static func rspamd(_ program: String, _ scratch: Scratch, _ port: Int) throws -> RunningProgram {
        let path = scratch.path
        try scratch.write("tld", "org\ncom\nexample\n")
        try scratch.write(
            "rules.lua",
            """
            rspamd_config.TEST_WORDS = {
              callback = function(task)
                for _, part in ipairs(task:get_text_parts() or {}) do
                  if tostring(part:get_content()):find('\(words)', 1, true) then return true, 'words' end
                end
                return false
              end,
              score = \(points),
            }

            """)
        try scratch.write(
            "rspamd.conf",
            """
            options {
              tempdir = "\(path)"; pidfile = "\(path)/pid"; url_tld = "\(path)/tld"; hs_cache_dir = "\(path)";
              control_socket = "\(path)/control"; filters = ""; disable_hyperscan = true; gtube_patterns = "all"; max_message = 4Mb;
              dns { nameserver = ["127.0.0.1:1"]; timeout = 0.1s; retransmits = 1; }
            }
            logging { type = "console"; level = "info"; }
            actions { reject = 15; add_header = 6; }
            lua = "\(path)/rules.lua";
            worker "normal" { bind_socket = "127.0.0.1:\(port)"; count = 1; task_timeout = 8s; }

            """)
        return try RunningProgram(
            program, ["--no-fork", "--insecure", "--config", path + "/rspamd.conf"],
            environment: environment(program))
    }
}
