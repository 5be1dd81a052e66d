package import MailModel

/// Bounds that a report must keep; one that does not is a lie and its worker is replaced.
package struct ReportLimits: Hashable, Sendable {
    /// Entries of any one list.
    package var entries = 200_000
    /// Octets of any one text.
    package var text = 4096
    /// Names of one part.
    package var names = 200
    /// Notes on one part.
    package var notes = 400
    /// Findings.
    package var findings = 10_000
    /// Stages with a time.
    package var timings = 64
    /// Microseconds of one stage: a day.
    package var microseconds = 86_400_000_000
    /// Rules that fired, groups of one, and octets of what all groups matched.
    package var firings = 10_000
    package var groups = 100
    package var groupBytes = 4_194_304
    /// Rules on names and types of files that hold, and short types of one part.
    package var banned = 20_000
    package var types = 32
    /// Tokens of the spam scorer.
    package var tokens = 16_384

    package init() {}
}

extension Report {
    /// The report as one record.
    package func encoded() -> [UInt8] {
        var out = RecordWriter(type: 41)
        out.put(messageSize)
        out.put(parts) { out, part in
            out.put(part.path)
            out.put(part.declaredType)
            out.put(part.detectedType)
            out.put(part.names) { out, name in out.put(name) }
            out.put(part.size)
            out.put(part.sha256)
            out.put(part.encrypted)
            out.put(part.origin.rawValue)
            out.put(part.reading)
            out.put(part.cause?.rawValue ?? "")
            out.put(part.decoding)
            out.put(part.notes) { out, note in out.put(note) }
            out.put(part.types) { out, type in out.put(type) }
            out.put(part.container)
            out.put(part.place != nil)
            if let place = part.place {
                for bound in [
                    place.header.lowerBound, place.header.upperBound, place.body.lowerBound, place.body.upperBound,
                ] { out.put(bound) }
            }
        }
        out.put(findings) { out, finding in
            out.put(finding.scanner)
            out.put(finding.kind.rawValue)
            out.put(finding.name)
            out.put(finding.part)
            out.put(finding.evidence)
        }
        out.put(anomalies) { out, anomaly in
            out.put(anomaly.kind.rawValue)
            out.put(anomaly.part)
            out.put(anomaly.offset)
        }
        out.put(unchecked) { out, item in
            out.put(item.reason.rawValue)
            out.put(item.part)
            out.put(item.scanner)
            out.put(item.detail)
        }
        out.put(firings) { out, firing in
            out.put(firing.list.rawValue)
            out.put(firing.table)
            out.put(firing.line)
            out.put(firing.range.lowerBound)
            out.put(firing.range.upperBound)
            out.put(firing.groups) { out, group in
                out.put(group != nil)
                out.put(group ?? [])
            }
            out.put(firing.text)
        }
        out.put(unloggedFirings)
        out.put(givenUp) { out, rule in
            out.put(rule.list.rawValue)
            out.put(rule.table)
            out.put(rule.line)
            out.put(rule.times)
            out.put(rule.words)
        }
        out.put(banned) { out, firing in
            for value in [firing.set, firing.rule, firing.part, firing.matched] { out.put(value) }
        }
        out.put(textEnds) { out, end in end.put(into: &out) }
        out.put(textObstacle?.rawValue ?? "")
        out.put(htmlCleanings) { out, cleaning in cleaning.put(into: &out) }
        out.put(limitsHit) { out, name in out.put(name) }
        out.put(completedScanners) { out, name in out.put(name) }
        out.put(materialised) { out, item in
            out.put(item.part)
            out.put(item.range.lowerBound)
            out.put(item.range.upperBound)
        }
        out.put(timings) { out, timing in
            out.put(timing.stage)
            out.put(timing.microseconds)
        }
        out.put(tokens: tokens)
        out.put(tokenTexts) { out, text in
            out.put(tokens: [text.token])
            out.put(text.text)
        }
        out.put(lessons) { out, tokens in out.put(tokens: tokens) }
        return out.bytes
    }

