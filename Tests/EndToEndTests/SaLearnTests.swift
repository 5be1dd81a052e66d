import Foundation
import TestSupport
import Testing

/// Beside Debian's sa-learn: the same lines and exit codes, and backups that both read.
@Suite(.enabled(if: Clients.arePossible, Clients.missing))
struct SaLearnTests {
    private static let spam = Programs.package + "/corpus/spam.mbox"
    private static let ham = Programs.package + "/corpus/ham.mbox"

    /// Both programs with databases of their own.
    private struct Pair {
        let configuration: OfflineConfiguration
        let scratch: Scratch

        init() throws {
            configuration = try OfflineConfiguration()
            scratch = try Scratch(.disk)
            for name in ["site", "theirs", "ours"] { _ = try scratch.directory(name) }
            // Nothing but the Bayes plugin, so that no rules have to be compiled.
            try scratch.write(
                "site/local.cf",
                "loadplugin Mail::SpamAssassin::Plugin::Check\nloadplugin Mail::SpamAssassin::Plugin::Bayes\nuse_bayes 1\n"
            )
            try FileManager.default.createSymbolicLink(
                atPath: scratch.path + "/sa-learn", withDestinationPath: Programs.path("mailreeve"))
        }

        var theirCommand: [String] {
            [
                "/usr/bin/sa-learn", "-L", "--siteconfigpath", scratch.path + "/site", "--dbpath",
                scratch.path + "/theirs/bayes",
            ]
        }

        var ourCommand: [String] {
            [scratch.path + "/sa-learn", "-L", "--config", configuration.path, "--dbpath", scratch.path + "/ours"]
        }

        func theirs(_ arguments: [String]) throws -> ToolResult {
            try runTool(theirCommand[0], theirCommand.dropFirst() + arguments)
        }

        func ours(_ arguments: [String]) throws -> ToolResult {
            try runTool(ourCommand[0], ourCommand.dropFirst() + arguments)
        }

        func write(_ name: String, _ lines: [String]) throws -> String {
            try scratch.write(name, lines.joined(separator: "\n") + "\n")
        }

        /// Spam, ham and tokens as `--dump magic` says.
        func numbers(_ dump: ToolResult) -> [String] {
            ["nspam", "nham", "ntokens"].map { name in
                dump.lines.first { $0.hasSuffix("non-token data: \(name)") }?.split(separator: " ")[2].description ?? ""
            }
        }
    }

