import Fuzzing
import MIME
import MailModel
import Testing

@Suite struct StructureTests {
    @Test func plainMessage() {
        let message = crlf("Subject: x\n\nhello\n")
        let tree = read(message)
        #expect(outline(tree) == ["1 leaf text/plain"])
        #expect(body(tree, "1", message) == "hello\r\n")
        #expect(tree.parts[0].header == 0..<14)
        #expect(tree.anomalies.isEmpty && tree.limitsHit.isEmpty)
    }

    @Test func emptyAndHeaderless() {
        #expect(outline(read([])) == ["1 leaf text/plain"])
        let message = crlf("no header here\n")
        #expect(body(read(message), "1", message) == "no header here\r\n")
        #expect(kinds(read(message)) == kinds(.brokenHeaderBlock))
    }

    static let nested = """
        Content-Type: multipart/mixed; boundary="outer"

        preamble text
        --outer
        Content-Type: multipart/alternative; boundary=inner

        --inner

        first
        --inner  \t
        Content-Type: TEXT/HTML; charset="UTF-8" (comment)
        Content-Transfer-Encoding: Quoted-Printable

        second=20

        --inner--
        --outer
        Content-Type: message/rfc822

        Subject: inside
        Content-Type: multipart/digest; boundary=d

        --d

        Subject: digested

        third
        --d--
        --outer
        Content-Type: image/png; name="a.png"
        Content-Transfer-Encoding: base64

        QUJD
        --outer--
        epilogue text

        """

    static let nestedOutline = [
        "1 multipart multipart/mixed", "1.preamble preamble text/plain", "1.1 multipart multipart/alternative",
        "1.1.1 leaf text/plain", "1.1.2 leaf text/html", "1.2 message message/rfc822",
        "1.2.1 multipart multipart/digest", "1.2.1.1 message message/rfc822", "1.2.1.1.1 leaf text/plain",
        "1.3 leaf image/png", "1.epilogue epilogue text/plain",
    ]

    @Test(arguments: [true, false]) func nestedStructure(isCRLF: Bool) {
        let message = isCRLF ? crlf(Self.nested) : Array(Self.nested.utf8)
        let newline = isCRLF ? "\r\n" : "\n"
        let tree = read(message)
        #expect(outline(tree) == Self.nestedOutline)
        #expect(body(tree, "1.preamble", message) == "preamble text")
        #expect(body(tree, "1.1.1", message) == "first")
        #expect(body(tree, "1.1.2", message) == "second=20\(newline)")
        #expect(body(tree, "1.2.1.1.1", message) == "third")
        #expect(body(tree, "1.epilogue", message) == "epilogue text\(newline)")
        if let html = part(tree, "1.1.2"), let image = part(tree, "1.3") {
            #expect(tree.parts[html].charset == "utf-8")
            #expect(tree.parts[html].transferEncoding == .quotedPrintable)
            #expect(decoded(tree, html, message) == Array("second \(newline)".utf8))
            #expect(decoded(tree, image, message) == Array("ABC".utf8))
            #expect(tree.parts[image].names == ["a.png"])
        } else {
            Issue.record("parts missing")
        }
        #expect(tree.anomalies.isEmpty)
        #expect(violations(tree, message, MIMELimits()).isEmpty)
    }

