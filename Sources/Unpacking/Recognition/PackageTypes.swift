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
        if mimetype.count > 0,
            let type = byMimetype.first(where: { mimetype.hasBytes(Array($0.mediaType.utf8), at: 0) })
        {
            return type
        }
        var marks: PackageMarks = []
        for name in names where name.count <= longestName { marks.look(at: name) }
        if marks.contains(.contentTypes) {
            if marks.contains(.word) { return marks.contains(.wordMacros) ? docm : docx }
            if marks.contains(.binaryWorkbook) { return xlsb }
            if marks.contains(.xl) { return marks.contains(.xlMacros) ? xlsm : xlsx }
            if marks.contains(.ppt) { return marks.contains(.pptMacros) ? pptm : pptx }
            if marks.contains(.visio) { return vsdx }
            if marks.contains(.fixedDocument) { return xps }
            if marks.contains(.appManifest) { return appx }
        }
        if marks.contains(.androidManifest) { return apk }
        if marks.contains(.payload) { return ipa }
        return marks.contains(.javaManifest) ? jar : nil
    }

    /// Octets of the longest name that tells anything.
    private static let longestName = 256
}

/// What the names of members tell of a package.
private struct PackageMarks: OptionSet {
    let rawValue: UInt16

    static let contentTypes = PackageMarks(rawValue: 1)
    static let word = PackageMarks(rawValue: 1 << 1)
    static let wordMacros = PackageMarks(rawValue: 1 << 2)
    static let binaryWorkbook = PackageMarks(rawValue: 1 << 3)
    static let xl = PackageMarks(rawValue: 1 << 4)
    static let xlMacros = PackageMarks(rawValue: 1 << 5)
    static let ppt = PackageMarks(rawValue: 1 << 6)
    static let pptMacros = PackageMarks(rawValue: 1 << 7)
    static let visio = PackageMarks(rawValue: 1 << 8)
    static let fixedDocument = PackageMarks(rawValue: 1 << 9)
    static let appManifest = PackageMarks(rawValue: 1 << 10)
    static let androidManifest = PackageMarks(rawValue: 1 << 11)
    static let javaManifest = PackageMarks(rawValue: 1 << 12)
    static let payload = PackageMarks(rawValue: 1 << 13)

    /// Files; and, with a slash at the end, folders. In lower case.
    private static let words: [(word: StaticString, mark: PackageMarks)] = [
        ("[content_types].xml", .contentTypes), ("word/", .word), ("word/vbaproject.bin", .wordMacros),
        ("xl/", .xl), ("xl/workbook.bin", .binaryWorkbook), ("xl/vbaproject.bin", .xlMacros), ("ppt/", .ppt),
        ("ppt/vbaproject.bin", .pptMacros), ("visio/", .visio), ("fixeddocseq.fdseq", .fixedDocument),
        ("fixeddocumentsequence.fdseq", .fixedDocument), ("appxmanifest.xml", .appManifest),
        ("androidmanifest.xml", .androidManifest), ("meta-inf/manifest.mf", .javaManifest),
    ]

    /// Takes what one name tells.
    mutating func look(at name: [UInt8]) {
        for (word, mark) in Self.words where Self.begins(name, word) {
            let isFolder = word.utf8Start[word.utf8CodeUnitCount - 1] == Self.slash
            if isFolder || name.count == word.utf8CodeUnitCount { insert(mark) }
        }
        if Self.begins(name, "payload/"), name.indices.contains(where: { Self.begins(name[$0...], ".app/") }) {
            insert(.payload)
        }
    }

    private static let slash = UInt8(ascii: "/")

    /// Windows takes names without regard to case and with either slash.
    private static func begins(_ name: some RandomAccessCollection<UInt8>, _ word: StaticString) -> Bool {
        guard name.count >= word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { letters in
            zip(name, letters).allSatisfy { ($0 == 0x5C ? slash : asciiLower($0)) == $1 }
        }
    }
}
