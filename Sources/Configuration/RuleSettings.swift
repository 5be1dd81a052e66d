package import Checks
package import MailModel

/// Header and body checks. Keys that Postfix has carry its names (`header_checks(5)`, `postconf(5)`).
package struct RuleSettings: Sendable, Equatable {
    package var header: [TableName] = []
    /// nil: the tables of `header_checks`.
    package var mimeHeader: [TableName]?
    /// nil: the tables of `header_checks`.
    package var nestedHeader: [TableName]?
    package var body: [TableName] = []
    package var decodedHeader = [TableName(.decodedHeader)]
    package var decodedBody = [TableName(.decodedBody)]
    package var link: [TableName] = []
    package var attachment: [TableName] = []
    /// `header_size_limit`.
    package var headerSize = 102_400
    /// `line_length_limit`.
    package var lineLength = 2048
    /// `body_checks_size_limit`; 0 for none.
    package var bodySize = 51_200
    /// `mime_nesting_limit`.
    package var nesting = 100
    /// `mime_boundary_length_limit`.
    package var boundaryLength = 2048
    /// A rule that cannot be used keeps the gateway from starting.
    package var strict = false
    /// Steps of one match.
    package var matchLimit = 10_000_000
    /// Seconds that the rules may take for one message.
    package var timeLimit = 10
    /// Rules that are noted of one message, octets that the groups of all of them matched, and octets that edits may add.
    package var firingLimit = 10_000
    package var groupLimit = 1_048_576
    package var editLimit = 16_777_216
    /// Links of one message that are looked up.
    package var linkLimit = 10_000
    /// What a match that was given up means.
    package var atMatchLimit = AtMatchLimit.noMatch
    package var hold = HoldAction.quarantine
    /// Next hops that FILTER may choose, by what stands behind the word.
    package var filters: [FilterRoute] = []
    /// Rules on names and types of files, read one after the other.
    package var banned: [BannedSource] = [.shipped]
    /// File of what is let through all the same; empty for none.
    package var bannedAllowList = ""

    package init() {}

    package enum AtMatchLimit: String, Sendable, Equatable, CaseIterable {
        case noMatch = "no-match"
        case unchecked
    }

    /// What HOLD does: keeps the message here, or marks it so that the MTA behind can hold it.
    package enum HoldAction: String, Sendable, Equatable, CaseIterable {
        case quarantine
        case header
    }

    /// The tables of a list, after its fall-back.
    package func tables(_ list: CheckList) -> [TableName] {
        switch list {
        case .header: header
        case .mimeHeader: mimeHeader ?? header
        case .nestedHeader: nestedHeader ?? header
        case .body: body
        case .decodedHeader: decodedHeader
        case .decodedBody: decodedBody
        case .link: link
        case .attachment: attachment
        }
    }

    /// The limits of the text that is looked up.
    package var textLimits: TextLimits {
        var limits = TextLimits()
        limits.headerSize = headerSize
        limits.lineLength = lineLength
        limits.boundaryLength = boundaryLength
        limits.nesting = nesting
        return limits
    }

    /// No list has a table.
    package var isEmpty: Bool { CheckList.allCases.allSatisfy { tables($0).isEmpty } }
}

/// One next hop that FILTER may choose.
package struct FilterRoute: Sendable, Hashable, CustomStringConvertible {
    /// What stands behind FILTER: `transport:destination`.
    package var filter: String
    package var nextHop: NextHopAddress

    package init(filter: String, nextHop: NextHopAddress) {
        self.filter = filter
        self.nextHop = nextHop
    }

    package var description: String { "\(filter) => \(nextHop)" }
}

extension ValueType where Value == [TableName] {
    /// Tables in one text, as in main.cf, or one in each element of a list.
    static let tables = ValueType(
        name: "tables such as pcre:/etc/postfix/header_checks, in one text or a list",
        read: { node, faults in
            let nodes: [ConfigNode]
            switch node.content {
            case .refused: return nil
            case .scalar: nodes = [node]
            case .list(let items, _): nodes = items
            case .mapping:
                faults.append(
                    Fault(position: node.position, message: "expected tables such as pcre:/etc/postfix/header_checks"))
                return nil
            }
            var names: [TableName] = []
            for item in nodes {
                guard case .scalar(let text, _) = item.content, !item.isNull else {
                    faults.append(
                        Fault(position: item.position, message: "expected a table such as pcre:/etc/postfix/checks"))
                    return nil
                }
                do throws(TableNameError) {
                    for name in try TableName.list(text) { names.append(try fromMainCf(name)) }
                } catch {
                    faults.append(Fault(position: item.position, message: error.description))
                    return nil
                }
            }
            return names
        },
        write: { names in "[" + names.map { yamlText(toMainCf($0)) }.joined(separator: ", ") + "]" })

    /// An inline table is written as in main.cf, where `$$` stands for `$`.
    private static func fromMainCf(_ name: TableName) throws(TableNameError) -> TableName {
        guard name.isInline else { return name }
        var place = ""
        var rest = Substring(name.place)
        while let dollar = rest.firstIndex(of: "$") {
            let next = rest.index(after: dollar)
            guard next < rest.endIndex, rest[next] == "$" else {
                throw TableNameError("write $$ for $ in a table that stands in the settings, as in main.cf")
            }
            place += rest[..<next]
            rest = rest[rest.index(after: next)...]
        }
        let inline = TableName(type: name.type, place: place + rest)
        _ = try inline.inlineLines()
        return inline
    }

    private static func toMainCf(_ name: TableName) -> String {
        name.isInline
            ? name.text.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$") : name.text
    }
}

extension ValueType where Value == FilterRoute {
    /// `transport:destination => next hop`.
    static let filterRoute = ValueType.scalar(
        "filter => next hop", expected: "a filter and its next hop such as smtp:[10.0.0.1]:25 => smtp:[10.0.0.1]:25",
        parse: { text throws(ValueError) in
            let words = text.split(separator: " ", omittingEmptySubsequences: true)
            guard words.count == 3, words[1] == "=>", words[0].contains(":") else {
                throw ValueError(
                    "'\(shown(text))' is not a filter and its next hop such as smtp:[10.0.0.1]:25 => smtp:[10.0.0.1]:25"
                )
            }
            return FilterRoute(filter: String(words[0]), nextHop: try NextHopAddress(parsing: String(words[2])))
        },
        write: { yamlText($0.description) })
}
