import Foundation
import TestSupport
import Testing

/// `mailreeve rules`.
@Suite struct RulesCommandTests {
    private static let message = Array(
        """
        Subject: one
        \ttwo
        Content-Type: multipart/mixed; boundary=x

        --x
        Content-Type: text/plain; name="a.vbs"

        free money here
        --x--

        """.utf8)

    @Test(.enabled(if: Postmap.path != nil, "build/tools/postfix is missing: run make test-deps"))
    func queryPrintsWhatPostmapPrints() throws {
        let postmap = try Postmap()
        let tables = [
            "pcre:{{/^Subject: (.*)$/ REJECT [$1]} {/free (m)/ WARN $1} {/name=\"(.*)\"/ REJECT $1}}",
            "regexp:{{/./ x}}",
        ]
        for options in [["-hm"], ["-bm"], ["-hbm"], ["-h"], ["-b"], []] {
            let theirs = try postmap.query("-", options, tables: tables, input: Self.message)
            let ours = try runTool(
                Programs.path("mailreeve"), ["rules", "query"] + options + ["-"] + tables, input: Self.message)
            #expect(ours.output == theirs.output, "\(options) \(ours)")
            #expect(ours.status == theirs.status)
        }
        for key in ["Subject: a", "free money", "", "caf\u{e9}"] {
            let theirs = try postmap.query(key, tables: tables)
            let ours = try mailreeve("rules", "query", key, tables[0], tables[1])
            #expect(ours.output == theirs.output, "\(key)")
            #expect(ours.status == theirs.status)
        }
        // Keys that look like options.
        let any = "pcre:{{/^(.*)$/ got [$1]}}"
        for key in ["-x", "-hello", "-1", "--", "--verbose", "-bq", "-h=x"] {
            let theirs = try postmap.query(key, tables: [any])
            let ours = try runTool(
                Programs.path("mailreeve"), ["rules", "query"] + (key == "--" ? ["--"] : []) + [key, any])
            #expect(ours.output == theirs.output, "\(key) \(ours)")
            #expect(ours.status == theirs.status)
        }
        #expect(try mailreeve("rules", "query", "--", "-h", any).text == "got [-h]\n")
        #expect(try mailreeve("rules", "query", "-h", "x", tables[0]).status == 1)
        #expect(try mailreeve("rules", "query", "x", "hash:/x").status == 1)
        #expect(try mailreeve("rules", "query", "x", "pcre:/nonexistent").status == 1)
    }

    @Test func queryExplains() throws {
        let result = try mailreeve("rules", "query", "--explain", "free money", "pcre:{{/x/ y} {/free (.)/ WARN $1}}")
        #expect(result.lines.first == "WARN m")
        #expect(result.lines.last?.contains("line 2, $1=\"m\", ") ?? false)
    }

    @Test func lintNamesWhatCannotFire() throws {
        let scratch = try Scratch(.disk)
        let file = try scratch.write(
            "body_checks",
            """
            /^Content-Type: .*name="x\\.vbs"/ REJECT
            /free money/ REJECT
            /really free money now/ REJECT
            /(a+)+$/ REJECT
            /one\\ntwo/ REJECT
            /x/ NOSUCH
            /(/ REJECT
            /Caf\u{e9}/i REJECT
            /.*/ DUNNO
            /late/ REJECT

            """)
        let result = try mailreeve("rules", "lint", file)
        #expect(result.status == 1)
        func says(_ line: Int, _ severity: String, _ text: String) -> Bool {
            result.lines.contains { $0.hasPrefix("\(file):\(line): \(severity): ") && $0.contains(text) }
        }
        #expect(says(1, "dead", "mime_header_checks"))
        #expect(says(3, "dead", "the rule on line 2 matches wherever this one does"))
        #expect(says(4, "doubt", "can take very long"))
        #expect(says(5, "dead", "no newline"))
        #expect(says(6, "dead", "unknown command"))
        #expect(says(7, "dead", "error in regex"))
        #expect(says(8, "doubt", "heed case"))
        #expect(says(8, "doubt", "decoded_body_checks"))
        #expect(says(9, "doubt", "matches every text"))
        #expect(says(10, "dead", "the rule on line 9 matches every text"))
        let clean = try scratch.write("header_checks", "/^Subject: .*cheap watches/ REJECT\n")
        #expect(try mailreeve("rules", "lint", clean).status == 0)
    }

