import Checks
import Patterns
import TestSupport
import Testing

/// Searching for words by the form that their stand-ins share must not change any answer.
@Suite struct LookAlikeTests {
    private static let patterns = [
        "v[i1|]agr[a@4]", "[fF][rR][e3E][e3E]", "m0ney", "c@sh", "\\$\\$\\$", "[^a]4a4", "[0-9]{5}", "1[|!]l",
        "a[3e]{4}", "s5s5",
        "t7t7t7", "(4|a)bcd", "[@]home", "[[:digit:]]pass", "x\\d\\d\\dx", "!!!!", "(?-i)ABCD", "[!-/]{6}",
        "[a-f0-9]{8}",
    ]
    private static let octets = Array("vi1|!agr@4fe3moNEYc$5s7tT0lhxbd 9ABCD".utf8)

    @Test func answersStayTheSame() {
        var generator = SeededGenerator(seed: 41)
        var matches = 0
        for pattern in Self.patterns {
            let rules = "/\(pattern.replacing("/", with: "\\/"))/ x\n"
            let fast = table(rules)
            let plain = PatternTable(
                RuleTable(TableName(type: .pcre, place: "t"), text: Array(rules.utf8)), usesPrefilter: false)
            let (one, other) = (MatchSession(), MatchSession())
            for _ in 0..<1000 {
                let few = (0..<4).map { _ in Self.octets.randomElement(using: &generator) ?? 0 }
                let text = (0..<Int.random(in: 1...14, using: &generator)).map { _ in
                    few.randomElement(using: &generator) ?? 0
                }
                let expected = plain.lookup(text.span, one)
                #expect(fast.lookup(text.span, other) == expected, "\(pattern) on \(text)")
                if expected != nil { matches += 1 }
            }
            // The texts that the patterns are made for.
            for text in ["v1agr4", "FR3e", "m0ney", "C@SH", "$$$", "b4a4", "12345", "1!l", "a3e3e", "S5s5", "T7t7T7"] {
                let bytes = Array(text.utf8)
                #expect(fast.lookup(bytes.span, other) == plain.lookup(bytes.span, one), "\(pattern) on \(text)")
            }
        }
        #expect(matches > 50)
    }

    /// A word spelt with stand-ins is one text to look for.
    @Test func everyOctetIsFound() {
        for byte in UInt8(0x21)...0x7E {
            let escaped = "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            let rules = table("/ab\(escaped)cd/ x\n")
            #expect(rules.linesWithoutNeed == [])
            let text: [UInt8] = [0x2E, 0x61, 0x62, byte, 0x63, 0x64, 0x2E]
            #expect(rules.lookup(text.span, MatchSession())?.line == 1, "\(byte)")
        }
    }
}
