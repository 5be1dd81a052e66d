import Checks
import Patterns
import Testing

/// What rules on names and types of files decide, in which order, and for which file.
@Suite struct BannedMatcherTests {
    /// A message with a zip archive, in it a rar archive, in it a program; beside them a text.
    private static let files: [BannedFile] = [
        BannedFile(container: nil, placement: "1", declared: ["multipart/mixed"]),
        BannedFile(
            container: 0, placement: "1/1", declared: ["application/zip"], names: ["a.zip"], types: ["zip"], size: 500,
            digest: [UInt8](repeating: 1, count: 32)),
        BannedFile(container: 1, placement: "1/1/1", names: ["b.rar"], types: ["rar"], size: 300),
        BannedFile(
            container: 2, placement: "1/1/1/1", names: ["run.exe"], types: ["exe-ms", "exe"], marks: ["encrypted"],
            size: 100),
        BannedFile(
            container: 0, placement: "1/2", declared: ["text/plain"], names: ["note.txt"], types: ["asc"], size: 9),
    ]

    private func lookup(_ text: String, _ files: [BannedFile] = Self.files) -> [BannedMatch] {
        let rules = BannedRules([BannedRules.Source(name: "f", text: Array(text.utf8))])
        let matcher = BannedMatcher(rules)
        #expect(matcher.problems.isEmpty, "\(matcher.problems)")
        let lookup = BannedLookup(matcher, files) { false }
        #expect(lookup.reached == nil && matcher.failures == 0)
        return lookup.matches
    }

    /// Numbers of the rules that held for the program and for the text; -1 where none did.
    private func decided(_ text: String) -> [Int] {
        let matches = lookup(text)
        return [3, 4].map { file in matches.last { $0.file == file }?.rule ?? -1 }
    }

    /// Each condition alone: whether it holds for the program, and for the text.
    @Test(arguments: [
        ("*.exe", true, false), ("*.EXE", true, false), ("run.???", true, false), ("*.{com,exe}", true, false),
        ("\"run.exe\"", true, false), ("exe", true, false), (".exe", true, false), ("detected zip|exe", true, false),
        ("text/plain", false, true), ("text/*", false, true), ("declared text/*", false, true),
        ("name /^run/", true, false), ("name /^RUN/", false, false), ("name /^RUN/i", true, false),
        // What holds for a container holds for what is in it.
        ("zip", true, false), ("name a.zip", true, false), ("multipart/mixed", true, true),
        ("zip > *.rar", true, false), ("zip > *.exe", false, false), ("zip > rar > *.exe", true, false),
        ("application/zip > rar", true, false), ("rar > zip", false, false),
        ("*.exe inside zip", true, false), ("*.exe inside rar", true, false), ("*.exe not inside zip", false, false),
        ("*.txt not inside zip", false, true), ("*.txt inside multipart/mixed", false, true),
        ("encrypted", true, false), ("*.exe not encrypted", false, false),
        ("size > 499", true, false), ("size < 10", true, true), ("*.exe size < 100", false, false),
        ("*.exe size < 101", true, false), ("sha256 \(String(repeating: "01", count: 32))", true, false),
        ("any /^[.]exe-ms$/", true, false), ("any /^application\\/zip$/", true, false),
        ("any /^UNDECIPHERABLE$/", true, false),
        ("any /^note/", false, true),
        ("namepath /^P=p002\\tL=1\\/1\\tM=application\\/zip\\tT=zip\\tN=a.zip$/m", true, false),
        ("namepath /T=zip(?s:.*)N=run.exe\\tA=C\\z/", true, false), ("not namepath /T=zip/", false, true),
        ("name /\\x{e9}/", false, false), ("name *.txt not *.exe", false, true),
    ])
    func conditions(_ condition: String, _ program: Bool, _ text: Bool) {
        let both = decided("ban \(condition)\n")
        #expect(both == [program ? 0 : -1, text ? 0 : -1], "\(condition)")
    }

    /// Conditions of one rule are about one file: the size of the archive and the name of the program do not add up.
    @Test func conditionsAreAboutOneFile() {
        #expect(decided("ban *.exe size > 400\n")[0] == -1)
        #expect(decided("ban zip size > 400\n")[0] == 0)
    }

