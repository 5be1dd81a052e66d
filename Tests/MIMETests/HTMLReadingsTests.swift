import Foundation
import MIME
import Testing

/// Where the octets of HTML stand for other letters to some readers, and where nobody can tell.
@Suite struct HTMLReadingsTests {
    /// As the HTML of a message whose `Content-Type` fields have these parameters.
    private static func readings(typed parameters: [String], _ content: [UInt8]) throws -> HTMLReadings {
        let header = parameters.map { "Content-Type: text/html\($0)\r\n" }.joined()
        let message = Array("\(header)\r\n".utf8) + content
        let part = try #require(MIMEReader.read(message.span).parts.first)
        let read = TextContent.read(content.span, mediaType: part.mediaType, charset: part.charset, limit: 1000)
        return HTMLReadings(content.span, read, label: part.charset, others: part.otherCharsets, limit: 1000)
    }

    private static let shifted = Array("+ADw-p+AD4-".utf8)

    /// UTF-7 that only some readers see, since the charset is named twice.
    @Test(
        arguments: [
            ["; charset=utf-8; charset=utf-7"], ["; charset=utf-7; charset=utf-8"],
            ["; charset=\"utf-8\"; charset*=us-ascii''utf-7"], ["; charset=utf-8; charset*0=utf; charset*1=-7"],
            ["; charset=utf-8", "; charset=utf-7"], ["", "; charset=utf-7"], ["; charset=utf-7", ""],
            ["; charset=utf-8", "", "; charset=unicode-2-0-utf-7"], ["; charset=utf-8 (; charset=utf-7)"],
            ["; charset=utf-8; x=\"; charset=utf-7"], ["; charset==?us-ascii?q?utf-7?="],
        ])
    func namedTwice(_ parameters: [String]) throws {
        let readings = try Self.readings(typed: parameters, Self.shifted)
        #expect(!readings.isPlain && !readings.isDoubtful)
        #expect(readings.others.contains(Array("<p>".utf8)))
        // What stands there in ASCII is found too.
        #expect(readings.asItStands || parameters == ["; charset=utf-7", ""])
    }

    @Test(
        arguments: [
            ["; charset=utf-8; charset=utf-8"], ["; charset=utf-8; charset=iso-8859-1; charset=us-ascii"],
            ["; charset=utf-8", "; charset=UTF-8"], ["; charset=\"utf-8\" (comment)"], ["; charset*=us-ascii''utf-8"],
            ["; charset=utf-8; charset=x-foo"],
        ])
    func namedTwiceInOneWay(_ parameters: [String]) throws {
        let readings = try Self.readings(typed: parameters, Array("<p>".utf8))
        #expect(readings.isPlain && readings.asItStands && !readings.isDoubtful && readings.others.isEmpty)
    }

    /// As many charsets as are looked at, and one more; one that is not known, behind letters beyond ASCII.
    @Test func namesWithoutEnd() throws {
        let labels = ["utf-8", "utf-7", "iso-2022-jp", "iso-2022-kr", "hz", "gbk"]
        func parameters(_ count: Int) -> String { labels.prefix(count).map { "; charset=\($0)" }.joined() }
        #expect(try !Self.readings(typed: [parameters(5)], Self.shifted).isDoubtful)
        #expect(try Self.readings(typed: [parameters(6)], Self.shifted).isDoubtful)
        #expect(try Self.readings(typed: ["; charset=utf-8; charset=x-foo"], Array("<p>\u{E9}".utf8)).isDoubtful)
    }

    private static func readings(_ content: [UInt8], _ label: String, limit: Int = 1000) -> HTMLReadings {
        let read = TextContent.read(content.span, mediaType: "text/html", charset: label, limit: limit)
        return HTMLReadings(content.span, read, label: label, limit: limit)
    }

    private static func meta(_ label: String) -> String {
        "<meta http-equiv=content-type content='text/html; charset=\(label)'>"
    }

