import Foundation
import TestSupport
import Testing

/// `check-config`, `config`, and help.
@Suite struct ConfigurationCommandTests {
    @Test func checkConfig() throws {
        let scratch = try Scratch(.disk)
        let file = try scratch.write(
            "wrong.yaml",
            """
            hostname: mx.example.net
            limits:
              message_sise: 10 MiB
              recipients: many
            listeners:
              - address: 127.0.0.1:99999
                placement: sideways

            """)
        let result = try mailreeve("check-config", file)
        #expect(result.status == 1, "\(result)")
        for (place, word) in [
            ("3:3", "message_size"), ("4:15", "'many'"), ("6:14", "99999"), ("7:16", "sideways"),
        ] {
            let line = result.lines.first { $0.hasPrefix("\(file):\(place): ") }
            #expect(line?.contains(word) ?? false, "\(place) in \(result)")
        }
        let broken = try scratch.write("broken.yaml", "limits:\n  message_size: [ 1\nhostname: x\n")
        let syntax = try mailreeve("check-config", broken)
        #expect(syntax.status == 1 && syntax.lines.contains { $0.hasPrefix("\(broken):") }, "\(syntax)")
        let missing = try mailreeve("check-config", scratch.path + "/none.yaml")
        #expect(missing.status == 1 && missing.text.contains(scratch.path + "/none.yaml"), "\(missing)")

        let configuration = try OfflineConfiguration()
        let good = try mailreeve("check-config", configuration.path)
        #expect(good.status == 0 && good.lines.last == "\(configuration.path): ok", "\(good)")
        #expect(good.text.contains("7/8"), "\(good)")
        // The daemon says the same, and does not start.
        let serve = try mailreeve("serve", "--config", file)
        #expect(serve.status == 1 && serve.errorText.contains("\(file):3:3: "), "\(serve)")
    }

    /// A workspace that the daemon would refuse; one that is to be made yet is no error.
    @Test func workspaceOfOthers() throws {
        let scratch = try Scratch(.disk)
        let open = try scratch.directory("open", mode: 0o777)
        #expect(chmod(open, 0o777) == 0)
        func check(_ directory: String) throws -> ToolResult {
            try mailreeve(
                "check-config",
                try scratch.write("w.yaml", "hostname: mx.example\nworkspace: {directory: \(directory)}\n"))
        }
        let refused = try check(open)
        let text = "w.yaml:2:24: error: \(open) is not this user's own: "
        #expect(refused.status == 1 && refused.text.contains(text), "\(refused)")
        let absent = try check(open + "/absent")
        #expect(absent.status == 0, "\(absent)")
    }

