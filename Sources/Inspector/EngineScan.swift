internal import Antivirus
internal import MIME
internal import MailModel
internal import Members
internal import Unpacking

/// What the embedded engine is given, and what becomes of its words.
extension Inspection.Run {
    mutating func prepareScanner(directory: String) {
        guard let engine else { return }
        do throws(EngineError) {
            try engine.setTemporaryDirectory(directory)
        } catch {
            fail(error.description, part: nil)
        }
    }

    /// Scans the message as a whole: headers, boundaries and whatever no reading of its parts shows. Its structure is read here
    /// and not by the scanner a second time, unless signatures ask for the mail around a file.
    mutating func scanMessage(_ message: Span<UInt8>) {
        guard let engine else { return }
        isGoodMessage = message.withUnsafeBytes { engine.isGood($0) }
        if engine.asksForMail, openAgain(engine, message, part: nil) { return isMessageReopened = true }
        for outcome in ask(engine, message, parsingMail: false, parsingArchives: true) { take(outcome, part: nil) }
    }

    /// Scans a content.
    /// - Parameters:
    ///   - opened: what our own reader made of it. An archive that it opened as a whole is not taken apart by the scanner, unless
    ///     signatures ask for the archive around a file, or its partitions are to be compared; nor is what was too much for us, one content after the other: that
    ///     costs it minutes.
    mutating func scan(_ content: Span<UInt8>, part: Int, _ opened: Unpacker.Opened) {
        guard let engine else { return }
        if content.withUnsafeBytes({ engine.isGood($0) }) { goodParts.insert(part) }
        let opensAgain = engine.asksForArchives && opened.isComplete && !isWithinReopened(part)
        let showsPartitions = engine.comparesPartitions && opened.types.contains { $0.opening.isDisk }
        let parsingArchives = opensAgain || showsPartitions || !opened.isComplete && !opened.isCut
        if opensAgain, opened.types.contains(where: { Self.openedByEngine.contains($0.name) }) { reopened.insert(part) }
        let key = ScanCache.Key(digest: builder.report.parts[part].sha256, parsingArchives: parsingArchives)
        if cache.isClean(key) { return builder.addNote("scanned before by this worker", part: part) }
        if opensAgain, openAgain(engine, content, part: part) { return }
        let outcomes = ask(
            engine, content, parsingMail: true, parsingArchives: parsingArchives && !opensAgain,
            isPDF: opened.types.contains { $0.name == "pdf" })
        // What the scanner said of all around it is not said of it alone.
        if outcomes.isEmpty, !opensAgain { cache.remember(key) }
        // The scanner goes by flags, which lie, and has no passwords: our own reader knows what it has not opened.
        let isRead =
            !opened.isCut
            && (opened.isDecrypted
                || opened.types.contains { $0.opening.isArchive }
                || opened.types.contains { $0.name == "pdf" } && !opened.problems.contains { $0.kind == .corrupt })
        for outcome in outcomes {
            if isRead, case .encrypted = outcome { continue }
            take(outcome, part: part)
        }
    }

    /// Lets the scanner take apart what was taken apart here, for signatures that ask for what is around a file.
    /// - Returns: false when it reached a limit: then the content is still to be scanned by itself, with what it holds one by one.
    private mutating func openAgain(_ engine: ClamAVEngine, _ content: Span<UInt8>, part: Int?) -> Bool {
        var outcomes: [ScanOutcome] = []
        do throws(EngineError) {
            try engine.setLimits(
                engine.limits.forSecondLook(
                    unpacker.limits, mail: part == nil ? unpacker.messageLimits : nil,
                    messageSize: builder.report.messageSize))
            outcomes = engineScan(engine, content, parsingMail: true, parsingArchives: true).outcomes
        } catch {
            outcomes.append(.failed(error.description))
        }
        var isWhole = true
        for outcome in outcomes {
            // Said where the content is looked at by itself.
            if case .encrypted = outcome { continue }
            if case .overLimits = outcome { isWhole = false }
            take(outcome, part: part)
        }
        return isWhole
    }

    /// Archives that libclamav takes apart with all that they hold.
    private static let openedByEngine: Set<String> = [
        "zip", "gz", "bz2", "xz", "tar", "cpio", "7z", "cab", "arj", "iso",
    ]

    /// The message or an archive around it was given to the scanner as a whole: that has seen it with all that is around it. The scanner
    /// reads a message in one way.
    private func isWithinReopened(_ part: Int) -> Bool {
        let description = builder.report.parts[part]
        if isMessageReopened, description.reading == 0, description.decoding == Decoding.ordinary.rawValue {
            return true
        }
        return !reopened.isEmpty && containers(of: part).contains { reopened.contains($0) }
    }

    /// The signatures say by digest that it, or what is around it, is fine.
    private func isGood(_ part: Int?) -> Bool {
        if isGoodMessage { return true }
        guard let part, !goodParts.isEmpty else { return false }
        return goodParts.contains(part) || containers(of: part).contains { goodParts.contains($0) }
    }

    /// What a part is in, from the inside out.
    private func containers(of part: Int) -> [Int] {
        var found: [Int] = []
        var next = builder.report.parts[part].container
        // Each stands in front of what it holds.
        while let container = next, container < found.last ?? part {
            found.append(container)
            next = builder.report.parts[container].container
        }
        return found
    }

