import ArgumentParser
import Checks
import Glibc
import Linux
import MIME
import MailModel
import Patterns

/// `mailreeve rules replay`: what rules would have done to stored mail.
struct RulesReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Tell what rules would have done to stored mail, rule by rule.",
        discussion: """
            Each FILE is a message or an mbox; - is standard input. Without --before, a line for each rule that fired: how \
            often, in how many messages, its table and line, its text. With --before, the tables of --before and the others \
            are compared: a line for each message that they treat differently. --profile adds the time of each rule. Archives \
            stay closed: attachment_checks see the names and types of parts alone (mailreeve scan opens archives).

            Exit codes: 0 done; 1 a failure; 64 wrong usage.
            """)

    @Option(name: .customLong("header-checks"), parsing: .singleValue, help: "Tables of header_checks, in order.")
    var header: [String] = []
    @Option(
        name: .customLong("mime-header-checks"), parsing: .singleValue,
        help: "Tables of mime_header_checks; those of header_checks without.")
    var mime: [String] = []
    @Option(
        name: .customLong("nested-header-checks"), parsing: .singleValue,
        help: "Tables of nested_header_checks; those of header_checks without.")
    var nested: [String] = []
    @Option(name: .customLong("body-checks"), parsing: .singleValue, help: "Tables of body_checks.")
    var body: [String] = []
    @Option(
        name: .customLong("decoded-header-checks"), parsing: .singleValue, help: "Tables of decoded_header_checks.")
    var decodedHeader: [String] = []
    @Option(name: .customLong("decoded-body-checks"), parsing: .singleValue, help: "Tables of decoded_body_checks.")
    var decodedBody: [String] = []
    @Option(name: .customLong("attachment-checks"), parsing: .singleValue, help: "Tables of attachment_checks.")
    var attachment: [String] = []
    @Option(help: "Octets of each part that body rules see, body_checks_size_limit; 0 for all.")
    var bodySize = 51_200
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("A list and its older table, to compare with.", valueName: "list=table"))
    var before: [String] = []
    @Flag(help: "Measure each rule: microseconds of all its matches, for the costliest 50.")
    var profile = false
    @Argument(help: "Files with mail; - is standard input.")
    var files: [String]

    func validate() throws {
        if bodySize < 0 { throw ValidationError("--body-size is not negative") }
    }

    func run() throws {
        let now = try RuleReplay(lists(), bodySize: bodySize)
        let old = before.isEmpty ? nil : try RuleReplay(oldLists(), bodySize: bodySize)
        var mail: [(name: String, bytes: [UInt8])] = []
        for name in files {
            do throws(SystemError) {
                mail.append((name, try MailFile(name).read()))
            } catch {
                Terminal.printError("rules replay: \(RuleFiles.shown("\(error)"))")
                throw ExitCode.failure
            }
        }
        // Charsets are not to be had any more once the process is closed.
        if !decodedHeader.isEmpty || !decodedBody.isEmpty || !before.isEmpty { _ = Charsets.load() }
        let status = try Confinement.run {
            if let old {
                now.compare(with: old, mail)
            } else {
                now.tell(mail, profile: profile)
            }
            return 0
        }
        if status != 0 { throw ExitCode(status) }
    }

    private func lists() throws -> [CheckList: [PatternTable]] {
        let header = try RuleFiles.compile(header, program: "rules replay")
        let mime = try RuleFiles.compile(mime, program: "rules replay")
        let nested = try RuleFiles.compile(nested, program: "rules replay")
        return [
            .header: header, .mimeHeader: self.mime.isEmpty ? header : mime,
            .nestedHeader: self.nested.isEmpty ? header : nested,
            .body: try RuleFiles.compile(body, program: "rules replay"),
            .decodedHeader: try RuleFiles.compile(decodedHeader, program: "rules replay"),
            .decodedBody: try RuleFiles.compile(decodedBody, program: "rules replay"),
            .attachment: try RuleFiles.compile(attachment, program: "rules replay"),
        ]
    }

    private func oldLists() throws -> [CheckList: [PatternTable]] {
        var lists: [CheckList: [PatternTable]] = [:]
        for argument in before {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let list = CheckList(rawValue: parts[0]) else {
                throw ValidationError("--before takes LIST=TABLE, as in body_checks=pcre:/old/body_checks")
            }
            lists[list, default: []] += try RuleFiles.compile([parts[1]], program: "rules replay")
        }
        if lists[.mimeHeader] == nil { lists[.mimeHeader] = lists[.header] }
        if lists[.nestedHeader] == nil { lists[.nestedHeader] = lists[.header] }
        return lists
    }
}