    @Test func theFirstThatHoldsDecides() {
        #expect(decided("allow zip\nban *.exe\n") == [0, -1])
        #expect(decided("ban *.exe\nallow zip\n") == [0, -1])
        #expect(decided("ban *.com\nallow rar\nban *.exe\nban *.txt\n") == [1, 3])
    }

    /// Points do not end the search, and count up to what decides only.
    @Test func scoresGoOn() {
        let matches = lookup("score 1 A *.exe\nban *.exe\nscore 1 B *.exe\n")
        #expect(matches.filter { $0.file == 3 }.map(\.rule) == [0, 1])
    }

    /// Each set answers for itself; only files that hold nothing further are asked about.
    @Test func setsAndLeaves() {
        let matches = lookup("ban zip\nset other\nban *.exe\n")
        #expect(matches.map(\.set) == [0, 1] && matches.map(\.file) == [3, 3] && matches.map(\.matched) == [1, 3])
    }

    /// A rule that skips ends its set without a decision, for the name itself only.
    @Test func skippingEndsTheSet() {
        #expect(decided("skip *.exe\nban *\n") == [-1, 1])
        #expect(decided("score 1 A *.exe\nskip *.exe\nban *\n") == [0, 2])
        #expect(lookup("skip *.exe\nban *.exe\nset other\nban *.exe\n").map(\.set) == [1])
        let hidden = [BannedFile(container: nil, placement: "1", names: ["a.exe."])]
        #expect(lookup("skip *.exe\nban *.exe\n", hidden).map(\.rule) == [1])
    }

    /// What amavis takes for data is banned by what bans data there, and not let through by what lets data through.
    @Test func dataOfAmavis() {
        let files = [BannedFile(container: nil, placement: "1", names: ["a"], types: ["lnk"])]
        #expect(lookup("ban any /^[.]dat$/\n", files).count == 1)
        #expect(lookup("ban namepath /T=dat/\n", files).count == 1)
        #expect(lookup("allow any /^[.]dat$/\nban lnk\n", files).map(\.rule) == [1])
        #expect(lookup("ban dat\n", files).isEmpty)
    }

    /// A rule that bans names of files leaves the folders of an archive alone, and nothing that could be a file.
    @Test(arguments: [
        ("ban *.com\n", -1), ("score 1 A *.com\n", -1), ("ban zip > *.com\n", -1), ("ban *.com directory\n", 0),
        ("ban *.com not directory\n", -1), ("ban name /[.]com/\n", 0), ("ban any /[.]com/\n", 0),
        ("ban namepath /N=.*com/\n", 0), ("ban directory\n", 0), ("allow *.com\nban name /[.]com/\n", 0),
        ("ban zip not *.txt\n", 0), ("ban *.zip\n", 0), ("ban * inside zip\n", -1),
    ])
    func namesOfDirectories(_ rules: String, _ decides: Int) {
        let files = [
            BannedFile(container: nil, placement: "1", names: ["a.zip"], types: ["zip"], size: 100),
            BannedFile(container: 0, placement: "1/1", names: ["www.example.com"], marks: ["directory"]),
        ]
        #expect(lookup(rules, files).last { $0.file == 1 }?.rule ?? -1 == decides)
    }

    /// With content it is none, nor when the archive does not say so.
    @Test func directoriesWithContent() {
        let name = "www.example.com"
        for file in [
            BannedFile(container: nil, placement: "1", names: [name], marks: ["directory"], size: 1),
            BannedFile(container: nil, placement: "1", names: [name]),
        ] {
            #expect(lookup("ban *.com\n", [file]).map(\.rule) == [0])
        }
    }

    @Test func hiddenNamesAreSeen() {
        for name in ["x\u{202E}fdp.exe", "x.exe\u{0}.txt", "x.exe.", "x.exe:s", "x.ex\u{200B}e", "x\u{FF0E}exe"] {
            let matches = lookup("ban *.exe\n", [BannedFile(container: nil, placement: "1", names: [name])])
            #expect(matches.count == 1, "\(name.debugDescription)")
        }
    }