    /// Scans a page once more as mail when its links may deceive, or when there are lists of addresses that are bad in
    /// themselves: libclamav looks at where a link leads in mail alone that it takes apart itself.
    mutating func scanLinks(of text: TextContent, part: Int) {
        guard let engine, engine.comparesLinks, let html = text.html else { return }
        guard engine.looksUpLinks ? !html.links.isEmpty : LinkDoubt.isIn(html) else { return }
        let mail = Self.mailHeader + text.text
        for outcome in ask(engine, mail.span, parsingMail: true, parsingArchives: true) {
            take(outcome, part: part)
        }
    }

    /// What makes the text of a page mail to libclamav.
    private static let mailHeader = Array(
        "From: <>\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            .utf8)

    /// Lets the scanner look at a content within what the message may still unpack to: what it takes apart by itself, since our own
    /// reader does not know it or found it damaged, comes out of the same budget (attack: a small quine that unpacks to 400 MiB).
    private mutating func ask(
        _ engine: ClamAVEngine, _ content: Span<UInt8>, parsingMail: Bool, parsingArchives: Bool, isPDF: Bool = false
    ) -> [ScanOutcome] {
        let own = EngineLimits.pieces(of: content.count)
        let spare = isPDF ? pageOctetsLeft : 0
        do throws(EngineError) {
            try engine.setLimits(engine.limits.within(own, spare, unpacker.octetsLeft))
        } catch {
            return [.failed(error.description)]
        }
        let result = engineScan(engine, content, parsingMail: parsingMail, parsingArchives: parsingArchives)
        // It does not count what did not fit.
        let isOver = result.outcomes.contains { $0 == .overLimits(ScanOutcome.sizeLimit) }
        let unpacked = isOver ? Int.max : max(0, result.octets - own)
        let spared = min(spare, unpacked)
        pageOctetsLeft -= spared
        unpacker.charge(unpacked - spared)
        return result.outcomes
    }

    private mutating func engineScan(
        _ engine: ClamAVEngine, _ content: Span<UInt8>, parsingMail: Bool, parsingArchives: Bool
    ) -> ScanResult {
        mark?.note(isAtWork: true)
        let result = content.withUnsafeBytes {
            engine.scan($0, parsingMail: parsingMail, parsingArchives: parsingArchives)
        }
        mark?.note(isAtWork: false)
        clock.spent(.clamav)
        return result
    }

    private mutating func take(_ outcome: ScanOutcome, part: Int?) {
        switch outcome {
        case .found(let name):
            // It may be scanned more than once, as a page and as mail.
            guard !builder.report.findings.contains(where: { $0.part == part && $0.name == name }) else { return }
            if isGood(part) {
                if let part { builder.addNote("\(name), in what the signatures know to be fine", part: part) }
                return
            }
            builder.addVirus(
                name, scanner: Inspection.scanner, part: part,
                evidence: part.map { builder.report.parts[$0].notes.joined(separator: "; ") } ?? "")
        case .overLimits(let name):
            isComplete = false
            // The second look at a content and that at it alone may end at the same one.
            let isSaid = builder.report.unchecked.contains {
                $0.part == part && $0.reason == .overLimits && $0.detail == name
            }
            guard !isSaid else { return }
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

extension EngineLimits {
    /// Octets that libclamav counts for one that our own unpacking counts: it takes more out of documents. Measured: up to 2.6.
    private static let piecesOfDocuments = 3
    /// What it counts as levels beside what is in each other: the mail, the content at the bottom, and its text without markup.
    private static let levelsBeside = 3
    /// The largest setting: a stack of 8 MiB is enough for PDF within PDF to this depth, which takes 2 to 4.
    private static let deepest = 100

    /// Octets that libclamav makes of a document or page without unpacking anything that would be counted here.
    static func pieces(of size: Int) -> Int {
        let (pieces, isLarge) = size.multipliedReportingOverflow(by: piecesOfDocuments)
        return isLarge ? .max : pieces
    }

    /// Octets of pages in documents that the scanner may unpack of a message beside its budget: one scanned in colour with 600 dots per
    /// inch has 104 million, which pack to a thousandth where it is blank, and are counted twice where they look like text.
    static let pageOctets = 268_435_456

    /// For a content of which the scanner may make so many octets together.
    func within(_ octets: Int...) -> EngineLimits {
        let size = octets.reduce(0) { sum, octets in
            let (larger, isLarge) = sum.addingReportingOverflow(octets)
            return isLarge ? .max : larger
        }
        return EngineLimits(scanSize: min(scanSize, max(1, size)), recursion: recursion, files: files)
    }

    /// For a content that libclamav takes apart although that was done here: as much as our own unpacking allows of a message, with
    /// as many files in each thing unpacked as in one that is scanned by itself. So what has passed the look at each thing by itself
    /// does not end here for its number. Not larger: a bomb, of which unpacking has told, would be taken for a hang.
    /// - Parameter mail: limits of the message's structure, where it is taken apart, too.
    func forSecondLook(_ unpacking: UnpackingLimits, mail: MIMELimits?, messageSize: Int) -> EngineLimits {
        let (octets, _) = unpacking.quota(messageSize: messageSize).addingReportingOverflow(messageSize)
        let size = Self.pieces(of: octets)
        let (files, isMany) = files.multipliedReportingOverflow(by: unpacking.files + 1)
        let levels = unpacking.levels + (mail?.depth ?? 0) + Self.levelsBeside
        return EngineLimits(
            scanSize: octets < 0 ? .max : max(scanSize, size),
            recursion: max(recursion, min(levels, Self.deepest)), files: isMany ? .max : files)
    }
}
