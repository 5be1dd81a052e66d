import Foundation
@testable import Gateway
import MailModel
import Policy
import Testing

/// What stands in place of a removed part: people look for the file that they were sent, and for what was with it.
@Suite struct RemovalTextTests {
    private static let report = Report(
        messageSize: 100,
        parts: [
            PartDescription(path: "1", declaredType: "multipart/mixed"),
            PartDescription(
                path: "1.2", declaredType: "application/zip", names: ["all.zip"], types: ["zip"], container: 0),
            PartDescription(path: "1.2/1", names: ["x/a.exe"], types: ["exe"], container: 1),
            PartDescription(path: "1.2/2", names: ["read\u{202E}me.txt"], types: ["asc"], container: 1),
            PartDescription(path: "1.2/3", names: ["plans.zip"], types: ["zip"], container: 1),
            PartDescription(path: "1.2/3/1", names: ["plan.pdf"], types: ["pdf"], container: 4),
            PartDescription(path: "1.2/4", names: ["more.zip"], types: ["zip"], container: 1),
            PartDescription(path: "1.2/4/1", names: ["b.exe"], types: ["exe"], container: 6),
            PartDescription(path: "1.2/4/2", declaredType: "text/plain", types: ["asc"], container: 6),
            PartDescription(path: "1.2/4/3", types: ["dat"], container: 6),
            PartDescription(path: "1.2/5", names: ["thumb"], origin: .embedded, container: 1),
            PartDescription(path: "1.3", names: ["stays.txt"], types: ["asc"], container: 0),
        ])

    private func lines(_ part: Int, _ banned: [Int]) -> [String] {
        let contents = banned.map { index in
            BannedContent(
                part: index, path: Self.report.parts[index].path, attributes: "seen \(index)", names: ["n\(index)"],
                reason: "why", rule: "f:1:1")
        }
        let text = RemovalText.lines(
            part, contents, of: contents, Self.report,
            RemovalText.Words(hostname: "here.example", quarantineID: "Q1"))
        return text.components(separatedBy: "\r\n")
    }

    @Test func whatWasSentAndWhatWentWithIt() {
        #expect(
            lines(1, [2, 7]) == [
                "What stood here was removed by here.example:", "", "  application/zip,.zip,all.zip", "  name: all.zip",
                "", "for what is in it:", "", "  seen 2", "  name: n2", "  reason: why", "  seen 7", "  name: n7",
                "  reason: why", "", "With it went:", "", "  read\\u{202E}me.txt", "  plans.zip", "  text/plain",
                "  part 1.2/4/3", "", "The message as it came is kept in the quarantine there, under the number", "",
                "  Q1", "", "The postmaster can release it: mailreeve quarantine release Q1",
            ])
    }

    /// A part that is the file itself is told once, and nothing went with it.
    @Test func aFileOfItsOwn() {
        let text = lines(11, [11])
        #expect(
            text.prefix(5) == [
                "What stood here was removed by here.example:", "", "  seen 11", "  name: n11", "  reason: why",
            ])
        #expect(!text.contains("With it went:") && !text.contains("for what is in it:"))
    }

    @Test func manyAreCut() {
        var report = Self.report
        for number in 1...30 {
            report.parts.append(
                PartDescription(path: "1.2/\(number)", names: ["f\(number)"], types: ["asc"], container: 1))
        }
        let content = BannedContent(part: 2, path: "1.2/1", attributes: "", reason: "", rule: "")
        let text = RemovalText.lines(
            1, [content], of: [content], report, RemovalText.Words(hostname: "h", quarantineID: "Q"))
        #expect(text.contains("\r\n  and 23 more\r\n") && !text.contains("f8\r\n"))
    }
}
