/// Ways to write the file that decoders read differently.
enum BodyTricks {
    static let all: [BodyTrick] = base64 + quotedPrintable + blocks

    private static func rows(_ family: String, _ encoding: String, _ texts: [String]) -> [BodyTrick] {
        texts.enumerated().map { BodyTrick("\(family)-\($0 + 1)", encoding, $1) }
    }

    private static let whole = HiddenFile.base64()
    private static let lines = HiddenFile.pieces(whole, 40)
    private static let groups = HiddenFile.pieces(whole, 4)
    private static let unpadded = HiddenFile.base64(padding: "")

    private static func grouped(_ size: Int, _ separator: String) -> String {
        HiddenFile.pieces(whole, size).joined(separator: separator)
    }

    /// Each `size` octets with padding of their own.
    private static func split(_ size: Int, padding: String = "=", separator: String = "") -> String {
        stride(from: 0, to: HiddenFile.bytes.count, by: size).map {
            HiddenFile.base64(
                Array(HiddenFile.bytes[$0..<min($0 + size, HiddenFile.bytes.count)]), padding: padding)
        }.joined(separator: separator)
    }

    private static let base64: [BodyTrick] = rows(
        "base64", "base64", widths + junk + padding + splits + frames + lineTricks)

    private static let widths: [String] = [1, 2, 3, 4, 5, 6, 7, 77, 200].map { grouped($0, "\r\n") }

    private static let junk: [String] = [
        " ", "\t", "\r", "\u{B}", "\u{C}", "\u{0}", ".", "-", "_", "#", ":", ",", "!", "*", "~", "\u{A0}",
        "\u{FEFF}",
        "\\", "\"", "'", ";", "<>",
    ].flatMap { [grouped(4, $0), grouped(3, $0), grouped(1, $0), grouped(40, $0 + "\r\n")] }

    private static let padding: [String] = [
        "=", "==", "===", "====", "=\r\n", "==\r\n", "====\r\n", "\r\n====", "\r\n====\r\n", "XX\r\n", "X\r\n",
        "\r\n\r\n", "\r\n \r\n", "\r\n\r\n\r\n",
    ].flatMap { [grouped(4, $0), grouped(20, $0), grouped(40, $0)] }

    private static let splits: [String] = [1, 2, 4, 5].flatMap { size in
        [
            split(size), split(size, padding: "=="), split(size, separator: "\r\n"),
            split(size, padding: "", separator: "\r\n"), split(size, separator: "\r\n\r\n"),
            split(size, separator: "."),
            split(size, padding: "=", separator: "="),
        ]
    }

    /// Something before or behind the data.
    private static let frames: [String] = [
        ("", ""), ("", "="), ("", "===="), ("", "junk"), ("", "\r\njunk line\r\n"), ("", "\r\n.\r\n"), ("====", ""),
        ("=", ""),
        ("\r\n", ""), ("\r\n\r\n\r\n", ""), (" ", ""), ("junk!\r\n", ""), ("AB\r\n\r\n", ""), ("A\r\n", ""),
        ("A=\r\n", ""),
        ("Version: x\r\n\r\n", ""), ("-----BEGIN FILE-----\r\n", "\r\n-----END FILE-----"), ("\u{FEFF}", ""),
        ("\u{0}", ""),
        ("", "\r\n\r\nQUJD"), ("", "QUJD"), ("", "\r\n--\r\nsome words"), ("<html>\r\n", "\r\n</html>"),
        ("begin-base64 644 a.exe\r\n", "\r\n===="),
    ].map { before, behind in before + whole + behind }

    private static let lineTricks: [String] =
        [unpadded, whole.replacing("+", with: "-").replacing("/", with: "_")]
        + [("> ", ""), ("    ", ""), ("", "!junk"), ("!", "")].map { before, behind in
            lines.map { before + $0 + behind }.joined(separator: "\r\n")
        }
        + [
            "\r\n!junk line\r\n", "\n", "\r", "\r\r\n", "=20\r\n",
        ].map { lines.joined(separator: $0) }

