internal import Configuration
internal import InspectionLink
internal import Linux
internal import MailModel
internal import Policy
internal import Relay
internal import RemoteChecks
internal import Stores

/// The message as scanners outside the inspector get it, and what their answers change.
extension MessageWork {
    /// Without parts: those are known when the report is there.
    var scanSubject: ScanSubject {
        let envelope = message.envelope
        var subject = ScanSubject(message: message.file.descriptor, size: message.file.count)
        // As they came: the form for people is another one.
        subject.sender = String(decoding: envelope.reversePath.bytes, as: UTF8.self)
        subject.recipients = envelope.recipients.map { String(decoding: $0.path.bytes, as: UTF8.self) }
        // Scanners judge the one whom the MTA talked to, not the MTA.
        let client = envelope.client
        subject.clientAddress = IPAddress(client.originalAddress).map { "\($0)" } ?? ""
        let helo = client.forwarded == nil ? client.helo : client.forwarded?.helo ?? []
        subject.helo = String(decoding: helo, as: UTF8.self)
        subject.id = id
        return subject
    }

    /// Some recipient wants to know whether the message is spam.
    var seeksSpam: Bool { !groups.allSatisfy { $0.policy.bypass.contains(.spam) } }

    /// The scanner inside the inspector, as it stands in reports.
    static let engine = "clamav"

    static func isOfEngine(_ item: Unchecked) -> Bool {
        [.scannerFailed, .scannerCrashed, .deadline].contains(item.reason) && item.scanner == engine
    }

    /// How the embedded engine came out of the inspection. With signatures of the site's own alone it knows nothing of what
    /// other scanners would have found: then it stands in for none.
    func engineOutcome(_ outcome: InspectionOutcome) -> EngineOutcome {
        guard setup.database != nil, case .report(let report, let ready, _) = outcome else { return .silent }
        if report.unchecked.contains(where: Self.isOfEngine) { return .failed }
        return report.completedScanners.contains(Self.engine) && ready.isOfficial ? .answered : .silent
    }

    /// Adds what the scanners found to what is known; their failures are added to the verdict when it is made.
    /// - Returns: tests in place of the findings that are points, and the doubt that is left by those.
    mutating func take(
        _ conclusion: ScannerConclusion, _ engine: EngineOutcome
    ) -> (tests: [ScoredTest], doubts: [Unchecked]) {
        causes += conclusion.notes
        if report == nil, !conclusion.findings.isEmpty { report = Report(messageSize: message.file.count) }
        guard var known = report else { return ([], []) }
        if let item = known.unchecked.first(where: Self.isOfEngine), conclusion.engineFailure != .stands {
            causes.append("scanner \(Self.engine): \(item.detail)")
            switch conclusion.engineFailure {
            case .stands: break
            case .marked:
                for index in known.unchecked.indices where Self.isOfEngine(known.unchecked[index]) {
                    known.unchecked[index].destiny = .pass
                }
            case .replaced:
                isEngineReplaced = true
                known.unchecked.removeAll(where: Self.isOfEngine)
            }
        }
        // The engine names all matches.
        let isSeen = conclusion.sawAllMatches || engine == .answered
        known.findings += conclusion.findings
        if setup.database == nil, !setup.scanners.seeksViruses { known.findings += TestFile.findings(in: known) }
        // Whoever can put a spam signature into his mail would switch a scanner off that names it alone.
        let doubts = known.findings.filter {
            !isSeen && conclusion.firstMatchOnly.contains($0.scanner) && setup.nameScores.isMild($0.name)
        }.prefix(1).map {
            Unchecked(.unsupported, part: $0.part, detail: "\($0.scanner) names the first match alone: \($0.name)")
        }
        let tests = setup.nameScores.take(from: &known.findings)
        report = known
        return (tests, doubts)
    }
}

extension ScanParts {
    /// The parts of a report in its sealed file; nil when none were asked for.
    init?(_ report: Report, file: Descriptor?) {
        guard let file else { return nil }
        self.init(
            file: file,
            entries: report.materialised.map { item in
                let part = report.parts[item.part]
                return Entry(
                    part: item.part, range: item.range, path: part.path,
                    name: RawOctets.spelled(part.names.first ?? ""),
                    type: part.detectedType.isEmpty ? part.declaredType : part.detectedType)
            })
    }
}
