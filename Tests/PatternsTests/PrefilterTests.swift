import Checks
import Patterns
import TestSupport
import Testing

/// Choosing rules by what their patterns need must not change any answer.
@Suite struct PrefilterTests {
    private func lines(_ table: PatternTable, _ text: [UInt8], _ session: MatchSession) -> Int? {
        table.lookup(text.span, session)?.line
    }

    /// Patterns of every form that is read, and some that are not.
    private static let patterns = [
        "viagra", "v[i1]agra", "[vV][ j!\\-\\.]?[iI1][ j!\\-\\.]?[aA4@][ !j\\-\\.]?[gG]", "^Subject:.*free", "free$",
        "(abc|de+f|g)h", "a{3}", "(ab){2,3}c", "x*y+z?w", "[0-9]{4,}", "^[a-z0-9]{5,8}$", "[^a-z ]{3}",
        "\\d{2}[-. ]\\d{2}",
        "(?i)FoO", "(?:foo|bar)baz", "foo(?=bar)", "(?<!x)yz", "(a)(b)\\1\\2", "[[:upper:]][[:digit:]]+",
        "[^[:print:]]{2}",
        "a.c", "a\\.c", "\\x41\\x42", "\\bword\\b", "caf\\xe9", "^$", "^", ".", "()", "a|", "(a|b|)c",
        "\\w+@\\w+\\.com",
        "[\\d-]{6}", "a{0}b", "(x+x+)+y", "foo\\Kbar", "\\Qa.b\\E", "a(?#comment)b", "(?>ab+)c", "(?<n>ab)c", "[]x]y",
        "[a\\]b]{2}", "a{,2}b", "a{2", "\\/x\\/", "(?s).x", "(?m)^two$", "A-[a-c]+?-Z", "q?w?e?r?t?y", "no\\s+space",
        "^.{10,}$", "^.{3,5}$", "(foo|fo)(o|bar)", "((a|b)c){2}", "[^\\W\\d]{4}", "\\S{7}", "tail\\z", "\\Ahead",
    ]

