import Configuration
import Foundation
@testable import Gateway
import MailModel
import Policy
import Relay
import Stores
import TestSupport
import Testing

/// Putting a text under a message: where an inspector says that it goes is checked, and a lie puts the text into its own message
/// or nowhere, and changes nothing else.
@Suite struct DisclaimerPlanTests {
    private static let head = "From: a@b\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    private static let partHeader = "Content-Type: text/plain\r\n\r\n"
    private static let text = "\(head)--x\r\n\(partHeader)first\r\n--x\r\n\(partHeader)second\r\n--x--\r\n"

    private let messages: StoredMessages

    init() throws { messages = try StoredMessages() }

    private struct Result: Equatable {
        var message: String
        var reason: String?
    }

    /// What becomes of a message whose parts stand at these places.
    private func planned(
        _ text: String, _ places: [PartDescription.Place], _ ends: [TextEnd], words: String = "the disclaimer",
        changed: [Range<Int>] = [], obstacle: TextObstacle? = nil, bodyLimit: Int = 1000
    ) throws -> Result {
        let file = try messages.store(text)
        var report = Report(
            messageSize: file.count,
            parts: [
                PartDescription(
                    path: "1", place: PartDescription.Place(header: 0..<0, body: 0..<file.count))
            ]
                + places.enumerated().map {
                    PartDescription(path: "1.\($0 + 1)", container: 0, place: $1)
                })
        (report.textEnds, report.textObstacle) = (ends, obstacle)
        let plan = try DisclaimerPlan(
            try Disclaimer(name: "a", text: Array(words.utf8), markup: nil), 1..<3, report,
            try HeaderFacts(of: file, limit: 1 << 20), file, changed: changed, boundary: "B", bodyLimit: bodyLimit)
        return Result(message: try StoredMessages.text(file, plan.edits), reason: plan.reason)
    }

    private static func place(_ name: String, in text: String = text) throws -> PartDescription.Place {
        let (bytes, wanted) = (Array(text.utf8), Array((partHeader + name).utf8))
        let start = try #require(bytes.indices.first { bytes[$0...].starts(with: wanted) })
        let body = start + partHeader.utf8.count
        return PartDescription.Place(header: start..<body, body: body..<start + wanted.count)
    }

    private static func end(
        _ place: Range<Int>?, part: Int = 1, _ coding: TextEnd.Coding = .sevenBit, skip: Int = 0,
        _ change: (inout TextEnd) -> Void = { _ in }
    ) -> TextEnd {
        var end = TextEnd(part: part, form: .plain, coding: coding, letters: .ascii, charset: "")
        (end.place, end.skip, end.endsLine) = (place, skip, false)
        change(&end)
        return end
    }

    @Test func oneTextInOnePart() throws {
        let place = try Self.place("first")
        let bottom = place.body.upperBound
        let result = try planned(Self.text, [place], [Self.end(bottom..<bottom)])
        #expect(result == Result(message: Self.text.replacing("first", with: "first\r\n\r\nthe disclaimer")))
        let lines = try planned(Self.text, [place], [Self.end(bottom..<bottom)], words: "--x\n--x--\nthe text of it")
        #expect(lines.message == Self.text.replacing("first", with: "first\r\n\r\n --x\r\n --x--\r\nthe text of it"))
    }

    /// Every place within the message that an inspector could name: what is not within that part is refused, and elsewhere the
    /// message is as it came.
    @Test func everyPlace() throws {
        let place = try Self.place("first")
        let size = Self.text.utf8.count
        for start in 0...size {
            for end in [start, start + 1, start + 4, size] where end <= size && end >= start {
                let result = try planned(Self.text, [place], [Self.end(start..<end)])
                let isRight = start == end && place.body.lowerBound <= start && end <= place.body.upperBound
                #expect((result.reason == nil) == isRight, "\(start)..<\(end): \(result)")
                let without = result.message.replacing("\r\n\r\nthe disclaimer", with: "")
                #expect(without == Self.text && (result.reason == nil) == (result.message != Self.text))
            }
        }
    }

