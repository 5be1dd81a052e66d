internal import GRDB
internal import MailModel
internal import Stores

/// A query of the journal in SQL. Values never stand in the text.
struct JournalCondition {
    /// The whole statement.
    private(set) var sql = ""
    /// The values of its marks, in order.
    private(set) var values: [any DatabaseValueConvertible] = []

    init(_ query: JournalQuery) {
        var source = "event"
        if let id = query.id { source = self.source(ofID: id) }
        var conditions: [String] = []
        for (column, text) in [("sender_key", query.sender), ("recipients_key", query.recipient)] {
            if let text, !text.isEmpty { conditions.append(holds(column, SearchKey.wanted(text))) }
        }
        for (column, text) in [("subject_key", query.subject), ("message_id_key", query.messageID)] {
            if let text, !text.isEmpty { conditions.append(holds(column, [SearchKey.text(text)])) }
        }
        if query.sender == "" { conditions.append("sender_key = ''") }
        if let client = query.client { conditions.append("instr(' ' || client, \(add(" \(client)"))) > 0") }
        if let category = query.category { conditions.append("category = \(add(category.rawValue))") }
        if query.isPassed { conditions.append(Self.isOne(of: [.everybody, .some])) }
        if query.isBlocked { conditions.append(Self.isOne(of: [.nobody, .some])) }
        if let since = query.since { conditions.append("time >= \(add(since))") }
        if let until = query.until { conditions.append("time < \(add(until))") }
        let order = JournalSchema.order
        if let after = query.after {
            let place = "\(add(after.time)), length(\(add(after.id))), \(add(after.id))"
            conditions.append("(\(order.joined(separator: ", "))) < (\(place))")
        }
        // CROSS JOIN: SQLite keeps the order of the tables, and reads details of what was found only.
        sql = """
            SELECT \(JournalSchema.columns) FROM \(source) CROSS JOIN detail ON detail.number = event.number
            \(conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND "))
            ORDER BY \(order.map { $0 + " DESC" }.joined(separator: ", ")) LIMIT \(add(query.limit))
            """
    }

    /// Events by any of their names: each is looked up by an index of its own.
    private mutating func source(ofID id: String) -> String {
        let message = id.split(separator: "-", omittingEmptySubsequences: false).prefix(2).joined(separator: "-")
        return """
            (SELECT number FROM event WHERE mail_id = \(add(id))
            UNION SELECT number FROM event WHERE log_id IN (\(add(id)), \(add(message)))
            UNION SELECT number FROM event WHERE quarantine = \(add(id))
            UNION SELECT number FROM queue_id WHERE queue_id = \(add(id))) AS named
            CROSS JOIN event ON event.number = named.number
            """
    }

    private mutating func holds(_ column: String, _ texts: [String]) -> String {
        "(" + texts.map { "instr(\(column), \(add($0))) > 0" }.joined(separator: " OR ") + ")"
    }

    private static func isOne(of values: [JournalSchema.Passed]) -> String {
        "passed IN (" + values.map { "\($0.rawValue)" }.joined(separator: ", ") + ")"
    }

    private mutating func add(_ value: any DatabaseValueConvertible) -> String {
        values.append(value)
        return "?\(values.count)"
    }
}
