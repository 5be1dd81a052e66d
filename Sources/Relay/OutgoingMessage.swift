package import MailModel
package import Stores
package import Linux

/// A message on its way out: one envelope, one body.
package struct OutgoingMessage: Sendable {
    /// `MAIL FROM`; `MailPath.null` for notifications.
    package var reversePath: MailPath
    /// Parameters to carry on; those that the next hop does not offer are left out or refused, as their RFCs say.
    package var parameters: MailParameters
    /// At least one.
    package var recipients: [Recipient]
    /// What XFORWARD tells the next hop about the original client; nil sends none.
    package var forwarded: ForwardedClient?
    /// The content.
    package var body: OutgoingBody
    /// The content holds octets above 0x7F (`IntakeFacts.hasEightBit`): decides `BODY=8BITMIME`.
    package var hasEightBit: Bool

    package init(
        reversePath: MailPath, parameters: MailParameters = MailParameters(), recipients: [Recipient],
        forwarded: ForwardedClient? = nil, body: OutgoingBody, hasEightBit: Bool
    ) {
        self.reversePath = reversePath
        self.parameters = parameters
        self.recipients = recipients
        self.forwarded = forwarded
        self.body = body
        self.hasEightBit = hasEightBit
    }
}

/// One change of a stored message on its way out.
package struct BodyEdit: Hashable, Sendable {
    /// Octets of the stored message that are left out; empty for an insertion.
    package var range: Range<Int>
    /// What stands in their place.
    package var text: [UInt8]

    package init(range: Range<Int>, text: [UInt8] = []) {
        self.range = range
        self.text = text
    }
}

/// Content that is streamed: lines put on top, then the stored message with a list of edits. Nothing else of the message
/// can change on the way.
package struct OutgoingBody: Sendable {
    /// Header lines to put on top, each ended by CRLF.
    package let prefix: [UInt8]
    /// The stored message, CRLF line ends.
    package let file: MessageFile
    /// What is sent behind the prefix, in order.
    private let pieces: [Piece]
    /// Octets in all, before dot-stuffing.
    package let count: Int

    private enum Piece: Sendable {
        case file(Range<Int>)
        case text([UInt8])

        var count: Int {
            switch self {
            case .file(let range): range.count
            case .text(let bytes): bytes.count
            }
        }
    }

    /// Octets that one read returns at most.
    package static let chunkSize = 262_144

    /// `edits`: in any order; of two that touch the same octets the one that begins first counts, insertions always.
    /// Parts beyond the file are ignored.
    package init(prefix: [UInt8] = [], file: MessageFile, edits: [BodyEdit] = []) {
        self.prefix = prefix
        self.file = file
        var pieces: [Piece] = []
        var position = 0
        // Insertions come before what is replaced at the same place; edits at one place keep their order.
        let ordered = edits.enumerated().sorted { left, right in
            let (a, b) = (left.element.range, right.element.range)
            if a.lowerBound != b.lowerBound { return a.lowerBound < b.lowerBound }
            if a.isEmpty != b.isEmpty { return a.isEmpty }
            return left.offset < right.offset
        }
        for (_, edit) in ordered {
            let start = min(edit.range.lowerBound, file.count)
            if !edit.range.isEmpty, start < position {
                position = max(position, min(edit.range.upperBound, file.count))
                continue
            }
            if start > position { pieces.append(.file(position..<start)) }
            if !edit.text.isEmpty { pieces.append(.text(edit.text)) }
            position = max(position, min(edit.range.upperBound, file.count))
        }
        if position < file.count { pieces.append(.file(position..<file.count)) }
        self.pieces = pieces
        count = prefix.count + pieces.reduce(0) { $0 + $1.count }
    }

    private init(prefix: [UInt8], file: MessageFile, pieces: [Piece], count: Int) {
        (self.prefix, self.file, self.pieces, self.count) = (prefix, file, pieces, count)
    }

    /// The same content with further lines on top.
    package func headed(by lines: [UInt8]) -> OutgoingBody {
        OutgoingBody(prefix: lines + prefix, file: file, pieces: pieces, count: lines.count + count)
    }

    /// Up to `chunkSize` octets from `position` (0 is the start of the prefix) on; empty at the end. Touches a disk
    /// unless `file.inMemory`.
    /// - Throws: `SystemError` when the file cannot be read or is shorter than it was.
    package func read(at position: Int) throws(SystemError) -> [UInt8] {
        if !file.inMemory { BlockingCheck.mayBlock("reading a large message") }
        if position == 0, !prefix.isEmpty, count <= Self.chunkSize {
            return try prefix + read(at: prefix.count)
        }
        if position < prefix.count { return Array(prefix[position..<min(prefix.count, position + Self.chunkSize)]) }
        var skip = position - prefix.count
        var chunk: [UInt8] = []
        for piece in pieces {
            if skip >= piece.count {
                skip -= piece.count
                continue
            }
            let wanted = min(piece.count - skip, Self.chunkSize - chunk.count)
            let bytes: [UInt8]
            switch piece {
            case .text(let text):
                bytes = Array(text[skip..<skip + wanted])
            case .file(let range):
                bytes = try file.descriptor.read(at: range.lowerBound + skip, count: wanted)
                guard bytes.count == wanted else { throw SystemError("read of a stored message", code: 5) }
            }
            if chunk.isEmpty { chunk = bytes } else { chunk += bytes }
            if chunk.count >= Self.chunkSize { break }
            skip = 0
        }
        return chunk
    }
}
