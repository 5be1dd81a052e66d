/// One kind of document that carries other files, as it is recognised and read.
package struct DocumentFormat: Sendable {
    /// Name for reports and documentation.
    package let name: String
    /// How it is recognised, for documentation.
    package let recognisedBy: String
    /// What is reported of it, for documentation.
    package let reports: String
    private let recognise: @Sendable (Span<UInt8>) -> Bool
    private let reader: @Sendable (Span<UInt8>, Extraction) -> Void

    /// True when `bytes`, a document as a whole, look like this format. Several formats may fit.
    package func matches(_ bytes: Span<UInt8>) -> Bool { recognise(bytes) }

    /// Hands everything in the document `bytes` to `sink`. Ranges that the sink gets are ranges of `bytes`.
    package func read(_ bytes: Span<UInt8>, options: DocumentOptions, sink: any DocumentSink) {
        reader(bytes, Extraction(options, sink, size: bytes.count))
    }

    /// Every format that is read here. A new one is a file with two functions, a row, and a suite.
    package static let all: [DocumentFormat] = [
        DocumentFormat(
            name: "OLE2 compound file (doc, xls, ppt, msg, msi)", recognisedBy: "signature D0CF11E0A1B11AE1",
            reports: "streams, packaged files, attachments, macro source, decrypted package",
            recognise: CompoundFile.matches, reader: CompoundDocument.read),
        DocumentFormat(
            name: "Rich Text Format", recognisedBy: "`{\\rt`, blanks before it",
            reports: "objects, packaged files, links, fields",
            recognise: RichText.matches, reader: RichText.read),
        DocumentFormat(
            name: "PDF", recognisedBy: "`%PDF-` in the first 1,024 octets",
            reports: "embedded files, scripts, forms, actions, links, encryption",
            recognise: PDFReader.matches, reader: PDFReader.read),
    ]
}
