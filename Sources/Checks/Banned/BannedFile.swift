/// One file or container as rules see it: a part of the message, a member, a message within.
package struct BannedFile: Hashable, Sendable {
    /// Index of what it stands in, which is smaller than its own; nil for the message.
    package var container: Int?
    /// Number of the part in amavis's way of naming places (`1/2/1`).
    package var placement: String
    /// Declared media types.
    package var declared: [String]
    /// Candidate names as they stand; rules see every form of them.
    package var names: [String]
    /// Names that only follow from what is around it (`CompressedNames`), or that some systems make of its octets. No rule
    /// allows a file for one of these.
    package var impliedNames: [String]
    /// Short types of its content.
    package var types: [String]
    /// Words of `BannedRule.Test.mark`.
    package var marks: Set<String>
    package var size: Int
    /// SHA-256; empty for what has no content of its own.
    package var digest: [UInt8]

    package init(
        container: Int?, placement: String, declared: [String] = [], names: [String] = [], impliedNames: [String] = [],
        types: [String] = [], marks: Set<String> = [], size: Int = 0, digest: [UInt8] = []
    ) {
        self.container = container
        self.placement = placement
        self.declared = declared
        self.names = names
        self.impliedNames = impliedNames
        self.types = types
        self.marks = marks
        self.size = size
        self.digest = digest
    }

    /// A directory of an archive, and nothing that could be content of a file. Rules on names of files do not hold for it.
    package var isPlainDirectory: Bool { size == 0 && marks.contains("directory") }

    /// Which names a condition is tried on.
    package enum NameView: Sendable {
        /// As they were sent and decoded: what lets a file through is the very name, as in amavis.
        case asSent
        /// In every form that somebody may see or a system may make of them: what bans holds for any of these.
        case everyForm
    }

    /// The names for a view.
    package func names(_ view: NameView) -> [String] {
        switch view {
        case .asSent: names
        case .everyForm: (names + impliedNames).flatMap(ShownNames.forms)
        }
    }

    /// The short types for patterns of amavis, which calls data what is recognised here.
    private func types(_ view: NameView) -> [String] {
        guard view == .everyForm else { return ShortTypes.asAmavis(types) }
        return ShortTypes.isDataToAmavis(types) ? types + [ShortTypes.unrecognised] : types
    }

    /// What `banned_filename_re` of amavis is tried on.
    package func anyTexts(_ view: NameView) -> [String] {
        declared + names(view) + types(view).map { ".\($0)" }
            + (marks.contains("undecodable") || marks.contains("encrypted") ? ["UNDECIPHERABLE"] : [])
    }

    /// One level of the text that `banned_namepath_re` of amavis is tried on: attributes with tabs between them. A tab or the
    /// end of a line in an attribute stands there as a blank: it would pass for the next attribute.
    /// - Parameter number: of the part, from 1 on.
    package func namepathLevel(_ number: Int, _ view: NameView) -> String {
        let digits = String(number)
        var out = "P=p" + String(repeating: "0", count: max(0, 3 - digits.utf8.count)) + digits
        out += "\tL=\(placement)"
        for type in declared { out += "\tM=\(Self.attribute(type))" }
        for type in types(view) { out += "\tT=\(type)" }
        for name in names(view) { out += "\tN=\(Self.attribute(name))" }
        let letters: [(String, String)] = [
            ("undecodable", "U"), ("encrypted", "C"), ("directory", "D"), ("link", "L"), ("special", "S"),
        ]
        for (mark, letter) in letters where marks.contains(mark) { out += "\tA=\(letter)" }
        return out
    }

    /// Without what separates attributes and levels, or is taken for the end of a line by an expression.
    private static func attribute(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isEnd = (0x09...0x0D).contains(scalar.value) || [0x85, 0x2028, 0x2029].contains(scalar.value)
            out.append(isEnd ? " " : scalar)
        }
        return String(out)
    }
}
