internal import Bytes
internal import Antivirus
internal import Digests
internal import InspectionLink
internal import Linux
internal import MIME
internal import Magic
internal import MailModel
internal import Members
internal import Scoring
internal import Unpacking

/// Inspects one message after the other: structure, decoded parts with their digests, and the scanner on all of them.
struct Inspection {
    /// The scanner's name in reports and settings.
    static let scanner = "clamav"
    /// Memory of the decoding buffer that is kept for the next message, octets.
    private static let keptBuffer = 4_194_304

    private let engine: ClamAVEngine?
    private let rules: RuleSet?
    private let magic: MagicDatabase?
    private let banned: BannedStage?
    private let mark: EngineMarkFile?
    let reportSize: Int
    private let passwords: [String]
    var buffer: [UInt8] = []
    /// Keeps its memory from message to message; nil while a message has it.
    var extractor: TokenExtractor?
    /// Goes from message to message.
    private var cache: ScanCache

    /// - Parameters:
    ///   - rules: header and body checks; nil without any.
    ///   - banned: rules on names and types of files; nil without any.
    ///   - magic: types of content that our own signatures leave open; nil where the system has no table of them.
    ///   - mark: where the turns of the engine are noted.
    ///   - reportSize: the largest report, octets.
    ///   - passwords: the site's own, for encrypted members.
    ///   - cachesScans: contents that were clean once are not scanned again.
    init(
        engine: ClamAVEngine?, rules: RuleSet? = nil, banned: BannedStage? = nil, magic: MagicDatabase? = nil,
        mark: EngineMarkFile? = nil, reportSize: Int, passwords: [String], cachesScans: Bool = false
    ) {
        self.engine = engine
        self.rules = rules
        self.banned = banned
        self.mark = mark
        self.magic = magic
        self.reportSize = reportSize
        self.passwords = passwords
        cache = ScanCache(isOn: cachesScans)
    }

    /// Inspects a message. Returns the report as a record.
    /// - Parameter parts: where decoded parts go; nil when nobody wants them.
    mutating func inspect(_ message: Mapping, _ request: Inspect, parts: Descriptor? = nil) -> [UInt8] {
        if buffer.capacity > Self.keptBuffer { buffer = [] }
        return message.withBytes { bytes in inspect(bytes, request, parts) }
    }

    mutating func inspect(_ message: Span<UInt8>, _ request: Inspect, _ parts: Descriptor?) -> [UInt8] {
        message.withUnsafeBufferPointer {
            request.context.tokens == .only ? lessons($0, request) : inspect($0, request, parts)
        }
    }

    /// What opens the containers of a message; it looks for passwords only where something asks for one.
    func unpacker(
        of message: UnsafeBufferPointer<UInt8>, _ walker: PartWalker, _ request: Inspect
    ) -> Unpacker {
        Unpacker(
            limits: request.limits.unpacking, messageSize: message.count, directory: request.workspace,
            passwords: { [passwords] in Run.passwords(message.span, walker, site: passwords, request) },
            containers: { use in Run.containers(message.span, walker, use) },
            messageLimits: PartWalker.limits(request.limits))
    }