    /// A part that is none, two parts at once, the header of the message, a part that is not in the report.
    @Test func everyPart() throws {
        let right = try Self.place("first")
        let other = try Self.place("second")
        let bottom = right.body.upperBound
        var wrong = [
            PartDescription.Place(header: right.header, body: right.body.lowerBound..<other.body.upperBound),
            PartDescription.Place(header: 0..<right.header.upperBound, body: right.body),
            PartDescription.Place(header: right.header, body: right.header.upperBound + 1..<bottom),
        ]
        for move in 1..<right.header.count {
            let start = right.header.lowerBound + move
            wrong.append(PartDescription.Place(header: start..<right.header.upperBound, body: right.body))
            wrong.append(
                PartDescription.Place(header: right.header.lowerBound..<start, body: start..<right.body.upperBound))
        }
        for place in wrong {
            let result = try planned(Self.text, [place], [Self.end(bottom..<bottom)])
            #expect(result == Result(message: Self.text, reason: "no safe place"), "\(place)")
        }
        for part in [0, 2] {
            let result = try planned(Self.text, [right], [Self.end(bottom..<bottom, part: part)])
            #expect(result == Result(message: Self.text, reason: "no safe place"))
        }
    }

    /// Of base64 one group and no more may be replaced, by itself and the text.
    @Test func everyGroupOfBase64() throws {
        let encoded = "QUJDREVG\r\nR0hJSg=="
        let text = Self.text.replacing("first", with: encoded)
        let place = try Self.place(encoded, in: text)
        let body = place.body
        for start in body {
            for end in start...body.upperBound {
                for skip in 0...3 {
                    let result = try planned(text, [place], [Self.end(start..<end, .base64, skip: skip)])
                    guard result.reason == nil else {
                        #expect(result.message == text)
                        continue
                    }
                    // Before and behind it everything is there.
                    let octets = Array(text.utf8)
                    #expect(result.message.hasPrefix(String(decoding: octets[..<start], as: UTF8.self)))
                    #expect(result.message.hasSuffix(String(decoding: octets[end...], as: UTF8.self)))
                    #expect(end - start <= 8)
                }
            }
        }
        func decoded(_ range: Range<Int>, skip: Int) throws -> String? {
            let whole = try planned(text, [place], [Self.end(range, .base64, skip: skip)])
            let inner = whole.message.components(separatedBy: "\r\n\r\n")[2].components(separatedBy: "\r\n--x")[0]
            return Data(base64Encoded: inner, options: .ignoreUnknownCharacters)
                .map { String(decoding: $0, as: UTF8.self) }
        }
        let start = body.lowerBound
        #expect(try decoded(start..<start, skip: 0) == "\r\n\r\nthe disclaimerABCDEFGHIJ")
        #expect(try decoded(start..<start + 4, skip: 2) == "AB\r\n\r\nthe disclaimerCDEFGHIJ")
        #expect(try decoded(body.upperBound - 4..<body.upperBound, skip: 1) == "ABCDEFGHIJ\r\n\r\nthe disclaimer  ")
    }

