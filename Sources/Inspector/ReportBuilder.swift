internal import InspectionLink
internal import MIME
internal import MailModel
internal import Scoring

/// Collects one report within the bounds that the gateway accepts. What does not fit is named as a limit and leaves the
/// message unchecked: a report must never be refused because of what a sender wrote, nor look complete when it is not.
struct ReportBuilder {
    /// Bounds of what one message may put into its report.
    struct Limits {
        /// Octets of all file names and notes together.
        var nameBytes = 4_194_304
        /// Octets of one note.
        var note = 400
        /// Anomalies.
        var anomalies = 10_000
        /// Octets of a media type (RFC 6838 section 4.2: twice 127 and a slash).
        var mediaType = 255
        /// Octets of a signature's name or of the detail of something unchecked.
        var detail = 1024
    }

    private(set) var report: Report
    /// All names of the parts that have one which the report only has the ends of, by index: rules are tried on them.
    private(set) var wholeNames: [Int: [String]] = [:]
    private let limits: Limits
    private let contract = ReportLimits()
    private var nameBytes = 0

    init(messageSize: Int, limits: Limits = Limits()) {
        report = Report(messageSize: messageSize)
        self.limits = limits
    }

    /// Adds a part, its texts cut where they are longer than the contract allows. Returns its index.
    mutating func add(_ part: PartDescription) -> Int {
        var part = part
        let index = report.parts.count
        let all = part.names
        part.declaredType = clamped(part.declaredType, to: limits.mediaType)
        part.path = clamped(part.path, to: contract.text)
        part.names = []
        for name in all.prefix(contract.names) {
            let size = name.utf8.count
            guard size <= limits.nameBytes - nameBytes else { break }
            nameBytes += size
            part.names.append(size <= contract.text ? name : Self.ends(of: name, contract.text))
        }
        let isShortened = zip(part.names, all).contains { $0.utf8.count < $1.utf8.count }
        if isShortened { wholeNames[index] = Array(all.prefix(part.names.count)) }
        report.parts.append(part)
        if isShortened || part.names.count < all.count { reach("report-names", part: index) }
        return index
    }

    /// The start and the end of a name, which tells what kind of file it is.
    private static func ends(of name: String, _ limit: Int) -> String {
        let gap = " ... "
        let half = (limit - gap.utf8.count) / 2
        let reversed = String(String.UnicodeScalarView(name.unicodeScalars.reversed()))
        let end = clamped(reversed, to: half).unicodeScalars.reversed()
        return clamped(name, to: half) + gap + String(String.UnicodeScalarView(end))
    }

    /// Adds a note to a part, cut where it is too long; one that does not fit is left out.
    mutating func addNote(_ note: String, part: Int) {
        let note = clamped(note, to: limits.note)
        guard report.parts[part].notes.count < contract.notes, note.utf8.count <= limits.nameBytes - nameBytes else {
            return
        }
        nameBytes += note.utf8.count
        report.parts[part].notes.append(note)
    }

    /// Sets what decoding and detection said of a part.
    mutating func describe(_ part: Int, _ change: (inout PartDescription) -> Void) {
        change(&report.parts[part])
    }

    mutating func add(_ anomaly: Anomaly) {
        guard report.anomalies.count < limits.anomalies else {
            reach("report-anomalies")
            return
        }
        var anomaly = anomaly
        anomaly.offset = min(max(0, anomaly.offset), report.messageSize)
        report.anomalies.append(anomaly)
    }

    /// Adds where decoded parts stand in the file for other scanners.
    mutating func add(_ parts: [MaterialisedPart]) {
        report.materialised = parts
    }

    /// Adds what the rules said.
    mutating func add(_ stage: RuleStage) {
        report.firings = stage.firings
        report.unloggedFirings = stage.unlogged
        report.givenUp = stage.givenUp
        for limit in stage.limitsHit { reach(limit) }
        if stage.areLinksCut { reachTextLimit("rule-links") }
    }

    /// Adds which rules on names and types of files hold.
    mutating func add(banned firings: [BannedFiring]) {
        report.banned = firings
    }

