import ArgumentParser
import Checks
import Configuration
import Glibc
import Linux
import MIME
import MailModel
import Patterns

/// `mailreeve rules replay`: what rules would have done to stored mail.
struct RulesReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Tell what rules would have done to stored mail, rule by rule.",
        discussion: """
            Each FILE is a message or an mbox; - is standard input. Without --before, a line for each rule that fired: how \
            often, in how many messages, its table and line, its text. With --before, the tables of --before and the others \
            are compared: a line for each message that they treat differently. --profile adds the time of each rule. For \
            attachment_checks archives are opened as the gateway does. Limits are those of the settings: of --config, or of \
            /etc/mailreeve/mailreeve.yaml where it exists.

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
    @Option(name: .customLong("link-checks"), parsing: .singleValue, help: "Tables of link_checks.")
    var link: [String] = []
    @Option(name: .customLong("attachment-checks"), parsing: .singleValue, help: "Tables of attachment_checks.")
    var attachment: [String] = []
    @OptionGroup var config: ConfigOption
    @Option(help: "Octets of each part that body rules see, in place of body_checks_size_limit; 0 for all.")
    var bodySize: Int?
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("A list and its older table, to compare with.", valueName: "list=table"))
    var before: [String] = []
    @Flag(help: "Measure each rule: microseconds of all its matches, for the costliest 50.")
    var profile = false
    @Argument(help: "Files with mail; - is standard input.")
    var files: [String]

    func validate() throws {
        if let bodySize, bodySize < 0 { throw ValidationError("--body-size is not negative") }
    }

    /// On the main actor: the closed process is forked while there is one thread.
    @MainActor func run() async throws {
        var settings = config.isGivenOrThere ? try config.load() : Settings()
        if let bodySize { settings.rules.bodySize = bodySize }
        let now = try RuleReplay(lists(), settings.rules)
        let old = before.isEmpty ? nil : try RuleReplay(oldLists(), settings.rules)
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
        if !(decodedHeader + decodedBody + link + before).isEmpty { _ = Charsets.load() }
        var (reader, writer): (Descriptor?, Descriptor?) = (nil, nil)
        if now.has(.attachment) || old?.has(.attachment) ?? false {
            let pipe = try Descriptor.pipe()
            (reader, writer) = (pipe.reader, pipe.writer)
        }
        let running = try Confinement.start {
            var files: ReplayedFiles?
            if let pipe = reader {
                // Its own other end would keep the pipe open.
                writer = nil
                files = ReplayedFiles(from: pipe)
                if files == nil { return 1 }
            }
            if let old {
                now.compare(with: old, mail, files)
            } else {
                now.tell(mail, files, profile: profile)
            }
            return 0
        }
        reader = nil
        var isComplete = true
        do {
            if let writer { try await Self.send(mail, ReplayedFiles.giveUpRoot(settings), writer) }
        } catch {
            Terminal.printError("rules replay: \(error)")
            isComplete = false
        }
        // Without its end, if anything went wrong: then the closed process says nothing.
        writer = nil
        let status = running.wait()
        if isComplete, status == 1 {
            Terminal.printError(
                "rules replay: names and types of files take more than \(ReplayedFiles.sizeLimit) octets")
        }
        if !isComplete || status != 0 { throw ExitCode(isComplete ? status : 1) }
    }

    /// Gives the closed process the names and types of files, which it waits for.
    private static func send(
        _ mail: [(name: String, bytes: [UInt8])], _ settings: Settings, _ pipe: Descriptor
    ) async throws {
        signal(SIGPIPE, SIG_IGN)
        try await ReplayedFiles.send(mail.lazy.flatMap { RuleReplay.messages($0.bytes) }, settings, to: pipe)
    }

    private func lists() throws -> [CheckList: [PatternTable]] {
        let header = try RuleFiles.compile(header, program: "rules replay")
        let mime = try RuleFiles.compile(mime, program: "rules replay")
        let nested = try RuleFiles.compile(nested, program: "rules replay")
        return [
            .header: header, .mimeHeader: self.mime.isEmpty ? header : mime,
            .nestedHeader: self.nested.isEmpty ? header : nested,
            .body: try RuleFiles.compile(body, program: "rules replay"),
            .decodedHeader: try RuleFiles.compile(decodedHeader, for: .decodedHeader, program: "rules replay"),
            .decodedBody: try RuleFiles.compile(decodedBody, for: .decodedBody, program: "rules replay"),
            .link: try RuleFiles.compile(link, for: .link, program: "rules replay"),
            .attachment: try RuleFiles.compile(attachment, for: .attachment, program: "rules replay"),
        ]
    }

    private func oldLists() throws -> [CheckList: [PatternTable]] {
        var lists: [CheckList: [PatternTable]] = [:]
        for argument in before {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let list = CheckList(rawValue: parts[0]) else {
                throw ValidationError("--before takes LIST=TABLE, as in body_checks=pcre:/old/body_checks")
            }
            lists[list, default: []] += try RuleFiles.compile([parts[1]], for: list, program: "rules replay")
        }
        if lists[.mimeHeader] == nil { lists[.mimeHeader] = lists[.header] }
        if lists[.nestedHeader] == nil { lists[.nestedHeader] = lists[.header] }
        return lists
    }
}