    /// Reads a report as untrusted data.
    package init(_ record: [UInt8], limits: ReportLimits = ReportLimits()) throws(RecordError) {
        var reader = try RecordReader(record)
        guard reader.type == 41 else { throw .type(reader.type) }
        let messageSize = try reader.int(in: 0...Int.max)
        var index = 0
        let parts = try reader.list(limit: limits.entries) { reader throws(RecordError) in
            defer { index += 1 }
            return PartDescription(
                path: try reader.string(limit: limits.text), declaredType: try reader.string(limit: limits.text),
                detectedType: try reader.string(limit: limits.text),
                names: try reader.list(limit: limits.names) { reader throws(RecordError) in
                    try reader.string(limit: limits.text)
                },
                size: try reader.int(in: 0...Int.max), sha256: try Self.digest(&reader),
                encrypted: try reader.bool(), origin: try Self.word(&reader),
                reading: try reader.int(in: 0...limits.entries), cause: try Self.optionalWord(&reader),
                decoding: try reader.string(limit: limits.text),
                notes: try reader.list(limit: limits.notes) { reader throws(RecordError) in
                    try reader.string(limit: limits.text)
                },
                types: try reader.list(limit: limits.types) { reader throws(RecordError) in
                    try reader.string(limit: 32)
                },
                container: try reader.index(below: index), place: try Self.place(&reader, messageSize))
        }
        let count = parts.count
        let findings = try reader.list(limit: limits.findings) { reader throws(RecordError) in
            Finding(
                scanner: try reader.string(limit: limits.text), kind: try Self.word(&reader),
                name: try reader.string(limit: limits.text), part: try reader.index(below: count),
                evidence: try reader.string(limit: limits.text))
        }
        let anomalies = try reader.list(limit: limits.entries) { reader throws(RecordError) in
            Anomaly(
                kind: try Self.word(&reader), part: try reader.index(below: count),
                offset: try reader.int(in: 0...messageSize))
        }
        let unchecked = try reader.list(limit: limits.entries) { reader throws(RecordError) in
            Unchecked(
                try Self.word(&reader), part: try reader.index(below: count),
                scanner: try reader.string(limit: limits.text), detail: try reader.string(limit: limits.text))
        }
        var groupBytes = limits.groupBytes
        let firings = try reader.list(limit: limits.firings) { reader throws(RecordError) in
            let list: CheckList = try Self.word(&reader)
            let (table, line) = (try reader.int(in: 0...limits.entries), try reader.int(in: 1...Int.max))
            let start = try reader.int(in: 0...messageSize)
            let end = try reader.int(in: start...messageSize)
            let groups = try reader.list(limit: limits.groups) { reader throws(RecordError) -> [UInt8]? in
                let isThere = try reader.bool()
                let bytes = try reader.bytes(limit: groupBytes)
                groupBytes -= bytes.count
                return isThere ? bytes : nil
            }
            return RuleFiring(
                list: list, table: table, line: line, range: start..<end, groups: groups,
                text: try reader.bytes(limit: RuleFiring.textShown))
        }
        let unloggedFirings = try reader.int(in: 0...messageSize + limits.entries)
        let givenUp = try reader.list(limit: RuleGivenUp.countLimit) { reader throws(RecordError) in
            RuleGivenUp(
                list: try Self.word(&reader), table: try reader.int(in: 0...limits.entries),
                line: try reader.int(in: 1...Int.max), times: try reader.int(in: 1...messageSize + 1),
                words: try reader.string(limit: RuleGivenUp.wordsLimit))
        }
        let banned = try reader.list(limit: limits.banned) { reader throws(RecordError) in
            BannedFiring(
                set: try reader.int(in: 0...limits.entries), rule: try reader.int(in: 0...limits.entries),
                part: try reader.int(in: 0...max(0, count - 1)), matched: try reader.int(in: 0...max(0, count - 1)))
        }
        guard banned.isEmpty || count > 0 else { throw .value("banned parts where there are none") }
        let textEnds = try reader.list(limit: TextEnd.Form.allCases.count) { reader throws(RecordError) in
            try TextEnd(&reader, parts: count, messageSize)
        }
        let textObstacle: TextObstacle? = try Self.optionalWord(&reader)
        let htmlCleanings = try reader.list(limit: HTMLHazard.setLimit) { reader throws(RecordError) in
            try HTMLCleaning(&reader, parts: count)
        }
        let limitsHit = try reader.list(limit: limits.entries) { reader throws(RecordError) in
            try reader.string(limit: limits.text)
        }
        let completedScanners = try reader.list(limit: limits.entries) { reader throws(RecordError) in
            try reader.string(limit: limits.text)
        }
        let materialised = try reader.list(limit: count) { reader throws(RecordError) in
            let part = try reader.int(in: 0...max(0, count - 1))
            let start = try reader.int(in: 0...Int.max)
            return MaterialisedPart(part: part, range: start..<(try reader.int(in: start...Int.max)))
        }
        let timings = try reader.list(limit: limits.timings) { reader throws(RecordError) in
            Timing(
                stage: try reader.string(limit: limits.text), microseconds: try reader.int(in: 0...limits.microseconds))
        }
        let tokens = try reader.tokens(limit: limits.tokens)
        let tokenTexts = try reader.list(limit: limits.tokens) { reader throws(RecordError) in
            guard let token = try reader.tokens(limit: 1).first else { throw RecordError.value("no token") }
            return TokenText(token: token, text: try reader.string(limit: limits.text))
        }
        let lessons = try reader.list(limit: ControlLimits.messages) { reader throws(RecordError) in
            try reader.tokens(limit: limits.tokens)
        }
        try reader.end()
        self.init(
            messageSize: messageSize, parts: parts, findings: findings, anomalies: anomalies, unchecked: unchecked,
            firings: firings, givenUp: givenUp, banned: banned, limitsHit: limitsHit,
            completedScanners: completedScanners, timings: timings, tokens: tokens, tokenTexts: tokenTexts)
        self.lessons = lessons
        self.textEnds = textEnds
        self.textObstacle = textObstacle
        self.htmlCleanings = htmlCleanings
        self.materialised = materialised
        self.unloggedFirings = unloggedFirings
    }