    private mutating func inspect(
        _ bytes: UnsafeBufferPointer<UInt8>, _ request: Inspect, _ parts: Descriptor?
    ) -> [UInt8] {
        let message = bytes.span
        var walker = PartWalker(message, limits: request.limits)
        var run = Run(
            engine: request.withoutEngine ? nil : engine, magic: magic, messageSize: message.count,
            unpacker: unpacker(of: bytes, walker, request))
        run.mark = mark
        run.prepareScanner(directory: request.workspace)
        run.cache = cache
        cache = ScanCache(isOn: false)
        run.partsFile = parts.map { PartsFile($0, limit: request.context.partsLimit) }
        for index in walker.tree.parts.indices { run.add(walker.description(index, in: message)) }
        for anomaly in walker.tree.anomalies { run.builder.add(anomaly) }
        for limit in walker.tree.limitsHit { run.builder.reach(limit.rawValue) }
        walker.tree.withHeader(of: 0, in: message) { run.takeSubject($0) }
        for defect in HeaderSyntax.defects(
            of: message, isSMTPUTF8: request.context.smtputf8, headerLimit: request.limits.headerBytes)
        {
            run.builder.addBadHeader(defect.kind, defect.detail)
        }
        run.clock.spent(.mime)
        var stage = rules.map { RuleStage($0) }
        stage?.takeMessage(message)
        run.fileLinks = stage?.fileLinks
        run.clock.spent(.rules)
        if request.context.tokens != .none {
            run.tokens =
                request.context.tokens == .texts
                ? TokenExtractor(keepsTexts: true) : extractor.take() ?? TokenExtractor()
            run.tokens?.takesForeignTokens = request.context.foreignTokens
            run.unshown = UnshownParts(walker.tree, message)
            walker.tree.withHeader(of: 0, in: message) { run.tokens?.add(header: $0) }
            run.clock.spent(.tokens)
        }
        var ends = request.context.texts.isEmpty ? nil : TextEndStage(request.context.texts, walker.tree, message)
        if !request.context.hazards.isEmpty { run.html = HTMLStage(request, walker.tree, message) }
        run.scanMessage(message)
        // Other ways to decode a part are appended behind it, so the list grows on the way.
        var index = 0
        while index < walker.tree.parts.count {
            if walker.tree.parts[index].kind.hasContent {
                take(index, of: message, &walker, &run, &stage, &ends, request.limits)
            } else {
                run.tokens?.addFacts(of: walker.tree.parts[index], content: [UInt8]().span)
            }
            index += 1
        }
        run.takeMembers()
        if let used = run.takeTokens(), request.context.tokens == .numbers { extractor = used }
        cache = run.cache
        run.builder.add(run.partsFile?.parts ?? [])
        if let files = run.fileLinks { stage?.takeLinks(ofFiles: files) }
        stage?.takeFiles(run.builder.report.parts)
        if let stage { run.builder.add(stage) }
        if let banned { run.take(banned) }
        if let ends { run.builder.add(ends, run.reported) }
        if let html = run.html { run.builder.add(html, walker.tree, run.reported) }
        run.clock.spent(.rules)
        return run.builder.finish(
            completed: run.isComplete ? [Self.scanner] : [], timings: run.clock.timings, maximum: reportSize)
    }

    private mutating func take(
        _ index: Int, of message: Span<UInt8>, _ walker: inout PartWalker, _ run: inout Run,
        _ stage: inout RuleStage?, _ ends: inout TextEndStage?, _ limits: InspectionLimits
    ) {
        let part = walker.tree.parts[index]
        let start = part.body.lowerBound
        let structure = walker.structure(of: index)
        let text = walker.text(index)
        let isShown = !run.unshown.contains(index, in: walker.tree.parts)
        let budget = walker.budget
        let isHTMLShown = run.html?.isShown(index, walker.tree, message) ?? false
        let notes = walker.withContent(of: index, in: message, buffer: &buffer) { content, decoding in
            run.take(
                content, decoding?.notes ?? [], isCut: decoding?.limitReached ?? false, part: run.reported[index],
                offset: start, structure: structure)
            run.tokens?.addFacts(of: part, content: content)
            if let (mediaType, charset) = text {
                let read = TextContent.read(
                    content, mediaType: mediaType, charset: charset, limit: limits.textBytes,
                    deletesSpaces: part.deletesSpaces)
                run.takeText(
                    read, part: run.reported[index], offset: start, size: content.count, isShown: isShown)
                stage?.takeText(read, offset: start)
                if part.source == 0 {
                    ends?.take(index, part, content, decoding, read, body: message.extracting(part.body))
                }
                if isHTMLShown { run.html?.take(index, part, content, isCut: decoding?.limitReached ?? false, read) }
                run.clock.spent(.rules)
                run.scanLinks(of: read, part: run.reported[index])
            } else if isHTMLShown, part.mediaType.hasPrefix("multipart/") {
                // Without a boundary that is there it is plain text to some readers.
                let read = TextContent.read(
                    content, mediaType: "text/plain", charset: part.charset, limit: limits.textBytes)
                run.html?.take(index, part, content, isCut: decoding?.limitReached ?? false, read)
            }
            if structure.mayHoldBlocks { run.takeBlocks(in: content, part: run.reported[index], limit: budget) }
            return decoding?.notes ?? []
        }
        walker.spend(run.takeSpent())
        guard !notes.isEmpty else { return }
        for added in walker.addDecodings(of: index, notes) { run.add(walker.description(added, in: message)) }
        for limit in walker.tree.limitsHit { run.builder.reach(limit.rawValue) }
    }

