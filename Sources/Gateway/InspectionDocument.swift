internal import Checks
internal import Digests
internal import Foundation
internal import Linux
internal import MailModel
internal import Policy
internal import Relay
internal import RemoteChecks
internal import Stores

/// What the inspection found and what follows, in the form of `scan --json`. Fields may be added, never renamed; in JSON
/// their names are in snake case.
///
/// The JSON encoder escapes control characters; further text from mail is escaped where it is put in.
struct InspectionDocument: Encodable {
    struct PartEntry: Encodable {
        var path: String
        var reading: Int
        var cause: Nullable<String>
        var decoding: String
        var declaredType: String
        var detectedType: String
        var names: [String]
        var size: Int
        var sha256: String
        var encrypted: Bool
        var origin: String
        var notes: [String]
        var types: [String]
    }

    struct FindingEntry: Encodable {
        var scanner: String
        var `class`: String
        var name: String
        var part: Nullable<String>
        var evidence: String
        /// The rule of a header or body check that fired.
        var rule = Nullable<RuleEntry>(nil)
    }

    struct RuleEntry: Encodable {
        var table: String
        var line: Int
        /// Where its text stands in the message.
        var offset: Int
        /// `$1`, `$2` and so on; null for one that took no part.
        var groups: [String?]
    }

    struct ScannerEntry: Encodable {
        var name: String
        var answered: Bool
        /// Why it did not answer.
        var failure: String
        /// Why it was not asked, or what it left out of the message for its size; empty when it has looked at all of it.
        var skipped: String
        var us: Int
    }

    struct AnomalyEntry: Encodable {
        var kind: String
        var `class`: String
        var action: String
        var part: Nullable<String>
        var offset: Int
    }

    struct UncheckedEntry: Encodable {
        var reason: String
        var scanner: Nullable<String>
        var part: Nullable<String>
        var detail: String
    }

    struct RecipientEntry: Encodable {
        var address: String
        var disposition: String
        var reply: String
        var quarantine: Nullable<String>
    }

    struct TestEntry: Encodable {
        var name: String
        var score: Double
        var description: String
        var evidence: String
    }

    /// The file that `scan` read; nil for mail that came in by a listener.
    var file = Nullable<String>()
    /// Number of the message in an mbox, from 1 on; nil elsewhere.
    var mboxMessage = Nullable<Int>()
    var messageID: String
    var subject: String
    var size: Int
    var sha256: String
    var category: String
    var score: Double
    var tests: [TestEntry]
    /// nil as long as nothing was learned.
    var bayes = Nullable<[String: Double]>()
    var findings: [FindingEntry]
    /// Files that are banned and not among the findings, as there are too many.
    var bannedFurther = 0
    var parts: [PartEntry]
    /// Inspection and scanners gave their answers at an earlier time, on the same message.
    var cached: Bool
    /// Scanners outside the inspector that were asked.
    var scanners: [ScannerEntry]
    var anomalies: [AnomalyEntry]
    var ambiguous: Bool
    var unchecked: [UncheckedEntry]
    var limitsHit: [String]
    var recipients: [RecipientEntry]
    /// Files that a rule bans and the allow list lets through, and who says so.
    var allowed: [String] = []
    var edits: [String] = []
    /// Texts under the message, and what is taken out of its HTML, in the words of the log.
    var disclaimers: [String] = []
    var sanitized: [String] = []
    /// What differs from the report of then, a line each, of a message that is judged again (`scan --as`); nil elsewhere.
    var differences = Nullable<[String]>()
    var timingUs: [String: Int]
    /// `official` (a daily database is among them), `own`, `test-only` or `none`.
    var signatures: String

