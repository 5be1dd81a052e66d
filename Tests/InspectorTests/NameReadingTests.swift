import InspectionLink
import MailModel
import Members
import Testing

@testable import Inspector

/// F11: names of members that are not in UTF-8 are tried by rules as code pages have them.
@Suite struct NameReadingTests {
    /// `счёт.pdf.exe`, `発注書．ｅｘｅ` with wide letters, `表示.exe` whose first character ends with a backslash, `发票.exe`,
    /// `Ölrechnung.exe`.
    private static let samples: [(text: String, octets: [UInt8], rule: String)] = [
        (
            "счёт.exe", [0xE1, 0xE7, 0xF1, 0xE2, 0x2E, 0x65, 0x78, 0x65],
            "ban счёт*"
        ),
        (
            "счет.exe", [0xF1, 0xF7, 0xE5, 0xF2, 0x2E, 0x65, 0x78, 0x65],
            "ban счет*"
        ),
        (
            "発．ｅｘｅ",
            [0x94, 0xAD, 0x81, 0x44, 0x82, 0x85, 0x82, 0x98, 0x82, 0x85],
            "ban *.exe"
        ),
        (
            "表示.exe", [0x95, 0x5C, 0x8E, 0xA6, 0x2E, 0x65, 0x78, 0x65],
            "ban 表示*"
        ),
        (
            "发票.exe", [0xB7, 0xA2, 0xC6, 0xB1, 0x2E, 0x65, 0x78, 0x65],
            "ban 发票*"
        ),
        (
            "Öl.exe", [0x99, 0x6C, 0x2E, 0x65, 0x78, 0x65],
            "ban Öl*"
        ),
    ]

    @Test(arguments: samples.indices) func everyCodePageIsRead(_ number: Int) throws {
        let sample = Self.samples[number]
        #expect(NameReadings.all(of: sample.octets).contains(sample.text), "\(NameReadings.all(of: sample.octets))")
        let stage = try #require(
            BannedStage(
                RuleTables(
                    number: 1, tables: [], lists: [],
                    banned: [RuleTables.Table(name: "banned.rules", text: Array((sample.rule + "\n").utf8))])))
        #expect(stage.problems.isEmpty)
        let report = Report(
            messageSize: 1, parts: [PartDescription(path: "1", names: ["shown"], origin: .archive)])
        func firings(_ readings: [Int: [String]], wholeNames: [Int: [String]] = [:]) -> Int {
            stage.firings(report, wholeNames: wholeNames, marks: [:], readings: readings) { Issue.record("\($0)") }
                .count
        }
        #expect(firings([0: NameReadings.all(of: sample.octets)]) == 1)
        // Of a name that is too long for a report rules see all.
        #expect(firings([:], wholeNames: [0: [sample.text]]) == 1)
        #expect(firings([:]) == 0)
    }

    /// Shown as the format has it, where it has something.
    @Test func whatIsShown() {
        let octets: [UInt8] = [0x67, 0x72, 0x94, 0xE1, 0x65]
        #expect(NameReadings.shown(octets, .dosNames) == "größe")
        #expect(NameReadings.shown(octets, []) == "gr\u{94}\u{E1}e")
        #expect(NameReadings.shown(Array("größe".utf8), .dosNames) == "größe")
    }

    @Test func othersHaveOneReading() {
        for name in ["plain.exe", "Ünïcödé.exe", "文書.pdf", ""] {
            #expect(NameReadings.all(of: Array(name.utf8)).isEmpty)
        }
    }

    /// The readings of one message are bounded, those of a long name too.
    @Test func limits() {
        #expect(!NameReadings.all(of: (0x80...0xFF).map { $0 }).isEmpty)
        var names = NameReadings()
        let long = [UInt8](repeating: 0xE9, count: 100_000)
        #expect(NameReadings.all(of: long).allSatisfy { $0.unicodeScalars.count <= 1024 })
        var part = 0
        while names.add([long], part: part) { part += 1 }
        let octets = names.readings.values.joined().reduce(0) { $0 + $1.utf8.count }
        #expect(octets <= NameReadings.mostOctets && octets > NameReadings.mostOctets - 4096)
    }
}