    @Test func missingEnds() {
        let tree = read(
            crlf(
                "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\na\n--o\n\nb"
            ))
        #expect(
            outline(tree) == [
                "1 multipart multipart/mixed", "1.1 multipart multipart/mixed", "1.1.1 leaf text/plain",
                "1.2 leaf text/plain",
            ])
        #expect(tree.anomalies.map(\.part) == [1, 0])
        #expect(kinds(tree) == kinds(.missingCloseDelimiter))
    }

    /// An inner multipart that declares the outer boundary cannot take the outer one's parts.
    @Test func reusedBoundary() {
        let message = crlf(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b\n\ninner\n--b\n\nx\n--b--"
        )
        let tree = read(message)
        #expect(
            outline(tree) == [
                "1 multipart multipart/mixed", "1.1 multipart multipart/mixed", "1.1.preamble preamble text/plain",
                "1.2 leaf text/plain",
            ])
        #expect(kinds(tree).isSuperset(of: kinds(.boundaryReused, .multipartWithoutDelimiter)))
    }

    @Test(arguments: [
        ("--bc", false), ("--b x", false), (" --b", false), ("-b", false), ("--b", true), ("--b\t ", true),
        ("--B", false),
        ("x--b", false), ("--b-", false),
    ])
    func delimiterForms(line: String, isDelimiter: Bool) {
        let tree = read(crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n\(line)\n\ntwo\n--b--\n"))
        #expect(ordinary(tree).count == (isDelimiter ? 3 : 2))
        #expect(kinds(tree) == (["--bc", "--b x", "--b-"].contains(line) ? kinds(.boundaryPrefix) : []))
    }

    @Test func delimiterAfterClose() {
        let tree = read(crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n--b\n\ntwo\n"))
        #expect(ordinary(tree).map(\.kind) == [.multipart, .leaf, .epilogue])
        #expect(kinds(tree) == kinds(.delimiterAfterClose))
    }

    @Test func delimiterEndsAHeaderBlock() {
        let tree = read(
            crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n--b\n\nx\n--b--\n"))
        #expect(outline(tree) == ["1 multipart multipart/mixed", "1.1 leaf text/html", "1.2 leaf text/plain"])
        #expect(tree.parts[1].body.isEmpty)
    }

    @Test(arguments: [
        ("Content-Type: text", "text/plain", AnomalyKind.invalidContentType),
        ("Content-Type: te xt/html", "text/plain", .invalidContentType),
        ("Content-Type: multipart/mixed", "multipart/mixed", .multipartWithoutBoundary),
        ("Content-Type: multipart/mixed; boundary=\"  \"", "multipart/mixed", .multipartWithoutBoundary),
        ("Content-Type: text/html\nContent-Type: text/plain", "text/html", .duplicateContentType),
        (
            "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit", "text/plain",
            .duplicateTransferEncoding
        ),
        ("Content-Transfer-Encoding: base645", "text/plain", .unknownTransferEncoding),
        ("Content-Transfer-Encoding: base64 x", "text/plain", .unknownTransferEncoding),
        ("Content-Type : text/html", "text/html", .blankBeforeColon),
        ("Content-Type: text/html\n x\ry", "text/plain", .bareCRInHeader),
        ("X: \u{0}", "text/plain", .nulInHeader),
        (" x\nContent-Type: text/html", "text/html", .leadingContinuation),
        ("From a@b\nContent-Type: text/html", "text/html", .mboxLine),
        ("Content-Type: text/html\nnonsense", "text/html", .brokenHeaderBlock),
    ])
    func headerForms(header: String, mediaType: String, kind: AnomalyKind) {
        let tree = read(crlf(header + "\n\nbody"))
        #expect(tree.parts[0].mediaType == mediaType)
        #expect(tree.parts[0].kind == .leaf)
        #expect(kinds(tree).contains(kind.rawValue))
    }

    @Test func boundaryForms() {
        func count(_ parameter: String, _ boundary: String) -> Int {
            read(crlf("Content-Type: multipart/mixed; \(parameter)\n\n--\(boundary)\n\nx\n--\(boundary)--\n")).parts
                .count
        }
        #expect(count("boundary=a b ", "a b") == 2)
        #expect(count("BOUNDARY=\"a;\\\"b\"", "a;\"b") == 2)
        #expect(count("boundary=a (comment)", "a") == 2)
        #expect(count("boundary*=us-ascii''a%62", "ab") == 2)
        #expect(count("boundary*0=a; boundary*1=b", "ab") == 2)
        #expect(count("boundary*0=a; boundary=b", "b") == 2)
    }

    @Test(arguments: [TransferEncoding.base64, .quotedPrintable, .uuencode])
    func messageUnderAnEncoding(encoding: TransferEncoding) {
        let content: String
        switch encoding {
        // The text is `Content-Type: text/html`, an empty line, `hi`.
        case .base64: content = "Q29udGVudC1UeXBlOiB0ZXh0L2h0bWwNCg0KaGk="
        case .quotedPrintable: content = "Content-Type: text=2Fhtml\n\nhi"
        default: content = "begin 644 m\n;0V]N=&5N=\"U4>7!E.B!T97AT+VAT;6P-\n%\"@T*:&D \nend"
        }
        let message = crlf(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n"
                + "Content-Transfer-Encoding: \(encoding.rawValue)\n\n\(content)\n--b--\n")
        let tree = read(message)
        #expect(outline(tree) == ["1 multipart multipart/mixed", "1.1 message message/rfc822", "1.1.1 leaf text/html"])
        #expect(Set(ordinary(tree).map(\.source)) == [0, 1])
        #expect(tree.parts[2].source == 1)
        #expect(body(tree, "1.1.1", message) == "hi")
        #expect(kinds(tree) == kinds(.encodedContainer))
        #expect(violations(tree, message, MIMELimits()).isEmpty)
    }

    @Test func multipartUnderAnEncoding() {
        // `--b`, empty line, `hidden`, `--b--`
        let message = crlf(
            "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\nLS1iDQoNCmhpZGRlbg0KLS1iLS0NCg==\n"
        )
        let tree = read(message)
        #expect(outline(tree) == ["1 multipart multipart/mixed", "1.1 leaf text/plain"])
        #expect(body(tree, "1.1", message) == "hidden")
        // Labelled so by mistake: the delimiters stand in the open.
        let open = crlf(
            "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n--b\n\nx\n--b--\n")
        #expect(outline(read(open)) == ["1 multipart multipart/mixed", "1.1 leaf text/plain"])
        #expect(kinds(read(open)) == kinds(.encodedContainer))
    }

    /// Boundaries that are equal over their first octets are told apart, whatever their length.
    @Test(arguments: [1, 6, 7, 8, 9, 60]) func similarBoundaries(length: Int) {
        let outer = String(repeating: "=", count: length)
        let inner = outer + "="
        let message = crlf(
            "Content-Type: multipart/mixed; boundary=\"\(outer)\"\n\n--\(outer)\n"
                + "Content-Type: multipart/mixed; boundary=\"\(inner)\"\n\n--\(inner)\n\na\n--\(inner)--\n--\(outer)\n\nb\n"
                + "--\(outer.dropLast())x\n--\(outer)--\n")
        let tree = read(message)
        #expect(
            outline(tree) == [
                "1 multipart multipart/mixed", "1.1 multipart multipart/mixed", "1.1.1 leaf text/plain",
                "1.2 leaf text/plain",
            ])
        #expect(tree.anomalies.isEmpty)
    }

    /// Offsets of anomalies are in the raw message: for a decoded source, where its encoded body begins.
    @Test func anomalyOffsets() {
        let open = crlf("Subject: x\nContent-Type: text\n\nx")
        #expect(read(open).anomalies == [Anomaly(kind: .invalidContentType, part: 0, offset: 12)])
        // `Content-Type: text`, empty line.
        let header = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
        let tree = read(crlf(header + "Q29udGVudC1UeXBlOiB0ZXh0DQoNCg=="))
        #expect(tree.anomalies.last == Anomaly(kind: .invalidContentType, part: 1, offset: crlf(header).count))
    }
}
