internal import Bytes
internal import MailModel

/// Adds to a tree what other readers may make of the same bytes. Runs only over sources in which the ordinary reading met
/// something that readers disagree on.
struct AlternativeReader {
    /// Bytes with a way to decode them: what identical content is known by.
    private struct Content: Hashable {
        var source: Int32
        var body: Range<Int>
        var encoding: TransferEncoding?
    }

    /// What tells one reading from another.
    private struct View: Hashable {
        var pass: Int
        var start: Int
        var encoding: TransferEncoding?
    }

    private var known: [Content: Int] = [:]
    /// Bodies that were decoded to be read as a message or multipart.
    private var opened: Set<Content> = []
    private var views: [View: Int32] = [:]

    private static let passes: [(breaks: LineBreaks, guesses: Bool)] = [
        (.lineFeed, false), (.lineFeed, true), (.anyReturn, false), (.anyReturn, true),
    ]

    /// Reads all doubtful sources of the tree, and those that this brings up.
    mutating func read(_ message: Span<UInt8>, into builder: inout TreeBuilder) {
        remember(builder.tree)
        for part in builder.attached where opened.insert(Self.content(builder.tree.parts[part])).inserted {
            builder.decodeAlternative(part, .attachedMessage, message)
        }
        var source = 0
        while source < builder.tree.sources.count {
            if let cause = builder.doubt(of: source) {
                switch builder.tree.sources[source] {
                case .message: read(message, source: source, cause: cause, message, into: &builder)
                case .decoded(let bytes, _): read(bytes.span, source: source, cause: cause, message, into: &builder)
                }
            }
            source += 1
        }
    }

    private mutating func remember(_ tree: PartTree) {
        for (index, part) in tree.parts.enumerated() where part.kind.hasContent {
            known[Self.content(part)] = index
        }
        for case .decoded(_, let holder) in tree.sources { opened.insert(Self.content(tree.parts[holder])) }
    }

    private static func content(_ part: Part) -> Content {
        Content(
            source: part.source, body: part.body,
            encoding: part.transferEncoding.needsDecoding ? part.transferEncoding : nil)
    }

    private mutating func read(
        _ bytes: Span<UInt8>, source: Int, cause: AnomalyKind, _ message: Span<UInt8>, into builder: inout TreeBuilder
    ) {
        let hasReturns = Self.hasBareReturn(bytes)
        for (pass, form) in Self.passes.enumerated() where hasReturns || form.breaks == .lineFeed {
            var reader = SegmentReader(
                breaks: form.breaks, guesses: form.guesses, limits: builder.limits,
                boundaries: builder.boundaries(in: source))
            let room = max(0, builder.limits.parts - builder.tree.parts.count)
            let segments = reader.segments(
                bytes, most: room + 1, mostValueOctets: builder.tree.alternativeBytesLeft)
            if reader.isOverLimit { builder.note(.headerCount) }
            guard builder.spendAlternative(reader.valueOctets) else { return }
            for (number, segment) in segments.enumerated() {
                guard !builder.isFull else {
                    builder.note(.parts)
                    return
                }
                let place = Place(pass: pass, source: source, number: number, cause: cause)
                add(segment, bytes, place, message, into: &builder)
            }
        }
    }

    private struct Place {
        var pass: Int
        var source: Int
        var number: Int
        var cause: AnomalyKind
    }

    private mutating func add(
        _ segment: SegmentReader.Segment, _ bytes: Span<UInt8>, _ place: Place, _ message: Span<UInt8>,
        into builder: inout TreeBuilder
    ) {
        let starts = segment.header.bodyStarts
        for (rank, start) in starts.enumerated() {
            let body = min(start, segment.end)..<segment.end
            guard Self.holdsContent(bytes, body) else { continue }
            var encodings: [TransferEncoding?] = segment.header.encodings.map { $0 }
            let content = bytes.extracting(body)
            if !encodings.contains(.base64), Sniffing.isBase64(content) { encodings.append(.base64) }
            if encodings.isEmpty, Sniffing.isQuotedPrintable(content) { encodings.append(.quotedPrintable) }
            // As it stands: from the first and from the last place only, those between differ by a few lines.
            if rank == 0 || rank == starts.count - 1 { encodings.append(nil) }
            for encoding in encodings {
                let content = Content(source: Int32(truncatingIfNeeded: place.source), body: body, encoding: encoding)
                if let same = known[content] {
                    if !segment.header.names.isEmpty { builder.addNames(segment.header.names, to: same) }
                } else {
                    guard !builder.isFull else {
                        builder.note(.parts)
                        return
                    }
                    let view = View(pass: place.pass, start: rank, encoding: encoding)
                    guard let reading = reading(view, &builder), builder.spendAlternative(body.count) else { return }
                    known[content] = builder.appendAlternative(
                        segment, body: body, encoding: encoding ?? .sevenBit, source: place.source,
                        number: place.number, reading: reading, cause: place.cause)
                }
                let isContainer = segment.header.isMultipart || segment.header.isMessage
                if isContainer, encoding != nil, let part = known[content], opened.insert(content).inserted {
                    builder.decodeAlternative(part, place.cause, message)
                }
            }
        }
    }

    private mutating func reading(_ view: View, _ builder: inout TreeBuilder) -> Int32? {
        if let number = views[view] { return number }
        guard let number = builder.nextReading() else { return nil }
        views[view] = number
        return number
    }

    private static func hasBareReturn(_ bytes: Span<UInt8>) -> Bool {
        var from = 0
        while let hit = bytes.firstIndex(of: 0x0D, from: from) {
            if hit + 1 >= bytes.count || bytes[hit + 1] != 0x0A { return true }
            from = hit + 2
        }
        return false
    }

    private static func holdsContent(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        for offset in range where bytes[offset] > 0x20 { return true }
        return false
    }
}