    /// Tables with errors: each on a line of its own. The daemon does not start with them, and names them too.
    @Test func tablesWithErrors() throws {
        let scratch = try Scratch(.disk)
        let keys = try scratch.write("keys", "a@b levels.kil=3\nkey\nc@d spam=foo\n")
        let networks = try scratch.write("networks", "x yes\n")
        let file = try scratch.write(
            "tables.yaml",
            """
            listeners: [ { address: "127.0.0.1:10924" } ]
            recipient_tables: [ "texthash:\(keys)", "pcre:\(scratch.path)/none" ]
            banks: [ { name: A, clients: [ "cidr:\(networks)" ], banned_rules: [ none ] } ]

            """)
        let result = try mailreeve("check-config", file)
        let column = 34 + keys.utf8.count
        let expected = [
            "\(file):3:\(networks.utf8.count + 57): error: there is no set 'none' in banned.rules",
            "\(file):2:\(column): error: pcre:\(scratch.path)/none: open \(scratch.path)/none: ",
            "\(keys):1:1: error: unknown key 'levels.kil'", "\(keys):2:1: error: expected a key, white space, a value",
            "\(keys):3:1: error: 'foo' is not one of ", "\(networks):1:1: error: 'x' is not a network ",
        ]
        let errors = result.lines.filter { $0.contains(": error: ") }
        #expect(result.status == 1 && errors.count == expected.count, "\(result)")
        for (line, words) in zip(errors, expected) { #expect(line.hasPrefix(words), "\(result)") }
        let explain = try mailreeve("config", "explain", "--config", file, "--recipient", "a@b")
        #expect(explain.status == 1 && explain.errorText.contains("; \(keys):2: expected a key"), "\(explain)")
    }

    /// What only the parts that use it can judge: patterns of scanners.
    @Test func patternsOfScannersAreCompiled() throws {
        let scratch = try Scratch(.disk)
        for (pattern, status) in [("(a", 1), ("a", 1), ("(?:a)", 1), ("(a)", 0)] as [(String, Int32)] {
            let file = try scratch.write(
                "scanner.yaml",
                """
                listeners: [ { address: "127.0.0.1:10924" } ]
                policies: { default: { next_hops: [ "smtp:[127.0.0.1]:10925" ] } }
                scanners:
                  - { name: odd, kind: command, programs: [ /bin/true ], arguments: [ "{}" ], name_pattern: "\(pattern)" }

                """)
            let result = try mailreeve("check-config", file)
            #expect(result.status == status, "\(result)")
            let line = "\(file):4:93: error: scanner odd: name_pattern: "
            #expect((status == 1) == result.text.contains(line), "\(result)")
        }
    }

    @Test func aBrokenPatternOfVirusNames() throws {
        let file = try Scratch(.disk)
        let path = try file.write(
            "names.yaml",
            """
            listeners: [ { address: "127.0.0.1:10924" } ]
            policies: { default: { next_hops: [ "smtp:[127.0.0.1]:10925" ] } }
            clamav:
              virus_name_to_score: [ '^Spam\\. => 5', '( => 1' ]
              enabled: no

            """)
        let scan = try mailreeve("scan", "--config", path, path)
        #expect(scan.status != 0 && scan.errorText.contains("virus_name_to_score: '(': "), "\(scan)")
        let check = try mailreeve("check-config", path)
        #expect(check.status == 1 && check.text.contains("\(path):4:42: error: virus_name_to_score: '(': "), "\(check)")
    }

    /// A program is told to read what its cell keeps from it.
    @Test func pathsThatAreClosedToAProgram() throws {
        let scratch = try Scratch(.disk)
        for (arguments, readable, isSaid) in [
            ("--database=/srv/db", "", true), ("/srv/db/x", "", true), ("--database=/srv/db", "/srv", false),
            ("--database=/srv/db", "/srv/d", true), ("--database=/usr/share/x", "", false), ("/q", "", true),
            ("--log=no", "", false), ("--url=http://x/", "", false),
        ] {
            let path = try scratch.write(
                "paths.yaml",
                """
                listeners: [ { address: "127.0.0.1:10924" } ]
                policies: { default: { next_hops: [ "smtp:[127.0.0.1]:10925" ] } }
                scanners:
                  - name: odd
                    kind: command
                    programs: [ /bin/true ]
                    arguments: [ "{}", "\(arguments)" ]
                    readable: [ \(readable) ]

                """)
            let result = try mailreeve("check-config", path)
            let warning = "\(path):7:16: warning: scanner odd: "
            #expect(result.status == 0 && result.text.contains(warning) == isSaid, "\(arguments): \(result)")
        }
    }

    /// Patterns that match everything are accepted, and said.
    @Test func patternsThatMatchEverything() throws {
        let scratch = try Scratch(.disk)
        let file = try scratch.write(
            "scanner.yaml",
            """
            listeners: [ { address: "127.0.0.1:10924" } ]
            policies: { default: { next_hops: [ "smtp:[127.0.0.1]:10925" ] } }
            clamav:
              virus_name_to_score:
                - '^Spam\\. => 5'
                - '(Phish)? => 5'
            scanners:
              - name: odd
                kind: command
                programs: [ /bin/true ]
                arguments: [ "{}" ]
                clean_pattern: '^'
                infected_pattern: '^found'

            """)
        let result = try mailreeve("check-config", file)
        #expect(result.status == 0, "\(result)")
        let warnings = result.text.split(separator: "\n").filter { $0.contains(": warning: ") && $0.contains("match") }
        #expect(
            warnings == [
                "\(file):12:20: warning: scanner odd: clean_pattern: matches every answer, an empty one too",
                "\(file):6:7: warning: '(Phish)?' matches every name: no virus is one any more",
            ], "\(result)")
    }

