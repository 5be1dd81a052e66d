internal import InspectionLink
internal import MIME
internal import MailModel
internal import Unpacking

/// The parts of one message and their content, decoded one at a time into the same buffer.
struct PartWalker {
    /// The structure, in all readings.
    private(set) var tree: PartTree
    /// Octets that may still be decoded.
    private(set) var budget: Int

    /// The MIME reader's part of the limits.
    static func limits(_ limits: InspectionLimits) -> MIMELimits {
        MIMELimits(
            parts: limits.mimeParts, depth: limits.mimeDepth, headerBytes: limits.headerBytes,
            headerCount: limits.headerFields, parameters: limits.parameters,
            boundaryLength: limits.boundaryLength, nestedBytes: min(MIMELimits().nestedBytes, limits.decodedBytes),
            readings: limits.readings, alternativeBytes: limits.readingBytes)
    }

    init(_ message: Span<UInt8>, limits: InspectionLimits) {
        tree = MIMEReader.read(message, limits: Self.limits(limits))
        budget = limits.decodedBytes
    }

    /// What a part is, before its content is known. Its container is an index in the tree.
    func description(_ index: Int, in message: Span<UInt8>) -> PartDescription {
        let part = tree.parts[index]
        var names = part.names
        if part.transferEncoding == .uuencode {
            // uuencode names its files itself.
            let blocks = tree.withBody(of: index, in: message) { UUEncodeFinder.find(in: $0).blocks }
            for name in blocks.flatMap(\.names).map({ String(validating: $0, as: UTF8.self) ?? RawOctets.text($0) })
            where !names.contains(name) { names.append(name) }
        }
        return PartDescription(
            path: part.path, declaredType: part.mediaType, names: names, reading: Int(part.reading),
            cause: part.cause, decoding: part.decoding.rawValue,
            types: part.kind == .message ? [FileType.mail.name] : [],
            container: part.parent >= 0 ? Int(part.parent) : nil,
            // What was decoded before stands nowhere in the message.
            place: part.source == 0 ? PartDescription.Place(header: part.header, body: part.body) : nil)
    }

    /// Type and charset of a part's text; nil when it is no text.
    func text(_ index: Int) -> (mediaType: String, charset: String)? {
        let part = tree.parts[index]
        return TextContent.isText(part.mediaType) ? (part.mediaType, part.charset) : nil
    }

    /// Adds the other ways to decode a part in which the decoder met something odd. Returns the indices of what was added.
    mutating func addDecodings(of part: Int, _ notes: DecodeResult.Notes) -> Range<Int> {
        tree.appendDecodings(of: part, notes: notes)
    }

    /// Lends the decoded content of a part, which is cut when the budget ends.
    /// - Parameters:
    ///   - buffer: overwritten; keeps its memory from part to part.
    ///   - use: gets the content, and what decoding it met where there was something to decode.
    mutating func withContent<Result>(
        of index: Int, in message: Span<UInt8>, buffer: inout [UInt8], _ use: (Span<UInt8>, DecodeResult?) -> Result
    ) -> Result {
        let part = tree.parts[index]
        guard part.transferEncoding.needsDecoding else {
            return tree.withBody(of: index, in: message) { use($0, nil) }
        }
        buffer.removeAll(keepingCapacity: true)
        let result = tree.decodeBody(of: index, in: message, into: &buffer, limit: budget)
        budget -= buffer.count
        return use(buffer.span, result)
    }

    /// Takes octets from the budget that were decoded elsewhere.
    mutating func spend(_ octets: Int) {
        budget = max(0, budget - octets)
    }

    /// What the MIME reader makes of the content of a part.
    struct Structure {
        /// Mail readers may look for older encodings in it; it is searched for them.
        var mayHoldBlocks = false
        /// It was taken apart into parts of its own.
        var hasParts = false
        /// The end of a message that a report of delivery gives back, and cuts off.
        var isCutOff = false

        static let none = Structure()
    }

    func structure(of index: Int) -> Structure {
        let part = tree.parts[index]
        return Structure(
            mayHoldBlocks: part.decoding == .ordinary
                && (part.transferEncoding != .base64 || part.mediaType.hasPrefix("text/")),
            hasParts: part.firstChild >= 0, isCutOff: isCutOff(part))
    }

    /// Nothing follows, the delimiter that should close its multipart is missing, and a report is around it (RFC 6522).
    private func isCutOff(_ part: Part) -> Bool {
        guard part.nextSibling < 0, part.parent >= 0, tree.parts[Int(part.parent)].kind == .multipart else {
            return false
        }
        var index = Int(part.parent)
        while index >= 0 {
            let holder = tree.parts[index]
            index = Int(holder.parent)
            if holder.kind == .message, index >= 0, tree.parts[index].mediaType == "multipart/report" {
                return tree.anomalies.contains {
                    $0.kind == .missingCloseDelimiter && $0.part == Int(part.parent)
                }
            }
        }
        return false
    }
}
