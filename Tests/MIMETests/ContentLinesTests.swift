import MIME
import MailModel
import Testing

/// Calendars and visiting cards as programs read them.
@Suite struct ContentLinesTests {
    private static func text(_ content: String, _ mediaType: String = "text/calendar", charset: String = "utf-8")
        -> String
    {
        let read = TextContent.read(
            Array(content.utf8).span, mediaType: mediaType, charset: charset, limit: 1 << 20)
        return String(decoding: read.text, as: UTF8.self)
    }

    @Test(arguments: [
        ("DESCRIPTION:see http://ev\r\n il.example/a", "DESCRIPTION:see http://evil.example/a"),
        ("URL:ht\n tp://ev\n\til.example", "URL:http://evil.example"), ("A:b\r c", "A:bc"),
        ("A:one\\ntwo\\, three\\; four\\\\n", "A:one\ntwo, three; four\\n"), ("A:b\r\n\r\n c", "A:b\nc"),
        ("A:b\\", "A:b"),
        ("NOTE;ENCODING=QUOTED-PRINTABLE:a=3Db=\r\nc=\r\n d", "NOTE;ENCODING=QUOTED-PRINTABLE:a=bc d"),
        ("NOTE;QUOTED-PRINTABLE:http=3A=2F=2Fe", "NOTE;QUOTED-PRINTABLE:http://e"), ("NOTE:x=\r\nB:y", "NOTE:x=\nB:y"),
        ("NOTE;QUOTED-PRINTABLE:=Z=4", "NOTE;QUOTED-PRINTABLE:=Z=4"),
    ])
    func lines(_ source: String, _ expected: String) {
        // As it stands, too.
        for (start, read, type) in [
            ("BEGIN:VCALENDAR\r\n", "BEGIN:VCALENDAR\n", "text/calendar"),
            ("\r\nbegin:vcard\n", "\nbegin:vcard\n", "text/plain"),
        ] {
            #expect(Self.text(start + source, type) == start + source + "\n" + read + expected + "\n")
        }
        // Any other text stays.
        #expect(Self.text("Hi\r\n" + source) == "Hi\r\n" + source)
    }

    /// HTML that begins as one is shown as HTML.
    @Test(arguments: ["text/html", "application/xhtml+xml"])
    func pages(_ mediaType: String) {
        for start in ["BEGIN:VCARD\r\n", "\u{FEFF} BEGIN:VCALENDAR\n"] {
            let source = start + "<a href='http://evil.example/'>lo\r\n ok</a><p hidden>x</p>"
            let read = TextContent.read(
                Array(source.utf8).span, mediaType: mediaType, charset: "utf-8", limit: 1 << 20)
            #expect(read.html?.links.count == 1 && read.anomalies == [.hiddenText])
            // A byte order mark is none of the text.
            #expect(source.hasSuffix(String(decoding: read.text, as: UTF8.self)))
        }
    }

    /// No input costs more than its length is worth.
    @Test func nonsense() {
        for piece in ["\r\n ", "=\r\n", "\\", "\n", " ", "A;QUOTED-PRINTABLE:=\n "] {
            let text = String(repeating: piece, count: 300_000)
            #expect(Self.text("BEGIN:VCARD\n" + text).utf8.count <= 2 * text.utf8.count + 32)
        }
    }
}
