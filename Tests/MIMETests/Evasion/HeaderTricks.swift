/// The header block of the part with the file: which encoding it names, and where it ends.
enum HeaderTricks {
    static let all: [HeaderTrick] = values + fields + breaks + ends

    private static let name = "Content-Transfer-Encoding"

    private static let values: [HeaderTrick] =
        [
            "\"E~C\"", "'E~C'", "\"E~C", "E~C\"", "E~C;", "E~C; x=y", "E~C,", "E~C x", "x E~C", "E~C, 7bit",
            "7bit, E~C", "E~C 7bit",
            "7bit E~C", "E~C;7bit", "7bit;E~C", "(c)E~C", "E~C(c)", "(c) E~C (d)", "(E~C", "E~C)", "(E~C)",
            "(c\r\n )E~C", "E~C(c\r\n )",
            "\\E~C", "=?us-ascii?q?E~C?=", "=?us-ascii?q??=E~C", "x-E~C", "E~Cx", "E~C5", "E~C-", "-E~C", "E~C.",
            ".E~C", "E~C:", "=E~C", "/E~C",
            "E~C/x", "\u{0}E~C", "E~C\u{0}", "E~C\u{0}x", "\u{1}E~C", "E~C\u{1}", "E~C\u{7F}", "\u{A0}E~C", "\u{B}E~C",
            "\u{C}E~C", "\rE~C",
            "E~C\r", "E~C ", "E~C\t", "\u{FEFF}E~C", "E~C E~C", "E~C,E~C", "E~CE~C", "<E~C>", "[E~C]", "{E~C}",
            "7bit\r\n E~C", "E~C\r\n 7bit",
            "7bit\rE~C", "none, E~C", "8bit;\r\n E~C", "type=E~C", "encoding=E~C", "Content-Transfer-Encoding: E~C",
            "*E~C*",
            "E~C\\", "E~C (", "E~C \"x\"", "\"x\" E~C", "\"\"E~C", "E~C\"\"", "\\\"E~C\\\"", "%E~C", "E~C=", "E~C+",
            "E~C!", "E~C\u{200B}",
        ].enumerated().map { number, value in
            HeaderTrick("encoding-\(number + 1)", fields: "\(name): \(value)\r\n")
        } + pairs.enumerated().map { number, lines in HeaderTrick("encodings-\(number + 1)", fields: lines) }

    private static let pairs: [String] =
        ["7bit", "8bit", "binary", "xxx", "", "OTHER", "x-uuencode", "\"\"", "none", "7bit\u{0}"].flatMap { other in
            ["\(name): \(other)\r\n\(name): E~C\r\n", "\(name): E~C\r\n\(name): \(other)\r\n"]
        } + [
            "\(name): 7bit\r\nX: y\r\n\(name): E~C\r\nZ: y\r\n\(name): 8bit\r\n", "Content-Encoding: E~C\r\n",
            "Transfer-Encoding: E~C\r\n", "Content-TransferEncoding: E~C\r\n", "Content_Transfer_Encoding: E~C\r\n",
            "ContentTransferEncoding: E~C\r\n", "Content Transfer Encoding: E~C\r\n",
            "Content-Transfer_Encoding: E~C\r\n",
            "Content-Transfer-Encoding-: E~C\r\n", "Content-Transfer-\r\n Encoding: E~C\r\n",
            "Content-Trans(c)fer-Encoding: E~C\r\n",
            "Content-Transfe(r-Encoding: E~C\r\n", "Content-Trans\u{0}fer-Encoding: E~C\r\n",
            "Content--Transfer--Encoding: E~C\r\n",
            "X-Content-Transfer-Encoding: E~C\r\n", "Content-Encoding: E~C\r\n\(name): 7bit\r\n",
        ]

    private static let fields: [HeaderTrick] =
        FieldTricks.names.map { trick, form in
            HeaderTrick("field-" + trick, fields: FieldTricks.line(form, name, "E~C"))
        }
        + FieldTricks.names.map { trick, form in
            HeaderTrick(
                "first-field-" + trick,
                block: FieldTricks.line(form, name, "E~C") + "Content-Type: application/octet-stream\r\n\r\n")
        }

    /// Between the fields, with the one that matters behind and before.
    private static let breaks: [HeaderTrick] = FieldTricks.breaks.flatMap { trick, ending in
        [
            HeaderTrick(
                "break-" + trick, block: "Content-Type: application/octet-stream\(ending)\(name): E~C\r\n\r\n"),
            HeaderTrick(
                "break-behind-" + trick,
                block: "\(name): E~C\(ending)Content-Type: application/octet-stream\r\n\r\n"),
            HeaderTrick(
                "break-first-" + trick,
                block: "\(ending)\(name): E~C\r\nContent-Type: application/octet-stream\r\n\r\n"),
        ]
    }

    private static let ends: [HeaderTrick] = FieldTricks.ends.flatMap { trick, ending in
        [
            HeaderTrick("end-" + trick, block: "Content-Type: application/octet-stream\r\n\(name): E~C\(ending)"),
            HeaderTrick(
                "fields-behind-end-" + trick,
                block: "Content-Type: application/octet-stream\(ending)\(name): E~C\r\n\r\n"),
        ]
    }
}
