internal import Foundation
internal import MailModel

/// The daemon's answer to `status` for Prometheus, in its text format 0.0.4.
///
/// Names are the fields of the JSON with the prefix `mailreeve_`; what only grows while the daemon runs ends with `_total`.
package struct StatusMetrics: CustomStringConvertible {
    private let document: StatusDocument

    /// Reads the answer, one JSON object; nil when it is another one.
    package init?(json: [UInt8]) {
        guard let document = StatusDocument(json: json) else { return nil }
        self.document = document
    }

    package var description: String { metrics.map(\.text).joined() }

    /// One metric with the values of all its label sets.
    private struct Metric {
        enum Kind: String { case counter, gauge }
        /// Value and labels of a line.
        typealias Sample = (labels: [(name: String, value: String)], value: Int)

        let name: String
        let kind: Kind
        let help: String
        let samples: [Sample]

        init(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
            self.name = "mailreeve_" + name
            self.kind = kind
            self.help = help
            self.samples = samples
        }

        init(_ name: String, _ kind: Kind, _ help: String, _ value: Int) {
            self.init(name, kind, help, [([], value)])
        }

        /// Nothing for a metric without a value: a header alone says nothing.
        var text: String {
            if samples.isEmpty { return "" }
            var text = "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
            for sample in samples {
                let labels = sample.labels.map { "\($0.name)=\"\(Self.quoted($0.value))\"" }.joined(separator: ",")
                text += labels.isEmpty ? "\(name) \(sample.value)\n" : "\(name){\(labels)} \(sample.value)\n"
            }
            return text
        }

        /// What scanners say of themselves comes from elsewhere: one line, as the daemon has escaped it, and no end of the quotes.
        private static func quoted(_ value: String) -> String {
            Escaping.reason(value, limit: 1000).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        }
    }

    private var metrics: [Metric] {
        let (inspector, totals, scanners) = (document.inspector, document.totals, document.scanners)
        return [
            Metric("uptime_seconds", .gauge, "Time since the start.", document.uptime),
            Metric("messages_total", .counter, "Messages judged.", totals.messages),
            Metric("message_bytes_total", .counter, "Octets of the messages judged.", totals.bytes),
            Metric("passed_total", .counter, "Messages passed on.", totals.passed),
            Metric("infected_total", .counter, "Messages with a virus.", totals.infected),
            Metric("unchecked_total", .counter, "Messages that could not be checked as a whole.", totals.unchecked),
            Metric("quarantined_total", .counter, "Messages put into quarantine.", totals.quarantined),
            Metric(
                "not_kept_total", .counter, "Messages put off because the quarantine could not be written.",
                totals.notKept),
            Metric("temporary_total", .counter, "Messages put off with a temporary failure.", totals.temporary),
            Metric(
                "rule_matches_given_up_total", .counter, "Matches of rules given up at a limit.",
                totals.ruleMatchesGivenUp),
            Metric("journal_waiting", .gauge, "Events that wait for the journal.", document.journal.waiting),
            Metric(
                "journal_overflowed_total", .counter, "Events that went into the log instead.",
                document.journal.overflowed),
            Metric("cache_entries", .gauge, "Messages whose answers are kept.", document.cache.entries),
            Metric("cache_hits_total", .counter, "Messages whose answer was kept.", document.cache.hits),
            Metric("cache_misses_total", .counter, "Messages whose answer was not kept.", document.cache.misses),
            Metric("connections", .gauge, "Open connections of clients.", document.listeners.connections),
            Metric(
                "connections_accepted_total", .counter, "Connections accepted.",
                Int(clamping: document.listeners.accepted)),
            Metric(
                "connections_refused_total", .counter, "Connections refused at a limit.",
                Int(clamping: document.listeners.refused)),
            Metric("spool_messages", .gauge, "Messages in hand.", document.spool.messages),
            Metric("spool_bytes", .gauge, "Octets of the messages in hand.", document.spool.bytes),
            Metric("inspector_generation", .gauge, "Generation of the inspector that serves.", inspector.generation),
            Metric(
                "inspector_generation_refused", .gauge, "1 while the last new generation could not take over.",
                inspector.refused.isEmpty ? 0 : 1),
            Metric("inspector_busy", .gauge, "Workers with a message.", inspector.busy),
            Metric("inspector_waiting", .gauge, "Messages that wait for a worker.", inspector.waiting),
            Metric("inspected_total", .counter, "Messages inspected.", inspector.inspected),
            Metric("inspector_crashes_total", .counter, "Workers that ended unasked.", inspector.crashes),
            Metric("inspector_deadlines_total", .counter, "Inspections ended at their deadline.", inspector.deadlines),
            Metric(
                "engine_info", .gauge, "The virus engine and the kind of its signatures; always 1.",
                [([("version", inspector.engine), ("signatures", inspector.signatures)], 1)]),
            Metric("signatures", .gauge, "Signatures loaded.", inspector.signatureCount),
            Metric(
                "signature_version", .gauge, "Version of the daily database; 0 without.",
                inspector.databaseVersion),
            Metric(
                "signature_timestamp_seconds", .gauge, "Unix time at which the daily database was made; 0 without.",
                inspector.databaseTime),
            Metric(
                "scanner_up", .gauge, "1 while the scanner passes its self-test.",
                scanners.map { (Self.labels($0), $0.fault.isEmpty ? 1 : 0) }),
            Metric(
                "scanner_info", .gauge, "What a scanner says of itself; always 1.",
                scanners.map { (Self.labels($0) + [("version", $0.version)], 1) }),
            Metric(
                "scanner_signature_timestamp_seconds", .gauge, "Unix time of a scanner's signatures.",
                scanners.filter { $0.signatureTime > 0 }.map { (Self.labels($0), $0.signatureTime) }),
            Metric(
                "scanner_answered_total", .counter, "Messages that a scanner answered.",
                scanners.map { (Self.labels($0), $0.answered) }),
            Metric(
                "scanner_failed_total", .counter, "Messages that a scanner failed to answer.",
                scanners.map { (Self.labels($0), $0.failed) }),
            Metric(
                "scanner_busy_total", .counter, "Messages that a scanner was too busy for.",
                scanners.map { (Self.labels($0), $0.busy) }),
        ]
    }

    private static func labels(_ scanner: StatusDocument.ScannerEntry) -> [(name: String, value: String)] {
        [("scanner", scanner.name)]
    }
}
