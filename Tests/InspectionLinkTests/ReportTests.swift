import InspectionLink
import MailModel
import Testing

/// What a report may say is bounded by what the message and its own lists are.
@Suite struct ReportTests {
    private func refused(_ change: (inout Report) -> Void, _ limits: ReportLimits = ReportLimits()) -> Bool {
        var report = Samples.report
        change(&report)
        return (try? Report(report.encoded(), limits: limits)) == nil
    }

    @Test func partIndexesAreWithinTheParts() {
        #expect(!refused { $0.findings[0].part = 1 })
        #expect(refused { $0.findings[0].part = 2 })
        #expect(refused { $0.anomalies[0].part = 2 })
        #expect(refused { $0.unchecked[0].part = 2 })
    }

    @Test func offsetsAreWithinTheMessage() {
        #expect(!refused { $0.anomalies[0].offset = 1000 })
        #expect(refused { $0.anomalies[0].offset = 1001 })
        #expect(refused { $0.anomalies[0].offset = -1 })
    }

    @Test func sizesAreNotNegative() {
        #expect(refused { $0.messageSize = -1 })
        #expect(refused { $0.parts[0].size = -1 })
        #expect(refused { $0.timings[0].microseconds = -1 })
    }

    @Test func digestsAreWholeOrAbsent() {
        #expect(!refused { $0.parts[1].sha256 = [] })
        #expect(refused { $0.parts[1].sha256 = Array(0..<31) })
        #expect(refused { $0.parts[1].sha256 = Array(0..<33) })
    }

    @Test func textsAtTheLimitAndOneBeyond() {
        var limits = ReportLimits()
        limits.text = 40
        #expect(!refused({ $0.findings[0].name = String(repeating: "n", count: 40) }, limits))
        #expect(refused({ $0.findings[0].name = String(repeating: "n", count: 41) }, limits))
        #expect(refused({ $0.parts[1].names[0] = String(repeating: "n", count: 41) }, limits))
    }

    @Test func namesAtTheLimitAndOneBeyond() {
        var limits = ReportLimits()
        limits.names = 2
        #expect(!refused({ _ in }, limits))
        limits.names = 1
        #expect(refused({ _ in }, limits))
    }

    @Test func entriesAtTheLimitAndOneBeyond() {
        var limits = ReportLimits()
        limits.entries = 2
        #expect(!refused({ _ in }, limits))
        #expect(refused({ $0.limitsHit = ["a", "b", "c"] }, limits))
        #expect(refused({ $0.parts.append($0.parts[0]) }, limits))
    }

    @Test func brokenTextIsRepaired() throws {
        var out = RecordWriter(type: 9)
        out.put([0x61, 0xFF, 0x62] as [UInt8])
        var reader = try RecordReader(out.bytes)
        #expect(try reader.string(limit: 10) == "a\u{FFFD}b")
    }

    @Test func firingsKeepWithinTheMessage() {
        #expect(!refused { $0.firings[0].range = 1000..<1000 })
        #expect(refused { $0.firings[0].range = 990..<1001 })
        #expect(refused { $0.firings[0].line = 0 })
        #expect(refused { $0.firings[0].table = -1 })
        #expect(refused { $0.firings[0].text = Array(repeating: 0x61, count: RuleFiring.textShown + 1) })
    }

    @Test func placesAreInOrderAndWithinTheMessage() {
        func place(_ header: Range<Int>, _ body: Range<Int>) -> Bool {
            refused { $0.parts[1].place = PartDescription.Place(header: header, body: body) }
        }
        #expect(!place(0..<0, 1000..<1000))
        #expect(place(0..<10, 9..<20))
        #expect(place(0..<10, 10..<1001))
        #expect(place(1001..<1001, 1001..<1001))
        #expect(!refused { $0.parts[1].place = nil })
    }

    /// A container stands before what is in it, so nobody can walk in a circle.
    @Test func containersStandBefore() {
        #expect(!refused { $0.parts[1].container = nil })
        #expect(refused { $0.parts[1].container = 1 })
        #expect(refused { $0.parts[0].container = 0 })
    }

