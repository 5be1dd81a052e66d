internal import Checks
internal import Configuration
internal import InspectionLink
internal import Linux
internal import MailModel
internal import Patterns
internal import Relay
internal import SMTP
internal import Synchronization

/// The gateway's own copy of the tables: an inspector tells which rule fired, and what the rule says is read here.
struct RuleBook: Sendable {
    /// What the inspector gets; its number tells this book from others.
    private(set) var source: RuleTables
    let hold: RuleSettings.HoldAction
    /// Octets that edits of one message may add.
    let editLimit: Int
    /// Rules whose text is no action, for the log when the tables are loaded: Postfix says it when one fires, which may be
    /// never. At most `warningsKept`.
    private(set) var warnings: [String] = []
    /// Rules on names and types of files.
    let banned: BannedRules
    /// What is let through all the same.
    let allowList: BannedAllowList
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
        editLimit = settings.editLimit
        let sources = try BannedFiles.sources(settings.banned)
        banned = BannedRules(sources)
        if !banned.problems.isEmpty { throw GatewayError(Self.told(banned.problems)) }
        allowList = try BannedFiles.allowList(settings.bannedAllowList)
        if !allowList.problems.isEmpty { throw GatewayError(Self.told(allowList.problems)) }
        source = RuleTables(
            number: number, tables: tables, lists: order,
            banned: sources.map { RuleTables.Table(name: $0.name, text: $0.text) }, limits: settings.tableLimits,
            isStrict: settings.strict, failsClosed: settings.atMatchLimit == .unchecked)
        warnings = try checked(isStrict: settings.strict)
    }

    private static func read(_ name: TableName) throws -> [UInt8] {
        if let held = try name.heldLines() { return held }
        return try readTable(name.place, called: name.text)
    }

    /// The book without the texts that only a new inspector needs.
    fileprivate var withoutTexts: RuleBook {
        var book = self
        for index in book.source.tables.indices { book.source.tables[index].text = [] }
        return book
    }

    /// The first problems of a file in one text.
    private static func told(_ problems: [BannedProblem]) -> String {
        problems.prefix(20).map(\.description).joined(separator: "; ")
    }

    /// Entries of the allow list whose last day is over.
    func warnings(at now: Int) -> [String] {
        allowList.expired(now: now).prefix(Self.warningsKept).map(\.description)
    }

    /// Nothing is looked up.
    var isEmpty: Bool { source.lists.isEmpty && source.banned.isEmpty }

    /// A table of a list; nil when the inspector names one that is not there.
    func table(_ list: CheckList, _ index: Int) -> RuleTable? {
        guard let tables = lists[list], tables.indices.contains(index) else { return nil }
        return tables[index]
    }

    /// The next hop that a FILTER chooses; nil when the settings have none for it.
    func nextHop(filter: [UInt8]) -> NextHop? { filters[String(decoding: filter, as: UTF8.self)] }

    /// Goes through all rules once.
    /// - Returns: what to say of rules that do nothing or something else than they seem to.
    /// - Throws: rules that ask for what cannot be done here.
    private func checked(isStrict: Bool) throws -> [String] {
        let filters = Set(filters.keys)
        var refused: [String] = []
        var warnings: [String] = []
        // Lists that fall back on another have its tables: it is said once.
        var places: Set<String> = []
        for (list, tables) in lists.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            for table in tables {
                for remark in RuleRemark.remarks(on: table, in: list, filters: filters, isStrict: isStrict) {
                    let place = "\(table.name.text), line \(remark.line)"
                    if remark.isRefusal {
                        guard places.insert("refused: \(place)").inserted else { continue }
                        refused.append("\(list.rawValue): \(place): \(remark.text)")
                    } else if warnings.count < Self.warningsKept, places.insert(place).inserted {
                        warnings.append("\(place): \(remark.text)")
                    }
                }
            }
        }
        guard refused.isEmpty else { throw GatewayError(refused.prefix(20).joined(separator: "; ")) }
        return warnings
    }

    /// Rules that are warned of, and entries of the allow list.
    private static let warningsKept = 100

    // MARK: Changes

    /// What differs from an older book, a line for each table; lists that fall back on another share it.
    func changes(from old: RuleBook) -> [String] {
        var tables: [(text: String, lists: [String])] = []
        func tell(_ list: CheckList, _ text: String) {
            if let index = tables.firstIndex(where: { $0.text == text }) {
                tables[index].lists.append(list.rawValue)
            } else {
                tables.append((text, [list.rawValue]))
            }
        }
        for list in CheckList.allCases {
            let (before, now) = (old.lists[list] ?? [], lists[list] ?? [])
            guard before != now else { continue }
            let (names, others) = (now.map(\.name), before.map(\.name))
            for table in now {
                let was = before.first { $0.name == table.name }
                if was == table { continue }
                let words = was.map { "has changed, \($0.ruleCount) rules before, \(table.ruleCount) now" }
                tell(list, "\(table.name.text) \(words ?? "is new, \(table.ruleCount) rules")")
            }
            for name in others where !names.contains(name) { tell(list, "\(name.text) is no longer asked") }
            if Set(names) == Set(others), names != others { tell(list, "another order") }
        }
        var out = tables.map { "\($0.lists.joined(separator: ", ")): \($0.text)" }
        for set in banned.sets where !old.banned.sets.contains(set) {
            let was = old.banned.set(named: set.name).map { ", \(old.banned.sets[$0].rules.count) before" } ?? ""
            out.append("banned: set \(set.name) has \(set.rules.count) rules\(was)")
        }
        for set in old.banned.sets where banned.set(named: set.name) == nil {
            out.append("banned: set \(set.name) is gone")
        }
        return out
    }
}

extension RuleTable {
    /// Rules that may fire, those among them that cannot be used; IF and ENDIF are none.
    fileprivate var ruleCount: Int {
        lines.count { line in
            if case .match? = line.rule?.operation { true } else { false }
        }
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
        limits.firings = firingLimit
        limits.groupBytes = groupLimit
        limits.links = linkLimit
        return limits
    }
}

/// The books of the last generations, without the texts of their tables: a message may be inspected by a generation that is
/// older or newer than the setup that it began with.
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
            state.books[number] = book.withoutTexts
            state.books = state.books.filter { $0.key > number - Self.kept }
        }
        return book
    }

    subscript(number: Int) -> RuleBook? { state.withLock { $0.books[number] } }
}
