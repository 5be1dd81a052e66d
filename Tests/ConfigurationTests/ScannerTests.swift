import Configuration
import MailModel
import Testing

/// The list of scanners.
@Suite struct ScannerTests {
    private static let clamd = "scanners:\n  - name: a\n    addresses: [ \"unix:/run/clamd\" ]\n"

    @Test func aListIsRead() {
        let loaded = read(
            """
            scanners:
              - name: clamd
                addresses: [ "127.0.0.1:3310", "[::1]:3310", "unix:/run/clamd", "clam.example.com:3310" ]
                on_failure: pass-marked
                stale_after: 7d
              - name: program
                kind: command
                backup: yes
                programs: [ /usr/bin/clamscan ]
                arguments: [ --stdout, "{}" ]
                infected_codes: [ 1, 50 ]
              - name: spam
                kind: rspamd
                addresses: [ "127.0.0.1:11333" ]
            """)
        #expect(loaded.problems == [])
        let scanners = loaded.settings.scanners
        #expect(scanners.map(\.kind) == [.clamd, .command, .rspamd] && scanners.map(\.backup) == [false, true, false])
        #expect(
            scanners[0].addresses.map(\.description) == [
                "127.0.0.1:3310", "[::1]:3310", "unix:/run/clamd", "clam.example.com:3310",
            ])
        #expect(scanners[0].onFailure == .passMarked && scanners[1].onFailure == .tempfail)
        #expect(scanners[0].staleAfter == 604_800 && scanners[1].infectedCodes == [1, 50])
        #expect(scanners.map(\.takesParts) == [false, true, false])
        #expect(scanners.map(\.sample) == [.eicar, .eicar, .gtube])
        #expect(
            loaded.explain(key: "scanners[0].on_failure")
                == .known(
                    """
                    scanners[0].on_failure: pass-marked  (f:4:17)
                      default: tempfail
                      type: one of tempfail, pass-marked, quarantine
                      What becomes of mail when neither it nor another scanner with the same aim answers.
                    """))
    }

    @Test func noneIsTheDefault() {
        for text in ["scanners:", "scanners: []", ""] { #expect(read(text).settings.scanners == []) }
    }

    @Test(arguments: [
        ("scanners: 7", "f:1:11: error: expected a list of scanners, each after '- ', found a single value"),
        ("scanners:\n  - name: a", "f:2:5: error: scanner 'a' of kind clamd needs addresses"),
        ("scanners:\n  - addresses: [ 1.2.3.4:5 ]", "f:2:5: error: a scanner needs a name"),
        (
            "scanners:\n  - name: a\n    addresses: [ 1.2.3.4:5 ]\n  - name: a\n    addresses: [ 1.2.3.4:5 ]",
            "f:4:11: error: there is another scanner 'a'"
        ),
        (
            "scanners:\n  - name: a\n    kind: command\n    arguments: [ \"{}\" ]",
            "f:2:5: error: scanner 'a' of kind command needs programs"
        ),
        (
            "scanners:\n  - name: a\n    kind: command\n    programs: [ /bin/true ]\n    arguments: [ -r ]",
            "f:5:16: error: scanner 'a' is not told what to look at: {} is in no argument"
        ),
        (
            "scanners:\n  - name: a\n    kind: protocol\n    programs: [ /bin/a ]\n    addresses: [ \"unix:/a\" ]",
            "f:5:16: error: scanner 'a' of kind protocol needs either addresses or programs"
        ),
        (
            "scanners:\n  - name: a\n    kind: protocol\n    addresses: [ 1.2.3.4:5 ]",
            "f:4:16: error: kind protocol needs a Unix socket: descriptors do not travel over TCP"
        ),
        (
            "scanners:\n  - name: a\n    method: fildes\n    addresses: [ 1.2.3.4:5 ]",
            "f:3:13: error: fildes needs a Unix socket"
        ),
        (
            "scanners:\n  - name: a\n    kind: clamav\n    addresses: [ 1.2.3.4:5 ]",
            "f:3:11: error: 'clamav' is not one of clamd, command, spamd, rspamd, protocol, http, text"
        ),
    ])
    func whatIsWrongIsSaid(yaml: String, problem: String) {
        #expect(problems(yaml) == [problem])
    }

    /// What can never work, or means nothing, is not taken in silence.
    @Test(arguments: [
        ("addresses: [ 1.2.3.4:5 ], self_test: gtube", "a scanner that looks for viruses cannot find gtube"),
        ("addresses: [ 1.2.3.4:5 ], programs: [ /bin/a ]", "'programs' means nothing to a scanner of kind clamd"),
        ("addresses: [ 1.2.3.4:5 ], password: x", "'password' means nothing to a scanner of kind clamd"),
        ("addresses: [ 1.2.3.4:5 ], readable: []", "'readable' means nothing to a scanner of kind clamd"),
        ("addresses: [ 1.2.3.4:5 ], seeks: spam", "'seeks' means nothing to a scanner of kind clamd"),
        ("addresses: [ 1.2.3.4:5, 'unix:/a', 1.2.3.4:5 ]", "an address stands there twice"),
        (
            "kind: protocol, addresses: [ 'unix:/a' ], seeks: spam, self_test: eicar",
            "a scanner that looks for spam cannot find eicar"
        ),
        ("kind: protocol, addresses: [ 'unix:/a' ], readable: [ /a ]", "'readable' means nothing to a server"),
        (
            "kind: command, programs: [ /bin/a ], arguments: [ '{}' ], stale_after: 7d",
            "'stale_after' means nothing to a scanner of kind command"
        ),
        (
            "kind: command, programs: [ /bin/a ], arguments: [ '{}' ], infected_codes: [ 3, 0 ]",
            "0 stands in infected_codes too, which counts before"
        ),
        (
            "kind: command, programs: [ /bin/a ], arguments: [ '{}' ], unchecked_codes: [ 4, 1 ]",
            "1 stands in infected_codes too"
        ),
        (
            "kind: command, programs: [ /bin/a ], arguments: [ '{}' ], unchecked_codes: [ 0 ]",
            "0 stands in clean_codes too"
        ),
        (
            "kind: command, programs: [ /bin/a ], arguments: [ '{}' ], unchecked_reason: encrypted",
            "neither unchecked_codes nor unchecked_pattern says when"
        ),
        (
            "kind: text, addresses: [ 'unix:/a' ], request: SCAN, clean_pattern: a, infected_pattern: b",
            "scanner 'a' is not told what to look at: {} is not in request"
        ),
        (
            "kind: text, addresses: [ 'unix:/a' ], request: 'SCAN {}/*', clean_pattern: a",
            "scanner 'a' of kind text needs infected_pattern"
        ),
        (
            "kind: http, addresses: [ '127.0.0.1:80' ], path: scan",
            "a path begins with / and has no blanks; what is no ASCII is written %XX"
        ),
        ("kind: clamd, addresses: [ 'unix:/a' ], path: /scan", "'path' means nothing to a scanner of kind clamd"),
        (
            "kind: command, programs: [ /bin/a ], arguments: [ '{}' ], clean_codes: []",
            "nothing says that scanner 'a' has found nothing"
        ),
        (
            "kind: command, programs: [ /bin/a ], arguments: [ '{}' ], infected_codes: []",
            "nothing says that scanner 'a' has found something"
        ),
        (
            "kind: text, addresses: [ 'unix:/a' ], request: 'SCAN {} {}/*', clean_pattern: a, infected_pattern: b",
            "either {} or {}/*: a request is about the directory or about one file"
        ),
        ("kind: clamd, addresses: [ 'unix:/a' ], spread: yes", "there is one address to ask"),
        (
            "kind: rspamd, addresses: [ 'unix:/a' ], backup: yes",
            "a backup for spam, and no other scanner that could fail"
        ),
    ])
    func whatCannotWorkIsSaid(keys: String, problem: String) {
        let found = problems("scanners:\n  - { name: a, \(keys) }")
        #expect(found.count == 1 && found[0].hasSuffix(": error: \(problem)"), "\(found)")
    }

    /// One answer for many files may be cut off behind the first.
    @Test func anAnswerHasAnEnd() {
        let entry =
            "scanners:\n  - { name: a, kind: text, addresses: [ 'unix:/a' ], clean_pattern: a, infected_pattern: b, "
        let found = problems(entry + "request: 'SCAN {}' }")
        #expect(found.count == 1 && found[0].hasPrefix("f:2:102: warning: one answer for all files"), "\(found)")
        #expect(problems(entry + "request: 'SCAN {}', end_pattern: c }") == [])
        #expect(problems(entry + "request: 'SCAN {}/*' }") == [])
        let early = problems(entry + "request: 'SCAN {}', end_pattern: a }")
        #expect(early.count == 1 && early[0].contains("warning: the words about one file"), "\(early)")
    }

    /// A part that stands in nearly every name would be mild with all viruses.
    @Test(arguments: [
        ("Joke. => pass", false), ("PUA => pass", false), ("a b => pass", true), (". => pass", true),
        ("' W3 => discard'", true), ("é => reject", true), ("W32 => reject", false),
    ])
    func partsThatTellNothing(entry: String, isDoubtful: Bool) {
        let found = problems(
            "policies:\n  default:\n    next_hops: [ 'smtp:[127.0.0.1]:25' ]\n    virus_destinies:\n      - \(entry)\n")
        #expect(found.contains { $0.hasPrefix("f:5:9: warning: '") } == isDoubtful, "\(found)")
    }

    /// `virus_name_to_score` takes patterns; here one would never hold.
    @Test(arguments: ["'^Joke => pass'", "'Joke$ => pass'", "'Joke\\. => pass'", "'Joke.*Bat => pass'"])
    func partsAreNoPatterns(entry: String) {
        let found = problems("policies: {default: {next_hops: ['smtp:[127.0.0.1]:25'], virus_destinies: [\(entry)]}}")
        #expect(found.count == 1 && found[0].contains("is taken as part of a name, not as a pattern"), "\(found)")
    }

    /// What a bank for viruses sets must count once they are known.
    @Test(
        arguments: [
            ("viruses: ['Joke.'], infected: pass", nil), ("viruses: ['^Joke']", "not as a pattern"),
            ("viruses: ['']", "a part of a name is missing"),
            ("viruses: ['W3']", "stands in the names of many viruses"),
            ("viruses: [Joke], originating: yes", "'originating' counts before a virus is known"),
            ("viruses: [Joke], sanitize_html: [scripts]", "'sanitize_html' counts before a virus is known"),
        ] as [(String, String?)])
    func banksForViruses(entry: String, fault: String?) {
        let found = problems("banks: [{name: A, \(entry)}]")
        #expect(found.count == (fault == nil ? 0 : 1) && found.allSatisfy { $0.contains(fault ?? "") }, "\(found)")
    }

    @Test func pointsOfNames() {
        for entry in ["'a => infected'", "'a => 3.5'", "'a => -1'", "'a => b => 0'"] {
            #expect(problems("clamav: {virus_name_to_score: [\(entry)]}") == [])
        }
        for entry in ["'a => virus'", "'a =>'", "' => infected'", "'a => 3.55'", "'infected'"] {
            #expect(problems("clamav: {virus_name_to_score: [\(entry)]}").count == 1, "\(entry)")
        }
    }

    @Test func namesOfOurOwnAreTaken() {
        for name in ["clamav", "rules", "banned", "test-string"] {
            let found = problems(Self.clamd.replacing("name: a", with: "name: \(name)"))
            #expect(
                found.count == 1 && found[0].hasSuffix("is the name of one of Mailreeve's own scanners"), "\(found)")
        }
    }

    /// A backup for viruses has the embedded engine to stand in for, unless that is off.
    @Test func aBackupNeedsSomebody() {
        let backup = Self.clamd + "    backup: yes\n"
        #expect(problems(backup) == [])
        #expect(
            problems(backup + "clamav:\n  enabled: no") == [
                "f:4:13: error: a backup for viruses, and no other scanner that could fail"
            ])
        let other = backup + "  - name: b\n    addresses: [ \"unix:/b\" ]\n"
        #expect(problems(other + "clamav:\n  enabled: no") == [])
    }

    @Test func timeoutsBeyondTheInspectionWarn() {
        let text = Self.clamd + "    timeout: 10m\ntimeouts:\n  inspection: 2m"
        #expect(
            problems(text) == [
                "f:4:14: warning: more than timeouts.inspection (120 s), which ends it before"
            ])
    }

    @Test func whatItLooksForFollowsFromTheTest() {
        func entry(_ keys: String...) -> ScannerEntry? {
            let yaml = "scanners:\n  - name: a\n    kind: protocol\n    addresses: [ \"unix:/a\" ]\n"
            return read(yaml + keys.map { "    \($0)\n" }.joined()).settings.scanners.first
        }
        #expect(entry()?.aim == .viruses && entry()?.sample == .eicar)
        #expect(entry("self_test: gtube")?.aim == .spam)
        #expect(entry("self_test: none")?.aim == .viruses)
        #expect(entry("seeks: spam")?.sample == .gtube)
        #expect(entry("seeks: viruses", "self_test: none")?.aim == .viruses)
        #expect(entry()?.sizeLimit == 0 && entry("max_size: 1MiB")?.sizeLimit == 1_048_576)
        #expect(entry()?.allMatches == false && entry("all_matches: yes")?.allMatches == true)
    }

    /// Bounds of every number, as the reference promises them.
    static let bounds: [(String, Int, Int)] = [
        ("timeout", 1, 3600), ("stale_after", 0, 31_536_000), ("concurrency", 1, 1000),
        ("memory", 67_108_864, 1_099_511_627_776), ("score_percent", 0, 1000), ("max_credit", 0, 1000),
        ("max_size", 0, 2_147_483_648),
    ]

    @Test(arguments: bounds)
    func numbersHaveBounds(_ key: String, _ low: Int, _ high: Int) {
        let kind =
            switch key {
            case "memory": "kind: command, programs: [ /bin/a ], arguments: [ '{}' ]"
            case "score_percent", "max_credit": "kind: spamd, addresses: [ 1.2.3.4:5 ]"
            default: "addresses: [ 1.2.3.4:5 ]"
            }
        func found(_ value: Int) -> [String] {
            // More than an inspection has is only a warning.
            problems("scanners:\n  - { name: a, \(kind), \(key): \(value) }").filter { $0.contains(": error: ") }
        }
        for value in [low, high] { #expect(found(value) == []) }
        for value in [low - 1, high + 1] { #expect(found(value).count == 1) }
    }
}
