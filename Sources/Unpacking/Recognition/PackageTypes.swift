internal import Bytes

/// What kind of file a zip archive is, by its members: documents, programs and books are packages of that form.
extension FileType {
    private static let office = "application/vnd.openxmlformats-officedocument."

    private static func package(_ name: String, _ mediaType: String, _ title: String, _ recognised: String) -> FileType
    {
        FileType(
            name, mediaType, title, .zip, recognised: "ZIP archive with " + recognised, reported: "as a ZIP archive")
    }

    static let docx = package("docx", office + "wordprocessingml.document", "Word document (docx)", "`word/`")
    static let docm = package(
        "docm", "application/vnd.ms-word.document.macroEnabled.12", "Word document with macros (docm)",
        "`word/` and `vbaProject.bin`")
    static let xlsx = package("xlsx", office + "spreadsheetml.sheet", "Excel workbook (xlsx)", "`xl/`")
    static let xlsm = package(
        "xlsm", "application/vnd.ms-excel.sheet.macroEnabled.12", "Excel workbook with macros (xlsm)",
        "`xl/` and `vbaProject.bin`")
    static let xlsb = package(
        "xlsb", "application/vnd.ms-excel.sheet.binary.macroEnabled.12", "Excel binary workbook (xlsb)",
        "`xl/workbook.bin`")
    static let pptx = package(
        "pptx", office + "presentationml.presentation", "PowerPoint presentation (pptx)", "`ppt/`")
    static let pptm = package(
        "pptm", "application/vnd.ms-powerpoint.presentation.macroEnabled.12",
        "PowerPoint presentation with macros (pptm)", "`ppt/` and `vbaProject.bin`")
    static let vsdx = package("vsdx", "application/vnd.ms-visio.drawing", "Visio drawing (vsdx)", "`visio/`")
    static let xps = package(
        "xps", "application/vnd.ms-xpsdocument", "XPS document", "`FixedDocSeq.fdseq` or `FixedDocumentSequence.fdseq`")
    static let apk = package(
        "apk", "application/vnd.android.package-archive", "Android program (apk)", "`AndroidManifest.xml`")
    static let ipa = package(
        "ipa", "application/x-ios-app", "iOS program (ipa)", "`Payload/` and a folder `.app`")
    static let jar = package("jar", "application/java-archive", "Java archive (jar)", "`META-INF/MANIFEST.MF`")
    static let appx = package("appx", "application/appx", "Windows package (appx, msix)", "`AppxManifest.xml`")
    static let epub = package("epub", "application/epub+zip", "EPUB book", "that type in `mimetype`")
    static let odt = openDocument("odt", "text", "text")
    static let ods = openDocument("ods", "spreadsheet", "spreadsheet")
    static let odp = openDocument("odp", "presentation", "presentation")
    static let odg = openDocument("odg", "graphics", "drawing")

    private static func openDocument(_ name: String, _ kind: String, _ title: String) -> FileType {
        package(
            name, "application/vnd.oasis.opendocument." + kind, "OpenDocument \(title) (\(name))",
            "that type in `mimetype`")
    }

    /// The kinds that a member `mimetype` names.
    private static let byMimetype = [epub, odt, ods, odp, odg]

    /// Every kind of package.
    static let packages = [
        docx, docm, xlsx, xlsm, xlsb, pptx, pptm, vsdx, xps, apk, ipa, jar, appx, epub, odt, ods, odp, odg,
    ]

    /// The kind of a zip archive with these members; nil for one that is nothing else.
    /// - Parameter mimetype: content of the member of that name.
    static func package(names: [[UInt8]], mimetype: Span<UInt8>) -> FileType? {
        for type in byMimetype where mimetype.hasBytes(Array(type.mediaType.utf8), at: 0) { return type }
        var folders: Set<String> = []
        var files: Set<String> = []
        for name in names {
            // Windows takes names without regard to case and with either slash.
            let bytes = name.map { $0 == 0x5C ? 0x2F : asciiLower($0) }
            guard bytes.count <= longestName else { continue }
            if let slash = bytes.firstIndex(of: 0x2F) {
                folders.insert(String(decoding: bytes[..<slash], as: UTF8.self))
            }
            files.insert(String(decoding: bytes, as: UTF8.self))
        }
        if files.contains("[content_types].xml") {
            func macros(_ folder: String) -> Bool { files.contains(folder + "/vbaproject.bin") }
            if folders.contains("word") { return macros("word") ? docm : docx }
            if files.contains("xl/workbook.bin") { return xlsb }
            if folders.contains("xl") { return macros("xl") ? xlsm : xlsx }
            if folders.contains("ppt") { return macros("ppt") ? pptm : pptx }
            if folders.contains("visio") { return vsdx }
            if !files.isDisjoint(with: ["fixeddocseq.fdseq", "fixeddocumentsequence.fdseq"]) { return xps }
            if files.contains("appxmanifest.xml") { return appx }
        }
        if files.contains("androidmanifest.xml") { return apk }
        if files.contains(where: { $0.hasPrefix("payload/") && $0.contains(".app/") }) { return ipa }
        if files.contains("meta-inf/manifest.mf") { return jar }
        return nil
    }

    /// Octets of the longest name that tells anything.
    private static let longestName = 256
}
