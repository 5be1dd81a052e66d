internal import Checks
internal import Configuration
internal import DomainNames
internal import Linux
internal import MailModel
internal import Patterns
internal import Policy
internal import Synchronization

/// A table that is asked for addresses, read once when the settings are.
final class LookupTable: Sendable {
    /// What a table says.
    struct Answer: Sendable {
        var value: [UInt8]
        /// Line of the file.
        var line: Int
        /// The key that was found; nil for patterns and networks.
        var key: [UInt8]?
    }

    /// A look-up that gave up: the message is tried again later.
    struct GaveUp: Error, CustomStringConvertible {
        let description: String
    }

    private enum Content: Sendable {
        case keys([[UInt8]: KeyTable.Entry])
        case networks(CIDRTable)
        case patterns(Patterns)
    }

    /// Compiled patterns, used by one look-up at a time: each takes microseconds.
    private final class Patterns: Sendable {
        struct State {
            var query: TableQuery
        }
        let state: Mutex<State>
        let values: [Value]
        let problems: [TableProblem]

        init(_ name: TableName, text: [UInt8]) {
            let rules = RuleTable(name, text: text)
            let table = PatternTable(rules)
            // What Postfix only warns of, too: a line without a value, or an IF without its end, is no setting that was meant.
            problems = table.problems
            values = rules.lines.compactMap { line in
                guard let rule = line.rule, case .match(_, _, let result) = rule.operation else { return nil }
                return Value(
                    text: result.marked(LookupTable.mark), line: rule.line, isPartial: result.highestCapture > 0)
            }
            state = Mutex(State(query: TableQuery([.success(table)], demandsUTF8: false)))
        }
    }

    let name: LookupName
    private let content: Content
    /// Lines that cannot be used, for which the settings have to be refused: a list of addresses with a hole in it lets through
    /// what it should not.
    let faults: [SettingFault]

    /// Reads a table. Blocks on a disk.
    /// - Throws: `GatewayError` where the file cannot be read.
    init(_ name: LookupName) throws {
        self.name = name
        let text = try readTable(name.place, called: name.text)
        var problems: [TableProblem]
        switch name.type {
        case .texthash:
            let table = KeyTable(text: text)
            problems = table.problems
            var entries: [[UInt8]: KeyTable.Entry] = [:]
            for entry in table.entries {
                do throws(AddressKey.Fault) {
                    let key = try AddressKey.read(DomainNames.inASCII(entry.key))
                    if let first = entries[key] {
                        let text = "'\(Escaping.text(entry.key, limit: 60))' is the key of line \(first.line)"
                        problems.append(TableProblem(line: entry.line, text: text, isSkipped: true))
                    } else {
                        entries[key] = entry
                    }
                } catch {
                    let text = "no address has the key '\(Escaping.text(entry.key, limit: 60))'; \(error)"
                    problems.append(TableProblem(line: entry.line, text: text, isSkipped: true))
                }
            }
            content = .keys(entries)
        case .cidr:
            let table = CIDRTable(text: text)
            problems = table.problems
            content = .networks(table)
        case .pcre, .regexp:
            guard let patterns = name.patterns else { throw GatewayError("\(name.text): no table of patterns") }
            let compiled = Patterns(patterns, text: text)
            problems = compiled.problems
            content = .patterns(compiled)
        }
        faults = problems.map { problem in
            SettingFault(
                place: .table(name.place, line: problem.line), text: Escaping.text(problem.text, limit: 200))
        }
    }

    /// What a line says.
    struct Value: Sendable {
        var text: [UInt8]
        var line: Int
        /// `mark` stands where a pattern puts in what it has matched.
        var isPartial = false
    }

    /// An octet that no word of settings holds.
    static let mark: UInt8 = 0

    /// What the lines say, as far as it is known when the table is read.
    var values: [Value] {
        switch content {
        case .keys(let entries):
            entries.values.map { Value(text: $0.value, line: $0.line) }.sorted { $0.line < $1.line }
        case .networks: []
        case .patterns(let patterns): patterns.values
        }
    }

    /// Looks an address up: its keys one after another, or as a whole where the table holds patterns.
    func lookup(_ address: LookupAddress) throws -> Answer? {
        switch content {
        case .keys(let entries):
            for key in address.keys {
                if let entry = entries[key] { return Answer(value: entry.value, line: entry.line, key: key) }
            }
            return nil
        case .networks:
            return nil
        case .patterns(let patterns):
            let subject = address.whole
            return try patterns.state.withLock { state in
                let warned = state.query.warnings.count
                let answer = try? state.query.answer(subject.span)
                guard state.query.warnings.count == warned else {
                    throw GaveUp(description: "\(name.text): \(state.query.warnings.last ?? "")")
                }
                return answer.map { Answer(value: $0.value, line: $0.match.line) }
            }
        }
    }

