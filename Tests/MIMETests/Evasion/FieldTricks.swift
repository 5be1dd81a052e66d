/// Tricks with the name of a field and with what is between fields: the same for types and for encodings. `FIELD` stands for
/// the name, `VALUE` for the value; each is a whole line with its end.
enum FieldTricks {
    /// Ways to write the name. A reader that repairs, drops or stops at the odd character sees the field.
    static let names: [(String, String)] = [
        ("blank-colon", "FIELD : VALUE\r\n"), ("tab-colon", "FIELD\t: VALUE\r\n"),
        ("vertical-tab-colon", "FIELD\u{B}: VALUE\r\n"), ("double-colon", "FIELD:: VALUE\r\n"),
        ("colon-blank-colon", "FIELD: : VALUE\r\n"), ("no-blank", "FIELD:VALUE\r\n"),
        ("quoted-name", "\"FIELD\": VALUE\r\n"),
        ("comment-behind", "FIELD(c): VALUE\r\n"), ("comment-blank", "FIELD (c): VALUE\r\n"),
        ("comment-before", "(c)FIELD: VALUE\r\n"), ("nul-before", "\u{0}FIELD: VALUE\r\n"),
        ("nul-behind", "FIELD\u{0}: VALUE\r\n"), ("nul-value", "FIELD:\u{0}VALUE\r\n"),
        ("control-before", "\u{1}FIELD: VALUE\r\n"), ("backspace", "x\u{8}FIELD: VALUE\r\n"),
        ("form-feed", "\u{C}FIELD: VALUE\r\n"), ("bom", "\u{FEFF}FIELD: VALUE\r\n"),
        ("latin-bom", "\u{EF}\u{BB}\u{BF}FIELD: VALUE\r\n"), ("non-breaking", "FIELD\u{A0}: VALUE\r\n"),
        ("zero-width", "FIELD\u{200B}: VALUE\r\n"), ("leading-blank", " FIELD: VALUE\r\n"),
        ("leading-tab", "\tFIELD: VALUE\r\n"), ("blank-line", " \r\nFIELD: VALUE\r\n"),
        ("tab-line", "\t\r\nFIELD: VALUE\r\n"), ("junk-line", "junk\r\nFIELD: VALUE\r\n"),
        ("two-junk-lines", "junk\r\nmore junk\r\nFIELD: VALUE\r\n"), ("colon-line", ":\r\nFIELD: VALUE\r\n"),
        ("blank-name-line", "some words: x\r\nFIELD: VALUE\r\n"), ("from-line", "From x\r\nFIELD: VALUE\r\n"),
        ("quoted-from-line", ">From x\r\nFIELD: VALUE\r\n"), ("folded-colon", "FIELD\r\n : VALUE\r\n"),
        ("folded-value", "FIELD:\r\n VALUE\r\n"), ("value-without-blank", "FIELD:\r\nVALUE\r\n"),
        ("folded-twice", "FIELD:\r\n \r\n VALUE\r\n"), ("folded-cr", "FIELD:\r VALUE\r\n"),
        ("folded-lf", "FIELD:\n VALUE\r\n"), ("folded-lfcr", "FIELD:\n\r VALUE\r\n"),
        ("folded-crcrlf", "FIELD:\r\r\n VALUE\r\n"), ("cr-value", "FIELD: \rVALUE\r\n"),
        ("continued", "X-A: b\r\n FIELD: VALUE\r\n"),
        ("upper", "UPPER: VALUE\r\n"), ("lower", "LOWER: VALUE\r\n"),
        ("long-blanks", "FIELD:\(String(repeating: " ", count: 2000))VALUE\r\n"),
        ("long-folds", "FIELD:\(String(repeating: "\r\n ", count: 40))VALUE\r\n"),
        ("twice-name", "FIELD: FIELD: VALUE\r\n"), ("empty-first", "FIELD:\r\nFIELD: VALUE\r\n"),
        ("empty-last", "FIELD: VALUE\r\nFIELD:\r\n"), ("cr-before", "\rFIELD: VALUE\r\n"),
        ("value-cr", "FIELD: VALUE\r\r\n"), ("value-lf", "FIELD: VALUE\n"), ("value-nul", "FIELD: VALUE\u{0}\r\n"),
        ("value-dot", "FIELD: VALUE.\r\n"), ("value-semicolon", "FIELD: VALUE;\r\n"),
        ("value-comma", "FIELD: VALUE,\r\n"),
    ]

