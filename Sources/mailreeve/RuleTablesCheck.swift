import Checks
import Configuration
import Gateway
import Linux
import MailModel
import Patterns

/// The tables that a configuration names, looked over as the gateway does when it starts.
enum RuleTablesCheck {
    /// Everything wrong or doubtful, by file and line.
    /// - Parameter file: the configuration, where inline tables stand.
    static func problems(_ settings: RuleSettings, in file: String) -> [Problem] {
        var out: [Problem] = []
        var tables: [TableName: RuleTable?] = [:]
        let filters = Set(settings.filters.map(\.filter))
        // Lists that fall back on another have its tables: what is wrong is said once.
        var told: Set<String> = []
        for list in CheckList.allCases {
            for name in settings.tables(list) {
                if tables[name] == nil { tables[name] = read(name, of: list, settings, file, &out) }
                guard case .some(.some(let table)) = tables[name] else { continue }
                for remark in RuleRemark.remarks(on: table, in: list, filters: filters, isStrict: settings.strict)
                where told.insert("\(name.text) \(remark.line) \(remark.isRefusal)").inserted {
                    out.append(
                        problem(
                            name, of: list, line: remark.line, in: file, remark.isRefusal ? .error : .warning,
                            remark.text))
                }
            }
        }
        return out
    }

    /// What is wrong or doubtful in the rules on names and types of files and in the allow list.
    /// - Parameter file: the configuration, for what no file of rules is to blame for.
    static func bannedProblems(_ settings: Settings, _ policies: PolicyCheck, in file: String) -> [Problem] {
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
            out += policies.missingSets(rules)
        } catch {
            add("\(error)")
        }
        do {
            let list = try BannedFiles.allowList(settings.rules.bannedAllowList)
            add(list.problems, .error)
            add(list.expired(now: Int(unixTime())), .warning)
        } catch {
            add("\(error)")
        }
        return out
    }

    /// Reads and compiles a table; nil when it cannot be read.
    private static func read(
        _ name: TableName, of list: CheckList, _ settings: RuleSettings, _ file: String, _ out: inout [Problem]
    ) -> RuleTable? {
        do {
            let table = try RuleFiles.read(name)
            for found in PatternTable(table).problems {
                let severity: Problem.Severity = settings.strict && found.isSkipped ? .error : .warning
                out.append(problem(name, of: list, line: found.line, in: file, severity, found.text))
            }
            return table
        } catch {
            out.append(problem(name, of: list, line: nil, in: file, .error, "\(error)"))
            return nil
        }
    }

    /// A problem of a table by its file and line; of an inline table by the configuration and the number of the rule.
    private static func problem(
        _ name: TableName, of list: CheckList, line: Int?, in file: String, _ severity: Problem.Severity, _ text: String
    ) -> Problem {
        let place = Escaping.text(name.place, limit: 200)
        guard name.isInline else {
            return Problem(
                file: place, position: line.map { Position(line: $0, column: 1) }, severity: severity,
                message: "\(list.rawValue): \(RuleFiles.shown(text))")
        }
        let rule = line.map { ", rule \($0)" } ?? ""
        return Problem(
            file: file, position: nil, severity: severity,
            message: "\(list.rawValue): inline table \(place)\(rule): \(RuleFiles.shown(text))")
    }
}
