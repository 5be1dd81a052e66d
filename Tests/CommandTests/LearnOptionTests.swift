import Testing

@testable import mailreeve

/// The command line of sa-learn(1).
@Suite struct LearnOptionTests {
    private func options(_ line: String) throws -> LearnOptions {
        var options = try LearnOptions(line.split(separator: " ").map(String.init))
        try options.complete()
        return options
    }

    @Test func classesAndFormatsHoldForWhatFollows() throws {
        let options = try options("--spam a --mbox b --ham c --dir d")
        #expect(
            options.targets == [
                LearnOptions.Target(path: "a", lesson: .spam, format: .detect),
                LearnOptions.Target(path: "b", lesson: .spam, format: .mbox),
                LearnOptions.Target(path: "c", lesson: .ham, format: .mbox),
                LearnOptions.Target(path: "d", lesson: .ham, format: .dir),
            ])
    }

    @Test(
        arguments: [
            ("--sync", LearnOptions.Task.sync), ("--rebuild", .sync), ("--force-expire", .forceExpire),
            ("--clear", .clear), ("--backup", .backup), ("--restore f", .restore("f")), ("--restore=f", .restore("f")),
            ("--import", .importing), ("--dump", .dump(.all)), ("--dump all", .dump(.all)),
            ("--dump data", .dump(.data)),
            ("--dump=magic", .dump(.magic)), ("--undo", .undo(nil)), ("--undo 4", .undo(4)), ("-h", .help),
            ("--help", .help), ("-V", .version), ("--evaluate", .evaluate),
        ])
    func tasks(_ line: String, _ task: LearnOptions.Task) throws {
        #expect(try options(line).task == task)
    }

    @Test(
        arguments: [
            "--spam -", "--ham", "--forget x y", "--spam --no-sync x",
            "-D --spam x", "-D all --spam x", "-L --spam x", "-u joe --spam x", "-C /etc/x --spam x", "-p /x --ham y",
            "--siteconfigpath /x --ham y", "--cf=use_bayes_1 --ham y", "--nonspam --file x", "--spam -f list",
            "--prog --showdots --max-size=0 --ham -- -x", "--use-ignores --mbx --spam x",
        ])
    func linesOfScriptsAreUnderstood(_ line: String) throws {
        _ = try options(line)
    }

    @Test(
        arguments: [
            "", "x", "--frob", "-q", "--max-size many --spam x", "--dump=some", "--undo=x", "--spam=x", "--username",
            "--s x", "--mbox x", "--evil",
        ])
    func whatCannotBeMeantIsRefused(_ line: String) {
        #expect(throws: LearnOptions.UsageError.self) { try options(line) }
    }

    @Test func withoutTargetsStandardInputIsLearnt() throws {
        #expect(try options("--spam").targets.map(\.path) == ["-"])
        #expect(try options("--sync").targets.isEmpty)
    }

    @Test func debugTakesNoFileForItsArea() throws {
        #expect(try options("-D --ham x").targets.map(\.path) == ["x"])
        #expect(try options("--ham -D bayes x").targets.map(\.path) == ["x"])
        #expect(try options("--ham -D ./x.eml").targets.map(\.path) == ["./x.eml"])
    }

    @Test func sizesAreOctets() throws {
        #expect(try options("--ham x").largestMessage == 512_000)
        #expect(try options("--ham --max-size 0 x").largestMessage == 0)
    }

    @Test(arguments: [
        ("joe", "joe"), ("a@b.example", "a@b.example"), ("../x", "%2E.%2Fx"), ("ä", "%C3%A4"), (".", "%2E"),
    ])
    func namesOfUsersAreNoPaths(_ pair: (String, String)) {
        #expect(LearntDatabases.escaped(pair.0) == pair.1)
    }
}

/// Mailboxes and messages to learn.
@Suite struct LearnSourceTests {
    private static let message = "From: a@example.com\r\nDate: x\r\nMessage-ID: <1@example.com>\r\n\r\nbody\r\n"

    @Test func identifiersPassOverWhatDeliveriesAdd() {
        let plain = LearnMail(name: "", bytes: Array(Self.message.utf8))
        let delivered = LearnMail(
            name: "", bytes: Array(("Received: from x\r\nX-Spam-Status: No\r\nStatus: RO\r\n" + Self.message).utf8))
        #expect(plain.id == delivered.id)
        for other in [
            Self.message + "more", Self.message.replacing("<1@", with: "<2@"), Self.message.replacing("a@", with: "b@"),
        ] {
            #expect(LearnMail(name: "", bytes: Array(other.utf8)).id != plain.id)
        }
        #expect(plain.id.hasSuffix("@mailreeve") && plain.id.utf8.count == 50)
    }

    @Test func mailboxesOfTheFormMbx() {
        let header = "*mbx*\r\n" + String(repeating: "\0", count: 2041)
        let one = "Subject: one\r\n\r\nfirst\r\n"
        let two = "Subject: two\r\n\r\nsecond\r\n"
        func line(_ text: String) -> String {
            " 1-Jan-2024 00:00:00 +0000,\(text.utf8.count);000000000000-00000001\r\n"
        }
        let box = header + line(one) + one + line(two) + two
        #expect(Mbx.messages(Array(box.utf8)) == [Array(one.utf8), Array(two.utf8)])
        // Cut anywhere: whole messages only, and no trap.
        for end in stride(from: 0, to: box.utf8.count, by: 7) {
            #expect(Mbx.messages(Array(box.utf8.prefix(end))).count <= 2)
        }
        #expect(Mbx.messages(Array((header + " 1-Jan-2024 00:00:00 +0000,-5;0\r\nx").utf8)).isEmpty)
        #expect(Mbx.messages(Array((header + " 1-Jan-2024 00:00:00 +0000,99999999999999999999;0\r\nx").utf8)).isEmpty)
    }
}
