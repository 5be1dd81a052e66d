import ArgumentParser
import Configuration
import Foundation
import Gateway
import MailModel
import Stores

/// `mailreeve quarantine list`.
struct QuarantineListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the messages in quarantine, newest first.",
        discussion: """
            Columns: ID, time (UTC), category, octets, R when released, sender -> recipients, subject. Texts are found \
            anywhere in their field, whatever the case of their letters. Times are 2026-11-25, 2026-11-25T14:30:00Z, or an \
            age such as 90m, 12h or 7d. Log and journal keep who has listed what.

            Exit codes: 0 listed; 1 the quarantine cannot be read.
            """)

    @OptionGroup var config: ConfigOption

    @OptionGroup var search: SearchOptions

    @Option(help: ArgumentHelp("Only mail whose recipients are all in this domain.", valueName: "domain"))
    var tenant: String?

    @Flag(help: "Only mail that was released.")
    var released = false

    @Flag(help: "Only mail that was not released.")
    var unreleased = false

    @Option(help: ArgumentHelp("Go on behind this message, the last one of another list.", valueName: "id"))
    var after: String?

    func validate() throws {
        if released, unreleased { throw ValidationError("--released and --unreleased exclude each other") }
    }

    /// Rows that are read in one step.
    private static let step = 1000

    func run() throws {
        let open = try OpenQuarantine(config)
        QuarantineRecord(listing: searched, by: open.person).write(open.settings) {
            Terminal.printError("quarantine: \($0)")
        }
        var query = try query(open)
        var left = search.mostMessages
        while left > 0 {
            // One more than wanted tells whether there are more.
            query.limit = min(left, Self.step)
            let rows = try open.orFail { try $0.search(query) }
            for row in rows {
                Terminal.write(
                    search.json ? try QuarantineListing(row).encoded() : Array(QuarantineListing.row(row).utf8))
                Terminal.write([0x0A])
            }
            left -= rows.count
            guard rows.count == query.limit, let last = rows.last else { return }
            query.after = PlaceInTime(time: last.time, id: last.id)
            query.limit = 1
            if left == 0, !(try open.orFail { try $0.search(query) }).isEmpty {
                Terminal.printError("quarantine: there are more: --after \(last.id), or --limit 0")
            }
        }
    }

    /// What is searched for, for the journal.
    private var searched: String {
        let words: [(String, String?)] = [
            ("sender", search.sender), ("recipient", search.recipient), ("subject", search.subject),
            ("category", search.category?.category.rawValue), ("tenant", tenant),
            ("since", (search.since?.time).map(QuarantineListing.time)),
            ("until", (search.until?.time).map(QuarantineListing.time)), ("released", released ? "yes" : nil),
            ("unreleased", unreleased ? "yes" : nil), ("after", after),
        ]
        return words.compactMap { name, value in value.map { "\(name)=\($0)" } }.joined(separator: ", ")
    }

    private func query(_ open: OpenQuarantine) throws -> QuarantineQuery {
        var query = QuarantineQuery(limit: 1)
        if let after {
            query.id = after
            guard let row = try open.orFail({ try $0.search(query) }).first else {
                return try open.orFail { _ in throw Quarantine.Failure.unknown(after) }
            }
            query.id = nil
            query.after = PlaceInTime(time: row.time, id: row.id)
        }
        query.sender = search.sender
        query.recipient = search.recipient
        query.subject = search.subject
        query.category = search.category?.category
        query.tenant = tenant
        query.since = search.since?.time
        query.until = search.until?.time
        if released { query.isReleased = true }
        if unreleased { query.isReleased = false }
        return query
    }
}

/// `mailreeve quarantine show`.
struct QuarantineShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one message in quarantine.",
        discussion: """
            Prints envelope, reason and the header of the message, control characters escaped. Log and journal keep who has
            looked. Where the envelope is lost the message is shown all the same, with a warning.

            Exit codes: 0 shown; 1 there is no such message, it is damaged, or it cannot be read.
            """)

    @OptionGroup var config: ConfigOption

    @Flag(help: "Print the message itself, byte for byte. It may be dangerous: not for a terminal.")
    var raw = false

    @Flag(help: "Print the report of the inspection: the JSON object of `mailreeve scan --json`.")
    var report = false

    @Argument(help: "ID of the message, as `quarantine list` and the log (mail_id) name it.")
    var id: String

    func validate() throws {
        if raw, report { throw ValidationError("--raw and --report exclude each other") }
    }

    func run() throws {
        let open = try OpenQuarantine(config)
        try open.orFail { quarantine in
            let files = quarantine.files
            let remains = try files.remains(id)
            let entry = remains.entry
            if let loss = remains.loss { Terminal.printError("quarantine: \(id): \(loss)") }
            QuarantineRecord(entry, .shown, by: open.person).write(open.settings) {
                Terminal.printError("quarantine: \($0)")
            }
            if report {
                Terminal.write(try files.report(of: entry) + [0x0A])
            } else if raw {
                try files.read(message: entry) { piece in
                    Terminal.write(piece.withUnsafeBufferPointer { Array($0) })
                    return true
                }
            } else {
                var head: [UInt8] = []
                defer {
                    let shown = head.prefix(QuarantineListing.headerLimit + 1)
                    if !shown.isEmpty { print(QuarantineListing.page(entry, head: Array(shown))) }
                }
                // To the end, behind which it is known that this is the message of this envelope.
                try files.read(message: entry) { piece in
                    if head.count <= QuarantineListing.headerLimit {
                        piece.withUnsafeBufferPointer { head.append(contentsOf: $0) }
                    }
                    return true
                }
            }
        }
    }
}
