import InspectionLink
import MailModel
import Testing

@testable import Inspector

/// Whatever a sender writes, the report is one that the gateway accepts, and says when something is missing in it.
@Suite struct ReportBuilderTests {
    private func part(_ names: [String]) -> PartDescription {
        PartDescription(path: "1", declaredType: "text/plain", names: names)
    }

    private func finished(_ builder: ReportBuilder, maximum: Int = 1 << 20) throws -> Report {
        var builder = builder
        return try Report(builder.finish(completed: [], timings: [], maximum: maximum))
    }

    @Test func namesAtTheLimitAndOneBeyond() throws {
        let count = ReportLimits().names
        var builder = ReportBuilder(messageSize: 10)
        _ = builder.add(part(Array(repeating: "n", count: count)))
        #expect(try finished(builder).unchecked.isEmpty)
        _ = builder.add(part(Array(repeating: "n", count: count + 1)))
        let report = try finished(builder)
        #expect(report.parts[1].names.count == count)
        #expect(report.unchecked == [Unchecked(.overLimits, part: 1, detail: "report-names")])
    }

    @Test func longNamesAtTheLimitAndOneBeyond() throws {
        let length = ReportLimits().text
        var builder = ReportBuilder(messageSize: 10)
        _ = builder.add(part([String(repeating: "n", count: length)]))
        #expect(try finished(builder).unchecked.isEmpty)
        #expect(builder.wholeNames.isEmpty)
        let long = "aé" + String(repeating: "é", count: length) + ".exe"
        let index = builder.add(part([long, "next"]))
        let report = try finished(builder)
        #expect(report.limitsHit == ["report-names"])
        let shown = report.parts[index].names
        #expect(
            shown.count == 2 && shown[0].hasPrefix("aéé") && shown[0].contains("é ... é") && shown[0].hasSuffix("é.exe")
        )
        #expect(shown[0].utf8.count > length - 8 && shown[0].utf8.count <= length && shown[1] == "next")
        #expect(builder.wholeNames == [index: [long, "next"]])
    }

    @Test func namesTogetherAtTheLimitAndOneBeyond() throws {
        var limits = ReportBuilder.Limits()
        limits.nameBytes = 10
        var builder = ReportBuilder(messageSize: 10, limits: limits)
        _ = builder.add(part(["12345", "67890"]))
        #expect(try finished(builder).unchecked.isEmpty)
        _ = builder.add(part(["x"]))
        #expect(try finished(builder).limitsHit == ["report-names"])
    }

    @Test func anomaliesAtTheLimitAndOneBeyond() throws {
        var limits = ReportBuilder.Limits()
        limits.anomalies = 2
        var builder = ReportBuilder(messageSize: 10, limits: limits)
        for _ in 0..<2 { builder.add(Anomaly(kind: .nul, offset: 100)) }
        let full = try finished(builder)
        #expect(full.limitsHit.isEmpty)
        // An offset beyond the message would be taken for a lie.
        #expect(full.anomalies.map { $0.offset } == [10, 10])
        for _ in 0..<2 { builder.add(Anomaly(kind: .nul)) }
        let over = try finished(builder)
        #expect(over.anomalies.count == 2)
        #expect(over.unchecked == [Unchecked(.overLimits, detail: "report-anomalies")])
    }

    /// Faults of the header and viruses together, as the gateway counts them.
    @Test func findingsAtTheLimitAndOneBeyond() throws {
        var builder = ReportBuilder(messageSize: 10)
        for _ in 0..<64 { builder.addBadHeader(.syntax, "x") }
        for _ in 64..<ReportLimits().findings { builder.addVirus("Test", scanner: "clamav", part: nil) }
        #expect(try finished(builder).limitsHit.isEmpty)
        builder.addVirus("Test", scanner: "clamav", part: nil)
        let over = try finished(builder)
        #expect(over.findings.count == ReportLimits().findings)
        #expect(over.limitsHit == ["report-findings"])
    }

    @Test func reportOfTheLargestSizeAndOneMore() throws {
        var builder = ReportBuilder(messageSize: 10)
        _ = builder.add(part(["name"]))
        builder.addVirus("Test", scanner: "clamav", part: 0)
        let size = builder.report.encoded().count
        #expect(try finished(builder, maximum: size).parts.count == 1)
        let short = try finished(builder, maximum: size - 1)
        #expect(short.parts.isEmpty)
        #expect(short.findings == [Finding(scanner: "clamav", kind: .virus, name: "Test", part: nil)])
        #expect(short.unchecked == [Unchecked(.overLimits, detail: "report-size")])
    }

    @Test func textIsCutBetweenCharacters() {
        #expect(clamped("abc", to: 3) == "abc")
        #expect(clamped("abcd", to: 3) == "abc")
        #expect(clamped("aüb", to: 3) == "aü")
        #expect(clamped("aüb", to: 2) == "a")
        #expect(clamped("ü", to: 0).isEmpty)
    }
}
