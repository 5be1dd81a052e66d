/// Kinds of tables that are asked for a key, in Postfix's syntax.
package enum LookupType: String, Hashable, Sendable, CaseIterable {
    /// A text file of keys and values (`texthash` of `DATABASE_README`); what `postmap hash:` reads.
    case texthash
    /// Networks (`cidr_table(5)`).
    case cidr
    /// Patterns (`pcre_table(5)`).
    case pcre
    /// Patterns (`regexp_table(5)`).
    case regexp
}

/// One table that is asked for addresses, as a setting names it: `texthash:/etc/mailreeve/friends`.
package struct LookupName: Hashable, Sendable {
    package var type: LookupType
    /// Path of the file.
    package var place: String

    /// The name in one string.
    package var text: String { "\(type.rawValue):\(place)" }

    /// The same name for tables of patterns; nil for others.
    package var patterns: TableName? {
        switch type {
        case .pcre: TableName(type: .pcre, place: place)
        case .regexp: TableName(type: .regexp, place: place)
        case .texthash, .cidr: nil
        }
    }

    /// Reads one name.
    package init(_ name: String) throws(TableNameError) {
        guard let colon = name.utf8.firstIndex(of: 0x3A) else {
            throw TableNameError("\"\(name)\" has no type: write texthash:\(name)")
        }
        let kind = String(name[..<colon])
        guard let type = LookupType(rawValue: kind) else {
            let isIndexed = ["hash", "btree", "lmdb", "cdb", "dbm", "sdbm"].contains(kind)
            throw TableNameError(
                "unsupported table type: \(kind)"
                    + (isIndexed
                        ? " (write texthash: and the file that postmap reads)" : " (texthash, cidr, pcre, regexp)"))
        }
        self.type = type
        place = String(name[name.index(after: colon)...])
        guard place.hasPrefix("/") else {
            throw TableNameError("\"\(name)\" names no file: write an absolute path")
        }
    }
}
