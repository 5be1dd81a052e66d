internal import Bytes
internal import Members

/// XML of OpenDocument, in packages or in one file (ISO/IEC 26300): encryption, macros, objects and templates from elsewhere.
enum OpenDocument {
    static func look(at tag: XMLTag, _ bytes: Span<UInt8>, _ extraction: Extraction) {
        guard !tag.isClosing else { return }
        switch tag.name.count {
        case 1:
            if tag.isNamed("a", bytes) { remote(tag, .uri, bytes, extraction) }
        case 6:
            if tag.isNamed("object", bytes) || tag.isNamed("plugin", bytes) {
                remote(tag, .externalObject, bytes, extraction)
            }
            if tag.isNamed("module", bytes), extraction.countItem() {
                module(tag.attributes(bytes), extraction)
            }
        case 8:
            if tag.isNamed("template", bytes) { remote(tag, .remoteTemplate, bytes, extraction) }
        case 10:
            if tag.isNamed("object-ole", bytes) { remote(tag, .externalObject, bytes, extraction) }
            if tag.isNamed("dde-source", bytes) { link(tag.attributes(bytes), extraction) }
        case 14:
            if tag.isNamed("section-source", bytes) { remote(tag, .externalObject, bytes, extraction) }
            if tag.isNamed("event-listener", bytes), extraction.countItem(),
                let target = tag.attributes(bytes)["xlink:href"]
            {
                extraction.fact(.openAction, Array(target.utf8))
            }
        case 15:
            // The manifest (part 2, 4.8) says which files of the package are encrypted.
            if tag.isNamed("encryption-data", bytes) { extraction.problem(.encrypted, "OpenDocument") }
        default: break
        }
    }

    /// A module of macros, in a package or in a document in one file.
    private static func module(_ attributes: [String: String], _ extraction: Extraction) {
        guard let name = attributes["script:name"] ?? attributes["ooo:name"] else { return }
        extraction.fact(.macro, Array(name.utf8))
    }

    private static func link(_ attributes: [String: String], _ extraction: Extraction) {
        guard extraction.countItem() else { return }
        let link = (attributes["office:dde-application"] ?? "") + "|" + (attributes["office:dde-topic"] ?? "")
        extraction.fact(.dde, Array(link.utf8))
    }

    private static func remote(
        _ tag: XMLTag, _ kind: DocumentFact.Kind, _ bytes: Span<UInt8>, _ extraction: Extraction
    ) {
        guard extraction.countItem(), let target = tag.attributes(bytes)["xlink:href"].map({ Array($0.utf8) }),
            WordDocument.isRemote(target)
        else { return }
        extraction.fact(kind, target)
    }
}
