internal import Antivirus
internal import Digests
internal import InspectionLink
internal import Linux
internal import MIME
internal import MailModel

/// Inspects one message after the other: structure, decoded parts with their digests, and the scanner on all of them.
struct Inspection {
    /// The scanner's name in reports and settings.
    static let scanner = "clamav"
    /// Memory of the decoding buffer that is kept for the next message, octets.
    private static let keptBuffer = 4_194_304

    private let engine: ClamAVEngine?
    private let reportSize: Int
    private var buffer: [UInt8] = []

    /// - Parameter reportSize: the largest report, octets.
    init(engine: ClamAVEngine?, reportSize: Int) {
        self.engine = engine
        self.reportSize = reportSize
    }

    /// Inspects a message. Returns the report as a record.
    mutating func inspect(_ message: Mapping, _ request: Inspect) -> [UInt8] {
        if buffer.capacity > Self.keptBuffer { buffer = [] }
        return message.withBytes { bytes in inspect(bytes, request) }
    }

    private mutating func inspect(_ message: Span<UInt8>, _ request: Inspect) -> [UInt8] {
        var run = Run(engine: engine, messageSize: message.count)
        run.prepareScanner(directory: request.workspace)
        var walker = PartWalker(message, limits: request.limits)
        for index in walker.tree.parts.indices { _ = run.builder.add(walker.description(index)) }
        for anomaly in walker.tree.anomalies { run.builder.add(anomaly) }
        for limit in walker.tree.limitsHit { run.builder.reach(limit.rawValue) }
        run.clock.spent(.mime)
        // The message as a whole: headers, boundaries and whatever no reading of its parts shows. Its mail structure is
        // read here and not by the scanner a second time.
        run.scan(message, part: nil, parsingMail: false)
        for index in walker.tree.parts.indices where walker.tree.parts[index].kind.hasContent {
            let start = walker.tree.parts[index].body.lowerBound
            walker.withContent(of: index, in: message, buffer: &buffer) { content, decoding in
                run.take(content, decoding, part: index, offset: start)
            }
        }
        return run.builder.finish(
            completed: run.isComplete ? [Self.scanner] : [], timings: run.clock.timings, maximum: reportSize)
    }

    /// What is collected of one message.
    private struct Run {
        let engine: ClamAVEngine?
        var builder: ReportBuilder
        var clock = StageClock()
        /// The scanner has seen everything so far, without an error or a limit.
        var isComplete: Bool

        init(engine: ClamAVEngine?, messageSize: Int) {
            self.engine = engine
            builder = ReportBuilder(messageSize: messageSize)
            isComplete = engine != nil
        }

        mutating func prepareScanner(directory: String) {
            guard let engine else { return }
            do throws(EngineError) {
                try engine.setTemporaryDirectory(directory)
            } catch {
                fail(error.description, part: nil)
            }
        }

        mutating func take(_ content: Span<UInt8>, _ decoding: DecodeResult?, part: Int, offset: Int) {
            let cut = decoding?.limitReached ?? false
            let digest = cut ? [] : content.withUnsafeBytes { SHA256.digest($0) }
            builder.describe(part) { description in
                description.size = content.count
                description.sha256 = digest
            }
            for kind in PartWalker.anomalies(decoding?.notes ?? []) {
                builder.add(Anomaly(kind: kind, part: part, offset: offset))
            }
            if cut {
                builder.reach("decoded-bytes", part: part)
                isComplete = false
            }
            clock.spent(.decode)
            scan(content, part: part, parsingMail: true)
        }

        mutating func scan(_ content: Span<UInt8>, part: Int?, parsingMail: Bool) {
            guard let engine else { return }
            let outcome = content.withUnsafeBytes { engine.scan($0, parsingMail: parsingMail) }
            clock.spent(.clamav)
            switch outcome {
            case .clean:
                break
            case .found(let name):
                builder.addVirus(name, scanner: Inspection.scanner, part: part)
            case .overLimits(let name):
                isComplete = false
                builder.addUnchecked(.overLimits, part: part, name)
            case .encrypted(let name):
                builder.addUnchecked(.encrypted, part: part, name)
                if let part { builder.describe(part) { $0.encrypted = true } }
            case .failed(let words):
                fail(words, part: part)
            }
        }

        mutating func fail(_ words: String, part: Int?) {
            isComplete = false
            builder.addUnchecked(.scannerFailed, part: part, words)
        }
    }
}