    /// What stands between the field before and this one instead of CRLF.
    static let breaks: [(String, String)] = [
        ("r", "\r"), ("n", "\n"), ("nr", "\n\r"), ("rr", "\r\r"), ("rrn", "\r\r\n"), ("rnr", "\r\n\r"),
        ("rcn", "\r!\n"), ("cn", "!\n"), ("rc", "\r!"), ("nc", "\n!"), ("rncr", "\r\n!\r"), ("rcnc", "\r(\n)"),
        ("ncr", "\n!\r"), ("rnc", "\r\n!"), ("rnn", "\r\n\n"), ("rnrn", "\r\n\r\n"), ("r0n", "\r\u{0}\n"),
        ("n-sp-n", "\n \n"), ("nn", "\n\n"), ("rn-nul-rn", "\r\n\u{0}\r\n"),
    ]

    /// What stands for the end of the block instead of a blank line.
    static let ends: [(String, String)] = [
        ("nn", "\n\n"), ("rr", "\r\r"), ("nr", "\n\r"), ("rn", "\r\n"), ("n", "\n"), ("rnn", "\r\n\n"),
        ("nrn", "\n\r\n"),
        ("rnr", "\r\n\r"), ("rnrrn", "\r\n\r\r\n"), ("rrnrrn", "\r\r\n\r\r\n"), ("rrn", "\r\r\n"),
        ("rnnrn", "\r\n\n\r\n"),
        ("rncrn", "\r\n<\r\n"), ("rnrcn", "\r\n\r!\n"), ("rcnrn", "\r!\n\r\n"), ("cnrn", "!\n\r\n"),
        ("rn-sp-rn", "\r\n \r\n"),
        ("rn-tab-rn", "\r\n\t\r\n"), ("rn-nul-rn", "\r\n\u{0}\r\n"), ("rn-vt-rn", "\r\n\u{B}\r\n"),
        ("rn-ff-rn", "\r\n\u{C}\r\n"), ("rn-sp-rn-sp-rn", "\r\n \r\n \r\n"), ("rn-junk-rnrn", "\r\njunk\r\n\r\n"),
        ("rn-junk64-rnrn", "\r\nABCD\r\n\r\n"), ("rn-junk64-sp", "\r\nABCD\r\n \r\n"),
        ("rn-pad64-rnrn", "\r\nABC=\r\n\r\n"),
        ("rn-dot-rnrn", "\r\n.\r\n\r\n"), ("rn-colon-rnrn", "\r\n: x\r\n\r\n"), ("rn-nbsp-rn", "\r\n\u{A0}\r\n"),
        ("rnrnrnrn", "\r\n\r\n\r\n\r\n"), ("rn-cr-nul", "\r\n\r\u{0}\n"), ("nul-rnrn", "\u{0}\r\n\r\n"),
    ]

    static func line(_ form: String, _ field: String, _ value: String) -> String {
        form.replacing("FIELD", with: field).replacing("UPPER", with: field.uppercased())
            .replacing("LOWER", with: field.lowercased()).replacing("VALUE", with: value)
    }
}

extension StructureTricks {
    private static let value = "multipart/mixed; boundary=b1"

    static let fields: [StructureTrick] =
        FieldTricks.names.map { name, form in
            StructureTrick("field-" + name, fields: FieldTricks.line(form, "Content-Type", value), delimiter: "b1")
        }
        + rows(
            "field",
            [
                ("Content-Type: \(value)\r\nContent-Type: text/plain\r\n", "b1"),
                ("Content-Type: text/plain\r\nContent-Type: \(value)\r\n", "b1"),
                ("Content-Type: multipart/mixed; boundary=x\r\nContent-Type: \(value)\r\n", "b1"),
                ("Content-Type: \(value)\r\nContent-Type: multipart/mixed; boundary=x\r\n", "b1"),
                ("Content-Type: multipart/mixed\r\nContent-Type: text/plain; boundary=b1\r\n", "b1"),
                ("Content-Type: multipart/mixed\r\nContent-Disposition: inline; boundary=b1\r\n", "b1"),
                ("Content-Type: multipart/mixed\r\nX: y; boundary=b1\r\n", "b1"), ("", "b1"),
                ("Content-Type:\r\n", "b1"),
                ("Content_Type: \(value)\r\n", "b1"), ("ContentType: \(value)\r\n", "b1"),
                ("Content Type: \(value)\r\n", "b1"), ("Content-\r\n Type: \(value)\r\n", "b1"),
                ("Content-Ty(c)pe: \(value)\r\n", "b1"), ("Content-Ty\u{0}pe: \(value)\r\n", "b1"),
                ("X-Content-Type: \(value)\r\n", "b1"),
                ("Content-Type: \(value)\r\nContent-Transfer-Encoding: 7bit\r\n", "b1"),
                ("Content-Type: \(value)\r\nContent-Transfer-Encoding: x-odd\r\n", "b1"),
            ])

