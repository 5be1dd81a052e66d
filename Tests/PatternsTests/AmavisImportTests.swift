import Checks
import Patterns
import TestSupport
import Testing

/// Rules on files from configuration files of amavis: what is taken over, word for word, and what is named instead.
@Suite struct AmavisImportTests {
    private func imported(_ text: String) -> AmavisImport {
        AmavisImport(Array(text.utf8), name: "amavisd.conf", refusal: BannedLint.refusal)
    }

    /// The lines of rules and sets, without the head.
    private func lines(_ text: String) -> [String] {
        String(decoding: imported(text).rules, as: UTF8.self).split(separator: "\n").map(String.init)
            .filter { !$0.hasPrefix("#") }
    }

    @Test func tablesAreTakenOver() {
        let text = #"""
            use strict;
            $x = 'a # no comment'; # qr'not this'
            $banned_filename_re = new_RE(
              # a line of its own
              qr'^\.(exe-ms|dll)$',                   # banned types
              [ qr'^\.(rpm|cpio|tar)$'       => 0 ],  # allow
              [ qr/^a\/b$/i, 1 ], qr{x{2}}, qr!a/b!s,
            # qr'.\.(exe)$'i,
              qr'.\.(ade|adp|   # inner
                     app)$'ix,  # long
              'plain text',
            );
            """#
        #expect(
            lines(text) == [
                "set default", #"ban any /^\.(exe-ms|dll)$/  # banned types"#,
                #"allow any /^\.(rpm|cpio|tar)$/  # allow"#,
                #"ban any /^a\/b$/i"#, "ban any /x{2}/", #"ban any /a\/b/s"#, #"ban any /.\.(ade|adp|app)$/i  # long"#,
                "ban any /plain text/",
            ])
        #expect(imported(text).notes.isEmpty)
    }

    @Test func setsAndNames() {
        let text = #"""
            my $ext = 'exe|com';
            our $mine = new_RE( qr/\.($ext)$/i, qr/end$/, qr/a$|b/ );
            %banned_rules = (
              'NO-MS-EXEC' => new_RE( qr'^\.(exe-ms)$' ),
              'PASS ALL'   => new_RE( [qr'^' => 0] ),
              MINE         => $mine,
              'DEFAULT'    => $banned_filename_re,
            );
            $banned_rules{'LATER'} = new_RE(qr'later');
            $banned_filename_re = new_RE(qr'late');
            $banned_namepath_re = new_RE(
              [qr'(?#NO RPM) ^ (.*\t)? T=rpm (\t.*)? $'xm => 'DISCARD'],
            );
            """#
        #expect(
            lines(text) == [
                "set default", "set namepath", #"ban namepath /(?#NO RPM)^(.*\t)?T=rpm(\t.*)?$/m  # NO RPM"#,
                "set NO-MS-EXEC", #"ban any /^\.(exe-ms)$/"#, "set PASS-ALL", "allow any /^/", "set MINE",
                #"ban any /\.(exe|com)$/i"#, "ban any /end$/", "ban any /a$|b/", "set LATER", "ban any /later/",
            ])
        let notes = imported(text).notes
        // $banned_filename_re was not yet set where %banned_rules used it: Perl would have taken undef.
        #expect(notes.map(\.line) == [5, 7, 11, 12], "\(notes)")
        #expect(notes.filter(\.isLoss).map(\.line) == [7], "\(notes)")
    }

    /// What only Perl can work out is named with its line; the rules around it are taken.
    @Test(arguments: [
        ("qr/$unknown/", "a pattern with names in it"), ("qr/@{[ 1 ]}/", "a pattern with names in it"),
        ("map { qr/$_/ } @x", "map(...)"),
        ("@more", "@more, which is not set in this file"),
        ("[qr/x/ => sub { 1; }]", "sub(...)"), ("qr/x/r", "the flag 'r'"),
        ("qr/\\LX/", "\\L in it"), ("\"\\uX\"", "\\u in it"), ("qr'\\Qx'", "in single quotes"),
        ("new_RE(qr/x/)", "a table within a table"),
        ("$h{'x'}", "an element of $h"), ("qr/x/ . qr/y/", "put together"), ("$a ? qr/x/ : qr/y/", "only Perl"),
    ])
    func lossesAreNamed(_ item: String, _ words: String) {
        let text = "$banned_filename_re = new_RE(\n  qr'a',\n  \(item),\n  qr'b',\n);\n"
        let taken = imported(text)
        #expect(lines(text) == ["set default", "ban any /a/", "ban any /b/"])
        #expect(taken.notes.map(\.line) == [3], "\(taken.notes)")
        #expect(taken.notes.first?.isLoss == true && taken.notes.first?.text.contains(words) == true, "\(taken.notes)")
    }

    /// What Perl makes of quotes, as `perl -e 'print qr...'` shows it.
    @Test(arguments: [
        (#"qr|^(a\|b)$|i"#, #"/^(a|b)$/i"#), (#"qr!a\!b!"#, "/a!b/"), (#"qr'a\'b'"#, "/a'b/"),
        (#"qr{a\}b}"#, #"/a\}b/"#),
        (#"qr(a\(b)"#, #"/a\(b/"#), (#"qr.\.exe$."#, "/.exe$/"), (#"qr|a\\\|b|"#, #"/a\\|b/"#),
        (#"qr/a\/b/"#, #"/a\/b/"#),
        (#"qr|[\|]|"#, "/[|]/"),
        (#"qr{^\Qa/x-b.c\E.$}"#, #"/^a\/x\-b\.c.$/"#), (#"qr/\Q$dotted\E$/"#, #"/a\.b$/"#),
        (#"qr/\Qa\.b/"#, #"/a\\\.b/"#),
        (#"qr/[\Qa-b]\E]/"#, #"/[a\-b\]]/"#), (#"qr/x\E/"#, "/x/"), (#"qr/\x2e/"#, #"/\x2e/"#),
        (##""\x2e\056\x{2e}\\.[\t]""##, #"/...\.[\t]/"#), (#""\Qa.b\E.""#, #"/a\.b./"#), (#""$dotted(x)""#, "/a.b(x)/"),
        (#""$escaped(x)""#, #"/\.(x)/"#), (#""\x{e9}\x20AC""#, "/é AC/"), (#"qr{${escaped}b}"#, #"/\.b/"#),
    ])
    func quotesArePerls(_ item: String, _ pattern: String) {
        let text = "$dotted = 'a.b'; $escaped = '\\.';\n$banned_filename_re = new_RE(\(item));"
        #expect(lines(text) == ["set default", "ban any \(pattern)"], "\(imported(text).notes)")
        #expect(imported(text).notes.isEmpty)
    }

    /// White space and comments of a pattern, wherever it says that it has them.
    @Test(arguments: [
        ("qr{(?xi) \\.docm$   # macros (x\n  | \\.xlsm$ }", "/(?xi)\\.docm$|\\.xlsm$/"),
        ("qr/a b(?x: c # x\n d ) e/", "/a b(?x:cd) e/"), ("qr/(a (?x) b c) d/", "/(a (?x)bc) d/"),
        ("qr/ a (?-x) b (?x) c/x", "/a(?-x) b (?x)c/"), ("qr/ a (?^: b ) c/x", "/a(?^: b )c/"),
        ("qr/ a (?= b ) [ #] [[:space:]#] [^]#] \\  #x/x", "/a(?=b)[ #][\\p{wspace}#][^]#]\\ /"),
        ("qr/(?i) a/", "/(?i) a/"), ("qr/ (?<name> a ) (?#no layout) b/x", "/(?<name>a)(?#no layout)b/  # no layout"),
    ])
    func layoutOfPatterns(_ item: String, _ pattern: String) {
        let text = "$banned_filename_re = new_RE(\(item));"
        #expect(lines(text) == ["set default", "ban any \(pattern)"], "\(imported(text).notes)")
        #expect(imported(text).notes.isEmpty)
    }

    /// Files that the configuration reads may hold rules.
    @Test(arguments: [
        ("include_config_files('/etc/amavis/more');", true), ("do \"/etc/amavis/more\";", true),
        ("do('/etc/amavis/more') or die;", true), ("require '/etc/amavis/more';", true),
        ("include_optional_config_files(\"$x/more\");", true), ("do $file;", true),
        ("do { $x = 1; } while 0;", false), ("require Net::LDAP;", false), ("%h = (do => 1, require => 2);", false),
    ])
    func otherFilesAreNamed(_ statement: String, _ isNamed: Bool) {
        let taken = imported("$banned_filename_re = new_RE(qr'a');\n\(statement)\n")
        #expect(taken.notes.map(\.isLoss) == (isNamed ? [true] : []), "\(taken.notes)")
        #expect(taken.count == 1)
    }

    /// What may never be run is named and not taken: it could allow everything.
    @Test(arguments: [
        "if (0) { $banned_filename_re = new_RE([qr'.' => 0]); }",
        "if (1) { } else { $banned_filename_re = new_RE([qr'.' => 0]) }",
        "sub f { $banned_filename_re = new_RE([qr'.' => 0]); }",
        "eval { $banned_filename_re = new_RE([qr'.' => 0]); };",
        "for (1) { our $banned_filename_re = new_RE([qr'.' => 0]); }",
        "$banned_filename_re = new_RE([qr'.' => 0]) if 0;", "$banned_filename_re = undef unless $x;",
        "$banned_filename_re ||= new_RE([qr'.' => 0]);", "$banned_filename_re //= new_RE([qr'.' => 0]);",
        "$x and $banned_filename_re = new_RE([qr'.' => 0]);", "$x && ($banned_filename_re = new_RE([qr'.' => 0]));",
        "our($banned_filename_re, $x) = (new_RE([qr'.' => 0]), 1);",
        "($x, $banned_filename_re) = (1, new_RE([qr'.' => 0]));", "undef $banned_filename_re;",
        "push @{$banned_filename_re}, qr'b';", "push @$banned_filename_re, qr'b';",
        "@banned_filename_maps = ({ '.' => [ new_RE([qr'.' => 0]) ] });",
        "$policy_bank{'X'} = { banned_filename_maps => [ new_RE(qr'b') ] };",
        "$policy_bank{'X'} = { banned_namepath_re => new_RE(qr'b') };",
        "if ($x) { $banned_rules{'DEFAULT'} = new_RE([qr'.' => 0]); }",
        "if ($x) { %banned_rules = ('DEFAULT' => new_RE([qr'.' => 0])); }",
        "$banned_rules{'DEFAULT'} = new_RE([qr'.' => 0]) if $x;",
    ])
    func whatMayNotBeRunIsNotTaken(_ statement: String) {
        let text = "$banned_filename_re = new_RE(qr'a');\n\(statement)\n"
        #expect(lines(text) == ["set default", "ban any /a/"])
        let notes = imported(text).notes
        #expect(notes.contains { $0.isLoss && $0.line == 2 }, "\(notes)")
    }

    /// A name in a pattern, whose value only Perl knows.
    @Test func doubtfulNamesAreNotFilledIn() {
        let text = "$x = 'exe';\nif ($y) { $x = 'none'; }\n$banned_filename_re = new_RE(qr/$x/, qr/b/);\n"
        #expect(lines(text) == ["set default", "ban any /b/"])
        #expect(imported(text).notes.map(\.isLoss) == [true])
    }

    /// What is false in Perl allows; text is false only when it is empty or `0`.
    @Test(arguments: [
        ("0", true), ("0.0", true), ("00", true), ("0x0", true), ("0e3", true), ("-0", true), ("'0'", true),
        ("''", true),
        ("\"0\"", true), ("1", false), ("'0.0'", false), ("'00'", false), ("0.5", false),
        ("0x1", false),
        ("-1", false), ("'DISCARD'", false),
    ])
    func whatIsFalseAllows(_ value: String, _ allows: Bool) {
        let text = "$banned_filename_re = new_RE([ qr'a' => \(value) ]);\n"
        #expect(lines(text) == ["set default", allows ? "allow any /a/" : "ban any /a/"])
        #expect(!imported(text).notes.contains { $0.isLoss })
    }

    /// Undefined ends a table without a decision: what is asked behind it is a set of its own.
    @Test func whatIsUndefinedDecidesNothing() {
        let text = "$banned_filename_re = new_RE([ qr'a' => undef ], qr'b');\n"
        #expect(lines(text) == ["set default", "skip any /a/", "ban any /b/"])
        #expect(imported(text).notes.isEmpty)
        let both = imported(text + "$banned_namepath_re = new_RE(qr'N=a');\n")
        #expect(String(decoding: both.rules, as: UTF8.self).contains("set namepath\nban namepath /N=a/\n"))
        #expect(both.notes.map(\.line) == [2] && both.notes.first?.text.contains("end every banned_rules") == true)
    }

    /// Forms that stand in files of real sites, and what Perl makes of them.
    @Test(
        arguments: [
            ("=head1 x\n{ \" '\n=cut\n$banned_filename_re = new_RE(qr'a');", ["ban any /a/"]),
            ("\u{FEFF}$banned_filename_re = new_RE(qr'a');", ["ban any /a/"]),
            ("\u{FEFF}=pod\n{\n=cut\n$banned_filename_re = new_RE(qr'a');", ["ban any /a/"]),
            ("$banned_filename_re = new Amavis::Lookup::RE( qr'a'i, );", ["ban any /a/i"]),
            ("$banned_filename_re = Amavis::Lookup::RE->new(qr'a');", ["ban any /a/"]),
            ("our($x);\r\n$banned_filename_re = new_RE( # head\r\n  qr'a'x,  # why\r\n);\r\n", ["ban any /a/  # why"]),
            (
                "$banned_filename_re = new_RE((qr'a', [qr'b' => (0)]), qr'c');",
                ["ban any /a/", "allow any /b/", "ban any /c/"]
            ),
            ("my @x = (qr'a', [qr'b'=>0]); $banned_filename_re = new_RE(@x);", ["ban any /a/", "allow any /b/"]),
            ("$banned_filename_re = new_RE(map { $_ } 1); $banned_filename_re = new_RE(qr'a');", ["ban any /a/"]),
            ("$banned_filename_re = new_RE(qr'a'); $banned_filename_re = undef;", []),
            (
                "$banned_filename_re = new_RE(qr#a#, qr(b(c)), qr<d>, qr[e[f]], qr {h});",
                [
                    "ban any /a/", "ban any /b(c)/", "ban any /d/", "ban any /e[f]/", "ban any /h/",
                ]
            ),
            (
                "%banned_rules = ('DEFAULT' => new_RE(qr'a')); %banned_rules = (%banned_rules, 'DEFAULT' => new_RE(qr'b'));",
                ["ban any /b/"]
            ),
            ("$x = \\new_RE(qr'a'); $banned_filename_re = $$x;", []),
        ] as [(String, [String])])
    func formsOfRealFiles(_ text: String, _ rules: [String]) {
        #expect(lines(text).dropFirst() == rules[...], "\(imported(text).notes)")
    }

    /// A set without rules is not there: a policy that asks it must not start as if it were.
    @Test func emptySets() {
        let text = "%banned_rules = ('A' => new_RE(map { $_ } @x), 'B' => new_RE(), 'C' => new_RE(qr'c'));"
        #expect(lines(text) == ["set default", "set C", "ban any /c/"])
        let notes = imported(text).notes
        #expect(notes.contains { $0.isLoss } && notes.count { $0.text.contains("has no rules") } == 2, "\(notes)")
        #expect(imported("$x = 1;").notes.map(\.text) == ["there are no rules in this file"])
    }

    /// What Perl compiles and PCRE2 does not is left out, so that the file can be used.
    @Test(arguments: ["(?{ die })", "(?<!a*)b", "[b-a]"]) func patternsThatAreRefused(_ pattern: String) {
        let text = "$banned_filename_re = new_RE(\n qr'a',\n qr'\(pattern)',\n qr'b');\n"
        let taken = imported(text)
        #expect(lines(text) == ["set default", "ban any /a/", "ban any /b/"])
        #expect(String(decoding: taken.rules, as: UTF8.self).contains("# not taken: /\(pattern)/\n"))
        #expect(taken.notes.map(\.line) == [3] && taken.notes.allSatisfy(\.isLoss), "\(taken.notes)")
        let rules = BannedRules([BannedRules.Source(name: "x", text: taken.rules)])
        #expect(BannedMatcher(rules).problems.isEmpty && taken.count == 2)
    }

    /// Nothing in strings, here-documents, documentation or behind the end is taken for code.
    @Test func whatIsNoCode() {
        let text = #"""
            $a = "text; $banned_filename_re = new_RE(qr'no');";
            $b = <<'END' . "x";
            $banned_filename_re = new_RE(qr'no');
            END
            =pod