    /// All answers for the keys of an address, the least specific first; at most one where the table holds patterns.
    func lookupAll(_ address: LookupAddress) throws -> [Answer] {
        guard case .keys(let entries) = content else { return try lookup(address).map { [$0] } ?? [] }
        return address.keys.reversed().compactMap { key in
            entries[key].map { Answer(value: $0.value, line: $0.line, key: key) }
        }
    }

    /// Looks a client up.
    func lookup(_ client: IPAddress) -> Answer? {
        guard case .networks(let table) = content else { return nil }
        return table.lookup(client).map { Answer(value: $0.value, line: $0.line) }
    }
}

/// An address in the forms in which it is looked up.
struct LookupAddress: Sendable {
    let keys: [[UInt8]]
    let whole: [UInt8]
    /// `whole` without an extension: the one form of all addresses that lead to a mailbox.
    let mailbox: [UInt8]

    /// - Parameter delimiters: `recipient_delimiter`.
    init(_ path: MailPath, delimiters: String) {
        let path = MailPath(bytes: DomainNames.inASCII(path.bytes))
        let delimiters = Array(delimiters.utf8)
        keys = AddressKeys.keys(path, delimiters: delimiters)
        whole = AddressKeys.normal(path)
        mailbox = AddressKeys.mailbox(path, delimiters: delimiters)
    }

    /// The form in which two spellings of an address are one.
    static func whole(_ path: MailPath) -> [UInt8] {
        AddressKeys.normal(MailPath(bytes: DomainNames.inASCII(path.bytes)))
    }
}

/// All tables of the settings, each read once.
struct LookupTables: Sendable {
    private var tables: [LookupName: LookupTable] = [:]
    private var tried: Set<LookupName> = []

    /// Reads what has not been read before. Blocks on a disk.
    /// - Parameters:
    ///   - names: with a place that names each.
    ///   - faults: gets what is wrong with tables; the settings are to be refused.
    mutating func read(_ names: [(name: LookupName, place: SettingPlace)], faults: inout [SettingFault]) {
        for (name, place) in names where tried.insert(name).inserted {
            do {
                let table = try LookupTable(name)
                tables[name] = table
                faults += table.faults
            } catch {
                faults.append(SettingFault(place: place, text: "\(error)"))
            }
        }
    }

    subscript(name: LookupName) -> LookupTable? { tables[name] }

    /// True when a list means an address: the most specific key of the list decides, then its tables in their order. A value of
    /// a table means the address unless it is `no`, `0` or `false`; `DUNNO` goes on with the next table.
    func holds(_ list: AddressList, _ address: LookupAddress) throws -> Bool {
        for key in address.keys {
            if case .key(_, let isMeant) = list[key] { return isMeant }
        }
        for name in list.tables {
            guard let answer = try tables[name]?.lookup(address) else { continue }
            switch Escaping.text(answer.value, limit: 20).lowercased() {
            case "dunno": continue
            case "no", "0", "false": return false
            default: return true
            }
        }
        return false
    }

    /// The points of a list for an address; nil when it has none.
    func points(_ list: AddressPoints, _ address: LookupAddress) throws -> Double? {
        for key in address.keys {
            if case .key(_, let points) = list[key] { return points }
        }
        for name in list.tables {
            guard let answer = try tables[name]?.lookup(address) else { continue }
            let text = String(decoding: answer.value, as: UTF8.self)
            guard let points = Configuration.points(text) else {
                throw LookupTable.GaveUp(
                    description: "\(name.text), line \(answer.line): '\(Escaping.text(text, limit: 60))' are no points")
            }
            return points
        }
        return nil
    }

    /// True when a list means a client.
    func holds(_ list: ClientList, _ client: IPAddress) -> Bool {
        for element in list.elements {
            switch element {
            case .network(let network, let isMeant): if network.contains(client) { return isMeant }
            case .table(let name):
                guard let answer = tables[name]?.lookup(client) else { continue }
                switch Escaping.text(answer.value, limit: 20).lowercased() {
                case "dunno": continue
                case "no", "0", "false", "reject": return false
                default: return true
                }
            }
        }
        return false
    }
}

/// Reads a table's file. Blocks on a disk.
/// - Parameter limit: octets of the largest file that is read.
func readTable(_ path: String, called name: String, limit: Int = RuleTable.Limits.bytes) throws -> [UInt8] {
    do throws(SystemError) {
        let file = try Descriptor.open(path, 0)
        guard try file.isRegularFile() else { throw SystemError("open \(path): not a regular file", code: 22) }
        let size = try file.size()
        guard size <= limit else { throw SystemError("open \(path)", code: 27) }
        return try file.read(at: 0, count: size)
    } catch {
        throw GatewayError("\(name): \(error)")
    }
}
