import Documents
import Foundation
import Members
import TestSupport
import Testing

/// TNEF, OneNote, shortcuts, Office XML, ActiveMime, OpenPGP.
@Suite struct CarrierTests {
    // MARK: TNEF

    static func attribute(_ level: UInt8, _ tag: Int, _ value: [UInt8]) -> [UInt8] {
        let sum = value.reduce(0) { ($0 + Int($1)) & 0xFFFF }
        return [level] + [UInt8](little: tag, 4) + [UInt8](little: value.count, 4) + value + [UInt8](little: sum, 2)
    }

    static func property(_ tag: Int, _ value: [UInt8]) -> [UInt8] {
        [UInt8](little: tag, 4) + [UInt8](little: 1, 4) + [UInt8](little: value.count, 4) + value
            + [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
    }

    static func tnef(_ attributes: [[UInt8]]) -> [UInt8] {
        [0x78, 0x9F, 0x3E, 0x22, 1, 0] + attributes.flatMap { $0 }
    }

    static func attachment(_ content: [UInt8]) -> [[UInt8]] {
        let properties =
            [UInt8](little: 2, 4) + property(0x3707_001F, [UInt8](utf16: "довгий.exe\0"))
            + property(0x3704_001E, Array("LONG~1.EXE\0".utf8))
        return [
            attribute(2, 0x0006_9002, [UInt8](repeating: 0, count: 14)),
            attribute(2, 0x0001_8010, Array("title.txt\0".utf8)), attribute(2, 0x0006_800F, content),
            attribute(2, 0x0006_9005, properties),
        ]
    }

    @Test func tnefAttachmentWithAllNames() {
        let found = read(Self.tnef(Self.attachment(eicar)))
        let names = found.members(with: eicar).first?.names.map { String(decoding: $0, as: UTF8.self) }
        #expect(names == ["title.txt", "довгий.exe", "LONG~1.EXE"])
        #expect(found.problems.isEmpty)
    }

    @Test func tnefWithinTNEF() {
        let inner = Self.tnef(Self.attachment(eicar))
        let object = [UInt8](little: 1, 4) + Self.property(0x3701_000D, [UInt8](repeating: 7, count: 16) + inner)
        let outer = Self.tnef([
            Self.attribute(2, 0x0006_9002, [UInt8](repeating: 0, count: 14)), Self.attribute(2, 0x0006_9005, object),
        ])
        #expect(read(outer).has(inner))
        #expect(readAll(outer).contains { $0.content == eicar })
    }

    @Test func tnefTexts() {
        let html = Array("<html><script>1</script>".utf8)
        // Compressed RTF that is marked as plain.
        let text = Array("{\\rtf1 text}".utf8)
        let rtf =
            [UInt8](little: text.count + 12, 4) + [UInt8](little: text.count, 4) + Array("MELA".utf8)
            + [UInt8](little: 0, 4) + text
        let properties =
            [UInt8](little: 2, 4) + Self.property(0x1013_0102, html) + Self.property(0x1009_0102, rtf)
        let found = read(Self.tnef([Self.attribute(1, 0x0006_9003, properties)]))
        #expect(found.members(with: html).map(\.role) == ["message body"])
        #expect(found.members(with: text).map(\.role) == ["message body"])
    }

    @Test func tnefThatIsCutOff() {
        let whole = Self.tnef(Self.attachment(eicar))
        #expect(read(Array(whole.dropLast(10))).has(.corrupt))
    }

    // MARK: OneNote

    static func section(_ files: [[UInt8]], names: [String] = []) -> [UInt8] {
        var bytes: [UInt8] = [
            0xE4, 0x52, 0x5C, 0x7B, 0x8C, 0xD8, 0xA7, 0x4D, 0xAE, 0xB1, 0x53, 0x78, 0xD0, 0x29, 0x96, 0xD3,
        ]
        bytes += [UInt8](repeating: 0, count: 1_008)
        for name in names {
            let text = [UInt8](utf16: name + "\0")
            bytes += [UInt8](little: text.count, 4) + text
        }
        for file in files {
            bytes += [0xE7, 0x16, 0xE3, 0xBD, 0x65, 0x26, 0x11, 0x45, 0xA4, 0xC4, 0x8D, 0x4D, 0x0B, 0x7A, 0x9E, 0xAC]
            bytes += [UInt8](little: file.count, 8) + [UInt8](repeating: 0, count: 12) + file
            bytes += [0x22, 0xA7, 0xFB, 0x71, 0x79, 0x0F, 0x0B, 0x4A, 0xBB, 0x13, 0x89, 0x92, 0x56, 0x42, 0x6B, 0x24]
        }
        return bytes
    }

    @Test("G4: files in OneNote") func filesInOneNote() {
        let found = read(Self.section([eicar, [1, 2, 3]], names: ["invoice.hta", "no name"]))
        #expect(found.has(eicar))
        #expect(found.has([1, 2, 3]))
        // It may be the name of either.
        #expect(found.names == ["invoice.hta", "invoice.hta"])
        #expect(found.problems.isEmpty)
        #expect(read(Self.section([], names: ["invoice.hta"])).names == ["invoice.hta"])
    }

    @Test func namesOfOneNoteFilesAreBounded() {
        let names = (0..<20).map { "name\($0).txt" }
        let found = read(Self.section([eicar], names: names))
        #expect(found.has(eicar))
        // Eight as candidates of the file, the others by themselves.
        #expect(found.names.sorted() == names.sorted())
    }

    @Test func oneNoteFileThatLiesAboutItsSize() {
        var bytes = Self.section([eicar])
        let place = bytes.count - 16 - eicar.count - 20
        bytes.replaceSubrange(place..<place + 8, with: [UInt8](repeating: 0xFF, count: 8))
        // A size that no file has is not believed.
        #expect(read(bytes).items.isEmpty)
        bytes.replaceSubrange(place..<place + 8, with: [0xFF, 0xFF, 0, 0, 0, 0, 0, 0])
        let found = read(bytes)
        #expect(found.items.contains { $0.content?.starts(with: eicar) == true })
        #expect(found.has(.corrupt))
        // Each file holds all that follow.
        let many = [[UInt8]](repeating: [], count: 500)
        bytes = Self.section(many)
        for index in 0..<500 {
            let at = 1_024 + index * 52 + 16
            bytes.replaceSubrange(at..<at + 8, with: [UInt8](little: 500_000, 8))
        }
        #expect(read(bytes).has(.overLimits))
    }

    // MARK: Shortcuts

    static func shortcut(arguments: String, behind: [UInt8] = []) -> [UInt8] {
        var bytes: [UInt8] = [0x4C, 0, 0, 0, 1, 0x14, 2, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46]
        // Identifiers, relative path, arguments, Unicode.
        bytes += [UInt8](little: 0b1010_1001, 4) + [UInt8](repeating: 0, count: 52)
        bytes += [4, 0, 2, 0, 0, 0]
        for text in ["..\\..\\Windows\\System32\\cmd.exe", arguments] {
            bytes += [UInt8](little: text.utf16.count, 2) + [UInt8](utf16: text)
        }
        var block = [UInt8](little: 0x314, 4) + [UInt8](little: 0xA000_0001, 4)
        block += Array("%COMSPEC%".utf8) + [UInt8](repeating: 0, count: 251) + [UInt8](utf16: "%COMSPEC%")
        block += [UInt8](repeating: 0, count: 0x314 - block.count)
        return bytes + block + [0, 0, 0, 0] + behind
    }

    @Test("G2: Windows shortcuts") func windowsShortcut() {
        let found = read(
            Self.shortcut(arguments: "/c start " + String(repeating: " ", count: 300) + "evil", behind: eicar))
        #expect(found.texts(.shortcutTarget) == ["..\\..\\Windows\\System32\\cmd.exe", "%COMSPEC%"])
        #expect(found.texts(.shortcutArguments).first?.hasSuffix("evil") == true)
        #expect(found.has(eicar))
        #expect(read(Self.shortcut(arguments: "/c")).items.map(\.member.role) == ["script"])
    }

    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func windowsShortcutInADocument() throws {
        let items = readAll(try Corpora.bytes("oletools/oleobj/sample_with_lnk_file.doc"), levels: 1)
        let file = items.first { $0.member.names.contains(Array("calc.lnk".utf8)) }?.content ?? []
        #expect(read(file).texts(.shortcutTarget).contains { $0.lowercased().hasSuffix("calc.exe") })
    }

    @Test("G2: Internet shortcuts") func internetShortcut() {
        let text = "\r\n[InternetShortcut]\r\nURL=file://host.example/a.hta\r\nIconFile=\\\\host.example\\i.ico\r\n"
        #expect(
            read(Array(text.utf8)).texts(.shortcutTarget)
                == ["file://host.example/a.hta", "\\\\host.example\\i.ico"])
        let command = "[Shell]\nCommand=2\nIconFile=\\\\host.example\\a\n"
        #expect(read(Array(command.utf8)).texts(.shortcutTarget) == ["2", "\\\\host.example\\a"])
    }

