internal import MailModel

/// Grows a `PartTree`: links, paths, anomalies and limits.
struct TreeBuilder {
    private(set) var tree = PartTree()
    let limits: MIMELimits
    /// Parts whose encoded body holds a message or multipart, in the order in which they were met.
    private(set) var nested: [Int] = []
    /// Leaves that are messages by their name.
    private(set) var attached: [Int] = []

    /// What is known of a part only while the tree grows.
    private struct Growth {
        var lastChild: Int32 = -1
        /// Entities among the children: preamble and epilogue do not count in paths.
        var entities = 0
        var boundary: [UInt8]?
        var noted: Set<AnomalyKind> = []
    }

    private var growth: [Growth] = []
    /// For each source the offset in the raw message that stands for all of it; 0 for the message.
    private var origins = [0]
    private var nestedBytesLeft: Int
    /// For each source what readers disagree on most in it.
    private var doubts: [Int: Doubt] = [:]
    /// For each source the boundaries that the ordinary reading found in it. Kept as parts come in: there can be as many
    /// sources as parts, and each is asked for in each pass over it.
    private var boundaries: [Int: Set<[UInt8]>] = [:]

    init(limits: MIMELimits, messageSize: Int) {
        self.limits = limits
        nestedBytesLeft = limits.nestedBytes
        tree.alternativeBytesLeft = limits.alternativeBytes + 4 * messageSize
        tree.readingsLeft = limits.readings
    }

    /// Something was met that readers disagree on.
    var hasDoubts: Bool { !doubts.isEmpty || !attached.isEmpty }

    /// What readers disagree on in a source; nil when it has one reading only.
    func doubt(of source: Int) -> AnomalyKind? { doubts[source]?.kind }

    var isFull: Bool { tree.parts.count >= limits.parts }

    /// Appends a part behind its siblings.
    mutating func append(
        _ kind: Part.Kind, parent: Int?, source: Int, header: Range<Int>, body: Range<Int>, as entity: EntityHeader?
    ) -> Int {
        let index = tree.parts.count
        var part = Part(
            path: "1", parent: -1, depth: 0, kind: kind, mediaType: entity?.mediaType ?? "text/plain",
            charset: entity?.charset ?? "", transferEncoding: entity?.transferEncoding ?? .sevenBit,
            names: entity?.names ?? [], source: Int32(truncatingIfNeeded: source), header: header, body: body)
        if let entity {
            part.otherCharsets = entity.otherCharsets
            part.deletesSpaces = entity.deletesSpaces
        }
        let number = Int32(truncatingIfNeeded: index)
        if let parent {
            part.parent = Int32(truncatingIfNeeded: parent)
            part.depth = tree.parts[parent].depth + 1
            part.path = tree.parts[parent].path + "." + step(kind, parent)
            let last = growth[parent].lastChild
            if last >= 0 {
                tree.parts[Int(last)].nextSibling = number
            } else {
                tree.parts[parent].firstChild = number
            }
            growth[parent].lastChild = number
        }
        tree.parts.append(part)
        growth.append(Growth(boundary: entity?.boundary))
        if let boundary = entity?.boundary, boundary.count <= limits.boundaryLength {
            boundaries[source, default: []].insert(boundary)
        }
        if let entity {
            for anomaly in entity.anomalies { note(anomaly.kind, part: index, at: anomaly.offset) }
            for limit in entity.limitsHit { note(limit) }
        }
        return index
    }

    private mutating func step(_ kind: Part.Kind, _ parent: Int) -> String {
        switch kind {
        case .preamble: return "preamble"
        case .epilogue: return "epilogue"
        case .leaf, .multipart, .message:
            growth[parent].entities += 1
            return String(growth[parent].entities)
        }
    }

    mutating func setBody(_ body: Range<Int>, of part: Int) {
        tree.parts[part].body = body
    }

    mutating func setKind(_ kind: Part.Kind, of part: Int) {
        tree.parts[part].kind = kind
    }

    func boundary(of part: Int) -> [UInt8]? { growth[part].boundary }

    mutating func note(_ kind: AnomalyKind, part: Int, at offset: Int) {
        guard growth[part].noted.insert(kind).inserted else { return }
        let source = Int(tree.parts[part].source)
        if kind.isDoubt { weigh(Doubt(kind: kind, offset: offset), source) }
        let raw = source == 0 ? offset : origins[source]
        tree.anomalies.append(Anomaly(kind: kind, part: part, offset: raw))
    }