    @Test func reasons() throws {
        let place = try Self.place("first")
        let bottom = place.body.upperBound
        let end = Self.end(bottom..<bottom)
        func reason(
            _ ends: [TextEnd], changed: [Range<Int>] = [], _ obstacle: TextObstacle? = nil
        ) throws -> String? {
            let result = try planned(Self.text, [place], ends, changed: changed, obstacle: obstacle)
            #expect((result.reason == nil) == (result.message != Self.text))
            return result.reason
        }
        #expect(try reason([]) == "no-text")
        for obstacle in TextObstacle.allCases { #expect(try reason([end], obstacle) == obstacle.rawValue) }
        #expect(try reason([Self.end(bottom..<bottom) { $0.known = [2] }]) == "already there")
        #expect(try reason([Self.end(bottom..<bottom) { $0.known = [0, 3] }]) == nil)
        // Rules that change the part, or what touches it.
        let whole = place.header.lowerBound..<bottom
        for range in [
            whole, bottom..<bottom + 2, whole.lowerBound - 4..<whole.lowerBound, whole.lowerBound + 3..<bottom - 1,
        ] {
            #expect(try reason([end], changed: [range]) == "changed by rules")
        }
        #expect(try reason([end], changed: [0..<9, bottom + 1..<bottom + 9]) == nil)
    }

    /// In the message's own header rules may change what they like but for the fields of MIME.
    @Test func rulesOnTheHeader() throws {
        let (subject, type) = ("Subject: s\r\n", "Content-Type: text/plain\r\n")
        let text = "\(subject)\(type)X: y\r\n\r\nbody\r\n"
        let size = text.utf8.count
        let (first, second) = (subject.utf8.count, subject.utf8.count + type.utf8.count)
        for (range, reason) in [
            (0..<first, nil), (second..<second + 6, nil), (first..<second, "changed by rules"),
            (size - 6..<size, "changed by rules"),
        ] as [(Range<Int>, String?)] {
            let result = try planned(text, [], [Self.end(size..<size, part: 0)], changed: [range])
            #expect(result.reason == reason, "\(range)")
        }
        // Nor is a part changed where the header of the message has no end.
        let open = Self.text.replacing("From: a@b\r\n", with: "From: a@b\r\nno field\r\n")
        let place = try Self.place("first", in: open)
        let bottom = place.body.upperBound
        #expect(
            try planned(open, [place], [Self.end(bottom..<bottom)]) == Result(message: open, reason: "no safe place"))
    }