    /// The document on a message in the pipeline. Reads the whole message for its digest.
    init(_ work: MessageWork) throws {
        let report = work.report ?? Report(messageSize: work.message.file.count)
        func path(_ part: Int?) -> Nullable<String> { Nullable(part.map { Escaping.text(report.parts[$0].path) }) }
        messageID = Escaping.text(work.facts.messageID, limit: 500)
        subject = Escaping.text(work.facts.subject, limit: 1000)
        size = work.message.file.count
        sha256 = hexadecimal(try work.message.file.digest())
        category = work.verdict.category.rawValue
        score = work.verdict.score
        tests = work.verdict.tests.map {
            TestEntry(
                name: Escaping.text($0.name), score: $0.score, description: Escaping.text($0.meaning, limit: 500),
                evidence: Escaping.text($0.evidence, limit: 2000))
        }
        bayes.value = work.bayes.map {
            ["probability": $0.probability, "tokens": Double($0.tokens), "known_tokens": Double($0.known)]
        }
        findings = report.findings.map {
            FindingEntry(
                scanner: Escaping.text($0.scanner), class: $0.kind.rawValue, name: Escaping.text($0.name),
                part: path($0.part), evidence: Escaping.text($0.evidence, limit: 500))
        }
        findings += work.rules.outcome.entries.map { entry in
            FindingEntry(
                scanner: entry.list.rawValue, class: Finding.Kind.rule.rawValue,
                name: Escaping.text("\(entry.verb) \(String(decoding: entry.text, as: UTF8.self))", limit: 500),
                part: Nullable(nil), evidence: Escaping.text(entry.content, limit: 500),
                rule: Nullable(
                    RuleEntry(
                        table: Escaping.text(
                            work.rules.book?.table(entry.list, entry.table)?.name.text ?? "", limit: 500),
                        line: entry.line, offset: entry.range.lowerBound,
                        groups: entry.groups.dropFirst().map { group in group.map { Escaping.text($0, limit: 500) } })))
        }
        cached = work.isFromCache
        scanners = work.scannerOutcomes.map {
            ScannerEntry(
                name: $0.settings.name, answered: $0.hasAnswered,
                failure: Escaping.text($0.failure ?? "", limit: 500),
                skipped: Escaping.text($0.skipped ?? "", limit: 500),
                us: $0.microseconds)
        }
        findings += work.verdict.banned.map { content in
            FindingEntry(
                scanner: "banned", class: Finding.Kind.banned.rawValue,
                name: Escaping.text(content.attributes, limit: 500), part: path(content.part),
                evidence: Escaping.text(
                    content.reason.isEmpty ? content.rule : "\(content.reason) (\(content.rule))", limit: 500))
        }
        bannedFurther = work.verdict.bannedFurther
        allowed = work.allowedFiles.map { Escaping.text($0, limit: 1000) }
        edits = work.rules.outcome.edits.map { edit in
            "\(edit.range.lowerBound)..<\(edit.range.upperBound): " + Escaping.text(edit.text, limit: 500)
        }
        for group in work.groups.filter({ $0.disposition == .strip }).prefix(1) {
            edits += (group.strip?.edits ?? []).map { edit in
                "\(edit.range.lowerBound)..<\(edit.range.upperBound): " + Escaping.text(edit.text, limit: 500)
            }
        }
        for group in work.groups.prefix(1) {
            edits += group.textEdits.map { edit in
                "\(edit.range.lowerBound)..<\(edit.range.upperBound): " + Escaping.text(edit.text, limit: 500)
            }
        }
        disclaimers = work.disclaimerWords
        sanitized = work.sanitizingWords
        parts = report.parts.map { part in
            PartEntry(
                path: Escaping.text(part.path), reading: part.reading, cause: Nullable(part.cause?.rawValue),
                decoding: Escaping.text(part.decoding), declaredType: Escaping.text(part.declaredType),
                detectedType: Escaping.text(part.detectedType),
                names: part.names.map { Escaping.text($0, limit: 500) },
                size: part.size, sha256: hexadecimal(part.sha256), encrypted: part.encrypted,
                origin: part.origin.rawValue, notes: part.notes.map { Escaping.text($0, limit: 500) },
                types: part.types.map { Escaping.text($0) })
        }
        let judging = work.groups.first?.policy.judging ?? JudgingPolicy()
        anomalies = work.anomalies.map {
            AnomalyEntry(
                kind: $0.kind.rawValue, class: $0.kind.anomalyClass.rawValue,
                action: judging.action(for: $0.kind).rawValue, part: path($0.part),
                offset: $0.offset)
        }
        ambiguous = work.verdict.reasons.contains(.ambiguous)
        unchecked = work.verdict.unchecked.map {
            UncheckedEntry(
                reason: $0.reason.rawValue,
                scanner: Nullable($0.scanner.isEmpty ? nil : Escaping.text($0.scanner, limit: 100)),
                part: path($0.part), detail: Escaping.text($0.detail, limit: 500))
        }
        limitsHit = report.limitsHit.map { Escaping.text($0) }
        let keeping = Set(work.groups.filter(\.keepsCopy).flatMap(\.recipients))
        recipients = work.results.enumerated().compactMap { index, outcome in
            guard let outcome else { return nil }
            return RecipientEntry(
                address: outcome.recipient.path.description, disposition: outcome.kind.rawValue,
                reply: outcome.reply.summary,
                quarantine: Nullable(keeping.contains(index) ? work.quarantineID : nil))
        }
        timingUs = Dictionary(
            report.timings.map { (Escaping.text($0.stage), $0.microseconds) }, uniquingKeysWith: { $0 + $1 })
        let state = work.setup.signatureState
        signatures = work.ready.map { StatusDocument.signatures(state, $0) } ?? state
    }

    /// JSON on one line, keys sorted.
    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }
}

/// A field that is `null` when there is no value: readers find every field of the contract in every object.
struct Nullable<Value: Encodable & Sendable>: Encodable, Sendable {
    var value: Value?

    init(_ value: Value? = nil) {
        self.value = value
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}
