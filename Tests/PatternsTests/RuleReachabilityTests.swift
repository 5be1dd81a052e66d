import Checks
import MailModel
import Patterns
import TestSupport
import Testing

/// Rules that never fire, and that none is called so which does.
@Suite struct RuleReachabilityTests {
    private static func findings(
        _ rules: String, _ list: CheckList, _ type: TableType = .pcre
    ) -> [RuleLint.Finding] {
        RuleLint.findings(RuleTable(TableName(type: type, place: "t"), text: Array(rules.utf8)), in: list)
    }

    private static func dead(_ rules: String, _ list: CheckList, _ type: TableType = .pcre) -> [Int: String] {
        var out: [Int: String] = [:]
        for finding in findings(rules, list, type) where finding.severity == .dead { out[finding.line] = finding.text }
        return out
    }

    // MARK: One rule

    @Test(arguments: [
        (CheckList.body, "/^$/", "empty"), (.body, "!/./", "empty"), (.body, "/^.{0}$/", "empty"),
        (.header, "/^$/", "empty"),
        (.decodedBody, "/^$/", "empty"), (.body, "!/^/", "matches every text"), (.body, "!/x*/", "matches every text"),
        (.body, "/foo$bar/", "for the characters"), (.body, "/cost $5/", "for the characters"),
        (.body, "/a^/", "for the characters"),
        (.body, "/[^\\s\\S]/", "no text that this matches"), (.body, "/(?!)/", "no text that this matches"),
        (.body, "/foo\\nbar/", "no newline"), (.body, "/a\\x00/", "NUL"), (.body, "/.{2049}/", "line_length_limit"),
        (.header, "/^Subject$/", "name and a colon"), (.header, "/^[^:]*$/", "name and a colon"),
        (.header, "/^[ \\t]/", "name and a colon"), (.header, "/^Subject : x/", "name and a colon"),
        (.header, "/^Dear friend/", "name and a colon"), (.mimeHeader, "/^From foo@/", "name and a colon"),
        (.header, "/^Subject:.*\\n[^ \\t]/", "fold"), (.header, "/\\nX-Evil:/", "fold"),
        (.nestedHeader, "/^(Content-Type|Mime-Version): x/", "mime_header_checks"),
        (.attachment, "/^filename=/", "begins with"), (.attachment, "/^(foo|bar)\\.exe$/", "begins with"),
        (.decodedBody, "/a\u{A0}b/", "as it is seen"), (.decodedBody, "/a\u{200B}b/", "as it is seen"),
        (.decodedBody, "/vi\u{AD}agra/", "as it is seen"), (.decodedHeader, "/a\\xa0b/", "as it is seen"),
        (.decodedBody, "/one\\ntwo/", "no newline"),
    ])
    func rulesThatNoTextMeets(_ list: CheckList, _ pattern: String, _ words: String) {
        let found = Self.dead(pattern + " WARN\n", list)
        #expect(
            found[1]?.hasPrefix("never fires: ") == true && found[1]?.contains(words) == true, "\(pattern): \(found)")
    }

    /// Texts that the rule fires on stand beside.
    @Test(arguments: [
        (CheckList.body, "/^\\s*$/", " "), (.body, "/^\\t$/", "\t"), (.body, "!/[^ ]/", " "), (.body, "/$/", "x"),
        (.body, "/x\\n?$/", "x"), (.body, "/^ab^c|d/", "d"), (.body, "/b\\Bc/", "abcd"),
        (.header, "/^Subject:$/", "Subject:"),
        (.header, "/^ b/m", "Subject: a\n b"), (.header, "/(?m)^ b/", "Subject: a\n b"),
        (.header, "/\\n\\s/", "Subject: a\n b"), (.header, "/^Dear/", "Dear: x"), (.header, "/:\\n/", "S:\n b"),
        (.nestedHeader, "/^Content-/", "Content-Language: x"), (.attachment, "/\\.exe$/", "name: a.exe"),
        (.attachment, "/^(name|type):/", "name: a"), (.decodedHeader, "/^Dear friend/", "Dear friend: x"),
        (.decodedBody, "/\u{430}/", "\u{410}"), (.decodedBody, "/k/", "\u{212A}"), (.decodedBody, "/[^a]/", "\u{430}"),
        (.decodedBody, "/\\w/", "\u{430}"), (.decodedBody, "/[[:alpha:]]/", "\u{430}"),
        (.body, "/name=\"viewport\"/", "<x name=\"viewport\">"),
        (.body, "/^Content-Type:/", "Content-Type: quoted"), (.body, "/%PDF-1/", "%PDF-1"),
        (.body, "/name=\".*\\.com\"/", "<a name=\"x\" href=\"y.com\">"),
    ])
    func rulesThatSomeTextMeets(_ list: CheckList, _ rule: String, _ text: String) {
        #expect(Self.dead(rule + " WARN\n", list) == [:], "\(rule)")
        let table = PatternTable(
            RuleTable(TableName(type: .pcre, place: "t"), text: Array((rule + " WARN\n").utf8)),
            readsCharacters: list.readsCharacters)
        #expect(table.lookup(Array(text.utf8).span, MatchSession())?.line == 1, "\(rule)")
    }

    /// The C library takes a newline for an end of the text in the midst of a pattern.
    @Test(arguments: [("/a$. b/", "S: a\n b"), ("/x.^ b/", "S: x\n b")])
    func anchorsOfTheLibrary(_ rule: String, _ text: String) {
        #expect(Self.dead(rule + " WARN\n", .header, .regexp) == [:], "\(rule)")
        #expect(table(rule + " WARN\n", .regexp).lookup(Array(text.utf8).span, MatchSession())?.line == 1, "\(rule)")
        #expect(Self.dead(rule + " WARN\n", .body, .regexp).keys.sorted() == [1], "\(rule)")
    }

    // MARK: Rules before it

    @Test(arguments: [
        (CheckList.header, "/viagra/", "/^Subject:.*viagra/"), (.header, "/viagra/", "/X: viagra$/"),
        (.header, "/viagra/", "/viagra.*cheap/"), (.header, "/viagra/", "/(buy|get) viagra/"),
        (.header, "/viagra/", "/buy (viagra|viagra2)/"), (.header, "/^Subject: free/", "/^Subject: free money/"),
        (.header, "/^To:/", "/^To: foo@/"), (.header, "/^X-Mailer:/", "/^X-Mailer: spam/"),
        (.header, "/^Subject:.*viagra/", "/^Subject: buy viagra/"),
        (.header, "/^(Subject|From):.*casino/", "/^Subject: casino/"),
        (.header, "/^From: .*@spam\\.example/", "/^From: .*bob@spam\\.example$/"), (.header, "/\\S/", "/^zz: q/"),
        (.header, "/^[^:]+:/", "/x/"), (.body, "/(?:free|cheap) money/", "/really (free|cheap) money/"),
        (.body, "/fre+/", "/\\bfreee\\b/"), (.body, "/[0-9]{3}/", "/call 0800 \\d+/"), (.body, "/FREE/", "/free/i"),
        (.body, "!/a/", "!/[ab]/"), (.body, "/(?<=x)free/", "/(?<=x)free/"),
        (.attachment, "/\\.exe$/", "/^name: .*\\.exe$/"),
        (.decodedBody, "/fre*/", "/free \u{430}/"),
    ])
    func rulesBehindAWiderOne(_ list: CheckList, _ first: String, _ second: String) {
        let found = Self.dead("\(first) DUNNO\n\(second) REJECT\n", list)
        #expect(found.keys.sorted() == [2], "\(first) \(second)")
        #expect(found[2]?.contains("on line 1 ") == true)
    }

    @Test(arguments: [
        (CheckList.header, "/^Subject:.*viagra/", "/viagra/"), (.header, "/^To:/", "/To:/"),
        (.header, "/free$/", "/free/"),
        (.body, "/free/i", "/free/"), (.body, "/\\bfree\\b/", "/a free b/"), (.body, "/a.c/s", "/abc|a\\s+c/"),
        (.body, "/(?-i)free/", "/free money/"), (.body, "/free(?! money)/", "/free money/"),
        (.body, "/(?>a+)ab/", "/aab/"),
        (.body, "/^[^a]$/", "/^[^a]b?$/"), (.header, "/^a.*b/s", "/^a.*b/"), (.body, "/a++ab/", "/aaab/"),
        (.body, "/^(.*a){20}$/", "/^(.*a){21}$/"), (.body, "/(a+)+$/", "/xa$/"), (.decodedBody, "/^[a-z]$/", "/^.$/"),
        (.decodedBody, "/^[^k]$/", "/^\u{212A}$/"), (.decodedBody, "/^\\w$/", "/^\u{430}$/"),
        (.body, "/x/!/y/", "/xy/"),
    ])
    func rulesBehindANarrowerOne(_ list: CheckList, _ first: String, _ second: String) {
        #expect(Self.dead("\(first) DUNNO\n\(second) REJECT\n", list)[2] == nil, "\(first) \(second)")
    }

    @Test func severalRulesTogether() {
        let found = Self.dead(
            "/free/ WARN\n/cheap/ WARN\n/(free|cheap) money/ REJECT\n/free|cheap|good/ REJECT\n", .body)
        #expect(found == [3: "never fires: the rules on lines 1 and 2 match wherever this one does"])
    }

    @Test func rulesWithinIFs() {
        let found = Self.dead(
            """
            if /^Subject:/
            /^From:/ WARN
            /free/ OK
            endif
            if /^Subject:/
            /free money/ REJECT
            endif
            /free money/ REJECT
            /^Subject: free money/ REJECT
            if /^Received:/
            /./ DUNNO
            /foo/ WARN
            endif
            /^Received: .*x/ WARN
            if /\\bfoo/
            /foo/ WARN
            endif
            /foo/ REJECT
            if !/abc/
            /xabcx/ WARN
            endif

            """, .header)
        #expect(found.keys.sorted() == [2, 6, 9, 12, 14, 20])
        #expect(found[2]?.contains("the IF on line 1 lets nothing through") == true)
        #expect(found[20]?.contains("the IF on line 19") == true)
        #expect(found[6]?.contains("rule on line 3 ") == true)
        #expect(found[12]?.contains("rule on line 11 ") == true)
    }

    /// Both patterns of a rule of regexp tables.
    @Test func rulesWithTwoPatterns() {
        let found = Self.dead(
            "/free/!/money/ WARN\n/free/ REJECT\n/free beer$/ WARN\n/cheap/!/cheap/ WARN\n", .body, .regexp)
        #expect(found.keys.sorted() == [3, 4])
        #expect(Self.dead("/free/!/money/ WARN\n/free beer$/ REJECT\n", .body, .regexp) == [:])
    }

    // MARK: Chance

    private static let rounds = Differential.step == 1 ? 600 : 40

    /// Of tables made by chance no rule fires that is called dead: rules that repeat others in part, within IFs, looked up with
    /// texts that their patterns were made for.
    @Test(arguments: [TableType.pcre, .regexp], [CheckList.body, .decodedBody, .header])
    func noRuleFiresThatIsCalledDead(_ type: TableType, _ list: CheckList) {
        var generator = SeededGenerator(seed: 77)
        var dead = 0
        var fired = 0
        for round in 0..<Self.rounds {
            let patterns = (0..<3).map { _ in RandomPattern(type, depth: 2, using: &generator) }
            let open = type == .pcre ? "(?:" : "("
            var rules = patterns.map { "/\($0.text)/" }
            rules += patterns.map { "/a?\(open)\($0.text))b*/" } + patterns.map { "/^\(open)\($0.text))/" }
            rules += patterns.map { "/\($0.text)/i" } + ["!/\(patterns[0].text)/"]
            rules.shuffle(using: &generator)
            var lines = rules.prefix(7).map { $0 + " WARN" }
            if round % 2 == 0 {
                lines.insert("if \(rules[8])", at: 2)
                lines.insert("endif", at: 5)
            }
            let text = lines.joined(separator: "\n") + "\n"
            let findings = Self.findings(text, list, type).filter { $0.text.hasPrefix("never fires") }
            let never = Set(findings.map(\.line))
            dead += never.count
            let table = PatternTable(
                RuleTable(TableName(type: type, place: "t"), text: Array(text.utf8)),
                readsCharacters: list.readsCharacters)
            let session = MatchSession()
            for _ in 0..<40 {
                guard let pattern = patterns.randomElement(using: &generator),
                    let subject = Self.text(of: list, pattern.subject(&generator)),
                    let line = table.lookup(subject.span, session)?.line
                else { continue }
                fired += 1
                let words = findings.first { $0.line == line }?.text ?? ""
                #expect(!never.contains(line), "\(text)\(line) \(words): \(subject)")
            }
        }
        #expect(dead > Self.rounds / 2 && fired > Self.rounds * 5, "\(dead) \(fired)")
    }

    /// A text that the list could look up, made of any octets; nil when it cannot be.
    private static func text(of list: CheckList, _ octets: [UInt8]) -> [UInt8]? {
        switch list {
        case .header:
            let lines = octets.split(separator: 0x0A, omittingEmptySubsequences: false)
            return Array("a:".utf8) + lines.joined(separator: [0x0A, 0x20])
        case .decodedBody:
            let line = octets.filter { $0 != 0x0A }
            return line.isEmpty ? nil : Array(String(decoding: line, as: UTF8.self).utf8)
        default:
            let line = octets.filter { $0 != 0x0A }
            return line.isEmpty ? nil : line
        }
    }
}
