import Foundation
import InspectionLink
import Linux
import MailModel
import Testing

/// Messages that hide something from filters, and messages that do not: what is found, what is held, what would pass.
@Suite struct EvasionTests {
    /// What would become of a message.
    enum Outcome: String {
        /// The scanner found the payload in one of the readings.
        case found
        /// Not found, but ambiguous: held by default.
        case held
        case passed
    }

    static let mime = CorpusTests.corpora + "/mime"

    /// Rows of an `index.tsv` by column name.
    static func index(_ suite: String) throws -> [[String: String]] {
        let text = try String(contentsOfFile: "\(mime)/\(suite)/index.tsv", encoding: .utf8)
        var lines = text.split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
        let names = lines.removeFirst().map(String.init)
        return lines.map { Dictionary(zip(names, $0.map(String.init))) { first, _ in first } }
    }

    /// A table of exceptions: name, tab, the reason.
    static func table(_ name: String) throws -> [String: String] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Tables/\(name).tsv")
        let text = try String(contentsOf: file, encoding: .utf8)
        var rows: [String: String] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let fields = line.split(separator: "\t", maxSplits: 1)
            if fields.count == 2 { rows[String(fields[0])] = String(fields[1]) }
        }
        return rows
    }

    /// Inspects files one after the other.
    static func inspect(_ paths: [String], _ use: (String, Report) throws -> Void) throws {
        let gateway = try TestGateway()
        try gateway.configure()
        let worker = try gateway.fork(1)
        for path in paths {
            let message = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            try use(path, try gateway.report(on: message, by: worker))
        }
    }

    static func outcome(_ report: Report) -> Outcome {
        if !report.viruses.isEmpty { return .found }
        return !report.deceptions.isEmpty ? .held : .passed
    }

    /// Payloads of a suite: the rate of what is found, and nothing passes.
    static func judge(_ title: String, _ paths: [String]) throws {
        var counts: [Outcome: Int] = [:]
        var lines: [String] = []
        var ambiguous = 0
        try inspect(paths) { path, report in
            let outcome = outcome(report)
            counts[outcome, default: 0] += 1
            ambiguous += !report.deceptions.isEmpty ? 1 : 0
            if outcome != .found {
                let kinds = Set(report.anomalies.map(\.kind.rawValue)).sorted().joined(separator: " ")
                lines.append("\(outcome.rawValue) \(path.split(separator: "/").last ?? ""): \(kinds)")
            }
            if outcome == .passed { Issue.record("passed: \(path)") }
        }
        let found = counts[.found] ?? 0
        print(
            "evasion \(title): \(paths.count) messages, \(found) found, \(counts[.held] ?? 0) held, "
                + "\(counts[.passed] ?? 0) passed; ambiguous, found or not: \(ambiguous)")
        for line in lines.sorted() { print("evasion \(title): \(line)") }
        #expect(found * 100 >= paths.count * 90, "\(title): found \(found) of \(paths.count)")
    }

    @Test(.enabled(if: CorpusTests.isPresent, "the corpora are not beside the package"))
    func hiddenContent() throws {
        let rows = try Self.index("noxxi-mime-is-broken").compactMap { $0["file"] }
        let without = try Self.table("without-payload")
        try Self.judge(
            "noxxi hide-content",
            rows.filter { $0.hasPrefix("hide-content/") && without[$0] == nil }.map {
                "\(Self.mime)/noxxi-mime-is-broken/\($0)"
            })
    }

    @Test(.enabled(if: CorpusTests.isPresent, "the corpora are not beside the package"))
    func ambiguousStructureAndPayload() throws {
        let rows = try Self.index("mimeminer").filter { $0["payload_copies"] != "0" }.compactMap { $0["file"] }
        try Self.judge("mimeminer", rows.map { "\(Self.mime)/mimeminer/\($0)" })
    }

    /// Each message offers `file.zip` to some reader; the last of a field that has no such name is a control.
    @Test(.enabled(if: CorpusTests.isPresent, "the corpora are not beside the package"))
    func hiddenNames() throws {
        let rows = try Self.index("noxxi-mime-is-broken").compactMap { $0["file"] }
        let paths = rows.filter { $0.hasPrefix("hide-filename/") && !$0.hasSuffix("-fname-ctype.png.eml") }
        var named = 0
        var held = 0
        try Self.inspect(paths.map { "\(Self.mime)/noxxi-mime-is-broken/\($0)" }) { path, report in
            let names = report.parts.flatMap(\.names)
            let isNamed = names.contains { $0.hasPrefix("file") && $0.hasSuffix("zip") }
            let isHeld = !report.deceptions.isEmpty
            named += isNamed ? 1 : 0
            held += !isNamed && isHeld ? 1 : 0
            #expect(isNamed || isHeld, "\(path): \(names)")
        }
        print("evasion noxxi hide-filename: \(paths.count) messages, \(named) named, \(held) held")
    }
}