    /// Limits of the settings hold for what the commands say.
    @Test func limitsAreThoseOfTheSettings() throws {
        let scratch = try Scratch(.disk)
        let table = try scratch.write("body_checks", "/^x{3000}/ WARN long\n/far/ WARN far\n")
        let box = try scratch.write(
            "box", "From a\nSubject: x\n\n" + String(repeating: "x", count: 3500) + "\n" + "it is far behind\n")
        func rules(_ command: String, _ limits: String, _ arguments: String...) throws -> ToolResult {
            let configuration = try OfflineConfiguration(limits)
            return try runTool(
                Programs.path("mailreeve"), ["rules", command, "--config", configuration.path] + arguments)
        }
        func lint(_ limits: String) throws -> ToolResult { try rules("lint", limits, table) }
        #expect(
            try lint("line_length_limit: 2048").text.contains(":1: dead: never fires: lines are looked up in pieces"))
        #expect(try lint("line_length_limit: 4096").status == 0)
        func replay(_ limits: String) throws -> String {
            try rules("replay", limits, "--body-checks", "pcre:\(table)", box).text
        }
        let short = try replay("line_length_limit: 2048")
        #expect(!short.contains("WARN long") && short.contains("WARN far"))
        #expect(try replay("line_length_limit: 4096").contains("WARN long"))
        #expect(try !replay("body_checks_size_limit: 100").contains("WARN far"))
    }

    /// Postfix takes any address; what is wrong is said once, however many lists have the table, and with rules.strict it is
    /// refused.
    @Test func addressesThatCannotBeUsedAreWarnedOf() throws {
        let scratch = try Scratch(.disk)
        let table = try scratch.write(
            "header_checks",
            "/^Subject: a/ REDIRECT other@example.net extra\n/^Subject: b/ BCC a@example.net, b@example.net\n/^Subject: c/\n"
        )
        for strict in ["no", "yes"] {
            let configuration = try OfflineConfiguration("header_checks: pcre:\(table)\nrules: {strict: \(strict)}")
            let result = try mailreeve("check-config", configuration.path)
            let told = (result.text + result.errorText).split(separator: "\n").filter { $0.contains(table + ":") }
            #expect(told.count { $0.contains(":1:1: ") && $0.contains("put off") } == 1, "\(result)")
            #expect(told.count { $0.contains(":2:1: ") && $0.contains("nothing is added") } == 1, "\(result)")
            #expect(told.count { $0.contains(":3:1: ") && $0.contains("put off (451 4.3.0)") } == 1, "\(result)")
            #expect((result.status == 0) == (strict == "no"))
        }
    }

    /// An inline table stands in the configuration, and its rules have numbers instead of lines.
    @Test func faultsOfInlineTablesNameTheConfiguration() throws {
        let configuration = try OfflineConfiguration(
            "header_checks: [\"pcre:{{/^Subject: a/ WARN x}, {/^Subject: (/ WARN y}}\"]\nrules: {strict: yes}")
        let result = try mailreeve("check-config", configuration.path)
        #expect(result.status == 1)
        let told = (result.text + result.errorText).split(separator: "\n").filter { $0.contains("inline") }
        #expect(told.count == 1 && told[0].hasPrefix("\(configuration.path): error: header_checks: inline table {{"))
        #expect(told.first?.contains(", rule 2: error in regex at offset 11") == true, "\(result)")
    }

    /// Archives are opened by inspector workers; what cannot be opened is a file all the same.
    @Test func replaySeesFilesInArchives() throws {
        let scratch = try Scratch(.disk)
        let archive = try scratch.directory("in")
        _ = try scratch.write("in/evil.exe", "MZ")
        _ = try runTool("sh", ["-c", "cd \(archive) && tar czf ../a.tgz evil.exe"])
        let base64 = try runTool("base64", [scratch.path + "/a.tgz"]).text
        let mail = { (name: String, body: String) in
            "From a\nSubject: x\nMIME-Version: 1.0\nContent-Type: application/octet-stream; name=\(name)\n"
                + "Content-Transfer-Encoding: base64\n\n\(body)\n"
        }
        let box = try scratch.write("box", mail("a.tgz", base64) + mail("b.tgz", "AAAA\n"))
        let table = try scratch.write("new", "/^name: (.*)exe$/ REJECT no $1\n/^name: .*tgz$/ WARN archive\n")
        let old = try scratch.write("old", "/^name: .*tgz$/ WARN archive\n")
        let configuration = try OfflineConfiguration()
        let arguments = ["rules", "replay", "--config", configuration.path, "--attachment-checks", "pcre:\(table)"]
        let counts = try runTool(Programs.path("mailreeve"), arguments + [box])
        #expect(counts.status == 0, "\(counts)")
        #expect(
            counts.text.contains("2 times in 2 messages: attachment_checks pcre:\(table) line 2: /^name: .*tgz$/ WARN"))
        #expect(counts.text.contains("1 times in 1 messages: attachment_checks pcre:\(table) line 1: "))
        let compared = try runTool(
            Programs.path("mailreeve"), arguments + ["--before", "attachment_checks=pcre:\(old)", box])
        #expect(compared.lines.last == "1 of 2 messages differ", "\(compared)")
        #expect(
            compared.lines.contains("\(box) message 1: warning archive -> warning archive, reject 5.7.1 no evil."))
        // Without an inspector nothing is told that might be incomplete.
        let broken = try scratch.write("broken.yaml", "inspector: {path: /nonexistent}\n")
        let failed = try mailreeve("rules", "replay", "--config", broken, "--attachment-checks", "pcre:\(table)", box)
        #expect(failed.status == 1)
        #expect(failed.text == "")
    }

    @Test func replayCountsAndCompares() throws {
        let scratch = try Scratch(.disk)
        let box = try scratch.write(
            "box",
            "From a\nSubject: one\n\nfree money\n\nFrom b\nSubject: two\n\nnothing\n\nFrom c\nSubject: three\n\nfree money\nfree money\n"
        )
        let new = try scratch.write("new", "/free (money)/ WARN spam costs $$5 for \\o/ ${1}\n/never/ WARN x\n")
        let old = try scratch.write("old", "/nothing/ WARN other\n")
        let counts = try mailreeve("rules", "replay", "--body-checks", "pcre:\(new)", "--profile", box)
        #expect(counts.status == 0, "\(counts)")
        #expect(counts.lines.first?.hasPrefix("3 messages in ") ?? false)
        #expect(
            counts.lines.dropFirst().first
                == "3 times in 2 messages: body_checks pcre:\(new) line 1: /free (money)/ WARN spam costs $$5 for \\o/ ${1}"
        )
        #expect(counts.text.contains("costliest rules"))
        let compared = try mailreeve(
            "rules", "replay", "--body-checks", "pcre:\(new)", "--before", "body_checks=pcre:\(old)", box)
        #expect(compared.lines.last == "3 of 3 messages differ")
        #expect(compared.lines.contains("\(box) message 2: warning other -> nothing"))
    }
}
