import Compression
import Documents
import Members
import Testing

/// PDF: files, scripts and actions, wherever they stand.
@Suite struct PDFTests {
    private static let head = "%PDF-1.7\n"

    private static func stream(_ number: Int, _ dictionary: String, _ data: [UInt8]) -> [UInt8] {
        Array("\(number) 0 obj\n<< \(dictionary) /Length \(data.count) >>\nstream\n".utf8) + data
            + Array("\nendstream\nendobj\n%%EOF\n".utf8)
    }

    /// One stored block.
    static func deflated(_ bytes: [UInt8]) -> [UInt8] {
        var first: UInt32 = 1
        var second: UInt32 = 0
        for byte in bytes {
            first = (first + UInt32(byte)) % 65_521
            second = (second + first) % 65_521
        }
        let sum = second << 16 | first
        return [0x78, 1, 1] + [UInt8](little: bytes.count, 2) + [UInt8](little: ~bytes.count, 2) + bytes
            + (0..<4).map { UInt8(truncatingIfNeeded: sum >> (24 - 8 * UInt32($0))) }
    }

    private static let specification =
        "1 0 obj\n<< /Type /Filespec /F (a.exe) /UF <FEFF043000620063002E006500780065> /EF << /F 2 0 R >> >>\nendobj\n"

    @Test("F12: a file in a PDF") func embeddedFileWithBothNames() {
        let document = Array((Self.head + Self.specification).utf8) + Self.stream(2, "/Type /EmbeddedFile", eicar)
        let found = read(document)
        #expect(found.members(with: eicar).map(\.names) == [[Array("аbc.exe".utf8), Array("a.exe".utf8)]])
        #expect(found.problems.isEmpty)
    }

    private static let filterForms: [(String, [UInt8])] = {
        var forms: [(String, [UInt8])] = []
        for name in ["/FlateDecode", "/Fl", "[/Crypt /FlateDecode]", "/#46lateDecode"] {
            forms.append((name, deflated(eicar)))
        }
        forms.append(("/ASCIIHexDecode", Array((RichTextTests.hexadecimal(eicar) + ">").utf8)))
        forms.append(("[/AHx /Fl]", Array((RichTextTests.hexadecimal(deflated(eicar)) + ">").utf8)))
        forms.append(("/RunLengthDecode", [UInt8(eicar.count - 1)] + eicar + [128]))
        forms.append(("/ASCII85Decode", ascii85(eicar)))
        forms.append(("/LZWDecode", lzw(eicar)))
        return forms
    }()

    @Test(arguments: filterForms)
    func filters(filter: String, data: [UInt8]) {
        let document = Array(Self.head.utf8) + Self.stream(2, "/Type /EmbeddedFile /Filter \(filter)", data)
        let found = read(document)
        #expect(found.has(eicar))
        #expect(found.problems.isEmpty)
    }

    /// Readers (poppler, qpdf) pass over what fits nowhere in a dictionary.
    @Test(arguments: [
        "]", ">", "xyz", "/X xyz", "endobj", "/X endobj", "stream", ")", "} {", "/P)rams", "R", "1 2", "[ ]", "null",
        "/X [ 1 > 2 ]",
    ])
    func strayTokens(_ token: String) {
        for (before, behind) in [(token, ""), ("", token)] {
            let dictionary = "\(before) /Type /EmbeddedFile \(token) /Filter /FlateDecode \(behind)"
            let document =
                Array((Self.head + Self.specification).utf8)
                + Self.stream(2, dictionary, Self.deflated(eicar))
            let found = read(document)
            #expect(found.has(eicar) && found.problems.isEmpty, "\(dictionary): \(found.problems)")
        }
    }

    /// What a dictionary says that nothing closes may not be all that readers see.
    @Test func dictionaryThatIsNotClosed() {
        func document(_ end: String) -> [UInt8] {
            Array("\(Self.head)2 0 obj\n<< /Type /EmbeddedFile /Length 3\(end)abc\nendstream\nendobj\n%%EOF\n".utf8)
        }
        #expect(read(document(">>\nstream\n")).problems.isEmpty)
        for end in ["\nstream\n", "\nstream\r\n", "/X [\nstream\n"] {
            let found = read(document(end))
            #expect(found.has(.corrupt) && found.has(Array("abc".utf8)), "\(found.problems)")
        }
    }

