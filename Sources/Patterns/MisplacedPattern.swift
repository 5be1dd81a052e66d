internal import Checks
internal import MailModel

/// Patterns that look for what stands in the texts of another list.
enum MisplacedPattern {
    /// Fields that messages have at their top, in lower case, besides those that begin with `x-`.
    private static let fields = [
        "from", "to", "cc", "bcc", "subject", "date", "sender", "received", "reply-to", "return-path", "message-id",
        "in-reply-to", "references", "delivered-to", "envelope-to", "importance", "priority", "precedence",
        "list-unsubscribe", "list-id", "user-agent", "organization", "authentication-results", "dkim-signature",
    ]
    /// Beginnings of HTML that are not shown.
    private static let tags = [
        "<html", "<body", "<a ", "<img", "<script", "<iframe", "<font", "<div", "<!--", "href=", "src=",
    ]
    /// What quoted-printable makes of octets that rules are written for.
    private static let quoted = ["=20", "=3d", "=0d", "=0a", "=c2", "=c3", "=e2"]

    /// What is wrong with a pattern in a list, and what to write instead; nil where nothing is known.
    static func finding(
        _ list: CheckList, _ pattern: PatternText, _ tree: PatternTree
    ) -> (severity: RuleLint.Finding.Severity, text: String)? {
        let start = String(decoding: tree.anchoredPrefix, as: UTF8.self)
        let letters = String(decoding: tree.letters, as: UTF8.self)
        switch list {
        case .body:
            guard let colon = start.firstIndex(of: ":") else { return nil }
            let name = String(start[..<colon])
            guard fields.contains(name) || name.hasPrefix("x-") else { return nil }
            return (
                .doubt,
                "\(name) of a message is looked up in header_checks; here this fires on headers that are quoted in a text"
            )
        case .attachment:
            let kinds = ["name: ", "type: "]
            guard !start.isEmpty, !kinds.contains(where: { start.hasPrefix($0) || $0.hasPrefix(start) }) else {
                return nil
            }
            return (.dead, "never fires: a text of attachment_checks begins with \"name: \" or \"type: \"")
        case .decodedHeader, .decodedBody:
            if list == .decodedHeader, tree.needsNewline {
                return (.dead, "never fires: fields are unfolded here, and this needs a newline")
            }
            if String(validating: pattern.bytes, as: UTF8.self) == nil {
                return (.doubt, "text is looked up in UTF-8 here, and the octets of this pattern are not UTF-8")
            }
            if letters.contains("=?") {
                return (.doubt, "encoded words (RFC 2047) are decoded here: write the words themselves")
            }
            guard list == .decodedBody else { return nil }
            if let found = tags.first(where: { letters.contains($0) }) {
                return (
                    .doubt, "HTML is looked up as what is shown, without \"\(found)\": put the rule into body_checks"
                )
            }
            if let found = quoted.first(where: { letters.contains($0) }) {
                return (.doubt, "quoted-printable is decoded here: write what \"\(found)\" stands for")
            }
            return nil
        case .header, .mimeHeader, .nestedHeader:
            return nil
        }
    }
}
