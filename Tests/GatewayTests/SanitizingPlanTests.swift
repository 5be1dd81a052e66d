import Configuration
import Foundation
@testable import Gateway
import MailModel
import Policy
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
        let text = try StoredMessages.text(file, plan.edits())
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

    // MARK: More than the body

    /// A message with one part and what becomes of it, with a text in front of `place` of the body where there is one.
    private func whole(
        _ fields: String, _ body: String, _ edits: [HTMLEdit], boundary: String = "x", delimiter: String? = nil,
        adding place: Int? = nil, skip: Int = 0, coding: TextEnd.Coding = .sevenBit
    ) throws -> (before: String, after: String, reason: String?) {
        let delimiter = delimiter ?? boundary
        let head = "From: a@b\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"\(boundary)\"\r\n\r\n"
        let before = "\(head)--\(delimiter)\r\n\(fields)\r\n"
        let text = "\(before)\(body)\r\n--\(delimiter)--\r\n"
        let file = try messages.store(text)
        let (start, header) = (before.utf8.count, head.utf8.count + 4 + delimiter.utf8.count)
        var report = Report(
            messageSize: file.count,
            parts: [
                PartDescription(
                    path: "1",
                    place: PartDescription.Place(header: 0..<head.utf8.count, body: head.utf8.count..<file.count)),
                PartDescription(
                    path: "1.1", container: 0,
                    place: PartDescription.Place(header: header..<start, body: start..<start + body.utf8.count)),
            ])
        var cleaning = HTMLCleaning([.scripts])
        cleaning.texts = [HTMLCleaning.Text(part: 1, edits: edits)]
        report.htmlCleanings = [cleaning]
        let facts = try HeaderFacts(of: file, limit: 1 << 20)
        let plan = try SanitizingPlan(
            [.scripts], report, facts, file, changed: [], limits: Settings.Limits())
        var all = plan.edits()
        var reason = plan.reason
        if let place {
            var end = TextEnd(part: 1, form: .html, coding: coding, letters: .ascii, charset: "")
            (end.place, end.skip, end.endsLine) = (start + place..<start + place, skip, false)
            report.textEnds = [end]
            let added = try DisclaimerPlan(
                try Disclaimer(name: "a", text: Array("sixteen letters are here".utf8), markup: nil), 0..<1, report,
                facts, file,
                changed: [], sanitizing: plan, boundary: "B", bodyLimit: 1000)
            all = plan.edits(without: added.cleanedPart) + added.edits
            reason = added.reason
        }
        return (text, try StoredMessages.text(file, all), reason)
    }

    private static let type = "Content-Type: text/html\r\n"

    @Test func fieldsThatCountGo() throws {
        let fields = "Content-MD5: a\r\n b\r\n\(Self.type)Content-Length: 3\r\n"
        let result = try whole(fields, Self.html, [Self.edit])
        #expect(
            result.after
                == result.before.replacing(fields, with: Self.type).replacing("onclick", with: "x-onclick"))
    }

    /// A line of 998 octets may grow to that and no more.
    @Test func noLongLines() throws {
        for (size, isQuoted) in [(996, false), (997, true)] {
            let body = "<p onclick=a>".padding(toLength: size, withPad: "b", startingAt: 0)
            let result = try whole(Self.type, body, [Self.edit])
            #expect(result.reason == nil)
            #expect(result.after.contains("Content-Transfer-Encoding: quoted-printable\r\n") == isQuoted)
            #expect(result.after.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 998 })
            let read = result.after.replacing("=\r\n", with: "").replacing("=3D", with: "=")
            #expect(read.contains(body.replacing("onclick", with: "x-onclick")))
            let declared = try whole(
                Self.type + "Content-Transfer-Encoding: 7bit\r\n", body, [Self.edit])
            #expect(declared.after.contains("-Encoding: \(isQuoted ? "quoted-printable" : "7bit")\r\n"))
        }
        // It was so before.
        let long = "<p onclick=a>" + String(repeating: "b", count: 1000)
        #expect(try !whole(Self.type, long, [Self.edit]).after.contains("quoted"))
    }

    /// A boundary may end like a close delimiter; an epilogue is no part.
    @Test func boundaries() throws {
        let odd = try whole(Self.type, Self.html, [Self.edit], boundary: "o--")
        #expect(odd.reason == nil && odd.after == odd.before.replacing("onclick", with: "x-onclick"))
        let epilogue = try whole(Self.type, Self.html, [Self.edit], boundary: "o", delimiter: "o--")
        #expect(epilogue.reason == "no safe place" && epilogue.after == epilogue.before)
    }

    /// The text of an attached message that holds nothing else, however many are around it; every other place is refused.
    @Test(arguments: [1, 2, 5], [true, false])
    func attachedMessages(_ depth: Int, isAlone: Bool) throws {
        let outer = isAlone ? "" : "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
        let inner = "Subject: x\r\n\(Self.type)\r\n"
        let head = outer + String(repeating: "Content-Type: message/rfc822\r\n\r\n", count: depth)
        let end = isAlone ? "" : "\r\n--x--\r\n"
        let text = head + inner + Self.html + end
        let file = try messages.store(text)
        let (body, close) = ((head + inner).utf8.count, (head + inner + Self.html).utf8.count)
        var report = Report(messageSize: file.count, parts: [])
        var start = 0
        if !isAlone {
            start = outer.utf8.count
            let top = start - 5
            report.parts.append(
                PartDescription(path: "1", place: PartDescription.Place(header: 0..<top, body: top..<file.count)))
        }
        for _ in 0..<depth {
            let next = start + 32
            report.parts.append(
                PartDescription(
                    path: "2", container: report.parts.isEmpty ? nil : report.parts.count - 1,
                    place: PartDescription.Place(header: start..<next, body: next..<close)))
            start = next
        }
        let part = report.parts.count
        report.parts.append(
            PartDescription(
                path: "3", container: part - 1, place: PartDescription.Place(header: start..<body, body: body..<close)))
        var cleaning = HTMLCleaning([.scripts])
        cleaning.texts = [HTMLCleaning.Text(part: part, edits: [Self.edit])]
        report.htmlCleanings = [cleaning]
        let facts = try HeaderFacts(of: file, limit: 1 << 20)
        func planned(_ report: Report) throws -> (String, String?) {
            let plan = try SanitizingPlan([.scripts], report, facts, file, changed: [], limits: Settings.Limits())
            return (try StoredMessages.text(file, plan.edits()), plan.reason)
        }
        let result = try planned(report)
        #expect(result.0 == text.replacing("onclick", with: "x-onclick") && result.1 == nil)
        // An attached message that is larger or smaller than that, or has another reading, or is another one.
        for part in report.parts.indices.dropLast().dropFirst(isAlone ? 0 : 1) {
            for move in [-1, 1] {
                var lie = report
                lie.parts[part].place?.body = (body - inner.utf8.count + move)..<close
                let wrong = try planned(lie)
                #expect(wrong.0 == text && wrong.1 == "no safe place")
            }
        }
        var lie = report
        lie.parts[part - 1].reading = 1
        #expect(try planned(lie).1 == "no safe place")
        lie = report
        lie.parts[part].container = part
        #expect(try planned(lie).1 == "no safe place")
    }

    // MARK: With a text under it

    @Test func aTextAsWell() throws {
        let body = "<p onclick=a>text<p onload=b>"
        let edits = [Self.edit, HTMLEdit(.prefix, 20..<20)]
        let added = "\r\n<p>sixteen letters are here</p>\r\n"
        let clean = "<p x-onclick=a>text<p x-onload=b>"
        for (place, isWithin) in [(17, true), (29, true), (0, true)] {
            let result = try whole(Self.type, body, edits, adding: place)
            #expect(result.reason == nil)
            #expect(result.after.replacing(added, with: "").hasSuffix("\r\n\r\n\(clean)\r\n--x--\r\n") == isWithin)
            #expect(result.after.contains(added))
        }
        // The place goes: the text is beside it.
        let gone = try whole(Self.type, body, [HTMLEdit(.comment, 10..<20)], adding: 15)
        #expect(gone.reason == nil)
        #expect(gone.after.contains("<p onclick<!---->onload=b>\r\n--B-html\r\nContent-Type: text/html"))
        // Encoded: the place stands in what is decoded.
        let coded = Data(body.utf8).base64EncodedString()
        let result = try whole(
            Self.type + "Content-Transfer-Encoding: base64\r\n", coded, edits, adding: 20, skip: 2, coding: .base64)
        let lines = result.after.components(separatedBy: "\r\n\r\n")
        let decoded = Data(base64Encoded: lines[2].components(separatedBy: "\r\n--")[0].replacing("\r\n", with: ""))
        #expect(
            String(decoding: decoded ?? Data(), as: UTF8.self).trimmingCharacters(in: .whitespaces)
                == clean.replacing("text", with: "text\(added)"))
    }
}
