import ArgumentParser
import Configuration
import Gateway
import Glibc
import MailModel
import SMTP
import SQLiteStores
import Stores

/// `mailreeve log`: what became of mail.
struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Find what became of messages, newest first.",
        discussion: """
            Prints the lines of the log on messages out of the journal in the state directory, each after its time (UTC). Texts are \
            found anywhere in their field, whatever the case of their letters. Times are 2026-11-25, 2026-11-25T14:30:00Z, or \
            an age such as 90m, 12h or 7d. The journal keeps them for journal.keep. The daemon need not run.

            Exit codes: 0 found; 1 nothing found, or the journal cannot be read.
            """)

    @OptionGroup var config: ConfigOption

    @OptionGroup var search: SearchOptions

    @Option(help: ArgumentHelp("Only mail whose Message-ID holds this text.", valueName: "text"))
    var messageID: String?

    @Option(help: ArgumentHelp("Only mail from clients whose address begins so.", valueName: "address"))
    var client: String?

    @Flag(help: "Only mail that at least one recipient got.")
    var passed = false

    @Flag(help: "Only mail that at least one recipient did not get.")
    var blocked = false

    /// Events that are read in one step.
    private static let step = 500

    func run() throws {
        let journal = try OpenJournal(config)
        var query = JournalQuery(limit: 0)
        query.sender = search.sender
        query.recipient = search.recipient
        query.subject = search.subject
        query.messageID = messageID
        // As XFORWARD writes those of IPv6, too.
        query.client = client.map { String(decoding: XForward.bareAddress(Array($0.utf8)), as: UTF8.self) }
        query.category = search.category?.category
        query.since = search.since?.time
        query.until = search.until?.time
        query.isPassed = passed
        query.isBlocked = blocked
        var left = search.mostMessages
        var found = false
        while left > 0 {
            query.limit = min(left, Self.step)
            let records = try journal.search(query)
            for record in records {
                Terminal.write((search.json ? EventFields.line(record) : Self.lines(record)) + [0x0A])
            }
            found = found || !records.isEmpty
            left -= records.count
            guard records.count == query.limit, let last = records.last else { break }
            query.after = PlaceInTime(time: last.time, id: last.logID)
        }
        if !found { throw ExitCode.failure }
    }

    /// The lines of the log on a message, each after its time.
    private static func lines(_ record: JournalRecord) -> [UInt8] {
        let time = QuarantineListing.time(record.time)
        return Array(record.line.split(separator: "\n").map { "\(time) \($0)" }.joined(separator: "\n").utf8)
    }
}

/// The journal, as the configured user.
struct OpenJournal {
    private let journal: SQLiteJournal

    init(_ config: ConfigOption) throws {
        let settings = try config.load()
        do {
            try Identity(settings).assume()
        } catch {
            Terminal.printError("journal: \(error)")
            throw ExitCode.failure
        }
        guard access(settings.journalPath, F_OK) == 0 else {
            Terminal.printError(
                "journal: there is none at \(settings.journalPath)"
                    + (settings.journal.enabled ? "" : " (journal.enabled: no)"))
            throw ExitCode.failure
        }
        journal = SQLiteJournal(path: settings.journalPath)
    }

    /// Looks events up; a failure is explained and ends the command with exit code 1.
    func search(_ query: JournalQuery) throws -> [JournalRecord] {
        do throws(IndexFailure) {
            return try journal.search(query)
        } catch {
            var words = "journal: \(error)"
            if case .damaged = error { words += "; the daemon puts it aside when it writes the next event" }
            Terminal.printError(words)
            throw ExitCode.failure
        }
    }
}

/// `mailreeve explain`: why a message got its verdict.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Explain why a past message got its verdict.",
        discussion: """
            Each test with its evidence and points, the levels that were in force, the setting that decided, what each recipient \
            got, and what would have ended otherwise. What a message that is still in quarantine would get today: `mailreeve \
            scan --as ID`.

            Exit codes: 0 explained; 1 the journal does not know it (any more), or cannot be read.
            """)

    @OptionGroup var config: ConfigOption

    @Flag(help: "Print the events as JSON objects, each on one line.")
    var json = false

    @Argument(help: "The mail_id or the id= of the log or of a reply, or the queue identifier of the next hop.")
    var id: String

    func run() throws {
        var query = JournalQuery(limit: 100)
        query.id = id
        let records = try OpenJournal(config).search(query)
        if records.isEmpty {
            Terminal.printError("explain: the journal knows no message \(Escaping.text(id))")
            throw ExitCode.failure
        }
        for (number, record) in records.enumerated() {
            if json {
                Terminal.write(EventFields.line(record) + [0x0A])
                continue
            }
            if number > 0 { print("") }
            print(ExplanationPage.text(record))
        }
    }
}
