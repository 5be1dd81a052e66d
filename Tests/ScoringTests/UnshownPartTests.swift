import Testing

@testable import Scoring

/// Parts beside the text that is shown, as mail readers and other readings have them.
@Suite("Words of parts that nobody is shown")
struct UnshownPartTests {
    private static func beside(_ fields: [String], _ body: [String], in kind: String = "mixed") -> [String] {
        ["Content-Type: multipart/\(kind); boundary=\(kind)", ""]
            + [["Content-Type: text/html", "", "<p>shown payload</p>"], fields + [""] + body].flatMap {
                ["--\(kind)"] + $0
            } + ["--\(kind)--"]
    }

    private static func digest(_ words: String...) -> [String] {
        ["Content-Type: multipart/digest; boundary=digest", ""]
            + words.flatMap { ["--digest", "", "Subject: x", "", $0] } + ["--digest--"]
    }

    private static let external = "Content-Type: message/external-body; access-type=local-file; name=x"
    private static let file = "Content-Type: application/octet-stream; name=a.eml"
    private static let attachment = "Content-Disposition: attachment; filename=a.eml"
    private static let text = ["Content-Type: text/plain", "", "shown honestword"]

    @Test(
        "they are hidden ones, in every reading of the part",
        arguments: [
            beside([file, attachment], text),
            beside([file, attachment, "Content-Transfer-Encoding: base64"], [base64]),
            beside([file], ["Subject: x", "", "shown honestword"]),
            beside(["Content-Type: text/plain", attachment], text),
            beside(
                ["Content-Type: text/plain", "Content-Transfer-Encoding: base64", attachment],
                ["aG9uZXN0d29yZA==", "aG9uZXN0d29yZA=="]),
            beside(Array(digest("honestword").prefix(1)), Array(digest("honestword").dropFirst(2))),
            digest("payload", "shown honestword"),
            beside(["Content-Type: message/rfc822", "Content-Transfer-Encoding: base64"], [base64]),
            beside(["Content-Type: text/plain; name=a.txt"], ["shown honestword"]),
            beside(["Content-Type: text/plain; name=a.eml"], ["shown honestword"]),
            beside(["Content-Type: text/plain", "Content-Disposition: inline; filename=a.txt"], ["shown honestword"]),
            [
                "Content-Type: multipart/mixed; boundary=x", "", "--x", "Content-Type: text/plain; name=a.txt", "",
                "shown honestword", "--x", "Content-Type: text/html", "", "<p>shown payload</p>", "--x--",
            ],
        ])
    func unshown(_ lines: [String]) {
        let texts = TokenTests.texts(lines)
        #expect(texts.contains("I:honestword") && !texts.contains("honestword"), "\(lines)")
    }

    /// The phantom body of RFC 2046 section 5.2.3 is no text of the mail.
    @Test(arguments: [
        beside([external], text), beside([external], ["honestword"]), [external, ""] + text,
    ])
    func phantomBodies(_ lines: [String]) {
        #expect(!TokenTests.texts(lines).contains("honestword"), "\(lines)")
    }

    private static func related(_ start: String, in kind: String = "related") -> [String] {
        [
            "Content-Type: multipart/\(kind); \(start)boundary=related", "", "--related", "Content-ID: <first@x>", "",
            "firstword", "--related", "Content-Type: text/html", "Content-ID:<Second@x> ", "", "secondword",
            "--related--",
        ]
    }

    /// RFC 2387: `start` names the root; readers that do not know it begin with the first.
    @Test func rootsOfRelated() {
        for (start, isShown) in [
            ("start=\"<Second@x>\"; ", true), ("start=Second@x; ", true), ("", false), ("start=\"<first@x>\"; ", false),
            ("start=\"<other@x>\"; ", false), ("start=\"<second@x>\"; ", false),
        ] {
            let texts = TokenTests.texts(Self.related(start))
            #expect(texts.contains("firstword") && texts.contains("secondword") == isShown, "\(start): \(texts)")
        }
        #expect(!TokenTests.texts(Self.related("start=\"<Second@x>\"; ", in: "signed")).contains("secondword"))
    }

    /// An attachment is no alternative to some readers, and XHTML none to others: what any of them shows is shown.
    @Test func alternativesOfSomeReaders() {
        func texts(_ parts: [(fields: [String], word: String)]) -> Set<String> {
            TokenTests.texts(
                ["Content-Type: multipart/alternative; boundary=x", ""]
                    + parts.flatMap { ["--x"] + $0.fields + ["", $0.word] } + ["--x--"])
        }
        let html = ["Content-Type: text/html"]
        let xhtml = ["Content-Type: application/xhtml+xml"]
        let attached = ["Content-Disposition: attachment; filename=a.html"]
        for others in [html + attached, xhtml, xhtml + attached] {
            let found = texts([(html, "shownword"), (others, "otherword")])
            #expect(found.isSuperset(of: ["shownword", "otherword"]), "\(others)")
            let turned = texts([(others, "otherword"), (html, "shownword")])
            #expect(turned.contains("shownword") && turned.isDisjoint(with: ["otherword"]), "\(others)")
        }
        let three = texts([([], "plainword"), (html, "shownword"), (html + attached, "otherword")])
        #expect(three.isSuperset(of: ["shownword", "otherword"]) && !three.contains("plainword"))
        #expect(texts([([], "plainword"), (html + attached, "otherword")]).isSuperset(of: ["plainword", "otherword"]))
    }

