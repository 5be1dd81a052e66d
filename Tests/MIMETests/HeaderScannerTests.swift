import MIME
import Testing

@Suite struct HeaderScannerTests {
    private func text(_ bytes: [UInt8], _ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    private func fields(_ bytes: [UInt8], limit: Int = HeaderScanner.defaultLimit) -> (
        [HeaderField], HeaderScanner
    ) {
        var scanner = HeaderScanner(limit: limit)
        var found: [HeaderField] = []
        while let field = scanner.next(in: bytes.span) { found.append(field) }
        return (found, scanner)
    }

    @Test(arguments: ["\r\n", "\n"]) func splitsFieldsWithTheirFolds(newline: String) {
        let lines = ["Received: a", "\tb", "  c", "Subject:x", "X-Blank : y", "Empty:", "", "Body: no"]
        let bytes = Array((lines.joined(separator: newline)).utf8)
        let (found, scanner) = fields(bytes)
        #expect(found.map { text(bytes, $0.name) } == ["Received", "Subject", "X-Blank", "Empty"])
        #expect(found.map { text(bytes, $0.value) } == ["a\(newline)\tb\(newline)  c", "x", "y", ""])
        #expect(text(bytes, found[0].whole) == "Received: a\(newline)\tb\(newline)  c\(newline)")
        #expect(
            found.map(\.whole).reduce("") { $0 + text(bytes, $1) } + newline + "Body: no"
                == String(decoding: bytes, as: UTF8.self))
        #expect(scanner.end == .blankLine)
        #expect(text(bytes, scanner.position..<bytes.count) == "Body: no")
        #expect(scanner.blankBeforeColon == found[2].whole.lowerBound)
    }

    @Test func endsAtALineThatIsNoField() {
        let bytes = Array("A: 1\r\nnot a field\r\nB: 2\r\n\r\n".utf8)
        let (found, scanner) = fields(bytes)
        #expect(found.count == 1)
        #expect(scanner.end == .brokenLine)
        #expect(text(bytes, scanner.position..<bytes.count).hasPrefix("not a field"))
    }

    @Test(arguments: ["K\u{E9}y: 1\n", ": no name\n", "a\u{0}b: 1\n", "a b: 1\n", "-- \n"])
    func refusesNames(line: String) {
        let (found, scanner) = fields(Array(line.utf8))
        #expect(found.isEmpty)
        #expect(scanner.end == .brokenLine)
    }

    @Test func skipsMboxLineAndLeadingContinuation() {
        let bytes = Array("From a@b Mon\n  odd\n\teven\nSubject: x\n  y\n\n".utf8)
        let (found, scanner) = fields(bytes)
        #expect(found.map { text(bytes, $0.name) } == ["Subject"])
        #expect(scanner.mboxLine == 0)
        #expect(scanner.leadingContinuation == 13..<25)
    }

    /// A field whose end is not inside the limit is not returned: its folds are not known.
    @Test func limitIsExact() {
        let bytes = Array("A: 1\r\nB: 2\r\n\r\nbody".utf8)
        #expect(fields(bytes, limit: 13).0.count == 2)
        #expect(fields(bytes, limit: 13).1.end == .limit)
        #expect(fields(bytes, limit: 14).1.end == .blankLine)
        #expect(fields(bytes, limit: 12).0.count == 1)
        #expect(fields(bytes, limit: 12).1.end == .limit)
        #expect(fields(bytes, limit: 0).1.end == .limit)
        #expect(fields([], limit: 0).1.end == .endOfBytes)
        let short = Array("A: 1\r\n".utf8)
        #expect(fields(short, limit: 6).0.count == 1)
        #expect(fields(short, limit: 6).1.end == .endOfBytes)
    }

    @Test func findsByName() {
        let bytes = Array(
            "received: 1\r\nX-Mailreeve : a\r\n b\r\nRECEIVED: 2\r\nReceivedX: 3\r\n\r\nReceived: 4\r\n".utf8)
        #expect(HeaderScanner.count("Received", in: bytes.span) == 2)
        #expect(HeaderScanner.firstValue(of: "Received", in: bytes.span).map { text(bytes, $0) } == "1")
        #expect(HeaderScanner.firstValue(of: "Subject", in: bytes.span) == nil)
        let ranges = HeaderScanner.ranges(named: [Array("x-mailreeve".utf8)], in: bytes.span)
        #expect(ranges.map { text(bytes, $0) } == ["X-Mailreeve : a\r\n b\r\n"])
    }

    @Test func everyPrefixAndRandomBytesEnd() {
        let sample = Array("From x\nA : b\r\n c\r\n\t\r\n\u{0}\r\r\n:\n\nrest".utf8)
        var random = Random(state: 7)
        let alphabet = Array("aA:-. \t\r\n\u{0}\u{7F}".utf8) + [0xFF]
        for round in 0..<2_000 {
            let bytes =
                round < sample.count
                ? Array(sample[..<round]) : (0..<random.below(60)).map { _ in alphabet[random.below(alphabet.count)] }
            let (found, scanner) = fields(bytes, limit: random.below(70))
            #expect(scanner.end != nil)
            #expect(scanner.position <= bytes.count)
            var low = 0
            for field in found {
                #expect(field.whole.lowerBound >= low)
                #expect(field.whole.contains(field.name.lowerBound) && field.value.upperBound <= field.whole.upperBound)
                #expect(field.name.upperBound < field.value.lowerBound || field.value.isEmpty)
                low = field.whole.upperBound
            }
            #expect(low <= scanner.position)
        }
    }
}
