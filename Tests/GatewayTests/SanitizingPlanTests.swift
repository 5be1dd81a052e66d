import Configuration
import Foundation
@testable import Gateway
import MailModel
import Relay
import Stores
import TestSupport
import Testing

/// Taking scripts and the like out of a message: what an inspector says is checked, and a lie takes octets out of the text of its own
/// message or leaves all as it is.
@Suite struct SanitizingPlanTests {
    private static let head = "From: a@b\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    private static let html = "<p onclick=a>text\r\n"

    private let messages: StoredMessages

    init() throws { messages = try StoredMessages() }

    private func planned(
        _ body: String, encoding: String?, _ edits: [HTMLEdit], body range: Range<Int>? = nil,
        changed: [Range<Int>] = [], obstacle: HTMLCleaning.Obstacle? = nil, limits: Settings.Limits = Settings.Limits()
    ) throws -> (body: String, reason: String?) {
        let field = encoding.map { "Content-Transfer-Encoding: \($0)\r\n" } ?? ""
        let before = "\(Self.head)--x\r\nContent-Type: text/html\r\n\(field)\r\n"
        let after = "\r\n--x--\r\n"
        let file = try messages.store(before + body + after)
        let start = before.utf8.count
        let header = Self.head.utf8.count + 5..<start
        var report = Report(
            messageSize: file.count,
            parts: [
                PartDescription(path: "1", place: PartDescription.Place(header: 0..<0, body: 0..<file.count)),
                PartDescription(
                    path: "1.1", container: 0,
                    place: PartDescription.Place(header: header, body: range ?? start..<start + body.utf8.count)),
            ])
        var cleaning = HTMLCleaning([.scripts])
        cleaning.texts = [HTMLCleaning.Text(part: 1, edits: edits)]
        cleaning.obstacle = obstacle
        report.htmlCleanings = [cleaning]
        let plan = try SanitizingPlan(
            [.scripts], report, try HeaderFacts(of: file, limit: 1 << 20), file, changed: changed, limits: limits)
        let text = try StoredMessages.text(file, plan.edits)
        #expect(text.hasPrefix(before) && text.hasSuffix(after))
        return (String(text.dropFirst(before.count).dropLast(after.count)), plan.reason)
    }

    private static let edit = HTMLEdit(.prefix, 3..<3)

    @Test(arguments: [nil, "7bit", "8bit", " BINARY "])
    func asItStands(_ encoding: String?) throws {
        let result = try planned(Self.html, encoding: encoding, [Self.edit])
        #expect(result == ("<p x-onclick=a>text\r\n", nil))
    }

    @Test func encodedAgain() throws {
        let quoted = try planned("<p onclick=3Da>t=\r\n=E4xt", encoding: "quoted-printable", [Self.edit])
        #expect(quoted == ("<p x-onclick=3Da>t=E4xt", nil))
        let coded = try planned(
            Data(Self.html.utf8).base64EncodedString(), encoding: "Base64", [Self.edit])
        #expect(coded.reason == nil)
        let decoded = try #require(Data(base64Encoded: coded.body))
        // Blanks fill the last group up.
        #expect(
            String(decoding: decoded, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
                == "<p x-onclick=a>text")
    }

    @Test func liesChangeNothing() throws {
        let wrong: [[HTMLEdit]] = [
            [HTMLEdit(.prefix, 20..<20)], [HTMLEdit(.comment, 0..<20)], [HTMLEdit(.comment, 0..<Int.max)],
            [HTMLEdit(.reference, 1..<2)], [HTMLEdit(.prefix, 0..<2)],
            [HTMLEdit(.prefix, 5..<5), HTMLEdit(.prefix, 3..<3)],
            [HTMLEdit(.comment, 0..<4), HTMLEdit(.comment, 3..<6)],
        ]
        for edits in wrong {
            let result = try planned(Self.html, encoding: nil, edits)
            #expect(result == (Self.html, "no safe place"), "\(edits)")
        }
        // The limit of what is there.
        #expect(try planned(Self.html, encoding: nil, [HTMLEdit(.comment, 0..<19)]) == ("<!---->", nil))
        #expect(try planned(Self.html, encoding: "x-odd", [Self.edit]) == (Self.html, "no safe place"))
        #expect(try planned(Self.html, encoding: "7bit (8bit)", [Self.edit]) == (Self.html, "no safe place"))
    }

    @Test func everyPlaceThatIsNoPart() throws {
        let size = Self.head.utf8.count + Self.html.utf8.count
        for start in 0..<size {
            let result = try planned(Self.html, encoding: nil, [HTMLEdit(.comment, 0..<1)], body: start..<size)
            let isPart = start == Self.head.utf8.count + 5 + "Content-Type: text/html\r\n\r\n".utf8.count
            if !isPart { #expect(result == (Self.html, "no safe place"), "\(start)") }
        }
    }

    /// At the limit and one above.
    @Test func limits() throws {
        let edits = [Self.edit, HTMLEdit(.comment, 15..<17)]
        var limits = Settings.Limits()
        (limits.rewrittenBody, limits.htmlEdits) = (Self.html.utf8.count, 2)
        #expect(try planned(Self.html, encoding: nil, edits, limits: limits).reason == nil)
        limits.htmlEdits = 1
        #expect(try planned(Self.html, encoding: nil, edits, limits: limits) == (Self.html, "over-limits"))
        (limits.rewrittenBody, limits.htmlEdits) = (Self.html.utf8.count - 1, 2)
        #expect(try planned(Self.html, encoding: nil, edits, limits: limits) == (Self.html, "over-limits"))
    }

    @Test func withOtherChanges() throws {
        let place = Self.head.utf8.count + 5
        #expect(
            try planned(Self.html, encoding: nil, [Self.edit], changed: [place + 30..<place + 31]).reason
                == "changed by rules")
        // What goes as a whole needs nothing.
        #expect(try planned(Self.html, encoding: nil, [Self.edit], changed: [place..<place + 200]) == (Self.html, nil))
        #expect(try planned(Self.html, encoding: nil, [Self.edit], obstacle: .signed) == (Self.html, "signed"))
    }
}
