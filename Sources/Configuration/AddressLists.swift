package import Checks
internal import DomainNames

/// A list of a setting in which tables may stand between what is named there. However long it is, a key is found at once.
package struct LookupList<Element: LookupListElement>: Hashable, Sendable {
    package let elements: [Element]
    /// Tables in their order.
    package let tables: [LookupName]
    /// Where the first element of each key stands.
    private let places: [[UInt8]: Int]

    package init(_ elements: [Element] = []) {
        self.elements = elements
        tables = elements.compactMap(\.table)
        let keys = elements.enumerated().compactMap { place, element in element.key.map { ($0, place) } }
        places = Dictionary(keys, uniquingKeysWith: { first, _ in first })
    }

    package var isEmpty: Bool { elements.isEmpty }

    /// The first element of a key.
    package subscript(key: [UInt8]) -> Element? { places[key].map { elements[$0] } }

    package static func == (one: LookupList, other: LookupList) -> Bool { one.elements == other.elements }
    package func hash(into hasher: inout Hasher) { hasher.combine(elements) }
}

/// What a `LookupList` holds: an element is written as one text.
package protocol LookupListElement: Hashable, Sendable, CustomStringConvertible {
    /// The table that it is; nil for all else.
    var table: LookupName? { get }
    /// The key of addresses that it is; nil for all else.
    var key: [UInt8]? { get }
}

/// Addresses as a setting names them: keys in amavis's syntax (`user@example.com`, `user@`, `example.com`, `.example.com`,
/// `.`), with `!` before one that is not meant, and tables. Of the keys the most specific one that an address has counts,
/// wherever it stands; tables are asked after them, in their order.
package typealias AddressList = LookupList<AddressElement<Bool>>

/// Points for senders: keys with points, and tables whose values are points.
package typealias AddressPoints = LookupList<AddressElement<Double>>

/// One element of a list of addresses.
package enum AddressElement<Value: AddressValue>: LookupListElement {
    /// A key in lower case, and what is said of it; the empty one is the null reverse-path.
    case key([UInt8], Value)
    case table(LookupName)

    package var table: LookupName? {
        if case .table(let name) = self { name } else { nil }
    }

    package var key: [UInt8]? {
        if case .key(let key, _) = self { key } else { nil }
    }

    package var description: String {
        switch self {
        case .key(let key, let value): value.written(with: keyText(key))
        case .table(let name): name.text
        }
    }
}

/// What a setting says of a key of addresses: that it is meant or not (`Bool`), or points (`Double`).
package protocol AddressValue: Hashable, Sendable {
    /// The text of a setting without the value, and the value.
    static func separated(_ text: String) throws(ValueError) -> (key: String, value: Self)
    /// The reverse.
    func written(with key: String) -> String
}

extension Bool: AddressValue {
    package static func separated(_ text: String) throws(ValueError) -> (key: String, value: Bool) {
        text.hasPrefix("!") ? (String(text.dropFirst()), false) : (text, true)
    }

    package func written(with key: String) -> String { (self ? "" : "!") + key }
}

extension Double: AddressValue {
    package static func separated(_ text: String) throws(ValueError) -> (key: String, value: Double) {
        guard let blank = text.lastIndex(of: " "), let points = points(String(text[text.index(after: blank)...])) else {
            throw ValueError("'\(shown(text))' is not an address and its points such as friend@example.com -5")
        }
        return (String(text[..<blank].reversed().drop { $0 == " " }.reversed().drop { $0 == " " }), points)
    }

    package func written(with key: String) -> String { "\(key) \(pointsText(self))" }
}

/// Clients as a setting names them: networks, with `!` before one that is not meant, and `cidr` tables; the first that
/// holds the address decides.
package typealias ClientList = LookupList<ClientListElement>

package enum ClientListElement: LookupListElement {
    case network(CIDR, isMeant: Bool)
    case table(LookupName)

    package var table: LookupName? {
        if case .table(let name) = self { name } else { nil }
    }

    package var key: [UInt8]? { nil }

    package var description: String {
        switch self {
        case .network(let network, let isMeant): (isMeant ? "" : "!") + network.description
        case .table(let name): name.text
        }
    }
}