    @Test func linesAndExitCodesAreTheSame() async throws {
        try await Lanes.run {
            let pair = try Pair()
            let list = try pair.write("list", ["spam:mbox:\(Self.spam)", "ham:mbox:\(Self.ham)"])
            let one = try pair.write("one.eml", ["Subject: one", "From: a@example.org", "", "a small message"])
            let off = try pair.write("off", ["required_score 4", "use_bayes 0 # not here"])
            let commands = [
                ["--mbox", "--spam", Self.spam], ["--mbox", "--spam", Self.spam], ["--mbox", "--ham", Self.ham],
                ["--forget", "--mbox", Self.ham], ["--ham", "--mbox", Self.ham], ["-f", list],
                ["--spam", one], ["--ham", one], ["--forget", one], ["--forget", one],
                ["--no-sync", "--spam", "--file", one], ["--sync"], ["--max-size", "10", "--ham", one],
                ["--spam", "/nonexistent/mail"], ["--force-expire"], ["one"], ["--frob"], ["--dump", "nothing"],
                // As scripts and cron jobs have it.
                ["-LD", "--spam", "--mbox", Self.spam], ["-D", "", "--spam", Self.spam],
                ["-D", "bayes,learn", "--ham", "--mbox", Self.ham], ["--prog", "--ham", Self.ham],
                ["--progress", "--mbox", "--spam", Self.spam], ["--showdots", "--ham", "--mbox", Self.ham],
                ["--sync", "--no-sync"], ["--sync", "--spam", one], ["--sync", one],
                ["--cf", "use_bayes 1", "--ham", one],
                ["--spam", "--ham", "--mbox", Self.ham], ["--mbox", "--spam", Programs.package + "/corpus/*.mbox"],
                ["--max-size=100", "--ham", "--mbox", Self.ham], ["--max-size", "1000k", "--ham", one],
                ["--cf", "use_bayes 0", "--spam", one], ["--cf", "use_bayes 0", "--sync"],
                ["-p", off, "--dump", "magic"],
                ["-p", off, "--cf", "use_bayes 1", "--forget", one], ["-p", "/nonexistent", "--spam", one],
                ["--cf", "use_bayes nonsense", "--ham", one],
                ["--dump", "magic", "--clear"], ["--clear", "--dump", "magic"],
                ["--spam", "--mbox", Self.spam], ["--clear", one], ["--backup", one], ["--dump", "all", one],
                ["--restore", "/dev/null", one], ["--import", one], ["--force-expire", one],
                ["--mbox", "--spam", "-f", "/dev/null"], ["--restore"], ["-dbpath", "x"], ["--HAM", one], ["-V"],
            ]
            for command in commands {
                let (theirs, ours) = (try pair.theirs(command), try pair.ours(command))
                #expect(ours.status == theirs.status, "\(command): \(ours) and \(theirs)")
                let result = theirs.lines.filter { $0.hasPrefix("Learned ") || $0.hasPrefix("Forgot ") }
                #expect(
                    ours.lines.filter { $0.hasPrefix("Learned ") || $0.hasPrefix("Forgot ") } == result, "\(command)")
                let (known, found) = (try pair.theirs(["--dump", "magic"]), try pair.ours(["--dump", "magic"]))
                #expect(pair.numbers(found).prefix(2) == pair.numbers(known).prefix(2), "after \(command)")
            }
        }
    }

    /// Folders in folders, a Maildir with what a server keeps beside its mail, files that are hidden, and mail that its owner deleted.
    private static func makeTree(_ scratch: Scratch) throws {
        for name in ["tree", "tree/a", "tree/a/b", "tree/cur", "tree/.hidden", "tree/box", "tree/none", "tree/imap"] {
            _ = try scratch.directory(name)
        }
        for name in ["cur", "new", "tmp", "x", ".Junk"] { _ = try scratch.directory("tree/box/\(name)") }
        let files = [
            "one.eml", "a/two", "a/b/three.eml", "cur/4:2,S", ".five", ".hidden/6", "box/cur/7", "box/new/8",
            "box/tmp/9",
            "box/x/10", "box/dovecot-uidlist", "box/.Junk/11", "box/cur/12:2,S", "box/cur/13:2,T", "box/cur/14:2,FRST",
            "box/new/15:2,aT.x", "box/cur/16T", "box/cur/17;2,T", "box/cur/18:1,T", "box/cur/,19", "a/,20", "a/21:2,T",
            "a/cyrus.index", "imap/22.", "imap/cyrus.header", "imap/cyrus.index", "imap/cyrus.cache", "imap/cyrus.seen",
        ]
        for (number, name) in files.enumerated() {
            try scratch.write(
                "tree/\(name)", "Subject: number \(number)\nFrom: a@example.org\n\nmail number \(number)\n")
        }
    }

    @Test func theSameMailIsFound() async throws {
        try await Lanes.run {
            let pair = try Pair()
            try Self.makeTree(pair.scratch)
            let tree = pair.scratch.path + "/tree"
            let list = try pair.write("list", ["spam:dir:\(tree)", "ham:file:\(tree)/.five"])
            let unsaid = try pair.write("unsaid", ["\(tree)/a"])
            let unformed = try pair.write("unformed", ["ham::\(tree)/one.eml", "spam:detect:\(tree)/a/two"])
            let late = try pair.write("late", ["\(tree)/one.eml", Self.spam, "spam:file:\(tree)/a/two"])
            let separator = "From a@example.org Thu Aug 22 12:36:23 2002"
            let closed = try pair.write(
                "closed",
                [
                    separator, "Subject: closed", "", "Dear all,", "", "From Monday on the office is closed.", "",
                    separator, "Subject: open", "", "Open again.",
                ])
            let blankFirst = try pair.write(
                "blank",
                ["", "", separator, "Subject: third", "", "three", "", separator, "Subject: fourth", "", "four"])
            // What their program refuses comes last: it leaves its lock behind.
            let commands = [
                ["--spam", tree], ["--ham", "--dir", tree + "/box"], ["--ham", tree + "/box/"],
                ["--spam", "-f", unsaid],
                ["-f", list], ["-f", unformed], ["-f", late, "--ham"], ["--ham", "-f", late, "--spam", "--mbox"],
                ["--spam", "--mbox", closed], ["--ham", "--mbox", blankFirst],
                ["--spam", tree + "/none"], ["--spam", tree + "/a/t*"], ["--spam", "--file", Self.spam],
                ["--ham", "--mbox", "--file", Self.ham], ["--spam", "--mbox", tree + "/one.eml"],
                ["--spam", "--dir", Self.spam], ["--restore", "/nonexistent/file"],
                ["-f", unsaid],
            ]
            for command in commands {
                let (theirs, ours) = (try pair.theirs(command), try pair.ours(command))
                #expect(ours.status == theirs.status, "\(command): \(ours) and \(theirs)")
                let result = theirs.lines.filter { $0.hasPrefix("Learned ") }
                #expect(ours.lines.filter { $0.hasPrefix("Learned ") } == result, "\(command)")
                guard command.contains(late) else { continue }
                let (known, found) = (try pair.theirs(["--dump", "magic"]), try pair.ours(["--dump", "magic"]))
                #expect(pair.numbers(found).prefix(2) == pair.numbers(known).prefix(2), "after \(command)")
            }
            let missing = pair.scratch.path + "/missing"
            #expect(
                try runTool("/usr/bin/sa-learn", ["-L", "--dbpath", missing + "/bayes", "--dump"]).status == 2)
            for task in ["--dump", "--backup"] {
                #expect(try pair.ours(["--dbpath", missing, task]).status == 2)
                #expect(access(missing, F_OK) != 0)
            }
        }
    }

    /// Line ends of some lines, and a byte order mark in front, make no other message, in whatever kind of mailbox.
    @Test func theSameMailInOtherForms() async throws {
        try await Lanes.run {
            let pair = try Pair()
            let lines = [
                "Message-ID: <1@example.org>", "Date: Mon, 23 Nov 2026 10:00:00 +0000", "From: a@example.org",
                "Subject: hello there", "", "words of a mail", "and more of them",
            ]
            let separator = "From a@example.org Thu Aug 22 12:36:23 2002"
            func write(_ name: String, mark: String = "", _ lines: [String], _ end: (Int) -> String) throws -> String {
                try pair.scratch.write(name, mark + lines.enumerated().map { $1 + end($0) }.joined())
            }
            let plain = try write("plain", lines) { _ in "\n" }
            let forms = [
                try write("crlf", lines) { _ in "\r\n" },
                try write("mixed", lines) { $0 % 2 == 0 ? "\r\n" : "\n" },
                try write("last", lines) { $0 == 6 ? "\r\n" : "\n" },
                try write("marked", mark: "\u{FEFF}", lines) { _ in "\n" },
                try write("marked-crlf", mark: "\u{FEFF}", lines) { _ in "\r\n" },
                try write("box", [separator] + lines + [""]) { $0 == 1 ? "\r\n" : "\n" },
            ]
            for file in forms {
                for (command, verb) in [
                    (["--spam", plain], "Learned tokens from 1"),
                    (["--spam", "--mbox", file], "Learned tokens from 0"),
                    (["--ham", file], "Learned tokens from 1"), (["--ham", plain], "Learned tokens from 0"),
                    (["--forget", file], "Forgot tokens from 1"),
                ] {
                    var command = command
                    if !file.hasSuffix("/box") { command.removeAll { $0 == "--mbox" } }
                    let (theirs, ours) = (try pair.theirs(command), try pair.ours(command))
                    let line = "\(verb) message(s) (1 message(s) examined)"
                    #expect(ours.lines == [line], "\(command): \(ours)")
                    // There the blank lines at the end are part of a message.
                    if !file.hasSuffix("/box") { #expect(theirs.lines.first == line, "\(command): \(theirs)") }
                }
            }
            // It is read as the plain one is.
            _ = try pair.ours(["--spam", plain])
            let tokens = try pair.ours(["--dump", "data"])
            for file in forms {
                _ = try pair.ours(["--clear"])
                _ = try pair.ours(["--spam", file])
                #expect(try pair.ours(["--dump", "data"]).lines.count == tokens.lines.count, "\(file)")
            }
        }
    }

    /// Old mail lies under names of other charsets than UTF-8.
    @Test func namesThatAreNotUTF8() async throws {
        try await Lanes.run {
            let pair = try Pair()
            let tree = try pair.scratch.directory("names")
            let made = try runTool(
                "/bin/bash",
                [
                    "-ec",
                    """
                    cd "$0"; mkdir $'d\\xfc' $'m\\xe4il' $'m\\xe4il/cur' $'m\\xe4il/new' $'m\\xe4il/tmp'
                    for name in one $'caf\\xe9.eml' $'d\\xfc/two' $'d\\xfc/dr\\xe9i' $'m\\xe4il/cur/\\xff:2,S'; do
                      printf 'Subject: %s\\nFrom: a@example.org\\n\\nmail about %s\\n' "$name" "$name" >"$name"
                    done
                    printf 'spam:file:%s/caf\\xe9.eml\\nham:dir:d\\xfc\\n' "$0" >list
                    """, tree,
                ])
            try #require(made.status == 0, "\(made)")
            // A `String` could not hand such words on.
            for words in [
                "--spam .", "--ham $'caf\\xe9.eml'", "--ham 'caf*'", "--spam $'d\\xfc' $'m\\xe4il'", "-f list",
                "--forget $'m\\xe4il/cur/\\xff:2,S'", "--spam $'no\\xe9'",
            ] {
                func run(_ program: [String]) throws -> ToolResult {
                    try runTool(
                        "/bin/bash", ["-c", "cd \"$0\"; \"$@\" \(words)", tree] + program)
                }
                let theirs = try run(pair.theirCommand)
                let ours = try run(pair.ourCommand)
                #expect(ours.status == theirs.status, "\(words): \(ours) and \(theirs)")
                #expect(ours.lines.first == theirs.lines.first { !$0.isEmpty }, "\(words): \(ours) and \(theirs)")
            }
            let refused = try runTool(
                "/bin/bash",
                ["-c", "\"$@\" --dbpath \"$0\"/$'db\\xe9' --sync", tree] + pair.ourCommand)
            #expect(refused.status == 64 && refused.errorText.contains("\\xE9: not UTF-8"), "\(refused)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: tree).contains { $0.hasPrefix("db") } == false)
        }
    }

    /// Lines and files of SpamAssassin's settings name the database, and what has no effect here is said, once.
    @Test func settingsOfSpamAssassin() async throws {
        try await Lanes.run {
            let pair = try Pair()
            _ = try pair.scratch.directory("cf")
            let database = pair.scratch.path + "/named"
            try pair.scratch.write(
                "cf/a.cf",
                """
                # bayes_path /nowhere
                ifplugin Mail::SpamAssassin::Plugin::Nothing
                  bayes_path /nowhere
                endif
                BAYES_PATH \(database) # comment
                bayes_min_spam_num 7
                bayes_min_spam_num 8
                bayes_ignore_header X-A
                score BAYES_99 4
                """)
            try pair.scratch.write("cf/b.cf", "use_bayes 0\n")
            try pair.scratch.write("cf/.c.cf", "bayes_path /nowhere\n")
            let prefs = try pair.write("prefs", ["use_bayes 1"])
            func run(_ words: [String]) throws -> ToolResult {
                try runTool(pair.scratch.path + "/sa-learn", ["--config", pair.configuration.path] + words)
            }
            let settings = ["-p", prefs, "--siteconfigpath", pair.scratch.path + "/cf"]
            let learnt = try run(settings + ["--use-ignores", "--mbox", "--spam", Self.spam])
            #expect(learnt.lines == ["Learned tokens from 62 message(s) (62 message(s) examined)"], "\(learnt)")
            let said =
                "sa-learn: not taken from the settings of SpamAssassin: bayes_path, bayes_min_spam_num (here bayes.minimum), "
                + "bayes_ignore_header, --use-ignores"
            #expect(learnt.errorText.contains(said + "\n"))
            #expect(learnt.errorText.contains("the database is the directory \(database)"))
            #expect(pair.numbers(try run(["--dbpath", database, "--dump", "magic"])).first == "62")
            // What stands last holds, and the command line's own option before all.
            let disabled = try run(settings + ["--cf", "use_bayes 0", "--spam", Self.spam])
            #expect(disabled.status == 1 && disabled.text.isEmpty, "\(disabled)")
            let other = pair.scratch.path + "/ours"
            let named = try run(["--dbpath", other, "--cf", "bayes_path /nowhere", "--ham", "--mbox", Self.ham])
            #expect(named.status == 0 && named.errorText.isEmpty, "\(named)")
            #expect(pair.numbers(try run(["--dbpath", other, "--dump", "magic"])).prefix(2) == ["0", "61"])
        }
    }

    @Test func debuggingSaysWhatBecomesOfEachMessage() async throws {
        try await Lanes.run {
            let pair = try Pair()
            let one = try pair.write("one.eml", ["Message-ID: <1@example.org>", "Subject: one", "", "a message"])
            let large = try pair.write("large.eml", ["Subject: large", "", String(repeating: "word ", count: 100)])
            let words = ["-D", "--max-size", "300", "--spam", one, large, "--ham", one]
            let all = try pair.ours(words).errorText
            #expect(all.contains("dbg: config: \(pair.configuration.path): read\n"), "\(all)")
            #expect(all.contains("dbg: bayes: database \(pair.scratch.path)/ours\n"))
            #expect(all.contains("dbg: archive-iterator: \(one): message, 52 octets\n"))
            #expect(all.contains("dbg: archive-iterator: \(large): too large\n"))
            #expect(all.contains("dbg: learn: \(one): ") && all.contains(": learned\n"))
            #expect(all.contains(": forgotten in the other class and learned\n"))
            let areas = try pair.ours(["-D", "learn,dns", "--ham", one]).errorText
            #expect(areas.hasPrefix("dbg: learn: ") && areas.hasSuffix(": nothing to do\n"), "\(areas)")
            #expect(try pair.ours(["--ham", one]).errorText.isEmpty)
        }
    }

    /// The expression is asked of a token's octets.
    @Test func tokensArePickedByTheirOctets() async throws {
        try await Lanes.run {
            let pair = try Pair()
            _ = try pair.ours(["--mbox", "--spam", Self.spam, "--ham", Self.ham])
            let backup = try pair.write("backup", try pair.ours(["--backup"]).lines)
            _ = try pair.theirs(["--restore", backup])
            for expression in ["^a", "^[\\x00-\\x1f]", "ff"] {
                let command = ["--dump", "data", "--regexp", expression]
                let (theirs, ours) = (try pair.theirs(command), try pair.ours(command))
                #expect(theirs.lines.sorted() == ours.lines.sorted(), "\(expression)")
                #expect(ours.status == theirs.status && (expression == "ff" || !ours.lines.isEmpty))
            }
        }
    }

    /// SpamAssassin's report around a message, and its tag in the subject, are taken off: forgetting the message itself finds it.
    @Test(arguments: ["report_safe 1", "report_safe 2", "report_safe 0"])
    func whatSpamAssassinDidToAMessageIsTakenOff(_ form: String) async throws {
        try await Lanes.run {
            let pair = try Pair()
            let original = try pair.write(
                "original.eml",
                [
                    "From: Seller <seller@example.net>", "To: joe@example.com", "Subject: Buy this now",
                    "Date: Mon, 23 Nov 2026 10:00:00 +0000", "Message-ID: <one@example.net>", "",
                    "Dear customer, remarkable bargains await.",
                ])
            let marked = try runTool(
                "/usr/bin/spamassassin",
                [
                    "-L", "--siteconfigpath", pair.scratch.path + "/site", "--cf", form, "--cf",
                    "rewrite_header Subject [SPAM]", "--cf", "header EVERY exists:Subject", "--cf", "score EVERY 100",
                    original,
                ])
            #expect(marked.text.contains("Subject: [SPAM] Buy"), "\(marked)")
            let wrapped = try pair.write("marked.eml", marked.lines)
            for (command, line) in [
                (["--spam", wrapped], "Learned tokens from 1 message(s) (1 message(s) examined)"),
                (["--spam", original], "Learned tokens from 0 message(s) (1 message(s) examined)"),
                (["--ham", wrapped], "Learned tokens from 1 message(s) (1 message(s) examined)"),
                (["--forget", original], "Forgot tokens from 1 message(s) (1 message(s) examined)"),
            ] {
                let (theirs, ours) = (try pair.theirs(command), try pair.ours(command))
                #expect(theirs.lines.first == line && ours.lines.first == line, "\(command): \(theirs) and \(ours)")
            }
            let left = try pair.ours(["--dump", "magic"])
            #expect(pair.numbers(left) == ["0", "0", "0"], "\(left)")
        }
    }

    @Test func theirBackupRestoresHere() async throws {
        try await Lanes.run {
            let pair = try Pair()
            _ = try pair.theirs(["--mbox", "--spam", Self.spam])
            _ = try pair.theirs(["--mbox", "--ham", Self.ham])
            let backup = try pair.write("backup", try pair.theirs(["--backup"]).lines)
            let restored = try pair.ours(["--restore", backup])
            #expect(restored.status == 0 && restored.errorText.contains("made by SpamAssassin"), "\(restored)")
            #expect(restored.errorText.contains("Most tokens have other keys here"), "\(restored)")
            let (theirs, ours) = (try pair.theirs(["--dump", "magic"]), try pair.ours(["--dump", "magic"]))
            #expect(pair.numbers(ours) == pair.numbers(theirs))
            #expect(pair.numbers(ours).prefix(2) == ["62", "61"])
        }
    }

    @Test func ourBackupRestoresThere() async throws {
        try await Lanes.run {
            let pair = try Pair()
            _ = try pair.ours(["--mbox", "--spam", Self.spam])
            _ = try pair.ours(["--mbox", "--ham", Self.ham])
            let backup = try pair.write("backup", try pair.ours(["--backup"]).lines)
            #expect(try pair.theirs(["--restore", backup]).status == 0)
            let (theirs, ours) = (try pair.theirs(["--dump", "magic"]), try pair.ours(["--dump", "magic"]))
            #expect(pair.numbers(theirs) == pair.numbers(ours))
            // Line for line, probabilities among them.
            let tokens = try pair.ours(["--dump", "data"]).lines.sorted()
            #expect(tokens.count > 1000)
            #expect(try pair.theirs(["--dump", "data"]).lines.sorted() == tokens)
        }
    }
}