    @Test func bannedPartsAreThere() {
        #expect(refused { $0.banned[0].part = 2 })
        #expect(refused { $0.banned[0].matched = 2 })
        #expect(refused { $0.banned[0].set = -1 })
        #expect(refused { $0.banned[0].rule = -1 })
        var limits = ReportLimits()
        limits.banned = 1
        limits.types = 2
        #expect(!refused({ _ in }, limits))
        #expect(refused({ $0.banned.append($0.banned[0]) }, limits))
        #expect(refused({ $0.parts[1].types.append("x") }, limits))
        #expect(
            (try? Report(Report(messageSize: 1, banned: [BannedFiring(set: 0, rule: 0, part: 0, matched: 0)]).encoded()))
                == nil)
    }

    @Test func endsOfTextsAreWithinTheMessage() {
        #expect(!refused { $0.textEnds[1].place = nil })
        #expect(!refused { $0.textEnds[1].place = 1000..<1000 })
        #expect(refused { $0.textEnds[1].place = 1000..<1001 })
        #expect(refused { $0.textEnds[0].part = 2 })
        #expect(refused { $0.textEnds[0].part = -1 })
        #expect(!refused { $0.textEnds[1].skip = 0 })
        #expect(refused { $0.textEnds[1].skip = 4 })
        #expect(refused { $0.textEnds[1].skip = -1 })
        #expect(refused { $0.textEnds[1].known = [TextEnd.textLimit] })
        #expect(!refused { $0.textEnds[1].known = Array(0..<TextEnd.textLimit) })
        #expect(refused { $0.textEnds[1].known = Array(0..<TextEnd.textLimit) + [0] })
        #expect(refused { $0.htmlCleanings[0].texts[0].part = 2 })
        #expect(refused { $0.htmlCleanings[0].texts[0].part = -1 })
        #expect(refused { $0.htmlCleanings[0].hazards = [] })
        #expect(refused { $0.htmlCleanings[0].texts[0].edits[0].range = -1..<0 })
        let edits = (0..<HTMLEdit.countLimit).map { HTMLEdit(.prefix, $0..<$0) }
        #expect(!refused { $0.htmlCleanings[0].texts = [HTMLCleaning.Text(part: 0, edits: edits)] })
        #expect(refused { $0.htmlCleanings[0].texts[0].edits += edits })
        #expect(!refused { $0.htmlCleanings = Array(repeating: $0.htmlCleanings[1], count: HTMLHazard.setLimit) })
        #expect(refused { $0.htmlCleanings = Array(repeating: $0.htmlCleanings[1], count: HTMLHazard.setLimit + 1) })
        #expect(refused { $0.textEnds.append($0.textEnds[0]) })
        var none = Report(messageSize: 1)
        none.textEnds = [TextEnd(part: 0, form: .plain, coding: .sevenBit, letters: .ascii, charset: "")]
        #expect((try? Report(none.encoded())) == nil)
    }

    @Test func limitsOfSanitisingInARequest() {
        func isRefused(_ edits: Int, _ attributes: Int) -> Bool {
            var request = Samples.inspect
            (request.limits.htmlEdits, request.limits.htmlAttributes) = (edits, attributes)
            return (try? Inspect(request.encoded())) == nil
        }
        #expect(!isRefused(1, 1) && !isRefused(HTMLEdit.countLimit, 10_000))
        #expect(isRefused(0, 1) && isRefused(HTMLEdit.countLimit + 1, 1) && isRefused(1, 0))
    }

    @Test func textsOfARequestAtTheLimitAndOneBeyond() {
        func isRefused(_ texts: [[UInt8]]) -> Bool {
            var request = Samples.inspect
            request.context.texts = texts
            return (try? Inspect(request.encoded())) == nil
        }
        let text = [UInt8](repeating: 0x61, count: TextEnd.lettersLimit)
        let all = [[UInt8]](repeating: text, count: TextEnd.textLimit)
        #expect(!isRefused(all))
        #expect(isRefused(all + [[]]))
        #expect(isRefused([text + [0x61]]))
    }

    @Test func firingsAtTheLimitAndOneBeyond() {
        var limits = ReportLimits()
        limits.firings = 2
        limits.groups = 3
        limits.groupBytes = 2
        #expect(!refused({ _ in }, limits))
        #expect(refused({ $0.firings.append($0.firings[0]) }, limits))
        #expect(refused({ $0.firings[0].groups.append(nil) }, limits))
        #expect(refused({ $0.firings[0].groups[2] = [0x61] }, limits))
    }
}