    /// Adds where texts can be put.
    /// - Parameter reported: for each part of the tree its index in the report.
    mutating func add(_ stage: TextEndStage, _ reported: [Int]) {
        (report.textEnds, report.textObstacle) = stage.result(reported)
    }

    /// Adds what has to be taken out of HTML.
    /// - Parameter reported: for each part of the tree its index in the report.
    mutating func add(_ stage: HTMLStage, _ tree: PartTree, _ reported: [Int]) {
        report.htmlCleanings = stage.result(tree, reported)
    }

    /// - Parameter evidence: what else tells of it, in our words.
    mutating func addVirus(_ name: String, scanner: String, part: Int?, evidence: String = "") {
        add(
            Finding(
                scanner: scanner, kind: .virus, name: clamped(name, to: limits.detail), part: part,
                evidence: clamped(evidence, to: limits.detail)))
    }

    private mutating func add(_ finding: Finding) {
        guard report.findings.count < contract.findings else {
            reach("report-findings")
            return
        }
        report.findings.append(finding)
    }

    mutating func addBadHeader(_ kind: BadHeader, _ detail: String) {
        add(
            Finding(
                scanner: "header", kind: .badHeader, name: kind.rawValue, part: nil,
                evidence: clamped(detail, to: limits.detail)))
    }

    /// Adds a string that marks spam by agreement; once.
    mutating func addTestString(_ name: String, part: Int?) {
        guard !report.findings.contains(where: { $0.kind == .spam && $0.name == name }) else { return }
        add(Finding(scanner: Finding.testStrings, kind: .spam, name: name, part: part))
    }

    /// - Parameter scanner: whose failure it is; empty when it is no scanner's.
    mutating func addUnchecked(_ reason: UncheckedReason, part: Int?, scanner: String = "", _ detail: String) {
        report.unchecked.append(
            Unchecked(reason, part: part, scanner: scanner, detail: clamped(detail, to: limits.detail)))
    }

    /// Adds what the spam scorer takes from the message.
    mutating func add(_ tokens: TokenSet) {
        report.tokens = tokens.tokens
        report.tokenTexts = tokens.tokens.compactMap { token in
            tokens.texts[token].map { TokenText(token: token, text: clamped($0, to: limits.detail)) }
        }
    }

    /// Adds what is learnt of the next message of several.
    mutating func add(lesson: TokenSet) {
        report.lessons.append(lesson.tokens)
    }

    /// Notes a limit on what is read of text for scores: all of it was scanned, so that the message is not unchecked.
    mutating func reachTextLimit(_ limit: String = "text-bytes") {
        if !report.limitsHit.contains(limit) { report.limitsHit.append(limit) }
    }

    /// Notes a limit, and once for each limit that the message was not checked beyond it.
    mutating func reach(_ limit: String, part: Int? = nil) {
        guard !report.limitsHit.contains(limit) else { return }
        report.limitsHit.append(limit)
        addUnchecked(.overLimits, part: part, limit)
    }

    /// The report as one record; `maximum` is the largest file that the worker can write.
    mutating func finish(completed: [String], timings: [Report.Timing], maximum: Int) -> [UInt8] {
        report.completedScanners = completed
        report.timings = timings
        let record = report.encoded()
        if record.count <= maximum { return record }
        var short = ReportBuilder(messageSize: report.messageSize, limits: limits)
        short.report.findings = report.findings.filter { $0.kind == .virus }.prefix(1).map { finding in
            Finding(scanner: finding.scanner, kind: finding.kind, name: finding.name, part: nil)
        }
        short.reach("report-size")
        return short.report.encoded()
    }
}

/// The text cut to at most `limit` octets of UTF-8, between two characters.
func clamped(_ text: String, to limit: Int) -> String {
    guard text.utf8.count > limit else { return text }
    var out = String.UnicodeScalarView()
    var count = 0
    for scalar in text.unicodeScalars {
        count += UTF8.width(scalar)
        if count > limit { break }
        out.append(scalar)
    }
    return String(out)
}
