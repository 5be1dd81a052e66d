import Checks
import Patterns
import TestSupport
import Testing

/// For any patterns and texts, a table answers as if each rule were tried on each text.
@Suite struct PrefilterPropertyTests {
    /// Both by themselves and all in one table, with a count of the texts that matched, so that no run tests nothing.
    /// - Parameter readsCharacters: patterns have characters of UTF-8 in the place of octets here and there, and texts too.
    private static func compare(
        _ type: TableType, _ seed: UInt64, rounds: Int, readsCharacters: Bool = false
    ) -> (matches: Int, read: Int) {
        var generator = SeededGenerator(seed: seed)
        var (matches, read) = (0, 0)
        var limits = PatternLimits()
        limits.matchSteps = 100_000
        for _ in 0..<rounds {
            let patterns = (0..<8).map { _ in RandomPattern(type, using: &generator) }
            let rules = patterns.map { pattern in
                let text = readsCharacters ? strange(pattern.text, &generator) : pattern.text
                return "/\(text)/\(["", "i", "m", "x"].randomElement(using: &generator) ?? "") x"
            }
            func table(_ rules: [String], usesPrefilter: Bool) -> PatternTable {
                // A pattern may hold a newline only as an escape, so each rule is one line.
                PatternTable(
                    RuleTable(
                        TableName(type: type, place: "t"), text: Array((rules.joined(separator: "\n") + "\n").utf8)),
                    readsCharacters: readsCharacters, usesPrefilter: usesPrefilter)
            }
            let plain = rules.map { (table([$0], usesPrefilter: false), MatchSession(limits: limits)) }
            let alone = rules.map { (table([$0], usesPrefilter: true), MatchSession(limits: limits)) }
            let (whole, session) = (table(rules, usesPrefilter: true), MatchSession(limits: limits))
            read += alone.count { $0.0.linesWithoutNeed.isEmpty && $0.0.problems.isEmpty }
            for pattern in patterns {
                for _ in 0..<4 {
                    var text = pattern.subject(&generator)
                    if readsCharacters {
                        text = Array(strange(String(decoding: text, as: UTF8.self), &generator).utf8)
                    }
                    let expected = plain.map { $0.0.lookup(text.span, $0.1) != nil }
                    matches += expected.count { $0 }
                    for (index, (table, session)) in alone.enumerated() {
                        let answer = table.lookup(text.span, session) != nil
                        #expect(answer == expected[index], "\(type) \(rules[index]) on \(text)")
                    }
                    let first = expected.firstIndex(of: true).map { $0 + 1 }
                    #expect(whole.lookup(text.span, session)?.line == first, "\(type) \(rules) on \(text)")
                }
            }
        }
        return (matches, read)
    }

    @Test(arguments: [1, 2, 3, 4])
    func perlPatterns(_ seed: UInt64) {
        let (matches, read) = Self.compare(.pcre, seed, rounds: 150)
        #expect(matches > 2000)
        #expect(read > 200)
    }

    /// Letters of ASCII with others that are them without case, and such as have none.
    private static let strangers: [Character: [Character]] = [
        "a": ["\u{E4}", "\u{C4}", "\u{430}", "k"], "b": ["\u{411}", "\u{431}", "K", "\u{212A}"],
        "c": ["s", "S", "\u{17F}", "\u{DF}", "\u{1E9E}"], "d": ["\u{20AC}", "\u{1F600}", "\u{1C80}", "\u{432}"],
    ]

    private static func strange(_ text: String, _ generator: inout SeededGenerator) -> String {
        var (out, isEscaped) = ("", false)
        for character in text {
            let others = isEscaped ? nil : strangers[character]
            isEscaped = character == "\\" && !isEscaped
            let other = others?.randomElement(using: &generator)
            out.append(Int.random(in: 0..<2, using: &generator) == 0 ? other ?? character : character)
        }
        return out
    }

    @Test(arguments: [7, 8, 9])
    func patternsOfCharacters(_ seed: UInt64) {
        let (matches, read) = Self.compare(.pcre, seed, rounds: 150, readsCharacters: true)
        #expect(matches > 1500)
        #expect(read > 100)
    }

    @Test(arguments: [5, 6])
    func posixPatterns(_ seed: UInt64) {
        let (matches, read) = Self.compare(.regexp, seed, rounds: 150)
        #expect(matches > 2000)
        #expect(read > 200)
    }

    /// A part that can take nothing, under a repetition that demands a turn.
    @Test(arguments: [
        ("v(\\W?)+i(\\W?)+a(\\W?)+g(\\W?)+r(\\W?)+a", "buy viagra now"), ("x(y?)+z", "xz"), ("ab(\\s*)+cd", "abcd"),
        ("v(\\W*){1,3}i(\\W*){1,3}a", "via"), ("ab( *)+cd", "abcd"), ("ab((?=c))+cd", "abcd"), ("ab()+cd", "abcd"),
        ("ab(?:){1,}cd", "abcd"), ("ab(x?){2}cd", "abxcd"), ("ab(\\B|x){2,}cd", "abxcd"), ("foo(?#c)*", "fo"),
        ("quux(?#c)?(?#d)y", "quuy"), ("quux(?#c){0}y", "quuy"),
    ])
    func aTurnThatTakesNothing(_ pattern: String, _ text: String) {
        let bytes = Array(text.utf8)
        #expect(table("/\(pattern)/ x\n").lookup(bytes.span, MatchSession())?.line == 1)
    }

    @Test func aTurnThatTakesNothingInPosixPatterns() {
        let bytes = Array("abcd".utf8)
        for pattern in ["ab( *)+cd", "ab()+cd", "ab(x?){1,3}cd"] {
            #expect(table("/\(pattern)/ x\n", .regexp).lookup(bytes.span, MatchSession())?.line == 1, "\(pattern)")
        }
    }

    /// Later versions of PCRE2 take these braces for quantifiers: no text may be told of them.
    @Test(arguments: ["needle{,2}", "needle{ 0,2 }", "needle{0, 2}", "needle{,}"])
    func bracesThatVersionsReadDifferently(_ pattern: String) {
        #expect(table("/\(pattern)/ x\n").linesWithoutNeed == [1])
    }
}
