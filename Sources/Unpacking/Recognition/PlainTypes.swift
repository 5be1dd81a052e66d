internal import Documents

/// Documents, programs and text.
extension FileType {
    static let compoundFile = FileType(
        "ole", "application/x-ole-storage", "OLE2 compound file (doc, xls, ppt, msg, msi)", .document,
        recognised: "`D0 CF 11 E0 A1 B1 1A E1`", reported: "streams, embedded packages, macros")
    static let pdf = FileType(
        "pdf", "application/pdf", "PDF document", .document, recognised: PDFReader.recognised,
        reported: "embedded files and streams; encryption")
    static let rtf = FileType(
        "rtf", "text/rtf", "RTF document", .document, recognised: "`{\\rt`", reported: "embedded objects")
    static let oneNote = FileType(
        "one", "application/onenote", "OneNote section", .document, recognised: "its file type GUID",
        reported: "embedded files")
    static let chm = FileType(
        "chm", "application/vnd.ms-htmlhelp", "compiled HTML help", .document, recognised: "`ITSF`",
        reported: "members")
    package static let tnef = FileType(
        "tnef", "application/ms-tnef", "TNEF (winmail.dat)", .document, recognised: "`78 9F 3E 22`",
        reported: "attachments")
    package static let html = FileType(
        "html", "text/html", "HTML text", .document, recognised: "a tag of HTML in the first 1024 octets",
        reported: "files in data: URLs and long base64 literals")

    static let windowsProgram = FileType(
        "exe-ms", "application/vnd.microsoft.portable-executable", "Windows program", .program,
        recognised: "`MZ` and `PE 00 00` where it points", reported: "an archive behind it (self-extracting)")
    static let dosProgram = FileType(
        "exe-dos", "application/x-dosexec", "DOS program", .program, recognised: "`MZ`",
        reported: "an archive behind it (self-extracting)")
    static let elf = FileType(
        "exe-unix", "application/x-executable", "Unix program (ELF)", .program, recognised: "`7F ELF`",
        reported: "an archive behind it (self-extracting)")
    static let machO = FileType(
        "exe-macho", "application/x-mach-binary", "macOS program", .program,
        recognised:
            "`FE ED FA CE`, `FE ED FA CF` in either order; `CA FE BA BE` or `CA FE BA BF` for several processors",
        reported: "an archive behind it (self-extracting)")
    static let javaClass = FileType(
        "class", "application/java-vm", "Java class", .plain, recognised: "`CA FE BA BE` and a class version")
    static let script = FileType(
        "script", "text/x-script", "script", .program, recognised: "`#!`", reported: "an archive behind it")
    static let shellLink = FileType(
        "lnk", "application/x-ms-shortcut", "Windows shortcut", .plain,
        recognised: "its header size and class identifier")
    static let internetShortcut = FileType(
        "url", "application/x-mswinurl", "Internet shortcut", .plain,
        recognised: "a line `[InternetShortcut]` in the first 4096 octets")
    static let registry = FileType(
        "reg", "text/x-ms-regedit", "Windows registry file", .plain, recognised: "its first line")
    static let windowsHelp = FileType("hlp", "application/winhlp", "Windows help", .plain, recognised: "`3F 5F 03 00`")
    static let flash = FileType(
        "swf", "application/x-shockwave-flash", "Flash", .plain, recognised: "`FWS`, `CWS`, `ZWS`")
    static let webAssembly = FileType("wasm", "application/wasm", "WebAssembly", .plain, recognised: "`00 asm`")

    static let woff = FileType("woff", "font/woff", "web font", .plain, recognised: "`wOFF`, `wOF2`")
    static let postScript = FileType("ps", "application/postscript", "PostScript", .plain, recognised: "`%!PS`")
    static let xml = FileType("xml", "application/xml", "XML text", .plain, recognised: "`<?xml`")
    static let openPGP = FileType(
        "pgp", "application/pgp-encrypted", "OpenPGP data", .plain, recognised: "`-----BEGIN PGP MESSAGE-----`",
        reported: "encrypted")
    static let access = FileType(
        "mdb", "application/x-msaccess", "Access database", .plain,
        recognised: "`Standard Jet DB` or `Standard ACE DB` at 4")
    static let lispCode = FileType(
        "elc", "application/x-elc", "compiled Emacs Lisp", .plain, recognised: "`;ELC`")
    static let uuencoded = FileType(
        "uue", "text/x-uuencode", "uuencoded text", .plain, recognised: "a line `begin`, a mode and a name first")
    static let intelHex = FileType(
        "ihex", "application/x-intel-hex", "Intel HEX", .plain, recognised: "a record first whose checksum is right")
    static let sqlite = FileType(
        "sqlite", "application/vnd.sqlite3", "SQLite database", .plain, recognised: "`SQLite format 3`")
    static let capture = FileType(
        "pcap", "application/vnd.tcpdump.pcap", "packet capture", .plain,
        recognised: "the magic and version of libpcap, or a section header of pcapng")
    package static let text = FileType(
        "asc", "text/plain", "text", .encodedText, recognised: "no control characters but those of text",
        reported: "uuencoded, yEnc, BinHex, Intel HEX and base64 files in it")

    /// Every type that is recognised.
    package static let all: [FileType] =
        [
            zip, gzip, bzip2, compress, xz, lzma, zstd, lz4, lzip, lzop, zlib, lrzip, grzip, ppmd, tar, cpio, debian,
            ar, rpm, sevenZip, rar, rar5, cab, lha, iso9660, udf, xar, warc, arj, szdd, arc, zoo, ace, alz, egg, kwaj,
            installShield, nsis, sis,
            disk, vhd, vhdx, vmdk, vdi, qcow, qed, parallels, sparseImage, uefi, wim, dmg, squashfs, freeze, pack,
            freeArc,
            zpaq, stuffIt,
            binHex, mail, mbox,
            compoundFile, pdf, rtf, oneNote, chm, compiledHelp2, tnef, html, installer, windowsLibrary, windowsProgram,
            dosProgram,
            elf, machO, javaClass, script, shellLink, internetShortcut, registry, windowsHelp, htmlApplication,
            scriptFile, encodedScript, batch, explorerCommand, desktopEntry, webQuery, symbolicLink, library,
            vectorImage, flash, webAssembly,
        ] + fileSystems + active + propertyLists + settings + media
        + [woff, postScript, xml, openPGP, sqlite, access, capture, uuencoded, intelHex, lispCode, text] + packages
}
