import Checks
import MailModel
import Testing

/// Files of rules on names and types of files: what they say, and where they are wrong.
@Suite struct BannedRulesTests {
    private func rules(_ text: String) -> BannedRules {
        BannedRules([BannedRules.Source(name: "f", text: Array(text.utf8))])
    }

    private func problem(_ text: String) -> String { rules(text).problems.map(\.description).joined(separator: " | ") }

    @Test func rulesHaveActionsConditionsAndReasons() {
        let read = rules(
            """
            # a comment of the file
            ban *.exe  # programs
            allow detected zip|.rar not inside disk
            score -1.5 NAME size > 2K   # first
                 size < 4M              # second

            set other
            ban zip > *.exe
            set default
            ban "a b.exe" encrypted
            """)
        #expect(read.problems.isEmpty, "\(read.problems)")
        #expect(read.sets.map(\.name) == ["default", "other"])
        let first = read.sets[0].rules
        #expect(first.map(\.reason) == ["programs", "", "first second", ""])
        #expect(first.map(\.action) == [.ban, .allow, .score(-1500, name: "NAME"), .ban])
        #expect(first.map(\.conditions.count) == [1, 2, 2, 2])
        #expect(first.map(\.place.line) == [2, 3, 4, 10])
        #expect(first[1].conditions.map(\.isPositive) == [true, false])
        #expect(first[1].conditions[0].test == .file(.detected(["zip", "rar"])))
        #expect(first[2].conditions.map(\.test) == [.size(.greater, 2048), .size(.less, 4_194_304)])
        #expect(first[3].conditions[1].test == .mark("encrypted"))
        guard case .path(let steps) = read.sets[1].rules[0].conditions[0].test else {
            Issue.record("no path")
            return
        }
        #expect(steps.count == 2 && steps[0] == .detected(["zip"]))
    }

    /// What is wrong is named with file, line and column, and costs that rule only.
    @Test(arguments: [
        ("ban", "f:1:1: a rule needs a condition, such as *.exe or detected exe"),
        ("forbid *.exe", "f:1:1: a rule begins with ban, allow, skip or score; 'set NAME' begins a set"),
        ("ban /[.]exe$", "f:1:5: the pattern has no / at its end on this line"),
        ("ban /a/q", "f:1:5: unknown flag q behind the pattern: i, m, s and x are read"),
        ("ban *.{exe", "f:1:5: *.{exe: a { without its }"),
        ("ban any *.exe", "f:1:9: expected a pattern in slashes, such as /[.]exe$/i"),
        ("ban size 10", "f:1:10: write size > 10M or size < 100"),
        ("ban size > ten", "f:1:12: 'ten' is no size: digits, and K, M or G"),
        ("ban sha256 abc", "f:1:12: a SHA-256 digest has 64 hexadecimal digits"),
        ("ban zip >", "f:1:1: what stands in it, such as *.exe is missing at the end"),
        ("score much NAME *.exe", "f:1:7: write 'score POINTS NAME', such as score 2.5 HTML_SMUGGLING"),
        ("set two words", "f:1:1: write 'set NAME' with a name of letters, digits, - and _, at most 64"),
        ("ban > *.exe", "f:1:5: a file is expected before and behind >"),
    ])
    func whatIsWrongIsNamed(_ text: String, _ words: String) {
        #expect(problem("\(text)\n") == words)
        let more = rules("\(text)\nban *.com\n")
        #expect(more.sets[0].rules.map(\.place.line) == [2])
    }

    @Test func unknownTypesAreNamed() {
        #expect(problem("ban exee").hasPrefix("f:1:5: 'exee' is neither a condition nor a short type"))
        #expect(problem("ban detected zip|exee").hasPrefix("f:1:14: 'exee'"))
    }

