import Checks
import MailModel
import Patterns
import Testing

/// What is told of rules that do not do what they seem to.
@Suite struct RuleLintTests {
    private func findings(
        _ rules: String, _ list: CheckList = .body, _ type: TableType = .pcre
    ) -> [RuleLint.Finding] {
        RuleLint.findings(RuleTable(TableName(type: type, place: "t"), text: Array(rules.utf8)), in: list)
    }

    private func says(
        _ rules: String, _ severity: RuleLint.Finding.Severity, _ text: String, line: Int = 1,
        in list: CheckList = .body, _ type: TableType = .pcre
    ) -> Bool {
        findings(rules, list, type).contains {
            $0.line == line && $0.severity == severity && $0.text.contains(text)
        }
    }

    /// The last is known for its harm in the wild: a mail address, checked by a class that is repeated twice.
    @Test(arguments: [
        "(a+)+$", "(a|aa)+$", "(x+x+)+y", "(a*)*b", "(a|a)*b", "(\\w+\\s?)*end", "^(([a-z])+.)+[A-Z]([a-z])+$",
        "(a?a?)+b",
        "((a|b)*c?)*d", "^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+$",
    ])
    func patternsThatExplode(_ pattern: String) {
        #expect(says("/\(pattern)/ WARN\n", .doubt, "can take very long"), "\(pattern)")
    }

    @Test(arguments: [
        "(a+)+", "(ab+)+c", "a*b*c", "(\\w+\\s)*end", "(a|b)+c", "(foo|bar|baz)*x", "(\\d{1,3}\\.){3}\\d+", "(.*,)x",
        "a{2,}b",
        "(a{1,3}b)+c", "(free|money)+", "x(a|ab)(c|bcd)y", "([^,]*,)+x",
    ])
    func patternsThatDoNot(_ pattern: String) {
        #expect(!says("/\(pattern)/ WARN\n", .doubt, "can take very long"), "\(pattern)")
    }

    /// Repetitions that follow each other: as many ways as a power of the length, and beyond the limit of steps.
    @Test(arguments: [
        "^(.*a){20}$", "^(.*) (.*) (.*) (.*) (.*)x$", ".*.*.*=.*y$", "(.*)(.*)(.*)x", "^(.*,){5}x",
        "(\\w+\\s*){5,30};$",
    ])
    func patternsThatAreGivenUp(_ pattern: String) {
        #expect(says("/\(pattern)/ WARN\n", .doubt, "can take very long"), "\(pattern)")
        #expect(!says("/\(pattern)/ WARN\n", .doubt, "can take very long", in: .body, .regexp), "\(pattern)")
        #expect(Self.failures(pattern, ["a", " ", "=", ",", "a "]) > 0, "\(pattern)")
    }

    @Test(arguments: [
        "^Subject:.*free.*money", "(.*) (.*)x", "^[^ ]* [^ ]* [^ ]* [^ ]* x", "a+b+c+d+x", "([^,]*,){20}x", ".*a.*b",
        "\\d+\\.\\d+\\.\\d+\\.\\d+x",
    ])
    func patternsThatAreNotGivenUp(_ pattern: String) {
        #expect(!says("/\(pattern)/ WARN\n", .doubt, "can take very long"), "\(pattern)")
        #expect(Self.failures(pattern, ["a", " ", "1.", "abcd", "free", "a, "]) == 0, "\(pattern)")
    }

    /// Matches that are given up on long lines of some pieces. What a pattern must hold stands before them and no end behind.
    private static func failures(_ pattern: String, _ pieces: [String]) -> Int {
        let table = table("/\(pattern)/ WARN\n")
        let session = MatchSession()
        for piece in pieces where session.failureCount == 0 {
            let middle = String(repeating: piece, count: 2040 / piece.utf8.count)
            for text in ["xy;\(middle)!", "\(middle);!"] { _ = table.lookup(Array(text.utf8).span, session) }
        }
        return session.failureCount
    }

    @Test(arguments: [
        "", ".", ".*", "^.*$", "^.+$", "^", "$", "a|", "(.*)", "^(.*)$", "^.", "x*", "^(.+|x)$", "^a?.*$",
    ])
    func patternsThatTakeEverything(_ pattern: String) {
        #expect(says("/\(pattern)/ WARN\n/late/ REJECT\n", .dead, "matches every text", line: 2), "\(pattern)")
    }

    @Test(arguments: ["^$", "^.$", "..", "^a*$", ".*a", "^.*(?=x)", "\\b", "^a?$", "(?!x)"])
    func patternsThatDoNotTakeEverything(_ pattern: String) {
        #expect(!says("/\(pattern)/ WARN\n/late/ REJECT\n", .dead, "matches every text", line: 2), "\(pattern)")
    }