    /// What lets a file through must be its name as it was sent; what bans holds for every form of it.
    @Test(arguments: [
        ("x/.tar", "allow any /^[.](rpm|cpio|tar)$/\nban *\n", 1),
        (".tar", "allow any /^[.](rpm|cpio|tar)$/\nban *\n", 0),
        ("a.txt:a.exe", "allow name /^a[.]txt$/\nban *\n", 1),
        ("a.exe.", "allow * not *.exe\nban *\n", 1), ("a.txt.", "ban * not *.txt\n", 0),
        ("a.txt", "ban * not *.txt\n", -1),
        ("a.exe.", "ban namepath /N=a[.]exe(\\t|$)/\n", 0), ("a.exe.", "allow namepath /N=a[.]exe$/\nban *\n", 1),
    ])
    func allowedIsTheNameItself(_ name: String, _ text: String, _ rule: Int) {
        let matches = lookup(text, [BannedFile(container: nil, placement: "1", names: [name])])
        #expect((matches.last?.rule ?? -1) == rule)
    }

    /// No name or declared type passes for another attribute or another level.
    @Test(arguments: ["\t", "\n", "\r", "\u{B}", "\u{2028}", "\u{85}"]) func attributesAreNotForged(_ end: String) {
        let files = [
            BannedFile(
                container: nil, placement: "1", declared: ["a/b\(end)T=pdf"], names: ["a.exe\(end)T=pdf\(end)P=p1"],
                types: ["exe"])
        ]
        let matches = lookup(
            "allow namepath /(^|\\t)T=pdf(\\t|\\R|$)/m\nallow namepath /(^|\\R)P=p1/\nban *.*\n", files)
        #expect(matches.map(\.rule) == [2])
    }

    /// The name of a compressed file without its extension bans, and allows nothing.
    @Test func impliedNamesBanOnly() {
        let file = BannedFile(container: nil, placement: "1", impliedNames: ["x.exe"])
        #expect(lookup("ban *.exe\n", [file]).map(\.rule) == [0])
        #expect(lookup("allow *.exe\nban *\n", [file]).map(\.rule) == [1])
    }

    /// What a set allows is told where another set bans or scores: sets are asked in the order that the policy says.
    @Test(arguments: [("score 1 X *.txt", 2), ("ban *.txt", 2), ("allow *.txt", 0), ("ban *.exe", 0)])
    func whatIsAllowedMatters(_ other: String, _ count: Int) {
        let rules = BannedRules([
            BannedRules.Source(name: "f", text: Array("allow *.txt\nset other\n\(other)\n".utf8))
        ])
        let lookup = BannedLookup(
            BannedMatcher(rules), [BannedFile(container: nil, placement: "1", names: ["a.txt"])]
        ) { false }
        #expect(lookup.needed.count == count)
    }

    @Test func patternsThatCannotBeCompiledAreNamed() {
        let rules = BannedRules([BannedRules.Source(name: "f", text: Array("ban *.a\nban name /(/\n".utf8))])
        let problems = BannedMatcher(rules).problems
        #expect(problems.map(\.place.line) == [2])
        #expect(problems.first?.text.contains("parenthesis") == true)
    }

    /// A pattern that explodes is given up, and that is told.
    @Test func stepsAreBounded() {
        let rules = BannedRules([BannedRules.Source(name: "f", text: Array("ban name /^(a+)+$/\n".utf8))])
        var limits = PatternLimits()
        limits.matchSteps = 1000
        let matcher = BannedMatcher(rules, limits: limits)
        let name = String(repeating: "a", count: 40) + "!"
        _ = BannedLookup(matcher, [BannedFile(container: nil, placement: "1", names: [name])]) { false }
        #expect(matcher.failures > 0)
        matcher.clearFailures()
        #expect(matcher.failures == 0)
    }

    @Test func timeAndMatchesAreBounded() {
        let rules = BannedRules([BannedRules.Source(name: "f", text: Array("ban *\n".utf8))])
        let matcher = BannedMatcher(rules)
        #expect(BannedLookup(matcher, Self.files) { true }.reached == .time)
        let file = BannedFile(container: nil, placement: "1", names: ["a"])
        let most = BannedLookup(matcher, Array(repeating: file, count: BannedLookup.mostMatches)) { false }
        #expect(most.reached == nil && most.matches.count == BannedLookup.mostMatches)
        let more = BannedLookup(matcher, Array(repeating: file, count: BannedLookup.mostMatches + 1)) { false }
        #expect(more.reached == .matches && more.matches.count == BannedLookup.mostMatches)
    }