    /// The shipped file, and the defaults as they are printed, are accepted.
    @Test func shippedConfiguration() throws {
        let shipped = try mailreeve("check-config", Programs.package + "/packaging/mailreeve.yaml")
        #expect(shipped.status == 0, "\(shipped)")
        let defaults = try mailreeve("config", "defaults")
        #expect(defaults.status == 0)
        let scratch = try Scratch(.disk)
        let check = try mailreeve("check-config", scratch.write("defaults.yaml", defaults.text))
        #expect(check.status == 0, "\(check)")
    }

    @Test func explain() throws {
        let configuration = try OfflineConfiguration()
        let explained = try mailreeve("config", "explain", "--config", configuration.path, "inspector.workers")
        #expect(explained.status == 0 && explained.text.contains("\(configuration.path):7:12)"), "\(explained)")
        let senders = try ["", "<>", "a b"].map {
            try mailreeve(
                "config", "explain", "--config", configuration.path, "--recipient", "r@a.example", "--sender", $0)
        }
        #expect(
            senders.map { $0.status == 0 } == [true, true, false] && senders[0].text == senders[1].text, "\(senders)")
        let fallback = try mailreeve("config", "explain", "--config", configuration.path, "limits.message_size")
        #expect(
            fallback.status == 0 && fallback.text.contains("100 MiB") && fallback.text.contains("default"),
            "\(fallback)")
        let unknown = try mailreeve("config", "explain", "--config", configuration.path, "limits.mesage_size")
        #expect(unknown.status == 1 && unknown.errorText.contains("limits.message_size"), "\(unknown)")
    }

    private static let commands = [
        [], ["serve"], ["check-config"], ["config"], ["config", "defaults"], ["config", "explain"], ["scan"], ["learn"],
        ["quarantine"],
        ["quarantine", "list"], ["quarantine", "show"], ["quarantine", "release"], ["quarantine", "requeue"],
        ["quarantine", "delete"], ["quarantine", "expire"], ["quarantine", "fsck"], ["log"], ["explain"], ["rules"],
        ["rules", "query"], ["rules", "lint"], ["rules", "replay"], ["rules", "import-amavis"], ["status"], ["reload"],
        ["stop"],
        ["setup"],
        ["setup", "postfix"], ["filter"], ["sink"], ["bench"],
    ]

    @Test(arguments: commands)
    func help(command: [String]) throws {
        let result = try runTool(Programs.path("mailreeve"), command + ["--help"])
        #expect(result.status == 0 && result.errors.isEmpty, "\(result)")
        #expect(result.text.contains("OVERVIEW: "))
        #expect(result.text.contains("USAGE: \((["mailreeve"] + command).joined(separator: " "))"), "\(result)")
        let wrong = try runTool(Programs.path("mailreeve"), command + ["--no-such-option"])
        #expect(wrong.status == 64 && wrong.output.isEmpty, "\(wrong)")
    }

    /// Every command that help names has its own.
    @Test func helpIsComplete() throws {
        let text = try mailreeve("--help").lines
        let start = try #require(text.firstIndex { $0.hasPrefix("SUBCOMMANDS:") })
        let named = text[(start + 1)...].prefix { $0.hasPrefix("  ") }.compactMap { line in
            line.hasPrefix("   ") ? nil : line.split(separator: " ").first.map(String.init)
        }
        #expect(Set(named) == Set(Self.commands.compactMap(\.first)))
    }
}
