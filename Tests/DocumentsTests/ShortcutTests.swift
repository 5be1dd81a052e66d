import Documents
import Members
import TestSupport
import Testing

/// Shortcuts of Windows and of browsers, web queries, symbolic link files.
@Suite struct ShortcutTests {
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
}
