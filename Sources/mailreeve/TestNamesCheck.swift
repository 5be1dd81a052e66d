import Checks
import Configuration
import Gateway
import MailModel
import Policy

/// The tests that settings name, beside those that there are: a name that nothing gives is a slip of the pen.
struct TestNamesCheck {
    private let loaded: LoadedConfiguration
    /// Names that rules, learnt mail, anomalies and lists of senders give.
    private var known = ScoredTest.ownNames
    /// Names of rules may be made of what they match, and other filters have names of their own: then nothing is known of any.
    private var isOpen = false

    init(_ loaded: LoadedConfiguration) {
        self.loaded = loaded
        let settings = loaded.settings
        for list in CheckList.allCases {
            for name in settings.rules.tables(list) { takeNames(name, list) }
        }
        if let sources = try? BannedFiles.sources(settings.rules.banned) {
            for rule in BannedRules(sources).sets.flatMap(\.rules) {
                if case .score(_, let name) = rule.action { known.insert(name) }
            }
        }
        isOpen =
            isOpen
            || settings.scanners.contains { $0.aim == .spam || $0.kind == .protocol || $0.kind == .http }
    }

    /// Reads the names of a table; one that cannot be read is told of elsewhere.
    private mutating func takeNames(_ name: TableName, _ list: CheckList) {
        guard let table = try? RuleFiles.read(name) else { return }
        for case let rule? in table.lines.map(\.rule) {
            guard case .match(_, _, let result) = rule.operation,
                case .score(_, let test, _) = CheckAction(result.expanded([]), in: list)
            else { continue }
            known.insert(test)
            if result.highestCapture > 0 { isOpen = true }
        }
    }

    /// A warning for each name that nothing gives, at the setting that names it.
    var problems: [Problem] {
        let settings = loaded.settings
        let metas = Set(settings.metaTests.map(\.name))
        var out: [Problem] = []
        func warn(_ key: String, _ text: String) {
            out.append(
                Problem(file: loaded.file, position: loaded.origins[key], severity: .warning, message: text))
        }
        func isThere(_ name: String) -> Bool {
            isOpen || known.contains(name) || metas.contains(name)
                || name.hasPrefix("AV:") && !settings.clamav.nameScores.isEmpty
        }
        for (index, test) in settings.metaTests.enumerated() {
            let key = "meta_tests[\(index)]"
            if known.contains(test.name) {
                warn("\(key).name", "'\(test.name)' is the name of another test too: the two count once")
            }
            guard let expression = try? MetaExpression(test.expression) else { continue }
            for name in expression.names where !isThere(name) {
                warn("\(key).expression", "no test is called '\(name)': it counts 0")
            }
            for glob in expression.globs where !isOpen {
                guard !known.union(metas).subtracting([test.name]).contains(where: { MetaExpression.matches(glob, $0) })
                else { continue }
                if glob.hasPrefix("AV:"), isThere(glob) { continue }
                warn("\(key).expression", "no test has a name such as '\(glob)': it counts 0")
            }
        }
        for (index, name) in settings.shortCircuit.tests.enumerated() where !isThere(name) {
            warn("short_circuit.tests[\(index)]", "no test is called '\(Escaping.text(name))'")
        }
        for name in settings.scores.keys.sorted() where !isThere(name) {
            warn("scores", "no test is called '\(Escaping.text(name))'")
        }
        if loaded.origins["short_circuit"] != nil, settings.siteShortCircuit.isOn,
            !settings.scanners.contains(where: { $0.aim == .spam })
        {
            warn("short_circuit", "there is no scanner that seeks spam and could be left out")
        }
        return out
    }
}