    @Test func countsAreBounded() {
        let most = BannedRules.Limits.conditions
        #expect(problem("ban" + String(repeating: " encrypted", count: most)).isEmpty)
        #expect(
            problem("ban" + String(repeating: " encrypted", count: most + 1)).contains("more than \(most) conditions"))
        let rule = "ban *.exe\n"
        #expect(rules(String(repeating: rule, count: BannedRules.Limits.rules)).problems.isEmpty)
        let many = rules(String(repeating: rule, count: BannedRules.Limits.rules + 1))
        #expect(many.problems.count == 1 && many.sets[0].rules.count == BannedRules.Limits.rules)
        let sets = (0..<BannedRules.Limits.sets).map { "set s\($0)\nban *.exe\n" }.joined()
        // The default set is one of them.
        #expect(rules(sets).problems.map(\.text) == ["more than \(BannedRules.Limits.sets) sets"])
        #expect(rules(String(repeating: "nonsense\n", count: 500)).problems.count == BannedRules.Limits.problems)
    }

    /// Any bytes at all are read to their end.
    @Test func nonsenseIsReadToItsEnd() {
        var seed: UInt64 = 7
        let alphabet = Array("ban allow>*{}/\\\"#.,|\n\t not 12Kzip\u{0}".utf8)
        for _ in 0..<2000 {
            var bytes: [UInt8] = []
            for _ in 0..<60 {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes.append(alphabet[Int(seed >> 33) % alphabet.count])
            }
            let read = BannedRules([BannedRules.Source(name: "f", text: bytes)])
            #expect(read.problems.allSatisfy { $0.place.line >= 1 && $0.place.column >= 1 })
        }
    }

    @Test func theShippedRulesAreRight() {
        let shipped = BannedRules([BannedRules.shipped])
        #expect(shipped.problems.isEmpty, "\(shipped.problems)")
        #expect(shipped.sets.map(\.name) == ["default", "macros", "encrypted"])
        #expect(shipped.sets.flatMap(\.rules).allSatisfy { !$0.reason.isEmpty })
    }

    @Test(arguments: [
        ("# x\n\nset default\nban *.exe\n", true), ("ban any /x/", true), ("allow\tzip\n", true),
        ("score 1 A *.x", true),
        ("/^ban/ REJECT\n", false), ("ban\n", false), ("banana x\n", false), ("", false), ("# ban *.exe\n", false),
    ])
    func rulesAreToldFromTables(_ text: String, _ isRules: Bool) {
        #expect(BannedRules.looksLikeRules(Array(text.utf8)) == isRules)
    }

    // MARK: Names

    @Test(arguments: [
        ("report.pdf", ["report.pdf"]),
        ("invoice\u{202E}fdp.exe", ["invoicefdp.exe"]),
        ("a.exe\u{0}.txt", ["a.exe"]),
        ("a.exe%00.txt", ["a.exe"]),
        ("a%2Eexe", ["a.exe"]),
        ("a.exe. . ", ["a.exe"]),
        ("a.exe:Zone.Identifier", ["a.exe"]),
        ("..\\..\\Start Menu\\a.exe", ["a.exe"]),
        ("/tmp/x/a.exe", ["a.exe"]),
        ("C:a.exe", ["a.exe"]),
        ("a\u{FF0E}\u{FF45}\u{FF58}\u{FF45}", ["a.exe"]),
        ("a.e\u{200B}x\u{AD}e", ["a.exe"]),
        ("a\u{2024}exe", ["a.exe"]),
        ("a.exe\u{A0}\u{3000}", ["a.exe"]),
        ("a.\"e<x>e", ["a.exe"]),
    ])
    func formsOfNames(_ name: String, _ wanted: [String]) {
        let forms = ShownNames.forms(of: name)
        #expect(forms.first == name)
        for form in wanted { #expect(forms.contains(form), "\(forms)") }
        #expect(forms.count <= 20)
    }

    @Test func longNamesCostNoMore() {
        let forms = ShownNames.forms(of: String(repeating: "\u{202E}", count: 1_000_000) + ".exe")
        #expect(forms.count <= 40)
    }

    /// Where a path is long, its last step is what is saved.
    @Test(arguments: ["x/", "\\y", "é:/"]) func longPathsKeepTheirLastStep(_ step: String) {
        for count in [ShownNames.longest / 2 - 3, ShownNames.longest / 2, ShownNames.longest, 5000] {
            let name = String(repeating: step, count: count) + "/a.exe."
            #expect(ShownNames.forms(of: name).contains("a.exe"), "\(count)")
        }
    }

    @Test func theLengthOfNamesIsBounded() {
        #expect(!ShownNames.isTooLong(String(repeating: "é", count: ShownNames.longest)))
        #expect(ShownNames.isTooLong(String(repeating: "é", count: ShownNames.longest + 1)))
    }

    @Test(arguments: [
        ("gz", "x.exe.gz", ["x.exe"]), ("xz", "d/X.JS.XZ.", ["d/X.JS.XZ", "X.JS"]), ("bz2", "a.tbz2", ["a.tar"]),
        ("zip", "x.exe.gz", []), ("gz", "x.exe", []), ("gz", ".gz", []), ("Z", "a.vbs.Z", ["a.vbs"]),
        ("zst", "a.js.zst", ["a.js"]), ("lz4", "a.js.lz4", ["a.js"]), ("lzma", "a.js.lzma", ["a.js"]),
    ])
    func namesInCompressedFiles(_ type: String, _ name: String, _ wanted: [String]) {
        let names = CompressedNames.inside(types: [type], names: [name])
        #expect(wanted.isEmpty == names.isEmpty && (wanted.last.map(names.contains) ?? true), "\(names)")
    }
}