    @Test("G2: web queries") func webQuery() {
        let query = "WEB\r\n1\r\nhttps://q.example/a.csv\r\n\r\nSelection=1\r\n"
        #expect(read(Array(query.utf8)).texts(.shortcutTarget) == ["https://q.example/a.csv"])
    }

    @Test func symbolicLinkFile() {
        let text =
            "ID;PWXL;N;E\r\nO;L;E;D;V0;K47\r\nNN;NAuto_Open;ER1C1\r\nC;X1;Y1;EEXEC(\"x\")\r\nC;X2;K0;EMSEXCEL|'\\cmd'!a\r\n"
        let found = read(Array(text.utf8))
        #expect(found.facts.contains { $0.kind == .macroSheet })
        #expect(found.texts(.openAction).first?.hasPrefix("Auto_Open") == true)
        #expect(found.texts(.dde).count == 1)
        #expect(read(Array("ID;P\r\nO;L;D\r\nC;Y1;X1;K\"E\"\r\nE\r\n".utf8)).facts.isEmpty)
    }

    // MARK: Binary workbooks

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

    // MARK: OpenDocument

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

    // MARK: Office XML

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

    // MARK: OpenPGP

    @Test func encryptedOpenPGP() {
        let session: [UInt8] =
            [0x85, 1, 12, 3] + [UInt8](repeating: 9, count: 8) + [1] + [UInt8](repeating: 5, count: 256)
        #expect(read(session).has(.encrypted))
        let armour = "-----BEGIN PGP MESSAGE-----\nVersion: x\n\n" + Data(session).base64EncodedString() + "\n=abcd\n"
        #expect(read(Array(armour.utf8)).has(.encrypted))
        let unknown = Data([0xA3, 9, 2, 3] + [UInt8](repeating: 7, count: 40)).base64EncodedString()
        #expect(read(Array("-----BEGIN PGP MESSAGE-----\r\n\r\n\(unknown)".utf8)).has(.unsupported))
        let damaged = Data([0xA3, 2, 2, 3] + [UInt8](repeating: 7, count: 40)).base64EncodedString()
        #expect(read(Array("-----BEGIN PGP MESSAGE-----\r\n\r\n\(damaged)".utf8)).has(.corrupt))
    }