/// Points as tables and settings write them: at most three decimals; nil for anything else.
package func points(_ text: String) -> Double? {
    guard let value = thousandths(text), (-1_000_000_000...1_000_000_000).contains(value) else { return nil }
    return Double(value) / 1000
}

extension AddressElement {
    init(parsing text: String) throws(ValueError) {
        if let table = try tableName(text) {
            guard table.type != .cidr else { throw ValueError("a cidr table holds networks, not addresses") }
            self = .table(table)
            return
        }
        let (key, value) = try Value.separated(text)
        self = .key(try addressKey(key), value)
    }
}

extension ClientListElement {
    init(parsing text: String) throws(ValueError) {
        if let table = try tableName(text, types: ["cidr", "texthash", "pcre", "regexp"]) {
            guard table.type == .cidr else { throw ValueError("clients are looked up in cidr tables only") }
            self = .table(table)
            return
        }
        let isMeant = !text.hasPrefix("!")
        self = .network(try CIDR(parsing: isMeant ? text : String(text.dropFirst())), isMeant: isMeant)
    }
}

extension ValueType where Value == LookupName {
    /// One table that is asked for addresses.
    static let lookupTable = scalar(
        "table", expected: "a table such as texthash:/etc/mailreeve/recipients",
        parse: { text throws(ValueError) in
            guard let table = try tableName(text) else {
                throw ValueError("'\(shown(text))' is not a table such as texthash:/etc/mailreeve/recipients")
            }
            guard table.type != .cidr else { throw ValueError("a cidr table holds networks, not addresses") }
            return table
        },
        write: { yamlText($0.text) })
}

/// The table that a text names; nil when it has not the form of one.
/// - Parameter types: words before the colon that make it one; nil for every word of letters.
private func tableName(_ text: String, types: [String]? = nil) throws(ValueError) -> LookupName? {
    guard let colon = text.firstIndex(of: ":") else { return nil }
    let word = text[..<colon]
    guard !word.isEmpty, word.utf8.allSatisfy({ (0x61...0x7A).contains($0) }),
        types?.contains(String(word)) ?? true
    else { return nil }
    do throws(TableNameError) { return try LookupName(text) } catch { throw ValueError(error.description) }
}

private func addressKey(_ text: String) throws(ValueError) -> [UInt8] {
    do throws(AddressKey.Fault) {
        // Several addresses in one text; within quotes both may stand in one.
        let end = text.first == "\"" ? text.lastIndex(of: "\"") ?? text.startIndex : text.startIndex
        guard !text[end...].contains(where: { $0 == " " || $0 == "," }) else { throw .noKey }
        return try AddressKey.read(DomainNames.inASCII(Array(text.utf8)))
    } catch {
        throw ValueError("'\(shown(text))' is not an address; \(error)")
    }
}

private func keyText(_ key: [UInt8]) -> String {
    key.isEmpty ? "<>" : String(decoding: key, as: UTF8.self)
}

extension ValueType where Value == AddressList {
    static let addresses = elements("addresses and tables") { text throws(ValueError) in
        try AddressElement(parsing: text)
    }
}

extension ValueType where Value == AddressPoints {
    static let addressPoints = elements("addresses with points, and tables") { text throws(ValueError) in
        try AddressElement(parsing: text)
    }
}

extension ValueType where Value == ClientList {
    static let clients = elements("networks and cidr tables") { text throws(ValueError) in
        try ClientListElement(parsing: text)
    }
}

extension ValueType {
    /// A list that is one value.
    fileprivate static func elements<Element>(
        _ plural: String, parse: @escaping @Sendable (String) throws(ValueError) -> Element
    ) -> ValueType where Value == LookupList<Element> {
        let list = ValueType<Element>.scalar(
            plural, expected: "one of \(plural)", parse: parse, write: { yamlText($0.description) }
        ).list(of: plural, allowEmpty: true)
        return ValueType(
            name: list.name, read: { node, faults in list.read(node, &faults).map { LookupList($0) } },
            write: { list.write($0.elements) })
    }
}