    /// What is attached before the text is not what readers show; where there is no other, it is.
    @Test func attachedFirst() {
        func texts(_ first: [String], _ second: [String], in kind: String = "mixed") -> Set<String> {
            TokenTests.texts(
                ["Content-Type: multipart/\(kind); boundary=x", "", "--x"] + first + ["--x"] + second + ["--x--"])
        }
        let attached = [
            "Content-Type: text/plain", "Content-Disposition: attachment; filename=a.txt", "", "honestword",
        ]
        let message = ["Content-Type: message/rfc822", "", "Subject: x", "", "honestword"]
        for first in [attached, message] {
            let found = texts(first, ["", "payload"])
            #expect(found.isSuperset(of: ["payload", "I:honestword"]) && !found.contains("honestword"), "\(first)")
            let deep = texts(first, ["Content-Type: multipart/mixed; boundary=y", "", "--y", "", "payload", "--y--"])
            #expect(!deep.contains("honestword"), "\(first)")
            for second in [attached, message, ["Content-Type: image/png", "", "x"], ["", " "]] {
                #expect(texts(first, second).contains("honestword"), "\(first), \(second)")
            }
            #expect(texts(first, ["", "payload"], in: "digest").contains("honestword"))
        }
    }

    /// However deep in multiparts of their own; of a message within the mail, only texts of that message count.
    @Test func attachedInMultiparts() {
        func mixed(_ parts: [[String]], kind: String = "mixed", fields: [String] = []) -> [String] {
            let boundary = "\(kind)\(parts.joined().count)"
            return ["Content-Type: multipart/\(kind); boundary=\(boundary)"] + fields + [""]
                + parts.flatMap { ["--\(boundary)"] + $0 } + ["--\(boundary)--"]
        }
        let attachment = "Content-Disposition: attachment"
        let attached = ["Content-Type: text/plain", attachment, "", "honestword"]
        let message = ["Content-Type: message/rfc822", "", "Subject: x", "", "honestword"]
        let digest = mixed([["", "Subject: x", "", "honestword"]], kind: "digest")
        let open = ["Content-Type: text/plain", "", "payload"]
        let picture = ["Content-Type: image/png", "", "x"]
        for put in [
            mixed([attached]), mixed([attached], kind: "related"), mixed([attached], kind: "alternative"),
            mixed([attached, attached]), mixed([picture, attached]), mixed([message]), digest, mixed([digest]),
            mixed([["", "honestword"]], fields: [attachment]),
            mixed([mixed([["", "honestword"]], fields: [attachment])]),
        ] {
            for mail in [mixed([put, open]), mixed([open, put]), mixed([put, mixed([open], kind: "alternative")])] {
                let texts = TokenTests.texts(mail)
                #expect(
                    texts.isSuperset(of: ["payload", "I:honestword"]) && !texts.contains("honestword"), "\(mail)")
            }
        }
        // A text that nobody is shown, and one of another message, speak for nobody.
        for other in [
            mixed([["", " "]]), mixed([["", "payload"]], fields: [attachment]),
            ["Content-Type: message/rfc822", ""] + open, ["Content-Type: text/css", "", "payload"],
        ] {
            #expect(TokenTests.texts(mixed([mixed([attached]), other])).contains("honestword"), "\(other)")
        }
    }

    /// A text with its header, in base64.
    private static let base64 = "Q29udGVudC1UeXBlOiB0ZXh0L3BsYWluDQpTdWJqZWN0OiB4DQoNCmhvbmVzdHdvcmQ="

    @Test("of what some reader shows they are shown ones")
    func shown() {
        for lines in [
            Self.digest("honestword", "other"),
            // A digest without a text before it.
            ["Content-Type: multipart/mixed; boundary=mixed", "", "--mixed"] + Self.digest("honestword") + [
                "--mixed--"
            ],
            // Nothing else stands in the open.
            ["Content-Type: text/plain; name=a.txt", "", "honestword"],
            [
                "Content-Type: multipart/mixed; boundary=x", "", "--x", "Content-Type: text/plain; name=a.txt", "",
                "honestword", "--x--",
            ],
            // Of a header block that ends earlier to others they do not see what hides it.
            Self.beside(
                ["Content-Type: text/plain", " ", "Content-Disposition: attachment; filename=a.txt"], ["honestword"]),
            // A part of its own to Outlook.
            Self.beside([], ["x"]) + Self.text,
        ] {
            let texts = TokenTests.texts(lines)
            #expect(texts.contains("honestword"), "\(lines)")
        }
    }
}
