internal import MIME

extension AdversarialMail {
    private static func encoded(_ encoding: String, _ body: [UInt8]) -> [UInt8] {
        message("Content-Type: application/zip\r\nContent-Transfer-Encoding: \(encoding)", body)
    }

    private static func html(_ body: [UInt8]) -> [UInt8] {
        message("Content-Type: text/html; charset=utf-8", body)
    }

    private static func text(_ charset: String, _ body: [UInt8]) -> [UInt8] {
        message("Content-Type: text/plain" + (charset.isEmpty ? "" : "; charset=\(charset)"), body)
    }

    static let encodings: [AdversarialMail] = [
        AdversarialMail(name: "base64, junk in each line", size: 100_000) {
            encoded("base64", flood("QUJDREVGQUJDREVG.QUJDREVGQUJDREVG\r\n", $0))
        },
        AdversarialMail(name: "base64, padding in each group", size: 1_000_000) {
            encoded("base64", flood("QQ==", $0))
        },
        AdversarialMail(name: "base64, lines of one character", size: 1_000_000) {
            encoded("base64", flood("Q\r\n", $0))
        },
        AdversarialMail(name: "base64, nothing but padding", size: 4_000_000) { encoded("base64", flood("=", $0)) },
        AdversarialMail(name: "base64, nothing but junk", size: 4_000_000) { encoded("base64", flood(".", $0)) },
        AdversarialMail(name: "base64, blank lines between lines", size: 500_000) {
            encoded("base64", flood("QUJD\r\n\r\n", $0))
        },
        AdversarialMail(name: "quoted-printable, `=` by the million", size: 4_000_000) {
            encoded("quoted-printable", flood("=", $0))
        },
        AdversarialMail(name: "quoted-printable, soft breaks", size: 1_000_000) {
            encoded("quoted-printable", flood("=\r\n", $0))
        },
        AdversarialMail(name: "quoted-printable, `=` and blanks", size: 40_000) {
            encoded("quoted-printable", flood("=" + String(repeating: " ", count: 99), $0))
        },
        AdversarialMail(name: "quoted-printable, one `=` and a run of blanks, over and over", size: 4_000_000) {
            encoded("quoted-printable", flood("=x", 9) + flood(" ", $0) + flood("=", 9))
        },
        AdversarialMail(name: "quoted-printable, half escapes", size: 1_000_000) {
            encoded("quoted-printable", flood("=4=\r\n1", $0))
        },
        AdversarialMail(name: "uuencode, 300,000 begin lines", size: 300_000) {
            encoded("x-uuencode", flood("begin 644 a\r\n", $0))
        },
        AdversarialMail(name: "text, 300,000 begin lines", size: 300_000) {
            text("", flood("begin 644 a\r\n#0V%T\r\n", $0))
        },
        AdversarialMail(name: "text, yEnc begins", size: 300_000) { text("", flood("=ybegin line=1 size=1\r\n", $0)) },
        AdversarialMail(name: "text, one yEnc begin and lines of `=y`", size: 1_000_000) {
            text("", Array("=ybegin line=1 size=1 name=a\r\n".utf8) + flood("=y\r\n", $0))
        },
        AdversarialMail(name: "text, BinHex comments in one line", size: 100_000) {
            text("", flood("(This file must be converted with BinHex 4.0)", $0))
        },
        AdversarialMail(name: "text, BinHex comments and blanks", size: 5_000) {
            text("", flood("(This file must be converted with BinHex 4.0)" + String(repeating: "\r\n", count: 500), $0))
        },
        AdversarialMail(name: "text, 50,000 BinHex files", size: 50_000) {
            text("", flood("(This file must be converted with BinHex 4.0)\r\n\r\n:!!:\r\n", $0))
        },
        AdversarialMail(name: "BinHex, run of 90 by the million", size: 1_000_000) {
            text("", Array("(This file must be converted with BinHex 4.0)\r\n\r\n:".utf8) + flood("Dm!*", $0))
        },
        AdversarialMail(name: "TNEF, 200,000 attributes", size: 200_000) {
            let attribute: [UInt8] = [2, 0x10, 0x80, 1, 0, 2, 0, 0, 0, 0x61, 0, 0x61, 0]
            return message(
                "Content-Type: application/ms-tnef",
                [0x78, 0x9F, 0x3E, 0x22, 0, 0] + (0..<$0).flatMap { _ in attribute })
        },
    ]