    private static func place(_ reader: inout RecordReader, _ size: Int) throws(RecordError) -> PartDescription.Place? {
        guard try reader.bool() else { return nil }
        let start = try reader.int(in: 0...size)
        let headerEnd = try reader.int(in: start...size)
        let bodyStart = try reader.int(in: headerEnd...size)
        return PartDescription.Place(
            header: start..<headerEnd, body: bodyStart..<(try reader.int(in: bodyStart...size)))
    }

    private static func digest(_ reader: inout RecordReader) throws(RecordError) -> [UInt8] {
        let bytes = try reader.bytes(limit: 32)
        guard bytes.isEmpty || bytes.count == 32 else { throw .value("a digest of \(bytes.count) octets") }
        return bytes
    }

    fileprivate static func optionalWord<Word: RawRepresentable<String>>(
        _ reader: inout RecordReader
    ) throws(RecordError) -> Word? {
        let text = try reader.string(limit: 64)
        if text.isEmpty { return nil }
        guard let word = Word(rawValue: text) else { throw .value("unknown word") }
        return word
    }

    fileprivate static func word<Word: RawRepresentable<String>>(
        _ reader: inout RecordReader
    ) throws(RecordError) -> Word {
        let text = try reader.string(limit: 64)
        guard let word = Word(rawValue: text) else { throw .value("unknown word") }
        return word
    }
}

extension TextEnd {
    fileprivate func put(into out: inout RecordWriter) {
        out.put(part)
        out.put(form.rawValue)
        out.put(coding.rawValue)
        out.put(letters.rawValue)
        out.put(charset)
        out.put(isFlowed)
        out.put(place != nil)
        out.put(place?.lowerBound ?? 0)
        out.put(place?.upperBound ?? 0)
        out.put(skip)
        out.put(endsLine)
        out.put(known) { out, number in out.put(number) }
    }

    fileprivate init(_ reader: inout RecordReader, parts: Int, _ messageSize: Int) throws(RecordError) {
        guard parts > 0 else { throw .value("the end of a text where there are no parts") }
        self.init(
            part: try reader.int(in: 0...parts - 1), form: try Report.word(&reader), coding: try Report.word(&reader),
            letters: try Report.word(&reader), charset: try reader.string(limit: ReportLimits().text))
        isFlowed = try reader.bool()
        let hasPlace = try reader.bool()
        let start = try reader.int(in: 0...messageSize)
        let end = try reader.int(in: start...messageSize)
        if hasPlace { place = start..<end }
        skip = try reader.int(in: 0...3)
        endsLine = try reader.bool()
        known = try reader.list(limit: Self.textLimit) { reader throws(RecordError) in
            try reader.int(in: 0...Self.textLimit - 1)
        }
    }
}
