internal import Checks
internal import Configuration
internal import InspectionLink
internal import Linux
internal import MailModel
internal import Relay
internal import SMTP
internal import Synchronization

/// The gateway's own copy of the tables: an inspector tells which rule fired, and what the rule says is read here.
struct RuleBook: Sendable {
    /// What the inspector gets; its number tells this book from others.
    let source: RuleTables
    let hold: RuleSettings.HoldAction
    /// Rules whose text is no action, for the log when the tables are loaded: Postfix says it when one fires, which may be
    /// never. At most `warningsKept`.
    private(set) var warnings: [String] = []
    private let lists: [CheckList: [RuleTable]]
    private let filters: [String: NextHop]

    /// Reads the tables.
    /// - Throws: a table that cannot be read, or a rule that asks for what cannot be done here, with the reason and what
    ///   to do instead.
    init(_ settings: RuleSettings, number: Int) throws {
        var tables: [RuleTables.Table] = []
        var indices: [TableName: Int] = [:]
        var parsed: [RuleTable] = []
        var lists: [CheckList: [RuleTable]] = [:]
        var order: [RuleTables.List] = []
        for list in CheckList.allCases {
            var chosen: [Int] = []
            for name in settings.tables(list) {
                let index = indices[name] ?? tables.count
                if index == tables.count {
                    let text = try Self.read(name)
                    indices[name] = index
                    tables.append(RuleTables.Table(name: name.text, text: text))
                    parsed.append(RuleTable(name, text: text))
                }
                chosen.append(index)
            }
            guard !chosen.isEmpty else { continue }
            order.append(RuleTables.List(list: list, tables: chosen))
            lists[list] = chosen.map { parsed[$0] }
        }
        self.lists = lists
        filters = Dictionary(
            settings.filters.map { ($0.filter, SetupBuilder.hop($0.nextHop)) }, uniquingKeysWith: { first, _ in first })
        hold = settings.hold
        source = RuleTables(
            number: number, tables: tables, lists: order, limits: settings.tableLimits, isStrict: settings.strict,
            failsClosed: settings.atMatchLimit == .unchecked)
        warnings = try checked()
    }

    private static func read(_ name: TableName) throws -> [UInt8] {
        if name.isInline { return try name.inlineLines() }
        return try readTable(name.place, called: name.text)
    }

    /// Nothing is looked up.
    var isEmpty: Bool { source.lists.isEmpty }

    /// A table of a list; nil when the inspector names one that is not there.
    func table(_ list: CheckList, _ index: Int) -> RuleTable? {
        guard let tables = lists[list], tables.indices.contains(index) else { return nil }
        return tables[index]
    }

    /// The next hop that a FILTER chooses; nil when the settings have none for it.
    func nextHop(filter: [UInt8]) -> NextHop? { filters[String(decoding: filter, as: UTF8.self)] }

    // MARK: What cannot be done here

    /// Goes through all rules once.
    /// - Returns: rules whose text is no action.
    /// - Throws: rules that ask for what cannot be done here.
    private func checked() throws -> [String] {
        var refused: [String] = []
        var warnings: [String] = []
        // Lists that fall back on another have its tables: a warning is said once.
        var places: Set<String> = []
        for (list, tables) in lists.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            for table in tables {
                for line in table.lines {
                    guard let rule = line.rule, case .match(_, _, let result) = rule.operation else { continue }
                    let action = CheckAction(result.expanded([]), in: list)
                    let isFilledIn = result.highestCapture > 0
                    let place = "\(table.name.text), line \(rule.line)"
                    if let reason = refusal(action, list, isFilledIn) {
                        refused.append("\(list.rawValue): \(place): \(reason)")
                    }
                    guard !isFilledIn, warnings.count < Self.warningsKept, case .none(let words) = action,
                        places.insert(place).inserted
                    else { continue }
                    warnings.append("\(place): \(words)")
                }
            }
        }
        guard refused.isEmpty else { throw GatewayError(refused.prefix(20).joined(separator: "; ")) }
        return warnings
    }

    private static let warningsKept = 100

    /// - Parameter isFilledIn: groups of the pattern go into the text, so that only the action itself is known.
    private func refusal(_ action: CheckAction, _ list: CheckList, _ isFilledIn: Bool) -> String? {
        switch action {
        case .filter(let text) where !isFilledIn && nextHop(filter: text) == nil:
            let words = Escaping.text(text, limit: 100)
            return "FILTER \(words) has no next hop here: add '\(words) => smtp:[host]:port' to rules.filters"
        case .strip where !list.isEditable, .ignore where !list.isEditable, .prepend where !list.isEditable,
            .replace where !list.isEditable:
            return "what is looked up here does not stand in the message as it is, so it cannot be changed: "
                + "use REJECT, DISCARD, HOLD, WARN or SCORE, or a rule in body_checks"
        case .redirect(let address) where !isFilledIn && Self.path(address) == nil,
            .bcc(let address) where !isFilledIn && Self.path(address) == nil:
            return "\(Escaping.text(address, limit: 100)) is no address that SMTP could carry"
        default:
            return nil
        }
    }

    /// An address as RCPT TO takes it; nil when it is none.
    static func path(_ address: [UInt8]) -> MailPath? {
        var bytes = address[...]
        if bytes.first == 0x3C, bytes.last == 0x3E, bytes.count > 2 { bytes = bytes.dropFirst().dropLast() }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F }), let path = try? PathGrammar.parse(bytes), !path.isNull
        else {
            return nil
        }
        return path
    }

    // MARK: Changes

    /// What differs from an older book, a line for each table.
    func changes(from old: RuleBook) -> [String] {
        var out: [String] = []
        for list in CheckList.allCases {
            let (before, now) = (old.lists[list] ?? [], lists[list] ?? [])
            for table in now where !before.contains(table) {
                let count = table.lines.count { $0.rule != nil }
                if let was = before.first(where: { $0.name == table.name }) {
                    out.append(
                        "\(list.rawValue): \(table.name.text) has changed, \(was.lines.count { $0.rule != nil }) rules "
                            + "before, \(count) now")
                } else {
                    out.append("\(list.rawValue): \(table.name.text) is new, \(count) rules")
                }
            }
            for table in before where !now.contains(where: { $0.name == table.name }) {
                out.append("\(list.rawValue): \(table.name.text) is no longer asked")
            }
            if out.isEmpty, before.map(\.name) != now.map(\.name) { out.append("\(list.rawValue): another order") }
        }
        return out
    }
}

extension RuleSettings {
    fileprivate var tableLimits: RuleTables.Limits {
        var limits = RuleTables.Limits()
        limits.headerSize = headerSize
        limits.lineLength = lineLength
        limits.bodySize = bodySize
        limits.boundaryLength = boundaryLength
        limits.nesting = nesting
        limits.matchSteps = matchLimit
        limits.milliseconds = timeLimit * 1000
        return limits
    }
}

/// The books of the last generations: a message may be inspected by a generation that is older or newer than the setup
/// that it began with.
final class RuleShelf: Sendable {
    private struct State {
        var last = 0
        var books: [Int: RuleBook] = [:]
    }

    private let state = Mutex(State())
    private static let kept = 8

    /// Reads the tables of these settings.
    func load(_ settings: RuleSettings) throws -> RuleBook {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        let book = try RuleBook(settings, number: number)
        state.withLock { state in
            state.books[number] = book
            state.books = state.books.filter { $0.key > number - Self.kept }
        }
        return book
    }

    subscript(number: Int) -> RuleBook? { state.withLock { $0.books[number] } }
}
