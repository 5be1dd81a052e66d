internal import Antivirus
internal import MIME
internal import MailModel

/// What the embedded engine is given, and what becomes of its words.
extension Inspection.Run {
    /// Scans the whole message, where `part` is nil, or a content.
    /// - Parameter isRead: our own reader went through it, and knows what in it is encrypted and was not opened.
    mutating func scan(
        _ content: Span<UInt8>, part: Int?, parsingMail: Bool, parsingArchives: Bool = true, isRead: Bool = false
    ) {
        guard let engine else { return }
        let key = ScanCache.Key(
            digest: part.map { builder.report.parts[$0].sha256 } ?? [], parsingArchives: parsingArchives)
        if let part, cache.isClean(key) { return builder.addNote("scanned before by this worker", part: part) }
        let outcomes = ask(engine, content, parsingMail: parsingMail, parsingArchives: parsingArchives)
        if outcomes.isEmpty { cache.remember(key) }
        for outcome in outcomes {
            // The scanner goes by flags, which lie, and has no passwords.
            if isRead, case .encrypted = outcome { continue }
            take(outcome, part: part)
        }
    }

    /// Scans a page once more as mail when its links may deceive, or when there are lists of addresses that are bad in
    /// themselves: libclamav looks at where a link leads in mail alone that it takes apart itself.
    mutating func scanLinks(of text: TextContent, part: Int) {
        guard let engine, engine.comparesLinks, let html = text.html else { return }
        guard engine.looksUpLinks ? !html.links.isEmpty : LinkDoubt.isIn(html) else { return }
        let mail = Self.mailHeader + text.text
        for outcome in ask(engine, mail.span, parsingMail: true, parsingArchives: true) {
            // The page itself has been scanned before.
            if case .found(let name) = outcome,
                builder.report.findings.contains(where: { $0.part == part && $0.name == name })
            {
                continue
            }
            take(outcome, part: part)
        }
    }

    /// What makes the text of a page mail to libclamav.
    private static let mailHeader = Array(
        "From: <>\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            .utf8)

    private mutating func ask(
        _ engine: ClamAVEngine, _ content: Span<UInt8>, parsingMail: Bool, parsingArchives: Bool
    ) -> [ScanOutcome] {
        mark?.note(isAtWork: true)
        let outcomes = content.withUnsafeBytes {
            engine.scan($0, parsingMail: parsingMail, parsingArchives: parsingArchives)
        }
        mark?.note(isAtWork: false)
        clock.spent(.clamav)
        return outcomes
    }

    private mutating func take(_ outcome: ScanOutcome, part: Int?) {
        switch outcome {
        case .found(let name):
            builder.addVirus(
                name, scanner: Inspection.scanner, part: part,
                evidence: part.map { builder.report.parts[$0].notes.joined(separator: "; ") } ?? "")
        case .overLimits(let name):
            isComplete = false
            builder.addUnchecked(.overLimits, part: part, name)
        case .encrypted(let name):
            // What our own reader said of it is more.
            let isSaid = builder.report.unchecked.contains { $0.part == part && $0.reason == .encrypted }
            guard !isSaid else { return }
            builder.addUnchecked(.encrypted, part: part, name)
            if let part { builder.describe(part) { $0.encrypted = true } }
        case .failed(let words):
            fail(words, part: part)
        case .full(let words):
            isComplete = false
            builder.addUnchecked(.workspaceFull, part: part, scanner: Inspection.scanner, words)
        }
    }
}
