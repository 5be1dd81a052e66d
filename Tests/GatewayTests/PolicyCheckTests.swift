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

    /// Every wrong line of a table is named with its place, and the settings are refused.
    @Test(arguments: [
        (
            "recipient_tables: ['texthash:%']", "a@b spam=discard\nc@d spam=discrad\n",
            ":2: 'discrad' is not one of pass"
        ),
        ("recipient_tables: ['texthash:%']", "a@b spma=discard\n", ":1: unknown key 'spma'; did you mean 'spam'?"),
        (
            "recipient_tables: ['texthash:%']", "a@b spam=pass\nc@d spam=\n",
            ":2: no value for 'spam'; expected destiny; or null: reject before the queue, pass after it"
        ),
        ("recipient_tables: ['texthash:%']", "a@b levels.kill=\n", ":1: no value for 'levels.kill'; expected points"),
        ("recipient_tables: ['texthash:%']", "a@b levels=3\n", ":1: 'levels' is a group of keys, such as levels."),
        ("recipient_tables: ['texthash:%']", "a@b spam=pass spam=discard\n", ":1: 'spam' stands twice"),
        (
            "recipient_tables: ['texthash:%']", "a@b quarantine_to.spam=maildir:/a/.\n",
            ":1: 'maildir:/a/.': a path has at most 1024 octets"
        ),
        (
            "recipient_tables: ['texthash:%']", "a@b discard\n",
            ":1: 'discard' is not a key of a policy, =, and its value"
        ),
        (
            "recipient_tables: ['texthash:%']", "a@b spam=discard\n*@c spam=discard\n",
            ":2: no address has the key '*@c'; an asterisk stands for nothing here"
        ),
        (
            "recipient_tables: ['texthash:%']", "a.example spam=discard\n@a.example spam=pass\n",
            ":2: '@a.example' is the key of line 1"
        ),
        ("recipient_tables: ['texthash:%']", "# x\n\nkey\n", ":3: expected a key, white space, a value"),
        ("recipient_tables: ['pcre:%']", "/^a/ spam=discard\n/^b/ spam=discrad\n", ":2: 'discrad' is not one of pass"),
        ("recipient_tables: ['regexp:%']", "/^(b)/ spma=$1\n", ":1: unknown key 'spma'; did you mean 'spam'?"),
        ("recipient_tables: ['pcre:%']", "/^(b)/ levels.kill=$1 spam=x\n", ":1: 'x' is not one of pass"),
        ("policies: {default: {sender_points: ['pcre:%']}}", "/a/ many\n", ":1: sender_points: 'many' are no points"),
        ("recipient_tables: ['pcre:%']", "/^a/ spam=discard\n/^b/\n", ":2: "),
        ("recipient_tables: ['regexp:%']", "if /a/\n/^a/ spam=discard\n", ":1: IF has no matching ENDIF"),
        ("local_domains: ['pcre:%']", "/a(/ yes\n", ":1: "),
        ("local_domains: ['regexp:%']", "/a(/ yes\n", ":1: "),
        ("banks: [{name: A, clients: ['cidr:%']}]", "10.0.0.1/8 yes\n", ":1: '10.0.0.1/8' has bits set"),
        (
            "policies: {default: {sender_points: ['texthash:%']}}", "a@b many\n",
            ":1: sender_points: 'many' are no points"
        ),
        (
            "recipient_tables: ['pcre:%']", "/^(b)/ spam=$1 allow_senders=texthash:/x\n",
            ":1: texthash:/x stands in a line"
        ),
        ("recipient_tables: ['texthash:%']", "a@b digest=yes\n", ":1: digest: yes needs digests.release_address"),
    ])
    func wrongTables(_ yaml: String, _ text: String, _ words: String) throws {
        let path = try file("table", text)
        let loaded = ConfigurationFile.parse(yaml.replacing("%", with: path), file: "f")
        #expect(loaded.problems == [])
        let problem = try #require(PolicyCheck(loaded).problem)
        #expect(problem.contains(path + words), "\(problem)")
    }

    /// A language that only a table names needs its file, too.
    @Test func missingLanguages() throws {
        let path = try file("table", "a@b notice_language=xx\n")
        let yaml = "notices: {directory: \(directory.path)}\nrecipient_tables: ['texthash:\(path)']"
        let loaded = ConfigurationFile.parse(yaml, file: "f")
        let problem = try #require(PolicyCheck(loaded).problem)
        #expect(problem == "\(directory.path)/xx: cannot be read (language xx of \(path):1)", "\(problem)")
    }

    /// Beside a value that a pattern makes, and made by one: then every file of the directory must be right.
    @Test(arguments: [
        ("/^(b)@/ spam=$1 notice_language=xx", "xx: cannot be read"),
        ("/^(b)@/ notice_language=$1", "yy:1: "), ("/^(b)@/ disclaimer=$1", "zz.txt: "),
    ])
    func filesOfPatterns(_ line: String, _ words: String) throws {
        for name in ["yy", "zz.txt", "no.name", "yy~"] { _ = try file(name, "[short]\n") }
        let path = try file("patterns.pcre", line + "\n")
        let yaml = """
            notices: {directory: \(directory.path)}
            disclaimers: {directory: \(directory.path)}
            recipient_tables: ['pcre:\(path)']
            """
        let problem = try #require(PolicyCheck(ConfigurationFile.parse(yaml, file: "f")).problem)
        #expect(problem.hasPrefix("\(directory.path)/\(words)"), "\(problem)")
        #expect(problem.contains("\(path):1"), "\(problem)")
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
        #expect(PolicyCheck(ConfigurationFile.parse(yaml, file: "f")).problem == nil)
    }

    /// The setting is named with its place.
    @Test(arguments: [
        ("policies: {default: {quarantine: yes, notice_language: xx}}", "policies.default", 56),
        ("banks: [{name: A, notice_language: xx}]", "banks[0]", 36),
        ("recipients: [{match: [a@b], notice_language: xx}]", "recipients[0]", 46),
    ])
    func placesOfMissingLanguages(_ yaml: String, _ place: String, _ column: Int) throws {
        let loaded = ConfigurationFile.parse("notices: {directory: \(directory.path)}\n\(yaml)", file: "f")
        let problem = try #require(PolicyCheck(loaded).problem)
        let words = "\(directory.path)/xx: cannot be read (language xx of \(place).notice_language)"
        #expect(problem == "f:2:\(column): error: \(words)", "\(problem)")
    }

    /// A directory in which no mail could be kept; before the first start there is none.
    @Test func directoriesOfTheQuarantine() throws {
        func problem() -> String? {
            PolicyCheck(ConfigurationFile.parse("state_directory: \(directory.path)/state", file: "f")).problem
        }
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
        let loaded = ConfigurationFile.parse("journal: {lines: \(path)}", file: "f")
        let problem = try #require(PolicyCheck(loaded).problem)
        #expect(problem.hasPrefix("f:1:18: error: journal.lines: \(path) \(words)"), "\(problem)")
        let fine = ConfigurationFile.parse("journal: {lines: \(directory.path)/new}", file: "f")
        #expect(PolicyCheck(fine).problem == nil)
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/new"))
    }

    /// A key that is none, with the place of its setting.
    @Test func keysOfTheQuarantine() throws {
        let short = try file("key", "short")
        #expect(chmod(short, 0o400) == 0)
        for (yaml, column) in [("key_file: \(short)", 24), ("old_key_files: [\(short)]", 29)] {
            let loaded = ConfigurationFile.parse("quarantine: {\(yaml)}", file: "f")
            let problem = try #require(PolicyCheck(loaded).problem)
            #expect(problem == "f:1:\(column): error: \(short): a key file has 32 octets")
        }
    }

    @Test func missingTables() throws {
        let none = "texthash:\(directory.path)/none"
        let naming = try file("naming", "a@b deny_senders=\(none)\n")
        for yaml in ["local_domains: ['\(none)']", "recipient_tables: ['texthash:\(naming)']"] {
            let problem = try #require(PolicyCheck(ConfigurationFile.parse(yaml, file: "f")).problem)
            #expect(problem.contains(none))
        }
    }

    /// A set of rules on files that there is not, wherever it is asked for.
    @Test func missingSets() throws {
        let keys = try file("keys", "a@b banned_rules=none\n")
        for (yaml, place) in [
            ("policies: {default: {banned_rules: [none]}}", "policies.default.banned_rules"),
            ("banks: [{name: A, banned_rules: [none]}]", "banks[0].banned_rules"),
            ("recipients: [{match: [a@b], banned_rules: [none]}]", "recipients[0].banned_rules"),
            ("recipient_tables: ['texthash:\(keys)']", "\(keys):1"),
        ] {
            let missing = PolicyCheck(ConfigurationFile.parse(yaml, file: "f")).missingSets(BannedRules([]))
            #expect(
                missing.count { $0.hasPrefix("\(place): there is no set 'none' in banned.rules") } == 1, "\(missing)")
        }
    }
}