    static let texts: [AdversarialMail] = [
        AdversarialMail(name: "HTML, 500,000 elements deep", size: 500_000) {
            html(flood("<div style=display:none>", $0))
        },
        AdversarialMail(name: "HTML, 500,000 end tags without start", size: 500_000) {
            html(flood("<b>", 200) + flood("</p></i>", $0))
        },
        AdversarialMail(name: "HTML, `<` by the million", size: 4_000_000) { html(flood("<", $0)) },
        AdversarialMail(name: "HTML, `&` by the million", size: 4_000_000) { html(flood("&", $0)) },
        AdversarialMail(name: "HTML, references", size: 500_000) { html(flood("&notit;&#x10FFFF&amp", $0)) },
        AdversarialMail(name: "HTML, a reference of 4 MB", size: 4_000_000) { html(Array("&#".utf8) + flood("0", $0)) },
        AdversarialMail(name: "HTML, names without end", size: 100_000) {
            html(flood("&CounterClockwiseContourIntegralx", $0))
        },
        AdversarialMail(name: "HTML, 1,000,000 attributes in a tag", size: 1_000_000) {
            html(Array("<a ".utf8) + flood("b=c ", $0) + Array(">".utf8))
        },
        AdversarialMail(name: "HTML, unclosed comments", size: 1_000_000) { html(flood("<!-", $0)) },
        AdversarialMail(name: "HTML, comments in comments", size: 500_000) { html(flood("<!--<!--", $0)) },
        AdversarialMail(name: "HTML, unclosed scripts", size: 300_000) { html(flood("<script></scrip", $0)) },
        AdversarialMail(name: "HTML, unclosed quotes", size: 500_000) { html(flood("<a href=\"", $0)) },
        AdversarialMail(name: "HTML, 200,000 links", size: 200_000) { html(flood("<a href=http://x/>y</a>", $0)) },
        AdversarialMail(name: "HTML, 200,000 open links", size: 200_000) { html(flood("<a href=x>yyyy", $0)) },
        AdversarialMail(name: "HTML, 200,000 tables", size: 200_000) { html(flood("<table><tr><td>", $0)) },
        AdversarialMail(name: "HTML, srcset of 4 MB", size: 1_000_000) {
            html(Array("<img srcset=\"".utf8) + flood("a 1,", $0) + Array("\">".utf8))
        },
        AdversarialMail(name: "HTML, url( by the million", size: 1_000_000) {
            html(Array("<p style='".utf8) + flood("url(", $0) + Array("'>".utf8))
        },
        AdversarialMail(name: "HTML, an inline style of 4 MB", size: 400_000) {
            html(Array("<p style='".utf8) + flood("color:red;", $0) + Array("'>".utf8))
        },
        AdversarialMail(name: "HTML, 100,000 style sheets", size: 100_000) {
            html(numbered("<style>.a#{display:none}</style><p class=a#>", 0..<$0))
        },
        AdversarialMail(name: "HTML, 100,000 classes and rules", size: 100_000) {
            html(
                Array("<style>".utf8) + numbered(".a#{display:none}", 0..<$0) + Array("</style>".utf8)
                    + flood("<p class='a b c d e f'>x", $0))
        },
        AdversarialMail(name: "HTML, 1 MB of classes", size: 500_000) {
            html(Array("<style>.a{display:none}</style><p class='".utf8) + flood("b ", $0) + Array("'>x".utf8))
        },
        AdversarialMail(name: "CSS, unclosed comments and braces", size: 1_000_000) {
            html(Array("<style>".utf8) + flood("/*{", $0))
        },
        AdversarialMail(name: "CSS, selectors by the million", size: 1_000_000) {
            html(Array("<style>".utf8) + flood("a,b ", $0) + Array("{display:none}".utf8))
        },
        AdversarialMail(name: "charset, UTF-7", size: 2_000_000) { text("utf-7", flood("+A", $0)) },
        AdversarialMail(name: "charset, escapes of ISO-2022-JP", size: 1_000_000) {
            text("iso-2022-jp", flood("\u{1B}$B\u{1B}(", $0))
        },
        AdversarialMail(name: "charset, escapes of ISO-2022-KR", size: 1_000_000) {
            text("iso-2022-kr", flood("\u{0E}\u{0F}\u{1B}$", $0))
        },
        AdversarialMail(name: "charset, HZ", size: 1_000_000) { text("hz-gb-2312", flood("~{~", $0)) },
        AdversarialMail(name: "charset, GB18030", size: 1_000_000) {
            text("gb18030", flood("\u{81}", 1) + (0..<$0).flatMap { _ -> [UInt8] in [0x81, 0x30, 0x81] })
        },
        AdversarialMail(name: "charset, nothing said", size: 1_000_000) {
            text("", (0..<$0).flatMap { _ -> [UInt8] in [0xE9, 0x1B, 0x24, 0x80] })
        },
    ]

