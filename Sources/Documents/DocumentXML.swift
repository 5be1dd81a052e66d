internal import Bytes

/// XML of office programs, part of a package or a document in one file. One pass over the tags for all of them: a document
/// may declare the name spaces of several.
enum DocumentXML {
    private static let nameSpaces: [StaticString] = [
        "http://schemas.openxmlformats.org/", "http://schemas.microsoft.com/office/",
        "urn:schemas-microsoft-com:office:", "http://purl.oclc.org/ooxml/",
        "urn:oasis:names:tc:opendocument:xmlns:", "http://openoffice.org/200",
    ]

    /// Name spaces may be declared late, but no XML is without a tag at its start.
    static func matches(_ bytes: Span<UInt8>) -> Bool {
        isXML(bytes) && XMLNameSpaces.declares(nameSpaces, in: bytes)
    }

    /// A tag comes first, behind a mark and blanks.
    private static func isXML(_ bytes: Span<UInt8>) -> Bool {
        if WideText.coding(bytes) != nil { return true }
        var at = bytes.hasBytes("\u{FEFF}", at: 0) ? 3 : 0
        while at < bytes.count, at < 1_024, bytes[at] <= 0x20 { at += 1 }
        return bytes.hasBytes("<", at: at)
    }

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        WideText.read(bytes, extraction) { text in
            var office = OfficeXML(extraction)
            XMLTag.each(in: text) { tag in
                office.look(at: tag, text)
                OpenDocument.look(at: tag, text, extraction)
                return !extraction.isStopped
            }
            office.endField()
        }
    }
}
