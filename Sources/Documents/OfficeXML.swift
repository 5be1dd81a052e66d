internal import Bytes
internal import Members

/// XML of Office documents, part of a package or a document in one file (ECMA-376, Word 2003 and Excel 2003 XML): what is
/// loaded from elsewhere, fields that start programs, files in base64.
enum OfficeXML {
    /// Name spaces stand in the first tag.
    private static let prefix = 8_192

    static func matches(_ bytes: Span<UInt8>) -> Bool {
        let head = bytes.extracting(bytes.range(0, prefix))
        guard let tag = head.firstIndex(of: UInt8(ascii: "<")), tag < 256 else { return false }
        return head.first("schemas.openxmlformats.org/") != nil || head.first("schemas.microsoft.com/office/") != nil
            || head.first("schemas-microsoft-com:office:") != nil || head.first("purl.oclc.org/ooxml/") != nil
    }

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        relationships(bytes, extraction)
        fields(bytes, extraction)
        XMLTag.each("ddeLink", in: bytes) { attributes in
            let link = (attributes["ddeService"] ?? "") + "|" + (attributes["ddeTopic"] ?? "")
            extraction.fact(.dde, Array(link.utf8))
            return extraction.countItem()
        }
        // Excel 2003: the book that a link leads to.
        if bytes.first("<SupBook>") != nil, let place = bytes.first("<Path>") {
            let end = bytes.firstIndex(of: UInt8(ascii: "<"), from: place + 6) ?? bytes.count
            let path = bytes.extracting(bytes.range(place + 6, end - place - 6))
            if path.firstIndex(of: UInt8(ascii: "|")) != nil { extraction.fact(.dde, path.array) }
        }
        if bytes.first("macrosheet ") != nil || bytes.first("macrosheet>") != nil { extraction.fact(.macroSheet) }
        binary("binaryData", bytes, extraction)
        binary("binData", bytes, extraction)
    }

    /// Relationships to parts outside of the package (ECMA-376 part 2, 9.3), and to macro sheets.
    private static func relationships(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        XMLTag.each("Relationship", in: bytes) { attributes in
            let type = attributes["Type"] ?? ""
            let target = Array((attributes["Target"] ?? "").utf8)
            if type.hasSuffix("/xlMacrosheet") || type.hasSuffix("/xlIntlMacrosheet") {
                extraction.fact(.macroSheet, target)
            } else if attributes["TargetMode"] == "External" {
                if type.hasSuffix("/attachedTemplate") {
                    extraction.fact(.remoteTemplate, target)
                } else if type.hasSuffix("/hyperlink") {
                    extraction.fact(.uri, target)
                } else {
                    extraction.fact(.externalObject, target)
                }
            }
            return extraction.countItem()
        }
    }

    /// Instructions of fields (ECMA-376 part 1, 17.16.5) may be cut in any number of runs.
    private static func fields(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        XMLTag.each("fldSimple", in: bytes) { attributes in
            if let instruction = attributes.first(where: { $0.key.hasSuffix("instr") })?.value {
                FieldInstruction.read(Array(instruction.utf8), extraction)
            }
            return extraction.countItem()
        }
        var instruction: [UInt8] = []
        var from = 0
        while let place = bytes.first("instrText", from: from), extraction.countItem() {
            from = place + 9
            guard isOpening(bytes, place) else { continue }
            guard let start = bytes.firstIndex(of: 0x3E, from: from), let end = bytes.firstIndex(of: 0x3C, from: start)
            else { break }
            instruction += bytes.extracting(bytes.range(start + 1, min(end - start - 1, 4_096))).array
            from = end
            // What follows up to the next run of the instruction tells whether the field's instruction goes on.
            let next = bytes.first("instrText>", from: end).map { $0 + 10 } ?? end
            let following = bytes.first("instrText", from: next) ?? bytes.count
            let between = bytes.extracting(min(next, following)..<following)
            let isOver =
                between.first("fldCharType=\"separate\"") != nil || between.first("fldCharType=\"end\"") != nil
                || following == bytes.count
            if isOver || instruction.count > 16_384 {
                FieldInstruction.read(instruction, extraction)
                instruction = []
            }
        }
    }

    /// True when the name at `place`, with a prefix, is that of an opening tag.
    private static func isOpening(_ bytes: Span<UInt8>, _ place: Int) -> Bool {
        guard place > 1, bytes[place - 1] == UInt8(ascii: ":") else { return false }
        var at = place - 1
        while at > 0, place - at < longestPrefix, bytes[at] != UInt8(ascii: "<"), bytes[at] != UInt8(ascii: "/") {
            at -= 1
        }
        return bytes[at] == UInt8(ascii: "<")
    }

    private static let longestPrefix = 16

    /// Files in base64: parts of a flat package, and what Word 2003 kept so.
    private static func binary(_ tag: StaticString, _ bytes: Span<UInt8>, _ extraction: Extraction) {
        var from = 0
        while let place = bytes.first(tag, from: from), extraction.countItem() {
            from = place + tag.utf8CodeUnitCount
            guard isOpening(bytes, place) else { continue }
            guard let start = bytes.firstIndex(of: 0x3E, from: from) else { break }
            let end = bytes.firstIndex(of: 0x3C, from: start) ?? bytes.count
            let content = EncodedText.decodeBase64(bytes.extracting(start + 1..<end), limit: extraction.room)
            extraction.charge(content.count)
            var names: [[UInt8]] = []
            XMLTag.each(tag, in: bytes.extracting(max(0, place - 8)..<start + 1)) { attributes in
                names = attributes.filter { $0.key.hasSuffix("name") }.map { Array($0.value.utf8) }
                return false
            }
            extraction.member(.file, names: names, content.span)
            from = end
        }
    }
}
