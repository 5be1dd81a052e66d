import ArgumentParser
import Checks
import Configuration
import Glibc
import Linux
import MailModel
import Patterns

/// `mailreeve rules lint`: what is wrong with rule files, and what can never fire.
struct RulesLintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint", abstract: "Tell what is wrong with rule files, and which rules can never fire.",
        discussion: """
            One line for each finding: FILE:LINE: dead or doubt: what is wrong and what to write instead. A rule is dead \
            when it is left out or cannot fire. A file without a type is read as pcre. Which list the rules are for is \
            guessed from the file's name (mime_header_checks, body_checks ...) unless --list says it. Limits of texts, and whether \
            FILTER has a next hop, are looked up in the settings: those of --config, or /etc/mailreeve/mailreeve.yaml \
            where it exists.

            A file of rules on names and types of files, whose name ends in banned.rules, with a line that begins like one, \
            or that --list says is banned, is \
            told of as FILE:LINE:COLUMN: text; banned.rules of the settings takes none with such a line.

            The allow list of files, whose name ends in banned.allow or that --list says is allow_list, is told of in the \
            same way.

            Exit codes: 0 nothing is dead; 1 something is, or a file could not be read; 64 wrong usage.
            """)

    @Option(help: ArgumentHelp("The list that the tables are for, such as body_checks.", valueName: "list"))
    var list: String?
    @OptionGroup var config: ConfigOption
    @Argument(help: "Tables: FILE, pcre:FILE, regexp:FILE.")
    var tables: [String]

    func validate() throws {
        let known = CheckList.allCases.map(\.rawValue) + [Self.banned, Self.allowList]
        if let list, !known.contains(list) {
            throw ValidationError("--list is one of \(known.joined(separator: ", "))")
        }
    }

    func run() throws {
        var hasDead = false
        let rules = config.isGivenOrThere ? try config.load().rules : nil
        for argument in tables {
            if list == Self.allowList || list == nil && argument.hasSuffix("banned.allow") {
                if !lint(argument, Self.findings(allowList:)) { hasDead = true }
                continue
            }
            if list == Self.banned || list == nil && (argument.hasSuffix("banned.rules") || isFileRules(argument)) {
                if !lint(argument, { BannedLint.findings(BannedRules([$0])) }) { hasDead = true }
                continue
            }
            let name = try RuleFiles.name(argument, defaultType: .pcre)
            let table: RuleTable
            do {
                table = try RuleFiles.read(name)
            } catch {
                Terminal.printError("rules lint: \(RuleFiles.shown("\(name.text): \(error)"))")
                hasDead = true
                continue
            }
            let findings = RuleLint.findings(
                table, in: list.flatMap { CheckList(rawValue: $0) } ?? Self.guess(name),
                limits: (rules ?? RuleSettings()).textLimits, filters: rules.map { Set($0.filters.map(\.filter)) })
            for finding in findings {
                let text = "\(name.place):\(finding.line): \(finding.severity.rawValue): \(finding.text)\n"
                Terminal.write(Array(RuleFiles.shown(text.dropLast().description).utf8) + [0x0A])
                if finding.severity == .dead { hasDead = true }
            }
        }
        if hasDead { throw ExitCode.failure }
    }

    private static let banned = "banned"
    private static let allowList = "allow_list"

    /// An entry whose last day is over is as dead as one that cannot be read.
    private static func findings(allowList source: BannedRules.Source) -> [BannedProblem] {
        let list = BannedAllowList(source)
        return list.problems + list.expired(now: Int(unixTime()))
    }

    /// True for a file with a line of rules on names and types of files: those of Postfix's tables begin with a pattern.
    private func isFileRules(_ path: String) -> Bool {
        guard let file = try? Descriptor.open(path, O_RDONLY),
            let text = try? MailFile.readAll(file.raw, limit: BannedRules.Limits.bytes, path)
        else { return false }
        return BannedRules.looksLikeRules(text)
    }

    /// Says what is wrong with a file of rules on names and types of files, or an allow list; false when something is.
    private func lint(_ path: String, _ judge: (BannedRules.Source) -> [BannedProblem]) -> Bool {
        do {
            let file = try Descriptor.open(path, O_RDONLY)
            let text = try MailFile.readAll(file.raw, limit: BannedRules.Limits.bytes, path)
            let findings = judge(BannedRules.Source(name: path, text: text))
            for finding in findings {
                Terminal.write(Array(RuleFiles.shown(finding.description).utf8) + [0x0A])
            }
            return findings.isEmpty
        } catch {
            Terminal.printError("rules lint: \(RuleFiles.shown("\(path): \(error)"))")
            return false
        }
    }

    /// The list that a file's name speaks of: the longest that it holds.
    static func guess(_ name: TableName) -> CheckList {
        let file = name.place.split(separator: "/").last.map(String.init) ?? ""
        let named = CheckList.allCases.filter { file.contains($0.rawValue) }
        if let longest = named.max(by: { $0.rawValue.utf8.count < $1.rawValue.utf8.count }) { return longest }
        return file.contains("body") ? .body : file.contains("mime") ? .mimeHeader : .header
    }
}