    /// Line ends within the value.
    static let folds: [StructureTrick] = rows(
        "fold",
        [
            "\r\n ", "\r\n\t", "\n ", "\r ", "\r\n", "\n", "\r", "\r\r\n ", "\r\n\r ", "\n\r ", "\r\n \r\n ",
            "\r\n \n ", "\r\n\u{0} ",
            "\r\n\u{B}", "\r\n\u{C}", "\r\n  ", "\r\n \t ", "\u{B}", "\u{C}", "\r\n\u{A0}",
        ].flatMap { fold in
            [
                ("Content-Type: multipart/mixed;\(fold)boundary=b1\r\n", "b1"),
                ("Content-Type: multipart/mixed;\(fold)boundary=\"b1\"\r\n", "b1"),
                ("Content-Type: multipart/mixed\(fold);boundary=b1\r\n", "b1"),
                ("Content-Type: multipart/mixed; boundary\(fold)=b1\r\n", "b1"),
                ("Content-Type: multipart/mixed; boundary=\(fold)b1\r\n", "b1"),
                ("Content-Type:\(fold)multipart/mixed; boundary=b1\r\n", "b1"),
            ]
        })

    private static func rows(_ family: String, _ rows: [(String, String)]) -> [StructureTrick] {
        rows.enumerated().map { number, row in
            StructureTrick("\(family)-\(number + 1)", fields: row.0, delimiter: row.1)
        }
    }

    private static func forms(_ rows: [(String, String, String)]) -> [StructureTrick] {
        rows.map { name, opening, closing in
            StructureTrick(
                "delimiter-" + name, fields: "Content-Type: \(value)\r\n", opening: opening, closing: closing)
        }
    }

    /// The delimiter itself.
    static let delimiters: [StructureTrick] = forms([
        ("blank", "\r\n--b1 \r\n", "\r\n--b1--\r\n"), ("tab", "\r\n--b1\t\r\n", "\r\n--b1--\r\n"),
        ("prefix", "\r\n--b1X\r\n", "\r\n--b1X--\r\n"), ("prefix-blank", "\r\n--b1 X\r\n", "\r\n--b1--\r\n"),
        ("prefix-comment", "\r\n--b1 (c)\r\n", "\r\n--b1--\r\n"), ("prefix-dash", "\r\n--b1-\r\n", "\r\n--b1--\r\n"),
        ("inner-blank", "\r\n-- b1\r\n", "\r\n-- b1--\r\n"), ("inner-tab", "\r\n--\tb1\r\n", "\r\n--\tb1--\r\n"),
        ("leading-cr", "\r\n\r--b1\r\n", "\r\n\r--b1--\r\n"), ("leading-blank-cr", "\r\n \r--b1\r\n", "\r\n--b1--\r\n"),
        ("nul", "\r\n--b1\u{0}\r\n", "\r\n--b1\u{0}--\r\n"),
        ("inner-nul", "\r\n--\u{0}b1\r\n", "\r\n--\u{0}b1--\r\n"), ("cr-only", "\r--b1\r", "\r--b1--\r"),
        ("cr-before", "\r--b1\r\n", "\r--b1--\r\n"), ("cr-behind", "\r\n--b1\r", "\r\n--b1--\r\n"),
        ("crcrlf", "\r\n--b1\r\r\n", "\r\n--b1--\r\n"), ("crcrlf-before", "\r\r\n--b1\r\n", "\r\r\n--b1--\r\n"),
        ("lf", "\n--b1\n", "\n--b1--\n"), ("lfcr", "\n\r--b1\n\r", "\n\r--b1--\n\r"),
        ("blank-line", "\r\n--b1\r\n\r\n", "\r\n--b1--\r\n"),
        ("two-blank-lines", "\r\n--b1\r\n\r\n\r\n", "\r\n--b1--\r\n"),
        ("blanks-line", "\r\n--b1\r\n \r\n", "\r\n--b1--\r\n"),
        ("closed", "\r\n--b1--\r\n", "\r\n--b1--\r\n"), ("unclosed", "\r\n--b1\r\n", "\r\n"),
        ("quoted", "\r\n--\"b1\"\r\n", "\r\n--\"b1\"--\r\n"), ("half-closed", "\r\n--b1\r\n", "\r\n--b1-\r\n"),
        ("closed-text", "\r\n--b1\r\n", "\r\n--b1--x\r\n"),
        ("vt", "\r\n--b1\u{B}\r\n", "\r\n--b1--\r\n"), ("ff", "\r\n--b1\u{C}\r\n", "\r\n--b1--\r\n"),
        ("high", "\r\n--b1\u{A0}\r\n", "\r\n--b1--\r\n"),
    ])
}
