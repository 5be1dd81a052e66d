internal import Bytes

/// Candidates for the file name of one part, from all its fields. Raw and decoded: which of them a mail reader shows is
/// its own affair.
struct NameList {
    /// Each once, in the order of discovery.
    private(set) var names: [String] = []
    /// Sections of names so far, of all fields.
    private var sections: [(number: Int, bytes: [UInt8])] = []
    /// Most of them that are put together across fields.
    private static let mostSections = 100
    /// Longest value of a field of text that is taken for a name, octets.
    private static let longestText = 255

    /// Adds those of one field: `filename` and `name`, whichever of the two belongs there.
    mutating func add(_ parameters: ParameterList, _ field: FieldBody) {
        var found = 0
        for parameter in ["filename", "name"] as [StaticString] {
            let values = parameters.values(of: parameter)
            found += values.count
            for value in values { add(value) }
            guard parameters.hasSections else { continue }
            for value in parameters.otherJoinings(of: parameter) { addDisputed(value.bytes, charset: value.charset) }
        }
        if parameters.hasSections {
            addSections(parameters.sections(of: "filename") + parameters.sections(of: "name"))
        }
        guard
            field.hasStrayWords || field.hasDisputedCharacters || !parameters.anomalies.isEmpty
                || field.occurrences(of: "name") > found || names.contains(where: Self.hasOddEnd)
        else { return }
        for candidate in LooseValue.parameters(Array("name".utf8), in: field.unfolded) { addDisputed(candidate) }
    }

    /// Adds a field of text that some readers show where a name is missing, when it could be one.
    mutating func addText(_ value: [UInt8]) {
        guard value.count <= Self.longestText else { return }
        let text = FieldBody.trimmed(value.filter { $0 != 0x22 && $0 != 0x0A }[...])
        addDisputed(EncodedWords.areIn(text) ? Array(EncodedWords.decoded(text).utf8) : text)
    }

    /// A candidate that only some readers see: kept when rules on names, which go by extensions, have a use for it.
    private mutating func addDisputed(_ candidate: [UInt8], charset: [UInt8]? = nil) {
        guard Self.isOfUse(candidate, besides: names) else { return }
        add(ParameterList.Value(bytes: candidate, charset: charset))
    }

    /// True when the candidate ends in an extension that none of the names has.
    static func isOfUse(_ candidate: [UInt8], besides names: [String]) -> Bool {
        guard let end = fileExtension(candidate) else { return false }
        return !names.contains { fileExtension(Array($0.utf8)) == end }
    }

    /// Sections of one name in two fields: some readers put them together.
    private mutating func addSections(_ new: [(number: Int, bytes: [UInt8])]) {
        guard !new.isEmpty else { return }
        let isSecond = !sections.isEmpty
        sections += new
        guard isSecond, sections.count <= Self.mostSections else { return }
        let ordered = sections.enumerated().sorted {
            ($0.element.number, $0.offset) < ($1.element.number, $1.offset)
        }
        add(ParameterList.Value(bytes: ordered.flatMap { $0.element.bytes }))
    }

    private mutating func add(_ value: ParameterList.Value) {
        let bytes = value.bytes
        guard !bytes.isEmpty else { return }
        add(HeaderText.text(bytes, charset: value.charset))
        var text = bytes
        // Twice: words within words are read by readers that decode a name on its way and once more.
        for _ in 0..<2 where EncodedWords.areIn(text) {
            let decoded = EncodedWords.decoded(text)
            add(decoded)
            text = Array(decoded.utf8)
        }
        if text.contains(0) {
            // Characters of two octets, whatever label they have.
            add(HeaderText.text(text.filter { $0 != 0 }))
            // Some readers end a name there.
            addDisputed(Array(text.prefix { $0 != 0 }))
        }
        if bytes.contains(0x25) { addDisputed(Hex.percentDecoded(bytes[...])) }
    }

    private mutating func add(_ name: String) {
        if !name.isEmpty, !names.contains(name) { names.append(name) }
        if name.utf8.contains(0) { add(String(decoding: name.utf8.filter { $0 != 0 }, as: UTF8.self)) }
    }

    /// What stands behind the last dot, in lower case, when it is one to ten letters and digits.
    private static func fileExtension(_ name: [UInt8]) -> [UInt8]? {
        guard let dot = name.lastIndex(of: 0x2E) else { return nil }
        let end = name[(dot + 1)...].map(FieldBody.lower)
        let isPlain = end.allSatisfy { $0 >= 0x61 && $0 <= 0x7A || $0 >= 0x30 && $0 <= 0x39 }
        return isPlain && !end.isEmpty && end.count <= 10 ? end : nil
    }

    /// A name with a dot and something behind it that is no extension: perhaps more than the name.
    private static func hasOddEnd(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        return bytes.contains(0x2E) && fileExtension(bytes) == nil
    }
}