    private static let escapes = HiddenFile.escapes()
    private static let escapedLines = HiddenFile.escapedLines

    private static let quotedPrintable: [BodyTrick] = rows(
        "quoted", "quoted-printable", softBreaks + strays + halves + sparse)

    private static let softBreaks: [String] =
        [HiddenFile.escapes(upperCase: false).joined(), escapes.joined()]
        + [
            "=\r\n", "=\n", "=\r", "=\r\r\n", "= \r\n", "=\t\r\n", "==\r\n", "= =\r\n", "=\t=\r\n", " =\r\n", "=\r\n=",
            "=\r\n\n",
            "=\r\n\t", "=\r\n ", "=\n\r", "=\u{0}\r\n", "=\u{B}\r\n", "=x\r\n", "=XX\r\n", "=\r\n=\r\n", "=\r\n\r\n",
            "\u{A0}=\r\n", "\u{1}=\r\n",
        ].map { escapedLines.joined(separator: $0) }
        + ["=\r\n", "=\n", "=\r\r\n"].map { escapes.joined(separator: $0) }

    private static let strays: [String] = [
        "=", "= =", "=\t", "=0x", "=0", "=X", "=XX", "=XY", "=G", "=  ", "\u{1}", "\u{AA}", "\u{0}", "\u{7F}", "\t",
        " ", "\u{8}",
        "=&", "=_", "=;", "==", "===", "=\u{0}", "=\u{E9}",
    ].flatMap { stray in
        [
            escapes.joined(separator: stray), stray + escapes.joined(separator: stray),
            stray + escapedLines.joined(separator: "=\r\n" + stray),
        ]
    }

    /// Escapes in other forms.
    private static let halves: [String] =
        ["=0x", "=x", "=X", "= ", "=="].map { mark in
            escapes.map { mark + $0.dropFirst() }.joined()
        }
        + ["=\r\n", "\r\n", "\r", " ", "\t", "= \r\n", "\n"].map { middle in
            escapes.map { "\($0.dropLast())\(middle)\($0.suffix(1))" }.joined()
        }
        + ["\t"].map { middle in
            escapes.map { "\($0.prefix(1))\(middle)\($0.suffix(2))" }.joined()
        }

    /// As few escapes as can be.
    private static let sparse: [String] =
        [
            HiddenFile.text.replacing("=", with: "=3D"), HiddenFile.text, HiddenFile.text.replacing("=", with: "=3d"),
            HiddenFile.text.replacing("=", with: "==3D"),
        ]
        + ["=\r\n", "=", "=a"].map { mark in
            HiddenFile.text.map { $0 == "=" ? "=3D" : mark + String($0) }.joined()
        }
        + ["=", "=3"].map { HiddenFile.text.replacing("=", with: "=3D") + $0 }
        + ["\u{FEFF}", "=\r\n", "==\r\n"].map { $0 + escapes.joined() }

    private static let uuLines = HiddenFile.uuencoded()
    private static let uu = uuLines.joined(separator: "\r\n")

