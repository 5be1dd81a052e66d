internal import InspectionLink
internal import Linux
internal import MailModel
internal import Relay
internal import RemoteChecks
internal import Stores

/// The message as scanners outside the inspector get it, and what their answers change.
extension MessageWork {
    /// Without parts: those are known when the report is there.
    var scanSubject: ScanSubject {
        let envelope = message.envelope
        var subject = ScanSubject(message: message.file.descriptor, size: message.file.count)
        subject.sender = envelope.reversePath.description
        subject.recipients = envelope.recipients.map(\.path.description)
        subject.clientAddress = envelope.client.address == "unix" ? "" : envelope.client.address
        subject.helo = String(decoding: envelope.client.helo, as: UTF8.self)
        subject.id = id
        return subject
    }

    /// Adds what the scanners found to what is known; their failures are added to the verdict when it is made.
    /// - Returns: tests in place of the findings that are points.
    mutating func take(_ conclusion: ScannerConclusion) -> [ScoredTest] {
        causes += conclusion.notes
        if report == nil, !conclusion.findings.isEmpty { report = Report(messageSize: message.file.count) }
        guard var known = report else { return [] }
        known.findings += conclusion.findings
        let tests = setup.nameScores.take(from: &known.findings)
        report = known
        return tests
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
                    part: item.part, range: item.range, path: part.path, name: part.names.first ?? "",
                    type: part.detectedType.isEmpty ? part.declaredType : part.detectedType)
            })
    }
}
