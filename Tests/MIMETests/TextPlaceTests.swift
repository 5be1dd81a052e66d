import Foundation
@testable import MIME
import MailModel
import Testing

/// Places in a content and the places in its encoded body that stand for them.
@Suite struct TextPlaceTests {
    private static let contents: [[UInt8]] = [
        [], Array("a".utf8), Array("ab".utf8), Array("abc".utf8), Array("abcd\r\n".utf8),
        Array("Grüße = an alle\r\n=20 und so weiter, bis die Zeile lang genug ist, um geteilt zu werden.\r\n".utf8),
        Array(UInt8.min...UInt8.max),
    ]

    private static func decoded(_ body: [UInt8], _ encoding: TransferEncoding) -> [UInt8] {
        var out: [UInt8] = []
        _ = TransferDecoder.decode(body.span, encoding: encoding, into: &out, limit: 1 << 20)
        return out
    }

    @Test(arguments: contents.indices)
    func everyOffsetOfQuotedPrintable(_ index: Int) throws {
        let content = Self.contents[index]
        var body: [UInt8] = []
        for (number, byte) in content.enumerated() {
            let isPlain = byte >= 0x21 && byte <= 0x7E && byte != 0x3D
            body += isPlain ? [byte] : Array("=".utf8) + Array(String(format: "%02X", byte).utf8)
            // Soft line breaks, one with blanks that a gateway has put there.
            if number % 5 == 4 { body += Array((number % 2 == 0 ? "=\r\n" : "= \t\r\n").utf8) }
        }
        try #require(Self.decoded(body, .quotedPrintable) == content)
        for offset in 0...content.count {
            let place = QuotedPrintable.offset(of: offset, in: body.span)
            #expect(Self.decoded(Array(body[..<place]), .quotedPrintable) == Array(content[..<offset]))
            #expect(Self.decoded(Array(body[place...]), .quotedPrintable) == Array(content[offset...]))
        }
    }

