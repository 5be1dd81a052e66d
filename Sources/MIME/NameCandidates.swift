/// Everything that a part's file name can be taken for, each once, in the order of discovery. A header block may hold
/// thousands, so that each one costs the same however many there are.
struct NameCandidates {
    private(set) var names: [String] = []
    private var known: Set<String> = []
    private var extensions: Set<[UInt8]> = []

    /// A value as it stands, its encoded words decoded, and its characters of two octets as those of one.
    mutating func add(_ value: ParameterList.Value) {
        guard !value.bytes.isEmpty else { return }
        add(HeaderText.text(value.bytes, charset: value.charset))
        if EncodedWords.areIn(value.bytes) { add(EncodedWords.decoded(value.bytes)) }
        // Characters of two octets, whatever label they have.
        if value.bytes.contains(0) { add(HeaderText.text(value.bytes.filter { $0 != 0 })) }
    }

    /// A candidate that only some readers see: kept when it ends in an extension that no other name has, which is what
    /// rules on names go by.
    mutating func addDisputed(_ candidate: [UInt8]) {
        guard let end = Self.fileExtension(candidate), !extensions.contains(end) else { return }
        add(ParameterList.Value(bytes: candidate))
    }

    private mutating func add(_ name: String) {
        if !name.isEmpty, known.insert(name).inserted {
            names.append(name)
            if let end = Self.fileExtension(Array(name.utf8)) { extensions.insert(end) }
        }
        if name.utf8.contains(0) { add(String(decoding: name.utf8.filter { $0 != 0 }, as: UTF8.self)) }
    }

    /// What stands behind the last dot, in lower case, when it is one to ten letters and digits.
    private static func fileExtension(_ name: [UInt8]) -> [UInt8]? {
        guard let dot = name.lastIndex(of: 0x2E), name.count - dot <= 11 else { return nil }
        let end = name[(dot + 1)...].map(FieldBody.lower)
        let isPlain = end.allSatisfy { $0 >= 0x61 && $0 <= 0x7A || $0 >= 0x30 && $0 <= 0x39 }
        return isPlain && !end.isEmpty ? end : nil
    }
}
