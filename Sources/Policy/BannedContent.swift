package import MailModel

/// A file that a rule bans, in the words of replies, log lines and header fields. Its texts come from mail and from files of
/// rules: escape before showing.
package struct BannedContent: Hashable, Sendable {
    /// Index of the part.
    package var part: Int
    /// Its place in the tree, as in `PartDescription.path`.
    package var path: String
    /// Declared type, short types and names, as amavis writes them: `application/zip,.zip,a.zip`. Where it is the container
    /// around the file that is banned, its own come first: `application/zip,.zip,a.exe | .asc,readme.txt`.
    package var attributes: String
    /// The names of what is banned, for texts in which the attributes do not fit.
    package var names: [String]
    /// The comment of the rule; empty when it has none.
    package var reason: String
    /// Where the rule stands: `FILE:LINE:COLUMN`.
    package var rule: String

    package init(part: Int, path: String, attributes: String, names: [String] = [], reason: String, rule: String) {
        self.part = part
        self.path = path
        self.attributes = attributes
        self.names = names
        self.reason = reason
        self.rule = rule
    }

    /// The comment, a colon and the attributes (amavis's README.banned), and where it is.
    package var text: String { (reason.isEmpty ? attributes : "\(reason):\(attributes)") + " in part \(path)" }

    /// Names of a part that are shown.
    package static let namesShown = 3
    /// Characters of one of them.
    private static let nameShown = 120

    /// What is told of a part.
    /// - Parameter names: its names, and those that follow from what is around it.
    package static func attributes(of part: PartDescription, names: [String]) -> String {
        var words = part.declaredType.isEmpty ? [] : [part.declaredType]
        // amavis calls text by one of its two names, which stands first.
        let text = part.types.first { $0 == "asc" || $0 == "txt" }
        words += part.types.filter { $0 == text || $0 != "asc" && $0 != "txt" }.map { ".\($0)" }
        words += names.prefix(namesShown).map { String($0.prefix(nameShown)) }
        return words.joined(separator: ",")
    }
}
