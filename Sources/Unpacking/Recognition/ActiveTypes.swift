internal import Bytes

/// Files that do something when they are opened, and are no programs by their form: what rules on file types ask for.
extension FileType {
    static let windowsLibrary = FileType(
        "dll", "application/vnd.microsoft.portable-executable", "Windows library", .program,
        recognised: "a Windows program with the mark of a library", reported: "an archive behind it")
    static let installer = FileType(
        "msi", "application/x-msi", "Windows installer package", .document,
        recognised: "a compound file with the class of an installer package", reported: "streams")
    static let htmlApplication = FileType(
        "hta", "application/hta", "HTML application", .plain, recognised: "`<hta:application` in the first 1024 octets")
    static let scriptFile = FileType(
        "wsf", "text/x-windows-script", "Windows script file or component", .plain,
        recognised: "`<job`, `<package`, `<component` or `<scriptlet` and a script")
    static let encodedScript = FileType(
        "vbe", "text/x-encoded-script", "encoded script", .plain, recognised: "`#@~^`")
    static let batch = FileType(
        "bat", "application/x-bat", "batch file", .plain,
        recognised: "`@echo off` first, behind comments; commands that fetch or start something")
    static let explorerCommand = FileType(
        "scf", "application/x-ms-scf", "Explorer command file", .plain, recognised: "`[Shell]` first, behind comments")
    static let desktopEntry = FileType(
        "desktop", "application/x-desktop", "desktop entry", .plain,
        recognised: "`[Desktop Entry]` first, behind comments")
    static let webQuery = FileType(
        "iqy", "text/x-ms-iqy", "web query", .plain,
        recognised: "`WEB` or `XLODBC` and `1` in the first lines, or `QueryType=OLEDB` first")
    static let symbolicLink = FileType(
        "slk", "text/x-sylk", "symbolic link (SYLK)", .plain, recognised: "`ID;` first")
    static let library = FileType(
        "library-ms", "application/windows-library+xml", "Windows library, search or settings link", .plain,
        recognised: "`<libraryDescription`, `<searchConnectorDescription`, `<PCSettings` or `<persistedQuery`")
    static let vectorImage = FileType(
        "svg", "image/svg+xml", "SVG image", .plain, recognised: "`<svg` in the first 1024 octets")
}

/// Recognises them by their first octets.
enum ActiveText {
    /// Types of a text, by its head.
    static func types(of head: Span<UInt8>) -> [FileType] {
        let start = ScriptText.firstLine(head)
        var found: [FileType] = []
        if isHTMLApplication(head) { found.append(.htmlApplication) }
        if contains(head, ["<scriptlet", "<component", "<job", "<package"]), contains(head, ["<script"]) {
            found.append(.scriptFile)
        }
        if contains(head, ["<librarydescription", "<searchconnectordescription", "<pcsettings", "<persistedquery"]) {
            found.append(.library)
        }
        if contains(head, ["<mmc_consolefile"]) { found.append(.managementConsole) }
        if contains(head, ["<jnlp"]) { found.append(.webStart) }
        if contains(head, ["<logoncommand"]) { found.append(.sandbox) }
        if contains(head, ["<appinstaller"]) { found.append(.appInstaller) }
        if contains(head, ["<asmv1:assembly", "<assembly"]), contains(head, ["<deployment"]) {
            found.append(.clickOnce)
        }
        if contains(head, ["<plist"]), contains(head, ["<key>url</key>"]) { found.append(.webLocation) }
        if contains(head, ["<svg"]) { found.append(.vectorImage) }
        let beginnings: [(StaticString, FileType)] = [
            ("#@~^", .encodedScript), ("@echo off", .batch), ("[Shell]", .explorerCommand),
            ("[Desktop Entry]", .desktopEntry), ("WEB\r\n1\r\n", .webQuery), ("WEB\n1\n", .webQuery),
            ("XLODBC\r\n1\r\n", .webQuery), ("XLODBC\n1\n", .webQuery), ("QueryType=OLEDB", .webQuery),
            ("[oledb]", .dataLink), ("ID;", .symbolicLink),
        ]
        // What looks like a comment may be the beginning itself.
        for place in Set([ScriptText.firstSign(head), start]) {
            for (word, type) in beginnings where head.hasPrefix(ignoringCase: word, from: place) { found.append(type) }
        }
        return found
    }

    static func isHTMLApplication(_ content: Span<UInt8>) -> Bool { contains(content, ["<hta:application"]) }

    /// One of these words stands in the text. Each begins with `<`, and a letter in lower case or `!`.
    static func contains(_ head: Span<UInt8>, _ words: [StaticString]) -> Bool {
        var position = 0
        while let tag = head.firstIndex(of: 0x3C, from: position) {
            position = tag + 1
            guard position < head.count else { return false }
            // Most tags are told from all of the words by their first letter.
            let letter = asciiLower(head[position])
            for word in words
            where word.utf8Start[1] == letter && head.hasPrefix(ignoringCase: word, from: tag) { return true }
        }
        return false
    }
}

extension StructureChecks {
    /// Characteristics of the COFF header: `IMAGE_FILE_DLL` (PE format, section 3.3.2).
    static func isPELibrary(_ content: Span<UInt8>) -> Bool {
        guard isPE(content), let header = content.littleEndian32(at: 60) else { return false }
        let place = Int(header) + 23
        return place < content.count && content[place] & 0x20 != 0
    }

    /// The class of the root entry of a compound file (MS-CFB section 2.6.1) is one of Windows Installer's.
    static func isInstaller(_ content: Span<UInt8>) -> Bool {
        guard content.hasBytes([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], at: 0), content.count >= 512,
            let sector = content.littleEndian32(at: 48), sector < 0x0100_0000
        else { return false }
        // 512 or 4096 octets a sector; the header takes the place of the first.
        let shift = content[30] == 12 ? 12 : 9
        let root = (Int(sector) + 1) << shift
        guard root + 96 <= content.count, content[root + 80] >= 0x82, content[root + 80] <= 0x86 else { return false }
        return content.hasBytes([0x10, 0x0C, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46], at: root + 81)
    }
}
