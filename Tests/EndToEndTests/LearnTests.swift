import Foundation
import TestSupport
import Testing

/// `mailreeve learn` and what `scan` makes of it.
@Suite(.enabled(if: Clients.arePossible, Clients.missing))
struct LearnTests {
    private static let spam = Programs.package + "/corpus/spam.mbox"
    private static let ham = Programs.package + "/corpus/ham.mbox"

    /// A configuration with a small minimum, and a database beside it.
    private struct Place {
        let configuration: OfflineConfiguration
        let database: String

        let directory: String

        init(_ more: String = "") throws {
            configuration = try OfflineConfiguration("bayes:\n  minimum: 50\n" + more)
            directory = String(configuration.path.dropLast("/mailreeve.yaml".count))
            database = directory + "/bayes"
        }

        func learn(_ arguments: String...) throws -> ToolResult {
            try runTool(
                Programs.path("mailreeve"),
                ["learn", "--config", configuration.path, "--dbpath", database] + arguments)
        }
    }

    @Test func learnsOnceAndJudges() async throws {
        try await Lanes.run {
            let place = try Place()
            let first = try place.learn("--mbox", "--spam", Self.spam, "--ham", Self.ham)
            #expect(first.status == 0, "\(first)")
            #expect(first.lines.first == "Learned tokens from 123 message(s) (123 message(s) examined)")
            #expect(first.lines.last?.contains("62 spam, 61 ham") == true)
            let second = try place.learn("--mbox", "--spam", Self.spam)
            #expect(second.lines.first == "Learned tokens from 0 message(s) (62 message(s) examined)")
            _ = try place.learn("--sync")
            for (file, isSpam) in [(Self.spam, true), (Self.ham, false)] {
                let scan = try mailreeve(
                    "scan", "--config", place.configuration.path, "--json", "--bayes-dbpath", place.database, file)
                let found = try scan.lines.map { try JSONDocument($0) }.map { $0["bayes"] as? [String: Double] }
                #expect(found.count == (isSpam ? 62 : 61))
                let right = found.count { (($0?["probability"] ?? 0.5) > 0.5) == isSpam }
                // Those in a language of which one or two were learnt stand near the middle.
                #expect(right >= found.count - 2, "\(right) of \(found.count) in \(file)")
            }
            let forgotten = try place.learn("--forget", "--mbox", Self.spam)
            #expect(forgotten.lines.first == "Forgot tokens from 62 message(s) (62 message(s) examined)")
            let undone = try place.learn("--undo", "1")
            #expect(
                undone.lines == [
                    "Forgot tokens from 61 message(s) (61 message(s) examined)", "\(place.database): 0 spam, 0 ham",
                ])
            let dump = try place.learn("--dump", "magic")
            #expect(dump.lines.contains("0.000          0          0          0  non-token data: ntokens"))
            let backup = try place.configuration.write("backup", try place.learn("--backup").output)
            for task in [["--clear"], ["--sync"], ["--restore", backup]] {
                let run = try runTool(
                    Programs.path("mailreeve"),
                    ["learn", "--config", place.configuration.path, "--dbpath", place.database] + task)
                #expect(run.lines.last == "\(place.database): 0 spam, 0 ham", "\(task): \(run)")
            }
            let expired = try place.learn("--force-expire")
            #expect(expired.lines == ["\(place.database): 0 spam, 0 ham, expired 0 tokens"])
            // What is only remembered is counted, and the machines are solved: the first time they are due.
            for task in [["--force-expire"], ["--force-expire", "--sync"], ["--sync", "--force-expire"]] {
                _ = try place.learn("--clear")
                _ = try place.learn("--no-sync", "--mbox", "--spam", Self.spam, "--ham", Self.ham)
                let run = try runTool(
                    Programs.path("mailreeve"),
                    ["learn", "--config", place.configuration.path, "--dbpath", place.database] + task)
                #expect(run.lines == ["\(place.database): 62 spam, 61 ham, expired 0 tokens"], "\(task): \(run)")
            }
        }
    }

    /// As some crontabs and daemons start programs: what is printed does not get into the database.
    @Test(arguments: ["<&- >&-", "<&- >&- 2>&-", ">&-", "2>&-", "<&-"])
    func closedStandardDescriptors(_ closed: String) async throws {
        try await Lanes.run {
            let place = try Place()
            let command =
                "'\(Programs.path("mailreeve"))' learn --config '\(place.configuration.path)' --dbpath '\(place.database)'"
            _ = try place.learn("--mbox", "--ham", Self.ham)
            for arguments in ["--mbox --spam '\(Self.spam)'", "--dump all", "--undo"] {
                let run = try runTool("/bin/sh", ["-c", "\(command) \(arguments) \(closed)"])
                // A result that cannot be said is an error, though what was asked for is done.
                #expect(
                    run.status == (closed.contains(">&-") && !closed.hasPrefix("2") ? 74 : 0), "\(arguments): \(run)")
            }
            let after = try place.learn("--forget", "--mbox", Self.spam)
            #expect(after.lines.first == "Forgot tokens from 62 message(s) (62 message(s) examined)", "\(after)")
            #expect(after.lines.last == "\(place.database): 0 spam, 61 ham")
        }
    }

    /// Who ends it hears what was learnt until then, and which batch takes it back. Told to ignore the signal, it goes on.
    @Test(arguments: ["INT", "TERM", "HUP"])
    func anInterruptedRunSaysWhatItLearnt(_ signal: String) async throws {
        try await Lanes.run {
            for isIgnored in [false, true] {
                let place = try Place()
                let pipe = place.directory + "/pipe"
                let said = place.directory + "/said"
                // The pipe holds the run open; what stands before it is one batch, in the other class. Without job control a shell
                // starts what runs in the background with SIGINT ignored.
                let script = """
                    set -m; mkfifo '\(pipe)'; \(isIgnored ? "trap '' \(signal);" : "")
                    '\(Programs.path("mailreeve"))' learn --config '\(place.configuration.path)' \
                        --dbpath '\(place.database)' --mbox --spam '\(Self.spam)' --ham '\(pipe)' >'\(said)' 2>&1 &
                    learner=$!
                    exec 9>'\(pipe)'
                    tries=0
                    until '\(Programs.path("mailreeve"))' learn --config '\(place.configuration.path)' \
                        --dbpath '\(place.database)' --dump magic 2>&1 | grep -q ' 62  .*nspam'; do
                        tries=$((tries + 1)); [ $tries -lt 300 ] || break; sleep 0.1
                    done
                    kill -s \(signal) $learner
                    cat '\(Self.ham)' >&9; exec 9>&-
                    wait $learner; echo "ended $?"; cat '\(said)'
                    """
                let run = try runTool("/bin/bash", ["-c", script])
                let number = ["INT": 130, "TERM": 143, "HUP": 129][signal] ?? 0
                #expect(run.lines.first == "ended \(isIgnored ? 0 : number)", "\(run)")
                if isIgnored {
                    #expect(run.lines.last == "\(place.database): 62 spam, 61 ham, batch 1", "\(run)")
                } else {
                    #expect(run.lines.contains("\(place.database): 62 spam, 0 ham, batch 1"), "\(run)")
                    #expect(run.lines.last == "interrupted: what comes behind was not learnt")
                }
            }
        }
    }

    /// A backup that was not written to its end is no success; a pipe that is full for a moment gets all of it.
    @Test func outputThatIsNotTaken() async throws {
        try await Lanes.run {
            let place = try Place()
            _ = try place.learn("--mbox", "--spam", Self.spam)
            let arguments = ["learn", "--config", place.configuration.path, "--dbpath", place.database, "--backup"]
            let full = try runTool(
                "/bin/sh", ["-c", "exec \"$0\" \"$@\" > /dev/full", Programs.path("mailreeve")] + arguments)
            #expect(full.status == EX_IOERR && full.errorText.contains("No space left on device"), "\(full)")
            let slow = """
                import os, subprocess, sys, time
                ours, theirs = os.pipe()
                os.set_blocking(theirs, False)
                program = subprocess.Popen(sys.argv[1:], stdout=theirs)
                os.close(theirs)
                with os.fdopen(ours, "rb") as file: sys.stdout.buffer.write(file.read())
                sys.exit(program.wait())
                """
            let whole = try place.learn("--backup")
            let piped = try runTool("python3", ["-c", slow, Programs.path("mailreeve")] + arguments)
            #expect(piped.status == 0 && piped.output == whole.output && piped.output.count > 200_000)
        }
    }

    @Test func judgesItselfByCrossValidation() async throws {
        try await Lanes.run {
            let place = try Place()
            let named = try place.learn("--evaluate", "--mbox", "--spam", Self.spam, "--ham", Self.ham)
            #expect(named.status == 0, "\(named)")
            #expect(named.lines.first == "cross-validation in 5 parts: 62 spam, 61 ham")
            #expect(named.lines.contains { $0.hasPrefix("1-AUC: ") })
            let twice = try place.learn("--evaluate", "--mbox", "--spam", Self.spam, Self.spam, "--ham", Self.ham)
            #expect(twice.lines.dropLast() == named.lines[...])
            #expect(twice.lines.last == "62 message(s) were copies of others and were left out")
            let both = try place.learn("--evaluate", "--mbox", "--spam", Self.spam, "--ham", Self.spam)
            #expect(
                both.lines == [
                    "62 message(s) were copies of others and were left out, 62 of messages of the other class"
                ])
            #expect(both.status == 1 && both.errorText.contains("62 spam and 0 ham are too few"))
            // Nothing was learnt by it, nor is a database asked for; and what is learnt can be judged without its mail.
            #expect(access(place.database, F_OK) != 0)
            _ = try place.learn("--mbox", "--spam", Self.spam, "--ham", Self.ham)
            #expect(try place.learn("--evaluate").lines.first == named.lines.first)
        }
    }

    @Test func aCorrectionIsHeardByTheNextMessage() async throws {
        try await Lanes.run {
            let place = try Place()
            _ = try place.learn("--mbox", "--spam", Self.spam, "--ham", Self.ham)
            for (box, isSpam) in [(Self.spam, true), (Self.ham, false)] {
                let whole = try String(decoding: Data(contentsOf: URL(fileURLWithPath: box)), as: UTF8.self)
                let end = try #require(whole.range(of: "\n\nFrom ")?.lowerBound)
                let start = try #require(whole.firstIndex(of: "\n"))
                let message = place.directory + "/message-\(isSpam).eml"
                try String(whole[whole.index(after: start)...end]).write(
                    toFile: message, atomically: false, encoding: .utf8)
                func probability() throws -> Double? {
                    let scan = try mailreeve(
                        "scan", "--config", place.configuration.path, "--json", "--bayes-dbpath", place.database,
                        message)
                    let document = try JSONDocument(scan.lines.first ?? "")
                    return (document["bayes"] as? [String: Double])?["probability"]
                }
                #expect((try #require(try probability()) > 0.5) == isSpam)
                let taught = try place.learn(isSpam ? "--ham" : "--spam", message)
                #expect(taught.lines.first == "Learned tokens from 1 message(s) (1 message(s) examined)")
                #expect((try #require(try probability()) > 0.5) == !isSpam)
            }
        }
    }

    @Test func actsAsSaLearn() async throws {
        try await Lanes.run {
            let place = try Place()
            let link = place.directory + "/sa-learn"
            try FileManager.default.createSymbolicLink(
                atPath: link, withDestinationPath: Programs.path("mailreeve"))
            func run(_ arguments: String...) throws -> ToolResult {
                try runTool(link, ["--config", place.configuration.path, "--dbpath", place.database] + arguments)
            }
            let learnt = try run("--no-sync", "--spam", Self.spam)
            #expect(learnt.status == 0)
            #expect(learnt.lines == ["Learned tokens from 62 message(s) (62 message(s) examined)"])
            #expect(
                try run("--dump", "magic").lines.contains(
                    "0.000          0          0          0  non-token data: nspam"))
            #expect(try run("--sync").text.isEmpty)
            #expect(
                try run("--dump", "magic").lines.contains(
                    "0.000          0         62          0  non-token data: nspam"))
            #expect(try run("--undo").lines.first?.hasPrefix("batch 1: 62 spam, 0 ham, at ") == true)
            let usage = try run("something")
            #expect(usage.status == 64)
            #expect(usage.errorText.contains("sa-learn"))
            #expect(try run("--spam", "/nonexistent/file").status == 1)
            let backup = try run("--backup")
            let saved = try place.configuration.write("saved", Array(backup.lines.joined(separator: "\n").utf8))
            #expect(try run("--clear").status == 0)
            #expect(try run("--restore", saved).status == 0)
            #expect(try run("--backup").lines == backup.lines)
        }
    }

    @Test(arguments: [("gzip", ".gz"), ("bzip2", ".bz2"), ("xz", ".xz"), ("cat", "")])
    func packedMailboxes(_ program: String, _ suffix: String) async throws {
        try await Lanes.run {
            let place = try Place()
            let file = place.directory + "/mail" + suffix
            let packed = try runTool("/bin/sh", ["-c", "\(program) <'\(Self.ham)' >'\(file)'"])
            try #require(packed.status == 0, "\(program) is missing")
            // As a file, as standard input that can be read twice, by a pipe, and by a pipe that has a name.
            let ways = [
                "%@ --ham '\(file)'", "%@ --ham - <'\(file)'", "cat '\(file)' | %@ --ham",
                "bash -c \"%@ --ham <(cat '\(file)')\"",
            ]
            for way in ways {
                let command =
                    "'\(Programs.path("mailreeve"))' learn --config '\(place.configuration.path)' --dbpath '\(place.database)'"
                let learnt = try runTool("/bin/sh", ["-c", way.replacing("%@", with: command)])
                #expect(
                    learnt.lines.first == "Learned tokens from 61 message(s) (61 message(s) examined)",
                    "\(way): \(learnt)")
                _ = try place.learn("--clear")
            }
        }
    }

    @Test func aPackedFileThatIsCutTeachesWhatIsWhole() async throws {
        try await Lanes.run {
            let place = try Place()
            let file = place.directory + "/cut.gz"
            _ = try runTool("/bin/sh", ["-c", "gzip -c '\(Self.ham)' | head -c 8000 >'\(file)'"])
            let learnt = try place.learn("--ham", file)
            #expect(learnt.status == 0)
            #expect(learnt.errorText.contains("cut.gz: gzip"))
            let line = try #require(learnt.lines.first)
            let count = try #require(Int(line.split(separator: " ")[3]))
            #expect(count > 10 && count < 61, "\(line)")
        }
    }

    /// Who keeps standard error in /dev/null hears of it by the exit status.
    @Test func whatCouldNotBeReadIsNoSuccess() async throws {
        try await Lanes.run {
            let place = try Place()
            let large = try place.configuration.write(
                "large", Array("Subject: large\n\n\(String(repeating: "word ", count: 40_000))\n".utf8))
            let command =
                "ulimit -f 100; exec '\(Programs.path("mailreeve"))' learn --config '\(place.configuration.path)' "
                + "--dbpath '\(place.directory)/new' --max-size 0 --spam '\(large)'"
            let run = try runTool("/bin/bash", ["-c", command])
            #expect(run.status == 1, "\(run)")
            #expect(run.lines.first == "Learned tokens from 0 message(s) (0 message(s) examined)", "\(run)")
            #expect(run.lines.last == "1 message(s) could not be read")
            #expect(run.errorText.contains("large: spool: write: File too large"), "\(run.errorText)")
        }
    }

    /// gzip(1) unpacks all of it and warns: no message is in the middle then.
    @Test func whatStandsBehindAPackedFileTakesNoMessage() async throws {
        try await Lanes.run {
            let place = try Place()
            let file = place.directory + "/trailing.gz"
            _ = try runTool("/bin/sh", ["-c", "(gzip -c '\(Self.ham)'; echo junk) >'\(file)'"])
            let learnt = try place.learn("--mbox", "--ham", file)
            #expect(learnt.status == 0)
            #expect(learnt.lines.first == "Learned tokens from 61 message(s) (61 message(s) examined)")
            #expect(learnt.errorText.contains("trailing.gz: gzip: trailing garbage ignored"))
        }
    }

    @Test func whatIsPassedOverIsSaid() async throws {
        try await Lanes.run {
            let place = try Place()
            _ = try place.configuration.write("empty", [])
            let empty = try place.learn("--spam", place.directory + "/empty")
            #expect(empty.status == 0)
            #expect(empty.lines.first == "Learned tokens from 0 message(s) (1 message(s) examined)")
            let tree = place.directory + "/tree"
            for name in ["a/b", ".Junk"] {
                try FileManager.default.createDirectory(
                    atPath: tree + "/" + name, withIntermediateDirectories: true)
            }
            try Data("Subject: x\n\nmail\n".utf8).write(to: URL(fileURLWithPath: tree + "/a/b/mail"))
            // A way back up ends nowhere else.
            try FileManager.default.createSymbolicLink(atPath: tree + "/a/b/up", withDestinationPath: "../..")
            try FileManager.default.createSymbolicLink(atPath: tree + "/a/loop", withDestinationPath: "../a")
            let learnt = try place.learn("--spam", "--max-size", "0", tree + "/a")
            #expect(learnt.lines.first?.hasPrefix("Learned tokens from ") == true, "\(learnt)")
            let junk = try place.learn("--spam", tree)
            #expect(junk.lines.contains { $0.contains("not looked into") && $0.contains(tree + "/.Junk") }, "\(junk)")
            try Data("Subject: y\n\ntaken out again\n".utf8).write(to: URL(fileURLWithPath: tree + "/a/,deleted"))
            let deleted = try place.learn("--spam", tree + "/a")
            #expect(deleted.lines.contains("1 message(s) marked as deleted were left out"), "\(deleted)")
            let large = try place.learn("--spam", "--max-size", "100", Self.spam)
            #expect(large.lines.contains { $0.hasPrefix("62 message(s) over 100 octets were skipped") }, "\(large)")
            let other = try place.learn("--spam", "--mbx", Self.spam)
            #expect(other.status == 1 && other.errorText.contains("not of the form mbx"))
            // The form was said: what stands in front of the first message is none, and hides none.
            let box = try String(contentsOfFile: Self.spam, encoding: .utf8)
            try Data(("a line of cron\nFrom here on:\n" + box).utf8).write(to: URL(fileURLWithPath: tree + "/box"))
            let behind = try place.learn("--spam", "--mbox", tree + "/box")
            #expect(behind.lines.first?.hasSuffix("(62 message(s) examined)") == true, "\(behind)")
            let none = try place.learn("--spam", "--mbox", tree + "/a/b/mail")
            #expect(none.status == 1 && none.errorText.contains("not of the form mbox"), "\(none)")
        }
    }

    @Test(.enabled(if: getuid() == 0, "only root can become another user"))
    func rootBecomesTheOwnerOfTheStore() async throws {
        try await Lanes.run {
            let place = try Place("  databases: user\n")
            func owner(_ path: String) -> UInt32? {
                var status = stat()
                return stat(place.database + path, &status) == 0 ? status.st_uid : nil
            }
            mkdir(place.database, 0o700)
            chown(place.database, 1, 1)
            #expect(try place.learn("--spam", "-u", "joe@example.com", Self.spam).status == 0)
            #expect(try place.learn("--ham", Self.ham).status == 0)
            for path in ["", "/data.mdb", "/users", "/users/joe@example.com", "/users/joe@example.com/data.mdb"] {
                #expect(owner(path) == 1, "\(path)")
            }
            // Where all is root's or new, it belongs to the user of the settings.
            let other = try runTool(
                Programs.path("mailreeve"),
                [
                    "learn", "--config", place.configuration.path, "--dbpath", place.database + "2/deep", "-u",
                    "Ann+list@example.com", "--spam", Self.spam,
                ])
            #expect(other.status == 0, "\(other)")
            #expect(owner("2/deep/users/ann@example.com/data.mdb") == Programs.serviceUser.1)
        }
    }

    /// Root learns mailboxes that only their owners may look into, as what they are: deleted mail is left out, and a file is one
    /// message. A name that holds a wildcard is found there, too.
    @Test(.enabled(if: getuid() == 0, "only root reads the mailboxes of others"))
    func rootReadsMailboxesOfOthers() async throws {
        try await Lanes.run {
            let place = try Place()
            let mailbox = place.directory + "/Maildir"
            for name in ["", "/cur", "/new", "/tmp"] { mkdir(mailbox + name, 0o700) }
            let separator = "From a@example.org Thu Aug 22 12:36:23 2002\n"
            let files = [
                "1:2,S": separator + "Subject: one\n\nfirst part of it\n\n" + separator + "and more of it\n",
                "2:2,ST": "Subject: two\n\ntaken out again\n", "[3]:2,S": "Subject: three\n\nkept as it is\n",
            ]
            for (name, text) in files {
                try Data(text.utf8).write(to: URL(fileURLWithPath: mailbox + "/cur/" + name))
            }
            for target in [mailbox, mailbox + "/cur"] {
                let learnt = try place.learn("--spam", target)
                #expect(learnt.lines.first?.hasSuffix("(2 message(s) examined)") == true, "\(learnt)")
                #expect(learnt.lines.contains("1 message(s) marked as deleted were left out"), "\(learnt)")
            }
            let named = try place.learn("--forget", mailbox + "/cur/[3]:2,S")
            #expect(named.lines.first == "Forgot tokens from 1 message(s) (1 message(s) examined)", "\(named)")
        }
    }

    /// Root gives a directory away to the user who reads mail: only one that holds a database or nothing.
    @Test(.enabled(if: getuid() == 0, "only root owns the directories of root"))
    func whatHoldsOtherFilesIsNotGivenAway() async throws {
        try await Lanes.run {
            let place = try Place()
            func owner(_ path: String) -> UInt32? {
                var status = stat()
                return lstat(path, &status) == 0 ? status.st_uid : nil
            }
            let full = place.directory + "/full"
            mkdir(full, 0o755)
            try Data("x".utf8).write(to: URL(fileURLWithPath: full + "/keep"))
            for path in [full, full + "/keep"] {
                for task in [["--spam", "--mbox", Self.spam], ["--clear"], ["--sync"]] {
                    let run = try runTool(
                        Programs.path("mailreeve"),
                        ["learn", "--config", place.configuration.path, "--dbpath", path] + task)
                    #expect(run.status == 1 && !run.errorText.isEmpty, "\(run)")
                }
                #expect(owner(path) == 0)
            }
            #expect(access(full + "/data.mdb", F_OK) != 0)
            let empty = place.directory + "/empty"
            mkdir(empty, 0o755)
            let run = try runTool(
                Programs.path("mailreeve"),
                ["learn", "--config", place.configuration.path, "--dbpath", empty, "--sync"])
            #expect(run.status == 0 && owner(empty) == Programs.serviceUser.1, "\(run)")
            let unnamed = try runTool(
                Programs.path("mailreeve"), ["learn", "--config", place.configuration.path, "--dbpath", "", "--sync"])
            #expect(unnamed.status == 64, "\(unnamed)")
        }
    }

    /// The size of a message is that which it has in the file.
    @Test func sizesAreThoseOfTheFile() async throws {
        try await Lanes.run {
            let place = try Place()
            let text = "Subject: lines\n\n" + String(repeating: "a\n", count: 1000)
            let file = try place.configuration.write("lines", Array(text.utf8))
            let learnt = try place.learn("--spam", "--max-size", "\(text.utf8.count)", file)
            #expect(learnt.lines.first == "Learned tokens from 1 message(s) (1 message(s) examined)", "\(learnt)")
            let large = try place.learn("--ham", "--max-size", "\(text.utf8.count - 1)", file)
            #expect(large.lines.first == "Learned tokens from 0 message(s) (0 message(s) examined)", "\(large)")
        }
    }

    /// A database that no mail would be judged by is not made.
    @Test func namesOfDatabasesThatNobodyAsksAreRefused() async throws {
        try await Lanes.run {
            for (scope, name, isMeant) in [
                ("shared", "amavis", true), ("shared", "joe@example.com", true), ("domain", "@example.com", true),
                ("domain", "example.com", false), ("domain", "joe@example.com", false), ("user", "joe", false),
                ("user", "@example.com", false), ("user", "", false), ("domain", "", false),
                ("user", "joe@example.com/../x", false), ("user", "joe@example.com\n", false),
                ("domain", "@ex ample.com", false), ("user", "jo/e@bücher.example", true),
                ("user", "joe@[192.0.2.1]", true), ("domain", "@Example.com.", true), ("domain", "@.", false),
                ("domain", "@example.com..", false), ("domain", "@a@example.com", false),
                ("user", "joe@example..com", false), ("user", "a@b@c.example", false),
                ("user", "@b:joe@c.example", false), ("user", #""a@b"@c.example"#, true),
                ("user", "joe@example.com.", true),
            ] {
                let place = try Place("  databases: \(scope)\n")
                let run = try place.learn("--sync", "-u", name)
                #expect(run.status == (isMeant ? 0 : 64), "\(scope) \(name): \(run)")
                let shared = access(place.database + "/data.mdb", F_OK) == 0
                #expect(shared == (scope == "shared"), "\(scope) \(name)")
                #expect((access(place.database + "/users", F_OK) == 0) == (isMeant && scope != "shared"))
                // The dot of the root is no other domain.
                let made = try? FileManager.default.contentsOfDirectory(atPath: place.database + "/users")
                #expect(made?.contains { $0.hasSuffix(".") } != true, "\(scope) \(name)")
            }
        }
    }

    @Test func aDeliveredCopyWithOurTagIsTheSameMail() async throws {
        try await Lanes.run {
            let place = try Place("policies:\n  default:\n    subject_tags:\n      spam: \"***SPAM***\"\n")
            func mail(_ name: String, _ subject: String) throws -> String {
                let text = "Message-ID: <1@example.org>\nFrom: a@example.org\nSubject: \(subject)\n\nwords of a mail\n"
                return try place.configuration.write(name, Array(text.utf8))
            }
            _ = try place.learn("--spam", mail("sent", "cheap watches"))
            let plain = try place.learn("--dump", "data")
            let known = try place.learn("--spam", mail("delivered", "***SPAM*** cheap watches"))
            #expect(known.lines.first == "Learned tokens from 0 message(s) (1 message(s) examined)")
            let other = try place.learn("--ham", mail("delivered", "***SPAM*** cheap watches"))
            #expect(other.lines.last?.contains("0 spam, 1 ham") == true, "\(other)")
            func tokens(_ dump: ToolResult) -> Set<String> {
                Set(dump.lines.map { $0.split(separator: " ").last.map(String.init) ?? "" })
            }
            #expect(try tokens(place.learn("--dump", "data")) == tokens(plain))
        }
    }

    @Test func whatIsNotThereIsNotMade() async throws {
        try await Lanes.run {
            let place = try Place()
            for (task, status) in [("--dump", 2), ("--backup", 2), ("--undo", 1), ("--evaluate", 1)]
                as [(String, Int32)]
            {
                let result = try place.learn(task)
                #expect(result.status == status && result.errorText.contains("no database"), "\(task): \(result)")
                #expect(!FileManager.default.fileExists(atPath: place.database))
            }
            _ = try place.learn("--sync")
            #expect(try place.learn("--evaluate").status == 1)
            #expect(try place.learn("--undo", "x").status == 64)
        }
    }
}
