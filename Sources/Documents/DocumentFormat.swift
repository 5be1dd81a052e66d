package import Bytes

/// One kind of document that carries other files, as it is recognised and read. Each is one object, as all content is
/// compared with all of them.
package final class DocumentFormat: Sendable {
    /// Name for reports and documentation.
    package let name: String
    /// How it is recognised, for documentation.
    package let recognisedBy: String
    /// What is reported of it, for documentation.
    package let reports: String
    /// Text of any kind, rather than a form of its own.
    package let isText: Bool
    private let recognise: @Sendable (Span<UInt8>) -> Bool
    private let recogniseLabelled: @Sendable (Span<UInt8>) -> Bool
    private let reader: @Sendable (Span<UInt8>, Extraction) -> Void

    private init(
        name: String, recognisedBy: String, reports: String, isText: Bool = false,
        recognise: @escaping @Sendable (Span<UInt8>) -> Bool,
        recogniseLabelled: @escaping @Sendable (Span<UInt8>) -> Bool = { _ in false },
        reader: @escaping @Sendable (Span<UInt8>, Extraction) -> Void
    ) {
        self.name = name
        self.recognisedBy = recognisedBy
        self.reports = reports
        self.isText = isText
        self.recognise = recognise
        self.recogniseLabelled = recogniseLabelled
        self.reader = reader
    }

    /// True when `bytes`, a document as a whole, look like this format. Several formats may fit.
    /// - Parameter signs: those of the bytes, where they are known.
    package func matches(_ bytes: Span<UInt8>, signs: TextSigns = .all) -> Bool {
        recognise(bytes) || signs.contains(.label) && recogniseLabelled(bytes)
    }

    /// True when `bytes`, which are no text, have a page in them, which browsers show where the name says that it is one.
    /// - Parameter namedPage: what it says.
    package func matchesAsPage(_ bytes: Span<UInt8>, namedPage: NamedPage?) -> Bool {
        isText && TextDocument.hasPage(bytes, namedPage: namedPage)
    }

    /// Hands everything in the document `bytes` to `sink`. Ranges that the sink gets are ranges of `bytes`.
    package func read(_ bytes: Span<UInt8>, options: DocumentOptions, sink: any DocumentSink) {
        reader(bytes, Extraction(options, sink, size: bytes.count))
    }

    /// Every format that is read here. A new one is a file with two functions, a row, and a suite.
    package static let all: [DocumentFormat] = [
        DocumentFormat(
            name: "OLE2 compound file (doc, xls, ppt, msg, msi)", recognisedBy: "signature D0CF11E0A1B11AE1",
            reports:
                "streams over 64 octets, packaged files, files of installers, attachments, macro source, decrypted package",
            recognise: CompoundFile.matches, reader: CompoundDocument.read),
        DocumentFormat(
            name: "Rich Text Format", recognisedBy: "`{\\rt`, blanks before it",
            reports: "objects, packaged files, links, fields",
            recognise: RichText.matches, reader: RichText.read),
        DocumentFormat(
            name: "PDF", recognisedBy: PDFReader.recognised,
            reports: "embedded files, whose `/CheckSum` is not compared, scripts, forms, actions, links, encryption",
            recognise: PDFReader.matches, reader: PDFReader.read),
        DocumentFormat(
            name: "TNEF (winmail.dat)", recognisedBy: "signature 789F3E22",
            reports: "attachments with all names, embedded messages, message texts; wrong checksums",
            recognise: TNEFReader.matches, reader: TNEFReader.read),
        DocumentFormat(
            name: "OneNote section", recognisedBy: "file type identifier of sections and tables of contents",
            reports: "embedded files; names",
            recognise: OneNoteReader.matches, reader: OneNoteReader.read),
        DocumentFormat(
            name: "compiled HTML help (chm)", recognisedBy: "`ITSF`",
            reports: "files",
            recognise: CompiledHelp.matches, reader: CompiledHelp.read),
        DocumentFormat(
            name: "Windows shortcut (lnk)", recognisedBy: "header size and class identifier",
            reports: "target, arguments, what stands behind it",
            recognise: ShellLink.matches, reader: ShellLink.read),
        DocumentFormat(
            name: "Internet shortcut (url, scf, desktop, iqy)", recognisedBy: "first section or lines of the text",
            reports: "targets",
            recognise: InternetShortcut.matches, reader: InternetShortcut.read),
        DocumentFormat(
            name: "XML of Office and OpenDocument", recognisedBy: "a tag first, and a name space of one of them",
            reports:
                "encrypted; remote templates, external objects, links, DDE, macros, macro sheets, files in base64, however it is cut",
            recognise: DocumentXML.matches, reader: DocumentXML.read),
        DocumentFormat(
            name: "link of a binary workbook (xlsb)", recognisedBy: "a BrtBeginSupBook first",
            reports: "DDE, external objects",
            recognise: BinaryWorkbook.matches, reader: BinaryWorkbook.read),
        DocumentFormat(
            name: "Symbolic Link (slk)", recognisedBy: "`ID;` and a record behind it",
            reports: "macro sheets, names that run by themselves, DDE",
            recognise: SymbolicLinkFile.matches, reader: SymbolicLinkFile.read),
        DocumentFormat(
            name: "ActiveMime", recognisedBy: "`ActiveMime`", reports: "the compound file in it",
            recognise: ActiveMime.matches, reader: ActiveMime.read),
        DocumentFormat(
            name: "S/MIME (p7m, p7s; DER, PEM)",
            recognisedBy: "content type in the first octets, or behind a label of PEM",
            reports: "signed, compressed, authenticated and plain content as mail; encrypted",
            recognise: CryptographicMessage.isBinary, recogniseLabelled: CryptographicMessage.isArmoured,
            reader: CryptographicMessage.read),
        DocumentFormat(
            name: "OpenPGP",
            recognisedBy: "label of the armour and the start of a message behind it, or the first packet",
            reports: "the file in what is compressed or signed only; encrypted",
            recognise: OpenPGPMessage.isBinary, recogniseLabelled: OpenPGPMessage.isArmoured,
            reader: OpenPGPMessage.read),
        DocumentFormat(
            name: "Text (HTML, script, SVG, plain)",
            recognisedBy:
                "no NUL in the first 4,096 octets; UTF-16 by its mark or its first characters; or a tag with which a page begins in what is no program, document or other archive, in the first 65,536 behind NULs and blanks; or one anywhere in what is called HTML or SVG",
            reports:
                "files written out in base64 (in lines of any length in XML, iCalendar, vCard and `data:` links; cut by CDATA sections and comments too), hexadecimal, dumps or numbers of 8, 16 or 32 bits (without a bracket in front of 8 bits, from 32 numbers on), in calls (`Chr(77) & Chr(90)`, `[char]77 + [char]90`, or of any one function), behind escapes too (hexadecimal and octal, of all octets or some), behind words in the same literal, whatever they are in `data:` links and, from 128 characters on, in scripts that make files; HTML smuggling (such a script beside a file, a decoder, or 256 characters or 128 numbers in whatever coding); script in SVG; DDE in cells",
            isText: true, recognise: TextDocument.matches, reader: TextDocument.read),
    ]
}
