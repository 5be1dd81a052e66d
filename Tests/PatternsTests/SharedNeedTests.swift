import Checks
import Patterns
import TestSupport
import Testing

/// Rules that are found by the same octets, and runs, are told apart by what stands around: no answer may change by it.
@Suite struct SharedNeedTests {
    private func tables(_ rules: String) -> (fast: PatternTable, plain: PatternTable) {
        let text = RuleTable(TableName(type: .pcre, place: "t"), text: Array(rules.utf8))
        return (PatternTable(text), PatternTable(text, usesPrefilter: false))
    }

    /// Hundreds of texts around one word, with up to twenty octets before and behind it, at either edge of a line too.
    @Test func textsAroundOneWord() {
        var generator = SeededGenerator(seed: 71)
        func some(_ count: Int) -> String {
            String((0..<count).map { _ in "abz".randomElement(using: &generator) ?? "a" })
        }
        let words = (0..<300).map { _ in
            some(Int.random(in: 0...20, using: &generator)) + "qxjv" + some(Int.random(in: 0...20, using: &generator))
        }
        let (fast, plain) = tables(words.map { "/\($0)/ x\n" }.joined())
        #expect(fast.linesWithoutNeed == [])
        let (one, other) = (MatchSession(), MatchSession())
        for word in words {
            for text in [word, some(3) + word, word + some(3), some(30) + word + some(30), String(word.dropLast())]
                + [String(word.dropFirst()), word + " " + word, some(1) + "qxjv"]
            {
                let bytes = Array(text.utf8)
                #expect(fast.lookup(bytes.span, one) == plain.lookup(bytes.span, other), "\(text)")
            }
        }
    }

    /// Words with gaps that share their first letters, and what goes on behind them differently.
    @Test func gapsBehindOneWord() {
        var generator = SeededGenerator(seed: 72)
        let tails = (0..<100).map { _ in
            (0..<Int.random(in: 1...10, using: &generator)).map { _ in "efgh".randomElement(using: &generator) ?? "e" }
        }
        let (fast, plain) = tables(
            tails.map { tail in "/qxj[-. ]?v" + tail.map { "[-. ]?\($0)" }.joined() + "/ x\n" }.joined())
        #expect(fast.linesWithoutNeed == [])
        let (one, other) = (MatchSession(), MatchSession())
        for tail in tails {
            for gap in ["", ".", "- "] {
                for count in 0...tail.count {
                    let text = "qxjv" + tail.prefix(count).map { gap + String($0) }.joined()
                    let bytes = Array(text.utf8)
                    #expect(fast.lookup(bytes.span, one) == plain.lookup(bytes.span, other), "\(text)")
                }
            }
        }
    }

    /// Runs at the length that is wanted and one below, at every place of a line, by themselves and beside others.
    @Test func runsOfEveryLength() {
        let lengths = Array(1...20) + [31, 32, 33, 47, 64]
        let all = tables(lengths.reversed().map { "/[0-9]{\($0)}/ x\n/[!%]{\($0)}/ x\n" }.joined())
        let (one, other) = (MatchSession(), MatchSession())
        for length in lengths {
            let alone = tables("/[0-9]{\(length)}/ x\n")
            for before in 0..<(length + 4) {
                for (run, octet) in [(length, UInt8(0x37)), (length - 1, 0x37), (length, 0x21), (length - 1, 0x21)] {
                    let text =
                        Array(repeating: UInt8(0x7A), count: before) + Array(repeating: octet, count: run) + [0x7A]
                    let expected = octet == 0x37 && run == length
                    #expect((alone.fast.lookup(text.span, one) != nil) == expected, "\(length) behind \(before)")
                    #expect(all.fast.lookup(text.span, one) == all.plain.lookup(text.span, other))
                }
            }
        }
    }

    /// A run that only short lines may have is not looked for in long ones; another of the same set is.
    @Test func runsOfWholeLines() {
        let (fast, plain) = tables("/^[0-9]{8,12}$/ x\n/[0-9]{10}/ y\n/^[0-9]{9,20}$/ z\n/^[a-f]{8,12}$/ u\n")
        let (one, other) = (MatchSession(), MatchSession())
        for count in 0...40 {
            for (octet, around) in [(UInt8(0x35), 0), (0x35, 1), (0x62, 0), (0x62, 1)] {
                let edge = Array(repeating: UInt8(0x20), count: around)
                let text = edge + Array(repeating: octet, count: count) + edge
                #expect(fast.lookup(text.span, one) == plain.lookup(text.span, other), "\(count) of \(octet)")
                let line = Array(repeating: octet, count: count) + [0x0A]
                #expect(fast.lookup(line.span, one) == plain.lookup(line.span, other))
            }
        }
    }
}
