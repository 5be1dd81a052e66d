internal import Bytes
internal import Members

/// XML of OpenDocument packages (ISO/IEC 26300): encryption, macros, objects and templates from elsewhere.
enum OpenDocument {
    private static let prefix = 8_192

    static func matches(_ bytes: Span<UInt8>) -> Bool {
        let head = bytes.extracting(bytes.range(0, prefix))
        return head.first("urn:oasis:names:tc:opendocument:xmlns:") != nil
            || head.first("http://openoffice.org/2000/script") != nil
            || head.first("http://openoffice.org/2001/manifest") != nil
    }

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        // The manifest (part 2, 4.8) says which files of the package are encrypted.
        if bytes.first("encryption-data") != nil, bytes.first("file-entry") != nil {
            extraction.problem(.encrypted, "OpenDocument")
        }
        XMLTag.each("module", in: bytes) { attributes in
            if let name = attributes["script:name"] { extraction.fact(.macro, Array(name.utf8)) }
            return extraction.countItem()
        }
        XMLTag.each("event-listener", in: bytes) { attributes in
            if let target = attributes["xlink:href"] { extraction.fact(.openAction, Array(target.utf8)) }
            return extraction.countItem()
        }
        remote("object", .externalObject, bytes, extraction)
        remote("object-ole", .externalObject, bytes, extraction)
        remote("plugin", .externalObject, bytes, extraction)
        remote("section-source", .externalObject, bytes, extraction)
        remote("template", .remoteTemplate, bytes, extraction)
        remote("a", .uri, bytes, extraction)
        XMLTag.each("dde-source", in: bytes) { attributes in
            let link = (attributes["office:dde-application"] ?? "") + "|" + (attributes["office:dde-topic"] ?? "")
            extraction.fact(.dde, Array(link.utf8))
            return extraction.countItem()
        }
    }

    private static func remote(
        _ tag: StaticString, _ kind: DocumentFact.Kind, _ bytes: Span<UInt8>, _ extraction: Extraction
    ) {
        XMLTag.each(tag, in: bytes) { attributes in
            if let target = attributes["xlink:href"].map({ Array($0.utf8) }), WordDocument.isRemote(target) {
                extraction.fact(kind, target)
            }
            return extraction.countItem()
        }
    }
}