    /// What is collected of one message.
    struct Run {
        let engine: ClamAVEngine?
        let magic: MagicDatabase?
        let unpacker: Unpacker
        /// Nobody wants a report: neither digests nor what contents are called.
        var isForTokensOnly = false
        var builder: ReportBuilder
        var clock = StageClock()
        /// The scanner has seen everything so far, without an error or a limit.
        var isComplete: Bool
        /// For each part of the tree its index in the report, where contents found within parts stand as well.
        private(set) var reported: [Int] = []
        /// What rules on files may ask for, by index in the report: attributes of members, facts of documents.
        var marks: [Int: Set<String>] = [:]
        /// Names that are not in UTF-8 as code pages have them; for rules on files.
        var names = NameReadings()
        /// Links of attached files, where rules want them.
        var fileLinks: FileLinks?
        /// Takes tokens for the spam scorer, where they are wanted.
        var tokens: TokenExtractor?
        /// Parts whose words nobody sees; for tokens.
        var unshown = UnshownParts()
        /// Takes decoded parts for scanners outside, where they are wanted.
        var partsFile: PartsFile?
        /// Looks for what has to go from HTML, where that is wanted.
        var html: HTMLStage?
        var cache = ScanCache(isOn: false)
        var mark: EngineMarkFile?
        /// The message, and contents by index in the report, that signatures call fine by their digests.
        var isGoodMessage = false
        var goodParts: Set<Int> = []
        /// Archives that the scanner has opened a second time with all that they hold.
        var reopened: Set<Int> = []
        var isMessageReopened = false
        /// What is left of `EngineLimits.pageOctets`.
        var pageOctetsLeft = EngineLimits.pageOctets
        /// Octets of members' text, and members, that tokens were taken from so far.
        var memberTextLeft = Self.memberTextTotal
        var membersTaken = 0
        private var block: [UInt8] = []
        private var spent = 0

        init(engine: ClamAVEngine?, magic: MagicDatabase?, messageSize: Int, unpacker: Unpacker) {
            self.engine = engine
            self.magic = magic
            self.unpacker = unpacker
            builder = ReportBuilder(messageSize: messageSize)
            isComplete = engine != nil
        }

        /// Adds a part of the tree to the report.
        mutating func add(_ part: PartDescription) {
            var part = part
            part.container = part.container.map { reported[$0] }
            reported.append(builder.add(part))
        }

        /// Octets that blocks took since the last call.
        mutating func takeSpent() -> Int {
            defer { spent = 0 }
            return spent
        }

        /// Takes the files that stand in the text in encodings older than MIME.
        mutating func takeBlocks(in content: Span<UInt8>, part: Int, limit: Int) {
            let found = EncodedBlocks.find(in: content)
            if found.limitReached { builder.reach("encoded-blocks", part: part) }
            let holder = builder.report.parts[part]
            var block = block
            self.block = []
            for (number, item) in found.blocks.enumerated() {
                block.removeAll(keepingCapacity: true)
                let decoded = item.decode(content, into: &block, limit: max(0, limit - spent))
                spent += block.count
                let index = builder.add(
                    PartDescription(
                        path: "\(holder.path).\(item.coding.rawValue)-\(number + 1)", declaredType: "",
                        names: item.names.map { String(decoding: $0, as: UTF8.self) }, origin: .embedded,
                        reading: holder.reading, container: part))
                if let damage = item.damage(decoded) {
                    // Text of a body shows a piece of a file without harm.
                    let isText = holder.declaredType.hasPrefix("text/") && holder.names.isEmpty
                    note(
                        ContainerProblem(isText || !item.isLeading ? .note : .corrupt, damage), part: index,
                        isDamaged: true)
                }
                take(
                    block.span.extracting(decoded.content), [], isCut: decoded.limitReached, part: index, offset: 0)
            }
            self.block = block
        }

