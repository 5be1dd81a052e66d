import Testing

@testable import mailreeve

/// What `bench` counts and how it reads replies.
@Suite struct BenchTests {
    @Test func percentilesAreNearestRanks() {
        let hundred = Array(1...100)
        #expect(BenchFigures.percentile(50, of: hundred) == 50)
        #expect(BenchFigures.percentile(95, of: hundred) == 95)
        #expect(BenchFigures.percentile(99, of: hundred) == 99)
        #expect(BenchFigures.percentile(100, of: hundred) == 100)
        #expect(BenchFigures.percentile(0, of: hundred) == 1)
        #expect(BenchFigures.percentile(99, of: [7]) == 7)
        #expect(BenchFigures.percentile(50, of: [1, 2, 3]) == 2)
        #expect(BenchFigures.percentile(51, of: [1, 2]) == 2)
        #expect(BenchFigures.percentile(50, of: []) == nil)
    }

    @Test func numbersHaveFixedDecimals() {
        #expect(BenchFigures.fixed(0, 2) == "0.00")
        #expect(BenchFigures.fixed(1.005, 1) == "1.0")
        #expect(BenchFigures.fixed(12.999, 2) == "13.00")
        #expect(BenchFigures.fixed(0.05, 2) == "0.05")
    }

    @Test func sessionsAddUp() {
        var all = BenchFigures()
        var one = BenchFigures()
        one.microseconds = [1000, 3000]
        one.replies = [250: 1, 451: 1]
        one.octets = 2_000_000
        all.add(one)
        one.replies = [250: 2]
        all.add(one)
        all.seconds = 2
        #expect(all.replies == [250: 3, 451: 1])
        #expect(!all.isFlawless(expected: 4))
        #expect(all.text.contains("rate        2.0 messages/s, 2.00 MB/s"))
        #expect(all.text.contains("p50 1.00 ms, p95 3.00 ms, p99 3.00 ms, max 3.00 ms"))
        #expect(all.text.contains("replies     250: 3, 451: 1"))
    }

    @Test func aRunIsFlawlessWhenAllWereTaken() {
        var figures = BenchFigures()
        figures.replies = [250: 5]
        #expect(figures.isFlawless(expected: 5))
        #expect(!figures.isFlawless(expected: 6))
        figures.failures = ["no reply": 1]
        #expect(!figures.isFlawless(expected: 5))
    }

    @Test func repliesAreCutOutWhereverTheyAreSplit() {
        let input = Array("220 hello\r\n250-one\r\n250-two\r\n250 end\r\n354\r\n250\n\r\nxyz\r\n451 4.3.0 no\r\n".utf8)
        for split in 0...input.count {
            var reader = ReplyCodes()
            var codes: [Int] = []
            for piece in [input[..<split], input[split...]] {
                reader.append(piece)
                while let code = reader.take() { codes.append(code) }
            }
            #expect(codes == [220, 250, 354, 250, 0, 0, 451], "split at \(split)")
        }
    }

    @Test func messagesArePreparedForTheWire() {
        func wire(_ text: String) -> String { String(decoding: PreparedMessage(Array(text.utf8)).wire, as: UTF8.self) }
        #expect(wire("a\r\n.b\r\n") == "a\r\n..b\r\n.\r\n")
        #expect(wire("a") == "a\r\n.\r\n")
        #expect(wire("") == ".\r\n")
        #expect(PreparedMessage(Array("a\r\n.b\r\n".utf8)).count == 7)
    }
}