    @Test(
        arguments: [
            // What stands for itself to all.
            ("<p>", ""), ("<p>", "utf-8"), ("<p>\u{E9}", "utf-8"), ("<p>\u{E9}", "iso-8859-1"), ("<p>", "gbk"),
            ("<p>", "big5"),
            (meta("utf-16"), ""), (meta("x-foo"), ""), (meta("utf-7"), "utf-8"), ("<p>+/v8-", ""), ("<p>", "utf-8"),
            (meta("gb2312"), ""),
        ])
    func plain(_ html: String, _ label: String) {
        let readings = Self.readings(Array(html.utf8), label)
        #expect(readings.isPlain && readings.asItStands && !readings.isDoubtful && readings.others.isEmpty)
    }

    /// Other letters, which can be read.
    @Test(
        arguments: [
            ("+ADw-p+AD4-", "utf-7", false, "<p>"), ("+ADw-p+AD4-\(meta("utf-7"))", "", true, "<p>"),
            ("+/v8-+ADw-p+AD4-", "", true, "<p>"), ("~{<:Ky~}<meta charset=hz-gb-2312>", "", true, "\u{5DF1}"),
            ("\u{1B}$B<:Ky\u{1B}(B", "iso-2022-jp", false, "\u{5931}"),
            ("\u{1B}$B<:Ky\u{1B}(B", "utf-8", true, "\u{5931}"),
            ("~{<:Ky~}", "", true, "\u{5DF1}"),
        ])
    func others(_ html: String, _ label: String, _ asItStands: Bool, _ text: String) {
        let readings = Self.readings(Array(html.utf8), label)
        #expect(!readings.isPlain && readings.asItStands == asItStands && !readings.isDoubtful)
        #expect(readings.others.contains { String(decoding: $0, as: UTF8.self).contains(text) })
    }

    /// ASCII that is called something wider is ASCII to who does not believe it.
    @Test(arguments: ["utf-16", "utf-16le", "utf-16be", "utf-32", "ucs-2", "iso-10646-ucs-2", "unicode"])
    func narrow(_ label: String) {
        for text in ["<script>", "<script>x"] {
            let readings = Self.readings(Array(text.utf8), label)
            #expect(readings.asItStands && !readings.isPlain)
        }
        let wide = Self.readings(Array("<\0p\0>\0".utf8), "utf-16le")
        #expect(!wide.asItStands && wide.others == [Array("<p>".utf8)])
    }

    /// What nobody can read for others.
    @Test(
        arguments: [
            ([0x4C, 0x97, 0x6E], "ibm037"), ([0x4C, 0x97, 0x6E], "x-foo"), ([0x1B, 0x24, 0x42], "x-foo"),
            ([0x81, 0x22], "shift_jis"), ([0x81, 0x22], "gbk"), ([0x81, 0x22], "big5"), ([0x8F, 0x22], "euc-jp"),
            ([0x81, 0x22], "euc-kr"), ([0x81, 0x22], "gb18030"), ([0x81, 0x22], "gb2312"),
            (Array("\u{1B}$B\" \u{1B}(B".utf8), "iso-2022-jp"),
            (Array("<meta charset=shift_jis>".utf8) + [0x81, 0x22], ""),
            (Array("<meta charset=ibm037>".utf8) + [0x81, 0x22], ""),
        ] as [([UInt8], String)])
    func doubtful(_ html: [UInt8], _ label: String) {
        #expect(Self.readings(html, label).isDoubtful)
    }

    /// At the limit of the text and one above.
    @Test func limits() {
        for (html, label) in [("<p>1234567", "iso-2022-jp"), ("<p>1234567", "gbk")] {
            #expect(!Self.readings(Array(html.utf8), label, limit: 10).isCut, "\(label)")
            #expect(Self.readings(Array(html.utf8), label, limit: 9).isCut, "\(label)")
        }
        // The octets themselves are looked at to their end.
        #expect(!Self.readings(Array("<p>1234567".utf8), "utf-8", limit: 9).isCut)
        let unknown = Self.readings(Array("<p>1234567".utf8), "x-foo", limit: 9)
        #expect(!unknown.isCut && unknown.asItStands && !unknown.isPlain && !unknown.isDoubtful)
    }
}
