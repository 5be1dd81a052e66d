/// Tables of `rules/` that come with the programs and are asked by default. Their rules are PCRE and only count.
package enum ShippedTable: String, Hashable, Sendable, CaseIterable {
    case decodedHeader = "decoded_header_checks"
    case decodedBody = "decoded_body_checks"

    /// What stands before the colon of their names.
    static let type = "shipped"

    init(named name: String) throws(TableNameError) {
        guard let table = ShippedTable(rawValue: name) else {
            let known = Self.allCases.map(\.rawValue).joined(separator: " and ")
            throw TableNameError("no table \"\(name)\" comes with the programs, but \(known)")
        }
        self = table
    }

    /// The text of the file.
    var text: [UInt8] {
        switch self {
        case .decodedHeader: PackageResources.decoded_header_checks
        case .decodedBody: PackageResources.decoded_body_checks
        }
    }
}

extension TableName {
    /// The name of a table that comes with the programs.
    package init(_ table: ShippedTable) {
        self.init(type: .pcre, place: "\(ShippedTable.type):\(table.rawValue)")
    }

    /// The table comes with the programs.
    var isShipped: Bool { shipped != nil }

    private var shipped: ShippedTable? {
        let prefix = "\(ShippedTable.type):"
        return place.hasPrefix(prefix) ? ShippedTable(rawValue: String(place.dropFirst(prefix.count))) : nil
    }

    /// The lines of a table that is no file: one that stands in its name, or that comes with the programs. nil for a file.
    package func heldLines() throws(TableNameError) -> [UInt8]? {
        if isInline { return try inlineLines() }
        return shipped?.text
    }
}
