internal import Bytes

/// Instructions of Word's fields (ECMA-376 part 1, 17.16): the same in doc, docx and RTF.
enum FieldInstruction {
    /// Reports fields that start programs or load from elsewhere.
    static func read(_ text: [UInt8], _ extraction: Extraction) {
        let span = text.span
        var at = 0
        while at < span.count, span[at] <= 0x20 { at += 1 }
        let instruction = span.extracting(at..<span.count)
        if instruction.hasPrefix(ignoringCase: "DDE") {
            extraction.fact(.dde, instruction.array)
        } else if instruction.hasPrefix(ignoringCase: "HYPERLINK") || instruction.hasPrefix(ignoringCase: "INCLUDE") {
            if let target = quoted(instruction), WordDocument.isRemote(target) { extraction.fact(.uri, target) }
        } else if instruction.hasPrefix(ignoringCase: "LINK") {
            extraction.fact(.externalObject, instruction.array)
        }
    }

    /// What stands between the first two quotation marks.
    private static func quoted(_ text: Span<UInt8>) -> [UInt8]? {
        guard let start = text.firstIndex(of: 0x22), let end = text.firstIndex(of: 0x22, from: start + 1) else {
            return nil
        }
        return text.extracting(start + 1..<end).array
    }
}