    /// Of doubts that weigh the same the first in the source counts, of those at one place the first that was noted.
    private mutating func weigh(_ doubt: Doubt, _ source: Int) {
        if let known = doubts[source], known.rank <= doubt.rank { return }
        doubts[source] = doubt
    }

    mutating func note(_ limit: MIMELimit) {
        if !tree.limitsHit.contains(limit) { tree.limitsHit.append(limit) }
    }

    /// Puts the part's body down for decoding; false when that is over the limit.
    mutating func planNested(_ part: Int) -> Bool {
        let size = tree.parts[part].body.count
        guard size <= nestedBytesLeft else {
            note(.nestedBytes)
            note(.unreadRemainder, part: part, at: tree.parts[part].body.lowerBound)
            return false
        }
        nestedBytesLeft -= size
        nested.append(part)
        return true
    }

    /// Puts the part down as a file that may be read as a message.
    mutating func planAttached(_ part: Int) {
        note(.attachedMessage, part: part, at: tree.parts[part].header.lowerBound)
        attached.append(part)
    }

    /// Boundaries that the ordinary reading found in a source.
    func boundaries(in source: Int) -> Set<[UInt8]> { boundaries[source] ?? [] }

    /// Decodes the part's body into a source of its own; nil when nothing came out.
    mutating func decodeNested(_ part: Int, _ message: Span<UInt8>) -> Int? {
        var decoded: [UInt8] = []
        // No coding makes a body longer, so its own size never cuts it.
        _ = tree.decodeBody(of: part, in: message, into: &decoded, limit: tree.parts[part].body.count)
        guard !decoded.isEmpty else { return nil }
        let holder = Int(tree.parts[part].source)
        origins.append(holder == 0 ? tree.parts[part].body.lowerBound : origins[holder])
        tree.sources.append(.decoded(decoded, of: part))
        return tree.sources.count - 1
    }

    // MARK: Other readings

    /// The number of another reading; nil when there are enough.
    mutating func nextReading() -> Int32? {
        let number = tree.nextReading()
        if number == nil { note(.readings) }
        return number
    }

    /// False when the octets are more than other readings may still use.
    mutating func spendAlternative(_ octets: Int) -> Bool {
        guard octets <= tree.alternativeBytesLeft else {
            note(.alternativeBytes)
            return false
        }
        tree.alternativeBytesLeft -= octets
        return true
    }

    /// Appends a part of another reading. It hangs below the message, or below the part that was decoded into its source.
    mutating func appendAlternative(
        _ segment: SegmentReader.Segment, body: Range<Int>, encoding: TransferEncoding, source: Int, number: Int,
        reading: Int32, cause: AnomalyKind
    ) -> Int {
        var parent = 0
        if case .decoded(_, let holder) = tree.sources[source] { parent = holder }
        let index = tree.parts.count
        let mediaType = segment.header.mediaType
        var part = Part(
            path: "\(tree.parts[parent].path).\(number + 1)", parent: Int32(truncatingIfNeeded: parent),
            depth: tree.parts[parent].depth + 1, kind: .leaf,
            mediaType: mediaType.isEmpty ? "text/plain" : mediaType, charset: "", transferEncoding: encoding,
            names: segment.header.names, source: Int32(truncatingIfNeeded: source),
            header: segment.start..<max(segment.start, min(body.lowerBound, segment.end)), body: body)
        part.reading = reading
        part.cause = cause
        tree.parts.append(part)
        growth.append(Growth())
        return index
    }

    /// Adds names that another reading of the header block has.
    mutating func addNames(_ names: [String], to part: Int) {
        let room = max(0, Self.mostNames - tree.parts[part].names.count)
        tree.parts[part].names = NameList.joined(tree.parts[part].names, names, most: room)
    }

    /// Most names that one part gets from other readings.
    private static let mostNames = 100

    /// Decodes a part that another reading takes for a message or multipart into a source of its own.
    mutating func decodeAlternative(_ part: Int, _ cause: AnomalyKind, _ message: Span<UInt8>) {
        let source = Int(tree.parts[part].source)
        guard Int(tree.parts[part].depth) < limits.depth, spendAlternative(tree.parts[part].body.count),
            decodeNested(part, message) != nil
        else { return }
        doubts[tree.sources.count - 1] = doubts[source] ?? Doubt(kind: cause, offset: 0)
    }
}
