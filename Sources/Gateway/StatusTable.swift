internal import Foundation
internal import MailModel

/// The daemon's answer to `status` for people.
package struct StatusTable: CustomStringConvertible {
    private let document: StatusDocument

    /// Reads the answer, one JSON object; nil when it is another one.
    package init?(json: [UInt8]) {
        guard let document = StatusDocument(json: json) else { return nil }
        self.document = document
    }

    /// One fact a line: name and value.
    package var description: String {
        let (inspector, totals) = (document.inspector, document.totals)
        var rows = [
            ("up", Self.duration(document.uptime)),
            (
                "messages",
                "\(totals.messages): \(totals.passed) passed, \(totals.infected) infected, \(totals.unchecked) unchecked, "
                    + "\(totals.quarantined) quarantined, \(totals.temporary) put off; \(Self.octets(totals.bytes))"
            ),
            (
                "connections",
                "\(document.listeners.connections) open, \(document.listeners.processing) with a message in hand; "
                    + "\(document.listeners.accepted) accepted, \(document.listeners.refused) refused"
            ),
            ("spool", "\(document.spool.messages) messages, \(Self.octets(document.spool.bytes))"),
            (
                "inspector",
                "generation \(inspector.generation): \(inspector.busy) workers busy, \(inspector.waiting) messages waiting; "
                    + "\(inspector.inspected) inspected, \(inspector.crashes) crashes, \(inspector.deadlines) deadlines missed"
            ),
        ]
        if !inspector.engine.isEmpty {
            rows.append(("engine", "\(Self.shown(inspector.engine)), \(inspector.signatureCount) signatures"))
        }
        if totals.notKept > 0 {
            rows.append(
                ("quarantine", "\(totals.notKept) messages COULD NOT BE KEPT and were put off; the log says why"))
        }
        if totals.ruleMatchesGivenUp > 0 {
            rows.append(
                ("rules", "\(totals.ruleMatchesGivenUp) matches given up at rules.match_limit or another limit"))
        }
        switch inspector.signatures {
        case "test-only": rows.append(("signatures", "TEST ONLY: real viruses are not found"))
        case "not-loaded":
            let what = inspector.engineFault.isEmpty ? "mail waits, and is put off" : "the engine looks at no mail"
            rows.append(("signatures", "NOT LOADED: \(what)"))
        case "none": rows.append(("signatures", "none: the embedded engine is off"))
        default: rows.append(("signatures", Self.databaseAge(inspector)))
        }
        if !inspector.refused.isEmpty {
            let serves = inspector.signatures == "not-loaded" ? "no other serves" : "the one before serves"
            rows.append(("refused", "\(Self.shown(inspector.refused)); \(serves)"))
        }
        let cache = document.cache
        if cache.hits + cache.misses > 0 {
            rows.append(("cache", "\(cache.entries) messages, \(cache.hits) hits, \(cache.misses) misses"))
        }
        for scanner in document.scanners { rows.append(("scanner", Self.words(scanner))) }
        if inspector.landlockAbi == 0 { rows.append(("sandbox", "without Landlock")) }
        return rows.map { name, value in name + String(repeating: " ", count: 13 - name.count) + value }
            .joined(separator: "\n")
    }

    /// The daemon has escaped what is not its own: its backslashes stay.
    private static func shown(_ text: String) -> String { Escaping.reason(text, limit: 2000) }

    private static func databaseAge(_ inspector: StatusDocument.InspectorEntry) -> String {
        guard inspector.databaseTime > 0 else { return shown(inspector.signatures) }
        let age = Int(Date().timeIntervalSince1970) - inspector.databaseTime
        let kind = inspector.signatures == "own" ? "own, " : ""
        return "\(kind)version \(inspector.databaseVersion), made \(duration(max(0, age))) ago"
    }

    private static func words(_ scanner: StatusDocument.ScannerEntry) -> String {
        let name = shown(scanner.name) + (scanner.backup ? " (backup)" : "")
        let state =
            scanner.fault.isEmpty
            ? "works" + (scanner.version.isEmpty ? "" : ", \(shown(scanner.version))")
            : "FAILED: \(shown(scanner.fault))"
        let lame = scanner.failingAddresses.map { "; not at \(shown($0))" }.joined()
        let busy = scanner.busy > 0 ? ", \(scanner.busy) while it was busy" : ""
        return "\(name): \(state)\(lame); \(scanner.answered) answered, \(scanner.failed) not\(busy)"
    }

    private static func duration(_ seconds: Int) -> String {
        if seconds < 60 { return "\(seconds) s" }
        if seconds < 3600 { return "\(seconds / 60) min" }
        if seconds < 86_400 { return "\(seconds / 3600) h \(seconds % 3600 / 60) min" }
        return "\(seconds / 86_400) d \(seconds % 86_400 / 3600) h"
    }

    private static func octets(_ count: Int) -> String {
        if count < 1024 { return "\(count) octets" }
        if count < 1_048_576 { return "\(count / 1024) KiB" }
        return "\(count / 1_048_576) MiB"
    }
}
