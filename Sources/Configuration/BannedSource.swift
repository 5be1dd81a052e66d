internal import Checks

/// Where rules on names and types of files come from.
package enum BannedSource: Sendable, Hashable, CustomStringConvertible {
    /// The rules that come with the programs (`rules/banned.rules`).
    case shipped
    case file(String)
    /// One line of rules that stands in the settings; lines that follow each other are one file.
    case inline(String)

    /// Reads a setting: `shipped`, an absolute path, or a line of rules.
    package init?(_ text: String) {
        if text == "shipped" {
            self = .shipped
        } else if text.hasPrefix("/") {
            self = .file(text)
        } else if ["ban ", "allow ", "score ", "set "].contains(where: text.hasPrefix) {
            self = .inline(text)
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .shipped: "shipped"
        case .file(let path): path
        case .inline(let text): text
        }
    }
}

extension ValueType where Value == BannedSource {
    /// `shipped`, a path, or a line of rules in place.
    static let bannedSource = ValueType.scalar(
        "shipped, an absolute path, or a rule", expected: "shipped, an absolute path, or a rule such as ban *.exe",
        parse: { text throws(ValueError) in
            guard let source = BannedSource(text) else {
                throw ValueError(
                    "'\(shown(text))' is neither shipped nor an absolute path nor a rule such as ban *.exe")
            }
            if case .inline(let rules) = source,
                let problem = BannedRules([BannedRules.Source(name: "rules", text: Array(rules.utf8))]).problems.first
            {
                throw ValueError("\(problem)")
            }
            return source
        },
        write: { yamlText($0.description) })
}

extension ValueType where Value == String {
    /// The name of a set of rules on files.
    static let bannedSet = ValueType.scalar(
        "name of a set", expected: "the name of a set of rules (letters, digits, - and _)",
        parse: { text throws(ValueError) in
            guard (1...BannedRules.Limits.name).contains(text.utf8.count), text.utf8.allSatisfy(isNameOctet) else {
                throw ValueError("'\(shown(text))' is not the name of a set of rules (letters, digits, - and _)")
            }
            return text
        },
        write: { yamlText($0) })
}