    private static let blocks: [BodyTrick] =
        ["x-uuencode", "uuencode", "x-uue", "uue", "x-uu", "uu"].flatMap { label in
            rows(
                label, label,
                [
                    "begin 644 a.exe\r\n\(uu)\r\n`\r\nend", "begin 644 a.exe\r\n\(uu)\r\nend",
                    "begin 644 a.exe\r\n\(uu)", uu, uu + "\r\n`\r\nend",
                    "text\r\n\r\nbegin 644 a.exe\r\n\(uu)\r\n`\r\nend\r\ntext",
                ])
        }
        + rows(
            "text-uu", "7bit",
            [
                "begin 644 a.exe\r\n\(uu)\r\n`\r\nend", "text\r\n\r\nbegin 644 a.exe\r\n\(uu)\r\n`\r\nend\r\ntext",
                "text\r\nbegin 644 a.exe\r\n\(uu)\r\nend",
                "begin 644 a.exe\r\n\(uu)", "begin 0644 a.exe\r\n\(uu)\r\n`\r\nend",
                "begin  644  a.exe\r\n\(uu)\r\n`\r\nend", "begin 644\r\n\(uu)\r\n`\r\nend",
                "begin 644 \r\n\(uu)\r\n`\r\nend", "begin  a.exe\r\n\(uu)\r\n`\r\nend",
                "begin\t644\ta.exe\r\n\(uu)\r\n`\r\nend", "begin 644 a.exe\r\n\r\n\(uu)\r\n`\r\nend",
                "begin 100644 a.exe\r\n\(uu)\r\n`\r\nend",

                "begin 644 a.exe\r\n\(uuLines.joined(separator: "\r\n\r\n"))\r\n`\r\nend",
                "begin 644 a.exe\r\n\(uuLines.map { $0 + "X" }.joined(separator: "\r\n"))\r\n`\r\nend",
                "begin 644 a.exe\r\n\(uuLines.joined(separator: "\r"))\r\n`\r\nend",
                "begin 644 a.exe\r\n\(HiddenFile.uuencoded(zero: " ").joined(separator: "\r\n"))\r\n \r\nend",
                "begin 644 a.exe\n\(uuLines.joined(separator: "\n"))\n`\nend",
                "begin 644 x\r\nwords\r\nbegin 644 a.exe\r\n\(uu)\r\n`\r\nend",
                "begin-base64 644 a.exe\r\n\(whole)\r\n====",
                "begin-base64 644 a.exe\r\n\(lines.joined(separator: "\r\n"))",
                "begin-base64  644  a.exe\r\n\(whole)\r\n====",
            ])
        + rows(
            "text-binhex", "7bit",
            [
                "(This file must be converted with BinHex 4.0)\r\n\r\n\(HiddenFile.binHex)",
                "text\r\n(This file must be converted with BinHex 4.0)\r\n\(HiddenFile.binHex)\r\ntext",
                "(This file must be converted with BinHex 4.0)\r\n\r\n"
                    + HiddenFile.pieces(HiddenFile.binHex, 64).joined(separator: "\r\n"),
                "(This file must be converted with BinHex 4.0)\r\n\r\n\(HiddenFile.binHex.dropLast())",
            ])
        + rows(
            "mac-binhex", "x-binhex",
            ["(This file must be converted with BinHex 4.0)\r\n\r\n\(HiddenFile.binHex)"])
        + yEnc

    private static let yEnc: [BodyTrick] = [
        ("text-yenc", "7bit", "=ybegin line=128 size=68 name=a.exe\r\n", "\r\n=yend size=68\r\n"),
        ("text-yenc-no-end", "7bit", "=ybegin line=128 size=68 name=a.exe\r\n", "\r\n"),
        (
            "text-yenc-part", "7bit", "=ybegin part=1 total=1 line=128 size=68 name=a.exe\r\n=ypart begin=1 end=68\r\n",
            "\r\n=yend size=68\r\n"
        ),
        ("text-yenc-order", "7bit", "=ybegin size=68 line=128 name=a.exe\r\n", "\r\n=yend size=68\r\n"),
        ("text-yenc-no-name", "7bit", "=ybegin line=128 size=68\r\n", "\r\n=yend size=68\r\n"),
        ("yenc", "x-yenc", "=ybegin line=128 size=68 name=a.exe\r\n", "\r\n=yend size=68\r\n"),
        ("yencode", "x-yencode", "=ybegin line=128 size=68 name=a.exe\r\n", "\r\n=yend size=68\r\n"),
    ].map { name, encoding, before, behind in
        var trick = BodyTrick(name, encoding, before)
        trick.body += HiddenFile.yEncoded + Array(behind.utf8)
        return trick
    }
}