    /// The shipped rules on a file: its name, declared type and short types, and whether it is banned.
    @Test(arguments: [
        ("a.py", "", "asc", true), ("a.rdp", "", "asc", true), ("a.mdb", "", "dat", true), ("a.swm", "", "dat", true),
        ("a.terminal", "", "asc", true), ("a.ppkg", "", "dat", true), ("a.mat", "", "dat", false),
        ("a.nt", "", "asc", false), ("a.crt", "", "asc", false), ("setup.run", "", "asc", false),
        // Addresses and domains as names, and programs that pass for such.
        ("bob@example.com", "text/vcard", "asc", false), ("bob@example.com", "application/pgp-keys", "asc", false),
        ("export-shop.com", "text/csv", "asc", false), ("Angebot example.com", "", "docx zip", false),
        ("bob@example.com", "text/vcard", "dat", true), ("bob@example.com", "text/plain", "asc", true),
        ("bob@example.com", "text/vcard", "exe", true), ("x.com", "text/csv", "asc bat", true),
        // Class identifiers are extensions, or part of a title.
        ("Contract {3F2504E0-4F89-11D3-9A0C-0305E82C3301}", "", "pdf", false),
        ("Contract.{3F2504E0-4F89-11D3-9A0C-0305E82C3301}", "", "pdf", true),
        // What shows nothing, in words that need it and in extensions.
        ("v1.2 \u{646}\u{627}\u{645}\u{647}\u{200C}\u{647}\u{627}", "", "pdf", false),
        ("a.\u{646}\u{647}\u{200C}\u{627}", "", "pdf", false),
        ("a.p\u{200B}df", "", "pdf", true), ("a.\u{200B}pdf", "", "pdf", true), ("a.pdf\u{200D}", "", "pdf", true),
        ("a\u{200B}.pdf", "", "pdf", true), ("a.\u{FF45}\u{200B}\u{FF58}e", "", "dat", true),
        ("Invoice          .pdf", "", "pdf", false), ("a.pdf          .bak", "", "dat", true),
        ("Invoice          .exe", "", "dat", true),
    ])
    func shippedRulesOnNames(_ name: String, _ declared: String, _ types: String, _ isBanned: Bool) {
        let rules = BannedRules([BannedRules.shipped])
        let file = BannedFile(
            container: nil, placement: "1", declared: [declared].filter { !$0.isEmpty }, names: [name],
            types: types.split(separator: " ").map(String.init))
        let matches = BannedLookup(BannedMatcher(rules), [file]) { false }.matches.filter { $0.set == 0 }
        #expect(matches.contains { rules.sets[0].rules[$0.rule].action == .ban } == isBanned, "\(matches)")
    }

    /// The text of a message may quote what a file must not be.
    @Test(arguments: ["bat", "url", "desktop", "reg", "iqy"]) func quotedFilesAreText(_ type: String) {
        let rules = BannedRules([BannedRules.shipped])
        for (marks, count) in [(Set(["displayed"]), 0), ([], 1)] {
            let file = BannedFile(container: nil, placement: "1", types: [type, "asc"], marks: marks)
            #expect(BannedLookup(BannedMatcher(rules), [file]) { false }.matches.count == count)
        }
    }

    @Test func lintNamesWhatAsksForSeveralNames() {
        let text = "ban *.exe *.scr\nban *.com not *.net\nban *.{a,b}\nban name /a/ *.c\n"
        let rules = BannedRules([BannedRules.Source(name: "f", text: Array(text.utf8))])
        #expect(BannedLint.findings(rules).map(\.place.line) == [1])
    }

    @Test func lintNamesWhatTakesVeryLong() {
        let rules = BannedRules([BannedRules.Source(name: "f", text: Array("ban name /(a+)+$/\nban name /a+$/\n".utf8))]
        )
        #expect(BannedLint.findings(rules).map(\.place.line) == [1])
    }

    @Test func lintNamesWhatNeverDecides() {
        let rules = BannedRules([
            BannedRules.Source(
                name: "f",
                text: Array(
                    "ban zip|rar\nban zip *.exe\nallow *.com\nscore 1 A *.com\nban *.com size > 1\nban *.bat\n".utf8))
        ])
        #expect(BannedLint.findings(rules).map(\.place.line) == [2, 4, 5])
        #expect(BannedLint.findings(BannedRules([BannedRules.shipped])).isEmpty)
    }
}