    /// The whole message, and charsets that the text does not fit.
    @Test func aMessageWithoutParts() throws {
        func result(_ header: String, _ words: String, _ change: (inout TextEnd) -> Void = { _ in }) throws -> String {
            let text = "Subject: s\r\n\(header)\r\nbody\r\n"
            let size = text.utf8.count
            let end = Self.end(size..<size, part: 0) {
                $0.endsLine = true
                change(&$0)
            }
            let result = try planned(text, [], [end], words: words)
            #expect(result.reason == nil)
            return result.message
        }
        let (ascii, other) = ("a text of sixteen letters", "ein Text mit zwölf Buchstaben")
        #expect(try result("", ascii) == "Subject: s\r\n\r\nbody\r\n\r\n\(ascii)\r\n")
        let version = "MIME-Version: 1.0\r\n"
        let own = """
            --B-plain\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Disposition: inline\r
            Content-Transfer-Encoding: quoted-printable\r\n\r\nein Text mit zw=C3=B6lf Buchstaben\r\n--B-plain--\r\n
            """
        // In an encoded one the charset is declared, and nothing else of its type.
        let quoted = "Content-Transfer-Encoding: quoted-printable\r\n"
        func inQuoted(_ type: String, _ charset: String = "") throws -> String {
            try result(version + type + quoted, other) { ($0.coding, $0.charset) = (.quotedPrintable, charset) }
        }
        let tail = "\r\nbody\r\n\r\nein Text mit zw=C3=B6lf Buchstaben\r\n"
        for (type, charset, declared) in [
            ("text/plain", "", "text/plain; charset=utf-8"),
            ("text/plain;\r\n charset=us-ascii", "us-ascii", "text/plain;\r\n charset=utf-8"),
            (
                "text/plain; format=flowed; Charset=\"us-ascii\"; reply-type=original; x-foo=bar", "us-ascii",
                "text/plain; format=flowed; Charset=utf-8; reply-type=original; x-foo=bar"
            ),
        ] {
            #expect(
                try inQuoted("Content-Type: \(type)\r\n", charset)
                    == "Subject: s\r\n\(version)Content-Type: \(declared)\r\n\(quoted)\(tail)")
        }
        #expect(
            try result(quoted, other) { $0.coding = .quotedPrintable }
                == "Subject: s\r\n\(quoted)Content-Type: text/plain; charset=utf-8\r\n\(version)\(tail)")
        // Where readers may take the field in another way it stays, and the text stands beside it.
        let odd = "Content-Type: text/plain (a); charset=us-ascii\r\n"
        #expect(
            try inQuoted(odd, "us-ascii")
                == """
                Subject: s\r\n\(version)Content-Type: multipart/mixed; boundary="B-plain"\r\n\r\n--B-plain\r
                \(odd)\(quoted)\r\nbody\r\n\r\n\(own)
                """)
        // A digest and a size of the body stay right.
        for field in ["Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==", "content-length: 6"] {
            let counted = try result("\(version)\(field)\r\n", ascii)
            #expect(counted.contains("--B-plain\r\n\(field)\r\n\r\nbody\r\n\r\n--B-plain\r\n"), "\(counted)")
        }
        // In its own charset, where that has the letters; else in a part of its own.
        let latin =
            "\(version)Content-Type: text/plain; charset=iso-8859-1\r\n"
            + "Content-Transfer-Encoding: quoted-printable\r\n"
        func inLatin(_ words: String) throws -> String {
            try result(latin, words) {
                ($0.charset, $0.letters, $0.coding) = ("iso-8859-1", .octets, .quotedPrintable)
            }
        }
        #expect(
            try inLatin(other)
                == "Subject: s\r\n\(latin)\r\nbody\r\n\r\nein Text mit zw=F6lf Buchstaben\r\n")
        // Else it becomes UTF-8, wherever the text goes.
        let euro = "der Preis ist 10 \u{20AC}"
        #expect(
            try inLatin(euro)
                == "Subject: s\r\n\(latin.replacing("iso-8859-1", with: "utf-8"))"
                + "\r\nbody\r\n\r\nder Preis ist 10 =E2=82=AC\r\n")
    }

    /// What is in the charset that the header names, letter for letter; what is not stays as it is, with the text beside it.
    @Test func lettersOfACharset() throws {
        let words = "der Preis ist 10 \u{2603}"
        func result(_ label: String, _ said: String, _ body: String, bodyLimit: Int = 1000) throws -> Result {
            let type = "Content-Type: text/plain; charset=\"\(label)\"\r\n"
            let text = "\(type)Content-Transfer-Encoding: quoted-printable\r\n\r\n\(body)\r\n"
            let size = text.utf8.count
            let end = Self.end(size..<size, part: 0, .quotedPrintable) {
                ($0.endsLine, $0.charset, $0.letters) = (true, said, .octets)
            }
            return try planned(text, [], [end], words: words, bodyLimit: bodyLimit)
        }
        for (label, body, wanted) in [
            ("ISO-8859-1", "=E4=3D", "=C3=A4=3D"), ("koi8-r", "=F0=90", "=D0=9F=E2=96=91"),
            ("windows-1251", "=80", "=D0=82"),
            ("iso-8859-8-i", "=E0", nil), ("iso-8859-1", "=93", nil), ("windows-1252", "=81", nil),
            ("gbk", "=C4=E3", nil),
            ("iso-8859-2", "=93", nil), ("us-ascii", "=E4", nil),
        ] {
            let done = try result(label, label.lowercased(), body)
            #expect(done.reason == nil)
            #expect(done.message.contains("--B-plain") == (wanted == nil), "\(done)")
            if let wanted {
                #expect(done.message.contains("charset=utf-8\r\n") && done.message.contains("\r\n\(wanted)\r\n"))
            }
        }
        // Of another charset than the header's, and too large: beside it.
        #expect(try result("iso-8859-1", "koi8-r", "=E4").message.contains("\r\n=E4\r\n\r\n--B-plain"))
        #expect(try result("koi8-r", "koi8-r", "=F0", bodyLimit: 5).message.contains("=D0=9F"))
        #expect(try result("koi8-r", "koi8-r", "=F0", bodyLimit: 4).message.contains("--B-plain"))
    }

    /// Octets beyond ASCII come into no part that has none: it is encoded anew, and says so.
    @Test func asciiIsEncodedAnew() throws {
        let (start, words) = ("Subject: s\r\n", "ein Text mit zwölf Buchstaben")
        let (body, version) = ("a = b \r\n--x\u{7}\r\n", "MIME-Version: 1.0\r\n")
        let quoted = "a =3D b=20\r\n=2D-x=07\r\n"
        let tail = "\r\n\(quoted)\r\nein Text mit zw=C3=B6lf Buchstaben\r\n"
        func result(_ header: String, _ charset: String, bodyLimit: Int, _ body: String = body) throws -> Result {
            let text = "\(start)\(header)\r\n\(body)"
            let size = text.utf8.count
            let end = Self.end(size..<size, part: 0) { ($0.endsLine, $0.charset) = (true, charset) }
            return try planned(text, [], [end], words: words, bodyLimit: bodyLimit)
        }
        let (type, encoding) = ("Content-Type: text/plain", "Content-Transfer-Encoding:")
        let new = "\(encoding) quoted-printable\r\n"
        for (header, charset, wanted) in [
            ("", "", "\(type); charset=utf-8\r\n\(new)\(version)"),
            (
                "\(type); charset=us-ascii; format=flowed\r\nX: y\r\n", "us-ascii",
                "\(type); charset=utf-8; format=flowed\r\nX: y\r\n\(new)\(version)"
            ),
            (
                "\(version)\(encoding) 8BIT \r\n\(type); charset=utf-8\r\n", "utf-8",
                "\(version)\(encoding) quoted-printable \r\n\(type); charset=utf-8\r\n"
            ),
            (
                "\(version)\(encoding)\r\n 7bit\r\n", "",
                "\(version)\(encoding)\r\n quoted-printable\r\n\(type); charset=utf-8\r\n"
            ),
        ] {
            let done = try result(header, charset, bodyLimit: body.utf8.count)
            #expect(done == Result(message: start + wanted + tail, reason: nil))
            // Larger, or with an encoding that says something else: beside it.
            let beside = try result(header, charset, bodyLimit: body.utf8.count - 1).message
            #expect(beside.contains("\r\n\r\n\(body)\r\n--B-plain\r\n"), "\(beside)")
        }
        for odd in ["7bit (a)", "x-odd", "7bit\r\n\(encoding) 7bit"] {
            let beside = try result("\(version)\(encoding) \(odd)\r\n", "", bodyLimit: 1000).message
            #expect(beside.contains("\(encoding) \(odd)\r\n\r\n\(body)\r\n--B-plain\r\n"), "\(beside)")
        }
        // In the charset that it declares, where that has the letters.
        let latin = "\(version)\(type); charset=iso-8859-1\r\n"
        #expect(
            try result(latin, "iso-8859-1", bodyLimit: 1000).message
                == start + latin + new + tail.replacing("=C3=B6", with: "=F6"))
        // What an inspector took for ASCII and is none stays as it is.
        let lie = try result("", "", bodyLimit: 1000, "bödy\r\n")
        #expect(lie == Result(message: "\(start)\r\nbödy\r\n", reason: "no safe place"))
    }

    /// One part: what stands around it is as it was, and says 7bit rightly.
    @Test func anASCIIPartIsEncodedAnew() throws {
        let place = try Self.place("first")
        let bottom = place.body.upperBound
        let result = try planned(
            Self.text, [place], [Self.end(bottom..<bottom)], words: "ein Text mit zwölf Buchstaben")
        let part = """
            Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r
            \r\nfirst\r\n\r\nein Text mit zw=C3=B6lf Buchstaben
            """
        #expect(
            result == Result(message: Self.text.replacing("\(Self.partHeader)first", with: part), reason: nil))
        for start in 0...bottom + 1 where start < place.body.lowerBound || start > bottom {
            let wrong = try planned(Self.text, [place], [Self.end(start..<start)], words: "zwölf und mehr Buchstaben")
            #expect(wrong == Result(message: Self.text, reason: "no safe place"))
        }
    }
}