    /// Where readers disagree the other readings are made, too.
    static let doubts: [AdversarialMail] = [
        AdversarialMail(name: "doubt: 100,000 undeclared delimiters", size: 100_000) {
            text("", flood("--x\r\nContent-Type: text/html\r\n\r\ny\r\n", $0))
        },
        AdversarialMail(name: "doubt: delimiters behind CR", size: 300_000) {
            message("Content-Type: multipart/mixed; boundary=b\rX: y", flood("\r--b\r\rx", $0))
        },
        AdversarialMail(name: "doubt: 4,000,000 CR", size: 4_000_000) {
            message("Content-Type: multipart/mixed; boundary=b\rX: y", flood("\r", $0))
        },
        AdversarialMail(name: "doubt: fields behind blank lines", size: 200_000) {
            text("", flood("Content-Transfer-Encoding: base64\r\n\r\n", $0))
        },
        AdversarialMail(name: "doubt: two boundaries, 100,000 parts", size: 100_000) {
            message(
                "Content-Type: multipart/mixed; boundary=a; boundary=b",
                flood("--a\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n", $0))
        },
        AdversarialMail(name: "doubt: NUL in each line", size: 500_000) {
            (0..<$0).flatMap { _ -> [UInt8] in [0x41, 0x3A, 0, 0x0D, 0x0A] } + flood("--x\r\n", $0)
        },
        AdversarialMail(name: "doubt: fields in continuations", size: 200_000) {
            Array("X: y\r\n".utf8) + flood(" Content-Type: multipart/mixed; boundary=b\r\n", $0)
        },
        AdversarialMail(name: "doubt: folded field names", size: 300_000) {
            Array("Content-Type: x\0\r\n".utf8) + flood("Content\r\n-Type\r\n: x\r\n", $0)
        },
        AdversarialMail(name: "doubt: everything base64 in base64", size: 20_000) {
            message(
                "Content-Type: multipart/mixed; boundary=b; boundary=c\r\nContent-Transfer-Encoding: base64",
                flood("LS1iDQpDb250ZW50LVR5cGU6IG1lc3NhZ2UvcmZjODIyDQoNCi0tYw0K\r\n", $0))
        },
        AdversarialMail(name: "doubt: 10,000 messages under base64", size: 10_000) {
            message(
                "Content-Type: multipart/mixed; boundary=b",
                flood(
                    "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                        + "Q29udGVudC1UeXBlOiB0ZXh0L2h0bWwNCg0KPGI+\r\n", $0))
        },
        AdversarialMail(
            name: "doubt: 20,000 messages under base64, each with a boundary", size: 20_000, limits: unlimited
        ) {
            message(
                "Content-Type: multipart/mixed; boundary=b",
                flood(
                    "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                        + "Q29udGVudC1UeXBlOiB0ZXh0L3BsYWluOyBib3VuZGFyeT16DQoNCng=\r\n", $0))
        },
    ]
}