    /// A text that is likely to hold pieces of the patterns.
    private static func text(_ generator: inout SeededGenerator) -> [UInt8] {
        let pieces = [
            "viagra", "V1AGRA", "v i-a.g", "Subject: x", "free", "abch", "deefh", "gh", "aaa", "ababc", "xxyyzw",
            "12345",
            "abc12", "!!?", "12-34", "foo", "FOObaz", "bar", "yz", "abab", "Q7", "\u{1}\u{2}", "axc", "a.c", "AB",
            "word",
            "\u{e9}", "", " ", "c", "me@x.com", "123-45", "b", "xxxy", "\n", "x", "ab", "/x/", "two", "A-abc-Z",
            "qwerty",
            "no  space", "tail", "head", "acbc", "]y", "a]", "a{2", "_", "caf\u{e9}",
        ]
        var out: [UInt8] = []
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
            let piece = pieces.randomElement(using: &generator) ?? ""
            out += piece.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        }
        return out
    }

    @Test(arguments: [TableType.pcre, .regexp])
    func answersStayTheSame(_ type: TableType) {
        var generator = SeededGenerator(seed: 17)
        for flags in ["", "i", "m", "mi", "x", "xi"] {
            for pattern in Self.patterns {
                let rules = "/\(pattern.replacing("/", with: "\\/"))/\(flags) x\n"
                let plain = PatternTable(
                    RuleTable(TableName(type: type, place: "t"), text: Array(rules.utf8)), usesPrefilter: false)
                let fast = table(rules, type)
                let (one, other) = (MatchSession(), MatchSession())
                for _ in 0..<300 {
                    let text = Self.text(&generator)
                    let (slow, quick) = (lines(plain, text, one), lines(fast, text, other))
                    #expect(slow == quick, "\(type) /\(pattern)/\(flags) on \(String(decoding: text, as: UTF8.self))")
                }
            }
        }
    }

    @Test func orderAndConditionsStayTheSame() {
        var generator = SeededGenerator(seed: 23)
        var rules = ""
        for round in 0..<6 {
            for (index, pattern) in Self.patterns.shuffled(using: &generator).enumerated() {
                let open = index % 7 == round ? "if \(index % 2 == 0 ? "!" : "")/[a-m]/\n" : ""
                rules +=
                    open + (index % 11 == 0 ? "!" : "") + "/\(pattern.replacing("/", with: "\\/"))x{0,1}\(round)?/ x\n"
                if !open.isEmpty, index % 3 != 0 { rules += "endif\n" }
            }
        }
        let plain = PatternTable(
            RuleTable(TableName(type: .pcre, place: "t"), text: Array(rules.utf8)), usesPrefilter: false)
        let fast = table(rules)
        let (one, other) = (MatchSession(), MatchSession())
        for _ in 0..<3000 {
            let text = Self.text(&generator)
            #expect(lines(plain, text, one) == lines(fast, text, other))
        }
    }

    @Test func namesRulesThatAreTriedEverywhere() {
        let named = table("/free money/ x\n/^/ y\n!/x/ z\n/[0-9]{6}/ u\n/(*UTF)free/ v\n").linesWithoutNeed
        #expect(named == [2, 3, 5])
    }

    @Test func moreSetsThanBitsAreTriedEverywhere() {
        let rules = (0..<80).map { "/[\($0 % 10)-9\(UnicodeScalar(UInt8(0x61 + $0 % 26)))]{\(5 + $0 / 26)}/ x\n" }
            .joined()
        let fast = table(rules)
        let plain = PatternTable(
            RuleTable(TableName(type: .pcre, place: "t"), text: Array(rules.utf8)), usesPrefilter: false)
        let session = MatchSession()
        for text in ["aaaaaaa", "0z0z0z0z", "999999999", "bcbcbc", ""] {
            let bytes = Array(text.utf8)
            #expect(lines(fast, bytes, session) == lines(plain, bytes, MatchSession()))
        }
    }

    @Test func aPatternThatExplodesIsGivenUp() {
        var limits = PatternLimits()
        limits.matchSteps = 10_000
        let session = MatchSession(limits: limits)
        let hostile = table("/^(a+)+$/ x\n!/^(a+)+$/ y\nif /^(a+)+$/\n/./ z\nendif\n/b/ last\n")
        let text = Array(repeating: UInt8(0x61), count: 200) + [0x62]
        // Given up, it counts as no match: for the plain rule, for the negated one, and for the IF.
        #expect(hostile.lookup(text.span, session)?.line == 6)
        #expect(session.failureCount == 3)
        #expect(session.failures.map(\.line) == [1, 2, 3])
        #expect(session.failures.allSatisfy { $0.text == "match limit exceeded" })
        session.clearFailures()
        let plain = Array("aaa".utf8)
        #expect(hostile.lookup(plain.span, session)?.line == 1)
        #expect(session.failureCount == 0)
    }

    /// Nearly as long as a header can be that is looked up.
    private static let foldedSubject: [UInt8] = {
        let line = Array(repeating: UInt8(0x78), count: 77) + [0x0A, 0x20]
        var text = Array("Subject:".utf8)
        while text.count < 102_000 { text += line }
        return text + Array("viagra".utf8)
    }()

    /// Machine code wants some 40 octets of stack for each octet of the text here, the interpreter more of the heap.
    @Test(arguments: [16_777_216, 32_768])
    func repeatedAlternationsOverTheLongestHeader(_ jitStack: Int) {
        var limits = PatternLimits()
        limits.jitStack = jitStack
        let session = MatchSession(limits: limits)
        for pattern in ["^Subject:(.|\\n)*viagra", "^Subject:(?:(a)|(x)|(.)|(\\n))*viagra"] {
            #expect(table("/\(pattern)/ x\n").lookup(Self.foldedSubject.span, session)?.line == 1, "\(pattern)")
        }
        #expect(session.failures == [])
    }

    @Test func heapOfTheInterpreterIsBounded() {
        var limits = PatternLimits()
        limits.jitStack = 32_768
        limits.heapKiB = 1000
        let session = MatchSession(limits: limits)
        let rules = table("/^Subject:(.|\\n)*viagra/ x\n/^S/ y\n")
        #expect(rules.lookup(Self.foldedSubject.span, session)?.line == 2)
        #expect(session.failures.map(\.text) == ["heap limit exceeded"])
    }

    /// Machine code counts 1,734 to 2,168 steps here, the interpreter 453 to 567 (PCRE2 10.42).
    @Test func stepsAreThoseOfTheInterpreter() {
        var limits = PatternLimits()
        limits.matchSteps = 1000
        let rules = table("/^(?:a?){12}a{12}b/ x\n")
        let text = Array("aaaaaaaaaaaaaaab".utf8)
        let session = MatchSession(limits: limits)
        #expect(rules.lookup(text.span, session)?.line == 1)
        #expect(session.failureCount == 0)
        limits.matchSteps = 100
        let short = MatchSession(limits: limits)
        #expect(rules.lookup(text.span, short) == nil)
        #expect(short.failures.map(\.text) == ["match limit exceeded"])
    }

    @Test func longTextsAndManyGroups() {
        let session = MatchSession()
        let text = Array(repeating: UInt8(0x61), count: 102_400) + Array("needle".utf8)
        #expect(table("/needle$/ x\n").lookup(text.span, session)?.line == 1)
        let groups = String(repeating: "(a)", count: 99)
        let match = table("/^\(groups)/ $99\n").lookup(text.span, session)
        #expect(match?.groups.count == 100)
        #expect(match?.groups.last == 98..<99)
    }
}