    /// Without the flag a dot takes no newline, and a field may have folds.
    @Test func aDotWithoutNewlinesDoesNotTakeFoldedFields() {
        #expect(!says("/^.*$/s WARN\n/late/ REJECT\n", .dead, "matches every text", line: 2, in: .header))
        #expect(says("/^.*$/s WARN\n/late/ REJECT\n", .dead, "matches every text", line: 2, in: .body))
    }

    @Test func extendedPatternsAreRead() {
        let table = table("/f r e e\\ m o n e y  # comment/x WARN\n/[# ]{20} x [[:space:]#]y/x WARN\n")
        #expect(table.linesWithoutNeed == [])
        let session = MatchSession()
        for (text, line) in [("free money", 1), ("f r e e", nil), ("####################x#y", 2)] {
            let bytes = Array(text.utf8)
            #expect(table.lookup(bytes.span, session)?.line == line, "\(text)")
        }
        #expect(says("/(*UTF)free/ WARN\n", .doubt, "not understood by the search ahead"))
    }

    /// Part headers are no body text: the rule of an old table that everybody has.
    @Test func namesInBodyRulesNeverFire() {
        #expect(says("/name=\"x\\.vbs\"/ REJECT\n", .dead, "mime_header_checks, as /^Content-"))
        #expect(says("/^[ \\t]+(file)?name=\"[^\"]*\\.(vbs|exe)\"/ REJECT\n", .dead, "mime_header_checks"))
        #expect(says("/name=\"x.vbs\"/ REJECT\n", .dead, "mime_header_checks"))
        #expect(
            says(
                "/^Content-(Disposition|Type).*name\\s*=\\s*\"?(.*\\.(exe|vbs))\"?/ REJECT $2\n", .dead,
                "mime_header_checks"))
        #expect(says("/<input name=\"x\"/ REJECT\n", .doubt, "mime_header_checks"))
        #expect(findings("/name=\"x\\.vbs\"/ REJECT\n", .mimeHeader).isEmpty)
    }

    @Test func contentsOfFilesAreBase64() {
        #expect(says("/This program cannot be run in DOS mode/ REJECT\n", .doubt, "sent in base64"))
        #expect(says("/^PK\\x03\\x04/ REJECT\n", .doubt, "sent in base64"))
        #expect(says("/\\x00\\x01PE/ REJECT\n", .dead, "as far as its first NUL"))
        #expect(findings("/^TVqQAAMAAAAEAAAA/ REJECT\n").isEmpty)
        let line = String(repeating: "TVqQ4AMA", count: 9) + "abcd"
        #expect(findings("/\(line)/ REJECT\n").isEmpty)
        #expect(says("/\(line)E/ REJECT\n", .doubt, "lines of 76 octets"))
        #expect(findings("/This program cannot be run in DOS mode/ REJECT\n", .decodedBody).isEmpty)
    }

    @Test func actionsThatTheGatewayRefuses() {
        for action in ["IGNORE", "STRIP x", "PREPEND x", "REPLACE x"] {
            #expect(says("/name: bad/ \(action)\n", .dead, "keeps the gateway from starting", in: .attachment))
        }
        #expect(says("/free money/ FILTER smtp:[a]:1\n", .doubt, "'smtp:[a]:1 => smtp:[host]:port' in rules.filters"))
        #expect(says("/free money/ REJECT 2.1.5 fine\n", .doubt, "4.1.5 is said"))
    }

    /// Without settings each next hop is told of once; with them those that are missing.
    @Test func filtersAreLookedUpInTheSettings() {
        let rules = "/free money/ FILTER smtp:[a]:1\n/cheap/ FILTER smtp:[a]:1\n/(bad)/ FILTER smtp:[$1]:1\n"
        #expect(findings(rules).map(\.line) == [1])
        let table = RuleTable(TableName(type: .pcre, place: "t"), text: Array(rules.utf8))
        #expect(RuleLint.findings(table, in: .body, filters: ["smtp:[a]:1"]).isEmpty)
        let missing = RuleLint.findings(table, in: .body, filters: ["smtp:[b]:1"])
        #expect(missing.map(\.line) == [1, 2])
        #expect(missing.allSatisfy { $0.severity == .dead && $0.text.contains("keeps the gateway from starting") })
    }

    @Test func aRuleWithoutTextPutsMailOff() {
        #expect(says("/free money/\n", .doubt, "put off (451 4.3.0)"))
    }

    /// The first reason why a rule is dead is enough, and that it is slow is said where nothing else is.
    @Test func noRuleIsToldOfTwice() {
        let found = findings("/.*/ WARN\n/(a+)+$/ NOSUCH\n/free/ NOSUCH\n/free/ NOSUCH\n/^/ WARN\n")
        #expect(found.map(\.line) == [1, 2, 3, 4, 5])
        #expect(found.dropFirst().allSatisfy { $0.severity == .dead })
        #expect(!found.contains { $0.text.hasPrefix("slow: ") })
    }

    /// What is looked up in another list, or never looks so.
    @Test(arguments: [
        (CheckList.body, "^Subject: viagra", "header_checks"), (.body, "^X-Mailer: foo", "header_checks"),
        (.decodedHeader, "=\\?utf-8\\?", "encoded words"), (.decodedBody, "=\\?utf-8\\?", "encoded words"),
        (.decodedBody, "^<html>", "what is shown"), (.decodedBody, "free=20money", "quoted-printable"),
        (.body, "^(Subject|From): spam", "header_checks"), (.body, "^From: .*|^To: .*", "header_checks"),
        (.body, "^(Content-Type|Content-Disposition): .*\\.exe", "mime_header_checks"),
        (.body, "^\\s*Content-(Disposition|Type):.*exe", "mime_header_checks"),
        (.body, "name=\"viewport\"", "mime_header_checks"), (.body, "%PDF-1", "sent in base64"),
        (.header, "^Content-(Disposition|Type).*name=x", "mime_header_checks"),
        (.header, "^(Content-Type|Mime-Version): x", "mime_header_checks"),
        (.header, "caf\\xc3\\xa9", "decoded_header_checks"),
        (.mimeHeader, "^(Subject|From): x", "header_checks"), (.decodedBody, "^--=_NextPart", "lines between parts"),
        (.decodedBody, "&nbsp;", "the reference"), (.decodedBody, "name=\"x.vbs\"", "attachment_checks"),
        (.decodedBody, "^Subject: x", "header_checks"), (.decodedHeader, "^Dear friend", "name and a colon"),
    ])
    func patternsOfAnotherList(_ list: CheckList, _ pattern: String, _ text: String) {
        #expect(says("/\(pattern)/ WARN\n", .doubt, text, in: list), "\(pattern)")
    }

    @Test(arguments: [
        (CheckList.body, "^Hello: you"), (.body, "Subject: x"), (.body, "(^Subject: x|free money)"),
        (.header, "^Content-Language: x"),
        (.header, "^Subject: [\\x80-\\xff]{3}x"), (.mimeHeader, "^Content-Language: x"), (.mimeHeader, "filename="),
        (.decodedBody, "^-- $"), (.decodedBody, "free & easy"), (.decodedHeader, "^Subject: Dear friend"),
    ])
    func patternsOfTheirOwnList(_ list: CheckList, _ pattern: String) {
        #expect(findings("/\(pattern)/ WARN\n", list).filter { !$0.text.hasPrefix("slow") } == [], "\(pattern)")
    }

    @Test func patternsThatNoTextOfTheListHas() {
        #expect(says("/^Content-Type:/ WARN\n", .dead, "begins with \"name: \"", in: .attachment))
        #expect(says("/^filename=/ WARN\n", .dead, "begins with \"name: \"", in: .attachment))
        #expect(
            findings("/^name: .*exe/ WARN\n/^type: x/ WARN\n/^n/ WARN\n", .attachment).allSatisfy {
                $0.severity == .doubt
            })
        #expect(says("/^Subject:.*\\n/ WARN\n", .doubt, "unfolded", in: .decodedHeader))
        #expect(!says("/^Subject:.*\\n/ WARN\n", .doubt, "unfolded", in: .header))
        let latin = RuleTable(
            TableName(type: .pcre, place: "t"), text: Array("/gr".utf8) + [0xFC] + Array("n/ WARN\n".utf8))
        #expect(RuleLint.findings(latin, in: .decodedBody).contains { $0.text.contains("not UTF-8") })
        #expect(findings("/gr\u{FC}n/ WARN\n", .decodedBody).isEmpty)
        #expect(findings("/^Hello: you/ WARN\n/Subject: x/ WARN\n", .body).isEmpty)
    }

    @Test func backReferencesOfTheLibraryAreNamed() {
        #expect(says("/free (a+)\\1/ WARN\n", .doubt, "back reference", in: .body, .regexp))
        #expect(!says("/free (a+)\\1/ WARN\n", .doubt, "back reference", in: .body, .pcre))
    }

    /// What is written for the other kind of table.
    @Test(arguments: [
        (TableType.regexp, "\\d{4} usd", "write [0-9]"), (.regexp, "[\\d]+ free", "write 0-9"),
        (.regexp, "[^\\s]free", "write [:space:]"), (.regexp, "\\x41bcd", "the letter x"),
        (.regexp, "a\\tbcd", "[[:blank:]]"),
        (.regexp, "free.*?money", "write *"), (.regexp, "fre++ money", "write +"),
        (.regexp, "\\Qfree\\E", "the letter Q"),
        (.regexp, "\\Afree\\Z", "write $"), (.pcre, "\\<word\\>", "\\bword\\b"),
        (.pcre, "\\(foo\\|bar\\)", "for a choice"),
    ])
    func foreignSyntaxIsNamed(_ type: TableType, _ pattern: String, _ text: String) {
        #expect(says("/\(pattern)/ WARN\n", .doubt, text, in: .body, type), "\(pattern)")
    }

    @Test(arguments: [
        (TableType.regexp, "free \\.exe [\\.]x"), (.regexp, "\\<word\\>"), (.regexp, "[[:digit:]]+ free"),
        (.regexp, "[]\\]x"),
        (.regexp, "fre+ (a|b)?c"), (.pcre, "\\d+? free"), (.pcre, "\\<script\\>"), (.pcre, "\\(c\\) acme"),
        (.pcre, "a\\|b"),
    ])
    func ownSyntaxIsNot(_ type: TableType, _ pattern: String) {
        #expect(
            findings("/\(pattern)/ WARN\n", .body, type).filter { !$0.text.hasPrefix("slow") } == [], "\(pattern)")
    }

    /// A rule that is left out in one kind of table is often written for the other.
    @Test(arguments: [
        (TableType.regexp, "/(?:free|cheap)/ WARN"), (.regexp, "/(?i)free/ WARN"), (.regexp, "/[[:<:]]free/ WARN"),
        (.regexp, "/free/s WARN"), (.pcre, "/a/!/b/ WARN"),
    ])
    func rulesOfTheOtherKindOfTable(_ type: TableType, _ rule: String) {
        let other = type == .pcre ? "regexp" : "pcre"
        #expect(says(rule + "\n", .dead, "name the table \(other):FILE", in: .body, type), "\(rule)")
        #expect(!says("/(/ WARN\n", .dead, "name the table", in: .body, type))
    }

    /// What the gateway says of actions when it loads a table.
    @Test(arguments: [
        ("REDIRECT a@b, c@d", RuleLint.Finding.Severity.doubt, "no address that SMTP could carry"),
        ("BCC a@b c@d", .doubt, "no address that SMTP could carry"), ("DELAY 1h", .dead, "use HOLD"),
        ("REJECT 550 5.7.1 no", .doubt, "write REJECT 5.7.1 no"), ("REJECT 5.7.1 550 no", .doubt, "write REJECT"),
        ("REDIRECT a", .dead, "need user@domain"), ("FILTER smtp", .dead, "need transport:destination"),
    ])
    func actionsThatDoNotDoWhatTheySay(_ action: String, _ severity: RuleLint.Finding.Severity, _ text: String) {
        #expect(says("/free money/ \(action)\n", severity, text), "\(action)")
    }

    @Test(arguments: [
        "REJECT 5.7.1 no", "REJECT 550th time", "REJECT", "REDIRECT a@example.net", "BCC <a@example.net>", "WARN 550 x",
    ])
    func actionsThatDo(_ action: String) {
        #expect(findings("/free money/ \(action)\n") == [], "\(action)")
    }

    /// A destination that groups fill in: no entry can be what it becomes.
    @Test func filtersOfGroupsNeedAnEntryThatFits() {
        let table = RuleTable(TableName(type: .pcre, place: "t"), text: Array("/free (.)/ FILTER scan:${1}x\n".utf8))
        for (entry, isTold) in [("scan:x", false), ("scan:ax", false), ("scan:a", true), ("smtp:ax", true)] {
            let found = RuleLint.findings(table, in: .body, filters: [entry])
            #expect(found.contains { $0.severity == .doubt && $0.text.contains("put off") } == isTold, "\(entry)")
        }
        #expect(RuleLint.findings(table, in: .body, filters: []).count == 1)
        #expect(RuleLint.findings(table, in: .body).isEmpty)
    }

    /// Links are looked up in one form, without what stands around them.
    @Test func linkChecks() {
        #expect(says("/href=.*evil/ SCORE 1 A\n", .doubt, "without the tag", in: .link))
        #expect(says("/%2e%65xe/ SCORE 1 A\n", .doubt, "printable characters are decoded", in: .link))
        #expect(says("/a\\nb/ SCORE 1 A\n", .dead, "a line has no newline", in: .link))
        #expect(says("/evil/ REPLACE x\n", .dead, "", in: .link))
        #expect(findings("/^https?:..(www\\.)?evil\\.example\\// SCORE 1 A\n/%20%25/ SCORE 1 B\n", .link) == [])
    }
}
