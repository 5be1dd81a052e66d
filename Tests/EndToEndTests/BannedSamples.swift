import Checks
import Foundation
import TestSupport

/// What the shipped rules ban, one of each: every extension that they name, and the least that content is recognised by.
enum BannedSamples {
    /// Extensions in the patterns of names of the shipped rules that ban, but for the sets that are not asked.
    static let extensions: [String] = {
        let text = String(decoding: BannedRules.shipped.text, as: UTF8.self)
        let standard = text.components(separatedBy: "\nset ")[0]
        var out: [String] = []
        for line in standard.split(separator: "\n") where line.hasPrefix("ban *.") {
            let pattern = line.dropFirst(6).prefix { $0 != " " }
            out += pattern.drop { $0 == "{" }.prefix { $0 != "}" }.split(separator: ",").map(String.init)
        }
        return out
    }()

    private static func text(_ words: String) -> [UInt8] { Array(words.utf8) }

    private static func padded(_ start: [UInt8], _ count: Int) -> [UInt8] {
        start + [UInt8](repeating: 0, count: max(0, count - start.count))
    }

    /// A Windows program of headers only (PE format, sections 3.1 to 3.3).
    static func program(isLibrary: Bool = false) -> [UInt8] {
        var bytes = padded([0x4D, 0x5A], 0x100)
        bytes[60] = 0x80
        bytes.replaceSubrange(0x80..<0x84, with: [0x50, 0x45, 0, 0])
        bytes[0x84] = 0x4C
        bytes[0x85] = 0x01
        bytes[0x80 + 22] = 0x02
        bytes[0x80 + 23] = isLibrary ? 0x21 : 0x01
        return bytes
    }

    private static let shortcut: [UInt8] = padded(
        [0x4C, 0, 0, 0, 0x01, 0x14, 0x02, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46], 80)

    private static let installer: [UInt8] = {
        var bytes = padded([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], 1536)
        bytes[24] = 0x3E
        bytes[26] = 3
        bytes.replaceSubrange(28..<34, with: [0xFE, 0xFF, 9, 0, 6, 0])
        let root: [UInt8] = [0x84, 0x10, 0x0C, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46]
        bytes.replaceSubrange(512 + 80..<512 + 96, with: root)
        return bytes
    }()

    private static let image: [UInt8] = {
        var bytes = padded([], 0x9000)
        bytes.replaceSubrange(0x8000..<0x8006, with: [1, 0x43, 0x44, 0x30, 0x30, 0x31])
        return bytes
    }()

    /// Contents that are banned whatever they are called, by a name for messages of this test.
    static let contents: [(String, [UInt8])] = [
        ("program for Windows", program()), ("library", program(isLibrary: true)),
        ("program for DOS", padded([0x4D, 0x5A, 0x90], 64)),
        ("program for Unix", padded([0x7F, 0x45, 0x4C, 0x46, 2, 1, 1], 64)),
        ("program for macOS", padded([0xCF, 0xFA, 0xED, 0xFE, 7, 0, 0, 1], 64)),
        ("Java class", padded([0xCA, 0xFE, 0xBA, 0xBE, 0, 0, 0, 52], 64)), ("installer", installer),
        ("shortcut", shortcut), ("Internet shortcut", text("[InternetShortcut]\r\nURL=http://example.com/\r\n")),
        ("Explorer command", text("[Shell]\r\nCommand=2\r\nIconFile=\\\\example.com\\x.ico\r\n")),
        ("desktop entry", text("[Desktop Entry]\nType=Application\nExec=true\n")),
        (
            "library of folders",
            text("<?xml version=\"1.0\"?>\n<libraryDescription xmlns=\"x\"></libraryDescription>\n")
        ),
        ("HTML application", text("<html><head><hta:application id=\"x\"></head><body>x</body></html>\n")),
        (
            "script file",
            text("<?xml version=\"1.0\"?>\n<job id=\"x\"><script language=\"VBScript\">x</script></job>\n")
        ),
        ("encoded script", text("#@~^DgAAAA==\\ko$K6,J4rJ,jwQAAA==^#~@\r\n")),
        ("batch file", text("@echo off\r\necho x\r\n")),
        ("registry file", text("Windows Registry Editor Version 5.00\r\n\r\n[HKEY_CURRENT_USER\\x]\r\n")),
        ("compiled help", padded(text("ITSF"), 200)), ("Windows help", padded([0x3F, 0x5F, 3, 0], 64)),
        ("web query", text("WEB\r\n1\r\nhttp://example.com/\r\n")),
        ("WebAssembly", padded([0, 0x61, 0x73, 0x6D, 1], 32)),
        ("Flash", padded(text("FWS\u{5}"), 64)), ("disk image", image),
        ("virtual disk", padded(text("conectix"), 1024)),
        ("Windows image", padded(text("MSWIM\0\0\0"), 208)),
        ("ZOO archive", [UInt8](repeating: 0x5A, count: 20) + [0xDC, 0xA7, 0xC4, 0xFD, 0, 0]),
    ]

    /// Where a file can be.
    enum Place: String, CaseIterable {
        case top, zip, zipInRar = "zip in rar", attachedMessage = "attached message"
    }

    /// A message with a file in it.
    static func message(_ name: String, _ content: [UInt8], type: String, at place: Place) -> [UInt8] {
        func part(_ name: String, _ content: [UInt8], _ type: String) -> String {
            """
            Content-Type: \(type); name="\(name)"
            Content-Disposition: attachment; filename="\(name)"
            Content-Transfer-Encoding: base64

            \(Data(content).base64EncodedString(options: [.lineLength76Characters, .endLineWithLineFeed]))

            """
        }
        let zip = Archives.zip(name, content)
        let body =
            switch place {
            case .top: part(name, content, type)
            case .zip: part("data.zip", zip, "application/zip")
            case .zipInRar: part("data.rar", Archives.rar("data.zip", zip), "application/vnd.rar")
            case .attachedMessage:
                """
                Content-Type: message/rfc822

                From: inner@example.org
                Subject: inner
                Date: Thu, 6 Mar 2025 07:05:30 +0000
                MIME-Version: 1.0
                Content-Type: multipart/mixed; boundary="inner"

                --inner
                \(part(name, content, type))
                --inner--

                """
            }
        return crlf(
            """
            From: sender@example.org
            To: rcpt@example.net
            Subject: files
            Date: Thu, 6 Mar 2025 07:05:30 +0000
            Message-ID: <files@example.org>
            MIME-Version: 1.0
            Content-Type: multipart/mixed; boundary="outer"

            --outer
            Content-Type: text/plain

            See the file.
            --outer
            \(body)
            --outer--

            """)
    }
}
