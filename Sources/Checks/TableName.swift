internal import Bytes

/// Kinds of tables whose entries are patterns: Postfix's `pcre_table(5)` and `regexp_table(5)`.
package enum TableType: String, Hashable, Sendable, CaseIterable {
    /// Perl-compatible patterns.
    case pcre
    /// POSIX patterns.
    case regexp
}

/// One table as a setting or an argument names it: `pcre:/etc/postfix/body_checks`, its rules in place,
/// `pcre:{{/pattern/ action}, ...}` (`DATABASE_README`, Postfix 3.7), or one of those that come with the programs,
/// `shipped:decoded_body_checks`.
package struct TableName: Hashable, Sendable {
    package var type: TableType
    /// Path of the file, the text in braces, or the whole name of a shipped table.
    package var place: String

    package init(type: TableType, place: String) {
        self.type = type
        self.place = place
    }

    /// The rules stand in the name itself.
    package var isInline: Bool { place.utf8.first == 0x7B }

    /// The name in one string.
    package var text: String { isShipped ? place : "\(type.rawValue):\(place)" }

    /// Reads one name.
    package init(_ name: String) throws(TableNameError) {
        guard let colon = name.utf8.firstIndex(of: 0x3A) else {
            throw TableNameError(
                name.utf8.first == 0x24
                    ? Self.noParameters(name) : "\"\(name)\" has no type: write pcre:\(name) or regexp:\(name)")
        }
        let kind = String(name[..<colon])
        if kind == ShippedTable.type {
            try self.init(ShippedTable(named: String(name[name.index(after: colon)...])))
            return
        }
        guard let type = TableType(rawValue: kind) else {
            throw TableNameError("unsupported table type: \(kind) (\(Self.instead(kind)))")
        }
        self.init(type: type, place: String(name[name.index(after: colon)...]))
        if place.isEmpty { throw TableNameError("\"\(name)\" names no file") }
        guard place.utf8.first != 0x24 else { throw TableNameError(Self.noParameters(name)) }
    }

    /// What to write in place of a type of Postfix's that is not read.
    private static func instead(_ kind: String) -> String {
        switch kind {
        case "proxy": "tables are read by the gateway itself: leave out proxy:"
        case "unionmap", "pipemap": "write the tables one by one"
        default:
            "pcre and regexp are read; tables of other types look up whole lines, which no header or body line equals"
        }
    }

    private static func noParameters(_ name: String) -> String {
        "\"\(name)\": parameters of main.cf are not known here: write the file's whole path, as in pcre:/etc/postfix/..."
    }

    /// Reads a list: names with commas or white space between them; what stands in braces is one name.
    package static func list(_ text: String) throws(TableNameError) -> [TableName] {
        var names: [TableName] = []
        for word in words(Array(text.utf8)) { names.append(try TableName(word.text)) }
        return names
    }

    /// Splits at commas and white space outside of braces (Postfix's `mystrtokq`).
    static func words(_ text: [UInt8]) -> [[UInt8]] {
        var out: [[UInt8]] = []
        var word: [UInt8] = []
        var level = 0
        for byte in text {
            let separates = byte == 0x2C || isSpace(byte)
            if separates, level == 0 {
                if !word.isEmpty { out.append(word) }
                word = []
                continue
            }
            if byte == 0x7B { level += 1 }
            if byte == 0x7D { level = max(0, level - 1) }
            word.append(byte)
        }
        if !word.isEmpty { out.append(word) }
        return out
    }

    /// The text of an inline table as the lines of a file.
    package func inlineLines() throws(TableNameError) -> [UInt8] {
        var out: [UInt8] = []
        for word in Self.words(try inside(Array(place.utf8))) {
            let rule = try inside(word)
            let start = rule.firstIndex { !isSpace($0) } ?? rule.endIndex
            out += Array(rule[start...]).trimmedAtEnd + [0x0A]
        }
        return out
    }

    /// What stands between an opening brace and the closing one that belongs to it, which must be the last character.
    private func inside(_ text: [UInt8]) throws(TableNameError) -> [UInt8] {
        guard text.first == 0x7B else {
            throw TableNameError("\(type.rawValue) map: no '{' at start of text in \"\(text.text)\"")
        }
        var level = 0
        for (index, byte) in text.enumerated() {
            if byte == 0x7B { level += 1 }
            if byte == 0x7D { level -= 1 }
            guard level == 0 else { continue }
            guard text[(index + 1)...].allSatisfy(isSpace) else {
                throw TableNameError("\(type.rawValue) map: syntax error after '}' in \"\(text.text)\"")
            }
            return Array(text[1..<index])
        }
        throw TableNameError("\(type.rawValue) map: missing '}' in \"\(text.text)\"")
    }
}

/// A table that cannot be named so.
package struct TableNameError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
