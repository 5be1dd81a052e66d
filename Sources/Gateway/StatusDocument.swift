internal import Foundation
internal import InspectionLink
internal import MailModel
internal import Relay
internal import RemoteChecks
internal import Stores

/// The answer to `mailreeve status`, one JSON object. Fields may be added, never renamed; in JSON their
/// names are in snake case.
struct StatusDocument: Codable {
    struct InspectorEntry: Codable {
        var generation: Int
        var engine: String
        /// `official` (a daily database is among them), `own`, `test-only`, `not-loaded` or `none`.
        var signatures: String
        /// Why messages are inspected without the engine; empty while it serves.
        var engineFault: String
        /// Why the last new generation did not take over; empty when it did.
        var refused: String
        var signatureCount: Int
        var databaseVersion: Int
        var databaseTime: Int
        var landlockAbi: Int
        var busy: Int
        var waiting: Int
        var inspected: Int
        var crashes: Int
        var deadlines: Int
    }

    struct ScannerEntry: Codable {
        var name: String
        var backup: Bool
        /// Empty when it works.
        var fault: String
        /// While it works: its addresses that are not asked, each with the reason.
        var failingAddresses: [String]
        var version: String
        var signatureTime: Int
        var answered: Int
        var failed: Int
        /// Messages that it was not asked about, since it had as many as it is given at one time.
        var busy: Int
    }

    struct DoorEntry: Codable {
        var connections: Int
        var processing: Int
        var accepted: UInt64
        var refused: UInt64
    }

    struct SpoolEntry: Codable {
        var messages: Int
        var bytes: Int
    }

    var uptime: Int
    var inspector: InspectorEntry
    var scanners: [ScannerEntry]
    var cache: MessageCache.Figures
    var listeners: DoorEntry
    var spool: SpoolEntry
    var totals: MessageJournal.Counters
    var journal: JournalWriter.Figures

    init(
        uptime: Int, inspector: InspectorStatus, door: FrontDoorStatus, spool: Spool, totals: MessageJournal.Counters,
        journal: JournalWriter.Figures, signatures: String, scanners: [ScannerState], cache: MessageCache.Figures
    ) {
        self.uptime = uptime
        let ready = inspector.ready
        self.inspector = InspectorEntry(
            generation: inspector.generation, engine: Escaping.text(ready?.engineVersion ?? "", limit: 60),
            signatures: Self.signatures(signatures, inspector.engineFault.isEmpty ? ready : nil),
            engineFault: Escaping.text(inspector.engineFault, limit: 500),
            refused: Escaping.text(inspector.refused, limit: 500), signatureCount: ready?.signatures ?? 0,
            databaseVersion: ready?.databaseVersion ?? 0, databaseTime: ready?.databaseTime ?? 0,
            landlockAbi: ready?.landlockABI ?? 0, busy: inspector.busy, waiting: inspector.waiting,
            inspected: inspector.inspected, crashes: inspector.crashes, deadlines: inspector.deadlines)
        self.scanners = scanners.map {
            ScannerEntry(
                name: $0.name, backup: $0.isBackup, fault: Escaping.text($0.fault ?? "", limit: 500),
                failingAddresses: $0.lamePlaces.map { Escaping.text($0, limit: 500) },
                version: Escaping.text($0.version, limit: 200), signatureTime: $0.signatureTime,
                answered: $0.answered, failed: $0.failed, busy: $0.busy)
        }
        self.cache = cache
        listeners = DoorEntry(
            connections: door.connections, processing: door.processing, accepted: door.accepted, refused: door.refused)
        self.spool = SpoolEntry(messages: spool.messages, bytes: spool.bytes)
        self.totals = totals
        self.journal = journal
    }

    /// Reads what `encoded` wrote; nil when it is something else.
    init?(json: [UInt8]) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let document = try? decoder.decode(StatusDocument.self, from: Data(json)) else { return nil }
        self = document
    }

    /// Which signatures are in use; `none` where scanning is off, `not-loaded` where no generation serves, or one without the engine.
    static func signatures(_ settings: String, _ ready: Ready?) -> String {
        if settings == "none" { return settings }
        guard let ready else { return "not-loaded" }
        return settings == "official" && !ready.isOfficial ? "own" : settings
    }

    func encoded() -> String { Self.json(self) }

    /// The answer to a command: `{"ok":true}` and what has changed, or the error.
    static func result(_ outcome: ReloadOutcome) -> String {
        struct Answer: Encodable {
            var ok: Bool
            var error: String?
            var changes: [String]
        }
        return json(
            Answer(ok: outcome.error == nil, error: outcome.error, changes: Array(outcome.changes.prefix(changesTold))))
    }

    /// Lines of an answer; the log has all.
    private static let changesTold = 100

    private static func json(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { return #"{"error":"cannot be shown"}"# }
        return String(decoding: data, as: UTF8.self)
    }
}
