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
        #expect(says("/<input name=\"x\"/ REJECT\n", .doubt, "mime_header_checks"))
        #expect(findings("/name=\"x\\.vbs\"/ REJECT\n", .mimeHeader).isEmpty)
    }

    @Test func contentsOfFilesAreBase64() {
        #expect(says("/This program cannot be run in DOS mode/ REJECT\n", .dead, "sent in base64"))
        #expect(says("/\\x00\\x01PE/ REJECT\n", .doubt, "sent in base64"))
        #expect(findings("/^TVqQAAMAAAAEAAAA/ REJECT\n").isEmpty)
        let line = String(repeating: "TVqQ4AMA", count: 9) + "abcd"
        #expect(findings("/\(line)/ REJECT\n").isEmpty)
        #expect(says("/\(line)E/ REJECT\n", .dead, "lines of 76 octets"))
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
    ])
    func patternsOfAnotherList(_ list: CheckList, _ pattern: String, _ text: String) {
        #expect(says("/\(pattern)/ WARN\n", .doubt, text, in: list), "\(pattern)")
    }

    @Test func patternsThatNoTextOfTheListHas() {
        #expect(says("/^Content-Type:/ WARN\n", .dead, "begins with \"name: \"", in: .attachment))
        #expect(says("/^filename=/ WARN\n", .dead, "begins with \"name: \"", in: .attachment))
        #expect(
            findings("/^name: .*exe/ WARN\n/^type: x/ WARN\n/^n/ WARN\n", .attachment).allSatisfy {
                $0.severity == .doubt
            })
        #expect(says("/^Subject:.*\\n/ WARN\n", .dead, "unfolded", in: .decodedHeader))
        #expect(!says("/^Subject:.*\\n/ WARN\n", .dead, "unfolded", in: .header))
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
}
