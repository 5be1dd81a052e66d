import Checks
import Foundation
@testable import Patterns
import TestSupport
import Testing

/// Patterns of amavis's configuration against perl(1): one that is taken over without a word matches what Perl matches, over
/// a table of patterns and names. What is not the same for both is told of.
@Suite struct AmavisPatternTests {
    /// As they stand in a table, and whether they are taken over. Set before: `$x = 'exe'; $y = '\.';`
    private static let items: [(source: String, isTaken: Bool)] = [
        // What stands in files of real sites.
        (#"qr'\.[^./]*\.(exe|vbs|pif|scr|bat|cmd|com|cpl|dll)\.?$'i"#, true),
        (#"qr'\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$'i"#, true),
        (#"qr'^\.(exe|exe-ms|dll)$'"#, true), (#"qr'^application/x-msdownload$'i"#, true),
        (#"qr'.\.(ade|adp|app|bas|bat|chm|cmd|com|cpl|crt|exe)$'ix"#, true), (#"qr'^(?!.*\.txt$).*$'s"#, true),
        (#"qr'[}\].]\s*$'"#, true), (#"qr'(?:\.|^)(?i)EXE$'"#, true), (#"qr'(?i:exe)$'"#, true),
        // Classes of characters.
        (#"qr'^\w+\.exe$'"#, true), (#"qr'^[\w.-]+$'"#, true), (#"qr'^[.-\w]+$'"#, false), (#"qr'\W'"#, true),
        (#"qr'^[^\w]'"#, true), (#"qr'^[\W]'"#, false), (#"qr'\d{3,}'"#, true), (#"qr'^\D+$'"#, true),
        (#"qr'^[\D]+$'"#, true), (#"qr'\s'"#, true), (#"qr'^\S+$'"#, true), (#"qr'[\s\d]'"#, true),
        (#"qr'^[\S]+$'"#, true), (#"qr'\h'"#, true), (#"qr'[\h]'"#, true), (#"qr'^\H+$'"#, true),
        (#"qr'^[\H]+$'"#, false), (#"qr'\v'"#, true), (#"qr'\bexe\b'"#, true), (#"qr'\Bxe\b'"#, true),
        (#"qr'\bé'"#, false), (#"qr/\b\xe9/"#, true), (#"qr/\b{wb}/"#, false), (#"qr'[\b]'"#, true),
        (#"qr'^\w+\.exe$'a"#, true), (#"qr'^\w+$'aa"#, false), (#"qr'\d'a"#, true), (#"qr'^\w+$'l"#, false),
        (#"qr'[[:alpha:]]{3}$'"#, true), (#"qr'^[[:^alpha:]]+$'"#, true), (#"qr'[[:digit:]]'"#, true),
        (#"qr'^[[:alnum:]]+$'"#, true), (#"qr'[[:space:]]'"#, true), (#"qr'[[:punct:]]$'"#, true),
        (#"qr'^[[:word:].]+$'"#, true), (#"qr'[[:upper:]]'"#, true), (#"qr'[[:lower:]]'"#, true),
        (#"qr'[[:upper:]]'i"#, false), (#"qr'(?i)[[:upper:]]'"#, false), (#"qr'[[:xdigit:]]{4}'"#, true),
        (#"qr'[[:^xdigit:]]$'"#, true), (#"qr'[[:blank:]]'"#, true), (#"qr'[[:cntrl:]]'"#, true),
        (#"qr'[^[:ascii:]]'"#, true), (#"qr'[[:print:]]'"#, false), (#"qr'[[:alpha:]]'a"#, true),
        (#"qr'\p{L}{3}'"#, true), (#"qr'\P{L}$'"#, true), (#"qr'\p{Lu}'i"#, false), (#"qr'[\p{Greek}]'"#, true),
        (#"qr'[^\x20-\x7e]'"#, true), (#"qr'[\x{400}-\x{4ff}]'i"#, true), (#"qr/[\x{ 400 }]/"#, false),
        // Quantifiers, and what looks like one.
        (#"qr'e{,3}x$'"#, true), (#"qr'^.{ 1, 7 }$'"#, true), (#"qr'^.{2,}$'"#, true), (#"qr'^.{7}$'"#, true),
        (#"qr'e{,}x'"#, true), (#"qr'x{a}'"#, true), (#"qr'[{,3}]'"#, true), (#"qr'x\{,3}'"#, true),
        (#"qr'\w{,3}\.exe'"#, true), (#"qr'\w+?\.'"#, true), (#"qr'\w++\.'"#, true), (#"qr'^.{,7}$'"#, true),
        // Names.
        (#"qr/\.$x$/"#, true), (#"qr/${y}exe$/"#, true), (#"qr/$x{2}/"#, true), (#"qr/$x[0]/"#, false),
        (#"qr/$x{a}/"#, false), (#"qr/$x->[0]/"#, false), (#"qr/$x::y/"#, false), (#"qr/$x'y/"#, false),
        (#"qr/a$.b/"#, false), (#"qr/exe$]/"#, false), (#"qr/a$&/"#, false), (#"qr/a$1/"#, false),
        (#"qr/exe$|dll/"#, true), (#"qr/(exe$)/"#, true), (#"qr/exe$ /x"#, true), (#"qr/a@b/"#, false),
        (#"qr/a@.b/"#, true), (#"qr/@-/"#, true), (#"qr/a@1/"#, false), (#"qr'a@b\.exe'"#, true),
        (#"qr/a\@b\.exe/"#, true), (#"qr/\Q$y\Eexe/"#, true), (#"qr'$x'"#, true), (#""$y(exe|com)\$""#, true),
        (#""a$|b""#, false), (#""\x{2e}exe""#, true), (#"'exe$'"#, true), (#"qr/exe$#/x"#, false),
        // Quotes and layout.
        (#"qr|^(a\|b)|"#, true), (#"qr!e\!x!"#, true), (#"qr{(?xi) \.EXE$   # all of them (x}"#, true),
        ("qr/ e x  # why\n  e [ #]? (?-x: )? $/x", true), (#"qr/(.) \1 2?/x"#, true), (#"qr/\x4 1/x"#, true),
        (#"qr/\Qa.b\E|\.exe/"#, true), (#"qr/^[\Qa-b]\E]/"#, true), (#"qr/\x2e\056\o{56}/"#, true),
        (#"qr/\N{U+2E}exe/"#, true), (#"qr/(?<n>e)x\k<n>/"#, true), (#"qr/(?<=\.)exe/"#, true),
        (#"qr/(?|(e)x|(c)o)\1/"#, true), (#"qr/^(?>a|ab)c/"#, true), (#"qr/(?(?=e)exe|com)$/"#, true),
        (#"qr/(?^i:EXE)/"#, true), (#"qr/^e$/m"#, true), (#"qr/a.b/s"#, true), (#"qr/a.b/"#, true),
        (#"qr/exe\z/"#, true), (#"qr/exe\Z/"#, true), (#"qr/\Aexe/"#, true), (#"qr/\R/"#, true), (#"qr/\N+$/"#, true),
        (#"qr//"#, true), (#"qr/(?#why)exe/"#, true), (#"qr/e(?#\w {,3})x/"#, true), (#"qr/[]\w]$/"#, true),
        (#"qr/[^]\w]/"#, true), (#"qr/\351/"#, true), (#"qr/\xe9/i"#, true), (#"qr/\//"#, true),
        (#"qr/[[:foo]/"#, true),
        (#"qr/\i/"#, false), (#"qr/(?{ 1 })/"#, false), (#"qr/\U\x65/"#, false), (#"qr/e/n"#, false),
    ]

    private static let names: [String] = [
        "", "a", "exe", "EXE", ".exe", "a.exe", "A.EXE", "x.exe.txt", "aa2.exe", "abc.com", "a-b.exe", "a_b", "a b.exe",
        "a\tb", "exe\n", "e\nx", "e\n", "a\nb", "axb", "résumé.exe", "été", "e\u{301}te", "é", "É.exe", "Отчёт.exe",
        "ОТЧЁТ",
        "отчёт 2025", "报告.exe", "αβγ.doc", "ΑΒΓ", "٣٤٥", "x²", "Ⅷ.exe", "a\u{A0}b", "a\u{85}b", "a\u{2028}b",
        "a\u{3000}b", "a\u{203F}b", "a\u{200D}b.exe", "ｅｘｅ", "１２３４", "ＡＢＣＤ", "{01234567-89ab-cdef-0123-456789abcdef}",
        "}", "]", "[foo", "a|b", "a", "b", "e!x", "e{,3}x", "eeex", "x{,3}", "x{a}", "exexx", "exex", "exee", "$x",
        "a@b.exe",
        "a@.b", "@-", "exe$", "exe#", "a.b", "..", ".txt", "text/plain", "application/x-msdownload", "a$|b", "a/b",
        "aa", "aa2", "A", "+", "a+", "~", "«x»", "\u{7F}", "\u{8}", "ab", "abc", "ac", "exe dll", "xe", "exé", "K",
        "\u{212A}",
        "ſ", "s", "İ", "ı", "ǆ", "ǅ", "0", "-", "a.", "a..", "com", "coo",
    ]

    /// What Perl says of each pattern: nil where it does not compile it, else whether each name holds it.
    private static func perl() throws -> [[Bool]?] {
        func hex(_ text: String) -> String {
            text.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        let script = #"""
            use Encode; no strict; no warnings; our ($x, $y) = ('exe', '\.');
            my @names = map { decode('UTF-8', pack('H*', $_)) } split /,/, <STDIN>, -1;
            while (my $line = <STDIN>) {
                chomp $line; my $pattern = eval('no strict; no warnings; ' . pack('H*', $line));
                print $@ || !defined $pattern ? 'none' : join('', map { $_ =~ /$pattern/ ? 1 : 0 } @names), "\n";
            }
            """#
        let input =
            Self.names.map(hex).joined(separator: ",") + ",\n"
            + Self.items.map { hex($0.source) + "\n" }.joined()
        let run = try runTool("perl", ["-e", script], input: Array(input.utf8))
        try #require(run.status == 0 && run.lines.count == items.count, "\(run)")
        return run.lines.map { line in
            line == "none" ? nil : line.prefix(Self.names.count).map { $0 == "1" }
        }
    }

    @Test func whatIsTakenMatchesWhatPerlMatches() throws {
        let answers = try Self.perl()
        for (item, answer) in zip(Self.items, answers) {
            let text = "$x = 'exe'; $y = '\\.';\n$banned_filename_re = new_RE(\(item.source)\n);\n"
            let taken = AmavisImport(Array(text.utf8), name: "x", refusal: BannedLint.refusal)
            let isTaken = taken.count == 1 && taken.notes.isEmpty
            #expect(isTaken == item.isTaken, "\(item.source): \(taken.notes)")
            guard isTaken, let answer else { continue }
            let rules = BannedRules([BannedRules.Source(name: "x", text: taken.rules)])
            let matcher = BannedMatcher(rules)
            try #require(matcher.problems.isEmpty && rules.patterns.count == 1, "\(matcher.problems)")
            for (name, isMatch) in zip(Self.names, answer) {
                #expect(
                    matcher.matches(0, [Array(name.utf8)]) == isMatch,
                    "\(item.source) as \(String(decoding: taken.rules, as: UTF8.self)): \(name.debugDescription)")
            }
            #expect(matcher.failures == 0)
        }
        // Perl must have compiled nearly all of them, or nothing was compared.
        #expect(zip(Self.items, answers).count { $0.isTaken && $1 == nil } <= 3)
    }

    /// What may set the tables in a way that is not read.
    @Test(arguments: [
        ("*banned_filename_re = \\new_RE([qr'.' => 0]);", "another name"),
        ("*{'x'} = \\$banned_filename_re;", "another name"),
        ("local *x = \\$banned_filename_re;", "another name"),
        ("eval '$banned_filename_re = undef';", "eval"), ("eval(\"x\");", "eval"), ("eval $x;", "eval"),
        ("${'banned_filename_re'} = undef;", "by a reference"), ("$$x = undef;", "by a reference"),
        ("@{$x} = (1);", "by a reference"), ("do '/etc/amavis/more';", "another file"),
    ])
    func otherWaysAreNamed(_ statement: String, _ words: String) {
        let text = "$banned_filename_re = new_RE(qr'a');\n\(statement)\n"
        let taken = AmavisImport(Array(text.utf8), name: "x", refusal: BannedLint.refusal)
        #expect(taken.count == 1)
        #expect(taken.notes.contains { $0.isLoss && $0.line == 2 && $0.text.contains(words) }, "\(taken.notes)")
    }

    @Test(arguments: [
        "eval { require Foo; };", "$x = 2 * $y; $z = $a * foo();", "%h = (eval => 1, do => 'x');", "$o->eval('x');",
        "$x = $$y; $z = @{$y};", "push @{$x}, 1;",
    ])
    func otherCodeIsNot(_ statement: String) {
        let text = "$banned_filename_re = new_RE(qr'a');\n\(statement)\n"
        let taken = AmavisImport(Array(text.utf8), name: "x", refusal: BannedLint.refusal)
        #expect(taken.count == 1 && taken.notes.isEmpty, "\(taken.notes)")
    }

    /// Letters of a file without `use utf8` are octets to Perl: they are taken, and told of.
    @Test func lettersBeyondASCII() {
        func notes(_ text: String) -> [AmavisImport.Note] {
            AmavisImport(Array(text.utf8), name: "x", refusal: BannedLint.refusal).notes
        }
        #expect(notes("$banned_filename_re = new_RE(qr'é');").map(\.isLoss) == [false])
        #expect(notes("use utf8;\n$banned_filename_re = new_RE(qr'é');").isEmpty)
    }
}
