import Documents
import Foundation
import Members
import TestSupport
import Testing

/// XML of Office and OpenDocument, links of binary workbooks, ActiveMime.
@Suite struct OfficeXMLTests {
    /// The external link of an xlsb as [MS-XLSB] section 2.4.215 lays it out.
    static func link(_ kind: Int, _ first: String?, _ second: String) -> [UInt8] {
        func text(_ text: String?) -> [UInt8] {
            guard let text else { return [0xFF, 0xFF, 0xFF, 0xFF] }
            return [UInt8](little: text.utf16.count, 4) + [UInt8](utf16: text)
        }
        let body = [UInt8](little: kind, 2) + text(first) + text(second)
        return [0xE8, 0x02, UInt8(body.count & 0x7F | 0x80), UInt8(body.count >> 7)] + body
    }

    @Test func linksOfBinaryWorkbooks() {
        let dde = read(Self.link(1, "cmd", "/c calc"))
        #expect(dde.facts == [DocumentFact(.dde, Array("cmd|/c calc".utf8))])
        #expect(read(Self.link(2, "Package", "http://a.example/x")).facts.map(\.kind) == [.externalObject])
        #expect(read(Self.link(0, "rId1", "")).facts.isEmpty)
        #expect(read(Self.link(1, nil, "topic")).facts == [DocumentFact(.dde, Array("|topic".utf8))])
        let whole = Self.link(1, "cmd", "/c calc")
        for length in whole.indices { #expect(read(Array(whole[..<length])).facts.isEmpty) }
    }

    @Test func openDocument() {
        let space = "xmlns:x='urn:oasis:names:tc:opendocument:xmlns:office:1.0'"
        let manifest = "<m:manifest \(space)><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>"
        #expect(read(Array(manifest.utf8)).has(.encrypted))
        let content = """
            <x:document \(space)><draw:object xlink:href='./Object 1'/><draw:object xlink:href='http://o.example/a'/>
            <text:a xlink:href='https://l.example/'/><meta:template xlink:href="http://t.example/a.ott"/>
            <office:dde-source office:dde-application="cmd" office:dde-topic="/c calc"/>
            <script:module script:name="Module1"/></x:document>
            """
        let found = read(Array(content.utf8))
        #expect(found.texts(.externalObject) == ["http://o.example/a"])
        #expect(found.texts(.uri) == ["https://l.example/"])
        #expect(found.texts(.remoteTemplate) == ["http://t.example/a.ott"])
        #expect(found.texts(.dde) == ["cmd|/c calc"])
        #expect(found.texts(.macro) == ["Module1"])
        #expect(!found.has(.encrypted))
    }

    @Test func relationships() {
        let text = """
            <?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
            <Relationship Id="1" Type="http://x/relationships/attachedTemplate" Target="http://t.example/?a&amp;b" TargetMode="External"/>
            <Relationship Id="2" Type='http://x/oleObject' Target='file://o.example/a.doc' TargetMode='External' />
            <Relationship Id="3" Type="http://x/hyperlink" Target="https://l.example/" TargetMode="External"/>
            <Relationship Id="4" Type="http://x/styles" Target="styles.xml"/>
            <Relationship Id="5" Type="http://x/xlMacrosheet" Target="macrosheets/sheet1.xml"/></Relationships>
            """
        let found = read(Array(text.utf8))
        #expect(found.texts(.remoteTemplate) == ["http://t.example/?a&b"])
        #expect(found.texts(.externalObject) == ["file://o.example/a.doc"])
        #expect(found.texts(.uri) == ["https://l.example/"])
        #expect(found.texts(.macroSheet) == ["macrosheets/sheet1.xml"])
        // UTF-16, with and without its mark.
        for mark in [[0xFF, 0xFE], []] as [[UInt8]] {
            #expect(read(mark + [UInt8](utf16: text)).texts(.remoteTemplate) == ["http://t.example/?a&b"])
        }
    }

    @Test func fieldsInSeveralRuns() {
        let text = """
            <w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:r><w:fldChar w:fldCharType="begin"/></w:r>
            <w:r><w:instrText xml:space="preserve"> DD</w:instrText></w:r><w:r><w:instrText>EAUTO cmd</w:instrText></w:r>
            <w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r>
            <w:fldSimple w:instr="DDE two"/></w:document>
            """
        #expect(Set(read(Array(text.utf8)).texts(.dde)) == ["DDEAUTO cmd", "DDE two"])
    }

    @Test func filesInFlatDocuments() {
        let data = Data(eicar).base64EncodedString()
        let text = """
            <?xml version="1.0"?><w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml">
            <w:binData w:name="editdata.mso">\(data)</w:binData></w:wordDocument>
            """
        #expect(read(Array(text.utf8)).members(with: eicar).contains { $0.names == [Array("editdata.mso".utf8)] })
    }

    /// Base64 as XML lets it be cut: it decodes to the same file as in one piece.
    private static let cuts: [(String, @Sendable (String) -> String)] = {
        @Sendable func halves(_ text: String) -> (Substring, Substring) { (text.prefix(21), text.dropFirst(21)) }
        func between(_ joint: String) -> @Sendable (String) -> String {
            { text in "\(halves(text).0)\(joint)\(halves(text).1)" }
        }
        return [
            ("whole", { $0 }),
            ("CDATA", { "<![CDATA[\($0)]]>" }),
            ("several sections", { "<![CDATA[\(halves($0).0)]]>\n<![CDATA[\(halves($0).1)]]>" }),
            ("half of it in CDATA", { "\(halves($0).0)<![CDATA[\(halves($0).1)]]>" }),
            ("each in a section", { $0.map { "<![CDATA[\($0)]]>" }.joined() }),
            ("comment", between("<!-- abcd -->")),
            ("tags in a comment", between("<!-- <w:binData>AAAA</w:binData> -->")),
            ("instruction", between("<?abcd efgh?>")), ("empty child", between("<w:x w:y='>'/>")),
            ("child with text", between("<w:x>AAAA<!-- </w:x> -->BB</w:x>")),
            ("numbers", { $0.utf8.map { "&#\($0);" }.joined() }),
            ("hexadecimal numbers", { $0.utf8.map { "&#x000\(String($0, radix: 16));" }.joined() }),
            ("a name", between("&amp;")), ("a number of no character", between("&#x100;")),
            ("a section without its end", between("<!-- ")),
        ]
    }()

    /// Elements with a file in base64, and the name that it has.
    private static let elements: [(String, @Sendable (String) -> String, String)] = [
        (
            "Word 2003",
            {
                "<w:wordDocument xmlns:w='http://schemas.microsoft.com/office/word/2003/wordml'>"
                    + "<w:binData w:x='>' w:name='editdata.mso'>\($0)</w:binData></w:wordDocument>"
            }, "editdata.mso"
        ),
        (
            "flat package",
            {
                "<pkg:package xmlns:pkg='http://schemas.microsoft.com/office/2006/xmlPackage'><pkg:part pkg:name='/w/a.xml'/>"
                    + "<pkg:part pkg:name='/word/vbaProject.bin'><pkg:binaryData>\($0)</pkg:binaryData></pkg:part></pkg:package>"
            }, "/word/vbaProject.bin"
        ),
        (
            "OpenDocument",
            {
                "<office:document xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0'><draw:object-ole>"
                    + "<office:binary-data>\($0)</office:binary-data></draw:object-ole></office:document>"
            }, ""
        ),
    ]

    @Test func filesThatAreCut() {
        let data = Data(eicar).base64EncodedString()
        for (format, document, name) in Self.elements {
            for (form, cut) in Self.cuts {
                let found = read(Array(document(cut(data)).utf8)).members(with: eicar)
                #expect(
                    found.contains { $0.names == (name.isEmpty ? [] : [Array(name.utf8)]) }, "\(format), \(form)")
            }
            // Any file, and the next one where an element is not closed.
            let other = Data("words alone".utf8).base64EncodedString()
            #expect(read(Array(document(other).utf8)).has(Array("words alone".utf8)), "\(format)")
            let open = document("\(other)<!-- <![CDATA[<w:binData>\(data)")
            #expect(read(Array(open.utf8)).has(eicar), "\(format)")
        }
    }

