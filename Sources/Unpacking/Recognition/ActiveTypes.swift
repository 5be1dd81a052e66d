internal import Bytes
internal import Documents

/// Files that do something when they are opened, and are no programs by their form: what rules on file types ask for.
extension FileType {
    static let windowsLibrary = FileType(
        "dll", "application/vnd.microsoft.portable-executable", "Windows library", .program,
        recognised: "a Windows program with the mark of a library", reported: "an archive behind it")
    static let installer = FileType(
        "msi", "application/x-msi", "Windows installer package", .document,
        recognised: "a compound file with the class of an installer package", reported: "streams")
    package static let htmlApplication = FileType(
        "hta", "application/hta", "HTML application", .plain, recognised: "`<hta:application` in the first 1024 octets")
    static let scriptFile = FileType(
        "wsf", "text/x-windows-script", "Windows script file or component", .plain,
        recognised: "`<job`, `<package`, `<component` or `<scriptlet` and a script")
    static let encodedScript = FileType(
        "vbe", "text/x-encoded-script", "encoded script", .plain, recognised: "`#@~^`")
    static let batch = FileType(
        "bat", "application/x-bat", "batch file", .plain,
        recognised:
            "`echo off`, `cls` or `setlocal` among the first lines; commands that fetch or start something, as cmd.exe reads them"
    )
    static let explorerCommand = FileType(
        "scf", "application/x-ms-scf", "Explorer command file", .plain,
        recognised: "lines `[Shell]`, and `IconFile=`, `[Taskbar]` or `Command=` with a number")
    static let desktopEntry = FileType(
        "desktop", "application/x-desktop", "desktop entry", .plain,
        recognised: "`[Desktop Entry]` first, behind comments, `#!` among them")
    static let webQuery = FileType(
        "iqy", "text/x-ms-iqy", "web query", .plain,
        recognised: "`WEB` or `XLODBC` and `1` in the first lines, or `QueryType=OLEDB` first")
    static let symbolicLink = FileType(
        "slk", "text/x-sylk", "symbolic link (SYLK)", .plain, recognised: "`ID;` first")
    static let library = FileType(
        "library-ms", "application/windows-library+xml", "Windows library, search or settings link", .plain,
        recognised: "`<libraryDescription`, `<searchConnectorDescription`, `<PCSettings` or `<persistedQuery`")
    package static let vectorImage = FileType(
        "svg", "image/svg+xml", "SVG image", .plain, recognised: "`<svg` in the first 1024 octets")
}

/// Recognises them by their first octets.
enum ActiveText {
    /// Types of a text, by its head.
    static func types(of head: Span<UInt8>) -> [FileType] {
        let start = ScriptText.firstLine(head)
        let tags = TagLetters(head)
        var found: [FileType] = []
        if isHTMLApplication(head) { found.append(.htmlApplication) }
        if isScriptFile(head, tags) { found.append(.scriptFile) }
        if SymbolicLinkFile.matches(head) { found.append(.symbolicLink) }
        if tags.have(
            ["<librarydescription", "<searchconnectordescription", "<pcsettings", "<persistedquery"], in: head)
        {
            found.append(.library)
        }
        if tags.have(["<mmc_consolefile"], in: head) { found.append(.managementConsole) }
        if tags.have(["<jnlp"], in: head) { found.append(.webStart) }
        if tags.have(["<powershellmetadata"], in: head) { found.append(.commandDefinition) }
        if tags.have(["<logoncommand"], in: head) { found.append(.sandbox) }
        if tags.have(["<appinstaller"], in: head) { found.append(.appInstaller) }
        if tags.have(["<asmv1:assembly", "<assembly"], in: head), tags.have(["<deployment"], in: head) {
            found.append(.clickOnce)
        }
        if tags.have(["<plist"], in: head), tags.have(["<key>url</key>"], in: head) { found.append(.webLocation) }
        if tags.have(["<svg"], in: head) { found.append(.vectorImage) }
        // What looks like a comment may be the beginning itself.
        let sign = ScriptText.firstSign(head)
        for place in sign == start ? start..<start + 1 : min(sign, start)..<max(sign, start) + 1
        where place == sign || place == start {
            if ScriptText.isSilent(head, at: place) { found.append(.batch) }
            for (word, type) in beginnings where head.hasPrefix(ignoringCase: word, from: place) { found.append(type) }
        }
        return found
    }

    /// What they begin with, behind blanks and comments.
    private static let beginnings: [(StaticString, FileType)] = [
        ("#@~^", .encodedScript),
        ("[Desktop Entry]", .desktopEntry), ("WEB\r\n1\r\n", .webQuery), ("WEB\n1\n", .webQuery),
        ("XLODBC\r\n1\r\n", .webQuery), ("XLODBC\n1\n", .webQuery), ("QueryType=OLEDB", .webQuery),
        ("[oledb]", .dataLink),
    ]

    /// A file of Windows Script Host or a scriptlet: one of their elements, and a script that says its language. Pages have
    /// elements of their own with such names, and scripts; they are no such files.
    private static func isScriptFile(_ head: Span<UInt8>, _ tags: TagLetters) -> Bool {
        guard tags.have(["<scriptlet", "<component", "<job", "<package"], in: head, whole: true),
            !tags.have(["<html", "<!doctype html"], in: head)
        else { return false }
        var from = 0
        while let tag = head.firstIndex(of: 0x3C, from: from) {
            from = tag + 1
            guard head.hasPrefix(ignoringCase: "<script", from: tag) else { continue }
            let end = head.firstIndex(of: 0x3E, from: tag) ?? head.count
            var place = tag
            while place < end {
                if head.hasPrefix(ignoringCase: "language", from: place) { return true }
                place += 1
            }
        }
        return false
    }

    /// `[Desktop Entry]` is the first line that is no comment.
    static func isDesktopEntry(_ head: Span<UInt8>) -> Bool {
        head.hasPrefix(ignoringCase: "[Desktop Entry]", from: ScriptText.firstLine(head))
    }

    /// `<hta:application` stands in the content.
    static func isHTMLApplication(_ content: Span<UInt8>) -> Bool {
        content.firstIndex(ignoringCase: "<hta:application") != nil
    }
}

/// Which letters stand behind a `<` of a text: most words that begin with a tag are told from all its tags by that.
struct TagLetters {
    /// By the last five bits, which are the same for both cases.
    private let letters: UInt32

    init(_ text: Span<UInt8>) { letters = text.tagLetters }

    /// One of these words stands in the text. Each begins with `<`, and a letter in lower case or `!`.
    /// - Parameter whole: no name that only begins so counts.
    func have(_ words: [StaticString], in text: Span<UInt8>, whole: Bool = false) -> Bool {
        for word in words where letters & 1 << UInt32(word.utf8Start[1] & 0x1F) != 0 {
            var position = 0
            while let tag = text.firstIndex(of: 0x3C, from: position), tag + 1 < text.count {
                position = tag + 1
                if asciiLower(text[position]) == word.utf8Start[1], text.hasPrefix(ignoringCase: word, from: tag),
                    !whole || Self.endsName(text, tag + word.utf8CodeUnitCount)
                {
                    return true
                }
            }
        }
        return false
    }

    private static func endsName(_ text: Span<UInt8>, _ place: Int) -> Bool {
        guard place < text.count else { return true }
        return [0x20, 0x09, 0x0A, 0x0D, 0x2F, 0x3E].contains(text[place])
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
