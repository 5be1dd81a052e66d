import Foundation
@testable import Gateway
import MailModel
import Policy
import Relay
import Stores
import TestSupport
import Testing

/// Taking parts out: where an inspector says that they stand is checked, and a lie takes out one part or nothing.
@Suite struct StripPlanTests {
    private static let head = "From: a@b\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    private static let first = "Content-Type: text/plain\r\n\r\nfirst\r\n--y\r\n"
    private static let second = "Content-Type: text/plain\r\n\r\nsecond"
    private static let text = "\(head)pre\r\n--x\r\n\(first)\r\n--x \r\n\(second)\r\n--x--\r\nepilogue\r\n"

    private let messages: StoredMessages

    init() throws { messages = try StoredMessages() }

    /// What the message becomes when a part at this place is said to be banned; nil when it is kept back.
    private func stripped(
        _ text: String, _ header: Range<Int>, _ body: Range<Int>, change: (inout Report) -> Void = { _ in }
    ) throws -> String? {
        let file = try messages.store(text)
        var report = Report(
            messageSize: file.count,
            parts: [
                PartDescription(
                    path: "1", declaredType: "multipart/mixed",
                    place: PartDescription.Place(header: 0..<0, body: 0..<file.count)),
                PartDescription(
                    path: "1.1", names: ["a.exe"], container: 0,
                    place: PartDescription.Place(header: header, body: body)),
            ])
        change(&report)
        let content = BannedContent(part: 1, path: "1.1", attributes: ".exe,a.exe", reason: "why", rule: "f:1:1")
        let plan = try StripPlan(
            [content], report, try HeaderFacts(of: file, limit: 1 << 20), file,
            RemovalText.Words(hostname: "here.example", quarantineID: "Q1"))
        guard let plan else { return nil }
        return try StoredMessages.text(file, plan.edits)
    }

    private func place(of part: String, in text: String = text) throws -> (Range<Int>, Range<Int>) {
        let bytes = Array(text.utf8), wanted = Array(part.utf8)
        let start = try #require(
            (0...(bytes.count - wanted.count)).first { Array(bytes[$0..<($0 + wanted.count)]) == wanted })
        let header = try #require((0...wanted.count).first { wanted[$0...].starts(with: [13, 10, 13, 10]) }) + 4
        return (start..<start + header, start + header..<start + wanted.count)
    }

    @Test(arguments: [first, second]) func onePartIsReplaced(_ part: String) throws {
        let (header, body) = try place(of: part)
        let result = try #require(try stripped(Self.text, header, body))
        let pieces = result.components(separatedBy: "What stood here was removed by here.example:")
        try #require(pieces.count == 2)
        #expect(
            !result.contains(part) && result.contains("Q1") && result.contains("reason: why")
                && result.contains(".exe,a.exe"))
        // Around it everything is as it was.
        let around = Self.text.components(separatedBy: part)
        #expect(result.hasPrefix(around[0]) && result.hasSuffix(around[1]))
        #expect(result.split(separator: "\r\n", omittingEmptySubsequences: false).allSatisfy { $0.utf8.count < 79 })
    }

    /// Every other place that an inspector could name is refused: no octet changes.
    @Test func everyOtherPlaceIsRefused() throws {
        let (header, body) = try place(of: Self.first)
        let right = header.lowerBound..<body.upperBound
        let (header2, body2) = try place(of: Self.second)
        let other = header2.lowerBound..<body2.upperBound
        for start in 0..<Self.text.utf8.count {
            for end in start...Self.text.utf8.count where start..<end != right && start..<end != other {
                let middle = start + (end - start) / 2
                let result = try stripped(Self.text, start..<middle, middle..<end)
                #expect(result == nil, "\(start)..<\(end): \(result ?? "")")
                if result != nil { return }
            }
        }
        // A gap between header and body.
        #expect(try stripped(Self.text, header.lowerBound..<header.upperBound - 1, body) == nil)
    }

    @Test func partsOfOtherReadingsAreLeftAlone() throws {
        let (header, body) = try place(of: Self.first)
        #expect(try stripped(Self.text, header, body) { $0.parts[1].reading = 1 } == nil)
        // Decoded in another way it is the same part.
        let twice = try stripped(Self.text, header, body) { report in
            report.parts.append(report.parts[1])
            report.parts[1].reading = 1
        }
        #expect(twice?.contains("What stood here") == true)
        #expect(try stripped(Self.text, header, body) { $0.parts[1].place = nil } == nil)
        #expect(try stripped(Self.text, header, body) { $0.parts[0].declaredType = "text/plain" } == nil)
    }

    /// The part without an end at the end of the message.
    @Test func theEndOfTheMessageEndsAPart() throws {
        let text = Self.head + "--x\r\n" + Self.second
        let (header, body) = try place(of: Self.second, in: text)
        #expect(try stripped(text, header, body)?.contains("What stood here") == true)
        #expect(try stripped(text, header, body.lowerBound..<body.upperBound - 1) == nil)
    }

    @Test func aMessageThatIsTheFileKeepsItsHeader() throws {
        let text =
            "From: a@b\r\nContent-Type: application/x;\r\n name=a.exe\r\nSubject: x\r\ncontent-transfer-encoding: base64\r\n"
            + "MIME-Version: 1.0\r\n\r\nTVqQ\r\n"
        let result = try stripped(text, 0..<0, 0..<0) { report in
            report.parts[0].declaredType = "application/x"
            report.parts.append(PartDescription(path: "1", container: 0))
            report.parts[1].place = nil
            report.parts[1].container = 0
        }
        let message = try #require(result)
        #expect(message.hasPrefix("From: a@b\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain"))
        #expect(!message.contains("TVqQ") && !message.contains("name=") && message.hasSuffix("\r\n"))
        // Without a blank line, or with a line before the first field, nobody knows where the header ends.
        for wrong in ["From: a@b\r\n", " x\r\nFrom: a@b\r\n\r\nTVqQ\r\n", "From: a@b\r\nno field\r\nTVqQ\r\n"] {
            let kept = try stripped(wrong, 0..<0, 0..<0) { report in
                report.parts[0].declaredType = "application/x"
                report.parts[1].place = nil
            }
            #expect(kept == nil)
        }
    }

    /// Names cannot put lines of their own into the text.
    @Test func namesAreEscaped() throws {
        let (header, body) = try place(of: Self.first)
        let file = try messages.store(Array(Self.text.utf8))
        let report = Report(
            messageSize: file.count,
            parts: [
                PartDescription(path: "1", declaredType: "multipart/mixed"),
                PartDescription(path: "1.1", container: 0, place: PartDescription.Place(header: header, body: body)),
            ])
        let content = BannedContent(
            part: 1, path: "1.1", attributes: "a\r\n--x\r\n\r\n\u{202E}é" + String(repeating: "b", count: 500),
            reason: "",
            rule: "")
        let plan = try #require(
            try StripPlan(
                [content], report, try HeaderFacts(of: file, limit: 1 << 20), file,
                RemovalText.Words(hostname: "h", quarantineID: "Q")))
        let text = String(decoding: plan.edits.flatMap(\.text), as: UTF8.self)
        #expect(!text.contains("\n--x") && text.utf8.allSatisfy { $0 < 0x80 })
    }
}
