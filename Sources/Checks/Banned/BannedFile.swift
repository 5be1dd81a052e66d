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
    /// Short types of its content.
    package var types: [String]
    /// Words of `BannedRule.Test.mark`.
    package var marks: Set<String>
    package var size: Int
    /// SHA-256; empty for what has no content of its own.
    package var digest: [UInt8]

    package init(
        container: Int?, placement: String, declared: [String] = [], names: [String] = [], types: [String] = [],
        marks: Set<String> = [], size: Int = 0, digest: [UInt8] = []
    ) {
        self.container = container
        self.placement = placement
        self.declared = declared
        self.names = names
        self.types = types
        self.marks = marks
        self.size = size
        self.digest = digest
    }

    /// What `banned_filename_re` of amavis is tried on.
    package var anyTexts: [String] {
        declared + names.flatMap(ShownNames.forms) + types.map { ".\($0)" }
            + (marks.contains("undecodable") || marks.contains("encrypted") ? ["UNDECIPHERABLE"] : [])
    }

    /// One level of the text that `banned_namepath_re` of amavis is tried on: attributes with tabs between them.
    /// - Parameter number: of the part, from 1 on.
    package func namepathLevel(_ number: Int) -> String {
        let digits = String(number)
        var out = "P=p" + String(repeating: "0", count: max(0, 3 - digits.utf8.count)) + digits
        out += "\tL=\(placement)"
        for type in declared { out += "\tM=\(type)" }
        for type in types { out += "\tT=\(type)" }
        for name in names { out += "\tN=\(name)" }
        let letters: [(String, String)] = [
            ("undecodable", "U"), ("encrypted", "C"), ("directory", "D"), ("link", "L"), ("special", "S"),
        ]
        for (mark, letter) in letters where marks.contains(mark) { out += "\tA=\(letter)" }
        return out
    }
}
