import Linux
import Testing

@testable import mailreeve

/// The command line of sa-learn(1).
@Suite struct LearnOptionTests {
    private func options(_ line: String) throws -> LearnOptions {
        var options = try LearnOptions(line.split(separator: " ").map { OctetPath(String($0)) })
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
                LearnOptions.Target(path: "d", lesson: .ham, format: .mbox),
            ])
    }

    @Test(
        arguments: [
            ("--sync", LearnOptions.Task.sync), ("--rebuild", .sync), ("--force-expire", .forceExpire(syncs: false)),
            ("--force-expire --force-expire", .forceExpire(syncs: false)),
            ("--force-expire --sync", .forceExpire(syncs: true)),
            ("--sync --force-expire", .forceExpire(syncs: true)),
            ("--rebuild --force-expire --sync", .forceExpire(syncs: true)),
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
            "--progress --showdots --max-size=0 --ham -- -x", "-LD --spam x", "-Lujoe --spam x",
            "--use-ignores --mbx --spam x",
        ])
    func linesOfScriptsAreUnderstood(_ line: String) throws {
        _ = try options(line)
    }

    @Test(
        arguments: [
            "", "x", "--frob", "-q", "--max-size many --spam x", "--dump=some", "--undo=x", "--undo x", "--spam=x",
            "--username",
            "--s x", "--mbox x", "--evil", "--prog --spam x", "-Lq --spam x", "-Lu", "-HAM x",
            "--clear x", "--clear x --spam y", "--dump all x", "--backup x", "--restore f x", "--import x",
            "--force-expire x", "--sync x",
            "--undo 1 --spam x", "--undo --spam x", "--undo 1 --spam", "--undo 1 --dump", "--dump --undo 1",
            "--undo 1 -f list",
        ])
    func whatCannotBeMeantIsRefused(_ line: String) {
        #expect(throws: LearnOptions.UsageError.self) { try options(line) }
    }

    /// With sa-learn, too, the option holds for the whole run, wherever it stands.
    @Test(
        arguments: [
            "--forget x y", "--forget --spam x y", "--spam --forget x --ham y", "--spam x --ham y --forget",
        ])
    func forgettingHoldsForTheRun(_ line: String) throws {
        let options = try options(line)
        #expect(options.forgets && options.targets.map(\.lesson) == [.forget, .forget])
        #expect(try !self.options("--spam x").forgets)
        #expect(try self.options("--ham -f list --forget").lists.map(\.lesson) == [.forget])
    }

    /// As sa-learn has it: a list is read when all options are.
    @Test func listsHaveTheLastClassAndFormat() throws {
        let expected = [
            LearnOptions.Target(path: "a", lesson: .ham, format: .mbox),
            LearnOptions.Target(path: "b", lesson: .ham, format: .mbox),
        ]
        #expect(try options("--spam --mbx -f a x -f b --ham --mbox").lists == expected)
        #expect(try options("-f a -f b --mbox --ham").lists == expected)
    }

    @Test func withoutTargetsStandardInputIsLearnt() throws {
        #expect(try options("--spam").targets.map(\.path) == ["-"])
        #expect(try options("--sync").targets.isEmpty)
    }

    /// As with sa-learn, targets that have a class are in no task's way.
    @Test(arguments: ["--clear", "--restore f", "--import", "--sync", "--force-expire"])
    func targetsWithAClassArePassedOver(_ task: String) throws {
        #expect(try options(task + " --spam x").passesTargetsOver)
        #expect(try !options(task).passesTargetsOver)
        #expect(try !options("--spam x").passesTargetsOver)
    }

    @Test func debugTakesNoFileForItsArea() throws {
        #expect(try options("-D --ham x").targets.map(\.path) == ["x"])
        #expect(try options("--ham -D bayes x").targets.map(\.path) == ["x"])
        #expect(try options("--ham -D ./x.eml").targets.map(\.path) == ["./x.eml"])
        #expect(try LearnOptions(["-D", "", "--ham", "x"]).targets.map(\.path) == ["x"])
    }

    @Test func lettersGoTogether() throws {
        #expect(try options("-LDbayes --spam x") == options("-L -D bayes --spam x"))
        #expect(try options("-Lujoe --spam x").user == "joe")
        #expect(try options("-Lu joe --spam x").user == "joe")
        #expect(try options("-Lh").task == .help)
    }

    /// The order in which sa-learn reads them.
    @Test func settingsOfSpamAssassinStandInOrder() throws {
        let line = "--cf a --prefs-file p -C old --siteconfigpath s --cf=b --config-file c --ham x"
        #expect(
            try options(line).foreignSettings == [.path("c"), .path("s"), .path("p"), .line("a"), .line("b")])
        #expect(try options("--ham x").foreignSettings.isEmpty)
    }

    @Test func sizesAreOctets() throws {
        #expect(try options("--ham x").largestMessage == 512_000)
        #expect(try options("--ham --max-size 0 x").largestMessage == 0)
    }
}