    @Test func predictors() {
        // Rows of 17 octets, each with the difference to the row above.
        var rows: [UInt8] = []
        for row in 0..<4 {
            rows.append(2)
            for place in 0..<17 {
                rows.append(eicar[row * 17 + place] &- (row > 0 ? eicar[(row - 1) * 17 + place] : 0))
            }
        }
        let dictionary = "/Type /EmbeddedFile /Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 17 >>"
        #expect(read(Array(Self.head.utf8) + Self.stream(2, dictionary, Self.deflated(rows))).has(eicar))
    }

    static func ascii85(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 4) {
            let part = Array(bytes[start..<min(bytes.count, start + 4)])
            var value = (part + [0, 0, 0, 0]).prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            var group: [UInt8] = []
            for _ in 0..<5 {
                group.insert(UInt8(value % 85) + 0x21, at: 0)
                value /= 85
            }
            text += group.prefix(part.count + 1)
        }
        return text + Array("~>".utf8)
    }

    /// Codes of nine bits only: a clear code, literals, the end.
    static func lzw(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var bits = 0
        var held = 0
        for code in [256] + bytes.map(Int.init) + [257] {
            bits = bits << 9 | code
            held += 9
            while held >= 8 {
                held -= 8
                out.append(UInt8(truncatingIfNeeded: bits >> held))
            }
        }
        return out + [UInt8(truncatingIfNeeded: bits << (8 - held))]
    }

    @Test func specificationInAnObjectStream() {
        let value = "<< /F (in.exe) /EF << /F 2 0 R >> >>"
        let text = Array("1 0 \(value)".utf8)
        let document =
            Array(Self.head.utf8) + Self.stream(2, "", eicar)
            + Self.stream(3, "/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", Self.deflated(text))
        #expect(read(document).members(with: eicar).map(\.names) == [[Array("in.exe".utf8)]])
    }

    @Test func lengthThatLies() {
        for length in ["0", "9", "999999", "-1", "9 0 R", "99999999999999999999"] {
            let text = "2 0 obj <</Type/EmbeddedFile/Length \(length)>>stream\r\n"
            let document = Array((Self.head + text).utf8) + eicar + Array("\r\nendstream".utf8)
            #expect(read(document).items.contains { $0.content?.starts(with: eicar) == true }, "\(length)")
        }
    }

    /// Lengths that are objects of their own: behind the stream, in an object stream, and such as lie or are missing.
    @Test(arguments: [
        ("8 0 obj\n68\nendobj\n", "", "\n"), ("8 0 obj 67 endobj 8 0 obj 68 endobj ", "", "\r\n"), ("", "68", "\n"),
        ("", "", "\n"), ("", "", "\r\n"), ("", "", "\r"), ("", "", ""), ("8 0 obj << /X 68 >> endobj ", "", "\n"),
        ("8 0 obj 5 endobj ", "", ""), ("8 0 obj -1 endobj ", "", ""), ("8 0 obj 99999999 endobj ", "", ""),
    ])
    func lengthElsewhere(object: String, packed: String, lineEnd: String) {
        var document = Array((Self.head + "2 0 obj <</Type/EmbeddedFile/Length 8 0 R>>stream\n").utf8) + eicar
        document += Array("\(lineEnd)endstream endobj \(object)\n%%EOF\n".utf8)
        if !packed.isEmpty { document += Self.stream(9, "/Type /ObjStm /N 1 /First 4", Array("8 0 \(packed)".utf8)) }
        let found = read(document)
        #expect(found.has(eicar) && found.problems.isEmpty, "\(found.problems)")
    }

    /// What a length leaves out is read; a word within the data ends it only where no length says otherwise.
    @Test func lengthElsewhereThatLies() {
        func document(_ length: Int, _ content: [UInt8]) -> [UInt8] {
            Array((Self.head + "2 0 obj <</Type/EmbeddedFile/Length 8 0 R>>stream\n").utf8) + content
                + Array("\nendstream endobj 8 0 obj \(length) endobj\n%%EOF\n".utf8)
        }
        let front = Array("front ".utf8)
        for length in [6, 30, 74 - 5] {
            #expect(read(document(length, front + eicar)).has(front + eicar + [10]), "\(length)")
        }
        let quoting = eicar + Array("\nendstream\n".utf8) + eicar
        #expect(read(document(quoting.count, quoting)).has(quoting))
    }

    /// Files that are said to be pages.
    @Test func fileInAnotherStream() {
        let document =
            Array(Self.head.utf8) + Self.stream(2, "/Type /XObject /Filter /FlateDecode", Self.deflated(eicar))
        #expect(read(document).has(eicar))
        let text = Array("BT /F1 12 Tf (words) Tj ET".utf8)
        #expect(read(Array(Self.head.utf8) + Self.stream(2, "", text)).items.isEmpty)
    }

    @Test func actions() {
        let text = """
            1 0 obj << /Type /Catalog /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >> endobj
            2 0 obj << /S /Launch /Win << /F (cmd.exe) /P (/c calc) >> >> endobj
            3 0 obj << /A << /S /URI /URI (https://link.example/\\051) >> >> endobj
            4 0 obj << /S /GoToR /F (other.pdf) >> endobj
            5 0 obj << /S /JavaScript /JS 6 0 R >> endobj

            """
        let document = Array((Self.head + text).utf8) + Self.stream(6, "/Filter /FlateDecode", Self.deflated(eicar))
        let found = read(document)
        #expect(found.texts(.launch).sorted() == ["cmd.exe /c calc", "other.pdf"])
        #expect(found.texts(.uri) == ["https://link.example/)"])
        #expect(found.facts.contains { $0.kind == .openAction })
        #expect(found.facts.contains { $0.kind == .javaScript })
        #expect(found.members(with: Array("app.alert(1)".utf8)).map(\.role) == ["script"])
        #expect(found.members(with: eicar).map(\.role) == ["script"])
    }

    @Test func headNotAtTheStart() {
        let body = Array(Self.head.utf8) + Self.stream(2, "/Type /EmbeddedFile", eicar)
        #expect(read([UInt8](repeating: 0x20, count: 1_000) + body).has(eicar))
        #expect(!formats([UInt8](repeating: 0x20, count: 1_024) + body).contains("PDF"))
    }

    /// Heads as PostScript has them, and none (PDF Reference 1.7, appendix H; poppler, MuPDF and qpdf open both).
    @Test(arguments: ["%!PS-Adobe-3.0 PDF-1.4\n", "%!PS-Adobe-1.0 PDF-1.7\r", "", "\n"])
    func otherHeads(_ head: String) {
        let objects = Array(Self.specification.utf8) + Self.stream(2, "/Type /EmbeddedFile", eicar)
        let end = Array("trailer\n<< /Root 1 0 R >>\nstartxref\n0\n%%EOF\n".utf8)
        #expect(read(Array(head.utf8) + objects + end).has(eicar))
        let isWithout = head.count < 2
        #expect(formats(Array(head.utf8) + objects).contains("PDF") == !isWithout)
        #expect(!formats(Array("%!PS-Adobe-3.0\n PDF-1.4\n".utf8) + objects).contains("PDF"))
    }

    /// Cut off within the file that it carries, and before it; what is there comes out.
    @Test func cutDocuments() {
        let file = Self.stream(2, "/Type /EmbeddedFile", eicar + [UInt8](repeating: 0x20, count: 100))
        let whole = Array((Self.head + Self.specification).utf8) + file + Array("startxref\n0\n%%EOF\n".utf8)
        #expect(read(whole).problems.isEmpty)
        for count in [whole.count - file.count - 22, whole.count - 100, whole.count - 40] {
            #expect(read(Array(whole.prefix(count))).has(.corrupt), "\(count)")
        }
        // An update behind the end of the first version.
        #expect(read(whole + Array(Self.specification.utf8)).has(.corrupt))
        #expect(!read(Array(whole.dropLast(7))).has(.corrupt))
    }

    @Test func listsWithinLists() {
        func document(_ depth: Int) -> [UInt8] {
            let lists = String(repeating: "[", count: depth) + "<</URI(http://a.example)>>"
            return Array((Self.head + "1 0 obj " + lists + String(repeating: "]", count: depth) + " endobj").utf8)
        }
        #expect(read(document(63)).texts(.uri) == ["http://a.example"])
        #expect(read(document(64)).has(.overLimits))
        #expect(read(document(500_000)).has(.overLimits))
    }

    @Test func objectsThatOverlap() {
        // Each object goes on to the end of the file.
        let text = String(repeating: "1 0 obj (", count: 50_000)
        let found = read(Array((Self.head + text).utf8))
        #expect(found.has(.overLimits))
    }

    @Test func bombsEndAtTheLimit() {
        let bomb = [UInt8](repeating: 0, count: 60_000)
        var options = DocumentOptions()
        options.limits.memberOctets = 60_000
        let document =
            Array(Self.head.utf8)
            + Self.stream(2, "/Type /EmbeddedFile /Filter /FlateDecode", Self.deflated(bomb))
        #expect(read(document, options).problems.isEmpty)
        options.limits.memberOctets = 59_999
        let found = read(document, options)
        #expect(found.has(.overLimits))
        #expect(found.items.map { $0.content?.count } == [59_999])
    }

    @Test func deflatedDataWithoutItsHead() {
        let data = [0, 0] + Self.deflated(eicar).dropFirst(2)
        let document = Array(Self.head.utf8) + Self.stream(2, "/Type /EmbeddedFile /Filter /FlateDecode", data)
        #expect(read(document).has(eicar))
    }

    @Test func filtersThatAreNotUndone() {
        func found(_ filters: String) -> Collector {
            read(Array(Self.head.utf8) + Self.stream(2, "/Type /EmbeddedFile /Filter [\(filters)]", eicar))
        }
        #expect(found("/Other").has(.unsupported))
        #expect(found("/Other").has(eicar))
        #expect(found("/DCTDecode").has(eicar))
        #expect(found("/DCTDecode").problems.isEmpty)
        #expect(!found(String(repeating: "/AHx ", count: 8)).has(.overLimits))
        #expect(found(String(repeating: "/AHx ", count: 9)).has(.overLimits))
    }

    @Test func missingChecksum() {
        let data = Array(Self.deflated(eicar).dropLast(4))
        let plain = "/Type /EmbeddedFile /Filter /FlateDecode"
        #expect(read(Array(Self.head.utf8) + Self.stream(2, plain, data)).has(.corrupt))
        let sized = plain + " /Params << /Size \(eicar.count) >>"
        let found = read(Array(Self.head.utf8) + Self.stream(2, sized, data))
        #expect(found.has(eicar))
        #expect(found.problems.isEmpty)
    }

    @Test func whatMustBeInMemoryHasALimitOfItsOwn() {
        let text = Array("1 0 <</URI(http://a.example)>>".utf8)
        let document =
            Array(Self.head.utf8)
            + Self.stream(3, "/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", Self.deflated(text))
        var options = DocumentOptions()
        options.limits.bufferedOctets = text.count
        #expect(read(document, options).texts(.uri) == ["http://a.example"])
        #expect(read(document, options).problems.isEmpty)
        options.limits.bufferedOctets = text.count - 1
        #expect(read(document, options).has(.overLimits))
    }

    @Test func encryptionThatCannotBeRead() {
        let text = "1 0 obj <</Filter/Other>> endobj trailer <</Encrypt 1 0 R>>"
        let found = read(Array((Self.head + Self.specification).utf8) + Self.stream(2, "", eicar) + Array(text.utf8))
        #expect(found.has(.encrypted))
        #expect(found.items.contains { $0.member.flags.contains(.encrypted) })
    }
}
