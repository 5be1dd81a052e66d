import InspectionLink
import MailModel

/// One record of every kind, with every field set to something else than its default.
enum Samples {
    static let limits = InspectionLimits(
        mimeParts: 10, mimeDepth: 11, headerBytes: 12, headerFields: 13, parameters: 14, boundaryLength: 15,
        readings: 16, readingBytes: 17, decodedBytes: 18, textBytes: 19, htmlEdits: 20, htmlAttributes: 21)
    static let clamav = ClamAVSettings(database: "/db/ü", maxScanSize: 1 << 40, maxRecursion: 3, maxFiles: 4)
    static let configure = Configure(
        generation: 7, workspace: "/run/w", clamav: clamav, allowWeakerSandbox: true, landlockABI: 2, workerMemory: 5,
        workerFileSize: 6)
    static let requests: [ZygoteRequest] = [
        .configure(configure),
        .configure(Configure(generation: -1, workspace: "", clamav: nil, workerMemory: Int.max, workerFileSize: 0)),
        .fork(worker: 12),
    ]
    static let events: [ZygoteEvent] = [
        .ready(
            Ready(
                signatures: 8_700_000, engineVersion: "ClamAV 1.4.6", databaseVersion: 27_000,
                databaseTime: 1_700_000_000, landlockABI: 7, rules: 9, ruleProblems: ["pcre map x, line 1: odd", ""])),
        .ready(
            Ready(
                signatures: 1, engineVersion: "ClamAV 1.4.6", databaseVersion: 1, databaseTime: 2, isSigned: false,
                landlockABI: 0)),
        .failed("no signatures"),
        .forked(worker: 3, pid: 4711),
        .exited(worker: 3, status: "signal 9"),
    ]
    static let workerEvents: [WorkerEvent] = [.hello, .done(request: 99, reportLength: 1234)]
    static let inspect = Inspect(
        request: 5, workspace: "m5",
        context: InspectionContext(
            smtputf8: true, tokens: .only, messages: [7, 0, 993], addresses: ["a@b.example", "ü@c.example"],
            texts: [[0x61], [0xFF, 0]],
            hazards: [[.scripts], [.forms, .remote]]),
        limits: limits, withoutEngine: true)
    static let report: Report = {
        var report = plainReport
        var end = TextEnd(part: 1, form: .html, coding: .base64, letters: .octets, charset: "koi8-r")
        (end.isFlowed, end.place, end.skip, end.endsLine, end.known) = (true, 990..<1000, 3, false, [0, 15])
        report.textEnds = [
            TextEnd(part: 0, form: .plain, coding: .sevenBit, letters: .foreign, charset: ""), end,
        ]
        report.textObstacle = .calendar
        var cleaning = HTMLCleaning([.scripts, .remote])
        cleaning.texts = [
            HTMLCleaning.Text(part: 1, edits: [HTMLEdit(.prefix, 5..<5), HTMLEdit(.comment, 6..<90)]),
            HTMLCleaning.Text(part: 0, edits: [HTMLEdit(.reference, 7..<8)]),
        ]
        var other = HTMLCleaning([.forms])
        other.obstacle = .charset
        report.htmlCleanings = [cleaning, other]
        report.lessons = [[1, 2, UInt64.max], []]
        return report
    }()
    private static let plainReport = Report(
        messageSize: 1000,
        parts: [
            PartDescription(path: "1", declaredType: "multipart/mixed"),
            PartDescription(
                path: "1.1", declaredType: "application/zip", detectedType: "application/zip",
                names: ["a.zip", "\u{202E}piz.exe"], size: 77, sha256: Array(0..<32), encrypted: true,
                origin: .archive, reading: 2, cause: .encodingJunk, decoding: "url-alphabet", types: ["zip", "exe"],
                container: 0, place: PartDescription.Place(header: 10..<20, body: 21..<30)),
        ],
        findings: [
            Finding(scanner: "clamav", kind: .virus, name: "Test", part: 1, evidence: "x"),
            Finding(scanner: "clamav", kind: .banned, name: "Test", part: nil),
        ],
        anomalies: [Anomaly(kind: .conflictingBoundary, part: 0, offset: 1000)],
        unchecked: [Unchecked(.encrypted, part: 1, scanner: "clamav", detail: "zip"), Unchecked(.overLimits)],
        firings: [
            RuleFiring(
                list: .body, table: 2, line: 3, range: 10..<20, groups: [Array("ab".utf8), nil, []],
                text: Array("abc".utf8)),
            RuleFiring(list: .attachment, table: 0, line: 1, range: 0..<0),
        ],
        givenUp: [RuleGivenUp(list: .body, table: 2, line: 4, times: 7, words: "match limit exceeded")],
        banned: [BannedFiring(set: 1, rule: 2, part: 1, matched: 0)], limitsHit: ["mime-parts"],
        completedScanners: ["clamav"],
        timings: [Report.Timing(stage: "mime", microseconds: 12)])
    static let tables: RuleTables = {
        var tables = RuleTables(
            number: 4,
            tables: [RuleTables.Table(name: "pcre:/a", text: [0x2F, 0x00]), RuleTables.Table(name: "b", text: [])],
            lists: [RuleTables.List(list: .header, tables: [0, 1]), RuleTables.List(list: .body, tables: [])],
            banned: [RuleTables.Table(name: "banned.rules", text: [0x61, 0x00])],
            isStrict: true, failsClosed: true)
        tables.limits.headerSize = 1
        tables.limits.lineLength = 2
        tables.limits.bodySize = 3
        tables.limits.boundaryLength = 4
        tables.limits.nesting = 5
        tables.limits.matchSteps = 6
        tables.limits.milliseconds = 7
        return tables
    }()
}
