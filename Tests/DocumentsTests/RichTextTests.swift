import Documents
import Members
import Testing

/// Objects in RTF, as honest programs and as malware write them.
@Suite struct RichTextTests {
    static func object(_ name: String, _ data: [UInt8]) -> [UInt8] {
        let text = Array(name.utf8) + [0]
        return [UInt8](little: 0x501, 4) + [UInt8](little: 2, 4) + [UInt8](little: text.count, 4) + text
            + [UInt8](little: 0, 4) + [UInt8](little: 0, 4) + [UInt8](little: data.count, 4) + data
    }

    static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined()
    }

    private static func document(_ objectData: String) -> [UInt8] {
        Array("{\\rtf1\\ansi text {\\object\\objemb{\\*\\objclass Package}{\\*\\objdata \(objectData)}}}".utf8)
    }

    private static let package = object("Package", packaged(eicar, name: "invoice.exe", isStream: false))

    @Test func packagedFile() {
        let found = read(Self.document(Self.hexadecimal(Self.package)))
        #expect(found.members(with: eicar).map(\.names) == [[Array("invoice.exe".utf8)]])
        #expect(found.texts(.embeddedObject) == ["Package"])
        #expect(found.problems.isEmpty)
    }

    @Test(arguments: ["{\\rt", "{\\rtf", "{\\rtxyz", "  \r\n{\\rtf1"])
    func headsThatWordTakes(head: String) {
        let text = head + "{\\object{\\*\\objdata " + Self.hexadecimal(Self.package) + "}}}"
        #expect(read(Array(text.utf8)).has(eicar))
    }

    @Test func obfuscations() {
        let digits = Array(Self.hexadecimal(Self.package))
        func joined(_ joint: (Int) -> String) -> String {
            digits.enumerated().map { joint($0.offset) + String($0.element) }.joined()
        }
        let forms = [
            "blanks": joined { $0 % 3 == 0 ? " \t" : "" },
            "lines": joined { $0 % 64 == 0 ? "\r\n" : "" },
            "upper case": Self.hexadecimal(Self.package).uppercased(),
            "control words": joined { $0 % 40 == 0 ? "\\par123 " : "" },
            "empty groups": joined { $0 % 40 == 0 ? "{}" : "" },
            "unknown destinations": joined { $0 % 50 == 0 ? "{\\*\\foo 41414141}" : "" },
            "digits in groups": joined { $0 % 50 == 0 ? "{\\bar}" : "" },
            "other characters": joined { $0 % 7 == 0 ? "@;~" : "" },
            "escaped octets": joined { $0 % 11 == 0 ? "\\'41" : "" },
            "binary of no length": joined { $0 % 13 == 0 ? "\\bin0 " : "" },
        ]
        for (name, text) in forms {
            #expect(read(Self.document(text)).has(eicar), "\(name)")
        }
        // All of it as octets.
        let binary =
            Array("{\\rtf1{\\object{\\*\\objdata\\bin\(Self.package.count) ".utf8) + Self.package + Array("}}}".utf8)
        #expect(read(binary).has(eicar))
        // Half digits, half octets, and braces among the octets.
        let half = Self.package.count / 2
        let mixed =
            Array("{\\rtf1{\\object{\\*\\objdata \(Self.hexadecimal(Array(Self.package[..<half])))".utf8)
            + Array("\\bin\(Self.package.count - half) ".utf8) + Self.package[half...] + Array("}}}".utf8)
        #expect(read(mixed).has(eicar))
    }

    @Test func objectThatIsNotClosed() {
        let text = "{\\rtf1{\\object{\\*\\objdata " + Self.hexadecimal(Self.package)
        #expect(read(Array(text.utf8)).has(eicar))
    }

    @Test func compoundFileBehindAHeadThatCannotBeRead() {
        var writer = CompoundFileWriter()
        writer.add("\u{1}Ole10Native", content: packaged(eicar, name: "a.exe"))
        let file = writer.bytes()
        let digits = Self.hexadecimal([UInt8](repeating: 0x13, count: 11) + file)
        #expect(readAll(Self.document(digits)).contains { $0.content == eicar })
        // A digit too many.
        #expect(readAll(Self.document("1" + digits)).contains { $0.content == eicar })
        #expect(
            readAll(Self.document(Self.hexadecimal(Self.object("Word.Document.8", file)))).contains {
                $0.content == eicar
            })
    }

    @Test func equationObjectsAreNamed() {
        let text = Self.document(Self.hexadecimal(Self.object("eQuAtIoN.3", [1, 2, 3])))
        #expect(read(text).texts(.equation) == ["eQuAtIoN.3"])
    }

    @Test func linksFieldsAndTemplates() {
        let text =
            #"{\rtf1{\*\template http://template.example/a.dotm}{\field{\*\fldinst {\b DDEAUTO c:\\windows\\cmd.exe "/k"}}}"#
            + #"{\field{\*\fldinst HYPERLINK "https://link.example/"}}{\field{\*\fldinst HYPERLINK "bookmark"}}}"#
        let found = read(Array(text.utf8))
        #expect(found.texts(.remoteTemplate) == ["http://template.example/a.dotm"])
        #expect(found.texts(.dde) == [#"DDEAUTO c:\windows\cmd.exe "/k""#])
        #expect(found.texts(.uri) == ["https://link.example/"])
        #expect(read(Array(#"{\rtf1{\*\template C:\\Normal.dotm}}"#.utf8)).facts.isEmpty)
    }

    @Test func depthCostsNothing() {
        let text = "{\\rtf1" + String(repeating: "{", count: 200_000) + String(repeating: "}", count: 300_000)
        #expect(read(Array(text.utf8)).items.isEmpty)
    }
}