    @Test(arguments: contents.indices, [1, 4, 5, 76])
    func everyOffsetOfBase64(_ index: Int, _ width: Int) {
        let content = Self.contents[index]
        var body: [UInt8] = []
        for (number, byte) in Data(content).base64EncodedString().utf8.enumerated() {
            if number > 0, number % width == 0 { body += [0x0D, 0x0A] }
            body.append(byte)
        }
        body += [0x0D, 0x0A]
        for offset in 0...content.count {
            let group = Base64.group(of: offset, in: body.span)
            let before = Self.decoded(Array(body[..<group.lowerBound]), .base64)
            let within = Self.decoded(Array(body[group]), .base64)
            #expect(before + within.prefix(offset % 3) == content[..<offset], "\(content), \(offset), \(width)")
            #expect(
                within.dropFirst(offset % 3) + Self.decoded(Array(body[group.upperBound...]), .base64)
                    == Array(content[offset...]))
            #expect(group.isEmpty == (offset % 3 == 0) && within.count <= 3)
        }
    }

    private static func end(_ html: String, _ notes: DecodeResult.Notes = []) -> Int? {
        let octets = Array(html.utf8)
        var offset = 0
        let place = TextPlace(
            end: octets.span, isHTML: true, body: octets.span, encoding: .sevenBit, notes: notes, offset: &offset)
        return place?.range.lowerBound
    }

    @Test(arguments: [
        ("<p>a", 4), ("<html><body>a</body></html>", 13), ("<BODY>a</BODY >b", 7), ("a</html>", 1),
        ("<body>a</body>b</body>", 15), ("</body><!-- </body> -->", 0), ("<title></body></title>a</body>", 23),
        ("<script>'</body>'</script></body>x", 26), ("", 0), ("a < b", 5), ("<textarea></body></textarea>", 28),
    ])
    func endOfADocument(_ html: String, _ offset: Int) {
        #expect(Self.end(html) == offset)
    }

    @Test(arguments: [
        "<p", "a <a href=\"", "<!-- a", "<style>a", "a<script>", "<textarea>a</body>", "<plaintext>a</body>",
        "<title>", "<!doctype", "<iframe>a",
    ])
    func noEndOfADocument(_ html: String) {
        #expect(Self.end(html) == nil)
    }

    private static let confining = [
        "applet", "audio", "button", "canvas", "datalist", "details", "dialog", "math", "meter", "noscript", "object",
        "progress", "select", "svg", "template", "video",
    ]

    private static func endsUnseen(_ html: String) -> Bool { HTMLText.read(Array(html.utf8).span).endsUnseen }

    /// What is put there would not be seen as text of the document.
    @Test(
        arguments: [
            "div hidden", "div style=\"display:none\"", "font color=white size=1", "span style='font-size:0'",
            "p style='visibility:hidden'", "a href=x",
        ] + confining)
    func unseenEnds(_ tag: String) {
        let name = tag.split(separator: " ")[0]
        for (before, after) in [("", ""), ("<html><body>a", "</body></html>"), ("<p>a</p>", "</html>")] {
            #expect(Self.endsUnseen("\(before)<\(tag)>b\(after)"))
            #expect(!Self.endsUnseen("\(before)<\(tag)>b</\(name)>c\(after)"))
        }
        // The last end of the body counts, as for the place.
        #expect(Self.endsUnseen("<body>a</body><\(tag)>b</body>") && !Self.endsUnseen("<body>a</body><\(tag)>b"))
    }

    /// End tags of other elements do not end those that confine; frames leave no place behind them.
    @Test func endsThatAreNone() {
        for name in Self.confining { #expect(Self.endsUnseen("<div><\(name)>a</div></svg1></p>b</body>"), "\(name)") }
        #expect(Self.endsUnseen("<select><svg>a</select>b") && !Self.endsUnseen("</svg><svg>a</svg></svg>b"))
        #expect(Self.endsUnseen("<html><frameset><frame src=x></frameset></html>"))
        for html in ["", "a", "<body>a", "<table><tr><td>a", "<head><title>a</title>", "<a name=x>b", "<b><ul><li>a"] {
            #expect(!Self.endsUnseen(html), "\(html)")
        }
    }

    /// Where decoders may differ there is no place.
    @Test func oddCodings() {
        #expect(Self.end("<p>a", .junk) == nil && Self.end("<p>a", .missingPadding) == nil)
        #expect(Self.end("<p>a", [.splitGroup, .needlessEscapes]) == 4)
        var offset = 0
        for encoding in [TransferEncoding.uuencode, .unknown] {
            let place = TextPlace(
                end: [0x61].span, isHTML: false, body: [0x61].span, encoding: encoding, notes: [], offset: &offset)
            #expect(place == nil)
        }
    }

    @Test(arguments: [
        ("text/plain", 10..<10, false), (" TEXT/Plain ; charset=a", 22..<23, true), ("text/plain;", 10..<10, false),
        ("text/plain; format=flowed; \r\n\tCHARSET=\"us-ascii\"; x=\"a;charset=b\";", 38..<48, true),
        ("text/plain; charsets=a; x-charset=b", 10..<10, false), ("text/x; charset=\"\"", 16..<18, true),
    ])
    func placeOfACharset(_ field: String, _ range: Range<Int>, _ isThere: Bool) throws {
        let octets = Array(field.utf8)
        let charset = CharsetParameter(octets.span)
        let found = try #require(charset)
        #expect(found.range == range && found.isThere == isThere)
    }

    @Test(arguments: [
        "", "text", "text/", "/plain", "text/plain charset=a", "text/plain; charset", "text/plain; charset=",
        "text/plain; charset =a", "text/plain; charset= a", "text/plain; charset=a b", "text/plain; charset=\"a",
        "text/plain; charset=\"a\\b\"", "text/plain; charset=a (b)", "text/plain (b); charset=a",
        "text/plain; charset=a; Charset=b", "text/plain; charset*=utf-8''a", "text/plain; charset*0=a",
        "text/plain;; charset=a", "text/plain; \"charset\"=a", "text/plain; charset=\"a\"b", "text/plain; =a",
        "text/plain; charset=\u{E4}", "text/plain, charset=a",
    ])
    func charsetsThatAreNotPlain(_ field: String) {
        let octets = Array(field.utf8)
        let found = CharsetParameter(octets.span)
        #expect(found == nil)
    }

    /// ASCII can follow only what is known to hold it.
    @Test(arguments: [
        ("", TextEnd.Letters.ascii), ("us-ascii", .ascii), ("utf-8", .ascii), ("koi8-r", .ascii), ("utf-7", .foreign),
        ("UTF7", .foreign), ("csUTF7", .foreign), ("unicode-1-1-utf-7", .foreign), ("utf-7-imap", .foreign),
        ("DIN_66003", .foreign), ("iso-2022-jp", .foreign), ("hz", .foreign), ("ibm037", .foreign), ("x-foo", .foreign),
    ])
    func alphabetOfACharset(_ label: String, _ letters: TextEnd.Letters) {
        for type in ["text/plain", "text/html"] {
            let content = Array("gr+APwA3w-e gr}~e".utf8)
            let read = TextContent.read(content.span, mediaType: type, charset: label, limit: 1000)
            let found = read.alphabet(of: content.span)
            #expect(found == letters)
        }
    }

    /// What a charset can say comes back from its decoder; what it cannot is refused.
    @Test(arguments: [
        ("windows-1252", "Grüße €", true), ("windows-1251", "Привет, мир", true), ("koi8-r", "Привет", true),
        ("iso-8859-2", "Żółć", true), ("utf-8", "Привет, Grüße €", true), ("iso-8859-15", "€", true),
        ("windows-1251", "Grüße", false), ("koi8-r", "€", false), ("shift_jis", "abc", false),
        ("utf-16le", "abc", false), ("iso-2022-jp", "abc", false),
    ])
    func encodedText(_ label: String, _ text: String, _ fits: Bool) throws {
        let coding = try #require(CharsetCoding(label: label.utf8))
        let octets = coding.encoded(text)
        #expect((octets != nil) == fits)
        guard let octets else { return }
        var back: [UInt8] = []
        let result = Charsets.decode(octets.span, as: coding, into: &back, limit: 1000)
        #expect(back == Array(text.utf8) && result.replacements == 0)
    }

    @Test func lettersAreTheSameHoweverATextIsWrapped() {
        func letters(_ text: String, _ type: String = "text/plain") -> String {
            let read = TextContent.read(Array(text.utf8).span, mediaType: type, charset: "utf-8", limit: 1000)
            return String(decoding: read.letters, as: UTF8.self)
        }
        let wanted = "fürgrüßehaftetniemand24stunden"
        #expect(letters("Für Grüße\r\nhaftet niemand.\r\n24 Stunden!") == wanted)
        #expect(letters("> > Für\u{A0}Grüße haf\u{AD}tet\r\n> > niemand.\r\n>\r\n> > 24 Stunden!") == wanted)
        #expect(letters("Für „Grüße” haftet – niemand… «24»\u{A0}Stunden") == wanted)
        #expect(letters("<p>F&uuml;r <b>Gr&#252;&#xDF;e</b> haftet<br>niemand. 24\n Stunden", "text/html") == wanted)
    }
}
