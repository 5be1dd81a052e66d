import Checks
import Configuration
import Gateway
import MailModel
import Patterns

/// The tables that a configuration names, looked over as the gateway does when it starts.
enum RuleTablesCheck {
    /// Everything wrong or doubtful, by file and line. As the user who asks: the gateway's own may be kept from a file.
    static func problems(_ settings: RuleSettings) -> [Problem] {
        var out: [Problem] = []
        var tables: [TableName: RuleTable?] = [:]
        let filters = Set(settings.filters.map(\.filter))
        // Lists that fall back on another have its tables: what is wrong is said once.
        var told: Set<String> = []
        for list in CheckList.allCases {
            for name in settings.tables(list) {
                if tables[name] == nil { tables[name] = read(name, settings, &out) }
                guard case .some(.some(let table)) = tables[name] else { continue }
                for remark in RuleRemark.remarks(on: table, in: list, filters: filters, isStrict: settings.strict)
                where told.insert("\(name.text) \(remark.line) \(remark.isRefusal)").inserted {
                    out.append(
                        Problem(
                            file: place(name), position: Position(line: remark.line, column: 1),
                            severity: remark.isRefusal ? .error : .warning,
                            message: "\(list.rawValue): \(RuleFiles.shown(remark.text))"))
                }
            }
        }
        return out
    }

    /// What is wrong or doubtful in the rules on names and types of files and in the allow list.
    /// - Parameter file: the configuration, for what no file of rules is to blame for.
    static func bannedProblems(_ settings: Settings, in file: String) -> [Problem] {
        var out: [Problem] = []
        func add(_ found: [BannedProblem], _ severity: Problem.Severity) {
            out += found.map {
                Problem(
                    file: Escaping.text($0.place.file, limit: 200),
                    position: Position(line: $0.place.line, column: $0.place.column), severity: severity,
                    message: RuleFiles.shown($0.text))
            }
        }
        func add(_ words: String) { out.append(Problem(file: file, position: nil, message: RuleFiles.shown(words))) }
        do {
            let rules = BannedRules(try BannedFiles.sources(settings.rules.banned))
            let errors = BannedMatcher(rules).problems
            add(errors, .error)
            add(BannedLint.findings(rules).filter { !errors.contains($0) }, .warning)
            BannedFiles.missingSets(settings, rules).forEach { add($0) }
        } catch {
            add("\(error)")
        }
        do {
            add(try BannedFiles.allowList(settings.rules.bannedAllowList).problems, .error)
        } catch {
            add("\(error)")
        }
        return out
    }

    /// Reads and compiles a table; nil when it cannot be read.
    private static func read(_ name: TableName, _ settings: RuleSettings, _ out: inout [Problem]) -> RuleTable? {
        do {
            let table = try RuleFiles.read(name)
            for problem in PatternTable(table).problems {
                out.append(
                    Problem(
                        file: place(name), position: Position(line: problem.line, column: 1),
                        severity: settings.strict && problem.isSkipped ? .error : .warning,
                        message: RuleFiles.shown(problem.text)))
            }
            return table
        } catch {
            out.append(Problem(file: place(name), position: nil, message: RuleFiles.shown("\(error)")))
            return nil
        }
    }

    /// The file, or what an inline table begins with.
    private static func place(_ name: TableName) -> String { Escaping.text(name.place, limit: 200) }
}