            $banned_filename_re = new_RE(qr'no');

            =cut
            %h = (q => 1, y => 2, s => 3, m => 'x', 'tr' => 4);
            s{a(b}{c)}g; tr/;/'/; y/"/'/; $s = qw(a ' b); $r = $x =~ m/'/ ? 1 : 0; $n = $#array; $m = $h{s};
            $banned_filename_re = new_RE(qr'yes');
            1;  # insure a defined return value
            __END__
            $banned_filename_re = new_RE(qr'no');
            """#
        #expect(lines(text) == ["set default", "ban any /yes/"])
        #expect(imported(text).notes.isEmpty)
    }

    @Test func whatEndsTooEarly() {
        for text in [
            "$banned_filename_re = new_RE(qr'a", "$x = 'abc", "$x = <<END;\nabc", "$banned_filename_re = new_RE(",
        ] {
            let taken = imported(text)
            #expect(taken.count == 0 && taken.notes.contains { $0.isLoss }, "\(text)")
        }
    }

    /// Text that is not UTF-8 is Latin-1.
    @Test func otherCharsets() {
        let taken = AmavisImport(
            Array("$banned_filename_re = new_RE(qr'".utf8) + [0xE9] + Array("');".utf8), name: "x",
            refusal: BannedLint.refusal)
        #expect(String(decoding: taken.rules, as: UTF8.self).contains("ban any /é/"))
    }

    /// Any bytes at all: no trap, and what comes out can be read.
    @Test func nonsense() {
        var seed: UInt64 = 11
        let alphabet = Array("$banned_filename_re=new_RE(qr'x'[]{}<>/\\\"%@&,;#\n\t|:->q s y m 0".utf8)
        for _ in 0..<3000 {
            var bytes: [UInt8] = []
            for _ in 0..<80 {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes.append(alphabet[Int(seed >> 33) % alphabet.count])
            }
            let taken = AmavisImport(
                Array("$banned_filename_re = new_RE(".utf8) + bytes, name: "x",
                refusal: BannedLint.refusal)
            let read = BannedRules([BannedRules.Source(name: "x", text: taken.rules)])
            #expect(read.problems.isEmpty, "\(String(decoding: bytes, as: UTF8.self)): \(read.problems)")
        }
    }

    private static let corpus = "postfix-checks/amavis"
    /// How many rules stand in the real files.
    private static let counts = [
        "Haran__Mail.CONF/amavisd.conf": 8, "clearos__amavisd-new/amavisd.conf": 0,
        "giouchiha__linux-configs/50-user": 9,
        "kiwi-cam__postfixmta/50-user": 0, "lathiat__amavisd/amavisd.conf": 8,
        "lathiat__amavisd/amavisd.conf-default": 0,
        "technicalguru__docker-mailserver-amavis/15-content_filter_mode": 0,
        "technicalguru__docker-mailserver-amavis/20-debian_defaults": 7,
        "technicalguru__docker-mailserver-amavis/50-user": 0,
    ]

    @Test(.enabled(if: SharedCorpora.path != nil, "the corpora are not beside the package"), arguments: counts)
    func realFiles(_ file: String, _ count: Int) throws {
        let text = try #require(SharedCorpora.bytes("\(Self.corpus)/\(file)"))
        let taken = AmavisImport(text, name: file, refusal: BannedLint.refusal)
        #expect(taken.count == count)
        // One of them reads two more files.
        let losses = taken.notes.filter(\.isLoss)
        #expect(losses.map(\.line) == (file.hasPrefix("clearos") ? [150, 153] : []), "\(taken.notes)")
        #expect(losses.allSatisfy { $0.text.contains("another file") })
        let rules = BannedRules([BannedRules.Source(name: file, text: taken.rules)])
        #expect(BannedMatcher(rules).problems.isEmpty)
        #expect(rules.sets.reduce(0) { $0 + $1.rules.count } == count)
    }
}
