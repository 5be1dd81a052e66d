package import Checks
package import MailModel

/// The compiled tables of all lists of checks.
package struct CheckLists {
    /// A table in a list.
    package struct Table {
        package let table: PatternTable
        package let actions: RuleActions
    }

    private let tables: [[Table]]

    package init(_ lists: [CheckList: [PatternTable]]) {
        tables = CheckList.allCases.map { list in
            (lists[list] ?? []).map { Table(table: $0, actions: RuleActions($0.table, in: list)) }
        }
    }

    /// The tables of a list, in the order in which they are asked.
    package subscript(_ list: CheckList) -> [Table] { tables[Self.place(list)] }

    /// A list has tables.
    package func has(_ list: CheckList) -> Bool { !self[list].isEmpty }

    package var all: some Sequence<PatternTable> { tables.joined().lazy.map(\.table) }

    /// As in `allCases`. No dictionary: every line of a message asks.
    private static func place(_ list: CheckList) -> Int {
        switch list {
        case .header: 0
        case .mimeHeader: 1
        case .nestedHeader: 2
        case .body: 3
        case .decodedHeader: 4
        case .decodedBody: 5
        case .link: 6
        case .attachment: 7
        }
    }
}
