import Documents
import Foundation
import Members
import TestSupport
import Testing

/// Files in text that begin behind words, stand in lines of any length, or are escaped only where they have to be (attack G1).
@Suite struct LiteralPlaceTests {
    private static let program = dosProgram((0..<900).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) })
    private static let base64 = Data(program).base64EncodedString()
    private static let noise = (0..<900).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 2_654_435_761 >> 13) }

    private func lines(_ text: String, _ width: Int) -> [String] {
        let characters = Array(text)
        return stride(from: 0, to: characters.count, by: width).map {
            String(characters[$0..<min($0 + width, characters.count)])
        }
    }

    private func page(_ body: String) -> [UInt8] { Array("<html><body>\(body)</body></html>".utf8) }

    // MARK: Words in front

    @Test(arguments: [
        "Rechnungsunterlagen", "Rechnungsunterlag", "abcdefghijklmnopqrstuvwxyz012345",
        "d41d8cd98f00b204e9800998ecf8427e",
        "aGVsbG8gd29ybGQgdGhpcyBpcyBzb21lIHRleHQgdGhhdCBpcyBsb25nZXIgdGhhbiBtb3N0",
        String(repeating: "R", count: 1_100), String(repeating: "Unterlagen,Rechnungsunterlagen,", count: 60),
    ])
    func wordsOnTheSameLine(_ word: String) {
        let hex = Self.program.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
        for joint in [",", "\",\"", "', '", " ", "\t", "\"+\"", "' + '", "\" & _\r\n\"", "\r", "\\n", "\n> "] {
            for file in [Self.base64, Self.base64.replacing("=", with: ""), hex] {
                let text = "save(\"\(word)\(joint)\(file)\")"
                #expect(read(Array(text.utf8)).has(Self.program), "\(word.prefix(9))\(joint)\(file.prefix(4))")
                #expect(read(page("<script>\(text)</script>")).has(Self.program), "\(word.prefix(9))\(joint)")
            }
        }
    }

    /// Any number of words on lines, and files in lines behind them.
    @Test(arguments: [9, 20, 300]) func manyWords(_ count: Int) {
        let words = (0..<count).map { "Rechnungsunterlagen\($0)" }.joined(separator: "\n")
        for width in [60, 64, 75, 76] {
            let text = words + "\n" + lines(Self.base64, width).joined(separator: "\n") + "\n"
            #expect(read(Array(text.utf8)).has(Self.program), "\(width)")
        }
    }

    /// A file does not hide the next one, nor does what only begins like one.
    @Test func aFileInFrontOfAnother() {
        let other = dosProgram((0..<301).map { UInt8(truncatingIfNeeded: $0 &* 17) })
        for first in ["UEsDBBQAAAAIAAAAx", Data(other).base64EncodedString().replacing("=", with: "")] {
            for front in ["\"\(first)\",\"", "\"Rechnungsunterlagen\",\"\(first)\",\""] {
                #expect(read(Array("x=[\(front)\(Self.base64)\"]".utf8)).has(Self.program), "\(front.prefix(30))")
            }
        }
    }

    /// Any number of starts costs no more than the text.
    @Test func startsAreCounted() {
        // The header of a program points far behind it.
        let start = "TVqQ" + String(repeating: "A", count: 76) + "ABAAAAA"
        let found = read(Array(("[\"" + Array(repeating: start, count: 2_000).joined(separator: "\",\"") + "\"]").utf8))
        #expect(found.problems.contains(ContainerProblem(.encodedFiles)))
        #expect(found.items.isEmpty)
    }

    /// What a page makes of a literal is unknown, and where it begins as well.
    @Test func unknownBehindAWord() {
        let text = Data(Self.noise).base64EncodedString()
        let save = "var b=new Blob([atob(x)]);a.href=URL.createObjectURL(b)"
        #expect(read(page("<script>f(\"Rechnungsunterlagen\",\"\(text)\");\(save)</script>")).has(Self.noise))
        #expect(read(page("<script>f(\"Rechnungsunterlagen\",\"\(text)\")</script>")).items.isEmpty)
    }

    @Test func listsOfWordsHoldNothing() {
        let sums = (0..<400).map { index in
            "\"" + Data(noise(UInt64(index), 12 + index % 9)).base64EncodedString().replacing("=", with: "") + "\""
        }
        let found = read(Array("[\(sums.joined(separator: ","))]".utf8))
        #expect(found.items.isEmpty && found.problems.isEmpty)
        let image = Data([0x89] + Array("PNG\r\n\u{1A}\n".utf8) + noise(9, 20_000)).base64EncodedString()
        for width in [60, 74, 76] {
            let found = read(Array(lines(image, width).joined(separator: "\n").utf8))
            #expect(found.items.isEmpty && found.problems.isEmpty, "\(width)")
        }
    }

    /// Zeros may be the start of an image of a CD wherever they stand; here they are none.
    @Test func linesOfZerosHoldNothing() {
        let content = Data([0x89] + Array("PNG\r\n".utf8) + [UInt8](repeating: 0, count: 20_000)).base64EncodedString()
        for width in [60, 74, 76] {
            let found = read(Array(lines(content, width).joined(separator: "\n").utf8))
            #expect(found.items.isEmpty && found.problems.isEmpty, "\(width)")
        }
    }

    private func noise(_ seed: UInt64, _ count: Int) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    // MARK: Short lines

    static let widths = [1, 3, 5, 8, 10, 12, 15, 16, 20, 40, 75]

    @Test(arguments: widths) func foldedLines(_ width: Int) {
        let folded = lines(Self.base64, width)
        let attach = "ATTACH;FMTTYPE=application/zip;ENCODING=BASE64;VALUE=BINARY:"
        let forms = [
            "calendar":
                "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n\(attach)\(folded.joined(separator: "\r\n "))\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            "calendar with data":
                "\u{FEFF}begin:vcalendar\nATTACH:data:application/zip;base64,\(folded.joined(separator: "\n\t"))\nEND:VCALENDAR\n",
            "card":
                "\r\nBEGIN:VCARD\r\nVERSION:2.1\r\nKEY;ENCODING=BASE64:\r\n  \(folded.joined(separator: "\r\n  "))\r\n\r\nEND:VCARD\r\n",
            "property list":
                "<?xml version=\"1.0\"?>\n<plist version=\"1.0\"><dict><key>a</key><data>\n\t\(folded.joined(separator: "\n\t"))\n</data></dict></plist>",
            "XML": "<Invoice><Object mimeCode=\"application/zip\">\(folded.joined(separator: " "))</Object></Invoice>",
            "section": "<a><![CDATA[\(folded.joined(separator: "\n"))]]></a>",
            "page": "<html><a href='data:application/zip;base64,\(folded.joined(separator: "\n"))'>x</a></html>",
        ]
        for (name, form) in forms { #expect(read(Array(form.utf8)).has(Self.program), "\(name)") }
    }

    /// Lines of any lengths, one behind the other.
    @Test func linesOfDifferentLengths() {
        let characters = Array(Self.base64)
        var (at, pieces) = (0, [String]())
        for width in [3, 76, 5, 40, 9, 20, 2, 60, 7].cycled(200) where at < characters.count {
            pieces.append(String(characters[at..<min(at + width, characters.count)]))
            at += width
        }
        #expect(read(Array("<data>\(pieces.joined(separator: "\n"))</data>".utf8)).has(Self.program))
    }

    /// Sections, comments and instructions cut the text of an element anywhere.
    @Test(arguments: [8, 12, 20, 64, 300]) func sections(_ width: Int) {
        let pieces = [String(Self.base64.prefix(40))] + lines(String(Self.base64.dropFirst(40)), width)
        let joints = [
            "sections": "]]><![CDATA[", "sections on lines": "]]>\n  <![CDATA[",
            "sections behind comments": "]]><!-- a --><![CDATA[",
            "comments": "<!-- Rechnungsunterlagen -->", "instructions": "<?Rechnungsunterlagen?>",
            "several": "]]><?a b?>\r\n<!----><!-- > --> <![CDATA[",
        ]
        for (name, joint) in joints {
            let text = pieces.joined(separator: joint)
            for form in [
                "<?xml version=\"1.0\"?>\n<a><b x=\"y\"><![CDATA[\(text)]]></b></a>", "<a>\(text)</a>",
                "<a><!--\(text)",
            ] {
                let found = read(Array(form.utf8))
                #expect(found.has(Self.program) && found.items.count == 1, "\(name): \(form.prefix(9))")
            }
        }
        // Pieces of any length.
        var (rest, cut) = (Self.base64[...], [String]())
        for length in [40, 300, 20, 9, 64, 100].cycled(60) where !rest.isEmpty {
            cut.append(String(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        #expect(
            read(Array("<a>\n\(cut.map { "<![CDATA[\($0)]]>" }.joined(separator: "\n"))\n</a>".utf8)).has(Self.program))
        let unpadded = Array(Self.program.dropLast(Self.program.count % 3))
        for text in [Self.base64, Data(unpadded).base64EncodedString()] {
            let found = read(Array("<a><!--\(text)--><b/></a>".utf8))
            #expect(found.items.map(\.content) == [text == Self.base64 ? Self.program : unpadded])
        }
        // Of one without an end nothing is passed over.
        #expect(!read(Array("<a>\(pieces.joined(separator: "<!-- "))</a>".utf8)).has(Self.program))
    }

    /// Any number of comments, one in another, costs no more than the text.
    @Test(.timeLimit(.minutes(1))) func manyComments() {
        let nested = String(repeating: "AAAAAAAAAAAAAAAA<!--", count: 40) + "-->"
        for text in [nested, "AAAAAAAAAAAAAAAA<!---->", "AAAAAAAAAAAAAAAA]]>", "AAAAAAAAAAAAAAAA<?"] {
            let found = read(Array(String(repeating: text, count: 1_000_000 / text.utf8.count).utf8))
            #expect(found.items.isEmpty && found.problems.isEmpty)
        }
    }

    /// A link saves what it has, whatever that is.
    @Test func unknownInShortLines() {
        let text = lines(Data(Self.noise).base64EncodedString(), 9).joined(separator: "\n")
        #expect(read(page("<a download=x href='data:application/x;base64,\(text)'>x</a>")).has(Self.noise))
        #expect(read(page("<img src='data:image/png;base64,\(text)'>")).items.isEmpty)
    }

    @Test func wordsInElementsHoldNothing() {
        let prose = Array(repeating: "Many words without any sign stand here and there UEsDB TVqQ", count: 200)
        for text in ["<p>\(prose.joined(separator: " "))</p>", "BEGIN:VCARD\nNOTE:\(prose.joined(separator: "\n "))\n"]
        {
            let found = read(Array(text.utf8))
            #expect(found.items.isEmpty && found.problems.isEmpty)
        }
    }

    // MARK: Characters by their numbers

    @Test(arguments: [4, 15, 16, 60, 64, 72, 76]) func carriageReturnsOfXML(_ width: Int) {
        let folded = lines(Self.base64, width)
        for joint in ["&#13;\n", "&#xD;\n", "&#13;\r\n", "&#13;\n    ", "&#xD;&#xA;", "&#10;"] {
            let text =
                "<?xml version='1.0'?><a><b>one &#38; two</b><c>\(folded.joined(separator: joint))\(joint)</c></a>"
            #expect(read(Array(text.utf8)).has(Self.program), "\(joint)")
        }
    }

    /// One line that ends so, or has a character so, among others.
    @Test(arguments: ["&#13;", "&#65;"]) func oneLineOfMany(_ reference: String) {
        var folded = lines(Self.base64, 76)
        if reference == "&#13;" {
            folded[folded.count / 2] += reference
        } else {
            folded[0] = folded[0].replacing("A", with: reference, maxReplacements: 1)
        }
        let text = "<?xml version='1.0'?><c>\n\(folded.joined(separator: "\n"))\n</c>"
        #expect(read(Array(text.utf8)).has(Self.program))
    }

    // MARK: Escapes where they have to be

    private func escaped(_ bytes: [UInt8], _ escape: (UInt8) -> String) -> String {
        bytes.map { byte in
            let isLetter = byte < 0x80 && Character(UnicodeScalar(byte)).isLetter || 0x30...0x39 ~= byte
            return isLetter ? String(UnicodeScalar(byte)) : escape(byte)
        }.joined()
    }

    private func percent(_ bytes: [UInt8]) -> String {
        escaped(bytes) { "%" + String(UInt16($0) + 256, radix: 16).dropFirst().uppercased() }
    }

    @Test(arguments: [
        "<a download href=\"data:application/octet-stream,*\">x</a>",
        "<a href='data:application/zip;name=a.zip,*'>x</a>",
        "<a href=DATA:application/zip,*>x</a>", "<a href=\" data:x/y,*\">x</a>", "<a href=\"data:image/png,*\">x</a>",
        "<meta http-equiv=refresh content=\"0;url=data:application/zip,*\">", "<iframe src='data:,*'></iframe>",
        "<script>location='data:application/x,*'</script>", "<script>f(unescape('*'))</script>",
        "<script>f(decodeURIComponent(`*`))</script>", "<a href=\"data:application/zip,*#x\">x</a>",
    ])
    func addressesEscapedInPart(_ form: String) {
        for file in [Self.program, eicar] {
            #expect(read(page(form.replacing("*", with: percent(file)))).has(file))
        }
        // The signs of its escapes by their numbers, and line ends, which browsers take out.
        if form.contains("data:") {
            let signs = percent(Self.program).replacing("%", with: "&#37;")
            #expect(read(page(form.replacing("*", with: signs))).has(Self.program))
        }
        if form.contains("data:"), !form.contains("=DATA"), !form.contains("<script>") {
            let folded = lines(percent(Self.program), 60).joined(separator: "\n")
            #expect(read(page(form.replacing("*", with: folded))).has(Self.program))
        }
    }

    /// Whatever it is, where a link saves it; and the page is told.
    @Test func unknownInAddresses() {
        let text = percent(Self.noise)
        func found(_ body: String) -> Collector { read(page(body)) }
        func isTold(_ found: Collector) -> Bool { found.facts.contains { $0.kind == .htmlSmuggling } }
        let link = found("<a download='a.zip' href=\"data:application/zip,\(text)\">x</a>")
        #expect(link.has(Self.noise) && isTold(link))
        let whole = Self.noise.map { "%" + String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
        #expect(isTold(found("<a download='a.zip' href=\"data:application/zip,\(whole)\">x</a>")))
        for body in [
            "<img src=\"data:image/png,\(text)\"><p>download</p>",
            "<a href=\"https://example.com/?a=b,\(text)\" download>x</a>",
            "<p>download data: one/two, \(text)</p>", "<p>download \(text)</p>",
            "<style>a{background:url(\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3C/svg%3E\")}</style> download",
        ] {
            let found = found(body)
            #expect(found.items.isEmpty && !isTold(found), "\(body.prefix(40))")
        }
        #expect(read(Array("see data:application/zip,\(text) there".utf8)).items.isEmpty)
    }

    @Test func stringsEscapedInPart() {
        func hex(_ byte: UInt8) -> String { String(String(UInt16(byte) + 256, radix: 16).dropFirst()) }
        let forms: [(UInt8) -> String] = [
            { "\\x\(hex($0))" }, { "\\u00\(hex($0))" },
            { "\\" + String(String(UInt16($0) + 512, radix: 8).dropFirst()) },
            { $0 == 0x0A ? "\\n" : $0 == 0x22 ? "\\\"" : $0 == 0x5C ? "\\\\" : "\\x\(hex($0))" },
            { $0 >= 0x80 ? String(UnicodeScalar($0)) : "\\x\(hex($0))" },
        ]
        for (index, form) in forms.enumerated() {
            let text = escaped(Self.program, form)
            #expect(read(page("<script>var a='words', b=\"\(text)\";</script>")).has(Self.program), "\(index)")
        }
        #expect(
            read(page("<script>var a=\"C:\\\\2024\\\\x41 and \\x22more\\x22 of it, which is no file\"</script>")).items
                .isEmpty)
    }
}

extension Array {
    /// So many elements, from the start again and again.
    fileprivate func cycled(_ count: Int) -> [Element] { (0..<count).map { self[$0 % self.count] } }
}
