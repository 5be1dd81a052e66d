import Checks
import Configuration
import Foundation
@testable import Gateway
import Linux
import Testing

/// What `check-config` says of what policies name, each with its place.
@Suite struct PolicyCheckTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory(.disk)
    }

    private func file(_ name: String, _ text: String) throws -> String {
        let path = directory.path + "/" + name
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }

    /// What is wrong, as it is printed.
    private func problems(_ yaml: String) -> [String] {
        PolicyCheck(ConfigurationFile.parse(yaml, file: "f")).problems.map(\.description)
    }

    /// A directory of signatures that is named and not there is a mistake; an empty one is a new installation.
    @Test func signatureDirectories() {
        let missing = problems("clamav: {database: \(directory.path)/none}")
        #expect(missing.count == 1 && missing[0].hasPrefix("f:1:"), "\(missing)")
        #expect(
            missing.first?.hasSuffix(
                "error: clamav.database: opendir \(directory.path)/none: No such file or directory") == true)
        #expect(problems("clamav: {database: \(directory.path)}") == [])
    }

    /// A wrong line of a table is named with its place, and the settings are refused.
    @Test(arguments: [
        (
            "recipient_tables: ['texthash:%']", "a@b spam=discard\nc@d spam=discrad\n",
            ":2:1: error: 'discrad' is not one of pass"
        ),
        (
            "recipient_tables: ['texthash:%']", "a@b spma=discard\n",
            ":1:1: error: unknown key 'spma'; did you mean 'spam'?"
        ),
        (
            "recipient_tables: ['texthash:%']", "a@b spam=pass\nc@d spam=\n",
            ":2:1: error: no value for 'spam'; expected destiny; or null: reject before the queue, pass after it"
        ),
        (
            "recipient_tables: ['texthash:%']", "a@b levels.kill=\n",
            ":1:1: error: no value for 'levels.kill'; expected points"
        ),
        (
            "recipient_tables: ['texthash:%']", "a@b levels=3\n",
            ":1:1: error: 'levels' is a group of keys, such as levels."
        ),
        ("recipient_tables: ['texthash:%']", "a@b spam=pass spam=discard\n", ":1:1: error: 'spam' stands twice"),
        (
            "recipient_tables: ['texthash:%']", "a@b quarantine_to.spam=maildir:/a/.\n",
            ":1:1: error: 'maildir:/a/.': a path has at most 1024 octets"
        ),
        (
            "recipient_tables: ['texthash:%']", "a@b discard\n",
            ":1:1: error: 'discard' is not a key of a policy, =, and its value"
        ),
        (
            "recipient_tables: ['texthash:%']", "a@b spam=discard\n*@c spam=discard\n",
            ":2:1: error: no address has the key '*@c'; an asterisk stands for nothing here"
        ),
        (
            "recipient_tables: ['texthash:%']", "a.example spam=discard\n@a.example spam=pass\n",
            ":2:1: error: '@a.example' is the key of line 1"
        ),
        ("recipient_tables: ['texthash:%']", "# x\n\nkey\n", ":3:1: error: expected a key, white space, a value"),
        (
            "recipient_tables: ['pcre:%']", "/^a/ spam=discard\n/^b/ spam=discrad\n",
            ":2:1: error: 'discrad' is not one of pass"
        ),
        ("recipient_tables: ['regexp:%']", "/^(b)/ spma=$1\n", ":1:1: error: unknown key 'spma'; did you mean 'spam'?"),
        ("recipient_tables: ['pcre:%']", "/^(b)/ levels.kill=$1 spam=x\n", ":1:1: error: 'x' is not one of pass"),
        (
            "policies: {default: {sender_points: ['pcre:%']}}", "/a/ many\n",
            ":1:1: error: sender_points: 'many' are no points"
        ),
        ("recipient_tables: ['pcre:%']", "/^a/ spam=discard\n/^b/\n", ":2:1: error: "),
        ("recipient_tables: ['regexp:%']", "if /a/\n/^a/ spam=discard\n", ":1:1: error: IF has no matching ENDIF"),
        ("local_domains: ['pcre:%']", "/a(/ yes\n", ":1:1: error: "),
        ("local_domains: ['regexp:%']", "/a(/ yes\n", ":1:1: error: "),
        ("banks: [{name: A, clients: ['cidr:%']}]", "10.0.0.1/8 yes\n", ":1:1: error: '10.0.0.1/8' has bits set"),
        (
            "policies: {default: {sender_points: ['texthash:%']}}", "a@b many\n",
            ":1:1: error: sender_points: 'many' are no points"
        ),
        (
            "recipient_tables: ['pcre:%']", "/^(b)/ spam=$1 allow_senders=texthash:/x\n",
            ":1:1: error: texthash:/x stands in a line"
        ),
        (
            "recipient_tables: ['texthash:%']", "a@b digest=yes\n",
            ":1:1: error: digest: yes needs digests.release_address"
        ),
    ])
    func wrongTables(_ yaml: String, _ text: String, _ words: String) throws {
        let path = try file("table", text)
        let loaded = ConfigurationFile.parse(yaml.replacing("%", with: path), file: "f")
        #expect(loaded.problems == [])
        let problems = PolicyCheck(loaded).problems.map(\.description)
        #expect(problems.count == 1 && problems[0].hasPrefix(path + words), "\(problems)")
        #expect(throws: SettingFaults.self) { try PolicyBook(loaded.settings) }
    }

    /// Everything that is wrong is named at once, whatever else is, each with its place: badly formed lines and wrong values of one
    /// table, several tables, those of banks and of lines of other tables, and the files that good lines name.
    @Test func allAtOnce() throws {
        let keys = try file(
            "keys",
            "a@b spam=foo\nkey\nc@d levels.kil=3\ne@f notice_language=xx deny_senders=texthash:\(directory.path)/no\n")
        let patterns = try file("patterns", "/^a(/ spam=pass\n/^b/ spma=pass\n")
        let networks = try file("networks", "10.0.0.1/8 yes\nx yes\n")
        let yaml = """
            notices: {directory: \(directory.path)}
            recipient_tables: ['texthash:\(keys)', 'pcre:\(patterns)', 'pcre:\(directory.path)/none']
            local_domains: ['texthash:\(keys)', 'regexp:\(directory.path)/gone']
            banks: [{name: A, clients: ['cidr:\(networks)']}]
            policies: {default: {disclaimer: foot}}
            disclaimers: {directory: \(directory.path)}
            """
        let open = "No such file or directory"
        let expected = [
            "f:2:\(42 + keys.count + patterns.count): error: pcre:\(directory.path)/none: open \(directory.path)/none: ",
            "f:3:16: error: regexp:\(directory.path)/gone: open \(directory.path)/gone: \(open)",
            "f:5:34: error: disclaimers: open \(directory.path)/foot.txt: ",
            "\(keys):1:1: error: 'foo' is not one of pass",
            "\(keys):2:1: error: expected a key, white space, a value",
            "\(keys):3:1: error: unknown key 'levels.kil'",
            "\(keys):4:1: error: \(directory.path)/xx: cannot be read (notice_language xx)",
            "\(keys):4:1: error: texthash:\(directory.path)/no: open \(directory.path)/no: ",
            "\(networks):1:1: error: '10.0.0.1/8' has bits set",
            "\(networks):2:1: error: ",
            "\(patterns):1:1: error: ",
            "\(patterns):2:1: error: unknown key 'spma'; did you mean 'spam'?",
        ]
        let problems = problems(yaml)
        #expect(problems.count == expected.count, "\(problems)")
        for (problem, words) in zip(problems, expected) { #expect(problem.hasPrefix(words)) }
        // In the log they share a line.
        let settings = ConfigurationFile.parse(yaml, file: "f").settings
        let refusal = #expect(throws: SettingFaults.self) { try PolicyBook(settings) }
        #expect(refusal?.faults.count == 10 && refusal?.description.contains("; \(networks):2: ") == true)
        let many = try file("many", String(repeating: "key\n", count: 25))
        let long = ConfigurationFile.parse("local_domains: ['texthash:\(many)']", file: "f").settings
        let shown = #expect(throws: SettingFaults.self) { try PolicyBook(long) }
        #expect(
            shown?.faults.count == 25 && shown?.description.hasSuffix("; and 5 more") == true,
            "\(shown?.description ?? "")")
    }

    /// A language that only a table names needs its file, too.
    @Test func missingLanguages() throws {
        let path = try file("table", "a@b notice_language=xx\n")
        let yaml = "notices: {directory: \(directory.path)}\nrecipient_tables: ['texthash:\(path)']"
        #expect(problems(yaml) == ["\(path):1:1: error: \(directory.path)/xx: cannot be read (notice_language xx)"])
    }

    /// Beside a value that a pattern makes, and made by one: then every file of the directory must be right.
    @Test(arguments: [
        ("/^(b)@/ spam=$1 notice_language=xx", "xx: cannot be read"),
        ("/^(b)@/ notice_language=$1", "yy:1: "), ("/^(b)@/ spam=$1 disclaimer=zz", "zz.txt: fewer "),
    ])
    func filesOfPatterns(_ line: String, _ words: String) throws {
        for name in ["yy", "zz.txt", "no.name", "yy~"] { _ = try file(name, "[short]\n") }
        let path = try file("patterns.pcre", line + "\n")
        let yaml = """
            notices: {directory: \(directory.path)}
            disclaimers: {directory: \(directory.path)}
            recipient_tables: ['pcre:\(path)']
            """
        let place = "\(path):1:1: error: \(directory.path)/"
        #expect(problems(yaml).contains { $0.hasPrefix(place + words) }, "\(problems(yaml))")
    }

    /// What else lies in the directory is left out.
    @Test(arguments: ["notice_language", "disclaimer"]) func otherFilesOfPatterns(_ key: String) throws {
        for name in ["README", "LICENSE", "robots"] {
            _ = try file(name, "# words\n\nwords of a file that is no text\n")
        }
        for name in ["old", "old.txt"] { try makeDirectories("\(directory.path)/\(name)") }
        let path = try file("patterns.pcre", "/^(b)@/ \(key)=$1\n")
        let yaml = """
            notices: {directory: \(directory.path)}
            disclaimers: {directory: \(directory.path)}
            recipient_tables: ['pcre:\(path)']
            """
        #expect(problems(yaml) == [])
    }

    /// Notes in the directory of disclaimers, which patterns could name: they are told of, and left out.
    @Test func notesBesideDisclaimers() throws {
        _ = try file("company.txt", "sixteen letters it has\n")
        _ = try file("NOTES.txt", "see there\n")
        _ = try file("long.txt", String(repeating: "sixteen letters it has\n", count: 1000))
        let path = try file("patterns.pcre", "/^(b)@/ disclaimer=$1\n")
        let yaml = "disclaimers: {directory: \(directory.path)}\nrecipient_tables: ['pcre:\(path)']\n"
        let start = "\(path):1:1: warning: \(directory.path)/"
        #expect(
            problems(yaml) == [
                "\(start)NOTES.txt: fewer than 16 letters and digits to find it by: it is no disclaimer, and left out",
                "\(start)long.txt: over 16384 octets: it is no disclaimer, and left out",
            ])
        let settings = ConfigurationFile.parse(yaml, file: "f").settings
        let book = try DisclaimerBook(settings, PolicyBook(settings))
        #expect(book.find("company", among: ["company"]) != nil && book.find("NOTES", among: ["NOTES"]) == nil)
        // One that is named must be right, and one that cannot be read may be any.
        let named = problems("\(yaml)policies: {default: {disclaimer: NOTES}}")
        #expect(named.count { $0.hasPrefix("f:3:34: error: \(directory.path)/NOTES.txt: fewer ") } == 1, "\(named)")
        #expect(unlink(directory.path + "/long.txt") == 0 && mkdir(directory.path + "/company.html", 0o700) == 0)
        let unread = problems(yaml)
        #expect(
            unread.contains { $0.hasPrefix("\(path):1:1: error: disclaimers: open \(directory.path)/company.html: ") })
    }

    /// The setting is named with its place.
    @Test(arguments: [
        ("policies: {default: {quarantine: yes, notice_language: xx}}", "policies.default", 56),
        ("banks: [{name: A, notice_language: xx}]", "banks[0]", 36),
        ("recipients: [{match: [a@b], notice_language: xx}]", "recipients[0]", 46),
    ])
    func placesOfMissingLanguages(_ yaml: String, _ place: String, _ column: Int) throws {
        let words = "\(directory.path)/xx: cannot be read (notice_language xx)"
        let all = "notices: {directory: \(directory.path)}\n\(yaml)"
        #expect(problems(all) == ["f:2:\(column): error: \(words)"])
        let settings = ConfigurationFile.parse(all, file: "f").settings
        let fault = #expect(throws: SettingFaults.self) {
            try NoticeBook(settings, PolicyBook(settings), before: nil)
        }
        #expect(fault?.description == "\(place).notice_language: \(words)")
    }

    /// A directory in which no mail could be kept; before the first start there is none.
    @Test func directoriesOfTheQuarantine() throws {
        func problem() -> String? { problems("state_directory: \(directory.path)/state").first }
        #expect(problem() == nil)
        let state = directory.path + "/state"
        #expect(mkdir(state, 0o700) == 0)
        #expect(problem() == nil)
        _ = try file("state/quarantine", "")
        let words = "quarantine: \(state)/quarantine is no directory; mail that has to be kept would be put off"
        #expect(problem() == "f:1:18: error: \(words)")
        #expect(unlink(state + "/quarantine") == 0 && mkdir(state + "/quarantine", 0o700) == 0)
        #expect(problem() == nil)
    }

    /// Events that could never be written, with the place of their setting.
    @Test(arguments: [("", "is a directory"), ("/none/x", "cannot be written: "), ("/file/x", "cannot be written: ")])
    func linesOfTheJournal(_ name: String, _ words: String) throws {
        _ = try file("file", "")
        let path = directory.path + name
        let found = problems("journal: {lines: \(path)}")
        #expect(found.count == 1 && found[0].hasPrefix("f:1:18: error: \(path) \(words)"), "\(found)")
        #expect(problems("journal: {lines: \(directory.path)/new}") == [])
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/new"))
    }

    /// A key that is none, with the place of its setting.
    @Test func keysOfTheQuarantine() throws {
        let short = try file("key", "short")
        #expect(chmod(short, 0o400) == 0)
        for (yaml, column) in [("key_file: \(short)", 24), ("old_key_files: [\(short)]", 29)] {
            #expect(
                problems("quarantine: {\(yaml)}") == ["f:1:\(column): error: \(short): a key file has 32 octets"])
        }
    }

    /// A set of rules on files that there is not, wherever it is asked for.
    @Test func missingSets() throws {
        let keys = try file("keys", "a@b banned_rules=none\n")
        for (yaml, place) in [
            ("policies: {default: {banned_rules: [none]}}", "f:1:36"),
            ("banks: [{name: A, banned_rules: [none]}]", "f:1:33"),
            ("recipients: [{match: [a@b], banned_rules: [none]}]", "f:1:43"),
            ("recipient_tables: ['texthash:\(keys)']", "\(keys):1:1"),
        ] {
            let missing = PolicyCheck(ConfigurationFile.parse(yaml, file: "f")).missingSets(BannedRules([]))
                .map(\.description)
            let words = "\(place): error: there is no set 'none' in banned.rules"
            #expect(missing.count { $0.hasPrefix(words) } == 1, "\(missing)")
        }
    }
}
