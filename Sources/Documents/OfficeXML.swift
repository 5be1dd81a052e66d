internal import Bytes
internal import Members

/// XML of Office documents, part of a package or a document in one file (ECMA-376, Word 2003 and Excel 2003 XML): what is
/// loaded from elsewhere, fields that start programs, files in base64. These are in OpenDocument in one file, too.
struct OfficeXML {
    private let extraction: Extraction
    /// The instruction of a field, which may be cut in any number of runs (ECMA-376 part 1, 17.16.5).
    private var instruction: [UInt8] = []
    /// Excel 2003: within the description of a linked book.
    private var isLinkedBook = false
    /// The name of the part of a flat package that the place is in.
    private var partName: [UInt8] = []
    /// What puts the text of files together, and the end of the last one: tags in front of it stand in a comment.
    private var text = XMLText()
    private var endOfFile = 0
    /// No tag ends any more.
    private var isOver = false

    private static let longestInstruction = 16_384

    init(_ extraction: Extraction) {
        self.extraction = extraction
    }

    mutating func look(at tag: XMLTag, _ bytes: Span<UInt8>) {
        guard !isOver else { return }
        // Few lengths matter; most tags are passed here.
        switch tag.name.count {
        case 4:
            if isLinkedBook, tag.isNamed("Path", bytes), !tag.isClosing { linkedBook(tag, bytes) }
            if tag.isNamed("part", bytes) { partName = tag.isClosing ? [] : Self.name(tag, bytes) ?? [] }
        case 7:
            if tag.isNamed("fldChar", bytes) { fieldCharacter(tag, bytes) }
            if tag.isNamed("SupBook", bytes) { isLinkedBook = !tag.isClosing }
            if tag.isNamed("ddeLink", bytes), !tag.isClosing { link(tag.attributes(bytes)) }
            if tag.isNamed("binData", bytes), !tag.isClosing { binary(tag, bytes) }
        case 9:
            if tag.isNamed("instrText", bytes), !tag.isClosing { instructionText(tag, bytes) }
            if tag.isNamed("fldSimple", bytes), !tag.isClosing { simpleField(tag.attributes(bytes)) }
        case 10:
            if tag.isNamed("binaryData", bytes), !tag.isClosing { binary(tag, bytes) }
            if tag.isNamed("macrosheet", bytes), !tag.isClosing { extraction.fact(.macroSheet) }
        case 11:
            if tag.isNamed("binary-data", bytes), !tag.isClosing { binary(tag, bytes) }
        case 12:
            if tag.isNamed("Relationship", bytes), !tag.isClosing { relationship(tag.attributes(bytes)) }
        default: break
        }
    }

    /// Relationships to parts outside of the package (ECMA-376 part 2, 9.3), and to macro sheets.
    private func relationship(_ attributes: [String: String]) {
        guard extraction.countItem() else { return }
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
    }

    // MARK: Fields and links

    private func link(_ attributes: [String: String]) {
        guard extraction.countItem() else { return }
        extraction.fact(.dde, Array(((attributes["ddeService"] ?? "") + "|" + (attributes["ddeTopic"] ?? "")).utf8))
    }

    private func linkedBook(_ tag: XMLTag, _ bytes: Span<UInt8>) {
        guard extraction.countItem(), let range = tag.text(bytes) else { return }
        let path = bytes.extracting(range)
        if path.firstIndex(of: UInt8(ascii: "|")) != nil { extraction.fact(.dde, path.array) }
    }

    private func simpleField(_ attributes: [String: String]) {
        guard extraction.countItem() else { return }
        for (name, value) in attributes where name.hasSuffix("instr") {
            FieldInstruction.read(Array(value.utf8), extraction)
        }
    }

    private mutating func instructionText(_ tag: XMLTag, _ bytes: Span<UInt8>) {
        guard extraction.countItem() else { return }
        guard let text = tag.text(bytes) else {
            isOver = true
            return
        }
        if instruction.count < Self.longestInstruction {
            instruction += bytes.extracting(bytes.range(text.lowerBound, min(text.count, 4_096))).array
        }
    }

    private mutating func fieldCharacter(_ tag: XMLTag, _ bytes: Span<UInt8>) {
        let kind = tag.attributes(bytes).first { $0.key.hasSuffix("fldCharType") }?.value
        if kind == "separate" || kind == "end" { endField() }
    }

    mutating func endField() {
        if !instruction.isEmpty { FieldInstruction.read(instruction, extraction) }
        instruction = []
    }

    // MARK: Files

    /// Elements with files in base64: of Word 2003, of flat packages, of OpenDocument (part 3, 19.2).
    private static let files: [StaticString] = ["binData", "binaryData", "binary-data"]

    private mutating func binary(_ tag: XMLTag, _ bytes: Span<UInt8>) {
        guard tag.end > endOfFile, extraction.countItem() else { return }
        guard let start = XMLText.endOfTag(bytes, from: tag.end) else {
            isOver = true
            return
        }
        if bytes[start - 1] == UInt8(ascii: "/") { return }
        let (base64, end) = text.read(bytes, from: start + 1, limit: bytes.count) { name in
            Self.files.contains { name.count == $0.utf8CodeUnitCount && bytes.hasBytes($0, at: name.lowerBound) }
        }
        endOfFile = end
        let content = EncodedText.decodeBase64(base64.span, limit: extraction.room)
        extraction.charge(content.count)
        extraction.member(.file, names: [Self.name(tag, bytes) ?? partName], content.span)
    }

    /// What the attribute `name` says, with any prefix.
    private static func name(_ tag: XMLTag, _ bytes: Span<UInt8>) -> [UInt8]? {
        tag.attributes(bytes).first { $0.key == "name" || $0.key.hasSuffix(":name") }.map { Array($0.value.utf8) }
    }
}