        /// Looks for the test string in the subject, which to filters is the first line of the text.
        mutating func takeSubject(_ header: Span<UInt8>) {
            var scanner = HeaderScanner(limit: header.count)
            while let field = scanner.next(in: header) {
                guard field.isNamed("subject", in: header) else { continue }
                let subject = EncodedWords.spelled(header.extracting(field.value).array)
                if GTUBE.isIn(subject.span) { builder.addTestString(GTUBE.name, part: 0) }
                return
            }
        }

        /// Takes what people read of a part.
        mutating func takeText(_ text: TextContent, part: Int, offset: Int, size: Int, isShown: Bool) {
            // Of HTML what it shows and hides, too: references to characters and tags may stand in the middle of it.
            let texts = [text.text, text.html?.visible ?? [], text.html?.hidden ?? []]
            if texts.contains(where: { GTUBE.isIn($0.span) }) { builder.addTestString(GTUBE.name, part: part) }
            for kind in text.anomalies { builder.add(Anomaly(kind: kind, part: part, offset: offset)) }
            if text.limitReached { builder.reachTextLimit() }
            clock.spent(.text)
            guard tokens != nil, size > 0 else { return }
            tokens?.add(text, size: size, isShown: isShown)
            clock.spent(.tokens)
        }

        /// Puts the tokens into the report, and gives the extractor back for the next message.
        mutating func takeTokens() -> TokenExtractor? {
            guard var extractor = tokens.take() else { return nil }
            builder.add(extractor.finish())
            clock.spent(.tokens)
            return extractor
        }

        mutating func take(
            _ content: Span<UInt8>, _ notes: DecodeResult.Notes, isCut: Bool, part: Int, offset: Int,
            structure: PartWalker.Structure = .none
        ) {
            let digest = isCut || isForTokensOnly ? [] : content.withUnsafeBytes { SHA256.digest($0) }
            builder.describe(part) { description in
                description.size = content.count
                description.sha256 = digest
            }
            for kind in AnomalyKind.kinds(of: notes) {
                builder.add(Anomaly(kind: kind, part: part, offset: offset))
            }
            if isCut {
                builder.reach("decoded-bytes", part: part)
                isComplete = false
            }
            clock.spent(.decode)
            if builder.report.parts[part].reading == 0 { unpacker.charge(content.count) }
            look(content, part: part, item: nil, structure: structure)
        }

        /// Hands a decoded part out to scanners outside.
        mutating func materialise(_ content: Span<UInt8>, part: Int) {
            guard partsFile != nil, !content.isEmpty else { return }
            do throws(SystemError) {
                if try partsFile?.add(content, part: part) == false { builder.reach("scanner-parts", part: part) }
            } catch {
                builder.addUnchecked(
                    error.isFull ? .workspaceFull : .scannerFailed, part: part, "parts for scanners: \(error)")
            }
        }

        /// Notes that the workspace could not be written or read.
        mutating func failWorkspace(_ error: SystemError) {
            isComplete = false
            builder.addUnchecked(
                error.isFull ? .workspaceFull : .scannerFailed, part: nil, scanner: Inspection.scanner,
                "workspace: \(error)")
        }

        mutating func fail(_ words: String, part: Int?) {
            isComplete = false
            builder.addUnchecked(.scannerFailed, part: part, scanner: Inspection.scanner, words)
        }
    }
}
