internal import DomainNames
internal import MailModel

/// A query as a condition of SQL, for every database that an index may lie in. Values never stand in the text.
package struct QueryCondition: Sendable {
    /// One value that stands for a mark.
    package enum Value: Sendable, Hashable {
        case text(String)
        case number(Int)
    }

    /// From `WHERE` to `LIMIT`.
    package private(set) var sql = ""
    /// The values of its marks, in order.
    package private(set) var values: [Value] = []

    /// The columns of a row, in the order of `QuarantineRow`.
    package static let columns =
        "id, node, time, category, reason, sender, recipients, subject, message_id, client, size, stored, tenant, released"

    private let mark: String

    /// - Parameters:
    ///   - position: the function that says where in a text another one stands, from 1 on; 0 when nowhere.
    ///   - mark: what stands before the number of a value.
    package init(_ query: QuarantineQuery, position: String, mark: String) {
        self.mark = mark
        var conditions: [String] = []
        let texts = [
            ("sender_key", query.sender.map(SearchKey.wanted)),
            ("recipients_key", query.recipient.map(SearchKey.wanted)),
            ("subject_key", query.subject.map { [SearchKey.text($0)] }),
        ]
        for case (let column, let forms?) in texts where forms.first != "" {
            let places = forms.map { "\(position)(\(column), \(add(.text($0)))) > 0" }
            conditions.append("(" + places.joined(separator: " OR ") + ")")
        }
        if query.sender == "" { conditions.append("sender_key = ''") }
        if let id = query.id { conditions.append("id = \(add(.text(id)))") }
        if let category = query.category { conditions.append("category = \(add(.text(category.rawValue)))") }
        if let tenant = query.tenant {
            conditions.append("tenant = \(add(.text(DomainNames.folded(tenant))))")
        }
        if let node = query.node { conditions.append("node = \(add(.text(node)))") }
        if let since = query.since { conditions.append("time >= \(add(.number(since)))") }
        if let until = query.until { conditions.append("time < \(add(.number(until)))") }
        if let isReleased = query.isReleased {
            conditions.append(isReleased ? "released IS NOT NULL" : "released IS NULL")
        }
        if let after = query.after {
            let sign = query.oldestFirst ? ">" : "<"
            conditions.append("(time, id) \(sign) (\(add(.number(after.time))), \(add(.text(after.id))))")
        }
        let order = query.oldestFirst ? "" : " DESC"
        sql =
            (conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND "))
            + " ORDER BY time\(order), id\(order) LIMIT \(add(.number(query.limit)))"
    }

    private mutating func add(_ value: Value) -> String {
        values.append(value)
        return "\(mark)\(values.count)"
    }
}

/// Recipients in one column: escaped addresses hold no line end.
package enum RecipientList {
    package static func text(_ addresses: [String]) -> String { addresses.joined(separator: "\n") }

    package static func addresses(_ text: String) -> [String] {
        text.isEmpty ? [] : text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}