    /// As GnuPG writes them: compressed in both ways or not at all, with and without armour, encrypted within armour for
    /// files.
    @Test(
        "Files in OpenPGP",
        arguments: ["--store", "--store -z 0", "--store --compress-algo zlib", "--store -a", "--enarmor"])
    func filesInOpenPGP(_ options: String) throws {
        let command =
            options == "--enarmor"
            ? "gpg --batch --store -o s in && gpg --batch --enarmor < s > out" : "gpg --batch \(options) -o out in"
        let made = try runTool(
            "sh",
            ["-c", "d=$(mktemp -d); export GNUPGHOME=$d; cd $d; cat > in; (\(command)) 2> log && cat out; rm -r $d"],
            input: eicar)
        let found = read(made.output)
        #expect(found.members(with: eicar).flatMap(\.names) == [Array("in".utf8)], "\(found.problems)")
        #expect(found.problems.isEmpty)
        for length in 20..<made.output.count { #expect(read(Array(made.output[..<length])).items.count <= 1) }
    }

    /// What GnuPG passes over in front of a message: markers in every form of length, trust, comments, a signature.
    @Test(
        arguments: [
            [0xCA, 3, 0x50, 0x47, 0x50], [0xA8, 3, 0x50, 0x47, 0x50], [0xCA, 0xFF, 0, 0, 0, 3, 0x50, 0x47, 0x50],
            [0xCA, 3, 0x50, 0x47, 0x50, 0xCA, 3, 0x50, 0x47, 0x50], [0xB0, 1, 0x61], [0xFD, 3, 1, 2, 3],
            [0xC2, 1, 0x61],
        ] as [[UInt8]])
    func packetsBeforeAMessage(_ front: [UInt8]) {
        let literal: [UInt8] = [0xCB, UInt8(eicar.count + 7), 0x62, 1, 0x61, 0, 0, 0, 0] + eicar
        for message in [
            literal, [0xA3, 2] + PDFTests.deflated(literal), [0xC8, UInt8(literal.count + 1), 0] + literal,
        ] {
            let found = read(front + message)
            #expect(found.has(eicar) && found.problems.isEmpty, "\(found.problems)")
        }
        let key: [UInt8] = [0x8C, 13, 4, 9, 3, 8] + [UInt8](repeating: 7, count: 9)
        #expect(read(front + key + [0xD2, 2, 1, 7]).has(.encrypted))
        for quiet in [front, front + key + [7, 7]] { #expect(read(quiet).problems.isEmpty) }
    }

    /// What cannot be read hides nothing that was compressed in front of it.
    @Test(arguments: [[0xC1, 3, 3, 1, 1], [0xCB, 1, 0], [0xC8, 2, 9, 9], [0xD3, 1, 1], [0xD2, 9, 9]] as [[UInt8]])
    func compressedBeforeWhatIsNotRead(_ last: [UInt8]) {
        let literal: [UInt8] = [0xCB, UInt8(eicar.count + 7), 0x62, 1, 0x61, 0, 0, 0, 0] + eicar
        let found = read([0xC8, UInt8(literal.count + 1), 0] + literal + last)
        #expect(found.has(eicar) && !found.problems.isEmpty, "\(found.problems)")
    }

    /// Pictures begin with the octets of a signature: behind it, at 20,561, noise like this is no message.
    @Test(
        arguments: [[0x84, 40, 3, 1, 2, 3, 4, 5, 6, 7, 8, 1], [0xA3, 0, 0xCB, 30, 7], [0xA3, 1, 0x4B, 0x4C, 0x04]]
            as [[UInt8]])
    func picturesAreNoMessages(_ noise: [UInt8]) {
        let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + [UInt8](repeating: 7, count: 20_553)
        let found = read(png + noise + [UInt8](repeating: 7, count: 60))
        #expect(found.items.isEmpty && found.problems.isEmpty, "\(found.problems)")
    }

    /// Session keys of RFC 9580 and of the drafts before it.
    @Test(
        arguments: [
            [0xC1, 57, 6, 33, 6] + [UInt8](repeating: 9, count: 32) + [25], [0xC1, 57, 3, 1, 2, 3, 4, 5, 6, 7, 8, 26],
            [0xC3, 40, 6, 30, 9, 2, 20, 4], [0xC3, 40, 5, 9, 2, 3, 8],
        ] as [[UInt8]])
    func sessionKeys(_ start: [UInt8]) {
        #expect(read(start + [UInt8](repeating: 7, count: 40)).has(.encrypted))
    }

    /// As GnuPG reads armour: under labels of something else, with blanks in the blank line or without it, behind text of
    /// any length and behind armour that holds no file.
    @Test func armourOfFiles() {
        let literal: [UInt8] = [0xCB, UInt8(eicar.count + 7), 0x62, 1, 0x61, 0, 0, 0, 0] + eicar
        func armour(_ label: String, _ packets: [UInt8], _ lines: String = "\n") -> String {
            let base64 = Data(packets).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
            return "-----BEGIN PGP \(label)-----\n\(lines)\(base64)\n-----END PGP \(label)-----\n"
        }
        for label in ["MESSAGE", "SIGNATURE", "PUBLIC KEY BLOCK", "PRIVATE KEY BLOCK"] {
            #expect(read(Array(armour(label, literal).utf8)).has(eicar), "\(label)")
        }
        for lines in ["", " \n", "Comment: x\n\t\r\n", "Version: 1\nHash: a\n", "Comment: ----- -----END x\n\n"] {
            #expect(read(Array(armour("MESSAGE", literal, lines).utf8)).has(eicar), "\(lines)")
        }
        let signature = armour("SIGNATURE", [0xC2, 3, 4, 0, 1])
        let words = String(repeating: "a line of words\n", count: 1000)
        for front in [signature, words, words + signature, "see -----BEGIN PGP SIGNATURE-----\n\n"] {
            for label in ["MESSAGE", "SIGNATURE"] {
                #expect(read(Array((front + armour(label, literal)).utf8)).has(eicar), "\(front.prefix(40))")
            }
        }
        // A packet that is not armoured stands in front.
        let packet: [UInt8] = [0xC8, UInt8(literal.count + 1), 0] + literal
        #expect(read(packet + Array(armour("MESSAGE", [0xC2, 3, 4, 0, 1]).utf8)).has(eicar))
        for quiet in [
            signature, armour("PUBLIC KEY BLOCK", [0xC6, 3, 4, 0, 1]), words + "-----BEGIN PGP MESSAGE-----\nx",
        ] {
            let found = read(Array(quiet.utf8))
            #expect(found.items.isEmpty && found.problems.isEmpty, "\(found.problems)")
        }
    }

    @Test func layersOfOpenPGP() {
        var packets: [UInt8] = [0xCB, UInt8(eicar.count + 7), 0x62, 1, 0x61, 0, 0, 0, 0] + eicar
        for layer in 1...20 {
            packets = [0xA3, 2] + PDFTests.deflated(packets)
            let found = read(packets)
            #expect(found.has(eicar) == (layer <= 15) && found.has(.overLimits) == (layer > 15), "\(layer)")
        }
        // In pieces, behind a signature that is not looked at.
        let signature: [UInt8] = [0xC4, 13, 3, 0] + [UInt8](repeating: 1, count: 11)
        let body = [0x62, 0, 0, 0, 0, 0] + eicar
        let pieces = [0xCB, 0xE5] + body[..<32] + [UInt8(body.count - 32)] + body[32...]
        #expect(read(signature + pieces).has(eicar))
    }
}
