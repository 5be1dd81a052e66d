internal import Bytes
internal import MailModel

/// Candidates for the file name of one part, from all its fields. Raw and decoded: which of them a mail reader shows is
/// its own affair. A header block may hold thousands, so that each one costs the same however many there are.
struct NameList {
    /// Each once, in the order of discovery.
    private(set) var names: [String] = []
    private var known: Set<String> = []
    private var extensions: Set<[UInt8]> = []
    /// One of the names has a dot and something behind it that is no extension: perhaps it is more than the name.
    private var hasOddEnd = false
    /// The extension of the first name that has one, and whether another name had another.
    private var firstExtension: [UInt8]?
    private var hasConflict = false
    /// Sections of names so far, of all fields.
    private var sections: [(number: Int, bytes: [UInt8])] = []
    /// Most of them that are put together across fields.
    private static let mostSections = 100
    /// Longest value of a field of text that is taken for a name, octets.
    private static let longestText = 255

    /// Adds those of one field: `filename` and `name`, whichever of the two belongs there. Returns what is odd about them.
    mutating func add(_ parameters: ParameterList, _ field: FieldBody) -> Set<AnomalyKind> {
        var odd: Set<AnomalyKind> = []
        var found = 0
        for parameter in ["filename", "name"] as [StaticString] {
            let values = parameters.values(of: parameter)
            found += values.count
            for value in values {
                let shown = add(value)
                if NameForms.areObscured(shown) { odd.insert(.obscuredName) }
                if conflicts(shown) { odd.insert(.conflictingName) }
            }
            guard parameters.hasSections else { continue }
            for value in parameters.otherJoinings(of: parameter) { addDisputed(value.bytes, charset: value.charset) }
        }
        if parameters.hasSections {
            addSections(parameters.sections(of: "filename") + parameters.sections(of: "name"))
        }
        guard
            field.hasStrayWords || field.hasDisputedCharacters || !parameters.anomalies.isEmpty
                || field.occurrences(of: "name") > found || hasOddEnd
        else { return odd }
        for candidate in LooseValue.parameters(Array("name".utf8), in: field.unfolded) { addDisputed(candidate) }
        return odd
    }

    /// True the first time that a name ends in another extension than those before.
    private mutating func conflicts(_ name: String) -> Bool {
        guard !hasConflict, let end = Self.fileExtension(NameForms.withoutTail(name)) else { return false }
        guard let firstExtension else {
            firstExtension = end
            return false
        }
        hasConflict = end != firstExtension
        return hasConflict
    }

    /// Adds a field of text that some readers show where a name is missing, when it could be one.
    mutating func addText(_ value: [UInt8]) {
        guard value.count <= Self.longestText else { return }
        let text = FieldBody.trimmed(value.filter { $0 != 0x22 && $0 != 0x0A }[...])
        addDisputed(EncodedWords.areIn(text) ? Array(EncodedWords.decoded(text).utf8) : text)
    }

    /// A candidate that only some readers see: kept when rules on names, which go by extensions, have a use for it.
    private mutating func addDisputed(_ candidate: [UInt8], charset: [UInt8]? = nil) {
        guard let end = Self.fileExtension(candidate), !extensions.contains(end) else { return }
        _ = add(ParameterList.Value(bytes: candidate, charset: charset))
    }

    /// `names`, and of those that another reading has at most so many that are of use.
    static func joined(_ names: [String], _ others: [String], most: Int) -> [String] {
        guard most > 0, !others.isEmpty else { return names }
        var list = NameList()
        for name in names { list.add(name) }
        for other in others where list.names.count < names.count + most {
            guard let end = fileExtension(Array(other.utf8)), !list.extensions.contains(end) else { continue }
            list.add(other)
        }
        return list.names
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
        _ = add(ParameterList.Value(bytes: ordered.flatMap { $0.element.bytes }))
    }

    /// Adds a value in all its forms. Returns the one that most readers show.
    private mutating func add(_ value: ParameterList.Value) -> String {
        let bytes = value.bytes
        guard !bytes.isEmpty else { return "" }
        var shown = HeaderText.text(bytes, charset: value.charset)
        add(shown)
        var text = bytes
        // Twice: words within words are read by readers that decode a name on its way and once more.
        for _ in 0..<2 where EncodedWords.areIn(text) {
            let decoded = EncodedWords.decoded(text)
            add(decoded)
            shown = decoded
            text = Array(decoded.utf8)
        }
        if text.contains(0) {
            // Characters of two octets, whatever label they have.
            add(HeaderText.text(text.filter { $0 != 0 }))
            // Some readers end a name there.
            addDisputed(Array(text.prefix { $0 != 0 }))
        }
        if bytes.contains(0x25) { addDisputed(Hex.decoded(bytes[...])) }
        return shown
    }

    private mutating func add(_ name: String) {
        if !name.isEmpty, known.insert(name).inserted {
            names.append(name)
            let bytes = Array(name.utf8)
            if let end = Self.fileExtension(bytes) {
                extensions.insert(end)
            } else if bytes.contains(0x2E) {
                hasOddEnd = true
            }
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
