/// Documents, programs, media and text.
extension FileType {
    static let compoundFile = FileType(
        "ole", "application/x-ole-storage", "OLE2 compound file (doc, xls, ppt, msg, msi)", .document,
        recognised: "`D0 CF 11 E0 A1 B1 1A E1`", reported: "streams, embedded packages, macros")
    static let pdf = FileType(
        "pdf", "application/pdf", "PDF document", .document, recognised: "`%PDF-` in the first 1024 octets",
        reported: "embedded files and streams; encryption")
    static let rtf = FileType(
        "rtf", "text/rtf", "RTF document", .document, recognised: "`{\\rt`", reported: "embedded objects")
    static let oneNote = FileType(
        "one", "application/onenote", "OneNote section", .document, recognised: "its file type GUID",
        reported: "embedded files")
    static let chm = FileType(
        "chm", "application/vnd.ms-htmlhelp", "compiled HTML help", .document, recognised: "`ITSF`",
        reported: "members")
    static let tnef = FileType(
        "tnef", "application/ms-tnef", "TNEF (winmail.dat)", .document, recognised: "`78 9F 3E 22`",
        reported: "attachments")
    static let html = FileType(
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
        recognised: "`FE ED FA CE`, `FE ED FA CF` in either order", reported: "an archive behind it (self-extracting)")
    static let javaClass = FileType(
        "class", "application/java-vm", "Java class", .plain, recognised: "`CA FE BA BE` and a class version")
    static let script = FileType(
        "script", "text/x-script", "script", .program, recognised: "`#!`", reported: "an archive behind it")
    static let shellLink = FileType(
        "lnk", "application/x-ms-shortcut", "Windows shortcut", .plain,
        recognised: "its header size and class identifier")
    static let internetShortcut = FileType(
        "url", "application/x-mswinurl", "Internet shortcut", .plain, recognised: "`[InternetShortcut]`")
    static let registry = FileType(
        "reg", "text/x-ms-regedit", "Windows registry file", .plain, recognised: "its first line")
    static let windowsHelp = FileType("hlp", "application/winhlp", "Windows help", .plain, recognised: "`3F 5F 03 00`")
    static let flash = FileType(
        "swf", "application/x-shockwave-flash", "Flash", .plain, recognised: "`FWS`, `CWS`, `ZWS`")
    static let webAssembly = FileType("wasm", "application/wasm", "WebAssembly", .plain, recognised: "`00 asm`")

    static let png = FileType("png", "image/png", "PNG image", .plain, recognised: "`89 PNG`")
    static let jpeg = FileType("jpg", "image/jpeg", "JPEG image", .plain, recognised: "`FF D8 FF`")
    static let gif = FileType("gif", "image/gif", "GIF image", .plain, recognised: "`GIF87a`, `GIF89a`")
    static let bitmap = FileType("bmp", "image/bmp", "BMP image", .plain, recognised: "`BM` and its own size")
    static let tiff = FileType("tif", "image/tiff", "TIFF image", .plain, recognised: "`II 2A 00`, `MM 00 2A`")
    static let webp = FileType("webp", "image/webp", "WebP image", .plain, recognised: "`RIFF`, `WEBP` at 8")
    static let icon = FileType(
        "ico", "image/vnd.microsoft.icon", "Windows icon", .plain, recognised: "`00 00 01 00` and a count")
    static let heif = FileType("heic", "image/heic", "HEIF image", .plain, recognised: "`ftyp` at 4 and its brand")
    static let wave = FileType("wav", "audio/wav", "WAVE sound", .plain, recognised: "`RIFF`, `WAVE` at 8")
    static let avi = FileType("avi", "video/x-msvideo", "AVI video", .plain, recognised: "`RIFF`, `AVI ` at 8")
    static let mp4 = FileType("mp4", "video/mp4", "MP4 video", .plain, recognised: "`ftyp` at 4")
    static let mp3 = FileType("mp3", "audio/mpeg", "MP3 sound", .plain, recognised: "`ID3`")
    static let ogg = FileType("ogg", "application/ogg", "Ogg media", .plain, recognised: "`OggS`")
    static let flac = FileType("flac", "audio/flac", "FLAC sound", .plain, recognised: "`fLaC`")
    static let matroska = FileType("mkv", "video/x-matroska", "Matroska video", .plain, recognised: "`1A 45 DF A3`")
    static let woff = FileType("woff", "font/woff", "web font", .plain, recognised: "`wOFF`, `wOF2`")
    static let postScript = FileType("ps", "application/postscript", "PostScript", .plain, recognised: "`%!PS`")
    static let xml = FileType("xml", "application/xml", "XML text", .plain, recognised: "`<?xml`")
    static let openPGP = FileType(
        "pgp", "application/pgp-encrypted", "OpenPGP data", .plain, recognised: "`-----BEGIN PGP MESSAGE-----`",
        reported: "encrypted")
    static let sqlite = FileType(
        "sqlite", "application/vnd.sqlite3", "SQLite database", .plain, recognised: "`SQLite format 3`")
    package static let text = FileType(
        "asc", "text/plain", "text", .encodedText, recognised: "no control characters but those of text",
        reported: "uuencoded, yEnc, BinHex and base64 files in it")

    /// Every type that is recognised.
    package static let all: [FileType] =
        [
            zip, gzip, bzip2, compress, xz, lzma, zstd, lz4, lzip, lzop, lrzip, grzip, tar, cpio, ar, rpm, sevenZip,
            rar, rar5, cab, lha, iso9660, udf, xar, warc, arj, szdd, arc, zoo, ace, alz, egg, kwaj, installShield, sis,
            disk, vhd, vhdx, vmdk, qcow, wim, dmg, squashfs, freeze, pack, freeArc, zpaq, stuffIt, binHex, mail, mbox,
            compoundFile, pdf, rtf, oneNote, chm, tnef, html, installer, windowsLibrary, windowsProgram, dosProgram,
            elf, machO, javaClass, script, shellLink, internetShortcut, registry, windowsHelp, htmlApplication,
            scriptFile, encodedScript, batch, explorerCommand, desktopEntry, webQuery, symbolicLink, library,
            vectorImage, flash, webAssembly, png, jpeg, gif, bitmap, tiff, webp, icon, heif, wave, avi, mp4, mp3, ogg,
            flac, matroska, woff, postScript, xml, openPGP, sqlite, text,
        ] + packages
}