    /// Elements, sections and comments in any number that do not end take time in proportion.
    @Test(.timeLimit(.minutes(1))) func filesWithoutEnd() {
        let head = "<a xmlns:w='http://schemas.microsoft.com/office/word/2003/wordml'>"
        for piece in [
            "<w:binData>", "<w:binData><!--", "<w:binData><![CDATA[", "<w:binData \"", "<w:binData><x '",
            "<w:binData><?",
        ] {
            for end in ["", "-->]]>?>"] {
                let text = head + String(repeating: piece, count: 100_000) + end
                #expect(read(Array(text.utf8)).members(with: eicar).isEmpty)
            }
        }
    }

    /// Modules of macros, in packages and in one file.
    @Test func macrosOfOpenDocument() {
        let text = """
            <office:document xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0'><office:scripts>
            <ooo:module ooo:name="Module2"><ooo:source-code>Sub Main</ooo:source-code></ooo:module></office:scripts>
            """
        #expect(read(Array(text.utf8)).texts(.macro) == ["Module2"])
    }

    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func excel2003() throws {
        let found = read(try Corpora.bytes("oletools/msodde/dde-in-excel2003.xml"))
        #expect(found.texts(.dde).contains("cmd|/c calc.exe"))
    }

    @Test(
        .enabled(if: Corpora.isPresent, "needs the corpora beside the package"),
        arguments: ["excel4_sample_macro.xls", "excel4_sample_macro.xlt", "excel4_sample_macro_excel5_format.xls"])
    func macroSheets(file: String) throws {
        #expect(read(try Corpora.bytes("oletools/excel4-macros/" + file)).texts(.macroSheet) == ["Macro1"])
    }

    @Test func activeMime() {
        let head = Array("ActiveMime".utf8) + [0, 0] + [UInt8](repeating: 0, count: 38)
        #expect(read(head + PDFTests.deflated(eicar)).has(eicar))
        #expect(read(head + [1, 2, 3]).has(.corrupt))
    }
}
