/// The lists of tables that texts of a message are looked up in. Raw values are the names of the settings; the first four
/// are Postfix's (`header_checks(5)`).
package enum CheckList: String, Hashable, Sendable, CaseIterable {
    case header = "header_checks"
    case mimeHeader = "mime_header_checks"
    case nestedHeader = "nested_header_checks"
    case body = "body_checks"
    /// Header fields with encoded words decoded.
    case decodedHeader = "decoded_header_checks"
    /// Text of decoded parts.
    case decodedBody = "decoded_body_checks"
    /// Links of all parts, in one form.
    case link = "link_checks"
    /// Names and types of files.
    case attachment = "attachment_checks"

    /// Which share of a test's points is of the header (`ScoredTest.headerShare`).
    package var headerShare: Double {
        switch self {
        case .header, .decodedHeader: 1
        case .mimeHeader, .nestedHeader, .body, .decodedBody, .link, .attachment: 0
        }
    }

    /// Texts of this list are header fields.
    package var isHeader: Bool {
        switch self {
        case .header, .mimeHeader, .nestedHeader, .decodedHeader: true
        case .body, .decodedBody, .link, .attachment: false
        }
    }

    /// Texts of this list were decoded to UTF-8: patterns match their characters. In the lists of Postfix they match octets.
    package var readsCharacters: Bool {
        switch self {
        case .header, .mimeHeader, .nestedHeader, .body: false
        case .decodedHeader, .decodedBody, .link, .attachment: true
        }
    }

    /// Texts of this list stand in the message as they are looked up, so that an action can change them.
    package var isEditable: Bool {
        switch self {
        case .header, .mimeHeader, .nestedHeader, .body, .decodedHeader: true
        case .decodedBody, .link, .attachment: false
        }
    }
}

/// A rule on which an engine gave up, reaching a limit: it counted as one that does not match.
package struct RuleGivenUp: Hashable, Sendable {
    package var list: CheckList
    /// Index of the table in its list.
    package var table: Int
    /// Line of the rule, or of an IF, in its table.
    package var line: Int
    /// Texts of the message on which it was given up.
    package var times: Int
    /// The engine's words; escape before showing.
    package var words: String

    /// Rules that are told of one message, and octets of `words`.
    package static let countLimit = 100
    package static let wordsLimit = 200

    package init(list: CheckList, table: Int, line: Int, times: Int, words: String) {
        self.list = list
        self.table = table
        self.line = line
        self.times = times
        self.words = words
    }
}

/// One rule that fired: a fact from the inspector. What follows from it the gateway finds in its own copy of the table.
package struct RuleFiring: Hashable, Sendable {
    package var list: CheckList
    /// Index of the table in its list.
    package var table: Int
    /// Line of the rule in its table.
    package var line: Int
    /// Where the text stands in the raw message, line end included; the place of the part for texts that were decoded.
    package var range: Range<Int>
    /// What the groups matched that the rule's text uses, the whole match first; nil for a group that took no part.
    package var groups: [[UInt8]?]
    /// The beginning of the text, for the log; escape before showing.
    package var text: [UInt8]

    /// Octets of `text`: what cleanup(8) logs.
    package static let textShown = 200

    package init(
        list: CheckList, table: Int, line: Int, range: Range<Int>, groups: [[UInt8]?] = [], text: [UInt8] = []
    ) {
        self.list = list
        self.table = table
        self.line = line
        self.range = range
        self.groups = groups
        self.text = text
    }
}
